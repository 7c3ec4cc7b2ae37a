/* SPDX-License-Identifier: Apache-2.0
 *
 * pawl plan: what would restart if a Secret or ConfigMap changed, and why. It lists and writes
 * nothing. Exit status 1 if something could not be seen or does not exist.
 */
#include "app/cluster_flags.h"
#include "app/look_flags.h"
#include "app/plan_view.h"
#include "app/reload_flags.h"
#include "app/runtime.h"
#include "cmd/commands.h"
#include "net/http_client.h"

enum { OUTPUT_MAX = 64 << 20 };

struct plan_options {
    struct look_flags look;
    struct cluster_flags cluster;
    struct flag_list namespaces;
    struct reload_flags reload;
};

#define OPTION(member) offsetof(struct plan_options, member)

static const struct flag rows[] = {
    LOOK_FLAG_ROWS(struct plan_options, look),
    CLUSTER_FLAG_ROWS(struct plan_options, cluster),
    {"namespaces", 0, FLAG_LIST, OPTION(namespaces), NULL, NULL,
     .help = "Namespaces that the controller works in; empty means all."},
    RELOAD_FLAG_ROWS(struct plan_options, reload),
};
static const struct flag_set set = {
    "pawl plan", "[TYPE/NAME]",
    "Says which workloads would restart if a Secret or ConfigMap changed (secret/NAME, "
    "configmap/NAME), or which changes would restart a workload (deployment/NAME); without a name, "
    "all of it. The flags of the reload role have to be those that the controller has. Writes "
    "nothing.",
    rows, COUNT_OF(rows)};

struct planning {
    const struct plan_options *options;
    struct reload_options reload;
    struct plan_target target;
    struct runtime runtime;
    struct plan_view view;
    struct str ns; /* empty: all */
    bool found;
    struct problems problems;
};

/* ---- what comes ---- */

static void add_row(void *arg, const struct plan_row *row)
{
    struct planning *p = arg;
    plan_view_add(&p->view, row);
}

static void problem(void *arg, const struct err *err)
{
    struct planning *p = arg;
    command_problem(&p->problems, err);
}

static void done(void *arg, bool found)
{
    struct planning *p = arg;
    p->found = found;
    loop_stop(p->runtime.loop);
}

/* ---- */

static void say_missing(const struct planning *p)
{
    bool source = p->target.subject == PLAN_SOURCE;
    const char *word = source ? source_type_info(p->target.type)->ledger
                              : workload_kind_info(p->target.kind)->word;
    fprintf(stderr, "pawl: %s/%.*s does not exist in %s%.*s%s\n", word, STR_ARG(p->target.name),
            p->ns.n > 0 ? "namespace " : "any namespace", STR_ARG(p->ns),
            source && p->view.rows.n > 0 ? "; what refers to it is listed nevertheless" : "");
}

static int print(struct planning *p)
{
    AUTO(buf_done) struct buf out = BUF_INIT(OUTPUT_MAX);
    if (look_flags_json(&p->options->look)) {
        plan_view_json(&p->view, p->found, &out);
    } else {
        plan_view_table(&p->view, &out);
    }
    (void)fwrite(out.p, 1, out.n, stdout);
    (void)fflush(stdout); /* what is said on stderr comes after it */
    if (!p->found) {
        say_missing(p);
    } else if (p->view.rows.n == 0 && !p->problems.any) {
        fputs("pawl: no workload there refers to anything of that name\n", stderr);
    }
    return p->found && !p->problems.any ? EXIT_OK : EXIT_FAILED;
}

static int read_options(struct planning *p, const struct flag_rest *rest, struct err **err)
{
    const struct plan_options *o = p->options;
    const char *storage = NULL;
    reload_options_init(&p->reload);
    p->reload.namespaces =
        (struct reload_list){(const char *const *)o->namespaces.v, o->namespaces.n};
    if (reload_flags_use(&o->reload, &p->reload, err) != 0) {
        return -1;
    }
    reload_options_scope(&p->reload, NULL, &storage);
    p->target.subject = PLAN_EVERYTHING;
    if (rest->n > 1) {
        return err_set(err, ERR_INVALID, "one TYPE/NAME at a time");
    }
    if (rest->n == 1 && plan_target_parse(str_c(rest->args[0]), &p->target, err) != 0) {
        return -1;
    }
    if (p->target.subject == PLAN_WORKLOAD && p->reload.ignore_kind[p->target.kind]) {
        return err_set(err, ERR_INVALID,
                       "%s are left alone by these flags (--argo-rollouts, "
                       "--ignored-workload-types)",
                       workload_kind_info(p->target.kind)->plural);
    }
    return 0;
}

static int look(struct planning *p, struct err **err)
{
    const struct plan_options *o = p->options;
    struct kube_config_options where = cluster_flags_where(&o->cluster);
    if (runtime_open(&p->runtime, &where, &(struct kube_client_config){0}, err) != 0) {
        return -1;
    }
    p->ns = look_flags_ns(&o->look, p->runtime.kube->ns);
    struct plan_request request = {
        .client = p->runtime.client,
        .options = &p->reload,
        .subject = p->target.subject,
        .type = p->target.type,
        .kind = p->target.kind,
        .name = p->target.name,
        .ns = p->ns,
        .row = add_row,
        .problem = problem,
        .done = done,
        .arg = p,
    };
    struct plan *plan = plan_new(&request, err);
    if (!plan) {
        return -1;
    }
    loop_run(p->runtime.loop);
    plan_free(plan);
    return 0;
}

static int plan(struct planning *p, const struct flag_rest *rest)
{
    AUTO(err_freep) struct err *err = NULL;
    if (read_options(p, rest, &err) != 0) {
        command_failed(err);
        return EXIT_USAGE;
    }
    http_global_init();
    p->view = PLAN_VIEW_INIT(&p->reload.keys, p->options->look.all);
    int status = look(p, &err) == 0 ? print(p) : command_failed(err);
    plan_view_done(&p->view);
    runtime_close(&p->runtime);
    http_global_done();
    err_free(p->problems.last);
    return status;
}

int cmd_plan(int argc, const char *const *argv)
{
    struct plan_options o = {0};
    struct planning p = {.options = &o};
    struct flag_rest rest;
    int status = EXIT_OK;
    if (command_options(&set, &o, argc, argv, &rest, &status)) {
        status = plan(&p, &rest);
    }
    flags_done(&set, &o);
    return status;
}
