/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_ca: a small certificate authority for the emulator and for tests. EC P-256 throughout: making
 * a key takes well under a millisecond, so that a test can have as many as it wants.
 */
#include <arpa/inet.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "net/tls.h"
#include "net/tls_pem.h"

#define PEM_MAX (1 << 20)
#define CA_DAYS 3650
#define DAY     (24L * 60 * 60)
#define HOUR    (60L * 60)

static void x509_freep(X509 **x)
{
    X509_free(*x);
    *x = NULL;
}

/* 127 random bits: positive, and not worth remembering which were used. */
static void set_serial(X509 *x)
{
    unsigned char bytes[16];
    must(RAND_bytes(bytes, sizeof(bytes)) == 1);
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    BIGNUM *n = BN_bin2bn(bytes, sizeof(bytes), NULL);
    must(n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)));
    BN_free(n);
}

static void set_name(X509_NAME *name, const char *common_name)
{
    /* RFC 5280 allows 64 characters. */
    struct str cn = str_head(str_c(common_name), 64);
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn.p,
                                    (int)cn.n, -1, 0) == 1);
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(e && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static X509 *new_cert(EVP_PKEY *key, const char *common_name, long not_before, long not_after)
{
    X509 *x = X509_new();
    must(x && X509_set_version(x, X509_VERSION_3) == 1);
    set_serial(x);
    must(X509_gmtime_adj(X509_getm_notBefore(x), not_before));
    must(X509_gmtime_adj(X509_getm_notAfter(x), not_after));
    set_name(X509_get_subject_name(x), common_name);
    must(X509_set_pubkey(x, key) == 1);
    return x;
}

static void sign(X509 *x, EVP_PKEY *issuer_key)
{
    must(X509_sign(x, issuer_key, EVP_sha256()) > 0);
}

static void add_bio(BIO *bio, struct buf *out)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);
    must(n > 0);
    buf_clear(out);
    buf_add(out, p, (size_t)n);
    BIO_free(bio);
}

static int write_pem(X509 *x, EVP_PKEY *key, struct buf *cert_pem, struct buf *key_pem,
                     struct err **err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio && PEM_write_bio_X509(bio, x) == 1);
    add_bio(bio, cert_pem);
    bio = BIO_new(BIO_s_secmem());
    must(bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    add_bio(bio, key_pem);
    if (!buf_ok(cert_pem) || !buf_ok(key_pem)) {
        return err_set(err, ERR_LIMIT, "no room for the certificate of a new key");
    }
    return 0;
}

int tls_make_ca(const char *common_name, struct buf *cert_pem, struct buf *key_pem,
                struct err **err)
{
    AUTO(tls_key_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    must(key);
    AUTO(x509_freep) X509 *x = new_cert(key, common_name, -HOUR, CA_DAYS * DAY);
    must(X509_set_issuer_name(x, X509_get_subject_name(x)) == 1);
    add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(x, x, NID_subject_key_identifier, "hash");
    sign(x, key);
    return write_pem(x, key, cert_pem, key_pem, err);
}

/* Not by a text for X509V3_EXT_conf_nid: a name with a comma in it would become two. */
static int add_name(GENERAL_NAMES *names, const char *name, struct err **err)
{
    unsigned char ip[16];
    int ip_size = inet_pton(AF_INET, name, ip) == 1 ? 4 : 0;
    if (ip_size == 0 && inet_pton(AF_INET6, name, ip) == 1) {
        ip_size = 16;
    }
    struct str s = str_c(name);
    if (s.n == 0 || s.n > 253 || !str_printable(s)) {
        return err_set(err, ERR_INVALID,
                       "a name for a certificate must have 1 to 253 printable ASCII characters");
    }
    GENERAL_NAME *general = GENERAL_NAME_new();
    ASN1_STRING *value =
        ip_size > 0 ? (ASN1_STRING *)ASN1_OCTET_STRING_new() : (ASN1_STRING *)ASN1_IA5STRING_new();
    must(general && value);
    must(ASN1_STRING_set(value, ip_size > 0 ? (void *)ip : (const void *)s.p,
                         ip_size > 0 ? ip_size : (int)s.n) == 1);
    GENERAL_NAME_set0_value(general, ip_size > 0 ? GEN_IPADD : GEN_DNS, value);
    must(sk_GENERAL_NAME_push(names, general) > 0);
    return 0;
}

static void names_freep(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
    *names = NULL;
}

static int add_names(GENERAL_NAMES *list, const char *const *names, size_t n, struct err **err)
{
    if (n == 0) {
        return err_set(err, ERR_INVALID, "a certificate needs at least one name");
    }
    for (size_t i = 0; i < n; i++) {
        if (add_name(list, names[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

static X509 *new_leaf(EVP_PKEY *key, const char *common_name, X509 *issuer, int days)
{
    long not_after = days * DAY;
    X509 *x = new_cert(key, common_name, MIN(-HOUR, not_after - HOUR), not_after);
    must(X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
    add_extension(x, issuer, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(x, issuer, NID_key_usage, "critical,digitalSignature");
    add_extension(x, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(x, issuer, NID_subject_key_identifier, "hash");
    add_extension(x, issuer, NID_authority_key_identifier, "keyid");
    return x;
}

int tls_make_leaf(struct str ca_cert_pem, struct str ca_key_pem, const char *const *names, size_t n,
                  int days, struct buf *cert_pem, struct buf *key_pem, struct err **err)
{
    AUTO(tls_certs_freep) STACK_OF(X509) *ca = tls_pem_certs(ca_cert_pem, err);
    AUTO(tls_key_freep) EVP_PKEY *ca_key = ca ? tls_pem_key(ca_key_pem, err) : NULL;
    AUTO(names_freep) GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
    if (!ca_key || add_names(list, names, n, err) != 0) {
        return -1;
    }
    AUTO(tls_key_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    must(key);
    AUTO(x509_freep) X509 *x = new_leaf(key, names[0], sk_X509_value(ca, 0), days);
    must(X509_add1_ext_i2d(x, NID_subject_alt_name, list, 0, 0) == 1);
    sign(x, ca_key);
    return write_pem(x, key, cert_pem, key_pem, err);
}
