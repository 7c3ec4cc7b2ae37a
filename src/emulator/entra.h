/* SPDX-License-Identifier: Apache-2.0
 *
 * entra: the login hosts of Microsoft Entra ID: discovery documents, signing keys, and the two
 * token endpoints (v1 with a resource, v2 with a scope) for client credentials.
 *
 *   entra.c            routes and discovery
 *   entra_token.c      the token endpoints, step by step
 *   entra_error.c      AADSTS errors
 *   assertion.c        an assertion that the client signed with its own certificate
 *   federation.c       an assertion that somebody else signed: workload identity
 */
#ifndef PAWL_EMULATOR_ENTRA_H
#define PAWL_EMULATOR_ENTRA_H

#include "codec/jwt.h"
#include "emulator/core.h"

void entra_handle(struct call *c);

/* ---- errors ---- */

/* The body of an error; status and the word in "error" come from the table of codes. The message is
 * what follows "AADSTSn: "; one line. */
void entra_error(struct call *c, int64_t code, struct str message);
/* For faults: with the usual text of that code. */
void entra_error_by_code(struct call *c, int64_t code);

/* ---- tokens ---- */

/* Answers a POST to a token endpoint; c->arg[0] is the tenant. Calls call_finish, perhaps later. */
void entra_token_v1(struct call *c);
void entra_token_v2(struct call *c);
/* Does Entra know that resource (audience)? */
bool entra_resource_known(const struct emulator *e, struct str resource);

/* ---- assertions ---- */

struct problem {
    int code; /* AADSTS number; 0: none */
    struct str message;
};

struct assertion_check {
    struct store *s;
    struct arena *a;
    const struct principal *principal;
    const struct tenant *tenant;
    const struct emulator *emu;
    int64_t now;
};
/* Signed by the application itself: thumbprint registered, signature, subject, audience, times. */
struct problem assertion_by_certificate(const struct assertion_check *k, const struct jwt *t);
/* Signed by another issuer: is there a federated credential for issuer, subject and audience, and
 * is it within its times? The signature is federation.h's business. */
struct problem assertion_by_federation(const struct assertion_check *k, const struct jwt *t);

#endif
