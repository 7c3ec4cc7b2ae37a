/* SPDX-License-Identifier: Apache-2.0
 *
 * How the file is kept. WAL with synchronous=FULL: a commit is one write and one fdatasync of the
 * log, against two or three syncs with a rollback journal; tests/e2e/emulator/durability kills the
 * process after each answer and looks. locking_mode=EXCLUSIVE needs no shared memory file and makes
 * a second process fail at once. secure_delete overwrites what was purged.
 *
 * Two halves of tables. The directory (who exists and who may what) is written by the seed and,
 * later, by the management API; its rows say where they come from, so that applying a seed again
 * replaces exactly what an earlier seed made. Objects (secrets, keys, certificates) belong to
 * clients and are keyed by the name of the vault, so that they survive a change of the seed.
 */
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emulator/store.h"

#include "base/map.h"
#include "emulator/emulator.h"

struct sql {
    struct store *store;
    sqlite3_stmt *stmt; /* NULL: could not be prepared */
    int bound;
    bool busy;
};
struct store {
    sqlite3 *db;
    struct map statements; /* text -> struct sql */
    struct err *failed;    /* first failure of this transaction */
    bool in_transaction;
};

enum { STORE_SCHEMA = 1 };

static const char schema[] =
    "CREATE TABLE tenant (id TEXT PRIMARY KEY, name TEXT NOT NULL, domain TEXT NOT NULL,"
    " origin TEXT NOT NULL, place INTEGER NOT NULL);"
    "CREATE TABLE subscription (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL,"
    " origin TEXT NOT NULL, place INTEGER NOT NULL);"
    "CREATE TABLE principal (object_id TEXT PRIMARY KEY, tenant TEXT NOT NULL,"
    " client_id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, disabled INTEGER NOT NULL,"
    " subscription TEXT NOT NULL, resource_group TEXT NOT NULL, location TEXT NOT NULL,"
    " origin TEXT NOT NULL, UNIQUE (tenant, client_id));"
    "CREATE TABLE app_secret (principal TEXT NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL,"
    " expires INTEGER, origin TEXT NOT NULL);"
    "CREATE INDEX app_secret_of ON app_secret (principal);"
    "CREATE TABLE app_certificate (principal TEXT NOT NULL, sha1 BLOB NOT NULL,"
    " sha256 BLOB NOT NULL, pem TEXT NOT NULL, expires INTEGER NOT NULL, origin TEXT NOT NULL);"
    "CREATE INDEX app_certificate_of ON app_certificate (principal);"
    "CREATE TABLE federated (principal TEXT NOT NULL, name TEXT NOT NULL, issuer TEXT NOT NULL,"
    " subject TEXT NOT NULL, audience TEXT NOT NULL, origin TEXT NOT NULL);"
    "CREATE INDEX federated_of ON federated (principal);"
    "CREATE TABLE issuer (url TEXT PRIMARY KEY, ca TEXT NOT NULL, jwks TEXT NOT NULL,"
    " origin TEXT NOT NULL);"
    "CREATE TABLE vault (name TEXT PRIMARY KEY, tenant TEXT NOT NULL, subscription TEXT NOT NULL,"
    " resource_group TEXT NOT NULL, location TEXT NOT NULL, rbac INTEGER NOT NULL,"
    " days INTEGER NOT NULL, purge_protection INTEGER NOT NULL, origin TEXT NOT NULL);"
    "CREATE TABLE role_assignment (id TEXT PRIMARY KEY, principal TEXT NOT NULL,"
    " role TEXT NOT NULL, scope TEXT NOT NULL, origin TEXT NOT NULL);"
    "CREATE INDEX role_assignment_of ON role_assignment (principal);"
    "CREATE TABLE access_policy (vault TEXT NOT NULL, principal TEXT NOT NULL,"
    " application TEXT NOT NULL, secrets INTEGER NOT NULL, keys INTEGER NOT NULL,"
    " certificates INTEGER NOT NULL, origin TEXT NOT NULL);"
    "CREATE INDEX access_policy_of ON access_policy (vault, principal);"
    /* state: 0 live, 1 deleted, 2 purged; the change to it is complete at ready (see objects.h) */
    "CREATE TABLE object (id INTEGER PRIMARY KEY, vault TEXT NOT NULL, kind INTEGER NOT NULL,"
    " name TEXT NOT NULL, key TEXT NOT NULL, managed INTEGER NOT NULL, state INTEGER NOT NULL,"
    " ready INTEGER NOT NULL, deleted INTEGER, purge INTEGER, UNIQUE (vault, kind, key));"
    "CREATE INDEX object_ended ON object (vault) WHERE state <> 0;"
    /* The id grows with each version: the greatest one is the latest. */
    "CREATE TABLE version (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " object INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE, version TEXT NOT NULL,"
    " enabled INTEGER NOT NULL, nbf INTEGER, exp INTEGER, created INTEGER NOT NULL,"
    " updated INTEGER NOT NULL, content_type TEXT, tags TEXT, value BLOB, detail TEXT,"
    " UNIQUE (object, version));"
    "CREATE INDEX version_latest ON version (object, id);"
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);"
    "PRAGMA user_version = 1;";

static int db_error(struct store *s, const char *what, struct err **err)
{
    int code = sqlite3_extended_errcode(s->db);
    if ((code & 0xff) == SQLITE_BUSY) {
        return err_set(err, ERR_IO,
                       "%s: the data is in use by another emulator; stop it or use another folder",
                       what);
    }
    return err_set(err, ERR_IO, "%s: %s", what, sqlite3_errmsg(s->db));
}

/* Remembers the first failure of the transaction. */
static void fail(struct store *s)
{
    if (!s->failed) {
        db_error(s, "emulator data", &s->failed);
    }
}

static int execute(struct store *s, const char *sql, const char *what, struct err **err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_error(s, what, err);
}

static int schema_version(struct store *s, struct err **err)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK) {
        return db_error(s, "cannot read the data", err);
    }
    int version = -1;
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        version = sqlite3_column_int(stmt, 0);
    } else {
        db_error(s, "cannot read the data", err);
    }
    sqlite3_finalize(stmt);
    return version;
}

static int prepare_schema(struct store *s, struct err **err)
{
    /* Taking the exclusive lock now makes a second process fail at its start, not later. */
    if (execute(s,
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
                "PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE",
                "cannot open the data", err) != 0) {
        return -1;
    }
    int version = schema_version(s, err);
    if (version < 0) {
        return -1;
    }
    if (version > STORE_SCHEMA) {
        return err_set(err, ERR_INVALID, "the data was written by a newer version of Pawl");
    }
    if (version == 0 && execute(s, schema, "cannot create the tables", err) != 0) {
        return -1;
    }
    return execute(s, "COMMIT", "cannot create the tables", err);
}

struct store *store_open(const char *path, struct err **err)
{
    struct store *s = xcalloc(1, sizeof(*s));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    mode_t mask = umask(0077);
    int code = sqlite3_open_v2(path ? path : ":memory:", &s->db, flags, NULL);
    int failed = -1;
    if (code != SQLITE_OK) {
        db_error(s, "cannot open the data", err);
    } else {
        failed = prepare_schema(s, err);
    }
    umask(mask);
    if (failed != 0) {
        err_wrap(err, "%s", path ? path : "memory");
        store_close(s);
        return NULL;
    }
    return s;
}

static void sql_free(void *statement)
{
    struct sql *q = statement;
    sqlite3_finalize(q->stmt);
    free(q);
}

void store_close(struct store *s)
{
    if (!s) {
        return;
    }
    map_done_with(&s->statements, sql_free);
    sqlite3_close(s->db);
    err_free(s->failed);
    free(s);
}

void store_begin(struct store *s)
{
    must(!s->in_transaction);
    s->in_transaction = true;
    sql_run(store_sql(s, "BEGIN"));
}

/* Ends statements that a handler left early, so that the transaction can end. */
static void end_statements(struct store *s)
{
    for (struct map_iter it = {0}; map_next(&s->statements, &it);) {
        struct sql *q = it.value;
        if (q->busy) {
            sql_end(q);
        }
    }
}

int store_commit(struct store *s, struct err **err)
{
    must(s->in_transaction);
    end_statements(s);
    if (!s->failed) {
        sql_run(store_sql(s, "COMMIT"));
    }
    if (!s->failed) {
        s->in_transaction = false;
        return 0;
    }
    struct err *failed = TAKE(s->failed);
    store_rollback(s);
    return err_move(err, &failed);
}

void store_rollback(struct store *s)
{
    end_statements(s);
    s->in_transaction = false;
    err_free(TAKE(s->failed));
    if (!sqlite3_get_autocommit(s->db)) {
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

bool store_in_transaction(const struct store *s)
{
    return s->in_transaction;
}

struct sql *store_sql(struct store *s, const char *text)
{
    struct sql *q = map_get(&s->statements, str_c(text));
    if (!q) {
        q = xcalloc(1, sizeof(*q));
        q->store = s;
        if (sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &q->stmt, NULL) !=
            SQLITE_OK) {
            fail(s);
        }
        map_set(&s->statements, str_c(text), q);
    }
    must(!q->busy);
    q->bound = 0;
    q->busy = true;
    return q;
}

static void bound(struct sql *q, int code)
{
    if (code != SQLITE_OK) {
        fail(q->store);
    }
}

void sql_str(struct sql *q, struct str v)
{
    bound(q, sqlite3_bind_text64(q->stmt, ++q->bound, v.n ? v.p : "", v.n, SQLITE_STATIC,
                                 SQLITE_UTF8));
}

void sql_c(struct sql *q, const char *v)
{
    sql_str(q, str_c(v));
}

void sql_blob(struct sql *q, struct str v)
{
    bound(q, sqlite3_bind_blob64(q->stmt, ++q->bound, v.n ? v.p : "", v.n, SQLITE_STATIC));
}

void sql_int(struct sql *q, int64_t v)
{
    bound(q, sqlite3_bind_int64(q->stmt, ++q->bound, v));
}

void sql_null(struct sql *q)
{
    bound(q, sqlite3_bind_null(q->stmt, ++q->bound));
}

bool sql_row(struct sql *q)
{
    must(q->busy);
    if (q->store->failed) {
        sql_end(q);
        return false;
    }
    int code = sqlite3_step(q->stmt);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        fail(q->store);
    }
    sql_end(q);
    return false;
}

void sql_end(struct sql *q)
{
    q->busy = false;
    sqlite3_reset(q->stmt);
    sqlite3_clear_bindings(q->stmt);
}

int64_t sql_run(struct sql *q)
{
    struct store *s = q->store;
    while (sql_row(q)) {
    }
    return s->failed ? 0 : sqlite3_changes64(s->db);
}

int64_t sql_col_int(const struct sql *q, int column)
{
    return sqlite3_column_int64(q->stmt, column);
}

bool sql_col_is_null(const struct sql *q, int column)
{
    return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

struct str sql_col_str(const struct sql *q, int column, struct arena *a)
{
    const void *p = sqlite3_column_blob(q->stmt, column);
    int n = sqlite3_column_bytes(q->stmt, column);
    return p && n > 0 ? arena_str(a, str_n(p, (size_t)n)) : STR_EMPTY;
}

int64_t store_last_id(const struct store *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

const char *emulator_library(void)
{
    return sqlite3_libversion();
}
