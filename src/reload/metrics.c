/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/metrics.h"

static const double reconcile_buckets[] = {.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
static const double action_buckets[] = {.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60};
static const double queue_buckets[] = {.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5};
static const double latency_buckets[] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60, 300};

#define BUCKETS(b) .buckets = (b), .n_buckets = COUNT_OF(b)
#define AT(field)  offsetof(struct reload_metrics, field)

static const struct {
    size_t offset;
    struct metric_desc desc;
} families[] = {
    {AT(executed),
     {.name = "reloader_reload_executed_total",
      .help = "Reloads executed.",
      .type = METRIC_COUNTER,
      .labels = {"success"}}},
    {AT(reconciles),
     {.name = "reloader_reconcile_total",
      .help = "Changes of sources worked through, by result.",
      .type = METRIC_COUNTER,
      .labels = {"result"}}},
    {AT(reconcile_seconds),
     {.name = "reloader_reconcile_duration_seconds",
      .help = "From a change seen to all workloads decided on.",
      .type = METRIC_HISTOGRAM,
      .labels = {"result"},
      BUCKETS(reconcile_buckets)}},
    {AT(actions),
     {.name = "reloader_action_total",
      .help = "Workloads moved, by kind and result.",
      .type = METRIC_COUNTER,
      .labels = {"workload_kind", "result"}}},
    {AT(action_seconds),
     {.name = "reloader_action_latency_seconds",
      .help = "From the start of work on a workload to its end.",
      .type = METRIC_HISTOGRAM,
      .labels = {"workload_kind"},
      BUCKETS(action_buckets)}},
    {AT(skipped),
     {.name = "reloader_skipped_total",
      .help = "Changes that moved nothing, by reason.",
      .type = METRIC_COUNTER,
      .labels = {"reason"}}},
    {AT(errors),
     {.name = "reloader_errors_total",
      .help = "Errors, by type.",
      .type = METRIC_COUNTER,
      .labels = {"type"}}},
    {AT(retries),
     {.name = "reloader_retries_total",
      .help = "Attempts that will be repeated.",
      .type = METRIC_COUNTER}},
    {AT(received),
     {.name = "reloader_events_received_total",
      .help = "Events received from the API server, before any filter.",
      .type = METRIC_COUNTER,
      .labels = {"event_type", "resource_type"}}},
    {AT(processed),
     {.name = "reloader_events_processed_total",
      .help = "Events worked through.",
      .type = METRIC_COUNTER,
      .labels = {"event_type", "resource_type", "result"}}},
    {AT(scanned),
     {.name = "reloader_workloads_scanned_total",
      .help = "Workloads decided on.",
      .type = METRIC_COUNTER,
      .labels = {"kind"}}},
    {AT(matched),
     {.name = "reloader_workloads_matched_total",
      .help = "Workloads moved.",
      .type = METRIC_COUNTER,
      .labels = {"kind"}}},
    {AT(queue.depth),
     {.name = "reloader_workqueue_depth",
      .help = "Workloads waiting to be worked on.",
      .type = METRIC_GAUGE}},
    {AT(queue.adds),
     {.name = "reloader_workqueue_adds_total",
      .help = "Workloads added to the queue.",
      .type = METRIC_COUNTER}},
    {AT(queue.latency),
     {.name = "reloader_workqueue_latency_seconds",
      .help = "Time a workload waited in the queue.",
      .type = METRIC_HISTOGRAM,
      BUCKETS(queue_buckets)}},
    {AT(baselines),
     {.name = "pawl_reload_baselines_total",
      .help = "Ledgers written without a restart, by result.",
      .type = METRIC_COUNTER,
      .labels = {"result"}}},
    {AT(fetches),
     {.name = "pawl_reload_fetches_total",
      .help = "Secrets and ConfigMaps read, by result.",
      .type = METRIC_COUNTER,
      .labels = {"resource_type", "result"}}},
    {AT(latency),
     {.name = "pawl_reload_latency_seconds",
      .help = "From a change seen to the workload moved.",
      .type = METRIC_HISTOGRAM,
      BUCKETS(latency_buckets)}},
    {AT(pending),
     {.name = "pawl_reload_pending",
      .help = "Workloads that are due to move and have not moved yet.",
      .type = METRIC_GAUGE}},
    {AT(failing),
     {.name = "pawl_reload_failing",
      .help = "Workloads whose last attempt to move failed.",
      .type = METRIC_GAUGE}},
    {AT(alerts),
     {.name = "pawl_reload_alerts_total",
      .help = "Alerts by result: sent, failed, dropped.",
      .type = METRIC_COUNTER,
      .labels = {"result"}}},
};

static const struct metric_desc by_namespace_desc = {
    .name = "reloader_reload_executed_total_by_namespace",
    .help = "Reloads executed, by namespace.",
    .type = METRIC_COUNTER,
    .labels = {"success", "namespace"},
};

void reload_metrics_init(struct reload_metrics *m, struct metrics *registry, bool by_namespace)
{
    *m = (struct reload_metrics){0};
    if (!registry) {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        struct metric **field = (struct metric **)(void *)((char *)m + families[i].offset);
        *field = metrics_add(registry, &families[i].desc);
    }
    if (by_namespace) {
        m->executed_ns = metrics_add(registry, &by_namespace_desc);
    }
    metric_add(m->executed, LABELS(STR("true")), 0);
    metric_add(m->executed, LABELS(STR("false")), 0);
}

void reload_metrics_move(struct reload_metrics *m, enum workload_kind kind, struct str ns, bool ok,
                         double seconds)
{
    struct str success = ok ? STR("true") : STR("false");
    struct str name = str_c(workload_kind_info(kind)->name);
    metric_inc(m->executed, LABELS(success));
    metric_inc(m->executed_ns, LABELS(success, ns));
    metric_inc(m->actions, LABELS(name, ok ? STR("success") : STR("error")));
    metric_observe(m->action_seconds, LABELS(name), seconds);
    if (ok) {
        metric_inc(m->matched, LABELS(name));
    }
}

void reload_metrics_event(struct reload_metrics *m, enum source_type type, const char *result,
                          double seconds)
{
    struct str resource = str_c(source_type_info(type)->resource);
    metric_inc(m->reconciles, LABELS(str_c(result)));
    metric_observe(m->reconcile_seconds, LABELS(str_c(result)), seconds);
    metric_inc(m->processed, LABELS(STR("unknown"), resource, STR("success")));
}

void reload_metrics_received(struct reload_metrics *m, const char *event, const char *resource)
{
    metric_inc(m->received, LABELS(str_c(event), str_c(resource)));
}

void reload_metrics_skipped(struct reload_metrics *m, const char *reason)
{
    metric_inc(m->skipped, LABELS(str_c(reason)));
}
