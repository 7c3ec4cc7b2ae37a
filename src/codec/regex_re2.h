/* SPDX-License-Identifier: Apache-2.0
 *
 * regex_re2: the few calls to RE2, in C. Only regex.c uses them. No exception leaves them: out of
 * memory, which is the only one that RE2 can meet, ends the process as xmalloc does.
 */
#ifndef PAWL_CODEC_REGEX_RE2_H
#define PAWL_CODEC_REGEX_RE2_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kinds of errors, RE2's and Go's alike. */
enum regex_re2_error {
    REGEX_RE2_INTERNAL,
    REGEX_RE2_ESCAPE,
    REGEX_RE2_CLASS,
    REGEX_RE2_CLASS_RANGE,
    REGEX_RE2_MISSING_BRACKET,
    REGEX_RE2_MISSING_PAREN,
    REGEX_RE2_UNEXPECTED_PAREN,
    REGEX_RE2_TRAILING_BACKSLASH,
    REGEX_RE2_REPEAT_ARGUMENT,
    REGEX_RE2_REPEAT_SIZE,
    REGEX_RE2_REPEAT_OP,
    REGEX_RE2_PERL_OP,
    REGEX_RE2_UTF8,
    REGEX_RE2_NAMED_CAPTURE,
    REGEX_RE2_TOO_LARGE,
};

struct regex_re2_failure {
    enum regex_re2_error kind;
    char part[128]; /* of the pattern: where it is wrong, cut to this size */
    size_t part_n;
};

struct regex_re2;
/* NULL and *failure filled if the pattern is wrong. */
struct regex_re2 *regex_re2_new(const char *pattern, size_t n, int64_t max_memory,
                                struct regex_re2_failure *failure);
void regex_re2_free(struct regex_re2 *re);
size_t regex_re2_groups(const struct regex_re2 *re);
/* The name of a group, terminated, NULL if it has none. Borrowed from re. */
const char *regex_re2_group_name(const struct regex_re2 *re, size_t group);
/* Searches text from `from` on, what stands before being context. Fills from/to pairs of the whole
 * match and the first groups, -1 for those that took no part. 1 for a match, else 0. */
int regex_re2_search(const struct regex_re2 *re, const char *text, size_t n, size_t from,
                     ptrdiff_t *pairs, size_t n_pairs);

#ifdef __cplusplus
}
#endif

#endif
