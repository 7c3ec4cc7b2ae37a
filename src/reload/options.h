/* SPDX-License-Identifier: Apache-2.0
 *
 * options: everything the reload role can be told, whichever command told it (`pawl run`, or
 * `pawl reloader` with exactly Stakater Reloader's flags and environment).
 *
 * Ownership: strings and lists are borrowed from the command's options and the environment, which
 * live as long as the process. The struct may be copied.
 */
#ifndef PAWL_RELOAD_OPTIONS_H
#define PAWL_RELOAD_OPTIONS_H

#include "base/err.h"
#include "reload/kinds.h"

enum reload_strategy {
    RELOAD_ENV_VARS,    /* a variable STAKATER_..._SECRET with the hash in one container */
    RELOAD_ANNOTATIONS, /* the last cause as JSON in an annotation of the pod template */
};

struct reload_list {
    const char *const *v;
    size_t n;
};

/* Keys of the annotations. An empty key switches that annotation off. */
struct reload_keys {
    const char *auto_any;
    const char *auto_typed[SOURCE_TYPES];
    const char *list[SOURCE_TYPES];    /* named lists of regular expressions */
    const char *exclude[SOURCE_TYPES]; /* named lists of exact names */
    const char *search;
    const char *match;  /* on the source */
    const char *ignore; /* on the source */
    const char *rollout_strategy;
    const char *pause_period;
    const char *paused_at;
};

/* Constants, not to be overridden. */
#define RELOAD_LAST_RELOADED_FROM "reloader.stakater.com/last-reloaded-from"
#define RELOAD_LEDGER_ANNOTATION  "pawl.dev/applied"
#define RELOAD_SETTLE_ANNOTATION  "pawl.dev/settle"
/* Prefix of the variables, and manager of the fields written; users with server-side apply see it.
 */
#define RELOAD_ENV_PREFIX    "STAKATER_"
#define RELOAD_FIELD_MANAGER "Reloader"

struct reload_alert_options {
    bool enabled;
    const char *sink;       /* "slack", "teams", "gchat", anything else is raw text */
    const char *url;        /* NULL: not set */
    const char *additional; /* NULL: not set; empty still adds " : " */
    const char *proxy;      /* NULL or empty: none */
};

struct reload_options {
    struct reload_keys keys;
    enum reload_strategy strategy;
    bool auto_reload_all;
    bool on_create; /* a source that appears moves the workloads that use it */
    bool on_delete; /* and one that goes */
    bool sync_after_restart;
    bool ledger;         /* keep what was applied on the workloads */
    bool keep_leftovers; /* variables of sources no longer used stay */
    bool ignore_type[SOURCE_TYPES];
    bool ignore_kind[WORKLOAD_KINDS]; /* Jobs, CronJobs; Rollouts unless switched on */

    struct reload_list namespaces;         /* exactly these; an empty element means all */
    struct reload_list ignored_namespaces; /* only when all are watched */
    struct reload_list namespace_selector; /* entries as given, only when all are watched */
    struct reload_list resource_selector;  /* of Secrets and ConfigMaps */

    const char *webhook_url; /* not empty: POST there instead of moving workloads */
    struct reload_alert_options alert;
    bool count_by_namespace; /* reloader_reload_executed_total_by_namespace */

    const char *own_namespace; /* for the ledger's key; NULL: unknown */
    const char *meta_info_namespace;
    const char *deployment_name;
    bool enable_ha; /* the rest is only reported in the meta-info ConfigMap */
    bool enable_pprof;
    const char *pprof_address;
    const char *log_format;
    const char *log_level;
};

/* ALERT_ON_RELOAD, ALERT_SINK, ALERT_WEBHOOK_URL, ALERT_ADDITIONAL_INFO, ALERT_WEBHOOK_PROXY. `get`
 * is getenv, or a test's. */
struct reload_alert_options reload_alerts_from_environment(const char *(*get)(const char *name));
/* Reloader's defaults, with the ledger on. */
void reload_options_init(struct reload_options *o);
/* --resources-to-ignore: one of "configmaps", "secrets", letter case ignored; ERR_INVALID else. */
int reload_options_ignore_resources(struct reload_options *o, struct reload_list list,
                                    struct err **err);
/* --ignored-workload-types: "jobs", "cronjobs", exactly. With any other entry nothing is ignored
 * and ERR_INVALID is returned, which is to be logged and is not fatal. */
int reload_options_ignore_workloads(struct reload_options *o, struct reload_list list,
                                    struct err **err);
/* --reload-strategy. */
int reload_options_strategy(struct reload_options *o, struct str name, struct err **err);
const char *reload_strategy_name(enum reload_strategy strategy);
/* Resolves the scope: --namespaces as it is; else the namespace of KUBERNETES_NAMESPACE (NULL or
 * empty: none); else all. Outside "all" the ignore list and the selector have no meaning and are
 * dropped. `storage` keeps the one name. */
void reload_options_scope(struct reload_options *o, const char *kubernetes_namespace,
                          const char **storage);
bool reload_options_global(const struct reload_options *o);
/* False for a namespace that is outside the list or ignored. The selector is not looked at. */
bool reload_options_in_scope(const struct reload_options *o, struct str ns);

#endif
