/* SPDX-License-Identifier: Apache-2.0
 *
 * http_server_internal: the objects of http_server.c (listener, connections, reading) and
 * http_exchange.c (a request and its answer).
 *
 *     server --- connection (list; oldest idle first) --- exchange (at most one)
 *
 * A connection belongs to its server. An exchange belongs to whoever has to answer it: it outlives
 * its connection, and then its `conn` is NULL and what is answered goes nowhere.
 */
#ifndef PAWL_NET_HTTP_SERVER_INTERNAL_H
#define PAWL_NET_HTTP_SERVER_INTERNAL_H

#include "net/http1.h"
#include "net/http_server.h"

struct bufferevent;
struct evconnlistener;
struct conn;

enum conn_state {
    CONN_HEAD,    /* waiting for a request, or in its head */
    CONN_BODY,    /* in its body */
    CONN_HANDLED, /* the handler has it */
    CONN_ANSWER,  /* the whole answer waits in the output buffer */
    CONN_LINGER,  /* all is written; reading over what the client still sends */
};

struct http_server {
    struct loop *loop;
    struct http_server_config config;
    struct evconnlistener *listener; /* NULL after http_server_stop */
    uint16_t port;
    struct timer retry_accept; /* out of file descriptors */
    struct conn *first;
    struct conn *last;
    size_t n;
};

struct conn {
    struct http_server *server;
    struct bufferevent *bev;
    enum conn_state state;
    struct http_exchange *x; /* CONN_BODY to CONN_HANDLED */
    struct timer deadline;
    ns_t idle_since;
    size_t searched;    /* bytes of the head seen without an end */
    size_t undelivered; /* output at the last look, to tell a slow reader from a stuck one */
    bool keep_alive;    /* another request may follow the one in work */
    bool cut;           /* close without any politeness after the answer */
    bool read_closed;   /* the client has said that it sends no more */
    struct conn *prev;
    struct conn *next;
};

struct http_exchange {
    struct loop *loop;
    struct conn *conn; /* NULL: the client is gone */
    char *head;        /* what request points into */
    struct http1_request request;
    struct http1_chunks chunks;
    struct buf body;
    char *peer;
    char *server_name;
    struct buf headers; /* of the answer, whole lines */
    bool has_length;    /* the handler has set a Content-Length */
    bool begun;         /* by http_reply_begin */
    bool lost;          /* on_gone is deferred, or has been called */
    bool chunked;       /* the answer */
    bool has_no_body;   /* the answer to HEAD */
    void (*on_gone)(void *arg, struct http_exchange *x);
    void *on_gone_arg;
};

/* http_exchange.c */
struct http_exchange *exchange_new(struct conn *c, struct str head);
void exchange_free(struct http_exchange *x);
/* The client went: tells the handler, if it has the exchange. */
void exchange_lost(struct http_exchange *x);
/* An answer of the server itself; the connection is closed behind it. */
void conn_refuse(struct conn *c, int status);

/* http_server.c */
/* The answer is complete in the output buffer. */
void conn_answered(struct conn *c);
/* Closes now; a waiting answer is lost. */
void conn_free(struct conn *c);

#endif
