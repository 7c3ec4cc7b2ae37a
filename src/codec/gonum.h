/* SPDX-License-Identifier: Apache-2.0
 *
 * gonum: numbers between text and binary with the rules of Go's strconv, which decide what
 * templates and manifests written for Go programs mean: base prefixes, underscores between digits,
 * hexadecimal floats; floats printed with a precision (base/gotext.h has the shortest form).
 */
#ifndef PAWL_CODEC_GONUM_H
#define PAWL_CODEC_GONUM_H

#include "base/buf.h"

/* The first double that no int64_t holds. */
#define TWO_TO_63 9223372036854775808.0

enum gonum_result {
    GONUM_OK,
    GONUM_SYNTAX,
    GONUM_RANGE, /* well formed; *out is the nearest value */
};

/* Base 2 to 36, or 0: by prefix (0x 0o 0b, a leading 0 is octal), underscores allowed. */
enum gonum_result gonum_parse_int(struct str s, int base, int64_t *out);
enum gonum_result gonum_parse_uint(struct str s, int base, uint64_t *out);
/* Decimal or hexadecimal (then with a p exponent), "inf", "NaN". *out is 0 on GONUM_SYNTAX. */
enum gonum_result gonum_parse_float(struct str s, double *out);

/* As strconv.FormatFloat(v, format, precision, 64): format is one of e E f F g G x X b; precision
 * -1 means the shortest that reads back. */
void gonum_format_float(struct buf *out, double v, char format, int precision);
/* Digits of an unsigned number in a base from 2 to 36. */
void gonum_format_uint(struct buf *out, uint64_t v, int base, bool upper);

#endif
