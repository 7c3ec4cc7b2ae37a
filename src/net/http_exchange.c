/* SPDX-License-Identifier: Apache-2.0
 *
 * http_exchange: what a handler sees of a request, and what it says in return.
 */
#include <netdb.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "net/http_fields.h"
#include "net/http_server_internal.h"

#define MAX_ANSWER_HEADERS ((size_t)64 << 10)
#define MAX_UNREAD         ((size_t)64 << 20)

/* ---- life ---- */

static char *peer_of(const struct conn *c)
{
    struct sockaddr_storage address;
    socklen_t n = sizeof(address);
    char text[NI_MAXHOST];
    if (getpeername(bufferevent_getfd(c->bev), (struct sockaddr *)&address, &n) != 0 ||
        getnameinfo((struct sockaddr *)&address, n, text, sizeof(text), NULL, 0, NI_NUMERICHOST)) {
        return xstrdup("");
    }
    return xstrdup(text);
}

static char *server_name_of(const struct conn *c)
{
    SSL *ssl = bufferevent_openssl_get_ssl(c->bev);
    const char *name = ssl ? SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) : NULL;
    return xstrdup(name ? name : "");
}

struct http_exchange *exchange_new(struct conn *c, struct str head)
{
    struct http_exchange *x = xcalloc(1, sizeof(*x));
    x->loop = c->server->loop;
    x->conn = c;
    x->head = str_dup(head);
    x->body = BUF_INIT_WIPE(c->server->config.max_body);
    x->peer = peer_of(c);
    x->server_name = server_name_of(c);
    x->headers = BUF_INIT_WIPE(MAX_ANSWER_HEADERS);
    return x;
}

void exchange_free(struct http_exchange *x)
{
    if (x->lost) {
        loop_undefer(x->loop, x);
    }
    wipe_free(x->head);
    buf_done(&x->body);
    buf_done(&x->headers);
    free(x->peer);
    free(x->server_name);
    free(x);
}

static void call_gone(void *arg)
{
    struct http_exchange *x = arg;
    void (*fn)(void *arg, struct http_exchange *x) = TAKE(x->on_gone);
    if (fn) {
        fn(x->on_gone_arg, x);
    }
}

/* Deferred, because this may happen in the middle of a http_reply_chunk. */
void exchange_lost(struct http_exchange *x)
{
    if (x->on_gone && !x->lost) {
        loop_defer(x->loop, call_gone, x);
        x->lost = true;
    }
}

/* The handler is done with it. */
static void finish(struct http_exchange *x)
{
    if (x->conn) {
        x->conn->x = NULL;
        conn_answered(x->conn);
    }
    exchange_free(x);
}

/* ---- the request ---- */

struct str http_x_method(const struct http_exchange *x)
{
    return x->request.method;
}

struct str http_x_target(const struct http_exchange *x)
{
    return x->request.target;
}

struct str http_x_path(const struct http_exchange *x)
{
    ptrdiff_t at = str_find_byte(x->request.target, '?');
    return at < 0 ? x->request.target : str_head(x->request.target, (size_t)at);
}

struct str http_x_query(const struct http_exchange *x)
{
    ptrdiff_t at = str_find_byte(x->request.target, '?');
    return at < 0 ? STR_EMPTY : str_from(x->request.target, (size_t)at + 1);
}

struct str http_x_header(const struct http_exchange *x, const char *name)
{
    return http1_header(&x->request, name);
}

struct str http_x_body(const struct http_exchange *x)
{
    return buf_str(&x->body);
}

struct str http_x_peer(const struct http_exchange *x)
{
    return str_c(x->peer);
}

struct str http_x_server_name(const struct http_exchange *x)
{
    return str_c(x->server_name);
}

void http_x_on_gone(struct http_exchange *x, void (*fn)(void *arg, struct http_exchange *x),
                    void *arg)
{
    x->on_gone = fn;
    x->on_gone_arg = arg;
    if (!x->conn || x->conn->read_closed) {
        exchange_lost(x);
    }
}

/* ---- the answer ---- */

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Status";
}

void http_x_set_header(struct http_exchange *x, const char *name, struct str value)
{
    x->has_length |= str_ieq(str_c(name), STR("content-length"));
    buf_addf(&x->headers, "%s: ", name);
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        buf_add_byte(&x->headers, c < 0x20 || c == 0x7f ? ' ' : (char)c);
    }
    buf_add_c(&x->headers, "\r\n");
}

static bool has_no_body(const struct http_exchange *x, int status)
{
    return str_eq_c(x->request.method, "HEAD") || status == 204 || status == 304;
}

static void send_bytes(struct http_exchange *x, struct str bytes)
{
    must(bufferevent_write(x->conn->bev, bytes.p, bytes.n) == 0);
}

/* Status line and headers; `length` is what the body has, or negative if that is not known. */
static void send_head(struct http_exchange *x, int status, const char *content_type, int64_t length)
{
    char date[HTTP_DATE_SIZE];
    AUTO(buf_done) struct buf head = BUF_INIT_WIPE(MAX_ANSWER_HEADERS + 4096);
    buf_addf(&head, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, reason_of(status),
             http_date_format(clock_real(), date));
    if (content_type) {
        buf_addf(&head, "Content-Type: %s\r\n", content_type);
    }
    if (x->chunked) {
        buf_add_c(&head, "Transfer-Encoding: chunked\r\n");
    } else if (length >= 0 && !x->has_length && status != 204 && status != 304) {
        buf_addf(&head, "Content-Length: %lld\r\n", (long long)length);
    }
    if (!x->conn->keep_alive) {
        buf_add_c(&head, "Connection: close\r\n");
    } else if (x->request.minor == 0) {
        buf_add_c(&head, "Connection: keep-alive\r\n");
    }
    buf_add_str(&head, buf_str(&x->headers));
    buf_add_c(&head, "\r\n");
    must(buf_ok(&x->headers) && buf_ok(&head));
    send_bytes(x, buf_str(&head));
}

void http_reply(struct http_exchange *x, int status, const char *content_type, struct str body)
{
    must(!x->begun);
    if (x->conn) {
        send_head(x, status, content_type, (int64_t)body.n);
        if (!has_no_body(x, status)) {
            send_bytes(x, body);
        }
    }
    finish(x);
}

void http_reply_begin(struct http_exchange *x, int status, const char *content_type)
{
    must(!x->begun);
    x->begun = true;
    if (!x->conn) {
        return;
    }
    x->chunked = !x->has_length && x->request.minor > 0 && status != 204 && status != 304;
    /* Without a length or chunks only the end of the connection ends the body. */
    x->conn->keep_alive &= x->chunked || x->has_length;
    send_head(x, status, content_type, -1);
    if (has_no_body(x, status)) {
        x->chunked = false;
        x->has_no_body = true;
    }
}

void http_reply_chunk(struct http_exchange *x, struct str bytes)
{
    must(x->begun);
    if (!x->conn || x->has_no_body || bytes.n == 0) {
        return;
    }
    if (evbuffer_get_length(bufferevent_get_output(x->conn->bev)) > MAX_UNREAD) {
        conn_free(x->conn);
        return;
    }
    if (!x->chunked) {
        send_bytes(x, bytes);
        return;
    }
    char size[32];
    int n = snprintf(size, sizeof(size), "%zx\r\n", bytes.n);
    send_bytes(x, str_n(size, (size_t)n));
    send_bytes(x, bytes);
    send_bytes(x, STR("\r\n"));
}

void http_reply_end(struct http_exchange *x)
{
    must(x->begun);
    if (x->conn && x->chunked) {
        send_bytes(x, STR("0\r\n\r\n"));
    }
    finish(x);
}

void conn_refuse(struct conn *c, int status)
{
    struct http_exchange *x = c->x;
    AUTO(buf_done) struct buf text = BUF_INIT(100);
    buf_addf(&text, "%d %s\n", status, reason_of(status));
    if (status == 405) {
        http_x_set_header(x, "Allow", STR("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    }
    http_reply(x, status, "text/plain; charset=utf-8", buf_str(&text));
}

/* ---- faults ---- */

void http_x_reset(struct http_exchange *x)
{
    if (x->conn) {
        struct linger now = {.l_onoff = 1};
        (void)setsockopt(bufferevent_getfd(x->conn->bev), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        x->conn->x = NULL;
        conn_free(x->conn);
    }
    exchange_free(x);
}

void http_x_truncate(struct http_exchange *x, int status, const char *content_type, struct str body,
                     size_t bytes)
{
    must(!x->begun);
    if (x->conn) {
        x->conn->cut = true;
        send_head(x, status, content_type, (int64_t)body.n);
        send_bytes(x, str_head(body, bytes));
    }
    finish(x);
}
