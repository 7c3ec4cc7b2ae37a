/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/tls.h"
#include "test.h"

static struct buf ca_cert;
static struct buf ca_key;

static int setup(void **state)
{
    ca_cert = BUF_INIT(10000);
    ca_key = BUF_INIT_WIPE(10000);
    return tls_make_ca("Test CA", &ca_cert, &ca_key, NULL);
}

static int teardown(void **state)
{
    buf_done(&ca_cert);
    buf_done(&ca_key);
    return 0;
}

static X509 *read_cert(const struct buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->p, (int)pem->n);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(x);
    return x;
}

/* X509_V_OK, or OpenSSL's reason. */
static int verify(const struct buf *leaf_pem, const struct buf *ca_pem)
{
    X509 *ca = read_cert(ca_pem);
    X509 *leaf = read_cert(leaf_pem);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_add_cert(store, ca);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_STORE_CTX_init(ctx, store, leaf, NULL);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
    (void)X509_verify_cert(ctx);
    int result = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(ca);
    X509_free(leaf);
    return result;
}

static void makes_certificates_that_verify(void **state)
{
    static const char *const names[] = {"*.vault.azure.net", "login.test", "127.0.0.1", "::1"};
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(10000);
    assert_ok(tls_make_leaf(buf_str(&ca_cert), buf_str(&ca_key), names, COUNT_OF(names), 30, &cert,
                            &key, &err),
              err);
    assert_int_equal(verify(&cert, &ca_cert), X509_V_OK);
    X509 *x = read_cert(&cert);
    assert_int_equal(X509_check_host(x, "shop.vault.azure.net", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(x, "a.b.vault.azure.net", 0, 0, NULL), 0);
    assert_int_equal(X509_check_host(x, "login.test", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(x, "::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(x, "127.0.0.2", 0), 0);
    X509_free(x);

    struct buf other_cert = BUF_INIT(10000);
    struct buf other_key = BUF_INIT_WIPE(10000);
    assert_ok(tls_make_ca("Test CA", &other_cert, &other_key, &err), err);
    assert_int_not_equal(verify(&cert, &other_cert), X509_V_OK);
    buf_done(&other_cert);
    buf_done(&other_key);
}

static void makes_expired_certificates(void **state)
{
    static const char *const names[] = {"a.test"};
    AUTO(buf_done) struct buf cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(10000);
    assert_int_equal(
        tls_make_leaf(buf_str(&ca_cert), buf_str(&ca_key), names, 1, -1, &cert, &key, NULL), 0);
    assert_int_equal(verify(&cert, &ca_cert), X509_V_ERR_CERT_HAS_EXPIRED);
}

static void refuses_names_that_cannot_be(void **state)
{
    static const char *const bad[] = {"", "a\nb", "\xc3\xa4.test"};
    AUTO(buf_done) struct buf cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(10000);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        AUTO(err_freep) struct err *err = NULL;
        int rc =
            tls_make_leaf(buf_str(&ca_cert), buf_str(&ca_key), &bad[i], 1, 1, &cert, &key, &err);
        assert_err(rc, err, ERR_INVALID, "1 to 253 printable");
    }
    AUTO(err_freep) struct err *err = NULL;
    int rc = tls_make_leaf(buf_str(&ca_cert), buf_str(&ca_key), bad, 0, 1, &cert, &key, &err);
    assert_err(rc, err, ERR_INVALID, "at least one name");
}

static void a_context_takes_a_chain(void **state)
{
    static const char *const names[] = {"a.test"};
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(10000);
    assert_ok(tls_make_leaf(buf_str(&ca_cert), buf_str(&ca_key), names, 1, 1, &cert, &key, &err),
              err);
    buf_add_str(&cert, buf_str(&ca_cert));
    struct ssl_ctx_st *ctx = tls_server_context(buf_str(&cert), buf_str(&key), &err);
    assert_ok(ctx ? 0 : -1, err);
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(ctx, &chain);
    assert_int_equal(sk_X509_num(chain), 1);
    tls_context_free(ctx);
}

/* Made with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes-128-cbc */
static const char encrypted_key[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                                    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhf\n"
                                    "-----END ENCRYPTED PRIVATE KEY-----\n";

static void says_what_is_wrong_with_a_pem(void **state)
{
    struct str cert = buf_str(&ca_cert);
    AUTO(buf_done) struct buf broken = BUF_INIT(10000);
    buf_add_str(&broken, cert);
    broken.p[60] = '!';
    AUTO(buf_done) struct buf half = BUF_INIT(20000);
    buf_add_str(&half, cert);
    buf_add_str(&half, buf_str(&broken));
    AUTO(buf_done) struct buf other_cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf other_key = BUF_INIT_WIPE(10000);
    assert_int_equal(tls_make_ca("Other", &other_cert, &other_key, NULL), 0);
    const struct {
        struct str cert;
        struct str key;
        const char *message;
    } rows[] = {
        {STR_EMPTY, STR_EMPTY, "no BEGIN CERTIFICATE line"},
        {STR("hello"), STR_EMPTY, "no BEGIN CERTIFICATE line"},
        {buf_str(&broken), STR_EMPTY, "bad certificate"},
        {buf_str(&half), STR_EMPTY, "bad certificate"},
        {cert, STR_EMPTY, "no usable private key"},
        {cert, cert, "no usable private key"},
        {cert, str_c(encrypted_key), "must not be encrypted"},
        {cert, buf_str(&other_key), "does not belong to the certificate"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(err_freep) struct err *err = NULL;
        assert_null(tls_server_context(rows[i].cert, rows[i].key, &err));
        assert_err(-1, err, ERR_TLS, rows[i].message);
        assert_int_equal(ERR_peek_error(), 0); /* nothing is left for the next one to find */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_certificates_that_verify),
        cmocka_unit_test(makes_expired_certificates),
        cmocka_unit_test(refuses_names_that_cannot_be),
        cmocka_unit_test(a_context_takes_a_chain),
        cmocka_unit_test(says_what_is_wrong_with_a_pem),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
