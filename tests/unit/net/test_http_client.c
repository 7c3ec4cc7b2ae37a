/* SPDX-License-Identifier: Apache-2.0
 *
 * The client against our own server, on one loop, mostly over TLS. HTTP/2 has tests of its own
 * (test_http2.c), against a server that speaks it.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/vec.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/tls.h"
#include "test.h"

static struct buf ca_cert;
static struct buf ca_key;

static struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct ssl_ctx_st *tls;
    struct http_client *client;
    struct buf seen;                     /* "METHOD TARGET;" of each request */
    VEC(struct http_exchange *) kept;    /* not answered yet */
    VEC(struct http_exchange *) streams; /* begun */
    int reset_next;                      /* requests to answer with a reset */
    int gone;
} fx;

/* What came of a call. */
struct answer {
    struct http_call *call; /* NULL when done */
    bool done;
    struct err *err;
    int status;
    int headers_status; /* of on_headers */
    struct buf body;
    struct buf chunks;
    ns_t total;
    ns_t retry_after;
    bool new_connection;
    char header[64];                /* X-Answer of done */
    void (*then)(struct answer *a); /* called at the end of done */
    struct answer *other;
};

/* ---- the server ---- */

static void note_gone(void *arg, struct http_exchange *x)
{
    fx.gone++;
}

static void answer_echo(struct http_exchange *x)
{
    AUTO(buf_done) struct buf b = BUF_INIT(10 << 20);
    buf_addf(&b, "%.*s|%.*s|%.*s|%.*s|", STR_ARG(http_x_method(x)),
             STR_ARG(http_x_header(x, "x-test")), STR_ARG(http_x_header(x, "content-type")),
             STR_ARG(http_x_header(x, "content-length")));
    buf_add_str(&b, http_x_body(x));
    http_reply(x, 200, "text/plain", buf_str(&b));
}

static void answer_big(struct http_exchange *x)
{
    struct buf big = BUF_INIT(16 << 20);
    buf_add_repeat(&big, 'b', 3 << 20);
    http_reply(x, 200, NULL, buf_str(&big));
    buf_done(&big);
}

static void answer_with_headers(struct http_exchange *x)
{
    http_x_set_header(x, "Warning", STR("1"));
    http_x_set_header(x, "warning", STR("2"));
    http_x_set_header(x, "X-Answer", STR("42"));
    http_x_set_header(x, "Retry-After", STR("7"));
    http_reply(x, 429, "text/plain", STR("slow down"));
}

static void handle(void *arg, struct http_exchange *x)
{
    buf_addf(&fx.seen, "%.*s %.*s;", STR_ARG(http_x_method(x)), STR_ARG(http_x_target(x)));
    struct str path = http_x_path(x);
    if (fx.reset_next > 0) {
        fx.reset_next--;
        http_x_reset(x);
    } else if (str_eq_c(path, "/echo")) {
        answer_echo(x);
    } else if (str_eq_c(path, "/big")) {
        answer_big(x);
    } else if (str_eq_c(path, "/headers")) {
        answer_with_headers(x);
    } else if (str_eq_c(path, "/later")) {
        http_x_on_gone(x, note_gone, NULL);
        vec_push(&fx.kept, x);
    } else if (str_eq_c(path, "/stream")) {
        http_x_on_gone(x, note_gone, NULL);
        http_reply_begin(x, 200, NULL);
        http_reply_chunk(x, STR("first"));
        vec_push(&fx.streams, x);
    } else if (str_eq_c(path, "/cut")) {
        http_x_truncate(x, 200, NULL, STR("whole body"), 5);
    } else if (str_eq_c(path, "/reset")) {
        http_x_reset(x);
    } else if (str_eq_c(path, "/missing")) {
        http_reply(x, 404, "text/plain", STR("not here"));
    } else if (str_eq_c(path, "/redirect")) {
        http_x_set_header(x, "Location", STR("/echo"));
        http_reply(x, 302, NULL, STR_EMPTY);
    } else {
        http_reply(x, 200, "text/plain", STR("ok"));
    }
}

static void answer_kept(int status)
{
    for (size_t i = 0; i < fx.kept.n; i++) {
        http_reply(fx.kept.v[i], status, NULL, STR("kept"));
    }
    fx.kept.n = 0;
}

static void end_streams(void)
{
    for (size_t i = 0; i < fx.streams.n; i++) {
        http_reply_end(fx.streams.v[i]);
    }
    fx.streams.n = 0;
}

static struct ssl_ctx_st *make_context(const char *name, int days)
{
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(10000);
    assert_ok(tls_make_leaf(buf_str(&ca_cert), buf_str(&ca_key), &name, 1, days, &cert, &key, &err),
              err);
    struct ssl_ctx_st *ctx = tls_server_context(buf_str(&cert), buf_str(&key), &err);
    assert_ok(ctx ? 0 : -1, err);
    return ctx;
}

static void start_server(struct ssl_ctx_st *tls)
{
    AUTO(err_freep) struct err *err = NULL;
    struct http_server_config config = {
        .address = "127.0.0.1", .tls = tls, .max_body = 10 << 20, .handle = handle};
    fx.tls = tls;
    fx.server = http_server_new(fx.loop, &config, &err);
    assert_ok(fx.server ? 0 : -1, err);
}

/* ---- the client ---- */

static void on_headers(void *arg, struct http_call *call, int status)
{
    struct answer *a = arg;
    assert_int_equal(a->headers_status, 0);
    a->headers_status = status;
}

static int on_chunk(void *arg, struct str bytes, struct err **err)
{
    struct answer *a = arg;
    buf_add_str(&a->chunks, bytes);
    return 0;
}

static void on_done(void *arg, struct http_call *call, const struct http_result *result)
{
    struct answer *a = arg;
    assert_false(a->done);
    a->done = true;
    a->call = NULL;
    a->err = err_copy(result->err);
    a->status = result->status;
    a->total = result->total;
    a->new_connection = result->new_connection;
    a->retry_after = http_retry_after(call);
    buf_add_str(&a->body, result->body);
    struct str header = str_head(http_header(call, "x-answer"), sizeof(a->header) - 1);
    memcpy(a->header, header.p, header.n);
    if (a->then) {
        a->then(a);
    }
}

static void answer_done(struct answer *a)
{
    err_free(a->err);
    buf_done(&a->body);
    buf_done(&a->chunks);
}

static char *url(const char *path)
{
    return xasprintf("%s://127.0.0.1:%u%s", fx.tls ? "https" : "http", http_server_port(fx.server),
                     path);
}

static void submit(struct answer *a, struct http_request r, const char *path)
{
    AUTO(freep) char *text = url(path);
    r.method = r.method ? r.method : "GET";
    r.url = str_c(text);
    r.on_headers = r.on_headers ? r.on_headers : on_headers;
    r.done = on_done;
    r.arg = a;
    a->body = BUF_INIT(16 << 20);
    a->chunks = BUF_INIT(16 << 20);
    a->call = http_submit(fx.client, &r);
}

/* Lets the loop run until the condition holds; five seconds at most. */
#define await(cond)                                                                                \
    do {                                                                                           \
        for (int await_i_ = 0; await_i_ < 5000 && !(cond); await_i_++) {                           \
            loop_once(fx.loop, NS_MS);                                                             \
        }                                                                                          \
        assert_true(cond);                                                                         \
    } while (0)

static void ask(struct answer *a, struct http_request r, const char *path)
{
    submit(a, r, path);
    await(a->done);
}

static void new_client(struct http_client_config config)
{
    if (!config.tls.insecure && config.tls.ca_pem.n == 0) {
        config.tls.ca_pem = buf_str(&ca_cert);
    }
    fx.client = http_client_new(fx.loop, &config);
}

static int setup(void **state)
{
    fx = (struct fixture){.seen = BUF_INIT(100000)};
    clock_fake_start(NS_H, 784111777 * NS_S);
    fx.loop = loop_new();
    return 0;
}

static int setup_tls(void **state)
{
    setup(state);
    start_server(make_context("127.0.0.1", 1));
    new_client((struct http_client_config){0});
    return 0;
}

static int teardown(void **state)
{
    http_client_free(fx.client);
    answer_kept(200);
    end_streams();
    http_server_free(fx.server);
    loop_free(fx.loop);
    tls_context_free(fx.tls);
    buf_done(&fx.seen);
    vec_done(&fx.kept);
    vec_done(&fx.streams);
    clock_fake_stop();
    return 0;
}

/* ---- requests and answers ---- */

static void gets_an_answer(void **state)
{
    struct answer a = {0};
    ask(&a, (struct http_request){0}, "/x?y=%2F//z");
    assert_ok(a.err ? -1 : 0, a.err);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.headers_status, 200);
    assert_buf(&a.body, "ok");
    assert_true(a.new_connection);
    assert_buf(&fx.seen, "GET /x?y=%2F//z;");
    answer_done(&a);
    a = (struct answer){0};
    ask(&a, (struct http_request){0}, "//a/../b");
    assert_false(a.new_connection);
    assert_buf(&fx.seen, "GET /x?y=%2F//z;GET //a/../b;");
    assert_int_equal(http_client_stats(fx.client).requests, 2);
    assert_int_equal(http_client_stats(fx.client).connections, 1);
    answer_done(&a);
}

static void sends_methods_headers_and_bodies(void **state)
{
    static const struct {
        const char *method;
        const char *body;
        const char *answer;
    } rows[] = {
        {"GET", "", "GET|v|||"},       {"POST", "b=1", "POST|v||3|b=1"},
        {"POST", "", "POST|v||0|"},    {"PUT", "x", "PUT|v||1|x"},
        {"PUT", "", "PUT|v||0|"},      {"PATCH", "{}", "PATCH|v||2|{}"},
        {"DELETE", "", "DELETE|v|||"}, {"DELETE", "{}", "DELETE|v||2|{}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct answer a = {0};
        struct str headers[] = {STR("X-Test: v")};
        ask(&a,
            (struct http_request){.method = rows[i].method,
                                  .body = str_c(rows[i].body),
                                  .headers = headers,
                                  .n_headers = 1},
            "/echo");
        assert_buf(&a.body, rows[i].answer);
        answer_done(&a);
    }
    struct answer a = {0};
    struct str headers[] = {STR("Content-Type: a/b"), STR("X-Test:")};
    ask(&a, (struct http_request){.method = "POST", .headers = headers, .n_headers = 2}, "/echo");
    assert_buf(&a.body, "POST||a/b|0|");
    answer_done(&a);
}

static void head_has_no_body(void **state)
{
    struct answer a = {0};
    ask(&a, (struct http_request){.method = "HEAD"}, "/headers");
    assert_int_equal(a.status, 429);
    assert_buf(&a.body, "");
    answer_done(&a);
}

static void uploads_and_downloads_megabytes(void **state)
{
    struct buf big = BUF_INIT(8 << 20);
    buf_add_repeat(&big, 'u', 5 << 20);
    struct answer a = {0};
    ask(&a, (struct http_request){.method = "PUT", .body = buf_str(&big), .max_body = 6 << 20},
        "/echo");
    assert_ok(a.err ? -1 : 0, a.err);
    assert_true(str_ends(buf_str(&a.body), buf_str(&big)));
    buf_done(&big);
    answer_done(&a);
}

static void any_status_is_an_answer(void **state)
{
    struct answer a = {0};
    ask(&a, (struct http_request){.on_chunk = on_chunk}, "/missing");
    assert_null(a.err);
    assert_int_equal(a.status, 404);
    assert_buf(&a.body, "not here"); /* collected: on_chunk is for 2xx only */
    assert_buf(&a.chunks, "");
    answer_done(&a);
    a = (struct answer){0};
    ask(&a, (struct http_request){0}, "/redirect");
    assert_int_equal(a.status, 302); /* not followed */
    answer_done(&a);
}

static void see_headers(void *arg, struct http_call *call, int status)
{
    assert_int_equal(status, 429);
    assert_str(http_header(call, "WARNING"), "1");
    assert_str(http_header_nth(call, "warning", 1), "2");
    assert_str(http_header_nth(call, "warning", 2), "");
    assert_str(http_header(call, "content-type"), "text/plain");
}

static void keeps_headers(void **state)
{
    struct answer a = {0};
    ask(&a, (struct http_request){.on_headers = see_headers}, "/headers");
    assert_string_equal(a.header, "42");
    assert_int_equal(a.retry_after, 7 * NS_S);
    answer_done(&a);
}

static void streams_chunks(void **state)
{
    struct answer a = {0};
    submit(&a, (struct http_request){.on_chunk = on_chunk, .watch = true, .timeout = -1},
           "/stream");
    await(a.chunks.n == 5);
    assert_int_equal(a.headers_status, 200);
    assert_int_equal(http_client_stats(fx.client).watches, 1);
    loop_advance(fx.loop, 10 * NS_H); /* no time-out */
    http_reply_chunk(fx.streams.v[0], STR(" second"));
    await(a.chunks.n > 5);
    assert_false(a.done);
    end_streams();
    await(a.done);
    assert_null(a.err);
    assert_buf(&a.chunks, "first second");
    assert_buf(&a.body, "");
    assert_int_equal(http_client_stats(fx.client).watches, 0);
    answer_done(&a);
}

static void unpacks_gzip(void **state)
{
    /* printf hello | gzip -n */
    static const char packed[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9"
                                 "\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00";
    http_client_free(fx.client);
    new_client((struct http_client_config){.compression = true});
    struct answer a = {0};
    submit(&a, (struct http_request){0}, "/later");
    await(fx.kept.n == 1);
    assert_str(http_x_header(fx.kept.v[0], "accept-encoding"), "gzip");
    http_x_set_header(fx.kept.v[0], "Content-Encoding", STR("gzip"));
    http_reply(fx.kept.v[0], 200, NULL, str_n(packed, sizeof(packed) - 1));
    fx.kept.n = 0;
    await(a.done);
    assert_null(a.err);
    assert_buf(&a.body, "hello");
    answer_done(&a);
}

/* ---- failures ---- */

static void assert_failed(struct answer *a, enum err_kind kind, const char *part)
{
    assert_true(a->done);
    assert_err(a->err ? -1 : 0, a->err, kind, part);
    AUTO(freep) char *prefix = xasprintf("GET %s://127.0.0.1:", fx.tls ? "https" : "http");
    assert_true(str_starts(str_c(a->err->msg), str_c(prefix)));
    assert_null(strstr(a->err->msg, "secret-path"));
}

static void failures_have_a_kind_and_a_text(void **state)
{
    static const struct {
        const char *path;
        struct http_request request;
        enum err_kind kind;
        const char *part;
    } rows[] = {
        {"/cut?secret-path", {0}, ERR_IO, "the answer was cut off"},
        {"/reset?secret-path", {0}, ERR_IO, "the connection broke"},
        {"/big?secret-path", {.max_body = 1000}, ERR_LIMIT, "exceeds 1000 bytes"},
        {"/big?secret-path", {.max_body = 1000, .on_chunk = on_chunk}, ERR_LIMIT, "1000 bytes"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct answer a = {0};
        ask(&a, rows[i].request, rows[i].path);
        assert_failed(&a, rows[i].kind, rows[i].part);
        answer_done(&a);
    }
}

static void nobody_listens(void **state)
{
    AUTO(freep) char *text = url("/");
    http_server_free(TAKE(fx.server));
    struct answer a = {.body = BUF_INIT(10)};
    http_submit(fx.client, &(struct http_request){
                               .method = "GET", .url = str_c(text), .done = on_done, .arg = &a});
    await(a.done);
    assert_failed(&a, ERR_IO, "no connection (Failed to connect to 127.0.0.1 port");
    assert_int_equal(a.status, 0);
    assert_true(a.err->retryable);
    answer_done(&a);
}

static void bad_requests_fail(void **state)
{
    static const struct {
        const char *url;
        const char *header;
        const char *part;
    } rows[] = {
        {"", "A: b", "not an http or https URL"},
        {"ftp://h/", "A: b", "not an http or https URL (wrong scheme)"},
        {"file:///etc/passwd", "A: b", "not an http or https URL (wrong scheme)"},
        {"https://h:99999/", "A: b", "not an http or https URL"},
        {"https://127.0.0.1/", "A: b\r\nC: d", "a header of the request has a line break"},
        {"https://127.0.0.1/", "", "a header of the request has a line break"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct answer a = {.body = BUF_INIT(10)};
        struct str header = str_c(rows[i].header);
        http_submit(fx.client, &(struct http_request){.method = "GET",
                                                      .url = str_c(rows[i].url),
                                                      .headers = &header,
                                                      .n_headers = 1,
                                                      .done = on_done,
                                                      .arg = &a});
        assert_false(a.done); /* not before http_submit has returned */
        await(a.done);
        assert_err(a.err ? -1 : 0, a.err, ERR_INVALID, rows[i].part);
        assert_false(a.err->retryable);
        answer_done(&a);
    }
}

static void unknown_names_are_told_apart(void **state)
{
    struct answer a = {.body = BUF_INIT(10)};
    http_submit(fx.client, &(struct http_request){.method = "GET",
                                                  .url = STR("https://pawl.invalid/x"),
                                                  .done = on_done,
                                                  .arg = &a});
    await(a.done);
    assert_err(a.err ? -1 : 0, a.err, ERR_DNS,
               "GET https://pawl.invalid: the name does not resolve (Could not resolve host");
    answer_done(&a);
}

/* ---- time ---- */

static void times_out(void **state)
{
    struct answer a = {0};
    submit(&a, (struct http_request){0}, "/later");
    await(fx.kept.n == 1);
    loop_advance(fx.loop, 29 * NS_S);
    assert_false(a.done);
    loop_advance(fx.loop, NS_S);
    assert_failed(&a, ERR_TIMEOUT, "no answer within 30s");
    assert_int_equal(a.total, 30 * NS_S);
    await(fx.gone == 1); /* the server sees it too */
    answer_done(&a);
}

static void ends_streams_that_fall_silent(void **state)
{
    struct answer a = {0};
    submit(&a,
           (struct http_request){
               .on_chunk = on_chunk, .watch = true, .timeout = -1, .silence = 2 * NS_MIN},
           "/stream");
    await(a.chunks.n == 5);
    for (int i = 0; i < 5; i++) {
        loop_advance(fx.loop, 119 * NS_S);
        http_reply_chunk(fx.streams.v[0], STR("."));
        await(a.chunks.n == 6 + (size_t)i);
    }
    loop_advance(fx.loop, 119 * NS_S);
    assert_false(a.done);
    loop_advance(fx.loop, NS_S);
    assert_failed(&a, ERR_TIMEOUT, "nothing came for 2m0s");
    answer_done(&a);
}

/* A listener that nobody accepts from, its queue full: the handshake of TCP does not complete. */
static void connecting_takes_too_long(void **state)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    int fill[2];
    for (int i = 0; i < 2; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fill[i], (struct sockaddr *)&at, n);
    }
    http_client_free(fx.client);
    new_client((struct http_client_config){.connect_timeout = 50 * NS_MS});
    AUTO(freep) char *text = xasprintf("https://127.0.0.1:%u/", ntohs(at.sin_port));
    struct answer a = {.body = BUF_INIT(10)};
    http_submit(fx.client, &(struct http_request){
                               .method = "GET", .url = str_c(text), .done = on_done, .arg = &a});
    await(a.done);
    assert_failed(&a, ERR_TIMEOUT, "no connection in time");
    answer_done(&a);
    for (int i = 0; i < 2; i++) {
        close(fill[i]);
    }
    close(fd);
}

/* ---- cancelling ---- */

static void a_cancelled_call_is_silent(void **state)
{
    struct answer queued = {0};
    submit(&queued, (struct http_request){0}, "/x");
    http_cancel(queued.call);
    http_cancel(NULL);
    struct answer running = {0};
    submit(&running, (struct http_request){0}, "/later");
    await(fx.kept.n == 1);
    http_cancel(running.call);
    await(fx.gone == 1);
    loop_advance(fx.loop, NS_H);
    assert_false(queued.done || running.done);
    assert_buf(&fx.seen, "GET /later;");
    assert_int_equal(http_client_stats(fx.client).in_flight, 0);
    answer_done(&queued);
    answer_done(&running);
}

static void cancel_in_headers(void *arg, struct http_call *call, int status)
{
    struct answer *a = arg;
    a->headers_status = status;
    http_cancel(call);
    http_cancel(call);
}

static int cancel_in_chunk(void *arg, struct str bytes, struct err **err)
{
    struct answer *a = arg;
    buf_add_str(&a->chunks, bytes);
    http_cancel(a->call);
    return 0;
}

static int cancel_other_in_chunk(void *arg, struct str bytes, struct err **err)
{
    struct answer *a = arg;
    buf_add_str(&a->chunks, bytes);
    http_cancel(TAKE(a->other->call));
    return 0;
}

static void callbacks_can_cancel(void **state)
{
    struct answer a = {0};
    submit(&a, (struct http_request){.on_headers = cancel_in_headers, .on_chunk = on_chunk},
           "/big");
    await(a.headers_status == 200);
    loop_advance(fx.loop, NS_H);
    assert_false(a.done);
    assert_int_equal(a.chunks.n, 0);

    struct answer b = {0};
    submit(&b, (struct http_request){.on_chunk = cancel_in_chunk}, "/big");
    await(b.chunks.n > 0);
    loop_advance(fx.loop, NS_H);
    assert_false(b.done);
    assert_true(b.chunks.n <= 16 << 10);

    struct answer c = {0};
    struct answer d = {0};
    submit(&c, (struct http_request){.timeout = -1}, "/later");
    await(fx.kept.n == 1);
    d.other = &c;
    submit(&d, (struct http_request){.on_chunk = cancel_other_in_chunk}, "/x");
    await(d.done);
    assert_null(d.err);
    await(fx.gone == 1);
    assert_false(c.done);
    assert_int_equal(http_client_stats(fx.client).in_flight, 0);
    answer_done(&a);
    answer_done(&b);
    answer_done(&c);
    answer_done(&d);
}

static int refuse_chunk(void *arg, struct str bytes, struct err **err)
{
    return ((struct answer *)arg)->other ? err_set(err, ERR_PARSE, "not JSON") : 1;
}

static void a_receiver_can_stop_the_transfer(void **state)
{
    struct answer a = {0};
    ask(&a, (struct http_request){.on_chunk = refuse_chunk}, "/big");
    assert_failed(&a, ERR_CANCELLED, "stopped by the receiver");
    struct answer b = {.other = &a};
    ask(&b, (struct http_request){.on_chunk = refuse_chunk}, "/big");
    assert_failed(&b, ERR_PARSE, ": not JSON");
    answer_done(&a);
    answer_done(&b);
}

static void submit_again(struct answer *a)
{
    submit(a->other, (struct http_request){0}, "/again");
}

static void cancel_other(struct answer *a)
{
    http_cancel(TAKE(a->other->call));
}

static void free_client(struct answer *a)
{
    http_client_free(TAKE(fx.client));
}

static void done_can_submit_and_cancel(void **state)
{
    struct answer second = {0};
    struct answer first = {.then = submit_again, .other = &second};
    submit(&first, (struct http_request){0}, "/x");
    await(second.done);
    assert_buf(&fx.seen, "GET /x;GET /again;");

    struct answer late = {0};
    struct answer killer = {.then = cancel_other, .other = &late};
    submit(&late, (struct http_request){0}, "/later");
    submit(&killer, (struct http_request){0}, "/x");
    await(killer.done && fx.gone == 1);
    assert_false(late.done);
    answer_done(&first);
    answer_done(&second);
    answer_done(&late);
    answer_done(&killer);
}

static int free_in_chunk(void *arg, struct str bytes, struct err **err)
{
    ((struct answer *)arg)->headers_status = -1;
    http_client_free(TAKE(fx.client));
    return 0;
}

static void free_in_headers(void *arg, struct http_call *call, int status)
{
    ((struct answer *)arg)->headers_status = -1;
    http_client_free(TAKE(fx.client));
}

static void the_client_can_be_freed_in_each_callback(void **state)
{
    const struct http_request ways[] = {
        {.on_chunk = free_in_chunk}, {.on_headers = free_in_headers}, {0}};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        if (!fx.client) {
            new_client((struct http_client_config){0});
        }
        struct answer others[20] = {0};
        for (size_t k = 0; k < 20; k++) {
            submit(&others[k], (struct http_request){.watch = k % 4 == 0}, "/later");
        }
        struct answer a = {.then = free_client};
        submit(&a, ways[i], "/x");
        http_client_stats(fx.client);
        /* The many others take all slots; let one go. */
        await(fx.kept.n >= 2);
        answer_kept(200);
        for (int k = 0; fx.client && k < 5000; k++) {
            answer_kept(200);
            loop_once(fx.loop, NS_MS);
        }
        assert_null(fx.client);
        assert_int_equal(a.done, i == 2);
        answer_done(&a);
        for (size_t k = 0; k < 20; k++) {
            answer_done(&others[k]);
        }
        loop_advance(fx.loop, 0);
    }
}

static void freeing_cancels(void **state)
{
    struct answer a[30] = {0};
    for (size_t i = 0; i < 30; i++) {
        submit(&a[i], (struct http_request){.watch = i % 3 == 0}, "/later");
    }
    await(fx.kept.n > 2);
    http_client_free(TAKE(fx.client));
    loop_advance(fx.loop, NS_H);
    for (size_t i = 0; i < 30; i++) {
        assert_false(a[i].done);
        answer_done(&a[i]);
    }
}

/* ---- queues and connections ---- */

static void queues_in_order_and_limits_connections(void **state)
{
    enum { N = 12 };
    struct answer a[N] = {0};
    for (size_t i = 0; i < N; i++) {
        AUTO(freep) char *path = xasprintf("/later?%zu", i);
        submit(&a[i], (struct http_request){0}, path);
    }
    await(fx.kept.n == 2);
    loop_advance(fx.loop, 0);
    assert_int_equal(fx.kept.n, 2); /* HTTP/1.1: one at a time on each of the two connections */
    assert_int_equal(http_server_connections(fx.server), 2);
    for (size_t done = 0; done < N;) {
        answer_kept(200);
        loop_once(fx.loop, NS_MS);
        done = 0;
        for (size_t i = 0; i < N; i++) {
            done += a[i].done;
        }
    }
    assert_int_equal(http_client_stats(fx.client).connections, 2);
    AUTO(buf_done) struct buf want = BUF_INIT(1000);
    for (size_t i = 0; i < N; i++) {
        buf_addf(&want, "GET /later?%zu;", i);
        answer_done(&a[i]);
    }
    /* The first two may swap places, racing on two new connections. */
    assert_int_equal(fx.seen.n, want.n);
    assert_str(str_from(buf_str(&fx.seen), 26), want.p + 26);
}

static void limits_what_is_in_flight(void **state)
{
    http_client_free(fx.client);
    new_client((struct http_client_config){.max_in_flight = 1, .max_connections = 4});
    struct answer a = {0};
    struct answer b = {0};
    struct answer w = {0};
    submit(&a, (struct http_request){.timeout = -1}, "/later?a");
    submit(&b, (struct http_request){.timeout = 10 * NS_S}, "/b");
    submit(&w, (struct http_request){.watch = true}, "/w");
    await(w.done); /* watches do not wait */
    assert_int_equal(http_client_stats(fx.client).in_flight, 1);
    assert_int_equal(http_client_stats(fx.client).queued, 1);
    loop_advance(fx.loop, 10 * NS_S);
    assert_failed(&b, ERR_TIMEOUT, "could not be sent, for other requests before it, within 10s");
    struct answer c = {0};
    submit(&c, (struct http_request){0}, "/c");
    answer_kept(200);
    await(a.done && c.done);
    answer_done(&a);
    answer_done(&b);
    answer_done(&c);
    answer_done(&w);
}

static void watches_have_no_limit(void **state)
{
    enum { N = 40 };
    struct answer a[N] = {0};
    for (size_t i = 0; i < N; i++) {
        submit(&a[i], (struct http_request){.watch = true, .on_chunk = on_chunk, .timeout = -1},
               "/stream");
    }
    await(fx.streams.n == N);
    struct answer b = {0};
    ask(&b, (struct http_request){0}, "/x");
    assert_null(b.err);
    end_streams();
    for (size_t i = 0; i < N; i++) {
        await(a[i].done);
        assert_null(a[i].err);
        answer_done(&a[i]);
    }
    answer_done(&b);
}

/* One request, to have an idle connection. */
static void warm_up(void)
{
    struct answer a = {0};
    ask(&a, (struct http_request){0}, "/x");
    assert_null(a.err);
    answer_done(&a);
    buf_clear(&fx.seen);
}

static void connections_that_died_while_idle_do_no_harm(void **state)
{
    static const char *const methods[] = {"GET", "POST"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        warm_up();
        loop_advance(fx.loop, 2 * NS_MIN); /* the server ends it */
        assert_int_equal(http_server_connections(fx.server), 0);
        struct answer a = {0};
        ask(&a, (struct http_request){.method = methods[i]}, "/x");
        assert_null(a.err);
        assert_true(a.new_connection);
        answer_done(&a);
    }
}

static size_t count_requests(void)
{
    size_t n = 0;
    for (const char *p = fx.seen.p; (p = strchr(p, ';')); p++) {
        n++;
    }
    return n;
}

/* The server takes the request on a connection used before and resets it without a word. */
static void only_what_is_idempotent_is_sent_again(void **state)
{
    static const struct {
        const char *method;
        const char *body;
        bool again;
    } rows[] = {
        {"GET", "", true},    {"PUT", "x", true},    {"PUT", "", true},   {"DELETE", "", true},
        {"POST", "x", false}, {"PATCH", "x", false}, {"POST", "", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        warm_up();
        fx.reset_next = 1;
        struct answer a = {0};
        ask(&a, (struct http_request){.method = rows[i].method, .body = str_c(rows[i].body)}, "/x");
        assert_int_equal(count_requests(), rows[i].again ? 2 : 1);
        assert_int_equal(a.err != NULL, !rows[i].again);
        assert_true(!a.err || (a.err->kind == ERR_IO && a.err->retryable));
        answer_done(&a);
    }
}

static void a_fresh_connection_is_not_tried_again(void **state)
{
    struct answer a = {0};
    fx.reset_next = 1;
    ask(&a, (struct http_request){0}, "/x");
    assert_failed(&a, ERR_IO, "the connection broke");
    assert_buf(&fx.seen, "GET /x;");
    answer_done(&a);
}

/* ---- TLS ---- */

static void assert_tls_fails(struct http_client_config config, const char *part)
{
    http_client_free(fx.client);
    new_client(config);
    struct answer a = {0};
    ask(&a, (struct http_request){0}, "/x");
    assert_failed(&a, ERR_TLS, part);
    assert_buf(&fx.seen, "");
    answer_done(&a);
}

static void verifies_the_server(void **state)
{
    AUTO(buf_done) struct buf other_cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf other_key = BUF_INIT_WIPE(10000);
    assert_int_equal(tls_make_ca("Other CA", &other_cert, &other_key, NULL), 0);
    assert_tls_fails((struct http_client_config){.tls = {.ca_pem = buf_str(&other_cert)}},
                     "the certificate is not trusted by the given CA");
    assert_tls_fails((struct http_client_config){.tls = {.server_name = STR("other.test")}},
                     "the certificate is not for this name");
    assert_tls_fails((struct http_client_config){.tls = {.ca_pem = STR("nonsense")}},
                     "the CA: no certificate in the PEM text");
    assert_tls_fails((struct http_client_config){.tls = {.extra_ca_pem = STR("nonsense")}},
                     "the additional CA: no certificate in the PEM text");
    assert_tls_fails((struct http_client_config){.tls = {.cert_pem = buf_str(&ca_cert),
                                                         .key_pem = STR("nonsense")}},
                     "the client certificate: no usable private key");
    assert_tls_fails((struct http_client_config){.tls = {.cert_pem = buf_str(&ca_cert),
                                                         .key_pem = buf_str(&other_key)}},
                     "the client certificate: the private key does not belong to it");

    http_client_free(fx.client);
    new_client((struct http_client_config){.tls = {.insecure = true}});
    warm_up();
    http_client_free(fx.client);
    new_client((struct http_client_config){
        .tls = {.ca_pem = buf_str(&other_cert), .extra_ca_pem = buf_str(&ca_cert)}});
    warm_up();
}

static void expired_certificates_are_told_apart(void **state)
{
    start_server(make_context("127.0.0.1", -1));
    assert_tls_fails((struct http_client_config){0},
                     "the certificate has expired (or the clock here is wrong)");
}

static void verifies_another_name_if_told(void **state)
{
    start_server(make_context("kube.test", 1));
    new_client((struct http_client_config){.tls = {.server_name = STR("kube.test")}});
    struct answer a = {0};
    submit(&a, (struct http_request){0}, "/later");
    await(fx.kept.n == 1);
    assert_str(http_x_server_name(fx.kept.v[0]), "kube.test");
    AUTO(freep) char *host = xasprintf("127.0.0.1:%u", http_server_port(fx.server));
    assert_str(http_x_header(fx.kept.v[0], "host"), host);
    answer_kept(200);
    await(a.done);
    assert_null(a.err);
    answer_done(&a);
}

/* The system's store, by way of SSL_CERT_FILE. */
static void trusts_the_system(void **state)
{
    char path[] = "/tmp/pawl-test-ca-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, ca_cert.p, ca_cert.n), ca_cert.n);
    close(fd);
    setenv("SSL_CERT_FILE", path, 1);
    http_client_free(fx.client);
    fx.client = http_client_new(fx.loop, &(struct http_client_config){0});
    warm_up();
    unlink(path);
    http_client_free(fx.client);
    fx.client = http_client_new(fx.loop, &(struct http_client_config){0});
    struct answer a = {0};
    ask(&a, (struct http_request){0}, "/x");
    assert_failed(&a, ERR_TLS, "SSL_CERT_FILE=");
    unsetenv("SSL_CERT_FILE");
    answer_done(&a);
}

static void shows_a_client_certificate(void **state)
{
    AUTO(buf_done) struct buf cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(10000);
    const char *name = "client.test";
    assert_int_equal(
        tls_make_leaf(buf_str(&ca_cert), buf_str(&ca_key), &name, 1, 1, &cert, &key, NULL), 0);
    BIO *bio = BIO_new_mem_buf(ca_cert.p, (int)ca_cert.n);
    X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(fx.tls), ca);
    X509_free(ca);
    BIO_free(bio);
    SSL_CTX_set_verify(fx.tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    struct answer a = {0};
    ask(&a, (struct http_request){0}, "/x");
    assert_true(a.err != NULL);
    answer_done(&a);
    http_client_free(fx.client);
    new_client(
        (struct http_client_config){.tls = {.cert_pem = buf_str(&cert), .key_pem = buf_str(&key)}});
    warm_up();
}

static void new_tls_settings_reach_new_calls_only(void **state)
{
    AUTO(buf_done) struct buf other_cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf other_key = BUF_INIT_WIPE(10000);
    assert_int_equal(tls_make_ca("Other CA", &other_cert, &other_key, NULL), 0);
    struct answer old = {0};
    struct answer watch = {0};
    submit(&old, (struct http_request){0}, "/later");
    submit(&watch, (struct http_request){.watch = true}, "/later");
    await(fx.kept.n == 2);
    struct tls_config same = {.ca_pem = buf_str(&ca_cert)};
    http_client_set_tls(fx.client, &same);
    struct tls_config other = {.ca_pem = buf_str(&other_cert)};
    http_client_set_tls(fx.client, &other);
    struct answer new = {0};
    ask(&new, (struct http_request){0}, "/x");
    assert_failed(&new, ERR_TLS, "not trusted"); /* neither connection nor session was reused */
    answer_kept(200);
    await(old.done && watch.done);
    assert_null(old.err);
    assert_null(watch.err);
    http_client_set_tls(fx.client, &same);
    warm_up();
    answer_done(&old);
    answer_done(&watch);
    answer_done(&new);
}

/* ---- proxies ---- */

static struct buf proxy_saw;

static void handle_as_proxy(void *arg, struct http_exchange *x)
{
    buf_addf(&proxy_saw, "%.*s;", STR_ARG(http_x_target(x)));
    http_reply(x, 200, NULL, STR("by proxy"));
}

static void assert_by_proxy(struct http_client_config config, bool by_proxy)
{
    http_client_free(fx.client);
    new_client(config);
    buf_clear(&proxy_saw);
    struct answer a = {0};
    ask(&a, (struct http_request){0}, "/x");
    assert_null(a.err);
    assert_buf(&a.body, by_proxy ? "by proxy" : "ok");
    assert_int_equal(proxy_saw.n > 0, by_proxy);
    answer_done(&a);
}

static void uses_proxies_only_if_told(void **state)
{
    start_server(NULL);
    proxy_saw = BUF_INIT(10000);
    struct http_server_config config = {.address = "127.0.0.1", .handle = handle_as_proxy};
    struct http_server *proxy = http_server_new(fx.loop, &config, NULL);
    AUTO(freep) char *proxy_url = xasprintf("http://127.0.0.1:%u", http_server_port(proxy));
    setenv("HTTP_PROXY", proxy_url, 1);
    setenv("http_proxy", proxy_url, 1);
    assert_by_proxy((struct http_client_config){0}, false);
    assert_by_proxy((struct http_client_config){.env_proxy = true}, true);
    unsetenv("http_proxy");
    assert_by_proxy((struct http_client_config){.env_proxy = true}, true);
    setenv("NO_PROXY", "127.0.0.0/8", 1);
    assert_by_proxy((struct http_client_config){.env_proxy = true}, false);
    assert_by_proxy((struct http_client_config){.proxy = str_c(proxy_url)}, true);
    unsetenv("HTTP_PROXY");
    unsetenv("NO_PROXY");
    assert_by_proxy((struct http_client_config){.env_proxy = true}, false);
    http_server_free(proxy);
    buf_done(&proxy_saw);
}

static void a_bad_proxy_does_not_leak_its_password(void **state)
{
    http_client_free(fx.client);
    new_client((struct http_client_config){.proxy = STR("gopher://user:hunter2@127.0.0.1:1")});
    struct answer a = {0};
    ask(&a, (struct http_request){0}, "/x");
    assert_non_null(a.err);
    assert_null(strstr(a.err->msg, "hunter2"));
    answer_done(&a);
}

static int make_authority(void **state)
{
    http_global_init();
    ca_cert = BUF_INIT(10000);
    ca_key = BUF_INIT_WIPE(10000);
    return tls_make_ca("Test CA", &ca_cert, &ca_key, NULL);
}

static int drop_authority(void **state)
{
    buf_done(&ca_cert);
    buf_done(&ca_key);
    http_global_done();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f)     cmocka_unit_test_setup_teardown(f, setup_tls, teardown)
#define PLAIN(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(gets_an_answer),
        T(sends_methods_headers_and_bodies),
        T(head_has_no_body),
        T(uploads_and_downloads_megabytes),
        T(any_status_is_an_answer),
        T(keeps_headers),
        T(streams_chunks),
        T(unpacks_gzip),
        T(failures_have_a_kind_and_a_text),
        T(nobody_listens),
        T(bad_requests_fail),
        T(unknown_names_are_told_apart),
        T(times_out),
        T(ends_streams_that_fall_silent),
        T(connecting_takes_too_long),
        T(a_cancelled_call_is_silent),
        T(callbacks_can_cancel),
        T(a_receiver_can_stop_the_transfer),
        T(done_can_submit_and_cancel),
        T(the_client_can_be_freed_in_each_callback),
        T(freeing_cancels),
        T(queues_in_order_and_limits_connections),
        T(limits_what_is_in_flight),
        T(watches_have_no_limit),
        T(connections_that_died_while_idle_do_no_harm),
        T(only_what_is_idempotent_is_sent_again),
        T(a_fresh_connection_is_not_tried_again),
        T(verifies_the_server),
        PLAIN(expired_certificates_are_told_apart),
        PLAIN(verifies_another_name_if_told),
        T(trusts_the_system),
        T(shows_a_client_certificate),
        T(new_tls_settings_reach_new_calls_only),
        PLAIN(uses_proxies_only_if_told),
        T(a_bad_proxy_does_not_leak_its_password),
    };
    return cmocka_run_group_tests(tests, make_authority, drop_authority);
}
