/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics: counters, gauges and histograms with labels, written in the Prometheus text format
 * 0.0.4.
 *
 * A layer describes its metrics in a table of struct metric_desc, adds them to the registry that it
 * is given, and counts. Names and labels are those of the programs Pawl stands in for, so that
 * dashboards go on working; docs/reference/metrics.md is checked against the tables.
 *
 * A series appears with its first value. The number of series of a family is bounded; what would
 * go over is counted in pawl_metrics_dropped_total and not kept. Loop thread only.
 */
#ifndef PAWL_BASE_METRICS_H
#define PAWL_BASE_METRICS_H

#include "base/buf.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_MAX_LABELS = 10, METRIC_MAX_SERIES = 50000 };

struct metric_desc {
    const char *name;
    const char *help; /* one sentence */
    enum metric_type type;
    const char *labels[METRIC_MAX_LABELS + 1]; /* ends with NULL */
    const double *buckets;                     /* METRIC_HISTOGRAM: upper bounds, ascending */
    size_t n_buckets;
};

struct metrics; /* the registry */
struct metric;  /* one family */

struct metrics *metrics_new(void) MUST_USE;
void metrics_free(struct metrics *m);
/* desc must live as long as the registry. Adding a name again gives the same family. */
struct metric *metrics_add(struct metrics *m, const struct metric_desc *desc);
/* Called before each scrape, to set gauges that are read from elsewhere. */
void metrics_on_collect(struct metrics *m, void (*fn)(void *arg), void *arg);

/* Label values in the order of the description: LABELS(ns, STR("true")); NULL for none. */
#define LABELS(...) ((const struct str[]){__VA_ARGS__})

/* All take NULL for the family and do nothing then (a layer without metrics). */
void metric_add(struct metric *f, const struct str *labels, double by);
void metric_inc(struct metric *f, const struct str *labels);
void metric_set(struct metric *f, const struct str *labels, double value);
/* METRIC_HISTOGRAM; durations in seconds. */
void metric_observe(struct metric *f, const struct str *labels, double value);
/* Removes one series; nothing happens if there is none. */
void metric_remove(struct metric *f, const struct str *labels);
/* Removes the series whose first n labels have these values. */
void metric_remove_prefix(struct metric *f, const struct str *labels, size_t n);
/* The value of a counter or gauge, the number of observations of a histogram; 0 if absent. */
double metric_value(const struct metric *f, const struct str *labels);
/* The family of that name, NULL if there is none. For tests and the status page. */
struct metric *metrics_find(const struct metrics *m, const char *name);
/* The description of each family, in the order they were added. */
void metrics_each(const struct metrics *m, void (*fn)(void *arg, const struct metric_desc *desc),
                  void *arg);
const char *metric_type_name(enum metric_type type);

/* Everything, families and series in a stable order. */
void metrics_write(struct metrics *m, struct buf *out);
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
