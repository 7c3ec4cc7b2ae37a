/* SPDX-License-Identifier: Apache-2.0
 *
 * serving_cert: the certificates that the commands in the place of External Secrets Operator serve
 * with: files that Kubernetes mounts, or one of their own making.
 */
#ifndef PAWL_APP_SERVING_CERT_H
#define PAWL_APP_SERVING_CERT_H

#include "base/buf.h"
#include "base/err.h"

struct ssl_ctx_st;

/* A certificate and its key, as PEM. */
struct serving_cert {
    struct buf cert;
    struct buf key;
    struct buf ca; /* empty: unknown */
};
#define SERVING_CERT_MAX (1 << 20)
#define SERVING_CERT_INIT                                                                          \
    ((struct serving_cert){.cert = BUF_INIT(SERVING_CERT_MAX),                                     \
                           .key = BUF_INIT_WIPE(SERVING_CERT_MAX),                                 \
                           .ca = BUF_INIT(SERVING_CERT_MAX)})
void serving_cert_done(struct serving_cert *c);

/* Reads FOLDER/tls.crt, tls.key and, if it is there, ca.crt. */
int serving_cert_read(const char *folder, struct serving_cert *out, struct err **err) MUST_USE;
/* ERR_TLS unless key and certificate belong together, and at this time (clock_real) the certificate
 * is valid for the name and signed by the authority, if there is one. */
int serving_cert_check(const struct serving_cert *c, const char *name, ns_t at,
                       struct err **err) MUST_USE;
/* A new authority, and a certificate of it for the name; both for ten years. ca_key gets the
 * authority's key. */
int serving_cert_make(const char *authority, const char *name, struct serving_cert *out,
                      struct buf *ca_key, struct err **err) MUST_USE;

/* To serve with; freed with tls_context_free. */
struct ssl_ctx_st *serving_cert_load(const char *folder, const char *cert, const char *key,
                                     struct err **err) MUST_USE;
struct ssl_ctx_st *serving_cert_own(const char *name, struct err **err) MUST_USE;

#endif
