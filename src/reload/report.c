/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "reload"
#include "reload/report.h"

#include "base/log.h"
#include "reload/workloads.h"

enum { TEXT_MAX = 8 * 1024 };

void report_causes(struct buf *out, struct str ns, const struct cause *causes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_addf(out,
                 i == 0 ? "Changes detected in '%.*s' of type '%s'" : " and in '%.*s' of type '%s'",
                 STR_ARG(causes[i].name), source_type_info(causes[i].type)->word);
        if (i == 0) {
            buf_addf(out, " in namespace '%.*s'", STR_ARG(ns));
        }
    }
}

static void add_workload(struct buf *out, const struct workload *w)
{
    buf_addf(out, "'%.*s' of type '%s' in namespace '%.*s'", STR_ARG(w->name),
             workload_kind_info(w->kind)->name, STR_ARG(w->ns));
}

static void emit(struct reporter *r, const struct workload *w, enum source_type type,
                 enum event_type event, const char *reason, struct str text)
{
    AUTO(buf_done) struct buf component = BUF_INIT(100);
    struct event_object about = {
        .resource = workload_resource(w->kind),
        .ns = w->ns,
        .name = w->name,
        .uid = w->uid,
        .resource_version = w->resource_version,
    };
    buf_addf(&component, "reloader-%s", source_type_info(type)->resource);
    if (r->events) {
        event_emit(r->events, component.p, &about, event, reason, text);
    }
}

void report_moved(struct reporter *r, const struct workload *w, const struct cause *causes,
                  size_t n, double seconds)
{
    AUTO(buf_done) struct buf event = BUF_INIT(TEXT_MAX);
    report_causes(&event, w->ns, causes, n);
    buf_add_c(&event, ", Updated ");
    add_workload(&event, w);
    emit(r, w, causes[0].type, EVENT_NORMAL, "Reloaded", buf_str(&event));
    for (size_t i = 0; i < n; i++) {
        AUTO(buf_done) struct buf line = BUF_INIT(TEXT_MAX);
        report_causes(&line, w->ns, &causes[i], 1);
        buf_add_c(&line, "; updated ");
        add_workload(&line, w);
        log_write(LOG_INFO, LOGGER, line.p, NULL, 0);
        alerts_send(r->alerts, causes[i].type, causes[i].name, w->kind, w->name, w->ns);
    }
    reload_metrics_move(r->metrics, w->kind, w->ns, true, seconds);
}

void report_failed(struct reporter *r, const struct workload *w, const struct cause *causes,
                   size_t n, const struct err *err, double seconds)
{
    AUTO(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
    buf_add_c(&text, "Update for ");
    add_workload(&text, w);
    buf_addf(&text, " failed with error %s", err_msg(err));
    emit(r, w, n > 0 ? causes[0].type : SOURCE_SECRET, EVENT_WARNING, "ReloadFail", buf_str(&text));
    log_write(LOG_ERROR, LOGGER, text.p, NULL, 0);
    reload_metrics_move(r->metrics, w->kind, w->ns, false, seconds);
    metric_inc(r->metrics->errors, LABELS(STR("handler_error")));
    metric_inc(r->metrics->retries, NULL);
}

void report_warning(struct reporter *r, const struct workload *w, const char *reason,
                    struct str text)
{
    LOG_WARN("a workload needs attention", F("kind", workload_kind_info(w->kind)->name),
             F("namespace", w->ns), F("name", w->name), F("reason", text));
    emit(r, w, SOURCE_CONFIGMAP, EVENT_WARNING, reason, text);
}
