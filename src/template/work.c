/* SPDX-License-Identifier: Apache-2.0 */
#include "template/work.h"

void work_init(struct work *w, int64_t steps, size_t memory_max)
{
    *w = (struct work){
        .arena = ARENA_INIT(ARENA_WIPE),
        .steps = steps,
        .memory_max = memory_max,
        .message = BUF_INIT_WIPE(WORK_MESSAGE_MAX),
    };
}

void work_done(struct work *w)
{
    arena_done(&w->arena);
    buf_done(&w->message);
}

bool work_fail(struct work *w, const char *fmt, ...)
{
    if (!w->failed) {
        w->failed = true;
        va_list args;
        va_start(args, fmt);
        buf_addv(&w->message, fmt, args);
        va_end(args);
    }
    return false;
}

bool work_fail_limit(struct work *w, const char *what)
{
    if (!w->failed) {
        w->limit = true;
    }
    return work_fail(w, "the template needs too much %s", what);
}

bool work_step(struct work *w, size_t n)
{
    if (w->failed) {
        return false;
    }
    if (n > INT32_MAX || w->steps < (int64_t)n) {
        w->steps = 0;
        return work_fail_limit(w, "time");
    }
    w->steps -= (int64_t)n;
    return true;
}

size_t work_room(const struct work *w)
{
    return w->arena.used < w->memory_max ? w->memory_max - w->arena.used : 0;
}

bool work_reserve(struct work *w, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > work_room(w)) {
        return work_fail_limit(w, "memory");
    }
    return !w->failed;
}

void *work_alloc(struct work *w, size_t count, size_t size)
{
    return work_reserve(w, count, size) ? arena_alloc_array(&w->arena, count, size) : NULL;
}

struct str work_take(struct work *w, const struct buf *b)
{
    if (!buf_ok(b)) {
        work_fail_limit(w, "memory");
        return STR_EMPTY;
    }
    return work_str(w, buf_str(b));
}

struct str work_str(struct work *w, struct str s)
{
    return work_reserve(w, s.n + 1, 1) ? arena_str(&w->arena, s) : STR_EMPTY;
}
