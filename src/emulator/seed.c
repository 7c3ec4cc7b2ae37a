/* SPDX-License-Identifier: Apache-2.0
 *
 * One function per kind of entry: a table of its keys, the defaults, what the table cannot check,
 * and the rows that come of it. Entries may only name what stands above them in this order:
 * tenants, subscriptions, apps and identities, issuers, vaults, roleAssignments.
 */
#include "emulator/seed.h"

#include "emulator/app_certificate.h"
#include "emulator/objects.h"
#include "emulator/seed_fields.h"

static const char origin[] = "seed";

struct seed {
    struct seed_reader r;
    struct store *s;
    struct arena *a;
    struct str default_tenant;
};

#define FIELD(struct_name, yaml_key, kind, member)                                                 \
    {                                                                                              \
        .key = yaml_key, .type = kind, .offset = offsetof(struct struct_name, member)              \
    }
#define REQUIRED(struct_name, yaml_key, kind, member)                                              \
    {                                                                                              \
        .key = yaml_key, .type = kind, .required = true,                                           \
        .offset = offsetof(struct struct_name, member)                                             \
    }

/* Calls fn for each item of a list (NULL: none). */
static int each(struct seed *seed, const struct yaml_node *list,
                int (*fn)(struct seed *seed, const struct yaml_node *item))
{
    for (const struct yaml_node *n = list ? list->first : NULL; n; n = n->next) {
        if (fn(seed, n) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool name_valid(struct str name, size_t min, size_t max)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!word && !(c == '-' && i > 0)) {
            return false;
        }
    }
    return name.n >= min && name.n <= max;
}

/* ---- tenants and subscriptions ---- */

static int add_tenant(struct seed *seed, const struct yaml_node *item)
{
    static const struct seed_field fields[] = {
        REQUIRED(tenant, "id", SEED_GUID, id),
        FIELD(tenant, "name", SEED_STR, name),
        FIELD(tenant, "domain", SEED_STR, domain),
    };
    struct tenant t = {.name = STR("emulator")};
    if (seed_read(&seed->r, "tenants", item, fields, COUNT_OF(fields), &t) != 0) {
        return -1;
    }
    t.domain = lower(seed->a, t.domain);
    directory_add_tenant(seed->s, &t, origin);
    return 0;
}

/* Gives *id the tenant meant (empty: the first one); fails if there is none of that id. */
static int resolve_tenant(struct seed *seed, int line, const char *what, struct str *id)
{
    struct tenant t;
    if (id->n == 0) {
        *id = seed->default_tenant;
        return 0;
    }
    if (!directory_tenant(seed->s, seed->a, *id, &t)) {
        return seed_fail(&seed->r, line, what, "there is no tenant \"%.*s\" in the seed",
                         STR_ARG(*id));
    }
    *id = t.id;
    return 0;
}

static int add_subscription(struct seed *seed, const struct yaml_node *item)
{
    static const struct seed_field fields[] = {
        REQUIRED(subscription, "id", SEED_GUID, id),
        FIELD(subscription, "tenant", SEED_STR, tenant),
        FIELD(subscription, "name", SEED_STR, name),
    };
    struct subscription v = {.name = STR("emulator")};
    if (seed_read(&seed->r, "subscriptions", item, fields, COUNT_OF(fields), &v) != 0 ||
        resolve_tenant(seed, item->line, "subscriptions.tenant", &v.tenant) != 0) {
        return -1;
    }
    directory_add_subscription(seed->s, &v, origin);
    return 0;
}

/* The first subscription of the tenant, made if it has none. */
static struct str default_subscription(struct seed *seed, struct str tenant)
{
    subscriptions list = {0};
    directory_subscriptions(seed->s, seed->a, tenant, &list);
    struct subscription v = {.tenant = tenant, .name = STR("emulator")};
    if (list.n > 0) {
        v = list.v[0];
    } else {
        v.id = derived_guid(seed->a, "subscription", tenant);
        directory_add_subscription(seed->s, &v, origin);
    }
    vec_done(&list);
    return v.id;
}

/* ---- credentials ---- */

struct seed_secret_entry {
    struct str value;
    struct str file;
    int64_t expires;
};

/* value, or the content of a file; exactly one of the two. */
static int value_or_file(struct seed *seed, int line, const char *what, struct str file,
                         struct str *value)
{
    if ((value->p != NULL) == (file.p != NULL)) {
        return seed_fail(&seed->r, line, what, "give either value or valueFile");
    }
    return file.p ? seed_read_file(&seed->r, line, what, file, value) : 0;
}

static int add_app_secrets(struct seed *seed, const struct yaml_node *list, struct str object_id)
{
    static const struct seed_field fields[] = {
        FIELD(seed_secret_entry, "value", SEED_STR, value),
        FIELD(seed_secret_entry, "valueFile", SEED_STR, file),
        FIELD(seed_secret_entry, "expires", SEED_TIME, expires),
    };
    for (const struct yaml_node *n = list ? list->first : NULL; n; n = n->next) {
        struct seed_secret_entry e = {0};
        if (seed_read(&seed->r, "apps.secrets", n, fields, COUNT_OF(fields), &e) != 0 ||
            value_or_file(seed, n->line, "apps.secrets", e.file, &e.value) != 0) {
            return -1;
        }
        directory_add_secret(seed->s, object_id, e.value, e.expires, origin);
    }
    return 0;
}

struct seed_certificate {
    struct str pem;
    struct str file;
};

static int add_app_certificates(struct seed *seed, const struct yaml_node *list,
                                struct str object_id)
{
    static const struct seed_field fields[] = {
        FIELD(seed_certificate, "pem", SEED_STR, pem),
        FIELD(seed_certificate, "file", SEED_STR, file),
    };
    for (const struct yaml_node *n = list ? list->first : NULL; n; n = n->next) {
        struct seed_certificate e = {0};
        struct app_certificate c;
        AUTO(err_freep) struct err *err = NULL;
        if (seed_read(&seed->r, "apps.certificates", n, fields, COUNT_OF(fields), &e) != 0) {
            return -1;
        }
        if ((e.pem.p != NULL) == (e.file.p != NULL)) {
            return seed_fail(&seed->r, n->line, "apps.certificates", "give either pem or file");
        }
        if (e.file.p &&
            seed_read_file(&seed->r, n->line, "apps.certificates", e.file, &e.pem) != 0) {
            return -1;
        }
        if (app_certificate_read(seed->a, e.pem, &c, &err) != 0) {
            return seed_fail(&seed->r, n->line, "apps.certificates", "%s", err_msg(err));
        }
        directory_add_certificate(seed->s, object_id, &c, origin);
    }
    return 0;
}

struct seed_federated {
    struct federated f;
    const struct yaml_node *audiences;
    struct str ca_file;
    struct str jwks_file;
};

/* Trust in an issuer may stand in its own list or, shorter, in the credential that names it. */
static int add_issuer(struct seed *seed, int line, const char *what, struct str url,
                      struct str ca_file, struct str jwks_file)
{
    struct issuer i = {.url = url};
    if (!str_starts(url, STR("https://"))) {
        return seed_fail(&seed->r, line, what, "an issuer must begin with https://");
    }
    if ((ca_file.p && seed_read_file(&seed->r, line, what, ca_file, &i.ca_pem) != 0) ||
        (jwks_file.p && seed_read_file(&seed->r, line, what, jwks_file, &i.jwks) != 0)) {
        return -1;
    }
    directory_add_issuer(seed->s, &i, origin);
    return 0;
}

static int add_federated(struct seed *seed, const struct yaml_node *list, struct str object_id)
{
    static const struct seed_field fields[] = {
        FIELD(seed_federated, "name", SEED_STR, f.name),
        REQUIRED(seed_federated, "issuer", SEED_STR, f.issuer),
        REQUIRED(seed_federated, "subject", SEED_STR, f.subject),
        FIELD(seed_federated, "audiences", SEED_STRINGS, audiences),
        FIELD(seed_federated, "caFile", SEED_STR, ca_file),
        FIELD(seed_federated, "jwksFile", SEED_STR, jwks_file),
    };
    static const char what[] = "federatedCredentials";
    for (const struct yaml_node *n = list ? list->first : NULL; n; n = n->next) {
        struct seed_federated e = {.f.audience = STR("api://AzureADTokenExchange")};
        if (seed_read(&seed->r, what, n, fields, COUNT_OF(fields), &e) != 0) {
            return -1;
        }
        if ((e.ca_file.p || e.jwks_file.p) &&
            add_issuer(seed, n->line, what, e.f.issuer, e.ca_file, e.jwks_file) != 0) {
            return -1;
        }
        const struct yaml_node *audience = e.audiences ? e.audiences->first : NULL;
        do {
            e.f.audience = audience ? audience->text : e.f.audience;
            directory_add_federated(seed->s, object_id, &e.f, origin);
            audience = audience ? audience->next : NULL;
        } while (audience);
    }
    return 0;
}

struct seed_issuer {
    struct str url;
    struct str ca_file;
    struct str jwks_file;
};

static int add_issuer_entry(struct seed *seed, const struct yaml_node *item)
{
    static const struct seed_field fields[] = {
        REQUIRED(seed_issuer, "url", SEED_STR, url),
        FIELD(seed_issuer, "caFile", SEED_STR, ca_file),
        FIELD(seed_issuer, "jwksFile", SEED_STR, jwks_file),
    };
    struct seed_issuer e = {0};
    if (seed_read(&seed->r, "issuers", item, fields, COUNT_OF(fields), &e) != 0) {
        return -1;
    }
    return add_issuer(seed, item->line, "issuers", e.url, e.ca_file, e.jwks_file);
}

/* ---- apps and identities ---- */

struct seed_principal {
    struct principal p;
    const struct yaml_node *secrets;
    const struct yaml_node *certificates;
    const struct yaml_node *federated;
};

/* Fills in ids that the seed leaves out and adds the row; client ids are unique in a tenant. */
static int add_principal(struct seed *seed, int line, const char *what, struct seed_principal *e)
{
    struct principal *p = &e->p, other;
    if (resolve_tenant(seed, line, what, &p->tenant) != 0) {
        return -1;
    }
    if (p->client_id.n == 0) {
        p->client_id = derived_guid(seed->a, "client", p->name);
    }
    if (p->object_id.n == 0) {
        p->object_id = derived_guid(
            seed->a, "object",
            arena_printf(seed->a, "%.*s/%.*s", STR_ARG(p->tenant), STR_ARG(p->client_id)));
    }
    if (directory_client(seed->s, seed->a, p->tenant, p->client_id, &other) ||
        directory_object(seed->s, seed->a, p->object_id, &other)) {
        return seed_fail(&seed->r, line, what, "\"%.*s\" has the same ids as \"%.*s\"",
                         STR_ARG(p->name), STR_ARG(other.name));
    }
    directory_add_principal(seed->s, p, origin);
    return add_app_secrets(seed, e->secrets, p->object_id) != 0 ||
                   add_app_certificates(seed, e->certificates, p->object_id) != 0 ||
                   add_federated(seed, e->federated, p->object_id) != 0
               ? -1
               : 0;
}

static int add_app(struct seed *seed, const struct yaml_node *item)
{
    static const struct seed_field fields[] = {
        REQUIRED(seed_principal, "name", SEED_STR, p.name),
        FIELD(seed_principal, "tenant", SEED_STR, p.tenant),
        FIELD(seed_principal, "clientId", SEED_GUID, p.client_id),
        FIELD(seed_principal, "objectId", SEED_GUID, p.object_id),
        FIELD(seed_principal, "disabled", SEED_BOOL, p.disabled),
        FIELD(seed_principal, "secrets", SEED_LIST, secrets),
        FIELD(seed_principal, "certificates", SEED_LIST, certificates),
        FIELD(seed_principal, "federatedCredentials", SEED_LIST, federated),
    };
    struct seed_principal e = {.p.kind = PRINCIPAL_APP};
    if (seed_read(&seed->r, "apps", item, fields, COUNT_OF(fields), &e) != 0) {
        return -1;
    }
    return add_principal(seed, item->line, "apps", &e);
}

static int add_identity(struct seed *seed, const struct yaml_node *item)
{
    static const struct seed_field fields[] = {
        REQUIRED(seed_principal, "name", SEED_STR, p.name),
        FIELD(seed_principal, "tenant", SEED_STR, p.tenant),
        FIELD(seed_principal, "clientId", SEED_GUID, p.client_id),
        FIELD(seed_principal, "principalId", SEED_GUID, p.object_id),
        FIELD(seed_principal, "subscription", SEED_GUID, p.subscription),
        FIELD(seed_principal, "resourceGroup", SEED_STR, p.resource_group),
        FIELD(seed_principal, "location", SEED_STR, p.location),
        FIELD(seed_principal, "federatedCredentials", SEED_LIST, federated),
    };
    struct seed_principal e = {.p = {.kind = PRINCIPAL_IDENTITY,
                                     .resource_group = STR("emulator"),
                                     .location = STR("eastus")}};
    if (seed_read(&seed->r, "identities", item, fields, COUNT_OF(fields), &e) != 0 ||
        resolve_tenant(seed, item->line, "identities.tenant", &e.p.tenant) != 0) {
        return -1;
    }
    if (e.p.subscription.n == 0) {
        e.p.subscription = default_subscription(seed, e.p.tenant);
    }
    return add_principal(seed, item->line, "identities", &e);
}

/* The object id of a principal by its name in the seed, object id or client id. */
static int resolve_principal(struct seed *seed, int line, const char *what, struct str ref,
                             struct str *out)
{
    struct sql *q = store_sql(seed->s, "SELECT object_id FROM principal WHERE name = ?"
                                       " OR object_id = ? OR client_id = ?");
    struct str id = lower(seed->a, ref);
    sql_str(q, ref);
    sql_str(q, id);
    sql_str(q, id);
    size_t found = 0;
    while (sql_row(q)) {
        *out = sql_col_str(q, 0, seed->a);
        found++;
    }
    if (found == 1) {
        return 0;
    }
    if (found == 0 && is_guid(ref)) {
        *out = id; /* somebody whom the seed does not describe */
        return 0;
    }
    return seed_fail(&seed->r, line, what,
                     found ? "there is more than one \"%.*s\"; give its id"
                           : "there is no app or identity \"%.*s\"",
                     STR_ARG(ref));
}

/* ---- vaults ---- */

struct seed_policy {
    struct str principal;
    struct str application;
    const struct yaml_node *permissions[OBJECT_TYPES];
};

static int read_permissions(struct seed *seed, enum object_type type, const struct yaml_node *list,
                            uint32_t *bits)
{
    for (const struct yaml_node *n = list ? list->first : NULL; n; n = n->next) {
        if (!access_parse(type, n->text, bits)) {
            return seed_fail(&seed->r, n->line, "vaults.accessPolicies",
                             "there is no such permission: \"%.*s\"", STR_ARG(n->text));
        }
    }
    return 0;
}

static int add_policies(struct seed *seed, const struct yaml_node *list, struct str vault)
{
    static const struct seed_field fields[] = {
        REQUIRED(seed_policy, "principal", SEED_STR, principal),
        FIELD(seed_policy, "application", SEED_STR, application),
        FIELD(seed_policy, "secrets", SEED_STRINGS, permissions[OBJECT_SECRET]),
        FIELD(seed_policy, "keys", SEED_STRINGS, permissions[OBJECT_KEY]),
        FIELD(seed_policy, "certificates", SEED_STRINGS, permissions[OBJECT_CERTIFICATE]),
    };
    static const char what[] = "vaults.accessPolicies";
    for (const struct yaml_node *n = list ? list->first : NULL; n; n = n->next) {
        struct seed_policy e = {0};
        struct access_policy p = {.vault = vault};
        if (seed_read(&seed->r, what, n, fields, COUNT_OF(fields), &e) != 0 ||
            resolve_principal(seed, n->line, what, e.principal, &p.principal) != 0 ||
            read_permissions(seed, OBJECT_SECRET, e.permissions[OBJECT_SECRET], &p.secrets) != 0 ||
            read_permissions(seed, OBJECT_KEY, e.permissions[OBJECT_KEY], &p.keys) != 0 ||
            read_permissions(seed, OBJECT_CERTIFICATE, e.permissions[OBJECT_CERTIFICATE],
                             &p.certificates) != 0) {
            return -1;
        }
        p.application = e.application;
        directory_add_policy(seed->s, &p, origin);
    }
    return 0;
}

struct seed_secret {
    struct str name;
    struct str value;
    struct str file;
    struct str content_type;
    bool disabled;
    int64_t expires;
    int64_t not_before;
    const struct yaml_node *tags;
};

static struct str tags_text(struct seed *seed, const struct yaml_node *tags)
{
    AUTO(buf_done) struct buf text = BUF_INIT(1 << 16);
    struct json_writer w = json_writer(&text);
    json_w_object(&w);
    for (const struct yaml_node *n = tags->first; n; n = n->next) {
        json_w_key_str(&w, n->key);
        json_w_str(&w, n->text);
    }
    json_w_end(&w);
    return arena_str(seed->a, buf_str(&text));
}

static void add_secret_version(struct seed *seed, struct str vault, const struct seed_secret *e)
{
    struct object o;
    if (object_find(seed->s, seed->a, vault, OBJECT_SECRET, e->name, seed->r.now, &o)) {
        return; /* the vault's own state is worth more than the seed's */
    }
    const struct version v = {
        .version = version_new_id(seed->a),
        .enabled = !e->disabled,
        .nbf = {.set = e->not_before != 0, .v = e->not_before},
        .exp = {.set = e->expires != 0, .v = e->expires},
        .created = seed->r.now,
        .updated = seed->r.now,
        .has_content_type = e->content_type.p != NULL,
        .content_type = e->content_type,
        .tags = e->tags && e->tags->n ? tags_text(seed, e->tags) : STR_EMPTY,
        .value = e->value,
    };
    version_add(seed->s, object_add(seed->s, vault, OBJECT_SECRET, e->name, false), &v);
}

static int add_secrets(struct seed *seed, const struct yaml_node *list, struct str vault)
{
    static const struct seed_field fields[] = {
        REQUIRED(seed_secret, "name", SEED_STR, name),
        FIELD(seed_secret, "value", SEED_STR, value),
        FIELD(seed_secret, "valueFile", SEED_STR, file),
        FIELD(seed_secret, "contentType", SEED_STR, content_type),
        FIELD(seed_secret, "disabled", SEED_BOOL, disabled),
        FIELD(seed_secret, "expires", SEED_TIME, expires),
        FIELD(seed_secret, "notBefore", SEED_TIME, not_before),
        FIELD(seed_secret, "tags", SEED_MAP, tags),
    };
    static const char what[] = "vaults.secrets";
    for (const struct yaml_node *n = list ? list->first : NULL; n; n = n->next) {
        struct seed_secret e = {0};
        if (seed_read(&seed->r, what, n, fields, COUNT_OF(fields), &e) != 0 ||
            value_or_file(seed, n->line, what, e.file, &e.value) != 0) {
            return -1;
        }
        if (!name_valid(e.name, 1, 127)) {
            return seed_fail(&seed->r, n->line, what,
                             "a name has 1 to 127 letters, digits and dashes");
        }
        add_secret_version(seed, vault, &e);
    }
    return 0;
}

struct seed_vault {
    struct vault v;
    struct str mode;
    int64_t days;
    const struct yaml_node *policies;
    const struct yaml_node *secrets;
};

static int check_vault(struct seed *seed, int line, struct seed_vault *e)
{
    struct vault other;
    e->v.name = lower(seed->a, e->v.name);
    if (!name_valid(e->v.name, 3, 24) || str_find(e->v.name, STR("--")) >= 0) {
        return seed_fail(&seed->r, line, "vaults.name",
                         "a name has 3 to 24 letters, digits and single dashes");
    }
    if (directory_vault(seed->s, seed->a, e->v.name, &other)) {
        return seed_fail(&seed->r, line, "vaults.name", "\"%.*s\" stands there twice",
                         STR_ARG(e->v.name));
    }
    if (!str_eq(e->mode, STR("rbac")) && !str_eq(e->mode, STR("policy"))) {
        return seed_fail(&seed->r, line, "vaults.mode", "must be rbac or policy");
    }
    if (e->days < 7 || e->days > 90) {
        return seed_fail(&seed->r, line, "vaults.softDeleteDays", "must be from 7 to 90");
    }
    e->v.rbac = str_eq(e->mode, STR("rbac"));
    e->v.days = (int)e->days;
    return resolve_tenant(seed, line, "vaults.tenant", &e->v.tenant);
}

static int add_vault(struct seed *seed, const struct yaml_node *item)
{
    static const struct seed_field fields[] = {
        REQUIRED(seed_vault, "name", SEED_STR, v.name),
        FIELD(seed_vault, "tenant", SEED_STR, v.tenant),
        FIELD(seed_vault, "subscription", SEED_GUID, v.subscription),
        FIELD(seed_vault, "resourceGroup", SEED_STR, v.resource_group),
        FIELD(seed_vault, "location", SEED_STR, v.location),
        FIELD(seed_vault, "mode", SEED_STR, mode),
        FIELD(seed_vault, "softDeleteDays", SEED_INT, days),
        FIELD(seed_vault, "purgeProtection", SEED_BOOL, v.purge_protection),
        FIELD(seed_vault, "accessPolicies", SEED_LIST, policies),
        FIELD(seed_vault, "secrets", SEED_LIST, secrets),
    };
    struct seed_vault e = {.v = {.resource_group = STR("emulator"), .location = STR("eastus")},
                           .mode = STR("rbac"),
                           .days = 90};
    if (seed_read(&seed->r, "vaults", item, fields, COUNT_OF(fields), &e) != 0 ||
        check_vault(seed, item->line, &e) != 0) {
        return -1;
    }
    if (e.v.subscription.n == 0) {
        e.v.subscription = default_subscription(seed, e.v.tenant);
    }
    directory_add_vault(seed->s, &e.v, origin);
    return add_policies(seed, e.policies, e.v.name) != 0 ||
                   add_secrets(seed, e.secrets, e.v.name) != 0
               ? -1
               : 0;
}

/* ---- role assignments ---- */

/* A vault's name, or an id that begins with a slash. */
static int resolve_scope(struct seed *seed, int line, struct str *scope)
{
    struct vault v;
    if (str_starts(*scope, STR("/"))) {
        return 0;
    }
    if (!directory_vault(seed->s, seed->a, *scope, &v)) {
        return seed_fail(&seed->r, line, "roleAssignments.scope",
                         "\"%.*s\" is neither a vault nor an id like /subscriptions/...",
                         STR_ARG(*scope));
    }
    *scope = vault_resource_id(seed->a, &v);
    return 0;
}

static int add_role(struct seed *seed, const struct yaml_node *item)
{
    static const struct seed_field fields[] = {
        REQUIRED(role_assignment, "principal", SEED_STR, principal),
        REQUIRED(role_assignment, "role", SEED_STR, role),
        REQUIRED(role_assignment, "scope", SEED_STR, scope),
    };
    struct role_assignment r = {0};
    if (seed_read(&seed->r, "roleAssignments", item, fields, COUNT_OF(fields), &r) != 0) {
        return -1;
    }
    const struct role *role = role_find(r.role);
    if (!role) {
        return seed_fail(&seed->r, item->line, "roleAssignments.role",
                         "the emulator knows no role \"%.*s\"", STR_ARG(r.role));
    }
    if (resolve_principal(seed, item->line, "roleAssignments.principal", r.principal,
                          &r.principal) != 0 ||
        resolve_scope(seed, item->line, &r.scope) != 0) {
        return -1;
    }
    r.role = str_c(role->name);
    r.id = derived_guid(
        seed->a, "role",
        arena_printf(seed->a, "%.*s/%s/%.*s", STR_ARG(r.principal), role->id, STR_ARG(r.scope)));
    directory_add_role(seed->s, &r, origin);
    return 0;
}

/* ---- the whole ---- */

struct seed_top {
    const struct yaml_node *tenants, *subscriptions, *apps, *identities, *issuers, *vaults, *roles,
        *faults;
};

static void ensure_tenant(struct seed *seed)
{
    struct tenant t;
    if (!directory_default_tenant(seed->s, seed->a, &t)) {
        t = (struct tenant){.id = derived_guid(seed->a, "tenant", STR("emulator")),
                            .name = STR("emulator")};
        directory_add_tenant(seed->s, &t, origin);
    }
    seed->default_tenant = t.id;
}

static int apply(struct seed *seed, const struct yaml_node *root, struct seed_result *out)
{
    static const struct seed_field fields[] = {
        FIELD(seed_top, "tenants", SEED_LIST, tenants),
        FIELD(seed_top, "subscriptions", SEED_LIST, subscriptions),
        FIELD(seed_top, "apps", SEED_LIST, apps),
        FIELD(seed_top, "identities", SEED_LIST, identities),
        FIELD(seed_top, "issuers", SEED_LIST, issuers),
        FIELD(seed_top, "vaults", SEED_LIST, vaults),
        FIELD(seed_top, "roleAssignments", SEED_LIST, roles),
        FIELD(seed_top, "faults", SEED_LIST, faults),
    };
    struct seed_top top = {0};
    if (seed_read(&seed->r, "seed", root, fields, COUNT_OF(fields), &top) != 0) {
        return -1;
    }
    directory_clear(seed->s, origin);
    if (each(seed, top.tenants, add_tenant) != 0) {
        return -1;
    }
    ensure_tenant(seed);
    if (each(seed, top.subscriptions, add_subscription) != 0 ||
        each(seed, top.apps, add_app) != 0 || each(seed, top.identities, add_identity) != 0 ||
        each(seed, top.issuers, add_issuer_entry) != 0 || each(seed, top.vaults, add_vault) != 0 ||
        each(seed, top.roles, add_role) != 0) {
        return -1;
    }
    if (top.faults) {
        out->faults = yaml_to_json(seed->a, top.faults);
    }
    return 0;
}

int seed_apply(struct store *s, struct arena *a, struct str text, const char *name, int64_t now,
               struct seed_result *out, struct err **err)
{
    struct seed seed = {
        .r = {.a = a, .name = name, .now = now, .err = err},
        .s = s,
        .a = a,
    };
    struct seed_result result = {0};
    const struct yaml_node *root = yaml_tree_parse(a, text, err);
    if (!root) {
        return err_wrap(err, "%s", name);
    }
    store_begin(s);
    if (apply(&seed, root, &result) != 0) {
        store_rollback(s);
        return -1;
    }
    if (store_commit(s, err) != 0) {
        return -1;
    }
    *out = result;
    return 0;
}
