/* SPDX-License-Identifier: Apache-2.0 */
#include "app/status_view.h"

#include "app/table.h"
#include "base/datetime.h"

enum { CELL_MAX = 4096, STATES_MAX = 8 };

/* ---- what is shown ---- */

void status_view_done(struct status_view *v)
{
    vec_done(&v->asked);
    vec_done(&v->workloads);
    vec_done(&v->objects);
}

static bool leads(const struct json *doc)
{
    return json_bool(json_get(doc, "leading"), false);
}

static void take_workloads(struct status_view *v, const struct json *list)
{
    v->has_workloads = v->has_workloads || list;
    for (size_t i = 0; json_at(list, i); i++) {
        vec_push(&v->workloads, json_at(list, i));
    }
}

static void take_objects(struct status_view *v, const struct json *list)
{
    v->has_objects = v->has_objects || list;
    for (size_t i = 0; json_at(list, i); i++) {
        vec_push(&v->objects, json_at(list, i));
    }
}

void status_view_add(struct status_view *v, struct str from, const struct json *doc)
{
    vec_push(&v->asked, (struct status_origin){from, doc});
    if (leads(doc)) {
        take_workloads(v, json_get(doc, "workloads"));
        take_objects(v, json_get(doc, "objects"));
    }
}

void status_view_fill(struct status_view *v, const struct json *doc)
{
    if (!v->has_workloads) {
        take_workloads(v, json_get(doc, "workloads"));
    }
    if (!v->has_objects) {
        take_objects(v, json_get(doc, "objects"));
    }
}

static struct str text(const struct json *row, const char *key)
{
    return json_str(json_get(row, key));
}

static bool is(const struct json *row, const char *key, const char *value)
{
    return str_eq_c(text(row, key), value);
}

static size_t count(struct json const *const *rows, size_t n, const char *key, const char *value)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        found += is(rows[i], key, value);
    }
    return found;
}

static size_t not_ready(const struct status_view *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->asked.n; i++) {
        n += json_get(v->asked.v[i].doc, "notReady") != NULL;
    }
    return n;
}

size_t status_view_failing(const struct status_view *v)
{
    return count(v->workloads.v, v->workloads.n, "state", "failing") +
           count(v->objects.v, v->objects.n, "ready", "False") + not_ready(v);
}

/* ---- order ---- */

static int compare_texts(const struct json *a, const struct json *b, const char *const *keys,
                         size_t n)
{
    int order = 0;
    for (size_t i = 0; order == 0 && i < n; i++) {
        order = str_cmp(text(a, keys[i]), text(b, keys[i]));
    }
    return order;
}

static int compare(const void *a, const void *b)
{
    static const char *const keys[] = {"namespace", "workload", "kind", "name"};
    return compare_texts(*(const struct json *const *)a, *(const struct json *const *)b, keys,
                         COUNT_OF(keys));
}

static void sort(struct status_view *v)
{
    if (v->workloads.n > 1) {
        qsort(v->workloads.v, v->workloads.n, sizeof(*v->workloads.v), compare);
    }
    if (v->objects.n > 1) {
        qsort(v->objects.v, v->objects.n, sizeof(*v->objects.v), compare);
    }
}

/* ---- times ---- */

void status_age(struct buf *out, ns_t age)
{
    int64_t s = age / NS_S;
    if (s < 120) {
        buf_addf(out, "%ds", (int)MAX(s, (int64_t)0));
    } else if (s < 7200) {
        buf_addf(out, "%dm", (int)(s / 60));
    } else if (s < 48 * 3600) {
        buf_addf(out, "%dh%dm", (int)(s / 3600), (int)(s / 60 % 60));
    } else {
        buf_addf(out, "%dd", (int)(s / 86400));
    }
}

/* Both may be anywhere in the range, so their difference may lie beyond it. */
static ns_t distance(ns_t a, ns_t b)
{
    ns_t d;
    return __builtin_sub_overflow(MAX(a, b), MIN(a, b), &d) ? INT64_MAX : d;
}

/* Adds "PREFIX12mSUFFIX" for a time before or after now; nothing if there is none. */
static void add_age(struct buf *out, const struct json *row, const char *key, ns_t now,
                    const char *prefix, const char *suffix)
{
    ns_t time;
    if (rfc3339_parse(text(row, key), &time)) {
        buf_add_c(out, out->n > 0 ? ", " : "");
        buf_add_c(out, prefix);
        status_age(out, distance(time, now));
        buf_add_c(out, suffix);
    }
}

/* ---- cells ---- */

static void sources_cell(struct buf *out, const struct json *row)
{
    const struct json *sources = json_get(row, "sources");
    for (size_t i = 0; i < json_len(sources); i++) {
        const struct json *s = json_at(sources, i);
        struct str name = text(s, "source");
        struct str state = text(s, "state");
        buf_addf(out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(name));
        if (!str_eq(state, STR("current"))) {
            buf_addf(out, " (%.*s)", STR_ARG(state));
        }
    }
}

static void restarted_cell(struct buf *out, const struct json *row, ns_t now)
{
    struct str cause = text(row, "restartedFor");
    add_age(out, row, "restartedAt", now, "", " ago");
    if (out->n > 0 && cause.n > 0) {
        buf_addf(out, " for %.*s", STR_ARG(cause));
    }
}

static void add_error(struct buf *out, struct str error)
{
    if (error.n > 0) {
        buf_addf(out, "%s%.*s", out->n > 0 ? ": " : "", STR_ARG(error));
    }
}

static void workload_cell(struct buf *out, const struct json *row, ns_t now)
{
    int64_t failures = json_int(json_get(row, "failures"), 0);
    if (is(row, "state", "failing")) {
        add_age(out, row, "failingSince", now, "for ", "");
        if (failures > 0) {
            buf_addf(out, "%s%lld %s", out->n > 0 ? ", " : "", (long long)failures,
                     failures == 1 ? "try" : "tries");
        }
        add_age(out, row, "nextTry", now, "next in ", "");
        add_error(out, text(row, "lastError"));
    } else {
        add_age(out, row, "dueSince", now, "due for ", "");
        add_age(out, row, "pausedUntil", now, "resumes in ", "");
    }
    if (json_bool(json_get(row, "pausedByUser"), false)) {
        buf_addf(out, "%sa user has paused it", out->n > 0 ? ", " : "");
    }
}

static void object_cell(struct buf *out, const struct json *row)
{
    struct str error = text(row, "lastError");
    if (!is(row, "ready", "True")) {
        add_error(out, error.n > 0 ? error : text(row, "message"));
    }
}

/* ---- tables ---- */

static void add_text(struct table *t, struct str s)
{
    table_cell(t, "%.*s", STR_ARG(s));
}

static void add_buf(struct table *t, struct buf *cell)
{
    add_text(t, buf_str(cell));
    buf_clear(cell);
}

static void workloads_table(const struct status_view *v, ns_t now, struct buf *out)
{
    static const char *const heads[] = {"NAMESPACE", "WORKLOAD",  "STATE",
                                        "SOURCES",   "RESTARTED", "DETAIL"};
    AUTO(buf_done) struct buf cell = BUF_INIT(CELL_MAX);
    struct table t = table_new(heads, COUNT_OF(heads));
    for (size_t i = 0; i < v->workloads.n; i++) {
        const struct json *row = v->workloads.v[i];
        add_text(&t, v->namespaces ? text(row, "namespace") : STR_EMPTY);
        add_text(&t, text(row, "workload"));
        add_text(&t, text(row, "state"));
        sources_cell(&cell, row);
        add_buf(&t, &cell);
        restarted_cell(&cell, row, now);
        add_buf(&t, &cell);
        workload_cell(&cell, row, now);
        add_buf(&t, &cell);
    }
    table_write(&t, out);
    table_done(&t);
}

static void objects_table(const struct status_view *v, ns_t now, struct buf *out)
{
    static const char *const heads[] = {"NAMESPACE", "KIND",      "NAME", "READY",
                                        "REASON",    "REFRESHED", "NEXT", "DETAIL"};
    AUTO(buf_done) struct buf cell = BUF_INIT(CELL_MAX);
    struct table t = table_new(heads, COUNT_OF(heads));
    for (size_t i = 0; i < v->objects.n; i++) {
        const struct json *row = v->objects.v[i];
        add_text(&t, v->namespaces ? text(row, "namespace") : STR_EMPTY);
        add_text(&t, text(row, "kind"));
        add_text(&t, text(row, "name"));
        add_text(&t, text(row, "ready"));
        add_text(&t, text(row, "reason"));
        add_age(&cell, row, "refreshedAt", now, "", " ago");
        add_buf(&t, &cell);
        add_age(&cell, row, "nextRefresh", now, "in ", "");
        add_buf(&t, &cell);
        object_cell(&cell, row);
        add_buf(&t, &cell);
    }
    table_write(&t, out);
    table_done(&t);
}

static const char *const states[] = {"current", "waiting", "moving",
                                     "failing", "paused",  "unknown"};

static void summary(const struct status_view *v, struct buf *out)
{
    size_t ready = count(v->objects.v, v->objects.n, "ready", "True");
    const char *separator = ": ";
    buf_addf(out, "%zu %s", v->workloads.n, v->workloads.n == 1 ? "workload" : "workloads");
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        size_t n = count(v->workloads.v, v->workloads.n, "state", states[i]);
        if (n > 0) {
            buf_addf(out, "%s%zu %s", separator, n, states[i]);
            separator = ", ";
        }
    }
    buf_addf(out, "; %zu stores and ExternalSecrets", v->objects.n);
    if (v->objects.n > 0) {
        buf_addf(out, ": %zu ready, %zu not", ready, v->objects.n - ready);
    }
    buf_add_byte(out, '\n');
}

static void origins(const struct status_view *v, struct buf *out)
{
    AUTO(buf_done) struct buf line = BUF_INIT(CELL_MAX);
    for (size_t i = 0; i < v->asked.n; i++) {
        const struct status_origin *o = &v->asked.v[i];
        struct str version = text(o->doc, "version");
        struct str missing = text(o->doc, "notReady");
        buf_clear(&line);
        buf_addf(&line, "Pawl %.*s, %.*s%s", STR_ARG(version), STR_ARG(o->from),
                 leads(o->doc) ? "" : ": not leading");
        if (missing.n > 0) {
            buf_addf(&line, ": NOT READY: %.*s", STR_ARG(missing));
        }
        table_clean(&line);
        buf_add_str(out, buf_str(&line));
        buf_add_byte(out, '\n');
    }
}

void status_view_table(struct status_view *v, ns_t now, struct buf *out)
{
    sort(v);
    origins(v, out);
    if (v->workloads.n > 0) {
        buf_add_c(out, out->n > 0 ? "\n" : "");
        workloads_table(v, now, out);
    }
    if (v->objects.n > 0) {
        buf_add_c(out, out->n > 0 ? "\n" : "");
        objects_table(v, now, out);
    }
    buf_add_c(out, out->n > 0 ? "\n" : "");
    summary(v, out);
}

/* ---- JSON ---- */

static void write_rows(struct json_writer *w, const char *key, struct json const *const *rows,
                       size_t n)
{
    json_w_key(w, key);
    json_w_array(w);
    for (size_t i = 0; i < n; i++) {
        json_w_node(w, rows[i]);
    }
    json_w_end(w);
}

static void write_count(struct json_writer *w, const char *key, size_t n)
{
    json_w_key(w, key);
    json_w_int(w, (int64_t)n);
}

static void write_summary(struct json_writer *w, const struct status_view *v)
{
    size_t ready = count(v->objects.v, v->objects.n, "ready", "True");
    json_w_key(w, "summary");
    json_w_object(w);
    write_count(w, "workloads", v->workloads.n);
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        write_count(w, states[i], count(v->workloads.v, v->workloads.n, "state", states[i]));
    }
    write_count(w, "objects", v->objects.n);
    write_count(w, "ready", ready);
    write_count(w, "notReady", v->objects.n - ready);
    json_w_end(w);
}

void status_view_json(struct status_view *v, struct buf *out)
{
    struct json_writer w = json_writer(out);
    sort(v);
    json_w_object(&w);
    json_w_key(&w, "pawls");
    json_w_array(&w);
    for (size_t i = 0; i < v->asked.n; i++) {
        const struct status_origin *o = &v->asked.v[i];
        json_w_object(&w);
        json_w_key(&w, "from");
        json_w_str(&w, o->from);
        json_w_key(&w, "version");
        json_w_str(&w, text(o->doc, "version"));
        json_w_key(&w, "leading");
        json_w_bool(&w, leads(o->doc));
        if (json_get(o->doc, "notReady")) {
            json_w_key(&w, "notReady");
            json_w_str(&w, text(o->doc, "notReady"));
        }
        json_w_end(&w);
    }
    json_w_end(&w);
    write_rows(&w, "workloads", v->workloads.v, v->workloads.n);
    write_rows(&w, "objects", v->objects.v, v->objects.n);
    write_summary(&w, v);
    json_w_end(&w);
    buf_add_byte(out, '\n');
}
