/* SPDX-License-Identifier: Apache-2.0
 *
 * selector: a metav1.LabelSelector and whether a set of labels matches it. Pure.
 */
#ifndef PAWL_SYNC_SELECTOR_H
#define PAWL_SYNC_SELECTOR_H

#include "sync/kv.h"

enum selector_operator { SELECT_IN, SELECT_NOT_IN, SELECT_EXISTS, SELECT_NOT_EXISTS };
struct selector_expression {
    struct str key;
    enum selector_operator op;
    struct str *values;
    size_t n_values;
};
struct selector {
    struct kvs labels;
    struct selector_expression *expressions;
    size_t n_expressions;
};

/* ERR_INVALID on an unknown operator, or on values where none (or some) must be. */
int selector_parse(struct arena *a, const struct json *json, struct selector *out,
                   struct err **err) MUST_USE;
/* An empty selector matches everything. */
bool selector_matches(const struct selector *s, const struct kvs *labels);

#endif
