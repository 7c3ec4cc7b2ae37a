/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_credential.h"

#include "test.h"

#define V1 "client.authentication.k8s.io/v1"
#define DOC(version, status)                                                                       \
    "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" version "\",\"status\":{" status "}}"

static void what_the_plugin_is_told(void **state)
{
    struct kube_exec exec = {.api_version = STR(V1)};
    struct kube_config config = {.server = STR("https://h:1"), .exec = &exec};
    AUTO(buf_done) struct buf b = BUF_INIT(4096);
    exec_info_write(&b, &config);
    assert_buf(&b, "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
                   "\",\"spec\":{\"interactive\":false}}");

    exec.provide_cluster_info = true;
    exec.cluster_config = STR("{\"a\":1}");
    config.tls.ca_pem = STR("pem");
    buf_clear(&b);
    exec_info_write(&b, &config);
    assert_buf(&b, "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
                   "\",\"spec\":{\"cluster\":{\"server\":\"https://h:1\","
                   "\"certificate-authority-data\":\"cGVt\",\"config\":{\"a\":1}},"
                   "\"interactive\":false}}");
}

static void what_it_answers(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    struct exec_credential c;
    assert_ok(exec_credential_read(&a,
                                   STR(DOC(V1, "\"token\":\"t\",\"expirationTimestamp\":"
                                               "\"1970-01-01T00:01:00Z\"")),
                                   STR(V1), &c, &err),
              err);
    assert_str(secret_str(c.token), "t");
    assert_int_equal(c.expires, NS_MIN);
    secret_unref(c.token);
    assert_ok(exec_credential_read(
                  &a, STR(DOC(V1, "\"clientCertificateData\":\"c\",\"clientKeyData\":\"k\"")),
                  STR(V1), &c, &err),
              err);
    assert_null(c.token);
    assert_str(c.cert_pem, "c");
    assert_str(c.key_pem, "k");
    assert_int_equal(c.expires, 0);
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"", "not JSON"},
        {"hello", "not JSON"},
        {"[]", "no ExecCredential"},
        {"{\"kind\":\"Pod\"}", "no ExecCredential"},
        {DOC("client.authentication.k8s.io/v1beta1", "\"token\":\"sesame\""),
         "the kubeconfig asks"},
        {DOC(V1, ""), "neither a token nor a certificate"},
        {DOC(V1, "\"token\":7"), "neither a token nor a certificate"},
        {DOC(V1, "\"clientKeyData\":\"k\""), "only one of"},
        {DOC(V1, "\"token\":\"sesame\",\"expirationTimestamp\":\"soon\""), "is no time"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
        AUTO(err_freep) struct err *err = NULL;
        struct exec_credential c;
        assert_int_equal(exec_credential_read(&a, str_c(cases[i].text), STR(V1), &c, &err), -1);
        assert_non_null(strstr(err->msg, cases[i].want));
        assert_null(strstr(err->msg, "sesame"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_plugin_is_told),
        cmocka_unit_test(what_it_answers),
        cmocka_unit_test(what_is_refused),
    };
    return RUN(tests);
}
