/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/token_answer.h"

#include "test.h"

#define NOW (1772359200 * NS_S)

static void test_good_answers(void **state)
{
    static const struct {
        const char *body;
        ns_t lifetime;
        ns_t renew;
    } cases[] = {
        /* Entra ID, second version */
        {"{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,"
         "\"access_token\":\"abc\"}",
         3599 * NS_S, 0},
        /* metadata service: numbers as strings */
        {"{\"access_token\":\"abc\",\"expires_in\":\"86399\",\"expires_on\":\"1772445599\","
         "\"refresh_in\":\"43199\"}",
         86399 * NS_S, 43199 * NS_S},
        /* App Service may leave out expires_in */
        {"{\"access_token\":\"abc\",\"expires_on\":1772359800}", 600 * NS_S, 0},
        {"{\"access_token\":\"abc\",\"expires_on\":\"100\"}", 0, 0},
        {"{\"access_token\":\"abc\",\"expires_in\":1e12}", 7 * 24 * NS_H, 0},
        {"{\"access_token\":\"abc\",\"expires_in\":10.9,\"refresh_in\":11}", 10 * NS_S, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct token_answer answer;
        assert_ok(token_answer_parse(str_c(cases[i].body), NOW, &answer, &err), err);
        assert_str(secret_str(answer.token), "abc");
        assert_true(answer.lifetime == cases[i].lifetime);
        assert_true(answer.renew_in == cases[i].renew);
        secret_unref(answer.token);
    }
}

static void test_bad_answers(void **state)
{
    static const char *const bodies[] = {
        "",
        "<html>",
        "[]",
        "null",
        "{\"expires_in\":3599}",
        "{\"access_token\":\"\",\"expires_in\":3599}",
        "{\"access_token\":7,\"expires_in\":3599}",
        "{\"access_token\":\"a b\",\"expires_in\":3599}",
        "{\"access_token\":\"a\\r\\nX-Y: z\",\"expires_in\":3599}",
        "{\"access_token\":\"abc\"}",
        "{\"access_token\":\"abc\",\"expires_in\":-1}",
        "{\"access_token\":\"abc\",\"expires_in\":null,\"expires_on\":\"06/20/2019\"}",
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct token_answer answer;
        assert_err(token_answer_parse(str_c(bodies[i]), NOW, &answer, &err), err, ERR_PARSE,
                   "answer of the token endpoint");
    }
}

static void test_codes(void **state)
{
    static const struct {
        int status;
        const char *code;
        enum err_kind kind;
        const char *remedy;
    } cases[] = {
        {401, "7000215", ERR_UNAUTHORIZED, "the client secret is wrong"},
        {401, "7000222", ERR_UNAUTHORIZED, "has expired: make a new one"},
        {400, "700016", ERR_UNAUTHORIZED, "check clientId and tenantId"},
        {401, "700027", ERR_UNAUTHORIZED, "certificate is not registered"},
        {401, "700024", ERR_UNAUTHORIZED, "check the clock"},
        {400, "70021", ERR_UNAUTHORIZED, "no federated credential matches"},
        {401, "700211", ERR_UNAUTHORIZED, "OIDC issuer"},
        {401, "700212", ERR_UNAUTHORIZED, "audience does not match"},
        {401, "700213", ERR_UNAUTHORIZED, "system:serviceaccount:NAMESPACE:NAME"},
        {400, "90002", ERR_UNAUTHORIZED, "no such tenant"},
        {400, "500011", ERR_INVALID, "another cloud"},
        {400, "53003", ERR_DENIED, "Conditional Access"},
        {400, "90033", ERR_UNAVAILABLE, "goes by itself"},
        {400, "50196", ERR_THROTTLED, "too many"},
        {429, "7000215", ERR_THROTTLED, "429"},
        {400, "99999999", ERR_UNAUTHORIZED, "Some words."},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        AUTO(freep) char *body = xasprintf("{\"error\":\"e\",\"error_description\":\"AADSTS%s: "
                                           "Some words. Trace ID: 1 Correlation "
                                           "ID: 2\",\"correlation_id\":\"2\"}",
                                           cases[i].code);
        int result = token_answer_error(cases[i].status, str_c(body), STR_EMPTY, NULL, &err);
        assert_err(result, err, cases[i].kind, cases[i].remedy);
        assert_int_equal(err->status, cases[i].status);
        assert_non_null(strstr(err->msg, "Some words.: ") ?: strstr(err->msg, "Some words. ("));
        assert_null(strstr(err->msg, "Trace"));
    }
}

static void test_errors_in_other_shapes(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {502, "<html>Bad Gateway</html>", ERR_UNAVAILABLE, "answered with 502"},
        {408, "", ERR_TIMEOUT, "408"},
        {403, "{}", ERR_DENIED, "403"},
        {418, "", ERR_HTTP, "418"},
        {400, "{\"error\":\"invalid_scope\"}", ERR_UNAUTHORIZED, "400: invalid_scope: hint"},
        {401, "{\"error\":\"x\",\"error_codes\":[7000222]}", ERR_UNAUTHORIZED, "has expired"},
        {400, "{\"error_description\":\"AADSTS\"}", ERR_UNAUTHORIZED, "AADSTS: hint"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        int result =
            token_answer_error(cases[i].status, str_c(cases[i].body), STR_EMPTY, "hint", &err);
        assert_err(result, err, cases[i].kind, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_answers),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_errors_in_other_shapes),
    };
    return RUN(tests);
}
