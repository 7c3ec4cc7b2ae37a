/* SPDX-License-Identifier: Apache-2.0
 *
 * A mover is a chain of requests; the callback of each decides on the next:
 *
 *   patch     PATCH
 *   CronJob   GET CronJob -> POST Job -> PATCH CronJob (ledger)
 *   Job       GET Job -> POST holder -> DELETE Job -> POST Job -> DELETE holder
 *   restore   GET holder -> GET Job -> [POST Job ->] DELETE holder
 *
 * The name of a CronJob's Job follows from the ledger before and after, so that a POST that is
 * repeated after a crash meets the Job that it made (AlreadyExists). When a Job has been deleted
 * its holder says everything that is still to be done; if this process dies, or the creation fails,
 * the holder is found and restored.
 */
#include "reload/mover.h"

#include "base/clock.h"
#include "base/random.h"
#include "reload/job.h"
#include "reload/pause.h"

enum { BODY_MAX = 2 * 1024 * 1024 };

/* How long the old Job may take to go before the holder is left to finish the work. */
#define JOB_GONE_WAIT (10 * NS_S)
#define JOB_GONE_STEP (100 * NS_MS)

struct mover {
    struct mover_config config;
    struct kube_call *call;
    struct arena arena; /* names, causes, documents in between */
    enum workload_kind kind;
    struct str ns;
    struct str name;
    struct str uid;
    uint64_t shape;
    struct move move; /* CronJob, Job: causes copied; target is set when it has been read */
    struct json *job; /* to be created */
    struct str holder;
    struct str holder_uid; /* of one that was found; empty: of one that was made */
    struct timer timer;
    ns_t deadline; /* clock_mono */
    struct workload *fresh;
};

/* ---- ends ---- */

static void free_mover(struct mover *m)
{
    timer_cancel(&m->timer);
    workload_free(m->fresh);
    arena_done(&m->arena);
    free(m);
}

static void finish(struct mover *m, enum move_outcome outcome, const struct err *err)
{
    struct workload *fresh = TAKE(m->fresh);
    struct move_result result = {.outcome = outcome, .err = err, .fresh = fresh};
    move_done_fn *done = m->config.done;
    void *arg = m->config.arg;
    AUTO(err_freep) struct err *copy = err ? err_copy(err) : NULL;
    result.err = copy;
    free_mover(m);
    done(arg, &result);
}

/* By what the server said: gone, changed meanwhile, or a failure. */
static void finish_failed(struct mover *m, const struct err *err)
{
    if (err_is(err, ERR_NOT_FOUND)) {
        finish(m, MOVE_GONE, NULL);
    } else {
        finish(m, MOVE_FAILED, err);
    }
}

static void take_fresh(struct mover *m, const struct json *object)
{
    if (object) {
        workload_free(m->fresh);
        m->fresh = workload_parse(m->kind, object, m->config.options, true, NULL);
    }
}

/* ---- requests ---- */

static void send(struct mover *m, struct kube_request *r, kube_done_fn *done)
{
    r->done = done;
    r->arg = m;
    r->field_manager = RELOAD_FIELD_MANAGER;
    m->call = kube_submit(m->config.client, r);
}

static void send_get(struct mover *m, enum workload_kind kind, struct str name, kube_done_fn *done)
{
    m->call = kube_get(m->config.client, workload_resource(kind), m->ns, name, done, m);
}

static void send_patch(struct mover *m, struct patch *patch, kube_done_fn *done)
{
    struct kube_request r = {
        .verb = KUBE_PATCH,
        .resource = workload_resource(m->kind),
        .ns = m->ns,
        .name = m->name,
        .body = buf_str(&patch->body),
        .patch = patch->type,
    };
    send(m, &r, done);
    buf_done(&patch->body);
}

static void send_create(struct mover *m, const struct json *job, kube_done_fn *done)
{
    AUTO(buf_done) struct buf body = BUF_INIT_WIPE(BODY_MAX);
    json_write(&body, job, JSON_WRITE_PLAIN);
    struct kube_request r = {
        .verb = KUBE_CREATE,
        .resource = workload_resource(WORKLOAD_JOB),
        .ns = m->ns,
        .body = buf_str(&body),
    };
    send(m, &r, done);
}

static struct mover *new_mover(const struct mover_config *config, const struct workload *w)
{
    struct mover *m = xcalloc(1, sizeof(*m));
    m->config = *config;
    m->arena = ARENA_INIT(ARENA_WIPE);
    m->kind = w->kind;
    m->ns = arena_str(&m->arena, w->ns);
    m->name = arena_str(&m->arena, w->name);
    m->uid = arena_str(&m->arena, w->uid);
    m->shape = w->shape;
    return m;
}

/* ---- one PATCH ---- */

static void patched(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    if (answer->err) {
        finish_failed(m, answer->err);
        return;
    }
    take_fresh(m, answer->object);
    finish(m, MOVE_OK, NULL);
}

struct mover *mover_record(const struct mover_config *config, const struct workload *w,
                           struct str ledger)
{
    struct mover *m = new_mover(config, w);
    struct patch patch;
    strategy_patch_ledger(w, ledger, &patch);
    send_patch(m, &patch, patched);
    return m;
}

struct mover *mover_resume(const struct mover_config *config, const struct workload *w)
{
    struct mover *m = new_mover(config, w);
    struct patch patch;
    pause_patch_end(w, config->options->keys.paused_at, &patch);
    send_patch(m, &patch, patched);
    return m;
}

static void start_patch(struct mover *m, const struct move *move, const struct workload *w)
{
    struct patch patch;
    if (w->kind == WORKLOAD_ROLLOUT && w->rollout_strategy == ROLLOUT_RESTART_AT) {
        strategy_patch_restart_at(move, &patch);
    } else {
        strategy_patch(move, &patch);
    }
    send_patch(m, &patch, patched);
}

/* ---- reading ---- */

static void read_done(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    if (answer->err) {
        finish_failed(m, answer->err);
        return;
    }
    take_fresh(m, answer->object);
    finish(m, MOVE_STALE, NULL);
}

struct mover *mover_read(const struct mover_config *config, const struct workload *w)
{
    struct mover *m = new_mover(config, w);
    send_get(m, m->kind, m->name, read_done);
    return m;
}

/* The object that a CronJob or Job is made from. False when the mover has ended. */
static bool take_object(struct mover *m, const struct kube_answer *answer)
{
    if (answer->err) {
        finish_failed(m, answer->err);
        return false;
    }
    take_fresh(m, answer->object);
    if (!m->fresh || !str_eq(m->fresh->uid, m->uid)) {
        finish(m, MOVE_GONE, NULL);
        return false;
    }
    if (m->fresh->shape != m->shape) {
        finish(m, MOVE_STALE, NULL);
        return false;
    }
    m->move.target = m->fresh;
    return true;
}

static void keep_move(struct mover *m, const struct move *move)
{
    struct cause *causes = arena_array(&m->arena, struct cause, move->n_causes);
    m->move = *move;
    memcpy(causes, move->causes, move->n_causes * sizeof(*causes));
    for (size_t i = 0; i < move->n_causes; i++) {
        causes[i].name = arena_str(&m->arena, causes[i].name);
    }
    m->move.causes = causes;
    m->move.ledger = move->ledger.p ? arena_str(&m->arena, move->ledger) : (struct str){0};
    m->move.leftovers = NULL;
    m->move.n_leftovers = 0;
}

static void annotate(struct mover *m, struct json *job)
{
    struct json *annotations = json_edit(&m->arena, job, "metadata.annotations");
    if (annotations && m->move.ledger.p) {
        json_set_str(&m->arena, annotations, RELOAD_LEDGER_ANNOTATION, m->move.ledger);
    }
}

/* ---- CronJob ---- */

static void cronjob_recorded(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    take_fresh(m, answer->err ? NULL : answer->object);
    struct workload *fresh = TAKE(m->fresh);
    struct move_result result = {
        .outcome = MOVE_OK,
        .fresh = fresh,
        .not_recorded = err_is(answer->err, ERR_DENIED) ? answer->err : NULL,
    };
    if (answer->err && !result.not_recorded) {
        workload_free(result.fresh);
        finish_failed(m, answer->err); /* the next try finds the Job */
        return;
    }
    move_done_fn *done = m->config.done;
    void *done_arg = m->config.arg;
    free_mover(m);
    done(done_arg, &result);
}

static void cronjob_started(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    struct patch patch;
    if (answer->err && !err_is(answer->err, ERR_EXISTS)) {
        finish_failed(m, answer->err);
        return;
    }
    if (!m->move.ledger.p) {
        finish(m, MOVE_OK, NULL);
        return;
    }
    strategy_patch_ledger(m->fresh, m->move.ledger, &patch);
    send_patch(m, &patch, cronjob_recorded);
}

static void cronjob_read(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    AUTO(err_freep) struct err *err = NULL;
    char unique[UUID_SIZE];
    if (!take_object(m, answer)) {
        return;
    }
    random_uuid(unique);
    struct str seed = m->move.ledger.p ? m->move.ledger : str_c(unique);
    struct str name = job_name(&m->arena, m->name, m->uid, seed);
    m->job = job_from_cronjob(&m->arena, answer->object, name, &err);
    if (!m->job) {
        finish(m, MOVE_FAILED, err);
        return;
    }
    annotate(m, m->job);
    strategy_apply(&m->move, &m->arena, json_find(m->job, "spec.template"));
    send_create(m, m->job, cronjob_started);
}

/* ---- Job ---- */

static void holder_deleted(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    if (answer->err && !err_is(answer->err, ERR_NOT_FOUND)) {
        finish(m, MOVE_FAILED, answer->err); /* the holder is found again */
        return;
    }
    finish(m, MOVE_OK, NULL);
}

static void delete_holder(struct mover *m)
{
    m->call = kube_delete(m->config.client, workload_resource(WORKLOAD_JOB), m->ns, m->holder,
                          m->holder_uid, STR_EMPTY, holder_deleted, m);
}

static void create_job(void *arg);

static void job_created(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    m->call = NULL;
    if (err_is(answer->err, ERR_EXISTS)) {
        /* The old one has finalizers and is still there: it will go. */
        if (clock_mono() < m->deadline) {
            timer_set(&m->timer, JOB_GONE_STEP);
        } else {
            finish(m, MOVE_STALE, NULL);
        }
        return;
    }
    if (answer->err) {
        finish_failed(m, answer->err);
        return;
    }
    take_fresh(m, answer->object);
    delete_holder(m);
}

static void create_job(void *arg)
{
    struct mover *m = arg;
    send_create(m, m->job, job_created);
}

static void job_deleted(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    if (answer->err && !err_is(answer->err, ERR_NOT_FOUND)) {
        finish_failed(m, answer->err);
        return;
    }
    m->deadline = clock_mono() + JOB_GONE_WAIT;
    timer_init(&m->timer, m->config.loop, create_job, m);
    create_job(m);
}

static void holder_created(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    if (answer->err && !err_is(answer->err, ERR_EXISTS)) {
        finish_failed(m, answer->err);
        return;
    }
    m->call = kube_delete(m->config.client, workload_resource(WORKLOAD_JOB), m->ns, m->name, m->uid,
                          STR_EMPTY, job_deleted, m);
}

static void job_read(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    AUTO(err_freep) struct err *err = NULL;
    if (!take_object(m, answer)) {
        return;
    }
    m->job = job_copy(&m->arena, answer->object);
    annotate(m, m->job);
    strategy_apply(&m->move, &m->arena, json_find(m->job, "spec.template"));
    struct json *holder = job_holder(&m->arena, m->job, m->uid, &err);
    if (!holder) {
        finish(m, MOVE_FAILED, err);
        return;
    }
    m->holder = arena_str(&m->arena, json_find_str(holder, "metadata.name"));
    send_create(m, holder, holder_created);
}

/* ---- a holder that was found ---- */

static void restored(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    if (answer->err && !err_is(answer->err, ERR_EXISTS)) {
        finish_failed(m, answer->err);
        return;
    }
    delete_holder(m);
}

static void held_job_read(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    const struct json *metadata = json_get(answer->object, "metadata");
    if (err_is(answer->err, ERR_NOT_FOUND)) {
        send_create(m, m->job, restored);
    } else if (answer->err) {
        finish_failed(m, answer->err);
    } else if (json_get(metadata, "deletionTimestamp")) {
        finish(m, MOVE_STALE, NULL);
    } else {
        /* Made again already, or never deleted: then it is moved in the ordinary way. */
        delete_holder(m);
    }
}

static void holder_read(void *arg, const struct kube_answer *answer)
{
    struct mover *m = arg;
    AUTO(err_freep) struct err *err = NULL;
    if (answer->err) {
        finish_failed(m, answer->err);
        return;
    }
    m->job = job_held(&m->arena, answer->object, &err);
    if (!m->job) {
        finish(m, MOVE_FAILED, err);
        return;
    }
    send_get(m, WORKLOAD_JOB, json_find_str(m->job, "metadata.name"), held_job_read);
}

struct mover *mover_restore(const struct mover_config *config, const struct workload *holder)
{
    struct mover *m = new_mover(config, holder);
    m->holder = m->name;
    m->holder_uid = m->uid;
    send_get(m, WORKLOAD_JOB, m->name, holder_read);
    return m;
}

/* ---- start ---- */

struct mover *mover_start(const struct mover_config *config, const struct workload *w,
                          const struct workload *pod, const struct due *due, bool pause)
{
    struct mover *m = new_mover(config, w);
    struct move move = {
        .target = w->kind == WORKLOAD_ROLLOUT && w->template_of.p ? w : pod,
        .strategy = config->options->strategy,
        .causes = due->causes,
        .n_causes = due->n_causes,
        .ledger = due->ledger_text,
        .leftovers = due->leftovers,
        .n_leftovers = due->n_leftovers,
        .now = clock_real(),
        .pause_annotation = pause ? config->options->keys.paused_at : NULL,
    };
    if (w->kind == WORKLOAD_CRONJOB) {
        keep_move(m, &move);
        send_get(m, m->kind, m->name, cronjob_read);
    } else if (w->kind == WORKLOAD_JOB) {
        keep_move(m, &move);
        send_get(m, m->kind, m->name, job_read);
    } else {
        start_patch(m, &move, w);
    }
    return m;
}

void mover_cancel(struct mover *m)
{
    if (m) {
        kube_cancel(m->call);
        free_mover(m);
    }
}
