/* SPDX-License-Identifier: Apache-2.0
 *
 * regex: regular expressions as Go's regexp package has them, because manifests and templates are
 * written for it: RE2's syntax, leftmost-first, linear time whatever the pattern.
 *
 * The engine is the RE2 library, which Go's package was made after. What differs is done here: Go's
 * words for errors, (?<name>...) besides (?P<name>...), no \C, the template syntax of replacements
 * ($1, ${name}), where an empty match counts, and bytes that are not UTF-8. Such a byte matches as
 * U+FFFD does (so . and [^a] match it); RE2 alone would match it with nothing.
 *
 * One pattern uses at most REGEX_MAX_MEMORY, so that a manifest cannot take the process's memory;
 * a program that would be larger is ERR_LIMIT at compile time. Pure. A compiled pattern may be used
 * by several threads at once. Subjects and results are borrowed views; positions count bytes of the
 * subject.
 */
#ifndef PAWL_CODEC_REGEX_H
#define PAWL_CODEC_REGEX_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

struct regex;

enum { REGEX_MAX_PATTERN = 64 << 10, REGEX_MAX_MEMORY = 4 << 20 };

/* NULL and ERR_INVALID (or ERR_LIMIT) with Go's text: "error parsing regexp: missing closing ]:
 * `[a`". */
struct regex *regex_new(struct str pattern, struct err **err) MUST_USE;
void regex_free(struct regex *re);
void regex_freep(struct regex **re);

/* Capture groups, the whole match not counted. */
size_t regex_groups(const struct regex *re);
/* The name of group 1..regex_groups; the empty view if it has none. */
struct str regex_group_name(const struct regex *re, size_t group);

/* True if the pattern matches anywhere in s. */
bool regex_match(const struct regex *re, struct str s);
/* The leftmost match; false without one. */
bool regex_find(const struct regex *re, struct str s, struct str *match);

struct regex_span {
    ptrdiff_t from; /* -1: the group took no part */
    ptrdiff_t to;
};

/* All matches one after another, as Go's FindAll functions see them: they do not overlap, and an
 * empty match right behind a match is left out.
 *     struct regex_iter it = regex_iter(re, s);
 *     while (regex_next(&it, spans, n)) ...       spans[0] is the whole match, then the groups
 *     regex_iter_done(&it);
 */
struct regex_iter {
    const struct regex *re;
    struct str text; /* what the engine sees: the subject, or it with U+FFFD for wrong bytes */
    struct buf replaced;
    VEC(size_t) wrong; /* places in text of those U+FFFD */
    size_t pos;
    ptrdiff_t last_end;
};
struct regex_iter regex_iter(const struct regex *re, struct str s) MUST_USE;
/* n may be less than 1 + regex_groups; further groups are not reported. Spans without a group of
 * that number are -1. */
bool regex_next(struct regex_iter *it, struct regex_span *spans, size_t n);
void regex_iter_done(struct regex_iter *it);

/* Appends s with each match replaced. In the template $1, ${1}, $name and ${name} stand for groups
 * and $$ for a dollar; $name takes as many letters, digits and _ as follow ($1x is the group "1x");
 * a group that is not there or took no part is empty; any other $ is itself. */
void regex_replace_all(const struct regex *re, struct str s, struct str template, struct buf *out);
/* The same with a replacement that is taken as it is. */
void regex_replace_all_literal(const struct regex *re, struct str s, struct str replacement,
                               struct buf *out);

/* The first `limit` matches (all if negative). *out is an array in a, NULL if there are none; the
 * views point into s. Returns how many. */
size_t regex_find_all(const struct regex *re, struct str s, int64_t limit, struct arena *a,
                      struct str **out);
/* The parts of s between matches: at most `limit` of them, the last one being the rest; all if
 * limit is negative, none if it is 0. As above otherwise. */
size_t regex_split(const struct regex *re, struct str s, int64_t limit, struct arena *a,
                   struct str **out);

/* Appends a pattern that matches s itself. */
void regex_quote_meta(struct str s, struct buf *out);

#endif
