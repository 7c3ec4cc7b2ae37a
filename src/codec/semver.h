/* SPDX-License-Identifier: Apache-2.0
 *
 * semver: semantic versions (semver.org), read leniently ("v1.2" is 1.2.0), and the constraints of
 * package managers: = != > < >= <= ~ ^, wildcards, hyphen ranges, "," or blank for and, "||" for
 * or. A version with a pre-release part satisfies a group of constraints only if one of them has
 * one as well.
 */
#ifndef PAWL_CODEC_SEMVER_H
#define PAWL_CODEC_SEMVER_H

#include "base/buf.h"
#include "base/err.h"

struct semver {
    uint64_t major;
    uint64_t minor;
    uint64_t patch;
    struct str pre;      /* without the minus; a view of the parsed text */
    struct str metadata; /* without the plus */
    struct str original;
};

/* Views of text are kept. "invalid semantic version" on anything else. */
int semver_parse(struct str text, struct semver *out, struct err **err) MUST_USE;
/* Precedence: metadata do not count. <0, 0, >0. */
int semver_compare(const struct semver *a, const struct semver *b);
/* All parts and the original text. */
bool semver_identical(const struct semver *a, const struct semver *b);
/* MAJOR.MINOR.PATCH[-pre][+metadata] */
void semver_print(struct buf *out, const struct semver *v);
/* "improper constraint: TEXT" if the constraint is malformed. */
int semver_check(struct str constraint, const struct semver *v, bool *ok,
                 struct err **err) MUST_USE;

#endif
