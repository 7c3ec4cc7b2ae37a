/* SPDX-License-Identifier: Apache-2.0
 *
 * random: bytes from the kernel (getrandom(2)). Never fails once the kernel's pool is ready; waits
 * for it at boot.
 */
#ifndef PAWL_BASE_RANDOM_H
#define PAWL_BASE_RANDOM_H

#include "base/base.h"

#define UUID_SIZE 37 /* 36 characters and the NUL */

void random_bytes(void *out, size_t n);
/* Uniform in 0 <= x < bound; 0 for bound 0. */
uint64_t random_below(uint64_t bound);
/* base +- up to fraction of it (0.1 = ten percent), uniform; for spreading timers. */
ns_t random_jitter(ns_t base, double fraction);
/* A version 4 UUID (RFC 9562), lower case. */
void random_uuid(char out[UUID_SIZE]);

#endif
