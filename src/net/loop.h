/* SPDX-License-Identifier: Apache-2.0
 *
 * loop: the one thread that owns all state, and its timers, signals, file descriptors and workers.
 *
 * Built on libevent (fds, signals); timers are our own, in a heap on base/clock, so that a test can
 * say "advance one hour" and see each timer fire in order without waiting. Callbacks run on the
 * loop thread, one after another; a callback must not block. Order: timers due at the same instant
 * fire in the order they were set. docs/internals/loop.md is the essay.
 */
#ifndef PAWL_NET_LOOP_H
#define PAWL_NET_LOOP_H

#include "base/base.h"

struct loop;
struct event_base;

/* Also makes the process ignore SIGPIPE. */
struct loop *loop_new(void) MUST_USE;
/* All watches and timers must be gone; deferred and posted calls are dropped; work is finished (see
 * loop_work). NULL is fine. */
void loop_free(struct loop *l);
/* Until loop_stop; at once if that came first. */
void loop_run(struct loop *l);
/* From a callback: the loop ends after it. Loop thread only (elsewhere: loop_post). */
void loop_stop(struct loop *l);
/* One round: waits at most max_wait (of real time) for something, handles what is ready, which may
 * be nothing. For tests that wait for a condition, and for draining at the end. */
void loop_once(struct loop *l, ns_t max_wait);
/* Tests with a fake clock: moves time forward by `by`, firing each timer at its own time. Before
 * each step everything happens that can happen at that moment: deferred calls, work, and all that
 * sockets between two ends on this loop have to say to each other. What other processes do is not
 * waited for: await it with loop_once. */
void loop_advance(struct loop *l, ns_t by);
/* libevent's base, for net/ only. */
struct event_base *loop_base(struct loop *l);

/* ---- timers: embedded in their owner, one shot ---- */
struct timer {
    struct loop *loop;
    void (*fn)(void *arg);
    void *arg;
    ns_t at;        /* clock_mono time */
    uint64_t order; /* ties */
    size_t slot;    /* 1-based place in the heap; 0: not set */
};
void timer_init(struct timer *t, struct loop *l, void (*fn)(void *arg), void *arg);
/* Fires once, `delay` from now (negative counts as 0). Setting a set timer moves it. A timer that
 * sets itself with 0 in its callback fires in the next round, after the sockets had their turn. */
void timer_set(struct timer *t, ns_t delay);
void timer_set_at(struct timer *t, ns_t at_mono);
/* Fine on a timer that is not set or was never initialised (all zero). */
void timer_cancel(struct timer *t);
bool timer_is_set(const struct timer *t);

/* ---- deferred calls ---- */
/* Runs fn(arg) on the loop after the current callback has returned. From the loop thread only. */
void loop_defer(struct loop *l, void (*fn)(void *arg), void *arg);
/* Drops all deferred and posted calls with this arg (its owner is being freed). */
void loop_undefer(struct loop *l, void *arg);
/* As loop_defer, from any thread; calls of one thread keep their order. */
void loop_post(struct loop *l, void (*fn)(void *arg), void *arg);

/* ---- signals and file descriptors ---- */
struct loop_watch;
struct loop_watch *loop_signal(struct loop *l, int signal, void (*fn)(void *arg), void *arg);
enum loop_io { LOOP_READ = 1, LOOP_WRITE = 2 };
/* Level triggered. `ready` holds LOOP_READ | LOOP_WRITE bits. */
struct loop_watch *loop_fd(struct loop *l, int fd, int events, void (*fn)(void *arg, int ready),
                           void *arg);
void loop_unwatch(struct loop_watch *w); /* NULL is fine; does not close the fd */

/* ---- workers: slow pure work (PKCS#12, key generation) on one of two threads ---- */
/* work(arg) runs on a worker, then done(arg) on the loop, exactly once. Jobs begin in the order
 * given. work must touch nothing but arg, and done frees arg; an owner that goes earlier leaves a
 * mark in arg. loop_free finishes all jobs, and calls their done, before anything else. */
void loop_work(struct loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg);

/* Longest (real) time a callback took since the last call, for the loop-lag metric. */
ns_t loop_take_max_callback(struct loop *l);

/* The version of libevent, for `pawl version`. */
const char *loop_library(void);

#endif
