/* SPDX-License-Identifier: Apache-2.0 */
#include "app/run_options.h"

#include <unistd.h>

#define AT(member) offsetof(struct run_options, member)

static const struct flag rows[] = {
    {"roles", 0, FLAG_LIST, AT(roles), "sync,reload", "PAWL_ROLES",
     .help =
         "What to do: sync copies vault values into Secrets, reload restarts the workloads that "
         "use a changed Secret or ConfigMap."},
    {"listen", 0, FLAG_STRING, AT(listen), ":9090", "PAWL_LISTEN", "host:port",
     "Where to serve /metrics, /healthz, /readyz, /live and /status."},
    {"config", 0, FLAG_STRING, AT(config), NULL, "PAWL_CONFIG", "file",
     "YAML file with options: a mapping of the names of these flags to values."},
    CLUSTER_FLAG_ROWS(struct run_options, cluster),
    {"namespaces", 'n', FLAG_LIST, AT(namespaces), NULL, "PAWL_NAMESPACES",
     .help = "Namespaces to work in; empty means all."},
    {"log-level", 0, FLAG_STRING, AT(log_level), "info", "PAWL_LOG_LEVEL",
     .help = "How much to log.", .choices = "error|warn|info|debug|trace"},
    {"log-format", 0, FLAG_STRING, AT(log_format), "auto", "PAWL_LOG_FORMAT",
     .help = "How to write log lines; auto means text on a terminal and json elsewhere.",
     .choices = "auto|text|json|logfmt"},
    {"extra-ca-file", 0, FLAG_STRING, AT(extra_ca_file), NULL, "PAWL_EXTRA_CA_FILE", "file",
     "PEM file with certificate authorities to trust for vaults and sign-in, besides the "
     "system's."},
    {"http1", 0, FLAG_BOOL, AT(http1_only), NULL, "PAWL_HTTP1",
     .help = "Talk HTTP/1.1 to the API server."},
    {"max-requests", 0, FLAG_INT, AT(max_requests), "16", "PAWL_MAX_REQUESTS",
     .help = "Requests under way at the API server at once."},

    {"leader-elect", 0, FLAG_BOOL, AT(leader_elect), NULL, "PAWL_LEADER_ELECT",
     .help = "Work only while holding the Lease, for more than one replica."},
    {"leader-elect-lease-name", 0, FLAG_STRING, AT(lease_name), "pawl", "PAWL_LEASE_NAME",
     .help = "Name of the Lease."},
    {"leader-elect-lease-namespace", 0, FLAG_STRING, AT(lease_namespace), NULL, "POD_NAMESPACE",
     .help = "Namespace of the Lease and of the ledger's key; empty means that of the kubeconfig."},
    {"leader-elect-lease-duration", 0, FLAG_DURATION, AT(lease_duration), "15s", NULL,
     .help = "How long others wait for a leader that is silent."},
    {"leader-elect-renew-deadline", 0, FLAG_DURATION, AT(renew_deadline), "10s", NULL,
     .help = "After which the leader stops when it cannot renew."},
    {"leader-elect-retry-period", 0, FLAG_DURATION, AT(retry_period), "2s", NULL,
     .help = "Pause between two tries to get or renew the Lease."},

    {"controller-class", 0, FLAG_STRING, AT(controller_class), "default", "PAWL_CONTROLLER_CLASS",
     .help = "Sync: stores with another spec.controller are left alone."},
    {"store-requeue-interval", 0, FLAG_DURATION, AT(store_interval), "5m", NULL,
     .help = "Sync: how often a store is checked."},
    {"flood-gate", 0, FLAG_BOOL, AT(flood_gate), "true", NULL,
     .help = "Sync: leave stores that are not Ready alone."},
    {"cluster-stores", 0, FLAG_BOOL, AT(cluster_stores), "true", NULL,
     .help = "Sync: use ClusterSecretStores."},
    {"concurrent", 0, FLAG_INT, AT(concurrent), "64", NULL,
     .help = "Sync: ExternalSecrets worked on at once."},
    {"vault-requests-per-second", 0, FLAG_INT, AT(vault_rate), "300",
     "PAWL_VAULT_REQUESTS_PER_SECOND",
     .help =
         "Sync: requests to one vault, on average over 10 seconds. Key Vault allows all clients "
         "of a vault together 400."},
    {"template-left-delimiter", 0, FLAG_STRING, AT(left_delimiter), "{{", NULL,
     .help = "Sync: what begins an action of a template."},
    {"template-right-delimiter", 0, FLAG_STRING, AT(right_delimiter), "}}", NULL,
     .help = "Sync: what ends an action of a template."},
    {"enable-extended-metric-labels", 0, FLAG_BOOL, AT(extended_metric_labels), NULL, NULL,
     .help = "Sync: add the app.kubernetes.io labels of an object to its metrics."},

    RELOAD_FLAG_ROWS(struct run_options, reload),
    {"sync-after-restart", 0, FLAG_BOOL, AT(sync_after_restart), NULL, NULL,
     .help = "Reload: with reload-on-create, treat what exists at the start as new."},
    {"ledger", 0, FLAG_BOOL, AT(ledger), "true", NULL,
     .help = "Reload: keep on each workload what it was last restarted for, so that no change is "
             "lost or applied twice."},
    {"keep-leftovers", 0, FLAG_BOOL, AT(keep_leftovers), NULL, NULL,
     .help = "Reload: keep STAKATER_ variables of Secrets that a workload no longer uses."},
};

const struct flag_set run_flags = {"pawl run", NULL,
                                   "Runs the controller: brings secrets from Azure Key Vault into "
                                   "Kubernetes and restarts, once, the "
                                   "workloads that use them.",
                                   rows, COUNT_OF(rows)};

int role_names(const struct flag_list *names, bool *sync, bool *reload, struct err **err)
{
    *sync = false;
    *reload = false;
    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->v[i], "sync") == 0) {
            *sync = true;
        } else if (strcmp(names->v[i], "reload") == 0) {
            *reload = true;
        } else {
            return err_set(err, ERR_INVALID,
                           "--roles: \"%s\" is no role; there are sync and reload", names->v[i]);
        }
    }
    return 0;
}

int run_options_roles(const struct run_options *o, bool *sync, bool *reload, struct err **err)
{
    if (role_names(&o->roles, sync, reload, err) != 0) {
        return -1;
    }
    if (!*sync && !*reload) {
        return err_set(err, ERR_INVALID, "--roles is empty: say sync, reload or both");
    }
    return 0;
}

struct sync_options run_options_sync(const struct run_options *o, struct str ca_pem,
                                     struct str *namespaces)
{
    size_t concurrent = (size_t)MAX(o->concurrent, (int64_t)1);
    size_t vault_rate = (size_t)MAX(o->vault_rate, (int64_t)1);
    for (size_t i = 0; i < o->namespaces.n; i++) {
        namespaces[i] = str_c(o->namespaces.v[i]);
    }
    return (struct sync_options){
        .controller_class = str_c(o->controller_class),
        .namespaces = namespaces,
        .n_namespaces = o->namespaces.n,
        .no_cluster_stores = !o->cluster_stores,
        .store_interval = o->store_interval,
        .no_flood_gate = !o->flood_gate,
        .concurrent = concurrent,
        .vault_rate = vault_rate,
        .extended_metric_labels = o->extended_metric_labels,
        .left_delimiter = str_c(o->left_delimiter),
        .right_delimiter = str_c(o->right_delimiter),
        .ca_pem = ca_pem,
    };
}

static const char *from_process(const char *name)
{
    return getenv(name);
}

int run_options_reload(const struct run_options *o, struct reload_options *out, struct err **err)
{
    reload_options_init(out);
    out->sync_after_restart = o->sync_after_restart;
    out->ledger = o->ledger;
    out->keep_leftovers = o->keep_leftovers;
    out->namespaces = (struct reload_list){(const char *const *)o->namespaces.v, o->namespaces.n};
    out->alert = reload_alerts_from_environment(from_process);
    out->own_namespace = *o->lease_namespace ? o->lease_namespace : NULL;
    out->log_format = o->log_format;
    out->log_level = o->log_level;
    if (reload_flags_use(&o->reload, out, err) != 0) {
        return -1;
    }
    const char *storage = NULL;
    reload_options_scope(out, NULL, &storage);
    return 0;
}

struct log_config run_options_log(const struct run_options *o)
{
    static const struct {
        const char *name;
        enum log_format format;
    } formats[] = {{"text", LOG_TEXT}, {"json", LOG_JSON}, {"logfmt", LOG_LOGFMT}};
    struct log_config config = {.level = LOG_INFO, .fd = STDERR_FILENO};
    config.format = isatty(STDERR_FILENO) ? LOG_TEXT : LOG_JSON;
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (strcmp(o->log_format, formats[i].name) == 0) {
            config.format = formats[i].format;
        }
    }
    (void)log_level_parse(str_c(o->log_level), &config.level);
    return config;
}
