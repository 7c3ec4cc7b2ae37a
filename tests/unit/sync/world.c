/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

#include "base/clock.h"
#include "base/encode.h"
#include "codec/json.h"
#include "codec/url.h"
#include "kube/events.h"

struct watcher {
    struct world *world;
    struct http_exchange *x;
    char *plural;
    char *ns;       /* "" all */
    char *selector; /* "key=value" or "" */
};

struct world_value {
    char *value;
    size_t n;
    unsigned version;
    int64_t updated;
    bool disabled;
    struct map tags; /* char * */
};

struct delayed {
    struct world *world;
    struct http_exchange *x;
    struct timer timer;
    int status;
    char *body;
};

#define IDLE_TURN (2 * NS_MS)
enum { IDLE_TURNS = 4 };
#define STEP (5 * NS_S)

/* ---- small things ---- */

static char *quoted(const char *text)
{
    char *copy = xstrdup(text);
    for (char *p = copy; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    return copy;
}

static struct json *parse(struct arena *a, struct str text)
{
    struct err *err = NULL;
    struct json *json = json_parse(a, text, JSON_COPY, &err);
    if (!json) {
        fail_msg("%s in %.*s", err_msg(err), STR_ARG(text));
    }
    return json;
}

static char *text_of(const struct json *json)
{
    AUTO(buf_done) struct buf b = BUF_INIT(16 << 20);
    json_write(&b, json, JSON_WRITE_PLAIN);
    return buf_take(&b);
}

static char *object_key_of(const char *plural, struct str ns, struct str name)
{
    return xasprintf("%s/%.*s/%.*s", plural, STR_ARG(ns), STR_ARG(name));
}

static bool is_status_kind(const char *plural)
{
    return strstr(plural, "stores") || strstr(plural, "externalsecrets");
}

/* ---- watches ---- */

static bool selected(const struct watcher *t, const char *plural, const struct json *object)
{
    if (strcmp(t->plural, plural) != 0 ||
        (*t->ns && !str_eq_c(json_find_str(object, "metadata.namespace"), t->ns))) {
        return false;
    }
    const char *equals = strchr(t->selector, '=');
    if (!equals) {
        return true;
    }
    struct str key = str_n(t->selector, (size_t)(equals - t->selector));
    return str_eq_c(json_str(json_get_str(json_find(object, "metadata.labels"), key)), equals + 1);
}

static void send_event(const struct watcher *t, const char *type, const struct json *object)
{
    AUTO(freep) char *text = text_of(object);
    AUTO(freep) char *line = xasprintf("{\"type\":\"%s\",\"object\":%s}\n", type, text);
    http_reply_chunk(t->x, str_c(line));
}

/* Old or now may be NULL. An object that leaves a selector is deleted for its watcher. */
static void publish(struct world *w, const char *plural, const struct json *old,
                    const struct json *now)
{
    for (size_t i = 0; i < w->watchers.n; i++) {
        const struct watcher *t = w->watchers.v[i];
        bool was = old && selected(t, plural, old);
        bool is = now && selected(t, plural, now);
        if (t->x && (was || is)) {
            send_event(t, !is ? "DELETED" : was ? "MODIFIED" : "ADDED", is ? now : old);
        }
    }
}

static void watcher_gone(void *arg, struct http_exchange *x)
{
    struct watcher *t = arg;
    http_reply_end(x);
    t->x = NULL;
}

/* ---- storage ---- */

static struct json *load(struct world *w, struct arena *a, const char *plural, struct str ns,
                         struct str name)
{
    AUTO(freep) char *key = object_key_of(plural, ns, name);
    const char *text = map_get(&w->objects, str_c(key));
    return text ? parse(a, str_c(text)) : NULL;
}

static void store(struct world *w, struct arena *a, const char *plural, struct json *object)
{
    struct str ns = json_find_str(object, "metadata.namespace");
    struct str name = json_find_str(object, "metadata.name");
    struct json *old = load(w, a, plural, ns, name);
    AUTO(freep) char *key = object_key_of(plural, ns, name);
    json_set_str(a, json_edit(a, object, "metadata"), "resourceVersion",
                 arena_printf(a, "%llu", (unsigned long long)++w->version));
    struct json *deleting = json_find(object, "metadata.deletionTimestamp");
    if (deleting && !json_len(json_find(object, "metadata.finalizers"))) {
        free(map_del(&w->objects, str_c(key)));
        publish(w, plural, old, NULL);
        return;
    }
    free(map_set(&w->objects, str_c(key), text_of(object)));
    publish(w, plural, old, object);
}

static bool same_member(const struct json *a, const struct json *b, const char *key)
{
    const struct json *left = json_get(a, key);
    const struct json *right = json_get(b, key);
    return (!left && !right) || (left && right && json_eq(left, right));
}

/* The part of managedFields that the role looks at: who set which key last. */
static void own_keys(struct arena *a, struct json *fields, const char *path, const struct json *old,
                     const struct json *now)
{
    struct json *set = json_edit(a, fields, path);
    for (size_t i = 0; json_is(now, JSON_OBJECT) && i < now->n; i++) {
        struct str key = arena_printf(a, "f:%.*s", STR_ARG(now->members[i].key));
        const struct json *before = json_get_str(old, now->members[i].key);
        if (!before || !json_eq(before, now->members[i].value)) {
            json_set(a, set, key, json_new_object(a));
        }
    }
    for (size_t i = json_len(set); i-- > 0;) {
        if (!json_get_str(now, str_from(set->members[i].key, 2))) {
            json_del(set, set->members[i].key);
        }
    }
}

static void set_managed_fields(struct arena *a, struct json *old, struct json *now,
                               struct str manager)
{
    struct json *list = json_find(old, "metadata.managedFields");
    list = list ? json_clone(a, list) : json_new_array(a);
    struct json *entry = NULL;
    for (size_t i = 0; i < json_len(list); i++) {
        if (str_eq(json_str(json_get(json_at(list, i), "manager")), manager)) {
            entry = json_at(list, i);
        }
    }
    if (!entry) {
        entry = json_new_object(a);
        json_set_str(a, entry, "manager", manager);
        json_push(a, list, entry);
    }
    struct json *fields = json_edit(a, entry, "fieldsV1");
    struct json *metadata = json_edit(a, fields, "f:metadata");
    own_keys(a, fields, "f:data", json_get(old, "data"), json_get(now, "data"));
    own_keys(a, metadata, "f:labels", json_find(old, "metadata.labels"),
             json_find(now, "metadata.labels"));
    own_keys(a, metadata, "f:annotations", json_find(old, "metadata.annotations"),
             json_find(now, "metadata.annotations"));
    json_set(a, json_edit(a, now, "metadata"), STR("managedFields"), list);
}

/* A write of a whole object. Returns what is stored, or NULL where nothing has changed. */
static void put(struct world *w, struct arena *a, const char *plural, struct json *old,
                struct json *now, struct str manager)
{
    struct json *meta = json_edit(a, now, "metadata");
    struct json *old_meta = json_get(old, "metadata");
    int64_t generation = json_int(json_get(old_meta, "generation"), 0);
    if (!old) {
        json_set_str(a, meta, "uid", arena_printf(a, "uid-%llu", (unsigned long long)++w->uids));
        json_set_str(a, meta, "creationTimestamp", STR("2025-07-30T10:00:00Z"));
    } else {
        json_set_str(a, meta, "uid", json_str(json_get(old_meta, "uid")));
        if (json_get(old_meta, "deletionTimestamp")) {
            json_set(a, meta, STR("deletionTimestamp"), json_get(old_meta, "deletionTimestamp"));
        }
    }
    if (is_status_kind(plural)) {
        bool bump = !old || !same_member(old, now, "spec");
        json_set(a, meta, STR("generation"), json_new_int(a, generation + (bump ? 1 : 0)));
        if (json_get(old, "status")) {
            json_set(a, now, STR("status"), json_get(old, "status"));
        }
    }
    if (strcmp(plural, "secrets") == 0) {
        set_managed_fields(a, old, now, manager);
    }
    store(w, a, plural, now);
}

/* RFC 7386. */
static void merge(struct arena *a, struct json *into, const struct json *patch)
{
    for (size_t i = 0; i < patch->n; i++) {
        struct str key = patch->members[i].key;
        struct json *value = patch->members[i].value;
        struct json *there = json_get_str(into, key);
        if (json_is_null(value)) {
            json_del(into, key);
        } else if (json_is(value, JSON_OBJECT)) {
            if (!json_is(there, JSON_OBJECT)) {
                there = json_new_object(a);
                json_set(a, into, key, there);
            }
            merge(a, there, value);
        } else {
            json_set(a, into, key, value);
        }
    }
    json_touch(into);
}

/* ---- requests ---- */

struct call {
    struct world *world;
    struct http_exchange *x;
    struct arena arena;
    char plural[64];
    struct str ns;
    struct str name;
    struct str sub;
};

static void fail_call(struct call *c, int status, const char *reason, const char *message)
{
    AUTO(freep) char *body = xasprintf("{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":%d,"
                                       "\"reason\":\"%s\",\"message\":\"%s\"}",
                                       status, reason, message);
    http_reply(c->x, status, "application/json", str_c(body));
}

static void not_found(struct call *c)
{
    AUTO(freep) char *message = xasprintf("%s \\\"%.*s\\\" not found", c->plural, STR_ARG(c->name));
    AUTO(freep) char *body = xasprintf("{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":404,"
                                       "\"reason\":\"NotFound\",\"message\":"
                                       "\"%s\",\"details\":{\"name\":\"%.*s\",\"kind\":\"%s\"}}",
                                       message, STR_ARG(c->name), c->plural);
    http_reply(c->x, 404, "application/json", str_c(body));
}

static void answer(struct call *c, int status, const struct json *object)
{
    AUTO(freep) char *text = text_of(object);
    http_reply(c->x, status, "application/json", str_c(text));
}

static struct str query_of(struct call *c, const char *key)
{
    for (struct str rest = http_x_query(c->x), part; str_split(&rest, '&', &part);) {
        ptrdiff_t equals = str_find_byte(part, '=');
        if (equals > 0 && str_eq_c(str_head(part, (size_t)equals), key)) {
            AUTO(buf_done) struct buf b = BUF_INIT(4096);
            struct err *err = NULL;
            assert_ok(url_decode(&b, str_from(part, (size_t)equals + 1), URL_FORM, &err), err);
            return arena_str(&c->arena, buf_str(&b));
        }
    }
    return STR_EMPTY;
}

/* /api/v1/namespaces/NS/PLURAL/NAME/SUB, /apis/G/V/PLURAL/NAME ... */
static void split_path(struct call *c)
{
    struct str parts[10];
    size_t n = 0;
    struct str rest = str_from(http_x_path(c->x), 1);
    for (struct str part; n < COUNT_OF(parts) && str_split(&rest, '/', &part);) {
        parts[n++] = part;
    }
    size_t at = str_eq_c(parts[0], "api") ? 2 : 3;
    if (n > at + 2 && str_eq_c(parts[at], "namespaces")) {
        c->ns = parts[at + 1];
        at += 2;
    }
    if (at < n) {
        memcpy(c->plural, parts[at].p, MIN(parts[at].n, sizeof(c->plural) - 1));
    }
    c->name = at + 1 < n ? parts[at + 1] : STR_EMPTY;
    c->sub = at + 2 < n ? parts[at + 2] : STR_EMPTY;
}

static struct watcher *new_watcher(struct call *c)
{
    struct watcher *t = xcalloc(1, sizeof(*t));
    t->world = c->world;
    t->x = c->x;
    t->plural = xstrdup(c->plural);
    t->ns = str_dup(c->ns);
    t->selector = str_dup(query_of(c, "labelSelector"));
    return t;
}

static void free_watcher(struct watcher *t)
{
    free(t->plural);
    free(t->ns);
    free(t->selector);
    free(t);
}

static void watch(struct call *c)
{
    struct world *w = c->world;
    struct watcher *t = new_watcher(c);
    vec_push(&w->watchers, t);
    http_x_on_gone(c->x, watcher_gone, t);
    http_reply_begin(c->x, 200, "application/json");
    if (!str_eq_c(query_of(c, "sendInitialEvents"), "true")) {
        return;
    }
    for (struct map_iter it = {0}; map_next(&w->objects, &it);) {
        struct json *object = parse(&c->arena, str_c(it.value));
        AUTO(freep) char *prefix = xasprintf("%s/", c->plural);
        if (str_starts(it.key, str_c(prefix)) && selected(t, c->plural, object)) {
            send_event(t, "ADDED", object);
        }
    }
    AUTO(freep) char *mark =
        xasprintf("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"%llu\","
                  "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n",
                  (unsigned long long)w->version);
    http_reply_chunk(c->x, str_c(mark));
}

static void list(struct call *c)
{
    struct world *w = c->world;
    struct watcher *t = new_watcher(c);
    struct json *items = json_new_array(&c->arena);
    for (struct map_iter it = {0}; map_next(&w->objects, &it);) {
        struct json *object = parse(&c->arena, str_c(it.value));
        AUTO(freep) char *prefix = xasprintf("%s/", c->plural);
        if (str_starts(it.key, str_c(prefix)) && selected(t, c->plural, object)) {
            json_push(&c->arena, items, object);
        }
    }
    free_watcher(t);
    struct json *doc = json_new_object(&c->arena);
    json_set(&c->arena, doc, STR("items"), items);
    json_set_str(&c->arena, json_edit(&c->arena, doc, "metadata"), "resourceVersion",
                 arena_printf(&c->arena, "%llu", (unsigned long long)w->version));
    answer(c, 200, doc);
}

static void get(struct call *c)
{
    if (!c->name.n) {
        bool stream = str_eq_c(query_of(c, "watch"), "true") || str_eq_c(query_of(c, "watch"), "1");
        (stream ? watch : list)(c);
        return;
    }
    struct json *object = load(c->world, &c->arena, c->plural, c->ns, c->name);
    if (object) {
        answer(c, 200, object);
    } else {
        not_found(c);
    }
}

static void create_token(struct call *c)
{
    if (!load(c->world, &c->arena, c->plural, c->ns, c->name)) {
        not_found(c);
        return;
    }
    AUTO(freep) char *body =
        quoted("{'status':{'token':'account-token','expirationTimestamp':'2030-01-01T00:00:00Z'}}");
    http_reply(c->x, 201, "application/json", str_c(body));
}

static void create(struct call *c)
{
    struct json *object = parse(&c->arena, http_x_body(c->x));
    if (str_eq_c(c->sub, "token")) {
        create_token(c);
        return;
    }
    struct str name = json_find_str(object, "metadata.name");
    if (load(c->world, &c->arena, c->plural, c->ns, name)) {
        fail_call(c, 409, "AlreadyExists", "already exists");
        return;
    }
    json_set_str(&c->arena, json_edit(&c->arena, object, "metadata"), "namespace", c->ns);
    put(c->world, &c->arena, c->plural, NULL, object, query_of(c, "fieldManager"));
    answer(c, 201, object);
}

/* True if the request has been answered. */
static bool conflicts(struct call *c, struct json *old, struct json *body)
{
    struct str version = json_find_str(body, "metadata.resourceVersion");
    struct str uid = json_find_str(body, "metadata.uid");
    if (!old) {
        not_found(c);
        return true;
    }
    if ((version.n && !str_eq(version, json_find_str(old, "metadata.resourceVersion"))) ||
        (uid.n && !str_eq(uid, json_find_str(old, "metadata.uid")))) {
        fail_call(c, 409, "Conflict", "the object has been modified");
        return true;
    }
    return false;
}

static void update(struct call *c)
{
    struct json *old = load(c->world, &c->arena, c->plural, c->ns, c->name);
    struct json *object = parse(&c->arena, http_x_body(c->x));
    if (!conflicts(c, old, object)) {
        put(c->world, &c->arena, c->plural, old, object, query_of(c, "fieldManager"));
        answer(c, 200, object);
    }
}

static void patch(struct call *c)
{
    struct arena *a = &c->arena;
    struct json *old = load(c->world, a, c->plural, c->ns, c->name);
    struct json *body = parse(a, http_x_body(c->x));
    if (conflicts(c, old, body)) {
        return;
    }
    struct json *now = load(c->world, a, c->plural, c->ns, c->name);
    bool status = str_eq_c(c->sub, "status");
    if (status) {
        struct json *only = json_new_object(a);
        json_set(a, only, STR("status"), json_get(body, "status"));
        merge(a, now, only);
        store(c->world, a, c->plural, now);
    } else {
        merge(a, now, body);
        put(c->world, a, c->plural, old, now, query_of(c, "fieldManager"));
    }
    answer(c, 200, now);
}

static void delete_object(struct world *w, struct arena *a, const char *plural, struct str ns,
                          struct str name)
{
    struct json *object = load(w, a, plural, ns, name);
    json_set_str(a, json_edit(a, object, "metadata"), "deletionTimestamp",
                 STR("2025-07-30T11:00:00Z"));
    store(w, a, plural, object);
}

static void delete (struct call *c)
{
    struct json *object = load(c->world, &c->arena, c->plural, c->ns, c->name);
    struct json *body = http_x_body(c->x).n ? parse(&c->arena, http_x_body(c->x)) : NULL;
    struct str uid = json_find_str(body, "preconditions.uid");
    if (!object) {
        not_found(c);
    } else if (uid.n && !str_eq(uid, json_find_str(object, "metadata.uid"))) {
        fail_call(c, 409, "Conflict", "uid differs");
    } else {
        delete_object(c->world, &c->arena, c->plural, c->ns, c->name);
        AUTO(freep) char *ok = quoted("{'kind':'Status','status':'Success'}");
        http_reply(c->x, 200, "application/json", str_c(ok));
    }
}

static bool answered_by_fault(struct world *w, struct http_exchange *x)
{
    for (size_t i = 0; i < w->faults.n; i++) {
        struct world_fault *f = &w->faults.v[i];
        bool hit = f->times != 0 && (!f->method || str_eq_c(http_x_method(x), f->method)) &&
                   str_find(http_x_target(x), str_c(f->part)) >= 0;
        if (!hit) {
            continue;
        }
        f->times -= f->times > 0 ? 1 : 0;
        AUTO(freep) char *body = quoted(f->body ? f->body : "{'kind':'Status','message':'fault'}");
        http_reply(x, f->status, "application/json", str_c(body));
        return true;
    }
    return false;
}

static void handle_api(void *arg, struct http_exchange *x)
{
    static const struct {
        const char *method;
        void (*fn)(struct call *c);
    } METHODS[] = {
        {"GET", get}, {"POST", create}, {"PUT", update}, {"PATCH", patch}, {"DELETE", delete}};
    struct world *w = arg;
    vec_push(&w->log, xasprintf("%.*s %.*s", STR_ARG(http_x_method(x)), STR_ARG(http_x_target(x))));
    if (answered_by_fault(w, x)) {
        return;
    }
    struct call c = {.world = w, .x = x, .arena = ARENA_INIT(ARENA_PLAIN)};
    split_path(&c);
    for (size_t i = 0; i < COUNT_OF(METHODS); i++) {
        if (str_eq_c(http_x_method(x), METHODS[i].method)) {
            METHODS[i].fn(&c);
            break;
        }
    }
    arena_done(&c.arena);
}

/* ---- the vault ---- */

static void reply_now(void *arg)
{
    struct delayed *d = arg;
    http_reply(d->x, d->status, "application/json", str_c(d->body));
    free(d->body);
    free(d);
}

/* After vault_delay. Takes body over. */
static void vault_reply(struct world *w, struct http_exchange *x, int status, char *body)
{
    struct delayed *d = xcalloc(1, sizeof(*d));
    *d = (struct delayed){.world = w, .x = x, .status = status, .body = body};
    if (!w->vault_delay) {
        reply_now(d);
        return;
    }
    timer_init(&d->timer, w->loop, reply_now, d);
    timer_set(&d->timer, w->vault_delay);
}

static void value_json(struct world *w, struct json_writer *j, struct str name,
                       const struct world_value *v, bool whole)
{
    AUTO(freep) char *id =
        xasprintf("%s/secrets/%.*s%s", w->vault_url, STR_ARG(name), whole ? "/" : "");
    AUTO(freep) char *full = whole ? xasprintf("%s%032u", id, v->version) : xstrdup(id);
    json_w_object(j);
    json_w_strings(j, "id", full, NULL);
    if (whole) {
        json_w_key(j, "value");
        json_w_str(j, str_n(v->value, v->n));
    }
    json_w_key(j, "attributes");
    json_w_object(j);
    json_w_key(j, "enabled");
    json_w_bool(j, !v->disabled);
    json_w_key(j, "created");
    json_w_int(j, v->updated);
    json_w_key(j, "updated");
    json_w_int(j, v->updated);
    json_w_end(j);
    json_w_key(j, "tags");
    json_w_object(j);
    for (struct map_iter it = {0}; map_next(&v->tags, &it);) {
        json_w_key_str(j, it.key);
        json_w_c(j, it.value);
    }
    json_w_end(j);
    json_w_end(j);
}

static char *listing(struct world *w)
{
    AUTO(buf_done) struct buf b = BUF_INIT(16 << 20);
    struct json_writer j = json_writer(&b);
    json_w_object(&j);
    json_w_key(&j, "value");
    json_w_array(&j);
    for (struct map_iter it = {0}; map_next(&w->values, &it);) {
        value_json(w, &j, it.key, it.value, false);
    }
    json_w_end(&j);
    json_w_key(&j, "nextLink");
    json_w_null(&j);
    json_w_end(&j);
    return buf_take(&b);
}

static void reply_value(struct world *w, struct http_exchange *x, struct str name)
{
    const struct world_value *v = map_get(&w->values, name);
    if (!v) {
        vault_reply(
            w, x, 404,
            quoted("{'error':{'code':'SecretNotFound','message':'A secret with (name/id) was "
                   "not found in this key vault'}}"));
    } else if (v->disabled) {
        vault_reply(
            w, x, 403,
            quoted("{'error':{'code':'Forbidden','message':'Operation get is not allowed on a "
                   "disabled secret.','innererror':{'code':'SecretDisabled'}}}"));
    } else {
        AUTO(buf_done) struct buf b = BUF_INIT(16 << 20);
        struct json_writer j = json_writer(&b);
        value_json(w, &j, name, v, true);
        vault_reply(w, x, 200, buf_take(&b));
    }
}

static void handle_vault(void *arg, struct http_exchange *x)
{
    struct world *w = arg;
    struct str path = http_x_path(x);
    vec_push(&w->vault_log, xasprintf("%.*s %.*s", STR_ARG(http_x_method(x)), STR_ARG(path)));
    if (answered_by_fault(w, x)) {
        return;
    }
    if (str_eq_c(http_x_method(x), "POST")) {
        vault_reply(
            w, x, 200,
            quoted("{'token_type':'Bearer','expires_in':3600,'access_token':'vault-token'}"));
        return;
    }
    struct str rest = str_trim_prefix(path, STR("/secrets"));
    if (rest.n <= 1) {
        vault_reply(w, x, 200, listing(w));
        return;
    }
    rest = str_from(rest, 1);
    struct str name;
    str_split(&rest, '/', &name);
    reply_value(w, x, name);
}

void world_put_bytes(struct world *w, const char *name, struct str value)
{
    struct world_value *v = map_get(&w->values, str_c(name));
    if (!v) {
        v = xcalloc(1, sizeof(*v));
        v->tags = MAP_INIT;
        (void)map_set(&w->values, str_c(name), v);
    }
    free(v->value);
    v->value = str_dup(value);
    v->n = value.n;
    v->version++;
    /* What is there from the start is old: times in a vault have a resolution of a second. */
    v->updated = clock_real() / NS_S - (v->version == 1 ? 3600 : 0);
    v->disabled = false;
}

static void free_value(void *arg)
{
    struct world_value *v = arg;
    map_done_with(&v->tags, free);
    free(v->value);
    free(v);
}

void world_put(struct world *w, const char *name, const char *value)
{
    if (value) {
        world_put_bytes(w, name, str_c(value));
        return;
    }
    struct world_value *v = map_del(&w->values, str_c(name));
    if (v) {
        free_value(v);
    }
}

void world_tag(struct world *w, const char *name, const char *tag, const char *value)
{
    struct world_value *v = map_get(&w->values, str_c(name));
    free(map_set(&v->tags, str_c(tag), xstrdup(value)));
}

void world_disable(struct world *w, const char *name)
{
    ((struct world_value *)map_get(&w->values, str_c(name)))->disabled = true;
}

/* ---- life ---- */

static struct http_server *serve(struct world *w, uint16_t port,
                                 void (*handle)(void *, struct http_exchange *))
{
    struct err *err = NULL;
    struct http_server *s = http_server_new(w->loop,
                                            &(struct http_server_config){
                                                .address = "127.0.0.1",
                                                .port = port,
                                                .max_body = 16 << 20,
                                                .handle = handle,
                                                .arg = w,
                                            },
                                            &err);
    if (!s) {
        fail_msg("%s", err_msg(err));
    }
    return s;
}

void world_vault_stop(struct world *w)
{
    http_server_free(TAKE(w->vault));
}

void world_vault_start(struct world *w)
{
    w->vault = serve(w, w->vault_port, handle_vault);
}

void world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    w->loop = loop_new();
    w->arena = ARENA_INIT(ARENA_PLAIN);
    w->objects = MAP_INIT;
    w->values = MAP_INIT;
    w->version = 100;
    w->api = serve(w, 0, handle_api);
    w->vault = serve(w, 0, handle_vault);
    w->vault_port = http_server_port(w->vault);
    w->vault_url = xasprintf("http://127.0.0.1:%u", w->vault_port);
    AUTO(freep) char *server = xasprintf("http://127.0.0.1:%u", http_server_port(w->api));
    w->config = kube_config_for_server(str_c(server));
    w->client = kube_client_new(w->loop, &(struct kube_client_config){.config = w->config});
    w->events = events_new(&(struct events_config){.client = w->client});
}

void world_done(struct world *w)
{
    events_free(w->events);
    kube_client_free(w->client);
    kube_config_free(w->config);
    http_server_free(w->api);
    http_server_free(w->vault);
    for (size_t i = 0; i < w->watchers.n; i++) {
        if (w->watchers.v[i]->x) {
            http_reply_end(w->watchers.v[i]->x);
        }
        free_watcher(w->watchers.v[i]);
    }
    vec_done(&w->watchers);
    map_done_with(&w->objects, free);
    map_done_with(&w->values, free_value);
    world_forget(w);
    vec_done(&w->log);
    vec_done(&w->vault_log);
    vec_done(&w->faults);
    arena_done(&w->arena);
    loop_free(w->loop);
    free(w->vault_url);
}

/* ---- what tests do and see ---- */

void world_apply(struct world *w, const char *plural, const char *document)
{
    AUTO(freep) char *text = quoted(document);
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *now = parse(&a, str_c(text));
    struct json *old = load(w, &a, plural, json_find_str(now, "metadata.namespace"),
                            json_find_str(now, "metadata.name"));
    if (old && json_find(old, "metadata.finalizers")) {
        json_set(&a, json_edit(&a, now, "metadata"), STR("finalizers"),
                 json_find(old, "metadata.finalizers"));
    }
    put(w, &a, plural, old, now, STR("kubectl"));
}

void world_patch(struct world *w, const char *plural, const char *ns, const char *name,
                 const char *patch_text)
{
    AUTO(freep) char *text = quoted(patch_text);
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *old = load(w, &a, plural, str_c(ns), str_c(name));
    struct json *now = load(w, &a, plural, str_c(ns), str_c(name));
    assert_non_null(now);
    merge(&a, now, parse(&a, str_c(text)));
    put(w, &a, plural, old, now, STR("kubectl"));
}

void world_delete(struct world *w, const char *plural, const char *ns, const char *name)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    delete_object(w, &a, plural, str_c(ns), str_c(name));
}

struct json *world_get(struct world *w, const char *plural, const char *ns, const char *name)
{
    return load(w, &w->arena, plural, str_c(ns), str_c(name));
}

struct str world_secret(struct world *w, const char *ns, const char *name, const char *key)
{
    const struct json *value = json_get(json_get(world_get(w, "secrets", ns, name), "data"), key);
    if (!value) {
        return (struct str){0};
    }
    AUTO(buf_done) struct buf b = BUF_INIT(4 << 20);
    struct err *err = NULL;
    assert_ok(base64_decode(&b, json_str(value), BASE64_STD, &err), err);
    return arena_str(&w->arena, buf_str(&b));
}

struct str world_ready(struct world *w, const char *plural, const char *ns, const char *name)
{
    const struct json *list = json_find(world_get(w, plural, ns, name), "status.conditions");
    for (size_t i = 0; i < json_len(list); i++) {
        const struct json *c = json_at(list, i);
        if (str_eq_c(json_str(json_get(c, "type")), "Ready")) {
            return arena_printf(&w->arena, "%.*s %.*s: %.*s",
                                STR_ARG(json_str(json_get(c, "status"))),
                                STR_ARG(json_str(json_get(c, "reason"))),
                                STR_ARG(json_str(json_get(c, "message"))));
        }
    }
    return STR_EMPTY;
}

bool world_event(struct world *w, const char *reason, const char *part)
{
    for (struct map_iter it = {0}; map_next(&w->objects, &it);) {
        if (!str_starts(it.key, STR("events/"))) {
            continue;
        }
        const struct json *event = parse(&w->arena, str_c(it.value));
        if (str_eq_c(json_str(json_get(event, "reason")), reason) &&
            str_find(json_str(json_get(event, "message")), str_c(part)) >= 0) {
            return true;
        }
    }
    return false;
}

void world_fault(struct world *w, struct world_fault fault)
{
    vec_push(&w->faults, fault);
}

static size_t count(char *const *lines, size_t n, const char *start, const char *part)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (str_starts(str_c(lines[i]), str_c(start)) && strstr(lines[i], part) &&
            !strstr(lines[i], "watch=")) {
            found++;
        }
    }
    return found;
}

size_t world_count(const struct world *w, const char *method, const char *part)
{
    return count(w->log.v, w->log.n, method, part);
}

size_t world_vault_count(const struct world *w, const char *part)
{
    return count(w->vault_log.v, w->vault_log.n, "", part);
}

void world_forget(struct world *w)
{
    for (size_t i = 0; i < w->log.n; i++) {
        free(w->log.v[i]);
    }
    for (size_t i = 0; i < w->vault_log.n; i++) {
        free(w->vault_log.v[i]);
    }
    w->log.n = 0;
    w->vault_log.n = 0;
}

/* ---- time ---- */

static ns_t real_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_S + now.tv_nsec;
}

void world_until(struct world *w, bool (*cond)(void *arg), void *arg)
{
    ns_t end = real_time() + 5 * NS_S;
    while (!cond(arg)) {
        if (real_time() > end) {
            fail_msg("what was waited for has not come");
        }
        loop_once(w->loop, 5 * NS_MS);
    }
}

/* All parties live on this loop, so a turn that waits in vain means that nothing is under way; a
 * few of them, because the machine may have been busy elsewhere. */
static void settle(struct world *w, int idle_turns)
{
    size_t seen = w->log.n + w->vault_log.n + kube_client_stats(w->client).in_flight;
    for (int idle = 0; idle < idle_turns;) {
        ns_t began = real_time();
        loop_once(w->loop, IDLE_TURN);
        size_t now = w->log.n + w->vault_log.n + kube_client_stats(w->client).in_flight;
        bool waited = real_time() - began >= IDLE_TURN / 2;
        idle = waited && now == seen ? idle + 1 : 0;
        seen = now;
    }
}

void world_settle(struct world *w)
{
    settle(w, IDLE_TURNS);
}

/* So that watches are not taken for dead. */
static void send_bookmarks(struct world *w)
{
    AUTO(freep) char *line = xasprintf("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{"
                                       "\"resourceVersion\":\"%llu\"}}}\n",
                                       (unsigned long long)w->version);
    for (size_t i = 0; i < w->watchers.n; i++) {
        if (w->watchers.v[i]->x) {
            http_reply_chunk(w->watchers.v[i]->x, str_c(line));
        }
    }
}

/* How many turns to wait in vain: none if nothing happens, one if somebody waits (for a time to
 * come, as a rule). */
static int idle_turns(const struct world *w, size_t seen)
{
    if (w->log.n + w->vault_log.n != seen || kube_client_stats(w->client).in_flight) {
        return IDLE_TURNS;
    }
    return w->busy && w->busy() ? 1 : 0;
}

void world_advance(struct world *w, ns_t by)
{
    while (by > 0) {
        ns_t step = MIN(by, STEP);
        size_t seen = w->log.n + w->vault_log.n;
        loop_advance(w->loop, step);
        by -= step;
        if (clock_mono() - w->bookmarks > NS_MIN) {
            w->bookmarks = clock_mono();
            send_bookmarks(w);
            world_settle(w);
        }
        settle(w, idle_turns(w, seen));
    }
    world_settle(w);
}
