/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/metrics.h"

static struct str scrape(struct metrics *registry)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
    metrics_write(registry, &b);
    return arena_str(&arena, buf_str(&b));
}

static void assert_line(struct metrics *registry, const char *line)
{
    struct str text = scrape(registry);
    if (str_find(text, str_c(line)) < 0) {
        fail_msg("\"%s\" is not in\n%s", line, text.p);
    }
}

static void names_and_labels(void **state)
{
    struct metrics *registry = metrics_new();
    struct sync_metrics *m = sync_metrics_new(registry, false, 64);
    sync_metrics_call(m, STR("a"), STR("db"), NULL);
    sync_metrics_call(m, STR("a"), STR("db"), NULL);
    sync_metrics_error(m, STR("a"), STR("db"), NULL);
    sync_metrics_ready(m, SYNC_ES, STR("a"), STR("db"), false, NULL);
    sync_metrics_ready(m, SYNC_CSTORE, STR_EMPTY, STR("vault"), true, NULL);
    sync_metrics_duration(m, SYNC_ES, STR("a"), STR("db"), 2 * NS_MS, NULL);
    sync_metrics_provider(m, "GetSecret", false);
    sync_metrics_pass(m, SYNC_STORE, RESULT_REQUEUE_AFTER, NS_MS);
    static const char *const LINES[] = {
        "externalsecret_sync_calls_total{name=\"db\",namespace=\"a\"} 2\n",
        "externalsecret_sync_calls_error{name=\"db\",namespace=\"a\"} 1\n",
        "externalsecret_status_condition{name=\"db\",namespace=\"a\",condition=\"Ready\","
        "status=\"False\"} 1\n",
        "externalsecret_status_condition{name=\"db\",namespace=\"a\",condition=\"Ready\","
        "status=\"True\"} 0\n",
        "clustersecretstore_status_condition{name=\"vault\",namespace=\"\",condition=\"Ready\","
        "status=\"True\"} 1\n",
        "externalsecret_provider_api_calls_count{provider=\"Azure/KeyVault\",call=\"GetSecret\","
        "status=\"error\"} 1\n",
        "controller_runtime_reconcile_total{controller=\"secretstore\",result=\"requeue_after\"} "
        "1\n",
        "controller_runtime_max_concurrent_reconciles{controller=\"externalsecret\"} 64\n",
    };
    for (size_t i = 0; i < COUNT_OF(LINES); i++) {
        assert_line(registry, LINES[i]);
    }
    assert_true(metric_value(metrics_find(registry, "externalsecret_reconcile_duration"),
                             LABELS(STR("db"), STR("a"))) == 2e6);
    sync_metrics_free(m);
    metrics_free(registry);
}

static void gone(void **state)
{
    struct metrics *registry = metrics_new();
    struct sync_metrics *m = sync_metrics_new(registry, false, 1);
    sync_metrics_ready(m, SYNC_ES, STR("a"), STR("db"), true, NULL);
    sync_metrics_ready(m, SYNC_STORE, STR("a"), STR("s"), true, NULL);
    sync_metrics_gone(m, SYNC_ES, STR("a"), STR("db"));
    sync_metrics_gone(m, SYNC_STORE, STR("a"), STR("s"));
    assert_line(registry, "externalsecret_status_condition{name=\"db\",namespace=\"a\",condition="
                          "\"Deleted\",status=\"False\"} 1\n");
    struct str text = scrape(registry);
    assert_true(str_find(text, STR("condition=\"Ready\"")) < 0);
    sync_metrics_free(m);
    metrics_free(registry);
}

static void extended_labels(void **state)
{
    struct metrics *registry = metrics_new();
    struct sync_metrics *m = sync_metrics_new(registry, true, 1);
    struct kvs labels = map("{'app.kubernetes.io/name':'shop','other':'x'}");
    sync_metrics_call(m, STR("a"), STR("db"), &labels);
    assert_line(registry, "externalsecret_sync_calls_total{name=\"db\",namespace=\"a\","
                          "app_kubernetes_io_name=\"shop\",app_kubernetes_io_instance=\"\"");
    sync_metrics_free(m);
    metrics_free(registry);
}

/* Without a registry all calls do nothing. */
static void none(void **state)
{
    struct sync_metrics *m = sync_metrics_new(NULL, true, 1);
    sync_metrics_call(m, STR("a"), STR("db"), NULL);
    sync_metrics_ready(m, SYNC_ES, STR("a"), STR("db"), true, NULL);
    sync_metrics_gone(m, SYNC_ES, STR("a"), STR("db"));
    sync_metrics_pass(m, SYNC_ES, RESULT_ERROR, 1);
    sync_metrics_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_and_labels),
        TEST(gone),
        TEST(extended_labels),
        TEST(none),
    };
    return RUN(tests);
}
