/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands around the vaults: managed identity, the resource manager, faults, the admin API.
 */
#include "emulate.h"

#include "base/clock.h"
#include "base/num.h"
#include "emulator/faults.h"
#include "emulator/token.h"

#define LOGIN "login.microsoftonline.com"
#define V2    "/" TENANT "/oauth2/v2.0/token"
#define ARM   "management.azure.com"
#define ONE   "bbbbbbbb-0000-4000-8000-000000000001"
#define TWO   "bbbbbbbb-0000-4000-8000-000000000002"
#define HEAD                                                                                       \
    "tenants: [{id: " TENANT ", name: t, domain: t.example}]\n"                                    \
    "subscriptions: [{id: cccccccc-0000-4000-8000-000000000001, name: demo}]\n"                    \
    "vaults: [{name: kv1}]\n"                                                                      \
    "apps: [{name: admin, clientId: " ADMIN_ID ", secrets: [{value: '" SECRET "'}]}]\n"            \
    "roleAssignments: [{principal: admin, role: Key Vault Administrator, scope: /}]\n"

static struct emulate m;

static int setup(void **state)
{
    emulate_init(&m, HEAD "identities: [{name: one, clientId: " ONE
                          ", principalId: dddddddd-0000-4000-8000-000000000001, resourceGroup: "
                          "rg}]\n");
    return 0;
}

static int teardown(void **state)
{
    emulate_done(&m);
    return 0;
}

static void with_header(const char *line)
{
    m.headers[0] = str_c(line);
    m.n_headers = line ? 1 : 0;
}

/* ---- managed identity ---- */

#define IMDS "/metadata/identity/oauth2/token"
#define R    "resource=https://vault.azure.net"

static void test_imds(void **state)
{
    struct token_claims claims = {0};
    with_header("Metadata: true");
    ask_host(&m, "GET", "msi", IMDS "/?api-version=2018-02-01&" R, "");
    assert_int_equal(m.answer.status, 200);
    assert_str(said(&m, "client_id"), ONE);
    assert_str(said(&m, "resource"), "https://vault.azure.net");
    static const char *const strings[] = {"expires_in", "expires_on", "not_before"};
    for (size_t i = 0; i < COUNT_OF(strings); i++) {
        int64_t n;
        assert_true(num_parse_i64(said(&m, strings[i]), &n)); /* strings that are numbers */
    }
    assert_int_equal(token_check(m.e->keys, &m.answer.arena, said(&m, "access_token"), &claims),
                     TOKEN_OK);
    assert_int_equal(claims.exp, emulator_now(m.e) + 86400);
    assert_str(claims.oid, "dddddddd-0000-4000-8000-000000000001");
}

static void test_imds_refuses(void **state)
{
    static const struct {
        const char *header, *target;
        int status;
        const char *error;
    } cases[] = {
        {NULL, IMDS "?" R, 400, "bad_request_102"},
        {"Metadata: true", IMDS, 400, "invalid_resource"},
        {"Metadata: true", IMDS "?resource=https://nowhere.example", 400, "invalid_resource"},
        {"Metadata: true", IMDS "?" R "&client_id=x", 400, "invalid_request"},
        {"Metadata: true", "/metadata/instance", 404, "not_found"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        with_header(cases[i].header);
        ask_host(&m, "GET", "msi", cases[i].target, "");
        assert_int_equal(m.answer.status, cases[i].status);
        assert_str(said(&m, "error"), cases[i].error);
    }
}

static void test_which_identity(void **state)
{
    static const struct {
        const char *query, *client; /* NULL: refused */
    } cases[] = {
        {"", NULL}, /* there are two */
        {"&client_id=" TWO, TWO},
        {"&object_id=dddddddd-0000-4000-8000-000000000002", TWO},
        {"&principal_id=DDDDDDDD-0000-4000-8000-000000000002", TWO},
        {"&msi_res_id=/subscriptions/cccccccc-0000-4000-8000-000000000001/resourcegroups/RG/"
         "providers/Microsoft.ManagedIdentity/userAssignedIdentities/two",
         TWO},
        {"&mi_res_id=%2Fsubscriptions%2Fcccccccc-0000-4000-8000-000000000001%2FresourceGroups%2Frg"
         "%2Fproviders%2FMicrosoft.ManagedIdentity%2FuserAssignedIdentities%2Fone",
         ONE},
        {"&client_id=" ADMIN_ID, NULL}, /* an application is no managed identity */
    };
    emulate_seed(&m, HEAD "identities:\n"
                          "  - {name: one, clientId: " ONE ", resourceGroup: rg}\n"
                          "  - {name: two, clientId: " TWO
                          ", principalId: dddddddd-0000-4000-8000-000000000002, resourceGroup: "
                          "rg}\n");
    with_header("Metadata: true");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(freep) char *target = xasprintf(IMDS "?" R "%s", cases[i].query);
        ask_host(&m, "GET", "msi", target, "");
        assert_int_equal(m.answer.status, cases[i].client ? 200 : 400);
        if (cases[i].client) {
            assert_str(said(&m, "client_id"), cases[i].client);
        }
    }
    m.e->config.msi_identity = "two";
    ask_host(&m, "GET", "msi", IMDS "?" R, "");
    assert_str(said(&m, "client_id"), TWO);
}

static void test_app_service_and_cloud_shell(void **state)
{
    with_header("X-IDENTITY-HEADER: anything");
    ask_host(&m, "GET", "msi", "/msi/token?api-version=2019-08-01&" R, "");
    assert_int_equal(m.answer.status, 200);
    m.e->config.msi_header = "exactly";
    ask_host(&m, "GET", "msi", "/msi/token?api-version=2019-08-01&" R, "");
    assert_int_equal(m.answer.status, 401);
    with_header("Metadata: true");
    ask_host(&m, "POST", "msi", "/msi/token", R);
    assert_int_equal(m.answer.status, 200);
    assert_true(said(&m, "expires_on").n > 0);
}

/* ---- resource manager ---- */

static void arm_login(const char *scope)
{
    AUTO(freep)
    char *form = xasprintf("grant_type=client_credentials&client_id=" ADMIN_ID
                           "&client_secret=" SECRET "&scope=%s",
                           scope);
    free(TAKE(m.token));
    assert_int_equal(ask_token(&m, V2, form), 200);
    m.token = str_dup(said(&m, "access_token"));
}

static void test_subscriptions(void **state)
{
    static const char *const scopes[] = {"https://management.azure.com//.default",
                                         "https://management.core.windows.net//.default",
                                         "https://management.azure.com/.default"};
    for (size_t i = 0; i < COUNT_OF(scopes); i++) {
        arm_login(scopes[i]);
        ask_host(&m, "GET", ARM, "/subscriptions?api-version=2022-12-01", "");
        assert_int_equal(m.answer.status, 200);
        const struct json *first = json_at(json_get(m.answer.json, "value"), 0);
        assert_str(json_find_str(first, "subscriptionId"), "cccccccc-0000-4000-8000-000000000001");
        assert_str(json_find_str(first, "tenantId"), TENANT);
        assert_str(json_find_str(first, "displayName"), "demo");
    }
    ask_host(&m, "GET", ARM, "/tenants?api-version=2022-12-01", "");
    const struct json *tenant = json_at(json_get(m.answer.json, "value"), 0);
    assert_str(json_find_str(tenant, "defaultDomain"), "t.example");
    ask_host(&m, "GET", ARM, "/subscriptions/CCCCCCCC-0000-4000-8000-000000000001", "");
    assert_int_equal(m.answer.status, 200);
    ask_host(&m, "GET", ARM, "/subscriptions/x", "");
    assert_int_equal(m.answer.status, 404);
}

static void test_arm_checks_tokens(void **state)
{
    ask_host(&m, "GET", ARM, "/subscriptions", "");
    assert_int_equal(m.answer.status, 401);
    assert_true(header(&m, "WWW-Authenticate").n > 0);
    login(&m, ADMIN_ID); /* a token for the vault */
    ask_host(&m, "GET", ARM, "/subscriptions", "");
    assert_int_equal(m.answer.status, 401);
    assert_str(said(&m, "error.code"), "InvalidAuthenticationTokenAudience");
    free(TAKE(m.token));
    ask_host(&m, "GET", ARM, "/metadata/endpoints?api-version=2015-01-01", "");
    assert_int_equal(m.answer.status, 200);
    assert_str(said(&m, "authentication.loginEndpoint"), "https://" LOGIN);
}

static void test_unknown_hosts(void **state)
{
    static const char *const hosts[] = {"example.org", "vault.azure.net", "a.b.vault.azure.net", "",
                                        "[::1]:443",   ".vault.azure.net"};
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        ask_host(&m, "GET", hosts[i], "/secrets", "");
        assert_int_equal(m.answer.status, 404);
        assert_str(said(&m, "error.code"), "UnknownHost");
    }
    ask_host(&m, "GET", "LOGIN.MicrosoftOnline.com", "/adfs/.well-known/openid-configuration", "");
    assert_int_equal(m.answer.status, 200);
}

/* ---- faults ---- */

static void add_fault(const char *rule)
{
    ask_host(&m, "POST", "admin", "/faults", rule);
    assert_int_equal(m.answer.status, 200);
}

static void test_globs(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"*", "", true},      {"*", "abc", true},    {"a*c", "abc", true}, {"a*c", "ABBC", true},
        {"a*c", "ab", false}, {"*b*", "abc", true},  {"", "", true},       {"", "a", false},
        {"a**", "a", true},   {"*a*a", "aXa", true}, {"*a*a", "a", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(glob_matches(str_c(cases[i].pattern), str_c(cases[i].text)),
                         cases[i].matches);
    }
}

static void test_faults_at_a_vault(void **state)
{
    static const struct {
        const char *rule;
        int status;
        const char *code, *inner;
    } cases[] = {
        {"{\"status\":429,\"retryAfter\":7}", 429, "Throttled", ""},
        {"{\"status\":401}", 401, "Unauthorized", ""},
        {"{\"status\":403,\"code\":\"ForbiddenByFirewall\"}", 403, "Forbidden",
         "ForbiddenByFirewall"},
        {"{\"status\":403,\"code\":\"ForbiddenByRbac\"}", 403, "Forbidden", "ForbiddenByRbac"},
        {"{\"status\":503}", 503, "ServiceUnavailable", ""},
        {"{\"status\":418,\"code\":\"Teapot\"}", 418, "Teapot", ""},
    };
    login(&m, ADMIN_ID);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        add_fault(cases[i].rule);
        assert_int_equal(ask(&m, "GET", "/secrets", ""), cases[i].status);
        assert_str(said(&m, "error.code"), cases[i].code);
        assert_str(said(&m, "error.innererror.code"), cases[i].inner);
        if (i == 0) {
            assert_str(header(&m, "Retry-After"), "7");
        }
        if (cases[i].status == 401) {
            assert_true(str_starts(said(&m, "error.message"), STR("AKV10046")));
            assert_true(header(&m, "WWW-Authenticate").n > 0);
        }
        ask_host(&m, "DELETE", "admin", "/faults", "");
        assert_int_equal(ask(&m, "GET", "/secrets", ""), 200);
    }
}

static void test_whom_a_fault_meets(void **state)
{
    login(&m, ADMIN_ID);
    static const struct {
        const char *rule;
        bool meets;
    } cases[] = {
        {"{\"status\":500,\"host\":\"*.vault.azure.net\"}", true},
        {"{\"status\":500,\"host\":\"kv2.*\"}", false},
        {"{\"status\":500,\"method\":\"get\",\"path\":\"/secrets*\"}", true},
        {"{\"status\":500,\"method\":\"PUT\"}", false},
        {"{\"status\":500,\"path\":\"/keys*\"}", false},
        {"{\"status\":500,\"client\":\"" ADMIN_ID "\"}", true},
        {"{\"status\":500,\"client\":\"" USER_ID "\"}", false},
        {"{\"status\":500,\"site\":\"vault\"}", true},
        {"{\"status\":500,\"site\":\"login\"}", false},
        {"{\"status\":500,\"count\":0}", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ask_host(&m, "DELETE", "admin", "/faults", "");
        add_fault(cases[i].rule);
        assert_int_equal(ask(&m, "GET", "/secrets", ""), cases[i].meets ? 500 : 200);
    }
}

static void test_how_often(void **state)
{
    static const int wanted[] = {200, 200, 429, 200, 200, 429, 200, 200};
    login(&m, ADMIN_ID);
    add_fault("{\"status\":429,\"skip\":2,\"every\":3,\"count\":2}");
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        assert_int_equal(ask(&m, "GET", "/secrets", ""), wanted[i]);
    }
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 200); /* the third would be here: spent */
    ask_host(&m, "GET", "admin", "/faults", "");
    const struct json *rule = json_at(json_get(m.answer.json, "faults"), 0);
    assert_int_equal(json_int(json_get(rule, "hits"), 0), 2);
    assert_int_equal(json_int(json_get(rule, "seen"), 0), 9);
    ask_host(&m, "DELETE", "admin", "/faults/1", "");
    assert_int_equal(m.answer.status, 200);
    ask_host(&m, "DELETE", "admin", "/faults/1", "");
    assert_int_equal(m.answer.status, 404);
}

static void test_faults_at_the_login(void **state)
{
    add_fault("{\"aadsts\":7000222,\"site\":\"login\",\"count\":1}");
    ask_token(&m, V2, "");
    assert_int_equal(m.answer.status, 401);
    assert_int_equal(json_int(json_at(json_get(m.answer.json, "error_codes"), 0), 0), 7000222);
    add_fault("{\"aadsts\":90033,\"count\":1}");
    ask_token(&m, V2, "");
    assert_int_equal(m.answer.status, 503);
    add_fault("{\"staleToken\":true}");
    login(&m, ADMIN_ID);
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 401);
    assert_true(str_starts(said(&m, "error.message"), STR("[TokenExpired]")));
}

static void test_empty_pages(void **state)
{
    login(&m, ADMIN_ID);
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}");
    add_fault("{\"emptyPages\":2,\"path\":\"/secrets\",\"method\":\"GET\"}");
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 200);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(json_len(json_get(m.answer.json, "value")), 0);
        AUTO(freep)
        char *next = str_dup(str_from(said(&m, "nextLink"), strlen("https://" VAULT ":443")));
        ask_host(&m, "GET", VAULT, next, "");
        assert_int_equal(m.answer.status, 200);
    }
    assert_int_equal(json_len(json_get(m.answer.json, "value")), 1);
    assert_true(json_is(json_get(m.answer.json, "nextLink"), JSON_NULL));
}

static void test_rules_that_are_wrong(void **state)
{
    static const char *const rules[] = {
        "{}",
        "{\"host\":\"x\"}",
        "{\"status\":99}",
        "{\"status\":\"many\"}",
        "{\"reset\":1}",
        "{\"delay\":\"soon\"}",
        "{\"delay\":\"-1s\"}",
        "{\"what\":1,\"status\":500}",
        "[{\"status\":500},{}]", /* all or none */
        "7",
        "{",
        "",
    };
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        ask_host(&m, "POST", "admin", "/faults", rules[i]);
        assert_int_equal(m.answer.status, 400);
    }
    ask_host(&m, "GET", "admin", "/faults", "");
    assert_int_equal(json_len(json_get(m.answer.json, "faults")), 0);
}

/* ---- admin ---- */

static void test_clock(void **state)
{
    login(&m, ADMIN_ID);
    ask_host(&m, "PUT", "admin", "/clock", "{\"advance\":\"2h\"}");
    assert_int_equal(m.answer.status, 200);
    assert_str(said(&m, "offset"), "2h0m0s");
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 401); /* the token's hour is over */
    ask_host(&m, "PUT", "admin", "/clock", "{\"now\":\"2030-01-01T00:00:00Z\"}");
    assert_str(said(&m, "now"), "2030-01-01T00:00:00Z");
    ask_host(&m, "DELETE", "admin", "/clock", "");
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 200);
    static const char *const wrong[] = {"", "{}", "{\"advance\":\"x\"}", "{\"offset\":\"900000h\"}",
                                        "{\"now\":\"soon\"}"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        ask_host(&m, "PUT", "admin", "/clock", wrong[i]);
        assert_int_equal(m.answer.status, 400);
    }
}

static int64_t count_of(const char *route, int status)
{
    const struct json *rows = json_get(m.answer.json, "counts");
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *r = json_at(rows, i);
        if (str_eq_c(json_find_str(r, "route"), route) &&
            json_int(json_get(r, "status"), 0) == status) {
            return json_int(json_get(r, "count"), 0);
        }
    }
    return 0;
}

static void test_request_log(void **state)
{
    login(&m, ADMIN_ID);
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"CANARY-91c2\"}");
    ask(&m, "GET", "/secrets/s", "");
    ask(&m, "GET", "/secrets/s", "");
    ask(&m, "GET", "/secrets/none", "");
    ask_host(&m, "GET", "admin", "/requests", "");
    assert_int_equal(said_int(&m, "requests"), 5);
    assert_int_equal(said_int(&m, "tokens"), 1);
    assert_int_equal(count_of("secret get", 200), 2);
    assert_int_equal(count_of("secret get", 404), 1);
    assert_int_equal(count_of("secret set", 200), 1);
    assert_int_equal(count_of("token", 200), 1);
    assert_int_equal(json_len(json_get(m.answer.json, "recent")), 5);
    const struct json *last = json_at(json_get(m.answer.json, "recent"), 4);
    assert_str(json_find_str(last, "client"), ADMIN_ID);
    assert_str(json_find_str(last, "path"), "/secrets/none");
    assert_true(str_find(m.answer.body, STR("CANARY")) < 0);
    assert_true(str_find(m.answer.body, str_c(m.token)) < 0);
    ask_host(&m, "DELETE", "admin", "/requests", "");
    ask_host(&m, "GET", "admin", "/requests", "");
    assert_int_equal(said_int(&m, "requests"), 0);
}

static void test_settings_and_seed(void **state)
{
    ask_host(&m, "PUT", "admin", "/settings", "{\"tokenLifetime\":\"10m\",\"settle\":\"5s\"}");
    assert_int_equal(m.answer.status, 200);
    assert_str(said(&m, "settle"), "5s");
    ask_token(&m, V2,
              "grant_type=client_credentials&client_id=" ADMIN_ID "&client_secret=" SECRET
              "&scope=https://vault.azure.net/.default");
    assert_int_equal(said_int(&m, "expires_in"), 599);
    ask_host(&m, "PUT", "admin", "/settings", "{\"latency\":\"-1s\"}");
    assert_int_equal(m.answer.status, 400);
    ask_host(&m, "POST", "admin", "/seed", "vaults: [{name: kv7}]\nfaults: [{status: 500}]\n");
    assert_int_equal(m.answer.status, 200);
    ask_host(&m, "GET", "kv7.vault.azure.net", "/", "");
    assert_int_equal(m.answer.status, 500);
    ask_host(&m, "POST", "admin", "/seed", "vaults: 7\n");
    assert_int_equal(m.answer.status, 400);
    assert_true(str_find(said(&m, "error.message"), STR("seed:1: seed.vaults")) >= 0);
    ask_host(&m, "GET", "admin", "/healthz", "");
    assert_str(m.answer.body, "ok\n");
    ask_host(&m, "GET", "admin", "/what", "");
    assert_int_equal(m.answer.status, 404);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_imds),
        TEST(test_imds_refuses),
        TEST(test_which_identity),
        TEST(test_app_service_and_cloud_shell),
        TEST(test_subscriptions),
        TEST(test_arm_checks_tokens),
        TEST(test_unknown_hosts),
        TEST(test_globs),
        TEST(test_faults_at_a_vault),
        TEST(test_whom_a_fault_meets),
        TEST(test_how_often),
        TEST(test_faults_at_the_login),
        TEST(test_empty_pages),
        TEST(test_rules_that_are_wrong),
        TEST(test_clock),
        TEST(test_request_log),
        TEST(test_settings_and_seed),
    };
    return RUN(tests);
}
