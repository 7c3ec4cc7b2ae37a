/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys, certificates, their chains, and PKCS#12 archives of them.
 */
#include "test.h"

#include "codec/keys.h"
#include "codec/pkcs12.h"

static const int64_t NOW = 1700000000;

struct authority {
    EVP_PKEY *key;
    X509 *cert;
};

static struct authority make(const char *name, bool ca, const struct authority *issuer)
{
    static const struct str addresses[] = {STR_INIT("192.0.2.1"), STR_INIT("2001:db8::1")};
    static const struct str dns[] = {STR_INIT("a.example"), STR_INIT("b.example")};
    struct authority out = {.key = keys_generate(KEYS_EC_P256, NULL)};
    struct x509_request r = {.common_name = str_c(name),
                             .days = 10,
                             .now = NOW,
                             .ca = ca,
                             .key_id = true,
                             .key = out.key};
    if (!ca) {
        r.addresses = addresses;
        r.n_addresses = 2;
        r.dns_names = dns;
        r.n_dns_names = 2;
    }
    if (issuer) {
        r.issuer = issuer->cert;
        r.issuer_key = issuer->key;
    }
    AUTO(err_freep) struct err *err = NULL;
    out.cert = x509_make(&r, &err);
    if (!out.cert) {
        fail_msg("%s", err_msg(err));
    }
    return out;
}

static void authority_done(struct authority *a)
{
    keys_freep(&a->key);
    x509_freep(&a->cert);
}

static void add_name(void *arg, struct str name)
{
    buf_addf(arg, "%.*s ", STR_ARG(name));
}

static void names(void **state)
{
    (void)state;
    AUTO(authority_done) struct authority leaf = make("leaf", false, NULL);
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    assert_int_equal(x509_sans(leaf.cert, add_name, &b, NULL), 0);
    assert_buf(&b, "a.example b.example 192.0.2.1 2001:db8::1 ");
    AUTO(authority_done) struct authority ca = make("ca", true, NULL);
    buf_clear(&b);
    assert_int_equal(x509_sans(ca.cert, add_name, &b, NULL), 0);
    assert_buf(&b, "");
}

static void chains(void **state)
{
    (void)state;
    AUTO(authority_done) struct authority root = make("root", true, NULL);
    AUTO(authority_done) struct authority middle = make("middle", true, &root);
    AUTO(authority_done) struct authority leaf = make("leaf", false, &middle);
    AUTO(buf_done) struct buf pem = BUF_INIT(100000);
    assert_int_equal(x509_write_pem(&pem, root.cert, NULL), 0);
    assert_int_equal(x509_write_pem(&pem, leaf.cert, NULL), 0);
    assert_int_equal(x509_write_pem(&pem, middle.cert, NULL), 0);
    AUTO(x509_list_done) struct x509_list list = {0};
    assert_int_equal(x509_parse_pem(buf_str(&pem), &list, NULL), 0);
    assert_int_equal(list.n, 3);
    X509 *chain[3];
    size_t n;
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(x509_chain(&list, chain, &n, &err), err);
    assert_int_equal(n, 3);
    assert_ptr_equal(chain[0], list.v[1]);
    assert_ptr_equal(chain[1], list.v[2]);
    assert_ptr_equal(chain[2], list.v[0]);
    assert_true(x509_is_root(chain[2]) && !x509_is_root(chain[1]) && !x509_is_root(chain[0]));

    struct x509_list none = {0};
    assert_err(x509_chain(&none, chain, &n, &err), err, ERR_INVALID, "no leaf certificate found");
    AUTO(authority_done) struct authority other = make("other", true, NULL);
    X509 *two[] = {root.cert, other.cert};
    struct x509_list apart = {two, 2};
    assert_err(x509_chain(&apart, chain, &n, &err), err, ERR_INVALID, "multiple leaf");
    X509 *twice[] = {root.cert, middle.cert, root.cert};
    struct x509_list repeated = {twice, 3};
    assert_err(x509_chain(&repeated, chain, &n, &err), err, ERR_INVALID, "multiple leaf");
}

static void private_keys(void **state)
{
    (void)state;
    static const enum keys_kind kinds[] = {KEYS_RSA_2048, KEYS_EC_P256, KEYS_ED25519};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        AUTO(keys_freep) EVP_PKEY *key = keys_generate(kinds[i], NULL);
        AUTO(buf_done) struct buf pem = BUF_INIT_WIPE(10000);
        assert_int_equal(keys_write_private(&pem, key, NULL), 0);
        assert_true(str_starts(buf_str(&pem), STR("-----BEGIN PRIVATE KEY-----\n")));
        buf_clear(&pem);
        assert_int_equal(keys_write_traditional(&pem, key, NULL), 0);
        static const char *const labels[] = {"RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"};
        assert_true(str_find(buf_str(&pem), str_c(labels[i])) == 11);
    }
    AUTO(err_freep) struct err *err = NULL;
    assert_null(keys_parse_private(STR("garbage"), &err));
    assert_int_equal(err->kind, ERR_INVALID);
}

static void archives(void **state)
{
    (void)state;
    AUTO(authority_done) struct authority root = make("root", true, NULL);
    AUTO(authority_done) struct authority leaf = make("leaf", false, &root);
    X509 *certs[] = {leaf.cert, root.cert};
    const struct pkcs12 in = {.key = leaf.key, .certs = {certs, 2}};
    static const char *const passwords[] = {"", "secret", "pässwörd"};
    for (size_t i = 0; i < COUNT_OF(passwords); i++) {
        AUTO(buf_done) struct buf der = BUF_INIT_WIPE(100000);
        AUTO(err_freep) struct err *err = NULL;
        assert_ok(pkcs12_write(&der, &in, str_c(passwords[i]), &err), err);
        AUTO(pkcs12_done) struct pkcs12 out = {0};
        assert_ok(pkcs12_read(buf_str(&der), str_c(passwords[i]), &out, &err), err);
        assert_int_equal(out.certs.n, 2);
        AUTO(buf_done) struct buf a = BUF_INIT_WIPE(10000);
        AUTO(buf_done) struct buf b = BUF_INIT_WIPE(10000);
        assert_int_equal(keys_write_private(&a, leaf.key, NULL), 0);
        assert_int_equal(keys_write_private(&b, out.key, NULL), 0);
        assert_true(str_eq(buf_str(&a), buf_str(&b)));
        AUTO(pkcs12_done) struct pkcs12 wrong = {0};
        assert_err(pkcs12_read(buf_str(&der), STR("wrong"), &wrong, &err), err, ERR_DENIED,
                   "pkcs12: decryption password incorrect");
        for (size_t n = 0; n < der.n; n += 97) {
            AUTO(err_freep) struct err *cut = NULL;
            assert_int_equal(pkcs12_read(str_head(buf_str(&der), n), STR_EMPTY, &wrong, &cut), -1);
        }
    }
}

static void trust_stores(void **state)
{
    (void)state;
    AUTO(authority_done) struct authority root = make("root", true, NULL);
    X509 *certs[] = {root.cert};
    const struct x509_list list = {certs, 1};
    AUTO(buf_done) struct buf der = BUF_INIT_WIPE(100000);
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(pkcs12_write_trust_store(&der, &list, STR("changeit"), &err), err);
    AUTO(pkcs12_done) struct pkcs12 out = {0};
    assert_err(pkcs12_read(buf_str(&der), STR("changeit"), &out, &err), err, ERR_INVALID,
               "pkcs12: private key missing");
}

/* By the grammar each content may be absent. */
static void archives_without_content(void **state)
{
    (void)state;
    /* One part, said to be encrypted. */
    static const unsigned char part[] = {0x30, 0x23, 0x02, 0x01, 0x03, 0x30, 0x1e, 0x06, 0x09, 0x2a,
                                         0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0xa0, 0x11,
                                         0x04, 0x0f, 0x30, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86,
                                         0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06};
    /* An archive with a PBMAC1 of nothing. */
    static const unsigned char content[] = {
        0x30, 0x81, 0x89, 0x02, 0x01, 0x03, 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
        0xf7, 0x0d, 0x01, 0x07, 0x01, 0x30, 0x77, 0x30, 0x68, 0x30, 0x44, 0x06, 0x09, 0x2a,
        0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0e, 0x30, 0x37, 0x30, 0x29, 0x06, 0x09,
        0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c, 0x30, 0x1c, 0x04, 0x08, 0x73,
        0x61, 0x6c, 0x74, 0x31, 0x32, 0x33, 0x34, 0x02, 0x01, 0x01, 0x02, 0x01, 0x20, 0x30,
        0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09, 0x30, 0x0a, 0x06,
        0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09, 0x04, 0x20, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x04, 0x08, 0x73, 0x61, 0x6c, 0x74, 0x31, 0x32, 0x33, 0x34, 0x02, 0x01, 0x01};
    AUTO(pkcs12_done) struct pkcs12 out = {0};
    AUTO(err_freep) struct err *err = NULL;
    assert_err(pkcs12_read(str_n(part, sizeof(part)), STR_EMPTY, &out, &err), err, ERR_PARSE,
               "a part without content");
    AUTO(err_freep) struct err *of_mac = NULL;
    assert_err(pkcs12_read(str_n(content, sizeof(content)), STR("x"), &out, &of_mac), of_mac,
               ERR_INVALID, "PBMAC1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),        cmocka_unit_test(chains),
        cmocka_unit_test(private_keys), cmocka_unit_test(archives),
        cmocka_unit_test(trust_stores), cmocka_unit_test(archives_without_content),
    };
    return RUN(tests);
}
