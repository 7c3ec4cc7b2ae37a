/* SPDX-License-Identifier: Apache-2.0
 *
 * scope: which namespaces are wanted now. With --namespace-selector that follows the labels of the
 * Namespace objects; without it every namespace that is looked at is wanted. Loop thread only.
 */
#ifndef PAWL_RELOAD_SCOPE_H
#define PAWL_RELOAD_SCOPE_H

#include "kube/client.h"
#include "reload/metrics.h"
#include "reload/options.h"

struct scope_watch;

/* selector: empty for none. joined: a namespace is wanted from now on. */
struct scope_watch *scope_new(struct kube_client *client, struct str selector,
                              struct reload_metrics *metrics,
                              void (*joined)(void *arg, struct str ns), void *arg) MUST_USE;
void scope_free(struct scope_watch *s);
void scope_start(struct scope_watch *s);
bool scope_synced(const struct scope_watch *s, struct buf *why);
bool scope_selected(const struct scope_watch *s, struct str ns);

#endif
