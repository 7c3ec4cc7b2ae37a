/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "reload"
#include "reload/workloads.h"

#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "reload/ledger.h"
#include "reload/lister.h"

static const enum resource_id resources[WORKLOAD_KINDS] = {
    [WORKLOAD_DEPLOYMENT] = RES_DEPLOYMENTS,
    [WORKLOAD_CRONJOB] = RES_CRONJOBS,
    [WORKLOAD_JOB] = RES_JOBS,
    [WORKLOAD_DAEMONSET] = RES_DAEMONSETS,
    [WORKLOAD_STATEFULSET] = RES_STATEFULSETS,
    [WORKLOAD_ROLLOUT] = RES_ROLLOUTS,
};

struct scope {
    struct workloads *owner;
    enum workload_kind kind;
    const char *ns; /* "": all */
    struct informer *informer;
};

#define RETRY_FIRST (100 * NS_MS)
#define RETRY_MAX   (30 * NS_S)

/* One list of all kinds in one namespace (or everywhere). */
struct refresh {
    struct workloads *owner;
    char *ns;
    struct lister *listers[WORKLOAD_KINDS];
    struct map seen[WORKLOAD_KINDS]; /* "ns/name" of what the list has named */
    struct refresh_part {
        struct refresh *refresh;
        enum workload_kind kind;
    } parts[WORKLOAD_KINDS];
    size_t running;
    struct err *err; /* the first failure */
    void (*done)(void *arg, struct str ns, const struct err *err);
    void *arg;
};

struct workloads {
    struct workloads_config config;
    struct store *stores[WORKLOAD_KINDS];
    VEC(struct scope *) scopes;
    VEC(struct refresh *) refreshes;
    /* WORKLOADS_LISTED: the lists of the start. */
    size_t first_lists; /* still to come */
    VEC(char *) failed; /* namespaces to be tried again */
    struct timer retry;
    ns_t retry_delay;
    struct err *first_error;
    uint64_t start_version;
    bool told_denied[WORKLOAD_KINDS]; /* the log has said that listing is forbidden */
};

const struct resource *workload_resource(enum workload_kind kind)
{
    return resource_of(resources[kind]);
}

static const struct workload *workload_of_object(const struct object *o)
{
    return (const struct workload *)(const void *)o;
}

static void free_object(void *arg, struct object *o)
{
    (void)arg;
    workload_free((struct workload *)(void *)o);
}

/* A Rollout may use the pod template of any Deployment. */
static bool keep_all(const struct reload_options *o, enum workload_kind kind)
{
    return kind == WORKLOAD_DEPLOYMENT && !o->ignore_kind[WORKLOAD_ROLLOUT];
}

static struct workload *parse(const struct workloads *w, enum workload_kind kind,
                              const struct json *item, struct err **err)
{
    const struct reload_options *o = w->config.options;
    if (!reload_options_in_scope(o, json_find_str(item, "metadata.namespace"))) {
        return NULL;
    }
    return workload_parse(kind, item, o, keep_all(o, kind), err);
}

static void note_version(struct workloads *w, const struct workload *now, bool initial)
{
    if (initial) {
        w->start_version = MAX(w->start_version, object_version_number(now->resource_version));
    }
}

uint64_t workloads_start_version(const struct workloads *w)
{
    return w->start_version;
}

/* ---- watched ---- */

static struct object *convert(void *arg, const struct json *item, struct err **err)
{
    const struct scope *scope = arg;
    struct workload *w = parse(scope->owner, scope->kind, item, err);
    return w ? &w->object : NULL;
}

static void on_added(void *arg, const struct object *o, bool initial)
{
    const struct scope *scope = arg;
    note_version(scope->owner, workload_of_object(o), initial);
    scope->owner->config.changed(scope->owner->config.arg, NULL, workload_of_object(o), initial);
}

static void on_updated(void *arg, const struct object *old, const struct object *now)
{
    const struct scope *scope = arg;
    scope->owner->config.changed(scope->owner->config.arg, workload_of_object(old),
                                 workload_of_object(now), false);
}

static void on_deleted(void *arg, const struct object *old)
{
    const struct scope *scope = arg;
    scope->owner->config.changed(scope->owner->config.arg, workload_of_object(old), NULL, false);
}

static void on_state(void *arg, struct informer *i, enum informer_state state,
                     const struct err *err)
{
    const struct scope *scope = arg;
    const char *plural = informer_resource(i)->plural;
    if (state == INFORMER_DENIED) {
        LOG_ERROR("not allowed to list: workloads of this kind are not moved",
                  F("resource", plural), F("namespace", scope->ns), F("error", err));
    } else if (state == INFORMER_NOT_SERVED) {
        LOG_INFO("kind is not installed", F("resource", plural));
    } else if (state == INFORMER_RETRYING) {
        LOG_WARN("watch interrupted, trying again", F("resource", plural), F("error", err));
    } else if ((state == INFORMER_IDLE || state == INFORMER_POLLING) &&
               scope->owner->config.watch_denied) {
        scope->owner->config.watch_denied(scope->owner->config.arg);
    }
}

static void add_scope(struct workloads *w, enum workload_kind kind, const char *ns)
{
    struct scope *scope = xcalloc(1, sizeof(*scope));
    scope->owner = w;
    scope->kind = kind;
    scope->ns = ns;
    scope->informer = informer_new(&(struct informer_config){
        .client = w->config.client,
        .resource = workload_resource(kind),
        .ns = str_c(ns),
        .content = INFORMER_FULL,
        .convert = convert,
        .free_object = free_object,
        .on_state = on_state,
        .arg = scope,
        .poll_interval = -1,
        .store = w->stores[kind],
    });
    informer_add_handler(scope->informer, &(struct informer_handler){.added = on_added,
                                                                     .updated = on_updated,
                                                                     .deleted = on_deleted,
                                                                     .arg = scope});
    vec_push(&w->scopes, scope);
}

static void add_scopes(struct workloads *w, enum workload_kind kind)
{
    const struct reload_options *o = w->config.options;
    if (reload_options_global(o)) {
        add_scope(w, kind, "");
        return;
    }
    for (size_t i = 0; i < o->namespaces.n; i++) {
        add_scope(w, kind, o->namespaces.v[i]);
    }
}

/* ---- listed ---- */

static void put(struct workloads *w, struct workload *now)
{
    struct store *store = w->stores[now->kind];
    const struct workload *before = workload_of_object(store_get(store, now->ns, now->name));
    if (before && str_eq(before->resource_version, now->resource_version)) {
        workload_free(now);
        return;
    }
    bool initial = w->first_lists > 0;
    note_version(w, now, initial);
    struct object *old = store_put(store, &now->object);
    if (old && !str_eq(object_uid(old), now->uid)) {
        w->config.changed(w->config.arg, workload_of_object(old), NULL, false);
        store_drop(store, old);
        old = NULL;
    }
    w->config.changed(w->config.arg, workload_of_object(old), now, initial);
    store_drop(store, old);
}

static void remove_one(struct workloads *w, enum workload_kind kind, struct str ns, struct str name)
{
    struct object *old = store_take(w->stores[kind], ns, name);
    if (old) {
        w->config.changed(w->config.arg, workload_of_object(old), NULL, false);
        store_drop(w->stores[kind], old);
    }
}

static void take_item(void *arg, const struct json *item)
{
    struct refresh_part *part = arg;
    struct workloads *w = part->refresh->owner;
    AUTO(err_freep) struct err *err = NULL;
    struct workload *now = parse(w, part->kind, item, &err);
    if (err) {
        LOG_WARN("cannot read a workload", F("kind", workload_kind_info(part->kind)->name),
                 F("error", err));
    }
    if (now) {
        AUTO(buf_done) struct buf key = BUF_INIT(600);
        object_key(&now->object, &key);
        map_set(&part->refresh->seen[part->kind], buf_str(&key), part);
        put(w, now);
    }
}

/* Whatever the list did not name is gone, or nothing can move it any more. */
static void remove_unseen(struct refresh *r, enum workload_kind kind)
{
    struct workloads *w = r->owner;
    VEC(char *) gone = {0};
    for (struct store_iter it = {.ns = str_c(r->ns)}; store_next(w->stores[kind], &it);) {
        AUTO(buf_done) struct buf key = BUF_INIT(600);
        object_key(it.object, &key);
        if (!map_has(&r->seen[kind], buf_str(&key))) {
            vec_push(&gone, buf_take(&key));
        }
    }
    for (size_t i = 0; i < gone.n; i++) {
        struct str ns;
        struct str name;
        object_key_split(str_c(gone.v[i]), &ns, &name);
        remove_one(w, kind, ns, name);
        free(gone.v[i]);
    }
    vec_done(&gone);
}

static void free_refresh(struct refresh *r)
{
    for (size_t kind = 0; kind < WORKLOAD_KINDS; kind++) {
        lister_cancel(r->listers[kind]);
        map_done(&r->seen[kind]);
    }
    err_free(r->err);
    free(r->ns);
    free(r);
}

static void forget_refresh(struct workloads *w, const struct refresh *r)
{
    for (size_t i = 0; i < w->refreshes.n; i++) {
        if (w->refreshes.v[i] == r) {
            vec_remove(&w->refreshes, i);
            return;
        }
    }
}

/* Once, until it is allowed: a change comes often, and a role that leaves a kind out may mean it.
 */
static void tell_denied(struct workloads *w, enum workload_kind kind, const struct err *err)
{
    if (!w->told_denied[kind]) {
        LOG_WARN("not allowed to list: workloads of this kind are not moved",
                 F("kind", workload_kind_info(kind)->name), F("error", err));
        w->told_denied[kind] = true;
    }
}

static void part_done(void *arg, const struct err *err)
{
    struct refresh_part *part = arg;
    struct refresh *r = part->refresh;
    r->listers[part->kind] = NULL;
    if (!err) {
        r->owner->told_denied[part->kind] = false;
        remove_unseen(r, part->kind);
    } else if (err_is(err, ERR_DENIED)) {
        tell_denied(r->owner, part->kind, err);
    } else if (err_is(err, ERR_NOT_FOUND)) {
        LOG_DEBUG("cannot list a kind of workload", F("kind", workload_kind_info(part->kind)->name),
                  F("error", err));
    } else if (!r->err) {
        r->err = err_copy(err);
    }
    if (--r->running == 0) {
        forget_refresh(r->owner, r);
        r->done(r->arg, str_c(r->ns), r->err);
        free_refresh(r);
    }
}

void workloads_refresh(struct workloads *w, struct str ns,
                       void (*done)(void *arg, struct str ns, const struct err *err), void *arg)
{
    struct refresh *r = xcalloc(1, sizeof(*r));
    r->owner = w;
    r->ns = str_dup(ns);
    r->done = done;
    r->arg = arg;
    vec_push(&w->refreshes, r);
    for (enum workload_kind kind = 0; kind < WORKLOAD_KINDS; kind++) {
        if (w->config.options->ignore_kind[kind]) {
            continue;
        }
        r->running++;
        r->parts[kind] = (struct refresh_part){r, kind};
        r->listers[kind] = lister_start(&(struct lister_config){
            .client = w->config.client,
            .resource = workload_resource(kind),
            .ns = ns,
            .item = take_item,
            .done = part_done,
            .arg = &r->parts[kind],
        });
    }
}

static void first_list_done(void *arg, struct str ns, const struct err *err)
{
    struct workloads *w = arg;
    err_free(TAKE(w->first_error));
    if (!err) {
        w->first_lists--;
        return;
    }
    LOG_WARN("cannot list workloads, trying again", F("namespace", ns), F("error", err));
    w->first_error = err_copy(err);
    vec_push(&w->failed, str_dup(ns));
    if (!timer_is_set(&w->retry)) {
        w->retry_delay = MIN(w->retry_delay * 2, RETRY_MAX);
        timer_set(&w->retry, MAX(w->retry_delay, err->retry_after));
    }
}

static void retry_first_lists(void *arg)
{
    struct workloads *w = arg;
    size_t n = w->failed.n;
    for (size_t i = 0; i < n; i++) {
        workloads_refresh(w, str_c(w->failed.v[i]), first_list_done, w);
        free(w->failed.v[i]);
    }
    w->failed.n = 0;
}

static void list_everything(struct workloads *w)
{
    const struct reload_options *o = w->config.options;
    size_t n = reload_options_global(o) ? 1 : o->namespaces.n;
    w->first_lists = n;
    for (size_t i = 0; i < n; i++) {
        workloads_refresh(w, reload_options_global(o) ? STR_EMPTY : str_c(o->namespaces.v[i]),
                          first_list_done, w);
    }
}

/* ---- both ---- */

struct workloads *workloads_new(const struct workloads_config *config)
{
    struct workloads *w = xcalloc(1, sizeof(*w));
    w->config = *config;
    w->retry_delay = RETRY_FIRST;
    timer_init(&w->retry, config->loop, retry_first_lists, w);
    for (enum workload_kind kind = 0; kind < WORKLOAD_KINDS; kind++) {
        w->stores[kind] = store_new(free_object, NULL);
        if (!config->options->ignore_kind[kind] && config->mode == WORKLOADS_WATCHED) {
            add_scopes(w, kind);
        }
    }
    return w;
}

void workloads_start(struct workloads *w)
{
    if (w->config.mode == WORKLOADS_LISTED) {
        list_everything(w);
        return;
    }
    for (size_t i = 0; i < w->scopes.n; i++) {
        informer_start(w->scopes.v[i]->informer);
    }
}

void workloads_free(struct workloads *w)
{
    if (!w) {
        return;
    }
    for (size_t i = 0; i < w->scopes.n; i++) {
        informer_free(w->scopes.v[i]->informer);
        free(w->scopes.v[i]);
    }
    vec_done(&w->scopes);
    for (size_t i = 0; i < w->refreshes.n; i++) {
        free_refresh(w->refreshes.v[i]);
    }
    vec_done(&w->refreshes);
    timer_cancel(&w->retry);
    for (size_t i = 0; i < w->failed.n; i++) {
        free(w->failed.v[i]);
    }
    vec_done(&w->failed);
    for (size_t kind = 0; kind < WORKLOAD_KINDS; kind++) {
        store_free(w->stores[kind]);
    }
    err_free(w->first_error);
    free(w);
}

const struct workload *workloads_get(const struct workloads *w, enum workload_kind kind,
                                     struct str ns, struct str name)
{
    return workload_of_object(store_get(w->stores[kind], ns, name));
}

/* The time of creation has whole seconds; of two Jobs of one second the ledger knows the order. */
static bool started_later(const struct workload *a, const struct workload *b)
{
    return a->created != b->created ? a->created > b->created
                                    : ledger_moves(a->ledger) > ledger_moves(b->ledger);
}

struct str workloads_job_ledger(const struct workloads *w, struct str ns, struct str cronjob)
{
    const struct workload *newest = NULL;
    for (struct store_iter it = {.ns = ns}; store_next(w->stores[WORKLOAD_JOB], &it);) {
        const struct workload *job = workload_of_object(it.object);
        if (job->ledger.p && str_eq(job->owner_cronjob, cronjob) &&
            (!newest || started_later(job, newest))) {
            newest = job;
        }
    }
    return newest ? newest->ledger : (struct str){0};
}

static bool all_scopes(const struct workloads *w, bool accept_denied, struct buf *why)
{
    bool all = w->first_lists == 0;
    if (!all && why) {
        buf_addf(why, "%sworkloads: %s", why->n ? ", " : "",
                 w->first_error ? err_msg(w->first_error) : "listing");
    }
    for (size_t i = 0; i < w->scopes.n; i++) {
        all = informer_settled(w->scopes.v[i]->informer, accept_denied, why) && all;
    }
    return all;
}

bool workloads_settled(const struct workloads *w, struct buf *why)
{
    return all_scopes(w, true, why);
}

bool workloads_synced(const struct workloads *w, struct buf *why)
{
    return all_scopes(w, false, why);
}
