/* SPDX-License-Identifier: Apache-2.0
 *
 * sealed: authenticated encryption (AES-256-GCM) of what clients keep for the emulator: backups. A
 * backup of Key Vault is opaque and can only be restored where it was made; so is ours.
 */
#ifndef PAWL_EMULATOR_SEALED_H
#define PAWL_EMULATOR_SEALED_H

#include "base/buf.h"
#include "base/err.h"

enum { SEALED_KEY_SIZE = 32, SEALED_OVERHEAD = 12 + 16 };

/* Appends nonce, ciphertext and tag. key: SEALED_KEY_SIZE bytes. */
void sealed_make(struct buf *out, struct str key, struct str plain);
/* ERR_INVALID if it was not made with this key or was changed. */
int sealed_open(struct buf *out, struct str key, struct str sealed, struct err **err) MUST_USE;

#endif
