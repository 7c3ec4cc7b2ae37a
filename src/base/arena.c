/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>

struct arena_chunk {
    struct arena_chunk *older;
    size_t size;
    size_t used;
    _Alignas(max_align_t) char bytes[];
};

enum { FIRST_CHUNK = 1024, LARGEST_STEP = 256 * 1024 };

static void free_chunk(struct arena *a, struct arena_chunk *chunk)
{
    if (a->flags & ARENA_WIPE) {
        wipe(chunk->bytes, chunk->used);
    }
    free(chunk);
}

static void add_chunk(struct arena *a, size_t size)
{
    size_t next = a->chunk ? MIN(a->chunk->size * 2, (size_t)LARGEST_STEP) : (size_t)FIRST_CHUNK;
    next = MAX(next, size);
    struct arena_chunk *chunk = xmalloc(sizeof(*chunk) + next);
    chunk->older = a->chunk;
    chunk->size = next;
    chunk->used = 0;
    a->chunk = chunk;
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    size_t rounded;
    must(!__builtin_add_overflow(size, align - 1, &rounded));
    rounded &= ~(align - 1);
    if (!a->chunk || a->chunk->size - a->chunk->used < rounded) {
        add_chunk(a, rounded);
    }
    void *p = a->chunk->bytes + a->chunk->used;
    a->chunk->used += rounded;
    a->used += rounded;
    memset(p, 0, rounded);
    return p;
}

void *arena_alloc_array(struct arena *a, size_t count, size_t size)
{
    size_t total;
    must(!__builtin_mul_overflow(count, size, &total));
    return arena_alloc(a, total);
}

char *arena_dup(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, s.n + 1);
    if (s.n > 0) {
        memcpy(copy, s.p, s.n);
    }
    return copy;
}

struct str arena_str(struct arena *a, struct str s)
{
    return (struct str){arena_dup(a, s), s.n};
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    must(n >= 0);
    char *p = arena_alloc(a, (size_t)n + 1);
    va_start(args, fmt);
    int written = vsnprintf(p, (size_t)n + 1, fmt, args);
    va_end(args);
    must(written == n);
    return (struct str){p, (size_t)n};
}

void arena_reset(struct arena *a)
{
    while (a->chunk && a->chunk->older) {
        struct arena_chunk *older = a->chunk->older;
        free_chunk(a, a->chunk);
        a->chunk = older;
    }
    if (a->chunk) {
        if (a->flags & ARENA_WIPE) {
            wipe(a->chunk->bytes, a->chunk->used);
        }
        a->chunk->used = 0;
    }
    a->used = 0;
}

void arena_done(struct arena *a)
{
    arena_reset(a);
    if (a->chunk) {
        free_chunk(a, a->chunk);
        a->chunk = NULL;
    }
}
