/* SPDX-License-Identifier: Apache-2.0
 *
 * timer: one-shot timers in a binary heap ordered by (time, order of setting).
 *
 * Each timer knows its place in the heap, so that setting and cancelling cost log n and no search.
 * The heap holds pointers to timers that live in their owners; an owner cancels before it goes.
 */
#include <event2/event.h>

#include "base/clock.h"
#include "net/loop_internal.h"

static bool earlier(const struct timer *a, const struct timer *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

/* i is 0-based. */
static void put(struct loop *l, size_t i, struct timer *t)
{
    l->timers.v[i] = t;
    t->slot = i + 1;
}

static void sift_up(struct loop *l, size_t i)
{
    struct timer *t = l->timers.v[i];
    while (i > 0) {
        size_t parent = (i - 1) / 2;
        if (!earlier(t, l->timers.v[parent])) {
            break;
        }
        put(l, i, l->timers.v[parent]);
        i = parent;
    }
    put(l, i, t);
}

static void sift_down(struct loop *l, size_t i)
{
    struct timer *t = l->timers.v[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= l->timers.n) {
            break;
        }
        if (child + 1 < l->timers.n && earlier(l->timers.v[child + 1], l->timers.v[child])) {
            child++;
        }
        if (!earlier(l->timers.v[child], t)) {
            break;
        }
        put(l, i, l->timers.v[child]);
        i = child;
    }
    put(l, i, t);
}

static void heap_remove(struct loop *l, struct timer *t)
{
    size_t i = t->slot - 1;
    must(i < l->timers.n && l->timers.v[i] == t);
    t->slot = 0;
    struct timer *last = vec_pop(&l->timers);
    if (last != t) {
        put(l, i, last);
        sift_up(l, i);
        sift_down(l, last->slot - 1);
    }
}

/* With a fake clock time stands still, so that a timer is either due or not armed at all. */
void timers_arm(struct loop *l)
{
    if (l->timers.n == 0) {
        evtimer_del(l->tick);
        return;
    }
    ns_t wait = l->timers.v[0]->at - clock_mono();
    if (wait > 0 && clock_is_fake()) {
        evtimer_del(l->tick);
        return;
    }
    /* Rounded up to microseconds: waking early would mean waking twice. */
    ns_t us = wait <= 0 ? 0 : (wait - 1) / NS_US + 1;
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    must(evtimer_add(l->tick, &tv) == 0);
}

/* Only timers that were set before this call: one that sets itself again at once has to let the
 * sockets have a turn. */
void timers_fire(struct loop *l)
{
    ns_t now = clock_mono();
    uint64_t order = l->timer_order;
    while (l->timers.n > 0) {
        struct timer *t = l->timers.v[0];
        if (t->at > now || t->order > order) {
            break;
        }
        heap_remove(l, t);
        ns_t begun = loop_enter();
        t->fn(t->arg); /* may free t */
        loop_leave(l, begun);
    }
    timers_arm(l);
}

void timer_init(struct timer *t, struct loop *l, void (*fn)(void *arg), void *arg)
{
    *t = (struct timer){.loop = l, .fn = fn, .arg = arg};
}

void timer_set_at(struct timer *t, ns_t at_mono)
{
    struct loop *l = t->loop;
    if (t->slot != 0) {
        heap_remove(l, t);
    }
    t->at = at_mono;
    t->order = ++l->timer_order;
    vec_push(&l->timers, t);
    sift_up(l, l->timers.n - 1);
    if (l->timers.v[0] == t) {
        timers_arm(l);
    }
}

void timer_set(struct timer *t, ns_t delay)
{
    ns_t at;
    if (__builtin_add_overflow(clock_mono(), MAX(delay, 0), &at)) {
        at = INT64_MAX;
    }
    timer_set_at(t, at);
}

/* Leaves the libevent timer alone: waking for nothing now and then is cheaper than arming it anew
 * for each cancelled time-out, and nearly all time-outs are cancelled. */
void timer_cancel(struct timer *t)
{
    if (t->slot != 0) {
        heap_remove(t->loop, t);
    }
}

bool timer_is_set(const struct timer *t)
{
    return t->slot != 0;
}
