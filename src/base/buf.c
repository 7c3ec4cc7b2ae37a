/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/utf8.h"

char buf_empty[1];

static void release(struct buf *b)
{
    if (b->cap == 0) {
        return;
    }
    if (b->wipe) {
        wipe(b->p, b->cap);
    }
    free(b->p);
}

void buf_done(struct buf *b)
{
    release(b);
    b->p = buf_empty;
    b->n = 0;
    b->cap = 0;
}

void buf_clear(struct buf *b)
{
    if (b->cap > 0) {
        if (b->wipe) {
            wipe(b->p, b->n);
        }
        b->p[0] = '\0';
    }
    b->n = 0;
    b->full = false;
}

static void grow(struct buf *b, size_t want)
{
    size_t cap = MAX(b->cap * 2, (size_t)64);
    cap = MAX(cap, want + 1);
    if (b->wipe || b->cap == 0) {
        char *p = xmalloc(cap);
        memcpy(p, b->p, b->n + 1);
        release(b);
        b->p = p;
    } else {
        b->p = xrealloc(b->p, cap);
    }
    b->cap = cap;
}

void *buf_reserve(struct buf *b, size_t n)
{
    if (n > b->max - b->n) {
        b->full = true;
        return NULL;
    }
    if (b->n + n + 1 > b->cap) {
        grow(b, b->n + n);
    }
    return b->p + b->n;
}

void buf_commit(struct buf *b, size_t n)
{
    must(b->n + n < b->cap || n == 0);
    if (n > 0) {
        b->n += n;
        b->p[b->n] = '\0';
    }
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (n == 0) {
        return;
    }
    void *to = buf_reserve(b, n);
    if (to) {
        memcpy(to, p, n);
        buf_commit(b, n);
    }
}

void buf_add_str(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

void buf_add_c(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_add_byte(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_add_repeat(struct buf *b, char c, size_t count)
{
    if (count == 0) {
        return;
    }
    void *to = buf_reserve(b, count);
    if (to) {
        memset(to, c, count);
        buf_commit(b, count);
    }
}

void buf_addv(struct buf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    must(n >= 0);
    char *to = n ? buf_reserve(b, (size_t)n) : NULL;
    if (to) {
        int written = vsnprintf(to, (size_t)n + 1, fmt, again);
        must(written == n);
        buf_commit(b, (size_t)n);
    }
    va_end(again);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_addv(b, fmt, args);
    va_end(args);
}

void buf_add_rune(struct buf *b, uint32_t rune)
{
    char bytes[UTF8_MAX];
    buf_add(b, bytes, utf8_encode(rune, bytes));
}

void buf_truncate(struct buf *b, size_t n)
{
    must(n <= b->n);
    if (n == b->n) {
        return;
    }
    if (b->wipe) {
        wipe(b->p + n, b->n - n);
    }
    b->n = n;
    b->p[n] = '\0';
}

void buf_consume(struct buf *b, size_t n)
{
    must(n <= b->n);
    if (n == 0) {
        return;
    }
    size_t rest = b->n - n;
    memmove(b->p, b->p + n, rest);
    buf_truncate(b, rest);
}

bool buf_ok(const struct buf *b)
{
    return !b->full;
}

struct str buf_str(const struct buf *b)
{
    return (struct str){b->p, b->n};
}

char *buf_take(struct buf *b)
{
    char *p = b->cap ? b->p : xstrdup("");
    b->p = buf_empty;
    b->n = 0;
    b->cap = 0;
    return p;
}
