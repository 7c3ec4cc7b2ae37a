/* SPDX-License-Identifier: Apache-2.0
 *
 * burst: when many sources of one namespace change at once, one list instead of a read of each.
 *
 * Changes that come one after the other are read at once. If more come than a read each 10 ms, and
 * the namespace does not hold many more than that, reads are gathered for a moment and answered by
 * a list; what comes while it is under way joins the next one. Once a list was for one alone, reads
 * go out at once again. After a list that failed that is so for a while. Loop thread only.
 */
#ifndef PAWL_RELOAD_BURST_H
#define PAWL_RELOAD_BURST_H

#include "kube/client.h"
#include "reload/kinds.h"

struct burst;

struct burst_config {
    struct loop *loop;
    struct kube_client *client;
    /* An object of a list, whether it was asked for or not. */
    void (*item)(void *arg, enum source_type type, const struct json *item);
    /* The list that `key` waited for has ended, well or not. */
    void (*listed)(void *arg, struct str key);
    void *arg;
};

struct burst *burst_new(const struct burst_config *config) MUST_USE;
void burst_free(struct burst *b);

/* A read of SOURCE_CONFIGMAP or SOURCE_SECRET is due. True if a list will answer it; false if it is
 * to be read by itself. key: the owner's name for it; existing: how many there are in the
 * namespace. */
bool burst_take(struct burst *b, enum source_type type, struct str ns, struct str key,
                size_t existing);

#endif
