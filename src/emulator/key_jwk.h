/* SPDX-License-Identifier: Apache-2.0
 *
 * key_jwk: keys as Key Vault shows and takes them: JSON Web Keys without what a key set adds.
 */
#ifndef PAWL_EMULATOR_KEY_JWK_H
#define PAWL_EMULATOR_KEY_JWK_H

#include "codec/json.h"

struct evp_pkey_st;

/* Members kty, n, e or kty, crv, x, y of the public key, into an object under way. */
void key_write_public(struct arena *a, struct json_writer *w, const struct evp_pkey_st *key);
/* Is the public part a usable RSA key, or an EC key on P-256, P-384 or P-521? "RSA-HSM" and
 * "EC-HSM" are fine too. */
bool key_jwk_valid(const struct json *jwk);

#endif
