/* SPDX-License-Identifier: Apache-2.0
 *
 * pawl reloader: the reload role in the place of Stakater Reloader, told by its flags and
 * environment. Reloader's own, unchanged chart runs this when only its image is changed.
 *
 * Like Reloader it exits with 1, not 2, when a flag is wrong; and it looks for the cluster in
 * $KUBECONFIG, then in ~/.kube/config if there is one, then in the pod's service account.
 */
#define LOGGER "setup"
#include "app/reloader_options.h"

#include <unistd.h>

#include "app/runtime.h"
#include "base/secret.h"
#include "cmd/commands.h"

struct reloader {
    struct reloader_options options;
    struct reloader_environment environment;
    struct reload_options reload;
    const char *one_namespace;
    struct runtime runtime;
};

static const char *environment(const char *name)
{
    return getenv(name);
}

static int connect_cluster(struct reloader *r, struct err **err)
{
    const char *named = getenv("KUBECONFIG"), *home = getenv("HOME");
    AUTO(freep) char *usual = xasprintf("%s/.kube/config", home ? home : "");
    bool use_usual = (!named || !*named) && home && *home && access(usual, R_OK) == 0;
    struct kube_config_options where = {.path = use_usual ? usual : NULL};
    struct kube_client_config client = {
        .max_in_flight = r->options.max_requests > 1 ? (size_t)r->options.max_requests : 1,
    };
    return runtime_open(&r->runtime, &where, &client, err);
}

static void log_scope(const struct reloader *r)
{
    AUTO(buf_done) struct buf line = BUF_INIT(8 * 1024);
    const struct reload_list ignored = r->reload.ignored_namespaces;
    if (!reload_options_global(&r->reload)) {
        return;
    }
    buf_add_c(&line, "KUBERNETES_NAMESPACE is unset, will detect changes in all namespaces");
    for (size_t i = 0; i < ignored.n; i++) {
        buf_addf(&line, "%s%s", i == 0 ? " except: " : ", ", ignored.v[i]);
    }
    buf_add_c(&line, ignored.n > 0 ? "" : ".");
    log_write(LOG_WARN, LOGGER, line.p, NULL, 0);
}

static int run(struct reloader *r, struct err **err)
{
    const struct reloader_options *o = &r->options;
    if (reloader_options_reload(o, &r->environment, &r->reload, &r->one_namespace, err) != 0 ||
        connect_cluster(r, err) != 0) {
        return -1;
    }
    if (!r->reload.own_namespace) {
        r->reload.own_namespace = r->runtime.kube->ns.p;
    }
    LOG_INFO("Starting Reloader", F("version", "Pawl " PAWL_VERSION),
             F("cluster", r->runtime.kube->server));
    log_scope(r);
    const char *listen[] = {o->listen, o->pprof_addr};
    struct controller_config config = {
        .listen = listen,
        .n_listen = o->enable_pprof ? 2 : 1,
        .release_on_stop = true,
    };
    if (o->enable_ha) {
        config.lease_ns = str_c(r->environment.pod_namespace);
        config.lease_name = STR(RELOADER_LEASE);
        config.identity = str_c(r->environment.pod_name);
    }
    return runtime_run(&r->runtime, &config, NULL, &r->reload, err);
}

int cmd_reloader(int argc, const char *const *argv)
{
    struct reloader r = {.environment = reloader_environment_read(environment)};
    struct flag_rest rest;
    int status = EXIT_OK;
    AUTO(err_freep) struct err *err = NULL;
    if (command_options(&reloader_flags, &r.options, argc, argv, &rest, &status)) {
        const char *problem;
        struct log_config log = reloader_options_log(&r.options, &problem);
        log_configure(&log);
        if (problem) {
            LOG_WARN("a flag has no effect", F("problem", problem));
        }
        secret_harden_process();
        http_global_init();
        status = run(&r, &err);
        if (status < 0) {
            status = command_failed(err);
        }
        runtime_close(&r.runtime);
        http_global_done();
    }
    flags_done(&reloader_flags, &r.options);
    return status == EXIT_USAGE ? EXIT_FAILED : status;
}
