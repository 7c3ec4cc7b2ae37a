/* SPDX-License-Identifier: Apache-2.0
 *
 * Wiring: what an emulator consists of, the way of a call from the listener to the service that it
 * means, and what faults do on that way.
 */
#define LOGGER "emulator"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emulator/emulator.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "emulator/admin.h"
#include "emulator/arm.h"
#include "emulator/certificates.h"
#include "emulator/entra.h"
#include "emulator/faults.h"
#include "emulator/federation.h"
#include "emulator/imds.h"
#include "emulator/listen.h"
#include "emulator/request_log.h"
#include "emulator/seed.h"
#include "emulator/token.h"
#include "emulator/vault.h"

enum { MAX_SEED = 1 << 20, MAX_CA = 1 << 20 };

/* ---- files ---- */

static int write_all(int fd, struct str text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);
        if (n < 0) {
            return -1;
        }
        text = str_from(text, (size_t)n);
    }
    return fsync(fd);
}

int write_file(const char *path, struct str text, bool secret, struct err **err)
{
    AUTO(freep) char *temporary = xasprintf("%s.new", path);
    AUTO(closep)
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, secret ? 0600 : 0644);
    if (fd < 0 || write_all(fd, text) != 0 || rename(temporary, path) != 0) {
        return err_errno(err, "cannot write %s", path);
    }
    return 0;
}

int make_folder(const char *path, struct err **err)
{
    AUTO(freep) char *part = xstrdup(path);
    for (char *slash = part + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return err_errno(err, "cannot make the folder %s", part);
        }
        *slash = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return err_errno(err, "cannot make the folder %s", path);
    }
    return 0;
}

/* ---- names ---- */

bool name_list_has(const struct name_list *list, struct str name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (str_ieq(name, str_c(list->v[i]))) {
            return true;
        }
    }
    return false;
}

struct str https_host(struct str text)
{
    struct url url;
    bool ok = url_parse(text, &url, NULL) == 0 && str_ieq(url.scheme, STR("https"));
    return ok ? url.host : STR_EMPTY;
}

/* "kv1.vault.azure.net" into its first label and a suffix of ours. */
static bool split_vault_host(struct call *c)
{
    ptrdiff_t dot = str_find_byte(c->hostname, '.');
    if (dot <= 0) {
        return false;
    }
    struct str suffix = str_from(c->hostname, (size_t)dot + 1);
    if (!name_list_has(&c->emu->config.vault_suffixes, suffix)) {
        return false;
    }
    c->vault_name = str_head(c->hostname, (size_t)dot);
    c->vault_suffix = suffix;
    return true;
}

static enum site site_of_host(struct call *c)
{
    const struct emulator_config *config = &c->emu->config;
    if (name_list_has(&config->login_hosts, c->hostname)) {
        return SITE_LOGIN;
    }
    if (name_list_has(&config->arm_hosts, c->hostname)) {
        return SITE_ARM;
    }
    if (name_list_has(&config->graph_hosts, c->hostname)) {
        return SITE_GRAPH;
    }
    return split_vault_host(c) ? SITE_VAULT : SITE_UNKNOWN;
}

/* By the Host header; a tunnel may have changed that, so else by the name in the handshake. */
static enum site site_of(struct call *c)
{
    if (c->listener != LISTENER_MAIN) {
        return c->listener == LISTENER_MSI ? SITE_MSI : SITE_ADMIN;
    }
    enum site site = site_of_host(c);
    if (site != SITE_UNKNOWN || c->server_name.n == 0) {
        return site;
    }
    struct str host = c->hostname;
    call_set_hostname(c, c->server_name);
    site = site_of_host(c);
    if (site == SITE_UNKNOWN) {
        call_set_hostname(c, host);
    }
    return site;
}

/* ---- the way of a call ---- */

/* Who it says it is, unchecked: for the log and for faults bound to a client. */
static void peek_client(struct call *c)
{
    if (c->site == SITE_LOGIN && c->body.n > 0) {
        struct url_params form;
        if (url_params_parse(&c->arena, c->body, URL_FORM, &form, NULL) == 0) {
            struct str id = url_params_str(&form, "client_id");
            c->client = is_guid(id) ? id : STR_EMPTY;
        }
    } else if (c->site != SITE_ADMIN && c->site != SITE_MSI) {
        struct str id = token_peek_client(&c->arena, call_bearer(c));
        c->client = is_guid(id) ? id : STR_EMPTY;
    }
}

static void handle_unknown(struct call *c)
{
    call_error(c, 404, "UnknownHost",
               arena_printf(&c->arena,
                            "The emulator does not answer for the host \"%.*s\"; see --login-host, "
                            "--arm-host, --graph-host, --vault-suffix.",
                            STR_ARG(c->hostname)));
    call_finish(c);
}

static void handle_graph(struct call *c)
{
    call_error(c, 501, "NotImplemented", STR("The emulator has no Microsoft Graph yet."));
    call_finish(c);
}

static void serve(struct call *c)
{
    static void (*const handlers[])(struct call * c) = {
        [SITE_UNKNOWN] = handle_unknown, [SITE_LOGIN] = entra_handle, [SITE_ARM] = arm_handle,
        [SITE_GRAPH] = handle_graph,     [SITE_VAULT] = vault_handle, [SITE_MSI] = imds_handle,
        [SITE_ADMIN] = admin_handle,
    };
    handlers[c->site](c);
}

/* The error that a fault with a status gives, in the form of the service. */
static void write_fault_status(struct call *c, const struct fault *f)
{
    int status = (int)f->status;
    struct str code = str_c(f->code);
    switch (c->site) {
    case SITE_VAULT:
        if (!vault_error_by_code(c, status, code)) {
            call_error(c, status, code.n ? f->code : "Fault", STR("A fault was asked for."));
        }
        vault_headers(c);
        break;
    case SITE_MSI:
        imds_error(c, status, code.n ? f->code : "fault", STR("A fault was asked for."));
        break;
    default:
        call_error(c, status, code.n ? f->code : "Fault", STR("A fault was asked for."));
        break;
    }
}

/* True if the fault has given the whole answer. */
static bool answer_by_fault(struct call *c)
{
    const struct fault *f = c->fault;
    if (!f || !(f->status || f->aadsts || f->reset)) {
        return false;
    }
    if (f->aadsts) {
        entra_error_by_code(c, f->aadsts);
    } else if (f->status) {
        write_fault_status(c, f);
    } else {
        call_text(c, 0, NULL, STR_EMPTY); /* the connection is reset */
    }
    if (f->retry_after >= 0) {
        call_set_header(c, "Retry-After",
                        arena_printf(&c->arena, "%lld", (long long)f->retry_after));
    }
    c->route = "fault";
    call_finish(c);
    return true;
}

static void proceed(void *arg)
{
    struct call *c = arg;
    if (!answer_by_fault(c)) {
        serve(c);
    }
}

void emulator_dispatch(struct call *c)
{
    struct emulator *e = c->emu;
    ns_t delay = 0;
    c->site = site_of(c);
    peek_client(c);
    if (c->site != SITE_ADMIN) {
        c->fault = faults_pick(e->faults, c);
        c->empty_pages = c->fault ? (int)c->fault->empty_pages : 0;
        delay = e->config.latency + (c->fault ? c->fault->delay : 0);
    }
    if (delay > 0 && e->loop) {
        timer_init(&c->delay, e->loop, proceed, c);
        timer_set(&c->delay, delay);
    } else {
        proceed(c);
    }
}

void emulator_note_answer(struct call *c)
{
    if (c->site == SITE_ADMIN) {
        return;
    }
    request_log_add(c->emu->log, c, clock_real());
    LOG_DEBUG("request", F("site", site_name(c->site)), F("route", c->route),
              F("client", c->client), F("status", c->status));
}

int64_t emulator_now(const struct emulator *e)
{
    return (clock_real() + e->clock_offset) / NS_S;
}

/* ---- life ---- */

struct emulator_config emulator_config_default(void)
{
    return (struct emulator_config){
        .login_hosts = {{"login.microsoftonline.com", "login.windows.net", "sts.windows.net",
                         "login.microsoft.com"},
                        4},
        .arm_hosts = {{"management.azure.com"}, 1},
        .graph_hosts = {{"graph.microsoft.com"}, 1},
        .vault_suffixes = {{"vault.azure.net"}, 1},
        .token_lifetime = NS_H,
    };
}

static int apply_seed(struct emulator *e, struct err **err)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(MAX_SEED);
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct seed_result result = {0};
    if (!e->config.seed) {
        return 0;
    }
    if (file_read(e->config.seed, &text, err) != 0 ||
        seed_apply(e->store, &a, buf_str(&text), e->config.seed, emulator_now(e), &result, err) !=
            0) {
        return -1;
    }
    if (result.faults && faults_add_all(e->faults, result.faults, err) != 0) {
        return err_wrap(err, "%s", e->config.seed);
    }
    return 0;
}

static int read_issuer_ca(struct emulator *e, struct buf *out, struct err **err)
{
    return e->config.issuer_ca ? file_read(e->config.issuer_ca, out, err) : 0;
}

/* Opens everything that lies in the data folder. */
static int open_data(struct emulator *e, struct err **err)
{
    const char *data = e->config.data;
    if (data && make_folder(data, err) != 0) {
        return -1;
    }
    AUTO(freep) char *database = data ? xasprintf("%s/emulator.db", data) : NULL;
    AUTO(freep) char *key = data ? xasprintf("%s/token.key", data) : NULL;
    e->store = store_open(database, err);
    if (!e->store) {
        return -1;
    }
    e->keys = token_keys_load(key, err);
    return e->keys ? 0 : -1;
}

struct emulator *emulator_new(struct loop *l, const struct emulator_config *config,
                              struct err **err)
{
    AUTO(buf_done) struct buf issuer_ca = BUF_INIT(MAX_CA);
    struct emulator *e = xcalloc(1, sizeof(*e));
    e->loop = l;
    e->config = *config;
    if (e->config.token_lifetime == 0) {
        e->config.token_lifetime = NS_H;
    }
    e->faults = faults_new();
    e->log = request_log_new();
    if (open_data(e, err) != 0 || read_issuer_ca(e, &issuer_ca, err) != 0 ||
        apply_seed(e, err) != 0) {
        emulator_free(e);
        return NULL;
    }
    e->federation = federation_new(l, buf_str(&issuer_ca));
    return e;
}

int emulator_listen(struct emulator *e, struct err **err)
{
    e->certificates = certificates_new(e, err);
    if (!e->certificates) {
        return -1;
    }
    e->listeners = listeners_new(e, err);
    return e->listeners ? 0 : -1;
}

struct emulator_ports emulator_ports(const struct emulator *e)
{
    return e->listeners ? listeners_ports(e->listeners) : (struct emulator_ports){0};
}

void emulator_free(struct emulator *e)
{
    if (!e) {
        return;
    }
    /* Workers write into calls: wait for them before anything goes. */
    while (e->working > 0) {
        loop_once(e->loop, NS_S);
    }
    federation_free(e->federation);
    while (e->calls) {
        struct call *c = e->calls;
        timer_cancel(&c->delay);
        call_error(c, 503, "ServiceUnavailable", STR("The emulator is closing."));
        call_finish(c);
    }
    listeners_free(e->listeners);
    certificates_free(e->certificates);
    token_keys_free(e->keys);
    store_close(e->store);
    faults_free(e->faults);
    request_log_free(e->log);
    free(e);
}
