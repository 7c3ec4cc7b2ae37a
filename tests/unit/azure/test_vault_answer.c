/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/vault_answer.h"

#include "test.h"

#define SECRET(rest) "{\"value\":\"hunter2\"," rest "}"
#define ID           "\"id\":\"https://kv1.vault.azure.net/secrets/db-pass/3b3e4780\""

static struct arena arena;

static int setup(void **state)
{
    arena = ARENA_INIT(ARENA_WIPE);
    return 0;
}

static int teardown(void **state)
{
    arena_done(&arena);
    return 0;
}

static struct vault_value parse(enum vault_kind kind, const char *body)
{
    AUTO(err_freep) struct err *err = NULL;
    struct vault_value v;
    assert_ok(vault_answer_object(&arena, kind, str_c(body), &v, &err), err);
    return v;
}

static void test_secret(void **state)
{
    struct vault_value v = parse(
        VAULT_KIND_SECRET,
        SECRET("\"contentType\":\"text/plain\"," ID ",\"attributes\":{\"enabled\":true,\"nbf\":"
               "1772323200,\"exp\":4102444800,\"created\":1772000000,\"updated\":1772000300,"
               "\"recoveryLevel\":\"Recoverable+Purgeable\"},\"tags\":{\"owner\":\"billing\"}"));
    assert_str(v.value, "hunter2");
    assert_str(v.name, "db-pass");
    assert_str(v.version, "3b3e4780");
    assert_str(v.content_type, "text/plain");
    assert_true(v.enabled);
    assert_true(v.created == 1772000000 && v.updated == 1772000300);
    assert_true(v.expires == 4102444800 && v.not_before == 1772323200);
    assert_str(json_find_str(v.tags, "owner"), "billing");
    assert_true(v.stamp.known && !v.stamp.absent && v.stamp.enabled);

    v = parse(VAULT_KIND_SECRET, "{\"value\":\"\"}");
    assert_str(v.value, "");
    assert_str(v.name, "");
    assert_true(v.enabled && v.created == VAULT_NO_TIME && v.expires == VAULT_NO_TIME);
    assert_null(v.tags);
}

static void test_certificate_and_key(void **state)
{
    struct vault_value v =
        parse(VAULT_KIND_CERTIFICATE, "{\"id\":\"https://kv1.vault.azure.net/certificates/web/f6\","
                                      "\"cer\":\"MAEC\",\"attributes\":{\"enabled\":true}}");
    assert_int_equal(v.value.n, 3);
    assert_memory_equal(v.value.p, "\x30\x01\x02", 3);
    assert_str(v.version, "f6");
    v = parse(VAULT_KIND_KEY, "{\"key\":{\"kid\":\"https://kv1.vault.azure.net/keys/k/a1\", "
                              "\"kty\":\"RSA\"},\"attributes\":{}}");
    assert_str(v.value, "{\"kid\":\"https://kv1.vault.azure.net/keys/k/a1\", \"kty\":\"RSA\"}");
    assert_str(v.name, "k");
    assert_str(v.version, "a1");
}

static void test_malformed(void **state)
{
    static const struct {
        enum vault_kind kind;
        const char *body;
    } cases[] = {
        {VAULT_KIND_SECRET, ""},
        {VAULT_KIND_SECRET, "<html>"},
        {VAULT_KIND_SECRET, "[]"},
        {VAULT_KIND_SECRET, "{}"},
        {VAULT_KIND_SECRET, "{\"value\":7}"},
        {VAULT_KIND_SECRET, "{\"value\":\"canary"},
        {VAULT_KIND_CERTIFICATE, "{\"cer\":\"canary!\"}"},
        {VAULT_KIND_KEY, "{\"key\":\"canary\"}"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct vault_value v;
        assert_err(vault_answer_object(&arena, cases[i].kind, str_c(cases[i].body), &v, &err), err,
                   ERR_PARSE, "the vault's answer for a ");
        assert_null(strstr(err->msg, "canary"));
    }
}

static void test_stamps(void **state)
{
#define ATTR "\"attributes\":{\"created\":1,\"updated\":2}"
    struct vault_stamp base = parse(VAULT_KIND_SECRET, SECRET(ID "," ATTR)).stamp;
    static const struct {
        const char *body;
        unsigned diff;
    } cases[] = {
        {SECRET(ID "," ATTR), 0},
        {SECRET(ATTR "," ID ",\"tags\":{},\"contentType\":\"\""), 0},
        {"{\"value\":\"other\"," ID "," ATTR "}", VAULT_DIFF_VALUE},
        {SECRET("\"id\":\"https://kv1/secrets/db-pass/2\"," ATTR), VAULT_DIFF_VERSION},
        {SECRET(ID "," ATTR ",\"tags\":{\"a\":\"b\"}"), VAULT_DIFF_META},
        {SECRET(ID "," ATTR ",\"contentType\":\"a\""), VAULT_DIFF_META},
        {SECRET(ID ",\"attributes\":{\"created\":1,\"updated\":2,\"exp\":3}"), VAULT_DIFF_META},
        {SECRET(ID ",\"attributes\":{\"created\":1,\"updated\":2,\"enabled\":false}"),
         VAULT_DIFF_META},
        {SECRET(ID ",\"attributes\":{\"created\":1,\"updated\":1}"), VAULT_DIFF_TIMES},
        {SECRET(ID), VAULT_DIFF_TIMES},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct vault_stamp stamp = parse(VAULT_KIND_SECRET, cases[i].body).stamp;
        assert_int_equal(vault_stamp_diff(&base, &stamp), cases[i].diff);
        assert_int_equal(vault_stamp_diff(&stamp, &base), cases[i].diff);
    }
    struct vault_stamp none = {0};
    struct vault_stamp absent = {.known = true, .absent = true};
    assert_int_equal(vault_stamp_diff(&none, &none), 15);
    assert_int_equal(vault_stamp_diff(&none, &base), 15);
    assert_int_equal(vault_stamp_diff(&absent, &base), 15);
    assert_int_equal(vault_stamp_diff(&absent, &absent), 0);
}

/* The order of tags has no meaning. */
static void test_order_of_tags(void **state)
{
    struct vault_stamp a =
        parse(VAULT_KIND_SECRET, SECRET(ID ",\"tags\":{\"a\":\"1\",\"b\":\"2\"}")).stamp;
    struct vault_stamp b =
        parse(VAULT_KIND_SECRET, SECRET(ID ",\"tags\":{\"b\":\"2\",\"a\":\"1\"}")).stamp;
    assert_int_equal(vault_stamp_diff(&a, &b), 0);
}

static void test_pages(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct vault_page page;
    const char *body =
        "{\"value\":[{\"id\":\"https://kv1.vault.azure.net/secrets/db-pass\",\"attributes\":{"
        "\"enabled\":false,\"created\":1,\"updated\":2},\"contentType\":\"t\",\"tags\":{\"a\":"
        "\"b\"},\"managed\":true},{\"id\":\"https://kv1.vault.azure.net/secrets/x\"}],"
        "\"nextLink\":\"https://kv1.vault.azure.net:443/secrets?api-version=7.4&$skiptoken=eyJ\"}";
    assert_ok(vault_answer_page(&arena, VAULT_KIND_SECRET, str_c(body), &page, &err), err);
    assert_int_equal(page.n, 2);
    assert_str(page.items[0].name, "db-pass");
    assert_false(page.items[0].enabled);
    assert_true(page.items[0].managed && page.items[0].created == 1 && page.items[0].updated == 2);
    assert_str(json_find_str(page.items[0].tags, "a"), "b");
    assert_true(page.items[1].enabled && !page.items[1].tags);
    assert_str(page.next, "https://kv1.vault.azure.net:443/secrets?api-version=7.4&$skiptoken=eyJ");

    static const char *const ends[] = {"{\"value\":[],\"nextLink\":null}",
                                       "{\"value\":[],\"nextLink\":\"\"}", "{\"value\":[]}", "{}",
                                       "{\"value\":null}"};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        assert_ok(vault_answer_page(&arena, VAULT_KIND_KEY, str_c(ends[i]), &page, &err), err);
        assert_int_equal(page.n, 0);
        assert_int_equal(page.next.n, 0);
    }
    body = "{\"value\":[{\"kid\":\"https://kv1.vault.azure.net/keys/k1\"}]}";
    assert_ok(vault_answer_page(&arena, VAULT_KIND_KEY, str_c(body), &page, &err), err);
    assert_str(page.items[0].name, "k1");

    static const char *const bad[] = {"",
                                      "[]",
                                      "{\"value\":{}}",
                                      "{\"value\":[{}]}",
                                      "{\"value\":[7]}",
                                      "{\"value\":[],\"nextLink\":7}",
                                      "{\"value\":[{\"id\":\"https://kv1/secrets\"}]}"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_err(vault_answer_page(&arena, VAULT_KIND_SECRET, str_c(bad[i]), &page, &err), err,
                   ERR_PARSE, "the vault's answer for a secret");
    }
}

static void test_where_a_next_page_may_be(void **state)
{
    static const struct {
        const char *next;
        bool allowed;
    } cases[] = {
        {"https://kv1.vault.azure.net/secrets?$skiptoken=x", true},
        {"https://KV1.vault.azure.net:443/secrets?$skiptoken=x", true},
        {"http://kv1.vault.azure.net/secrets", false},
        {"https://kv1.vault.azure.net:8443/secrets", false},
        {"https://kv2.vault.azure.net/secrets", false},
        {"https://kv1.vault.azure.net@evil.example/secrets", false},
        {"https://kv1.vault.azure.net.evil.example/", false},
        {"/secrets?$skiptoken=x", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(
            vault_answer_next_allowed(STR("https://kv1.vault.azure.net"), str_c(cases[i].next)),
            cases[i].allowed);
    }
}

#define ERROR(code, inner, message)                                                                \
    "{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\"" inner "}}"
#define INNER(code) ",\"innererror\":{\"code\":\"" code "\"}"

static const struct error_case {
    int status;
    const char *body;
    const char *verb;
    enum vault_kind kind;
    enum err_kind expected;
    bool retryable;
    const char *text;
} errors[] = {
    {400, ERROR("BadParameter", "", "The request URI contains an invalid name: my_secret"), "get",
     VAULT_KIND_SECRET, ERR_INVALID, false,
     "get secret \"db\": the vault answered 400 BadParameter: The request URI contains an invalid "
     "name: my_secret (request id r1)"},
    {401, ERROR("Unauthorized", "", "AKV10022: Invalid audience."), "get", VAULT_KIND_SECRET,
     ERR_UNAUTHORIZED, false, "check environmentType"},
    {401, ERROR("Unauthorized", "", "AKV10032: Invalid issuer."), "get", VAULT_KIND_SECRET,
     ERR_UNAUTHORIZED, false, "check tenantId"},
    {401, "", "get", VAULT_KIND_SECRET, ERR_UNAUTHORIZED, false, "does not take the identity's"},
    {403,
     ERROR("Forbidden", INNER("ForbiddenByRbac"),
           "Caller is not authorized to perform action on resource.\\r\\nIf role assignments were "
           "changed recently, wait.\\r\\nCaller: appid=a1;oid=o1\\r\\nAction: "
           "'Microsoft.KeyVault/vaults/secrets/getSecret/action'\\r\\nVault: kv1"),
     "get", VAULT_KIND_SECRET, ERR_DENIED, false,
     "get secret \"db\": the vault answered 403 ForbiddenByRbac: Caller is not authorized to "
     "perform action on resource.: Caller: appid=a1;oid=o1: Action: "
     "'Microsoft.KeyVault/vaults/secrets/getSecret/action': the identity needs the role \"Key "
     "Vault "
     "Secrets User\" (a new assignment takes some minutes) (request id r1)"},
    {403, ERROR("Forbidden", INNER("ForbiddenByRbac"), ""), "set", VAULT_KIND_SECRET, ERR_DENIED,
     false, "Key Vault Secrets Officer"},
    {403, ERROR("Forbidden", INNER("ForbiddenByRbac"), ""), "list", VAULT_KIND_CERTIFICATE,
     ERR_DENIED, false, "Key Vault Certificate User"},
    {403, ERROR("Forbidden", INNER("AccessDenied"), "x"), "list", VAULT_KIND_SECRET, ERR_DENIED,
     false, "the permission \"list\" for secrets in the vault's access policies"},
    {403, ERROR("Forbidden", INNER("ForbiddenByPolicy"), "x"), "get", VAULT_KIND_SECRET, ERR_DENIED,
     false, "bound to an application"},
    {403,
     ERROR("Forbidden", INNER("ForbiddenByFirewall"),
           "Client address is not authorized.\\r\\nClient address: 203.0.113.7"),
     "get", VAULT_KIND_SECRET, ERR_DENIED, false,
     "Client address: 203.0.113.7: the vault's firewall"},
    {403, ERROR("Forbidden", INNER("ForbiddenByConnection"), "x"), "get", VAULT_KIND_SECRET,
     ERR_DENIED, false, "private endpoint only"},
    {403,
     ERROR("Forbidden", INNER("SecretDisabled"),
           "Operation get is not allowed on a disabled secret."),
     "get", VAULT_KIND_SECRET, ERR_DENIED, false, "it is disabled in the vault"},
    {403,
     "{\"error\":{\"code\":\"A\",\"innererror\":{\"code\":\"B\",\"innererror\":{\"code\":"
     "\"SecretDisabled\"}}}}",
     "get", VAULT_KIND_SECRET, ERR_DENIED, false, "403 SecretDisabled: it is disabled"},
    {403, ERROR("Forbidden", "", "purge protection is enabled"), "delete", VAULT_KIND_SECRET,
     ERR_DENIED, false, "purge protection is enabled"},
    {403, "<html>proxy</html>", "get", VAULT_KIND_SECRET, ERR_DENIED, false,
     "the vault answered 403 (request"},
    {409, ERROR("Conflict", INNER("ObjectIsDeletedButRecoverable"), "x"), "set", VAULT_KIND_SECRET,
     ERR_CONFLICT, false, "recover it or purge it"},
    {409, ERROR("Conflict", INNER("ObjectIsBeingDeleted"), "x"), "set", VAULT_KIND_SECRET,
     ERR_CONFLICT, true, "some seconds"},
    {429, ERROR("Throttled", "", "VaultRequestTypeLimitReached"), "get", VAULT_KIND_SECRET,
     ERR_THROTTLED, true, "asked too often"},
    {500, "", "get", VAULT_KIND_SECRET, ERR_UNAVAILABLE, true, "500"},
    {503, "<html>", "get", VAULT_KIND_SECRET, ERR_UNAVAILABLE, true, "503"},
    {501, "", "get", VAULT_KIND_SECRET, ERR_HTTP, false, "501"},
    {302, "", "get", VAULT_KIND_SECRET, ERR_HTTP, false, "302"},
    {404, ERROR("SecretNotFound", "", "Deleted Secret not found"), "delete", VAULT_KIND_SECRET,
     ERR_NOT_FOUND, false, "delete secret \"db\": the vault answered 404 SecretNotFound"},
};

static void test_errors(void **state)
{
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        const struct error_case *c = &errors[i];
        AUTO(err_freep) struct err *err = NULL;
        struct vault_tried tried = {c->verb, c->kind, STR("db"), STR_EMPTY};
        int result =
            vault_answer_error(&arena, &tried, c->status, str_c(c->body), STR("r1"), NULL, &err);
        assert_err(result, err, c->expected, c->text);
        assert_int_equal(err->status, c->status);
        assert_int_equal(err->retryable, c->retryable);
    }
}

/* The only "not found" there is; External Secrets Operator's words. */
static void test_not_found(void **state)
{
    for (int kind = 0; kind < 3; kind++) {
        AUTO(err_freep) struct err *err = NULL;
        struct str code;
        struct vault_tried tried = {"get", (enum vault_kind)kind, STR("db"), STR_EMPTY};
        vault_answer_error(&arena, &tried, 404, STR(ERROR("KeyNotFound", "", "x")), STR("r1"),
                           &code, &err);
        assert_int_equal(err->kind, ERR_NOT_FOUND);
        assert_string_equal(err->msg, "Secret does not exist");
        assert_str(code, "KeyNotFound");
    }
}

static void test_values_are_not_shown(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct vault_tried tried = {"set", VAULT_KIND_SECRET, STR("db"), STR("c4nary")};
    vault_answer_error(&arena, &tried, 400, STR(ERROR("BadParameter", "", "value c4nary is bad")),
                       STR_EMPTY, NULL, &err);
    assert_null(strstr(err->msg, "c4nary"));
    assert_string_equal(err->msg, "set secret \"db\": the vault answered 400 BadParameter");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_secret),
        T(test_certificate_and_key),
        T(test_malformed),
        T(test_stamps),
        T(test_order_of_tags),
        T(test_pages),
        T(test_where_a_next_page_may_be),
        T(test_errors),
        T(test_not_found),
        T(test_values_are_not_shown),
    };
    return RUN(tests);
}
