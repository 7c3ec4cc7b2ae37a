/* SPDX-License-Identifier: Apache-2.0
 *
 * runtime: what each command that is a controller stands on: the loop, the metrics, the cluster it
 * talks to, the recorder of Events, the roles. Opened in that order, closed in the opposite one.
 *
 *     struct runtime rt = {0};
 *     if (runtime_open(&rt, &where, &client, err) == 0) {
 *         status = runtime_run(&rt, &controller, &sync, &reload, err);
 *     }
 *     runtime_close(&rt);
 */
#ifndef PAWL_APP_RUNTIME_H
#define PAWL_APP_RUNTIME_H

#include "app/controller.h"
#include "app/roles.h"

struct runtime {
    struct loop *loop;
    struct metrics *metrics;
    struct kube_config *kube; /* its namespace is where this process is at home */
    struct kube_client *client;
    struct events *events;
    struct roles roles;
};

/* `client` without its config and metrics, which are filled in. Errors are those of
 * kube_config_load. */
int runtime_open(struct runtime *rt, const struct kube_config_options *where,
                 const struct kube_client_config *client, struct err **err) MUST_USE;
/* `controller` without loop, client, events, metrics and roles, which are filled in; sync and
 * reload may be NULL and must live until runtime_close. Returns the exit status, or -1 if nothing
 * has run. */
int runtime_run(struct runtime *rt, const struct controller_config *controller,
                const struct sync_options *sync, const struct reload_options *reload,
                struct err **err) MUST_USE;
/* Fine after a failed open, or none. */
void runtime_close(struct runtime *rt);

#endif
