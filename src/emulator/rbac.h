/* SPDX-License-Identifier: Apache-2.0
 *
 * rbac: may this caller do that? The built-in Key Vault roles of Azure RBAC, scopes, and the older
 * access policies. Pure: what is assigned comes from the directory, the decision is made here.
 */
#ifndef PAWL_EMULATOR_RBAC_H
#define PAWL_EMULATOR_RBAC_H

#include "emulator/directory.h"

enum object_type { OBJECT_SECRET, OBJECT_KEY, OBJECT_CERTIFICATE, OBJECT_TYPES };

/* What can be asked of an object: the permissions of access policies, as bits. */
enum access {
    ACCESS_GET = 1 << 0,
    ACCESS_LIST = 1 << 1,
    ACCESS_SET = 1 << 2, /* secrets */
    ACCESS_UPDATE = 1 << 3,
    ACCESS_CREATE = 1 << 4,
    ACCESS_IMPORT = 1 << 5,
    ACCESS_DELETE = 1 << 6,
    ACCESS_RECOVER = 1 << 7,
    ACCESS_PURGE = 1 << 8,
    ACCESS_BACKUP = 1 << 9,
    ACCESS_RESTORE = 1 << 10,
    /* The rest can be granted, but no operation of the emulator asks for it. */
    ACCESS_ENCRYPT = 1 << 11,
    ACCESS_DECRYPT = 1 << 12,
    ACCESS_WRAP_KEY = 1 << 13,
    ACCESS_UNWRAP_KEY = 1 << 14,
    ACCESS_SIGN = 1 << 15,
    ACCESS_VERIFY = 1 << 16,
    ACCESS_RELEASE = 1 << 17,
    ACCESS_ROTATE = 1 << 18,
    ACCESS_GET_ROTATION_POLICY = 1 << 19,
    ACCESS_SET_ROTATION_POLICY = 1 << 20,
    ACCESS_MANAGE_CONTACTS = 1 << 21,
    ACCESS_GET_ISSUERS = 1 << 22,
    ACCESS_LIST_ISSUERS = 1 << 23,
    ACCESS_SET_ISSUERS = 1 << 24,
    ACCESS_DELETE_ISSUERS = 1 << 25,
    ACCESS_MANAGE_ISSUERS = 1 << 26,
};

/* "get", as access policies call one bit. */
const char *access_name(enum access access);
/* Adds the bits of a permission of an access policy ("Get", "list", "all"); false if that type of
 * object knows no such permission. */
bool access_parse(enum object_type type, struct str name, uint32_t *bits);
/* The data action of Azure RBAC: "Microsoft.KeyVault/vaults/secrets/getSecret/action". */
const char *access_action(enum object_type type, enum access access);

struct role {
    const char *name;
    const char *id; /* GUID of the role definition */
    const char *data_actions[5];
};
/* By name, GUID, or the id of a role definition that ends in the GUID; without case. NULL if the
 * emulator does not know it. */
const struct role *role_find(struct str name);
bool role_allows(const struct role *role, struct str action);
/* True if resource is the scope or lies below it ("/" covers all). Without case. */
bool scope_covers(struct str scope, struct str resource);

/* resource: the id of the object, below the id of its vault. */
bool rbac_allows(const role_assignments *roles, struct str resource, enum object_type type,
                 enum access access);

enum policy_answer { POLICY_DENIED, POLICY_ALLOWED, POLICY_COMPOUND };
/* POLICY_COMPOUND: the permission is there, but bound to an application on whose behalf the caller
 * would have to act. */
enum policy_answer policy_allows(const access_policies *policies, enum object_type type,
                                 enum access access);

#endif
