/* SPDX-License-Identifier: Apache-2.0
 *
 * workloads: the workloads in scope that something can move, by kind, namespace and name.
 *
 * They are watched where that is allowed. Reloader's own RBAC allows only list and get: then they
 * are listed (WORKLOADS_LISTED), once at the start and once a batch of changes, in the namespaces
 * that had changes.
 *
 * Workloads are borrowed from the stores and valid until the next change of theirs: keep names, not
 * pointers. Loop thread only.
 */
#ifndef PAWL_RELOAD_WORKLOADS_H
#define PAWL_RELOAD_WORKLOADS_H

#include "kube/informer.h"
#include "reload/workload.h"

struct workloads;

enum workloads_mode { WORKLOADS_WATCHED, WORKLOADS_LISTED };

struct workloads_config {
    struct loop *loop;
    struct kube_client *client;
    const struct reload_options *options;
    enum workloads_mode mode;
    /* old NULL: new; now NULL: gone. initial: it was there at the start. */
    void (*changed)(void *arg, const struct workload *old, const struct workload *now,
                    bool initial);
    /* A watch was refused that was thought to be allowed: WORKLOADS_LISTED is needed. May be NULL.
     */
    void (*watch_denied)(void *arg);
    void *arg;
};

struct workloads *workloads_new(const struct workloads_config *config) MUST_USE;
void workloads_free(struct workloads *w);
void workloads_start(struct workloads *w);
/* As sources_settled and sources_synced. */
bool workloads_settled(const struct workloads *w, struct buf *why);
bool workloads_synced(const struct workloads *w, struct buf *why);

/* The newest resourceVersion of all that was there at the start; 0 without any. */
uint64_t workloads_start_version(const struct workloads *w);
/* NULL if nothing of that name is kept. */
const struct workload *workloads_get(const struct workloads *w, enum workload_kind kind,
                                     struct str ns, struct str name);
/* The Jobs of a CronJob that carry a ledger: the newest one's text, p NULL if there is none. */
struct str workloads_job_ledger(const struct workloads *w, struct str ns, struct str cronjob);
/* WORKLOADS_LISTED: lists the namespace anew (empty: everything in scope); done comes once, with
 * why it failed. Any number may be under way. */
void workloads_refresh(struct workloads *w, struct str ns,
                       void (*done)(void *arg, struct str ns, const struct err *err), void *arg);

/* The resource of a kind. */
const struct resource *workload_resource(enum workload_kind kind);

#endif
