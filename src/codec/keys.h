/* SPDX-License-Identifier: Apache-2.0
 *
 * keys: private and public keys between DER, PEM and OpenSSL's EVP_PKEY, and their generation.
 */
#ifndef PAWL_CODEC_KEYS_H
#define PAWL_CODEC_KEYS_H

#include "base/buf.h"
#include "base/err.h"

/* OpenSSL's, declared here so that a user of this header needs none of OpenSSL's. */
typedef struct evp_pkey_st EVP_PKEY;

void keys_freep(EVP_PKEY **key);

/* PKCS#8, PKCS#1 (RSA) or SEC 1 (EC), whichever fits; encrypted keys fail, and those that
 * keys_check_kind refuses. */
EVP_PKEY *keys_parse_private(struct str der, struct err **err) MUST_USE;
/* The kinds of key that templates handle: RSA, EC on a named curve P-224 to P-521, Ed25519,
 * X25519. */
int keys_check_kind(EVP_PKEY *key, struct err **err) MUST_USE;
/* PEM blocks: "PRIVATE KEY" (PKCS#8), "PUBLIC KEY" (PKIX). */
int keys_write_private(struct buf *out, EVP_PKEY *key, struct err **err) MUST_USE;
int keys_write_public(struct buf *out, EVP_PKEY *key, struct err **err) MUST_USE;
/* A PEM block in the key type's own format: "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY";
 * PKCS#8 for the others. */
int keys_write_traditional(struct buf *out, EVP_PKEY *key, struct err **err) MUST_USE;

enum keys_kind { KEYS_RSA_2048, KEYS_RSA_4096, KEYS_DSA, KEYS_EC_P256, KEYS_ED25519 };
EVP_PKEY *keys_generate(enum keys_kind kind, struct err **err) MUST_USE;

/* ERR_INVALID with OpenSSL's reason behind the text; clears OpenSSL's queue of errors. Returns -1.
 */
int keys_error(struct err **err, const char *what);

#endif
