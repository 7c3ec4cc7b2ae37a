/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/directory.h"

#include "base/encode.h"
#include "base/random.h"
#include "base/secret.h"
#include "codec/hash.h"

enum { SALT_SIZE = 16, HASH_SIZE = 32 };

bool is_guid(struct str s)
{
    if (s.n != UUID_SIZE - 1) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = s.p[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex) {
            return false;
        }
    }
    return true;
}

struct str lower(struct arena *a, struct str s)
{
    char *copy = arena_dup(a, s);
    for (size_t i = 0; i < s.n; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z') {
            copy[i] = (char)(copy[i] - 'A' + 'a');
        }
    }
    return str_n(copy, s.n);
}

static void salted_hash(struct str salt, struct str secret, uint8_t out[HASH_MAX])
{
    struct hash h;
    hash_init(&h, HASH_SHA256);
    hash_add(&h, salt);
    hash_add(&h, secret);
    hash_final(&h, out);
}

struct str derived_guid(struct arena *a, const char *what, struct str name)
{
    uint8_t hash[HASH_MAX];
    hash_bytes(HASH_SHA256, arena_printf(a, "%s/%.*s", what, STR_ARG(name)), hash);
    hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x80); /* version 8: our own scheme (RFC 9562) */
    hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
    AUTO(buf_done) struct buf hex = BUF_INIT(64);
    hex_encode(&hex, hash, 16);
    return arena_printf(a, "%.8s-%.4s-%.4s-%.4s-%.12s", hex.p, hex.p + 8, hex.p + 12, hex.p + 16,
                        hex.p + 20);
}

/* ---- tenants and subscriptions ---- */

#define TENANT_COLUMNS "SELECT id, name, domain FROM tenant "

static struct tenant tenant_of(const struct sql *q, struct arena *a)
{
    return (struct tenant){
        .id = sql_col_str(q, 0, a),
        .name = sql_col_str(q, 1, a),
        .domain = sql_col_str(q, 2, a),
    };
}

static bool one_tenant(struct sql *q, struct arena *a, struct tenant *out)
{
    if (!sql_row(q)) {
        return false;
    }
    *out = tenant_of(q, a);
    sql_end(q);
    return true;
}

bool directory_default_tenant(struct store *s, struct arena *a, struct tenant *out)
{
    return one_tenant(store_sql(s, TENANT_COLUMNS "ORDER BY place, id LIMIT 1"), a, out);
}

bool directory_tenant(struct store *s, struct arena *a, struct str id, struct tenant *out)
{
    if (str_ieq(id, STR("adfs"))) {
        return directory_default_tenant(s, a, out);
    }
    struct str wanted = lower(a, id);
    struct sql *q = store_sql(s, TENANT_COLUMNS "WHERE id = ? OR (domain = ? AND domain <> '')");
    sql_str(q, wanted);
    sql_str(q, wanted);
    return one_tenant(q, a, out);
}

void directory_tenants(struct store *s, struct arena *a, tenants *out)
{
    struct sql *q = store_sql(s, TENANT_COLUMNS "ORDER BY place, id");
    while (sql_row(q)) {
        vec_push(out, tenant_of(q, a));
    }
}

void directory_subscriptions(struct store *s, struct arena *a, struct str tenant,
                             subscriptions *out)
{
    struct sql *q = store_sql(
        s, "SELECT id, tenant, name FROM subscription WHERE tenant = ? ORDER BY place, id");
    sql_str(q, tenant);
    while (sql_row(q)) {
        vec_push(out, (struct subscription){.id = sql_col_str(q, 0, a),
                                            .tenant = sql_col_str(q, 1, a),
                                            .name = sql_col_str(q, 2, a)});
    }
}

/* The next place in the order of the seed. */
static int64_t next_place(struct store *s, const char *sql)
{
    struct sql *q = store_sql(s, sql);
    int64_t place = sql_row(q) ? sql_col_int(q, 0) : 0;
    sql_end(q);
    return place;
}

void directory_add_tenant(struct store *s, const struct tenant *t, const char *origin)
{
    int64_t place = next_place(s, "SELECT coalesce(max(place), 0) + 1 FROM tenant");
    struct sql *q = store_sql(s, "INSERT OR REPLACE INTO tenant (id, name, domain, origin, place)"
                                 " VALUES (?, ?, ?, ?, ?)");
    sql_str(q, t->id);
    sql_str(q, t->name);
    sql_str(q, t->domain);
    sql_c(q, origin);
    sql_int(q, place);
    sql_run(q);
}

void directory_add_subscription(struct store *s, const struct subscription *v, const char *origin)
{
    int64_t place = next_place(s, "SELECT coalesce(max(place), 0) + 1 FROM subscription");
    struct sql *q =
        store_sql(s, "INSERT OR REPLACE INTO subscription (id, tenant, name, origin, place)"
                     " VALUES (?, ?, ?, ?, ?)");
    sql_str(q, v->id);
    sql_str(q, v->tenant);
    sql_str(q, v->name);
    sql_c(q, origin);
    sql_int(q, place);
    sql_run(q);
}

/* ---- principals ---- */

#define PRINCIPAL_COLUMNS                                                                          \
    "SELECT object_id, tenant, client_id, kind, name, disabled, subscription, resource_group,"     \
    " location FROM principal "

static struct principal principal_of(const struct sql *q, struct arena *a)
{
    return (struct principal){
        .object_id = sql_col_str(q, 0, a),
        .tenant = sql_col_str(q, 1, a),
        .client_id = sql_col_str(q, 2, a),
        .kind = str_eq_c(sql_col_str(q, 3, a), "identity") ? PRINCIPAL_IDENTITY : PRINCIPAL_APP,
        .name = sql_col_str(q, 4, a),
        .disabled = sql_col_int(q, 5) != 0,
        .subscription = sql_col_str(q, 6, a),
        .resource_group = sql_col_str(q, 7, a),
        .location = sql_col_str(q, 8, a),
    };
}

static bool one_principal(struct sql *q, struct arena *a, struct principal *out)
{
    if (!sql_row(q)) {
        return false;
    }
    *out = principal_of(q, a);
    sql_end(q);
    return true;
}

bool directory_client(struct store *s, struct arena *a, struct str tenant, struct str client_id,
                      struct principal *out)
{
    struct sql *q = store_sql(s, PRINCIPAL_COLUMNS "WHERE tenant = ? AND client_id = ?");
    sql_str(q, tenant);
    sql_str(q, lower(a, client_id));
    return one_principal(q, a, out);
}

bool directory_object(struct store *s, struct arena *a, struct str object_id, struct principal *out)
{
    struct sql *q = store_sql(s, PRINCIPAL_COLUMNS "WHERE object_id = ?");
    sql_str(q, lower(a, object_id));
    return one_principal(q, a, out);
}

void directory_identities(struct store *s, struct arena *a, principals *out)
{
    struct sql *q = store_sql(s, PRINCIPAL_COLUMNS "WHERE kind = 'identity' ORDER BY name");
    while (sql_row(q)) {
        vec_push(out, principal_of(q, a));
    }
}

struct str principal_resource_id(struct arena *a, const struct principal *p)
{
    if (p->kind != PRINCIPAL_IDENTITY) {
        return STR_EMPTY;
    }
    return arena_printf(a,
                        "/subscriptions/%.*s/resourcegroups/%.*s/providers/"
                        "Microsoft.ManagedIdentity/userAssignedIdentities/%.*s",
                        STR_ARG(p->subscription), STR_ARG(p->resource_group), STR_ARG(p->name));
}

void directory_add_principal(struct store *s, const struct principal *p, const char *origin)
{
    struct sql *q =
        store_sql(s, "INSERT OR REPLACE INTO principal (object_id, tenant, client_id, kind, name,"
                     " disabled, subscription, resource_group, location, origin)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    sql_str(q, p->object_id);
    sql_str(q, p->tenant);
    sql_str(q, p->client_id);
    sql_c(q, p->kind == PRINCIPAL_IDENTITY ? "identity" : "app");
    sql_str(q, p->name);
    sql_int(q, p->disabled);
    sql_str(q, p->subscription);
    sql_str(q, p->resource_group);
    sql_str(q, p->location);
    sql_c(q, origin);
    sql_run(q);
}

/* ---- credentials ---- */

enum secret_check directory_check_secret(struct store *s, struct arena *a, struct str object_id,
                                         struct str secret, int64_t now)
{
    enum secret_check result = SECRET_WRONG;
    struct sql *q = store_sql(s, "SELECT salt, hash, expires FROM app_secret WHERE principal = ?");
    sql_str(q, object_id);
    while (sql_row(q)) {
        uint8_t hash[HASH_MAX];
        salted_hash(sql_col_str(q, 0, a), secret, hash);
        if (!secret_eq_bytes(sql_col_str(q, 1, a), str_n(hash, HASH_SIZE))) {
            continue;
        }
        if (sql_col_is_null(q, 2) || sql_col_int(q, 2) > now) {
            sql_end(q);
            return SECRET_OK;
        }
        result = SECRET_EXPIRED;
    }
    return result;
}

void directory_add_secret(struct store *s, struct str object_id, struct str secret, int64_t expires,
                          const char *origin)
{
    uint8_t salt[SALT_SIZE], hash[HASH_MAX];
    random_bytes(salt, sizeof(salt));
    salted_hash(str_n(salt, sizeof(salt)), secret, hash);
    struct sql *q = store_sql(s, "INSERT INTO app_secret (principal, salt, hash, expires, origin)"
                                 " VALUES (?, ?, ?, ?, ?)");
    sql_str(q, object_id);
    sql_blob(q, str_n(salt, sizeof(salt)));
    sql_blob(q, str_n(hash, HASH_SIZE));
    if (expires) {
        sql_int(q, expires);
    } else {
        sql_null(q);
    }
    sql_c(q, origin);
    sql_run(q);
}

bool directory_certificate(struct store *s, struct arena *a, struct str object_id,
                           struct str thumbprint, struct app_certificate *out)
{
    struct sql *q = store_sql(s, "SELECT pem, sha1, sha256, expires FROM app_certificate"
                                 " WHERE principal = ? AND (sha1 = ? OR sha256 = ?)");
    sql_str(q, object_id);
    sql_blob(q, thumbprint);
    sql_blob(q, thumbprint);
    if (!sql_row(q)) {
        return false;
    }
    *out = (struct app_certificate){
        .pem = sql_col_str(q, 0, a),
        .sha1 = sql_col_str(q, 1, a),
        .sha256 = sql_col_str(q, 2, a),
        .expires = sql_col_int(q, 3),
    };
    sql_end(q);
    return true;
}

void directory_add_certificate(struct store *s, struct str object_id,
                               const struct app_certificate *c, const char *origin)
{
    struct sql *q = store_sql(s, "INSERT INTO app_certificate (principal, sha1, sha256, pem,"
                                 " expires, origin) VALUES (?, ?, ?, ?, ?, ?)");
    sql_str(q, object_id);
    sql_blob(q, c->sha1);
    sql_blob(q, c->sha256);
    sql_str(q, c->pem);
    sql_int(q, c->expires);
    sql_c(q, origin);
    sql_run(q);
}

void directory_federated(struct store *s, struct arena *a, struct str object_id,
                         federated_list *out)
{
    struct sql *q =
        store_sql(s, "SELECT name, issuer, subject, audience FROM federated WHERE principal = ?");
    sql_str(q, object_id);
    while (sql_row(q)) {
        vec_push(out, (struct federated){.name = sql_col_str(q, 0, a),
                                         .issuer = sql_col_str(q, 1, a),
                                         .subject = sql_col_str(q, 2, a),
                                         .audience = sql_col_str(q, 3, a)});
    }
}

void directory_add_federated(struct store *s, struct str object_id, const struct federated *f,
                             const char *origin)
{
    struct sql *q = store_sql(s, "INSERT INTO federated (principal, name, issuer, subject,"
                                 " audience, origin) VALUES (?, ?, ?, ?, ?, ?)");
    sql_str(q, object_id);
    sql_str(q, f->name);
    sql_str(q, f->issuer);
    sql_str(q, f->subject);
    sql_str(q, f->audience);
    sql_c(q, origin);
    sql_run(q);
}

bool directory_issuer(struct store *s, struct arena *a, struct str url, struct issuer *out)
{
    struct sql *q = store_sql(s, "SELECT url, ca, jwks FROM issuer WHERE url = ?");
    sql_str(q, url);
    if (!sql_row(q)) {
        return false;
    }
    *out = (struct issuer){
        .url = sql_col_str(q, 0, a),
        .ca_pem = sql_col_str(q, 1, a),
        .jwks = sql_col_str(q, 2, a),
    };
    sql_end(q);
    return true;
}

void directory_add_issuer(struct store *s, const struct issuer *i, const char *origin)
{
    struct sql *q =
        store_sql(s, "INSERT OR REPLACE INTO issuer (url, ca, jwks, origin) VALUES (?, ?, ?, ?)");
    sql_str(q, i->url);
    sql_str(q, i->ca_pem);
    sql_str(q, i->jwks);
    sql_c(q, origin);
    sql_run(q);
}

/* ---- vaults and rights ---- */

#define VAULT_COLUMNS                                                                              \
    "SELECT name, tenant, subscription, resource_group, location, rbac, days, purge_protection"    \
    " FROM vault "

static struct vault vault_of(const struct sql *q, struct arena *a)
{
    return (struct vault){
        .name = sql_col_str(q, 0, a),
        .tenant = sql_col_str(q, 1, a),
        .subscription = sql_col_str(q, 2, a),
        .resource_group = sql_col_str(q, 3, a),
        .location = sql_col_str(q, 4, a),
        .rbac = sql_col_int(q, 5) != 0,
        .days = (int)sql_col_int(q, 6),
        .purge_protection = sql_col_int(q, 7) != 0,
    };
}

bool directory_vault(struct store *s, struct arena *a, struct str name, struct vault *out)
{
    struct sql *q = store_sql(s, VAULT_COLUMNS "WHERE name = ?");
    sql_str(q, lower(a, name));
    if (!sql_row(q)) {
        return false;
    }
    *out = vault_of(q, a);
    sql_end(q);
    return true;
}

void directory_vaults(struct store *s, struct arena *a, vaults *out)
{
    struct sql *q = store_sql(s, VAULT_COLUMNS "ORDER BY name");
    while (sql_row(q)) {
        vec_push(out, vault_of(q, a));
    }
}

struct str vault_resource_id(struct arena *a, const struct vault *v)
{
    return arena_printf(a,
                        "/subscriptions/%.*s/resourceGroups/%.*s/providers/Microsoft.KeyVault/"
                        "vaults/%.*s",
                        STR_ARG(v->subscription), STR_ARG(v->resource_group), STR_ARG(v->name));
}

void directory_add_vault(struct store *s, const struct vault *v, const char *origin)
{
    struct sql *q =
        store_sql(s, "INSERT OR REPLACE INTO vault (name, tenant, subscription, resource_group,"
                     " location, rbac, days, purge_protection, origin)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    sql_str(q, v->name);
    sql_str(q, v->tenant);
    sql_str(q, v->subscription);
    sql_str(q, v->resource_group);
    sql_str(q, v->location);
    sql_int(q, v->rbac);
    sql_int(q, v->days);
    sql_int(q, v->purge_protection);
    sql_c(q, origin);
    sql_run(q);
}

void directory_roles(struct store *s, struct arena *a, struct str object_id, role_assignments *out)
{
    struct sql *q =
        store_sql(s, "SELECT id, principal, role, scope FROM role_assignment WHERE principal = ?");
    sql_str(q, object_id);
    while (sql_row(q)) {
        vec_push(out, (struct role_assignment){.id = sql_col_str(q, 0, a),
                                               .principal = sql_col_str(q, 1, a),
                                               .role = sql_col_str(q, 2, a),
                                               .scope = sql_col_str(q, 3, a)});
    }
}

void directory_add_role(struct store *s, const struct role_assignment *r, const char *origin)
{
    struct sql *q = store_sql(s, "INSERT OR REPLACE INTO role_assignment (id, principal, role,"
                                 " scope, origin) VALUES (?, ?, ?, ?, ?)");
    sql_str(q, r->id);
    sql_str(q, r->principal);
    sql_str(q, r->role);
    sql_str(q, r->scope);
    sql_c(q, origin);
    sql_run(q);
}

void directory_policies(struct store *s, struct arena *a, struct str vault, struct str object_id,
                        access_policies *out)
{
    struct sql *q = store_sql(s, "SELECT vault, principal, application, secrets, keys,"
                                 " certificates FROM access_policy WHERE vault = ?"
                                 " AND principal = ?");
    sql_str(q, vault);
    sql_str(q, object_id);
    while (sql_row(q)) {
        vec_push(out, (struct access_policy){.vault = sql_col_str(q, 0, a),
                                             .principal = sql_col_str(q, 1, a),
                                             .application = sql_col_str(q, 2, a),
                                             .secrets = (uint32_t)sql_col_int(q, 3),
                                             .keys = (uint32_t)sql_col_int(q, 4),
                                             .certificates = (uint32_t)sql_col_int(q, 5)});
    }
}

void directory_add_policy(struct store *s, const struct access_policy *p, const char *origin)
{
    struct sql *q = store_sql(s, "INSERT INTO access_policy (vault, principal, application,"
                                 " secrets, keys, certificates, origin)"
                                 " VALUES (?, ?, ?, ?, ?, ?, ?)");
    sql_str(q, p->vault);
    sql_str(q, p->principal);
    sql_str(q, p->application);
    sql_int(q, p->secrets);
    sql_int(q, p->keys);
    sql_int(q, p->certificates);
    sql_c(q, origin);
    sql_run(q);
}

void directory_clear(struct store *s, const char *origin)
{
    static const char *const statements[] = {
        "DELETE FROM tenant WHERE origin = ?",
        "DELETE FROM subscription WHERE origin = ?",
        "DELETE FROM principal WHERE origin = ?",
        "DELETE FROM app_secret WHERE origin = ?",
        "DELETE FROM app_certificate WHERE origin = ?",
        "DELETE FROM federated WHERE origin = ?",
        "DELETE FROM issuer WHERE origin = ?",
        "DELETE FROM vault WHERE origin = ?",
        "DELETE FROM role_assignment WHERE origin = ?",
        "DELETE FROM access_policy WHERE origin = ?",
    };
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        struct sql *q = store_sql(s, statements[i]);
        sql_c(q, origin);
        sql_run(q);
    }
}
