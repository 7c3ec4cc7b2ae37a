/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "app/server.h"
#include "net/http_client.h"

struct probes {
    bool ready;
    bool alive;
};

static struct loop *l;
static struct http_client *client;
static struct app_server *server;
static struct metrics *metrics;
static struct probes probes;

static bool is_ready(void *arg, struct buf *why)
{
    (void)arg;
    buf_add_c(why, "sync: externalsecrets are not listed yet");
    return probes.ready;
}

static bool is_alive(void *arg, struct buf *why)
{
    (void)arg;
    buf_add_c(why, "the lease is lost");
    return probes.alive;
}

static void write_status(void *arg, struct str ns, struct buf *out)
{
    (void)arg;
    buf_addf(out, "{\"ns\":\"%.*s\"}", STR_ARG(ns));
}

static const struct metric_desc counter = {"things_total", "Things.", METRIC_COUNTER,
                                           {NULL},         NULL,      0};

static int setup(void **state)
{
    (void)state;
    http_global_init();
    l = loop_new();
    metrics = metrics_new();
    metric_inc(metrics_add(metrics, &counter), NULL);
    client = http_client_new(l, &(struct http_client_config){0});
    struct app_server_config config = {.listen = "127.0.0.1:0",
                                       .metrics = metrics,
                                       .ready = is_ready,
                                       .alive = is_alive,
                                       .status = write_status};
    server = app_server_new(l, &config, NULL);
    return server && client ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    http_client_free(client);
    app_server_free(server);
    metrics_free(metrics);
    loop_free(l);
    http_global_done();
    return 0;
}

struct answer {
    bool done;
    int status;
    struct buf body;
};

static void answered(void *arg, struct http_call *call, const struct http_result *result)
{
    (void)call;
    struct answer *a = arg;
    a->done = true;
    a->status = result->status;
    buf_add_str(&a->body, result->body);
}

static int ask(const char *method, const char *path, const char *body_part)
{
    struct answer a = {.body = BUF_INIT(100000)};
    AUTO(freep) char *url =
        xasprintf("http://127.0.0.1:%u%s", (unsigned)app_server_port(server), path);
    struct http_request request = {
        .method = method, .url = str_c(url), .done = answered, .arg = &a};
    http_submit(client, &request);
    while (!a.done) {
        loop_once(l, NS_S);
    }
    assert_non_null(strstr(a.body.p, body_part));
    buf_done(&a.body);
    return a.status;
}

static void answers_probes(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/readyz", "externalsecrets are not listed"), 500);
    assert_int_equal(ask("GET", "/healthz", "the lease is lost"), 500);
    probes = (struct probes){true, true};
    assert_int_equal(ask("GET", "/readyz", "ok"), 200);
    assert_int_equal(ask("GET", "/healthz", "ok"), 200);
    assert_int_equal(ask("GET", "/live", "alive"), 200);
}

static void serves_metrics_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/metrics", "# TYPE things_total counter\nthings_total 1\n"), 200);
    assert_int_equal(ask("GET", "/", "404"), 404);
    assert_int_equal(ask("GET", "/debug/pprof/", "404"), 404);
    assert_int_equal(ask("POST", "/metrics", "only GET"), 405);
}

static void serves_the_status(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/status", "{\"ns\":\"\"}"), 200);
    assert_int_equal(ask("GET", "/status?namespace=web", "{\"ns\":\"web\"}"), 200);
    assert_int_equal(ask("GET", "/status?namespaces=web&x=y&namespace=a", "{\"ns\":\"a\"}"), 200);
    assert_int_equal(ask("POST", "/status", "only GET"), 405);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_probes),
                                       cmocka_unit_test(serves_metrics_and_nothing_else),
                                       cmocka_unit_test(serves_the_status)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
