/* SPDX-License-Identifier: Apache-2.0
 *
 * How a pass ends: the condition, the Event, the status, the log line, the counters, and when the
 * next pass comes. One table says it for every outcome; the texts are those that people's scripts
 * wait for.
 */
#define LOGGER "controllers.ExternalSecret"

#include "sync/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/datetime.h"
#include "base/log.h"
#include "base/random.h"
#include "sync/names.h"
#include "sync/refresh.h"

/* A refresh that sync windows hold back, or a store that has not been looked at, is asked for again
 * after this time: it costs nothing. */
#define LOOK_AGAIN (30 * NS_S)
/* Periodic refreshes are spread by up to this part of the interval, at most SPREAD_MAX, so that
 * what was made together does not stay together. */
#define SPREAD     20
#define SPREAD_MAX (30 * NS_S)

enum what_next {
    NEXT_INTERVAL, /* at the next refresh */
    NEXT_BACKOFF,  /* a failure: again, ever slower */
    NEXT_MENDED,   /* nothing but a change helps; looked at again after an interval */
    NEXT_EVENT,    /* only when something changes */
};

static const struct row {
    bool silent;        /* no condition */
    const char *status; /* NULL: the condition stays */
    const char *reason;
    const char *message; /* NULL: the error's text */
    bool failed;
    enum what_next next;
} ROWS[] = {
    [OUT_QUIET] = {.silent = true, .next = NEXT_INTERVAL},
    [OUT_FOREIGN] = {.silent = true, .next = NEXT_EVENT},
    [OUT_RETRY] = {.silent = true, .next = NEXT_BACKOFF},
    [OUT_SYNCED] = {false, "True", REASON_SYNCED, "secret synced", false, NEXT_INTERVAL},
    [OUT_UNCHANGED] = {false, "True", REASON_SYNCED, "secret synced", false, NEXT_INTERVAL},
    [OUT_RETAINED] = {false, "True", REASON_SYNCED, "secret retained due to DeletionPolicy=Retain",
                      false, NEXT_INTERVAL},
    [OUT_DELETED] = {false, "True", REASON_DELETED, "secret deleted due to DeletionPolicy=Delete",
                     false, NEXT_INTERVAL},
    [OUT_MISSING] = {false, "True", REASON_MISSING,
                     "secret will not be created due to CreationPolicy=Merge", false,
                     NEXT_INTERVAL},
    [OUT_PROVIDER] = {false, "False", REASON_SYNC_ERROR, "could not get secret data from provider",
                      true, NEXT_BACKOFF},
    [OUT_DELETE_FAILED] = {false, "False", REASON_SYNC_ERROR, "could not delete secret", true,
                           NEXT_BACKOFF},
    [OUT_ORPHANS] = {false, "False", REASON_SYNC_ERROR, "could not delete orphaned secrets", true,
                     NEXT_BACKOFF},
    [OUT_OWNERSHIP] = {false, "False", REASON_SYNC_ERROR,
                       "failed to take ownership of target secret", true, NEXT_MENDED},
    [OUT_OTHER_ES] = {false, "False", REASON_SYNC_ERROR,
                      "target is owned by another ExternalSecret", true, NEXT_MENDED},
    [OUT_IMMUTABLE] = {false, "False", REASON_SYNC_ERROR,
                       "could not update secret, target is immutable", true, NEXT_MENDED},
    [OUT_UPDATE] = {false, "False", REASON_SYNC_ERROR, "could not update secret", true,
                    NEXT_BACKOFF},
    [OUT_MANIFEST] = {false, "False", REASON_SYNC_ERROR, "invalid generic target", true,
                      NEXT_MENDED},
    [OUT_INVALID] = {false, "False", REASON_SYNC_ERROR, NULL, true, NEXT_MENDED},
};

/* ---- Event ---- */

void es_pass_event(struct es_pass *p, enum event_type type, const char *reason, struct str message)
{
    struct event_object about = {
        .resource = resource_of(RES_EXTERNALSECRETS),
        .ns = p->es.ns,
        .name = p->es.name,
        .uid = p->es.uid,
        .resource_version = p->es.resource_version,
    };
    event_emit(p->sync->events, COMPONENT_ES, &about, type, reason, message);
}

/* ---- status ---- */

static bool set_condition(struct es_pass *p, const struct row *row)
{
    char now[RFC3339_SIZE];
    struct str message = row->message ? str_c(row->message) : str_c(err_msg(p->err));
    struct condition want = {
        .type = STR("Ready"),
        .status = str_c(row->status),
        .reason = str_c(row->reason),
        .message = message,
    };
    struct str stamp = arena_str(&p->arena, str_c(rfc3339_format(clock_real(), now)));
    return conditions_set(&p->status.conditions, &want, stamp);
}

static void status_written(void *arg, const struct kube_answer *answer)
{
    struct es_pass *p = arg;
    p->call = NULL;
    if (!answer->err) {
        es_pass_took(p, answer->object);
    } else if (!err_is(answer->err, ERR_NOT_FOUND)) {
        struct err *err = err_copy(answer->err);
        err_wrap(&err, "could not update the status");
        (void)es_pass_settle(p, OUT_RETRY, err);
    }
    es_pass_go(p, STEP_END);
}

/* The time that the values are from: the start of the pass, or, where nothing had to be read, of
 * the list that said so. The next look is counted from it, so those who share a list stay together.
 */
static ns_t refreshed_at(const struct es_pass *p)
{
    if (p->outcome != OUT_UNCHANGED) {
        return p->began_real;
    }
    ns_t age = clock_mono() - MIN(p->checked_as_of, p->began);
    return (clock_real() - age) / NS_S * NS_S;
}

enum step es_step_status(struct es_pass *p)
{
    const struct row *row = &ROWS[p->outcome];
    p->condition_changed = set_condition(p, row);
    if (!row->failed) {
        p->status.refresh_time = refreshed_at(p);
        p->status.synced_version = p->es.version;
    }
    sync_metrics_ready(p->sync->metrics, SYNC_ES, p->es.ns, p->es.name, !row->failed,
                       &p->es.labels);
    if (row->failed) {
        es_pass_event(p, EVENT_WARNING, EVENT_UPDATE_FAILED, str_c(err_msg(p->err)));
    }
    struct json *patch = es_status_patch(&p->arena, &p->es.status, &p->status, p->es.uid);
    if (!patch) {
        return STEP_END;
    }
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 16);
    json_write(&body, patch, JSON_WRITE_PLAIN);
    p->call = kube_patch(p->sync->client, resource_of(RES_EXTERNALSECRETS), p->es.ns, p->es.name,
                         "status", KUBE_PATCH_MERGE, buf_str(&body), NULL, status_written, p);
    return STEP_WAIT;
}

/* ---- what comes next ---- */

static ns_t spread(ns_t wait, ns_t interval)
{
    ns_t most = MIN(interval / SPREAD, SPREAD_MAX);
    return wait + (most > 0 ? (ns_t)random_below((uint64_t)most) : 0);
}

/* 0: only an event brings the next pass. */
static ns_t next_refresh(struct es_pass *p, enum what_next next)
{
    bool gone = !p->es.name.n || p->es.deleting;
    if (gone || !p->spec || next == NEXT_EVENT || next == NEXT_BACKOFF) {
        return 0;
    }
    ns_t interval = p->spec->refresh_interval;
    if (next == NEXT_MENDED) {
        return interval > 0 ? spread(MAX(interval, LOOK_AGAIN), interval) : 0;
    }
    ns_t wait = refresh_wait(p->spec, &p->status, clock_real());
    if (wait < 0) {
        return 0;
    }
    return wait == 0 ? LOOK_AGAIN : spread(wait, interval);
}

static void log_end(struct es_pass *p, const struct row *row)
{
    if (p->err) {
        LOG_ERROR("Reconciler error", F("controller", "externalsecret"), F("namespace", p->es.ns),
                  F("name", p->es.name), F("error", p->err));
    } else if (!row->silent && p->condition_changed) {
        LOG_INFO("reconciled secret", F("namespace", p->es.ns), F("name", p->es.name));
    } else if (!row->silent) {
        LOG_DEBUG("reconciled secret", F("namespace", p->es.ns), F("name", p->es.name));
    }
}

/* The Secret now is what these objects were. After a failure the next look reads. */
static void keep_watched(struct es_pass *p, struct es_note *note)
{
    if (p->outcome == OUT_SYNCED) {
        sync_unwatch(note);
        note->watched.v = p->items.v;
        note->watched.n = p->items.n;
        note->watched.cap = p->items.cap;
        memset(&p->items, 0, sizeof(p->items));
    } else if (ROWS[p->outcome].failed || p->outcome == OUT_DELETED || p->outcome == OUT_RETAINED ||
               p->outcome == OUT_MISSING) {
        sync_unwatch(note);
    }
}

static void keep_note(struct es_pass *p, const struct row *row, ns_t next)
{
    struct es_note *note = sync_note(p->sync, p->key);
    keep_watched(p, note);
    if (row->failed || p->err) {
        free(note->last_error);
        note->last_error = xstrdup(err_msg(p->err));
    } else if (!row->silent) {
        free(note->last_error);
        note->last_error = NULL;
    }
    note->next = next > 0 ? clock_real() + next : 0;
}

static void tell_settled(struct es_pass *p)
{
    struct sync *s = p->sync;
    if (p->writing && s->hooks.settled) {
        s->hooks.settled(s->hooks.arg, p->es.ns, p->target_name);
    }
}

static void count_end(struct es_pass *p, const struct row *row, bool again)
{
    struct sync_metrics *m = p->sync->metrics;
    struct str ns;
    struct str name;
    ns_t took = clock_mono() - p->began;
    object_key_split(p->key, &ns, &name);
    sync_metrics_call(m, ns, name, &p->es.labels);
    if (row->failed) {
        sync_metrics_error(m, ns, name, &p->es.labels);
    }
    if (p->es.name.n) {
        sync_metrics_duration(m, SYNC_ES, ns, name, took, &p->es.labels);
    }
    enum sync_result result = p->err ? RESULT_ERROR : again ? RESULT_REQUEUE_AFTER : RESULT_SUCCESS;
    sync_metrics_pass(m, SYNC_ES, result, took);
}

/* The object has gone: so does what was remembered about it. */
static void forget(struct es_pass *p)
{
    struct str ns;
    struct str name;
    object_key_split(p->key, &ns, &name);
    sync_metrics_gone(p->sync->metrics, SYNC_ES, ns, name);
    sync_forget_note(p->sync, p->key);
}

void es_pass_end(struct es_pass *p)
{
    struct sync *s = p->sync;
    const struct row *row = &ROWS[p->outcome];
    bool gone = !p->es.name.n;
    ns_t next = next_refresh(p, row->next);
    count_end(p, row, next > 0);
    log_end(p, row);
    if (gone) {
        forget(p);
    } else {
        keep_note(p, row, next);
    }
    enum workqueue_outcome outcome = row->next == NEXT_BACKOFF  ? WQ_RETRY
                                     : row->next == NEXT_MENDED ? WQ_LATER
                                                                : WQ_OK;
    ns_t after = outcome == WQ_RETRY ? p->retry_after : next;
    AUTO(buf_done) struct buf key = BUF_INIT(1024);
    buf_add_str(&key, p->key);
    tell_settled(p);
    es_pass_drop(p);
    workqueue_done(s->es_queue, buf_str(&key), outcome, after);
    sync_pass_ended(s);
}
