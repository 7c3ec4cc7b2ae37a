/* SPDX-License-Identifier: Apache-2.0
 *
 * pawl run: the controller with both roles. */
#define LOGGER "setup"
#include "app/run_options.h"
#include "app/runtime.h"
#include "base/file.h"
#include "base/secret.h"
#include "cmd/commands.h"

enum { CA_MAX = 4 << 20 };

/* Everything a run holds besides what runtime_close takes down. */
struct run {
    struct run_options options;
    struct reload_options reload;
    struct sync_options sync;
    struct str *namespaces;
    struct buf ca_pem;
    struct runtime runtime;
    bool with_sync;
    bool with_reload;
};

static int read_options(struct run *r, struct err **err)
{
    const struct run_options *o = &r->options;
    if (run_options_roles(o, &r->with_sync, &r->with_reload, err) != 0 ||
        run_options_reload(o, &r->reload, err) != 0) {
        return -1;
    }
    if (*o->extra_ca_file && file_read(o->extra_ca_file, &r->ca_pem, err) != 0) {
        return err_wrap(err, "--extra-ca-file");
    }
    r->namespaces = xcalloc(o->namespaces.n, sizeof(*r->namespaces));
    r->sync = run_options_sync(o, buf_str(&r->ca_pem), r->namespaces);
    return 0;
}

static int connect_cluster(struct run *r, struct err **err)
{
    const struct run_options *o = &r->options;
    struct kube_config_options where = cluster_flags_where(&o->cluster);
    struct kube_client_config client = {
        .max_in_flight = o->max_requests > 1 ? (size_t)o->max_requests : 1,
        .http1_only = o->http1_only,
    };
    return runtime_open(&r->runtime, &where, &client, err);
}

static struct controller_config describe(struct run *r)
{
    const struct run_options *o = &r->options;
    return (struct controller_config){
        .listen = (const char *const *)&o->listen,
        .n_listen = 1,
        .lease_ns = *o->lease_namespace ? str_c(o->lease_namespace) : r->runtime.kube->ns,
        .lease_name = o->leader_elect ? str_c(o->lease_name) : STR_EMPTY,
        .lease_duration = o->lease_duration,
        .renew_deadline = o->renew_deadline,
        .retry_period = o->retry_period,
        .release_on_stop = true,
    };
}

static int run(struct run *r, struct err **err)
{
    if (read_options(r, err) != 0 || connect_cluster(r, err) != 0) {
        return -1;
    }
    const struct kube_config *kube = r->runtime.kube;
    if (!r->reload.own_namespace) {
        r->reload.own_namespace = kube->ns.p;
    }
    LOG_INFO("starting manager", F("version", PAWL_VERSION), F("cluster", kube->server),
             F("config", kube->source));
    struct controller_config config = describe(r);
    return runtime_run(&r->runtime, &config, r->with_sync ? &r->sync : NULL,
                       r->with_reload ? &r->reload : NULL, err);
}

static void close_run(struct run *r)
{
    runtime_close(&r->runtime);
    free(r->namespaces);
    buf_done(&r->ca_pem);
}

int cmd_run(int argc, const char *const *argv)
{
    struct run r = {.ca_pem = BUF_INIT(CA_MAX)};
    struct flag_rest rest;
    int status = EXIT_OK;
    AUTO(err_freep) struct err *err = NULL;
    if (command_options(&run_flags, &r.options, argc, argv, &rest, &status)) {
        struct log_config log = run_options_log(&r.options);
        log_configure(&log);
        secret_harden_process();
        http_global_init();
        status = run(&r, &err);
        if (status < 0) {
            status = command_failed(err);
        }
        close_run(&r);
        http_global_done();
    }
    flags_done(&run_flags, &r.options);
    return status;
}
