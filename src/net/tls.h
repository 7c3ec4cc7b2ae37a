/* SPDX-License-Identifier: Apache-2.0
 *
 * tls: server-side TLS contexts, and a small certificate authority for the emulator and tests.
 */
#ifndef PAWL_NET_TLS_H
#define PAWL_NET_TLS_H

#include "base/buf.h"
#include "base/err.h"

struct ssl_ctx_st;

/* TLS 1.2 and 1.3, ALPN http/1.1. The caller frees with tls_context_free; connections keep what
 * they need of it. */
struct ssl_ctx_st *tls_server_context(struct str cert_chain_pem, struct str key_pem,
                                      struct err **err) MUST_USE;
void tls_context_free(struct ssl_ctx_st *ctx);
/* Asks `pick` for the context of a name that a client wants (SNI); NULL keeps the default one. The
 * callback runs on the loop thread inside the handshake. */
void tls_server_set_sni(struct ssl_ctx_st *ctx,
                        struct ssl_ctx_st *(*pick)(void *arg, struct str name), void *arg);

/* A self-signed CA (EC P-256, 10 years): PEM of certificate and key, which replace the content of
 * the buffers (give BUF_INIT_WIPE for the key). */
int tls_make_ca(const char *common_name, struct buf *cert_pem, struct buf *key_pem,
                struct err **err) MUST_USE;
/* A leaf signed by the CA for the given DNS names ("*.vault.azure.net" is fine) and IP addresses,
 * valid from an hour ago for `days` (negative: already expired, for fault tests). */
int tls_make_leaf(struct str ca_cert_pem, struct str ca_key_pem, const char *const *names, size_t n,
                  int days, struct buf *cert_pem, struct buf *key_pem, struct err **err) MUST_USE;

/* ERR_TLS, with the reason, unless the first certificate of the text has the DNS name, is valid at
 * this time (seconds since 1970), and is signed by one of the authorities (if any are given), over
 * the rest of the text. */
int tls_check_leaf(struct str cert_chain_pem, struct str ca_pem, const char *name, int64_t at,
                   struct err **err) MUST_USE;

#endif
