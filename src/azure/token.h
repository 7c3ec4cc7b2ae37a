/* SPDX-License-Identifier: Apache-2.0
 *
 * token: access tokens from Microsoft Entra ID and from managed identity endpoints.
 *
 * One cache per process. Per (identity, resource) it keeps one token and has at most one request
 * under way, however many ask. A token is given out while more than five minutes remain; it is
 * renewed before that while it is in use (at refresh_in, or half of a lifetime above two hours, or
 * 10-15 minutes before the end), the old one being served meanwhile. What nobody asks for is not
 * renewed.
 *
 * Failures: throttling, 5xx, lost connections are retried here (three times, Retry-After honoured;
 * the metadata service for longer than 70 s, which is what its updates take). What is permanent
 * (a wrong secret) is reported at once and kept for 30 s, so that a thousand users of one wrong
 * secret do not ask a thousand times; a new secret is another identity and not held up by that.
 * Errors carry the AADSTS code, the first line of its description, what it means, what to do, and
 * the correlation id; never a secret, an assertion or a token.
 *
 * Loop thread only.
 */
#ifndef PAWL_AZURE_TOKEN_H
#define PAWL_AZURE_TOKEN_H

#include "azure/credential.h"
#include "net/http_client.h"

struct azure_tokens;
struct azure_token_wait;

struct azure_tokens_config {
    struct loop *loop;
    /* TLS, proxy, user agent for Entra ID; limits and time-outs are set here. Managed identity
     * endpoints are always asked directly. */
    struct http_client_config http;
    /* Optional: a request to a token endpoint has been answered. */
    void (*on_request)(void *arg, bool ok, ns_t took);
    void *arg;
};

struct azure_tokens *azure_tokens_new(const struct azure_tokens_config *config) MUST_USE;
/* Cancels what is under way, without callbacks; wipes the tokens. */
void azure_tokens_free(struct azure_tokens *t);

/* Calls done with a token (borrowed, valid during the call; secret_ref keeps it) or an error;
 * later, never inside, exactly once unless cancelled. */
struct azure_token_wait *azure_token_get(
    struct azure_tokens *t, struct azure_credential *c, struct str resource,
    void (*done)(void *arg, struct secret *token, const struct err *err), void *arg);
void azure_token_cancel(struct azure_token_wait *wait); /* NULL is fine */
/* The token if one is at hand, NULL otherwise; borrowed until the loop goes on. Starts the early
 * renewal as azure_token_get does. */
struct secret *azure_token_peek(struct azure_tokens *t, struct azure_credential *c,
                                struct str resource);
/* The resource has answered 401 to this token: forgets it, unless it has been replaced already. */
void azure_token_drop(struct azure_tokens *t, struct azure_credential *c, struct str resource,
                      const struct secret *token);

struct azure_tokens_stats {
    uint64_t requests; /* to token endpoints, retries counted */
    uint64_t failures;
    size_t cached;
};
struct azure_tokens_stats azure_tokens_stats(const struct azure_tokens *t);

#endif
