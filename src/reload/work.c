/* SPDX-License-Identifier: Apache-2.0
 *
 * One workload at a time: what is due, whether to wait a moment, and carrying it out. The work
 * queue guarantees that a workload is never worked on twice at once, that nothing is forgotten, and
 * that one that fails comes again ever later without holding up others.
 *
 *     process -> holder? restore
 *             -> moves?  wait (settle, reads, syncs in flight) -> mover_start
 *             -> pause over? mover_resume
 *             -> ledger out of date? mover_record, paced
 */
#define LOGGER "reload"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "reload/job.h"
#include "reload/pause.h"
#include "reload/reload_internal.h"

/* How long a move waits for syncs and reads that are under way, and how often it looks. */
#define FLIGHT_MAX  (5 * NS_S)
#define FLIGHT_POLL (50 * NS_MS)
/* A settle period that never comes to rest ends after this many periods. */
enum { SETTLE_MAX = 10 };
/* Between two ledgers that are written without a move: 50 a second. */
#define RECORD_GAP (20 * NS_MS)
/* Somebody who removes the annotation again and again is not answered faster than this. */
#define RECORD_AGAIN NS_MIN

enum activity { IDLE, MOVING, RECORDING, RESUMING, RESTORING, READING };

struct work {
    struct reload *r;
    struct tracked *e; /* owns this; NULL: tracked no more, see work_gone */
    char *key;
    enum workload_kind kind;
    enum activity activity;
    struct mover *mover;
    struct arena arena; /* of `due`, while moving or recording */
    struct due due;
    ns_t started;           /* clock_mono, of the activity */
    ns_t due_since;         /* clock_mono; 0: nothing is due */
    ns_t record_at;         /* clock_mono: its turn to have its ledger written; 0: none yet */
    ns_t recorded;          /* clock_mono, the last time that was done; 0: never */
    uint64_t recorded_text; /* hash of what was written then */
    bool reread;            /* was refused and read again since: the next refusal counts */
    bool unsure;            /* the last move may have been done: it is read before the next */
    bool pending;
    bool failing;
    ns_t moved; /* clock_real */
    char *moved_for;
    char *last_error;
    unsigned failures;
    ns_t failing_since;    /* clock_real */
    ns_t retry;            /* clock_real */
    uint64_t warned_shape; /* version whose bad patterns and pause period were told */
    ns_t warned_period;
};

static struct work *work_of(struct reload *r, struct tracked *e)
{
    if (!e->state) {
        struct work *w = xcalloc(1, sizeof(*w));
        w->r = r;
        w->e = e;
        w->key = xstrdup(e->key);
        w->kind = e->kind;
        w->arena = ARENA_INIT(ARENA_PLAIN);
        e->state = w;
    }
    return e->state;
}

static void free_work(struct work *w)
{
    mover_cancel(w->mover);
    arena_done(&w->arena);
    free(w->key);
    free(w->moved_for);
    free(w->last_error);
    free(w);
}

static void forget_orphan(const struct work *w)
{
    struct reload *r = w->r;
    for (size_t i = 0; i < r->orphans.n; i++) {
        if (r->orphans.v[i] == w) {
            vec_remove(&r->orphans, i);
            return;
        }
    }
}

void work_drop_orphans(struct reload *r)
{
    for (size_t i = 0; i < r->orphans.n; i++) {
        free_work(r->orphans.v[i]);
    }
    vec_done(&r->orphans);
}

/* ---- counters ---- */

static void set_pending(struct work *w, bool pending)
{
    if (w->pending != pending) {
        w->pending = pending;
        w->r->n_pending += pending ? 1 : (size_t)-1;
        metric_set(w->r->metrics.pending, NULL, (double)w->r->n_pending);
    }
    if (!pending) {
        w->due_since = 0;
    }
}

static void set_failing(struct work *w, const struct err *err)
{
    bool failing = err != NULL;
    if (w->failing != failing) {
        w->failing = failing;
        w->failing_since = failing ? clock_real() : 0;
        w->r->n_failing += failing ? 1 : (size_t)-1;
        metric_set(w->r->metrics.failing, NULL, (double)w->r->n_failing);
    }
    free(w->last_error);
    w->last_error = failing ? xstrdup(err_msg(err)) : NULL;
    w->failures = failing ? w->failures + 1 : 0;
    w->retry = 0;
}

static double seconds_since(ns_t start)
{
    return (double)(clock_mono() - start) / (double)NS_S;
}

/* ---- ends ---- */

static void end(struct work *w, enum workqueue_outcome outcome, ns_t after)
{
    struct reload *r = w->r;
    w->activity = IDLE;
    w->mover = NULL;
    if (!w->unsure) {
        arena_reset(&w->arena);
        w->due = (struct due){0};
    }
    workqueue_done(r->queue, str_c(w->key), outcome, after);
    reload_work_ended(r);
}

static void retry(struct work *w, const struct err *err)
{
    ns_t delay = MAX(workqueue_backoff(w->r->queue, str_c(w->key)), err ? err->retry_after : 0);
    w->retry = clock_real() + delay;
    end(w, WQ_RETRY, err ? err->retry_after : 0);
}

/* ---- what movers answer ---- */

static void moved(struct work *w, const struct move_result *result, const struct workload *now)
{
    struct reload *r = w->r;
    AUTO(buf_done) struct buf what = BUF_INIT(1000);
    if (result->not_recorded && !r->unrecordable[w->kind]) {
        r->unrecordable[w->kind] = true;
        LOG_WARN("not allowed to write the ledger on this kind; changes while Pawl is down are "
                 "found only where the Jobs remain",
                 F("kind", workload_kind_info(w->kind)->name), F("error", result->not_recorded));
    }
    if (w->e) {
        tracker_done(r->tracker, w->e, &w->due);
    }
    if (now) {
        report_moved(&r->reporter, now, w->due.causes, w->due.n_causes, seconds_since(w->started));
    }
    if (w->due.changed_at) {
        metric_observe(r->metrics.latency, NULL, seconds_since(w->due.changed_at));
    }
    const struct cause *last = &w->due.causes[w->due.n_causes - 1];
    buf_addf(&what, "%s/%.*s", source_type_info(last->type)->ledger, STR_ARG(last->name));
    free(w->moved_for);
    w->moved_for = buf_take(&what);
    w->moved = clock_real();
    set_failing(w, NULL);
    set_pending(w, false);
}

/* True if the refusal means that the workload is not what it was thought to be: then it is read and
 * looked at again, once, before the refusal counts as a failure. */
static bool worth_reading(const struct work *w, const struct err *err)
{
    return !w->reread && (err_is(err, ERR_CONFLICT) || err_is(err, ERR_INVALID)) &&
           w->activity != RESTORING;
}

static void finished(void *arg, const struct move_result *result);

static void start_reading(struct work *w)
{
    struct mover_config config = {w->r->config.loop, w->r->config.client, &w->r->options, finished,
                                  w};
    const struct workload *now = tracker_workload(w->r->tracker, w->e);
    if (!now) {
        end(w, WQ_OK, 0);
        return;
    }
    w->reread = true;
    w->activity = READING;
    w->mover = mover_read(&config, now);
}

/* The answer may have been lost, not the request. A second one would restart the workload again
 * where the template says when it was moved. */
static bool may_be_done(const struct err *err)
{
    static const enum err_kind kinds[] = {ERR_IO,   ERR_TIMEOUT, ERR_UNAVAILABLE,
                                          ERR_HTTP, ERR_PARSE,   ERR_LIMIT};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (err_is(err, kinds[i])) {
            return true;
        }
    }
    return false;
}

static void failed(struct work *w, const struct err *err)
{
    struct reload *r = w->r;
    const struct workload *now = tracker_workload(r->tracker, w->e);
    if (worth_reading(w, err)) {
        start_reading(w);
        return;
    }
    if (w->activity == RECORDING) {
        metric_inc(r->metrics.baselines, LABELS(STR("error")));
        if (err_is(err, ERR_DENIED)) {
            r->unrecordable[w->kind] = true;
            LOG_WARN("not allowed to write the ledger on this kind; changes while Pawl is down are "
                     "not found there",
                     F("kind", workload_kind_info(w->kind)->name), F("error", err));
            end(w, WQ_OK, 0);
            return;
        }
    } else if (w->activity == MOVING && now) {
        report_failed(&r->reporter, now, w->due.causes, w->due.n_causes, err,
                      seconds_since(w->started));
    }
    if (w->activity != MOVING) {
        LOG_WARN("cannot write a workload, trying again",
                 F("kind", workload_kind_info(w->kind)->name),
                 F("namespace", (const char *)w->e->ns), F("name", (const char *)w->e->name),
                 F("error", err));
    }
    w->reread = false;
    w->unsure |= w->activity == MOVING && may_be_done(err);
    set_failing(w, err);
    retry(w, err);
}

static void succeeded(struct work *w, const struct move_result *result)
{
    w->reread = false;
    if (w->activity == MOVING) {
        moved(w, result, tracker_workload(w->r->tracker, w->e));
    } else if (w->activity == RECORDING) {
        metric_inc(w->r->metrics.baselines, LABELS(STR("ok")));
        w->recorded = clock_mono();
        w->recorded_text = map_hash(w->due.ledger_text);
        tracker_done(w->r->tracker, w->e, &w->due);
        set_failing(w, NULL);
    }
    end(w, WQ_OK, 0);
}

/* The Job that was replaced is tracked no more; the new one has an entry of its own, which finds
 * the ledger. What failed is finished by the holder. */
static void orphan_finished(struct work *w, const struct move_result *result)
{
    struct reload *r = w->r;
    if (result->outcome == MOVE_OK) {
        moved(w, result, result->fresh);
    } else {
        LOG_WARN("a Job could not be made again yet, its copy is kept", F("job", w->key),
                 F("error", result->err));
    }
    workload_free(result->fresh);
    forget_orphan(w);
    workqueue_done(r->queue, str_c(w->key), WQ_OK, 0);
    free_work(w);
    reload_work_ended(r);
}

/* What has been read says whether the last move was done after all. */
static void confirm(struct work *w)
{
    const struct workload *now = tracker_workload(w->r->tracker, w->e);
    struct move_result done = {.outcome = MOVE_OK};
    if (w->unsure && now && now->ledger.p && str_eq(now->ledger, w->due.ledger_text)) {
        moved(w, &done, now);
    }
    w->unsure = false;
}

static void finished(void *arg, const struct move_result *result)
{
    struct work *w = arg;
    struct reload *r = w->r;
    bool was_reading = w->activity == READING;
    w->mover = NULL;
    if (!w->e) {
        orphan_finished(w, result);
        return;
    }
    if (result->fresh) {
        tracker_set_fresh(r->tracker, w->e, result->fresh);
    }
    switch (result->outcome) {
    case MOVE_OK:
        succeeded(w, result);
        /* A pause has begun, or the move of a moment ago has made something else due. */
        workqueue_add(r->queue, str_c(w->key));
        return;
    case MOVE_STALE:
        if (was_reading) {
            confirm(w);
            end(w, WQ_LATER, 1);
        } else {
            retry(w, NULL);
        }
        return;
    case MOVE_GONE:
        if (r->batch) {
            batch_refresh(r->batch, str_c(w->e->ns));
        }
        retry(w, NULL);
        return;
    case MOVE_FAILED:
        failed(w, result->err);
        return;
    }
}

/* ---- waiting ---- */

static bool syncs_in_flight(const struct work *w)
{
    const struct reload_hooks *hooks = &w->r->config.hooks;
    for (size_t i = 0; hooks->in_flight && i < w->e->pairs.n; i++) {
        const struct source *s = w->e->pairs.v[i].source;
        if (s->type == SOURCE_SECRET &&
            hooks->in_flight(hooks->arg, str_c(s->ns), str_c(s->name))) {
            return true;
        }
    }
    return false;
}

/* How long the move has to wait, 0: not at all. */
static ns_t must_wait(struct work *w, const struct workload *workload, const struct due *due)
{
    ns_t now = clock_mono();
    if (w->due_since == 0) {
        w->due_since = now;
    }
    ns_t until = w->due_since;
    if (workload->settle > 0) {
        ns_t quiet = MAX(due->changed_at, w->due_since) + workload->settle;
        until = MIN(quiet, w->due_since + SETTLE_MAX * workload->settle);
        if (now < until) {
            return until - now;
        }
    }
    ns_t limit = until + FLIGHT_MAX;
    if (now < limit && (due->fetching || syncs_in_flight(w))) {
        return MIN(FLIGHT_POLL, limit - now);
    }
    return 0;
}

/* ---- warnings ---- */

static void warn_about_patterns(struct work *w, const struct workload *workload)
{
    if (w->warned_shape == workload->shape) {
        return;
    }
    w->warned_shape = workload->shape;
    for (size_t i = 0; i < workload->rules.n_bad; i++) {
        const struct bad_pattern *bad = &workload->rules.bad[i];
        LOG_ERROR("pattern is left out of the list",
                  F("kind", workload_kind_info(workload->kind)->name), F("namespace", workload->ns),
                  F("name", workload->name), F("pattern", bad->text), F("problem", bad->problem));
    }
}

/* Whether the move begins a pause. A period that cannot be read is told, and the move done. */
static bool begins_pause(struct work *w, const struct workload *workload)
{
    AUTO(err_freep) struct err *err = NULL;
    ns_t period;
    struct pause pause = pause_of(workload, clock_real());
    if (pause_wanted(workload, &period, &err)) {
        report_warning(&w->r->reporter, workload, "InvalidPausePeriod", str_c(err_msg(err)));
        return false;
    }
    return period > 0 && (pause.state == PAUSE_NONE || pause.state == PAUSE_STALE);
}

/* ---- starting ---- */

static struct mover_config mover_config(struct work *w)
{
    return (struct mover_config){
        .loop = w->r->config.loop,
        .client = w->r->config.client,
        .options = &w->r->options,
        .done = finished,
        .arg = w,
    };
}

static void start_move(struct work *w, const struct workload *workload)
{
    struct mover_config config = mover_config(w);
    ns_t wait = must_wait(w, workload, &w->due);
    set_pending(w, true);
    if (wait > 0) {
        end(w, WQ_LATER, wait);
        return;
    }
    const struct workload *lender = tracker_lender(w->r->tracker, w->e);
    w->activity = MOVING;
    w->started = clock_mono();
    w->mover = mover_start(&config, workload, lender ? lender : workload, &w->due,
                           begins_pause(w, workload));
}

static void start_record(struct work *w, const struct workload *workload)
{
    struct mover_config config = mover_config(w);
    ns_t now = clock_mono();
    if (w->record_at == 0) {
        bool again = w->recorded && map_hash(w->due.ledger_text) == w->recorded_text;
        w->record_at = MAX(now, w->r->next_record);
        w->r->next_record = w->record_at + RECORD_GAP;
        w->record_at = again ? MAX(w->record_at, w->recorded + RECORD_AGAIN) : w->record_at;
    }
    if (now < w->record_at) {
        end(w, WQ_LATER, w->record_at - now);
        return;
    }
    w->record_at = 0;
    w->activity = RECORDING;
    w->mover = mover_record(&config, workload, w->due.ledger_text);
}

/* Nothing is to be moved: is a pause over, or a ledger to be written? */
static void look_after(struct work *w, const struct workload *workload)
{
    struct mover_config config = mover_config(w);
    ns_t now = clock_real();
    struct pause pause = pause_of(workload, now);
    bool ours = workload->kind == WORKLOAD_DEPLOYMENT && pause.state == PAUSE_OURS;
    set_pending(w, false);
    if (pause.state == PAUSE_STALE || (ours && pause.due <= now)) {
        w->activity = RESUMING;
        w->mover = mover_resume(&config, workload);
    } else if (w->due.records && !w->due.fetching && !w->r->unrecordable[workload->kind] &&
               workload->owner_cronjob.n == 0) {
        start_record(w, workload);
    } else {
        set_failing(w, NULL);
        end(w, WQ_OK, ours ? pause.due - now : 0);
    }
}

/* The Job that a holder stands for is being replaced by this process right now. */
static bool held_job_is_moving(const struct reload *r, const struct workload *holder)
{
    struct tracked *job = tracker_get(r->tracker, WORKLOAD_JOB, holder->ns, holder->holds);
    const struct work *w = job ? job->state : NULL;
    AUTO(buf_done) struct buf key = BUF_INIT(600);
    kinds_key(&key, WORKLOAD_JOB, holder->ns, holder->holds);
    for (size_t i = 0; i < r->orphans.n; i++) {
        if (str_eq_c(buf_str(&key), r->orphans.v[i]->key)) {
            return true;
        }
    }
    return w && w->activity == MOVING;
}

/* The copy of this Job is being looked after, and may be deleted because the Job is there: then it
 * is no copy to rely on. */
static bool holder_is_busy(const struct reload *r, const struct workload *job)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    if (job->kind != WORKLOAD_JOB) {
        return false;
    }
    struct str name = job_holder_name(&a, job->name, job->uid);
    struct tracked *holder = tracker_get(r->tracker, WORKLOAD_JOB, job->ns, name);
    const struct work *w = holder ? holder->state : NULL;
    return w && w->activity == RESTORING;
}

static void start_restore(struct work *w, const struct workload *holder)
{
    struct mover_config config = mover_config(w);
    if (held_job_is_moving(w->r, holder)) {
        end(w, WQ_LATER, NS_S);
        return;
    }
    w->activity = RESTORING;
    w->mover = mover_restore(&config, holder);
}

void work_process(void *arg, struct workqueue *q, struct str key)
{
    struct reload *r = arg;
    struct tracked *e = tracker_find(r->tracker, key);
    const struct workload *workload = e ? tracker_workload(r->tracker, e) : NULL;
    if (!workload) {
        workqueue_done(q, key, WQ_OK, 0);
        return;
    }
    struct work *w = work_of(r, e);
    warn_about_patterns(w, workload);
    if (workload->holds.p) {
        start_restore(w, workload);
        return;
    }
    if (w->unsure) {
        start_reading(w);
        return;
    }
    tracker_due(r->tracker, e, &w->arena, &w->due);
    if (w->due.moves && holder_is_busy(r, workload)) {
        end(w, WQ_LATER, FLIGHT_POLL);
    } else if (w->due.moves) {
        start_move(w, workload);
    } else {
        look_after(w, workload);
    }
}

void work_gone(void *arg, struct tracked *e)
{
    struct reload *r = arg;
    struct work *w = e->state;
    if (!w) {
        return;
    }
    set_pending(w, false);
    if (w->failing) {
        set_failing(w, NULL);
    }
    e->state = NULL;
    if (w->activity == MOVING && w->kind == WORKLOAD_JOB && r->phase == PHASE_RUNNING) {
        w->e = NULL; /* that it goes is part of its move: the mover ends by itself */
        vec_push(&r->orphans, w);
        return;
    }
    if (w->activity != IDLE) {
        workqueue_done(r->queue, str_c(w->key), WQ_OK, 0);
    }
    free_work(w);
    reload_work_ended(r);
}

/* ---- for people ---- */

static const char *state_name(const struct work *w, const struct workload *workload)
{
    if (w && w->failing) {
        return "failing";
    }
    if (w && w->activity == MOVING) {
        return "moving";
    }
    if (w && w->pending) {
        return "waiting";
    }
    bool paused = workload && workload->kind == WORKLOAD_DEPLOYMENT && workload->paused;
    return paused ? "paused" : "current";
}

static const struct reload_source_row *source_rows(const struct reload *r, struct tracked *e,
                                                   struct arena *a)
{
    static const char *const states[] = {
        [SOURCE_UNKNOWN] = "unknown", [SOURCE_CURRENT] = "current", [SOURCE_DUE] = "due",
        [SOURCE_MISSING] = "missing", [SOURCE_IGNORED] = "ignored",
    };
    struct reload_source_row *rows = arena_array(a, struct reload_source_row, e->pairs.n);
    for (size_t i = 0; i < e->pairs.n; i++) {
        const struct pair *p = &e->pairs.v[i];
        rows[i] = (struct reload_source_row){
            .type = p->source->type,
            .name = str_c(p->source->name),
            .state = states[tracker_source_state(r->tracker, e, p)],
        };
    }
    return rows;
}

static void work_row_of(const struct work *w, struct reload_row *row)
{
    row->moved = w->moved;
    row->moved_for = str_c(w->moved_for);
    row->failures = w->failures;
    row->failing_since = w->failing_since;
    row->retry = w->retry;
    row->last_error = str_c(w->last_error);
    if (w->due_since) {
        row->due_since = clock_real() - (clock_mono() - w->due_since);
    }
}

void work_row(const struct reload *r, struct tracked *e, struct arena *a, struct reload_row *row)
{
    const struct work *w = e->state;
    const struct workload *workload = tracker_workload(r->tracker, e);
    *row = (struct reload_row){
        .kind = e->kind,
        .ns = str_c(e->ns),
        .name = str_c(e->name),
        .state = state_name(w, workload),
        .sources = source_rows(r, e, a),
        .n_sources = e->pairs.n,
    };
    if (workload && workload->kind == WORKLOAD_DEPLOYMENT) {
        struct pause pause = pause_of(workload, clock_real());
        row->paused_by_user = pause.state == PAUSE_USER;
        row->paused_until = pause.state == PAUSE_OURS ? pause.due : 0;
    }
    if (w) {
        work_row_of(w, row);
    }
}
