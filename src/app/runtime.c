/* SPDX-License-Identifier: Apache-2.0 */
#include "app/runtime.h"

#include "app/process_metrics.h"
#include "app/status_page.h"

int runtime_open(struct runtime *rt, const struct kube_config_options *where,
                 const struct kube_client_config *client, struct err **err)
{
    struct kube_client_config full = *client;
    rt->loop = loop_new();
    rt->metrics = metrics_new();
    process_metrics_add(rt->metrics);
    rt->kube = kube_config_load(where, err);
    if (!rt->kube) {
        return -1;
    }
    full.config = rt->kube;
    full.metrics = rt->metrics;
    rt->client = kube_client_new(rt->loop, &full);
    rt->events = events_new(&(struct events_config){.client = rt->client});
    return 0;
}

int runtime_run(struct runtime *rt, const struct controller_config *controller,
                const struct sync_options *sync, const struct reload_options *reload,
                struct err **err)
{
    struct controller_config full = *controller;
    full.loop = rt->loop;
    full.client = rt->client;
    full.events = rt->events;
    full.metrics = rt->metrics;
    full.roles = rt->roles.table;
    if (roles_init(&rt->roles, &full, sync, reload, err) != 0) {
        return -1;
    }
    full.n_roles = rt->roles.n;
    full.status = status_page_write;
    full.status_arg = &rt->roles;
    return controller_run(&full, err);
}

void runtime_close(struct runtime *rt)
{
    roles_done(&rt->roles);
    events_free(rt->events);
    if (rt->client) {
        kube_client_free(rt->client);
    }
    kube_config_free(rt->kube);
    metrics_free(rt->metrics);
    if (rt->loop) {
        loop_free(rt->loop);
    }
    *rt = (struct runtime){0};
}
