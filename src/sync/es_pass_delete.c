/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of an ExternalSecret. With deletionPolicy Delete its Secret goes first (by hand, because
 * the garbage collector only takes it afterwards); then the finalizer is taken away, whatever the
 * rest of the spec says: it must never hold up a namespace.
 */
#define LOGGER "controllers.ExternalSecret"

#include "sync/engine.h"

#include "base/log.h"
#include "sync/names.h"

static enum step failed(struct es_pass *p, const struct err *cause, const char *what)
{
    struct err *err = err_copy(cause);
    err_wrap(&err, "%s", what);
    return es_pass_settle(p, OUT_RETRY, err);
}

static void secret_deleted(void *arg, const struct kube_answer *answer)
{
    struct es_pass *p = arg;
    p->call = NULL;
    if (answer->err && !err_is(answer->err, ERR_NOT_FOUND)) {
        es_pass_go(p, failed(p, answer->err, "could not delete the secret"));
        return;
    }
    LOG_INFO("deleted secret", F("namespace", p->es.ns), F("name", p->target_name));
    es_pass_go(p, STEP_RELEASE);
}

static void secret_read(void *arg, const struct kube_answer *answer)
{
    struct es_pass *p = arg;
    p->call = NULL;
    if (err_is(answer->err, ERR_NOT_FOUND)) {
        es_pass_go(p, STEP_RELEASE);
        return;
    }
    struct target t = {0};
    struct err *err = NULL;
    if (answer->err || target_parse(&p->arena, answer->object, &t, &err) < 0) {
        es_pass_go(p, failed(p, answer->err ? answer->err : err, "could not read the secret"));
        err_free(err);
        return;
    }
    if (!target_is_owned_by(&t, p->es.uid)) {
        es_pass_go(p, STEP_RELEASE);
        return;
    }
    p->call = kube_delete(p->sync->client, resource_of(RES_SECRETS), p->es.ns, p->target_name,
                          t.uid, STR_EMPTY, secret_deleted, p);
}

enum step es_step_delete(struct es_pass *p)
{
    if (!p->es.has_finalizer) {
        return es_pass_settle(p, OUT_QUIET, NULL);
    }
    if (!str_eq_c(json_find_str(p->es.spec, "target.deletionPolicy"), "Delete")) {
        return STEP_RELEASE;
    }
    p->call = kube_get(p->sync->client, resource_of(RES_SECRETS), p->es.ns, p->target_name,
                       secret_read, p);
    return STEP_WAIT;
}

static void released(void *arg, const struct kube_answer *answer)
{
    struct es_pass *p = arg;
    p->call = NULL;
    bool done = !answer->err || err_is(answer->err, ERR_NOT_FOUND);
    es_pass_go(p, done ? es_pass_settle(p, OUT_QUIET, NULL)
                       : failed(p, answer->err, "could not remove the finalizer"));
}

enum step es_step_release(struct es_pass *p)
{
    struct arena *a = &p->arena;
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < json_len(p->es.finalizers); i++) {
        struct json *one = json_at(p->es.finalizers, i);
        if (!str_eq_c(json_str(one), ES_FINALIZER)) {
            json_push(a, list, one);
        }
    }
    return es_pass_set_finalizers(p, list, released);
}
