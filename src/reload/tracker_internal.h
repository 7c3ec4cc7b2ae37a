/* SPDX-License-Identifier: Apache-2.0
 *
 * tracker_internal: between tracker.c and due.c.
 */
#ifndef PAWL_RELOAD_TRACKER_INTERNAL_H
#define PAWL_RELOAD_TRACKER_INTERNAL_H

#include "base/map.h"
#include "reload/tracker.h"

/* A Deployment and the Rollouts that borrow its template; more than a few would be a mistake. */
enum { MAX_DECIDERS = 8 };

/* Workloads of one namespace whose lists have patterns. */
struct open_list {
    VEC(struct tracked *) entries;
};

/* Rollouts that use the pod template of one Deployment. */
struct borrowers {
    VEC(char *) names;
};

struct tracker {
    struct tracker_config config;
    struct map entries;   /* key -> struct tracked */
    struct map open;      /* namespace -> struct open_list */
    struct map borrowers; /* key of the Deployment -> struct borrowers */
    uint64_t start_version;
};

/* The workload itself first, then those who also have a say. */
size_t tracker_deciders(const struct tracker *t, struct tracked *e, const struct workload **out,
                        size_t max);
/* Text of the ledger that counts for the workload; empty if there is none. */
struct str tracker_recorded_text(const struct tracker *t, const struct workload *w);

#endif
