/* SPDX-License-Identifier: Apache-2.0
 *
 * A pass over a SecretStore or ClusterSecretStore: is its spec right, can a client be built from
 * it, and its condition.
 *
 * "Valid" means what it means in External Secrets Operator: the credentials that the store names
 * are there, and with workload identity Entra ID takes the exchange. It does not mean that the
 * vault can be reached or that a client secret is right; an ExternalSecret tells that.
 */
#define LOGGER "controllers.SecretStore"

#include "sync/engine.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/datetime.h"
#include "base/log.h"
#include "base/random.h"
#include "sync/names.h"
#include "sync/namespace_rules.h"

#define STORE_INTERVAL (5 * NS_MIN)

struct store_pass {
    struct sync *sync;
    struct store_pass *next;
    struct store_pass *prev;
    struct arena arena;
    struct str key;
    bool cluster;
    ns_t began;
    struct store_view view;
    struct store_spec *spec;
    struct conditions conditions; /* as they will be */
    ns_t interval;                /* until the next pass */
    bool failed;
    bool hopeless; /* only a changed spec helps */
    struct err *err;
    struct provider_call *open;
    struct kube_call *call;
};

static const struct resource *resource_for(const struct store_pass *p)
{
    return resource_of(p->cluster ? RES_CLUSTERSECRETSTORES : RES_SECRETSTORES);
}

static enum sync_kind kind_for(const struct store_pass *p)
{
    return p->cluster ? SYNC_CSTORE : SYNC_STORE;
}

static void count_active(struct store_pass *p, int by)
{
    size_t *n = &p->sync->n_store_passes[p->cluster];
    *n = by > 0 ? *n + 1 : *n - 1;
    sync_metrics_active(p->sync->metrics, kind_for(p), *n);
}

void store_pass_drop(struct store_pass *p)
{
    count_active(p, -1);
    provider_cancel(p->open);
    kube_cancel(p->call);
    err_free(p->err);
    if (p->prev) {
        p->prev->next = p->next;
    } else {
        p->sync->store_passes = p->next;
    }
    if (p->next) {
        p->next->prev = p->prev;
    }
    arena_done(&p->arena);
    free(p);
}

static void end(struct store_pass *p)
{
    struct sync *s = p->sync;
    ns_t took = clock_mono() - p->began;
    bool looked = p->view.name.n > 0;
    bool retry = p->failed && !p->hopeless;
    if (looked) {
        sync_metrics_duration(s->metrics, kind_for(p), p->view.ns, p->view.name, took,
                              &p->view.labels);
    }
    sync_metrics_pass(s->metrics, kind_for(p),
                      p->failed     ? RESULT_ERROR
                      : p->interval ? RESULT_REQUEUE_AFTER
                                    : RESULT_SUCCESS,
                      took);
    if (p->err) {
        LOG_ERROR("Reconciler error",
                  F("controller", p->cluster ? "clustersecretstore" : "secretstore"),
                  F("namespace", p->view.ns), F("name", p->view.name), F("error", p->err));
    }
    AUTO(buf_done) struct buf key = BUF_INIT(1024);
    buf_add_str(&key, p->key);
    ns_t after = retry ? (p->err ? p->err->retry_after : 0) : p->interval;
    store_pass_drop(p);
    workqueue_done(s->store_queue, buf_str(&key), retry ? WQ_RETRY : WQ_OK, after);
    sync_pass_ended(s);
}

/* ---- status ---- */

static void status_written(void *arg, const struct kube_answer *answer)
{
    struct store_pass *p = arg;
    p->call = NULL;
    if (answer->err && !err_is(answer->err, ERR_NOT_FOUND)) {
        err_free(p->err);
        p->err = err_copy(answer->err);
        err_wrap(&p->err, "could not update the status");
        p->failed = true;
        p->hopeless = false;
    }
    end(p);
}

static void write_status(struct store_pass *p, bool capable)
{
    struct arena *a = &p->arena;
    struct json *patch = json_new_object(a);
    struct json *status = json_new_object(a);
    if (!conditions_eq(&p->conditions, &p->view.conditions)) {
        json_set(a, status, STR("conditions"), conditions_json(a, &p->conditions));
    }
    if (capable && !str_eq_c(p->view.capabilities, "ReadWrite")) {
        json_set_str(a, status, "capabilities", STR("ReadWrite"));
    }
    if (!json_len(status)) {
        end(p);
        return;
    }
    json_set_str(a, json_edit(a, patch, "metadata"), "uid", p->view.uid);
    json_set(a, patch, STR("status"), status);
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 16);
    json_write(&body, patch, JSON_WRITE_PLAIN);
    p->call = kube_patch(p->sync->client, resource_for(p), p->view.ns, p->view.name, "status",
                         KUBE_PATCH_MERGE, buf_str(&body), NULL, status_written, p);
}

static void event(struct store_pass *p, enum event_type type, const char *reason,
                  const char *message)
{
    struct event_object about = {
        .resource = resource_for(p),
        .ns = p->view.ns,
        .name = p->view.name,
        .uid = p->view.uid,
    };
    event_emit(p->sync->events, p->cluster ? COMPONENT_CSTORE : COMPONENT_STORE, &about, type,
               reason, str_c(message));
}

static void set_condition(struct store_pass *p, bool ready, const char *reason, const char *message)
{
    char now[RFC3339_SIZE];
    struct condition want = {
        .type = STR("Ready"),
        .status = ready ? STR("True") : STR("False"),
        .reason = str_c(reason),
        .message = str_c(message),
    };
    struct str stamp = arena_str(&p->arena, str_c(rfc3339_format(clock_real(), now)));
    (void)conditions_set(&p->conditions, &want, stamp);
    sync_metrics_ready(p->sync->metrics, kind_for(p), p->view.ns, p->view.name, ready,
                       &p->view.labels);
}

static void valid(struct store_pass *p)
{
    set_condition(p, true, REASON_VALID, "store validated");
    event(p, EVENT_NORMAL, REASON_VALID, "store validated");
    write_status(p, true);
}

/* message NULL: the error's own text. Takes err over. */
static void invalid(struct store_pass *p, const char *message, struct err *err)
{
    p->failed = true;
    p->err = err;
    set_condition(p, false, REASON_BAD_PROVIDER, message ? message : err_msg(err));
    event(p, EVENT_WARNING, REASON_BAD_PROVIDER, err_msg(err));
    write_status(p, false);
}

/* ---- the pass ---- */

static void opened(void *arg, struct vault_reader *reader, const struct err *err)
{
    struct store_pass *p = arg;
    p->open = NULL;
    vault_reader_unref(reader);
    if (err) {
        invalid(p, "unable to create client", provider_explain(err));
    } else {
        valid(p);
    }
}

/* With workload identity the older SDK fetched its token when the client was built. */
static bool signs_in(const struct store_spec *spec)
{
    return spec->azure.auth == AUTH_WORKLOAD_IDENTITY && !spec->azure.new_sdk;
}

static void check(struct store_pass *p)
{
    struct err *err = NULL;
    bool known = !p->spec->provider.n || str_eq_c(p->spec->provider, "azurekv");
    if (store_spec_validate(p->spec, p->cluster, p->view.ns, &err) < 0 ||
        namespace_rules_check(p->spec, &err) < 0) {
        p->hopeless = true;
        invalid(p, known ? "unable to validate store" : NULL, err);
        return;
    }
    if (p->cluster && store_spec_is_referent(p->spec)) {
        valid(p); /* its credentials are in the namespaces of the ExternalSecrets */
        return;
    }
    int flags = PROVIDER_FRESH | (signs_in(p->spec) ? PROVIDER_SIGN_IN : 0);
    p->open =
        provider_open(p->sync->provider, &p->spec->azure, p->cluster, p->view.ns, flags, opened, p);
}

/* An interval that cannot be read is an error without a condition. */
static int set_interval(struct store_pass *p, struct err **err)
{
    ns_t own = 0;
    if (store_refresh_interval(p->view.spec, &own, err) < 0) {
        return -1;
    }
    ns_t fallback =
        p->sync->options.store_interval ? p->sync->options.store_interval : STORE_INTERVAL;
    p->interval = random_jitter(own ? own : fallback, 0.02);
    return 0;
}

static const struct object *find(const struct store_pass *p)
{
    return store_get_key(p->cluster ? p->sync->cstores : p->sync->stores, p->key);
}

static void run(struct store_pass *p)
{
    const struct object *o = find(p);
    if (!o) {
        struct str ns;
        struct str name;
        object_key_split(p->key, &ns, &name);
        sync_metrics_gone(p->sync->metrics, kind_for(p), ns, name);
        end(p);
        return;
    }
    p->view = store_object_view(&p->arena, store_object_of(o));
    p->conditions = p->view.conditions;
    if (!sync_class_matches(p->sync, json_str(json_get(p->view.spec, "controller")))) {
        LOG_DEBUG("skip store", F("namespace", p->view.ns), F("name", p->view.name));
        end(p);
        return;
    }
    if (set_interval(p, &p->err) < 0) {
        p->failed = true;
        end(p);
        return;
    }
    struct err *err = NULL;
    p->spec = store_spec_parse(&p->arena, p->view.spec, &err);
    if (!p->spec) {
        p->hopeless = true;
        invalid(p, "unable to validate store", err);
        return;
    }
    check(p);
}

void store_pass_process(void *arg, struct workqueue *q, struct str key)
{
    struct sync *s = arg;
    struct store_pass *p = xcalloc(1, sizeof(*p));
    p->sync = s;
    p->arena = ARENA_INIT(ARENA_WIPE);
    p->key = arena_str(&p->arena, key);
    p->cluster = str_find_byte(key, '/') < 0;
    p->began = clock_mono();
    p->next = s->store_passes;
    if (p->next) {
        p->next->prev = p;
    }
    s->store_passes = p;
    count_active(p, 1);
    run(p);
}
