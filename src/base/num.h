/* SPDX-License-Identifier: Apache-2.0
 *
 * num: numbers from text, whole text or nothing.
 */
#ifndef PAWL_BASE_NUM_H
#define PAWL_BASE_NUM_H

#include "base/str.h"

/* Decimal, optional sign ('-' or '+'). False (and *out untouched) on anything else or overflow. */
bool num_parse_i64(struct str s, int64_t *out);
/* Decimal digits only. */
bool num_parse_u64(struct str s, uint64_t *out);
/* As i64, within the bounds. */
bool num_parse_range(struct str s, int64_t min, int64_t max, int64_t *out);
/* A decimal float as JSON and Go's strconv write it, independent of the locale. Overflow gives an
 * infinity and true. */
bool num_parse_double(struct str s, double *out);
/* Go's strconv.ParseBool: 1 t T TRUE true True, 0 f F FALSE false False. */
bool num_parse_bool(struct str s, bool *out);

#endif
