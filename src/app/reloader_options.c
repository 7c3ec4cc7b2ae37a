/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "setup"
#include "app/reloader_options.h"

#include <unistd.h>

#define AT(member) offsetof(struct reloader_options, member)

static const struct flag rows[] = {
    {"auto-reload-all", 0, FLAG_BOOL, AT(auto_reload_all),
     .help = "Treat workloads without annotations as if they had auto: \"true\"."},
    RELOAD_KEY_ROWS(struct reloader_options, keys),
    {"log-format", 0, FLAG_STRING, AT(log_format), NULL, .value = "json",
     .help = "How a log line is written: json, or nothing for text."},
    {"log-level", 0, FLAG_STRING, AT(log_level), "info", .value = "level",
     .help = "How much to log: trace, debug, info, warning, error, fatal or panic."},
    {"webhook-url", 0, FLAG_STRING, AT(webhook_url), NULL, .value = "url",
     .help = "POST to this URL for each change instead of restarting anything."},
    {"resources-to-ignore", 0, FLAG_LIST, AT(resources_to_ignore),
     .help = "configmaps or secrets."},
    {"ignored-workload-types", 0, FLAG_LIST, AT(ignored_workload_types), .help = "jobs, cronjobs."},
    {"namespaces", 0, FLAG_LIST, AT(namespaces), .help = "Namespaces to work in."},
    {"namespaces-to-ignore", 0, FLAG_LIST, AT(namespaces_to_ignore),
     .help = "Namespaces to leave alone."},
    {"namespace-selector", 0, FLAG_LIST, AT(namespace_selector),
     .help = "Label selector of the namespaces to work in."},
    {"resource-label-selector", 0, FLAG_LIST, AT(resource_label_selector),
     .help = "Label selector of the Secrets and ConfigMaps to look at."},
    {"is-Argo-Rollouts", 0, FLAG_STRING, AT(argo_rollouts), "false", .value = "true|false",
     .help = "Also restart Argo Rollouts."},
    {"reload-strategy", 0, FLAG_STRING, AT(reload_strategy), "env-vars",
     .value = "env-vars|annotations",
     .help = "What is changed in a pod template to restart its pods."},
    {"reload-on-create", 0, FLAG_STRING, AT(reload_on_create), "false", .value = "true|false",
     .help = "A new Secret or ConfigMap restarts the workloads that use it."},
    {"reload-on-delete", 0, FLAG_STRING, AT(reload_on_delete), "false", .value = "true|false",
     .help = "A deleted Secret or ConfigMap restarts the workloads that use it."},
    {"sync-after-restart", 0, FLAG_BOOL, AT(sync_after_restart),
     .help = "With reload-on-create, treat what exists at the start as new."},
    {"enable-ha", 0, FLAG_BOOL, AT(enable_ha),
     .help = "Work only while holding the Lease " RELOADER_LEASE ", for more than one replica; "
             "needs POD_NAME and POD_NAMESPACE in the environment."},
    {"enable-csi-integration", 0, FLAG_BOOL, AT(enable_csi_integration),
     .help = "Also look at what SecretProviderClasses mount."},
    {"enable-pprof", 0, FLAG_BOOL, AT(enable_pprof),
     .help = "Serve /metrics and /live at --pprof-addr too; there are no Go profiles to serve."},
    {"pprof-addr", 0, FLAG_STRING, AT(pprof_addr), ":6060", .value = "host:port",
     .help = "Where --enable-pprof serves."},

    {"ledger", 0, FLAG_BOOL, AT(ledger), "true", "PAWL_LEDGER",
     .help = "Keep on each workload what it was last restarted for, so that no change is lost or "
             "applied twice; not a flag of Reloader."},
    {"keep-leftovers", 0, FLAG_BOOL, AT(keep_leftovers), NULL, "PAWL_KEEP_LEFTOVERS",
     .help = "Keep STAKATER_ variables of Secrets that a workload no longer uses; not a flag of "
             "Reloader."},
    {"listen", 0, FLAG_STRING, AT(listen), RELOADER_LISTEN, "PAWL_LISTEN", "host:port",
     .help = "Where to serve /metrics, /live and /status; not a flag of Reloader."},
    {"max-requests", 0, FLAG_INT, AT(max_requests), "16", "PAWL_MAX_REQUESTS",
     .help = "Requests under way at the API server at once; not a flag of Reloader."},
};

/* Words behind the flags are accepted and have no meaning, as with Reloader: `--enable-ha true`. */
const struct flag_set reloader_flags = {
    "pawl reloader", "[ignored...]",
    "Restarts the workloads that use a changed Secret or ConfigMap, under exactly the flags, "
    "environment variables, metrics and probes of Stakater Reloader, whose place it takes.",
    rows, COUNT_OF(rows)};

struct reloader_environment reloader_environment_read(const char *(*get)(const char *name))
{
    return (struct reloader_environment){
        .kubernetes_namespace = get("KUBERNETES_NAMESPACE"),
        .pod_name = get("POD_NAME"),
        .pod_namespace = get("POD_NAMESPACE"),
        .reloader_namespace = get("RELOADER_NAMESPACE"),
        .deployment_name = get("RELOADER_DEPLOYMENT_NAME"),
        .count_by_namespace = get("METRICS_COUNT_BY_NAMESPACE"),
        .alert = reload_alerts_from_environment(get),
    };
}

static bool is(const char *value, const char *wanted)
{
    return value && strcmp(value, wanted) == 0;
}

static bool given(const char *value)
{
    return value && *value;
}

static struct reload_list list(const struct flag_list *l)
{
    return (struct reload_list){(const char *const *)l->v, l->n};
}

static void use_flags(const struct reloader_options *o, struct reload_options *out)
{
    reload_key_flags_use(&o->keys, &out->keys);
    out->auto_reload_all = o->auto_reload_all;
    out->on_create = is(o->reload_on_create, "true");
    out->on_delete = is(o->reload_on_delete, "true");
    out->sync_after_restart = o->sync_after_restart;
    out->ledger = o->ledger;
    out->keep_leftovers = o->keep_leftovers;
    out->ignore_type[SOURCE_SPC] = !o->enable_csi_integration;
    out->ignore_kind[WORKLOAD_ROLLOUT] = !is(o->argo_rollouts, "true");
    out->namespaces = list(&o->namespaces);
    out->ignored_namespaces = list(&o->namespaces_to_ignore);
    out->namespace_selector = list(&o->namespace_selector);
    out->resource_selector = list(&o->resource_label_selector);
    out->webhook_url = o->webhook_url;
    out->enable_ha = o->enable_ha;
    out->enable_pprof = o->enable_pprof;
    out->pprof_address = o->pprof_addr;
    out->log_format = o->log_format;
    out->log_level = o->log_level;
}

static void use_environment(const struct reloader_environment *e, struct reload_options *out)
{
    out->count_by_namespace = is(e->count_by_namespace, "enabled");
    out->own_namespace = given(e->pod_namespace)        ? e->pod_namespace
                         : given(e->reloader_namespace) ? e->reloader_namespace
                                                        : NULL;
    out->meta_info_namespace = e->reloader_namespace;
    out->deployment_name = e->deployment_name;
    out->alert = e->alert;
}

int reloader_options_reload(const struct reloader_options *o, const struct reloader_environment *e,
                            struct reload_options *out, const char **storage, struct err **err)
{
    AUTO(err_freep) struct err *not_fatal = NULL;
    reload_options_init(out);
    use_flags(o, out);
    use_environment(e, out);
    if (reload_options_strategy(out, str_c(o->reload_strategy), err) != 0 ||
        reload_options_ignore_resources(out, list(&o->resources_to_ignore), err) != 0) {
        return -1;
    }
    if (reload_options_ignore_workloads(out, list(&o->ignored_workload_types), &not_fatal) != 0) {
        LOG_ERROR("a flag has no effect", F("error", not_fatal));
    }
    if (o->enable_ha && (!given(e->pod_name) || !given(e->pod_namespace))) {
        return err_set(err, ERR_INVALID,
                       "--enable-ha needs the environment variables POD_NAME and POD_NAMESPACE; in "
                       "Reloader's chart they come with reloader.enableHA");
    }
    reload_options_scope(out, e->kubernetes_namespace, storage);
    return 0;
}

struct log_config reloader_options_log(const struct reloader_options *o, const char **problem)
{
    struct log_config config = {.level = LOG_INFO, .fd = STDERR_FILENO};
    config.format = isatty(STDERR_FILENO) ? LOG_TEXT : LOG_LOGFMT;
    *problem = NULL;
    if (is(o->log_format, "json")) {
        config.format = LOG_LOGRUS;
    } else if (given(o->log_format)) {
        *problem = "--log-format is neither json nor empty: text is written";
    }
    if (is(o->log_level, "fatal") || is(o->log_level, "panic")) {
        config.level = LOG_ERROR;
    } else if (!log_level_parse(str_c(o->log_level), &config.level)) {
        *problem = "--log-level is no level that is known: info is used";
    }
    return config;
}
