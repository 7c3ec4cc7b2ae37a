/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/metrics.h"

#include <stdlib.h>

#define EXTENDED                                                                                   \
    "app_kubernetes_io_name", "app_kubernetes_io_instance", "app_kubernetes_io_version",           \
        "app_kubernetes_io_component", "app_kubernetes_io_part_of", "app_kubernetes_io_managed_by"
#define C_LABELS "name", "namespace", "condition", "status"

/* The labels of the object behind EXTENDED, in its order. */
static const char *const APP_LABELS[] = {
    "app.kubernetes.io/name",      "app.kubernetes.io/instance", "app.kubernetes.io/version",
    "app.kubernetes.io/component", "app.kubernetes.io/part-of",  "app.kubernetes.io/managed-by",
};

static const double PASS_BUCKETS[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                      1,     2.5,  5,     10,   30,  60};

static const struct {
    const char *controller; /* label of the controller-runtime series */
    const char *condition;
    const char *duration;
} KINDS[SYNC_KINDS] = {
    [SYNC_ES] = {"externalsecret", "externalsecret_status_condition",
                 "externalsecret_reconcile_duration"},
    [SYNC_STORE] = {"secretstore", "secretstore_status_condition",
                    "secretstore_reconcile_duration"},
    [SYNC_CSTORE] = {"clustersecretstore", "clustersecretstore_status_condition",
                     "clustersecretstore_reconcile_duration"},
    [SYNC_PUSH] = {"pushsecret", "pushsecret_status_condition", "pushsecret_reconcile_duration"},
    [SYNC_CES] = {"clusterexternalsecret", "clusterexternalsecret_status_condition",
                  "clusterexternalsecret_reconcile_duration"},
    [SYNC_CPUSH] = {"clusterpushsecret", "clusterpushsecret_status_condition",
                    "clusterpushsecret_reconcile_duration"},
};

static const char *const RESULTS[] = {
    [RESULT_SUCCESS] = "success",
    [RESULT_ERROR] = "error",
    [RESULT_REQUEUE] = "requeue",
    [RESULT_REQUEUE_AFTER] = "requeue_after",
};

struct sync_metrics {
    bool extended;
    struct metric *calls;
    struct metric *errors;
    struct metric *provider;
    struct metric *condition[SYNC_KINDS];
    struct metric *duration[SYNC_KINDS];
    struct metric *passes;
    struct metric *pass_errors;
    struct metric *pass_seconds;
    struct metric *concurrent;
    struct metric *active;
    struct metric_desc kinds[SYNC_KINDS][2]; /* descriptions that depend on `extended` */
    struct metric_desc counters[2];
};

static const struct metric_desc PROVIDER = {
    "externalsecret_provider_api_calls_count",
    "Calls to the provider's API.",
    METRIC_COUNTER,
    {"provider", "call", "status"},
    NULL,
    0,
};
static const struct metric_desc PASSES = {
    "controller_runtime_reconcile_total",
    "Passes by controller and result.",
    METRIC_COUNTER,
    {"controller", "result"},
    NULL,
    0,
};
static const struct metric_desc PASS_ERRORS = {
    "controller_runtime_reconcile_errors_total",
    "Passes that failed.",
    METRIC_COUNTER,
    {"controller"},
    NULL,
    0,
};
static const struct metric_desc PASS_SECONDS = {
    "controller_runtime_reconcile_time_seconds",
    "How long a pass took.",
    METRIC_HISTOGRAM,
    {"controller"},
    PASS_BUCKETS,
    COUNT_OF(PASS_BUCKETS),
};
static const struct metric_desc CONCURRENT = {
    "controller_runtime_max_concurrent_reconciles",
    "Passes allowed at once.",
    METRIC_GAUGE,
    {"controller"},
    NULL,
    0,
};
static const struct metric_desc ACTIVE = {
    "controller_runtime_active_workers", "Passes under way.", METRIC_GAUGE, {"controller"}, NULL, 0,
};

static struct metric_desc object_desc(const char *name, const char *help, enum metric_type type,
                                      bool condition, bool extended)
{
    static const char *const LABEL_NAMES[] = {C_LABELS, EXTENDED};
    struct metric_desc desc = {.name = name, .help = help, .type = type};
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(LABEL_NAMES); i++) {
        bool wanted = i < 2 || (i < 4 ? condition : extended);
        if (wanted) {
            desc.labels[n++] = LABEL_NAMES[i];
        }
    }
    return desc;
}

static void add_objects(struct sync_metrics *m, struct metrics *registry)
{
    m->counters[0] =
        object_desc("externalsecret_sync_calls_total", "Passes over an ExternalSecret.",
                    METRIC_COUNTER, false, m->extended);
    m->counters[1] =
        object_desc("externalsecret_sync_calls_error", "Passes over an ExternalSecret that failed.",
                    METRIC_COUNTER, false, m->extended);
    m->calls = metrics_add(registry, &m->counters[0]);
    m->errors = metrics_add(registry, &m->counters[1]);
    for (size_t i = 0; i < SYNC_KINDS; i++) {
        m->kinds[i][0] = object_desc(KINDS[i].condition, "Conditions of the object: 1 if it holds.",
                                     METRIC_GAUGE, true, m->extended);
        m->kinds[i][1] = object_desc(KINDS[i].duration, "Nanoseconds that the last pass took.",
                                     METRIC_GAUGE, false, m->extended);
        m->condition[i] = metrics_add(registry, &m->kinds[i][0]);
        m->duration[i] = metrics_add(registry, &m->kinds[i][1]);
    }
}

struct sync_metrics *sync_metrics_new(struct metrics *registry, bool extended, size_t concurrent)
{
    struct sync_metrics *m = xcalloc(1, sizeof(*m));
    m->extended = extended;
    if (!registry) {
        return m;
    }
    add_objects(m, registry);
    m->provider = metrics_add(registry, &PROVIDER);
    m->passes = metrics_add(registry, &PASSES);
    m->pass_errors = metrics_add(registry, &PASS_ERRORS);
    m->pass_seconds = metrics_add(registry, &PASS_SECONDS);
    m->concurrent = metrics_add(registry, &CONCURRENT);
    m->active = metrics_add(registry, &ACTIVE);
    for (size_t i = 0; i < SYNC_KINDS; i++) {
        metric_set(m->concurrent, LABELS(str_c(KINDS[i].controller)), (double)concurrent);
    }
    return m;
}

void sync_metrics_free(struct sync_metrics *m)
{
    free(m);
}

/* ---- series of one object ---- */

/* Fills the values of a series; `rest` (condition and status) may be NULL. */
static void series(const struct sync_metrics *m, struct str ns, struct str name,
                   const struct str *rest, const struct kvs *labels,
                   struct str out[METRIC_MAX_LABELS])
{
    size_t n = 0;
    out[n++] = name;
    out[n++] = ns;
    for (size_t i = 0; rest && i < 2; i++) {
        out[n++] = rest[i];
    }
    for (size_t i = 0; m->extended && i < COUNT_OF(APP_LABELS); i++) {
        out[n++] = labels ? kvs_get(labels, str_c(APP_LABELS[i])) : STR_EMPTY;
    }
}

void sync_metrics_call(struct sync_metrics *m, struct str ns, struct str name,
                       const struct kvs *labels)
{
    struct str values[METRIC_MAX_LABELS];
    series(m, ns, name, NULL, labels, values);
    metric_inc(m->calls, values);
}

void sync_metrics_error(struct sync_metrics *m, struct str ns, struct str name,
                        const struct kvs *labels)
{
    struct str values[METRIC_MAX_LABELS];
    series(m, ns, name, NULL, labels, values);
    metric_inc(m->errors, values);
}

static void set_condition(struct sync_metrics *m, enum sync_kind kind, struct str ns,
                          struct str name, const char *condition, bool status, bool holds,
                          const struct kvs *labels)
{
    struct str values[METRIC_MAX_LABELS];
    struct str rest[2] = {str_c(condition), str_c(status ? "True" : "False")};
    series(m, ns, name, rest, labels, values);
    metric_set(m->condition[kind], values, holds ? 1 : 0);
}

void sync_metrics_ready(struct sync_metrics *m, enum sync_kind kind, struct str ns, struct str name,
                        bool ready, const struct kvs *labels)
{
    set_condition(m, kind, ns, name, "Ready", ready, true, labels);
    set_condition(m, kind, ns, name, "Ready", !ready, false, labels);
}

void sync_metrics_duration(struct sync_metrics *m, enum sync_kind kind, struct str ns,
                           struct str name, ns_t took, const struct kvs *labels)
{
    struct str values[METRIC_MAX_LABELS];
    series(m, ns, name, NULL, labels, values);
    metric_set(m->duration[kind], values, (double)took);
}

void sync_metrics_gone(struct sync_metrics *m, enum sync_kind kind, struct str ns, struct str name)
{
    struct str values[2] = {name, ns};
    metric_remove_prefix(m->condition[kind], values, COUNT_OF(values));
    metric_remove_prefix(m->duration[kind], values, COUNT_OF(values));
    if (kind == SYNC_ES) {
        set_condition(m, kind, ns, name, "Deleted", false, true, NULL);
    }
}

/* ---- series of the whole ---- */

void sync_metrics_provider(struct sync_metrics *m, const char *call, bool ok)
{
    metric_inc(m->provider,
               LABELS(STR("Azure/KeyVault"), str_c(call), ok ? STR("success") : STR("error")));
}

void sync_metrics_pass(struct sync_metrics *m, enum sync_kind kind, enum sync_result result,
                       ns_t took)
{
    struct str controller = str_c(KINDS[kind].controller);
    metric_inc(m->passes, LABELS(controller, str_c(RESULTS[result])));
    if (result == RESULT_ERROR) {
        metric_inc(m->pass_errors, LABELS(controller));
    }
    metric_observe(m->pass_seconds, LABELS(controller), (double)took / (double)NS_S);
}

void sync_metrics_active(struct sync_metrics *m, enum sync_kind kind, size_t active)
{
    metric_set(m->active, LABELS(str_c(KINDS[kind].controller)), (double)active);
}
