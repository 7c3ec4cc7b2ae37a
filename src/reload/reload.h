/* SPDX-License-Identifier: Apache-2.0
 *
 * reload: the role that does what Stakater Reloader does: a Secret, a ConfigMap or what a
 * SecretProviderClass mounts has changed, and the workloads that use it roll, once.
 *
 *     sources (metadata informers, hashes of what is used)
 *        -> workloads (index by what they refer to) -> decision -> ledger -> one PATCH a workload
 *
 * One struct reload is the whole role in one process. The loop, the client, the recorder of Events
 * and the registry of metrics are the caller's and outlive it. docs/internals/reload.md is the
 * essay. Loop thread only.
 */
#ifndef PAWL_RELOAD_RELOAD_H
#define PAWL_RELOAD_RELOAD_H

#include "base/metrics.h"
#include "kube/client.h"
#include "kube/events.h"
#include "reload/digest.h"
#include "reload/options.h"
#include "reload/rules.h"

struct reload;

struct reload_hooks {
    /* A write to this Secret is known to be on its way: a workload that uses it waits for it, 5 s
     * at most, so that several Secrets that change together are one restart. NULL: never. */
    bool (*in_flight)(void *arg, struct str ns, struct str secret);
    void *arg;
};

struct reload_config {
    struct loop *loop;
    struct kube_client *client;
    struct events *events;
    struct metrics *metrics;              /* NULL: none */
    const struct reload_options *options; /* outlives the role */
    struct reload_hooks hooks;
};

/* ERR_INVALID for a selector that is none. Registers the metrics; does nothing else yet. */
struct reload *reload_new(const struct reload_config *config, struct err **err) MUST_USE;
void reload_free(struct reload *r);
/* Once this process leads: reads or makes the ledger's key, starts the informers; work begins when
 * all of them are synced. */
void reload_start(struct reload *r);
/* No new work; done comes once writes under way have ended, maybe at once. reload_start may follow.
 */
void reload_stop(struct reload *r, void (*done)(void *arg), void *arg);
/* False, and what is missing in *why (may be NULL), until everything has been seen once. */
bool reload_ready(const struct reload *r, struct buf *why);

/* ---- from the sync role in the same process; both save time and requests, neither is needed ----
 */

/* This Secret has just been written and has this resourceVersion. All of its data, decoded; valid
 * during the call. */
void reload_secret_written(struct reload *r, struct str ns, struct str name, struct str version,
                           const struct digest_entry *data, size_t n);
/* in_flight has become false for this Secret. */
void reload_settled(struct reload *r, struct str ns, struct str name);

/* ---- for people ---- */

struct reload_source_row {
    enum source_type type;
    struct str name;
    /* "current": the workload has it. "due": it has changed. "missing": it does not exist.
     * "ignored": it says that it moves nobody. "unknown": not read yet. */
    const char *state;
};
/* A workload that something can move. Views are valid during the call; times are clock_real, 0:
 * none. */
struct reload_row {
    enum workload_kind kind;
    struct str ns;
    struct str name;
    const char *state; /* "current", "waiting", "moving", "failing", "paused" */
    const struct reload_source_row *sources; /* that can move it */
    size_t n_sources;
    ns_t moved;            /* the last move by this process */
    struct str moved_for;  /* "secret/db" of that move; may be empty */
    ns_t due_since;        /* since when a move is due that has not been done */
    unsigned failures;     /* in a row */
    ns_t failing_since;    /* the first of them */
    ns_t retry;            /* the next try */
    struct str last_error; /* empty: none */
    ns_t paused_until;     /* by a pause period */
    bool paused_by_user;   /* until somebody resumes it */
};
void reload_each_row(const struct reload *r, void (*fn)(void *arg, const struct reload_row *row),
                     void *arg);

#endif
