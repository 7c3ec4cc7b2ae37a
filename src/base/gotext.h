/* SPDX-License-Identifier: Apache-2.0
 *
 * gotext: the few text forms of Go's standard library that many layers need because manifests, logs
 * and events carry them.
 */
#ifndef PAWL_BASE_GOTEXT_H
#define PAWL_BASE_GOTEXT_H

#include "base/buf.h"

/* A JSON string in quotes. Invalid UTF-8 becomes U+FFFD; control characters are escaped. Not HTML
 * escaped (codec/json.h can do that). */
void go_quote_json(struct buf *out, struct str s);
/* time.Duration.String: "1h0m0s", "1m30s", "1.5s", "300ms", "0s". */
void go_duration(struct buf *out, ns_t d);
/* time.ParseDuration: sign, then number + unit (ns us µs μs ms s m h) pairs, fractions allowed, a
 * bare "0". False on anything else or overflow (about 292 years). */
bool go_parse_duration(struct str s, ns_t *out);

/* strconv.FormatFloat(v, form, -1, 64), the shortest digits that give v back: 'e' (1.5e+21), 'f'
 * (no exponent), 'g' (what %v prints: as 'e' below 1e-04 and from 1e+06 on, as 'f' between), and
 * 'j' for what encoding/json writes ('f'; below 1e-6 and from 1e21 on 'e' without the zero of
 * e-07). NaN, +Inf, -Inf. */
void go_float(struct buf *out, double v, char form);
/* The same with bit size 32: v is rounded to single precision and written in the digits that tell
 * it from other single ones. */
void go_float32(struct buf *out, double v, char form);

#endif
