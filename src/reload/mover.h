/* SPDX-License-Identifier: Apache-2.0
 *
 * mover: carries out what is due for one workload: one PATCH for a Deployment, DaemonSet,
 * StatefulSet or Rollout; one new Job for a CronJob; a Job replaced, with a holder in between so
 * that it cannot be lost. Each step can be repeated after a crash without doing anything twice.
 *
 * A mover reads what it needs of workload and due before mover_start returns; afterwards it depends
 * on nothing but the client. Loop thread only.
 */
#ifndef PAWL_RELOAD_MOVER_H
#define PAWL_RELOAD_MOVER_H

#include "reload/tracker.h"

struct mover;

enum move_outcome {
    MOVE_OK,
    MOVE_STALE,  /* the workload is not what was thought: look at `fresh` and decide again */
    MOVE_GONE,   /* it does not exist any more */
    MOVE_FAILED, /* err says why */
};

struct move_result {
    enum move_outcome outcome;
    const struct err *err;  /* MOVE_FAILED */
    struct workload *fresh; /* the newest version, the callee's to free; NULL: none */
    /* The workload has moved, but what it was moved for could not be written on it: not allowed. */
    const struct err *not_recorded;
};
typedef void move_done_fn(void *arg, const struct move_result *result);

struct mover_config {
    struct loop *loop;
    struct kube_client *client;
    const struct reload_options *options;
    move_done_fn *done; /* once, never inside mover_start; the mover is gone afterwards */
    void *arg;
};

/* w: the workload; pod: the one whose template it has (itself, mostly). pause: a Deployment that is
 * to be paused by the same PATCH. */
struct mover *mover_start(const struct mover_config *config, const struct workload *w,
                          const struct workload *pod, const struct due *due, bool pause);
/* Only the ledger. */
struct mover *mover_record(const struct mover_config *config, const struct workload *w,
                           struct str ledger);
/* Ends a pause of ours, or removes its stale mark. */
struct mover *mover_resume(const struct mover_config *config, const struct workload *w);
/* Finishes what a holder stands for. MOVE_STALE: its Job is still being deleted. */
struct mover *mover_restore(const struct mover_config *config, const struct workload *holder);
/* Reads the workload: MOVE_STALE with `fresh`, MOVE_GONE or MOVE_FAILED. */
struct mover *mover_read(const struct mover_config *config, const struct workload *w);
/* No callback comes. NULL is fine. */
void mover_cancel(struct mover *m);

#endif
