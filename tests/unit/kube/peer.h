/* SPDX-License-Identifier: Apache-2.0
 *
 * peer: a scripted API server on loopback, on the test's own loop, with faults.
 *
 * A test sets up steps; each request takes the first step not yet taken whose method and target
 * match, and gets its answer. A request without a step is answered with 599 and counted. Streams
 * stay open until the test ends them, so that it says what arrives when.
 */
#ifndef PAWL_TESTS_KUBE_PEER_H
#define PAWL_TESTS_KUBE_PEER_H

#include "base/vec.h"
#include "kube/client.h"
#include "net/http_server.h"

enum peer_how {
    PEER_REPLY,  /* status, body */
    PEER_STREAM, /* status, body as its first piece; stays open */
    PEER_CUT,    /* announces the whole body, breaks off after `cut` bytes */
    PEER_RESET,  /* resets the connection */
    PEER_HOLD,   /* answers only when peer_release is called */
};

struct peer_step {
    const char *method; /* NULL: GET */
    const char *target; /* part of path and query */
    enum peer_how how;
    int status;         /* 0: 200 */
    const char *body;   /* copied when the step is added */
    const char *type;   /* NULL: application/json */
    const char *header; /* one more header, "Name: value" */
    size_t cut;
};

struct peer_request {
    char *line; /* "GET /api/v1/secrets?limit=500" */
    char *body;
    char *accept;
    char *authorization;
    char *content_type;
    char *impersonate; /* user|group|extra scope, the first of each */
};

struct peer {
    struct loop *loop;
    struct http_server *server;
    struct kube_config *config; /* names the peer */
    char *url;
    VEC(struct peer_step) steps;
    VEC(bool) taken;
    VEC(struct peer_request) requests;
    VEC(struct http_exchange *) streams; /* open ones, oldest first; NULL when ended */
    VEC(struct http_exchange *) held;
    /* Optional: answers what no step does. */
    void (*otherwise)(void *arg, struct http_exchange *x);
    void *arg;
    size_t gone;       /* streams that the client gave up */
    size_t unexpected; /* requests without a step */
};

void peer_init(struct peer *p, struct loop *l);
void peer_done(struct peer *p);
void peer_step(struct peer *p, struct peer_step step);
#define PEER_STEP(p, ...) peer_step(p, (struct peer_step){__VA_ARGS__})
/* Steps not taken yet. */
size_t peer_left(const struct peer *p);
/* The last request, n-th last for n > 0. */
const struct peer_request *peer_last(const struct peer *p, size_t n);
/* How many requests so far have `part` in their line. */
size_t peer_count(const struct peer *p, const char *part);

/* On the newest open stream. */
void peer_send(struct peer *p, const char *text);
void peer_sendf(struct peer *p, const char *fmt, ...) PRINTF(2, 3);
void peer_end(struct peer *p);
void peer_break(struct peer *p); /* resets its connection */
size_t peer_open_streams(const struct peer *p);
/* Answers the oldest held request. */
void peer_release(struct peer *p, int status, const char *body);
/* No server any more: connections are refused; and again, on the same port. */
void peer_stop(struct peer *p);
void peer_start(struct peer *p);

#endif
