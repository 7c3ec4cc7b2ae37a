/* SPDX-License-Identifier: Apache-2.0
 *
 * Where workloads may be listed but not watched (the RBAC of Reloader's chart), what is known of
 * them is as old as the last list. So a change of a source first has its namespace listed, and only
 * then are the workloads there due. Changes that come while a list is under way join the next one:
 * one list per kind and batch, however many changes there are.
 *
 * A workload that such a list shows for the first time may be older than the change that led to the
 * list. Then it has to move for it, although there is no record: `changes` keeps what each changed
 * source was before, until the next list has been taken in.
 */
#define LOGGER "reload"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "reload/reload_internal.h"

enum { KEY_MAX = 600 };

struct change {
    ns_t at; /* clock_real time of the first change since the last list */
    bool existed;
    struct digest before;
    char ns[];
};

struct batch {
    struct reload *r;
    struct workqueue *namespaces;
    struct map changes; /* "type/ns/name" -> struct change */
    ns_t started;       /* clock_real time of the list under way (one at a time per namespace) */
};

static void write_key(struct buf *out, enum source_type type, struct str ns, struct str name)
{
    buf_addf(out, "%d/", (int)type);
    buf_add_str(out, ns);
    buf_add_byte(out, '/');
    buf_add_str(out, name);
}

void batch_content(struct batch *b, enum source_type type, struct str ns, struct str name,
                   const struct digest *before)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    write_key(&key, type, ns, name);
    if (!map_has(&b->changes, buf_str(&key))) {
        struct change *c = xcalloc(1, sizeof(*c) + ns.n + 1);
        c->at = clock_real();
        c->existed = before != NULL;
        c->before = before ? *before : (struct digest){0};
        memcpy(c->ns, ns.p, ns.n);
        map_set(&b->changes, buf_str(&key), c);
    }
    batch_refresh(b, ns);
}

void batch_refresh(struct batch *b, struct str ns)
{
    workqueue_add(b->namespaces, ns);
}

bool batch_before(void *arg, const struct source *source, ns_t since, struct digest *out)
{
    struct reload *r = arg;
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    if (!r->batch) {
        return false;
    }
    write_key(&key, source->type, str_c(source->ns), str_c(source->name));
    const struct change *c = map_get(&r->batch->changes, buf_str(&key));
    if (!c || !c->existed || c->at < since) {
        return false;
    }
    *out = c->before;
    return true;
}

/* ---- a list ---- */

static void forget_changes(struct batch *b, struct str ns)
{
    for (struct map_iter it = {0}; map_next(&b->changes, &it);) {
        struct change *c = it.value;
        if (c->at < b->started && str_eq_c(ns, c->ns)) {
            map_del(&b->changes, it.key);
            free(c);
        }
    }
}

static void make_due(struct batch *b, struct str ns)
{
    struct tracked *e;
    for (struct map_iter it = {0}; tracker_next(b->r->tracker, &it, &e);) {
        if (str_eq_c(ns, e->ns)) {
            workqueue_add(b->r->queue, str_c(e->key));
        }
    }
}

/* The bases of pairs that are new are set by looking at what is due once; only then may the changes
 * be forgotten. */
static void set_bases(struct batch *b, struct str ns)
{
    struct tracked *e;
    for (struct map_iter it = {0}; tracker_next(b->r->tracker, &it, &e);) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        struct due due;
        if (str_eq_c(ns, e->ns)) {
            tracker_due(b->r->tracker, e, &a, &due);
        }
    }
}

static void listed(void *arg, struct str ns, const struct err *err)
{
    struct batch *b = arg;
    if (err) {
        LOG_WARN("cannot list workloads, trying again", F("namespace", ns), F("error", err));
        workqueue_done(b->namespaces, ns, WQ_RETRY, err->retry_after);
        return;
    }
    set_bases(b, ns);
    forget_changes(b, ns);
    make_due(b, ns);
    workqueue_done(b->namespaces, ns, WQ_OK, 0);
}

static void process(void *arg, struct workqueue *q, struct str ns)
{
    struct batch *b = arg;
    (void)q;
    b->started = clock_real();
    workloads_refresh(b->r->workloads, ns, listed, b);
}

struct batch *batch_new(struct reload *r)
{
    struct batch *b = xcalloc(1, sizeof(*b));
    b->r = r;
    b->namespaces = workqueue_new(r->config.loop, &(struct workqueue_config){
                                                      .name = "reload_namespaces",
                                                      .process = process,
                                                      .arg = b,
                                                      .max_concurrent = 1,
                                                      .backoff_base = 100 * NS_MS,
                                                      .backoff_cap = NS_MIN,
                                                  });
    workqueue_pause(b->namespaces);
    return b;
}

void batch_run(struct batch *b)
{
    workqueue_resume(b->namespaces);
}

void batch_free(struct batch *b)
{
    if (b) {
        workqueue_free(b->namespaces);
        map_done_with(&b->changes, free);
        free(b);
    }
}
