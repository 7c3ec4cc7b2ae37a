/* SPDX-License-Identifier: Apache-2.0
 *
 * The webhook's answers, its certificate, and the patches that make the API server trust it.
 */
#include "test.h"

#include "app/admission.h"
#include "app/serving_cert.h"
#include "app/webhook_certs.h"
#include "base/clock.h"

#define NAME "eso-webhook.eso.svc"

/* ---- answers ---- */

static void everything_is_admitted(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(10000);
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(admission_answer(STR("{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io"
                                   "/v1\",\"request\":{\"uid\":\"a-b\",\"object\":{}}}"),
                               &out, &err),
              err);
    assert_buf(&out, "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                     "\"response\":{\"uid\":\"a-b\",\"allowed\":true}}");
}

static void what_is_no_review(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err_kind kind;
    } rows[] = {{"", ERR_PARSE},
                {"{", ERR_PARSE},
                {"[]", ERR_INVALID},
                {"{\"kind\":\"AdmissionReview\"}", ERR_INVALID},
                {"{\"kind\":\"Pod\",\"request\":{\"uid\":\"x\"}}", ERR_INVALID}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT(10000);
        AUTO(err_freep) struct err *err = NULL;
        assert_err(admission_answer(str_c(rows[i].text), &out, &err), err, rows[i].kind, "");
        assert_buf(&out, "");
    }
}

/* Half an answer would be a webhook that fails, with the status of one that has admitted. */
static void an_answer_that_does_not_fit_is_an_error(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(50);
    AUTO(err_freep) struct err *err = NULL;
    assert_err(admission_answer(STR("{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission."
                                    "k8s.io/v1\",\"request\":{\"uid\":\"a-b\"}}"),
                                &out, &err),
               err, ERR_LIMIT, "uid");
}

/* ---- certificates ---- */

static struct serving_cert made(void)
{
    struct serving_cert c = SERVING_CERT_INIT;
    AUTO(buf_done) struct buf ca_key = BUF_INIT_WIPE(SERVING_CERT_MAX);
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(serving_cert_make("external-secrets", NAME, &c, &ca_key, &err), err);
    assert_true(ca_key.n > 0);
    return c;
}

static void a_certificate_of_our_own(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct serving_cert c = made();
    ns_t now = clock_real();
    assert_ok(serving_cert_check(&c, NAME, now, &err), err);
    assert_ok(serving_cert_check(&c, NAME, now + 9 * 365 * 24 * NS_H, &err), err);
    serving_cert_done(&c);
}

static void a_bad_certificate(void **state)
{
    (void)state;
    struct serving_cert c = made();
    struct serving_cert other = made();
    ns_t now = clock_real();
    struct serving_cert mixed[] = {
        {.cert = c.cert, .key = other.key, .ca = c.ca},
        {.cert = c.cert, .key = c.key, .ca = other.ca},
        c,
        c,
        c,
        {.cert = other.ca, .key = c.key, .ca = c.ca},
    };
    const struct {
        const char *name;
        ns_t at;
        const char *part;
    } rows[] = {{NAME, now, ""},
                {NAME, now, "the certificate is not good"},
                {"other.eso.svc", now, "is not for other.eso.svc"},
                {NAME, now + 11 * 365 * 24 * NS_H, "has expired"},
                {NAME, now - 24 * NS_H, "is not valid yet"},
                {NAME, now, ""}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(err_freep) struct err *err = NULL;
        assert_err(serving_cert_check(&mixed[i], rows[i].name, rows[i].at, &err), err, ERR_TLS,
                   rows[i].part);
    }
    serving_cert_done(&c);
    serving_cert_done(&other);
}

static void without_an_authority_dates_and_name_count(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct serving_cert c = made();
    buf_clear(&c.ca);
    assert_ok(serving_cert_check(&c, NAME, clock_real(), &err), err);
    serving_cert_done(&c);
}

/* ---- patches ---- */

static struct str patch_of(struct arena *a, const char *webhooks)
{
    struct str doc =
        arena_printf(a, "{'metadata':{'resourceVersion':'7'},'webhooks':[%s]}", webhooks);
    char *copy = arena_dup(a, doc);
    for (char *c = copy; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    const struct json *configuration = json_parse(a, str_c(copy), JSON_PLAIN, NULL);
    assert_non_null(configuration);
    return webhook_certs_patch(a, configuration, STR("PEM"), "eso-webhook", "eso");
}

#define SERVICE(name, ns) "'service':{'name':'" name "','namespace':'" ns "','path':'/x'}"

static void what_lacks_the_authority_gets_it(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    assert_str(
        patch_of(&a,
                 "{'name':'validate.secretstore.external-secrets.io','clientConfig':{" SERVICE(
                     "eso-webhook",
                     "eso") "}},"
                            "{'name':'other.example.com','clientConfig':{}},"
                            "{'name':'validate.externalsecret.external-secrets.io','clientConfig':"
                            "{'caBundle':'b2xk'," SERVICE("old", "eso") "}}"),
        "[{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"},"
        "{\"op\":\"add\",\"path\":\"/webhooks/0/clientConfig/caBundle\",\"value\":\"UEVN\"},"
        "{\"op\":\"add\",\"path\":\"/webhooks/2/clientConfig/caBundle\",\"value\":\"UEVN\"},"
        "{\"op\":\"add\",\"path\":\"/webhooks/2/clientConfig/service/name\","
        "\"value\":\"eso-webhook\"}]");
}

static void what_has_it_is_left_alone(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    assert_null(
        patch_of(&a, "{'name':'x.external-secrets.io','clientConfig':{'caBundle':'UEVN'," SERVICE(
                         "eso-webhook", "eso") "}}")
            .p);
    assert_null(patch_of(&a, "").p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_admitted),
        cmocka_unit_test(what_is_no_review),
        cmocka_unit_test(an_answer_that_does_not_fit_is_an_error),
        cmocka_unit_test(a_certificate_of_our_own),
        cmocka_unit_test(a_bad_certificate),
        cmocka_unit_test(without_an_authority_dates_and_name_count),
        cmocka_unit_test(what_lacks_the_authority_gets_it),
        cmocka_unit_test(what_has_it_is_left_alone),
    };
    return RUN(tests);
}
