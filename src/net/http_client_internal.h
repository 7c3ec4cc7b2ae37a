/* SPDX-License-Identifier: Apache-2.0
 *
 * http_client_internal: what the files of the HTTP client share. They are the only ones that know
 * libcurl.
 *
 *     http_client.c   the queue, the life of a call, what callers see
 *     http_pool.c     a curl multi handle on the loop
 *     http_transfer.c a call as a curl easy handle: options, callbacks for headers and body
 *     http_failure.c  what went wrong, as a struct err
 *     tls_client.c    certificates and CAs as OpenSSL objects
 *     http_global.c   process-wide set-up
 *
 *     client --- generation (one set of TLS settings; several after http_client_set_tls)
 *                   |--- pool for requests --- call, call ...
 *                   `--- pool for watches  --- call, call ...
 */
#ifndef PAWL_NET_HTTP_CLIENT_INTERNAL_H
#define PAWL_NET_HTTP_CLIENT_INTERNAL_H

#include <curl/curl.h>

#include "base/secret.h"
#include "base/vec.h"
#include "net/http_client.h"

struct event;
struct generation;
struct tls_client;

struct pool {
    struct generation *generation;
    CURLM *multi;
    struct event *timer;
    size_t running;
};

/* Connections, TLS sessions and name look-ups that were made with one set of TLS settings. */
struct generation {
    struct http_client *client;
    struct tls_client *tls;
    CURLSH *share;
    struct pool requests;
    struct pool watches;
    struct generation *next; /* in the client's `old` */
};

enum call_state {
    CALL_QUEUED,
    CALL_RUNNING, /* its easy handle is in a pool */
    CALL_DOOMED,  /* cancelled inside a curl callback; freed as soon as curl has returned */
    CALL_DONE,    /* in its `done` */
};

struct http_call {
    struct http_client *client;
    enum call_state state;
    struct http_call *prev; /* in the client's list of that state */
    struct http_call *next;

    struct http_request request; /* callbacks and limits; its views are not valid any more */
    char *method;
    char *url;
    struct origin *origin;
    char *host;
    struct curl_slist *headers;
    struct secret *authorization; /* a line of `headers`, which only points here */
    struct curl_slist *connect_to;
    char *body; /* to send */
    size_t body_n;
    size_t body_sent;

    struct pool *pool;
    CURL *easy;
    char curl_words[CURL_ERROR_SIZE];
    bool retried;

    struct timer timeout;
    struct timer silence;
    ns_t begun;
    ns_t last_byte;

    int status;
    bool answered;     /* the headers are complete */
    bool received;     /* at least one byte */
    struct buf fields; /* header lines of the answer */
    struct buf collected;
    size_t streamed;
    struct err *err; /* ours: decided before curl's own result */
};

/* One server, by what its URLs begin with. How many requests it gets at once depends on whether it
 * takes more than one per connection; curl knows, but does not keep their order while they wait. */
struct origin {
    char *name; /* "https://host:port" */
    bool multiplexes;
    size_t running; /* requests, not watches */
};

struct call_list {
    struct http_call *first;
    struct http_call *last;
    size_t n;
};

struct http_client {
    struct loop *loop;
    struct http_client_config config; /* shows `strings` */
    char *strings[7];
    struct generation *generation; /* of the present TLS settings; NULL until a call starts */
    struct generation *old;        /* of earlier settings, until their last call has ended */
    VEC(struct origin *) origins;
    struct call_list queued;
    struct call_list queued_watches;
    struct call_list running;
    struct call_list doomed;
    struct secret *authorization; /* the last one used; calls share it */
    struct http_stats stats;
    bool in_curl;               /* inside a function of libcurl that calls back */
    unsigned depth;             /* of functions here that go on after calling back */
    bool pump_scheduled;        /* a deferred pump */
    struct http_call *starting; /* the last watch started, while no answer to it has come */
    struct timer patience;      /* with that */
    bool dead;                  /* freed by a callback: gone when depth is 0 */
};

/* http_pool.c */
struct generation *generation_new(struct http_client *c, struct tls_client *tls);
/* Its pools must be empty. */
void generation_free(struct generation *g);
/* Gives the call's easy handle to the pool, or takes it away (not inside a curl callback). */
void pool_add(struct pool *p, struct http_call *call);
void pool_remove(struct http_call *call);
/* A transfer that has come to its end since the last call, and how; NULL if there is none. */
struct http_call *pool_next_done(struct pool *p, CURLcode *code);

/* http_transfer.c */
/* Makes call->easy for the pool's generation. */
void transfer_setup(struct http_call *call, struct pool *p);
/* Frees the easy handle and what was received. Fine without transfer_setup. */
void transfer_done(struct http_call *call);
/* Copies the request. If it cannot be sent, call->err says why. */
void transfer_copy_request(struct http_call *call, const struct http_request *request);
void transfer_free_request(struct http_call *call);

/* http_failure.c */
void failure_from_curl(const struct http_call *call, CURLcode code, struct err **err);

/* http_client.c: the origin of that name, made if need be; belongs to the client. */
struct origin *client_origin(struct http_client *c, const char *name);
/* The answer to a call has begun. */
void client_answered(struct http_call *call);
/* curl has something to do for a descriptor or a timer. */
void client_drive(struct pool *p, curl_socket_t fd, int events);

#endif
