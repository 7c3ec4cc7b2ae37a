/* SPDX-License-Identifier: Apache-2.0
 *
 * work: what one rendering may use and how it fails. Every function of the template language gets
 * one. It owns the arena that all values live on, counts steps, and holds the first error.
 *
 * Whatever the template, a rendering ends: each statement, argument and function call costs steps
 * (slow functions cost thousands), every text under construction has work_room() as its ceiling,
 * and recursion over values stops at WORK_DEPTH. When a budget is used up the work has failed, and
 * a failed work stays failed: callers may go on for a moment and look later.
 *
 * The text of an error may hold values of secrets (the original's texts do: "range can't iterate
 * over VALUE"); work_fail is for texts without, work_fail_value marks those with.
 */
#ifndef PAWL_TEMPLATE_WORK_H
#define PAWL_TEMPLATE_WORK_H

#include "base/arena.h"
#include "base/buf.h"

enum {
    WORK_DEPTH = 500, /* nesting of lists and dicts */
    WORK_MESSAGE_MAX = 64 * 1024,
};

struct work {
    struct arena arena;
    int64_t steps;     /* left */
    size_t memory_max; /* ceiling of arena.used */
    bool failed;
    bool limit; /* failed because a budget was used up */
    struct buf message;
};

void work_init(struct work *w, int64_t steps, size_t memory_max);
void work_done(struct work *w);
/* Fails with a text unless it has failed already. Returns false, always. */
bool work_fail(struct work *w, const char *fmt, ...) PRINTF(2, 3);
bool work_fail_limit(struct work *w, const char *what);
/* Takes n steps. False (and failed) when they are used up or when it has failed before. */
bool work_step(struct work *w, size_t n);
/* Bytes that may still be allocated. */
size_t work_room(const struct work *w);
/* Asks for n bytes (count * size) before allocating them; false (and failed) if there is no room.
 */
bool work_reserve(struct work *w, size_t count, size_t size);
/* Memory on the arena after work_reserve; NULL if there is no room. */
void *work_alloc(struct work *w, size_t count, size_t size) MUST_USE;
/* Copies the finished text onto the arena; fails if the buffer was full. */
struct str work_take(struct work *w, const struct buf *b);
struct str work_str(struct work *w, struct str s);

#endif
