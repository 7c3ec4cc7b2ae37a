/* SPDX-License-Identifier: Apache-2.0
 *
 * gofmt: values as text, as Go's package fmt prints them: %v and all its verbs, flags and error
 * forms ("%!d(string=hi)"). Appends to out; what does not fit sets out->full.
 */
#ifndef PAWL_TEMPLATE_GOFMT_H
#define PAWL_TEMPLATE_GOFMT_H

#include "template/value.h"

/* "%v". */
void gofmt_print(struct work *w, struct buf *out, struct value v);
/* fmt.Sprint: a space between two operands of which neither is a string. */
void gofmt_sprint(struct work *w, struct buf *out, const struct value *v, size_t n);
/* fmt.Sprintln: spaces between all, a newline at the end. */
void gofmt_sprintln(struct work *w, struct buf *out, const struct value *v, size_t n);
void gofmt_printf(struct work *w, struct buf *out, struct str format, const struct value *v,
                  size_t n);
/* sprig's strval: strings as they are, the rest by "%v". Borrowed or on the arena. */
struct str gofmt_text(struct work *w, struct value v);

#endif
