/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists: for checks, which only need the times of the objects that somebody is interested in, and
 * for those who look for objects by name or tag and need all items.
 *
 * A list reads on as long as there is a next page, also behind empty ones. It ends early where more
 * pages would not pay (cap), unless somebody wants the items; a list that ended early says nothing
 * of what it has not seen.
 */
#include "azure/vault_internal.h"
#include "base/clock.h"

#define DENIED_FOR (15 * NS_MIN) /* the permission to list is not tried again before */

enum { PAGES_MAX = 2000, ITEMS_MAX_BYTES = 64 << 20 };

static void next_page(struct listing *l, struct str next);

static struct kind_state *state_of(const struct listing *l)
{
    return &l->reader->kinds[l->kind];
}

void listing_free(struct listing *l)
{
    if (!l) {
        return;
    }
    must(TAILQ_EMPTY(&l->waits));
    timer_cancel(&l->expiry);
    vault_call_cancel(l->call);
    vec_done(&l->items);
    arena_done(&l->arena);
    free(l);
}

/* When its first page went out; NEVER if it still waits. */
static ns_t started(const struct listing *l)
{
    ns_t sent = l->call ? vault_call_sent(l->call) : 0;
    return l->started != NEVER ? l->started : sent > 0 ? sent : NEVER;
}

static bool is_fresh(const struct listing *l, ns_t as_of)
{
    return started(l) == NEVER || started(l) >= as_of;
}

bool listing_can_answer(const struct listing *l, const struct vault_entry *e)
{
    return l && e->born < l->id && is_fresh(l, e->wanted);
}

/* ---- the items, for those who want them ---- */

/* A list that is done stays at hand for a while, or until those who wait have been called. */
static void drop_unused(struct listing *l)
{
    if (state_of(l)->kept != l && TAILQ_EMPTY(&l->waits)) {
        listing_free(l);
    }
}

static void on_expiry(void *arg)
{
    struct listing *l = arg;
    if (state_of(l)->kept == l) {
        state_of(l)->kept = NULL;
    }
    drop_unused(l);
}

static void keep(struct listing *l)
{
    struct kind_state *k = state_of(l);
    struct listing *former = k->kept;
    if (l->collect) {
        k->kept = l;
        timer_set(&l->expiry, l->reader->pool->config.hold);
    }
    if (former && former != k->kept) {
        timer_cancel(&former->expiry);
        drop_unused(former);
    }
    drop_unused(l);
}

/* Called when the loop goes on. */
static void on_listed(void *arg)
{
    struct vault_wait *w = arg;
    struct vault_reader *r = w->reader;
    struct listing *l = w->list.listing;
    w->list.done(w->arg, l->items.v, l->items.n, l->started, NULL);
    TAILQ_REMOVE(&l->waits, w, link);
    free(w);
    drop_unused(l);
    vault_reader_unref(r);
}

static void ready(struct vault_wait *w)
{
    loop_defer(w->reader->pool->config.loop, on_listed, w);
}

static void refuse(struct listing *l, const struct err *err)
{
    for (struct vault_wait *w; (w = TAILQ_FIRST(&l->waits));) {
        struct vault_reader *r = w->reader;
        TAILQ_REMOVE(&l->waits, w, link);
        w->list.done(w->arg, NULL, 0, 0, err);
        free(w);
        vault_reader_unref(r);
    }
}

/* Moves everybody who waits for a list of this kind to one that begins now. */
static void serve_queue(struct vault_reader *r, enum vault_kind kind)
{
    struct kind_state *k = &r->kinds[kind];
    if (TAILQ_EMPTY(&k->queue) || k->running) {
        return;
    }
    listing_begin(r, kind, PAGES_MAX);
    k->running->collect = true;
    struct vault_wait *w;
    TAILQ_FOREACH(w, &k->queue, link)
    {
        w->list.listing = k->running;
    }
    TAILQ_CONCAT(&k->running->waits, &k->queue, link);
}

/* ---- what a list says of entries ---- */

static void note_item(struct listing *l, const struct vault_item *item)
{
    struct vault_entry *e = entry_find(l->reader, l->kind, item->name);
    if (e) {
        e->seen = l->id;
        e->listed_created = item->created;
        e->listed_updated = item->updated;
        e->listed_enabled = item->enabled;
    }
}

/* An entry that waited for this list, after it: settled by it, or get, or plan again. */
static void after_list(struct vault_entry *e, const struct listing *l)
{
    if (e->wanted > l->started || e->born >= l->id) {
        entry_set_state(e, ENTRY_PLAN);
        return;
    }
    entry_settle(e, NULL);
    if (e->state == ENTRY_LISTING) {
        entry_get(e);
    } else {
        reader_saved(e->reader, "list");
    }
}

typedef VEC(struct vault_entry *) entries_t;

/* References to the entries of a list's kind, since settling them may change the map. */
static entries_t entries_of(const struct listing *l)
{
    entries_t v = {0};
    for (struct map_iter it = {0}; map_next(&l->reader->entries, &it);) {
        struct vault_entry *e = it.value;
        if (e->kind == l->kind && e->version[0] == '\0') {
            vec_push(&v, vault_entry_ref(e));
        }
    }
    return v;
}

static void teach(struct listing *l)
{
    entries_t v = entries_of(l);
    for (size_t i = 0; i < v.n; i++) {
        entry_learn_from_list(v.v[i], l);
        if (v.v[i]->state == ENTRY_LISTING) {
            after_list(v.v[i], l);
        }
        vault_entry_unref(v.v[i]);
    }
    vec_done(&v);
}

/* Without the permission to list, GETs do; any other failure would be theirs as well. */
static void fail_entries(struct listing *l, const struct err *err)
{
    entries_t v = entries_of(l);
    for (size_t i = 0; i < v.n; i++) {
        if (v.v[i]->state == ENTRY_LISTING && err->kind == ERR_DENIED) {
            entry_get(v.v[i]);
        } else if (v.v[i]->state == ENTRY_LISTING) {
            entry_set_state(v.v[i], ENTRY_GETTING);
            entry_settle(v.v[i], err);
        }
        vault_entry_unref(v.v[i]);
    }
    vec_done(&v);
}

/* ---- the end ---- */

static void listing_end(struct listing *l)
{
    struct vault_reader *r = l->reader;
    struct kind_state *k = state_of(l);
    /* Where it broke off there are more pages, nobody knows how many. Twice as many is a guess that
     * keeps a growing demand from trying again and again a page further. */
    k->pages = l->complete ? l->pages : 2 * l->pages;
    k->pages_at = clock_mono();
    k->running = NULL;
    vault_reader_ref(r);
    teach(l);
    struct vault_wait *w;
    TAILQ_FOREACH(w, &l->waits, link)
    {
        ready(w);
    }
    serve_queue(r, l->kind);
    keep(l);
    vault_reader_unref(r);
}

static void listing_failed(struct listing *l, const struct err *err)
{
    struct vault_reader *r = l->reader;
    struct kind_state *k = state_of(l);
    if (err->kind == ERR_DENIED) {
        k->denied_until = clock_mono() + DENIED_FOR;
    }
    k->running = NULL;
    vault_reader_ref(r);
    refuse(l, err);
    fail_entries(l, err);
    serve_queue(r, l->kind);
    listing_free(l);
    vault_reader_unref(r);
}

/* ---- pages ---- */

/* 0, or -1 with what is wrong with the page. */
static int take_page(struct listing *l, const struct vault_reply *reply, struct str *next,
                     struct err **err)
{
    struct vault_page page;
    if (!l->collect) {
        arena_reset(&l->arena);
    }
    struct str body = arena_str(&l->arena, reply->body);
    if (vault_answer_page(&l->arena, l->kind, body, &page, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < page.n; i++) {
        note_item(l, &page.items[i]);
        if (l->collect) {
            vec_push(&l->items, page.items[i]);
        }
    }
    l->pages++;
    *next = page.next;
    if (next->n > 0 && l->collect && (l->pages >= PAGES_MAX || l->arena.used > ITEMS_MAX_BYTES)) {
        return err_set(err, ERR_LIMIT, "the vault's list of %ss has more than %zu pages",
                       vault_kind_name(l->kind), l->pages);
    }
    return 0;
}

static void on_page(void *arg, const struct vault_reply *reply)
{
    struct listing *l = arg;
    l->call = NULL;
    AUTO(err_freep) struct err *err = err_copy(reply->err);
    struct str next = STR_EMPTY;
    if (!err && l->started == NEVER) {
        l->started = reply->sent;
    }
    if (err || take_page(l, reply, &next, &err) != 0) {
        listing_failed(l, err);
        return;
    }
    if (next.n > 0 && (l->collect || l->pages < l->cap)) {
        next_page(l, next);
        return;
    }
    l->complete = next.n == 0;
    listing_end(l);
}

static void next_page(struct listing *l, struct str next)
{
    l->call = vault_client_list(l->reader->client, l->kind, next, on_page, l);
}

void listing_begin(struct vault_reader *r, enum vault_kind kind, size_t cap)
{
    must(!r->kinds[kind].running);
    struct listing *l = xcalloc(1, sizeof(*l));
    l->reader = r;
    l->kind = kind;
    l->id = ++r->lists;
    l->started = NEVER;
    l->cap = cap;
    l->arena = ARENA_INIT(ARENA_PLAIN); /* names and tags; no values */
    TAILQ_INIT(&l->waits);
    timer_init(&l->expiry, r->pool->config.loop, on_expiry, l);
    r->kinds[kind].running = l;
    next_page(l, STR_EMPTY);
}

/* ---- asking ---- */

struct vault_wait *vault_list_items(struct vault_reader *r, enum vault_kind kind, ns_t as_of,
                                    void (*done)(void *arg, const struct vault_item *items,
                                                 size_t n, ns_t as_of, const struct err *err),
                                    void *arg)
{
    struct kind_state *k = &r->kinds[kind];
    struct vault_wait *w = xcalloc(1, sizeof(*w));
    w->kind = WAIT_LIST;
    w->reader = vault_reader_ref(r);
    w->arg = arg;
    w->as_of = as_of;
    w->list.kind = kind;
    w->list.done = done;
    struct listing *l = k->running;
    if (k->kept && k->kept->started >= as_of) {
        w->list.listing = k->kept;
        TAILQ_INSERT_TAIL(&k->kept->waits, w, link);
        reader_saved(r, "hand");
        ready(w);
    } else if (l && is_fresh(l, as_of) && (l->collect || l->pages == 0)) {
        l->collect = true;
        w->list.listing = l;
        TAILQ_INSERT_TAIL(&l->waits, w, link);
        reader_saved(r, "flight");
    } else {
        TAILQ_INSERT_TAIL(&k->queue, w, link);
        serve_queue(r, kind);
    }
    return w;
}

void list_cancel(struct vault_wait *w)
{
    struct vault_reader *r = w->reader;
    struct listing *l = w->list.listing;
    loop_undefer(r->pool->config.loop, w);
    TAILQ_REMOVE(l ? &l->waits : &r->kinds[w->list.kind].queue, w, link);
    free(w);
    if (l && l != r->kinds[l->kind].running) {
        drop_unused(l);
    }
    vault_reader_unref(r);
}
