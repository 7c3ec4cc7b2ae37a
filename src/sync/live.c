/* SPDX-License-Identifier: Apache-2.0
 *
 * An entry is an object that is being read or has been read lately. Calls wait for the answer in
 * one list and move to a second one when it is there; that one is served from a deferred function,
 * one call a turn, because a callback may cancel others and ask again. An entry lives as long as
 * somebody is in a list, and its answer with it.
 */
#include "sync/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"

enum { KEY_MAX = 1024 };

struct entry {
    struct live *live;
    struct kube_call *request; /* under way */
    bool known;                /* arena and object hold an answer */
    bool serving;              /* a deferred serve() will come */
    ns_t read_at;
    struct arena arena;
    const struct json *object;
    struct err *err;           /* of the answer being served */
    struct live_call *waiting; /* for the request */
    struct live_call *ready;   /* to be served with the answer */
    struct timer expiry;
    struct str key; /* the map's copy */
};

struct live_call {
    struct entry *entry;
    struct live_call *next;
    live_done_fn *done;
    void *arg;
};

struct live {
    struct kube_client *client;
    struct loop *loop;
    struct map entries;
};

struct live *live_new(struct kube_client *client)
{
    struct live *l = xcalloc(1, sizeof(*l));
    l->client = client;
    l->loop = kube_client_loop(client);
    l->entries = MAP_INIT;
    return l;
}

static void clear_answer(struct entry *e)
{
    arena_done(&e->arena);
    e->arena = ARENA_INIT(ARENA_WIPE);
    e->object = NULL;
    e->known = false;
    err_free(TAKE(e->err));
}

static void free_calls(struct live_call *list)
{
    while (list) {
        struct live_call *next = list->next;
        free(list);
        list = next;
    }
}

static void free_entry(void *value)
{
    struct entry *e = value;
    loop_undefer(e->live->loop, e);
    timer_cancel(&e->expiry);
    kube_cancel(e->request);
    clear_answer(e);
    free_calls(e->waiting);
    free_calls(e->ready);
    free(e);
}

void live_free(struct live *l)
{
    if (!l) {
        return;
    }
    map_done_with(&l->entries, free_entry);
    free(l);
}

static void expired(void *arg)
{
    struct entry *e = arg;
    if (!e->waiting && !e->ready) {
        map_del(&e->live->entries, e->key);
        free_entry(e);
    } else if (!e->ready) {
        clear_answer(e);
    } else {
        timer_set(&e->expiry, NS_S);
    }
}

static void append(struct live_call **list, struct live_call *call)
{
    while (*list) {
        list = &(*list)->next;
    }
    *list = call;
}

static void serve(void *arg);

static void start_serving(struct entry *e)
{
    if (!e->serving && e->ready) {
        e->serving = true;
        loop_defer(e->live->loop, serve, e);
    }
}

static void serve(void *arg)
{
    struct entry *e = arg;
    e->serving = false;
    struct live_call *call = e->ready;
    if (!call) {
        return;
    }
    e->ready = call->next;
    start_serving(e);
    call->done(call->arg, e->object, e->err);
    free(call);
}

static void answered(void *arg, const struct kube_answer *answer)
{
    struct entry *e = arg;
    e->request = NULL;
    clear_answer(e);
    if (answer->err) {
        e->err = err_copy(answer->err);
    } else {
        kube_answer_take(answer, &e->arena);
        e->object = answer->object;
        e->known = true;
        e->read_at = clock_mono();
    }
    timer_set(&e->expiry, e->known ? LIVE_KEEP : 0);
    append(&e->ready, TAKE(e->waiting));
    start_serving(e);
}

static struct str entry_key(struct buf *key, const struct resource *r, struct str ns,
                            struct str name)
{
    buf_addf(key, "%s/%.*s/%.*s", r->plural, STR_ARG(ns), STR_ARG(name));
    return buf_str(key);
}

static struct entry *find_or_add(struct live *l, struct str key)
{
    struct entry *e = map_get(&l->entries, key);
    if (!e) {
        e = xcalloc(1, sizeof(*e));
        e->live = l;
        e->arena = ARENA_INIT(ARENA_WIPE);
        timer_init(&e->expiry, l->loop, expired, e);
        map_set(&l->entries, key, e);
        e->key = map_key(&l->entries, key);
    }
    return e;
}

struct live_call *live_get(struct live *l, const struct resource *r, struct str ns, struct str name,
                           ns_t max_age, live_done_fn *done, void *arg)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    struct entry *e = find_or_add(l, entry_key(&key, r, ns, name));
    struct live_call *call = xcalloc(1, sizeof(*call));
    *call = (struct live_call){.entry = e, .done = done, .arg = arg};
    if (e->known && clock_mono() - e->read_at <= max_age) {
        append(&e->ready, call);
        start_serving(e);
        return call;
    }
    append(&e->waiting, call);
    if (!e->request) {
        e->request = kube_get(l->client, r, ns, name, answered, e);
    }
    return call;
}

static bool unlink_call(struct live_call **list, const struct live_call *call)
{
    while (*list && *list != call) {
        list = &(*list)->next;
    }
    bool found = *list != NULL;
    if (found) {
        *list = call->next;
    }
    return found;
}

void live_cancel(struct live_call *call)
{
    if (call &&
        (unlink_call(&call->entry->waiting, call) || unlink_call(&call->entry->ready, call))) {
        free(call);
    }
}

void live_forget(struct live *l, const struct resource *r, struct str ns, struct str name)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    struct entry *e = map_get(&l->entries, entry_key(&key, r, ns, name));
    if (e) {
        e->read_at = clock_mono() - LIVE_KEEP - 1;
    }
}
