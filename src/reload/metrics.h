/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics: Stakater Reloader's metrics under their names, and a few of Pawl's own. What an indexed
 * program must decide for itself: an event is counted once in reconcile_total and
 * reconcile_duration_seconds (Reloader counts each twice), workloads_scanned_total counts workloads
 * that were decided on, not objects listed.
 */
#ifndef PAWL_RELOAD_METRICS_H
#define PAWL_RELOAD_METRICS_H

#include "base/metrics.h"
#include "kube/workqueue.h"
#include "reload/kinds.h"

/* Families; all NULL without a registry. */
struct reload_metrics {
    struct metric *executed;    /* success */
    struct metric *executed_ns; /* success, namespace; NULL unless switched on */
    struct metric *reconciles;  /* result */
    struct metric *reconcile_seconds;
    struct metric *actions; /* workload_kind, result */
    struct metric *action_seconds;
    struct metric *skipped; /* reason */
    struct metric *errors;  /* type */
    struct metric *retries;
    struct metric *received;  /* event_type, resource_type */
    struct metric *processed; /* event_type, resource_type, result */
    struct metric *scanned;   /* kind */
    struct metric *matched;   /* kind */
    struct workqueue_metrics queue;

    struct metric *baselines; /* result */
    struct metric *fetches;   /* resource_type, result */
    struct metric *latency;   /* change seen -> workload patched */
    struct metric *pending;
    struct metric *failing;
    struct metric *alerts; /* result */
};

void reload_metrics_init(struct reload_metrics *m, struct metrics *registry, bool by_namespace);

/* One move of a workload, done or failed. seconds: from the start of work on it. */
void reload_metrics_move(struct reload_metrics *m, enum workload_kind kind, struct str ns, bool ok,
                         double seconds);
/* One change of a source that was worked through. */
void reload_metrics_event(struct reload_metrics *m, enum source_type type, const char *result,
                          double seconds);
/* event: "add", "update", "delete". */
void reload_metrics_received(struct reload_metrics *m, const char *event, const char *resource);
void reload_metrics_skipped(struct reload_metrics *m, const char *reason);

#endif
