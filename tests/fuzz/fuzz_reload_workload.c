/* SPDX-License-Identifier: Apache-2.0
 *
 * The first byte picks the kind and the strategy, the rest is a workload as the API server sends
 * it. Every decision is made and every body written that could follow from it; bodies must be JSON.
 */
#include "reload/job.h"
#include "reload/pause.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_body(struct patch *p)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    must(!buf_ok(&p->body) || json_parse(&a, buf_str(&p->body), JSON_PLAIN, NULL));
    buf_done(&p->body);
}

static void move(const struct workload *w, const struct json *object, enum reload_strategy strategy,
                 struct cause *causes, size_t n)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *copy = json_clone(&a, object);
    struct patch p;
    const struct variable *leftover = w->variables;
    struct move m = {
        .target = w,
        .strategy = strategy,
        .causes = causes,
        .n_causes = n,
        .ledger = STR("{}"),
        .leftovers = &leftover,
        .n_leftovers = w->n_variables > 0 ? 1 : 0,
        .pause_annotation = "x/y",
    };
    strategy_patch(&m, &p);
    check_body(&p);
    strategy_patch_restart_at(&m, &p);
    check_body(&p);
    struct json *pod = json_find(copy, workload_kind_info(w->kind)->pod_template);
    if (json_is(pod, JSON_OBJECT)) {
        strategy_apply(&m, &a, pod);
    }
}

static void decide_all(const struct workload *w, const struct json *object,
                       enum reload_strategy strategy)
{
    struct cause causes[8];
    size_t n = 0;
    for (size_t i = 0; i < w->n_references && n < COUNT_OF(causes); i++) {
        const struct reference *r = &w->references[i];
        struct source_marks marks = {.match = i % 2};
        struct decision d = workload_decide(w, NULL, r->type, r->name, marks, i % 3 == 0);
        must(d.container == NO_CONTAINER || (size_t)d.container < w->n_containers);
        if (decision_moves(d)) {
            causes[n++] = (struct cause){
                .type = r->type, .name = r->name, .deleted = i % 5 == 0, .container = d.container};
        }
    }
    if (n > 0) {
        move(w, object, strategy, causes, n);
    }
}

static void pauses(const struct workload *w)
{
    AUTO(err_freep) struct err *err = NULL;
    struct patch p;
    ns_t period;
    pause_of(w, NS_S);
    must(pause_wanted(w, &period, &err) == 0 || err);
    must(period >= 0);
    pause_patch_end(w, "x~/y", &p);
    check_body(&p);
}

static void jobs(struct arena *a, const struct json *object)
{
    AUTO(err_freep) struct err *err = NULL;
    struct json *copy = json_is(object, JSON_OBJECT) ? job_copy(a, object) : NULL;
    struct json *holder = copy ? job_holder(a, copy, STR("uid"), &err) : NULL;
    err_free(TAKE(err));
    struct json *held = job_held(a, holder ? holder : object, &err);
    must(held || err);
    err_free(TAKE(err));
    struct json *job = job_from_cronjob(a, object, STR("name"), &err);
    must(job || err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct reload_options o;
    reload_options_init(&o);
    const struct json *object = json_parse(&a, str_n(data + 1, size - 1), JSON_PLAIN, NULL);
    if (!object) {
        return 0;
    }
    struct workload *w = workload_parse(data[0] % WORKLOAD_KINDS, object, &o, true, &err);
    must(w || err);
    if (w) {
        decide_all(w, object, data[0] & 8 ? RELOAD_ANNOTATIONS : RELOAD_ENV_VARS);
        pauses(w);
        workload_free(w);
    }
    jobs(&a, object);
    return 0;
}
