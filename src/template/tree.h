/* SPDX-License-Identifier: Apache-2.0
 *
 * tree: values to and from JSON documents.
 */
#ifndef PAWL_TEMPLATE_TREE_H
#define PAWL_TEMPLATE_TREE_H

#include "base/err.h"
#include "codec/json.h"
#include "template/value.h"

enum tree_flags {
    TREE_PLAIN = 0,
    TREE_HTML = 1,   /* < > & escaped */
    TREE_PRETTY = 2, /* indented by two blanks */
};

/* As json.Marshal writes it. Fails for NaN, infinities and years beyond 9999. */
int tree_to_json(struct work *w, struct buf *out, struct value v, enum tree_flags flags,
                 struct err **err) MUST_USE;
/* Numbers become float64. The values point into the text or the arena of w. A number that no
 * float64 can hold becomes nil, and the call fails with *out set. */
int tree_from_json(struct work *w, struct str text, struct value *out, struct err **err) MUST_USE;
/* The same from a parsed document; a number that no float64 can hold sets *err, but the call goes
 * on and returns 0. */
int tree_from_node(struct work *w, const struct json *j, struct value *out,
                   struct err **err) MUST_USE;

#endif
