/* SPDX-License-Identifier: Apache-2.0
 *
 * status_client: asks running Pawls for their /status: at an address, or all Pawls of the cluster
 * through the API server (the proxy of pods), with the user's own permissions. Loop thread only.
 */
#ifndef PAWL_APP_STATUS_CLIENT_H
#define PAWL_APP_STATUS_CLIENT_H

#include "kube/client.h"

/* Pods of Pawl's chart, and of the two charts in which Pawl stands in. */
#define STATUS_PODS "app.kubernetes.io/name in (pawl,reloader,external-secrets)"

struct status_client;

struct status_client_config {
    struct loop *loop;
    struct kube_client *client; /* not needed with an address */
    struct str address;         /* "http://127.0.0.1:9090"; empty: the pods */
    struct str pawl_ns;         /* where pods are looked for; empty: everywhere */
    struct str ns;              /* of what is asked about; empty: everything */
    /* A status document. from: "pod pawl/pawl-6f7c"; valid during the call. */
    void (*found)(void *arg, struct str from, struct str document);
    /* Somebody could not be asked. */
    void (*problem)(void *arg, const struct err *err);
    void (*done)(void *arg); /* once, last, never inside of status_client_new */
    void *arg;
};

struct status_client *status_client_new(const struct status_client_config *config) MUST_USE;
/* After done, or before to cancel. NULL is fine. */
void status_client_free(struct status_client *c);

#endif
