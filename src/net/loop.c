/* SPDX-License-Identifier: Apache-2.0
 *
 * loop: what libevent gives (descriptors, signals, sleeping) joined with what it lacks: timers on a
 * clock that tests can move, calls deferred in order, and a way to say "until nothing is ready".
 *
 * libevent is used with three priorities. Everything runs at the middle one, first come first
 * served. `idle` has the lowest and is therefore run only by a turn that found nothing else to do;
 * that is how loop_advance knows that all that could happen at one moment has happened. A wait
 * of some milliseconds could only guess it.
 *
 * A deferred call that defers itself again and again starves nobody: each time the sockets have had
 * their turn in between.
 */
#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/clock.h"
#include "net/loop_internal.h"

#define PRIORITIES    3
#define PRIORITY_IDLE 2 /* new events get PRIORITIES / 2 */

/* Real time that one moment of a fake clock may take before loop_advance goes on regardless (a
 * descriptor that is always ready). */
#define SETTLE_LIMIT (2 * NS_S)

/* ---- the lag metric ---- */

/* Not base/clock: a callback takes real time even in a test with a fake clock. */
ns_t loop_enter(void)
{
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (ns_t)now.tv_sec * NS_S + now.tv_nsec;
}

void loop_leave(struct loop *l, ns_t begun)
{
    l->longest = MAX(l->longest, loop_enter() - begun);
}

ns_t loop_take_max_callback(struct loop *l)
{
    ns_t longest = l->longest;
    l->longest = 0;
    return longest;
}

/* ---- deferred and posted calls ---- */

/* Runs what was there at the start; what those calls defer comes in the next turn, after the
 * sockets and timers that are ready by then (a timer of 0; an activated event would run in this
 * turn). Index by index, because the calls may add to the vector and take entries back. */
static void run_deferred(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
    struct loop *l = arg;
    size_t n = l->deferred.n;
    l->in_deferred = true;
    for (size_t i = 0; i < n; i++) {
        struct loop_call call = l->deferred.v[i];
        l->deferred.v[i].fn = NULL;
        if (call.fn) {
            ns_t begun = loop_enter();
            call.fn(call.arg);
            loop_leave(l, begun);
        }
    }
    l->in_deferred = false;
    l->deferred.n -= n;
    memmove(l->deferred.v, l->deferred.v + n, l->deferred.n * sizeof(*l->deferred.v));
    if (l->deferred.n > 0) {
        static const struct timeval next_turn = {0};
        must(evtimer_add(l->run_deferred, &next_turn) == 0);
    }
}

void loop_defer(struct loop *l, void (*fn)(void *arg), void *arg)
{
    vec_push(&l->deferred, (struct loop_call){.fn = fn, .arg = arg});
    if (!l->in_deferred) {
        event_active(l->run_deferred, EV_TIMEOUT, 0);
    }
}

static void take_posted(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
    struct loop *l = arg;
    eventfd_t count;
    (void)eventfd_read(l->wake_fd, &count);
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->posted.n; i++) {
        loop_defer(l, l->posted.v[i].fn, l->posted.v[i].arg);
    }
    l->posted.n = 0;
    pthread_mutex_unlock(&l->lock);
}

void loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&l->lock);
    vec_push(&l->posted, (struct loop_call){.fn = fn, .arg = arg});
    pthread_mutex_unlock(&l->lock);
    /* Fails only if the counter is full, and then the loop is awake already. */
    (void)eventfd_write(l->wake_fd, 1);
}

void loop_undefer(struct loop *l, void *arg)
{
    for (size_t i = 0; i < l->deferred.n; i++) {
        if (l->deferred.v[i].arg == arg) {
            l->deferred.v[i].fn = NULL;
        }
    }
    pthread_mutex_lock(&l->lock);
    for (size_t i = l->posted.n; i-- > 0;) {
        if (l->posted.v[i].arg == arg) {
            vec_remove(&l->posted, i);
        }
    }
    pthread_mutex_unlock(&l->lock);
}

/* ---- birth and death ---- */

static void on_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
    timers_fire(arg);
}

static void on_limit(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
    struct loop *l = arg;
    event_base_loopbreak(l->base);
}

static void on_idle(evutil_socket_t fd UNUSED, short what UNUSED, void *arg UNUSED)
{
}

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    must(config);
    /* A cached time would let timers of one turn start too early. */
    must(event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME | EVENT_BASE_FLAG_NOLOCK) ==
         0);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    must(base);
    must(event_base_priority_init(base, PRIORITIES) == 0);
    return base;
}

struct loop *loop_new(void)
{
    /* A peer that closes while we write is an error of that connection, not the end of us. */
    (void)signal(SIGPIPE, SIG_IGN);
    struct loop *l = xcalloc(1, sizeof(*l));
    l->base = new_base();
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(l->wake_fd >= 0);
    must(pthread_mutex_init(&l->lock, NULL) == 0);
    l->tick = evtimer_new(l->base, on_tick, l);
    l->limit = evtimer_new(l->base, on_limit, l);
    l->idle = event_new(l->base, -1, 0, on_idle, l);
    l->run_deferred = event_new(l->base, -1, 0, run_deferred, l);
    l->wake = event_new(l->base, l->wake_fd, EV_READ | EV_PERSIST, take_posted, l);
    must(l->tick && l->limit && l->idle && l->run_deferred && l->wake);
    must(event_priority_set(l->idle, PRIORITY_IDLE) == 0);
    must(event_add(l->wake, NULL) == 0);
    return l;
}

void loop_free(struct loop *l)
{
    if (!l) {
        return;
    }
    workers_free(l);
    struct event *events[] = {l->tick, l->limit, l->idle, l->run_deferred, l->wake};
    for (size_t i = 0; i < COUNT_OF(events); i++) {
        event_free(events[i]);
    }
    must(l->timers.n == 0);
    event_base_free(l->base);
    (void)close(l->wake_fd);
    pthread_mutex_destroy(&l->lock);
    vec_done(&l->timers);
    vec_done(&l->deferred);
    vec_done(&l->posted);
    free(l);
}

struct event_base *loop_base(struct loop *l)
{
    return l->base;
}

/* ---- running ---- */

void loop_run(struct loop *l)
{
    timers_arm(l);
    while (!l->stopped) {
        must(event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY) >= 0);
    }
    l->stopped = false;
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
    event_base_loopbreak(l->base);
}

static void set_limit(struct loop *l, ns_t limit)
{
    struct timeval tv = {.tv_sec = limit / NS_S, .tv_usec = limit % NS_S / NS_US};
    must(evtimer_add(l->limit, &tv) == 0);
}

void loop_once(struct loop *l, ns_t max_wait)
{
    timers_arm(l);
    if (max_wait <= 0) {
        must(event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
        return;
    }
    set_limit(l, max_wait);
    must(event_base_loop(l->base, EVLOOP_ONCE) >= 0);
    evtimer_del(l->limit);
}

/* Until nothing is ready at this moment of the fake clock, and no worker is busy. */
static void settle(struct loop *l)
{
    timers_arm(l);
    for (;;) {
        event_active(l->idle, EV_TIMEOUT, 0);
        set_limit(l, SETTLE_LIMIT);
        must(event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
        evtimer_del(l->limit);
        if (workers_pending(l->workers) == 0) {
            break;
        }
        must(event_base_loop(l->base, EVLOOP_ONCE) >= 0);
    }
}

void loop_advance(struct loop *l, ns_t by)
{
    must(clock_is_fake() && by >= 0);
    ns_t end = clock_mono() + by;
    settle(l);
    while (l->timers.n > 0 && l->timers.v[0]->at <= end && !l->stopped) {
        clock_fake_advance(MAX(l->timers.v[0]->at - clock_mono(), 0));
        settle(l);
    }
    if (!l->stopped && clock_mono() < end) {
        clock_fake_advance(end - clock_mono());
        settle(l);
    }
}

/* ---- signals and descriptors ---- */

struct loop_watch {
    struct loop *loop;
    struct event *event;
    void (*on_signal)(void *arg);
    void (*on_fd)(void *arg, int ready);
    void *arg;
};

static void watch_fires(evutil_socket_t fd UNUSED, short what, void *arg)
{
    struct loop_watch *w = arg;
    struct loop *l = w->loop;
    ns_t begun = loop_enter();
    if (w->on_signal) {
        w->on_signal(w->arg); /* may free w */
    } else {
        w->on_fd(w->arg, (what & EV_READ ? LOOP_READ : 0) | (what & EV_WRITE ? LOOP_WRITE : 0));
    }
    loop_leave(l, begun);
}

static struct loop_watch *watch_new(struct loop *l, int fd, short events, void *arg)
{
    struct loop_watch *w = xcalloc(1, sizeof(*w));
    w->loop = l;
    w->arg = arg;
    w->event = event_new(l->base, fd, (short)(events | EV_PERSIST), watch_fires, w);
    must(w->event && event_add(w->event, NULL) == 0);
    return w;
}

struct loop_watch *loop_signal(struct loop *l, int signal, void (*fn)(void *arg), void *arg)
{
    struct loop_watch *w = watch_new(l, signal, EV_SIGNAL, arg);
    w->on_signal = fn;
    return w;
}

struct loop_watch *loop_fd(struct loop *l, int fd, int events, void (*fn)(void *arg, int ready),
                           void *arg)
{
    short what = 0;
    what |= events & LOOP_READ ? EV_READ : 0;
    what |= events & LOOP_WRITE ? EV_WRITE : 0;
    struct loop_watch *w = watch_new(l, fd, what, arg);
    w->on_fd = fn;
    return w;
}

void loop_unwatch(struct loop_watch *w)
{
    if (w) {
        event_free(w->event);
        free(w);
    }
}

const char *loop_library(void)
{
    return event_get_version();
}
