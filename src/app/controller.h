/* SPDX-License-Identifier: Apache-2.0
 *
 * controller: the life of a controller process, the same for `pawl run`, `pawl reloader` and `pawl
 * external-secrets`: who starts when, who is ready, who leads, and in what order all stops.
 *
 *   start:  listener -> (lease, if leaders are elected) -> roles
 *   ready:  every role is; a process that waits for the lease is ready too, so that a rolling
 * update of two replicas does not wait for itself stop:   SIGTERM or SIGINT -> roles stop taking
 * work and finish what is under way (bounded) -> Events are written -> the lease is given back ->
 * exit 0. A second signal exits at once. lost:   a leader that cannot renew its lease stops at once
 * with exit status 1: another process may be working already, and Kubernetes starts this one again.
 *
 * Roles are given as a table of functions; the controller does not know what they do. Loop thread
 * only.
 */
#ifndef PAWL_APP_CONTROLLER_H
#define PAWL_APP_CONTROLLER_H

#include "app/server.h"
#include "codec/json.h"
#include "kube/client.h"
#include "kube/events.h"

struct app_role {
    const char *name; /* "sync" */
    void *self;
    void (*start)(void *self);
    /* True, or false and what is missing in *why. Asked after start. */
    bool (*ready)(void *self, struct buf *why);
    /* Takes no new work; calls done(arg) once nothing is under way, maybe at once. */
    void (*stop)(void *self, void (*done)(void *arg), void *arg);
};

struct controller_config {
    struct loop *loop;
    struct kube_client *client; /* NULL: needs no cluster, and elects no leader */
    struct events *events;      /* NULL: tells nobody */
    struct metrics *metrics;
    const char *const *listen; /* addresses to serve probes and metrics on; each serves all paths */
    /* What each serves TLS with; NULL, or an element that is NULL: plain. They outlive the
     * controller. */
    struct ssl_ctx_st *const *listen_tls;
    size_t n_listen;
    const struct app_role *roles; /* must outlive the controller */
    size_t n_roles;
    /* Writes members of the JSON object that /status is: what the roles know of one namespace, or
     * of all if it is empty. NULL: no such page. */
    void (*status)(void *arg, struct str ns, struct json_writer *w);
    void *status_arg;
    /* Leader election; lease_name empty: none. */
    struct str lease_ns;
    struct str lease_name;
    struct str identity; /* empty: HOSTNAME_UUID */
    ns_t lease_duration;
    ns_t renew_deadline;
    ns_t retry_period;
    bool release_on_stop;
    ns_t stop_timeout; /* 0: 20 s */
};

/* The gauge that is there where leaders are elected; for docs/reference/metrics.md. */
extern const struct metric_desc controller_leader_metric;

/* Runs until a signal or the loss of the lease. Returns the exit status. An error: it did not start
 * (address in use, bad lease times), and nothing has run. */
int controller_run(const struct controller_config *config, struct err **err) MUST_USE;

#endif
