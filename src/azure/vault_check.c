/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks, and the question whether to list or to get.
 *
 * A check's asks that the facts at hand do not answer make their entries wait (ENTRY_PLAN) for
 * GATHER, so that neighbours can come; then check_plan decides for each kind:
 *
 *     list if 2 * pages < N      pages: of 25, as the last list had; N: objects wanted
 *
 * Pages come one after another and GETs beside each other, hence the 2. N is not only what waits
 * now: looks are spread a little, so the objects that were looked at in the last window (as long as
 * the looks are allowed to be old) are taken as the forecast. Without knowing how many pages there
 * are, the list is tried up to the number of pages where it stops paying; so a wrong guess costs at
 * most half of what GETs would have cost, once an hour.
 *
 * After a list most entries are settled by it; those that differ, are young, or are missing get a
 * GET each, which also tells whether only attributes have changed.
 */
#include "azure/vault_internal.h"
#include "base/clock.h"

#define WINDOW_MIN NS_S

/* ---- answers ---- */

static void close_ask(struct ask *a)
{
    struct vault_entry *e = a->entry;
    a->open = false;
    a->check->check.open--;
    TAILQ_REMOVE(&e->asks, a, link);
}

/* Called when the loop goes on. */
static void on_answered(void *arg)
{
    struct vault_wait *w = arg;
    struct vault_reader *r = w->reader;
    w->check.done(w->arg, w->check.findings, w->check.n, w->check.oldest);
    for (size_t i = 0; i < w->check.n; i++) {
        err_free((struct err *)(uintptr_t)w->check.findings[i].err);
        vault_entry_unref(w->check.asks[i].entry);
    }
    free(w->check.asks);
    free(w->check.findings);
    free(w);
    vault_reader_unref(r);
}

static void answered(struct vault_wait *w)
{
    if (w->check.open == 0) {
        loop_defer(w->reader->pool->config.loop, on_answered, w);
    }
}

/* Versions do not change; only whether they are enabled can. */
static bool facts_are_good(const struct vault_entry *e, ns_t as_of)
{
    bool pinned = e->version[0] != '\0';
    ns_t pinned_ok = clock_mono() - e->reader->pool->config.pinned;
    return e->stamp.known && (e->facts_at >= as_of || (pinned && e->facts_at > pinned_ok));
}

static void compare(const struct ask *a, struct vault_finding *out)
{
    const struct vault_entry *e = a->entry;
    unsigned diff = vault_stamp_diff(&a->stamp, &e->stamp);
    out->stamp = e->stamp;
    out->diff = diff;
    out->found = diff == 0 ? VAULT_SAME : e->stamp.absent ? VAULT_GONE : VAULT_CHANGED;
    struct vault_wait *w = a->check;
    w->check.oldest = MIN(w->check.oldest, e->facts_at);
}

void entry_settle(struct vault_entry *e, const struct err *err)
{
    struct ask *a = TAILQ_FIRST(&e->asks);
    bool failed = err && e->state == ENTRY_GETTING;
    while (a) {
        struct ask *next = TAILQ_NEXT(a, link);
        struct vault_wait *w = a->check;
        struct vault_finding *out = &w->check.findings[a->index];
        if (facts_are_good(e, w->as_of) || failed) {
            if (failed) {
                *out = (struct vault_finding){.found = VAULT_FAILED, .err = err_copy(err)};
            } else {
                compare(a, out);
            }
            close_ask(a);
            answered(w);
        }
        a = next;
    }
    if (TAILQ_EMPTY(&e->asks)) {
        entry_set_state(e, ENTRY_IDLE);
    } else if (e->state == ENTRY_GETTING) {
        flight_want(e, e->wanted); /* the answer was older than what somebody wants */
    }
}

/* ---- work ---- */

void entry_set_state(struct vault_entry *e, enum entry_state state)
{
    if (e->state == ENTRY_PLAN) {
        TAILQ_REMOVE(&e->reader->plan, e, plan);
    }
    e->state = state;
    if (state == ENTRY_PLAN) {
        TAILQ_INSERT_TAIL(&e->reader->plan, e, plan);
        if (!timer_is_set(&e->reader->gather)) {
            timer_set(&e->reader->gather, GATHER);
        }
    }
    if (state == ENTRY_IDLE) {
        e->wanted = NEVER;
    }
}

void entry_get(struct vault_entry *e)
{
    entry_set_state(e, ENTRY_GETTING);
    flight_want(e, e->wanted);
}

/* How many pages a list may have and still pay; 0: get. */
static size_t pages_worth(const struct kind_state *k, size_t waiting)
{
    ns_t now = clock_mono();
    size_t forecast = MAX(k->window_n, k->last_n);
    size_t n = MAX(waiting, forecast);
    size_t worth = n > 0 ? (n - 1) / 2 : 0; /* 2 * pages < n */
    size_t pages = k->pages > 0 && now - k->pages_at < NS_H ? k->pages : 1;
    return now < k->denied_until || pages > worth ? 0 : worth;
}

static void plan_kind(struct vault_reader *r, enum vault_kind kind, struct vault_entry **entries,
                      size_t n)
{
    struct kind_state *k = &r->kinds[kind];
    size_t worth = pages_worth(k, n);
    if (worth > 0 && !k->running) {
        listing_begin(r, kind, worth);
    }
    for (size_t i = 0; i < n; i++) {
        /* A list under way that began too early for an entry is no loss: at its end the entry is
         * planned again. */
        if (worth > 0 || listing_can_answer(k->running, entries[i])) {
            entry_set_state(entries[i], ENTRY_LISTING);
        } else {
            entry_get(entries[i]);
        }
    }
}

void check_plan(void *arg)
{
    struct vault_reader *r = arg;
    VEC(struct vault_entry *) latest[KINDS] = {{0}};
    timer_cancel(&r->gather);
    vault_reader_ref(r);
    for (struct vault_entry *e; (e = TAILQ_FIRST(&r->plan));) {
        if (e->version[0] != '\0') {
            entry_get(e);
        } else {
            entry_set_state(e, ENTRY_LISTING);
            vec_push(&latest[e->kind], e);
        }
    }
    for (int kind = 0; kind < KINDS; kind++) {
        plan_kind(r, (enum vault_kind)kind, latest[kind].v, latest[kind].n);
        vec_done(&latest[kind]);
    }
    vault_reader_unref(r);
}

/* ---- asking ---- */

/* Counts an object once per window. */
static void count_in_window(struct vault_entry *e, ns_t as_of)
{
    struct kind_state *k = &e->reader->kinds[e->kind];
    ns_t now = clock_mono();
    if (e->version[0] != '\0') {
        return;
    }
    if (now >= k->window_end) {
        k->last_n = k->window_n;
        k->window_n = 0;
        k->window++;
        ns_t slack = as_of > 0 ? now - as_of : now;
        k->window_end = now + MAX(slack, WINDOW_MIN);
    }
    if (e->window != k->window) {
        e->window = k->window;
        k->window_n++;
    }
}

static void open_ask(struct vault_wait *w, struct ask *a)
{
    struct vault_entry *e = a->entry;
    struct vault_finding *out = &w->check.findings[a->index];
    if (!a->stamp.known) {
        *out = (struct vault_finding){.found = VAULT_CHANGED,
                                      .diff = vault_stamp_diff(&a->stamp, &a->stamp)};
        return;
    }
    count_in_window(e, w->as_of);
    if (facts_are_good(e, w->as_of)) {
        compare(a, out);
        reader_saved(e->reader, "facts");
        return;
    }
    a->open = true;
    w->check.open++;
    TAILQ_INSERT_TAIL(&e->asks, a, link);
    e->wanted = MAX(e->wanted, w->as_of);
    if (e->state == ENTRY_IDLE) {
        entry_set_state(e, ENTRY_PLAN);
    }
}

struct vault_wait *vault_check_entries(
    struct vault_reader *r, const struct vault_asked *asked, size_t n, ns_t as_of,
    void (*done)(void *arg, const struct vault_finding *findings, size_t n, ns_t as_of), void *arg)
{
    struct vault_wait *w = xcalloc(1, sizeof(*w));
    w->kind = WAIT_CHECK;
    w->reader = vault_reader_ref(r);
    w->arg = arg;
    w->as_of = as_of;
    w->check.asks = xcalloc(n, sizeof(*w->check.asks));
    w->check.findings = xcalloc(n, sizeof(*w->check.findings));
    w->check.n = n;
    w->check.oldest = clock_mono();
    w->check.done = done;
    for (size_t i = 0; i < n; i++) {
        must(asked[i].entry->reader == r);
        w->check.asks[i] = (struct ask){.check = w,
                                        .index = i,
                                        .entry = vault_entry_ref(asked[i].entry),
                                        .stamp = asked[i].stamp};
        open_ask(w, &w->check.asks[i]);
    }
    answered(w);
    return w;
}

void check_cancel(struct vault_wait *w)
{
    struct vault_reader *r = w->reader;
    loop_undefer(r->pool->config.loop, w);
    for (size_t i = 0; i < w->check.n; i++) {
        struct ask *a = &w->check.asks[i];
        struct vault_entry *e = a->entry;
        if (a->open) {
            close_ask(a);
            if (TAILQ_EMPTY(&e->asks)) {
                entry_set_state(e, ENTRY_IDLE);
                flights_tidy(e);
            }
        }
        err_free((struct err *)(uintptr_t)w->check.findings[i].err);
        vault_entry_unref(e);
    }
    free(w->check.asks);
    free(w->check.findings);
    free(w);
    vault_reader_unref(r);
}
