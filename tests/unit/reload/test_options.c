/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/json.h"
#include "reload/alerts.h"
#include "reload/meta_info.h"
#include "reload/options.h"
#include "reload/selector.h"

#define LIST(...)                                                                                  \
    ((struct reload_list){(const char *const[]){__VA_ARGS__},                                      \
                          COUNT_OF(((const char *const[]){__VA_ARGS__}))})

static void resources_to_ignore(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct reload_options o;
    reload_options_init(&o);
    assert_ok(reload_options_ignore_resources(&o, (struct reload_list){0}, &err), err);
    assert_ok(reload_options_ignore_resources(&o, LIST("SECRETS"), &err), err);
    assert_true(o.ignore_type[SOURCE_SECRET]);
    assert_false(o.ignore_type[SOURCE_CONFIGMAP]);
    assert_err(reload_options_ignore_resources(&o, LIST("secrets", "configmaps"), &err), err,
               ERR_INVALID, "not both");
    assert_err(reload_options_ignore_resources(&o, LIST("pods"), &err), err, ERR_INVALID, "pods");
}

static void workloads_to_ignore(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct reload_options o;
    reload_options_init(&o);
    assert_true(o.ignore_kind[WORKLOAD_ROLLOUT]);
    assert_ok(reload_options_ignore_workloads(&o, LIST("jobs", "cronjobs"), &err), err);
    assert_true(o.ignore_kind[WORKLOAD_JOB] && o.ignore_kind[WORKLOAD_CRONJOB]);
    reload_options_init(&o);
    assert_err(reload_options_ignore_workloads(&o, LIST("jobs", "Cronjobs"), &err), err,
               ERR_INVALID, "Cronjobs");
    assert_false(o.ignore_kind[WORKLOAD_JOB]);
}

static void strategies(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct reload_options o;
    reload_options_init(&o);
    assert_ok(reload_options_strategy(&o, STR("annotations"), &err), err);
    assert_int_equal(o.strategy, RELOAD_ANNOTATIONS);
    assert_err(reload_options_strategy(&o, STR("default"), &err), err, ERR_INVALID, "env-vars");
}

static void scopes(void **state)
{
    (void)state;
    const char *storage;
    struct reload_options o;
    reload_options_init(&o);
    o.ignored_namespaces = LIST("kube-system");
    o.namespace_selector = LIST("env=test");
    reload_options_scope(&o, "", &storage);
    assert_true(reload_options_global(&o));
    assert_true(reload_options_in_scope(&o, STR("a")));
    assert_false(reload_options_in_scope(&o, STR("kube-system")));

    reload_options_scope(&o, "kube-system", &storage);
    assert_false(reload_options_global(&o));
    assert_true(reload_options_in_scope(&o, STR("kube-system")));
    assert_false(reload_options_in_scope(&o, STR("a")));
    assert_int_equal(o.namespace_selector.n, 0);

    reload_options_init(&o);
    o.namespaces = LIST("a", "b");
    reload_options_scope(&o, "c", &storage);
    assert_true(reload_options_in_scope(&o, STR("b")));
    assert_false(reload_options_in_scope(&o, STR("c")));
    o.namespaces = LIST("a", "");
    assert_true(reload_options_global(&o));
}

static void selectors(void **state)
{
    (void)state;
    static const struct {
        const char *entries[4]; /* ends with NULL */
        const char *selector;   /* NULL: refused */
    } table[] = {
        {{NULL}, ""},
        {{"env=test"}, "env=test"},
        {{"env:test", "tier==db", "x!=y"}, "env=test,tier==db,x!=y"},
        {{"env:*"}, "env"},
        {{"env=*"}, "env"},
        {{"env"}, "env"},
        {{"!env"}, "!env"},
        {{"env in (a, b),x notin (c)"}, "env in (a, b),x notin (c)"},
        {{"example.com/app=web"}, "example.com/app=web"},
        {{"a=,b="}, "a=,b="},
        {{"a=*,b=c"}, NULL},
        {{"a,"}, NULL},
        {{""}, ""},
        {{"a b"}, NULL},
        {{"a=b c"}, NULL},
        {{"-a=b"}, NULL},
        {{"a=b/c"}, NULL},
        {{"UPPER.com/a=b"}, NULL},
        {{"a within (b)"}, NULL},
        {{"a in (b"}, NULL},
        {{"(b)"}, NULL},
        {{"in (b)"}, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO(err_freep) struct err *err = NULL;
        AUTO(buf_done) struct buf out = BUF_INIT(1000);
        struct reload_list list = {table[i].entries, 0};
        while (list.v[list.n]) {
            list.n++;
        }
        int result = label_selector_from_flags(&out, list, &err);
        if (!table[i].selector) {
            if (result == 0) {
                fail_msg("%s was accepted", out.p);
            }
            assert_int_equal(err->kind, ERR_INVALID);
        } else {
            assert_ok(result, err);
            assert_buf(&out, table[i].selector);
        }
    }
}

static void alerts(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum alert_sink sink;
        const char *type;
        const char *body;
        int accepted[4]; /* 200, 202, 302, 404 */
    } table[] = {
        {" Slack ",
         ALERT_SLACK,
         "application/json",
         "{\"attachments\":[{\"author_name\":\"Reloader\",\"color\":\"good\",\"text\":\"*a* b\"}]}",
         {1, 1, 1, 0}},
        {"teams", ALERT_TEAMS, "application/json", "{\"text\":\"*a* b\"}", {1, 1, 0, 0}},
        {"gchat", ALERT_GCHAT, "application/json", "{\"text\":\"*a* b\"}", {1, 0, 0, 0}},
        {"webhook", ALERT_RAW, "text/plain", "a b", {1, 1, 1, 0}},
        {"", ALERT_RAW, "text/plain", "a b", {1, 1, 1, 0}},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO(buf_done) struct buf body = BUF_INIT(1000);
        assert_int_equal(alert_sink_parse(str_c(table[i].word)), table[i].sink);
        assert_string_equal(alert_body(&body, table[i].sink, STR("*a* b")), table[i].type);
        assert_buf(&body, table[i].body);
        static const int statuses[] = {200, 202, 302, 404};
        for (size_t k = 0; k < COUNT_OF(statuses); k++) {
            assert_int_equal(alert_accepted(table[i].sink, statuses[k]), table[i].accepted[k]);
        }
    }
    AUTO(buf_done) struct buf text = BUF_INIT(1000);
    alert_text(&text, NULL, SOURCE_SECRET, STR("db"), WORKLOAD_DEPLOYMENT, STR("web"), STR("shop"));
    assert_buf(&text, "Reloader detected changes in *db* of type *SECRET* in namespace *shop*. "
                      "Hence reloaded *web* of type *Deployment* in namespace *shop*");
    buf_clear(&text);
    alert_text(&text, " prod ", SOURCE_CONFIGMAP, STR("c"), WORKLOAD_JOB, STR("j"), STR("n"));
    assert_true(str_starts(buf_str(&text), STR("prod : Reloader detected changes in *c* of")));
    buf_clear(&text);
    alert_text(&text, "", SOURCE_CONFIGMAP, STR("c"), WORKLOAD_JOB, STR("j"), STR("n"));
    assert_true(str_starts(buf_str(&text), STR(" : Reloader")));
}

/* The keys and their order are what people's scripts read. */
static void meta_info(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "autoReloadAll",
        "configmapUpdateOnChangeAnnotation",
        "secretUpdateOnChangeAnnotation",
        "secretProviderClassUpdateOnChangeAnnotation",
        "reloaderAutoAnnotation",
        "ignoreResourceAnnotation",
        "configmapReloaderAutoAnnotation",
        "secretReloaderAutoAnnotation",
        "secretProviderClassReloaderAutoAnnotation",
        "configmapExcludeReloaderAnnotation",
        "secretExcludeReloaderAnnotation",
        "secretProviderClassExcludeReloaderAnnotation",
        "autoSearchAnnotation",
        "searchMatchAnnotation",
        "rolloutStrategyAnnotation",
        "pauseDeploymentAnnotation",
        "pauseDeploymentTimeAnnotation",
        "logFormat",
        "logLevel",
        "isArgoRollouts",
        "reloadStrategy",
        "reloadOnCreate",
        "reloadOnDelete",
        "syncAfterRestart",
        "enableHA",
        "enableCSIIntegration",
        "webhookUrl",
        "resourcesToIgnore",
        "workloadTypesToIgnore",
        "namespaceSelectors",
        "resourceSelectors",
        "namespacesToIgnore",
        "enablePProf",
        "pprofAddr",
    };
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf out = BUF_INIT(1 << 20);
    struct reload_options o;
    reload_options_init(&o);
    o.meta_info_namespace = "reloader";
    o.deployment_name = "my-reloader";
    o.namespace_selector = LIST("env:*");
    o.ignore_kind[WORKLOAD_JOB] = true;
    meta_info_write(&out, &o);
    const struct json *cm = json_parse(&a, buf_str(&out), JSON_PLAIN, NULL);
    assert_str(json_find_str(cm, "metadata.name"), "reloader-meta-info");
    assert_str(json_find_str(cm, "metadata.namespace"), "reloader");
    assert_str(
        json_str(json_get(json_find(cm, "metadata.labels"), "reloader.stakater.com/meta-info")),
        "reloader");
    const struct json *options =
        json_parse(&a, json_find_str(cm, "data.reloaderOptions"), JSON_PLAIN, NULL);
    assert_int_equal(json_len(options), COUNT_OF(keys));
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        assert_str(options->members[i].key, keys[i]);
    }
    assert_str(json_str(json_at(json_get(options, "namespaceSelectors"), 0)), "env");
    assert_str(json_str(json_at(json_get(options, "workloadTypesToIgnore"), 0)), "jobs");
    assert_int_equal(json_len(json_get(options, "resourcesToIgnore")), 0);
    assert_str(json_find_str(options, "reloadStrategy"), "env-vars");
    assert_str(json_find_str(cm, "data.deploymentInfo"),
               "{\"name\":\"my-reloader\",\"namespace\":\"reloader\"}");
    assert_true(str_find(json_find_str(cm, "data.buildInfo"), STR("\"edition\":\"oss\"")) > 0);
}

static void words(void **state)
{
    (void)state;
    enum source_type type;
    enum workload_kind kind;
    assert_true(source_type_parse(STR("Secret"), &type) && type == SOURCE_SECRET);
    assert_true(source_type_parse(STR("cm"), &type) && type == SOURCE_CONFIGMAP);
    assert_true(source_type_parse(STR("spc"), &type) && type == SOURCE_SPC);
    assert_false(source_type_parse(STR("pod"), &type));
    assert_true(workload_kind_parse(STR("statefulsets"), &kind) && kind == WORKLOAD_STATEFULSET);
    assert_true(workload_kind_parse(STR("rollout"), &kind) && kind == WORKLOAD_ROLLOUT);
    assert_false(workload_kind_parse(STR(""), &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resources_to_ignore), cmocka_unit_test(workloads_to_ignore),
        cmocka_unit_test(strategies),          cmocka_unit_test(scopes),
        cmocka_unit_test(selectors),           cmocka_unit_test(alerts),
        cmocka_unit_test(meta_info),           cmocka_unit_test(words),
    };
    return RUN(tests);
}
