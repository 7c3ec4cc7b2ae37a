/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps that write the Secret.
 *
 * The cache knows only Secrets labelled as managed, and it may be behind. So a Secret that it does
 * not know is created without asking, and one that it knows is replaced with its resourceVersion as
 * a condition; when the server says that the world is different (409, 404) the Secret is read,
 * built anew from the values at hand, and written again. The usual pass therefore costs one
 * request, and a lost update is impossible.
 */
#define LOGGER "controllers.ExternalSecret"

#include "sync/engine.h"

#include <string.h>

#include "base/log.h"
#include "sync/names.h"

enum {
    TRIES_MAX = 4,      /* writes of one pass */
    BODY_MAX = 8 << 20, /* a Secret of 1 MiB in base64 with its metadata */
};

static const struct resource *secrets_resource(void)
{
    return resource_of(RES_SECRETS);
}

/* ---- nothing in the vault: deletionPolicy ---- */

static void vanished(void *arg, const struct kube_answer *answer)
{
    struct es_pass *p = arg;
    p->call = NULL;
    if (answer->err && !err_is(answer->err, ERR_NOT_FOUND)) {
        struct err *err = err_copy(answer->err);
        err_wrap(&err, "unable to delete secret %.*s", STR_ARG(p->target_name));
        es_pass_go(p, es_pass_settle(p, OUT_DELETE_FAILED, err));
        return;
    }
    LOG_INFO("deleted secret", F("namespace", p->es.ns), F("name", p->target_name));
    es_pass_event(p, EVENT_NORMAL, EVENT_DELETED,
                  STR("secret deleted due to DeletionPolicy=Delete"));
    es_pass_go(p, es_pass_settle(p, OUT_DELETED, NULL));
}

enum step es_step_empty(struct es_pass *p)
{
    if (p->spec->deletion == DELETION_RETAIN) {
        return es_pass_settle(p, OUT_RETAINED, NULL);
    }
    if (p->spec->creation != CREATE_OWNER) {
        struct err *err = NULL;
        err_set(&err, ERR_INVALID, "unable to delete secret %.*s: creationPolicy=%s is not Owner",
                STR_ARG(p->target_name), creation_policy_name(p->spec->creation));
        return es_pass_settle(p, OUT_DELETE_FAILED, err);
    }
    if (!p->existing) {
        return es_pass_settle(p, OUT_DELETED, NULL);
    }
    p->call = kube_delete(p->sync->client, secrets_resource(), p->es.ns, p->target_name,
                          p->existing->uid, STR_EMPTY, vanished, p);
    return STEP_WAIT;
}

/* ---- a Secret of a former target name ---- */

static void orphan_deleted(void *arg, const struct kube_answer *answer)
{
    struct es_pass *p = arg;
    p->call = NULL;
    struct str name = vec_pop(&p->orphans);
    if (answer->err && !err_is(answer->err, ERR_NOT_FOUND)) {
        struct err *err = err_copy(answer->err);
        err_wrap(&err, "unable to delete secret %.*s", STR_ARG(name));
        es_pass_go(p, es_pass_settle(p, OUT_ORPHANS, err));
        return;
    }
    LOG_INFO("deleted secret", F("namespace", p->es.ns), F("name", name));
    es_pass_event(p, EVENT_NORMAL, EVENT_DELETED, STR("secret deleted because it was orphaned"));
    es_pass_go(p, STEP_ORPHANS);
}

static void find_orphans(struct es_pass *p)
{
    char created_by[HASH_SIZE];
    hash_created_by(p->es.ns, p->es.name, created_by);
    for (struct store_iter it = {.ns = p->es.ns}; store_next(p->sync->secrets, &it);) {
        if (!str_eq_c(secret_object_of(it.object)->created_by, created_by) ||
            str_eq(object_name(it.object), p->target_name)) {
            continue;
        }
        vec_push(&p->orphans, arena_str(&p->arena, object_name(it.object)));
    }
}

/* Only after the target was renamed; status.binding holds the former name until a pass has been
 * through here and has written the new one. */
enum step es_step_orphans(struct es_pass *p)
{
    bool renamed = p->es.status.binding.n && !str_eq(p->es.status.binding, p->target_name);
    if (p->spec->creation != CREATE_OWNER || !renamed) {
        return STEP_WRITE;
    }
    if (!p->orphans_known) {
        find_orphans(p);
        p->orphans_known = true;
    }
    if (!p->orphans.n) {
        return STEP_WRITE;
    }
    p->call = kube_delete(p->sync->client, secrets_resource(), p->es.ns,
                          p->orphans.v[p->orphans.n - 1], STR_EMPTY, STR_EMPTY, orphan_deleted, p);
    return STEP_WAIT;
}

/* ---- reading the Secret as it is ---- */

static void live_read(void *arg, const struct kube_answer *answer)
{
    struct es_pass *p = arg;
    struct err *err = NULL;
    p->call = NULL;
    p->existing = NULL;
    p->existing_is_live = true;
    if (err_is(answer->err, ERR_NOT_FOUND)) {
        es_pass_go(p, STEP_BUILD);
        return;
    }
    if (answer->err) {
        err = err_copy(answer->err);
    } else {
        /* Views of the answer die with it. */
        struct json *object = json_clone(&p->arena, answer->object);
        if (target_parse(&p->arena, object, &p->existing_mem, &err) == 0) {
            p->existing = &p->existing_mem;
        }
    }
    es_pass_go(p, err ? es_pass_settle(p, OUT_UPDATE, err) : STEP_BUILD);
}

enum step es_pass_read_secret(struct es_pass *p)
{
    p->call = kube_get(p->sync->client, secrets_resource(), p->es.ns, p->target_name, live_read, p);
    return STEP_WAIT;
}

/* ---- writing ---- */

/* One line for each Secret that changes, at a level that is on: names, never values. */
static void log_written(const struct es_pass *p)
{
    static const char *const WHY[] = {
        [REASON_NONE] = "",
        [REASON_DRIFT] = "the Secret is missing or was changed",
        [REASON_ELAPSED] = "a refresh found another value",
        [REASON_FORCED] = "the ExternalSecret is new or has changed",
    };
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct str keys = target_changes(&a, p->existing, &p->want);
    if (!p->existing) {
        LOG_INFO("secret created", F("namespace", p->es.ns), F("name", p->es.name),
                 F("secret", p->target_name), F("keys", keys), F("why", WHY[p->why]));
    } else {
        LOG_INFO("secret updated", F("namespace", p->es.ns), F("name", p->es.name),
                 F("secret", p->target_name), F("keys", keys.n ? keys : STR("none: metadata")),
                 F("why", WHY[p->why]));
    }
}

static void written(struct es_pass *p, const struct json *object, const char *reason,
                    const char *message)
{
    struct sync *s = p->sync;
    struct str version = json_find_str(object, "metadata.resourceVersion");
    struct str uid = json_find_str(object, "metadata.uid");
    bool changed = !p->existing || !str_eq(version, p->existing->version);
    sync_took(s->secrets, secret_object_convert, object);
    if (!changed) {
        return;
    }
    if (s->hooks.secret_written && p->want.has_data) {
        s->hooks.secret_written(s->hooks.arg, p->es.ns, p->target_name, uid, version,
                                &p->want.data);
    }
    log_written(p);
    es_pass_event(p, EVENT_NORMAL, reason, str_c(message));
}

static enum step synced(struct es_pass *p)
{
    p->status.binding = p->target_name;
    return es_pass_settle(p, OUT_SYNCED, NULL);
}

/* The world is not as the cache said. */
static enum step again(struct es_pass *p, const struct err *why)
{
    if (++p->tries >= TRIES_MAX) {
        LOG_DEBUG("conflict while updating secret, will requeue", F("namespace", p->es.ns),
                  F("name", p->target_name));
        return es_pass_settle(p, OUT_RETRY, err_copy(why));
    }
    return es_pass_read_secret(p);
}

static void created(void *arg, const struct kube_answer *answer)
{
    struct es_pass *p = arg;
    p->call = NULL;
    if (err_is(answer->err, ERR_EXISTS)) {
        es_pass_go(p, again(p, answer->err));
    } else if (answer->err) {
        es_pass_go(p, es_pass_settle(p, OUT_UPDATE, err_copy(answer->err)));
    } else {
        written(p, answer->object, EVENT_CREATED, "secret created");
        es_pass_go(p, synced(p));
    }
}

static void updated(void *arg, const struct kube_answer *answer)
{
    struct es_pass *p = arg;
    p->call = NULL;
    if (err_is(answer->err, ERR_CONFLICT) || err_is(answer->err, ERR_NOT_FOUND)) {
        es_pass_go(p, again(p, answer->err));
    } else if (answer->err) {
        struct err *err = err_copy(answer->err);
        err_wrap(&err, "unable to update secret %.*s", STR_ARG(p->target_name));
        es_pass_go(p, es_pass_settle(p, OUT_UPDATE, err));
    } else {
        written(p, answer->object, EVENT_UPDATED, "secret updated");
        es_pass_go(p, synced(p));
    }
}

enum step es_step_write(struct es_pass *p)
{
    AUTO(buf_done) struct buf body = BUF_INIT_WIPE(BODY_MAX);
    const char *manager = field_manager_name(&p->arena, p->es.name).p;
    struct kube_client *c = p->sync->client;
    if (!p->existing) {
        target_write(&body, &p->want);
        p->call = kube_create(c, secrets_resource(), p->es.ns, buf_str(&body), manager, created, p);
        return STEP_WAIT;
    }
    int change = target_diff(p->existing, &p->want);
    if (change == TARGET_SAME) {
        return synced(p);
    }
    if (p->existing->immutable || !p->want.has_data) {
        target_write_metadata_patch(&p->arena, &body, p->existing, &p->want);
        p->call = kube_patch(c, secrets_resource(), p->es.ns, p->target_name, NULL,
                             KUBE_PATCH_MERGE, buf_str(&body), manager, updated, p);
        return STEP_WAIT;
    }
    target_write(&body, &p->want);
    p->call = kube_update(c, secrets_resource(), p->es.ns, p->target_name, NULL, buf_str(&body),
                          manager, updated, p);
    return STEP_WAIT;
}
