/* SPDX-License-Identifier: Apache-2.0
 *
 * apply_render: one template rendered, with the original's prefixes on errors. Shared by apply.c
 * and apply_object.c.
 */
#ifndef PAWL_TEMPLATE_APPLY_RENDER_H
#define PAWL_TEMPLATE_APPLY_RENDER_H

#include "template/apply.h"

int apply_render(const struct template_entry *template, enum apply_scope scope,
                 const struct template_data *data, const struct apply_options *apply,
                 struct buf *out, struct err **err) MUST_USE;

#endif
