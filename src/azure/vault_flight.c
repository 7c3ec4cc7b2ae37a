/* SPDX-License-Identifier: Apache-2.0
 *
 * Single flight. A GET serves everybody who may be served by it: who comes while it still waits at
 * the gate, and who comes later but can do with facts as old as the moment when it was sent. Who
 * wants fresher ones gets a flight of their own, which the next ones share; so of one object there
 * are rarely more than two.
 *
 * Values at hand: a flight that brought a value stays for two seconds (and one MiB of them all),
 * because checks find out about changes by GETs, and whoever is told of a change reads next.
 */
#include "azure/vault_internal.h"
#include "base/clock.h"

#define HAND_MAX_BYTES (1 << 20)

static bool at_hand(const struct flight *f)
{
    return !f->call && !f->err;
}

static void flight_free(struct flight *f)
{
    struct vault_entry *e = f->entry;
    must(TAILQ_EMPTY(&f->waits));
    if (at_hand(f)) {
        TAILQ_REMOVE(&e->reader->hand, f, hand);
        e->reader->hand_bytes -= f->arena.used;
    }
    vault_call_cancel(f->call);
    TAILQ_REMOVE(&e->flights, f, link);
    arena_done(&f->arena);
    err_free(f->err);
    free(f);
}

void flights_free(struct vault_entry *e)
{
    for (struct flight *f; (f = TAILQ_FIRST(&e->flights));) {
        flight_free(f);
    }
}

/* What is under way for nobody, and errors that everybody has got. */
void flights_tidy(struct vault_entry *e)
{
    struct flight *f = TAILQ_FIRST(&e->flights);
    while (f) {
        struct flight *next = TAILQ_NEXT(f, link);
        bool wanted = f->call && e->state == ENTRY_GETTING;
        if (TAILQ_EMPTY(&f->waits) && !at_hand(f) && !wanted) {
            flight_free(f);
        }
        f = next;
    }
}

/* ---- values at hand ---- */

static void rearm(struct vault_reader *r)
{
    struct flight *oldest = TAILQ_FIRST(&r->hand);
    if (oldest) {
        timer_set_at(&r->hand_timer, oldest->until);
    }
}

/* Drops what is too old or too much; what somebody is about to get stays a little longer. */
static void hand_trim(struct vault_reader *r)
{
    ns_t now = clock_mono();
    struct flight *f = TAILQ_FIRST(&r->hand);
    while (f && (f->until <= now || r->hand_bytes > HAND_MAX_BYTES)) {
        struct flight *next = TAILQ_NEXT(f, hand);
        if (TAILQ_EMPTY(&f->waits)) {
            flight_free(f);
        }
        f = next;
    }
}

void hand_on_timer(void *arg)
{
    hand_trim(arg);
    rearm(arg);
}

void hand_drop_all(struct vault_reader *r)
{
    for (struct flight *f; (f = TAILQ_FIRST(&r->hand));) {
        flight_free(f);
    }
}

static void hold(struct flight *f)
{
    struct vault_reader *r = f->entry->reader;
    f->until = clock_mono() + r->pool->config.hold;
    r->hand_bytes += f->arena.used;
    TAILQ_INSERT_TAIL(&r->hand, f, hand);
    hand_trim(r);
    rearm(r);
}

/* ---- answers ---- */

/* Called when the loop goes on, once for each wait of a flight that is done. */
static void on_ready(void *arg)
{
    struct vault_wait *w = arg;
    struct flight *f = w->read.flight;
    struct vault_entry *e = f->entry; /* with the wait's reference */
    w->read.done(w->arg, f->err ? NULL : &f->value, f->err);
    TAILQ_REMOVE(&f->waits, w, link);
    free(w);
    flights_tidy(e);
    hand_trim(e->reader);
    vault_entry_unref(e);
}

static void ready(struct vault_wait *w)
{
    loop_defer(w->reader->pool->config.loop, on_ready, w);
}

/* 404 is a fact; other errors are not. */
static void learn(struct flight *f, const struct vault_reply *reply)
{
    static const struct vault_stamp absent = {.known = true, .absent = true};
    struct vault_entry *e = f->entry;
    if (!f->err) {
        entry_learn(e, &f->value.stamp, reply->sent, reply->date);
    } else if (f->err->kind == ERR_NOT_FOUND) {
        entry_learn(e, &absent, reply->sent, reply->date);
    }
}

static void on_reply(void *arg, const struct vault_reply *reply)
{
    struct flight *f = arg;
    struct vault_entry *e = vault_entry_ref(f->entry);
    f->call = NULL;
    f->err = err_copy(reply->err);
    if (!f->err) {
        struct str body = arena_str(&f->arena, reply->body);
        if (vault_answer_object(&f->arena, e->kind, body, &f->value, &f->err) == 0) {
            f->value.as_of = reply->sent;
        }
    }
    learn(f, reply);
    struct vault_wait *w;
    TAILQ_FOREACH(w, &f->waits, link)
    {
        ready(w);
    }
    entry_settle(e, err_is(f->err, ERR_NOT_FOUND) ? NULL : f->err);
    if (!f->err) {
        hold(f); /* f may be gone afterwards */
    }
    flights_tidy(e);
    vault_entry_unref(e);
}

/* ---- asking ---- */

static struct flight *new_flight(struct vault_entry *e)
{
    struct flight *f = xcalloc(1, sizeof(*f));
    f->entry = e;
    f->arena = ARENA_INIT(ARENA_WIPE);
    TAILQ_INIT(&f->waits);
    TAILQ_INSERT_HEAD(&e->flights, f, link);
    f->call = vault_client_get(e->reader->client, e->kind, str_c(e->name), str_c(e->version),
                               on_reply, f);
    return f;
}

/* The newest flight if it is fresh enough. */
static struct flight *usable_flight(const struct vault_entry *e, ns_t as_of)
{
    struct flight *f = TAILQ_FIRST(&e->flights);
    if (!f || f->err) {
        return NULL;
    }
    ns_t sent = f->call ? vault_call_sent(f->call) : f->value.as_of;
    bool waiting = f->call && sent == 0;
    bool expired = at_hand(f) && f->until <= clock_mono();
    return (waiting || sent >= as_of) && !expired ? f : NULL;
}

void flight_want(struct vault_entry *e, ns_t as_of)
{
    struct flight *f = usable_flight(e, as_of);
    if (!f || !f->call) {
        (void)new_flight(e);
    }
}

struct vault_wait *vault_read_entry(struct vault_entry *e, ns_t as_of,
                                    void (*done)(void *arg, const struct vault_value *value,
                                                 const struct err *err),
                                    void *arg)
{
    struct flight *f = usable_flight(e, as_of);
    if (f) {
        reader_saved(e->reader, f->call ? "flight" : "hand");
    } else {
        f = new_flight(e);
    }
    struct vault_wait *w = xcalloc(1, sizeof(*w));
    w->kind = WAIT_READ;
    w->reader = e->reader;
    w->arg = arg;
    w->as_of = as_of;
    w->read.flight = f;
    w->read.done = done;
    vault_entry_ref(e);
    TAILQ_INSERT_TAIL(&f->waits, w, link);
    if (!f->call) {
        ready(w);
    }
    return w;
}

void read_cancel(struct vault_wait *w)
{
    struct flight *f = w->read.flight;
    struct vault_entry *e = f->entry;
    loop_undefer(w->reader->pool->config.loop, w);
    TAILQ_REMOVE(&f->waits, w, link);
    free(w);
    flights_tidy(e);
    vault_entry_unref(e);
}
