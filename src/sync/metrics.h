/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics: what External Secrets Operator counts, under its names, labels and units (the reconcile
 * duration is in nanoseconds), and controller-runtime's counters of passes. Loop thread only.
 *
 * The "extended" labels carry the app.kubernetes.io labels of the object.
 */
#ifndef PAWL_SYNC_METRICS_H
#define PAWL_SYNC_METRICS_H

#include "base/metrics.h"
#include "sync/kv.h"

enum sync_kind {
    SYNC_ES,
    SYNC_STORE,
    SYNC_CSTORE,
    SYNC_PUSH,
    SYNC_CES,
    SYNC_CPUSH,
    SYNC_KINDS,
};

enum sync_result { RESULT_SUCCESS, RESULT_ERROR, RESULT_REQUEUE, RESULT_REQUEUE_AFTER };

struct sync_metrics;

/* registry may be NULL: nothing is counted. concurrent: passes at once, for a gauge. */
struct sync_metrics *sync_metrics_new(struct metrics *registry, bool extended,
                                      size_t concurrent) MUST_USE;
/* The registry must not be written out afterwards. */
void sync_metrics_free(struct sync_metrics *m);

/* labels: the object's, for the extended form; may be NULL. */
void sync_metrics_call(struct sync_metrics *m, struct str ns, struct str name,
                       const struct kvs *labels);
void sync_metrics_error(struct sync_metrics *m, struct str ns, struct str name,
                        const struct kvs *labels);
/* Condition Ready: the current status 1, the opposite 0. */
void sync_metrics_ready(struct sync_metrics *m, enum sync_kind kind, struct str ns, struct str name,
                        bool ready, const struct kvs *labels);
void sync_metrics_duration(struct sync_metrics *m, enum sync_kind kind, struct str ns,
                           struct str name, ns_t took, const struct kvs *labels);
/* The object is gone. An ExternalSecret leaves {condition="Deleted",status="False"} 1 behind. */
void sync_metrics_gone(struct sync_metrics *m, enum sync_kind kind, struct str ns, struct str name);
/* Key Vault calls: GetSecret, GetSecrets, GetCertificate, GetKey ... */
void sync_metrics_provider(struct sync_metrics *m, const char *call, bool ok);
/* One finished pass. */
void sync_metrics_pass(struct sync_metrics *m, enum sync_kind kind, enum sync_result result,
                       ns_t took);
/* Passes under way. */
void sync_metrics_active(struct sync_metrics *m, enum sync_kind kind, size_t active);

#endif
