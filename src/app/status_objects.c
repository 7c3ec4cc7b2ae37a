/* SPDX-License-Identifier: Apache-2.0 */
#include "app/status_objects.h"

#include "app/status_page.h"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/gotext.h"
#include "base/map.h"
#include "base/vec.h"
#include "reload/lister.h"
#include "reload/pause.h"
#include "reload/workloads.h"
#include "sync/es_status.h"
#include "sync/names.h"

enum { DOCUMENT_MAX = 64 << 20, KEY_MAX = 1024, MAX_LISTS = WORKLOAD_KINDS + 3 + 2 };

/* Of the Events that the reload role writes. */
#define FAILED   "ReloadFail"
#define RELOADED "Reloaded"

struct objects_list {
    struct status_objects *owner;
    void (*take)(const struct objects_list *l, const struct json *item);
    enum workload_kind kind;
    const char *object_kind; /* "SecretStore" */
    struct lister *lister;
};

/* The latest Event of the reload role about a workload. */
struct verdict {
    ns_t at;
    ns_t first;
    int64_t count;
    bool failed;
    char *message;
};

struct status_objects {
    struct status_objects_config config;
    char *ns;
    struct reload_options options;
    struct objects_list lists[MAX_LISTS];
    size_t n_lists;
    size_t running;
    VEC(struct workload *) workloads;
    struct map verdicts; /* kind/namespace/name -> struct verdict */
    struct buf objects;
    struct json_writer objects_writer;
};

/* ---- answers ---- */

static void take_workload(const struct objects_list *l, const struct json *item)
{
    struct status_objects *s = l->owner;
    struct workload *w = workload_parse(l->kind, item, &s->options, false, NULL);
    if (w && w->holds.p) {
        workload_free(w);
    } else if (w) {
        vec_push(&s->workloads, w);
    }
}

static void verdict_key(struct buf *out, struct str kind, struct str ns, struct str name)
{
    buf_addf(out, "%.*s/%.*s/%.*s", STR_ARG(kind), STR_ARG(ns), STR_ARG(name));
}

static void take_event(const struct objects_list *l, const struct json *item)
{
    struct status_objects *s = l->owner;
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    bool failed = str_eq(json_find_str(item, "reason"), STR(FAILED));
    ns_t at;
    if (!rfc3339_parse(json_find_str(item, "lastTimestamp"), &at)) {
        return;
    }
    verdict_key(&key, json_find_str(item, "involvedObject.kind"),
                json_find_str(item, "involvedObject.namespace"),
                json_find_str(item, "involvedObject.name"));
    struct verdict *v = map_get(&s->verdicts, buf_str(&key));
    if (!v) {
        v = xcalloc(1, sizeof(*v));
        map_set(&s->verdicts, buf_str(&key), v);
    } else if (v->at > at) {
        return;
    }
    free(v->message);
    *v = (struct verdict){.at = at, .first = at, .failed = failed};
    v->message = str_dup(json_find_str(item, "message"));
    v->count = json_int(json_get(item, "count"), 1);
    (void)rfc3339_parse(json_find_str(item, "firstTimestamp"), &v->first);
}

static ns_t next_refresh(const struct json *item, ns_t refreshed)
{
    const struct json *spec = json_get(item, "spec");
    struct str policy = json_find_str(spec, "refreshPolicy");
    struct str text = json_find_str(spec, "refreshInterval");
    ns_t interval = NS_H;
    bool periodic = policy.n == 0 || str_eq(policy, STR("Periodic"));
    if (text.n > 0 && !go_parse_duration(text, &interval)) {
        return 0;
    }
    ns_t next;
    bool planned = periodic && interval > 0 && refreshed > 0;
    return planned && !__builtin_add_overflow(refreshed, interval, &next) ? next : 0;
}

static void take_object(const struct objects_list *l, const struct json *item)
{
    struct es_status status = es_status_parse(json_get(item, "status"));
    const struct condition *ready = conditions_find(&status.conditions, "Ready");
    struct sync_row row = {
        .kind = l->object_kind,
        .ns = json_find_str(item, "metadata.namespace"),
        .name = json_find_str(item, "metadata.name"),
    };
    if (ready) {
        row.ready = ready->status;
        row.reason = ready->reason;
        row.message = ready->message;
    }
    if (strcmp(l->object_kind, KIND_ES) == 0) {
        struct str target = json_find_str(item, "spec.target.name");
        row.refreshed = status.refresh_time;
        row.next = next_refresh(item, status.refresh_time);
        row.store = json_find_str(item, "spec.secretStoreRef.name");
        row.target = target.n > 0 ? target : row.name;
    }
    status_page_object(&l->owner->objects_writer, &row);
}

/* ---- rows of workloads ---- */

struct sources {
    struct arena *a;
    const struct workload *w;
    const struct json *record; /* pawl.dev/applied */
    VEC(struct reload_source_row) rows;
};

static void add_source(struct sources *s, enum source_type type, struct str name)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    for (size_t i = 0; i < s->rows.n; i++) {
        if (s->rows.v[i].type == type && str_eq(s->rows.v[i].name, name)) {
            return;
        }
    }
    buf_addf(&key, "%s/%.*s", source_type_info(type)->ledger, STR_ARG(name));
    bool recorded = json_get_str(s->record, buf_str(&key)) != NULL;
    vec_push(&s->rows, (struct reload_source_row){type, arena_str(s->a, name),
                                                  recorded ? "recorded" : "unknown"});
}

static void add_referred(struct sources *s)
{
    for (size_t i = 0; i < s->w->n_references; i++) {
        const struct reference *r = &s->w->references[i];
        if (rule_step_moves(rules_could(&s->w->rules, r->type, r->name, false))) {
            add_source(s, r->type, r->name);
        }
    }
}

static void add_recorded(struct sources *s)
{
    /* Whoever may write the workload may have written it. */
    const struct json *record = json_is(s->record, JSON_OBJECT) ? s->record : NULL;
    for (size_t i = 0; record && i < record->n; i++) {
        struct str key = record->members[i].key;
        for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
            AUTO(buf_done) struct buf prefix = BUF_INIT(KEY_MAX);
            buf_addf(&prefix, "%s/", source_type_info(type)->ledger);
            if (str_starts(key, buf_str(&prefix))) {
                add_source(s, type, str_from(key, prefix.n));
            }
        }
    }
}

static void write_workload(const struct status_objects *s, const struct workload *w,
                           struct json_writer *out)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    struct sources sources = {.a = &a, .w = w};
    struct pause pause = pause_of(w, clock_real());
    verdict_key(&key, str_c(workload_kind_info(w->kind)->name), w->ns, w->name);
    const struct verdict *v = map_get(&s->verdicts, buf_str(&key));
    sources.record = w->ledger.n > 0 ? json_parse(&a, w->ledger, JSON_PLAIN, NULL) : NULL;
    add_referred(&sources);
    add_recorded(&sources);
    struct reload_row row = {.kind = w->kind, .ns = w->ns, .name = w->name, .state = "unknown"};
    row.sources = sources.rows.v;
    row.n_sources = sources.rows.n;
    if (w->kind == WORKLOAD_DEPLOYMENT) {
        row.paused_until = pause.state == PAUSE_OURS ? pause.due : 0;
        row.paused_by_user = pause.state == PAUSE_USER;
    }
    if (v && v->failed) {
        row.state = "failing";
        row.failing_since = v->first;
        row.failures = (unsigned)v->count;
        row.last_error = str_c(v->message);
    } else if (row.paused_until || row.paused_by_user) {
        row.state = "paused";
    }
    row.moved = v && !v->failed ? v->at : 0;
    status_page_workload(out, &row);
    vec_done(&sources.rows);
}

static void finish(struct status_objects *s)
{
    AUTO(buf_done) struct buf document = BUF_INIT(DOCUMENT_MAX);
    struct json_writer w = json_writer(&document);
    json_w_end(&s->objects_writer);
    json_w_object(&w);
    json_w_key(&w, "workloads");
    json_w_array(&w);
    for (size_t i = 0; i < s->workloads.n; i++) {
        write_workload(s, s->workloads.v[i], &w);
    }
    json_w_end(&w);
    json_w_key(&w, "objects");
    json_w_raw(&w, buf_str(&s->objects));
    json_w_end(&w);
    s->config.done(s->config.arg, buf_str(&document));
}

/* ---- questions ---- */

static void list_item(void *arg, const struct json *item)
{
    const struct objects_list *l = arg;
    l->take(l, item);
}

static void list_done(void *arg, const struct err *err)
{
    struct objects_list *l = arg;
    struct status_objects *s = l->owner;
    l->lister = NULL;
    /* A kind that is not served has no objects. */
    if (err && !err_is(err, ERR_NOT_FOUND)) {
        s->config.problem(s->config.arg, err);
    }
    if (--s->running == 0) {
        finish(s);
    }
}

static void start_list(struct status_objects *s, struct objects_list list,
                       const struct resource *resource, struct str field_selector)
{
    struct objects_list *l = &s->lists[s->n_lists++];
    *l = list;
    l->owner = s;
    s->running++;
    l->lister = lister_start(&(struct lister_config){
        .client = s->config.client,
        .resource = resource,
        .ns = str_c(s->ns),
        .field_selector = field_selector,
        .item = list_item,
        .done = list_done,
        .arg = l,
    });
}

struct status_objects *status_objects_new(const struct status_objects_config *config)
{
    static const struct {
        enum resource_id resource;
        const char *kind;
    } kinds[] = {{RES_EXTERNALSECRETS, KIND_ES},
                 {RES_SECRETSTORES, KIND_STORE},
                 {RES_CLUSTERSECRETSTORES, KIND_CSTORE}};
    struct status_objects *s = xcalloc(1, sizeof(*s));
    s->config = *config;
    s->ns = str_dup(config->ns);
    reload_options_init(&s->options);
    s->objects = BUF_INIT(DOCUMENT_MAX);
    s->objects_writer = json_writer(&s->objects);
    json_w_array(&s->objects_writer);
    for (enum workload_kind kind = 0; kind < WORKLOAD_KINDS; kind++) {
        start_list(s, (struct objects_list){.take = take_workload, .kind = kind},
                   workload_resource(kind), STR_EMPTY);
    }
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        start_list(s, (struct objects_list){.take = take_object, .object_kind = kinds[i].kind},
                   resource_of(kinds[i].resource), STR_EMPTY);
    }
    start_list(s, (struct objects_list){.take = take_event}, resource_of(RES_EVENTS),
               STR("reason=" FAILED));
    start_list(s, (struct objects_list){.take = take_event}, resource_of(RES_EVENTS),
               STR("reason=" RELOADED));
    return s;
}

static void free_verdict(void *verdict)
{
    struct verdict *v = verdict;
    free(v->message);
    free(v);
}

void status_objects_free(struct status_objects *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->n_lists; i++) {
        lister_cancel(s->lists[i].lister);
    }
    for (size_t i = 0; i < s->workloads.n; i++) {
        workload_free(s->workloads.v[i]);
    }
    vec_done(&s->workloads);
    map_done_with(&s->verdicts, free_verdict);
    buf_done(&s->objects);
    free(s->ns);
    free(s);
}
