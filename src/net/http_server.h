/* SPDX-License-Identifier: Apache-2.0
 *
 * http_server: HTTP/1.1 over TCP or TLS, on the loop: metrics, probes, status page, emulator. Built
 * on libevent's listeners, buffers and OpenSSL bufferevents; nothing else in Pawl includes their
 * headers. docs/internals/http.md says why the protocol on top of them is our own.
 *
 * A handler gets a request and must answer it exactly once, now or later. Until it has, the
 * exchange and all views of the request stay valid, whatever becomes of the connection or the
 * server. Requests of one connection are handled one after another. Requests are given as they
 * came: the path is neither decoded nor normalised. Loop thread only.
 *
 * The server itself refuses: malformed requests (400), methods other than GET HEAD POST PUT PATCH
 * DELETE OPTIONS (405), bodies beyond max_body (413), heads beyond 32 KiB or 100 headers (431).
 * Idle connections end after 60 s, those in the middle of a request after 30 s, readers who take
 * nothing after 60 s.
 */
#ifndef PAWL_NET_HTTP_SERVER_H
#define PAWL_NET_HTTP_SERVER_H

#include "base/buf.h"
#include "base/err.h"
#include "net/loop.h"

struct http_server;
struct http_exchange; /* one request and its answer */
struct ssl_ctx_st;

struct http_server_config {
    const char *address;    /* "0.0.0.0", "127.0.0.1", "::" */
    uint16_t port;          /* 0: any free one, see http_server_port */
    struct ssl_ctx_st *tls; /* NULL: plain TCP; not owned, must outlive the server */
    size_t max_body;        /* 0: 1 MiB; beyond it 413 */
    size_t max_connections; /* 0: 512; then the longest idle one goes, or newcomers wait */
    void (*handle)(void *arg, struct http_exchange *x);
    void *arg;
};

struct http_server *http_server_new(struct loop *l, const struct http_server_config *config,
                                    struct err **err) MUST_USE;
/* Closes everything at once. Exchanges not yet answered can still be (to nobody). NULL is fine. */
void http_server_free(struct http_server *s);
/* Graceful end: no new connections, idle ones are closed, the others after their answer. Done when
 * http_server_connections says 0. */
void http_server_stop(struct http_server *s);
size_t http_server_connections(const struct http_server *s);
uint16_t http_server_port(const struct http_server *s);

struct str http_x_method(const struct http_exchange *x);
struct str http_x_target(const struct http_exchange *x); /* path and query as sent */
struct str http_x_path(const struct http_exchange *x);   /* before the '?' */
struct str http_x_query(const struct http_exchange *x);  /* behind it */
struct str http_x_header(const struct http_exchange *x, const char *name);
struct str http_x_body(const struct http_exchange *x);
struct str http_x_peer(const struct http_exchange *x);        /* address of the client */
struct str http_x_server_name(const struct http_exchange *x); /* SNI; empty without TLS */

/* The client went away before the answer was complete: fn is called once, so that a long-lived
 * stream can be given up. The exchange still has to be answered or ended. */
void http_x_on_gone(struct http_exchange *x, void (*fn)(void *arg, struct http_exchange *x),
                    void *arg);

/* Adds a header to the answer. A control character in the value becomes a space. */
void http_x_set_header(struct http_exchange *x, const char *name, struct str value);
/* Answers; the body is copied. HEAD sends no body. The exchange is gone afterwards. */
void http_reply(struct http_exchange *x, int status, const char *content_type, struct str body);
/* An answer in pieces: begin, any number of chunks, end. In chunked coding unless a Content-Length
 * was set. A client that reads too slowly is cut off when 64 MiB wait for it. */
void http_reply_begin(struct http_exchange *x, int status, const char *content_type);
void http_reply_chunk(struct http_exchange *x, struct str bytes);
void http_reply_end(struct http_exchange *x);
/* Faults for tests and the emulator: resets the connection; or announces the whole body and cuts
 * the connection after `bytes` of it. */
void http_x_reset(struct http_exchange *x);
void http_x_truncate(struct http_exchange *x, int status, const char *content_type, struct str body,
                     size_t bytes);

#endif
