/* SPDX-License-Identifier: Apache-2.0
 *
 * token: the access tokens that the emulator's Entra ID issues and its services check: JWTs of the
 * v1 form, RS256, under a key that is made once and kept in the data folder and published as JWKS.
 */
#ifndef PAWL_EMULATOR_TOKEN_H
#define PAWL_EMULATOR_TOKEN_H

#include "codec/json.h"
#include "emulator/directory.h"

struct token_keys;

/* The key in file path, made where it is missing; path NULL: one that lives only in memory. */
struct token_keys *token_keys_load(const char *path, struct err **err) MUST_USE;
void token_keys_free(struct token_keys *k);
/* {"keys":[...]} */
void token_write_jwks(const struct token_keys *k, struct json_writer *w);

struct token_request {
    const struct principal *principal;
    struct str audience; /* verbatim */
    int64_t now;
    int64_t expires;
    const char *strength; /* "appidacr": "1" with a secret, "2" with an assertion */
};
/* The issuer of a tenant: "https://sts.windows.net/{id}/". */
struct str token_issuer(struct arena *a, struct str tenant);
struct str token_mint(const struct token_keys *k, struct arena *a, const struct token_request *r);

struct token_claims {
    struct str aud;
    struct str iss;
    struct str tid;
    struct str oid;
    struct str appid;
    int64_t nbf;
    int64_t exp;
};
enum token_state {
    TOKEN_OK,
    TOKEN_MALFORMED,
    TOKEN_UNKNOWN_KEY, /* not one of our keys, or not RS256 */
    TOKEN_BAD_SIGNATURE,
};
/* Form and signature only; what the claims must say is the business of the service. *claims is
 * filled for every state but TOKEN_MALFORMED. */
enum token_state token_check(const struct token_keys *k, struct arena *a, struct str token,
                             struct token_claims *claims);
/* The client id in a token, unchecked: for logs and for faults that are bound to a client. */
struct str token_peek_client(struct arena *a, struct str token);

#endif
