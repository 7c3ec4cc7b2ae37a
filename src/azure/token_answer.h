/* SPDX-License-Identifier: Apache-2.0
 *
 * token_answer: what token endpoints say, good and bad. Pure; nothing it makes holds a token but
 * the struct secret.
 */
#ifndef PAWL_AZURE_TOKEN_ANSWER_H
#define PAWL_AZURE_TOKEN_ANSWER_H

#include "base/err.h"
#include "base/secret.h"

struct token_answer {
    struct secret *token;
    ns_t lifetime; /* from now on */
    ns_t renew_in; /* 0: the endpoint has no wish */
};

/* The body of a 200. now: clock_real, for answers that have only the time of expiry. Numbers may be
 * written as strings (the older endpoints do that). The token is the caller's. */
int token_answer_parse(struct str body, ns_t now, struct token_answer *out,
                       struct err **err) MUST_USE;

/* Any other answer as an error: kind, status, retryable; the text has the AADSTS code, what it says
 * in its first line, what it means and the remedy, and the correlation id. If `secret` (may be
 * empty) or a JWT stands in the body, nothing of the body is shown. hint (may be NULL) is the
 * remedy for codes without one. Returns -1. */
int token_answer_error(int status, struct str body, struct str secret, const char *hint,
                       struct err **err);

#endif
