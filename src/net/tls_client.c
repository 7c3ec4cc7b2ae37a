/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_client: libcurl could read all this itself, but it parses the CA bundle again for every
 * connection when it comes from memory, and it reports what is wrong with it only then.
 *
 * The trusted CAs go into the *verify* store of a context, which takes precedence over its
 * certificate store: whatever libcurl puts into the latter decides nothing.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/tls_client.h"
#include "net/tls_pem.h"
#include "net/tls_system.h"

struct tls_client {
    X509_STORE *trusted; /* NULL: nothing is verified */
    STACK_OF(X509) * certs;
    EVP_PKEY *key;
};

static int add_pem(X509_STORE *store, struct str pem, const char *what, struct err **err)
{
    AUTO(tls_certs_freep) STACK_OF(X509) *certs = tls_pem_certs(pem, err);
    if (!certs) {
        return err_wrap(err, "%s", what);
    }
    for (int i = 0; i < sk_X509_num(certs); i++) {
        must(X509_STORE_add_cert(store, sk_X509_value(certs, i)) == 1);
    }
    return 0;
}

static int load_trusted(struct tls_client *t, const struct tls_config *config, struct err **err)
{
    t->trusted = X509_STORE_new();
    must(t->trusted);
    /* As Go does: any trusted certificate ends a chain, whether self-signed or not. */
    must(X509_STORE_set_flags(t->trusted, X509_V_FLAG_PARTIAL_CHAIN) == 1);
    int rc = config->ca_pem.n > 0 ? add_pem(t->trusted, config->ca_pem, "the CA", err)
                                  : tls_system_trust(t->trusted, err);
    if (rc == 0 && config->extra_ca_pem.n > 0) {
        rc = add_pem(t->trusted, config->extra_ca_pem, "the additional CA", err);
    }
    return rc;
}

static int load_certificate(struct tls_client *t, const struct tls_config *config, struct err **err)
{
    t->certs = tls_pem_certs(config->cert_pem, err);
    t->key = t->certs ? tls_pem_key(config->key_pem, err) : NULL;
    if (!t->key) {
        return err_wrap(err, "the client certificate");
    }
    if (X509_check_private_key(sk_X509_value(t->certs, 0), t->key) != 1) {
        ERR_clear_error();
        return err_set(err, ERR_TLS,
                       "the client certificate: the private key does not belong to it");
    }
    return 0;
}

struct tls_client *tls_client_new(const struct tls_config *config, struct err **err)
{
    struct tls_client *t = xcalloc(1, sizeof(*t));
    if ((!config->insecure && load_trusted(t, config, err) != 0) ||
        (config->cert_pem.n > 0 && load_certificate(t, config, err) != 0)) {
        tls_client_free(t);
        return NULL;
    }
    return t;
}

void tls_client_free(struct tls_client *t)
{
    if (t) {
        X509_STORE_free(t->trusted);
        tls_certs_free(t->certs);
        EVP_PKEY_free(t->key);
        free(t);
    }
}

int tls_client_apply(const struct tls_client *t, SSL_CTX *ctx)
{
    /* Idle connections then cost no record buffers (34 KB each), and hold no plain text. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    if (t->trusted && SSL_CTX_set1_verify_cert_store(ctx, t->trusted) != 1) {
        return -1;
    }
    return t->certs ? tls_use_certificate(ctx, t->certs, t->key, NULL) : 0;
}
