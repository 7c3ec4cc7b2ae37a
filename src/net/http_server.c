/* SPDX-License-Identifier: Apache-2.0
 *
 * http_server: the listener and the life of a connection.
 *
 *     HEAD -> BODY -> HANDLED -> ANSWER -> HEAD ...   (keep-alive)
 *                                       -> LINGER     (close)
 *
 * Why LINGER: closing a socket that has unread input makes the kernel send a reset, and a reset may
 * destroy an answer that is still under way ("413" to a client in the middle of its upload). So the
 * sending side is closed first, and what comes is read over for a moment.
 *
 * All callbacks of bufferevents are deferred (BEV_OPT_DEFER_CALLBACKS): otherwise writing to a TLS
 * connection may fail at once and call back into the middle of http_reply. A handler may answer,
 * reset the connection or free the server; so nothing here touches a connection after it has called
 * a handler.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "net/http_server_internal.h"
#include "net/loop_internal.h"

#define MAX_HEAD         ((size_t)32 << 10)
#define READ_AHEAD       ((size_t)64 << 10) /* input that may wait, pipelined requests included */
#define BODY_DEFAULT     ((size_t)1 << 20)
#define CONNS_DEFAULT    512
#define BACKLOG          128
#define IDLE_TIMEOUT     (60 * NS_S)
#define REQUEST_TIMEOUT  (30 * NS_S)
#define WRITE_TIMEOUT    (60 * NS_S)
#define LINGER_TIMEOUT   (2 * NS_S)
#define ACCEPT_RETRY     (500 * NS_MS)
#define EVICT_AFTER      NS_S /* a newcomer gets time to say something */
#define CONTINUE_MESSAGE "HTTP/1.1 100 Continue\r\n\r\n"

/* ---- the list: connections that became idle longest ago stand first ---- */

static void list_remove(struct conn *c)
{
    struct http_server *s = c->server;
    must((s->first == c) == !c->prev && (s->last == c) == !c->next);
    if (s->first == c) {
        s->first = c->next;
    } else {
        c->prev->next = c->next;
    }
    if (s->last == c) {
        s->last = c->prev;
    } else {
        c->next->prev = c->prev;
    }
    s->n--;
}

static void list_append(struct conn *c)
{
    struct http_server *s = c->server;
    c->prev = s->last;
    c->next = NULL;
    if (s->last) {
        s->last->next = c;
    } else {
        s->first = c;
    }
    s->last = c;
    s->n++;
}

static bool is_idle(const struct conn *c)
{
    return c->state == CONN_HEAD && evbuffer_get_length(bufferevent_get_input(c->bev)) == 0;
}

/* The connection idle for longest, if that is at least `least`. */
static struct conn *longest_idle(const struct http_server *s, ns_t least)
{
    for (struct conn *c = s->first; c; c = c->next) {
        if (is_idle(c) && clock_mono() - c->idle_since >= least) {
            return c;
        }
    }
    return NULL;
}

static bool is_full(const struct http_server *s)
{
    return s->n >= s->config.max_connections;
}

void conn_free(struct conn *c)
{
    struct http_server *s = c->server;
    list_remove(c);
    timer_cancel(&c->deadline);
    bufferevent_free(c->bev);
    struct http_exchange *x = c->x;
    bool handled = c->state == CONN_HANDLED;
    free(c);
    if (s->listener && !is_full(s)) {
        evconnlistener_enable(s->listener);
    }
    if (x && handled) {
        x->conn = NULL;
        exchange_lost(x);
    } else if (x) {
        exchange_free(x);
    }
}

/* ---- writing ---- */

static size_t unwritten(const struct conn *c)
{
    return evbuffer_get_length(bufferevent_get_output(c->bev));
}

static void linger(struct conn *c)
{
    SSL *ssl = bufferevent_openssl_get_ssl(c->bev);
    if (ssl) {
        (void)SSL_shutdown(ssl); /* close_notify; nobody waits for the other one */
    }
    (void)shutdown(bufferevent_getfd(c->bev), SHUT_WR);
    c->state = CONN_LINGER;
    timer_set(&c->deadline, LINGER_TIMEOUT);
    struct evbuffer *in = bufferevent_get_input(c->bev);
    evbuffer_drain(in, evbuffer_get_length(in));
}

static void read_request(struct conn *c);

/* The answer has left: what next. */
static void answer_written(struct conn *c)
{
    if (c->cut) {
        conn_free(c);
        return;
    }
    if (!c->keep_alive || !c->server->listener) {
        linger(c);
        return;
    }
    c->state = CONN_HEAD;
    c->idle_since = clock_mono();
    list_remove(c);
    list_append(c);
    timer_set(&c->deadline, IDLE_TIMEOUT);
    read_request(c);
    if (c->read_closed && c->state == CONN_HEAD) {
        conn_free(c); /* that was the last of its requests */
    }
}

void conn_answered(struct conn *c)
{
    c->state = CONN_ANSWER;
    c->undelivered = unwritten(c);
    timer_set(&c->deadline, WRITE_TIMEOUT);
    if (c->undelivered == 0) { /* no write will tell */
        bufferevent_trigger(c->bev, EV_WRITE, BEV_OPT_DEFER_CALLBACKS);
    }
}

/* The output buffer has become empty. */
static void on_written(struct bufferevent *bev UNUSED, void *arg)
{
    struct conn *c = arg;
    struct loop *l = c->server->loop;
    ns_t begun = loop_enter();
    if (c->state == CONN_ANSWER && unwritten(c) == 0) {
        answer_written(c);
    }
    loop_leave(l, begun);
}

/* ---- reading ---- */

static void handle(struct conn *c)
{
    c->state = CONN_HANDLED;
    timer_cancel(&c->deadline);
    c->server->config.handle(c->server->config.arg, c->x);
}

static void refuse(struct conn *c, int status)
{
    c->keep_alive = false;
    conn_refuse(c, status);
}

/* Moves what there is of the body into the exchange. 1: complete; 0: more to come; or a status. */
static int take_body(struct conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    struct http_exchange *x = c->x;
    for (struct evbuffer_iovec piece; evbuffer_peek(in, -1, NULL, &piece, 1) > 0;) {
        struct str bytes = str_n(piece.iov_base, piece.iov_len);
        size_t used = 0;
        int status = 0;
        if (x->request.chunked) {
            status = http1_chunks_feed(&x->chunks, bytes, &x->body, &used);
        } else {
            used = MIN(bytes.n, (size_t)x->request.length - x->body.n);
            buf_add(&x->body, bytes.p, used);
            status = x->body.n == x->request.length;
        }
        evbuffer_drain(in, used);
        if (status != 0) {
            return status;
        }
    }
    return 0;
}

static void read_body(struct conn *c)
{
    int status = take_body(c);
    if (status == 1) {
        handle(c);
    } else if (status != 0) {
        refuse(c, status);
    }
}

static bool is_known_method(struct str method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (str_eq_c(method, known[i])) {
            return true;
        }
    }
    return false;
}

/* The head is there: 0, or the status to refuse it with. */
static int begin_request(struct conn *c)
{
    struct http_exchange *x = c->x;
    int status = http1_parse_request(str_c(x->head), &x->request);
    if (status != 0) {
        return status;
    }
    c->keep_alive = x->request.keep_alive;
    if (!is_known_method(x->request.method)) {
        return 405;
    }
    return x->request.length > c->server->config.max_body ? 413 : 0;
}

static void start_body(struct conn *c)
{
    const struct http1_request *r = &c->x->request;
    if (!r->chunked && r->length == 0) {
        handle(c);
        return;
    }
    c->state = CONN_BODY;
    timer_set(&c->deadline, REQUEST_TIMEOUT);
    if (r->expect_continue && r->minor > 0 &&
        evbuffer_get_length(bufferevent_get_input(c->bev)) == 0) {
        bufferevent_write(c->bev, CONTINUE_MESSAGE, strlen(CONTINUE_MESSAGE));
    }
    read_body(c);
}

/* Empty lines before a request are allowed, RFC 9112 section 2.2. */
static void skip_empty_lines(struct evbuffer *in)
{
    char two[2];
    while (evbuffer_copyout(in, two, 2) == 2 && two[0] == '\r' && two[1] == '\n') {
        evbuffer_drain(in, 2);
    }
}

static void read_request(struct conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    skip_empty_lines(in);
    size_t n = MIN(evbuffer_get_length(in), MAX_HEAD);
    if (n == 0) {
        return;
    }
    struct str bytes = str_n(evbuffer_pullup(in, (ev_ssize_t)n), n);
    size_t length = http1_head_length(bytes, c->searched);
    if (c->searched == 0) {
        timer_set(&c->deadline, REQUEST_TIMEOUT);
    }
    c->searched = length > 0 ? 0 : n;
    if (length == 0 && n < MAX_HEAD) {
        return;
    }
    c->x = exchange_new(c, str_head(bytes, length));
    evbuffer_drain(in, length);
    int status = length > 0 ? begin_request(c) : 431;
    if (status != 0) {
        refuse(c, status);
    } else {
        start_body(c);
    }
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct conn *c = arg;
    struct loop *l = c->server->loop;
    ns_t begun = loop_enter();
    struct evbuffer *in = bufferevent_get_input(bev);
    if (c->state == CONN_HEAD) {
        read_request(c);
    } else if (c->state == CONN_BODY) {
        read_body(c);
    } else if (c->state == CONN_LINGER) {
        evbuffer_drain(in, evbuffer_get_length(in));
    }
    loop_leave(l, begun);
}

/* ---- ends ---- */

/* The client has closed its sending side. With TLS nothing can be written any more either. In plain
 * TCP it may still read (`nc -N`): it gets its answer, but a stream is told that it has gone. */
static void on_eof(struct conn *c)
{
    c->read_closed = true;
    bool can_read = !c->server->config.tls;
    if (c->state == CONN_HANDLED && can_read) {
        exchange_lost(c->x);
    } else if (c->state != CONN_ANSWER || !can_read) {
        conn_free(c);
    }
}

static void on_event(struct bufferevent *bev UNUSED, short what, void *arg)
{
    struct conn *c = arg;
    struct loop *l = c->server->loop;
    ns_t begun = loop_enter();
    if (what & BEV_EVENT_EOF) {
        on_eof(c);
    } else if (what & (BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) {
        conn_free(c);
    }
    loop_leave(l, begun);
}

static void on_deadline(void *arg)
{
    struct conn *c = arg;
    if (c->state == CONN_ANSWER && unwritten(c) < c->undelivered) {
        c->undelivered = unwritten(c);
        timer_set(&c->deadline, WRITE_TIMEOUT);
        return;
    }
    conn_free(c);
}

/* ---- accepting ---- */

static struct bufferevent *new_bufferevent(struct http_server *s, int fd)
{
    int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
    if (!s->config.tls) {
        return bufferevent_socket_new(loop_base(s->loop), fd, options);
    }
    SSL *ssl = SSL_new(s->config.tls);
    must(ssl);
    struct bufferevent *bev = bufferevent_openssl_socket_new(loop_base(s->loop), fd, ssl,
                                                             BUFFEREVENT_SSL_ACCEPTING, options);
    must(bev);
    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

static void accept_conn(struct http_server *s, int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    struct conn *c = xcalloc(1, sizeof(*c));
    c->server = s;
    c->bev = new_bufferevent(s, fd);
    must(c->bev);
    list_append(c);
    c->idle_since = clock_mono();
    timer_init(&c->deadline, s->loop, on_deadline, c);
    timer_set(&c->deadline, IDLE_TIMEOUT);
    bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
    bufferevent_setwatermark(c->bev, EV_READ, 0, READ_AHEAD);
    must(bufferevent_enable(c->bev, EV_READ | EV_WRITE) == 0);
}

/* Leaves room for one more, by closing an idle connection if need be; otherwise newcomers wait in
 * the kernel's queue until one ends or becomes idle. */
static void make_room(struct http_server *s)
{
    struct conn *idle = is_full(s) ? longest_idle(s, EVICT_AFTER) : NULL;
    if (idle) {
        conn_free(idle);
    }
    if (is_full(s)) {
        evconnlistener_disable(s->listener);
        timer_set(&s->retry_accept, ACCEPT_RETRY);
    } else {
        evconnlistener_enable(s->listener);
    }
}

static void on_accept(struct evconnlistener *listener UNUSED, evutil_socket_t fd,
                      struct sockaddr *sa UNUSED, int sa_n UNUSED, void *arg)
{
    struct http_server *s = arg;
    ns_t begun = loop_enter();
    accept_conn(s, fd);
    make_room(s);
    loop_leave(s->loop, begun);
}

/* Usually too many open files. The connection stays in the kernel's queue: trying again at once
 * would be a busy loop. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct http_server *s = arg;
    evconnlistener_disable(listener);
    timer_set(&s->retry_accept, ACCEPT_RETRY);
}

static void retry_accept(void *arg)
{
    make_room(arg);
}

static int open_listener(struct http_server *s, struct err **err)
{
    AUTO(freep) char *port = xasprintf("%u", s->config.port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int rc = getaddrinfo(s->config.address, port, &hints, &found);
    if (rc != 0) {
        return err_set(err, ERR_INVALID, "cannot listen on \"%s\": %s", s->config.address,
                       gai_strerror(rc));
    }
    s->listener =
        evconnlistener_new_bind(loop_base(s->loop), on_accept, s,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
                                BACKLOG, found->ai_addr, (int)found->ai_addrlen);
    freeaddrinfo(found);
    if (!s->listener) {
        return err_errno(err, "cannot listen on %s port %s", s->config.address, port);
    }
    evconnlistener_set_error_cb(s->listener, on_accept_error);
    return 0;
}

/* The port stands in the same place in an IPv4 address. */
static uint16_t bound_port(const struct http_server *s)
{
    struct sockaddr_in6 address = {0};
    socklen_t n = sizeof(address);
    must(getsockname(evconnlistener_get_fd(s->listener), (struct sockaddr *)&address, &n) == 0);
    return ntohs(address.sin6_port);
}

struct http_server *http_server_new(struct loop *l, const struct http_server_config *config,
                                    struct err **err)
{
    struct http_server *s = xcalloc(1, sizeof(*s));
    s->loop = l;
    s->config = *config;
    s->config.max_body = config->max_body ? config->max_body : BODY_DEFAULT;
    s->config.max_connections = config->max_connections ? config->max_connections : CONNS_DEFAULT;
    timer_init(&s->retry_accept, l, retry_accept, s);
    if (open_listener(s, err) != 0) {
        free(s);
        return NULL;
    }
    s->config.address = NULL; /* the caller's; not needed any more */
    s->port = bound_port(s);
    return s;
}

void http_server_stop(struct http_server *s)
{
    if (s->listener) {
        evconnlistener_free(s->listener);
        s->listener = NULL;
    }
    timer_cancel(&s->retry_accept);
    for (struct conn *c = s->first, *next; c; c = next) {
        next = c->next;
        if (is_idle(c)) {
            conn_free(c);
        }
    }
}

void http_server_free(struct http_server *s)
{
    if (!s) {
        return;
    }
    http_server_stop(s);
    for (struct conn *c = s->first, *next; c; c = next) {
        next = c->next; /* NOLINT(*-unix.Malloc): what was freed is not in the list */
        conn_free(c);
    }
    free(s);
}

size_t http_server_connections(const struct http_server *s)
{
    return s->n;
}

uint16_t http_server_port(const struct http_server *s)
{
    return s->port;
}
