/* SPDX-License-Identifier: Apache-2.0 */
#include "objects.h"

#define AUTO_KEY "reloader.stakater.com/auto"

/* One way in which a pod can use the ConfigMap "c", the Secret "s" or the class "p". */
struct use {
    const char *what;
    const char *pod; /* members of the pod spec */
    enum source_type type;
    const char *name;
    int container; /* NO_CONTAINER: not a use */
};

#define MOUNT(container, volume)                                                                   \
    "{'name':'" container "','volumeMounts':[{'name':'" volume "','mountPath':'/x'}]}"
#define PLAIN(container) "{'name':'" container "'}"

static const struct use uses[] = {
    {"env from a ConfigMap",
     "'containers':[{'name':'a','env':[{'name':'X','valueFrom':{'configMapKeyRef':{'name':'c'}}}]}"
     "]",
     SOURCE_CONFIGMAP, "c", 0},
    {"env from a Secret",
     "'containers':[{'name':'a','env':[{'name':'X','valueFrom':{'secretKeyRef':{'name':'s'}}}]}]",
     SOURCE_SECRET, "s", 0},
    {"envFrom of a ConfigMap",
     "'containers':[{'name':'a','envFrom':[{'prefix':'P','configMapRef':{'name':'c'}}]}]",
     SOURCE_CONFIGMAP, "c", 0},
    {"envFrom of a Secret", "'containers':[{'name':'a','envFrom':[{'secretRef':{'name':'s'}}]}]",
     SOURCE_SECRET, "s", 0},
    {"the second container uses it",
     "'containers':[{'name':'a'},{'name':'b','envFrom':[{'secretRef':{'name':'s'}}]}]",
     SOURCE_SECRET, "s", 1},
    {"a ConfigMap volume",
     "'containers':[" MOUNT("a", "v") "],'volumes':[{'name':'v','configMap':{'name':'c'}}]",
     SOURCE_CONFIGMAP, "c", 0},
    {"a Secret volume",
     "'containers':[" MOUNT("a", "v") "],'volumes':[{'name':'v','secret':{'secretName':'s'}}]",
     SOURCE_SECRET, "s", 0},
    {"a volume mounted by the second container",
     "'containers':[" PLAIN("a") "," MOUNT(
         "b", "v") "],"
                   "'volumes':[{'name':'v','secret':{'secretName':'s'}}]",
     SOURCE_SECRET, "s", 1},
    {"the volume comes before the variables",
     "'containers':[{'name':'a','envFrom':[{'secretRef':{'name':'s'}}]}," MOUNT(
         "b", "v") "],"
                   "'volumes':[{'name':'v','secret':{'secretName':'s'}}]",
     SOURCE_SECRET, "s", 1},
    {"a projected ConfigMap",
     "'containers':[" MOUNT(
         "a",
         "v") "],'volumes':[{'name':'v','projected':{'sources':["
              "{'serviceAccountToken':{}},{'secret':{'name':'s'}},{'configMap':{'name':'c'}}]}}]",
     SOURCE_CONFIGMAP, "c", 0},
    {"a projected Secret",
     "'containers':[" MOUNT("a", "v") "],'volumes':[{'name':'v','projected':{'sources':["
                                      "{'configMap':{'name':'c'}},{'secret':{'name':'s'}}]}}]",
     SOURCE_SECRET, "s", 0},
    {"a CSI volume",
     "'containers':[" MOUNT("a", "v") "],'volumes':[{'name':'v','csi':{'driver':'any',"
                                      "'volumeAttributes':{'secretProviderClass':'p'}}}]",
     SOURCE_SPC, "p", 0},
    {"an init container mounts it",
     "'containers':[" PLAIN("a") "," PLAIN("b") "],'initContainers':[" MOUNT(
         "i", "v") "],"
                   "'volumes':[{'name':'v','configMap':{'name':'c'}}]",
     SOURCE_CONFIGMAP, "c", 0},
    {"an init container takes variables from it",
     "'containers':[" PLAIN("a") "],'initContainers':[{'name':'i','restartPolicy':'Always',"
                                 "'envFrom':[{'secretRef':{'name':'s'}}]}]",
     SOURCE_SECRET, "s", 0},
    {"a container before an init container",
     "'containers':[" PLAIN(
         "a") ",{'name':'b','envFrom':[{'secretRef':{'name':'s'}}]}],"
              "'initContainers':[{'name':'i','envFrom':[{'secretRef':{'name':'s'}}]}]",
     SOURCE_SECRET, "s", 1},
    {"two volumes, only the second is mounted",
     "'containers':[" MOUNT("a", "v2") "],'volumes':[{'name':'v1','secret':{'secretName':'s'}},"
                                       "{'name':'v2','secret':{'secretName':'s'}}]",
     SOURCE_SECRET, "s", 0},
    {"a volume that nobody mounts, but a variable",
     "'containers':[" PLAIN("a") ",{'name':'b','envFrom':[{'secretRef':{'name':'s'}}]}],"
                                 "'volumes':[{'name':'v','secret':{'secretName':'s'}}]",
     SOURCE_SECRET, "s", 1},
    {"a volume that nobody mounts",
     "'containers':[" PLAIN("a") "],'volumes':[{'name':'v','secret':{'secretName':'s'}}]",
     SOURCE_SECRET, "s", NO_CONTAINER},
    {"imagePullSecrets", "'containers':[" PLAIN("a") "],'imagePullSecrets':[{'name':'s'}]",
     SOURCE_SECRET, "s", NO_CONTAINER},
    {"nodePublishSecretRef",
     "'containers':[" MOUNT("a", "v") "],'volumes':[{'name':'v','csi':{'driver':'any',"
                                      "'nodePublishSecretRef':{'name':'s'}}}]",
     SOURCE_SECRET, "s", NO_CONTAINER},
    {"the secret of an in-tree volume",
     "'containers':[" MOUNT("a", "v") "],'volumes':[{'name':'v','azureFile':{'secretName':'s'}}]",
     SOURCE_SECRET, "s", NO_CONTAINER},
    {"a Secret of the ConfigMap's name",
     "'containers':[{'name':'a','envFrom':[{'secretRef':{'name':'c'}}]}]", SOURCE_CONFIGMAP, "c",
     NO_CONTAINER},
    {"an ephemeral container",
     "'containers':[" PLAIN("a") "],'ephemeralContainers':[{'name':'e',"
                                 "'envFrom':[{'secretRef':{'name':'s'}}]}]",
     SOURCE_SECRET, "s", NO_CONTAINER},
    {"only an init container and no container",
     "'initContainers':[{'name':'i','envFrom':[{'secretRef':{'name':'s'}}]}]", SOURCE_SECRET, "s",
     NO_CONTAINER},
};

static void reference_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(uses); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        struct str text =
            arena_printf(&a,
                         "{'metadata':{'name':'w','namespace':'n','annotations':{'" AUTO_KEY
                         "':'true'}},'spec':{'template':{'spec':{%s}}}}",
                         uses[i].pod);
        AUTO(workload_freep) struct workload *w = workload_of(WORKLOAD_DEPLOYMENT, text.p);
        struct decision d = workload_decide(w, NULL, uses[i].type, str_c(uses[i].name),
                                            (struct source_marks){0}, false);
        if (d.container != uses[i].container) {
            fail_msg("%s: container %d, expected %d", uses[i].what, d.container, uses[i].container);
        }
        assert_int_equal(d.step, STEP_AUTO);
    }
}

static void a_list_needs_no_reference(void **state)
{
    (void)state;
    AUTO(workload_freep)
    struct workload *w = workload_of(
        WORKLOAD_STATEFULSET,
        "{'metadata':{'name':'w','namespace':'n','annotations':"
        "{'secret.reloader.stakater.com/reload':'s,t'}},'spec':{'template':{'spec':"
        "{'containers':[{'name':'a'},{'name':'b','envFrom':[{'secretRef':{'name':'t'}}]}]}}}}");
    struct source_marks marks = {0};
    struct decision d = workload_decide(w, NULL, SOURCE_SECRET, STR("s"), marks, false);
    assert_true(decision_moves(d) && d.container == 0);
    d = workload_decide(w, NULL, SOURCE_SECRET, STR("t"), marks, false);
    assert_true(decision_moves(d) && d.container == 1);
    AUTO(workload_freep)
    struct workload *empty =
        workload_of(WORKLOAD_STATEFULSET, "{'metadata':{'name':'w','namespace':'n','annotations':"
                                          "{'secret.reloader.stakater.com/reload':'s,t'}}}");
    d = workload_decide(empty, NULL, SOURCE_SECRET, STR("s"), marks, false);
    assert_false(decision_moves(d));
}

#define SHA "4f0641fd75b1e2e9a7c253bac582e9e37d12675c"

static void what_is_kept(void **state)
{
    (void)state;
    AUTO(workload_freep)
    struct workload *w = workload_of(
        WORKLOAD_DEPLOYMENT,
        "{'metadata':{'name':'w','namespace':'n','uid':'u','resourceVersion':'7','generation':3,"
        "'creationTimestamp':'2026-01-02T03:04:05Z','annotations':{'" AUTO_KEY "':'true',"
        "'pawl.dev/applied':'{}','pawl.dev/settle':'90s',"
        "'deployment.reloader.stakater.com/pause-period':'1m',"
        "'deployment.reloader.stakater.com/paused-at':'2026-01-02T03:04:05Z'}},"
        "'spec':{'paused':true,'template':{'metadata':{'annotations':{"
        "'reloader.stakater.com/last-reloaded-from':'x'}},'spec':{'containers':[{'name':'a'},"
        "{'name':'b','env':[{'name':'Y','value':'1'},{'name':'STAKATER_X_SECRET','value':'" SHA
        "'},{'name':'STAKATER_X_SECRETS','value':'" SHA "'},{'name':'STAKATER_SECRET','value':'" SHA
        "'},{'name':'STAKATER_Z_CONFIGMAP','value':'mine'}]}]}}}}");
    assert_str(w->ns, "n");
    assert_str(w->name, "w");
    assert_str(w->uid, "u");
    assert_str(w->resource_version, "7");
    assert_int_equal(w->generation, 3);
    assert_int_equal(w->created / NS_S, 1767323045);
    assert_str(w->ledger, "{}");
    assert_int_equal(w->settle, 90 * NS_S);
    assert_str(w->pause_period, "1m");
    assert_true(w->paused && w->paused_at.p && w->has_annotations && w->has_template_annotations);
    assert_str(w->last_reloaded_from, "x");
    assert_false(w->containers[0].has_env);
    assert_true(w->containers[1].has_env);
    assert_int_equal(w->n_variables, 1);
    assert_int_equal(w->variables[0].container, 1);
    assert_int_equal(w->variables[0].index, 1);
    assert_non_null(workload_variable(w, STR("STAKATER_X_SECRET"), 0));
    assert_null(workload_variable(w, STR("STAKATER_Z_CONFIGMAP"), 1));
}

static void kinds_of_their_own(void **state)
{
    (void)state;
    AUTO(workload_freep)
    struct workload *cronjob = workload_of(
        WORKLOAD_CRONJOB,
        "{'metadata':{'name':'w','namespace':'n'},'spec':{'jobTemplate':{'metadata':{'annotations':"
        "{'" AUTO_KEY "':'true'}},'spec':{'template':{'metadata':{'annotations':{"
        "'search':'x'}},'spec':{'containers':[{'name':'a'}]}}}}}}");
    assert_int_equal(cronjob->n_containers, 1);
    assert_false(rules_active(&cronjob->rules, false));
    AUTO(workload_freep)
    struct workload *job = workload_of(
        WORKLOAD_JOB,
        "{'metadata':{'name':'w','namespace':'n','ownerReferences':[{'kind':'Other','name':"
        "'o','controller':true},{'kind':'CronJob','name':'c','controller':true}]},"
        "'status':{'conditions':[{'type':'Suspended','status':'False'},"
        "{'type':'Failed','status':'True'}]}}");
    assert_str(job->owner_cronjob, "c");
    assert_true(job->finished);
    assert_null(job->holds.p);
    AUTO(workload_freep)
    struct workload *rollout = workload_of(
        WORKLOAD_ROLLOUT, "{'metadata':{'name':'w','namespace':'n','annotations':{"
                          "'reloader.stakater.com/rollout-strategy':'restart'}},"
                          "'spec':{'workloadRef':{'apiVersion':'apps/v1','kind':'Deployment',"
                          "'name':'d'}}}");
    assert_str(rollout->template_of, "d");
    assert_int_equal(rollout->rollout_strategy, ROLLOUT_RESTART_AT);
}

static void only_what_can_move_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        bool all;
        bool kept;
    } table[] = {
        {"{'metadata':{'name':'w','namespace':'n'}}", false, false},
        {"{'metadata':{'name':'w','namespace':'n'}}", true, true},
        {"{'metadata':{'name':'w','namespace':'n','annotations':{'" AUTO_KEY "':'false'}}}", true,
         false},
        {"{'metadata':{'name':'w','namespace':'n','annotations':{'" AUTO_KEY "':'true'}}}", false,
         true},
        {"{'metadata':{'name':'w','namespace':'n','annotations':"
         "{'deployment.reloader.stakater.com/paused-at':''}}}",
         false, true},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        struct reload_options o;
        reload_options_init(&o);
        o.auto_reload_all = table[i].all;
        AUTO(workload_freep)
        struct workload *w =
            workload_parse(WORKLOAD_DEPLOYMENT, document(&a, table[i].object), &o, false, &err);
        assert_null(err);
        assert_int_equal(w != NULL, table[i].kept);
    }
}

static void objects_without_a_name(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct reload_options o;
    reload_options_init(&o);
    assert_null(workload_parse(WORKLOAD_JOB, document(&a, "[]"), &o, true, &err));
    assert_non_null(err);
    assert_int_equal(err->kind, ERR_PARSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_table),
        cmocka_unit_test(a_list_needs_no_reference),
        cmocka_unit_test(what_is_kept),
        cmocka_unit_test(kinds_of_their_own),
        cmocka_unit_test(only_what_can_move_is_kept),
        cmocka_unit_test(objects_without_a_name),
    };
    return RUN(tests);
}
