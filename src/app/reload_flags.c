/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reload_flags.h"

void reload_key_flags_use(const struct reload_key_flags *f, struct reload_keys *keys)
{
    keys->auto_any = f->auto_any;
    keys->auto_typed[SOURCE_CONFIGMAP] = f->configmap_auto;
    keys->auto_typed[SOURCE_SECRET] = f->secret_auto;
    keys->list[SOURCE_CONFIGMAP] = f->configmap_list;
    keys->list[SOURCE_SECRET] = f->secret_list;
    keys->search = f->search;
    keys->match = f->match;
    keys->ignore = f->ignore;
    keys->pause_period = f->pause_period;
    keys->paused_at = f->paused_at;
}

static struct reload_list list(const struct flag_list *l)
{
    return (struct reload_list){(const char *const *)l->v, l->n};
}

int reload_flags_use(const struct reload_flags *f, struct reload_options *out, struct err **err)
{
    reload_key_flags_use(&f->keys, &out->keys);
    out->auto_reload_all = f->auto_reload_all;
    out->on_create = f->on_create;
    out->on_delete = f->on_delete;
    out->ignore_kind[WORKLOAD_ROLLOUT] = !f->argo_rollouts;
    out->ignore_type[SOURCE_SPC] = !f->csi_integration;
    out->ignored_namespaces = list(&f->ignored_namespaces);
    out->namespace_selector = list(&f->namespace_selector);
    out->resource_selector = list(&f->resource_selector);
    out->webhook_url = f->webhook_url;
    return reload_options_strategy(out, str_c(f->strategy), err) != 0 ||
                   reload_options_ignore_resources(out, list(&f->resources_to_ignore), err) != 0 ||
                   reload_options_ignore_workloads(out, list(&f->ignored_workloads), err) != 0
               ? -1
               : 0;
}
