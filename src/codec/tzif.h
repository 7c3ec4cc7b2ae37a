/* SPDX-License-Identifier: Apache-2.0
 *
 * tzif: time zone files (RFC 9636), as /usr/share/zoneinfo holds them: the offset from UTC and the
 * abbreviation in force at a moment. Transitions beyond the last one of the file follow its footer
 * (a POSIX TZ rule). Pure: bytes in. Immutable after parsing.
 */
#ifndef PAWL_CODEC_TZIF_H
#define PAWL_CODEC_TZIF_H

#include "base/err.h"

enum { TZIF_ABBREVIATION = 16, TZIF_MAX = 256 * 1024 };

struct tzif;
struct tzif_local {
    int32_t offset; /* seconds east of UTC */
    bool dst;
    char abbreviation[TZIF_ABBREVIATION];
};

struct tzif *tzif_parse(struct str bytes, struct err **err) MUST_USE;
void tzif_free(struct tzif *tz);
void tzif_freep(struct tzif **tz);
void tzif_lookup(const struct tzif *tz, int64_t t, struct tzif_local *out);

#endif
