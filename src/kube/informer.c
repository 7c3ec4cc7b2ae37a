/* SPDX-License-Identifier: Apache-2.0
 *
 * Deletions are found by epochs: each listing has a number, and each object that it brings, or that
 * changes afterwards, gets it. When a listing has ended, what has an older number is gone from the
 * cluster; a sweep takes it out, in slices, while the watch goes on. A listing that breaks off in
 * the middle has done no harm: what it brought is newer than what was there.
 *
 * A handler that comes late gets a replay of the store, also in slices. While it runs the handler
 * must hear `added` of an object before anything else, and only once; so each object notes the
 * number of the last replay it was in. Replays run one at a time, and a handler that still waits
 * for its own hears nothing: all will be in its replay.
 */
#include "kube/informer.h"

#define LOGGER "kube"
#include "base/log.h"
#include "base/vec.h"

/* Objects that a sweep or a replay handles in one turn of the loop: well below a millisecond. */
#define SLICE 256

enum handler_phase { HANDLER_WAITS, HANDLER_REPLAYS, HANDLER_LIVE };

struct handler {
    struct informer_handler is;
    enum handler_phase phase;
    bool told_synced;
    bool removed;
};

struct waiter {
    void (*done)(void *arg, const struct err *err);
    void *arg;
};

struct informer {
    struct informer_config config;
    struct loop *loop;
    struct list_watch *list_watch;
    struct store *store;
    VEC(struct handler *) handlers;
    int calling; /* depth of calls to handlers: none is freed then */

    uint32_t epoch;
    bool swept; /* nothing from before the last listing is left */
    bool listed;
    struct store_cursor sweep;

    uint16_t replay;
    struct store_cursor replay_at;
    bool slicing; /* run_slice is deferred */

    bool synced;
    enum informer_state state;
    struct err *reason;
    enum informer_state told_state; /* what the log has said last */
    char *told;
    VEC(struct waiter) waiters;
    bool telling; /* tell_waiters is deferred */
    uint64_t skipped;
};

const char *informer_state_name(enum informer_state state)
{
    static const char *const names[] = {
        [INFORMER_STOPPED] = "stopped",
        [INFORMER_LISTING] = "listing",
        [INFORMER_WATCHING] = "watching",
        [INFORMER_POLLING] = "polling",
        [INFORMER_IDLE] = "idle",
        [INFORMER_DENIED] = "denied",
        [INFORMER_NOT_SERVED] = "not-served",
        [INFORMER_RETRYING] = "retrying",
    };
    return names[state];
}

/* ---- telling handlers ---- */

static void purge_handlers(struct informer *i)
{
    for (size_t n = i->handlers.n; i->calling == 0 && n-- > 0;) {
        if (i->handlers.v[n]->removed) {
            free(i->handlers.v[n]);
            vec_remove(&i->handlers, n);
        }
    }
}

/* Whether the handler has heard of the object; only an object in its replay may be unheard of. */
static bool knows(const struct informer *i, const struct handler *h, const struct object *o)
{
    return h->phase == HANDLER_LIVE || (h->phase == HANDLER_REPLAYS && o->replay == i->replay);
}

static void say_added(struct handler *h, const struct object *o, bool initial)
{
    if (h->is.added && !h->removed) {
        h->is.added(h->is.arg, o, initial);
    }
}

static void tell_added(struct informer *i, struct object *o, bool initial)
{
    o->replay = i->replay;
    i->calling++;
    for (size_t n = 0; n < i->handlers.n; n++) {
        struct handler *h = i->handlers.v[n];
        if (h->phase != HANDLER_WAITS) {
            say_added(h, o, initial);
        }
    }
    i->calling--;
    purge_handlers(i);
}

static void tell_updated(struct informer *i, const struct object *old, struct object *now)
{
    now->replay = i->replay;
    i->calling++;
    for (size_t n = 0; n < i->handlers.n; n++) {
        struct handler *h = i->handlers.v[n];
        if (knows(i, h, old)) {
            if (h->is.updated && !h->removed) {
                h->is.updated(h->is.arg, old, now);
            }
        } else if (h->phase == HANDLER_REPLAYS) {
            say_added(h, now, true);
        }
    }
    i->calling--;
    purge_handlers(i);
}

static void tell_deleted(struct informer *i, const struct object *old)
{
    i->calling++;
    for (size_t n = 0; n < i->handlers.n; n++) {
        struct handler *h = i->handlers.v[n];
        if (h->is.deleted && !h->removed && knows(i, h, old)) {
            h->is.deleted(h->is.arg, old);
        }
    }
    i->calling--;
    purge_handlers(i);
}

static void tell_synced(struct informer *i)
{
    i->calling++;
    for (size_t n = 0; i->synced && n < i->handlers.n; n++) {
        struct handler *h = i->handlers.v[n];
        if (h->phase == HANDLER_LIVE && !h->told_synced && !h->removed) {
            h->told_synced = true;
            if (h->is.synced) {
                h->is.synced(h->is.arg);
            }
        }
    }
    i->calling--;
    purge_handlers(i);
}

/* ---- waiters of a refresh ---- */

static bool is_fresh(const struct informer *i)
{
    bool current =
        i->state == INFORMER_WATCHING || i->state == INFORMER_POLLING || i->state == INFORMER_IDLE;
    return i->synced && i->swept && i->listed && current;
}

static bool is_failed(const struct informer *i)
{
    return i->state == INFORMER_DENIED || i->state == INFORMER_NOT_SERVED ||
           i->state == INFORMER_RETRYING || i->state == INFORMER_STOPPED;
}

static void tell_waiters(void *arg)
{
    struct informer *i = arg;
    i->telling = false;
    if (!is_fresh(i) && !is_failed(i)) {
        return;
    }
    AUTO(err_freep) struct err *err = is_failed(i) ? err_copy(i->reason) : NULL;
    if (is_failed(i) && !err) {
        err_set(&err, ERR_IO, "the informer of %s is %s", i->config.resource->plural,
                informer_state_name(i->state));
    }
    size_t n = i->waiters.n;
    while (n-- > 0 && i->waiters.n > 0) {
        struct waiter w = i->waiters.v[0];
        vec_remove(&i->waiters, 0);
        w.done(w.arg, err);
    }
}

static void schedule_waiters(struct informer *i)
{
    if (i->waiters.n > 0 && !i->telling) {
        i->telling = true;
        loop_defer(i->loop, tell_waiters, i);
    }
}

void informer_refresh(struct informer *i, void (*done)(void *arg, const struct err *err), void *arg)
{
    if (done) {
        vec_push(&i->waiters, (struct waiter){done, arg});
    }
    if (i->state == INFORMER_WATCHING || i->state == INFORMER_STOPPED) {
        schedule_waiters(i);
        return;
    }
    list_watch_refresh(i->list_watch);
}

void informer_unrefresh(struct informer *i, void *arg)
{
    for (size_t n = i->waiters.n; n-- > 0;) {
        if (i->waiters.v[n].arg == arg) {
            vec_remove(&i->waiters, n);
        }
    }
}

/* ---- sweeping and replaying, in slices ---- */

static void schedule_slice(struct informer *i);

static bool in_scope(const struct informer *i, const struct object *o)
{
    return i->config.ns.n == 0 || str_eq(object_ns(o), i->config.ns);
}

static void remove_object(struct informer *i, struct str ns, struct str name)
{
    struct object *old = store_take(i->store, ns, name);
    if (old) {
        tell_deleted(i, old);
        store_drop(i->store, old);
    }
}

static void finish_sweep(struct informer *i)
{
    i->swept = true;
    i->synced = true;
    tell_synced(i);
    schedule_waiters(i);
}

static void sweep_slice(struct informer *i)
{
    struct object *slice[SLICE];
    size_t n = store_walk(i->store, &i->sweep, slice, SLICE);
    for (size_t k = 0; k < n; k++) {
        if (slice[k]->epoch != i->epoch && in_scope(i, slice[k])) {
            remove_object(i, object_ns(slice[k]), object_name(slice[k]));
        }
    }
    if (n == 0) {
        finish_sweep(i);
    }
}

static struct handler *replaying(const struct informer *i)
{
    for (size_t n = 0; n < i->handlers.n; n++) {
        if (i->handlers.v[n]->phase == HANDLER_REPLAYS) {
            return i->handlers.v[n];
        }
    }
    return NULL;
}

/* The next handler that waits, with a fresh number: 0 is that of objects in no replay. */
static struct handler *next_replay(struct informer *i)
{
    for (size_t n = 0; n < i->handlers.n; n++) {
        struct handler *h = i->handlers.v[n];
        if (h->phase == HANDLER_WAITS && !h->removed) {
            h->phase = HANDLER_REPLAYS;
            i->replay = i->replay == UINT16_MAX ? 1 : i->replay + 1;
            i->replay_at = (struct store_cursor){0};
            return h;
        }
    }
    return NULL;
}

static void replay_slice(struct informer *i, struct handler *h)
{
    struct object *slice[SLICE];
    size_t n = store_walk(i->store, &i->replay_at, slice, SLICE);
    i->calling++;
    for (size_t k = 0; k < n; k++) {
        if (slice[k]->replay != i->replay && in_scope(i, slice[k])) {
            slice[k]->replay = i->replay;
            say_added(h, slice[k], true);
        }
    }
    i->calling--;
    if (n == 0) {
        h->phase = HANDLER_LIVE;
        tell_synced(i);
    }
    purge_handlers(i);
}

static void run_slice(void *arg)
{
    struct informer *i = arg;
    i->slicing = false;
    if (i->listed && !i->swept) {
        sweep_slice(i);
    }
    struct handler *h = replaying(i);
    h = h ? h : next_replay(i);
    if (h) {
        replay_slice(i, h);
    }
    schedule_slice(i);
}

static bool has_slices(const struct informer *i)
{
    for (size_t n = 0; n < i->handlers.n; n++) {
        if (i->handlers.v[n]->phase != HANDLER_LIVE) {
            return true;
        }
    }
    return i->listed && !i->swept;
}

static void schedule_slice(struct informer *i)
{
    if (!i->slicing && has_slices(i)) {
        i->slicing = true;
        loop_defer(i->loop, run_slice, i);
    }
}

/* ---- what list_watch tells ---- */

static void on_list_begin(void *arg)
{
    struct informer *i = arg;
    i->epoch++;
    i->listed = false;
    i->swept = false;
}

static void on_list_end(void *arg)
{
    struct informer *i = arg;
    i->listed = true;
    i->sweep = (struct store_cursor){0};
    if (i->synced) {
        schedule_slice(i);
    } else {
        finish_sweep(i); /* the first one: nothing older is there */
    }
}

static struct object *convert(struct informer *i, const struct json *item, struct err **err)
{
    if (!i->config.convert) {
        return object_new(sizeof(struct object), item, err);
    }
    return i->config.convert(i->config.arg, item, err);
}

static void skip(struct informer *i, struct str ns, struct str name, const struct err *err)
{
    i->skipped++;
    LOG_WARN("an object cannot be read and is left out", F("resource", i->config.resource->plural),
             F("namespace", ns), F("name", name), F("error", err));
}

static bool is_same(const struct object *o, const struct json *meta)
{
    struct str version = json_str(json_get(meta, "resourceVersion"));
    return version.n && str_eq(version, object_version(o)) &&
           str_eq(json_str(json_get(meta, "uid")), object_uid(o));
}

static void take_new(struct informer *i, struct object *o)
{
    o->epoch = i->epoch;
    struct object *old = store_put(i->store, o);
    if (!old) {
        tell_added(i, o, !i->synced);
    } else if (str_eq(object_uid(old), object_uid(o))) {
        tell_updated(i, old, o);
    } else {
        tell_deleted(i, old);
        tell_added(i, o, false);
    }
    store_drop(i->store, old);
}

static void on_item(void *arg, const struct json *item, bool deleted)
{
    struct informer *i = arg;
    const struct json *meta = json_get(item, "metadata");
    struct str ns = json_str(json_get(meta, "namespace"));
    struct str name = json_str(json_get(meta, "name"));
    if (deleted) {
        remove_object(i, ns, name);
        return;
    }
    struct object *old = store_find(i->store, ns, name);
    if (old) {
        old->epoch = i->epoch;
        if (is_same(old, meta)) {
            return;
        }
    }
    AUTO(err_freep) struct err *err = NULL;
    struct object *o = convert(i, item, &err);
    if (o) {
        must(str_eq(object_name(o), name) && str_eq(object_ns(o), ns));
        take_new(i, o);
    } else if (err) {
        skip(i, ns, name, err);
    } else {
        remove_object(i, ns, name);
    }
}

/* A trouble is told once, and its end, however often a listing is tried in between. */
static bool is_news(struct informer *i)
{
    bool trouble = is_failed(i) || i->state == INFORMER_POLLING || i->state == INFORMER_IDLE;
    bool over = i->state == INFORMER_WATCHING && i->told_state != INFORMER_WATCHING;
    if (!trouble && !over) {
        return false;
    }
    const char *reason = err_msg(i->reason);
    bool same = i->told_state == i->state && i->told && strcmp(i->told, reason) == 0;
    i->told_state = i->state;
    free(i->told);
    i->told = xstrdup(reason);
    return !same;
}

static void log_state(struct informer *i)
{
    bool first = i->told == NULL;
    if (!is_news(i)) {
        return;
    }
    struct log_field fields[] = {
        F("resource", i->config.resource->plural),
        F("group", i->config.resource->group),
        F("namespace", i->config.ns),
        F("error", i->reason),
    };
    size_t n = i->reason ? COUNT_OF(fields) : COUNT_OF(fields) - 1;
    static const struct {
        enum log_level level;
        const char *msg;
    } news[] = {
        [INFORMER_WATCHING] = {LOG_INFO, "watching again"},
        [INFORMER_POLLING] = {LOG_WARN, "watching is forbidden, listing again and again instead"},
        [INFORMER_IDLE] = {LOG_WARN, "watching is forbidden, listing when needed instead"},
        [INFORMER_DENIED] = {LOG_WARN, "listing is forbidden"},
        [INFORMER_NOT_SERVED] = {LOG_INFO, "the cluster does not serve this kind yet"},
        [INFORMER_RETRYING] = {LOG_INFO, "following a resource was interrupted"},
    };
    bool quiet = first && i->state == INFORMER_WATCHING; /* nothing was wrong before */
    if (!quiet && log_enabled(news[i->state].level)) {
        log_write(news[i->state].level, LOGGER, news[i->state].msg, fields, n);
    }
}

static void on_state(void *arg, enum informer_state state, const struct err *err)
{
    struct informer *i = arg;
    i->state = state;
    err_free(i->reason);
    i->reason = err_copy(err);
    log_state(i);
    schedule_waiters(i);
    if (i->config.on_state) {
        i->config.on_state(i->config.arg, i, state, i->reason);
    }
}

/* ---- birth and death ---- */

struct informer *informer_new(const struct informer_config *config)
{
    struct informer *i = xcalloc(1, sizeof(*i));
    i->config = *config;
    i->config.ns = str_c(str_dup(config->ns));
    i->loop = kube_client_loop(config->client);
    i->store = config->store ? config->store : store_new(config->free_object, config->arg);
    i->list_watch = list_watch_new(&(struct list_watch_config){
        .client = config->client,
        .resource = config->resource,
        .ns = config->ns,
        .label_selector = config->label_selector,
        .field_selector = config->field_selector,
        .content = config->content,
        .wipe = config->wipe,
        .max_item = config->max_item,
        .poll_interval = config->poll_interval,
        .no_watch_list = config->no_watch_list,
        .list_begin = on_list_begin,
        .list_end = on_list_end,
        .item = on_item,
        .state = on_state,
        .arg = i,
    });
    return i;
}

void informer_free(struct informer *i)
{
    if (!i) {
        return;
    }
    must(i->calling == 0);
    list_watch_free(i->list_watch);
    loop_undefer(i->loop, i);
    if (!i->config.store) {
        store_free(i->store);
    }
    for (size_t n = 0; n < i->handlers.n; n++) {
        free(i->handlers.v[n]);
    }
    vec_done(&i->handlers);
    vec_done(&i->waiters);
    err_free(i->reason);
    free(i->told);
    char *ns = (char *)(uintptr_t)i->config.ns.p;
    free(ns);
    free(i);
}

void informer_start(struct informer *i)
{
    list_watch_start(i->list_watch);
}

void informer_add_handler(struct informer *i, const struct informer_handler *handler)
{
    struct handler *h = xcalloc(1, sizeof(*h));
    bool nothing_yet = !i->synced && store_count(i->store) == 0;
    h->is = *handler;
    h->phase = nothing_yet ? HANDLER_LIVE : HANDLER_WAITS;
    vec_push(&i->handlers, h);
    schedule_slice(i);
}

void informer_remove_handler(struct informer *i, void *arg)
{
    for (size_t n = 0; n < i->handlers.n; n++) {
        if (i->handlers.v[n]->is.arg == arg) {
            i->handlers.v[n]->removed = true;
        }
    }
    purge_handlers(i);
}

/* ---- what can be asked ---- */

const struct store *informer_store(const struct informer *i)
{
    return i->store;
}

const struct resource *informer_resource(const struct informer *i)
{
    return i->config.resource;
}

bool informer_synced(const struct informer *i)
{
    return i->synced;
}

bool informer_settled(const struct informer *i, bool accept_denied, struct buf *why)
{
    if (i->synced || i->state == INFORMER_NOT_SERVED ||
        (accept_denied && i->state == INFORMER_DENIED)) {
        return true;
    }
    if (why) {
        buf_addf(why, "%s%s: %s", why->n ? ", " : "", informer_resource(i)->plural,
                 informer_state_name(i->state));
    }
    return false;
}

enum informer_state informer_state(const struct informer *i)
{
    return i->state;
}

const struct err *informer_reason(const struct informer *i)
{
    return i->reason;
}

struct informer_stats informer_stats(const struct informer *i)
{
    struct list_watch_stats lw = list_watch_stats(i->list_watch);
    return (struct informer_stats){
        .lists = lw.lists,
        .watches = lw.watches,
        .events = lw.items,
        .bytes = lw.bytes,
        .skipped = i->skipped,
        .restarts = lw.restarts,
    };
}
