/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/objects.h"

#include "base/encode.h"
#include "base/random.h"

struct str vault_object_key(struct arena *a, struct str name)
{
    char *copy = arena_dup(a, name);
    for (size_t i = 0; i < name.n; i++) {
        if (copy[i] >= 'a' && copy[i] <= 'z') {
            copy[i] = (char)(copy[i] - 'a' + 'A');
        }
    }
    return str_n(copy, name.n);
}

struct str version_new_id(struct arena *a)
{
    unsigned char bytes[16];
    random_bytes(bytes, sizeof(bytes));
    AUTO(buf_done) struct buf hex = BUF_INIT(2 * sizeof(bytes));
    hex_encode(&hex, bytes, sizeof(bytes));
    return arena_str(a, buf_str(&hex));
}

/* ---- objects ---- */

#define OBJECT_COLUMNS "o.id, o.kind, o.name, o.managed, o.state, o.ready, o.deleted, o.purge"
enum { OBJECT_N_COLUMNS = 8 };

static struct object object_of(const struct sql *q, struct arena *a)
{
    return (struct object){
        .id = sql_col_int(q, 0),
        .type = (enum object_type)sql_col_int(q, 1),
        .name = sql_col_str(q, 2, a),
        .managed = sql_col_int(q, 3) != 0,
        .state = (enum object_state)sql_col_int(q, 4),
        .ready = sql_col_int(q, 5),
        .deleted = sql_col_int(q, 6),
        .purge = sql_col_int(q, 7),
    };
}

/* Removes objects of the vault whose purge is complete or whose time in the bin is over. Versions
 * go with them (foreign key). */
static void remove_ended(struct store *s, struct str vault, int64_t now)
{
    struct sql *q = store_sql(s, "DELETE FROM object WHERE vault = ? AND state <> 0 AND"
                                 " ((state = 2 AND ready <= ?) OR (state = 1 AND purge <= ?))");
    sql_str(q, vault);
    sql_int(q, now);
    sql_int(q, now);
    sql_run(q);
}

bool object_find(struct store *s, struct arena *a, struct str vault, enum object_type type,
                 struct str name, int64_t now, struct object *out)
{
    remove_ended(s, vault, now);
    struct sql *q = store_sql(s, "SELECT " OBJECT_COLUMNS " FROM object o"
                                 " WHERE o.vault = ? AND o.kind = ? AND o.key = ?");
    sql_str(q, vault);
    sql_int(q, type);
    sql_str(q, vault_object_key(a, name));
    if (!sql_row(q)) {
        return false;
    }
    *out = object_of(q, a);
    sql_end(q);
    return true;
}

int64_t object_add(struct store *s, struct str vault, enum object_type type, struct str name,
                   bool managed)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct sql *q = store_sql(s, "INSERT INTO object (vault, kind, name, key, managed, state,"
                                 " ready) VALUES (?, ?, ?, ?, ?, 0, 0)");
    sql_str(q, vault);
    sql_int(q, type);
    sql_str(q, name);
    sql_str(q, vault_object_key(&a, name));
    sql_int(q, managed);
    sql_run(q);
    return store_last_id(s);
}

void object_set_state(struct store *s, const struct object *o)
{
    struct sql *q =
        store_sql(s, "UPDATE object SET state = ?, ready = ?, deleted = ?, purge = ? WHERE id = ?");
    sql_int(q, o->state);
    sql_int(q, o->ready);
    sql_int(q, o->deleted);
    sql_int(q, o->purge);
    sql_int(q, o->id);
    sql_run(q);
}

/* ---- versions ---- */

#define VERSION_COLUMNS                                                                            \
    "v.id, v.version, v.enabled, v.nbf, v.exp, v.created, v.updated, v.content_type, v.tags,"      \
    " v.detail"

static struct opt_time time_of(const struct sql *q, int column)
{
    return (struct opt_time){.set = !sql_col_is_null(q, column), .v = sql_col_int(q, column)};
}

/* Columns in the order of VERSION_COLUMNS, the first one being column `at`. */
static struct version version_of(const struct sql *q, int at, struct arena *a)
{
    return (struct version){
        .id = sql_col_int(q, at),
        .version = sql_col_str(q, at + 1, a),
        .enabled = sql_col_int(q, at + 2) != 0,
        .nbf = time_of(q, at + 3),
        .exp = time_of(q, at + 4),
        .created = sql_col_int(q, at + 5),
        .updated = sql_col_int(q, at + 6),
        .has_content_type = !sql_col_is_null(q, at + 7),
        .content_type = sql_col_str(q, at + 7, a),
        .tags = sql_col_str(q, at + 8, a),
        .detail = sql_col_str(q, at + 9, a),
    };
}
enum { VERSION_N_COLUMNS = 10 };

void object_list(struct store *s, struct arena *a, struct str vault, enum object_type type,
                 enum object_state state, struct str after, int64_t now, size_t limit,
                 object_versions *out)
{
    remove_ended(s, vault, now);
    struct sql *q = store_sql(
        s, "SELECT " OBJECT_COLUMNS ", " VERSION_COLUMNS " FROM object o JOIN version v ON"
           " v.id = (SELECT max(id) FROM version WHERE object = o.id)"
           " WHERE o.vault = ? AND o.kind = ? AND o.state = ? AND o.ready <= ? AND o.key > ?"
           " ORDER BY o.key LIMIT ?");
    sql_str(q, vault);
    sql_int(q, type);
    sql_int(q, state);
    sql_int(q, now);
    sql_str(q, vault_object_key(a, after));
    sql_int(q, (int64_t)limit);
    while (sql_row(q)) {
        vec_push(out, (struct object_version){.object = object_of(q, a),
                                              .version = version_of(q, OBJECT_N_COLUMNS, a)});
    }
}

bool version_find(struct store *s, struct arena *a, int64_t object, struct str version,
                  struct version *out)
{
    struct sql *q;
    if (version.n == 0) {
        q = store_sql(s, "SELECT " VERSION_COLUMNS ", v.value FROM version v WHERE v.object = ?"
                         " ORDER BY v.id DESC LIMIT 1");
        sql_int(q, object);
    } else {
        q = store_sql(s, "SELECT " VERSION_COLUMNS ", v.value FROM version v WHERE v.object = ?"
                         " AND v.version = ?");
        sql_int(q, object);
        sql_str(q, lower(a, version));
    }
    if (!sql_row(q)) {
        return false;
    }
    *out = version_of(q, 0, a);
    out->value = sql_col_str(q, VERSION_N_COLUMNS, a);
    sql_end(q);
    return true;
}

static void bind_time(struct sql *q, struct opt_time t)
{
    if (t.set) {
        sql_int(q, t.v);
    } else {
        sql_null(q);
    }
}

static void bind_optional(struct sql *q, bool there, struct str v)
{
    if (there) {
        sql_str(q, v);
    } else {
        sql_null(q);
    }
}

void version_add(struct store *s, int64_t object, const struct version *v)
{
    struct sql *q = store_sql(s, "INSERT INTO version (object, version, enabled, nbf, exp, created,"
                                 " updated, content_type, tags, value, detail)"
                                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    sql_int(q, object);
    sql_str(q, v->version);
    sql_int(q, v->enabled);
    bind_time(q, v->nbf);
    bind_time(q, v->exp);
    sql_int(q, v->created);
    sql_int(q, v->updated);
    bind_optional(q, v->has_content_type, v->content_type);
    bind_optional(q, v->tags.n > 0, v->tags);
    sql_blob(q, v->value);
    bind_optional(q, v->detail.n > 0, v->detail);
    sql_run(q);
}

void version_change(struct store *s, const struct version *v)
{
    struct sql *q = store_sql(s, "UPDATE version SET enabled = ?, nbf = ?, exp = ?, updated = ?,"
                                 " content_type = ?, tags = ?, detail = ? WHERE id = ?");
    sql_int(q, v->enabled);
    bind_time(q, v->nbf);
    bind_time(q, v->exp);
    sql_int(q, v->updated);
    bind_optional(q, v->has_content_type, v->content_type);
    bind_optional(q, v->tags.n > 0, v->tags);
    bind_optional(q, v->detail.n > 0, v->detail);
    sql_int(q, v->id);
    sql_run(q);
}

void version_list(struct store *s, struct arena *a, int64_t object, struct str after, size_t limit,
                  versions *out)
{
    struct sql *q = store_sql(s, "SELECT " VERSION_COLUMNS " FROM version v WHERE v.object = ?"
                                 " AND v.version > ? ORDER BY v.version LIMIT ?");
    sql_int(q, object);
    sql_str(q, after);
    sql_int(q, (int64_t)limit);
    while (sql_row(q)) {
        vec_push(out, version_of(q, 0, a));
    }
}

void version_all(struct store *s, struct arena *a, int64_t object, versions *out)
{
    struct sql *q = store_sql(s, "SELECT " VERSION_COLUMNS ", v.value FROM version v"
                                 " WHERE v.object = ? ORDER BY v.id");
    sql_int(q, object);
    while (sql_row(q)) {
        struct version v = version_of(q, 0, a);
        v.value = sql_col_str(q, VERSION_N_COLUMNS, a);
        vec_push(out, v);
    }
}
