/* SPDX-License-Identifier: Apache-2.0
 *
 * secret: the owner of bytes that must not leave by accident: a client secret, a token, a value.
 *
 * The bytes lie in pages of their own, kept out of core dumps (MADV_DONTDUMP) and, as far as the
 * limit of the process allows, out of swap (mlock; a failure is counted, not fatal), and are
 * cleared when the last reference goes. There is no way to print a secret: base/log.h refuses one
 * at compile time, and this header gives the bytes only through secret_str, which is easy to search
 * for.
 *
 * Honest limit: OpenSSL, libcurl and the kernel hold copies while a request runs (docs: SECURITY).
 */
#ifndef PAWL_BASE_SECRET_H
#define PAWL_BASE_SECRET_H

#include "base/str.h"

struct secret;

/* Copies n bytes; the caller wipes its own copy. Never NULL. */
struct secret *secret_new(struct str bytes) MUST_USE;
struct secret *secret_ref(struct secret *s);
/* Drops one reference; NULL is fine. */
void secret_unref(struct secret *s);
void secret_unrefp(struct secret **s);
/* The bytes, terminated by a NUL that the length does not count. Borrowed from s. */
struct str secret_str(const struct secret *s);
/* Constant time in the content. */
bool secret_eq(const struct secret *s, struct str other);
bool secret_eq_bytes(struct str a, struct str b);

/* Clears the caller's own copy of a secret, in memory that the view alone would not let it write.
 */
void secret_wipe_copy(struct str copy);

/* Once at the start of the program: no core dumps, no ptrace by others (PR_SET_DUMPABLE 0). */
void secret_harden_process(void);
/* Pages that could not be locked so far, for the metric. */
size_t secret_unlocked_pages(void);

#endif
