/* SPDX-License-Identifier: Apache-2.0
 *
 * report: what people are told about a move: the log line, the Event on the workload, the metrics
 * and the alert, in Stakater Reloader's words, which dashboards and scripts look for.
 */
#ifndef PAWL_RELOAD_REPORT_H
#define PAWL_RELOAD_REPORT_H

#include "kube/events.h"
#include "reload/alerts.h"
#include "reload/metrics.h"
#include "reload/strategy.h"

struct reporter {
    struct events *events;
    struct reload_metrics *metrics;
    struct alerts *alerts; /* NULL: off */
};

/* w: any version of the workload. seconds: from the start of work on it. */
void report_moved(struct reporter *r, const struct workload *w, const struct cause *causes,
                  size_t n, double seconds);
void report_failed(struct reporter *r, const struct workload *w, const struct cause *causes,
                   size_t n, const struct err *err, double seconds);
/* A warning about the workload that is no failure: a bad pause period, a bad pattern. */
void report_warning(struct reporter *r, const struct workload *w, const char *reason,
                    struct str text);

/* "Changes detected in 'db' of type 'SECRET' in namespace 'shop'", then for each further cause
 * " and in 'app' of type 'CONFIGMAP'". */
void report_causes(struct buf *out, struct str ns, const struct cause *causes, size_t n);

#endif
