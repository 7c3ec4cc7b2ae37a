/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/objects.h"

#include <string.h>

#include "sync/names.h"

/* A Kubernetes object is at most 3 MiB of JSON. */
enum { TEXT_MAX = 4 << 20 };

/* ---- writing the kept text ---- */

static void keep(struct json_writer *w, const char *key, const struct json *value)
{
    if (!json_is_null(value)) {
        json_w_key(w, key);
        json_w_node(w, value);
    }
}

static struct json_writer begin(struct buf *text)
{
    struct json_writer w = json_writer(text);
    w.flags = JSON_WRITE_RAW;
    json_w_object(&w);
    return w;
}

/* The block behind a struct whose flexible member is at `head`: makes the object and copies texts
 * into it one behind the other. */
struct block {
    char *at;
};

static struct str place(struct block *b, struct str s)
{
    char *p = b->at;
    if (s.n) {
        memcpy(p, s.p, s.n);
    }
    p[s.n] = 0;
    b->at += s.n + 1;
    return str_n(p, s.n);
}

static void read_ready(const struct json *item, bool *judged, bool *ready)
{
    struct conditions c = conditions_parse(json_find(item, "status.conditions"));
    const struct condition *condition = conditions_find(&c, "Ready");
    *judged = condition != NULL;
    *ready = condition && str_eq_c(condition->status, "True");
}

/* Member of the kept text, which we have written ourselves. */
static struct json *reread(struct arena *a, struct str text)
{
    struct json *doc = json_parse(a, text, JSON_COPY, NULL);
    must(doc);
    return doc;
}

/* ---- ExternalSecret ---- */

static bool has_finalizer(const struct json *meta)
{
    const struct json *list = json_get(meta, "finalizers");
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < json_len(list); i++) {
        if (str_eq_c(json_str(json_at(list, i)), ES_FINALIZER)) {
            return true;
        }
    }
    return false;
}

/* Annotations count for the version (computed before) and are copied to a Secret without template;
 * the one of kubectl alone often doubles the object. */
static bool needs_annotations(const struct json *item)
{
    return json_is_null(json_find(item, "spec.target.template"));
}

static void es_text(const struct json *item, struct buf *text)
{
    const struct json *meta = json_get(item, "metadata");
    struct json_writer w = begin(text);
    keep(&w, "finalizers", json_get(meta, "finalizers"));
    keep(&w, "labels", json_get(meta, "labels"));
    if (needs_annotations(item)) {
        keep(&w, "annotations", json_get(meta, "annotations"));
    }
    keep(&w, "spec", json_get(item, "spec"));
    keep(&w, "status", json_get(item, "status"));
    json_w_end(&w);
}

static struct str es_version(struct arena *a, const struct json *item)
{
    const struct json *meta = json_get(item, "metadata");
    struct kvs annotations = kvs_from_json(a, json_get(meta, "annotations"));
    struct kvs labels = kvs_from_json(a, json_get(meta, "labels"));
    return hash_synced_version(a, object_generation(item), &annotations, &labels);
}

struct object *es_object_convert(void *arg, const struct json *item, struct err **err)
{
    AUTO(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
    AUTO(arena_done) struct arena scratch = ARENA_INIT(ARENA_PLAIN);
    es_text(item, &text);
    struct str version = es_version(&scratch, item);
    struct str target = json_find_str(item, "spec.target.name");
    if (!target.n) {
        target = json_find_str(item, "metadata.name");
    }
    size_t block = text.n + version.n + target.n + 3;
    struct es_object *o = object_new(sizeof(*o) + block, item, err);
    if (!o) {
        return NULL;
    }
    struct block b = {o->block};
    bool judged;
    o->deleting = object_deleting(item);
    o->has_finalizer = has_finalizer(json_get(item, "metadata"));
    read_ready(item, &judged, &o->ready);
    o->target = place(&b, target);
    o->version = place(&b, version);
    o->text = place(&b, buf_str(&text));
    return &o->object;
}

struct es_view es_object_view(struct arena *a, const struct es_object *o)
{
    struct json *doc = reread(a, o->text);
    return (struct es_view){
        .ns = arena_str(a, object_ns(&o->object)),
        .name = arena_str(a, object_name(&o->object)),
        .uid = arena_str(a, object_uid(&o->object)),
        .resource_version = arena_str(a, object_version(&o->object)),
        .version = arena_str(a, o->version),
        .ready = o->ready,
        .deleting = o->deleting,
        .has_finalizer = o->has_finalizer,
        .finalizers = json_get(doc, "finalizers"),
        .labels = kvs_from_json(a, json_get(doc, "labels")),
        .annotations = kvs_from_json(a, json_get(doc, "annotations")),
        .status = es_status_parse(json_get(doc, "status")),
        .spec = json_get(doc, "spec"),
    };
}

/* ---- stores ---- */

struct object *store_object_convert(void *arg, const struct json *item, struct err **err)
{
    AUTO(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
    struct json_writer w = begin(&text);
    keep(&w, "labels", json_find(item, "metadata.labels"));
    keep(&w, "spec", json_get(item, "spec"));
    keep(&w, "status", json_get(item, "status"));
    json_w_end(&w);
    struct store_object *o = object_new(sizeof(*o) + text.n + 1, item, err);
    if (!o) {
        return NULL;
    }
    struct block b = {o->block};
    o->generation = object_generation(item);
    read_ready(item, &o->judged, &o->ready);
    o->text = place(&b, buf_str(&text));
    return &o->object;
}

struct store_view store_object_view(struct arena *a, const struct store_object *o)
{
    struct json *doc = reread(a, o->text);
    return (struct store_view){
        .ns = arena_str(a, object_ns(&o->object)),
        .name = arena_str(a, object_name(&o->object)),
        .uid = arena_str(a, object_uid(&o->object)),
        .labels = kvs_from_json(a, json_get(doc, "labels")),
        .conditions = conditions_parse(json_find(doc, "status.conditions")),
        .capabilities = json_find_str(doc, "status.capabilities"),
        .spec = json_get(doc, "spec"),
    };
}

/* ---- the managed Secret ---- */

static void secret_text(struct arena *a, const struct target *t, struct buf *text)
{
    struct json_writer w = begin(text);
    keep(&w, "finalizers", t->finalizers);
    keep(&w, "owners", t->owners);
    keep(&w, "fields", owned_fields_compact(a, t->managed_fields));
    keep(&w, "labels", kvs_to_json(a, &t->labels));
    keep(&w, "annotations", kvs_to_json(a, &t->annotations));
    keep(&w, "prints", kvs_to_json(a, &t->prints));
    json_w_key(&w, "type");
    json_w_str(&w, t->type);
    json_w_end(&w);
}

struct object *secret_object_convert(void *arg, const struct json *item, struct err **err)
{
    AUTO(arena_done) struct arena scratch = ARENA_INIT(ARENA_WIPE);
    AUTO(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
    struct target t;
    if (target_parse(&scratch, item, &t, err) < 0) {
        return NULL;
    }
    secret_text(&scratch, &t, &text);
    struct str created_by = kvs_get(&t.labels, STR(LABEL_CREATED_BY));
    struct secret_object *o = object_new(sizeof(*o) + text.n + created_by.n + 2, item, err);
    if (!o) {
        return NULL;
    }
    struct block b = {o->block};
    o->immutable = t.immutable;
    o->deleting = t.deleting;
    o->valid = target_is_valid(&t);
    memcpy(o->data_hash, t.data_hash, sizeof(o->data_hash));
    o->created_by = place(&b, created_by);
    o->text = place(&b, buf_str(&text));
    return &o->object;
}

static struct json *list_or_null(const struct json *doc, const char *key)
{
    struct json *list = json_get(doc, key);
    return json_len(list) ? list : NULL;
}

struct target secret_object_view(struct arena *a, const struct secret_object *o)
{
    struct json *doc = reread(a, o->text);
    struct target t = {
        .ns = arena_str(a, object_ns(&o->object)),
        .name = arena_str(a, object_name(&o->object)),
        .uid = arena_str(a, object_uid(&o->object)),
        .version = arena_str(a, object_version(&o->object)),
        .type = json_str(json_get(doc, "type")),
        .immutable = o->immutable,
        .deleting = o->deleting,
        .labels = kvs_from_json(a, json_get(doc, "labels")),
        .annotations = kvs_from_json(a, json_get(doc, "annotations")),
        .finalizers = list_or_null(doc, "finalizers"),
        .owners = list_or_null(doc, "owners"),
        .managed_fields = list_or_null(doc, "fields"),
        .data = KVS_INIT(a),
        .prints = kvs_from_json(a, json_get(doc, "prints")),
    };
    memcpy(t.data_hash, o->data_hash, sizeof(t.data_hash));
    return t;
}
