/* SPDX-License-Identifier: Apache-2.0
 *
 * jwk: one JSON Web Key (RFC 7517, RFC 8037) as an OpenSSL key: RSA, EC on P-256, P-384 and P-521,
 * and Ed25519.
 */
#ifndef PAWL_CODEC_JWK_H
#define PAWL_CODEC_JWK_H

#include "base/err.h"

typedef struct evp_pkey_st EVP_PKEY;

/* *is_private: the JWK has a private part, and so has the key. The texts of errors hold nothing of
 * it. */
EVP_PKEY *jwk_parse(struct str text, bool *is_private, struct err **err) MUST_USE;
/* "rsa", "ecdsa", "ed25519" */
const char *jwk_family(EVP_PKEY *key);

#endif
