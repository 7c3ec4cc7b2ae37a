/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/workqueue.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/random.h"
#include "test.h"

/* A processor that writes down what it was given and keeps the work open until told. */
struct world {
    struct loop *loop;
    struct workqueue *q;
    struct metrics *metrics;
    struct buf log; /* "a b c " */
    bool at_once;   /* ends the work inside process */
};

static void process(void *arg, struct workqueue *q, struct str key)
{
    struct world *w = arg;
    buf_add_str(&w->log, key);
    buf_add_byte(&w->log, ' ');
    if (w->at_once) {
        workqueue_done(q, key, WQ_OK, 0);
    }
}

static void world_init(struct world *w, struct workqueue_config config)
{
    clock_fake_start(NS_H, 1000 * NS_H);
    *w = (struct world){.loop = loop_new(), .log = BUF_INIT(1 << 20), .metrics = metrics_new()};
    config.name = "test";
    config.process = process;
    config.arg = w;
    config.metrics = workqueue_metrics_add(w->metrics);
    w->q = workqueue_new(w->loop, &config);
}

static void world_done(struct world *w)
{
    workqueue_free(w->q);
    loop_free(w->loop);
    metrics_free(w->metrics);
    buf_done(&w->log);
    clock_fake_stop();
}

static void settle(struct world *w)
{
    loop_advance(w->loop, 0);
}

static double metric(struct world *w, const char *name)
{
    return metric_value(metrics_find(w->metrics, name), LABELS(STR("test")));
}

static void a_key_waits_once(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){.max_concurrent = 10});
    w.at_once = true;
    workqueue_add(w.q, STR("a"));
    workqueue_add(w.q, STR("b"));
    workqueue_add(w.q, STR("a"));
    assert_buf(&w.log, ""); /* never inside add */
    assert_int_equal(workqueue_depth(w.q), 2);
    settle(&w);
    assert_buf(&w.log, "a b ");
    assert_true(workqueue_idle(w.q));
    assert_int_equal((int)metric(&w, "workqueue_adds_total"), 2);
    world_done(&w);
}

static void never_twice_at_once(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){.max_concurrent = 10});
    workqueue_add(w.q, STR("a"));
    settle(&w);
    workqueue_add(w.q, STR("a"));
    workqueue_add(w.q, STR("a"));
    settle(&w);
    assert_buf(&w.log, "a ");
    assert_int_equal(workqueue_running(w.q), 1);
    workqueue_done(w.q, STR("a"), WQ_OK, 0); /* remembered once */
    settle(&w);
    assert_buf(&w.log, "a a ");
    workqueue_done(w.q, STR("a"), WQ_OK, 0);
    settle(&w);
    assert_buf(&w.log, "a a ");
    assert_true(workqueue_idle(w.q));
    world_done(&w);
}

static void no_more_than_allowed_at_once(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){.max_concurrent = 2});
    const char *const keys[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        workqueue_add(w.q, str_c(keys[i]));
    }
    settle(&w);
    assert_buf(&w.log, "a b ");
    workqueue_done(w.q, STR("b"), WQ_OK, 0);
    settle(&w);
    assert_buf(&w.log, "a b c ");
    assert_int_equal(workqueue_depth(w.q), 1);
    world_done(&w);
}

static void priorities(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){.max_concurrent = 1});
    w.at_once = true;
    workqueue_add_priority(w.q, STR("low1"), WQ_LOW);
    workqueue_add_priority(w.q, STR("low2"), WQ_LOW);
    workqueue_add(w.q, STR("change"));
    workqueue_add_priority(w.q, STR("high"), WQ_HIGH);
    workqueue_add(w.q, STR("low2"));                    /* moves up */
    workqueue_add_priority(w.q, STR("change"), WQ_LOW); /* does not move down */
    settle(&w);
    assert_buf(&w.log, "high change low2 low1 ");
    world_done(&w);
}

static void delayed_add_keeps_the_earlier_time(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){0});
    w.at_once = true;
    workqueue_add_after(w.q, STR("a"), 10 * NS_S);
    workqueue_add_after(w.q, STR("a"), 5 * NS_S);
    workqueue_add_after(w.q, STR("a"), 20 * NS_S);
    workqueue_add_after(w.q, STR("b"), 10 * NS_S);
    workqueue_cancel_after(w.q, STR("b"));
    assert_int_equal(workqueue_delayed(w.q), 1);
    loop_advance(w.loop, 5 * NS_S - 1);
    assert_buf(&w.log, "");
    loop_advance(w.loop, 1);
    assert_buf(&w.log, "a ");
    loop_advance(w.loop, NS_H);
    assert_buf(&w.log, "a ");
    workqueue_add_after(w.q, STR("c"), -1);
    settle(&w);
    assert_buf(&w.log, "a c ");
    world_done(&w);
}

static void failures_come_again_ever_later(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){.backoff_base = NS_S, .backoff_cap = 10 * NS_S});
    workqueue_add(w.q, STR("a"));
    settle(&w);
    const ns_t want[] = {NS_S, 2 * NS_S, 4 * NS_S, 8 * NS_S, 10 * NS_S, 10 * NS_S};
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        assert_int_equal(workqueue_backoff(w.q, STR("a")), want[i]);
        workqueue_done(w.q, STR("a"), WQ_RETRY, 0);
        assert_int_equal(workqueue_failures(w.q, STR("a")), i + 1);
        loop_advance(w.loop, want[i] - 1);
        assert_int_equal(workqueue_running(w.q), 0);
        loop_advance(w.loop, 1);
        assert_int_equal(workqueue_running(w.q), 1);
    }
    workqueue_done(w.q, STR("a"), WQ_LATER, NS_MIN); /* neither success nor failure */
    assert_int_equal(workqueue_failures(w.q, STR("a")), COUNT_OF(want));
    loop_advance(w.loop, NS_MIN);
    workqueue_done(w.q, STR("a"), WQ_OK, 0);
    assert_int_equal(workqueue_failures(w.q, STR("a")), 0);
    assert_int_equal(workqueue_backoff(w.q, STR("a")), NS_S);
    assert_int_equal((int)metric(&w, "workqueue_retries_total"), (int)COUNT_OF(want));
    world_done(&w);
}

static void the_servers_wish_is_a_lower_bound(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){.backoff_base = NS_S});
    workqueue_add(w.q, STR("a"));
    settle(&w);
    workqueue_done(w.q, STR("a"), WQ_RETRY, 30 * NS_S);
    loop_advance(w.loop, 30 * NS_S - 1);
    assert_int_equal(workqueue_running(w.q), 0);
    loop_advance(w.loop, 1);
    assert_int_equal(workqueue_running(w.q), 1);
    world_done(&w);
}

static void success_with_a_next_time(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){0});
    workqueue_add(w.q, STR("a"));
    settle(&w);
    workqueue_done(w.q, STR("a"), WQ_OK, NS_H);
    assert_int_equal(workqueue_delayed(w.q), 1);
    workqueue_add(w.q, STR("a")); /* a change in between does not cancel the next time */
    settle(&w);
    workqueue_done(w.q, STR("a"), WQ_OK, NS_H);
    loop_advance(w.loop, NS_H);
    assert_buf(&w.log, "a a a ");
    world_done(&w);
}

/* 3 tokens at once, then one each 100 ms, whatever the keys. */
static void the_bucket_slows_retries_of_all_keys(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){
                       .max_concurrent = 100, .backoff_base = 1, .rate = 10, .burst = 3});
    w.at_once = true;
    for (int i = 0; i < 10; i++) {
        char key[2] = {(char)('a' + i), 0};
        workqueue_add_limited(w.q, str_c(key));
    }
    loop_advance(w.loop, NS_MS);
    assert_buf(&w.log, "a b c ");
    loop_advance(w.loop, 100 * NS_MS);
    assert_buf(&w.log, "a b c d ");
    loop_advance(w.loop, 600 * NS_MS);
    assert_buf(&w.log, "a b c d e f g h i j ");
    world_done(&w);
}

static void paused_keys_gather(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){0});
    w.at_once = true;
    workqueue_pause(w.q);
    workqueue_add(w.q, STR("a"));
    workqueue_add(w.q, STR("a"));
    loop_advance(w.loop, NS_S);
    assert_buf(&w.log, "");
    workqueue_resume(w.q);
    settle(&w);
    assert_buf(&w.log, "a ");
    world_done(&w);
}

static void gauges_of_running_work(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){.max_concurrent = 2});
    workqueue_add(w.q, STR("a"));
    settle(&w);
    loop_advance(w.loop, 2 * NS_S);
    workqueue_add(w.q, STR("b"));
    workqueue_add(w.q, STR("c"));
    settle(&w);
    loop_advance(w.loop, NS_S);
    workqueue_collect(w.q);
    assert_int_equal((int)metric(&w, "workqueue_depth"), 1);
    assert_int_equal((int)metric(&w, "workqueue_unfinished_work_seconds"), 4);
    assert_int_equal((int)metric(&w, "workqueue_longest_running_processor_seconds"), 3);
    workqueue_done(w.q, STR("a"), WQ_OK, 0);
    assert_int_equal((int)metric(&w, "workqueue_work_duration_seconds"), 1);
    world_done(&w);
}

/* Against a model: whatever the order of calls, a key that was added is worked on after the add,
 * and never twice at once. */
static void random_orders(void **state)
{
    struct world w;
    world_init(&w, (struct workqueue_config){.max_concurrent = 3, .backoff_base = NS_MS});
    bool running[8] = {0};
    bool owed[8] = {0};
    size_t seen = 0;
    for (int step = 0; step < 20000; step++) {
        unsigned k = (unsigned)random_below(8);
        char key[2] = {(char)('a' + k), 0};
        switch (random_below(5)) {
        case 0:
            workqueue_add_priority(w.q, str_c(key), (enum workqueue_priority)random_below(3));
            owed[k] = true;
            break;
        case 1:
            workqueue_add_after(w.q, str_c(key), (ns_t)random_below(5) * NS_MS);
            owed[k] = true;
            break;
        case 2:
        case 3:
            if (running[k]) {
                running[k] = false;
                owed[k] = owed[k] || random_below(2) == 0;
                workqueue_done(w.q, str_c(key), owed[k] ? WQ_RETRY : WQ_OK, 0);
            }
            break;
        default:
            loop_advance(w.loop, (ns_t)random_below(3) * NS_MS);
        }
        settle(&w);
        for (; seen < w.log.n; seen += 2) {
            unsigned started = (unsigned)(w.log.p[seen] - 'a');
            assert_false(running[started]);
            running[started] = true;
            owed[started] = false;
        }
    }
    for (unsigned k = 0; k < 8; k++) {
        if (running[k]) {
            char key[2] = {(char)('a' + k), 0};
            running[k] = false;
            workqueue_done(w.q, str_c(key), WQ_OK, 0);
        }
    }
    w.at_once = true;
    loop_advance(w.loop, NS_H);
    for (; seen < w.log.n; seen += 2) {
        owed[w.log.p[seen] - 'a'] = false;
    }
    for (unsigned k = 0; k < 8; k++) {
        assert_false(owed[k]);
    }
    assert_true(workqueue_idle(w.q));
    assert_int_equal(workqueue_delayed(w.q), 0);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_waits_once),
        cmocka_unit_test(never_twice_at_once),
        cmocka_unit_test(no_more_than_allowed_at_once),
        cmocka_unit_test(priorities),
        cmocka_unit_test(delayed_add_keeps_the_earlier_time),
        cmocka_unit_test(failures_come_again_ever_later),
        cmocka_unit_test(the_servers_wish_is_a_lower_bound),
        cmocka_unit_test(success_with_a_next_time),
        cmocka_unit_test(the_bucket_slows_retries_of_all_keys),
        cmocka_unit_test(paused_keys_gather),
        cmocka_unit_test(gauges_of_running_work),
        cmocka_unit_test(random_orders),
    };
    return RUN(tests);
}
