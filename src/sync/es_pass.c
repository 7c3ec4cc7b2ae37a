/* SPDX-License-Identifier: Apache-2.0
 *
 * The frame of a pass over an ExternalSecret, and its first steps: what it is, whether it is ours,
 * whether anything is to be done.
 */
#define LOGGER "controllers.ExternalSecret"

#include "sync/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "sync/names.h"
#include "sync/refresh.h"
#include "sync/validate.h"

/* A routine look may use what others asked within this part of the interval before. */
enum { SHARED_PART = 10 };

static enum step load(struct es_pass *p);
static enum step finalizer(struct es_pass *p);
static enum step skip(struct es_pass *p);
static enum step due(struct es_pass *p);

static enum step (*const STEPS[])(struct es_pass *p) = {
    [STEP_LOAD] = load,
    [STEP_DELETE] = es_step_delete,
    [STEP_RELEASE] = es_step_release,
    [STEP_FINALIZER] = finalizer,
    [STEP_SKIP] = skip,
    [STEP_DUE] = due,
    [STEP_CHECK] = es_step_check,
    [STEP_OPEN] = es_step_open,
    [STEP_READ] = es_step_read,
    [STEP_VALUES] = es_step_values,
    [STEP_EMPTY] = es_step_empty,
    [STEP_SOURCES] = es_step_sources,
    [STEP_BUILD] = es_step_build,
    [STEP_ORPHANS] = es_step_orphans,
    [STEP_WRITE] = es_step_write,
    [STEP_STATUS] = es_step_status,
};

/* ---- the frame ---- */

void es_pass_go(struct es_pass *p, enum step step)
{
    p->step = step;
    while (p->step != STEP_WAIT && p->step != STEP_END) {
        p->step = STEPS[p->step](p);
    }
    if (p->step == STEP_END) {
        es_pass_end(p);
    }
}

void es_pass_process(void *arg, struct workqueue *q, struct str key)
{
    struct sync *s = arg;
    struct es_pass *p = xcalloc(1, sizeof(*p));
    p->sync = s;
    p->arena = ARENA_INIT(ARENA_WIPE);
    p->key = arena_str(&p->arena, key);
    p->began = clock_mono();
    p->began_real = clock_real() / NS_S * NS_S;
    p->next = s->passes;
    if (p->next) {
        p->next->prev = p;
    }
    s->passes = p;
    s->n_passes++;
    sync_metrics_active(s->metrics, SYNC_ES, s->n_passes);
    es_pass_go(p, STEP_LOAD);
}

static void drop_stores(struct es_pass *p)
{
    for (size_t i = 0; p->stores && i < p->plan.stores.n; i++) {
        provider_cancel(p->stores[i].call);
        live_cancel(p->stores[i].ns_call);
        vault_wait_cancel(p->stores[i].check);
        vault_reader_unref(p->stores[i].reader);
    }
}

static void drop_reads(struct es_pass *p)
{
    for (size_t i = 0; i < p->reads.n; i++) {
        vault_wait_cancel(p->reads.v[i]->wait);
    }
    vec_done(&p->reads);
    for (size_t i = 0; i < p->items.n; i++) {
        vault_entry_unref(p->items.v[i].entry);
    }
    vec_done(&p->items);
    for (size_t i = 0; i < p->n_sources; i++) {
        live_cancel(p->sources[i].call);
    }
}

void es_pass_drop(struct es_pass *p)
{
    struct sync *s = p->sync;
    kube_cancel(p->call);
    drop_reads(p);
    drop_stores(p);
    if (p->planned) {
        plan_done(&p->plan);
    }
    plan_result_done(&p->result);
    vec_done(&p->orphans);
    err_free(p->err);
    err_free(p->source_err);
    if (p->prev) {
        p->prev->next = p->next;
    } else {
        s->passes = p->next;
    }
    if (p->next) {
        p->next->prev = p->prev;
    }
    s->n_passes--;
    sync_metrics_active(s->metrics, SYNC_ES, s->n_passes);
    arena_done(&p->arena);
    free(p);
}

enum step es_pass_settle(struct es_pass *p, enum outcome outcome, struct err *err)
{
    err_free(p->err);
    p->err = err;
    p->outcome = outcome;
    if (err && err->retry_after > p->retry_after) {
        p->retry_after = err->retry_after;
    }
    bool silent = outcome == OUT_QUIET || outcome == OUT_FOREIGN || outcome == OUT_RETRY;
    return silent ? STEP_END : STEP_STATUS;
}

/* ---- load ---- */

static enum step load(struct es_pass *p)
{
    (void)map_del(&p->sync->changed, p->key);
    const struct object *o = store_get_key(p->sync->es_store, p->key);
    if (!o) {
        return es_pass_settle(p, OUT_QUIET, NULL);
    }
    p->es = es_object_view(&p->arena, es_object_of(o));
    p->target_name = arena_str(&p->arena, es_object_of(o)->target);
    p->status = p->es.status;
    if (p->es.deleting) {
        return STEP_DELETE;
    }
    return p->es.has_finalizer ? STEP_SKIP : STEP_FINALIZER;
}

void es_pass_took(struct es_pass *p, const struct json *object)
{
    struct sync *s = p->sync;
    sync_took(s->es_store, es_object_convert, object);
    const struct object *o = store_get_key(s->es_store, p->key);
    if (o && (!str_eq(es_object_of(o)->version, p->es.version) || es_object_of(o)->deleting)) {
        (void)map_set(&s->changed, p->key, s);
        workqueue_add(s->es_queue, p->key);
    }
}

/* ---- finalizer ---- */

enum step es_pass_set_finalizers(struct es_pass *p, struct json *list, kube_done_fn *done)
{
    struct arena *a = &p->arena;
    struct json *patch = json_new_object(a);
    struct json *meta = json_edit(a, patch, "metadata");
    json_set(a, meta, STR("finalizers"), list);
    json_set_str(a, meta, "resourceVersion", p->es.resource_version);
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 16);
    json_write(&body, patch, JSON_WRITE_PLAIN);
    p->call = kube_patch(p->sync->client, resource_of(RES_EXTERNALSECRETS), p->es.ns, p->es.name,
                         NULL, KUBE_PATCH_MERGE, buf_str(&body), NULL, done, p);
    return STEP_WAIT;
}

static void finalizer_added(void *arg, const struct kube_answer *answer)
{
    struct es_pass *p = arg;
    p->call = NULL;
    if (answer->err) {
        bool gone = err_is(answer->err, ERR_NOT_FOUND);
        struct err *err = err_copy(answer->err);
        err_wrap(&err, "could not add the finalizer");
        es_pass_go(p, es_pass_settle(p, gone ? OUT_QUIET : OUT_RETRY, err));
        return;
    }
    es_pass_took(p, answer->object);
    es_pass_go(p, STEP_SKIP);
}

static enum step finalizer(struct es_pass *p)
{
    struct arena *a = &p->arena;
    struct json *list = p->es.finalizers ? json_clone(a, p->es.finalizers) : json_new_array(a);
    json_push(a, list, json_new_str(a, STR(ES_FINALIZER)));
    return es_pass_set_finalizers(p, list, finalizer_added);
}

/* ---- ours at all? ---- */

struct class_check {
    struct es_pass *pass;
    bool foreign;
};

static void check_class(void *arg, const struct store_ref *ref)
{
    struct class_check *check = arg;
    struct sync *s = check->pass->sync;
    const struct object *o = ref->cluster ? store_get(s->cstores, STR_EMPTY, ref->name)
                                          : store_get(s->stores, check->pass->es.ns, ref->name);
    if (o) {
        struct store_view v = store_object_view(&check->pass->arena, store_object_of(o));
        struct str class = json_str(json_get(v.spec, "controller"));
        check->foreign = check->foreign || !sync_class_matches(s, class);
    }
}

static struct err *invalid(struct es_pass *p)
{
    struct err *err = NULL;
    p->spec = es_spec_parse(&p->arena, p->es.spec, &err);
    return err;
}

/* What belongs to another controller is left without a word, as everybody's ExternalSecrets are
 * seen by every controller. */
static enum step skip(struct es_pass *p)
{
    struct err *err = invalid(p);
    if (err) {
        return es_pass_settle(p, OUT_INVALID, err);
    }
    if (p->sync->options.no_cluster_stores && p->spec->store.cluster) {
        return es_pass_settle(p, OUT_FOREIGN, NULL);
    }
    struct class_check check = {.pass = p};
    es_spec_each_store(p->spec, check_class, &check);
    if (check.foreign) {
        return es_pass_settle(p, OUT_FOREIGN, NULL);
    }
    if (p->spec->manifest_kind.n) {
        err_set(&err, ERR_INVALID,
                "generic targets are disabled. Pawl writes Secrets only: remove "
                "spec.target.manifest");
        return es_pass_settle(p, OUT_MANIFEST, err);
    }
    return es_spec_validate(p->spec, &err) < 0 ? es_pass_settle(p, OUT_INVALID, err) : STEP_DUE;
}

/* ---- anything to do? ---- */

static bool target_ok(struct es_pass *p, const struct secret_object *secret)
{
    if (p->spec->creation == CREATE_ORPHAN || p->spec->creation == CREATE_NONE) {
        return true;
    }
    return secret && secret->valid && !secret->deleting;
}

static void note_existing(struct es_pass *p, const struct secret_object *secret)
{
    if (secret) {
        p->existing_mem = secret_object_view(&p->arena, secret);
        p->existing = &p->existing_mem;
    }
}

/* A template that reads other objects may give something else although the vault has not changed.
 */
static bool only_vault_matters(const struct es_spec *spec)
{
    for (size_t i = 0; spec->template && i < spec->template->n_from; i++) {
        const struct template_from *from = &spec->template->from[i];
        if (from->config_map.name.n || from->secret.name.n) {
            return false;
        }
    }
    return true;
}

static enum step due(struct es_pass *p)
{
    const struct object *o = store_get(p->sync->secrets, p->es.ns, p->target_name);
    const struct secret_object *secret = o ? secret_object_of(o) : NULL;
    bool ok = target_ok(p, secret);
    enum refresh refresh = refresh_due(p->spec, &p->es.status, p->es.version, clock_real());
    note_existing(p, secret);
    if (ok && (refresh == REFRESH_NO || refresh == REFRESH_BLOCKED)) {
        LOG_DEBUG("skipping refresh", F("namespace", p->es.ns), F("name", p->es.name));
        return es_pass_settle(p, OUT_QUIET, NULL);
    }
    p->writing = true;
    plan_make(&p->plan, &p->arena, p->spec);
    p->planned = true;
    p->why = refresh == REFRESH_FORCED ? REASON_FORCED : ok ? REASON_ELAPSED : REASON_DRIFT;
    p->checkable = p->why == REASON_ELAPSED && only_vault_matters(p->spec) && p->es.ready;
    /* Neighbours may share what they ask in a routine look; who knows of a change wants it. */
    p->as_of = p->began - (p->why == REASON_ELAPSED ? p->spec->refresh_interval / SHARED_PART : 0);
    return STEP_OPEN;
}
