/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

struct str str_c(const char *s)
{
    return s ? (struct str){s, strlen(s)} : STR_EMPTY;
}

struct str str_n(const void *p, size_t n)
{
    return n ? (struct str){p, n} : STR_EMPTY;
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eq_c(struct str a, const char *b)
{
    return str_eq(a, str_c(b));
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool str_ieq(struct str a, struct str b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = MIN(a.n, b.n);
    int order = n ? memcmp(a.p, b.p, n) : 0;
    if (order != 0) {
        return order;
    }
    return a.n < b.n ? -1 : a.n > b.n;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq(str_head(s, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

ptrdiff_t str_find(struct str s, struct str needle)
{
    if (needle.n == 0) {
        return 0;
    }
    if (needle.n == 1) {
        return str_find_byte(s, *needle.p); /* looks no further than the hit, with sanitizers too */
    }
    const char *hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return hit ? hit - s.p : -1;
}

ptrdiff_t str_find_byte(struct str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? hit - s.p : -1;
}

ptrdiff_t str_rfind_byte(struct str s, char c)
{
    const char *hit = s.n ? memrchr(s.p, c, s.n) : NULL;
    return hit ? hit - s.p : -1;
}

struct str str_from(struct str s, size_t start)
{
    return str_sub(s, start, s.n);
}

struct str str_head(struct str s, size_t n)
{
    return str_sub(s, 0, n);
}

struct str str_sub(struct str s, size_t from, size_t to)
{
    to = MIN(to, s.n);
    from = MIN(from, to);
    return from == to ? STR_EMPTY : (struct str){s.p + from, to - from};
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    size_t from = 0;
    size_t to = s.n;
    while (from < to && is_space(s.p[from])) {
        from++;
    }
    while (to > from && is_space(s.p[to - 1])) {
        to--;
    }
    return str_sub(s, from, to);
}

struct str str_trim_prefix(struct str s, struct str prefix)
{
    return str_starts(s, prefix) ? str_from(s, prefix.n) : s;
}

struct str str_trim_suffix(struct str s, struct str suffix)
{
    return str_ends(s, suffix) ? str_head(s, s.n - suffix.n) : s;
}

bool str_split(struct str *rest, char separator, struct str *part)
{
    static const char end[1];
    if (rest->p == end) { /* the mark that the last part has been given out */
        return false;
    }
    ptrdiff_t at = str_find_byte(*rest, separator);
    if (at < 0) {
        *part = *rest;
        *rest = (struct str){end, 0};
    } else {
        *part = str_head(*rest, (size_t)at);
        /* Not str_from: a rest that is empty still is one more part. */
        *rest = (struct str){rest->p + at + 1, rest->n - (size_t)at - 1};
    }
    return true;
}

char *str_dup(struct str s)
{
    return xstrndup(s.p, s.n);
}

bool str_printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x20 || s.p[i] > 0x7e) {
            return false;
        }
    }
    return true;
}
