/* SPDX-License-Identifier: Apache-2.0
 *
 * selector: Kubernetes label selectors in their text form, as flags carry them:
 *     a=b, a==b, a!=b, a in (b,c), a notin (b,c), a, !a
 * Pure.
 */
#ifndef PAWL_RELOAD_SELECTOR_H
#define PAWL_RELOAD_SELECTOR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "reload/options.h"

/* The entries of --namespace-selector or --resource-label-selector as one selector. Per entry the
 * older form key:value becomes key=value, and key:* or key=* becomes key (exists); entries are
 * joined with commas. The result is checked; ERR_INVALID names what is wrong. Empty for no entry.
 */
int label_selector_from_flags(struct buf *out, struct reload_list entries, struct err **err);
/* The entry after the rewrite. */
void label_selector_rewrite(struct buf *out, struct str entry);
/* ERR_INVALID unless it is a selector. The empty one is fine. */
int label_selector_check(struct str selector, struct err **err);

#endif
