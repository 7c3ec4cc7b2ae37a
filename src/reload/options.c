/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/options.h"

static const struct reload_keys default_keys = {
    .auto_any = "reloader.stakater.com/auto",
    .auto_typed = {[SOURCE_CONFIGMAP] = "configmap.reloader.stakater.com/auto",
                   [SOURCE_SECRET] = "secret.reloader.stakater.com/auto",
                   [SOURCE_SPC] = "secretproviderclass.reloader.stakater.com/auto"},
    .list = {[SOURCE_CONFIGMAP] = "configmap.reloader.stakater.com/reload",
             [SOURCE_SECRET] = "secret.reloader.stakater.com/reload",
             [SOURCE_SPC] = "secretproviderclass.reloader.stakater.com/reload"},
    .exclude = {[SOURCE_CONFIGMAP] = "configmaps.exclude.reloader.stakater.com/reload",
                [SOURCE_SECRET] = "secrets.exclude.reloader.stakater.com/reload",
                [SOURCE_SPC] = "secretproviderclasses.exclude.reloader.stakater.com/reload"},
    .search = "reloader.stakater.com/search",
    .match = "reloader.stakater.com/match",
    .ignore = "reloader.stakater.com/ignore",
    .rollout_strategy = "reloader.stakater.com/rollout-strategy",
    .pause_period = "deployment.reloader.stakater.com/pause-period",
    .paused_at = "deployment.reloader.stakater.com/paused-at",
};

static const char *const strategy_names[] = {
    [RELOAD_ENV_VARS] = "env-vars",
    [RELOAD_ANNOTATIONS] = "annotations",
};

void reload_options_init(struct reload_options *o)
{
    *o = (struct reload_options){
        .keys = default_keys,
        .strategy = RELOAD_ENV_VARS,
        .ledger = true,
        .ignore_type = {[SOURCE_SPC] = true},
        .ignore_kind = {[WORKLOAD_ROLLOUT] = true},
        .webhook_url = "",
        .pprof_address = ":6060",
        .log_format = "",
        .log_level = "info",
    };
}

struct reload_alert_options reload_alerts_from_environment(const char *(*get)(const char *name))
{
    const char *on = get("ALERT_ON_RELOAD"), *sink = get("ALERT_SINK");
    return (struct reload_alert_options){
        .enabled = on && strcmp(on, "true") == 0,
        .sink = sink ? sink : "",
        .url = get("ALERT_WEBHOOK_URL"),
        .additional = get("ALERT_ADDITIONAL_INFO"),
        .proxy = get("ALERT_WEBHOOK_PROXY"),
    };
}

int reload_options_ignore_resources(struct reload_options *o, struct reload_list list,
                                    struct err **err)
{
    if (list.n > 1) {
        return err_set(err, ERR_INVALID,
                       "--resources-to-ignore takes one of configmaps and secrets, not both");
    }
    for (size_t i = 0; i < list.n; i++) {
        if (str_ieq(str_c(list.v[i]), STR("configmaps"))) {
            o->ignore_type[SOURCE_CONFIGMAP] = true;
        } else if (str_ieq(str_c(list.v[i]), STR("secrets"))) {
            o->ignore_type[SOURCE_SECRET] = true;
        } else {
            return err_set(err, ERR_INVALID,
                           "--resources-to-ignore accepts configmaps or secrets, not \"%s\"",
                           list.v[i]);
        }
    }
    return 0;
}

int reload_options_ignore_workloads(struct reload_options *o, struct reload_list list,
                                    struct err **err)
{
    bool ignore[WORKLOAD_KINDS] = {[WORKLOAD_ROLLOUT] = o->ignore_kind[WORKLOAD_ROLLOUT]};
    for (size_t i = 0; i < list.n; i++) {
        if (str_eq_c(STR("jobs"), list.v[i])) {
            ignore[WORKLOAD_JOB] = true;
        } else if (str_eq_c(STR("cronjobs"), list.v[i])) {
            ignore[WORKLOAD_CRONJOB] = true;
        } else {
            return err_set(err, ERR_INVALID,
                           "--ignored-workload-types accepts jobs and cronjobs, not \"%s\"; no "
                           "kind is ignored",
                           list.v[i]);
        }
    }
    memcpy(o->ignore_kind, ignore, sizeof(ignore));
    return 0;
}

int reload_options_strategy(struct reload_options *o, struct str name, struct err **err)
{
    for (size_t i = 0; i < COUNT_OF(strategy_names); i++) {
        if (str_eq_c(name, strategy_names[i])) {
            o->strategy = (enum reload_strategy)i;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID, "--reload-strategy must be env-vars or annotations");
}

const char *reload_strategy_name(enum reload_strategy strategy)
{
    return strategy_names[strategy];
}

void reload_options_scope(struct reload_options *o, const char *kubernetes_namespace,
                          const char **storage)
{
    if (o->namespaces.n == 0 && kubernetes_namespace && kubernetes_namespace[0] != '\0') {
        *storage = kubernetes_namespace;
        o->namespaces = (struct reload_list){storage, 1};
    }
    if (o->namespaces.n > 0) {
        o->ignored_namespaces = (struct reload_list){0};
        o->namespace_selector = (struct reload_list){0};
    }
}

static bool list_has(struct reload_list list, struct str s)
{
    for (size_t i = 0; i < list.n; i++) {
        if (str_eq_c(s, list.v[i])) {
            return true;
        }
    }
    return false;
}

bool reload_options_global(const struct reload_options *o)
{
    return o->namespaces.n == 0 || list_has(o->namespaces, STR_EMPTY);
}

bool reload_options_in_scope(const struct reload_options *o, struct str ns)
{
    if (!reload_options_global(o)) {
        return list_has(o->namespaces, ns);
    }
    return !list_has(o->ignored_namespaces, ns);
}
