/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of the role: prepare (the ledger's key; may workloads be watched?), sync (first lists of
 * everything), run, stop. What is worked on waits in the queue until everything has been seen once,
 * because a source that is not seen yet looks like one that does not exist.
 */
#define LOGGER "reload"
#include "reload/reload.h"

#include "base/log.h"
#include "base/random.h"
#include "kube/discovery.h"
#include "reload/reload_internal.h"
#include "reload/selector.h"

enum { SELECTOR_MAX = 64 * 1024, CONCURRENT = 64 };

/* How often it is looked whether everything is synced. */
#define SYNC_POLL (5 * NS_MS)
/* A workload that fails comes again after 0.2 s, 0.4 s ... 5 minutes. */
#define RETRY_FIRST (200 * NS_MS)
#define RETRY_MAX   (5 * NS_MIN)

/* ---- what sources and workloads tell ---- */

static void count_change(struct reload *r, const struct source *s)
{
    for (size_t i = 0; i < s->users.n; i++) {
        const struct tracked *e = s->users.v[i];
        metric_inc(r->metrics.scanned, LABELS(str_c(workload_kind_info(e->kind)->name)));
    }
    reload_metrics_event(&r->metrics, s->type, "success", 0);
}

static void source_changed(void *arg, struct source *s, int change)
{
    struct reload *r = arg;
    bool content = change & (SOURCE_APPEARED | SOURCE_CONTENT | SOURCE_GONE);
    if (content) {
        count_change(r, s);
    }
    if (content && r->batch) {
        return; /* the workloads are listed first */
    }
    for (size_t i = 0; i < s->users.n; i++) {
        const struct tracked *e = s->users.v[i];
        workqueue_add_priority(r->queue, str_c(e->key), content ? WQ_HIGH : WQ_LOW);
    }
}

static void source_appeared(void *arg, enum source_type type, struct str ns, struct str name)
{
    struct reload *r = arg;
    if (r->tracker) {
        tracker_appeared(r->tracker, type, ns, name);
    }
}

static bool webhook_wants(const struct reload_options *o, int change)
{
    return (change & SOURCE_CONTENT) || ((change & SOURCE_APPEARED) && o->on_create) ||
           ((change & SOURCE_GONE) && o->on_delete);
}

static void source_content(void *arg, enum source_type type, struct str ns, struct str name,
                           int change, const struct digest *before)
{
    struct reload *r = arg;
    if (!scope_selected(r->scope, ns)) {
        reload_metrics_skipped(&r->metrics, "ignored_or_not_selected");
    } else if (r->webhook && webhook_wants(&r->options, change)) {
        webhook_changed(r->webhook, type, ns, name);
    } else if (r->batch && r->phase == PHASE_RUNNING) {
        batch_content(r->batch, type, ns, name, before);
    }
}

static void workload_changed(void *arg, const struct workload *old, const struct workload *now,
                             bool initial)
{
    struct reload *r = arg;
    tracker_changed(r->tracker, old, now, initial);
}

static void workload_due(void *arg, struct tracked *e)
{
    struct reload *r = arg;
    workqueue_add_priority(r->queue, str_c(e->key), WQ_LOW);
}

static bool selected(void *arg, struct str ns)
{
    const struct reload *r = arg;
    return scope_selected(r->scope, ns);
}

static void namespace_joined(void *arg, struct str ns)
{
    struct reload *r = arg;
    struct tracked *e;
    for (struct map_iter it = {0}; r->tracker && tracker_next(r->tracker, &it, &e);) {
        if (str_eq_c(ns, e->ns)) {
            workqueue_add_priority(r->queue, str_c(e->key), WQ_LOW);
        }
    }
}

/* ---- taking down ---- */

static void tear_down(struct reload *r)
{
    r->phase = PHASE_STOPPED;
    timer_cancel(&r->sync_timer);
    loop_undefer(r->config.loop, r);
    key_load_cancel(TAKE(r->key_loader));
    kube_cancel(TAKE(r->access));
    meta_free(TAKE(r->meta));
    batch_free(TAKE(r->batch));
    /* The tracker uses sources and reads workloads until it is gone; the queue ends last, because
     * what is dropped ends its work there. */
    tracker_free(TAKE(r->tracker));
    workloads_free(TAKE(r->workloads));
    sources_free(TAKE(r->sources));
    scope_free(TAKE(r->scope));
    webhook_free(TAKE(r->webhook));
    work_drop_orphans(r);
    workqueue_free(TAKE(r->queue));
}

static void finish_stop(void *arg)
{
    struct reload *r = arg;
    void (*stopped)(void *) = TAKE(r->stopped);
    tear_down(r);
    if (stopped) {
        stopped(r->stopped_arg);
    }
}

void reload_work_ended(struct reload *r)
{
    if (r->phase == PHASE_STOPPING && workqueue_running(r->queue) == 0) {
        loop_defer(r->config.loop, finish_stop, r);
    }
}

/* ---- syncing ---- */

static bool settled(const struct reload *r, struct buf *why)
{
    bool all = scope_synced(r->scope, why);
    all = sources_settled(r->sources, why) && all;
    return (!r->workloads || workloads_settled(r->workloads, why)) && all;
}

static void check_settled(void *arg)
{
    struct reload *r = arg;
    if (!settled(r, NULL)) {
        timer_set(&r->sync_timer, SYNC_POLL);
        return;
    }
    r->phase = PHASE_RUNNING;
    if (r->tracker) {
        tracker_begin(r->tracker, MAX(sources_start_version(r->sources),
                                      workloads_start_version(r->workloads)));
    }
    workqueue_resume(r->queue);
    if (r->batch) {
        batch_run(r->batch);
    }
    LOG_DEBUG("everything has been seen once",
              F("workloads", r->tracker ? tracker_count(r->tracker) : 0));
}

static void start_syncing(struct reload *r);

static void switch_to_listing(void *arg)
{
    struct reload *r = arg;
    if (r->phase != PHASE_SYNCING && r->phase != PHASE_RUNNING) {
        return;
    }
    LOG_INFO("not allowed to watch workloads: they are listed whenever a source changes");
    tear_down(r);
    r->listed = true;
    start_syncing(r);
}

static void watch_denied(void *arg)
{
    struct reload *r = arg;
    loop_undefer(r->config.loop, r);
    loop_defer(r->config.loop, switch_to_listing, r);
}

static void make_queue(struct reload *r)
{
    r->queue = workqueue_new(r->config.loop, &(struct workqueue_config){
                                                 .name = "reload",
                                                 .process = work_process,
                                                 .arg = r,
                                                 .max_concurrent = CONCURRENT,
                                                 .backoff_base = RETRY_FIRST,
                                                 .backoff_cap = RETRY_MAX,
                                                 .metrics = r->metrics.queue,
                                                 .metrics_unlabelled = true,
                                             });
    workqueue_pause(r->queue);
}

static void make_sources(struct reload *r)
{
    r->sources = sources_new(&(struct sources_config){
        .loop = r->config.loop,
        .client = r->config.client,
        .options = &r->options,
        .metrics = &r->metrics,
        .label_selector = buf_str(&r->label_selector),
        .mode = r->listed || r->webhook ? SOURCES_FULL : SOURCES_METADATA,
        .changed = source_changed,
        .appeared = source_appeared,
        .content = source_content,
        .arg = r,
    });
}

static void make_workloads(struct reload *r)
{
    r->workloads = workloads_new(&(struct workloads_config){
        .loop = r->config.loop,
        .client = r->config.client,
        .options = &r->options,
        .mode = r->listed ? WORKLOADS_LISTED : WORKLOADS_WATCHED,
        .changed = workload_changed,
        .watch_denied = r->listed ? NULL : watch_denied,
        .arg = r,
    });
}

static void make_tracker(struct reload *r)
{
    r->tracker = tracker_new(&(struct tracker_config){
        .sources = r->sources,
        .workloads = r->workloads,
        .options = &r->options,
        .key = (const struct ledger_key *)(const void *)secret_str(r->key).p,
        .due = workload_due,
        .gone = work_gone,
        .selected = selected,
        .before = r->listed ? batch_before : NULL,
        .arg = r,
    });
}

/* Lines that people look for. */
static void log_controllers(const struct reload_options *o)
{
    for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
        AUTO(buf_done) struct buf line = BUF_INIT(1000);
        if (!o->ignore_type[type]) {
            buf_addf(&line, "created controller for: %s", source_type_info(type)->resource);
            log_write(LOG_INFO, LOGGER, line.p, NULL, 0);
        }
    }
}

static void log_scope(const struct reload *r)
{
    const struct reload_options *o = &r->options;
    size_t n = reload_options_global(o) ? 1 : o->namespaces.n;
    log_controllers(o);
    for (size_t i = 0; i < n; i++) {
        for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
            AUTO(buf_done) struct buf line = BUF_INIT(1000);
            if (!o->ignore_type[type]) {
                buf_addf(&line, "Starting Controller to watch resource type: %s in namespace: %s",
                         source_type_info(type)->resource,
                         reload_options_global(o) ? "" : o->namespaces.v[i]);
                log_write(LOG_INFO, LOGGER, line.p, NULL, 0);
            }
        }
    }
}

static void start_syncing(struct reload *r)
{
    r->phase = PHASE_SYNCING;
    make_queue(r);
    r->scope = scope_new(r->config.client, buf_str(&r->namespace_selector), &r->metrics,
                         namespace_joined, r);
    if (r->options.webhook_url[0] != '\0') {
        r->webhook = webhook_new(r->config.loop, r->options.webhook_url, &r->metrics);
    }
    make_sources(r);
    if (!r->webhook) {
        make_workloads(r);
        make_tracker(r);
        r->batch = r->listed ? batch_new(r) : NULL;
        workloads_start(r->workloads);
    }
    r->meta = meta_write(r->config.client, &r->options);
    log_scope(r);
    scope_start(r->scope);
    sources_start(r->sources);
    timer_set(&r->sync_timer, SYNC_POLL);
}

/* ---- preparing ---- */

static void prepared(struct reload *r)
{
    if (r->phase == PHASE_PREPARING && !r->key_loader && !r->access) {
        start_syncing(r);
    }
}

static void use_key(struct reload *r, const struct ledger_key *key)
{
    secret_unref(r->key);
    r->key = secret_new(str_n(key, sizeof(*key)));
}

static void use_any_key(struct reload *r)
{
    uint8_t bytes[LEDGER_KEY_SIZE];
    random_bytes(bytes, sizeof(bytes));
    struct ledger_key key = ledger_key_from(bytes);
    use_key(r, &key);
}

static void key_loaded(void *arg, const struct ledger_key *key, const struct err *err)
{
    struct reload *r = arg;
    r->key_loader = NULL;
    if (key) {
        use_key(r, key);
    } else {
        LOG_WARN("no ledger: changes that are made while Pawl is down are not found",
                 F("error", err));
        r->options.ledger = false;
        use_any_key(r);
    }
    prepared(r);
}

static void access_known(void *arg, const struct kube_answer *answer)
{
    struct reload *r = arg;
    r->access = NULL;
    r->listed = !answer->err && !discover_read_allowed(answer->object);
    if (r->listed) {
        LOG_INFO("not allowed to watch workloads: they are listed whenever a source changes");
    }
    prepared(r);
}

void reload_start(struct reload *r)
{
    must(r->phase == PHASE_STOPPED);
    const struct reload_options *o = r->config.options;
    r->options = *o;
    r->phase = PHASE_PREPARING;
    if (o->webhook_url[0] != '\0') {
        use_any_key(r);
        start_syncing(r);
        return;
    }
    struct kube_access access = {
        .verb = "watch",
        .resource = resource_of(RES_DEPLOYMENTS),
        .ns = reload_options_global(o) ? STR_EMPTY : str_c(o->namespaces.v[0]),
    };
    r->access = discover_access(r->config.client, &access, access_known, r);
    if (o->ledger && o->own_namespace) {
        r->key_loader =
            key_load(r->config.loop, r->config.client, str_c(o->own_namespace), key_loaded, r);
    } else {
        r->options.ledger = false;
        use_any_key(r);
    }
}

/* ---- life ---- */

struct reload *reload_new(const struct reload_config *config, struct err **err)
{
    struct reload *r = xcalloc(1, sizeof(*r));
    const struct reload_options *o = config->options;
    r->config = *config;
    r->options = *o;
    r->label_selector = BUF_INIT(SELECTOR_MAX);
    r->namespace_selector = BUF_INIT(SELECTOR_MAX);
    timer_init(&r->sync_timer, config->loop, check_settled, r);
    reload_metrics_init(&r->metrics, config->metrics, o->count_by_namespace);
    if (label_selector_from_flags(&r->label_selector, o->resource_selector, err) ||
        label_selector_from_flags(&r->namespace_selector, o->namespace_selector, err)) {
        reload_free(r);
        return NULL;
    }
    r->reporter = (struct reporter){
        .events = config->events,
        .metrics = &r->metrics,
        .alerts = alerts_new(config->loop, &o->alert, r->metrics.alerts),
    };
    return r;
}

void reload_free(struct reload *r)
{
    if (!r) {
        return;
    }
    tear_down(r);
    alerts_free(r->reporter.alerts);
    buf_done(&r->label_selector);
    buf_done(&r->namespace_selector);
    secret_unref(r->key);
    free(r);
}

void reload_stop(struct reload *r, void (*done)(void *arg), void *arg)
{
    r->stopped = done;
    r->stopped_arg = arg;
    if (r->queue && workqueue_running(r->queue) > 0) {
        r->phase = PHASE_STOPPING;
        workqueue_pause(r->queue);
        timer_cancel(&r->sync_timer);
        return;
    }
    finish_stop(r);
}

bool reload_ready(const struct reload *r, struct buf *why)
{
    if (r->phase == PHASE_PREPARING) {
        if (why) {
            buf_addf(why, "%sreload: starting", why->n ? ", " : "");
        }
        return false;
    }
    if (r->phase != PHASE_SYNCING && r->phase != PHASE_RUNNING) {
        return true; /* not leading: nothing is missing */
    }
    bool all = scope_synced(r->scope, why);
    all = sources_synced(r->sources, why) && all;
    all = (!r->workloads || workloads_synced(r->workloads, why)) && all;
    return all && r->phase == PHASE_RUNNING;
}

/* ---- from the sync role ---- */

void reload_secret_written(struct reload *r, struct str ns, struct str name, struct str version,
                           const struct digest_entry *data, size_t n)
{
    if (r->sources && sources_find(r->sources, SOURCE_SECRET, ns, name)) {
        struct digest digest = digest_secret(data, n);
        sources_written(r->sources, ns, name, version, &digest);
    }
}

void reload_settled(struct reload *r, struct str ns, struct str name)
{
    struct source *s = r->sources ? sources_find(r->sources, SOURCE_SECRET, ns, name) : NULL;
    for (size_t i = 0; s && !r->batch && i < s->users.n; i++) {
        const struct tracked *e = s->users.v[i];
        workqueue_add(r->queue, str_c(e->key));
    }
}

/* ---- for people ---- */

void reload_each_row(const struct reload *r, void (*fn)(void *arg, const struct reload_row *row),
                     void *arg)
{
    struct tracked *e;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    for (struct map_iter it = {0}; r->tracker && tracker_next(r->tracker, &it, &e);) {
        struct reload_row row;
        arena_reset(&a);
        work_row(r, e, &a, &row);
        fn(arg, &row);
    }
}
