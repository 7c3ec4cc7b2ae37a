/* SPDX-License-Identifier: Apache-2.0
 *
 * One struct item per key that the queue has anything to remember of; it is freed as soon as there
 * is nothing left: not waiting, not worked on, no delayed add, no failures. client-go's three sets
 * are three of its fields:
 *
 *     queue       item->waiting        in one of the lists, by priority
 *     processing  item->running
 *     dirty       waiting || again     `again`: added while running, waits for done
 */
#include "kube/workqueue.h"

#include <math.h>

#include "base/clock.h"
#include "base/map.h"

#define BACKOFF_BASE (5 * NS_MS)
#define BACKOFF_CAP  (1000 * NS_S)
#define PRIORITIES   3
/* One turn of the loop starts at most this many keys, so that others get their turn too. */
#define STARTS_PER_TURN 16

struct item {
    struct workqueue *q;
    struct str key; /* the map's copy */
    struct item *next;
    struct item *prev;
    struct timer later; /* the delayed add */
    ns_t added;         /* when it began to wait */
    ns_t started;
    unsigned failures;
    enum workqueue_priority priority; /* of the list it is in, or will be in */
    bool waiting;
    bool running;
    bool again;
};

struct list {
    struct item *first;
    struct item *last;
};

struct workqueue {
    struct loop *loop;
    struct workqueue_config config;
    struct map items;
    struct list waiting[PRIORITIES];
    size_t n_waiting;
    size_t n_running;
    size_t n_delayed;
    double tokens; /* negative: reserved ahead of time */
    ns_t tokens_at;
    bool scheduled; /* run is deferred */
    bool paused;
};

struct workqueue *workqueue_new(struct loop *l, const struct workqueue_config *config)
{
    struct workqueue *q = xcalloc(1, sizeof(*q));
    q->loop = l;
    q->config = *config;
    q->config.max_concurrent = config->max_concurrent ? config->max_concurrent : 1;
    q->config.backoff_base = config->backoff_base ? config->backoff_base : BACKOFF_BASE;
    q->config.backoff_cap = config->backoff_cap ? config->backoff_cap : BACKOFF_CAP;
    q->tokens = (double)config->burst;
    q->tokens_at = clock_mono();
    return q;
}

static void free_item(void *arg)
{
    struct item *item = arg;
    timer_cancel(&item->later);
    free(item);
}

void workqueue_free(struct workqueue *q)
{
    if (!q) {
        return;
    }
    loop_undefer(q->loop, q);
    map_done_with(&q->items, free_item);
    free(q);
}

/* ---- metrics ---- */

#define SECONDS(ns) ((double)(ns) / (double)NS_S)

static const struct str *labels_of(const struct workqueue *q, struct str *label)
{
    *label = str_c(q->config.name);
    return q->config.metrics_unlabelled ? NULL : label;
}

static void count(struct workqueue *q, struct metric *f)
{
    struct str label;
    metric_inc(f, labels_of(q, &label));
}

static void observe(struct workqueue *q, struct metric *f, ns_t since)
{
    struct str label;
    metric_observe(f, labels_of(q, &label), SECONDS(clock_mono() - since));
}

static void show_depth(struct workqueue *q)
{
    struct str label;
    metric_set(q->config.metrics.depth, labels_of(q, &label), (double)q->n_waiting);
}

void workqueue_collect(struct workqueue *q)
{
    ns_t now = clock_mono();
    ns_t sum = 0;
    ns_t longest = 0;
    for (struct map_iter it = {0}; map_next(&q->items, &it);) {
        const struct item *item = it.value;
        if (item->running) {
            sum += now - item->started;
            longest = MAX(longest, now - item->started);
        }
    }
    struct str label;
    const struct str *labels = labels_of(q, &label);
    metric_set(q->config.metrics.unfinished, labels, SECONDS(sum));
    metric_set(q->config.metrics.longest, labels, SECONDS(longest));
    show_depth(q);
}

/* controller-runtime's buckets: powers of ten from 10 ns to 1000 s. */
static const double queue_buckets[] = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3,
                                       1e-2, 1e-1, 1,    10,   100,  1000};

#define LABELLED .labels = {"name"}
#define BUCKETS  .buckets = queue_buckets, .n_buckets = COUNT_OF(queue_buckets)

static const struct metric_desc descs[] = {
    {"workqueue_depth", "Keys that wait in the work queue.", METRIC_GAUGE, LABELLED},
    {"workqueue_adds_total", "Keys added to the work queue.", METRIC_COUNTER, LABELLED},
    {"workqueue_queue_duration_seconds", "How long keys wait in the work queue.", METRIC_HISTOGRAM,
     LABELLED, BUCKETS},
    {"workqueue_work_duration_seconds", "How long the work on a key takes.", METRIC_HISTOGRAM,
     LABELLED, BUCKETS},
    {"workqueue_retries_total", "Keys added again after a failure.", METRIC_COUNTER, LABELLED},
    {"workqueue_unfinished_work_seconds",
     "Seconds that the work under way has taken so far, summed over all keys.", METRIC_GAUGE,
     LABELLED},
    {"workqueue_longest_running_processor_seconds",
     "Seconds that the longest work under way has taken so far.", METRIC_GAUGE, LABELLED},
};

struct workqueue_metrics workqueue_metrics_add(struct metrics *m)
{
    struct metric *f[COUNT_OF(descs)];
    for (size_t i = 0; i < COUNT_OF(descs); i++) {
        f[i] = metrics_add(m, &descs[i]);
    }
    return (struct workqueue_metrics){f[0], f[1], f[2], f[3], f[4], f[5], f[6]};
}

/* ---- items and lists ---- */

static struct item *find(const struct workqueue *q, struct str key)
{
    return map_get(&q->items, key);
}

static void on_later(void *arg);

static struct item *item_of(struct workqueue *q, struct str key)
{
    struct item *item = find(q, key);
    if (!item) {
        item = xcalloc(1, sizeof(*item));
        item->q = q;
        item->priority = WQ_LOW;
        timer_init(&item->later, q->loop, on_later, item);
        map_set(&q->items, key, item);
        item->key = map_key(&q->items, key);
    }
    return item;
}

static void drop_if_forgotten(struct item *item)
{
    if (item->waiting || item->running || item->failures > 0 || timer_is_set(&item->later)) {
        return;
    }
    map_del(&item->q->items, item->key);
    free_item(item);
}

static void link_last(struct workqueue *q, struct item *item)
{
    struct list *list = &q->waiting[item->priority];
    item->next = NULL;
    item->prev = list->last;
    if (list->last) {
        list->last->next = item;
    } else {
        list->first = item;
    }
    list->last = item;
    item->waiting = true;
    q->n_waiting++;
}

static void unlink_item(struct workqueue *q, struct item *item)
{
    struct list *list = &q->waiting[item->priority];
    if (item->prev) {
        item->prev->next = item->next;
    } else {
        list->first = item->next;
    }
    if (item->next) {
        item->next->prev = item->prev;
    } else {
        list->last = item->prev;
    }
    item->waiting = false;
    q->n_waiting--;
}

/* ---- starting work ---- */

static struct item *first_waiting(const struct workqueue *q)
{
    for (size_t p = PRIORITIES; p-- > 0;) {
        if (q->waiting[p].first) {
            return q->waiting[p].first;
        }
    }
    return NULL;
}

static void start(struct workqueue *q, struct item *item)
{
    unlink_item(q, item);
    item->priority = WQ_LOW;
    item->running = true;
    item->started = clock_mono();
    q->n_running++;
    observe(q, q->config.metrics.latency, item->added);
    show_depth(q);
    q->config.process(q->config.arg, q, item->key);
}

static bool may_start(const struct workqueue *q)
{
    return !q->paused && q->n_waiting > 0 && q->n_running < q->config.max_concurrent;
}

static void run(void *arg);

static void schedule(struct workqueue *q)
{
    if (!q->scheduled && may_start(q)) {
        q->scheduled = true;
        loop_defer(q->loop, run, q);
    }
}

static void run(void *arg)
{
    struct workqueue *q = arg;
    q->scheduled = false;
    for (int i = 0; i < STARTS_PER_TURN && may_start(q); i++) {
        start(q, first_waiting(q));
    }
    schedule(q);
}

/* ---- adding ---- */

static void enqueue(struct item *item)
{
    struct workqueue *q = item->q;
    item->added = clock_mono();
    link_last(q, item);
    show_depth(q);
    schedule(q);
}

static void add(struct item *item, enum workqueue_priority priority)
{
    struct workqueue *q = item->q;
    if (item->waiting) {
        if (priority > item->priority) {
            unlink_item(q, item);
            item->priority = priority;
            link_last(q, item);
        }
        return;
    }
    item->priority = MAX(item->priority, priority);
    if (item->again) {
        return;
    }
    count(q, q->config.metrics.adds);
    if (item->running) {
        item->again = true;
    } else {
        enqueue(item);
    }
}

void workqueue_add_priority(struct workqueue *q, struct str key, enum workqueue_priority priority)
{
    add(item_of(q, key), priority);
}

void workqueue_add(struct workqueue *q, struct str key)
{
    workqueue_add_priority(q, key, WQ_NORMAL);
}

static void on_later(void *arg)
{
    struct item *item = arg;
    item->q->n_delayed--;
    add(item, WQ_NORMAL);
}

/* An earlier time wins. */
static void add_at(struct item *item, ns_t delay)
{
    if (delay <= 0) {
        add(item, WQ_NORMAL);
        return;
    }
    ns_t at = clock_mono() + delay;
    if (!timer_is_set(&item->later)) {
        item->q->n_delayed++;
    } else if (item->later.at <= at) {
        return;
    }
    timer_set_at(&item->later, at);
}

void workqueue_add_after(struct workqueue *q, struct str key, ns_t delay)
{
    add_at(item_of(q, key), delay);
}

void workqueue_cancel_after(struct workqueue *q, struct str key)
{
    struct item *item = find(q, key);
    if (item && timer_is_set(&item->later)) {
        timer_cancel(&item->later);
        q->n_delayed--;
        drop_if_forgotten(item);
    }
}

/* ---- failures ---- */

static ns_t backoff(const struct workqueue *q, unsigned failures)
{
    ns_t delay = q->config.backoff_base;
    for (unsigned i = 0; i < failures && delay < q->config.backoff_cap; i++) {
        delay *= 2;
    }
    return MIN(delay, q->config.backoff_cap);
}

/* How long until the token that is taken here is there. */
static ns_t take_token(struct workqueue *q)
{
    if (q->config.rate <= 0) {
        return 0;
    }
    ns_t now = clock_mono();
    q->tokens =
        MIN(q->tokens + SECONDS(now - q->tokens_at) * q->config.rate, (double)q->config.burst);
    q->tokens_at = now;
    q->tokens -= 1;
    return q->tokens >= 0 ? 0 : (ns_t)ceil(-q->tokens / q->config.rate * (double)NS_S);
}

static void add_limited(struct item *item, ns_t at_least)
{
    struct workqueue *q = item->q;
    ns_t delay = MAX(backoff(q, item->failures), take_token(q));
    item->failures++;
    count(q, q->config.metrics.retries);
    add_at(item, MAX(delay, at_least));
}

void workqueue_add_limited(struct workqueue *q, struct str key)
{
    add_limited(item_of(q, key), 0);
}

void workqueue_forget(struct workqueue *q, struct str key)
{
    struct item *item = find(q, key);
    if (item) {
        item->failures = 0;
        drop_if_forgotten(item);
    }
}

unsigned workqueue_failures(const struct workqueue *q, struct str key)
{
    const struct item *item = find(q, key);
    return item ? item->failures : 0;
}

ns_t workqueue_backoff(const struct workqueue *q, struct str key)
{
    return backoff(q, workqueue_failures(q, key));
}

/* ---- ending work ---- */

static void settle(struct item *item, enum workqueue_outcome outcome, ns_t after)
{
    switch (outcome) {
    case WQ_OK:
        item->failures = 0;
        break;
    case WQ_RETRY:
        add_limited(item, after);
        return;
    case WQ_LATER:
        break;
    }
    if (after > 0) {
        add_at(item, after);
    }
}

void workqueue_done(struct workqueue *q, struct str key, enum workqueue_outcome outcome, ns_t after)
{
    struct item *item = find(q, key);
    must(item && item->running);
    item->running = false;
    q->n_running--;
    observe(q, q->config.metrics.work, item->started);
    if (item->again) {
        item->again = false;
        enqueue(item);
    }
    settle(item, outcome, after);
    drop_if_forgotten(item);
    schedule(q);
}

/* ---- state ---- */

void workqueue_pause(struct workqueue *q)
{
    q->paused = true;
}

void workqueue_resume(struct workqueue *q)
{
    q->paused = false;
    schedule(q);
}

size_t workqueue_depth(const struct workqueue *q)
{
    return q->n_waiting;
}

size_t workqueue_running(const struct workqueue *q)
{
    return q->n_running;
}

size_t workqueue_delayed(const struct workqueue *q)
{
    return q->n_delayed;
}

bool workqueue_idle(const struct workqueue *q)
{
    return q->n_waiting == 0 && q->n_running == 0;
}
