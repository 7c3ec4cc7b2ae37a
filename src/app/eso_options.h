/* SPDX-License-Identifier: Apache-2.0
 *
 * eso_options: everything `pawl external-secrets` and its sub-commands can be told: the flags of
 * External Secrets Operator under their names and with their defaults, in three tables; and what
 * the sync role and the listeners are told from them.
 *
 * Flags that have no meaning here (other providers, caches that Pawl does not have) are accepted
 * and ignored, and the help does not list them.
 */
#ifndef PAWL_APP_ESO_OPTIONS_H
#define PAWL_APP_ESO_OPTIONS_H

#include "app/flags.h"
#include "base/log.h"
#include "sync/sync.h"

/* What the three have in common. */
struct eso_common {
    char *metrics_addr; /* "0": none */
    bool metrics_secure, metrics_auth;
    char *metrics_cert_dir, *metrics_cert_name, *metrics_key_name;
    bool enable_http2;
    char *loglevel, *time_encoding;
};

struct eso_election {
    bool enabled;
    char *id;
    ns_t lease_duration, renew_deadline, retry_period;
};

struct eso_options {
    struct eso_common common;
    struct eso_election election;
    char *live_addr;
    char *controller_class, *namespace;
    int64_t concurrent, client_burst;
    double client_qps;
    bool cluster_stores, stores;
    bool cluster_external_secrets, cluster_push_secrets, push_secrets;
    bool secrets_caching, configmaps_caching, managed_secrets_caching, read_on_mismatch;
    ns_t store_interval, generator_gc_grace_period;
    bool flood_gate, generator_state, extended_metric_labels, generic_targets;
    char *left_delimiter, *right_delimiter;
    bool vault_token_cache, experimental_vault_token_cache;
    int64_t vault_token_cache_size, experimental_vault_token_cache_size;
    char *extra_ca_file; /* Pawl's own */
};
extern const struct flag_set eso_flags;

struct eso_webhook_options {
    struct eso_common common;
    int64_t port;
    char *dns_name, *cert_dir, *healthz_addr;
    ns_t check_interval, lookahead;
    char *tls_ciphers, *tls_min_version;
};
extern const struct flag_set eso_webhook_flags;

struct eso_cert_options {
    struct eso_common common;
    struct eso_election election;
    char *service_name, *service_ns, *secret_name, *secret_ns, *healthz_addr;
    struct flag_list crd_names;
    ns_t interval;
    bool partial_cache;
};
extern const struct flag_set eso_cert_flags;

/* ERR_INVALID: External Secrets Operator would not start either (a log level that is none,
 * --metrics-auth without --metrics-secure); or what Pawl cannot do (--metrics-auth). */
int eso_common_check(const struct eso_common *c, struct log_config *log, struct err **err) MUST_USE;
/* Views of o and of ca_pem; `ns` keeps the one namespace. */
struct sync_options eso_options_sync(const struct eso_options *o, struct str ca_pem,
                                     struct str *ns);

/* Where to listen, and with what certificate: the metrics, and the probes. */
enum { ESO_LISTENERS = 2 };
struct ssl_ctx_st;
struct eso_listeners {
    const char *address[ESO_LISTENERS]; /* borrowed */
    struct ssl_ctx_st *tls[ESO_LISTENERS];
    size_t n;
};
/* ERR_IO, ERR_TLS: the certificate for --metrics-secure. */
int eso_listeners_open(const struct eso_common *c, const char *probes, struct eso_listeners *out,
                       struct err **err) MUST_USE;
void eso_listeners_done(struct eso_listeners *l);

#endif
