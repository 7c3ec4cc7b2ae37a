/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading, comparing and writing. How a Secret is built is in target_build.c.
 */
#include "sync/target.h"

#include <string.h>

#include "azure/fingerprint.h"
#include "base/encode.h"
#include "sync/names.h"

/* ---- what tells values apart ---- */

static struct str print_of(struct arena *a, struct str value)
{
    return arena_printf(a, "%016llx", (unsigned long long)fingerprint64(value));
}

static struct kvs prints_of(struct arena *a, const struct kvs *data)
{
    struct kvs prints = KVS_INIT(a);
    for (size_t i = 0; i < data->n; i++) {
        kvs_set(&prints, data->v[i].key, print_of(a, data->v[i].value));
    }
    return prints;
}

enum { NAMED_MAX = 20, CHANGES_MAX = 8 << 10 };

/* The first ones by name, then how many there are. */
static void name_change(struct buf *out, size_t *n, struct str key, const char *how)
{
    if (++*n <= NAMED_MAX) {
        buf_addf(out, "%s%.*s%s", *n > 1 ? ", " : "", STR_ARG(key), how);
    }
}

struct str target_changes(struct arena *a, const struct target *existing, const struct target *want)
{
    AUTO(buf_done) struct buf out = BUF_INIT(CHANGES_MAX);
    static const struct kvs none;
    const struct kvs *old = existing ? &existing->prints : &none;
    size_t n = 0;
    for (size_t i = 0; i < want->data.n; i++) {
        const struct kv *kv = &want->data.v[i];
        const struct kv *former = kvs_find(old, kv->key);
        if (!former) {
            name_change(&out, &n, kv->key, " (new)");
        } else if (!str_eq(former->value, print_of(a, kv->value))) {
            name_change(&out, &n, kv->key, "");
        }
    }
    for (size_t i = 0; want->has_data && i < old->n; i++) {
        if (!kvs_has(&want->data, old->v[i].key)) {
            name_change(&out, &n, old->v[i].key, " (removed)");
        }
    }
    if (n > NAMED_MAX) {
        buf_addf(&out, " and %zu more", n - NAMED_MAX);
    }
    return arena_str(a, buf_str(&out));
}

/* ---- reading ---- */

static int parse_data(struct arena *a, const struct json *data, struct kvs *out, struct err **err)
{
    *out = KVS_INIT(a);
    for (size_t i = 0; json_is(data, JSON_OBJECT) && i < data->n; i++) {
        struct str text = json_str(data->members[i].value);
        AUTO(buf_done) struct buf b = BUF_INIT_WIPE(base64_decoded_max(text.n));
        if (base64_decode(&b, text, BASE64_STD, err) < 0) {
            return err_wrap(err, "key %.*s", STR_ARG(data->members[i].key));
        }
        kvs_set(out, data->members[i].key, arena_str(a, buf_str(&b)));
    }
    return 0;
}

static struct json *list_or_null(const struct json *object, const char *key)
{
    struct json *list = json_get(object, key);
    return json_is(list, JSON_ARRAY) && json_len(list) ? list : NULL;
}

int target_parse(struct arena *a, const struct json *secret, struct target *out, struct err **err)
{
    const struct json *meta = json_get(secret, "metadata");
    struct target t = {
        .ns = json_str(json_get(meta, "namespace")),
        .name = json_str(json_get(meta, "name")),
        .uid = json_str(json_get(meta, "uid")),
        .version = json_str(json_get(meta, "resourceVersion")),
        .type = json_str(json_get(secret, "type")),
        .immutable = json_bool(json_get(secret, "immutable"), false),
        .deleting = !json_is_null(json_get(meta, "deletionTimestamp")),
        .labels = kvs_from_json(a, json_get(meta, "labels")),
        .annotations = kvs_from_json(a, json_get(meta, "annotations")),
        .finalizers = list_or_null(meta, "finalizers"),
        .owners = list_or_null(meta, "ownerReferences"),
        .managed_fields = list_or_null(meta, "managedFields"),
        .has_data = true,
    };
    if (parse_data(a, json_get(secret, "data"), &t.data, err) < 0) {
        return err_wrap(err, "Secret %.*s/%.*s", STR_ARG(t.ns), STR_ARG(t.name));
    }
    hash_data(&t.data, t.data_hash);
    t.prints = prints_of(a, &t.data);
    *out = t;
    return 0;
}

bool target_is_valid(const struct target *t)
{
    return str_eq_c(kvs_get(&t->labels, STR(LABEL_MANAGED)), "true") &&
           str_eq_c(kvs_get(&t->annotations, STR(ANN_DATA_HASH)), t->data_hash);
}

static const struct json *controller(const struct target *t)
{
    for (size_t i = 0; i < json_len(t->owners); i++) {
        const struct json *owner = json_at(t->owners, i);
        if (json_bool(json_get(owner, "controller"), false)) {
            return owner;
        }
    }
    return NULL;
}

struct str target_owner_es(const struct target *t)
{
    const struct json *owner = controller(t);
    struct str version = json_str(json_get(owner, "apiVersion"));
    bool es = str_starts(version, STR(ES_GROUP "/")) &&
              str_eq_c(json_str(json_get(owner, "kind")), KIND_ES);
    return es ? json_str(json_get(owner, "name")) : STR_EMPTY;
}

bool target_is_owned_by(const struct target *t, struct str es_uid)
{
    return es_uid.n && str_eq(json_str(json_get(controller(t), "uid")), es_uid);
}

static bool lists_eq(const struct json *a, const struct json *b)
{
    return json_len(a) == json_len(b) && (json_len(a) == 0 || json_eq(a, b));
}

int target_diff(const struct target *existing, const struct target *want)
{
    int change = TARGET_SAME;
    if (!kvs_eq(&existing->labels, &want->labels) ||
        !kvs_eq(&existing->annotations, &want->annotations) ||
        !lists_eq(existing->finalizers, want->finalizers) ||
        !lists_eq(existing->owners, want->owners) || existing->immutable != want->immutable) {
        change |= TARGET_METADATA;
    }
    if (!str_eq_c(str_c(existing->data_hash), want->data_hash) ||
        !str_eq(existing->type, want->type)) {
        change |= TARGET_DATA;
    }
    return change;
}

/* ---- writing ---- */

static void write_map(struct json_writer *w, const char *key, const struct kvs *m)
{
    if (!m->n) {
        return;
    }
    json_w_key(w, key);
    json_w_object(w);
    for (size_t i = 0; i < m->n; i++) {
        json_w_key_str(w, m->v[i].key);
        json_w_str(w, m->v[i].value);
    }
    json_w_end(w);
}

static void write_member(struct json_writer *w, const char *key, struct str value)
{
    if (value.n) {
        json_w_key(w, key);
        json_w_str(w, value);
    }
}

static void write_node(struct json_writer *w, const char *key, const struct json *node)
{
    if (json_len(node)) {
        json_w_key(w, key);
        json_w_node(w, node);
    }
}

static void write_metadata(struct json_writer *w, const struct target *t)
{
    json_w_key(w, "metadata");
    json_w_object(w);
    write_member(w, "name", t->name);
    write_member(w, "namespace", t->ns);
    write_member(w, "uid", t->uid);
    write_member(w, "resourceVersion", t->version);
    write_map(w, "labels", &t->labels);
    write_map(w, "annotations", &t->annotations);
    write_node(w, "finalizers", t->finalizers);
    write_node(w, "ownerReferences", t->owners);
    json_w_end(w);
}

void target_write(struct buf *out, const struct target *t)
{
    must(t->has_data);
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    json_w_strings(&w, "apiVersion", "v1", "kind", "Secret", NULL);
    write_metadata(&w, t);
    json_w_key(&w, "data");
    json_w_object(&w);
    for (size_t i = 0; i < t->data.n; i++) {
        json_w_key_str(&w, t->data.v[i].key);
        json_w_base64(&w, t->data.v[i].value);
    }
    json_w_end(&w);
    write_member(&w, "type", t->type);
    if (t->immutable) {
        json_w_key(&w, "immutable");
        json_w_bool(&w, true);
    }
    json_w_end(&w);
}

/* A map as a merge patch: what is new or different, null for what is gone. */
static struct json *map_patch(struct arena *a, const struct kvs *old, const struct kvs *now)
{
    struct json *patch = json_new_object(a);
    for (size_t i = 0; i < now->n; i++) {
        const struct kv *former = kvs_find(old, now->v[i].key);
        if (!former || !str_eq(former->value, now->v[i].value)) {
            json_set(a, patch, now->v[i].key, json_new_str(a, now->v[i].value));
        }
    }
    for (size_t i = 0; i < old->n; i++) {
        if (!kvs_has(now, old->v[i].key)) {
            json_set(a, patch, old->v[i].key, json_new_null(a));
        }
    }
    return patch;
}

static struct json *list_patch(struct arena *a, struct json *list)
{
    return list ? list : json_new_array(a);
}

void target_write_metadata_patch(struct arena *a, struct buf *out, const struct target *existing,
                                 const struct target *want)
{
    struct json *patch = json_new_object(a);
    struct json *meta = json_edit(a, patch, "metadata");
    json_set_str(a, meta, "uid", existing->uid);
    json_set_str(a, meta, "resourceVersion", existing->version);
    json_set(a, meta, STR("labels"), map_patch(a, &existing->labels, &want->labels));
    json_set(a, meta, STR("annotations"), map_patch(a, &existing->annotations, &want->annotations));
    json_set(a, meta, STR("finalizers"), list_patch(a, want->finalizers));
    json_set(a, meta, STR("ownerReferences"), list_patch(a, want->owners));
    if (want->immutable != existing->immutable) {
        json_set(a, patch, STR("immutable"), json_new_bool(a, want->immutable));
    }
    json_write(out, patch, JSON_WRITE_PLAIN);
}
