/* SPDX-License-Identifier: Apache-2.0
 *
 * Backup and restore of an object with all its versions. The blob is a JSON document, sealed under
 * a key that is kept with the data: an array of objects (a certificate brings its key and secret),
 *     [{"type":0,"name":"db-pass","managed":false,"versions":[{"version":"..","value":"<base64>",..}]}]
 */
#include "base/encode.h"
#include "base/random.h"
#include "emulator/sealed.h"
#include "emulator/vault.h"

enum { MAX_BACKUP = CALL_MAX_ANSWER / 2 };

/* The key of this emulator's backups, made at first use. */
static struct str backup_key(struct vault_call *v)
{
    struct sql *q = store_sql(v->s, "SELECT value FROM meta WHERE name = 'backup-key'");
    if (sql_row(q)) {
        struct str key = sql_col_str(q, 0, v->a);
        sql_end(q);
        if (key.n == SEALED_KEY_SIZE) {
            return key;
        }
    }
    char fresh[SEALED_KEY_SIZE];
    random_bytes(fresh, sizeof(fresh));
    struct str key = arena_str(v->a, str_n(fresh, sizeof(fresh)));
    q = store_sql(v->s, "INSERT OR REPLACE INTO meta (name, value) VALUES ('backup-key', ?)");
    sql_blob(q, key);
    sql_run(q);
    return key;
}

/* ---- writing ---- */

static void write_optional_time(struct json_writer *w, const char *key, struct opt_time t)
{
    if (t.set) {
        json_w_key(w, key);
        json_w_int(w, t.v);
    }
}

static void write_optional_str(struct json_writer *w, const char *key, bool there, struct str v)
{
    if (there) {
        json_w_key(w, key);
        json_w_str(w, v);
    }
}

static void write_version(struct json_writer *w, const struct version *ver)
{
    json_w_object(w);
    json_w_key(w, "version");
    json_w_str(w, ver->version);
    json_w_key(w, "enabled");
    json_w_bool(w, ver->enabled);
    write_optional_time(w, "nbf", ver->nbf);
    write_optional_time(w, "exp", ver->exp);
    write_optional_time(w, "created", (struct opt_time){true, ver->created});
    write_optional_time(w, "updated", (struct opt_time){true, ver->updated});
    write_optional_str(w, "contentType", ver->has_content_type, ver->content_type);
    write_optional_str(w, "tags", ver->tags.n > 0, ver->tags);
    write_optional_str(w, "detail", ver->detail.n > 0, ver->detail);
    json_w_key(w, "value");
    json_w_base64(w, ver->value);
    json_w_end(w);
}

static void write_object(struct vault_call *v, struct json_writer *w, const struct object *o)
{
    versions all = {0};
    version_all(v->s, v->a, o->id, &all);
    json_w_object(w);
    json_w_key(w, "type");
    json_w_int(w, o->type);
    json_w_key(w, "name");
    json_w_str(w, o->name);
    json_w_key(w, "managed");
    json_w_bool(w, o->managed);
    json_w_key(w, "versions");
    json_w_array(w);
    for (size_t i = 0; i < all.n; i++) {
        write_version(w, &all.v[i]);
    }
    json_w_end(w);
    json_w_end(w);
    vec_done(&all);
}

static void write_backup(struct vault_call *v, struct buf *out, const struct object *o)
{
    struct json_writer w = json_writer(out);
    json_w_array(&w);
    write_object(v, &w, o);
    static const enum object_type parts[] = {OBJECT_KEY, OBJECT_SECRET};
    for (size_t i = 0; o->type == OBJECT_CERTIFICATE && i < COUNT_OF(parts); i++) {
        struct object part;
        if (object_find(v->s, v->a, v->vault.name, parts[i], o->name, v->now, &part) &&
            part.managed) {
            write_object(v, &w, &part);
        }
    }
    json_w_end(&w);
}

void op_backup(struct vault_call *v)
{
    struct object o;
    if (!find_live(v, &o)) {
        return;
    }
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(MAX_BACKUP);
    AUTO(buf_done) struct buf blob = BUF_INIT(MAX_BACKUP + SEALED_OVERHEAD);
    AUTO(buf_done) struct buf encoded = BUF_INIT(2 * MAX_BACKUP);
    write_backup(v, &text, &o);
    if (o.managed || !buf_ok(&text)) {
        vault_error(v->c, VERR_FORBIDDEN, NULL,
                    o.managed ? STR("Operation backup is not allowed on an object that belongs to "
                                    "a certificate.")
                              : STR("The object has too many versions to be backed up."));
        return;
    }
    sealed_make(&blob, backup_key(v), buf_str(&text));
    base64_encode(&encoded, buf_str(&blob), BASE64_URL | BASE64_RAW);
    struct json_writer w = call_json(v->c, 200);
    json_w_object(&w);
    json_w_key(&w, "value");
    json_w_str(&w, buf_str(&encoded));
    json_w_end(&w);
}

/* ---- reading ---- */

static struct opt_time read_time(const struct json *j, const char *key)
{
    const struct json *t = json_get(j, key);
    return (struct opt_time){.set = t != NULL, .v = json_int(t, 0)};
}

static void restore_version(struct vault_call *v, int64_t object, const struct json *j)
{
    AUTO(buf_done) struct buf value = BUF_INIT_WIPE(CALL_MAX_BODY);
    (void)base64_decode(&value, json_find_str(j, "value"), BASE64_STD, NULL);
    const struct version ver = {
        .version = json_find_str(j, "version"),
        .enabled = json_bool(json_get(j, "enabled"), true),
        .nbf = read_time(j, "nbf"),
        .exp = read_time(j, "exp"),
        .created = json_int(json_get(j, "created"), 0),
        .updated = json_int(json_get(j, "updated"), 0),
        .has_content_type = json_get(j, "contentType") != NULL,
        .content_type = json_find_str(j, "contentType"),
        .tags = json_find_str(j, "tags"),
        .detail = json_find_str(j, "detail"),
        .value = buf_str(&value),
    };
    version_add(v->s, object, &ver);
}

static enum object_type type_of(const struct json *object)
{
    int64_t type = json_int(json_get(object, "type"), OBJECT_SECRET);
    return type >= 0 && type < OBJECT_TYPES ? (enum object_type)type : OBJECT_SECRET;
}

/* Nothing of that name may be there, in whatever state; else answers 409. */
static bool all_names_free(struct vault_call *v, const struct json *objects)
{
    for (size_t i = 0; i < objects->n; i++) {
        const struct json *j = objects->items[i];
        struct object o;
        v->kind = object_kind(type_of(j));
        v->name = json_find_str(j, "name");
        if (!object_find(v->s, v->a, v->vault.name, v->kind->type, v->name, v->now, &o)) {
            continue;
        }
        if (o.state != OBJECT_LIVE || o.ready > v->now) {
            (void)find_or_add(v, o.managed, &o); /* answers with the state */
        } else {
            vault_error(v->c, VERR_CONFLICT, NULL,
                        arena_printf(v->a,
                                     "There was a conflict restoring the %.*s '%.*s' to the vault: "
                                     "the name is in use.",
                                     STR_ARG(lower(v->a, str_c(v->kind->noun))), STR_ARG(v->name)));
        }
        return false;
    }
    return true;
}

/* The document in the body, or NULL after answering. */
static struct json *open_backup(struct vault_call *v)
{
    AUTO(buf_done) struct buf blob = BUF_INIT(MAX_BACKUP + SEALED_OVERHEAD);
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(MAX_BACKUP);
    /* az and the SDKs differ in the padding. */
    struct str value = json_find_str(v->body, "value");
    while (value.n > 0 && value.p[value.n - 1] == '=') {
        value.n--;
    }
    if (base64_decode(&blob, value, BASE64_URL | BASE64_RAW, NULL) == 0 &&
        sealed_open(&text, backup_key(v), buf_str(&blob), NULL) == 0) {
        struct json *doc = json_parse(v->a, buf_str(&text), JSON_COPY, NULL);
        if (json_is(json_at(doc, 0), JSON_OBJECT)) {
            return doc;
        }
    }
    fail_bad_parameter(v, STR("Backup blob is not valid: it was not made by this emulator."));
    return NULL;
}

void op_restore(struct vault_call *v)
{
    const struct object_kind *kind = v->kind;
    const struct json *objects = open_backup(v);
    if (!objects) {
        return;
    }
    if (type_of(json_at(objects, 0)) != kind->type) {
        fail_bad_parameter(v, STR("Backup blob is not valid: it holds another type of object."));
        return;
    }
    if (!all_names_free(v, objects)) {
        return;
    }
    for (size_t i = 0; i < objects->n; i++) {
        const struct json *j = objects->items[i];
        const struct json *list = json_get(j, "versions");
        int64_t id = object_add(v->s, v->vault.name, type_of(j), json_find_str(j, "name"),
                                json_bool(json_get(j, "managed"), false));
        for (size_t k = 0; k < json_len(list); k++) {
            restore_version(v, id, json_at(list, k));
        }
    }
    struct object o;
    struct version ver;
    v->kind = kind;
    v->name = json_find_str(json_at(objects, 0), "name");
    if (find_version(v, &o, &ver)) {
        reply_bundle(v, &o, &ver, false);
    }
}
