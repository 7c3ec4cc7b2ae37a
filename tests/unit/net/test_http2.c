/* SPDX-License-Identifier: Apache-2.0
 *
 * The client over HTTP/2, against Go's server, in real time.
 */
#include "base/clock.h"
#include "h2server.h"
#include "net/http_client.h"

static struct h2_authority authority;

static struct fixture {
    struct loop *loop;
    struct http_client *client;
    struct h2server server;
} fx;

static int start(const char *max_streams, bool http1)
{
    if (!getenv("H2SERVER")) {
        return 0;
    }
    fx = (struct fixture){.loop = loop_new()};
    h2server_start(&fx.server, &authority, max_streams);
    fx.client = http_client_new(fx.loop, &(struct http_client_config){
                                             .tls = {.ca_pem = buf_str(&authority.ca_cert)},
                                             .http1_only = http1,
                                         });
    return 0;
}

static int setup(void **state)
{
    return start("100", false);
}

static int setup_http1(void **state)
{
    return start("100", true);
}

static int setup_few_streams(void **state)
{
    return start("10", false);
}

static int teardown(void **state)
{
    if (!getenv("H2SERVER")) {
        return 0;
    }
    http_client_free(fx.client);
    loop_free(fx.loop);
    h2server_stop(&fx.server);
    return 0;
}

/* ---- calls ---- */

struct answer {
    struct http_call *call;
    bool done;
    struct err *err;
    int status;
    size_t lines; /* taken by on_chunk */
    struct buf body;
    bool new_connection;
    ns_t total;
};

static int on_chunk(void *arg, struct str bytes, struct err **err)
{
    struct answer *a = arg;
    for (size_t i = 0; i < bytes.n; i++) {
        a->lines += bytes.p[i] == '\n';
    }
    return 0;
}

static void on_done(void *arg, struct http_call *call, const struct http_result *result)
{
    struct answer *a = arg;
    a->done = true;
    a->call = NULL;
    a->err = err_copy(result->err);
    a->status = result->status;
    a->new_connection = result->new_connection;
    a->total = result->total;
    buf_add_str(&a->body, result->body);
}

static void submit(struct answer *a, struct http_request r, const char *path)
{
    AUTO(freep) char *url = xasprintf("https://127.0.0.1:%d%s", fx.server.port, path);
    *a = (struct answer){.body = BUF_INIT(16 << 20)};
    r.method = r.method ? r.method : "GET";
    r.url = str_c(url);
    r.done = on_done;
    r.arg = a;
    a->call = http_submit(fx.client, &r);
}

static void watch(struct answer *a)
{
    submit(a, (struct http_request){.watch = true, .timeout = -1, .on_chunk = on_chunk}, "/watch");
}

/* Lets the loop run until the condition holds; ten seconds at most. */
#define await(cond)                                                                                \
    do {                                                                                           \
        ns_t await_end_ = clock_mono() + 10 * NS_S;                                                \
        while (!(cond) && clock_mono() < await_end_) {                                             \
            loop_once(fx.loop, 10 * NS_MS);                                                        \
        }                                                                                          \
        assert_true(cond);                                                                         \
    } while (0)

static void answers_done(struct answer *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        http_cancel(a[i].call);
        err_free(a[i].err);
        buf_done(&a[i].body);
    }
}

static size_t count_done(const struct answer *a, size_t n)
{
    size_t done = 0;
    for (size_t i = 0; i < n; i++) {
        done += a[i].done;
    }
    return done;
}

static bool all_have_lines(const struct answer *a, size_t n, size_t lines)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i].done || a[i].lines < lines) {
            return false;
        }
    }
    return true;
}

static void ask(struct answer *a, struct http_request r, const char *path)
{
    submit(a, r, path);
    await(a->done);
}

static void get(const char *path)
{
    struct answer a;
    ask(&a, (struct http_request){0}, path);
    assert_ok(a.err ? -1 : 0, a.err);
    answers_done(&a, 1);
}

/* Connections that the server accepted so far. */
static int count_connections(void)
{
    struct answer a;
    ask(&a, (struct http_request){0}, "/stats");
    assert_ok(a.err ? -1 : 0, a.err);
    struct str rest = buf_str(&a.body);
    struct str first;
    int64_t n;
    assert_true(str_split(&rest, ' ', &first) && num_parse_i64(first, &n));
    answers_done(&a, 1);
    return (int)n;
}

/* ---- tests ---- */

static void speaks_http2_or_falls_back(void **state)
{
    NEEDS_H2SERVER();
    struct answer a;
    ask(&a, (struct http_request){0}, "/");
    AUTO(freep) char *want = xasprintf("HTTP/2.0 127.0.0.1:%d", fx.server.port);
    assert_buf(&a.body, want);
    answers_done(&a, 1);
}

static void speaks_http1_if_told(void **state)
{
    NEEDS_H2SERVER();
    struct answer a;
    ask(&a, (struct http_request){0}, "/");
    AUTO(freep) char *want = xasprintf("HTTP/1.1 127.0.0.1:%d", fx.server.port);
    assert_buf(&a.body, want);
    answers_done(&a, 1);
}

static void watches_and_requests_take_one_connection_each(void **state)
{
    NEEDS_H2SERVER();
    enum { WATCHES = 12, REQUESTS = 100 };
    struct answer w[WATCHES];
    struct answer r[REQUESTS];
    for (size_t i = 0; i < WATCHES; i++) {
        watch(&w[i]);
    }
    for (size_t i = 0; i < REQUESTS; i++) {
        submit(&r[i], (struct http_request){0}, "/");
    }
    await(all_have_lines(w, WATCHES, 1) && count_done(r, REQUESTS) == REQUESTS);
    get("/tick");
    await(all_have_lines(w, WATCHES, 2));
    int n = count_connections();
    print_message("%d watches, %d requests: %d connections\n", WATCHES, REQUESTS, n);
    assert_in_range(n, 2, 3); /* two requests may race at the very start */
    for (size_t i = 0; i < REQUESTS; i++) {
        assert_int_equal(r[i].status, 200);
    }
    answers_done(w, WATCHES);
    answers_done(r, REQUESTS);
}

/* Started together, all watches that the first connection cannot take would open one each. */
static void many_watches_fill_one_connection_after_the_other(void **state)
{
    NEEDS_H2SERVER();
    enum { N = 95 };
    struct answer w[N];
    for (size_t i = 0; i < N; i++) {
        watch(&w[i]);
    }
    await(all_have_lines(w, N, 1));
    int n = count_connections() - 1; /* one is for the requests */
    print_message("%d watches, 10 streams a connection: %d connections\n", N, n);
    assert_in_range(n, 10, 12);
    answers_done(w, N);
}

static void goaway_under_load_costs_one_connection(void **state)
{
    NEEDS_H2SERVER();
    enum { WATCHES = 12, REQUESTS = 50 };
    struct answer w[WATCHES];
    struct answer r[REQUESTS];
    for (size_t i = 0; i < WATCHES; i++) {
        watch(&w[i]);
    }
    await(all_have_lines(w, WATCHES, 1));
    int before = count_connections();
    for (size_t i = 0; i < REQUESTS; i++) {
        submit(&r[i], (struct http_request){.method = i % 2 ? "GET" : "PUT", .body = STR("x")},
               i == 5 || i == 31 ? "/goaway" : "/echo");
    }
    await(count_done(r, REQUESTS) == REQUESTS);
    for (size_t i = 0; i < REQUESTS; i++) {
        assert_ok(r[i].err ? -1 : 0, r[i].err);
        assert_int_equal(r[i].status, 200);
    }
    get("/tick");
    await(all_have_lines(w, WATCHES, 2));
    int more = count_connections() - before;
    print_message("two GOAWAYs among %d requests: %d more connections\n", REQUESTS, more);
    assert_in_range(more, 1, 4);
    answers_done(w, WATCHES);
    answers_done(r, REQUESTS);
}

/* The connection of the watches drains: they go on to their end, new ones get a new connection. */
static void watches_survive_a_goaway(void **state)
{
    NEEDS_H2SERVER();
    struct answer w[3];
    watch(&w[0]);
    watch(&w[1]);
    await(all_have_lines(w, 2, 1));
    struct answer a;
    ask(&a, (struct http_request){.watch = true}, "/goaway");
    answers_done(&a, 1);
    watch(&w[2]);
    await(all_have_lines(w, 3, 1));
    get("/tick");
    await(all_have_lines(w, 3, 2));
    assert_int_equal(count_connections(), 3);
    answers_done(w, 3);
}

static void a_reset_stream_fails_alone(void **state)
{
    NEEDS_H2SERVER();
    struct answer slow;
    struct answer a;
    submit(&slow, (struct http_request){0}, "/slow?n=20");
    get("/");
    ask(&a, (struct http_request){0}, "/abort");
    assert_err(a.err ? -1 : 0, a.err, ERR_IO, "was not closed cleanly");
    await(slow.done);
    assert_ok(slow.err ? -1 : 0, slow.err);
    assert_int_equal(slow.body.n, 20);
    answers_done(&a, 1);
    answers_done(&slow, 1);
}

static void slow_bytes_are_not_silence(void **state)
{
    NEEDS_H2SERVER();
    struct answer a;
    ask(&a, (struct http_request){.silence = 60 * NS_MS}, "/slow?n=40");
    assert_ok(a.err ? -1 : 0, a.err);
    assert_int_equal(a.body.n, 40);
    answers_done(&a, 1);
}

static void moves_megabytes(void **state)
{
    NEEDS_H2SERVER();
    struct buf big = BUF_INIT(8 << 20);
    buf_add_repeat(&big, 'u', 5 << 20);
    static const char *const methods[] = {"PUT", "POST", "PATCH"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct answer a;
        ask(&a,
            (struct http_request){.method = methods[i], .body = buf_str(&big), .max_body = 6 << 20},
            "/echo");
        assert_ok(a.err ? -1 : 0, a.err);
        assert_true(str_eq(buf_str(&a.body), buf_str(&big)));
        answers_done(&a, 1);
    }
    struct answer a;
    ask(&a, (struct http_request){.max_body = 4 << 20}, "/big?n=4194304");
    assert_ok(a.err ? -1 : 0, a.err);
    assert_int_equal(a.body.n, 4 << 20);
    answers_done(&a, 1);
    buf_done(&big);
}

static void takes_long_headers(void **state)
{
    NEEDS_H2SERVER();
    get("/headers?n=14");
}

/* Over HTTP/1.1: see RECEIVE_BUFFER in http_transfer.c. */
static void limits_headers(void **state)
{
    NEEDS_H2SERVER();
    struct answer a;
    ask(&a, (struct http_request){0}, "/headers?n=60");
    assert_ok(a.err ? -1 : 0, a.err);
    answers_done(&a, 1);
    ask(&a, (struct http_request){0}, "/headers?n=70");
    assert_err(a.err ? -1 : 0, a.err, ERR_LIMIT, "the headers of the answer exceed 65536 bytes");
    answers_done(&a, 1);
}

/* All connections die under requests: what may be sent again is, and POST /kill comes once. */
static void a_dying_connection_loses_no_idempotent_request(void **state)
{
    NEEDS_H2SERVER();
    get("/");
    struct answer r[10];
    struct answer kill;
    for (size_t i = 0; i < 10; i++) {
        submit(&r[i], (struct http_request){.method = i % 2 ? "GET" : "PUT"}, "/until-kill");
    }
    submit(&kill, (struct http_request){.method = "POST", .body = STR("x")}, "/kill");
    await(count_done(r, 10) == 10 && kill.done);
    for (size_t i = 0; i < 10; i++) {
        assert_ok(r[i].err ? -1 : 0, r[i].err);
    }
    assert_err(kill.err ? -1 : 0, kill.err, ERR_IO, "POST https://127.0.0.1");
    struct answer stats;
    ask(&stats, (struct http_request){0}, "/stats");
    assert_true(str_ends(buf_str(&stats.body), STR(" 1")));
    answers_done(&stats, 1);
    answers_done(&kill, 1);
    answers_done(r, 10);
}

static void a_watch_ends_with_its_connection(void **state)
{
    NEEDS_H2SERVER();
    struct answer w;
    struct answer kill;
    watch(&w);
    await(w.lines == 1);
    ask(&kill, (struct http_request){.method = "POST", .body = STR("x")}, "/kill");
    await(w.done);
    assert_err(w.err ? -1 : 0, w.err, ERR_IO, "GET https://127.0.0.1");
    assert_int_equal(w.status, 200);
    answers_done(&w, 1);
    answers_done(&kill, 1);
}

static bool server_has_watches(int n)
{
    AUTO(freep) char *part = xasprintf(" %d ", n);
    struct answer stats;
    ask(&stats, (struct http_request){0}, "/stats");
    bool has = strstr(stats.body.p, part) != NULL;
    answers_done(&stats, 1);
    return has;
}

/* libcurl 7.88 keeps the reset of the stream in a buffer until something else happens on that
 * connection: here the next line of another watch. */
static void cancelling_a_watch_ends_its_stream_only(void **state)
{
    NEEDS_H2SERVER();
    struct answer w[3];
    for (size_t i = 0; i < 3; i++) {
        watch(&w[i]);
    }
    await(all_have_lines(w, 3, 1));
    assert_true(server_has_watches(3));
    http_cancel(TAKE(w[1].call));
    get("/tick");
    await(w[0].lines == 2 && w[2].lines == 2);
    await(server_has_watches(2));
    assert_int_equal(w[1].lines, 1);
    assert_int_equal(count_connections(), 2);
    answers_done(w, 3);
}

static int init(void **state)
{
    http_global_init();
    h2_authority_init(&authority);
    return 0;
}

static int done(void **state)
{
    h2_authority_done(&authority);
    http_global_done();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(speaks_http2_or_falls_back),
        cmocka_unit_test_setup_teardown(speaks_http1_if_told, setup_http1, teardown),
        T(watches_and_requests_take_one_connection_each),
        cmocka_unit_test_setup_teardown(many_watches_fill_one_connection_after_the_other,
                                        setup_few_streams, teardown),
        T(goaway_under_load_costs_one_connection),
        T(watches_survive_a_goaway),
        T(a_reset_stream_fails_alone),
        T(slow_bytes_are_not_silence),
        T(moves_megabytes),
        T(takes_long_headers),
        cmocka_unit_test_setup_teardown(limits_headers, setup_http1, teardown),
        T(a_dying_connection_loses_no_idempotent_request),
        T(a_watch_ends_with_its_connection),
        T(cancelling_a_watch_ends_its_stream_only),
    };
    return cmocka_run_group_tests(tests, init, done);
}
