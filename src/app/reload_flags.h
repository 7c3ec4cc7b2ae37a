/* SPDX-License-Identifier: Apache-2.0
 *
 * reload_flags: the rows of flags that say what restarts what, for every command that decides it:
 * `pawl run` does it, `pawl plan` foretells it, and `pawl reloader` shares the names of the
 * annotations. A command puts the struct among its options and the rows into its table:
 *
 *     static const struct flag rows[] = { ... RELOAD_FLAG_ROWS(struct run_options, reload), ... };
 */
#ifndef PAWL_APP_RELOAD_FLAGS_H
#define PAWL_APP_RELOAD_FLAGS_H

#include "app/flags.h"
#include "reload/options.h"

/* Names of annotations. */
struct reload_key_flags {
    char *auto_any, *configmap_auto, *secret_auto;
    char *configmap_list, *secret_list;
    char *search, *match, *ignore;
    char *pause_period, *paused_at;
};

/* `options` is the command's struct, `member` its struct reload_key_flags. */
#define RELOAD_KEY_ROWS(options, member)                                                           \
    {"auto-annotation",                                                                            \
     0,                                                                                            \
     FLAG_STRING,                                                                                  \
     offsetof(options, member.auto_any),                                                           \
     "reloader.stakater.com/auto",                                                                 \
     .help = "Annotation of workloads that restart for any Secret or ConfigMap they refer to."},   \
        {"configmap-auto-annotation",                                                              \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, member.configmap_auto),                                                 \
         "configmap.reloader.stakater.com/auto",                                                   \
         .help = "The same for ConfigMaps only."},                                                 \
        {"secret-auto-annotation",                                                                 \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, member.secret_auto),                                                    \
         "secret.reloader.stakater.com/auto",                                                      \
         .help = "The same for Secrets only."},                                                    \
        {"configmap-annotation",                                                                   \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, member.configmap_list),                                                 \
         "configmap.reloader.stakater.com/reload",                                                 \
         .help = "Annotation that lists the ConfigMaps that restart a workload."},                 \
        {"secret-annotation",                                                                      \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, member.secret_list),                                                    \
         "secret.reloader.stakater.com/reload",                                                    \
         .help = "Annotation that lists the Secrets that restart a workload."},                    \
        {"auto-search-annotation",                                                                 \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, member.search),                                                         \
         "reloader.stakater.com/search",                                                           \
         .help = "Annotation of workloads that restart for what they refer to and is marked."},    \
        {"search-match-annotation",                                                                \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, member.match),                                                          \
         "reloader.stakater.com/match",                                                            \
         .help = "Annotation that marks Secrets and ConfigMaps for it."},                          \
        {"ignore-annotation",                                                                      \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, member.ignore),                                                         \
         "reloader.stakater.com/ignore",                                                           \
         .help = "Annotation of Secrets and ConfigMaps that never restart anything."},             \
        {"pause-deployment-annotation",                                                            \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, member.pause_period),                                                   \
         "deployment.reloader.stakater.com/pause-period",                                          \
         .help = "Annotation that says how long a Deployment is paused when it is changed."},      \
    {                                                                                              \
        "pause-deployment-time-annotation", 0, FLAG_STRING, offsetof(options, member.paused_at),   \
            "deployment.reloader.stakater.com/paused-at",                                          \
            .help = "Annotation that says since when it is paused."                                \
    }

void reload_key_flags_use(const struct reload_key_flags *f, struct reload_keys *keys);

/* What decides whether a workload restarts. */
struct reload_flags {
    struct reload_key_flags keys;
    char *strategy;
    bool auto_reload_all;
    bool on_create;
    bool on_delete;
    bool argo_rollouts;
    bool csi_integration;
    struct flag_list resources_to_ignore;
    struct flag_list ignored_workloads;
    struct flag_list ignored_namespaces;
    struct flag_list namespace_selector;
    struct flag_list resource_selector;
    char *webhook_url;
};

#define RELOAD_FLAG_ROWS(options, member)                                                            \
    {"reload-strategy",                                                                              \
     0,                                                                                              \
     FLAG_STRING,                                                                                    \
     offsetof(options, member.strategy),                                                             \
     "env-vars",                                                                                     \
     NULL,                                                                                           \
     .help = "Reload: what is changed in a pod template to restart its pods.",                       \
     .choices = "env-vars|annotations"},                                                             \
        {"auto-reload-all",                                                                          \
         0,                                                                                          \
         FLAG_BOOL,                                                                                  \
         offsetof(options, member.auto_reload_all),                                                  \
         NULL,                                                                                       \
         NULL,                                                                                       \
         .help = "Reload: treat workloads without annotations as if they had auto: \"true\"."},      \
        {"reload-on-create",                                                                         \
         0,                                                                                          \
         FLAG_BOOL,                                                                                  \
         offsetof(options, member.on_create),                                                        \
         NULL,                                                                                       \
         NULL,                                                                                       \
         .help = "Reload: a new Secret or ConfigMap restarts the workloads that use it."},           \
        {"reload-on-delete",                                                                         \
         0,                                                                                          \
         FLAG_BOOL,                                                                                  \
         offsetof(options, member.on_delete),                                                        \
         NULL,                                                                                       \
         NULL,                                                                                       \
         .help = "Reload: a deleted Secret or ConfigMap restarts the workloads that use it."},       \
        {"argo-rollouts",                                                                            \
         0,                                                                                          \
         FLAG_BOOL,                                                                                  \
         offsetof(options, member.argo_rollouts),                                                    \
         NULL,                                                                                       \
         NULL,                                                                                       \
         .help = "Reload: also restart Argo Rollouts."},                                             \
        {"csi-integration",                                                                          \
         0,                                                                                          \
         FLAG_BOOL,                                                                                  \
         offsetof(options, member.csi_integration),                                                  \
         NULL,                                                                                       \
         NULL,                                                                                       \
         .help = "Reload: also look at what SecretProviderClasses mount."},                          \
        {"resources-to-ignore",                                                                      \
         0,                                                                                          \
         FLAG_LIST,                                                                                  \
         offsetof(options, member.resources_to_ignore),                                              \
         NULL,                                                                                       \
         NULL,                                                                                       \
         .help = "Reload: configmaps or secrets."},                                                  \
        {"ignored-workload-types",                                                                   \
         0,                                                                                          \
         FLAG_LIST,                                                                                  \
         offsetof(options, member.ignored_workloads),                                                \
         NULL,                                                                                       \
         NULL,                                                                                       \
         .help = "Reload: jobs, cronjobs."},                                                         \
        {"namespaces-to-ignore",                                                                     \
         0,                                                                                          \
         FLAG_LIST,                                                                                  \
         offsetof(options, member.ignored_namespaces),                                               \
         NULL,                                                                                       \
         NULL,                                                                                       \
         .help = "Reload: namespaces to leave alone."},                                              \
        {"namespace-selector",                                                                       \
         0,                                                                                          \
         FLAG_LIST,                                                                                  \
         offsetof(options, member.namespace_selector),                                               \
         NULL,                                                                                       \
         NULL,                                                                                       \
         .help = "Reload: label selector of the namespaces to work in."},                            \
        {"resource-label-selector",                                                                  \
         0,                                                                                          \
         FLAG_LIST,                                                                                  \
         offsetof(options, member.resource_selector),                                                \
         NULL,                                                                                       \
         NULL,                                                                                       \
         .help = "Reload: label selector of the Secrets and ConfigMaps to look at."},                \
        {"webhook-url", 0,                                                                           \
         FLAG_STRING,   offsetof(options, member.webhook_url),                                       \
         NULL,          NULL,                                                                        \
         "url",         "Reload: POST to this URL for each change instead of restarting anything."}, \
        RELOAD_KEY_ROWS(options, member.keys)

/* Sets in *out (made by reload_options_init) what the flags say. ERR_INVALID for a strategy or an
 * ignore list that is none. *out borrows from f. */
int reload_flags_use(const struct reload_flags *f, struct reload_options *out,
                     struct err **err) MUST_USE;

#endif
