/* SPDX-License-Identifier: Apache-2.0
 *
 * rewrite: dataFrom[].rewrite: keys changed by regular expression or template, and values that are
 * JSON objects merged into one set of keys. Pure.
 *
 * Where two keys become the same one, the one that sorts last wins (External Secrets Operator
 * leaves it to chance). In a merge integers keep all their digits (there they pass through a
 * float64).
 */
#ifndef PAWL_SYNC_REWRITE_H
#define PAWL_SYNC_REWRITE_H

#include "sync/spec.h"

/* In order, in the arena of the map. ERR_INVALID or ERR_PARSE. */
int rewrite_values(struct kvs *values, const struct rewrite *rewrites, size_t n,
                   struct err **err) MUST_USE;

#endif
