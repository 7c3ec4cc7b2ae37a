/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a client would take a certificate, asked before it is served.
 */
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "net/tls.h"
#include "net/tls_pem.h"

static void store_freep(X509_STORE **store)
{
    X509_STORE_free(*store);
}

static void context_freep(X509_STORE_CTX **ctx)
{
    X509_STORE_CTX_free(*ctx);
}

static int check_times(X509 *leaf, time_t at, struct err **err)
{
    time_t when = at;
    if (X509_cmp_time(X509_get0_notBefore(leaf), &when) > 0) {
        return err_set(err, ERR_TLS, "the certificate is not valid yet");
    }
    if (X509_cmp_time(X509_get0_notAfter(leaf), &when) < 0) {
        return err_set(err, ERR_TLS, "the certificate has expired");
    }
    return 0;
}

static int check_chain(STACK_OF(X509) * chain, struct str ca_pem, time_t at, struct err **err)
{
    AUTO(tls_certs_freep) STACK_OF(X509) *authorities = tls_pem_certs(ca_pem, err);
    if (!authorities) {
        return err_wrap(err, "the authority");
    }
    AUTO(store_freep) X509_STORE *store = X509_STORE_new();
    AUTO(context_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    must(store && ctx);
    for (int i = 0; i < sk_X509_num(authorities); i++) {
        must(X509_STORE_add_cert(store, sk_X509_value(authorities, i)) == 1);
    }
    must(X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain) == 1);
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), at);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    if (X509_verify_cert(ctx) != 1) {
        int why = X509_STORE_CTX_get_error(ctx);
        return err_set(err, ERR_TLS, "the certificate is not good: %s",
                       X509_verify_cert_error_string(why));
    }
    return 0;
}

int tls_check_leaf(struct str cert_chain_pem, struct str ca_pem, const char *name, int64_t at,
                   struct err **err)
{
    AUTO(tls_certs_freep) STACK_OF(X509) *chain = tls_pem_certs(cert_chain_pem, err);
    if (!chain) {
        return -1;
    }
    X509 *leaf = sk_X509_value(chain, 0);
    if (X509_check_host(leaf, name, strlen(name), 0, NULL) != 1) {
        return err_set(err, ERR_TLS, "the certificate is not for %s", name);
    }
    if (check_times(leaf, (time_t)at, err) != 0) {
        return -1;
    }
    return ca_pem.n > 0 ? check_chain(chain, ca_pem, (time_t)at, err) : 0;
}
