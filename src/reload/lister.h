/* SPDX-License-Identifier: Apache-2.0
 *
 * lister: one list of one resource, streamed and paged: each item is parsed, handed out and
 * forgotten. For workloads that may not be watched, and for one look by a command. Loop thread
 * only.
 */
#ifndef PAWL_RELOAD_LISTER_H
#define PAWL_RELOAD_LISTER_H

#include "kube/client.h"

struct lister;

struct lister_config {
    struct kube_client *client;
    const struct resource *resource; /* outlives the list */
    struct str ns;                   /* empty: all namespaces */
    struct str label_selector;       /* empty: none */
    struct str field_selector;       /* empty: none */
    bool metadata;                   /* only the metadata of each item */
    bool wipe;                       /* items hold values */
    void (*item)(void *arg, const struct json *item);
    /* Once, NULL when the list was whole. The lister is gone afterwards. */
    void (*done)(void *arg, const struct err *err);
    void *arg;
};

struct lister *lister_start(const struct lister_config *config);
/* No callback comes after this. NULL is fine. */
void lister_cancel(struct lister *l);

#endif
