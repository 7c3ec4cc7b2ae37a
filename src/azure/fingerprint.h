/* SPDX-License-Identifier: Apache-2.0
 *
 * fingerprint: keyed hashes that stand for secrets and values. The key is drawn once per process
 * and leaves it never, so that a fingerprint says nothing to whoever finds one, not even of a weak
 * password.
 */
#ifndef PAWL_AZURE_FINGERPRINT_H
#define PAWL_AZURE_FINGERPRINT_H

#include "codec/hash.h"

/* HMAC-SHA-256 of the bytes under the process's key. */
void fingerprint(struct str s, uint8_t out[HASH_HMAC_SIZE]);
/* The first 64 and 128 bits of it. */
uint64_t fingerprint64(struct str s);
void fingerprint128(struct str s, uint64_t out[2]);

#endif
