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

/* Of more changes than MANY in a row only the first ones and the last are told apart. */
enum { KEY_MAX = 600, MANY = 16 };

struct change {
    ns_t at; /* clock_real */
    bool existed;
    struct digest before;
};

/* The changes of one source since the last list, oldest first. */
struct changes {
    VEC(struct change) v;
    char ns[];
};

struct batch {
    struct reload *r;
    struct workqueue *namespaces;
    struct map changes; /* "type/ns/name" -> struct changes */
    ns_t started;       /* clock_real time of the list under way (one at a time per namespace) */
};

static struct changes *changes_of(struct batch *b, struct str key, struct str ns)
{
    struct changes *c = map_get(&b->changes, key);
    if (!c) {
        c = xcalloc(1, sizeof(*c) + ns.n + 1);
        memcpy(c->ns, ns.p, ns.n);
        map_set(&b->changes, key, c);
    }
    return c;
}

static void free_changes(void *arg)
{
    struct changes *c = arg;
    vec_done(&c->v);
    free(c);
}

void batch_content(struct batch *b, enum source_type type, struct str ns, struct str name,
                   const struct digest *before)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    struct change change = {.at = clock_real(), .existed = before != NULL};
    kinds_key(&key, (int)type, ns, name);
    struct changes *c = changes_of(b, buf_str(&key), ns);
    if (before) {
        change.before = *before;
    }
    if (c->v.n == MANY) {
        c->v.n--;
    }
    vec_push(&c->v, change);
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
    kinds_key(&key, (int)source->type, str_c(source->ns), str_c(source->name));
    const struct changes *c = map_get(&r->batch->changes, buf_str(&key));
    for (size_t i = 0; c && i < c->v.n; i++) {
        /* What came into being after the workload counts from its first content on. */
        if (c->v.v[i].existed && c->v.v[i].at >= since) {
            *out = c->v.v[i].before;
            return true;
        }
    }
    return false;
}

/* ---- a list ---- */

static void forget_changes(struct batch *b, struct str ns)
{
    for (struct map_iter it = {0}; map_next(&b->changes, &it);) {
        struct changes *c = it.value;
        while (c->v.n > 0 && c->v.v[0].at < b->started && str_eq_c(ns, c->ns)) {
            vec_remove(&c->v, 0);
        }
        if (c->v.n == 0) {
            map_del(&b->changes, it.key);
            free_changes(c);
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
        map_done_with(&b->changes, free_changes);
        free(b);
    }
}
