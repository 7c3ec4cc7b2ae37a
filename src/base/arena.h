/* SPDX-License-Identifier: Apache-2.0
 *
 * arena: memory that dies together. A parsed document, one request, one reconcile each have one.
 *
 * Blocks are never freed one by one. arena_reset keeps the first chunk for the next use; with
 * ARENA_WIPE everything is cleared before it is reused or freed (documents that may hold values of
 * secrets). Not for memory whose size a peer chooses without a ceiling: what goes in has been
 * bounded by a buffer before. One thread at a time.
 */
#ifndef PAWL_BASE_ARENA_H
#define PAWL_BASE_ARENA_H

#include "base/str.h"

enum arena_flags { ARENA_PLAIN = 0, ARENA_WIPE = 1 };

struct arena_chunk;
struct arena {
    struct arena_chunk *chunk; /* the newest; older ones hang behind it */
    enum arena_flags flags;
    size_t used; /* bytes handed out in all, for limits and tests */
};

#define ARENA_INIT(how) ((struct arena){.flags = (how)})
void arena_done(struct arena *a);
void arena_reset(struct arena *a);
/* Aligned for any type, content zero. Never NULL. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
/* Copies; the result is terminated by a NUL that its length does not count. */
struct str arena_str(struct arena *a, struct str s);
/* The same as a C string. */
char *arena_dup(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
#define arena_new(a, T)          ((T *)arena_alloc(a, sizeof(T)))
#define arena_array(a, T, count) ((T *)arena_alloc_array(a, count, sizeof(T)))
void *arena_alloc_array(struct arena *a, size_t count, size_t size)
    __attribute__((returns_nonnull));

#endif
