/* SPDX-License-Identifier: Apache-2.0
 *
 * The answers are those of kube-apiserver 1.34.4, names shortened.
 */
#include "kube/status.h"

#include "test.h"

struct status_case {
    int http;
    const char *body; /* not JSON: plain text */
    enum err_kind kind;
    bool retryable;
    enum kube_missing missing;
    const char *text;
};

#define STATUS(code, reason, message, details)                                                     \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","           \
    "\"message\":\"" message "\",\"reason\":\"" reason "\",\"details\":{" details                  \
    "},\"code\":" #code "}"

static const struct status_case cases[] = {
    {404,
     STATUS(404, "NotFound", "secrets \\\"x\\\" not found", "\"name\":\"x\",\"kind\":\"secrets\""),
     ERR_NOT_FOUND, false, KUBE_MISSING_OBJECT, "secrets \"x\" not found"},
    {404,
     STATUS(404, "NotFound", "namespaces \\\"n\\\" not found",
            "\"name\":\"n\",\"kind\":\"namespaces\""),
     ERR_NOT_FOUND, false, KUBE_MISSING_NAMESPACE, "namespaces \"n\" not found"},
    {404, STATUS(404, "NotFound", "the server could not find the requested resource", ""),
     ERR_NOT_FOUND, false, KUBE_MISSING_RESOURCE, "could not find the requested resource"},
    {404, "404 page not found\n", ERR_NOT_FOUND, false, KUBE_MISSING_RESOURCE,
     "the API server answered 404: 404 page not found"},
    {409, STATUS(409, "AlreadyExists", "secrets \\\"x\\\" already exists", "\"name\":\"x\""),
     ERR_EXISTS, false, KUBE_MISSING_NOTHING, "already exists"},
    {409, STATUS(409, "Conflict", "the object has been modified", ""), ERR_CONFLICT, true,
     KUBE_MISSING_NOTHING, "has been modified"},
    {401, STATUS(401, "Unauthorized", "Unauthorized", ""), ERR_UNAUTHORIZED, false,
     KUBE_MISSING_NOTHING, "Unauthorized"},
    {403, STATUS(403, "Forbidden", "secrets is forbidden", ""), ERR_DENIED, false,
     KUBE_MISSING_NOTHING, "secrets is forbidden"},
    {400, STATUS(400, "BadRequest", "illegal base64", ""), ERR_INVALID, false, KUBE_MISSING_NOTHING,
     "illegal base64"},
    {422, STATUS(422, "Invalid", "Secret is invalid", ""), ERR_INVALID, false, KUBE_MISSING_NOTHING,
     "Secret is invalid"},
    {410, STATUS(410, "Expired", "too old", ""), ERR_GONE, true, KUBE_MISSING_NOTHING, "too old"},
    {0, STATUS(410, "Gone", "too old resource version: 1 (2)", ""), ERR_GONE, true,
     KUBE_MISSING_NOTHING, "too old resource version: 1 (2)"},
    {429, "Too many requests, please try again later.", ERR_THROTTLED, true, KUBE_MISSING_NOTHING,
     "429: Too many requests"},
    {500, STATUS(500, "InternalError", "failed calling webhook", ""), ERR_UNAVAILABLE, true,
     KUBE_MISSING_NOTHING, "failed calling webhook"},
    {503, "apiserver is shutting down\nmore", ERR_UNAVAILABLE, true, KUBE_MISSING_NOTHING,
     "503: apiserver is shutting down"},
    {302, "<html>\x01</html>", ERR_HTTP, false, KUBE_MISSING_NOTHING,
     "the API server answered 302"},
    {502, "{\"error\":\"no\"}", ERR_UNAVAILABLE, true, KUBE_MISSING_NOTHING, "answered 502"},
};

static void answers_become_errors(void **state)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct status_case *c = &cases[i];
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        const struct json *doc =
            c->body[0] == '{' ? json_parse(&a, str_c(c->body), JSON_PLAIN, NULL) : NULL;
        struct kube_status s = kube_status_read(&a, doc, c->http, doc == NULL);
        AUTO(err_freep) struct err *err = NULL;
        assert_err(kube_status_err(&s, doc ? STR_EMPTY : str_c(c->body), &err), err, c->kind,
                   c->text);
        assert_int_equal(err->retryable, c->retryable);
        assert_int_equal(s.missing, c->missing);
        assert_int_equal(err->status, c->http ? c->http : 410);
    }
}

static void causes_and_retry_after(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct json *doc =
        json_parse(&a,
                   STR("{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"Too large "
                       "resource version: 9, "
                       "current: 2\",\"reason\":\"Timeout\",\"details\":{\"causes\":[{\"reason\":"
                       "\"ResourceVersionTooLarge\",\"message\":\"m\"},{\"reason\":\"X\",\"field\":"
                       "\".data.x\"}],"
                       "\"retryAfterSeconds\":1},\"code\":504}"),
                   JSON_PLAIN, NULL);
    struct kube_status s = kube_status_read(&a, doc, 200, false);
    assert_int_equal(s.code, 504);
    assert_int_equal(s.n_causes, 2);
    assert_true(kube_status_has_cause(&s, "ResourceVersionTooLarge"));
    assert_false(kube_status_has_cause(&s, "Y"));
    assert_str(s.causes[1].field, ".data.x");
    AUTO(err_freep) struct err *err = NULL;
    assert_int_equal(kube_status_err(&s, STR_EMPTY, &err), -1);
    assert_int_equal(err->retry_after, NS_S);
}

/* Nothing in a Status is what it should be: no crash, the HTTP status decides. */
static void takes_nonsense(void **state)
{
    static const char *const docs[] = {
        "[]",
        "null",
        "{\"kind\":\"Status\"}",
        "{\"kind\":\"Status\",\"code\":\"x\",\"details\":[],\"message\":7,\"reason\":{}}",
        "{\"kind\":\"Status\",\"code\":1e300,\"details\":{\"causes\":{\"a\":1}}}",
        "{\"kind\":\"Status\",\"details\":{\"causes\":[null,1,[]],\"retryAfterSeconds\":-5}}",
    };
    for (size_t i = 0; i < COUNT_OF(docs); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        struct kube_status s =
            kube_status_read(&a, json_parse(&a, str_c(docs[i]), JSON_PLAIN, NULL), 503, false);
        assert_int_equal(s.code, 503);
        AUTO(err_freep) struct err *err = NULL;
        assert_int_equal(kube_status_err(&s, STR_EMPTY, &err), -1);
        assert_int_equal(err->kind, ERR_UNAVAILABLE);
        assert_int_equal(err->retry_after, 0);
    }
}

/* What the API server quotes of a Secret that it does not take. */
static void values_are_hidden(void **state)
{
    static const struct {
        const char *message;
        const char *shown;
    } texts[] = {
        {"Secret \\\"s\\\" is invalid: metadata.labels: Invalid value: \\\"a\\\\\\\"b: c\\\": a "
         "valid label "
         "must be so",
         "Secret \"s\" is invalid: metadata.labels: Invalid value: (left out): a valid label must "
         "be so"},
        {"[a: Invalid value: {\\\"x\\\":1}: no, b: Unsupported value: \\\"v\\\": supported values: "
         "ok]",
         "[a: Invalid value: (left out): no, b: Unsupported value: (left out): supported values: "
         "ok]"},
        {"a: Duplicate value: \\\"v", "a: Duplicate value: (left out)"},
        {"a: Invalid value: ", "a: Invalid value: (left out)"},
        {"secrets \\\"x\\\" is forbidden: exceeded quota",
         "secrets \"x\" is forbidden: exceeded quota"},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        struct str body = arena_printf(&a,
                                       "{\"kind\":\"Status\",\"message\":\"%s\",\"details\":{"
                                       "\"causes\":[{\"message\":\"%s\",\"field\":\"f\"}]}}",
                                       texts[i].message, texts[i].message);
        const struct json *doc = json_parse(&a, body, JSON_PLAIN, NULL);
        assert_non_null(doc);
        struct kube_status s = kube_status_read(&a, doc, 422, false);
        kube_status_hide_values(&a, &s);
        assert_str(s.message, texts[i].shown);
        assert_str(s.causes[0].message, texts[i].shown);
        assert_str(s.causes[0].field, "f");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_become_errors),
        cmocka_unit_test(causes_and_retry_after),
        cmocka_unit_test(takes_nonsense),
        cmocka_unit_test(values_are_hidden),
    };
    return RUN(tests);
}
