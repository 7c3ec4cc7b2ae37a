/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "net/http_server.h"
#include "net/tls.h"
#include "raw_client.h"

#define HOST "Host: h\r\n"

/* The handler records each request as "METHOD TARGET BODY;" and does what the path asks for. */
static struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct buf seen;
    struct http_exchange *kept; /* by /later and /stream */
    int gone;
} fx;

static void note_gone(void *arg, struct http_exchange *x)
{
    assert_ptr_equal(x, fx.kept);
    fx.gone++;
}

static void answer_big(struct http_exchange *x)
{
    struct buf big = BUF_INIT(16 << 20);
    buf_add_repeat(&big, 'b', 8 << 20);
    http_reply(x, 200, "text/plain", buf_str(&big));
    buf_done(&big);
}

static void answer_about(struct http_exchange *x)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    buf_addf(&b, "%.*s|%.*s|%.*s|%.*s|%.*s", STR_ARG(http_x_path(x)), STR_ARG(http_x_query(x)),
             STR_ARG(http_x_header(x, "x-test")), STR_ARG(http_x_peer(x)),
             STR_ARG(http_x_server_name(x)));
    http_x_set_header(x, "X-Answer", STR("one\r\nEvil: 1"));
    http_reply(x, 201, "text/plain", buf_str(&b));
}

static void handle(void *arg, struct http_exchange *x)
{
    assert_ptr_equal(arg, &fx);
    buf_addf(&fx.seen, "%.*s %.*s %.*s;", STR_ARG(http_x_method(x)), STR_ARG(http_x_target(x)),
             STR_ARG(http_x_body(x)));
    struct str path = http_x_path(x);
    if (str_eq_c(path, "/later")) {
        fx.kept = x;
        http_x_on_gone(x, note_gone, NULL);
    } else if (str_eq_c(path, "/stream")) {
        fx.kept = x;
        http_x_on_gone(x, note_gone, NULL);
        http_reply_begin(x, 200, "text/plain");
    } else if (str_eq_c(path, "/length")) {
        http_x_set_header(x, "Content-Length", STR("4"));
        http_reply_begin(x, 200, NULL);
        http_reply_chunk(x, STR("ab"));
        http_reply_chunk(x, STR("cd"));
        http_reply_end(x);
    } else if (str_eq_c(path, "/big")) {
        answer_big(x);
    } else if (str_eq_c(path, "/reset")) {
        http_x_reset(x);
    } else if (str_eq_c(path, "/cut")) {
        http_x_truncate(x, 200, "text/plain", STR("whole body"), 5);
    } else if (str_eq_c(path, "/empty")) {
        http_reply(x, 204, NULL, STR_EMPTY);
    } else if (str_eq_c(path, "/about")) {
        answer_about(x);
    } else if (str_eq_c(path, "/free")) {
        http_server_free(TAKE(fx.server));
        http_reply(x, 200, NULL, STR_EMPTY);
    } else {
        http_reply(x, 200, "text/plain", STR("ok"));
    }
}

static void start(struct http_server_config config)
{
    AUTO(err_freep) struct err *err = NULL;
    config.address = "127.0.0.1";
    config.handle = handle;
    config.arg = &fx;
    fx.server = http_server_new(fx.loop, &config, &err);
    assert_ok(fx.server ? 0 : -1, err);
}

static int setup(void **state)
{
    fx = (struct fixture){.seen = BUF_INIT(100000)};
    clock_fake_start(NS_H, 784111777 * NS_S);
    fx.loop = loop_new();
    return 0;
}

static int teardown(void **state)
{
    http_server_free(fx.server);
    loop_free(fx.loop);
    buf_done(&fx.seen);
    clock_fake_stop();
    return 0;
}

static struct raw client(void)
{
    struct raw r;
    raw_connect(&r, fx.loop, http_server_port(fx.server));
    return r;
}

/* One connection, one request, the whole answer. */
static void ask(const char *request, const char *answer)
{
    struct raw r = client();
    const char *got = raw_talk(&r, request, NULL);
    if (!strstr(got, answer)) {
        fail_msg("%s\ngot %s\nexpected %s", request, got, answer);
    }
    raw_close(&r);
}

static void answers(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    assert_string_equal(raw_talk(&r, "GET /x HTTP/1.1\r\n" HOST "\r\n", "ok"),
                        "HTTP/1.1 200 OK\r\n"
                        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                        "Content-Type: text/plain\r\n"
                        "Content-Length: 2\r\n\r\nok");
    assert_buf(&fx.seen, "GET /x ;");
    raw_close(&r);
}

static void shows_the_request_as_it_came(void **state)
{
    start((struct http_server_config){0});
    ask("GET /about?a=%20&b HTTP/1.1\r\n" HOST "X-Test: v\r\nConnection: close\r\n\r\n",
        "\r\nX-Answer: one  Evil: 1\r\n\r\n/about|a=%20&b|v|127.0.0.1|");
    ask("GET //a/../%2f%41//?? HTTP/1.0\r\n\r\n", "ok");
    ask("GET http://h:x//y HTTP/1.0\r\n\r\n", "ok");
    assert_non_null(strstr(fx.seen.p, "GET //a/../%2f%41//?? ;GET http://h:x//y ;"));
}

static void takes_bodies_with_any_method(void **state)
{
    start((struct http_server_config){0});
    ask("DELETE /a HTTP/1.1\r\n" HOST "Connection: close\r\nContent-Length: 3\r\n\r\nabc", "ok");
    ask("GET /b HTTP/1.1\r\n" HOST "Connection: close\r\nContent-Length: 1\r\n\r\nd", "ok");
    ask("PATCH /c HTTP/1.1\r\n" HOST "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1\r\ne\r\n2\r\nfg\r\n0\r\n\r\n",
        "ok");
    assert_buf(&fx.seen, "DELETE /a abc;GET /b d;PATCH /c efg;");
}

static void refuses(void **state)
{
    static const struct {
        const char *request;
        const char *answer;
    } rows[] = {
        {"GET /\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
        {"TRACE / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 405 Method Not Allowed\r\n"},
        {"get / HTTP/1.1\r\n" HOST "\r\n", "Connection: close\r\nAllow: GET, HEAD, POST, PUT, "},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\n", "HTTP/1.1 413 Content Too"},
        {"POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n",
         "HTTP/1.1 413 Content Too"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n",
         "HTTP/1.1 413 Content Too"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n", "HTTP/1.1 400 "},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 "},
        {"POST / HTTP/1.1\r\n" HOST "Expect: x\r\n\r\n", "HTTP/1.1 417 "},
        {"GET / HTTP/3.0\r\n" HOST "\r\n", "HTTP/1.1 505 "},
    };
    start((struct http_server_config){.max_body = 10});
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ask(rows[i].request, rows[i].answer);
    }
    assert_buf(&fx.seen, "");
}

static void limits_the_head(void **state)
{
    start((struct http_server_config){0});
    AUTO(buf_done) struct buf b = BUF_INIT(100000);
    buf_add_c(&b, "GET / HTTP/1.1\r\n" HOST "X: ");
    buf_add_repeat(&b, 'x', 32 << 10);
    buf_add_c(&b, "\r\n\r\n");
    ask(b.p, "HTTP/1.1 431 ");
    assert_buf(&fx.seen, "");
}

/* A client that is still sending its body must get to see why it was refused. */
static void a_refusal_reaches_a_client_in_the_middle_of_its_body(void **state)
{
    start((struct http_server_config){.max_body = 10});
    struct raw r = client();
    raw_send(&r, STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n"));
    AUTO(buf_done) struct buf b = BUF_INIT(2000000);
    buf_add_repeat(&b, 'x', 1000000);
    raw_send(&r, buf_str(&b));
    raw_read_until(&r, "413 Content Too Large\n");
    assert_false(r.reset);
    raw_close(&r);
    loop_advance(fx.loop, 0);
    assert_int_equal(http_server_connections(fx.server), 0);
}

static void says_continue(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    raw_talk(&r, "PUT / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
             "HTTP/1.1 100 Continue\r\n\r\n");
    assert_buf(&fx.seen, "");
    raw_talk(&r, "hi", "\r\n\r\nok");
    assert_buf(&fx.seen, "PUT / hi;");
    raw_close(&r);
}

static void head_has_a_length_and_no_body(void **state)
{
    start((struct http_server_config){0});
    static const struct {
        const char *path;
        const char *part;
    } rows[] = {
        {"/x", "Content-Length: 2\r\nConnection: close\r\n\r\n"},
        {"/stream", "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"},
        {"/length", "Connection: close\r\nContent-Length: 4\r\n\r\n"},
        {"/empty", "HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                   "Connection: close\r\n\r\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct raw r = client();
        AUTO(freep) char *request =
            xasprintf("HEAD %s HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", rows[i].path);
        raw_talk(&r, request, "\r\n\r\n");
        if (fx.kept) {
            http_reply_chunk(fx.kept, STR("not for HEAD"));
            http_reply_end(TAKE(fx.kept));
        }
        raw_read_until(&r, NULL);
        assert_true(str_ends(buf_str(&r.in), str_c(rows[i].part)));
        raw_close(&r);
    }
}

static void handles_pipelined_requests_one_after_another(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    raw_send(&r, STR("GET /later HTTP/1.1\r\n" HOST "\r\n"
                     "\r\n" /* an empty line before a request is allowed */
                     "POST /2 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi"
                     "GET /empty HTTP/1.1\r\n" HOST "\r\n"
                     "GET /length HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"
                     "GET /never HTTP/1.1\r\n" HOST "\r\n"));
    loop_advance(fx.loop, NS_H);
    assert_buf(&fx.seen, "GET /later ;");
    http_reply(fx.kept, 200, NULL, STR("first"));
    raw_read_until(&r, NULL);
    assert_buf(&fx.seen, "GET /later ;POST /2 hi;GET /empty ;GET /length ;");
    assert_true(str_ends(buf_str(&r.in), STR("\r\n\r\nabcd")));
    raw_close(&r);
}

static void answers_who_has_closed_the_sending_side(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    raw_send(&r, STR("GET /later HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n"
                     "Connection: keep-alive\r\n\r\n"));
    assert_int_equal(shutdown(r.fd, SHUT_WR), 0);
    loop_advance(fx.loop, 0);
    assert_int_equal(fx.gone, 1);
    http_reply(fx.kept, 200, NULL, STR("later"));
    raw_read_until(&r, NULL);
    assert_non_null(strstr(r.in.p, "later"));
    assert_true(str_ends(buf_str(&r.in), STR("ok")));
    raw_close(&r);
}

static void streams_in_chunks(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    raw_talk(&r, "GET /stream HTTP/1.1\r\n" HOST "\r\n", "chunked\r\n\r\n");
    http_reply_chunk(fx.kept, STR("hello"));
    http_reply_chunk(fx.kept, STR_EMPTY);
    raw_talk(&r, "", "5\r\nhello\r\n");
    http_reply_chunk(fx.kept, STR("0123456789abcdef"));
    http_reply_end(fx.kept);
    raw_talk(&r, "", "10\r\n0123456789abcdef\r\n0\r\n\r\n");
    raw_talk(&r, "GET /length HTTP/1.1\r\n" HOST "\r\n", "abcd"); /* still usable */
    raw_talk(&r, "GET /x HTTP/1.1\r\n" HOST "\r\n", "ok");
    assert_int_equal(fx.gone, 0);
    raw_close(&r);
}

static void streams_to_old_clients_until_the_end(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    raw_talk(&r, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "close\r\n\r\n");
    http_reply_chunk(fx.kept, STR("hello"));
    http_reply_end(fx.kept);
    raw_talk(&r, "", NULL);
    assert_buf(&r.in, "hello");
    raw_close(&r);
}

static void big_answers_reach_slow_readers(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    raw_send(&r, STR("GET /big HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
    while (!r.eof) {
        raw_read_some(&r, 300000);
        loop_advance(fx.loop, 10 * NS_S); /* each wait is short, their sum is not */
    }
    assert_true(r.in.n > 8 << 20);
    raw_close(&r);
}

static void gives_up_readers_who_take_nothing(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    raw_send(&r, STR("GET /big HTTP/1.1\r\n" HOST "\r\n"));
    loop_advance(fx.loop, 50 * NS_S);
    assert_int_equal(http_server_connections(fx.server), 1);
    loop_advance(fx.loop, 80 * NS_S);
    assert_int_equal(http_server_connections(fx.server), 0);
    raw_close(&r);
}

static void cuts_off_a_stream_that_nobody_reads(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    raw_talk(&r, "GET /stream HTTP/1.1\r\n" HOST "\r\n", "chunked\r\n\r\n");
    struct buf b = BUF_INIT(2 << 20);
    buf_add_repeat(&b, 's', 1 << 20);
    for (int i = 0; i < 100; i++) {
        http_reply_chunk(fx.kept, buf_str(&b));
    }
    assert_int_equal(fx.gone, 0); /* not in the middle of our loop */
    loop_advance(fx.loop, 0);
    assert_int_equal(fx.gone, 1);
    assert_int_equal(http_server_connections(fx.server), 0);
    http_reply_end(fx.kept);
    buf_done(&b);
    raw_close(&r);
}

static void an_exchange_outlives_its_client(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    raw_send(&r, STR("POST /later HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi"));
    loop_advance(fx.loop, 0);
    http_x_reset(fx.kept);
    raw_read_until(&r, NULL);
    assert_true(r.reset);
    raw_close(&r);

    for (int i = 0; i < 2; i++) {
        r = client();
        raw_send(&r, i ? STR("POST /later?q HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi")
                       : STR("GET /stream?q HTTP/1.1\r\n" HOST "\r\n"));
        loop_advance(fx.loop, 0);
        struct linger now = {.l_onoff = 1};
        assert_int_equal(setsockopt(r.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
        raw_close(&r);
        fx.gone = 0;
        loop_advance(fx.loop, 0);
        assert_int_equal(fx.gone, 1);
        assert_int_equal(http_server_connections(fx.server), 0);
        assert_str(http_x_query(fx.kept), "q");
        assert_str(http_x_body(fx.kept), i ? "hi" : "");
        if (i) {
            http_reply(fx.kept, 200, NULL, STR("to nobody"));
        } else {
            http_reply_chunk(fx.kept, STR("to nobody"));
            http_reply_end(fx.kept);
        }
    }
}

static void resets(void **state)
{
    start((struct http_server_config){0});
    struct raw r = client();
    raw_talk(&r, "GET /reset HTTP/1.1\r\n" HOST "\r\n", NULL);
    assert_true(r.reset);
    assert_buf(&r.in, "");
    raw_close(&r);
}

static void truncates(void **state)
{
    start((struct http_server_config){0});
    ask("GET /cut HTTP/1.1\r\n" HOST "\r\n", "Content-Length: 10\r\n\r\nwhole");
}

static void ends_connections_that_say_nothing(void **state)
{
    start((struct http_server_config){0});
    struct raw idle = client();
    struct raw slow = client();
    raw_talk(&idle, "GET /x HTTP/1.1\r\n" HOST "\r\n", "ok");
    raw_send(&slow, STR("GET /x HT"));
    loop_advance(fx.loop, 29 * NS_S);
    assert_int_equal(http_server_connections(fx.server), 2);
    raw_send(&slow, STR("TP")); /* a drop now and then gives no more time */
    loop_advance(fx.loop, 2 * NS_S);
    assert_int_equal(http_server_connections(fx.server), 1);
    loop_advance(fx.loop, 30 * NS_S);
    assert_int_equal(http_server_connections(fx.server), 0);
    raw_close(&idle);
    raw_close(&slow);
}

static void limits_connections(void **state)
{
    start((struct http_server_config){.max_connections = 2});
    struct raw a = client();
    struct raw b = client();
    struct raw c = client();
    raw_talk(&a, "GET /a HTTP/1.1\r\n" HOST "\r\n", "ok");
    raw_send(&b, STR("GET /later HTTP/1.1\r\n" HOST "\r\n"));
    raw_send(&c, STR("GET /c HTTP/1.1\r\n" HOST "\r\n"));
    loop_advance(fx.loop, 0);
    assert_buf(&fx.seen, "GET /a ;GET /later ;");
    assert_int_equal(http_server_connections(fx.server), 2);
    /* a has been idle for long enough to go; c has waited in the kernel's queue. */
    loop_advance(fx.loop, 2 * NS_S);
    assert_buf(&fx.seen, "GET /a ;GET /later ;GET /c ;");
    raw_read_until(&a, NULL);
    raw_read_until(&c, "ok");
    http_reply(fx.kept, 200, NULL, STR_EMPTY);
    raw_close(&a);
    raw_close(&b);
    raw_close(&c);
}

static void stops_gracefully(void **state)
{
    start((struct http_server_config){0});
    struct raw idle = client();
    struct raw busy = client();
    raw_talk(&idle, "GET /x HTTP/1.1\r\n" HOST "\r\n", "ok");
    raw_send(&busy, STR("GET /later HTTP/1.1\r\n" HOST "\r\n"));
    loop_advance(fx.loop, 0);
    uint16_t port = http_server_port(fx.server);
    http_server_stop(fx.server);
    assert_int_equal(http_server_connections(fx.server), 1);
    raw_read_until(&idle, NULL);
    http_reply(fx.kept, 200, NULL, STR("done"));
    raw_read_until(&busy, NULL);
    assert_non_null(strstr(busy.in.p, "done"));
    raw_close(&idle);
    raw_close(&busy);
    loop_advance(fx.loop, 0);
    assert_int_equal(http_server_connections(fx.server), 0);
    http_server_free(fx.server);
    /* The port is free again at once. */
    start((struct http_server_config){.port = port});
    assert_int_equal(http_server_port(fx.server), port);
}

static void can_be_freed_with_exchanges_open(void **state)
{
    start((struct http_server_config){0});
    struct raw a = client();
    struct raw b = client();
    raw_send(&a, STR("GET /later?1 HTTP/1.1\r\n" HOST "\r\n"));
    loop_advance(fx.loop, 0);
    raw_send(&b, STR("GET /free HTTP/1.1\r\n" HOST "\r\n"));
    raw_read_until(&b, NULL);
    assert_null(fx.server);
    assert_str(http_x_target(fx.kept), "/later?1");
    loop_advance(fx.loop, 0);
    assert_int_equal(fx.gone, 1);
    http_reply(fx.kept, 200, NULL, STR_EMPTY);
    raw_close(&a);
    raw_close(&b);
}

static void says_why_it_cannot_listen(void **state)
{
    start((struct http_server_config){0});
    AUTO(err_freep) struct err *err = NULL;
    struct http_server_config config = {
        .address = "127.0.0.1", .port = http_server_port(fx.server), .handle = handle};
    assert_null(http_server_new(fx.loop, &config, &err));
    assert_err(-1, err, ERR_IO, "cannot listen on 127.0.0.1 port ");
    config.address = "localhost";
    assert_null(http_server_new(fx.loop, &config, &err));
    assert_err(-1, err, ERR_INVALID, "cannot listen on \"localhost\"");
}

static void listens_on_ipv6_too(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct http_server_config config = {.address = "::", .handle = handle, .arg = &fx};
    fx.server = http_server_new(fx.loop, &config, &err);
    if (!fx.server) {
        skip(); /* a machine without IPv6 */
    }
    ask("GET /x HTTP/1.0\r\n\r\n", "ok"); /* by IPv4 */
}

/* ---- TLS ---- */

struct authority {
    struct buf cert;
    struct buf key;
};

static void make_ca(struct authority *ca)
{
    AUTO(err_freep) struct err *err = NULL;
    *ca = (struct authority){.cert = BUF_INIT(10000), .key = BUF_INIT_WIPE(10000)};
    assert_ok(tls_make_ca("Test CA", &ca->cert, &ca->key, &err), err);
}

static struct ssl_ctx_st *make_context(const struct authority *ca, const char *name)
{
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(10000);
    assert_ok(tls_make_leaf(buf_str(&ca->cert), buf_str(&ca->key), &name, 1, 1, &cert, &key, &err),
              err);
    struct ssl_ctx_st *ctx = tls_server_context(buf_str(&cert), buf_str(&key), &err);
    assert_ok(ctx ? 0 : -1, err);
    return ctx;
}

static void speaks_tls(void **state)
{
    struct authority ca;
    make_ca(&ca);
    struct ssl_ctx_st *ctx = make_context(&ca, "a.test");
    start((struct http_server_config){.tls = ctx});
    struct raw r = client();
    assert_true(raw_tls(&r, "a.test"));
    const unsigned char *protocol;
    unsigned n;
    SSL_get0_alpn_selected(r.ssl, &protocol, &n);
    assert_str(str_n(protocol, n), "http/1.1");
    raw_talk(&r, "GET /about HTTP/1.1\r\n" HOST "\r\n", "/about|||127.0.0.1|a.test");
    raw_talk(&r, "GET /big HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", NULL);
    assert_true(r.in.n > 8 << 20);
    assert_true(r.eof); /* with a close_notify */
    raw_close(&r);

    r = client();
    assert_true(raw_tls(&r, "a.test"));
    raw_talk(&r, "GET /cut HTTP/1.1\r\n" HOST "\r\n", "whole");
    raw_close(&r);

    r = client();
    assert_true(raw_tls(&r, "a.test"));
    raw_send(&r, STR("GET /later HTTP/1.1\r\n" HOST "\r\n"));
    loop_advance(fx.loop, 0);
    raw_close(&r); /* dirty: no close_notify */
    loop_advance(fx.loop, 0);
    assert_int_equal(fx.gone, 1);
    http_reply(fx.kept, 200, NULL, STR("to nobody"));

    r = client(); /* a client that speaks no TLS */
    raw_talk(&r, "GET / HTTP/1.1\r\n" HOST "\r\n", NULL);
    raw_close(&r);
    tls_context_free(ctx);
    buf_done(&ca.cert);
    buf_done(&ca.key);
}

static struct ssl_ctx_st *pick_b(void *arg, struct str name)
{
    return str_eq_c(name, "b.test") ? arg : NULL;
}

static void assert_certificate_for(struct ssl_ctx_st *ctx, const char *ask_for, const char *name)
{
    struct raw r = client();
    assert_true(raw_tls(&r, ask_for));
    X509 *cert = SSL_get1_peer_certificate(r.ssl);
    assert_int_equal(X509_check_host(cert, name, 0, 0, NULL), 1);
    X509_free(cert);
    raw_close(&r);
}

static void picks_a_certificate_by_name(void **state)
{
    struct authority ca;
    make_ca(&ca);
    struct ssl_ctx_st *a = make_context(&ca, "a.test");
    struct ssl_ctx_st *b = make_context(&ca, "b.test");
    tls_server_set_sni(a, pick_b, NULL);
    tls_server_set_sni(a, pick_b, b);
    start((struct http_server_config){.tls = a});
    assert_certificate_for(a, "a.test", "a.test");
    assert_certificate_for(a, "b.test", "b.test");
    assert_certificate_for(a, "c.test", "a.test");
    tls_context_free(a);
    tls_context_free(b);
    buf_done(&ca.cert);
    buf_done(&ca.key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(answers),
        T(shows_the_request_as_it_came),
        T(takes_bodies_with_any_method),
        T(refuses),
        T(limits_the_head),
        T(a_refusal_reaches_a_client_in_the_middle_of_its_body),
        T(says_continue),
        T(head_has_a_length_and_no_body),
        T(handles_pipelined_requests_one_after_another),
        T(answers_who_has_closed_the_sending_side),
        T(streams_in_chunks),
        T(streams_to_old_clients_until_the_end),
        T(big_answers_reach_slow_readers),
        T(gives_up_readers_who_take_nothing),
        T(cuts_off_a_stream_that_nobody_reads),
        T(an_exchange_outlives_its_client),
        T(resets),
        T(truncates),
        T(ends_connections_that_say_nothing),
        T(limits_connections),
        T(stops_gracefully),
        T(can_be_freed_with_exchanges_open),
        T(says_why_it_cannot_listen),
        T(listens_on_ipv6_too),
        T(speaks_tls),
        T(picks_a_certificate_by_name),
    };
    return RUN(tests);
}
