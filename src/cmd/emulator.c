/* SPDX-License-Identifier: Apache-2.0
 *
 * pawl emulator: Key Vault and Entra ID on this machine, until SIGTERM or SIGINT.
 * pawl emulator ca: the certificate of its authority, for clients to trust.
 */
#define LOGGER "emulator"
#include <signal.h>

#include "base/log.h"
#include "base/secret.h"
#include "cmd/commands.h"
#include "emulator/emulator.h"
#include "net/http_client.h"

enum { CA_MAX = 64 * 1024 };

struct emulator_options {
    char *listen, *msi_listen, *admin_listen;
    char *data, *seed;
    bool in_memory;
    struct flag_list vault_suffixes, login_hosts, arm_hosts, graph_hosts;
    bool azure_names;
    char *tls_cert, *tls_key, *issuer_ca;
    char *msi_identity, *msi_header;
    ns_t token_lifetime, latency, settle;
    char *log_level, *log_format;
};

#define OPTION(member) offsetof(struct emulator_options, member)

static const struct flag rows[] = {
    {"listen", 0, FLAG_STRING, OPTION(listen), "0.0.0.0:8443", "PAWL_EMULATOR_LISTEN",
     "ADDRESS:PORT",
     .help =
         "Where HTTPS is served: login hosts, resource manager and vaults, told apart by name."},
    {"msi-listen", 0, FLAG_STRING, OPTION(msi_listen), NULL, "PAWL_EMULATOR_MSI_LISTEN",
     "ADDRESS:PORT",
     .help = "Where managed identity (IMDS, App Service, Cloud Shell) is served over plain HTTP; "
             "not at all by default."},
    {"admin-listen", 0, FLAG_STRING, OPTION(admin_listen), NULL, "PAWL_EMULATOR_ADMIN_LISTEN",
     "ADDRESS:PORT",
     .help = "Where the admin API (faults, clock, requests, /healthz) is served over plain HTTP; "
             "not at all by default. It has no authentication: use an address like "
             "127.0.0.1:8444."},
    {"data", 0, FLAG_STRING, OPTION(data), NULL, "PAWL_EMULATOR_DATA", "FOLDER",
     .help = "Folder of the database, the certificate authority and the signing key; made where "
             "missing. Default: pawl/emulator in $XDG_DATA_HOME or ~/.local/share."},
    {"in-memory", 0, FLAG_BOOL, OPTION(in_memory), NULL, NULL, NULL,
     .help = "Keeps nothing: everything is gone when the emulator stops."},
    {"seed", 0, FLAG_STRING, OPTION(seed), NULL, "PAWL_EMULATOR_SEED", "FILE",
     .help = "YAML file that says which tenants, applications, identities, vaults and secrets "
             "there are."},
    {"vault-suffix", 0, FLAG_LIST, OPTION(vault_suffixes), NULL, NULL, "DOMAIN",
     .help = "Vaults are also served as NAME.DOMAIN."},
    {"login-host", 0, FLAG_LIST, OPTION(login_hosts), NULL, NULL, "HOST",
     .help = "Entra ID is also served under this name."},
    {"arm-host", 0, FLAG_LIST, OPTION(arm_hosts), NULL, NULL, "HOST",
     .help = "The resource manager is also served under this name."},
    {"graph-host", 0, FLAG_LIST, OPTION(graph_hosts), NULL, NULL, "HOST",
     .help = "Microsoft Graph is also served under this name."},
    {"azure-names", 0, FLAG_BOOL, OPTION(azure_names), "true", NULL, NULL,
     .help = "Serves Azure's own names too, so that redirected DNS works: "
             "login.microsoftonline.com, management.azure.com, *.vault.azure.net ..."},
    {"tls-cert", 0, FLAG_STRING, OPTION(tls_cert), NULL, NULL, "FILE",
     .help = "PEM certificate chain to serve for all names, instead of certificates made on "
             "demand."},
    {"tls-key", 0, FLAG_STRING, OPTION(tls_key), NULL, NULL, "FILE",
     .help = "PEM key of --tls-cert."},
    {"issuer-ca", 0, FLAG_STRING, OPTION(issuer_ca), NULL, NULL, "FILE",
     .help = "PEM bundle trusted for token issuers (federated credentials) besides the system's "
             "store."},
    {"msi-identity", 0, FLAG_STRING, OPTION(msi_identity), NULL, NULL, "NAME",
     .help = "Identity for managed identity requests that name none; needed where the seed has "
             "more than one."},
    {"msi-header", 0, FLAG_STRING, OPTION(msi_header), NULL, NULL, "VALUE",
     .help = "What IDENTITY_HEADER must be; any value by default."},
    {"token-lifetime", 0, FLAG_DURATION, OPTION(token_lifetime), "1h", NULL, NULL,
     .help = "How long access tokens last (those of managed identities always a day)."},
    {"latency", 0, FLAG_DURATION, OPTION(latency), "0s", NULL, NULL,
     .help = "Holds every answer back by this long, as a network would."},
    {"settle", 0, FLAG_DURATION, OPTION(settle), "0s", NULL, NULL,
     .help = "How long deletions, recoveries and purges take to be complete (seconds in Azure)."},
    {"log-level", 0, FLAG_STRING, OPTION(log_level), "info", "PAWL_LOG_LEVEL", NULL,
     .help = "How much is logged; debug logs each request.",
     .choices = "error|warn|info|debug|trace"},
    {"log-format", 0, FLAG_STRING, OPTION(log_format), "text", "PAWL_LOG_FORMAT", NULL,
     .help = "How a line is written.", .choices = "text|json"},
};
static const struct flag_set set = {
    "pawl emulator", "[ca]",
    "Serves Azure Key Vault, Entra ID, managed identity and a little of Azure Resource Manager on "
    "this machine, for tests, demos and laptops. The az command line, the Azure SDKs and External "
    "Secrets Operator talk to it as they talk to Azure. `pawl emulator ca` prints the certificate "
    "that clients have to trust.",
    rows, COUNT_OF(rows)};

/* ---- from options to a configuration ---- */

/* NULL for an empty string. */
static const char *given(const char *text)
{
    return *text ? text : NULL;
}

/* The names given come first: the first one is what documents and challenges show. */
static int add_names(struct name_list *out, const struct flag_list *names, bool azure,
                     const struct name_list *azures, const char *flag, struct err **err)
{
    *out = (struct name_list){0};
    for (size_t i = 0; i < names->n; i++) {
        if (out->n == EMULATOR_MAX_NAMES) {
            return err_set(err, ERR_LIMIT, "--%s: too many names", flag);
        }
        /* Both "vault.emu.test" and ".vault.emu.test" are usual. */
        out->v[out->n++] = names->v[i] + (names->v[i][0] == '.');
    }
    for (size_t i = 0; i < azures->n && (azure || out->n == 0); i++) {
        if (out->n < EMULATOR_MAX_NAMES) {
            out->v[out->n++] = azures->v[i];
        }
    }
    return 0;
}

static int all_names(struct emulator_config *c, const struct emulator_options *o, struct err **err)
{
    const struct emulator_config azure = emulator_config_default();
    return add_names(&c->vault_suffixes, &o->vault_suffixes, o->azure_names, &azure.vault_suffixes,
                     "vault-suffix", err) != 0 ||
                   add_names(&c->login_hosts, &o->login_hosts, o->azure_names, &azure.login_hosts,
                             "login-host", err) != 0 ||
                   add_names(&c->arm_hosts, &o->arm_hosts, o->azure_names, &azure.arm_hosts,
                             "arm-host", err) != 0 ||
                   add_names(&c->graph_hosts, &o->graph_hosts, o->azure_names, &azure.graph_hosts,
                             "graph-host", err) != 0
               ? -1
               : 0;
}

/* The data folder; the caller frees it. NULL: in memory. */
static char *data_folder(const struct emulator_options *o)
{
    const char *home = getenv("HOME"), *xdg = getenv("XDG_DATA_HOME");
    if (o->in_memory) {
        return NULL;
    }
    if (*o->data) {
        return xstrdup(o->data);
    }
    return xdg && *xdg ? xasprintf("%s/pawl/emulator", xdg)
                       : xasprintf("%s/.local/share/pawl/emulator", home ? home : "");
}

static int configure(struct emulator_config *c, const struct emulator_options *o, const char *data,
                     struct err **err)
{
    *c = (struct emulator_config){
        .data = data,
        .listen = given(o->listen),
        .msi_listen = given(o->msi_listen),
        .admin_listen = given(o->admin_listen),
        .seed = given(o->seed),
        .tls_cert = given(o->tls_cert),
        .tls_key = given(o->tls_key),
        .issuer_ca = given(o->issuer_ca),
        .msi_identity = given(o->msi_identity),
        .msi_header = given(o->msi_header),
        .token_lifetime = o->token_lifetime,
        .latency = o->latency,
        .settle = o->settle,
    };
    struct log_config log = {.format = strcmp(o->log_format, "json") == 0 ? LOG_JSON : LOG_TEXT,
                             .time = LOG_TIME_RFC3339,
                             .fd = 2};
    must(log_level_parse(str_c(o->log_level), &log.level));
    log_configure(&log);
    return all_names(c, o, err);
}

/* ---- running ---- */

static void stop(void *arg)
{
    loop_stop(arg);
}

static void say_ready(const struct emulator_config *config, struct emulator_ports ports)
{
    LOG_INFO("emulator ready", F("listen", config->listen), F("port", (int)ports.main),
             F("msiPort", (int)ports.msi), F("adminPort", (int)ports.admin),
             F("data", config->data ? config->data : "in memory"));
}

static int run(const struct emulator_config *config, struct err **err)
{
    struct loop *l = loop_new();
    struct loop_watch *term = loop_signal(l, SIGTERM, stop, l);
    struct loop_watch *interrupt = loop_signal(l, SIGINT, stop, l);
    struct emulator *e = emulator_new(l, config, err);
    int result = -1;
    if (e && emulator_listen(e, err) == 0) {
        say_ready(config, emulator_ports(e));
        loop_run(l);
        LOG_INFO("emulator stopped");
        result = 0;
    }
    emulator_free(e);
    loop_unwatch(term);
    loop_unwatch(interrupt);
    loop_free(l);
    return result;
}

static int print_ca(const struct emulator_config *config, struct err **err)
{
    AUTO(buf_done) struct buf pem = BUF_INIT(CA_MAX);
    if (!config->data) {
        return err_set(err, ERR_INVALID,
                       "an emulator in memory has a new authority at each start; "
                       "read it from the admin API, /ca.crt");
    }
    if (emulator_ca(config->data, &pem, err) != 0) {
        return -1;
    }
    fputs(pem.p, stdout);
    return 0;
}

int cmd_emulator(int argc, const char *const *argv)
{
    AUTO(err_freep) struct err *err = NULL;
    struct emulator_options o = {0};
    struct emulator_config config;
    struct flag_rest rest = {0};
    int status = EXIT_FAILED;
    if (command_options(&set, &o, argc, argv, &rest, &status)) {
        AUTO(freep) char *data = data_folder(&o);
        bool ca = rest.n == 1 && strcmp(rest.args[0], "ca") == 0;
        http_global_init();
        secret_harden_process();
        if (rest.n > 0 && !ca) {
            err_set(&err, ERR_INVALID, "emulator: there is no sub-command \"%s\"", rest.args[0]);
            status = EXIT_USAGE;
        } else if (configure(&config, &o, data, &err) == 0 &&
                   (ca ? print_ca(&config, &err) : run(&config, &err)) == 0) {
            status = EXIT_OK;
        }
        http_global_done();
    }
    if (err) {
        command_failed(err);
    }
    flags_done(&set, &o);
    return status;
}
