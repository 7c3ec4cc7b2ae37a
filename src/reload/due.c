/* SPDX-License-Identifier: Apache-2.0
 *
 * What is due for one workload: each of its pairs is judged, and the outcome is one list of causes
 * and one ledger. Nothing here remembers anything but the base of each pair.
 */
#include "reload/tracker_internal.h"

enum { TEXT_MAX = 256 * 1024 };

struct judging {
    struct tracker *t;
    struct tracked *e;
    struct arena *a;
    const struct workload *w;
    const struct workload *pod; /* whose template and variables count */
    struct ledger recorded;     /* on the workload */
    struct cause last;          /* of last-reloaded-from */
    bool has_last;
    struct due *due;
};

struct str tracker_recorded_text(const struct tracker *t, const struct workload *w)
{
    if (w->kind == WORKLOAD_CRONJOB && !w->ledger.p) {
        /* Where CronJobs may not be patched the record is on the Jobs that were started. */
        return workloads_job_ledger(t->config.workloads, w->ns, w->name);
    }
    return w->ledger;
}

/* ---- records that are found on a workload ---- */

static bool names_collide(const struct tracked *e, const struct source *s, struct str variable)
{
    AUTO(buf_done) struct buf other = BUF_INIT(4096);
    for (size_t i = 0; i < e->pairs.n; i++) {
        const struct source *o = e->pairs.v[i].source;
        buf_clear(&other);
        strategy_env_name(&other, o->type, str_c(o->name));
        if (o != s && str_eq(buf_str(&other), variable)) {
            return true;
        }
    }
    return false;
}

static const struct variable *variable_of(const struct judging *j, const struct source *s,
                                          int container)
{
    AUTO(buf_done) struct buf name = BUF_INIT(4096);
    strategy_env_name(&name, s->type, str_c(s->name));
    return workload_variable(j->pod, buf_str(&name), container);
}

/* What Reloader, or Pawl without a ledger, left on the workload. Where two sources share a variable
 * it says something only if it fits. */
static struct record left_by_reloader(const struct judging *j, const struct source *s,
                                      int container, const struct record *now)
{
    const struct ledger_key *key = j->t->config.key;
    const struct variable *v = variable_of(j, s, container);
    if (v) {
        struct record r = ledger_record(key, s->type, str_c(s->name), &v->value);
        if (record_eq(&r, now) || !names_collide(j->e, s, v->name)) {
            return r;
        }
        return (struct record){0};
    }
    if (j->has_last && j->last.type == s->type && str_eq_c(j->last.name, s->name)) {
        if (j->last.deleted) {
            return (struct record){.state = RECORD_MISSING};
        }
        return ledger_record(key, s->type, str_c(s->name), &j->last.content);
    }
    return (struct record){0};
}

struct mounted {
    const struct judging *j;
    const struct source *source;
    const struct record *record;
};

static bool is_mounted(void *arg, const struct digest *digest)
{
    const struct mounted *m = arg;
    struct record r =
        ledger_record(m->j->t->config.key, m->source->type, str_c(m->source->name), digest);
    return record_eq(&r, m->record);
}

/* A pod that has mounted what is on record says that the class has not changed since. */
static bool still_mounted(const struct judging *j, const struct source *s, const struct record *r)
{
    struct mounted m = {j, s, r};
    return s->type == SOURCE_SPC && sources_any_mounted(j->t->config.sources, s, is_mounted, &m);
}

static struct record base_of_start(const struct judging *j, const struct source *s, int container,
                                   const struct record *now)
{
    const struct reload_options *o = j->t->config.options;
    bool as_created = o->on_create && o->sync_after_restart && now->state == RECORD_HASH;
    struct record r = {0};
    if (o->ledger) {
        r = ledger_find(&j->recorded, s->type, str_c(s->name));
        as_created = as_created && j->recorded.n > 0;
    }
    if (r.state == RECORD_NONE && (o->ledger || as_created)) {
        r = left_by_reloader(j, s, container, now);
    }
    if (r.state == RECORD_NONE && as_created) {
        r.state = RECORD_MISSING;
    }
    return r.state != RECORD_NONE && still_mounted(j, s, &r) ? *now : r;
}

/* What the workload has started with, if nothing is on record. False: that is being asked. */
static bool base_of_begin(const struct judging *j, struct pair *p, const struct record *now)
{
    const struct source *s = p->source;
    const struct tracker_config *config = &j->t->config;
    struct digest digest;
    if (config->before && config->before(config->arg, s, j->w->created, &digest)) {
        p->base = ledger_record(config->key, s->type, str_c(s->name), &digest);
        return true;
    }
    uint64_t since = p->since == SINCE_START ? j->t->start_version : p->since;
    switch (sources_at(config->sources, s, since, &digest)) {
    case PAST_ASKING:
        return false;
    case PAST_CONTENT:
        p->base = ledger_record(config->key, s->type, str_c(s->name), &digest);
        return true;
    case PAST_MISSING:
        p->base = (struct record){.state = RECORD_MISSING};
        return true;
    case PAST_UNKNOWN:
        break;
    }
    p->base = *now;
    return true;
}

/* A source that came after its workload and has changed before it could be read: pods may have
 * started with what it was at first. False: that is being asked. */
static bool base_of_newcomer(const struct judging *j, struct pair *p)
{
    const struct source *s = p->source;
    struct digest first;
    if (p->base.state != RECORD_MISSING || !s->exists) {
        return true;
    }
    enum past_state state = sources_at_creation(j->t->config.sources, s, &first);
    if (state == PAST_CONTENT && !digest_eq(&first, &s->digest)) {
        p->base = ledger_record(j->t->config.key, s->type, str_c(s->name), &first);
    }
    return state != PAST_ASKING;
}

/* False: not known yet. */
static bool set_base(const struct judging *j, struct pair *p, int container,
                     const struct record *now)
{
    switch (p->origin) {
    case PAIR_SET:
        return base_of_newcomer(j, p);
    case PAIR_START:
        p->base = base_of_start(j, p->source, container, now);
        if (p->base.state == RECORD_NONE && !base_of_begin(j, p, now)) {
            return false;
        }
        break;
    case PAIR_RULE:
        if (!base_of_begin(j, p, now)) {
            return false;
        }
        break;
    case PAIR_APPEARED:
        p->base = (struct record){.state = RECORD_MISSING};
        break;
    }
    p->origin = PAIR_SET;
    return base_of_newcomer(j, p);
}

/* A ledger that has changed says what the workload has been moved for. A CronJob's may be that of
 * its newest Job; when that one goes, an older one is no news. */
static void heed_ledger(const struct judging *j, struct pair *p)
{
    bool first = p->origin != PAIR_SET;
    struct record r = ledger_find(&j->recorded, p->source->type, str_c(p->source->name));
    bool newer = j->w->ledger.p || j->recorded.moves > p->moves;
    if (r.state == RECORD_NONE || record_eq(&r, &p->recorded) || !(first || newer)) {
        return;
    }
    if (!first) {
        p->base = r;
    }
    p->recorded = r;
    p->moves = j->recorded.moves;
}

/* ---- judging ---- */

static void add_after(const struct judging *j, const struct source *s, const struct record *record)
{
    /* A copy: the source may be used no more when the move is done. */
    struct str name = arena_str(j->a, str_c(s->name));
    j->due->after[j->due->n_after++] = (struct ledger_entry){s->type, name, *record};
}

static void add_cause(const struct judging *j, const struct source *s, int container, bool deleted)
{
    j->due->causes[j->due->n_causes++] = (struct cause){
        .type = s->type,
        .name = arena_str(j->a, str_c(s->name)),
        .content = s->digest,
        .deleted = deleted,
        .container = container,
    };
    j->due->changed_at = MAX(j->due->changed_at, s->changed_at);
}

/* The template already carries this content: somebody else has moved the workload for it. */
static bool already_moved(const struct judging *j, const struct source *s, int container)
{
    const struct variable *v = variable_of(j, s, container);
    return j->t->config.options->strategy == RELOAD_ENV_VARS && v && v->container == container &&
           digest_eq(&v->value, &s->digest);
}

static struct decision decide(const struct judging *j, const struct source *s)
{
    /* What is missing says nothing about itself: the rules alone decide. */
    struct source_marks marks = s->exists ? s->marks : (struct source_marks){.match = true};
    return tracker_decide(j->t, j->e, s->type, str_c(s->name), marks);
}

static struct record record_now(const struct judging *j, const struct source *s)
{
    if (!s->exists) {
        return (struct record){.state = RECORD_MISSING};
    }
    return ledger_record(j->t->config.key, s->type, str_c(s->name), &s->digest);
}

static struct judgement judge_record(const struct judging *j, const struct source *s,
                                     const struct record *base, const struct record *now)
{
    const struct reload_options *o = j->t->config.options;
    bool flags = s->type != SOURCE_SPC; /* pods that come and go make and remove pod statuses */
    return judge(base, now, flags && o->on_create, flags && o->on_delete);
}

/* False: what the workload has started with is not known yet. */
static bool judge_pair(const struct judging *j, struct pair *p)
{
    const struct reload_options *o = j->t->config.options;
    const struct source *s = p->source;
    struct record now = record_now(j, s);
    struct decision d = decide(j, s);
    heed_ledger(j, p);
    if (!decision_moves(d)) {
        p->base = now;
        p->origin = PAIR_SET;
        return true;
    }
    if (!set_base(j, p, d.container, &now)) {
        return false;
    }
    struct judgement verdict = judge_record(j, s, &p->base, &now);
    bool deleted = verdict.verdict == VERDICT_DELETED;
    if (deleted || (verdict.verdict == VERDICT_MOVE && !already_moved(j, s, d.container))) {
        add_cause(j, s, d.container, deleted);
    } else {
        p->base = verdict.record;
    }
    /* That a source was missing matters only to those who wait for its creation. */
    if (verdict.record.state != RECORD_MISSING || (s->type != SOURCE_SPC && o->on_create)) {
        add_after(j, s, &verdict.record);
    }
    return true;
}

/* Nothing can be said about the source yet; what is on record stays. */
static void keep_recorded(const struct judging *j, const struct source *s)
{
    struct record r = ledger_find(&j->recorded, s->type, str_c(s->name));
    if (r.state != RECORD_NONE) {
        add_after(j, s, &r);
    }
}

static void judge_pairs(const struct judging *j)
{
    for (size_t i = 0; i < j->e->pairs.n; i++) {
        struct pair *p = &j->e->pairs.v[i];
        bool reading = sources_fetching(j->t->config.sources, p->source);
        if (!p->source->known || !judge_pair(j, p)) {
            keep_recorded(j, p->source);
            reading = reading || p->source->known;
        }
        j->due->fetching = j->due->fetching || reading;
    }
    j->due->moves = j->due->n_causes > 0;
}

/* ---- the ledger as it should be ---- */

static struct str ledger_text(const struct judging *j)
{
    AUTO(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
    size_t n = MIN(j->due->n_after, (size_t)LEDGER_MAX_ENTRIES);
    struct ledger l = {.v = j->due->after, .n = n};
    bool counts = j->w->kind == WORKLOAD_CRONJOB && j->due->moves;
    l.moves = j->recorded.moves + (counts ? 1 : 0);
    ledger_format(&l, j->t->config.key, &text);
    return arena_str(j->a, buf_str(&text));
}

static bool all_recorded(const struct judging *j)
{
    for (size_t i = 0; i < j->due->n_after && i < LEDGER_MAX_ENTRIES; i++) {
        const struct ledger_entry *e = &j->due->after[i];
        struct record r = ledger_find(&j->recorded, e->type, e->name);
        if (!record_eq(&r, &e->record)) {
            return false;
        }
    }
    return true;
}

/* ---- variables of sources that are used no more ---- */

static void add_name(struct map *used, enum source_type type, struct str name)
{
    AUTO(buf_done) struct buf variable = BUF_INIT(4096);
    strategy_env_name(&variable, type, name);
    map_set(used, buf_str(&variable), used);
}

static void find_leftovers(const struct judging *j)
{
    struct map used = MAP_INIT;
    if (j->pod->n_variables == 0 || j->t->config.options->keep_leftovers) {
        return;
    }
    for (size_t i = 0; i < j->pod->n_references; i++) {
        add_name(&used, j->pod->references[i].type, j->pod->references[i].name);
    }
    for (size_t i = 0; i < j->e->pairs.n; i++) {
        const struct source *s = j->e->pairs.v[i].source;
        add_name(&used, s->type, str_c(s->name));
    }
    j->due->leftovers = arena_array(j->a, const struct variable *, j->pod->n_variables);
    for (size_t i = 0; i < j->pod->n_variables; i++) {
        if (!map_has(&used, j->pod->variables[i].name)) {
            j->due->leftovers[j->due->n_leftovers++] = &j->pod->variables[i];
        }
    }
    map_done(&used);
}

/* ---- */

enum source_state tracker_source_state(struct tracker *t, struct tracked *e, const struct pair *p)
{
    const struct source *s = p->source;
    struct judging j = {.t = t, .e = e, .w = tracker_workload(t, e)};
    if (!j.w || !s->known || p->origin != PAIR_SET) {
        return SOURCE_UNKNOWN;
    }
    const struct workload *lender = tracker_lender(t, e);
    j.pod = lender ? lender : j.w;
    struct decision d = decide(&j, s);
    if (!decision_moves(d)) {
        return SOURCE_IGNORED;
    }
    struct record now = record_now(&j, s);
    enum verdict verdict = judge_record(&j, s, &p->base, &now).verdict;
    if (verdict == VERDICT_DELETED ||
        (verdict == VERDICT_MOVE && !already_moved(&j, s, d.container))) {
        return SOURCE_DUE;
    }
    return s->exists ? SOURCE_CURRENT : SOURCE_MISSING;
}

void tracker_due(struct tracker *t, struct tracked *e, struct arena *a, struct due *out)
{
    struct judging j = {.t = t, .e = e, .a = a, .w = tracker_workload(t, e), .due = out};
    *out = (struct due){0};
    if (!j.w) {
        return;
    }
    const struct workload *lender = tracker_lender(t, e);
    j.pod = lender ? lender : j.w;
    out->causes = arena_array(a, struct cause, e->pairs.n);
    out->after = arena_array(a, struct ledger_entry, e->pairs.n);
    ledger_parse(a, tracker_recorded_text(t, j.w), t->config.key, &j.recorded);
    j.has_last = j.pod->last_reloaded_from.p &&
                 strategy_parse_last_reloaded(a, j.pod->last_reloaded_from, &j.last);
    judge_pairs(&j);
    if (t->config.options->ledger) {
        out->ledger_text = ledger_text(&j);
        out->records = !out->moves && !all_recorded(&j);
    }
    if (out->moves) {
        find_leftovers(&j);
    }
}

void tracker_done(struct tracker *t, struct tracked *e, const struct due *due)
{
    (void)t;
    for (size_t i = 0; i < due->n_after; i++) {
        for (size_t k = 0; k < e->pairs.n; k++) {
            struct pair *p = &e->pairs.v[k];
            if (p->origin == PAIR_SET && p->source->type == due->after[i].type &&
                str_eq_c(due->after[i].name, p->source->name)) {
                p->base = due->after[i].record;
            }
        }
    }
}
