/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/workload.h"

#include "base/datetime.h"
#include "base/gotext.h"
#include "base/map.h"
#include "reload/job.h"

enum { SHAPE_MAX = 4 * 1024 * 1024 };

static struct str keep(struct workload *w, struct str s)
{
    return s.n > 0 ? arena_str(&w->arena, s) : STR_EMPTY;
}

/* The value of an annotation; p NULL if it is absent or its key switched off. */
static struct str annotation(struct workload *w, const struct json *annotations, const char *key)
{
    const struct json *value = key[0] == '\0' ? NULL : json_get(annotations, key);
    return value ? keep(w, json_str(value)) : (struct str){0};
}

static void read_identity(struct workload *w, const struct json *metadata)
{
    w->ns = object_ns(&w->object);
    w->name = object_name(&w->object);
    w->uid = object_uid(&w->object);
    w->resource_version = object_version(&w->object);
    w->generation = json_int(json_get(metadata, "generation"), 0);
    if (!rfc3339_parse(json_str(json_get(metadata, "creationTimestamp")), &w->created)) {
        w->created = 0;
    }
}

static void read_own_annotations(struct workload *w, const struct json *annotations,
                                 const struct reload_keys *keys)
{
    ns_t settle = 0;
    w->has_annotations = json_is(annotations, JSON_OBJECT);
    w->ledger = annotation(w, annotations, RELOAD_LEDGER_ANNOTATION);
    if (go_parse_duration(json_str(json_get(annotations, RELOAD_SETTLE_ANNOTATION)), &settle)) {
        w->settle = MAX(settle, 0);
    }
    if (w->kind == WORKLOAD_DEPLOYMENT) {
        w->paused_at = annotation(w, annotations, keys->paused_at);
        w->pause_period = annotation(w, annotations, keys->pause_period);
    }
    struct str strategy = annotation(w, annotations, keys->rollout_strategy);
    w->rollout_strategy = str_eq(strategy, STR("restart")) ? ROLLOUT_RESTART_AT : ROLLOUT_TEMPLATE;
}

static bool condition_true(const struct json *conditions, const char *type)
{
    for (size_t i = 0; i < json_len(conditions); i++) {
        const struct json *c = json_at(conditions, i);
        if (str_eq_c(json_str(json_get(c, "type")), type) &&
            str_eq(json_str(json_get(c, "status")), STR("True"))) {
            return true;
        }
    }
    return false;
}

static void read_job(struct workload *w, const struct json *object)
{
    const struct json *owners = json_find(object, "metadata.ownerReferences");
    for (size_t i = 0; i < json_len(owners); i++) {
        const struct json *owner = json_at(owners, i);
        if (json_bool(json_get(owner, "controller"), false) &&
            str_eq(json_str(json_get(owner, "kind")), STR("CronJob"))) {
            w->owner_cronjob = keep(w, json_str(json_get(owner, "name")));
        }
    }
    const struct json *conditions = json_find(object, "status.conditions");
    w->finished = condition_true(conditions, "Complete") || condition_true(conditions, "Failed");
    w->holds = annotation(w, json_find(object, "metadata.annotations"), JOB_HOLDS_ANNOTATION);
}

static void read_rollout(struct workload *w, const struct json *object)
{
    const struct json *ref = json_find(object, "spec.workloadRef");
    if (!rfc3339_parse(json_find_str(object, "spec.restartAt"), &w->restart_at)) {
        w->restart_at = 0;
    }
    if (str_eq(json_str(json_get(ref, "kind")), STR("Deployment"))) {
        w->template_of = keep(w, json_str(json_get(ref, "name")));
    }
}

static void add_rule_shape(struct buf *out, const struct rule *rule)
{
    buf_addf(out, "|%d%d%d%d", rule->search, rule->auto_any, rule->auto_typed, rule->auto_unset);
    for (size_t i = 0; i < rule->n_list; i++) {
        buf_add_byte(out, '+');
        buf_add_str(out, rule->list[i].text);
    }
    for (size_t i = 0; i < rule->n_exclude; i++) {
        buf_add_byte(out, '-');
        buf_add_str(out, rule->exclude[i]);
    }
}

static uint64_t shape_of(const struct workload *w)
{
    AUTO(buf_done) struct buf text = BUF_INIT(SHAPE_MAX);
    for (size_t type = 0; type < SOURCE_TYPES; type++) {
        add_rule_shape(&text, &w->rules.by_type[type]);
    }
    for (size_t i = 0; i < w->n_references; i++) {
        const struct reference *r = &w->references[i];
        buf_addf(&text, "|%d %u ", (int)r->type, r->container);
        buf_add_str(&text, r->name);
    }
    buf_addf(&text, "|%zu %d %d ", w->n_containers, (int)w->rollout_strategy, w->finished);
    buf_add_str(&text, w->template_of);
    return map_hash(buf_str(&text));
}

static void read_spec(struct workload *w, const struct json *object,
                      const struct reload_options *options)
{
    const struct json *annotations = json_find(object, "metadata.annotations");
    const struct json *pod = json_find(object, workload_kind_info(w->kind)->pod_template);
    const struct json *pod_annotations = json_find(pod, "metadata.annotations");
    read_own_annotations(w, annotations, &options->keys);
    w->has_template_annotations = json_is(pod_annotations, JSON_OBJECT);
    w->last_reloaded_from = annotation(w, pod_annotations, RELOAD_LAST_RELOADED_FROM);
    rules_parse(&w->arena, &options->keys, annotations, pod_annotations, &w->rules);
    workload_read_pod(w, json_get(pod, "spec"));
    switch (w->kind) {
    case WORKLOAD_DEPLOYMENT:
        w->paused = json_bool(json_find(object, "spec.paused"), false);
        break;
    case WORKLOAD_JOB:
        read_job(w, object);
        break;
    case WORKLOAD_ROLLOUT:
        read_rollout(w, object);
        break;
    default:
        break;
    }
    w->shape = shape_of(w);
}

static bool of_interest(const struct workload *w, const struct reload_options *options)
{
    return w->paused_at.p || w->holds.p || (w->owner_cronjob.p && w->ledger.p) ||
           rules_active(&w->rules, options->auto_reload_all);
}

struct workload *workload_parse(enum workload_kind kind, const struct json *object,
                                const struct reload_options *options, bool keep_all,
                                struct err **err)
{
    struct workload *w = object_new(sizeof(*w), object, err);
    if (!w) {
        return NULL;
    }
    w->kind = kind;
    read_identity(w, json_get(object, "metadata"));
    read_spec(w, object, options);
    if (!keep_all && !of_interest(w, options)) {
        workload_free(w);
        return NULL;
    }
    return w;
}

void workload_free(struct workload *w)
{
    if (w) {
        rules_done(&w->rules);
        arena_done(&w->arena);
        object_free(&w->object);
    }
}

int workload_container(const struct workload *w, enum source_type type, struct str name)
{
    for (size_t i = 0; i < w->n_references; i++) {
        if (w->references[i].type == type && str_eq(w->references[i].name, name)) {
            return w->references[i].container;
        }
    }
    return NO_CONTAINER;
}

struct decision workload_decide(const struct workload *w, const struct workload *deployment,
                                enum source_type type, struct str name, struct source_marks marks,
                                bool auto_reload_all)
{
    const struct workload *pod = deployment ? deployment : w;
    struct decision d = {
        .step = rules_decide(&w->rules, type, name, marks, auto_reload_all),
        .container = NO_CONTAINER,
    };
    if (rule_step_moves(d.step)) {
        d.container = workload_container(pod, type, name);
        if (d.container == NO_CONTAINER && d.step == STEP_LISTED && pod->n_containers > 0) {
            d.container = 0;
        }
    }
    return d;
}

const struct variable *workload_variable(const struct workload *w, struct str name, int container)
{
    const struct variable *any = NULL;
    for (size_t i = 0; i < w->n_variables; i++) {
        const struct variable *v = &w->variables[i];
        if (str_eq(v->name, name)) {
            if (v->container == container) {
                return v;
            }
            any = any ? any : v;
        }
    }
    return any;
}
