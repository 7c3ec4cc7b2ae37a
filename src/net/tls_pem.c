/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "net/tls_pem.h"

int tls_fail(struct err **err, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    err_set(err, ERR_TLS, "%s: %s", what, reason ? reason : "unknown error");
    ERR_clear_error();
    return -1;
}

void tls_certs_free(STACK_OF(X509) * certs)
{
    sk_X509_pop_free(certs, X509_free);
}

void tls_certs_freep(STACK_OF(X509) * *certs)
{
    tls_certs_free(*certs);
    *certs = NULL;
}

void tls_key_freep(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
    *key = NULL;
}

/* Instead of OpenSSL's own, which asks on the terminal. */
static int no_passphrase(char *out UNUSED, int size UNUSED, int writing UNUSED, void *arg UNUSED)
{
    return -1;
}

/* Read-only, without a copy. */
static BIO *open_pem(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.n > 0 ? pem.p : "", (int)MIN(pem.n, (size_t)INT32_MAX));
    must(bio);
    return bio;
}

STACK_OF(X509) * tls_pem_certs(struct str pem, struct err **err)
{
    STACK_OF(X509) *certs = sk_X509_new_null();
    must(certs);
    BIO *bio = open_pem(pem);
    for (X509 *x; (x = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL));) {
        must(sk_X509_push(certs, x) > 0);
    }
    BIO_free(bio);
    /* The end of the text is reported as a missing start line. */
    unsigned long last = ERR_peek_last_error();
    bool ended = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    if (ended && sk_X509_num(certs) > 0) {
        ERR_clear_error();
        return certs;
    }
    tls_certs_free(certs);
    if (ended) {
        ERR_clear_error();
        err_set(err, ERR_TLS, "no certificate in the PEM text (no BEGIN CERTIFICATE line)");
    } else {
        tls_fail(err, "bad certificate in the PEM text");
    }
    return NULL;
}

EVP_PKEY *tls_pem_key(struct str pem, struct err **err)
{
    BIO *bio = open_pem(pem);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (!key) {
        tls_fail(err, "no usable private key in the PEM text (it must not be encrypted)");
    }
    return key;
}

int tls_use_certificate(SSL_CTX *ctx, STACK_OF(X509) * certs, EVP_PKEY *key, struct err **err)
{
    if (SSL_CTX_use_certificate(ctx, sk_X509_value(certs, 0)) != 1) {
        return tls_fail(err, "cannot use the certificate");
    }
    for (int i = 1; i < sk_X509_num(certs); i++) {
        must(SSL_CTX_add1_chain_cert(ctx, sk_X509_value(certs, i)) == 1);
    }
    if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1) {
        return tls_fail(err, "the private key does not belong to the certificate");
    }
    return 0;
}
