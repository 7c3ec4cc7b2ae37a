/* SPDX-License-Identifier: Apache-2.0
 *
 * gofmt_spec: one conversion of a format: its flags, width and precision, and how the basic types
 * are laid out under it. Used by gofmt.c.
 */
#ifndef PAWL_TEMPLATE_GOFMT_SPEC_H
#define PAWL_TEMPLATE_GOFMT_SPEC_H

#include "base/buf.h"

struct spec {
    bool minus;
    bool plus;
    bool sharp;
    bool space;
    bool zero;
    bool plus_v;  /* %+v */
    bool sharp_v; /* %#v: Go syntax */
    bool has_width;
    bool has_precision;
    int width;
    int precision;
};

/* Each returns false where the verb does not fit the type. */
bool spec_string(struct buf *out, const struct spec *f, struct str s, uint32_t verb);
bool spec_bool(struct buf *out, const struct spec *f, bool b, uint32_t verb);
bool spec_integer(struct buf *out, const struct spec *f, uint64_t bits, bool is_signed,
                  uint32_t verb);
bool spec_float(struct buf *out, const struct spec *f, double v, uint32_t verb);
/* With the width, and nothing else. */
void spec_pad(struct buf *out, const struct spec *f, struct str s);

#endif
