/* SPDX-License-Identifier: Apache-2.0 */
#include "emulate.h"

#include "emulator/seed.h"

static struct emulate m;

static int setup(void **state)
{
    emulate_init(&m, NULL);
    return 0;
}

static int teardown(void **state)
{
    emulate_done(&m);
    return 0;
}

/* Each seed is wrong in one place; the message says where and what. */
static void test_messages(void **state)
{
    static const struct {
        const char *seed, *message;
    } cases[] = {
        {"a: [", "seed.yaml: line 2: did not find expected node content"},
        {"tenants: [{id: x}]", "seed.yaml:1: tenants.id: must be a GUID"},
        {"\n\nvaults:\n  - mode: rbac\n", "seed.yaml:4: vaults: \"name\" is missing"},
        {"vaults:\n  - name: kv1\n    mdoe: rbac\n",
         "seed.yaml:3: vaults: unknown key \"mdoe\"; there are: name, tenant, "},
        {"vaults: [{name: kv1, mode: both}]", "vaults.mode: must be rbac or policy"},
        {"vaults: [{name: kv}]", "vaults.name: a name has 3 to 24"},
        {"vaults: [{name: k--v}]", "vaults.name: a name has 3 to 24"},
        {"vaults: [{name: kv1}, {name: KV1}]", "vaults.name: \"kv1\" stands there twice"},
        {"vaults: [{name: kv1, softDeleteDays: 6}]", "must be from 7 to 90"},
        {"vaults: [{name: kv1, purgeProtection: maybe}]",
         "vaults.purgeProtection: must be true or false"},
        {"vaults: [{name: kv1, tenant: other.example}]",
         "there is no tenant \"other.example\" in the seed"},
        {"vaults: [{name: kv1, secrets: [{name: a_b, value: x}]}]", "vaults.secrets: a name has"},
        {"vaults: [{name: kv1, secrets: [{name: a}]}]", "give either value or valueFile"},
        {"vaults: [{name: kv1, secrets: [{name: a, valueFile: /does/not/exist}]}]",
         "/does/not/exist: No such file"},
        {"vaults: [{name: kv1, accessPolicies: [{principal: x, secrets: [get]}]}]",
         "there is no app or identity \"x\""},
        {"apps: [{name: x}]\nvaults: [{name: kv1, accessPolicies: [{principal: x, secrets: "
         "[fly]}]}]",
         "seed.yaml:2: vaults.accessPolicies: there is no such permission: \"fly\""},
        {"apps: [{name: x}, {name: x}]", "\"x\" has the same ids as \"x\""},
        {"apps: [{name: x, secrets: [{value: a, expires: tomorrow}]}]",
         "apps.secrets.expires: must be a time like"},
        {"apps: [{name: x, certificates: [{pem: nothing}]}]", "there is no PEM certificate in it"},
        {"apps: {name: x}", "seed.apps: must be a list"},
        {"apps: [x]", "seed.yaml:1: apps: must be a map"},
        {"identities: [{name: i, federatedCredentials: [{issuer: 'https://i', subject: s, "
         "audiences: [[x]]}]}]",
         "federatedCredentials.audiences: must be a list of strings"},
        {"issuers: [{url: 'http://plain.example'}]", "an issuer must begin with https://"},
        {"apps: [{name: x}]\nroleAssignments: [{principal: x, role: King, scope: /}]",
         "seed.yaml:2: roleAssignments.role: the emulator knows no role \"King\""},
        {"apps: [{name: x}]\nroleAssignments: [{principal: x, role: Owner, scope: nowhere}]",
         "\"nowhere\" is neither a vault nor an id"},
        {"a: &x 1\nb: *x\n", "line 2: aliases (*name) are not supported"},
        {"a: 1\na: 2\n", "line 2: \"a\" stands there twice"},
        {"a: 1\n---\nb: 2\n", "only one document is allowed"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        struct seed_result result;
        assert_int_equal(
            seed_apply(m.e->store, &a, str_c(cases[i].seed), "seed.yaml", 0, &result, &err), -1);
        if (!strstr(err_msg(err), cases[i].message)) {
            fail_msg("got \"%s\", expected \"%s\"", err_msg(err), cases[i].message);
        }
    }
}

static void test_a_wrong_seed_changes_nothing(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct seed_result result;
    login(&m, ADMIN_ID);
    assert_int_equal(
        seed_apply(m.e->store, &a, STR("vaults: [{name: kv9}, {name: x}]"), "s", 0, &result, &err),
        -1);
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 200);
}

#define HEAD                                                                                       \
    "tenants: [{id: " TENANT "}]\n"                                                                \
    "apps: [{name: admin, clientId: " ADMIN_ID ", secrets: [{value: '" SECRET "'}]}]\n"            \
    "roleAssignments: [{principal: admin, role: Key Vault Administrator, scope: /}]\n"

static void test_applying_it_again(void **state)
{
    static const char seed[] =
        HEAD "vaults: [{name: kv1, secrets: [{name: a, value: first}, {name: b, value: x}]}]\n";
    emulate_seed(&m, seed);
    login(&m, ADMIN_ID);
    assert_int_equal(ask(&m, "GET", "/secrets/a", ""), 200);
    assert_str(said(&m, "value"), "first");
    ask(&m, "PUT", "/secrets/a", "{\"value\":\"rotated\"}");
    ask(&m, "DELETE", "/secrets/b", "");
    emulate_seed(&m, seed);
    login(&m, ADMIN_ID);
    ask(&m, "GET", "/secrets/a", "");
    assert_str(said(&m, "value"), "rotated");
    assert_int_equal(ask(&m, "GET", "/secrets/b", ""), 404);
    ask(&m, "GET", "/secrets/a/versions", "");
    assert_int_equal(json_len(json_get(m.answer.json, "value")), 2);
}

static void test_a_vault_comes_and_goes_with_what_it_holds(void **state)
{
    emulate_seed(&m, HEAD "vaults: [{name: kv1, secrets: [{name: a, value: x}]}]\n");
    login(&m, ADMIN_ID);
    ask(&m, "PUT", "/secrets/a", "{\"value\":\"kept\"}");
    emulate_seed(&m, HEAD);
    assert_int_equal(ask(&m, "GET", "/secrets/a", ""), 404);
    assert_str(said(&m, "error.code"), "VaultNotFound");
    emulate_seed(&m, HEAD "vaults: [{name: kv1}]\n");
    assert_int_equal(ask(&m, "GET", "/secrets/a", ""), 200);
    assert_str(said(&m, "value"), "kept");
}

static void test_all_of_a_secret(void **state)
{
    emulate_seed(&m, HEAD "vaults:\n"
                          "  - name: kv1\n"
                          "    secrets:\n"
                          "      - name: a\n"
                          "        value: 'null'\n"
                          "        contentType: text/plain\n"
                          "        tags: {owner: 'me \"too\"', n: 7}\n"
                          "        expires: 2030-01-01T00:00:00Z\n"
                          "        notBefore: -1h\n");
    login(&m, ADMIN_ID);
    ask(&m, "GET", "/secrets/a", "");
    assert_str(said(&m, "value"), "null");
    assert_str(said(&m, "tags.owner"), "me \"too\"");
    assert_str(said(&m, "tags.n"), "7");
    assert_int_equal(said_int(&m, "attributes.exp"), 1893456000);
    assert_int_equal(said_int(&m, "attributes.nbf"), emulator_now(m.e) - 3600);
}

static void test_the_least_that_works(void **state)
{
    emulate_seed(&m,
                 "vaults: [{name: kv1}]\n"
                 "apps: [{name: me, secrets: [{value: x}]}]\n"
                 "roleAssignments: [{principal: me, role: Key Vault Secrets User, scope: kv1}]");
    emulate_seed(&m, "");
    emulate_seed(&m, "# nothing but a comment\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_messages),          TEST(test_a_wrong_seed_changes_nothing),
        TEST(test_applying_it_again), TEST(test_a_vault_comes_and_goes_with_what_it_holds),
        TEST(test_all_of_a_secret),   TEST(test_the_least_that_works),
    };
    return RUN(tests);
}
