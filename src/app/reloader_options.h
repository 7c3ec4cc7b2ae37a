/* SPDX-License-Identifier: Apache-2.0
 *
 * reloader_options: everything `pawl reloader` can be told: the flags and environment variables of
 * Stakater Reloader v1.4.21 under their names, with their defaults and their ways of being parsed,
 * from one table; and a few of Pawl's own, which Reloader's chart never passes.
 *
 * What Reloader reads as a string and compares with "true" (reload-on-create, reload-on-delete,
 * is-Argo-Rollouts) is a string here too: any other value means off and is no error.
 */
#ifndef PAWL_APP_RELOADER_OPTIONS_H
#define PAWL_APP_RELOADER_OPTIONS_H

#include "app/reload_flags.h"
#include "base/log.h"

/* The Lease of --enable-ha, the same as Reloader's: during a migration only one of the two works.
 */
#define RELOADER_LEASE "stakater-reloader-lock"
/* Where Reloader serves /metrics and /live. */
#define RELOADER_LISTEN ":9090"

struct reloader_options {
    struct reload_key_flags keys;
    bool auto_reload_all;
    char *log_format, *log_level;
    char *webhook_url;
    struct flag_list resources_to_ignore, ignored_workload_types;
    struct flag_list namespaces, namespaces_to_ignore;
    struct flag_list namespace_selector, resource_label_selector;
    char *argo_rollouts, *reload_on_create, *reload_on_delete; /* "true" */
    char *reload_strategy;
    bool sync_after_restart;
    bool enable_ha;
    bool enable_csi_integration;
    bool enable_pprof;
    char *pprof_addr;
    /* Pawl's own. */
    bool ledger;
    bool keep_leftovers;
    char *listen;
    int64_t max_requests;
};

extern const struct flag_set reloader_flags;

/* What only the environment says. NULL: not set. */
struct reloader_environment {
    const char *kubernetes_namespace;
    const char *pod_name, *pod_namespace;
    const char *reloader_namespace, *deployment_name;
    const char *count_by_namespace;
    struct reload_alert_options alert;
};
/* `get` is getenv, or a test's. */
struct reloader_environment reloader_environment_read(const char *(*get)(const char *name));

/* ERR_INVALID: Reloader would not start (strategy, resources to ignore, --enable-ha without a
 * name). A bad entry of --ignored-workload-types is not fatal: it is logged and nothing is ignored.
 * `out` borrows from o, e and *storage. */
int reloader_options_reload(const struct reloader_options *o, const struct reloader_environment *e,
                            struct reload_options *out, const char **storage,
                            struct err **err) MUST_USE;
/* Never fails: what is wrong is in *problem (to be logged once logging works), and the rest counts
 * as if it had not been said. *problem is NULL if nothing is. */
struct log_config reloader_options_log(const struct reloader_options *o, const char **problem);

#endif
