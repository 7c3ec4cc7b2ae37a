/* SPDX-License-Identifier: Apache-2.0
 *
 * pawl external-secrets: the sync role in the place of External Secrets Operator, told by its
 * flags; and its two sub-commands. The operator's own chart runs these when only its image is
 * changed.
 *
 * Like the original it exits with 1, not 2, when a flag is wrong.
 */
#define LOGGER "setup"
#include "app/admission.h"
#include "app/eso_options.h"
#include "app/runtime.h"
#include "app/webhook_certs.h"
#include "base/file.h"
#include "base/secret.h"
#include "cmd/commands.h"
#include "net/http_client.h"

enum { CA_MAX = 4 << 20 };

/* ---- what the three have in common ---- */

static struct controller_config on(const struct eso_listeners *l)
{
    return (struct controller_config){
        .listen = l->address,
        .listen_tls = l->tls,
        .n_listen = l->n,
        .release_on_stop = true,
    };
}

static void elect(struct controller_config *c, const struct eso_election *e, struct str ns)
{
    if (e->enabled) {
        c->lease_ns = ns;
        c->lease_name = str_c(e->id);
        c->lease_duration = e->lease_duration;
        c->renew_deadline = e->renew_deadline;
        c->retry_period = e->retry_period;
    }
}

static int prepare(const struct eso_common *common, const char *probes,
                   struct eso_listeners *listeners, struct err **err)
{
    struct log_config log;
    if (eso_common_check(common, &log, err) != 0) {
        return -1;
    }
    log_configure(&log);
    secret_harden_process();
    return eso_listeners_open(common, probes, listeners, err);
}

static int connect_cluster(struct runtime *rt, struct err **err)
{
    return runtime_open(rt, &(struct kube_config_options){0}, &(struct kube_client_config){0}, err);
}

/* Parses the flags, runs, and gives the exit status. `run` returns it, or -1 with an error. */
static int command(const struct flag_set *set, void *options, int argc, const char *const *argv,
                   int (*run)(const void *options, struct err **err))
{
    AUTO(err_freep) struct err *err = NULL;
    struct flag_rest rest = {0};
    int status = EXIT_OK;
    if (command_options(set, options, argc, argv, &rest, &status)) {
        http_global_init();
        if (rest.n > 0) {
            err_set(&err, ERR_INVALID, "unknown command \"%s\" for \"%s\"", rest.args[0],
                    set->command);
        }
        status = err ? -1 : run(options, &err);
        if (status < 0) {
            status = command_failed(err);
        }
        http_global_done();
    }
    flags_done(set, options);
    return status == EXIT_USAGE ? EXIT_FAILED : status;
}

/* ---- the controller ---- */

static int run_sync(const struct eso_options *o, struct runtime *rt, struct buf *ca_pem,
                    const struct eso_listeners *listeners, struct err **err)
{
    struct str ns;
    if (*o->extra_ca_file && file_read(o->extra_ca_file, ca_pem, err) != 0) {
        return err_wrap(err, "--extra-ca-file");
    }
    if (connect_cluster(rt, err) != 0) {
        return -1;
    }
    struct sync_options sync = eso_options_sync(o, buf_str(ca_pem), &ns);
    struct controller_config config = on(listeners);
    elect(&config, &o->election, rt->kube->ns);
    LOG_INFO("starting manager", F("version", "Pawl " PAWL_VERSION),
             F("cluster", rt->kube->server));
    return runtime_run(rt, &config, &sync, NULL, err);
}

static int controller(const void *options, struct err **err)
{
    const struct eso_options *o = options;
    struct eso_listeners listeners = {0};
    struct runtime rt = {0};
    AUTO(buf_done) struct buf ca_pem = BUF_INIT(CA_MAX);
    int status = prepare(&o->common, o->live_addr, &listeners, err) == 0
                     ? run_sync(o, &rt, &ca_pem, &listeners, err)
                     : -1;
    runtime_close(&rt);
    eso_listeners_done(&listeners);
    return status;
}

/* ---- webhook ---- */

static int run_admission(const struct eso_webhook_options *o, const struct eso_listeners *listeners,
                         struct loop *l, struct metrics *metrics, struct err **err)
{
    struct admission_config admission = {
        .loop = l,
        .port = (uint16_t)o->port,
        .cert_dir = o->cert_dir,
        .dns_name = o->dns_name,
        .check_interval = o->check_interval,
        .lookahead = o->lookahead,
    };
    if (o->port < 1 || o->port > UINT16_MAX) {
        return err_set(err, ERR_INVALID, "--port: %lld is no port", (long long)o->port);
    }
    struct controller_config config = on(listeners);
    struct admission *a = admission_new(&admission);
    struct app_role role = admission_role(a);
    config.loop = l;
    config.metrics = metrics;
    config.roles = &role;
    config.n_roles = 1;
    LOG_INFO("starting the webhook", F("version", "Pawl " PAWL_VERSION),
             F("folder", (const char *)o->cert_dir));
    int status = controller_run(&config, err);
    admission_free(a);
    return status;
}

static int webhook(const void *options, struct err **err)
{
    const struct eso_webhook_options *o = options;
    struct eso_listeners listeners = {0};
    struct loop *l = loop_new();
    struct metrics *metrics = metrics_new();
    int status = prepare(&o->common, o->healthz_addr, &listeners, err) == 0
                     ? run_admission(o, &listeners, l, metrics, err)
                     : -1;
    eso_listeners_done(&listeners);
    metrics_free(metrics);
    loop_free(l);
    return status;
}

/* ---- certcontroller ---- */

static int run_certs(const struct eso_cert_options *o, struct runtime *rt,
                     const struct eso_listeners *listeners, struct err **err)
{
    if (connect_cluster(rt, err) != 0) {
        return -1;
    }
    struct webhook_certs *certs =
        webhook_certs_new(&(struct webhook_certs_config){.loop = rt->loop,
                                                         .client = rt->client,
                                                         .service_name = o->service_name,
                                                         .service_ns = o->service_ns,
                                                         .secret_name = o->secret_name,
                                                         .secret_ns = o->secret_ns,
                                                         .interval = o->interval});
    struct app_role role = webhook_certs_role(certs);
    struct controller_config config = on(listeners);
    elect(&config, &o->election, rt->kube->ns);
    config.loop = rt->loop;
    config.client = rt->client;
    config.events = rt->events;
    config.metrics = rt->metrics;
    config.roles = &role;
    config.n_roles = 1;
    LOG_INFO("starting the certificate controller", F("version", "Pawl " PAWL_VERSION));
    int status = controller_run(&config, err);
    webhook_certs_free(certs);
    return status;
}

static int certcontroller(const void *options, struct err **err)
{
    const struct eso_cert_options *o = options;
    struct eso_listeners listeners = {0};
    struct runtime rt = {0};
    int status = prepare(&o->common, o->healthz_addr, &listeners, err) == 0
                     ? run_certs(o, &rt, &listeners, err)
                     : -1;
    runtime_close(&rt);
    eso_listeners_done(&listeners);
    return status;
}

int cmd_external_secrets(int argc, const char *const *argv)
{
    if (argc > 0 && strcmp(argv[0], "webhook") == 0) {
        struct eso_webhook_options o = {0};
        return command(&eso_webhook_flags, &o, argc - 1, argv + 1, webhook);
    }
    if (argc > 0 && strcmp(argv[0], "certcontroller") == 0) {
        struct eso_cert_options o = {0};
        return command(&eso_cert_flags, &o, argc - 1, argv + 1, certcontroller);
    }
    struct eso_options o = {0};
    return command(&eso_flags, &o, argc, argv, controller);
}
