/* SPDX-License-Identifier: Apache-2.0
 *
 * The certificate and key of an application, in the forms in which people have them: PEM as openssl
 * writes it, PKCS#12 as the portal and Key Vault export it, either of them once more in base64.
 *
 * External Secrets Operator takes the last certificate of a PEM text. With a chain that is the
 * issuer's, which Entra ID then refuses; here it is the one that the key belongs to.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "azure/credential_internal.h"
#include "base/encode.h"
#include "codec/jwt.h"

enum { MATERIAL_MAX = 256 << 10, CHAIN_MAX = 20 };

struct material {
    EVP_PKEY *key;
    X509 *certs[CHAIN_MAX];
    size_t n;
};

static void material_done(struct material *m)
{
    EVP_PKEY_free(m->key);
    for (size_t i = 0; i < m->n; i++) {
        X509_free(m->certs[i]);
    }
    ERR_clear_error();
}

static void add_cert(struct material *m, X509 *cert)
{
    if (m->n < CHAIN_MAX) {
        m->certs[m->n++] = cert;
    } else {
        X509_free(cert);
    }
}

static int read_block(struct material *m, const char *name, const char *header,
                      const unsigned char *der, long n, struct err **err)
{
    if (strcmp(name, PEM_STRING_X509) == 0) {
        X509 *cert = d2i_X509(NULL, &der, n);
        if (!cert) {
            return err_set(err, ERR_INVALID, "failed to decode certificate: malformed CERTIFICATE");
        }
        add_cert(m, cert);
        return 0;
    }
    if (m->key) {
        return 0;
    }
    if (strstr(header, "ENCRYPTED") || strcmp(name, PEM_STRING_PKCS8) == 0) {
        return err_set(err, ERR_INVALID,
                       "failed to decode certificate: the private key is "
                       "encrypted; store it without a password");
    }
    m->key = d2i_AutoPrivateKey(NULL, &der, n);
    if (!m->key) {
        return err_set(err, ERR_INVALID,
                       "failed to decode certificate: block \"%.60s\" is no private key", name);
    }
    return 0;
}

static int read_pem(struct material *m, struct str text, struct err **err)
{
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    must(bio);
    char *name;
    char *header;
    unsigned char *der;
    long n;
    int failed = 0;
    while (failed == 0 && PEM_read_bio(bio, &name, &header, &der, &n) == 1) {
        failed = read_block(m, name, header, der, n, err);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)n);
    }
    BIO_free(bio);
    return failed;
}

static int read_pkcs12(struct material *m, struct str der, struct err **err)
{
    const unsigned char *p = (const unsigned char *)der.p;
    PKCS12 *file = d2i_PKCS12(NULL, &p, (long)der.n);
    X509 *cert = NULL;
    STACK_OF(X509) *chain = NULL;
    /* Without a password means the empty one or none at all; PKCS12_parse tries both for "". */
    bool ok = file && PKCS12_parse(file, "", &m->key, &cert, &chain) == 1;
    PKCS12_free(file);
    if (cert) {
        add_cert(m, cert);
    }
    while (sk_X509_num(chain) > 0) {
        add_cert(m, sk_X509_shift(chain));
    }
    sk_X509_free(chain);
    return ok ? 0
              : err_set(err, ERR_INVALID,
                        "failed to decode certificate: neither PEM nor PKCS#12 without a password");
}

static bool is_pem(struct str s)
{
    return str_find(s, STR("-----BEGIN")) >= 0;
}

static int read_any(struct material *m, struct str s, struct err **err)
{
    if (is_pem(s)) {
        return read_pem(m, s, err);
    }
    if (str_starts(s, STR("\x30"))) { /* an ASN.1 sequence; '0' begins no base64 of one */
        return read_pkcs12(m, s, err);
    }
    AUTO(buf_done) struct buf bytes = BUF_INIT_WIPE(MATERIAL_MAX);
    if (base64_decode(&bytes, str_trim(s), BASE64_STD, NULL) != 0) {
        return err_set(err, ERR_INVALID,
                       "failed to decode certificate: no certificate found in PEM file");
    }
    return is_pem(buf_str(&bytes)) ? read_pem(m, buf_str(&bytes), err)
                                   : read_pkcs12(m, buf_str(&bytes), err);
}

/* NULL if the key belongs to none of the certificates. */
static X509 *find_cert(const struct material *m)
{
    for (size_t i = 0; i < m->n; i++) {
        if (X509_check_private_key(m->certs[i], m->key) == 1) {
            return m->certs[i];
        }
    }
    return NULL;
}

static int check(const struct material *m, struct err **err)
{
    if (m->n == 0) {
        return err_set(err, ERR_INVALID,
                       "failed to decode certificate: no certificate found in PEM file");
    }
    if (!m->key) {
        return err_set(err, ERR_INVALID,
                       "failed to decode certificate: no private key found in PEM file");
    }
    if (!EVP_PKEY_is_a(m->key, "RSA")) {
        return err_set(err, ERR_INVALID,
                       "failed to decode certificate: Entra ID takes RSA keys "
                       "only");
    }
    return find_cert(m) ? 0
                        : err_set(err, ERR_INVALID,
                                  "failed to decode certificate: the private key does not belong "
                                  "to the certificate");
}

int credential_read_certificate(struct str material, struct evp_pkey_st **key, struct buf *x5t,
                                struct buf *x5t_s256, struct err **err)
{
    if (material.n > MATERIAL_MAX) {
        return err_set(err, ERR_LIMIT, "failed to decode certificate: %zu bytes are too many",
                       material.n);
    }
    struct material m = {0};
    int failed = read_any(&m, material, err) != 0 || check(&m, err) != 0 ? -1 : 0;
    if (failed == 0) {
        jwt_thumbprint(find_cert(&m), HASH_SHA1, x5t);
        jwt_thumbprint(find_cert(&m), HASH_SHA256, x5t_s256);
        *key = TAKE(m.key);
    }
    material_done(&m);
    return failed;
}
