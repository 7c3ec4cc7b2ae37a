/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_client: the TLS settings of a client as OpenSSL objects: parsed once, given to each
 * connection. For net/ only.
 */
#ifndef PAWL_NET_TLS_CLIENT_H
#define PAWL_NET_TLS_CLIENT_H

#include "net/http_client.h"

struct ssl_ctx_st;
struct tls_client;

/* ERR_TLS if a PEM text cannot be used. */
struct tls_client *tls_client_new(const struct tls_config *config, struct err **err) MUST_USE;
void tls_client_free(struct tls_client *t);
/* Puts them into the context of one connection. 0, or -1 (cannot happen with a valid t). */
int tls_client_apply(const struct tls_client *t, struct ssl_ctx_st *ctx);

#endif
