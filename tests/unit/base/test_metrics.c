/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/metrics.h"

static const double buckets[] = {0.1, 1};
static const struct metric_desc counter = {
    .name = "reloads_total", .help = "Reloads.", .type = METRIC_COUNTER, .labels = {"success"}};
static const struct metric_desc gauge = {.name = "depth", .help = "Depth.", .type = METRIC_GAUGE};
static const struct metric_desc histogram = {.name = "latency_seconds",
                                             .help = "Latency.",
                                             .type = METRIC_HISTOGRAM,
                                             .labels = {"kind"},
                                             .buckets = buckets,
                                             .n_buckets = 2};

static void set_depth(void *arg)
{
    metric_set(arg, NULL, 2.5);
}

static void writes_text(void **state)
{
    (void)state;
    struct metrics *m = metrics_new();
    struct metric *c = metrics_add(m, &counter);
    struct metric *g = metrics_add(m, &gauge);
    struct metric *h = metrics_add(m, &histogram);
    assert_ptr_equal(metrics_add(m, &counter), c);
    metrics_on_collect(m, set_depth, g);
    metric_inc(c, LABELS(STR("true")));
    metric_add(c, LABELS(STR("a\"b\\\n")), 2);
    metric_observe(h, LABELS(STR("D")), 0.1);
    metric_observe(h, LABELS(STR("D")), 0.5);
    metric_observe(h, LABELS(STR("D")), 5);
    AUTO(buf_done) struct buf out = BUF_INIT(10000);
    metrics_write(m, &out);
    assert_buf(&out, "# HELP reloads_total Reloads.\n# TYPE reloads_total counter\n"
                     "reloads_total{success=\"a\\\"b\\\\\\n\"} 2\n"
                     "reloads_total{success=\"true\"} 1\n"
                     "# HELP depth Depth.\n# TYPE depth gauge\ndepth 2.5\n"
                     "# HELP latency_seconds Latency.\n# TYPE latency_seconds histogram\n"
                     "latency_seconds_bucket{kind=\"D\",le=\"0.1\"} 1\n"
                     "latency_seconds_bucket{kind=\"D\",le=\"1\"} 2\n"
                     "latency_seconds_bucket{kind=\"D\",le=\"+Inf\"} 3\n"
                     "latency_seconds_sum{kind=\"D\"} 5.6\n"
                     "latency_seconds_count{kind=\"D\"} 3\n");
    assert_true(metric_value(h, LABELS(STR("D"))) == 3);
    metrics_free(m);
}

static void note(void *arg, const struct metric_desc *desc)
{
    buf_addf(arg, "%s %s\n", desc->name, metric_type_name(desc->type));
}

static void describes_itself(void **state)
{
    (void)state;
    struct metrics *m = metrics_new();
    (void)metrics_add(m, &gauge);
    (void)metrics_add(m, &histogram);
    (void)metrics_add(m, &gauge);
    AUTO(buf_done) struct buf out = BUF_INIT(1000);
    metrics_each(m, note, &out);
    assert_buf(&out,
               "pawl_metrics_dropped_total counter\ndepth gauge\nlatency_seconds histogram\n");
    metrics_free(m);
}

static void removes_series(void **state)
{
    (void)state;
    static const struct metric_desc condition = {.name = "condition",
                                                 .help = "Condition.",
                                                 .type = METRIC_GAUGE,
                                                 .labels = {"name", "namespace", "status"}};
    struct metrics *m = metrics_new();
    struct metric *f = metrics_add(m, &condition);
    metric_set(f, LABELS(STR("a"), STR("n"), STR("True")), 1);
    metric_set(f, LABELS(STR("a"), STR("n"), STR("False")), 1);
    metric_set(f, LABELS(STR("ab"), STR("n"), STR("True")), 1);
    metric_remove(f, LABELS(STR("none"), STR("n"), STR("True")));
    metric_remove_prefix(f, LABELS(STR("a"), STR("n")), 2);
    assert_true(metric_value(f, LABELS(STR("a"), STR("n"), STR("True"))) == 0);
    assert_true(metric_value(f, LABELS(STR("ab"), STR("n"), STR("True"))) == 1);
    metric_inc(NULL, LABELS(STR("x")));
    metrics_free(m);
}

/* What objects of a cluster can do to the memory of a family is bounded. */
static void bounds_series(void **state)
{
    (void)state;
    struct metrics *m = metrics_new();
    struct metric *c = metrics_add(m, &counter);
    for (int i = 0; i < METRIC_MAX_SERIES + 3; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", i);
        metric_inc(c, LABELS(str_c(text)));
    }
    struct metric *dropped = metrics_find(m, "pawl_metrics_dropped_total");
    assert_true(metric_value(dropped, LABELS(STR("reloads_total"))) == 3);
    metrics_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_text), cmocka_unit_test(describes_itself),
        cmocka_unit_test(removes_series), cmocka_unit_test(bounds_series)};
    return RUN(tests);
}
