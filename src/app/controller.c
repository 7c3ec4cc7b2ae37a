/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "controller"
#include "app/controller.h"

#include <signal.h>
#include <unistd.h>

#include "app/footprint.h"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/log.h"
#include "base/vec.h"
#include "kube/lease.h"

enum { MAX_LISTENERS = 4 };

struct controller {
    struct controller_config config;
    struct app_server *servers[MAX_LISTENERS];
    struct loop_watch *signals[2];
    struct lease *lease;
    bool started; /* the roles are */
    bool stopping;
    size_t roles_running;
    struct timer give_up; /* ends a stop that takes too long */
    struct footprint footprint;
    int status;
};

const struct metric_desc controller_leader_metric = {
    "leader_election_master_status",
    "1 while this process holds the lease.",
    METRIC_GAUGE,
    {"name"},
    NULL,
    0,
};

/* ---- probes ---- */

static bool ready(void *arg, struct buf *why)
{
    struct controller *c = arg;
    if (!c->started) {
        if (c->lease) {
            return true; /* a standby */
        }
        buf_add_c(why, "starting");
        return false;
    }
    bool all = true;
    for (size_t i = 0; i < c->config.n_roles; i++) {
        const struct app_role *r = &c->config.roles[i];
        AUTO(buf_done) struct buf missing = BUF_INIT(1024);
        if (!r->ready(r->self, &missing)) {
            buf_addf(why, "%s%s: %s", all ? "" : "; ", r->name, missing.p);
            all = false;
        }
    }
    return all;
}

static void write_status(void *arg, struct str ns, struct buf *out)
{
    struct controller *c = arg;
    char now[RFC3339_SIZE];
    AUTO(buf_done) struct buf why = BUF_INIT(4096);
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    json_w_strings(&w, "version", PAWL_VERSION, "time", rfc3339_format(clock_real(), now));
    json_w_key(&w, "leading");
    json_w_bool(&w, c->started);
    if (!ready(c, &why)) {
        json_w_strings(&w, "notReady", why.p);
    }
    if (c->started) {
        c->config.status(c->config.status_arg, ns, &w);
    }
    json_w_end(&w);
    buf_add_byte(out, '\n');
}

static int open_listeners(struct controller *c, struct err **err)
{
    must(c->config.n_listen <= MAX_LISTENERS);
    for (size_t i = 0; i < c->config.n_listen; i++) {
        struct app_server_config server = {
            .listen = c->config.listen[i],
            .metrics = c->config.metrics,
            .ready = ready,
            .arg = c,
        };
        if (c->config.listen_tls) {
            server.tls = c->config.listen_tls[i];
        }
        if (c->config.status) {
            server.status = write_status;
        }
        c->servers[i] = app_server_new(c->config.loop, &server, err);
        if (!c->servers[i]) {
            return -1;
        }
        LOG_INFO("serving probes and metrics", F("address", c->config.listen[i]),
                 F("port", (int)app_server_port(c->servers[i])));
    }
    return 0;
}

/* ---- stopping, step by step ---- */

static void finish(void *arg)
{
    struct controller *c = arg;
    timer_cancel(&c->give_up);
    loop_stop(c->config.loop);
}

static void events_are_written(void *arg)
{
    struct controller *c = arg;
    if (c->lease && c->config.release_on_stop && lease_is_leader(c->lease)) {
        lease_release(c->lease, finish, c);
    } else {
        finish(c);
    }
}

static void all_roles_stopped(void *arg)
{
    struct controller *c = arg;
    LOG_INFO("all work has stopped");
    if (!c->config.events) {
        events_are_written(c);
        return;
    }
    events_flush(c->config.events, 2 * NS_S, events_are_written, c);
}

static void role_stopped(void *arg)
{
    struct controller *c = arg;
    must(c->roles_running > 0);
    if (--c->roles_running == 0) {
        loop_defer(c->config.loop, all_roles_stopped, c);
    }
}

static void stop_took_too_long(void *arg)
{
    struct controller *c = arg;
    LOG_WARN("stopping took too long; what is under way is left to the next start",
             F("roles", c->roles_running));
    finish(c);
}

static void stop(struct controller *c)
{
    c->stopping = true;
    ns_t limit = c->config.stop_timeout ? c->config.stop_timeout : 20 * NS_S;
    timer_set(&c->give_up, limit);
    if (!c->started) {
        events_are_written(c);
        return;
    }
    c->roles_running = c->config.n_roles + 1; /* one for this function */
    for (size_t i = 0; i < c->config.n_roles; i++) {
        const struct app_role *r = &c->config.roles[i];
        r->stop(r->self, role_stopped, c);
    }
    role_stopped(c);
}

static void on_signal(void *arg)
{
    struct controller *c = arg;
    if (c->stopping) {
        LOG_WARN("second signal: exiting at once");
        _exit(130);
    }
    LOG_INFO("stopping");
    stop(c);
}

/* ---- starting ---- */

static void start_roles(void *arg)
{
    struct controller *c = arg;
    if (c->stopping || c->started) {
        return;
    }
    c->started = true;
    for (size_t i = 0; i < c->config.n_roles; i++) {
        c->config.roles[i].start(c->config.roles[i].self);
    }
}

static void set_leader(struct controller *c, bool leads)
{
    metric_set(metrics_find(c->config.metrics, controller_leader_metric.name),
               LABELS(c->config.lease_name), leads);
}

static void lease_won(void *arg)
{
    struct controller *c = arg;
    LOG_INFO("became leader, starting controllers", F("lease", c->config.lease_name));
    set_leader(c, true);
    start_roles(c);
}

static void lease_lost(void *arg, const struct err *why)
{
    struct controller *c = arg;
    LOG_ERROR("no longer leader, shutting down", F("lease", c->config.lease_name), F("error", why));
    set_leader(c, false);
    c->status = 1;
    finish(c);
}

static void leader_changed(void *arg, struct str identity)
{
    const struct controller *c = arg;
    AUTO(buf_done) struct buf line = BUF_INIT(1024);
    buf_addf(&line, "new leader is %.*s", STR_ARG(identity));
    log_write(LOG_INFO, LOGGER, lease_is_leader(c->lease) ? "still the leader!" : line.p, NULL, 0);
}

static int compete(struct controller *c, struct err **err)
{
    metrics_add(c->config.metrics, &controller_leader_metric);
    set_leader(c, false);
    struct lease_config lease = {
        .client = c->config.client,
        .ns = c->config.lease_ns,
        .name = c->config.lease_name,
        .identity = c->config.identity,
        .duration = c->config.lease_duration,
        .renew_deadline = c->config.renew_deadline,
        .retry_period = c->config.retry_period,
        .started = lease_won,
        .stopped = lease_lost,
        .new_leader = leader_changed,
        .arg = c,
    };
    c->lease = lease_new(&lease, err);
    return c->lease ? 0 : -1;
}

static int open(struct controller *c, struct err **err)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    timer_init(&c->give_up, c->config.loop, stop_took_too_long, c);
    footprint_start(&c->footprint, c->config.loop);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        c->signals[i] = loop_signal(c->config.loop, numbers[i], on_signal, c);
    }
    if (open_listeners(c, err) != 0) {
        return -1;
    }
    if (c->config.lease_name.n > 0) {
        return compete(c, err);
    }
    loop_defer(c->config.loop, start_roles, c);
    return 0;
}

static void close_all(struct controller *c)
{
    timer_cancel(&c->give_up);
    footprint_stop(&c->footprint);
    lease_free(c->lease);
    for (size_t i = 0; i < COUNT_OF(c->servers); i++) {
        app_server_free(c->servers[i]);
    }
    for (size_t i = 0; i < COUNT_OF(c->signals); i++) {
        loop_unwatch(c->signals[i]);
    }
    loop_undefer(c->config.loop, c);
}

int controller_run(const struct controller_config *config, struct err **err)
{
    struct controller c = {.config = *config};
    int rc = open(&c, err);
    if (rc == 0) {
        loop_run(c.config.loop);
    }
    close_all(&c);
    return rc == 0 ? c.status : -1;
}
