/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/rbac.h"

#define SECRETS      (1u << OBJECT_SECRET)
#define KEYS         (1u << OBJECT_KEY)
#define CERTIFICATES (1u << OBJECT_CERTIFICATE)
#define ALL_TYPES    (SECRETS | KEYS | CERTIFICATES)

/* Names of permissions in access policies, and the types of objects that have them. */
static const struct {
    const char *name;
    enum access access;
    uint32_t types;
} permissions[] = {
    {"get", ACCESS_GET, ALL_TYPES},
    {"list", ACCESS_LIST, ALL_TYPES},
    {"set", ACCESS_SET, SECRETS},
    {"update", ACCESS_UPDATE, KEYS | CERTIFICATES},
    {"create", ACCESS_CREATE, KEYS | CERTIFICATES},
    {"import", ACCESS_IMPORT, KEYS | CERTIFICATES},
    {"delete", ACCESS_DELETE, ALL_TYPES},
    {"recover", ACCESS_RECOVER, ALL_TYPES},
    {"purge", ACCESS_PURGE, ALL_TYPES},
    {"backup", ACCESS_BACKUP, ALL_TYPES},
    {"restore", ACCESS_RESTORE, ALL_TYPES},
    {"encrypt", ACCESS_ENCRYPT, KEYS},
    {"decrypt", ACCESS_DECRYPT, KEYS},
    {"wrapKey", ACCESS_WRAP_KEY, KEYS},
    {"unwrapKey", ACCESS_UNWRAP_KEY, KEYS},
    {"sign", ACCESS_SIGN, KEYS},
    {"verify", ACCESS_VERIFY, KEYS},
    {"release", ACCESS_RELEASE, KEYS},
    {"rotate", ACCESS_ROTATE, KEYS},
    {"getRotationPolicy", ACCESS_GET_ROTATION_POLICY, KEYS},
    {"setRotationPolicy", ACCESS_SET_ROTATION_POLICY, KEYS},
    {"manageContacts", ACCESS_MANAGE_CONTACTS, CERTIFICATES},
    {"getIssuers", ACCESS_GET_ISSUERS, CERTIFICATES},
    {"listIssuers", ACCESS_LIST_ISSUERS, CERTIFICATES},
    {"setIssuers", ACCESS_SET_ISSUERS, CERTIFICATES},
    {"deleteIssuers", ACCESS_DELETE_ISSUERS, CERTIFICATES},
    {"manageIssuers", ACCESS_MANAGE_ISSUERS, CERTIFICATES},
};

const char *access_name(enum access access)
{
    for (size_t i = 0; i < COUNT_OF(permissions); i++) {
        if (permissions[i].access == access) {
            return permissions[i].name;
        }
    }
    return "";
}

bool access_parse(enum object_type type, struct str name, uint32_t *bits)
{
    bool all = str_ieq(name, STR("all"));
    bool known = all;
    for (size_t i = 0; i < COUNT_OF(permissions); i++) {
        bool of_type = (permissions[i].types & (1u << type)) != 0;
        /* "all" does not include purge: Azure wants that one said. */
        bool meant =
            all ? permissions[i].access != ACCESS_PURGE : str_ieq(name, str_c(permissions[i].name));
        if (of_type && meant) {
            *bits |= (uint32_t)permissions[i].access;
            known = true;
        }
    }
    return known;
}

#define VAULTS "Microsoft.KeyVault/vaults/"

static const struct {
    enum access access;
    const char *action[OBJECT_TYPES];
} actions[] = {
    {ACCESS_GET,
     {VAULTS "secrets/getSecret/action", VAULTS "keys/read", VAULTS "certificates/read"}},
    {ACCESS_LIST,
     {VAULTS "secrets/readMetadata/action", VAULTS "keys/read", VAULTS "certificates/read"}},
    {ACCESS_SET, {VAULTS "secrets/setSecret/action", NULL, NULL}},
    {ACCESS_UPDATE,
     {VAULTS "secrets/update/action", VAULTS "keys/update/action",
      VAULTS "certificates/update/action"}},
    {ACCESS_CREATE, {NULL, VAULTS "keys/create/action", VAULTS "certificates/create/action"}},
    {ACCESS_IMPORT, {NULL, VAULTS "keys/import/action", VAULTS "certificates/import/action"}},
    {ACCESS_DELETE, {VAULTS "secrets/delete", VAULTS "keys/delete", VAULTS "certificates/delete"}},
    {ACCESS_RECOVER,
     {VAULTS "secrets/recover/action", VAULTS "keys/recover/action",
      VAULTS "certificates/recover/action"}},
    {ACCESS_PURGE,
     {VAULTS "secrets/purge/action", VAULTS "keys/purge/action",
      VAULTS "certificates/purge/action"}},
    {ACCESS_BACKUP,
     {VAULTS "secrets/backup/action", VAULTS "keys/backup/action",
      VAULTS "certificates/backup/action"}},
    {ACCESS_RESTORE,
     {VAULTS "secrets/restore/action", VAULTS "keys/restore/action",
      VAULTS "certificates/restore/action"}},
};

const char *access_action(enum object_type type, enum access access)
{
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        if (actions[i].access == access && actions[i].action[type]) {
            return actions[i].action[type];
        }
    }
    return "";
}

/* The built-in roles, with the data actions that their definitions have in Azure. */
static const struct role roles[] = {
    {"Key Vault Administrator", "00482a5a-887f-4fb3-b363-3b7fe8e74483", {VAULTS "*"}},
    {"Key Vault Reader",
     "21090545-7ca7-4776-b22c-e363652d74d2",
     {VAULTS "*/read", VAULTS "secrets/readMetadata/action"}},
    {"Key Vault Secrets Officer", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7", {VAULTS "secrets/*"}},
    {"Key Vault Secrets User",
     "4633458b-17de-408a-b874-0445c86b69e6",
     {VAULTS "secrets/getSecret/action", VAULTS "secrets/readMetadata/action"}},
    {"Key Vault Crypto Officer",
     "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
     {VAULTS "keys/*", VAULTS "keyrotationpolicies/*"}},
    {"Key Vault Crypto User",
     "12338af0-0e69-4776-bea7-57ae8d297424",
     {VAULTS "keys/read", VAULTS "keys/update/action", VAULTS "keys/backup/action"}},
    {"Key Vault Certificates Officer",
     "a4417e6f-fecd-4de8-b567-7b0420556985",
     {VAULTS "certificates/*", VAULTS "certificatecas/*", VAULTS "certificatecontacts/write"}},
    {"Key Vault Certificate User",
     "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
     {VAULTS "certificates/read", VAULTS "secrets/getSecret/action",
      VAULTS "secrets/readMetadata/action", VAULTS "keys/read"}},
    /* No data actions: being allowed to manage a vault does not open it. */
    {"Key Vault Contributor", "f25e0fa2-a7c8-4377-a976-54943a77a395", {NULL}},
    {"Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", {NULL}},
    {"Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c", {NULL}},
    {"Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", {NULL}},
};

const struct role *role_find(struct str name)
{
    ptrdiff_t slash = str_rfind_byte(name, '/');
    struct str last = slash < 0 ? name : str_from(name, (size_t)slash + 1);
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        if (str_ieq(name, str_c(roles[i].name)) || str_ieq(last, str_c(roles[i].id))) {
            return &roles[i];
        }
    }
    return NULL;
}

/* One star stands for any text, slashes too. */
static bool action_matches(struct str pattern, struct str action)
{
    ptrdiff_t star = str_find_byte(pattern, '*');
    if (star < 0) {
        return str_ieq(pattern, action);
    }
    struct str before = str_head(pattern, (size_t)star);
    struct str after = str_from(pattern, (size_t)star + 1);
    return action.n >= before.n + after.n && str_ieq(str_head(action, before.n), before) &&
           str_ieq(str_from(action, action.n - after.n), after);
}

bool role_allows(const struct role *role, struct str action)
{
    for (size_t i = 0; i < COUNT_OF(role->data_actions) && role->data_actions[i]; i++) {
        if (action_matches(str_c(role->data_actions[i]), action)) {
            return true;
        }
    }
    return false;
}

bool scope_covers(struct str scope, struct str resource)
{
    while (scope.n > 0 && scope.p[scope.n - 1] == '/') {
        scope.n--;
    }
    if (resource.n < scope.n || !str_ieq(str_head(resource, scope.n), scope)) {
        return false;
    }
    return resource.n == scope.n || resource.p[scope.n] == '/';
}

bool rbac_allows(const role_assignments *assigned, struct str resource, enum object_type type,
                 enum access access)
{
    struct str action = str_c(access_action(type, access));
    for (size_t i = 0; i < assigned->n && action.n; i++) {
        const struct role *role = role_find(assigned->v[i].role);
        if (role && scope_covers(assigned->v[i].scope, resource) && role_allows(role, action)) {
            return true;
        }
    }
    return false;
}

enum policy_answer policy_allows(const access_policies *policies, enum object_type type,
                                 enum access access)
{
    /* Secrets have no "update": changing their attributes needs "set". */
    if (type == OBJECT_SECRET && access == ACCESS_UPDATE) {
        access = ACCESS_SET;
    }
    enum policy_answer answer = POLICY_DENIED;
    for (size_t i = 0; i < policies->n; i++) {
        const struct access_policy *p = &policies->v[i];
        const uint32_t granted[OBJECT_TYPES] = {p->secrets, p->keys, p->certificates};
        if (!(granted[type] & (uint32_t)access)) {
            continue;
        }
        if (p->application.n == 0) {
            return POLICY_ALLOWED;
        }
        answer = POLICY_COMPOUND;
    }
    return answer;
}
