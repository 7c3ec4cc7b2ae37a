/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/events.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "peer.h"
#include "test.h"

static struct world {
    struct loop *loop;
    struct peer peer;
    struct kube_client *client;
    struct events *events;
    int flushed;
} w;

static const struct event_object web = {.ns = STR_INIT("shop"),
                                        .name = STR_INIT("web"),
                                        .uid = STR_INIT("u-1"),
                                        .resource_version = STR_INIT("354")};

static struct event_object about(const char *name)
{
    struct event_object o = web;
    o.resource = resource_of(RES_DEPLOYMENTS);
    o.name = str_c(name);
    return o;
}

static void start(struct events_config config)
{
    events_free(w.events);
    config.client = w.client;
    w.events = events_new(&config);
}

static int set_up(void **state)
{
    clock_fake_start(NS_H, 1782000000 * NS_S);
    memset(&w, 0, sizeof(w));
    w.loop = loop_new();
    peer_init(&w.peer, w.loop);
    /* With HTTP/1.1 a request has a connection of its own. */
    w.client = kube_client_new(
        w.loop, &(struct kube_client_config){.config = w.peer.config, .http1_only = true});
    start((struct events_config){0});
    log_configure(&(struct log_config){.level = LOG_ERROR, .fd = 2});
    return 0;
}

static int tear_down(void **state)
{
    events_free(w.events);
    kube_client_free(w.client);
    assert_int_equal(peer_left(&w.peer), 0);
    assert_int_equal(w.peer.unexpected, 0);
    peer_done(&w.peer);
    loop_free(w.loop);
    clock_fake_stop();
    return 0;
}

static void emit(const char *name, const char *message)
{
    struct event_object o = about(name);
    event_emit(w.events, "pawl", &o, EVENT_NORMAL, "Reloaded", str_c(message));
}

#define CREATED                                                                                    \
    PEER_STEP(&w.peer, .method = "POST", .target = "/namespaces/shop/events", .status = 201,       \
              .body = "{}")
#define PATCHED                                                                                    \
    PEER_STEP(&w.peer, .method = "PATCH", .target = "/namespaces/shop/events/web.", .body = "{}")

static void an_event(void **state)
{
    CREATED;
    emit("web", "Reloaded \"x\"");
    loop_advance(w.loop, 0);
    assert_string_equal(
        peer_last(&w.peer, 0)->body,
        "{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web.18baef8efdbf0000\","
        "\"namespace\":\"shop\"},\"involvedObject\":{\"kind\":\"Deployment\",\"namespace\":"
        "\"shop\","
        "\"name\":\"web\",\"uid\":\"u-1\",\"apiVersion\":\"apps/v1\",\"resourceVersion\":\"354\"},"
        "\"reason\":\"Reloaded\",\"message\":\"Reloaded \\\"x\\\"\",\"source\":{\"component\":"
        "\"pawl\"},\"firstTimestamp\":\"2026-06-21T00:00:00Z\",\"lastTimestamp\":"
        "\"2026-06-21T00:00:00Z\",\"count\":1,\"type\":\"Normal\",\"reportingComponent\":\"pawl\","
        "\"reportingInstance\":\"\",\"eventTime\":null}");
    assert_int_equal(events_stats(w.events).written, 1);
}

static void about_something_without_a_namespace(void **state)
{
    PEER_STEP(&w.peer, .method = "POST", .target = "/namespaces/default/events", .body = "{}");
    struct event_object o = {
        .resource = resource_of(RES_CLUSTERSECRETSTORES), .name = STR("s"), .uid = STR("u")};
    event_emit(w.events, "es", &o, EVENT_WARNING, "Bad", STR("m"));
    loop_advance(w.loop, 0);
    assert_non_null(strstr(peer_last(&w.peer, 0)->body,
                           "\"involvedObject\":{\"kind\":\"ClusterSecretStore\",\"name\":\"s\","));
    assert_non_null(strstr(peer_last(&w.peer, 0)->body, "\"type\":\"Warning\""));
}

static void repeats_are_counted(void **state)
{
    CREATED;
    emit("web", "m");
    loop_advance(w.loop, NS_S);
    for (int i = 0; i < 5; i++) {
        emit("web", "m");
        loop_advance(w.loop, NS_S);
    }
    assert_int_equal(w.peer.requests.n, 1);
    PATCHED;
    loop_advance(w.loop, 10 * NS_S); /* one patch for all five */
    assert_string_equal(peer_last(&w.peer, 0)->body,
                        "{\"count\":6,\"lastTimestamp\":\"2026-06-21T00:00:05Z\"}");
    assert_string_equal(peer_last(&w.peer, 0)->content_type,
                        "application/strategic-merge-patch+json");
    loop_advance(w.loop, NS_H);
    assert_int_equal(w.peer.requests.n, 2);
    PATCHED;
    emit("web", "m"); /* after a long time at once */
    loop_advance(w.loop, 0);
    assert_non_null(strstr(peer_last(&w.peer, 0)->body, "\"count\":7"));
}

static void another_message_is_another_event(void **state)
{
    CREATED;
    CREATED;
    CREATED;
    emit("web", "m1");
    emit("web", "m2");
    emit("db", "m1");
    loop_advance(w.loop, 0);
    assert_int_equal(events_stats(w.events).written, 3);
    assert_null(strstr(peer_last(&w.peer, 0)->body, "18baef8efdbf0000")); /* names differ */
}

static void an_event_whose_time_is_over_is_made_anew(void **state)
{
    CREATED;
    emit("web", "m");
    loop_advance(w.loop, 2 * NS_H);
    PEER_STEP(&w.peer, .method = "PATCH", .target = "/events/web.", .status = 404,
              .body = "{\"kind\":\"Status\",\"code\":404,\"reason\":\"NotFound\",\"details\":{"
                      "\"name\":\"web.1\",\"kind\":\"events\"}}");
    CREATED;
    emit("web", "m");
    loop_advance(w.loop, 0);
    assert_non_null(strstr(peer_last(&w.peer, 0)->body, "\"count\":2"));
}

static void floods_of_one_object_are_dropped(void **state)
{
    for (int i = 0; i < 26; i++) {
        CREATED;
    }
    for (int i = 0; i < 40; i++) {
        char text[20];
        (void)snprintf(text, sizeof(text), "m%d", i);
        emit("web", text);
    }
    emit("db", "m"); /* others are not held up */
    loop_advance(w.loop, NS_S);
    assert_int_equal(events_stats(w.events).spam, 15);
    assert_int_equal(events_stats(w.events).written, 26);
    loop_advance(w.loop, 5 * NS_MIN);
    CREATED;
    emit("web", "new");
    emit("web", "newer");
    loop_advance(w.loop, 0);
    assert_int_equal(events_stats(w.events).spam, 16);
}

static void the_queue_is_bounded(void **state)
{
    start((struct events_config){.max_queue = 3});
    for (int i = 0; i < 4; i++) { /* as many as are written at once */
        PEER_STEP(&w.peer, .method = "POST", .target = "/events", .how = PEER_HOLD);
    }
    for (int i = 0; i < 10; i++) {
        char name[20];
        (void)snprintf(name, sizeof(name), "n%d", i);
        emit(name, "m");
    }
    loop_advance(w.loop, 0);
    assert_int_equal(w.peer.requests.n, 4);
    assert_int_equal(events_stats(w.events).queued, 3);
    assert_int_equal(events_stats(w.events).dropped, 3);
    for (int i = 0; i < 3; i++) {
        CREATED;
    }
    for (int i = 0; i < 4; i++) {
        peer_release(&w.peer, 201, "{}");
    }
    loop_advance(w.loop, 0);
    assert_int_equal(events_stats(w.events).written, 7);
}

static void what_is_remembered_is_bounded(void **state)
{
    start((struct events_config){.max_known = 10});
    for (int i = 0; i < 100; i++) {
        CREATED;
        char name[20];
        (void)snprintf(name, sizeof(name), "n%d", i);
        emit(name, "m");
        loop_advance(w.loop, 0);
    }
    CREATED; /* n0 is forgotten: a new Event; n99 is not */
    emit("n0", "m");
    emit("n99", "m");
    loop_advance(w.loop, 0);
    assert_int_equal(events_stats(w.events).written, 101);
}

static void refused_events_are_dropped(void **state)
{
    PEER_STEP(&w.peer, .method = "POST", .target = "/events", .status = 403, .body = "{}");
    emit("web", "m");
    loop_advance(w.loop, NS_H);
    assert_int_equal(events_stats(w.events).dropped, 1);
    CREATED;
    emit("web", "m"); /* tried anew, not as a repeat */
    loop_advance(w.loop, 0);
}

static void transport_failures_are_tried_again(void **state)
{
    PEER_STEP(&w.peer, .method = "POST", .target = "/events", .how = PEER_RESET);
    emit("web", "m");
    loop_advance(w.loop, 0);
    /* The answer to the first one was lost, not the Event. */
    PEER_STEP(&w.peer, .method = "POST", .target = "/events", .status = 409,
              .body = "{\"kind\":\"Status\",\"code\":409,\"reason\":\"AlreadyExists\"}");
    loop_advance(w.loop, NS_MIN);
    assert_int_equal(events_stats(w.events).written, 1);
    for (int i = 0; i < 3; i++) {
        PEER_STEP(&w.peer, .method = "POST", .target = "/events", .how = PEER_RESET);
    }
    emit("db", "m");
    loop_advance(w.loop, NS_H);
    assert_int_equal(events_stats(w.events).dropped, 1);
}

static void long_texts_are_cut(void **state)
{
    CREATED;
    AUTO(buf_done) struct buf message = BUF_INIT(10000);
    buf_add_repeat(&message, 'x', 1023);
    buf_add_c(&message, "\xc3\xa4 and so on");
    AUTO(buf_done) struct buf name = BUF_INIT(300);
    buf_add_repeat(&name, 'n', 235);
    buf_add_c(&name, ".nnnnnnnnnnnnnnnnn");
    emit(name.p, message.p);
    loop_advance(w.loop, 0);
    const char *body = peer_last(&w.peer, 0)->body;
    assert_true(utf8_valid(str_c(body)));
    assert_non_null(strstr(body, "xxx\",\"source\""));
    assert_non_null(strstr(body, "nnn.18baef8efdbf0000\",\"namespace\"")); /* not "nnn..18" */
}

static void on_flushed(void *arg)
{
    w.flushed++;
}

static void flush(void **state)
{
    events_flush(w.events, NS_S, on_flushed, NULL);
    assert_int_equal(w.flushed, 0);
    loop_advance(w.loop, 0);
    assert_int_equal(w.flushed, 1);

    PEER_STEP(&w.peer, .method = "POST", .target = "/events", .how = PEER_HOLD);
    emit("web", "m");
    events_flush(w.events, 5 * NS_S, on_flushed, NULL);
    loop_advance(w.loop, NS_S);
    assert_int_equal(w.flushed, 1);
    peer_release(&w.peer, 201, "{}");
    loop_advance(w.loop, 0);
    assert_int_equal(w.flushed, 2);

    PEER_STEP(&w.peer, .method = "POST", .target = "/events", .how = PEER_HOLD);
    emit("db", "m");
    events_flush(w.events, 5 * NS_S, on_flushed, NULL);
    loop_advance(w.loop, 5 * NS_S);
    assert_int_equal(w.flushed, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    http_global_init();
    const struct CMUnitTest tests[] = {
        TEST(an_event),
        TEST(about_something_without_a_namespace),
        TEST(repeats_are_counted),
        TEST(another_message_is_another_event),
        TEST(an_event_whose_time_is_over_is_made_anew),
        TEST(floods_of_one_object_are_dropped),
        TEST(the_queue_is_bounded),
        TEST(what_is_remembered_is_bounded),
        TEST(refused_events_are_dropped),
        TEST(transport_failures_are_tried_again),
        TEST(long_texts_are_cut),
        TEST(flush),
    };
    int failed = RUN(tests);
    http_global_done();
    return failed;
}
