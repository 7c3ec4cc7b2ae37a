/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1.h"
#include "test.h"

#define GET  "GET / HTTP/1.1\r\nHost: h\r\n"
#define POST "POST / HTTP/1.1\r\nHost: h\r\n"

static void parses_a_request(void **state)
{
    static const char text[] = "POST //a/%2F?x=1&y HTTP/1.1\r\n"
                               "Host: localhost:8080\r\n"
                               "X-Empty:\r\n"
                               "x-blank: \t a b\t \r\n"
                               "Content-Length: 0012\r\n"
                               "X-Twice: 1\r\nx-twice: 2\r\n"
                               "Expect: 100-Continue\r\n\r\n";
    struct http1_request r;
    assert_int_equal(http1_head_length(str_c(text), 0), strlen(text));
    assert_int_equal(http1_parse_request(str_c(text), &r), 0);
    assert_str(r.method, "POST");
    assert_str(r.target, "//a/%2F?x=1&y");
    assert_int_equal(r.minor, 1);
    assert_int_equal(r.length, 12);
    assert_true(r.keep_alive);
    assert_true(r.expect_continue);
    assert_false(r.chunked);
    assert_str(http1_header(&r, "HOST"), "localhost:8080");
    assert_str(http1_header(&r, "x-empty"), "");
    assert_str(http1_header(&r, "x-blank"), "a b");
    assert_str(http1_header(&r, "x-twice"), "1");
    assert_str(http1_header(&r, "x-none"), "");
}

static void decides_about_the_connection(void **state)
{
    static const struct {
        const char *text;
        bool keep_alive;
    } rows[] = {
        {GET "\r\n", true},
        {GET "Connection: close\r\n\r\n", false},
        {GET "Connection: Upgrade , CLOSE\r\n\r\n", false},
        {GET "Connection: close, keep-alive\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http1_request r;
        assert_int_equal(http1_parse_request(str_c(rows[i].text), &r), 0);
        assert_int_equal(r.keep_alive, rows[i].keep_alive);
    }
}

static void refuses(void **state)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"", 400},
        {"GET\r\n\r\n", 400},
        {"GET /\r\n\r\n", 400},
        {"GET  HTTP/1.1\r\n\r\n", 400},
        {"GET /a b HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1 \r\n\r\n", 400},
        {"G(T / HTTP/1.1\r\n\r\n", 400},
        {"GET /\x80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET / http/1.1\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\n\r\n", 505},
        {"GET / HTTP/1.2\r\n\r\n", 505},
        {"GET / HTTP/1.1\r\n\r\n", 400}, /* no Host */
        {GET "Host: again\r\n\r\n", 400},
        {GET "X: 1\nY: 2\r\n\r\n", 400}, /* bare LF */
        {GET "X: 1\rY: 2\r\n\r\n", 400}, /* bare CR */
        {GET "X: 1\r\n folded\r\n\r\n", 400},
        {GET "X : 1\r\n\r\n", 400},
        {GET ": 1\r\n\r\n", 400},
        {GET "no colon\r\n\r\n", 400},
        {GET "X: \x01\r\n\r\n", 400},
        {GET "\r\n\r\n", 400}, /* more than one head */
        {GET "X: 1\r\n", 400}, /* less than one */
        {POST "Content-Length: -1\r\n\r\n", 400},
        {POST "Content-Length: +1\r\n\r\n", 400},
        {POST "Content-Length: 1, 1\r\n\r\n", 400},
        {POST "Content-Length: \r\n\r\n", 400},
        {POST "Content-Length: 99999999999999999999\r\n\r\n", 400},
        {POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
        {POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {POST "Expect: the unexpected\r\n\r\n", 417},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http1_request r;
        int status = http1_parse_request(str_c(rows[i].text), &r);
        if (status != rows[i].status) {
            fail_msg("%s: got %d, expected %d", rows[i].text, status, rows[i].status);
        }
    }
}

static void counts_headers(void **state)
{
    AUTO(buf_done) struct buf b = BUF_INIT(10000);
    buf_add_c(&b, GET);
    for (int i = 1; i < HTTP1_MAX_HEADERS; i++) {
        buf_add_c(&b, "X: 1\r\n");
    }
    struct http1_request r;
    size_t fits = b.n;
    buf_add_c(&b, "\r\n");
    assert_int_equal(http1_parse_request(buf_str(&b), &r), 0);
    assert_int_equal(r.n_headers, HTTP1_MAX_HEADERS);
    buf_truncate(&b, fits);
    buf_add_c(&b, "X: 1\r\n\r\n");
    assert_int_equal(http1_parse_request(buf_str(&b), &r), 431);
}

/* The end is found wherever the bytes were cut when they came. */
static void finds_the_end_of_a_head_in_pieces(void **state)
{
    static const char text[] = GET "\r\nrest";
    size_t length = strlen(GET "\r\n");
    for (size_t cut = 0; cut < strlen(text); cut++) {
        size_t first = http1_head_length(str_n(text, cut), 0);
        assert_int_equal(first, cut < length ? 0 : length);
        if (first == 0) {
            assert_int_equal(http1_head_length(str_c(text), cut), length);
        }
    }
}

/* ---- chunks ---- */

/* Feeds the text in pieces of n bytes; returns what the last feed said. */
static int feed(const char *text, size_t n, struct buf *out, size_t *taken)
{
    struct http1_chunks c = {0};
    struct str rest = str_c(text);
    int status = 0;
    *taken = 0;
    while (rest.n > 0 && status == 0) {
        size_t used;
        status = http1_chunks_feed(&c, str_head(rest, n), out, &used);
        rest = str_from(rest, used);
        *taken += used;
    }
    return status;
}

static void decodes_chunks_however_they_are_cut(void **state)
{
    static const char text[] = "5\r\nhello\r\n"
                               "00A ; ext=\"1\"\r\n, \r\nworld \r\n"
                               "1\r\n!\r\n"
                               "0\r\nTrailer: 1\r\n\r\n";
    for (size_t n = 1; n < sizeof(text); n++) {
        AUTO(buf_done) struct buf out = BUF_INIT(100);
        size_t taken;
        assert_int_equal(feed(text, n, &out, &taken), 1);
        assert_buf(&out, "hello, \r\nworld !");
        assert_int_equal(taken, strlen(text));
    }
}

static void leaves_what_follows_the_last_chunk(void **state)
{
    AUTO(buf_done) struct buf out = BUF_INIT(100);
    size_t taken;
    assert_int_equal(feed("1\r\nx\r\n0\r\n\r\nGET /", 100, &out, &taken), 1);
    assert_int_equal(taken, strlen("1\r\nx\r\n0\r\n\r\n"));
}

static void refuses_bad_chunks(void **state)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"\r\n", 400},
        {"g\r\n", 400},
        {"-1\r\n", 400},
        {"0x1\r\n", 400},
        {"1\nx", 400},
        {"1\r\r", 400},
        {"1\r\nxy", 400},
        {"1\r\nx\n", 400},
        {"1\r\nx\r\r", 400},
        {"1;a\nb\r\n", 400},
        {"0\r\nT\n", 400},
        {"0\r\n\rx", 400},
        {"fffffffffffff\r\n", 400},
        {"b\r\nhello world\r\n", 413},
        {"5\r\nhel", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT(10);
        size_t taken;
        int status = feed(rows[i].text, 1, &out, &taken);
        if (status != rows[i].status) {
            fail_msg("%s: got %d, expected %d", rows[i].text, status, rows[i].status);
        }
    }
}

static void limits_what_is_around_chunks(void **state)
{
    static const char *const starts[] = {"1;", "0\r\n"};
    for (size_t i = 0; i < COUNT_OF(starts); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT(20000);
        AUTO(buf_done) struct buf out = BUF_INIT(10);
        buf_add_c(&text, starts[i]);
        buf_add_repeat(&text, 'x', 10000);
        size_t taken;
        assert_int_equal(feed(text.p, 1000, &out, &taken), 400);
        assert_true(taken < 9000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_a_request),
        cmocka_unit_test(decides_about_the_connection),
        cmocka_unit_test(refuses),
        cmocka_unit_test(counts_headers),
        cmocka_unit_test(finds_the_end_of_a_head_in_pieces),
        cmocka_unit_test(decodes_chunks_however_they_are_cut),
        cmocka_unit_test(leaves_what_follows_the_last_chunk),
        cmocka_unit_test(refuses_bad_chunks),
        cmocka_unit_test(limits_what_is_around_chunks),
    };
    return RUN(tests);
}
