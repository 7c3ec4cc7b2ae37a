/* SPDX-License-Identifier: Apache-2.0
 *
 * This file keeps the index: which workloads there are, and which pairs. What is due for a workload
 * is worked out in due.c.
 */
#include "reload/tracker_internal.h"

#include "base/clock.h"

/* A workload that was made this recently is new; an older one that turns up has new annotations. */
#define NEW_WORKLOAD (2 * NS_MIN)

enum { KEY_MAX = 600, PAIRS_MAX = 20000 };

/* ---- keys ---- */

struct tracked *tracker_find(const struct tracker *t, struct str key)
{
    return map_get(&t->entries, key);
}

struct tracked *tracker_get(const struct tracker *t, enum workload_kind kind, struct str ns,
                            struct str name)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    kinds_key(&key, (int)kind, ns, name);
    return map_get(&t->entries, buf_str(&key));
}

bool tracker_next(const struct tracker *t, struct map_iter *it, struct tracked **out)
{
    if (!map_next(&t->entries, it)) {
        return false;
    }
    *out = it->value;
    return true;
}

size_t tracker_count(const struct tracker *t)
{
    return t->entries.n;
}

/* ---- newest versions ---- */

static void drop_stale_fresh(struct tracked *e, const struct workload *stored)
{
    if (e->fresh && (!stored || object_version_number(stored->resource_version) >=
                                    object_version_number(e->fresh->resource_version))) {
        workload_free(TAKE(e->fresh));
    }
}

const struct workload *tracker_workload(const struct tracker *t, struct tracked *e)
{
    const struct workload *stored =
        workloads_get(t->config.workloads, e->kind, str_c(e->ns), str_c(e->name));
    drop_stale_fresh(e, stored);
    return e->fresh ? e->fresh : stored;
}

/* Of anybody, tracked or not. */
static const struct workload *newest(const struct tracker *t, enum workload_kind kind,
                                     struct str ns, struct str name)
{
    struct tracked *e = tracker_get(t, kind, ns, name);
    return e ? tracker_workload(t, e) : workloads_get(t->config.workloads, kind, ns, name);
}

const struct workload *tracker_lender(const struct tracker *t, struct tracked *e)
{
    const struct workload *w = tracker_workload(t, e);
    return w && w->template_of.n > 0 ? newest(t, WORKLOAD_DEPLOYMENT, w->ns, w->template_of) : NULL;
}

/* ---- who has a say ---- */

static struct borrowers *borrowers_of(const struct tracker *t, struct str ns, struct str deployment)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    kinds_key(&key, (int)WORKLOAD_DEPLOYMENT, ns, deployment);
    return map_get(&t->borrowers, buf_str(&key));
}

size_t tracker_deciders(const struct tracker *t, struct tracked *e, const struct workload **out,
                        size_t max)
{
    size_t n = 0;
    const struct workload *w = tracker_workload(t, e);
    struct borrowers *b =
        w && w->kind == WORKLOAD_DEPLOYMENT ? borrowers_of(t, w->ns, w->name) : NULL;
    if (w && n < max) {
        out[n++] = w;
    }
    for (size_t i = 0; b && i < b->names.n && n < max; i++) {
        const struct workload *r = newest(t, WORKLOAD_ROLLOUT, w->ns, str_c(b->names.v[i]));
        if (r && r->rollout_strategy == ROLLOUT_TEMPLATE) {
            out[n++] = r;
        }
    }
    return n;
}

/* A Job that a CronJob started is left alone when it has ended, and when the CronJob itself is
 * moved for the same source: that starts a new Job with the new value. */
static bool left_to_cronjob(const struct tracker *t, const struct workload *job,
                            enum source_type type, struct str name, struct source_marks marks)
{
    if (job->owner_cronjob.n == 0) {
        return false;
    }
    if (job->finished) {
        return true;
    }
    struct tracked *owner = tracker_get(t, WORKLOAD_CRONJOB, job->ns, job->owner_cronjob);
    return owner && decision_moves(tracker_decide(t, owner, type, name, marks));
}

struct decision tracker_decide(const struct tracker *t, struct tracked *e, enum source_type type,
                               struct str name, struct source_marks marks)
{
    const struct workload *deciders[MAX_DECIDERS];
    struct decision best = {.step = STEP_NONE, .container = NO_CONTAINER};
    size_t n = tracker_deciders(t, e, deciders, MAX_DECIDERS);
    const struct workload *pod = tracker_lender(t, e);
    if (!t->config.selected(t->config.arg, str_c(e->ns))) {
        return best;
    }
    if (n > 0 && (deciders[0]->holds.p || left_to_cronjob(t, deciders[0], type, name, marks))) {
        return best;
    }
    for (size_t i = 0; i < n; i++) {
        struct decision d = workload_decide(deciders[i], i == 0 ? pod : deciders[0], type, name,
                                            marks, t->config.options->auto_reload_all);
        if (decision_moves(d)) {
            return d;
        }
        best = i == 0 ? d : best;
    }
    return best;
}

/* ---- the pairs of one workload ---- */

struct wanted {
    struct tracker *t;
    struct tracked *e;
    const struct workload *decider;
    const struct workload *pod;
    enum source_type type; /* while names are walked */
    enum pair_origin origin;
    uint64_t since;
    struct map seen; /* "type/name" */
};

static struct pair *find_pair(struct tracked *e, enum source_type type, struct str name)
{
    for (size_t i = 0; i < e->pairs.n; i++) {
        const struct source *s = e->pairs.v[i].source;
        if (s->type == type && str_eq_c(name, s->name)) {
            return &e->pairs.v[i];
        }
    }
    return NULL;
}

static void want(struct wanted *w, enum source_type type, struct str name)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    struct decision d = {
        .step = rules_could(&w->decider->rules, type, name, w->t->config.options->auto_reload_all),
        .container = workload_container(w->pod, type, name),
    };
    bool listed = d.step == STEP_LISTED && w->pod->n_containers > 0;
    if (!rule_step_moves(d.step) || (d.container == NO_CONTAINER && !listed) ||
        w->t->config.options->ignore_type[type] || w->seen.n >= PAIRS_MAX) {
        return;
    }
    kinds_key(&key, (int)type, STR_EMPTY, name);
    if (map_set(&w->seen, buf_str(&key), w)) {
        return;
    }
    if (!find_pair(w->e, type, name)) {
        struct pair pair = {.origin = w->origin, .since = w->since};
        pair.source = sources_use(w->t->config.sources, type, str_c(w->e->ns), name, w->e);
        vec_push(&w->e->pairs, pair);
    }
}

static void want_if_listed(void *arg, struct str name)
{
    struct wanted *w = arg;
    if (rules_could(&w->decider->rules, w->type, name, false) == STEP_LISTED) {
        want(w, w->type, name);
    }
}

/* Names that a list gives, and those that its patterns match: of what exists, and of what is on
 * record although it does not exist any more. */
static void want_listed(struct wanted *w, const struct ledger *recorded)
{
    for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
        const struct rule *rule = &w->decider->rules.by_type[type];
        w->type = type;
        for (size_t i = 0; i < rule->n_list; i++) {
            if (rule->list[i].kind == PATTERN_NAME) {
                want(w, type, rule->list[i].text);
            }
        }
        if (!rules_open(&w->decider->rules, type)) {
            continue;
        }
        sources_each_name(w->t->config.sources, type, str_c(w->e->ns), want_if_listed, w);
        for (size_t i = 0; i < recorded->n; i++) {
            if (recorded->v[i].type == type) {
                want_if_listed(w, recorded->v[i].name);
            }
        }
    }
}

static void drop_unwanted(struct wanted *w)
{
    for (size_t i = w->e->pairs.n; i-- > 0;) {
        AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
        struct source *s = w->e->pairs.v[i].source;
        kinds_key(&key, (int)s->type, STR_EMPTY, str_c(s->name));
        if (!map_has(&w->seen, buf_str(&key))) {
            vec_remove(&w->e->pairs, i);
            sources_unuse(w->t->config.sources, s, w->e);
        }
    }
}

static void rebuild(struct tracker *t, struct tracked *e, enum pair_origin origin, uint64_t since)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct workload *deciders[MAX_DECIDERS];
    struct ledger recorded;
    struct wanted w = {.t = t, .e = e, .origin = origin, .since = since};
    size_t n = tracker_deciders(t, e, deciders, MAX_DECIDERS);
    const struct workload *lender = tracker_lender(t, e);
    ledger_parse(&a, n > 0 ? tracker_recorded_text(t, deciders[0]) : STR_EMPTY, t->config.key,
                 &recorded);
    for (size_t i = 0; i < n; i++) {
        w.decider = deciders[i];
        w.pod = i > 0 ? deciders[0] : lender ? lender : deciders[0];
        for (size_t k = 0; k < w.pod->n_references; k++) {
            want(&w, w.pod->references[k].type, w.pod->references[k].name);
        }
        want_listed(&w, &recorded);
    }
    drop_unwanted(&w);
    map_done(&w.seen);
}

/* ---- open lists: workloads with patterns, by namespace ---- */

static bool is_open(const struct tracker *t, struct tracked *e)
{
    const struct workload *deciders[MAX_DECIDERS];
    size_t n = tracker_deciders(t, e, deciders, MAX_DECIDERS);
    for (size_t i = 0; i < n; i++) {
        for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
            if (rules_open(&deciders[i]->rules, type)) {
                return true;
            }
        }
    }
    return false;
}

static void set_open(struct tracker *t, struct tracked *e, bool open)
{
    struct open_list *list = map_get(&t->open, str_c(e->ns));
    if (!list && open) {
        list = xcalloc(1, sizeof(*list));
        map_set(&t->open, str_c(e->ns), list);
    }
    for (size_t i = 0; list && i < list->entries.n; i++) {
        if (list->entries.v[i] == e) {
            if (!open) {
                vec_remove(&list->entries, i);
            }
            return;
        }
    }
    if (list && open) {
        vec_push(&list->entries, e);
    }
}

void tracker_appeared(struct tracker *t, enum source_type type, struct str ns, struct str name)
{
    struct open_list *list = map_get(&t->open, ns);
    for (size_t i = 0; list && i < list->entries.n; i++) {
        struct tracked *e = list->entries.v[i];
        const struct workload *deciders[MAX_DECIDERS];
        size_t n = tracker_deciders(t, e, deciders, MAX_DECIDERS);
        struct wanted w = {
            .t = t, .e = e, .type = type, .origin = PAIR_APPEARED, .since = SINCE_NOW};
        for (size_t k = 0; k < n; k++) {
            const struct workload *lender = tracker_lender(t, e);
            w.decider = deciders[k];
            w.pod = k > 0 ? deciders[0] : lender ? lender : deciders[0];
            want_if_listed(&w, name);
        }
        map_done(&w.seen);
    }
}

void tracker_begin(struct tracker *t, uint64_t version)
{
    t->start_version = version;
    for (struct map_iter it = {0}; map_next(&t->open, &it);) {
        const struct open_list *list = it.value;
        for (size_t i = 0; i < list->entries.n; i++) {
            rebuild(t, list->entries.v[i], PAIR_START, SINCE_START);
            t->config.due(t->config.arg, list->entries.v[i]);
        }
    }
}

/* ---- entries ---- */

static bool deserves_entry(const struct tracker *t, const struct workload *w)
{
    if (w->template_of.p && w->rollout_strategy == ROLLOUT_TEMPLATE) {
        return false; /* the Deployment's entry asks it */
    }
    return rules_active(&w->rules, t->config.options->auto_reload_all) || w->paused_at.p ||
           w->holds.p || (w->kind == WORKLOAD_DEPLOYMENT && borrowers_of(t, w->ns, w->name));
}

static struct tracked *add_entry(struct tracker *t, const struct workload *w)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    struct tracked *e = xcalloc(1, sizeof(*e));
    kinds_key(&key, (int)w->kind, w->ns, w->name);
    e->key = buf_take(&key);
    e->kind = w->kind;
    e->ns = str_dup(w->ns);
    e->name = str_dup(w->name);
    e->uid = str_dup(w->uid);
    map_set(&t->entries, str_c(e->key), e);
    return e;
}

static void free_entry(struct tracker *t, struct tracked *e)
{
    for (size_t i = 0; i < e->pairs.n; i++) {
        sources_unuse(t->config.sources, e->pairs.v[i].source, e);
    }
    vec_done(&e->pairs);
    workload_free(e->fresh);
    free(e->key);
    free(e->ns);
    free(e->name);
    free(e->uid);
    free(e);
}

static void remove_entry(struct tracker *t, struct tracked *e)
{
    set_open(t, e, false);
    t->config.gone(t->config.arg, e);
    map_del(&t->entries, str_c(e->key));
    free_entry(t, e);
}

static void refresh_entry(struct tracker *t, struct tracked *e, uint64_t shape,
                          enum pair_origin origin, uint64_t since)
{
    if (e->shape != shape || origin == PAIR_START) {
        e->shape = shape;
        rebuild(t, e, origin, since);
        set_open(t, e, is_open(t, e));
    }
    t->config.due(t->config.arg, e);
}

static enum pair_origin origin_of_new(const struct workload *w, bool initial)
{
    return initial || clock_real() - w->created < NEW_WORKLOAD ? PAIR_START : PAIR_RULE;
}

/* The version in which a workload is seen to be made, or to get other rules, is the moment from
 * which its sources count. A list shows it later than it came about. */
static uint64_t since_of(const struct tracker *t, const struct workload *w, bool initial)
{
    return initial            ? SINCE_START
           : t->config.before ? SINCE_NOW
                              : object_version_number(w->resource_version);
}

/* ---- Rollouts and the Deployments they borrow from ---- */

static void set_borrower(struct tracker *t, struct str ns, struct str deployment,
                         struct str rollout, bool borrows)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    struct borrowers *b = borrowers_of(t, ns, deployment);
    kinds_key(&key, (int)WORKLOAD_DEPLOYMENT, ns, deployment);
    if (!b && borrows) {
        b = xcalloc(1, sizeof(*b));
        map_set(&t->borrowers, buf_str(&key), b);
    }
    for (size_t i = 0; b && i < b->names.n; i++) {
        if (str_eq_c(rollout, b->names.v[i])) {
            if (!borrows) {
                free(b->names.v[i]);
                vec_remove(&b->names, i);
            }
            return;
        }
    }
    if (b && borrows) {
        vec_push(&b->names, str_dup(rollout));
    }
}

static void rollout_changed(struct tracker *t, const struct workload *old,
                            const struct workload *now, bool initial)
{
    const struct workload *w = now ? now : old;
    must(w);
    if (old && old->template_of.n > 0 && (!now || !str_eq(old->template_of, now->template_of))) {
        set_borrower(t, old->ns, old->template_of, old->name, false);
    }
    if (now && now->template_of.n > 0) {
        set_borrower(t, now->ns, now->template_of, now->name, true);
    }
    const struct workload *deployment =
        w->template_of.n > 0
            ? workloads_get(t->config.workloads, WORKLOAD_DEPLOYMENT, w->ns, w->template_of)
            : NULL;
    if (deployment && (!old || !now || old->shape != now->shape)) {
        struct tracked *e = tracker_get(t, WORKLOAD_DEPLOYMENT, w->ns, w->template_of);
        if (e) {
            e->shape = 0; /* its pairs depend on the Rollout, too */
        }
        tracker_changed(t, e ? deployment : NULL, deployment, initial);
    }
}

/* The entries of Rollouts that restart by themselves and borrow this pod template. */
static void refresh_borrowers(struct tracker *t, const struct workload *deployment,
                              enum pair_origin origin, uint64_t since)
{
    struct borrowers *b = borrowers_of(t, deployment->ns, deployment->name);
    for (size_t i = 0; b && i < b->names.n; i++) {
        struct tracked *e = tracker_get(t, WORKLOAD_ROLLOUT, deployment->ns, str_c(b->names.v[i]));
        if (e) {
            e->shape = 0;
            refresh_entry(t, e, 1, origin, since);
        }
    }
}

/* ---- what the workloads tell ---- */

void tracker_changed(struct tracker *t, const struct workload *old, const struct workload *now,
                     bool initial)
{
    const struct workload *w = now ? now : old;
    struct tracked *e = tracker_get(t, w->kind, w->ns, w->name);
    enum pair_origin origin = now ? origin_of_new(now, initial) : PAIR_RULE;
    uint64_t since = now ? since_of(t, now, initial) : SINCE_NOW;
    if (w->kind == WORKLOAD_ROLLOUT) {
        rollout_changed(t, old, now, initial);
    }
    if (e && (!now || !str_eq_c(now->uid, e->uid) || !deserves_entry(t, now))) {
        remove_entry(t, e);
        e = NULL;
    }
    if (now && e) {
        refresh_entry(t, e, now->shape, PAIR_RULE, since);
    } else if (now && deserves_entry(t, now)) {
        refresh_entry(t, add_entry(t, now), now->shape, origin, since);
    }
    if (now && now->kind == WORKLOAD_DEPLOYMENT && (!old || old->shape != now->shape)) {
        refresh_borrowers(t, now, origin, since);
    }
}

void tracker_set_fresh(struct tracker *t, struct tracked *e, struct workload *fresh)
{
    workload_free(TAKE(e->fresh));
    if (!str_eq_c(fresh->uid, e->uid)) {
        workload_free(fresh); /* made anew: the store will tell */
        return;
    }
    e->fresh = fresh;
    if (e->shape != fresh->shape) {
        e->shape = fresh->shape;
        rebuild(t, e, PAIR_RULE, since_of(t, fresh, false));
    }
}

/* ---- life ---- */

struct tracker *tracker_new(const struct tracker_config *config)
{
    struct tracker *t = xcalloc(1, sizeof(*t));
    t->config = *config;
    return t;
}

static void free_open_list(void *arg)
{
    struct open_list *list = arg;
    vec_done(&list->entries);
    free(list);
}

static void free_borrowers(void *arg)
{
    struct borrowers *b = arg;
    for (size_t i = 0; i < b->names.n; i++) {
        free(b->names.v[i]);
    }
    vec_done(&b->names);
    free(b);
}

void tracker_free(struct tracker *t)
{
    if (!t) {
        return;
    }
    for (struct map_iter it = {0}; map_next(&t->entries, &it);) {
        t->config.gone(t->config.arg, it.value);
        free_entry(t, it.value);
    }
    map_done(&t->entries);
    map_done_with(&t->open, free_open_list);
    map_done_with(&t->borrowers, free_borrowers);
    free(t);
}
