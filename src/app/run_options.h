/* SPDX-License-Identifier: Apache-2.0
 *
 * run_options: everything `pawl run` can be told, by flag, environment (PAWL_...) or YAML file,
 * from one table; and what the roles are told from it.
 */
#ifndef PAWL_APP_RUN_OPTIONS_H
#define PAWL_APP_RUN_OPTIONS_H

#include "app/cluster_flags.h"
#include "app/reload_flags.h"
#include "base/log.h"
#include "sync/sync.h"

struct run_options {
    struct flag_list roles;
    char *listen;
    char *config;
    struct cluster_flags cluster;
    struct flag_list namespaces;
    char *log_level;
    char *log_format;
    char *extra_ca_file;
    bool http1_only;
    int64_t max_requests;

    bool leader_elect;
    char *lease_name;
    char *lease_namespace;
    ns_t lease_duration;
    ns_t renew_deadline;
    ns_t retry_period;

    char *controller_class;
    ns_t store_interval;
    bool flood_gate;
    bool cluster_stores;
    int64_t concurrent;
    int64_t vault_rate;
    bool extended_metric_labels;
    char *left_delimiter; /* of templates */
    char *right_delimiter;

    struct reload_flags reload;
    bool sync_after_restart;
    bool ledger;
    bool keep_leftovers;
};

extern const struct flag_set run_flags;

/* What a --roles flag names, which may be nothing. ERR_INVALID names the role that is none. */
int role_names(const struct flag_list *names, bool *sync, bool *reload, struct err **err) MUST_USE;
/* The same for `pawl run`, which needs at least one: ERR_INVALID says so. */
int run_options_roles(const struct run_options *o, bool *sync, bool *reload,
                      struct err **err) MUST_USE;
/* Views of o and of ca_pem; `namespaces` is an array of at least o->namespaces.n that must live as
 * long. */
struct sync_options run_options_sync(const struct run_options *o, struct str ca_pem,
                                     struct str *namespaces);
int run_options_reload(const struct run_options *o, struct reload_options *out,
                       struct err **err) MUST_USE;
struct log_config run_options_log(const struct run_options *o);

#endif
