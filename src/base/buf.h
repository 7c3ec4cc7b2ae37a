/* SPDX-License-Identifier: Apache-2.0
 *
 * buf: the growing byte buffer.
 *
 * Invariants: p is never NULL and p[n] is always NUL (so p is a C string when the content has no
 * NUL byte); n never exceeds max. What would go over max is not added, and `full` is set and stays:
 * a writer adds what it has to add and asks buf_ok once at the end. Every buffer states its ceiling
 * at birth, so that nothing a peer sends can grow without limit.
 *
 * Ownership: embedded in its owner; buf_done frees. With BUF_WIPE all memory that ever held content
 * is cleared before it is given back (growing copies and clears; it never uses realloc).
 */
#ifndef PAWL_BASE_BUF_H
#define PAWL_BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

struct buf {
    char *p;
    size_t n;
    size_t cap; /* allocated bytes, the NUL included; 0 while p is the shared empty string */
    size_t max; /* ceiling of n */
    bool full;  /* something did not fit */
    bool wipe;
};

extern char buf_empty[1];
#define BUF_INIT(ceiling)      ((struct buf){.p = buf_empty, .max = (ceiling)})
#define BUF_INIT_WIPE(ceiling) ((struct buf){.p = buf_empty, .max = (ceiling), .wipe = true})

void buf_done(struct buf *b);
/* Empties it and keeps the memory (cleared, with wipe). Also takes `full` back. */
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_add_c(struct buf *b, const char *s);
void buf_add_byte(struct buf *b, char c);
void buf_add_repeat(struct buf *b, char c, size_t count);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_addv(struct buf *b, const char *fmt, va_list args) PRINTF(2, 0);
/* Unicode code point as UTF-8; invalid ones (surrogates, > U+10FFFF) as U+FFFD. */
void buf_add_rune(struct buf *b, uint32_t rune);
/* Shortens to n bytes; n may not be greater than the length. */
void buf_truncate(struct buf *b, size_t n);
/* Removes the first n bytes (a parser has consumed them). */
void buf_consume(struct buf *b, size_t n);
/* Room for n more bytes at the returned place, not counted until buf_commit; NULL (and full) if
 * that would pass the ceiling. */
void *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);
bool buf_ok(const struct buf *b);
struct str buf_str(const struct buf *b);
/* Hands the terminated heap string over; the buffer is empty afterwards. The caller frees it (with
 * wipe_free where the buffer had BUF_WIPE). */
char *buf_take(struct buf *b) MUST_USE;

#endif
