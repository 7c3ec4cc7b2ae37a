/* SPDX-License-Identifier: Apache-2.0 */
#include "emulate.h"

#include "emulator/rbac.h"

#define VAULT_ID "/subscriptions/S/resourceGroups/G/providers/Microsoft.KeyVault/vaults/kv1"

static void test_scopes(void **state)
{
    static const struct {
        const char *scope, *resource;
        bool covers;
    } cases[] = {
        {"/", VAULT_ID "/secrets/s", true},
        {"/subscriptions/S", VAULT_ID, true},
        {"/subscriptions/S/", VAULT_ID, true},
        {"/SUBSCRIPTIONS/s/resourcegroups/g", VAULT_ID, true},
        {VAULT_ID, VAULT_ID, true},
        {VAULT_ID, VAULT_ID "/secrets/s", true},
        {VAULT_ID "/secrets/s", VAULT_ID "/secrets/s", true},
        {VAULT_ID "/secrets/s", VAULT_ID "/secrets/s2", false},
        {VAULT_ID "/secrets/s", VAULT_ID, false},
        {VAULT_ID, VAULT_ID "x", false},
        {"/subscriptions/T", VAULT_ID, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(scope_covers(str_c(cases[i].scope), str_c(cases[i].resource)),
                         cases[i].covers);
    }
}

static void test_roles_by_any_name(void **state)
{
    static const char *const names[] = {
        "Key Vault Secrets User",
        "key vault secrets user",
        "4633458b-17de-408a-b874-0445c86b69e6",
        "4633458B-17DE-408A-B874-0445C86B69E6",
        "/subscriptions/S/providers/Microsoft.Authorization/roleDefinitions/"
        "4633458b-17de-408a-b874-0445c86b69e6",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct role *r = role_find(str_c(names[i]));
        assert_non_null(r);
        assert_string_equal(r->name, "Key Vault Secrets User");
    }
    assert_null(role_find(STR("Key Vault Wizard")));
    assert_null(role_find(STR("")));
}

/* What each role may do, type by type. */
static void test_what_roles_allow(void **state)
{
    enum {
        SECRET_READ = ACCESS_GET | ACCESS_LIST,
        EVERYTHING = ACCESS_GET | ACCESS_LIST | ACCESS_SET | ACCESS_UPDATE | ACCESS_CREATE |
                     ACCESS_IMPORT | ACCESS_DELETE | ACCESS_RECOVER | ACCESS_PURGE | ACCESS_BACKUP |
                     ACCESS_RESTORE,
        OF_SECRETS = EVERYTHING & ~(ACCESS_CREATE | ACCESS_IMPORT),
        OF_OTHERS = EVERYTHING & ~ACCESS_SET,
    };
    static const struct {
        const char *role;
        uint32_t secrets, keys, certificates;
    } cases[] = {
        {"Key Vault Administrator", OF_SECRETS, OF_OTHERS, OF_OTHERS},
        {"Key Vault Secrets Officer", OF_SECRETS, 0, 0},
        {"Key Vault Secrets User", SECRET_READ, 0, 0},
        {"Key Vault Reader", ACCESS_LIST, SECRET_READ, SECRET_READ},
        {"Key Vault Crypto Officer", 0, OF_OTHERS, 0},
        {"Key Vault Crypto User", 0, SECRET_READ | ACCESS_UPDATE | ACCESS_BACKUP, 0},
        {"Key Vault Certificates Officer", 0, 0, OF_OTHERS},
        {"Key Vault Certificate User", SECRET_READ, SECRET_READ, SECRET_READ},
        {"Key Vault Contributor", 0, 0, 0},
        {"Owner", 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        role_assignments list = {0};
        vec_push(&list,
                 (struct role_assignment){.role = str_c(cases[i].role), .scope = STR(VAULT_ID)});
        const uint32_t wanted[OBJECT_TYPES] = {cases[i].secrets, cases[i].keys,
                                               cases[i].certificates};
        for (int type = 0; type < OBJECT_TYPES; type++) {
            for (uint32_t bit = 1; bit <= ACCESS_RESTORE; bit <<= 1) {
                bool allowed = rbac_allows(&list, STR(VAULT_ID "/x/y"), (enum object_type)type,
                                           (enum access)bit);
                if (allowed != ((wanted[type] & bit) != 0)) {
                    fail_msg("%s, type %d, bit %u: %d", cases[i].role, type, bit, allowed);
                }
            }
        }
        vec_done(&list);
    }
}

static void test_policies(void **state)
{
    access_policies list = {0};
    assert_int_equal(policy_allows(&list, OBJECT_SECRET, ACCESS_GET), POLICY_DENIED);
    vec_push(&list, (struct access_policy){.application = STR("app"), .secrets = ACCESS_SET});
    vec_push(&list, (struct access_policy){.secrets = ACCESS_GET, .keys = ACCESS_LIST});
    assert_int_equal(policy_allows(&list, OBJECT_SECRET, ACCESS_GET), POLICY_ALLOWED);
    assert_int_equal(policy_allows(&list, OBJECT_SECRET, ACCESS_LIST), POLICY_DENIED);
    assert_int_equal(policy_allows(&list, OBJECT_KEY, ACCESS_LIST), POLICY_ALLOWED);
    assert_int_equal(policy_allows(&list, OBJECT_KEY, ACCESS_GET), POLICY_DENIED);
    assert_int_equal(policy_allows(&list, OBJECT_SECRET, ACCESS_SET), POLICY_COMPOUND);
    assert_int_equal(policy_allows(&list, OBJECT_SECRET, ACCESS_UPDATE), POLICY_COMPOUND);
    vec_push(&list, (struct access_policy){.secrets = ACCESS_SET});
    assert_int_equal(policy_allows(&list, OBJECT_SECRET, ACCESS_UPDATE), POLICY_ALLOWED);
    vec_done(&list);
}

static void test_names_of_permissions(void **state)
{
    uint32_t bits = 0;
    assert_true(access_parse(OBJECT_SECRET, STR("Get"), &bits));
    assert_int_equal(bits, ACCESS_GET);
    assert_false(access_parse(OBJECT_SECRET, STR("create"), &bits));
    assert_true(access_parse(OBJECT_KEY, STR("wrapkey"), &bits));
    bits = 0;
    assert_true(access_parse(OBJECT_SECRET, STR("all"), &bits));
    assert_true(bits & ACCESS_RESTORE);
    assert_false(bits & ACCESS_PURGE); /* has to be said */
    assert_false(bits & ACCESS_CREATE);
}

/* The same through the door, with the texts of the refusals. */
static void test_through_the_door(void **state)
{
    struct emulate m;
    emulate_init(&m, NULL);
    login(&m, USER_ID);
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 200);
    assert_int_equal(ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}"), 403);
    assert_str(said(&m, "error.code"), "Forbidden");
    assert_str(said(&m, "error.innererror.code"), "ForbiddenByRbac");
    static const char *const parts[] = {
        "Caller is not authorized to perform action on resource.\r\n",
        "Caller: appid=" USER_ID ";oid=",
        "iss=https://sts.windows.net/" TENANT "/\r\n",
        "Action: 'Microsoft.KeyVault/vaults/secrets/setSecret/action'\r\n",
        "/providers/microsoft.keyvault/vaults/kv1/secrets/s'\r\n",
        "Vault: kv1;location=eastus\r\n",
    };
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        assert_true(str_find(said(&m, "error.message"), str_c(parts[i])) >= 0);
    }
    emulate_seed(&m, "tenants: [{id: " TENANT "}]\n"
                     "apps: [{name: user, clientId: " USER_ID "}]\n"
                     "vaults:\n"
                     "  - name: kv1\n"
                     "    mode: policy\n"
                     "    accessPolicies:\n"
                     "      - {principal: user, secrets: [get]}\n"
                     "      - {principal: user, application: x, keys: [get]}\n");
    assert_int_equal(ask(&m, "GET", "/secrets/s", ""), 404);
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 403);
    assert_str(said(&m, "error.innererror.code"), "AccessDenied");
    assert_true(str_find(said(&m, "error.message"),
                         STR("does not have secrets list permission on key vault "
                             "'kv1;location=eastus'")) > 0);
    assert_int_equal(ask(&m, "GET", "/keys/k", ""), 403);
    assert_str(said(&m, "error.innererror.code"), "ForbiddenByPolicy");
    emulate_done(&m);
}

/* A scope as narrow as one secret. */
static void test_a_role_on_one_secret(void **state)
{
    struct emulate m;
    emulate_init(&m,
                 "tenants: [{id: " TENANT "}]\n"
                 "subscriptions: [{id: aaaaaaaa-1111-4000-8000-000000000001}]\n"
                 "apps: [{name: user, clientId: " USER_ID ", secrets: [{value: '" SECRET "'}]}]\n"
                 "vaults: [{name: kv1, resourceGroup: rg, secrets: [{name: a, value: x}, "
                 "{name: b, value: y}]}]\n"
                 "roleAssignments:\n"
                 "  - principal: user\n"
                 "    role: Key Vault Secrets User\n"
                 "    scope: /subscriptions/aaaaaaaa-1111-4000-8000-000000000001/"
                 "resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv1/secrets/a\n");
    login(&m, USER_ID);
    assert_int_equal(ask(&m, "GET", "/secrets/A", ""), 200);
    assert_int_equal(ask(&m, "GET", "/secrets/b", ""), 403);
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 403);
    emulate_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_roles_by_any_name),
        cmocka_unit_test(test_what_roles_allow),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_names_of_permissions),
        cmocka_unit_test(test_through_the_door),
        cmocka_unit_test(test_a_role_on_one_secret),
    };
    return RUN(tests);
}
