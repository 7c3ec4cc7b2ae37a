/* SPDX-License-Identifier: Apache-2.0
 *
 * directory: who exists and who may what: tenants, subscriptions, applications and managed
 * identities ("principals"), their credentials, vaults, role assignments, access policies.
 *
 * A thin layer over the store: finders fill a struct whose strings lie in the arena that is given
 * and return false if there is no such row; directory_add_* inserts or replaces. All run inside the
 * caller's transaction, and database failures show at its commit (store.h). GUIDs are kept in lower
 * case; lookups by GUID or by name of a vault do not care about case.
 *
 * origin says who owns a row: "seed" rows are replaced as a whole each time a seed is applied.
 */
#ifndef PAWL_EMULATOR_DIRECTORY_H
#define PAWL_EMULATOR_DIRECTORY_H

#include "base/arena.h"
#include "base/vec.h"
#include "emulator/store.h"

struct tenant {
    struct str id;
    struct str name;
    struct str domain;
};
struct subscription {
    struct str id;
    struct str tenant;
    struct str name;
};
enum principal_kind { PRINCIPAL_APP, PRINCIPAL_IDENTITY };
struct principal {
    struct str object_id; /* of the service principal: what roles and policies name */
    struct str tenant;
    struct str client_id;
    enum principal_kind kind;
    struct str name;
    bool disabled;
    struct str subscription; /* identities only, as the next two */
    struct str resource_group;
    struct str location;
};
struct federated {
    struct str name;
    struct str issuer;
    struct str subject;
    struct str audience;
};
struct issuer {
    struct str url;
    struct str ca_pem; /* empty: the system's store */
    struct str jwks;   /* empty: fetched from the issuer */
};
struct app_certificate {
    struct str pem;
    struct str sha1; /* raw bytes */
    struct str sha256;
    int64_t expires; /* Unix seconds, as all times here */
};
struct vault {
    struct str name; /* lower case */
    struct str tenant;
    struct str subscription;
    struct str resource_group;
    struct str location;
    bool rbac; /* else access policies */
    int days;  /* how long deleted objects are kept */
    bool purge_protection;
};
struct role_assignment {
    struct str id;
    struct str principal;
    struct str role;
    struct str scope;
};
struct access_policy {
    struct str vault;
    struct str principal;
    struct str application; /* "compound identity": only on behalf of; usually empty */
    uint32_t secrets;       /* bits of enum access (rbac.h) */
    uint32_t keys;
    uint32_t certificates;
};

typedef VEC(struct tenant) tenants;
typedef VEC(struct subscription) subscriptions;
typedef VEC(struct principal) principals;
typedef VEC(struct federated) federated_list;
typedef VEC(struct role_assignment) role_assignments;
typedef VEC(struct access_policy) access_policies;
typedef VEC(struct vault) vaults;

/* ---- finding ---- */

/* By GUID, by domain, or the first one for "adfs" (whose protocol knows no tenants). */
bool directory_tenant(struct store *s, struct arena *a, struct str id, struct tenant *out);
/* The first one of the seed. */
bool directory_default_tenant(struct store *s, struct arena *a, struct tenant *out);
/* Lists are appended to; the caller frees them with vec_done. In the order of the seed. */
void directory_tenants(struct store *s, struct arena *a, tenants *out);
void directory_subscriptions(struct store *s, struct arena *a, struct str tenant,
                             subscriptions *out);
bool directory_client(struct store *s, struct arena *a, struct str tenant, struct str client_id,
                      struct principal *out);
bool directory_object(struct store *s, struct arena *a, struct str object_id,
                      struct principal *out);
void directory_identities(struct store *s, struct arena *a, principals *out);
/* /subscriptions/S/resourceGroups/G/providers/Microsoft.ManagedIdentity/...; empty for apps. */
struct str principal_resource_id(struct arena *a, const struct principal *p);

enum secret_check { SECRET_OK, SECRET_WRONG, SECRET_EXPIRED };
enum secret_check directory_check_secret(struct store *s, struct arena *a, struct str object_id,
                                         struct str secret, int64_t now);
/* By SHA-1 (20 bytes) or SHA-256 (32 bytes) thumbprint. */
bool directory_certificate(struct store *s, struct arena *a, struct str object_id,
                           struct str thumbprint, struct app_certificate *out);
void directory_federated(struct store *s, struct arena *a, struct str object_id,
                         federated_list *out);
bool directory_issuer(struct store *s, struct arena *a, struct str url, struct issuer *out);
bool directory_vault(struct store *s, struct arena *a, struct str name, struct vault *out);
void directory_vaults(struct store *s, struct arena *a, vaults *out);
struct str vault_resource_id(struct arena *a, const struct vault *v);
void directory_roles(struct store *s, struct arena *a, struct str object_id, role_assignments *out);
void directory_policies(struct store *s, struct arena *a, struct str vault, struct str object_id,
                        access_policies *out);

/* ---- changing ---- */

void directory_add_tenant(struct store *s, const struct tenant *t, const char *origin);
void directory_add_subscription(struct store *s, const struct subscription *v, const char *origin);
void directory_add_principal(struct store *s, const struct principal *p, const char *origin);
/* Only a salted hash is kept. expires 0: never. */
void directory_add_secret(struct store *s, struct str object_id, struct str secret, int64_t expires,
                          const char *origin);
void directory_add_certificate(struct store *s, struct str object_id,
                               const struct app_certificate *c, const char *origin);
void directory_add_federated(struct store *s, struct str object_id, const struct federated *f,
                             const char *origin);
void directory_add_issuer(struct store *s, const struct issuer *i, const char *origin);
void directory_add_vault(struct store *s, const struct vault *v, const char *origin);
void directory_add_role(struct store *s, const struct role_assignment *r, const char *origin);
void directory_add_policy(struct store *s, const struct access_policy *p, const char *origin);
/* Removes every row of that origin. */
void directory_clear(struct store *s, const char *origin);

/* ---- small helpers ---- */

bool is_guid(struct str s);
struct str lower(struct arena *a, struct str s);
/* A GUID that is the same each time for the same words, for ids that a seed leaves out. */
struct str derived_guid(struct arena *a, const char *what, struct str name);

#endif
