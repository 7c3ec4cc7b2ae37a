/* SPDX-License-Identifier: Apache-2.0 */
#include "app/eso_options.h"

#include <unistd.h>

#include "app/serving_cert.h"
#include "net/tls.h"

/* Passes that wait for a vault cost next to nothing, so that fewer would only be slower. */
enum { CONCURRENT_MIN = 64 };

#define COMMON_ROWS(options)                                                                       \
    {"metrics-addr",                                                                               \
     0,                                                                                            \
     FLAG_STRING,                                                                                  \
     offsetof(options, common.metrics_addr),                                                       \
     ":8080",                                                                                      \
     .value = "host:port",                                                                         \
     .help = "Where to serve /metrics; 0 means nowhere."},                                         \
        {"metrics-secure", 0, FLAG_BOOL, offsetof(options, common.metrics_secure),                 \
         .help = "Serve the metrics over HTTPS, with a certificate of its own if no folder is "    \
                 "given."},                                                                        \
        {"metrics-auth", 0, FLAG_BOOL, offsetof(options, common.metrics_auth),                     \
         .help = "Not supported: the program ends with an error."},                                \
        {"metrics-cert-dir",                                                                       \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, common.metrics_cert_dir),                                               \
         NULL,                                                                                     \
         .value = "folder",                                                                        \
         .help = "Folder with the certificate for --metrics-secure."},                             \
        {"metrics-cert-name",                                                                      \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, common.metrics_cert_name),                                              \
         "tls.crt",                                                                                \
         .value = "file",                                                                          \
         .help = "Its name in the folder."},                                                       \
        {"metrics-key-name",                                                                       \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, common.metrics_key_name),                                               \
         "tls.key",                                                                                \
         .value = "file",                                                                          \
         .help = "Name of its key."},                                                              \
        {"enable-http2",  0,                                                                       \
         FLAG_BOOL,       offsetof(options, common.enable_http2),                                  \
         .ignored = true, .help = "HTTP/2 for the metrics."},                                      \
        {"loglevel",                                                                               \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, common.loglevel),                                                       \
         "info",                                                                                   \
         .value = "level",                                                                         \
         .help = "How much to log: debug, info, warn, error, dpanic, panic or fatal."},            \
    {                                                                                              \
        "zap-time-encoding", 0, FLAG_STRING, offsetof(options, common.time_encoding), "epoch",     \
            .help = "How log lines write the time.",                                               \
            .choices = "epoch|millis|nano|iso8601|rfc3339|rfc3339nano"                             \
    }

#define ELECTION_ROWS(options, lease)                                                              \
    {"enable-leader-election", 0, FLAG_BOOL, offsetof(options, election.enabled),                  \
     .help = "Work only while holding the Lease, for more than one replica."},                     \
        {"leader-election-id",                                                                     \
         0,                                                                                        \
         FLAG_STRING,                                                                              \
         offsetof(options, election.id),                                                           \
         lease,                                                                                    \
         .help = "Name of the Lease, in the pod's namespace."},                                    \
        {"leader-election-lease-duration",                                                         \
         0,                                                                                        \
         FLAG_DURATION,                                                                            \
         offsetof(options, election.lease_duration),                                               \
         "15s",                                                                                    \
         .help = "How long others wait for a leader that is silent."},                             \
        {"leader-election-renew-deadline",                                                         \
         0,                                                                                        \
         FLAG_DURATION,                                                                            \
         offsetof(options, election.renew_deadline),                                               \
         "10s",                                                                                    \
         .help = "After which the leader stops when it cannot renew."},                            \
    {                                                                                              \
        "leader-election-retry-period", 0, FLAG_DURATION,                                          \
            offsetof(options, election.retry_period), "2s",                                        \
            .help = "Pause between two tries to get or renew the Lease."                           \
    }

#define AT(member)       offsetof(struct eso_options, member)
#define IGNORED(what)    .ignored = true, .help = (what)
#define NOT_ACTED_ON     "Kinds that Pawl does not act on yet."
#define ANOTHER_PROVIDER "Of another provider."
#define NO_SUCH_CACHE    "A cache that Pawl does not have."

static const struct flag rows[] = {
    COMMON_ROWS(struct eso_options),
    ELECTION_ROWS(struct eso_options, "external-secrets-controller"),
    {"live-addr", 0, FLAG_STRING, AT(live_addr), ":8082", .value = "host:port",
     .help = "Where to serve /healthz and /readyz."},
    {"controller-class", 0, FLAG_STRING, AT(controller_class), "default",
     .help = "Stores with another spec.controller are left alone."},
    {"namespace", 0, FLAG_STRING, AT(namespace), NULL,
     .help = "The only namespace to work in; empty means all."},
    {"concurrent", 0, FLAG_INT, AT(concurrent), "1",
     .help = "ExternalSecrets worked on at once; fewer than 64 mean 64, for waiting costs nothing "
             "here."},
    {"client-qps", 0, FLAG_DOUBLE, AT(client_qps), "50", IGNORED("Requests a second.")},
    {"client-burst", 0, FLAG_INT, AT(client_burst), "100", IGNORED("Requests in a burst.")},
    {"enable-cluster-store-reconciler", 0, FLAG_BOOL, AT(cluster_stores), "true",
     .help = "Use ClusterSecretStores."},
    {"enable-secret-store-reconciler", 0, FLAG_BOOL, AT(stores), "true",
     .help = "Check SecretStores."},
    {"enable-cluster-external-secret-reconciler", 0, FLAG_BOOL, AT(cluster_external_secrets),
     "true", IGNORED(NOT_ACTED_ON)},
    {"enable-cluster-push-secret-reconciler", 0, FLAG_BOOL, AT(cluster_push_secrets), "true",
     IGNORED(NOT_ACTED_ON)},
    {"enable-push-secret-reconciler", 0, FLAG_BOOL, AT(push_secrets), "true",
     IGNORED(NOT_ACTED_ON)},
    {"enable-secrets-caching", 0, FLAG_BOOL, AT(secrets_caching), IGNORED(NO_SUCH_CACHE)},
    {"enable-configmaps-caching", 0, FLAG_BOOL, AT(configmaps_caching), IGNORED(NO_SUCH_CACHE)},
    {"enable-managed-secrets-caching", 0, FLAG_BOOL, AT(managed_secrets_caching), "true",
     IGNORED(NO_SUCH_CACHE)},
    {"enable-secret-api-read-on-cache-mismatch", 0, FLAG_BOOL, AT(read_on_mismatch), "true",
     IGNORED("Always done.")},
    {"store-requeue-interval", 0, FLAG_DURATION, AT(store_interval), "5m",
     .help = "How often a store is checked."},
    {"enable-flood-gate", 0, FLAG_BOOL, AT(flood_gate), "true",
     .help = "Leave stores that are not Ready alone."},
    {"enable-generator-state", 0, FLAG_BOOL, AT(generator_state), "true", IGNORED(NOT_ACTED_ON)},
    {"generator-gc-grace-period", 0, FLAG_DURATION, AT(generator_gc_grace_period), "2m",
     IGNORED(NOT_ACTED_ON)},
    {"enable-extended-metric-labels", 0, FLAG_BOOL, AT(extended_metric_labels),
     .help = "Add the app.kubernetes.io labels of an object to its metrics."},
    {"unsafe-allow-generic-targets", 0, FLAG_BOOL, AT(generic_targets),
     IGNORED("Pawl writes Secrets only.")},
    {"template-left-delimiter", 0, FLAG_STRING, AT(left_delimiter), "{{",
     .help = "What begins an action in a template."},
    {"template-right-delimiter", 0, FLAG_STRING, AT(right_delimiter), "}}",
     .help = "What ends it."},
    {"enable-vault-token-cache", 0, FLAG_BOOL, AT(vault_token_cache), IGNORED(ANOTHER_PROVIDER)},
    {"vault-token-cache-size", 0, FLAG_INT, AT(vault_token_cache_size), "0",
     IGNORED(ANOTHER_PROVIDER)},
    {"experimental-enable-vault-token-cache", 0, FLAG_BOOL, AT(experimental_vault_token_cache),
     IGNORED(ANOTHER_PROVIDER)},
    {"experimental-vault-token-cache-size", 0, FLAG_INT, AT(experimental_vault_token_cache_size),
     "0", IGNORED(ANOTHER_PROVIDER)},
    {"extra-ca-file", 0, FLAG_STRING, AT(extra_ca_file), NULL, "PAWL_EXTRA_CA_FILE", "file",
     .help = "PEM file with certificate authorities to trust for vaults and sign-in, besides the "
             "system's; not a flag of External Secrets Operator."},
};
const struct flag_set eso_flags = {
    "pawl external-secrets", "[webhook|certcontroller]",
    "Keeps Secrets equal to Azure Key Vault under exactly the flags, metrics and probes of "
    "External Secrets Operator, whose place it takes. The sub-commands take the places of its "
    "webhook and its certificate controller; `pawl external-secrets webhook --help` lists their "
    "flags.",
    rows, COUNT_OF(rows)};

#define WEBHOOK_AT(member) offsetof(struct eso_webhook_options, member)

static const struct flag webhook_rows[] = {
    COMMON_ROWS(struct eso_webhook_options),
    {"port", 0, FLAG_INT, WEBHOOK_AT(port), "10250", .help = "Port to serve the webhook on."},
    {"dns-name", 0, FLAG_STRING, WEBHOOK_AT(dns_name), "localhost",
     .help = "Name that the certificate must have."},
    {"cert-dir", 0, FLAG_STRING, WEBHOOK_AT(cert_dir), "/tmp/k8s-webhook-server/serving-certs",
     .value = "folder", .help = "Folder with tls.crt, tls.key and, to check them, ca.crt."},
    {"check-interval", 0, FLAG_DURATION, WEBHOOK_AT(check_interval), "5m",
     .help = "How often the files are looked at."},
    {"lookahead-interval", 0, FLAG_DURATION, WEBHOOK_AT(lookahead), "2160h",
     .help = "A certificate that ends before this is warned about."},
    {"healthz-addr", 0, FLAG_STRING, WEBHOOK_AT(healthz_addr), ":8081", .value = "host:port",
     .help = "Where to serve /healthz and /readyz."},
    {"tls-ciphers", 0, FLAG_STRING, WEBHOOK_AT(tls_ciphers), NULL,
     IGNORED("OpenSSL's choice is used.")},
    {"tls-min-version", 0, FLAG_STRING, WEBHOOK_AT(tls_min_version), "1.2",
     IGNORED("TLS 1.2 and 1.3 are served.")},
};
const struct flag_set eso_webhook_flags = {
    "pawl external-secrets webhook", NULL,
    "Answers the webhooks of External Secrets Operator's chart: admits everything, because the "
    "controller itself checks each object and tells in its condition and Events.",
    webhook_rows, COUNT_OF(webhook_rows)};

#define CERT_AT(member) offsetof(struct eso_cert_options, member)

static const struct flag cert_rows[] = {
    COMMON_ROWS(struct eso_cert_options),
    ELECTION_ROWS(struct eso_cert_options, "crd-certs-controller"),
    {"service-name", 0, FLAG_STRING, CERT_AT(service_name), "external-secrets-webhook",
     .help = "Name of the webhook's Service."},
    {"service-namespace", 0, FLAG_STRING, CERT_AT(service_ns), "default",
     .help = "Namespace of the webhook's Service."},
    {"secret-name", 0, FLAG_STRING, CERT_AT(secret_name), "external-secrets-webhook",
     .help = "Name of the Secret with the webhook's certificate."},
    {"secret-namespace", 0, FLAG_STRING, CERT_AT(secret_ns), "default",
     .help = "Namespace of that Secret."},
    {"crd-names", 0, FLAG_LIST, CERT_AT(crd_names),
     "externalsecrets.external-secrets.io,clustersecretstores.external-secrets.io,"
     "secretstores.external-secrets.io",
     IGNORED("The definitions have no conversion that would need a certificate.")},
    {"crd-requeue-interval", 0, FLAG_DURATION, CERT_AT(interval), "5m",
     .help = "How often everything is looked at."},
    {"enable-partial-cache", 0, FLAG_BOOL, CERT_AT(partial_cache), IGNORED(NO_SUCH_CACHE)},
    {"healthz-addr", 0, FLAG_STRING, CERT_AT(healthz_addr), ":8081", .value = "host:port",
     .help = "Where to serve /healthz and /readyz."},
};
const struct flag_set eso_cert_flags = {
    "pawl external-secrets certcontroller", NULL,
    "Makes the certificate of the webhook, keeps it in a Secret, renews it, and writes its "
    "authority into the webhook configurations of External Secrets Operator's chart.",
    cert_rows, COUNT_OF(cert_rows)};

/* ---- what they mean ---- */

static bool level_of(const char *name, enum log_level *out)
{
    static const char *const severe[] = {"dpanic", "panic", "fatal"};
    for (size_t i = 0; i < COUNT_OF(severe); i++) {
        if (strcmp(name, severe[i]) == 0) {
            *out = LOG_ERROR;
            return true;
        }
    }
    return strcmp(name, "trace") != 0 && log_level_parse(str_c(name), out);
}

static enum log_time time_of(const char *name)
{
    static const struct {
        const char *name;
        enum log_time time;
    } encodings[] = {
        {"epoch", LOG_TIME_EPOCH}, {"millis", LOG_TIME_MILLIS}, {"nano", LOG_TIME_NANOS}};
    for (size_t i = 0; i < COUNT_OF(encodings); i++) {
        if (strcmp(name, encodings[i].name) == 0) {
            return encodings[i].time;
        }
    }
    return LOG_TIME_RFC3339;
}

int eso_common_check(const struct eso_common *c, struct log_config *log, struct err **err)
{
    *log = (struct log_config){
        .format = LOG_JSON, .time = time_of(c->time_encoding), .fd = STDERR_FILENO};
    if (!level_of(c->loglevel, &log->level)) {
        return err_set(err, ERR_INVALID,
                       "--loglevel: \"%s\" is none of debug, info, warn, error, dpanic, panic, "
                       "fatal",
                       c->loglevel);
    }
    if (c->metrics_auth && !c->metrics_secure) {
        return err_set(err, ERR_INVALID, "--metrics-auth needs --metrics-secure");
    }
    if (c->metrics_auth) {
        return err_set(err, ERR_INVALID,
                       "--metrics-auth is not supported: leave it out "
                       "(metrics.listen.auth.enabled in the chart) and let a NetworkPolicy say who "
                       "may read the metrics");
    }
    return 0;
}

struct sync_options eso_options_sync(const struct eso_options *o, struct str ca_pem, struct str *ns)
{
    bool one = *o->namespace != '\0';
    int64_t concurrent = MAX(o->concurrent, (int64_t)CONCURRENT_MIN);
    *ns = str_c(o->namespace);
    return (struct sync_options){
        .controller_class = str_c(o->controller_class),
        .namespaces = ns,
        .n_namespaces = one,
        .no_cluster_stores = !o->cluster_stores,
        .no_stores = !o->stores,
        .store_interval = o->store_interval,
        .no_flood_gate = !o->flood_gate,
        .concurrent = (size_t)concurrent,
        .extended_metric_labels = o->extended_metric_labels,
        .left_delimiter = str_c(o->left_delimiter),
        .right_delimiter = str_c(o->right_delimiter),
        .ca_pem = ca_pem,
    };
}

/* ---- listeners ---- */

static bool wanted(const char *address)
{
    return *address && strcmp(address, "0") != 0;
}

static struct ssl_ctx_st *metrics_tls(const struct eso_common *c, struct err **err)
{
    if (*c->metrics_cert_dir) {
        return serving_cert_load(c->metrics_cert_dir, c->metrics_cert_name, c->metrics_key_name,
                                 err);
    }
    return serving_cert_own("localhost", err);
}

int eso_listeners_open(const struct eso_common *c, const char *probes, struct eso_listeners *out,
                       struct err **err)
{
    *out = (struct eso_listeners){0};
    if (wanted(c->metrics_addr)) {
        if (c->metrics_secure && !(out->tls[0] = metrics_tls(c, err))) {
            return err_wrap(err, "--metrics-secure");
        }
        out->address[out->n++] = c->metrics_addr;
    }
    if (wanted(probes)) {
        out->address[out->n++] = probes;
    }
    return 0;
}

void eso_listeners_done(struct eso_listeners *l)
{
    for (size_t i = 0; i < ESO_LISTENERS; i++) {
        tls_context_free(l->tls[i]);
    }
    *l = (struct eso_listeners){0};
}
