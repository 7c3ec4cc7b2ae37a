/* SPDX-License-Identifier: Apache-2.0
 *
 * All lists that a plan needs are asked for at once; when the last has ended the rows are made.
 */
#include "reload/plan.h"

#include "reload/lister.h"
#include "reload/selector.h"
#include "reload/workloads.h"

enum { SELECTOR_MAX = 16 * 1024, MAX_LISTS = WORKLOAD_KINDS + 2 * SOURCE_TYPES + 1 };

struct plan_list {
    struct plan *plan;
    void (*take)(const struct plan_list *l, const struct json *item);
    enum workload_kind kind;
    enum source_type type;
    bool selected; /* what comes has the labels that are wanted */
    struct lister *lister;
};

struct plan {
    struct plan_request request;
    char *ns;
    char *name;
    struct buf field_selector; /* of the one source */
    struct buf label_selector;
    struct buf ns_selector;
    struct plan_list lists[MAX_LISTS];
    size_t n_lists;
    size_t running;
    bool problems;
    struct plan_scene scene;
};

/* ---- answers ---- */

static void take_workload(const struct plan_list *l, const struct json *item)
{
    struct plan *p = l->plan;
    struct workload *w = workload_parse(l->kind, item, p->request.options, true, NULL);
    if (w) {
        plan_scene_add_workload(&p->scene, w);
    }
}

static void take_source(const struct plan_list *l, const struct json *item)
{
    plan_scene_add_source(&l->plan->scene, l->type, item, l->selected);
}

static void take_namespace(const struct plan_list *l, const struct json *item)
{
    map_set(&l->plan->scene.namespaces, json_find_str(item, "metadata.name"), l->plan);
}

static bool has_workload(const struct plan *p)
{
    for (size_t i = 0; i < p->scene.workloads.n; i++) {
        const struct workload *w = p->scene.workloads.v[i];
        if (w->kind == p->request.kind && str_eq(w->name, p->request.name)) {
            return true;
        }
    }
    return false;
}

static bool found(const struct plan *p)
{
    switch (p->request.subject) {
    case PLAN_SOURCE:
        return plan_scene_has_source(&p->scene, p->request.type, p->request.name);
    case PLAN_WORKLOAD:
        return has_workload(p);
    case PLAN_EVERYTHING:
        break;
    }
    return true;
}

static void list_done(void *arg, const struct err *err)
{
    struct plan_list *l = arg;
    struct plan *p = l->plan;
    l->lister = NULL;
    /* A kind that is not served has no objects. */
    if (err && !err_is(err, ERR_NOT_FOUND)) {
        p->problems = true;
        if (l->take == take_source) {
            p->scene.unknown[l->type] = true;
        }
        p->request.problem(p->request.arg, err);
    }
    if (--p->running == 0) {
        plan_rows(&p->scene, &p->request);
        p->request.done(p->request.arg, p->problems || found(p));
    }
}

static void list_item(void *arg, const struct json *item)
{
    const struct plan_list *l = arg;
    l->take(l, item);
}

/* ---- questions ---- */

static void start_list(struct plan *p, struct plan_list list, struct lister_config config)
{
    struct plan_list *l = &p->lists[p->n_lists++];
    *l = list;
    l->plan = p;
    p->running++;
    config.client = p->request.client;
    config.item = list_item;
    config.done = list_done;
    config.arg = l;
    l->lister = lister_start(&config);
}

static void list_workloads(struct plan *p)
{
    for (enum workload_kind kind = 0; kind < WORKLOAD_KINDS; kind++) {
        if (!p->request.options->ignore_kind[kind]) {
            start_list(
                p, (struct plan_list){.take = take_workload, .kind = kind},
                (struct lister_config){.resource = workload_resource(kind), .ns = p->request.ns});
        }
    }
}

static void list_sources(struct plan *p, enum source_type type)
{
    bool selective = p->label_selector.n > 0 && type != SOURCE_SPC;
    struct lister_config config = {
        .resource = source_resource(type),
        .ns = p->request.ns,
        .field_selector = buf_str(&p->field_selector),
        .metadata = true,
    };
    start_list(p, (struct plan_list){.take = take_source, .type = type, .selected = !selective},
               config);
    if (selective) {
        config.label_selector = buf_str(&p->label_selector);
        start_list(p, (struct plan_list){.take = take_source, .type = type, .selected = true},
                   config);
    }
}

static void list_all_sources(struct plan *p)
{
    for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
        if (!p->request.options->ignore_type[type]) {
            list_sources(p, type);
        }
    }
}

static void list_namespaces(struct plan *p)
{
    p->scene.by_namespace = true;
    start_list(p, (struct plan_list){.take = take_namespace},
               (struct lister_config){.resource = resource_of(RES_NAMESPACES),
                                      .label_selector = buf_str(&p->ns_selector),
                                      .metadata = true});
}

static int read_selectors(struct plan *p, struct err **err)
{
    const struct reload_options *o = p->request.options;
    if (p->request.subject == PLAN_SOURCE) {
        buf_addf(&p->field_selector, "metadata.name=%s", p->name);
    }
    return label_selector_from_flags(&p->label_selector, o->resource_selector, err) != 0 ||
                   label_selector_from_flags(&p->ns_selector, o->namespace_selector, err) != 0
               ? -1
               : 0;
}

struct plan *plan_new(const struct plan_request *request, struct err **err)
{
    struct plan *p = xcalloc(1, sizeof(*p));
    p->request = *request;
    p->ns = str_dup(request->ns);
    p->name = str_dup(request->name);
    p->request.ns = str_c(p->ns);
    p->request.name = str_c(p->name);
    p->field_selector = BUF_INIT(SELECTOR_MAX);
    p->label_selector = BUF_INIT(SELECTOR_MAX);
    p->ns_selector = BUF_INIT(SELECTOR_MAX);
    p->scene = plan_scene_new(request->options);
    if (read_selectors(p, err) != 0) {
        plan_free(p);
        return NULL;
    }
    list_workloads(p);
    if (request->subject == PLAN_SOURCE) {
        list_sources(p, request->type);
    } else {
        list_all_sources(p);
    }
    if (p->ns_selector.n > 0 && reload_options_global(request->options)) {
        list_namespaces(p);
    }
    return p;
}

void plan_free(struct plan *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; i < p->n_lists; i++) {
        lister_cancel(p->lists[i].lister);
    }
    plan_scene_done(&p->scene);
    buf_done(&p->field_selector);
    buf_done(&p->label_selector);
    buf_done(&p->ns_selector);
    free(p->ns);
    free(p->name);
    free(p);
}
