/* SPDX-License-Identifier: Apache-2.0
 *
 * strategy: how a workload is made to roll, as patch bodies. One move has one patch: for all its
 * changed sources, together with the ledger and, for a Deployment with a pause period, the pause.
 *
 * Built-in kinds get strategic merge patches that name containers and variables, so that nothing
 * depends on positions. Argo Rollouts are custom resources, which know no such patches: their
 * variables are changed by a JSON patch whose tests hold the positions, everything else by merge
 * patches. Every body carries the uid, so that a workload that was deleted and created again is
 * never taken for the old one. Pure.
 */
#ifndef PAWL_RELOAD_STRATEGY_H
#define PAWL_RELOAD_STRATEGY_H

#include "kube/client.h"
#include "reload/workload.h"

/* One source that the workload is moved for. */
struct cause {
    enum source_type type;
    struct str name;
    struct digest content; /* not used when deleted */
    bool deleted;
    int container; /* index in the target's containers */
};

struct move {
    const struct workload *target;
    enum reload_strategy strategy;
    const struct cause *causes; /* at least one; the last is the one that annotations name */
    size_t n_causes;
    struct str ledger;                       /* new text of the annotation; p NULL: leave it */
    const struct variable *const *leftovers; /* variables to remove, of the target */
    size_t n_leftovers;
    ns_t now;                     /* clock_real */
    const char *pause_annotation; /* pause the Deployment and write this key; NULL: do not */
};

/* STAKATER_MY_CONFIG_V2_CONFIGMAP for the ConfigMap my-config.v2. */
void strategy_env_name(struct buf *out, enum source_type type, struct str name);
/* The value of a cause: the fingerprint of its content, or of the marker for "deleted". */
void strategy_hash(const struct cause *c, char out[DIGEST_HEX + 1]);
/* Value of the annotation last-reloaded-from. */
void strategy_last_reloaded(struct buf *out, const struct workload *target, const struct cause *c,
                            ns_t now);
/* Type, name and fingerprint of such a value. False if it is none. Names are in the arena. */
bool strategy_parse_last_reloaded(struct arena *a, struct str text, struct cause *out);

struct patch {
    enum kube_patch_type type;
    struct buf body;
};

/* For everything but CronJobs and Jobs. */
void strategy_patch(const struct move *m, struct patch *out);
/* spec.restartAt of a Rollout whose pod template stays as it is. */
void strategy_patch_restart_at(const struct move *m, struct patch *out);
/* Only the ledger, which rolls nothing. */
void strategy_patch_ledger(const struct workload *w, struct str ledger, struct patch *out);
/* The same change made in a whole object (a Job to be created). */
void strategy_apply(const struct move *m, struct arena *a, struct json *pod_template);

#endif
