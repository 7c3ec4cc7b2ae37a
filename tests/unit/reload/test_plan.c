/* SPDX-License-Identifier: Apache-2.0
 *
 * What a plan says of one look at a cluster: every rule, everything that holds a restart back, and
 * which pairs are worth a row.
 */
#include "objects.h"

#include "reload/plan.h"

#define SECRET_LIST "'secret.reloader.stakater.com/reload'"
#define AUTO_ON     "'reloader.stakater.com/auto':'true'"
#define SEARCH      "'reloader.stakater.com/search':'true'"
#define USES_DB     "'containers':[{'name':'app','envFrom':[{'secretRef':{'name':'db'}}]}]"

struct stage {
    struct arena arena;
    struct reload_options options;
    struct plan_scene scene;
    struct plan_request request;
    struct buf said; /* a line for each row */
};

static void add_row(void *arg, const struct plan_row *row)
{
    struct stage *s = arg;
    buf_addf(&s->said, "%s/%.*s %s/%.*s %s [%.*s]: ", source_type_info(row->type)->ledger,
             STR_ARG(row->source), workload_kind_info(row->kind)->word, STR_ARG(row->name),
             row->moves ? "yes" : "no", STR_ARG(row->container));
    plan_row_why(row, &s->options.keys, &s->said);
    buf_add_byte(&s->said, '\n');
}

static int set_up(void **state)
{
    struct stage *s = xcalloc(1, sizeof(*s));
    s->arena = ARENA_INIT(ARENA_PLAIN);
    s->said = BUF_INIT(64 * 1024);
    reload_options_init(&s->options);
    s->scene = plan_scene_new(&s->options);
    s->request = (struct plan_request){.options = &s->options,
                                       .subject = PLAN_SOURCE,
                                       .type = SOURCE_SECRET,
                                       .name = STR("db"),
                                       .row = add_row,
                                       .arg = s};
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;
    plan_scene_done(&s->scene);
    buf_done(&s->said);
    arena_done(&s->arena);
    free(s);
    return 0;
}

static void add_source(struct stage *s, enum source_type type, const char *name,
                       const char *annotations, bool selected)
{
    struct str text =
        arena_printf(&s->arena, "{'metadata':{'namespace':'web','name':'%s','annotations':{%s}}}",
                     name, annotations);
    plan_scene_add_source(&s->scene, type, document(&s->arena, text.p), selected);
}

static void add_workload(struct stage *s, enum workload_kind kind, const char *name,
                         const char *annotations, const char *members, const char *pod_annotations,
                         const char *pod)
{
    struct str text =
        arena_printf(&s->arena,
                     "{'metadata':{'namespace':'web','name':'%s','annotations':{%s}},'spec':{%s"
                     "'template':{'metadata':{'annotations':{%s}},'spec':{%s}}}}",
                     name, annotations, members, pod_annotations, pod);
    plan_scene_add_workload(&s->scene, workload_of(kind, text.p));
}

static void add_user(struct stage *s, const char *annotations)
{
    add_workload(s, WORKLOAD_DEPLOYMENT, "w", annotations, "", "", USES_DB);
}

#define assert_plan(s, expected)                                                                   \
    do {                                                                                           \
        plan_rows(&(s)->scene, &(s)->request);                                                     \
        assert_buf(&(s)->said, expected);                                                          \
    } while (0)

/* ---- one source, one workload that uses it ---- */

static void every_rule(void **state)
{
    (void)state;
    static const struct {
        const char *source, *workload, *pod, *said;
    } rows[] = {
        {"", AUTO_ON, "", "yes [app]: reloader.stakater.com/auto"},
        {"", "", AUTO_ON, "yes [app]: reloader.stakater.com/auto (on the pod template)"},
        {"", "'secret.reloader.stakater.com/auto':'true'", "",
         "yes [app]: secret.reloader.stakater.com/auto"},
        {"", SECRET_LIST ":'d.'", "", "yes [app]: secret.reloader.stakater.com/reload lists it"},
        {"'reloader.stakater.com/match':'true'", SEARCH, "",
         "yes [app]: reloader.stakater.com/search, and the source has "
         "reloader.stakater.com/match"},
        {"", SEARCH, "",
         "no []: it has reloader.stakater.com/search, but the source does not have "
         "reloader.stakater.com/match"},
        {"'reloader.stakater.com/ignore':'true'", AUTO_ON, "",
         "no []: the source has reloader.stakater.com/ignore"},
        {"", AUTO_ON ",'secrets.exclude.reloader.stakater.com/reload':'a,db'", "",
         "no []: secrets.exclude.reloader.stakater.com/reload names it"},
        {"", "", "", "no []: no annotation asks for it"},
        {"", "'configmap.reloader.stakater.com/auto':'true'", "",
         "no []: no annotation asks for it"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        void *one;
        set_up(&one);
        struct stage *s = one;
        add_source(s, SOURCE_SECRET, "db", rows[i].source, true);
        add_workload(s, WORKLOAD_DEPLOYMENT, "w", rows[i].workload, "", rows[i].pod, USES_DB);
        struct str wanted = arena_printf(&s->arena, "secret/db deployment/w %s\n", rows[i].said);
        assert_plan(s, wanted.p);
        tear_down(&one);
    }
}

static void without_annotations_but_with_auto_reload_all(void **state)
{
    struct stage *s = *state;
    s->options.auto_reload_all = true;
    add_source(s, SOURCE_SECRET, "db", "", true);
    add_user(s, "");
    assert_plan(s, "secret/db deployment/w yes [app]: --auto-reload-all\n");
}

static void other_names_of_annotations(void **state)
{
    struct stage *s = *state;
    s->options.keys.auto_any = "example.com/restart";
    add_source(s, SOURCE_SECRET, "db", "", true);
    struct str text = quoted(
        &s->arena, "{'metadata':{'namespace':'web','name':'w','annotations':{'example.com/restart':"
                   "'true'}},'spec':{'template':{'spec':{" USES_DB "}}}}");
    plan_scene_add_workload(&s->scene, workload_parse(WORKLOAD_DEPLOYMENT,
                                                      json_parse(&s->arena, text, JSON_PLAIN, NULL),
                                                      &s->options, true, NULL));
    assert_plan(s, "secret/db deployment/w yes [app]: example.com/restart\n");
}

/* ---- what holds it back ---- */

static void ignored_types(void **state)
{
    struct stage *s = *state;
    s->options.ignore_type[SOURCE_SECRET] = true;
    add_user(s, AUTO_ON);
    assert_plan(s, "secret/db deployment/w no []: this type of source is left alone: see "
                   "--resources-to-ignore, --csi-integration\n");
}

static void ignored_namespaces(void **state)
{
    struct stage *s = *state;
    static const char *const ignored[] = {"web"};
    s->options.ignored_namespaces = (struct reload_list){ignored, 1};
    add_source(s, SOURCE_SECRET, "db", "", true);
    add_user(s, AUTO_ON);
    assert_plan(s, "secret/db deployment/w no []: the namespace is left alone: see --namespaces, "
                   "--namespaces-to-ignore\n");
}

static void namespaces_without_the_labels(void **state)
{
    struct stage *s = *state;
    s->scene.by_namespace = true;
    add_source(s, SOURCE_SECRET, "db", "", true);
    add_user(s, AUTO_ON);
    assert_plan(s, "secret/db deployment/w no []: the namespace does not have the labels of "
                   "--namespace-selector\n");
    map_set(&s->scene.namespaces, STR("web"), s);
    buf_clear(&s->said);
    assert_plan(s, "secret/db deployment/w yes [app]: reloader.stakater.com/auto\n");
}

static void sources_without_the_labels(void **state)
{
    struct stage *s = *state;
    add_source(s, SOURCE_SECRET, "db", "", false);
    add_user(s, AUTO_ON);
    assert_plan(s, "secret/db deployment/w no []: the source does not have the labels of "
                   "--resource-label-selector\n");
    add_source(s, SOURCE_SECRET, "db", "", true);
    buf_clear(&s->said);
    assert_plan(s, "secret/db deployment/w yes [app]: reloader.stakater.com/auto\n");
}

static void a_source_that_is_missing(void **state)
{
    struct stage *s = *state;
    add_user(s, AUTO_ON);
    assert_plan(s, "secret/db deployment/w no []: the source does not exist, and without "
                   "--reload-on-create its creation restarts nothing\n");
    s->options.on_create = true;
    buf_clear(&s->said);
    assert_plan(s, "secret/db deployment/w yes [app]: reloader.stakater.com/auto\n");
}

static void sources_that_could_not_be_listed(void **state)
{
    struct stage *s = *state;
    s->scene.unknown[SOURCE_SECRET] = true;
    add_user(s, AUTO_ON);
    assert_plan(s, "secret/db deployment/w yes [app]: reloader.stakater.com/auto\n");
}

static void a_web_hook(void **state)
{
    struct stage *s = *state;
    s->options.webhook_url = "http://example.com";
    add_source(s, SOURCE_SECRET, "db", "", true);
    add_user(s, AUTO_ON);
    assert_plan(s, "secret/db deployment/w no []: --webhook-url is called instead\n");
}

static void jobs_of_cronjobs(void **state)
{
    struct stage *s = *state;
    add_source(s, SOURCE_SECRET, "db", "", true);
    struct workload *cron =
        workload_of(WORKLOAD_CRONJOB,
                    "{'metadata':{'namespace':'web','name':'c','annotations':{" AUTO_ON
                    "}},'spec':{'jobTemplate':{'spec':{'template':{'spec':{" USES_DB "}}}}}}");
    plan_scene_add_workload(&s->scene, cron);
    plan_scene_add_workload(
        &s->scene,
        workload_of(WORKLOAD_JOB,
                    "{'metadata':{'namespace':'web','name':'running','annotations':{" AUTO_ON
                    "},'ownerReferences':[{'kind':'CronJob','name':'c','controller':true}]},"
                    "'spec':{'template':{'spec':{" USES_DB "}}}}"));
    plan_scene_add_workload(&s->scene, workload_of(WORKLOAD_JOB,
                                                   "{'metadata':{'namespace':'web','name':'alone',"
                                                   "'annotations':{" AUTO_ON "}},"
                                                   "'spec':{'template':{'spec':{" USES_DB "}}}}"));
    assert_plan(s, "secret/db cronjob/c yes [app]: reloader.stakater.com/auto; one Job is started\n"
                   "secret/db job/running no []: its CronJob starts a new Job\n"
                   "secret/db job/alone yes [app]: reloader.stakater.com/auto; the Job is made "
                   "again\n");
}

static void deployments_that_are_paused(void **state)
{
    struct stage *s = *state;
    add_source(s, SOURCE_SECRET, "db", "", true);
    add_workload(s, WORKLOAD_DEPLOYMENT, "user", AUTO_ON, "'paused':true,", "", USES_DB);
    add_workload(s, WORKLOAD_DEPLOYMENT, "ours",
                 AUTO_ON ",'deployment.reloader.stakater.com/paused-at':'2026-01-01T00:00:00Z'",
                 "'paused':true,", "", USES_DB);
    assert_plan(s, "secret/db deployment/user yes [app]: reloader.stakater.com/auto; a user has "
                   "paused it: it rolls when it is resumed\n"
                   "secret/db deployment/ours yes [app]: reloader.stakater.com/auto; it rolls when "
                   "its pause period ends\n");
}

/* ---- which pairs ---- */

static void only_who_is_concerned(void **state)
{
    struct stage *s = *state;
    add_source(s, SOURCE_SECRET, "db", "'reloader.stakater.com/ignore':'true'", true);
    add_workload(s, WORKLOAD_STATEFULSET, "elsewhere", AUTO_ON, "", "",
                 "'containers':[{'name':'x'}]");
    add_workload(s, WORKLOAD_DAEMONSET, "listing", SECRET_LIST ":'x,db'", "", "",
                 "'containers':[{'name':'x'}]");
    assert_plan(s, "secret/db daemonset/listing no []: the source has "
                   "reloader.stakater.com/ignore\n");
}

static void everything_of_a_workload(void **state)
{
    struct stage *s = *state;
    s->request.subject = PLAN_WORKLOAD;
    s->request.kind = WORKLOAD_DEPLOYMENT;
    s->request.name = STR("w");
    add_source(s, SOURCE_SECRET, "db", "", true);
    add_source(s, SOURCE_SECRET, "app-1", "", true);
    add_source(s, SOURCE_SECRET, "other", "", true);
    add_workload(s, WORKLOAD_STATEFULSET, "w", AUTO_ON, "", "", USES_DB);
    add_user(s, AUTO_ON "," SECRET_LIST ":'db,named,app-.*'");
    assert_plan(s, "secret/db deployment/w yes [app]: secret.reloader.stakater.com/reload lists "
                   "it\n"
                   "secret/named deployment/w no []: the source does not exist, and without "
                   "--reload-on-create its creation restarts nothing\n"
                   "secret/app-1 deployment/w yes [app]: secret.reloader.stakater.com/reload lists "
                   "it\n");
}

static void a_borrowed_pod_template(void **state)
{
    struct stage *s = *state;
    s->request.subject = PLAN_WORKLOAD;
    s->request.kind = WORKLOAD_ROLLOUT;
    s->request.name = STR("r");
    add_source(s, SOURCE_SECRET, "db", "", true);
    add_user(s, "");
    plan_scene_add_workload(
        &s->scene, workload_of(WORKLOAD_ROLLOUT,
                               "{'metadata':{'namespace':'web','name':'r','annotations':{" AUTO_ON
                               "}},'spec':{'workloadRef':{'apiVersion':'apps/v1',"
                               "'kind':'Deployment','name':'w'}}}"));
    assert_plan(s, "secret/db rollout/r yes [app]: reloader.stakater.com/auto\n");
}

#define STAGED(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule),
        STAGED(without_annotations_but_with_auto_reload_all),
        STAGED(other_names_of_annotations),
        STAGED(ignored_types),
        STAGED(ignored_namespaces),
        STAGED(namespaces_without_the_labels),
        STAGED(sources_without_the_labels),
        STAGED(a_source_that_is_missing),
        STAGED(sources_that_could_not_be_listed),
        STAGED(a_web_hook),
        STAGED(jobs_of_cronjobs),
        STAGED(deployments_that_are_paused),
        STAGED(only_who_is_concerned),
        STAGED(everything_of_a_workload),
        STAGED(a_borrowed_pod_template),
    };
    return RUN(tests);
}
