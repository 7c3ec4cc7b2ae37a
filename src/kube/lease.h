/* SPDX-License-Identifier: Apache-2.0
 *
 * lease: leader election on a coordination.k8s.io/v1 Lease, as client-go does it, so that both can
 * share a Lease.
 *
 * A candidate never compares the times in the Lease with its own clock: a Lease has expired when
 * the record has not changed for its own leaseDurationSeconds of this process's monotonic time. A
 * leader that could not renew for renew_deadline stops leading before anybody else can start: the
 * time of a success counts from before its request was sent. Loop thread only.
 */
#ifndef PAWL_KUBE_LEASE_H
#define PAWL_KUBE_LEASE_H

#include "kube/client.h"

struct lease;

struct lease_config {
    struct kube_client *client;
    struct str ns;
    struct str name;
    struct str identity;        /* unique per process; empty: HOSTNAME_UUID */
    ns_t duration;              /* 0: 15 s */
    ns_t renew_deadline;        /* 0: 10 s; must be below duration */
    ns_t retry_period;          /* 0: 2 s; must be below renew_deadline */
    void (*started)(void *arg); /* this process leads now */
    void (*stopped)(void *arg, const struct err *why); /* leads no more (lost); not after release */
    void (*new_leader)(void *arg, struct str identity); /* optional */
    void *arg;
};

/* ERR_INVALID if the times do not fit each other. Starts to compete at once. */
struct lease *lease_new(const struct lease_config *config, struct err **err) MUST_USE;
/* Stops competing without a word to the server: others wait until the Lease expires. */
void lease_free(struct lease *l);
/* Gives the Lease back, if this process holds it, so that the next one need not wait; call it after
 * all work has stopped. Then done, also when it failed. No other callback comes any more. */
void lease_release(struct lease *l, void (*done)(void *arg), void *arg);

bool lease_is_leader(const struct lease *l);
struct str lease_holder(const struct lease *l);   /* as last seen; may be empty */
struct str lease_identity(const struct lease *l); /* this process */

#endif
