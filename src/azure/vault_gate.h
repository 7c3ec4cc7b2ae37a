/* SPDX-License-Identifier: Apache-2.0
 *
 * vault_gate: when a request to a vault may start. One gate per vault, shared by all identities
 * that use it, because Key Vault counts per vault.
 *
 * Three limits: a token bucket (rate and burst), requests in flight, and pauses: after 429 for as
 * long as the vault asks or 1, 2, 4 ... 60 s; after a run of failures (5xx, lost connections) the
 * same way. After a pause one request goes first; the others follow when it has been answered. A
 * gate delays its own vault only. Who would have to wait longer than GATE_PATIENCE gets an error
 * instead, with the time in retry_after.
 *
 * Loop thread only.
 */
#ifndef PAWL_AZURE_VAULT_GATE_H
#define PAWL_AZURE_VAULT_GATE_H

#include <sys/queue.h>

#include "base/err.h"
#include "net/loop.h"

#define GATE_PATIENCE (30 * NS_S)

struct vault_gate_config {
    double rate;
    double burst;
    size_t max_in_flight;
    void (*on_pause)(void *arg, struct str host, ns_t duration); /* may be NULL */
    void *arg;
};

/* A request's place; embedded in its owner and zero before its first use. */
struct gate_ticket {
    TAILQ_ENTRY(gate_ticket) link;
    enum { TICKET_IDLE, TICKET_QUEUED, TICKET_IN } state;
    bool probe; /* the one that goes first after a pause */
    ns_t began;
    /* The request may start (err NULL), or not now. Never called inside gate_enter. */
    void (*fn)(void *arg, const struct err *err);
    void *arg;
};

/* What the answer to a request says about the vault. */
enum gate_outcome {
    GATE_FINE,      /* any answer that is not one of these */
    GATE_THROTTLED, /* 429 */
    GATE_BROKEN,    /* 5xx, no answer */
    GATE_UNKNOWN,   /* given up by us */
};

struct vault_gate {
    struct loop *loop;
    char *host;
    size_t refs;
    struct vault_gate_config config;
    double tokens;
    ns_t filled; /* when tokens was true */
    size_t in_flight;
    TAILQ_HEAD(, gate_ticket) queue;
    size_t queued;
    ns_t paused_until;
    ns_t pause_began;
    bool throttled;  /* why: 429, or no answers */
    unsigned pauses; /* in a row */
    unsigned broken; /* in a row */
    bool probing;    /* the first request after a pause is under way */
    struct timer timer;
};

struct vault_gate *vault_gate_new(struct loop *l, struct str host,
                                  const struct vault_gate_config *config) MUST_USE;
struct vault_gate *vault_gate_ref(struct vault_gate *g);
void vault_gate_unref(struct vault_gate *g);

void vault_gate_enter(struct vault_gate *g, struct gate_ticket *t);
/* The request has ended. retry_after: the vault's wish, 0 if it has none. */
void vault_gate_leave(struct vault_gate *g, struct gate_ticket *t, enum gate_outcome outcome,
                      ns_t retry_after);
/* Leaves the queue, or as vault_gate_leave with GATE_UNKNOWN; fine in any state. */
void vault_gate_cancel(struct vault_gate *g, struct gate_ticket *t);
/* How much longer nothing starts; 0 without a pause. */
ns_t vault_gate_paused(const struct vault_gate *g);

#endif
