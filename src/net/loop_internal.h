/* SPDX-License-Identifier: Apache-2.0
 *
 * loop_internal: what loop.c, timer.c and worker.c share, and the bracket that the other modules of
 * net/ put around what they run in a libevent callback of their own.
 */
#ifndef PAWL_NET_LOOP_INTERNAL_H
#define PAWL_NET_LOOP_INTERNAL_H

#include <pthread.h>

#include "base/vec.h"
#include "net/loop.h"

struct event;
struct workers;

struct loop_call {
    void (*fn)(void *arg); /* NULL: taken back */
    void *arg;
};

struct loop {
    struct event_base *base;
    struct event *tick;  /* armed for the earliest timer */
    struct event *limit; /* ends loop_once, and a loop_advance that never gets quiet */
    struct event *idle;  /* lowest priority: runs when nothing else is ready */
    struct event *run_deferred;
    struct event *wake; /* reads wake_fd */
    int wake_fd;        /* eventfd of loop_post */
    bool stopped;

    VEC(struct timer *) timers; /* a heap by (at, order): the earliest is v[0] */
    uint64_t timer_order;

    VEC(struct loop_call) deferred;
    bool in_deferred;

    pthread_mutex_t lock; /* of posted */
    VEC(struct loop_call) posted;

    struct workers *workers; /* NULL until the first loop_work */
    ns_t longest;            /* callback since the last loop_take_max_callback */
};

/* Around each piece of work on the loop thread, for the lag metric:
 *     ns_t begun = loop_enter();  ...  loop_leave(l, begun);
 */
ns_t loop_enter(void);
void loop_leave(struct loop *l, ns_t begun);

/* timer.c: (re)arms the libevent timer for the earliest of the heap; fires what is due. */
void timers_arm(struct loop *l);
void timers_fire(struct loop *l);

/* worker.c: jobs whose `done` has not been called yet; runs them all and ends the threads. */
size_t workers_pending(const struct workers *w);
void workers_free(struct loop *l);

#endif
