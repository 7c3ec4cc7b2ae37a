/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/ssl.h>

#include "net/tls.h"
#include "net/tls_pem.h"

/* ALPN: we speak HTTP/1.1. A client that offers only other protocols gets no answer to its offer,
 * as from a server without ALPN, and then usually speaks HTTP/1.1 too. */
static int pick_protocol(SSL *ssl UNUSED, const unsigned char **out, unsigned char *out_n,
                         const unsigned char *in, unsigned in_n, void *arg UNUSED)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *picked;
    if (SSL_select_next_proto(&picked, out_n, ours, sizeof(ours) - 1, in, in_n) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = picked;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    must(ctx);
    must(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
    /* A client that closes without a close_notify is not worth an error: HTTP has lengths. */
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* Idle connections then cost no record buffers (34 KB each). */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    must(SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"pawl", 4) == 1);
    SSL_CTX_set_alpn_select_cb(ctx, pick_protocol, NULL);
    return ctx;
}

SSL_CTX *tls_server_context(struct str cert_chain_pem, struct str key_pem, struct err **err)
{
    AUTO(tls_certs_freep) STACK_OF(X509) *certs = tls_pem_certs(cert_chain_pem, err);
    AUTO(tls_key_freep) EVP_PKEY *key = certs ? tls_pem_key(key_pem, err) : NULL;
    if (!key) {
        return NULL;
    }
    SSL_CTX *ctx = new_context();
    if (tls_use_certificate(ctx, certs, key, err) != 0) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

void tls_context_free(SSL_CTX *ctx)
{
    SSL_CTX_free(ctx);
}

/* ---- SNI ---- */

struct sni {
    SSL_CTX *(*pick)(void *arg, struct str name);
    void *arg;
};

static void free_sni(void *parent UNUSED, void *ptr, CRYPTO_EX_DATA *ad UNUSED, int idx UNUSED,
                     long argl UNUSED, void *argp UNUSED)
{
    free(ptr);
}

static int sni_index(void)
{
    static int index = -1;
    if (index < 0) {
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_sni);
        must(index >= 0);
    }
    return index;
}

static int on_server_name(SSL *ssl, int *alert UNUSED, void *arg)
{
    struct sni *sni = arg;
    struct str name = str_c(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    SSL_CTX *picked = name.n > 0 ? sni->pick(sni->arg, name) : NULL;
    if (picked) {
        SSL_set_SSL_CTX(ssl, picked);
    }
    return SSL_TLSEXT_ERR_OK;
}

void tls_server_set_sni(SSL_CTX *ctx, SSL_CTX *(*pick)(void *arg, struct str name), void *arg)
{
    struct sni *sni = SSL_CTX_get_ex_data(ctx, sni_index());
    if (!sni) {
        sni = xcalloc(1, sizeof(*sni));
        must(SSL_CTX_set_ex_data(ctx, sni_index(), sni) == 1);
    }
    *sni = (struct sni){.pick = pick, .arg = arg};
    SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(ctx, sni);
}
