/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_api.h"

#include "test.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/num.h"

enum { BODY_MAX = 4 << 20, PATH_MAX_ = 1000 };

struct fake_object {
    enum resource_id resource;
    char *ns;
    char *name;
    char *text;
    uint64_t version;
};

struct fake_stream {
    struct fake_api *f;
    struct http_exchange *x;
    enum resource_id resource;
    char *ns;
    bool metadata;
};

struct target {
    enum resource_id resource;
    struct str ns;
    struct str name;
};

/* ---- objects ---- */

static void write_path(struct buf *out, enum resource_id resource, struct str ns, struct str name)
{
    buf_addf(out, "%d/%.*s/%.*s", (int)resource, STR_ARG(ns), STR_ARG(name));
}

static struct fake_object *lookup(const struct fake_api *f, enum resource_id resource,
                                  struct str ns, struct str name)
{
    AUTO(buf_done) struct buf path = BUF_INIT(PATH_MAX_);
    write_path(&path, resource, ns, name);
    return map_get(&f->objects, buf_str(&path));
}

static void free_object(void *arg)
{
    struct fake_object *o = arg;
    free(o->ns);
    free(o->name);
    free(o->text);
    free(o);
}

/* ---- watches ---- */

/* The object, or its metadata as PartialObjectMetadata. */
static void add_item(struct buf *out, const struct fake_object *o, bool metadata)
{
    if (!metadata) {
        buf_add_c(out, o->text);
        return;
    }
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct json *doc = json_parse(&a, str_c(o->text), JSON_PLAIN, NULL);
    buf_add_c(out, "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
                   "\"metadata\":");
    json_write(out, json_get(doc, "metadata"), JSON_WRITE_PLAIN);
    buf_add_byte(out, '}');
}

static void send_event(struct fake_stream *s, const char *type, const struct fake_object *o)
{
    AUTO(buf_done) struct buf line = BUF_INIT(BODY_MAX);
    buf_addf(&line, "{\"type\":\"%s\",\"object\":", type);
    add_item(&line, o, s->metadata);
    buf_add_c(&line, "}\n");
    http_reply_chunk(s->x, buf_str(&line));
}

static bool watches(const struct fake_stream *s, const struct fake_object *o)
{
    return s->resource == o->resource && (s->ns[0] == '\0' || strcmp(s->ns, o->ns) == 0);
}

static void tell(struct fake_api *f, const char *type, const struct fake_object *o)
{
    for (size_t i = 0; i < f->streams.n; i++) {
        if (watches(f->streams.v[i], o)) {
            send_event(f->streams.v[i], type, o);
        }
    }
}

static void forget_stream(struct fake_api *f, struct fake_stream *s)
{
    for (size_t i = 0; i < f->streams.n; i++) {
        if (f->streams.v[i] == s) {
            vec_remove(&f->streams, i);
            break;
        }
    }
    free(s->ns);
    free(s);
}

static void stream_gone(void *arg, struct http_exchange *x)
{
    struct fake_stream *s = arg;
    forget_stream(s->f, s);
    http_reply_end(x);
}

/* ---- storing ---- */

static void set_version(struct arena *a, struct json *doc, uint64_t version)
{
    json_set(a, json_edit(a, doc, "metadata"), STR("resourceVersion"),
             json_new_str(a, arena_printf(a, "%llu", (unsigned long long)version)));
}

static void remember(struct fake_api *f, const struct fake_object *o, const char *text)
{
    struct fake_object *copy = xcalloc(1, sizeof(*copy));
    copy->resource = o->resource;
    copy->ns = xstrdup(o->ns);
    copy->name = xstrdup(o->name);
    copy->text = text ? xstrdup(text) : NULL;
    copy->version = o->version;
    vec_push(&f->history, copy);
}

static void set_text(struct fake_api *f, struct fake_object *o, struct arena *a, struct json *doc)
{
    AUTO(buf_done) struct buf out = BUF_INIT(BODY_MAX);
    o->version = ++f->version;
    set_version(a, doc, o->version);
    json_write(&out, doc, JSON_WRITE_PLAIN);
    free(o->text);
    o->text = buf_take(&out);
    remember(f, o, o->text);
}

static bool generation_rises(enum resource_id resource, const struct json *old,
                             const struct json *now)
{
    if (!json_eq(json_get(old, "spec"), json_get(now, "spec"))) {
        return true;
    }
    return resource == RES_DEPLOYMENTS &&
           !json_eq(json_find(old, "metadata.annotations"), json_find(now, "metadata.annotations"));
}

static struct fake_object *create(struct fake_api *f, enum resource_id resource, struct arena *a,
                                  struct json *doc)
{
    char now[RFC3339_SIZE];
    AUTO(buf_done) struct buf path = BUF_INIT(PATH_MAX_);
    struct fake_object *o = xcalloc(1, sizeof(*o));
    struct json *metadata = json_edit(a, doc, "metadata");
    o->resource = resource;
    o->ns = str_dup(json_str(json_get(metadata, "namespace")));
    o->name = str_dup(json_str(json_get(metadata, "name")));
    json_set_str(a, metadata, "uid", arena_printf(a, "uid-%llu", (unsigned long long)++f->uids));
    json_set(a, metadata, STR("generation"), json_new_int(a, 1));
    if (!json_get(metadata, "creationTimestamp")) {
        json_set_str(a, metadata, "creationTimestamp", str_c(rfc3339_format(clock_real(), now)));
    }
    set_text(f, o, a, doc);
    write_path(&path, resource, str_c(o->ns), str_c(o->name));
    map_set(&f->objects, buf_str(&path), o);
    tell(f, "ADDED", o);
    return o;
}

/* A write that changes nothing is none. */
static void replace(struct fake_api *f, struct fake_object *o, struct arena *a, struct json *doc)
{
    const struct json *old = json_parse(a, str_c(o->text), JSON_PLAIN, NULL);
    struct json *metadata = json_edit(a, doc, "metadata");
    int64_t generation = json_int(json_find(old, "metadata.generation"), 1);
    static const char *const kept[] = {"uid", "creationTimestamp", "resourceVersion"};
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        json_set_str(a, metadata, kept[i], json_str(json_get(json_get(old, "metadata"), kept[i])));
    }
    generation += generation_rises(o->resource, old, doc) ? 1 : 0;
    json_set(a, metadata, STR("generation"), json_new_int(a, generation));
    if (!json_eq(old, doc)) {
        set_text(f, o, a, doc);
        tell(f, "MODIFIED", o);
    }
}

static void drop(struct fake_api *f, struct fake_object *o)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf path = BUF_INIT(PATH_MAX_);
    set_text(f, o, &a, json_parse(&a, str_c(o->text), JSON_COPY, NULL));
    write_path(&path, o->resource, str_c(o->ns), str_c(o->name));
    map_del(&f->objects, buf_str(&path));
    remember(f, o, NULL);
    tell(f, "DELETED", o);
    free_object(o);
}

static void delete_object(struct fake_api *f, struct fake_object *o)
{
    if (f->finalizers && o->resource == RES_JOBS) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        struct json *doc = json_parse(&a, str_c(o->text), JSON_COPY, NULL);
        json_set_str(&a, json_edit(&a, doc, "metadata"), "deletionTimestamp",
                     STR("2026-01-01T00:00:00Z"));
        set_text(f, o, &a, doc);
        tell(f, "MODIFIED", o);
        return;
    }
    drop(f, o);
}

/* ---- patches ---- */

static void merge(struct arena *a, struct json *to, const struct json *patch, bool strategic);

/* Containers and variables, by name. */
static void merge_list(struct arena *a, struct json *to, const struct json *patch)
{
    for (size_t i = 0; i < patch->n; i++) {
        const struct json *item = patch->items[i];
        struct str name = json_str(json_get(item, "name"));
        size_t at = 0;
        while (at < to->n && !str_eq(json_str(json_get(to->items[at], "name")), name)) {
            at++;
        }
        if (str_eq(json_str(json_get(item, "$patch")), STR("delete"))) {
            if (at < to->n) {
                json_del_at(to, at);
            }
        } else if (at < to->n) {
            merge(a, to->items[at], item, true);
        } else {
            json_push(a, to, json_clone(a, item));
        }
    }
}

static void merge(struct arena *a, struct json *to, const struct json *patch, bool strategic)
{
    for (size_t i = 0; i < patch->n; i++) {
        struct str key = patch->members[i].key;
        const struct json *value = patch->members[i].value;
        struct json *old = json_get_str(to, key);
        bool by_name = str_eq(key, STR("containers")) || str_eq(key, STR("env"));
        if (json_is_null(value)) {
            json_del(to, key);
        } else if (json_is(value, JSON_OBJECT)) {
            if (!json_is(old, JSON_OBJECT)) {
                old = json_set(a, to, key, json_new_object(a));
            }
            merge(a, old, value, strategic);
        } else if (strategic && by_name && json_is(value, JSON_ARRAY)) {
            if (!json_is(old, JSON_ARRAY)) {
                old = json_set(a, to, key, json_new_array(a));
            }
            merge_list(a, old, value);
        } else {
            json_set(a, to, key, json_clone(a, value));
        }
    }
}

static struct str unescape(struct arena *a, struct str s)
{
    AUTO(buf_done) struct buf out = BUF_INIT(PATH_MAX_);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '~' && i + 1 < s.n) {
            buf_add_byte(&out, s.p[++i] == '1' ? '/' : '~');
        } else {
            buf_add_byte(&out, s.p[i]);
        }
    }
    return arena_str(a, buf_str(&out));
}

static size_t index_of(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n = n * 10 + (size_t)(s.p[i] - '0');
    }
    return n;
}

static struct json *step(struct json *at, struct str key)
{
    if (json_is(at, JSON_ARRAY)) {
        return str_eq(key, STR("-")) ? NULL : json_at(at, index_of(key));
    }
    return json_get_str(at, key);
}

static bool apply_op(struct arena *a, struct json *doc, const struct json *op)
{
    struct str name = json_str(json_get(op, "op"));
    struct str rest = str_from(json_str(json_get(op, "path")), 1);
    struct json *parent = NULL;
    struct json *at = doc;
    struct str key = STR_EMPTY;
    for (struct str part; str_split(&rest, '/', &part);) {
        parent = at;
        key = unescape(a, part);
        if (!parent) {
            return false;
        }
        at = step(parent, key);
    }
    const struct json *value = json_get(op, "value");
    if (str_eq(name, STR("test"))) {
        return at && json_eq(at, value);
    }
    if (str_eq(name, STR("remove"))) {
        if (!at) {
            return false;
        }
        if (json_is(parent, JSON_ARRAY)) {
            json_del_at(parent, index_of(key));
        } else {
            json_del(parent, key);
        }
        return true;
    }
    if (!parent || (str_eq(name, STR("replace")) && !at)) {
        return false;
    }
    if (json_is(parent, JSON_ARRAY)) {
        json_push(a, parent, json_clone(a, value));
        return true;
    }
    json_set(a, parent, key, json_clone(a, value));
    return true;
}

/* ---- answers ---- */

enum { ANSWER, LOSE, HOLD };

/* Every answer but streams goes through here, so that it can be lost. */
static void answer(struct fake_api *f, struct http_exchange *x, int code, struct str body)
{
    if (f->lose == HOLD) {
        vec_push(&f->held, x);
    } else if (f->lose == LOSE) {
        http_x_reset(x);
    } else {
        http_reply(x, code, "application/json", body);
    }
}

static void reply_status(struct fake_api *f, struct http_exchange *x, int code, const char *reason)
{
    AUTO(buf_done) struct buf body = BUF_INIT(1000);
    buf_addf(&body,
             "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"%s\","
             "\"message\":\"fake: %s\",\"code\":%d}",
             reason, reason, code);
    answer(f, x, code, buf_str(&body));
}

static void reply_object(struct fake_api *f, struct http_exchange *x, int code,
                         const struct fake_object *o)
{
    answer(f, x, code, str_c(o->text));
}

static const char *reason_of(int status)
{
    switch (status) {
    case 403:
        return "Forbidden";
    case 404:
        return "NotFound";
    case 409:
        return "Conflict";
    case 422:
        return "Invalid";
    case 429:
        return "TooManyRequests";
    default:
        return "InternalError";
    }
}

/* ---- requests ---- */

static bool is_metadata(const struct http_exchange *x)
{
    return str_find(http_x_header(x, "Accept"), STR("PartialObjectMetadata")) >= 0;
}

static void list(struct fake_api *f, struct http_exchange *x, const struct target *t)
{
    AUTO(buf_done) struct buf out = BUF_INIT(64 << 20);
    bool first = true;
    buf_addf(&out, "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"%llu\"},\"items\":[",
             (unsigned long long)f->version);
    for (struct map_iter it = {0}; map_next(&f->objects, &it);) {
        const struct fake_object *o = it.value;
        if (o->resource == t->resource && (t->ns.n == 0 || str_eq_c(t->ns, o->ns))) {
            buf_add_c(&out, first ? "" : ",");
            add_item(&out, o, is_metadata(x));
            first = false;
        }
    }
    buf_add_c(&out, "]}");
    answer(f, x, 200, buf_str(&out));
}

/* "resourceVersionMatch=Exact" with the name of one object. */
static void list_exact(struct fake_api *f, struct http_exchange *x, const struct target *t)
{
    AUTO(buf_done) struct buf out = BUF_INIT(BODY_MAX);
    AUTO(buf_done) struct buf name = BUF_INIT(PATH_MAX_);
    struct str query = http_x_query(x);
    const struct fake_object *found = NULL;
    uint64_t version = 0;
    struct str number = str_from(query, (size_t)str_find(query, STR("resourceVersion=")) + 16);
    ptrdiff_t end = str_find(number, STR("&"));
    assert_true(num_parse_u64(end < 0 ? number : str_head(number, (size_t)end), &version));
    for (size_t i = 0; i < f->history.n && f->history.v[i]->version <= version; i++) {
        const struct fake_object *o = f->history.v[i];
        buf_clear(&name);
        buf_addf(&name, "fieldSelector=metadata.name%%3D%s", o->name);
        if (o->resource == t->resource && str_eq_c(t->ns, o->ns) &&
            str_find(query, buf_str(&name)) >= 0) {
            found = o;
        }
    }
    buf_addf(&out, "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"%llu\"},\"items\":[%s]}",
             (unsigned long long)version, found && found->text ? found->text : "");
    answer(f, x, 200, buf_str(&out));
}

static void send_initial(struct fake_api *f, struct fake_stream *s)
{
    AUTO(buf_done) struct buf line = BUF_INIT(1000);
    for (struct map_iter it = {0}; map_next(&f->objects, &it);) {
        if (watches(s, it.value)) {
            send_event(s, "ADDED", it.value);
        }
    }
    buf_addf(&line,
             "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"%llu\","
             "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n",
             (unsigned long long)f->version);
    http_reply_chunk(s->x, buf_str(&line));
}

/* Everything that is newer; a fake has no history, so what has gone meanwhile is not told: such a
 * watch gets 410 and the client lists. */
static void watch(struct fake_api *f, struct http_exchange *x, const struct target *t)
{
    struct str query = http_x_query(x);
    bool initial = str_find(query, STR("sendInitialEvents=true")) >= 0;
    AUTO(buf_done) struct buf current = BUF_INIT(100);
    buf_addf(&current, "resourceVersion=%llu", (unsigned long long)f->version);
    if (!initial && str_find(query, buf_str(&current)) < 0) {
        reply_status(f, x, 410, "Expired");
        return;
    }
    struct fake_stream *s = xcalloc(1, sizeof(*s));
    s->f = f;
    s->x = x;
    s->resource = t->resource;
    s->ns = str_dup(t->ns);
    s->metadata = is_metadata(x);
    vec_push(&f->streams, s);
    http_reply_begin(x, 200, "application/json");
    http_x_on_gone(x, stream_gone, s);
    if (initial) {
        send_initial(f, s);
    }
}

static void handle_create(struct fake_api *f, struct http_exchange *x, const struct target *t)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *doc = json_parse(&a, http_x_body(x), JSON_COPY, NULL);
    assert_non_null(doc);
    json_set_str(&a, json_edit(&a, doc, "metadata"), "namespace", t->ns);
    struct str name = json_find_str(doc, "metadata.name");
    if (t->resource == RES_SECRETS && f->deny_secrets) {
        reply_status(f, x, 403, "Forbidden");
    } else if (t->resource == RES_JOBS && json_find(doc, "spec.selector") &&
               !json_bool(json_find(doc, "spec.manualSelector"), false)) {
        reply_status(f, x, 422, "Invalid");
    } else if (lookup(f, t->resource, t->ns, name)) {
        reply_status(f, x, 409, "AlreadyExists");
    } else {
        reply_object(f, x, 201, create(f, t->resource, &a, doc));
    }
}

static void handle_patch(struct fake_api *f, struct http_exchange *x, struct fake_object *o)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct str type = http_x_header(x, "Content-Type");
    struct json *doc = json_parse(&a, str_c(o->text), JSON_COPY, NULL);
    const struct json *patch = json_parse(&a, http_x_body(x), JSON_COPY, NULL);
    assert_non_null(patch);
    if (json_is(patch, JSON_ARRAY)) {
        assert_true(str_starts(type, STR("application/json-patch")));
        for (size_t i = 0; i < patch->n; i++) {
            if (!apply_op(&a, doc, patch->items[i])) {
                reply_status(f, x, 422, "Invalid");
                return;
            }
        }
    } else {
        const struct json *uid = json_find(patch, "metadata.uid");
        if (uid && !str_eq(json_str(uid), json_find_str(doc, "metadata.uid"))) {
            reply_status(f, x, 409, "Conflict");
            return;
        }
        merge(&a, doc, patch, str_find(type, STR("strategic")) >= 0);
    }
    replace(f, o, &a, doc);
    reply_object(f, x, 200, o);
}

static void handle_put(struct fake_api *f, struct http_exchange *x, struct fake_object *o)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *doc = json_parse(&a, http_x_body(x), JSON_COPY, NULL);
    assert_non_null(doc);
    replace(f, o, &a, doc);
    reply_object(f, x, 200, o);
}

static void handle_delete(struct fake_api *f, struct http_exchange *x, struct fake_object *o)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct json *body = json_parse(&a, http_x_body(x), JSON_PLAIN, NULL);
    const struct json *doc = json_parse(&a, str_c(o->text), JSON_PLAIN, NULL);
    struct str uid = json_find_str(body, "preconditions.uid");
    if (uid.n > 0 && !str_eq(uid, json_find_str(doc, "metadata.uid"))) {
        reply_status(f, x, 409, "Conflict");
        return;
    }
    delete_object(f, o);
    answer(f, x, 200, STR("{\"kind\":\"Status\",\"status\":\"Success\"}"));
}

static bool is_workload(enum resource_id r)
{
    return r == RES_DEPLOYMENTS || r == RES_DAEMONSETS || r == RES_STATEFULSETS || r == RES_JOBS ||
           r == RES_CRONJOBS || r == RES_ROLLOUTS;
}

static void handle_collection(struct fake_api *f, struct http_exchange *x, const struct target *t)
{
    if (str_eq(http_x_method(x), STR("POST"))) {
        handle_create(f, x, t);
    } else if (str_find(http_x_query(x), STR("resourceVersionMatch=Exact")) >= 0) {
        list_exact(f, x, t);
    } else if (str_find(http_x_query(x), STR("watch=")) < 0) {
        list(f, x, t);
    } else if (f->deny_watch && is_workload(t->resource)) {
        reply_status(f, x, 403, "Forbidden");
    } else {
        watch(f, x, t);
    }
}

static void handle_object(struct fake_api *f, struct http_exchange *x, const struct target *t)
{
    struct fake_object *o = lookup(f, t->resource, t->ns, t->name);
    struct str method = http_x_method(x);
    if (!o) {
        reply_status(f, x, 404, "NotFound");
    } else if (str_eq(method, STR("GET"))) {
        reply_object(f, x, 200, o);
    } else if (str_eq(method, STR("PATCH"))) {
        handle_patch(f, x, o);
    } else if (str_eq(method, STR("PUT"))) {
        handle_put(f, x, o);
    } else if (str_eq(method, STR("DELETE"))) {
        handle_delete(f, x, o);
    } else {
        reply_status(f, x, 405, "MethodNotAllowed");
    }
}

static void handle_review(struct fake_api *f, struct http_exchange *x)
{
    answer(f, x, 201,
           f->deny_watch
               ? STR("{\"kind\":\"SelfSubjectAccessReview\",\"status\":{\"allowed\":false}}")
               : STR("{\"kind\":\"SelfSubjectAccessReview\",\"status\":{\"allowed\":true}}"));
}

/* "/api/v1/namespaces/a/secrets/b", "/apis/apps/v1/deployments" ... */
static bool parse_path(struct str path, struct target *out)
{
    struct str parts[8];
    size_t n = 0;
    for (struct str rest = str_from(path, 1);
         n < COUNT_OF(parts) && str_split(&rest, '/', &parts[n]);) {
        n++;
    }
    size_t at = n > 0 && str_eq(parts[0], STR("api")) ? 2 : 3;
    struct str group = at == 2 ? STR_EMPTY : parts[1];
    *out = (struct target){0};
    if (n > at + 1 && str_eq(parts[at], STR("namespaces"))) {
        out->ns = parts[at + 1];
        at += 2;
    }
    if (at >= n) {
        return false;
    }
    const struct resource *r = resource_find(group, parts[at]);
    out->name = at + 1 < n ? parts[at + 1] : STR_EMPTY;
    for (size_t id = 0; id < RES_COUNT; id++) {
        if (r && resource_of((enum resource_id)id) == r) {
            out->resource = (enum resource_id)id;
            return true;
        }
    }
    return false;
}

static struct fake_fault *find_fault(struct fake_api *f, const struct http_exchange *x)
{
    for (size_t i = 0; i < f->faults.n; i++) {
        struct fake_fault *fault = &f->faults.v[i];
        if (fault->times != 0 && (!fault->method || str_eq_c(http_x_method(x), fault->method)) &&
            (!fault->part || str_find(http_x_path(x), str_c(fault->part)) >= 0)) {
            fault->times -= fault->times > 0 ? 1 : 0;
            return fault;
        }
    }
    return NULL;
}

static void answer_fault(struct fake_api *f, struct http_exchange *x,
                         const struct fake_fault *fault)
{
    if (fault->status == 0) {
        http_x_reset(x);
    } else if (fault->status < 0) {
        vec_push(&f->held, x);
    } else {
        if (fault->retry_after) {
            http_x_set_header(x, "Retry-After", str_c(fault->retry_after));
        }
        reply_status(f, x, fault->status, reason_of(fault->status));
    }
}

static void handle(void *arg, struct http_exchange *x)
{
    struct fake_api *f = arg;
    struct target t;
    vec_push(&f->log, xasprintf("%.*s %.*s", STR_ARG(http_x_method(x)), STR_ARG(http_x_target(x))));
    const struct fake_fault *fault = find_fault(f, x);
    bool dead = f->dead_after > 0 && f->log.n >= f->dead_after;
    f->lose = dead ? HOLD : fault && fault->after ? LOSE : ANSWER;
    if (dead && (f->log.n > f->dead_after || !f->dead_effect)) {
        vec_push(&f->held, x);
    } else if (fault && !fault->after) {
        answer_fault(f, x, fault);
    } else if (str_find(http_x_path(x), STR("selfsubjectaccessreviews")) >= 0) {
        handle_review(f, x);
    } else if (!parse_path(http_x_path(x), &t)) {
        reply_status(f, x, 404, "NotFound");
    } else if (t.name.n > 0) {
        handle_object(f, x, &t);
    } else {
        handle_collection(f, x, &t);
    }
    f->lose = ANSWER;
}

/* ---- for tests ---- */

static void serve(struct fake_api *f, uint16_t port)
{
    AUTO(err_freep) struct err *err = NULL;
    f->server = http_server_new(
        f->loop,
        &(struct http_server_config){
            .address = "127.0.0.1", .port = port, .max_body = BODY_MAX, .handle = handle, .arg = f},
        &err);
    if (!f->server) {
        fail_msg("%s", err_msg(err));
    }
}

void fake_init(struct fake_api *f, struct loop *l)
{
    *f = (struct fake_api){.loop = l, .version = 100};
    serve(f, 0);
    f->url = xasprintf("http://127.0.0.1:%u", http_server_port(f->server));
}

void fake_cut_watches(struct fake_api *f)
{
    while (f->streams.n > 0) {
        struct http_exchange *x = f->streams.v[0]->x;
        http_x_on_gone(x, NULL, NULL);
        forget_stream(f, f->streams.v[0]);
        http_reply_end(x);
    }
}

void fake_stop(struct fake_api *f)
{
    fake_cut_watches(f);
    for (size_t i = 0; i < f->held.n; i++) {
        http_x_reset(f->held.v[i]);
    }
    f->held.n = 0;
    http_server_free(TAKE(f->server));
}

void fake_start(struct fake_api *f)
{
    struct str url = str_c(f->url);
    serve(f, (uint16_t)index_of(str_from(url, (size_t)str_rfind_byte(url, ':') + 1)));
}

void fake_forget_log(struct fake_api *f)
{
    for (size_t i = 0; i < f->log.n; i++) {
        free(f->log.v[i]);
    }
    f->log.n = 0;
}

void fake_done(struct fake_api *f)
{
    fake_stop(f);
    fake_forget_log(f);
    vec_done(&f->log);
    vec_done(&f->held);
    vec_done(&f->streams);
    vec_done(&f->faults);
    map_done_with(&f->objects, free_object);
    for (size_t i = 0; i < f->history.n; i++) {
        free_object(f->history.v[i]);
    }
    vec_done(&f->history);
    free(f->url);
}

void fake_put(struct fake_api *f, enum resource_id resource, const char *text)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    char *copy = arena_dup(&a, str_c(text));
    for (char *c = copy; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    struct json *doc = json_parse(&a, str_c(copy), JSON_PLAIN, &err);
    if (!doc) {
        fail_msg("%s: %s", text, err_msg(err));
    }
    struct fake_object *o = lookup(f, resource, json_find_str(doc, "metadata.namespace"),
                                   json_find_str(doc, "metadata.name"));
    if (o) {
        replace(f, o, &a, doc);
    } else {
        create(f, resource, &a, doc);
    }
}

void fake_remove(struct fake_api *f, enum resource_id resource, const char *ns, const char *name)
{
    struct fake_object *o = lookup(f, resource, str_c(ns), str_c(name));
    assert_non_null(o);
    drop(f, o);
}

void fake_finalize(struct fake_api *f)
{
    VEC(struct fake_object *) gone = {0};
    for (struct map_iter it = {0}; map_next(&f->objects, &it);) {
        struct fake_object *o = it.value;
        if (strstr(o->text, "deletionTimestamp")) {
            vec_push(&gone, o);
        }
    }
    for (size_t i = 0; i < gone.n; i++) {
        drop(f, gone.v[i]);
    }
    vec_done(&gone);
}

struct json *fake_get(const struct fake_api *f, struct arena *a, enum resource_id resource,
                      const char *ns, const char *name)
{
    const struct fake_object *o = lookup(f, resource, str_c(ns), str_c(name));
    return o ? json_parse(a, str_c(o->text), JSON_COPY, NULL) : NULL;
}

size_t fake_count_objects(const struct fake_api *f, enum resource_id resource, const char *ns)
{
    size_t n = 0;
    for (struct map_iter it = {0}; map_next(&f->objects, &it);) {
        const struct fake_object *o = it.value;
        n += o->resource == resource && strcmp(o->ns, ns) == 0 ? 1 : 0;
    }
    return n;
}

struct str fake_only_name(const struct fake_api *f, struct arena *a, enum resource_id resource,
                          const char *ns)
{
    struct str name = STR_EMPTY;
    assert_int_equal(fake_count_objects(f, resource, ns), 1);
    for (struct map_iter it = {0}; map_next(&f->objects, &it);) {
        const struct fake_object *o = it.value;
        if (o->resource == resource && strcmp(o->ns, ns) == 0) {
            name = arena_str(a, str_c(o->name));
        }
    }
    return name;
}

size_t fake_count(const struct fake_api *f, const char *method, const char *part)
{
    size_t n = 0;
    for (size_t i = 0; i < f->log.n; i++) {
        struct str line = str_c(f->log.v[i]);
        bool matches =
            !method || (str_starts(line, str_c(method)) && line.p[strlen(method)] == ' ');
        n += matches && str_find(line, str_c(part)) >= 0 ? 1 : 0;
    }
    return n;
}

void fake_fault(struct fake_api *f, struct fake_fault fault)
{
    vec_push(&f->faults, fault);
}
