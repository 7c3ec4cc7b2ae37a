/* SPDX-License-Identifier: Apache-2.0
 *
 * token_request: short-lived tokens of a ServiceAccount for somebody else's eyes (the audience), as
 * workload identity exchanges them for a cloud's token. Needs `create` on serviceaccounts/token.
 */
#ifndef PAWL_KUBE_TOKEN_REQUEST_H
#define PAWL_KUBE_TOKEN_REQUEST_H

#include "base/secret.h"
#include "kube/client.h"

/* expiration: at least 10 minutes for the server; 0: one hour. No audiences: the API server's.
 * A missing ServiceAccount is ERR_NOT_FOUND. */
struct kube_call *token_request(struct kube_client *c, struct str ns, struct str service_account,
                                const struct str *audiences, size_t n_audiences, ns_t expiration,
                                kube_done_fn *done, void *arg);
/* The token, and when it expires (the server may have given less time than asked for; clock_real
 * time). */
struct secret *token_request_read(const struct json *doc, ns_t *expires, struct err **err) MUST_USE;

#endif
