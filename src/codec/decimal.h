/* SPDX-License-Identifier: Apache-2.0
 *
 * decimal: arithmetic on floats as on the decimal numbers that they print as, so that 0.1 + 0.2 is
 * 0.3. Exact but for division, which keeps 16 decimal places, rounded half away from zero.
 */
#ifndef PAWL_CODEC_DECIMAL_H
#define PAWL_CODEC_DECIMAL_H

#include "base/err.h"

enum decimal_op { DECIMAL_ADD, DECIMAL_SUB, DECIMAL_MUL, DECIMAL_DIV };

struct decimal;

/* NULL for NaN and infinities. */
struct decimal *decimal_new(double v) MUST_USE;
void decimal_free(struct decimal *d);
void decimal_freep(struct decimal **d);
/* a = a op b. "decimal division by 0". */
int decimal_apply(struct decimal *a, enum decimal_op op, const struct decimal *b, struct err **err);
double decimal_to_double(const struct decimal *d);

#endif
