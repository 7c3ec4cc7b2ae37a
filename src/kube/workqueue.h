/* SPDX-License-Identifier: Apache-2.0
 *
 * workqueue: keys that need work, with client-go's guarantees.
 *
 *   - A key is in the queue at most once, however often it is added.
 *   - A key is never worked on twice at the same time. Added while it is worked on, it is
 * remembered once and comes again after workqueue_done.
 *   - Keys come in the order they were added (within their priority).
 *   - A delayed add that comes while an earlier one waits keeps the earlier time.
 *
 * Work is asynchronous: process(key) starts it and returns; workqueue_done(key) ends it, inside
 * process or later. Failures come again with an exponential delay per key until a success forgets
 * it. An optional token bucket over all keys slows retries down as a whole.
 *
 * The queue holds keys only (copied), never objects. process is called from the loop, never inside
 * workqueue_add; a few keys per turn. Loop thread only.
 */
#ifndef PAWL_KUBE_WORKQUEUE_H
#define PAWL_KUBE_WORKQUEUE_H

#include "base/metrics.h"
#include "base/str.h"
#include "net/loop.h"

struct workqueue;

/* Metric families, each may be NULL. They have one label, the name of the queue, or none. */
struct workqueue_metrics {
    struct metric *depth;      /* gauge */
    struct metric *adds;       /* counter */
    struct metric *latency;    /* histogram, seconds from add to process */
    struct metric *work;       /* histogram, seconds from process to done */
    struct metric *retries;    /* counter */
    struct metric *unfinished; /* gauge, seconds that running work has taken so far, summed */
    struct metric *longest;    /* gauge, the longest of them */
};
/* Adds the families of controller-runtime (workqueue_depth{name} ...) to a registry. */
struct workqueue_metrics workqueue_metrics_add(struct metrics *m);

enum workqueue_priority {
    WQ_LOW,    /* the first list, periodic passes */
    WQ_NORMAL, /* a change */
    WQ_HIGH,
};

struct workqueue_config {
    const char *name; /* "externalsecret"; must outlive the queue */
    void (*process)(void *arg, struct workqueue *q, struct str key);
    void *arg;
    size_t max_concurrent; /* keys worked on at once; 0: 1 */
    ns_t backoff_base;     /* 0: 5 ms */
    ns_t backoff_cap;      /* 0: 1000 s */
    double rate;  /* bucket for retries of all keys, tokens a second; 0: none (client-go: 10) */
    size_t burst; /* size of the bucket (client-go: 100) */
    struct workqueue_metrics metrics;
    bool metrics_unlabelled; /* the families have no label */
};

struct workqueue *workqueue_new(struct loop *l, const struct workqueue_config *config) MUST_USE;
/* Work under way must have been cancelled by its owner; done must not be called afterwards. */
void workqueue_free(struct workqueue *q);

/* WQ_NORMAL. */
void workqueue_add(struct workqueue *q, struct str key);
/* A higher priority moves a waiting key up; a lower one changes nothing. */
void workqueue_add_priority(struct workqueue *q, struct str key, enum workqueue_priority priority);
/* Adds it once `delay` has passed. */
void workqueue_add_after(struct workqueue *q, struct str key, ns_t delay);
/* Adds it after the key's back-off (and the bucket): a failure. */
void workqueue_add_limited(struct workqueue *q, struct str key);
/* Takes a delayed add back; a key that already waits stays. */
void workqueue_cancel_after(struct workqueue *q, struct str key);

enum workqueue_outcome {
    WQ_OK,    /* forgets failures; comes again after `after`, if that is > 0 */
    WQ_RETRY, /* failed: comes again after the back-off, not before `after` (Retry-After) */
    WQ_LATER, /* neither: comes again after `after`, failures stay counted */
};
/* Ends the work on a key that process was called with. The key that process got is gone then. */
void workqueue_done(struct workqueue *q, struct str key, enum workqueue_outcome outcome,
                    ns_t after);

/* Failures since the last success. */
unsigned workqueue_failures(const struct workqueue *q, struct str key);
void workqueue_forget(struct workqueue *q, struct str key);
/* The delay that the next failure of the key would have (without the bucket). */
ns_t workqueue_backoff(const struct workqueue *q, struct str key);

/* Holds back new work (keys still gather), and goes on. For leadership and shutdown. */
void workqueue_pause(struct workqueue *q);
void workqueue_resume(struct workqueue *q);

/* Sets the gauges that grow with time (depth, unfinished, longest): before a scrape. */
void workqueue_collect(struct workqueue *q);

size_t workqueue_depth(const struct workqueue *q);   /* waiting now, without delayed ones */
size_t workqueue_running(const struct workqueue *q); /* being worked on */
size_t workqueue_delayed(const struct workqueue *q);
bool workqueue_idle(const struct workqueue *q); /* nothing waits, nothing runs */

#endif
