/* SPDX-License-Identifier: Apache-2.0
 *
 * The source and all kinds of workloads of its namespace are asked for at once; when everything is
 * there each workload is decided on as the running role would.
 */
#include "base/vec.h"
#include "reload/lister.h"
#include "reload/pause.h"
#include "reload/reload.h"
#include "reload/workloads.h"

struct part {
    struct plan *plan;
    enum workload_kind kind;
    struct lister *lister;
};

struct plan {
    struct plan_request request;
    char *ns;
    char *name;
    struct kube_call *call;
    struct part parts[WORKLOAD_KINDS];
    size_t running;
    VEC(struct workload *) workloads;
    bool exists;
    struct source_marks marks;
    struct err *err;
};

static const struct workload *lender_of(const struct plan *p, const struct workload *w)
{
    for (size_t i = 0; w->template_of.n > 0 && i < p->workloads.n; i++) {
        const struct workload *d = p->workloads.v[i];
        if (d->kind == WORKLOAD_DEPLOYMENT && str_eq(d->name, w->template_of)) {
            return d;
        }
    }
    return NULL;
}

static struct str remark(const struct workload *w)
{
    if (w->kind == WORKLOAD_DEPLOYMENT && w->paused) {
        return w->paused_at.p ? STR("paused by a pause period: rolls when that ends")
                              : STR("paused by a user: rolls when it is resumed");
    }
    if (w->kind == WORKLOAD_JOB && w->finished) {
        return w->owner_cronjob.n > 0 ? STR("ended, and started by a CronJob: left alone")
                                      : STR("has ended: runs again");
    }
    return w->kind == WORKLOAD_CRONJOB ? STR("one Job is started") : STR_EMPTY;
}

static void decide(struct plan *p, const struct workload *w)
{
    const struct workload *lender = lender_of(p, w);
    const struct workload *pod = lender ? lender : w;
    struct str name = str_c(p->name);
    struct decision d = workload_decide(w, lender, p->request.type, name, p->marks,
                                        p->request.options->auto_reload_all);
    bool left_alone = w->holds.p || (w->finished && w->owner_cronjob.n > 0);
    if (d.step == STEP_NONE && workload_container(pod, p->request.type, name) == NO_CONTAINER) {
        return;
    }
    struct plan_row row = {
        .kind = w->kind,
        .ns = w->ns,
        .name = w->name,
        .moves = decision_moves(d) && !left_alone,
        .step = d.step,
        .key = rule_step_key(&p->request.options->keys, p->request.type, d.step),
        .from_template = w->rules.by_type[p->request.type].from_template,
        .container = d.container == NO_CONTAINER ? STR_EMPTY : pod->containers[d.container].name,
        .remark = remark(w),
    };
    p->request.row(p->request.arg, &row);
}

static void finish_if_complete(struct plan *p)
{
    if (--p->running > 0) {
        return;
    }
    for (size_t i = 0; i < p->workloads.n; i++) {
        decide(p, p->workloads.v[i]);
    }
    p->request.done(p->request.arg, p->exists, p->err);
}

static void note_error(struct plan *p, const struct err *err)
{
    if (err && !err_is(err, ERR_NOT_FOUND) && !p->err) {
        p->err = err_copy(err);
    }
}

static void take_item(void *arg, const struct json *item)
{
    struct part *part = arg;
    struct workload *w = workload_parse(part->kind, item, part->plan->request.options, true, NULL);
    if (w) {
        vec_push(&part->plan->workloads, w);
    }
}

static void part_done(void *arg, const struct err *err)
{
    struct part *part = arg;
    part->lister = NULL;
    note_error(part->plan, err);
    finish_if_complete(part->plan);
}

static void source_read(void *arg, const struct kube_answer *answer)
{
    struct plan *p = arg;
    p->call = NULL;
    p->exists = !answer->err;
    if (answer->err) {
        note_error(p, answer->err);
    } else {
        p->marks = rules_marks(&p->request.options->keys,
                               json_find(answer->object, "metadata.annotations"));
    }
    finish_if_complete(p);
}

static enum resource_id resource_of_type(enum source_type type)
{
    static const enum resource_id ids[SOURCE_TYPES] = {
        [SOURCE_CONFIGMAP] = RES_CONFIGMAPS,
        [SOURCE_SECRET] = RES_SECRETS,
        [SOURCE_SPC] = RES_SECRETPROVIDERCLASSES,
    };
    return ids[type];
}

struct plan *plan_new(const struct plan_request *request)
{
    struct plan *p = xcalloc(1, sizeof(*p));
    p->request = *request;
    p->ns = str_dup(request->ns);
    p->name = str_dup(request->name);
    p->running = 1;
    p->call =
        kube_submit(request->client, &(struct kube_request){
                                         .verb = KUBE_GET,
                                         .resource = resource_of(resource_of_type(request->type)),
                                         .ns = request->ns,
                                         .name = request->name,
                                         .flags = KUBE_METADATA,
                                         .done = source_read,
                                         .arg = p,
                                     });
    for (enum workload_kind kind = 0; kind < WORKLOAD_KINDS; kind++) {
        if (request->options->ignore_kind[kind]) {
            continue;
        }
        p->running++;
        p->parts[kind] = (struct part){.plan = p, .kind = kind};
        p->parts[kind].lister = lister_start(&(struct lister_config){
            .client = request->client,
            .resource = workload_resource(kind),
            .ns = request->ns,
            .item = take_item,
            .done = part_done,
            .arg = &p->parts[kind],
        });
    }
    return p;
}

void plan_free(struct plan *p)
{
    if (!p) {
        return;
    }
    kube_cancel(p->call);
    for (size_t kind = 0; kind < WORKLOAD_KINDS; kind++) {
        lister_cancel(p->parts[kind].lister);
    }
    for (size_t i = 0; i < p->workloads.n; i++) {
        workload_free(p->workloads.v[i]);
    }
    vec_done(&p->workloads);
    err_free(p->err);
    free(p->ns);
    free(p->name);
    free(p);
}
