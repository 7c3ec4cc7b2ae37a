/* SPDX-License-Identifier: Apache-2.0
 *
 * http_server: HTTP/1.1 over TCP or TLS, on the loop: metrics, probes, status page, emulator. Built
 * on libevent's evhttp and OpenSSL bufferevents; nothing else in Pawl includes their headers.
 *
 * A handler gets a request and must answer it exactly once, now or later (http_reply keeps it
 * alive). Limits: header block 32 KiB, body max_body, idle connections 60 s, max_connections in
 * all. Requests are given as they came: the path is not decoded or normalised. Loop thread only.
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
    size_t max_connections; /* 0: 512 */
    void (*handle)(void *arg, struct http_exchange *x);
    void *arg;
};

struct http_server *http_server_new(struct loop *l, const struct http_server_config *config,
                                    struct err **err) MUST_USE;
void http_server_free(struct http_server *s);
uint16_t http_server_port(const struct http_server *s);

struct str http_x_method(const struct http_exchange *x);
struct str http_x_target(const struct http_exchange *x); /* path and query as sent */
struct str http_x_path(const struct http_exchange *x);   /* before the '?' */
struct str http_x_query(const struct http_exchange *x);  /* behind it */
struct str http_x_header(const struct http_exchange *x, const char *name);
struct str http_x_body(const struct http_exchange *x);
struct str http_x_peer(const struct http_exchange *x);        /* address of the client */
struct str http_x_server_name(const struct http_exchange *x); /* SNI; empty without TLS */

/* Adds a header to the answer. */
void http_x_set_header(struct http_exchange *x, const char *name, struct str value);
/* Answers; the body is copied. HEAD sends no body. The exchange is gone afterwards. */
void http_reply(struct http_exchange *x, int status, const char *content_type, struct str body);
/* An answer in pieces: begin, any number of chunks, end. */
void http_reply_begin(struct http_exchange *x, int status, const char *content_type);
void http_reply_chunk(struct http_exchange *x, struct str bytes);
void http_reply_end(struct http_exchange *x);
/* Faults for tests and the emulator: resets the connection; or announces the whole body and cuts
 * the connection after `bytes` of it. */
void http_x_reset(struct http_exchange *x);
void http_x_truncate(struct http_exchange *x, int status, const char *content_type, struct str body,
                     size_t bytes);

#endif
