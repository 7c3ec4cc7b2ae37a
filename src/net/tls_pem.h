/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_pem: PEM text to OpenSSL objects, for both sides of a connection. For net/ only.
 */
#ifndef PAWL_NET_TLS_PEM_H
#define PAWL_NET_TLS_PEM_H

#include <openssl/x509.h>

#include "base/err.h"

/* All certificates of the text, in order; at least one. The caller frees with tls_certs_free. */
STACK_OF(X509) * tls_pem_certs(struct str pem, struct err **err) MUST_USE;
void tls_certs_free(STACK_OF(X509) * certs);
void tls_certs_freep(STACK_OF(X509) * *certs);
/* The first private key; an encrypted one is an error. The caller frees with EVP_PKEY_free. */
EVP_PKEY *tls_pem_key(struct str pem, struct err **err) MUST_USE;
void tls_key_freep(EVP_PKEY **key);
/* Puts leaf, chain and key into a context, and checks that they belong together. */
int tls_use_certificate(struct ssl_ctx_st *ctx, STACK_OF(X509) * certs, EVP_PKEY *key,
                        struct err **err) MUST_USE;

/* ERR_TLS with the reason that OpenSSL gives for its last failure; clears its queue. Returns -1. */
int tls_fail(struct err **err, const char *what);

#endif
