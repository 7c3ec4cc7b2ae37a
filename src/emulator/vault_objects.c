/* SPDX-License-Identifier: Apache-2.0
 *
 * What secrets, keys and certificates have in common.
 *
 * A skip token is opaque to clients: base64url of "N!MARKER", where MARKER is the last name (or
 * version) given out and N the number of empty pages still to give (a fault; clients must go on
 * when a page is empty and has a nextLink).
 */
#include "base/encode.h"
#include "base/num.h"
#include "base/utf8.h"
#include "emulator/vault.h"

enum {
    PAGE_MAX = 25,
    MAX_TAGS = 15,
    MAX_TAG = 512,
    MAX_CONTENT_TYPE = 255,
    MAX_MARKER = 256,
    DEFAULT_DAYS = 90,
};

/* ---- finding ---- */

bool find_live(struct vault_call *v, struct object *o)
{
    if (object_find(v->s, v->a, v->vault.name, v->kind->type, v->name, v->now, o) &&
        o->state == OBJECT_LIVE && o->ready <= v->now) {
        return true;
    }
    fail_not_found(v);
    return false;
}

bool find_version(struct vault_call *v, struct object *o, struct version *ver)
{
    if (!find_live(v, o)) {
        return false;
    }
    if (version_find(v->s, v->a, o->id, v->version, ver)) {
        return true;
    }
    fail_not_found(v);
    return false;
}

static void fail_occupied(struct vault_call *v, const struct object *o)
{
    struct str noun = lower(v->a, str_c(v->kind->noun));
    if (o->state == OBJECT_LIVE) {
        vault_error(v->c, VERR_BEING_RECOVERED, NULL,
                    arena_printf(v->a, "%s %.*s is currently being recovered.", v->kind->noun,
                                 STR_ARG(o->name)));
    } else if (o->state == OBJECT_PURGED || o->ready > v->now) {
        vault_error(v->c, VERR_BEING_DELETED, NULL,
                    arena_printf(v->a, "%s %.*s is currently being deleted.", v->kind->noun,
                                 STR_ARG(o->name)));
    } else {
        vault_error(v->c, VERR_DELETED, NULL,
                    arena_printf(v->a,
                                 "%s %.*s is currently in a deleted but recoverable state, and its "
                                 "name cannot be reused; in this state, the %.*s can only be "
                                 "recovered or purged.",
                                 v->kind->noun, STR_ARG(o->name), STR_ARG(noun)));
    }
}

bool find_or_add(struct vault_call *v, bool managed, struct object *o)
{
    if (!object_find(v->s, v->a, v->vault.name, v->kind->type, v->name, v->now, o)) {
        *o = (struct object){.type = v->kind->type, .name = v->name, .managed = managed};
        o->id = object_add(v->s, v->vault.name, v->kind->type, v->name, managed);
        return true;
    }
    if (o->state != OBJECT_LIVE || o->ready > v->now) {
        fail_occupied(v, o);
        return false;
    }
    if (o->managed != managed) {
        struct str noun = lower(v->a, str_c(v->kind->noun));
        vault_error(v->c, managed ? VERR_CONFLICT : VERR_FORBIDDEN, NULL,
                    arena_printf(v->a,
                                 managed ? "A %.*s named %.*s exists that does not belong to a "
                                           "certificate."
                                         : "The %.*s %.*s belongs to a certificate and changes "
                                           "only with it.",
                                 STR_ARG(noun), STR_ARG(o->name)));
        return false;
    }
    return true;
}

/* ---- properties ---- */

static bool fail_value(struct vault_call *v)
{
    fail_bad_parameter(v, STR("Property has invalid value\r\n"));
    return false;
}

static bool read_time(struct vault_call *v, const struct json *attributes, const char *name,
                      struct opt_time *out)
{
    const struct json *j = json_get(attributes, name);
    if (json_is_null(j)) {
        return true;
    }
    int64_t t = json_int(j, INT64_MIN);
    if (t == INT64_MIN) {
        return fail_value(v);
    }
    *out = (struct opt_time){.set = true, .v = t};
    return true;
}

static bool read_attributes(struct vault_call *v, struct version *ver)
{
    const struct json *attributes = json_get(v->body, "attributes");
    if (json_is_null(attributes)) {
        return true;
    }
    const struct json *enabled = json_get(attributes, "enabled");
    bool ok =
        json_is(attributes, JSON_OBJECT) && (json_is_null(enabled) || json_is(enabled, JSON_BOOL));
    if (!ok) {
        return fail_value(v);
    }
    ver->enabled = json_bool(enabled, ver->enabled);
    return read_time(v, attributes, "nbf", &ver->nbf) && read_time(v, attributes, "exp", &ver->exp);
}

static bool tags_ok(const struct json *tags)
{
    if (!json_is(tags, JSON_OBJECT) || tags->n > MAX_TAGS) {
        return false;
    }
    for (size_t i = 0; i < tags->n; i++) {
        const struct json_member *m = &tags->members[i];
        bool ok = json_is(m->value, JSON_STRING) && utf8_count(m->key) <= MAX_TAG &&
                  utf8_count(json_str(m->value)) <= MAX_TAG;
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool read_tags(struct vault_call *v, struct version *ver)
{
    const struct json *tags = json_get(v->body, "tags");
    if (json_is_null(tags)) {
        return true;
    }
    if (!tags_ok(tags)) {
        return fail_value(v);
    }
    AUTO(buf_done) struct buf text = BUF_INIT(CALL_MAX_BODY);
    if (tags->n > 0) {
        json_write(&text, tags, JSON_WRITE_PLAIN);
    }
    ver->tags = arena_str(v->a, buf_str(&text));
    return true;
}

static bool read_content_type(struct vault_call *v, struct version *ver)
{
    const struct json *type = json_get(v->body, "contentType");
    if (v->kind->type != OBJECT_SECRET || json_is_null(type)) {
        return true;
    }
    if (!json_is(type, JSON_STRING) || utf8_count(json_str(type)) > MAX_CONTENT_TYPE) {
        return fail_value(v);
    }
    ver->has_content_type = true;
    ver->content_type = json_str(type);
    return true;
}

bool read_properties(struct vault_call *v, struct version *ver)
{
    return read_attributes(v, ver) && read_tags(v, ver) && read_content_type(v, ver);
}

struct version new_version(struct vault_call *v)
{
    return (struct version){
        .version = version_new_id(v->a), .enabled = true, .created = v->now, .updated = v->now};
}

/* ---- writing ---- */

static const char *recovery_level(const struct vault *vault)
{
    if (vault->days == DEFAULT_DAYS) {
        return vault->purge_protection ? "Recoverable" : "Recoverable+Purgeable";
    }
    return vault->purge_protection ? "CustomizedRecoverable" : "CustomizedRecoverable+Purgeable";
}

void write_attributes(struct vault_call *v, struct json_writer *w, const struct version *ver,
                      bool key)
{
    json_w_key(w, "attributes");
    json_w_object(w);
    json_w_key(w, "enabled");
    json_w_bool(w, ver->enabled);
    const struct {
        const char *name;
        struct opt_time t;
    } times[] = {{"nbf", ver->nbf},
                 {"exp", ver->exp},
                 {"created", {true, ver->created}},
                 {"updated", {true, ver->updated}}};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        if (times[i].t.set) {
            json_w_key(w, times[i].name);
            json_w_int(w, times[i].t.v);
        }
    }
    json_w_strings(w, "recoveryLevel", recovery_level(&v->vault), NULL);
    json_w_key(w, "recoverableDays");
    json_w_int(w, v->vault.days);
    if (key) {
        json_w_key(w, "exportable");
        json_w_bool(w, false);
    }
    json_w_end(w);
}

void write_tags(struct json_writer *w, const struct version *ver)
{
    if (ver->tags.n > 0) {
        json_w_key(w, "tags");
        json_w_raw(w, ver->tags);
    }
}

struct str object_id(struct vault_call *v, const char *segment, const struct object *o,
                     const struct version *ver)
{
    if (!ver) {
        return arena_printf(v->a, "%.*s/%s/%.*s", STR_ARG(v->base), segment, STR_ARG(o->name));
    }
    return arena_printf(v->a, "%.*s/%s/%.*s/%.*s", STR_ARG(v->base), segment, STR_ARG(o->name),
                        STR_ARG(ver->version));
}

void reply_bundle(struct vault_call *v, const struct object *o, const struct version *ver,
                  bool value)
{
    struct json_writer w = call_json(v->c, 200);
    json_w_object(&w);
    v->kind->bundle(v, &w, o, ver, value);
    json_w_end(&w);
}

/* ---- reading one ---- */

bool refused_as_disabled(struct vault_call *v, const struct version *ver)
{
    if (ver->enabled || !v->kind->disabled) {
        return false;
    }
    vault_error(v->c, VERR_DISABLED, v->kind,
                arena_printf(v->a, "Operation get is not allowed on a disabled %.*s.",
                             STR_ARG(lower(v->a, str_c(v->kind->noun)))));
    return true;
}

void op_get(struct vault_call *v)
{
    struct object o;
    struct version ver;
    if (!find_version(v, &o, &ver)) {
        return;
    }
    if (refused_as_disabled(v, &ver)) {
        return;
    }
    reply_bundle(v, &o, &ver, true);
}

void op_update(struct vault_call *v)
{
    struct object o;
    struct version ver;
    if (!find_version(v, &o, &ver) || !read_properties(v, &ver) ||
        (v->kind->update && !v->kind->update(v, &ver))) {
        return;
    }
    ver.updated = v->now;
    version_change(v->s, &ver);
    reply_bundle(v, &o, &ver, false);
}

/* ---- lists ---- */

struct page {
    struct str marker;
    int64_t limit;
    int64_t empty; /* this many empty pages first */
};

static bool read_skip_token(struct vault_call *v, struct page *page)
{
    struct str token = url_params_str(&v->c->query, "$skiptoken");
    if (!url_params_get(&v->c->query, "$skiptoken", NULL)) {
        page->empty = v->c->empty_pages;
        return true;
    }
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_MARKER);
    ptrdiff_t mark = -1;
    if (base64_decode(&text, token, BASE64_URL | BASE64_RAW, NULL) == 0) {
        mark = str_find_byte(buf_str(&text), '!');
    }
    if (mark < 0 ||
        !num_parse_range(str_head(buf_str(&text), (size_t)mark), 0, 1000, &page->empty)) {
        fail_bad_parameter(v, STR("The skip token is not valid."));
        return false;
    }
    page->marker = arena_str(v->a, str_from(buf_str(&text), (size_t)mark + 1));
    return true;
}

static bool read_page(struct vault_call *v, struct page *page)
{
    *page = (struct page){.limit = PAGE_MAX};
    if (url_params_get(&v->c->query, "maxresults", NULL) &&
        !num_parse_range(url_params_str(&v->c->query, "maxresults"), 1, PAGE_MAX, &page->limit)) {
        fail_bad_parameter(v, STR("maxresults must be a number from 1 to 25"));
        return false;
    }
    return read_skip_token(v, page);
}

static struct str next_link(struct vault_call *v, const struct page *page, struct str marker)
{
    AUTO(buf_done) struct buf token = BUF_INIT(2 * MAX_MARKER);
    struct str text =
        arena_printf(v->a, "%lld!%.*s", (long long)MAX(page->empty - 1, 0), STR_ARG(marker));
    base64_encode(&token, text, BASE64_URL | BASE64_RAW);
    AUTO(buf_done) struct buf path = BUF_INIT(1024);
    for (size_t i = 0; i < v->c->n_segments; i++) {
        url_add_segment(&path, v->c->segment[i]);
    }
    /* The service names its port even where the client did not. */
    return arena_printf(v->a, "%.*s%s%s?api-version=%.*s&$skiptoken=%s&maxresults=%lld",
                        STR_ARG(v->base), v->c->port.n ? "" : ":443", path.p,
                        STR_ARG(v->api_version), token.p, (long long)page->limit);
}

static struct json_writer begin_page(struct vault_call *v)
{
    struct json_writer w = call_json(v->c, 200);
    json_w_object(&w);
    json_w_key(&w, "value");
    json_w_array(&w);
    return w;
}

/* marker: behind which the next page begins; p NULL if this was the last one. */
static void end_page(struct vault_call *v, struct json_writer *w, const struct page *page,
                     struct str marker)
{
    json_w_end(w);
    json_w_key(w, "nextLink");
    if (marker.p) {
        json_w_str(w, next_link(v, page, marker));
    } else {
        json_w_null(w);
    }
    json_w_end(w);
}

/* Answers with an empty page that has a successor, if a fault wants that. */
static bool empty_page(struct vault_call *v, const struct page *page)
{
    if (page->empty == 0) {
        return false;
    }
    struct json_writer w = begin_page(v);
    end_page(v, &w, page, page->marker.p ? page->marker : STR(""));
    return true;
}

static void write_item(struct vault_call *v, struct json_writer *w, const struct object *o,
                       const struct version *ver, bool with_version, bool deleted)
{
    json_w_object(w);
    if (deleted) {
        write_deleted(v, w, o);
    }
    json_w_key(w, v->kind->id_member);
    json_w_str(w, object_id(v, v->kind->live, o, with_version ? ver : NULL));
    v->kind->item(v, w, o, ver);
    write_attributes(v, w, ver, false);
    write_tags(w, ver);
    if (o->managed) {
        json_w_key(w, "managed");
        json_w_bool(w, true);
    }
    json_w_end(w);
}

static void list_objects(struct vault_call *v, enum object_state state)
{
    struct page page;
    if (!read_page(v, &page) || empty_page(v, &page)) {
        return;
    }
    object_versions found = {0};
    size_t limit = (size_t)page.limit;
    object_list(v->s, v->a, v->vault.name, v->kind->type, state, page.marker, v->now, limit + 1,
                &found);
    struct json_writer w = begin_page(v);
    for (size_t i = 0; i < MIN(found.n, limit); i++) {
        write_item(v, &w, &found.v[i].object, &found.v[i].version, false, state == OBJECT_DELETED);
    }
    struct str marker = {0};
    if (found.n > limit) {
        marker = vault_object_key(v->a, found.v[limit - 1].object.name);
    }
    end_page(v, &w, &page, marker);
    vec_done(&found);
}

void op_list(struct vault_call *v)
{
    list_objects(v, OBJECT_LIVE);
}

void op_list_deleted(struct vault_call *v)
{
    list_objects(v, OBJECT_DELETED);
}

void op_versions(struct vault_call *v)
{
    struct page page;
    struct object o;
    if (!find_live(v, &o) || !read_page(v, &page) || empty_page(v, &page)) {
        return;
    }
    versions found = {0};
    size_t limit = (size_t)page.limit;
    version_list(v->s, v->a, o.id, page.marker, limit + 1, &found);
    struct json_writer w = begin_page(v);
    for (size_t i = 0; i < MIN(found.n, limit); i++) {
        write_item(v, &w, &o, &found.v[i], true, false);
    }
    end_page(v, &w, &page, found.n > limit ? found.v[limit - 1].version : (struct str){0});
    vec_done(&found);
}
