/* SPDX-License-Identifier: Apache-2.0
 *
 * Each workload is decided on as the running role would: its rules, then what the role's options
 * keep it from. A pair is worth a row if the workload refers to the source or names it in a list.
 */
#include "reload/plan.h"

enum { KEY_MAX = 600 };

/* ---- the scene ---- */

struct plan_scene plan_scene_new(const struct reload_options *options)
{
    return (struct plan_scene){.options = options, .sources = MAP_INIT, .namespaces = MAP_INIT};
}

static void free_source(void *source)
{
    struct plan_source *s = source;
    free(s->ns);
    free(s->name);
    free(s);
}

void plan_scene_done(struct plan_scene *s)
{
    for (size_t i = 0; i < s->workloads.n; i++) {
        workload_free(s->workloads.v[i]);
    }
    vec_done(&s->workloads);
    map_done_with(&s->sources, free_source);
    map_done(&s->namespaces);
}

void plan_scene_add_workload(struct plan_scene *s, struct workload *w)
{
    vec_push(&s->workloads, w);
}

void plan_scene_add_source(struct plan_scene *s, enum source_type type, const struct json *object,
                           bool selected)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    struct str ns = json_find_str(object, "metadata.namespace");
    struct str name = json_find_str(object, "metadata.name");
    kinds_key(&key, (int)type, ns, name);
    struct plan_source *source = map_get(&s->sources, buf_str(&key));
    if (!source) {
        source = xcalloc(1, sizeof(*source));
        source->type = type;
        source->ns = str_dup(ns);
        source->name = str_dup(name);
        source->marks = rules_marks(&s->options->keys, json_find(object, "metadata.annotations"));
        map_set(&s->sources, buf_str(&key), source);
    }
    source->selected = source->selected || selected;
}

static const struct plan_source *find_source(const struct plan_scene *s, enum source_type type,
                                             struct str ns, struct str name)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    kinds_key(&key, (int)type, ns, name);
    return map_get(&s->sources, buf_str(&key));
}

bool plan_scene_has_source(const struct plan_scene *s, enum source_type type, struct str name)
{
    for (struct map_iter it = {0}; map_next(&s->sources, &it);) {
        const struct plan_source *source = it.value;
        if (source->type == type && str_eq_c(name, source->name)) {
            return true;
        }
    }
    return false;
}

static const struct workload *find_workload(const struct plan_scene *s, enum workload_kind kind,
                                            struct str ns, struct str name)
{
    for (size_t i = 0; name.n > 0 && i < s->workloads.n; i++) {
        const struct workload *w = s->workloads.v[i];
        if (w->kind == kind && str_eq(w->ns, ns) && str_eq(w->name, name)) {
            return w;
        }
    }
    return NULL;
}

/* ---- one pair ---- */

struct pair {
    const struct plan_scene *scene;
    const struct workload *w;
    const struct workload *lender; /* of its pod template; NULL: itself */
    enum source_type type;
    struct str name;
    const struct plan_source *source; /* NULL: it is not there */
};

static bool missing(const struct pair *p)
{
    return !p->source && !p->scene->unknown[p->type];
}

static struct source_marks marks_of(const struct pair *p)
{
    /* What is missing says nothing about itself: the rules alone decide. */
    return p->source ? p->source->marks : (struct source_marks){.match = true};
}

static struct decision decide(const struct pair *p)
{
    return workload_decide(p->w, p->lender, p->type, p->name, marks_of(p),
                           p->scene->options->auto_reload_all);
}

static bool cronjob_moves(const struct pair *p)
{
    struct pair owner = *p;
    owner.w = find_workload(p->scene, WORKLOAD_CRONJOB, p->w->ns, p->w->owner_cronjob);
    owner.lender = NULL;
    return owner.w && decision_moves(decide(&owner));
}

/* The options are asked first, because they hold everything. */
static enum plan_hold hold_of(const struct pair *p, struct decision d)
{
    const struct reload_options *o = p->scene->options;
    bool job_of_cronjob = p->w->kind == WORKLOAD_JOB && p->w->owner_cronjob.n > 0;
    const struct {
        bool holds;
        enum plan_hold hold;
    } rows[] = {
        {o->ignore_type[p->type], HOLD_TYPE},
        {!reload_options_in_scope(o, p->w->ns), HOLD_NAMESPACE},
        {p->scene->by_namespace && !map_has(&p->scene->namespaces, p->w->ns), HOLD_NS_SELECTOR},
        {p->source && !p->source->selected, HOLD_SELECTOR},
        {missing(p) && (!o->on_create || p->type == SOURCE_SPC), HOLD_MISSING},
        {d.container == NO_CONTAINER, HOLD_NO_CONTAINER},
        {job_of_cronjob && p->w->finished, HOLD_ENDED},
        {job_of_cronjob && cronjob_moves(p), HOLD_CRONJOB_MOVES},
        {*o->webhook_url, HOLD_WEBHOOK},
    };
    for (size_t i = 0; rule_step_moves(d.step) && i < COUNT_OF(rows); i++) {
        if (rows[i].holds) {
            return rows[i].hold;
        }
    }
    return HOLD_NOTHING;
}

static struct str remark_of(const struct pair *p)
{
    const struct workload *w = p->w;
    if (w->kind == WORKLOAD_DEPLOYMENT && w->paused) {
        return w->paused_at.p ? STR("it rolls when its pause period ends")
                              : STR("a user has paused it: it rolls when it is resumed");
    }
    if (w->kind == WORKLOAD_JOB) {
        return w->finished ? STR("it has ended: it runs again") : STR("the Job is made again");
    }
    return w->kind == WORKLOAD_CRONJOB ? STR("one Job is started") : STR_EMPTY;
}

static void add_row(const struct plan_request *request, const struct pair *p)
{
    struct decision d = decide(p);
    const struct workload *pod = p->lender ? p->lender : p->w;
    const struct rule *rule = &p->w->rules.by_type[p->type];
    enum plan_hold hold = hold_of(p, d);
    bool moves = decision_moves(d) && hold == HOLD_NOTHING;
    struct plan_row row = {
        .type = p->type,
        .source = p->name,
        .exists = !missing(p),
        .kind = p->w->kind,
        .ns = p->w->ns,
        .name = p->w->name,
        .moves = moves,
        .hold = hold,
        .step = d.step,
        .key = rule_step_key(&p->scene->options->keys, p->type, d.step),
        .from_template = rule->from_template && d.step >= STEP_LISTED,
        .unmatched = d.step == STEP_NONE && rule->search,
    };
    if (moves) {
        row.container = pod->containers[d.container].name;
        row.remark = remark_of(p);
    }
    request->row(request->arg, &row);
}

/* ---- which pairs ---- */

static bool worth_a_row(const struct pair *p)
{
    const struct workload *pod = p->lender ? p->lender : p->w;
    return workload_container(pod, p->type, p->name) != NO_CONTAINER ||
           rules_could(&p->w->rules, p->type, p->name, false) == STEP_LISTED;
}

struct walk {
    const struct plan_scene *scene;
    const struct plan_request *request;
    const struct workload *w;
    const struct workload *lender;
    struct map seen; /* pairs that have a row */
};

static void consider(struct walk *walk, enum source_type type, struct str name)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    struct pair p = {
        .scene = walk->scene,
        .w = walk->w,
        .lender = walk->lender,
        .type = type,
        .name = name,
        .source = find_source(walk->scene, type, walk->w->ns, name),
    };
    kinds_key(&key, (int)type, STR_EMPTY, name);
    if (!map_has(&walk->seen, buf_str(&key)) && worth_a_row(&p)) {
        map_set(&walk->seen, buf_str(&key), walk);
        add_row(walk->request, &p);
    }
}

/* What the workload refers to, what its lists name, and what exists and their patterns match. */
static void consider_all(struct walk *walk)
{
    const struct workload *pod = walk->lender ? walk->lender : walk->w;
    for (size_t i = 0; i < pod->n_references; i++) {
        consider(walk, pod->references[i].type, pod->references[i].name);
    }
    for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
        const struct rule *rule = &walk->w->rules.by_type[type];
        for (size_t i = 0; i < rule->n_list; i++) {
            if (rule->list[i].kind == PATTERN_NAME) {
                consider(walk, type, rule->list[i].text);
            }
        }
    }
    for (struct map_iter it = {0}; map_next(&walk->scene->sources, &it);) {
        const struct plan_source *source = it.value;
        if (rules_open(&walk->w->rules, source->type) && str_eq_c(walk->w->ns, source->ns)) {
            consider(walk, source->type, str_c(source->name));
        }
    }
}

static bool wanted(const struct plan_request *request, const struct workload *w)
{
    bool other = request->subject == PLAN_WORKLOAD &&
                 (w->kind != request->kind || !str_eq(w->name, request->name));
    return !w->holds.p && !other; /* a Job's copy is not a workload of its own */
}

void plan_rows(const struct plan_scene *s, const struct plan_request *request)
{
    for (size_t i = 0; i < s->workloads.n; i++) {
        struct walk walk = {.scene = s, .request = request, .w = s->workloads.v[i]};
        if (!wanted(request, walk.w)) {
            continue;
        }
        walk.lender = find_workload(s, WORKLOAD_DEPLOYMENT, walk.w->ns, walk.w->template_of);
        if (request->subject == PLAN_SOURCE) {
            consider(&walk, request->type, request->name);
        } else {
            consider_all(&walk);
        }
        map_done(&walk.seen);
    }
}

/* ---- in words ---- */

static const char *const holds[] = {
    [HOLD_NOTHING] = "",
    [HOLD_TYPE] = "this type of source is left alone: see --resources-to-ignore, --csi-integration",
    [HOLD_NAMESPACE] = "the namespace is left alone: see --namespaces, --namespaces-to-ignore",
    [HOLD_NS_SELECTOR] = "the namespace does not have the labels of --namespace-selector",
    [HOLD_SELECTOR] = "the source does not have the labels of --resource-label-selector",
    [HOLD_MISSING] =
        "the source does not exist, and without --reload-on-create its creation restarts nothing",
    [HOLD_NO_CONTAINER] = "it has no container to restart",
    [HOLD_ENDED] = "the Job has ended and belongs to a CronJob",
    [HOLD_CRONJOB_MOVES] = "its CronJob starts a new Job",
    [HOLD_WEBHOOK] = "--webhook-url is called instead",
};

static void add_rule(const struct plan_row *row, const struct reload_keys *keys, struct buf *out)
{
    switch (row->step) {
    case STEP_NONE:
        if (row->unmatched) {
            buf_addf(out, "it has %s, but the source does not have %s", keys->search, keys->match);
        } else {
            buf_add_c(out, "no annotation asks for it");
        }
        return;
    case STEP_IGNORED:
        buf_addf(out, "the source has %s", row->key);
        return;
    case STEP_EXCLUDED:
        buf_addf(out, "%s names it", row->key);
        return;
    case STEP_LISTED:
        buf_addf(out, "%s lists it", row->key);
        return;
    case STEP_SEARCH:
        buf_addf(out, "%s, and the source %s %s", row->key, row->exists ? "has" : "would need",
                 keys->match);
        return;
    case STEP_AUTO:
    case STEP_AUTO_TYPED:
        buf_add_c(out, row->key);
        return;
    case STEP_AUTO_ALL:
        buf_add_c(out, "--auto-reload-all");
        return;
    }
}

void plan_row_why(const struct plan_row *row, const struct reload_keys *keys, struct buf *out)
{
    if (row->hold != HOLD_NOTHING) {
        buf_add_c(out, holds[row->hold]);
        return;
    }
    add_rule(row, keys, out);
    if (row->from_template) {
        buf_add_c(out, " (on the pod template)");
    }
    if (row->remark.n > 0) {
        buf_addf(out, "; %.*s", STR_ARG(row->remark));
    }
}
