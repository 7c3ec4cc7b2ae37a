/* SPDX-License-Identifier: Apache-2.0
 *
 * str: a borrowed view of bytes, passed by value. It may hold NUL bytes and is not terminated.
 * A view never owns: whoever keeps one must know who keeps the bytes alive (an arena, a buffer, a
 * literal). The empty view has n == 0; its p may be NULL.
 */
#ifndef PAWL_BASE_STR_H
#define PAWL_BASE_STR_H

#include "base/base.h"

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    } /* for static initializers */
#define STR_EMPTY ((struct str){"", 0})
/* For printf("%.*s", STR_ARG(s)); cuts at INT_MAX and at the first NUL. */
#define STR_ARG(s) (int)MIN((s).n, (size_t)INT32_MAX), (s).n ? (s).p : ""

/* Views of a C string (NULL gives the empty view) and of memory. */
struct str str_c(const char *s);
struct str str_n(const void *p, size_t n);

bool str_eq(struct str a, struct str b);
bool str_eq_c(struct str a, const char *b);
/* ASCII letters compare without case. */
bool str_ieq(struct str a, struct str b);
/* Bytewise order, shorter first on a common prefix: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Offset of the first occurrence, or -1. */
ptrdiff_t str_find(struct str s, struct str needle);
ptrdiff_t str_find_byte(struct str s, char c);
ptrdiff_t str_rfind_byte(struct str s, char c);
/* From start (cut to the length) to the end; the first n bytes; from..to (to exclusive). */
struct str str_from(struct str s, size_t start);
struct str str_head(struct str s, size_t n);
struct str str_sub(struct str s, size_t from, size_t to);
/* Without leading and trailing ASCII white space (space, \t \n \v \f \r). */
struct str str_trim(struct str s);
/* Without one suffix or prefix, if it is there. */
struct str str_trim_prefix(struct str s, struct str prefix);
struct str str_trim_suffix(struct str s, struct str suffix);
/* Takes the part of *rest before the next separator into *part and moves *rest behind it. Returns
 * false when nothing was left. "a,,b" gives a, "", b; "" gives one empty part the first time:
 *     for (struct str rest = s, part; str_split(&rest, ',', &part);) ...
 */
bool str_split(struct str *rest, char separator, struct str *part);
/* Heap copy, terminated. The caller frees it. */
char *str_dup(struct str s) MUST_USE;
/* True if every byte is in 0x20..0x7e. */
bool str_printable(struct str s);

#endif
