/* SPDX-License-Identifier: Apache-2.0
 *
 * What Reloader's flags and environment mean: its own defaults, and its own ideas of "true".
 */
#include "test.h"

#include "app/reloader_options.h"

struct parsed {
    struct reloader_options flags;
    struct reloader_environment environment;
    struct reload_options reload;
    const char *storage;
};

static int parse(struct parsed *p, int argc, const char *const *argv, struct err **err)
{
    struct flag_rest rest;
    flags_init(&reloader_flags, &p->flags);
    if (flags_parse(&reloader_flags, &p->flags, argc, argv, &rest, err) != 0) {
        return -1;
    }
    return reloader_options_reload(&p->flags, &p->environment, &p->reload, &p->storage, err);
}

#define ARGS(...)                                                                                  \
    (int)COUNT_OF(((const char *const[]){__VA_ARGS__})), (const char *const[])                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void parsed_done(struct parsed *p)
{
    flags_done(&reloader_flags, &p->flags);
}

static void has_reloaders_defaults(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct parsed p = {0};
    struct reload_options fresh;
    reload_options_init(&fresh);
    assert_ok(parse(&p, 0, NULL, &err), err);
    const struct reload_keys *keys = &p.reload.keys;
    assert_string_equal(keys->auto_any, fresh.keys.auto_any);
    for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
        assert_string_equal(keys->auto_typed[type], fresh.keys.auto_typed[type]);
        assert_string_equal(keys->list[type], fresh.keys.list[type]);
        assert_string_equal(keys->exclude[type], fresh.keys.exclude[type]);
    }
    assert_string_equal(keys->search, fresh.keys.search);
    assert_string_equal(keys->match, fresh.keys.match);
    assert_string_equal(keys->ignore, fresh.keys.ignore);
    assert_string_equal(keys->pause_period, fresh.keys.pause_period);
    assert_string_equal(keys->paused_at, fresh.keys.paused_at);
    assert_int_equal(p.reload.strategy, RELOAD_ENV_VARS);
    assert_true(p.reload.ledger);
    assert_true(p.reload.ignore_kind[WORKLOAD_ROLLOUT] && p.reload.ignore_type[SOURCE_SPC]);
    assert_false(p.reload.on_create || p.reload.on_delete || p.reload.alert.enabled);
    assert_true(reload_options_global(&p.reload));
    assert_string_equal(p.flags.listen, ":9090");
    parsed_done(&p);
}

/* Each row: one argument, and whether the option that it is about is on afterwards. */
static void strings_that_must_be_true(void **state)
{
    (void)state;
    static const struct {
        const char *arg;
        bool create, delete, argo;
    } rows[] = {
        {"--reload-on-create=true", true, false, false},
        {"--reload-on-create=True", false, false, false},
        {"--reload-on-create=1", false, false, false},
        {"--reload-on-delete=true", false, true, false},
        {"--reload-on-delete=t", false, false, false},
        {"--is-Argo-Rollouts=true", false, false, true},
        {"--is-Argo-Rollouts=yes", false, false, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct parsed p = {0};
        assert_ok(parse(&p, 1, &rows[i].arg, &err), err);
        assert_int_equal(p.reload.on_create, rows[i].create);
        assert_int_equal(p.reload.on_delete, rows[i].delete);
        assert_int_equal(!p.reload.ignore_kind[WORKLOAD_ROLLOUT], rows[i].argo);
        parsed_done(&p);
    }
}

static void what_does_not_start(void **state)
{
    (void)state;
    static const struct {
        const char *args[3];
        const char *text;
    } rows[] = {
        {{"--nonsense"}, "unknown flag: --nonsense"},
        {{"--is-argo-rollouts=true"}, "unknown flag: --is-argo-rollouts"},
        {{"--is-Argo-Rollouts"}, "flag needs an argument: --is-Argo-Rollouts"},
        {{"--enable-ha=maybe"}, "invalid argument"},
        {{"--reload-strategy=default"}, "env-vars or annotations"},
        {{"--resources-to-ignore=pods"}, "configmaps or secrets"},
        {{"--resources-to-ignore", "secrets,configmaps"}, "not both"},
        {{"--resources-to-ignore=secrets", "--resources-to-ignore=configmaps"}, "not both"},
        {{"--enable-ha"}, "POD_NAME"},
        {{"--namespaces=a\"b"}, "invalid argument"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct parsed p = {0};
        int n = 0;
        while (n < 3 && rows[i].args[n]) {
            n++;
        }
        assert_err(parse(&p, n, rows[i].args, &err), err, ERR_INVALID, rows[i].text);
        parsed_done(&p);
    }
}

/* The chart passes annotations as two arguments, and the namespace selector in quotes. */
static void as_the_chart_says_it(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct parsed p = {0};
    assert_ok(parse(&p,
                    ARGS("--log-level=info", "--auto-annotation", "example.com/auto",
                         "--ignore-annotation", "", "--resources-to-ignore=SECRETS",
                         "--ignored-workload-types=jobs,cronjobs",
                         "--namespace-selector=\"env=test,tier=web\"", "--namespaces-to-ignore=a,b",
                         "--namespaces-to-ignore=c", "--enable-csi-integration=true",
                         "--reload-strategy=annotations", "true"),
                    &err),
              err);
    assert_string_equal(p.reload.keys.auto_any, "example.com/auto");
    assert_string_equal(p.reload.keys.ignore, "");
    assert_true(p.reload.ignore_type[SOURCE_SECRET] && !p.reload.ignore_type[SOURCE_CONFIGMAP]);
    assert_false(p.reload.ignore_type[SOURCE_SPC]);
    assert_true(p.reload.ignore_kind[WORKLOAD_JOB] && p.reload.ignore_kind[WORKLOAD_CRONJOB]);
    assert_int_equal(p.reload.namespace_selector.n, 1);
    assert_string_equal(p.reload.namespace_selector.v[0], "env=test,tier=web");
    assert_int_equal(p.reload.ignored_namespaces.n, 3);
    assert_int_equal(p.reload.strategy, RELOAD_ANNOTATIONS);
    parsed_done(&p);
}

static void a_wrong_workload_type_ignores_none(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct parsed p = {0};
    log_configure(&(struct log_config){.level = LOG_ERROR, .fd = -1});
    assert_ok(parse(&p, ARGS("--ignored-workload-types=jobs,Cronjobs"), &err), err);
    assert_false(p.reload.ignore_kind[WORKLOAD_JOB]);
    parsed_done(&p);
}

static const char *fake_environment(const char *name)
{
    static const char *const rows[][2] = {
        {"KUBERNETES_NAMESPACE", "one"},   {"POD_NAME", "reloader-0"},
        {"POD_NAMESPACE", "ops"},          {"RELOADER_NAMESPACE", "meta"},
        {"RELOADER_DEPLOYMENT_NAME", "r"}, {"METRICS_COUNT_BY_NAMESPACE", "enabled"},
        {"ALERT_ON_RELOAD", "true"},       {"ALERT_SINK", "slack"},
        {"ALERT_WEBHOOK_URL", "http://a"}, {"ALERT_ADDITIONAL_INFO", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(rows[i][0], name) == 0) {
            return rows[i][1];
        }
    }
    return NULL;
}

static void reads_the_environment(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct parsed p = {.environment = reloader_environment_read(fake_environment)};
    assert_ok(parse(&p, ARGS("--enable-ha", "--namespaces-to-ignore=x"), &err), err);
    assert_false(reload_options_global(&p.reload));
    assert_true(reload_options_in_scope(&p.reload, STR("one")));
    assert_false(reload_options_in_scope(&p.reload, STR("two")));
    assert_int_equal(p.reload.ignored_namespaces.n, 0);
    assert_string_equal(p.reload.own_namespace, "ops");
    assert_string_equal(p.reload.meta_info_namespace, "meta");
    assert_string_equal(p.reload.deployment_name, "r");
    assert_true(p.reload.count_by_namespace && p.reload.alert.enabled && p.reload.enable_ha);
    assert_string_equal(p.reload.alert.sink, "slack");
    assert_string_equal(p.reload.alert.additional, "");
    assert_null(p.reload.alert.proxy);
    parsed_done(&p);
}

static void namespaces_beat_the_environment(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct parsed p = {.environment.kubernetes_namespace = "one"};
    assert_ok(parse(&p, ARGS("--namespaces=two, three"), &err), err);
    assert_true(reload_options_in_scope(&p.reload, STR("two")));
    assert_true(reload_options_in_scope(&p.reload, STR(" three"))); /* blanks stay */
    assert_false(reload_options_in_scope(&p.reload, STR("one")));
    parsed_done(&p);
}

static void logs_as_told(void **state)
{
    (void)state;
    static const struct {
        const char *format, *level;
        enum log_format wanted;
        enum log_level wanted_level;
        bool problem;
    } rows[] = {
        {"", "info", LOG_LOGFMT, LOG_INFO, false},
        {"json", "debug", LOG_LOGRUS, LOG_DEBUG, false},
        {"xml", "debug", LOG_LOGFMT, LOG_DEBUG, true},
        {"", "warning", LOG_LOGFMT, LOG_WARN, false},
        {"", "panic", LOG_LOGFMT, LOG_ERROR, false},
        {"", "loud", LOG_LOGFMT, LOG_INFO, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(freep) char *format = xstrdup(rows[i].format), *level = xstrdup(rows[i].level);
        struct reloader_options o = {.log_format = format, .log_level = level};
        const char *problem;
        struct log_config config = reloader_options_log(&o, &problem);
        assert_true(config.format == rows[i].wanted ||
                    (config.format == LOG_TEXT && rows[i].wanted == LOG_LOGFMT)); /* a terminal */
        assert_int_equal(config.level, rows[i].wanted_level);
        assert_int_equal(problem != NULL, rows[i].problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_reloaders_defaults),
        cmocka_unit_test(strings_that_must_be_true),
        cmocka_unit_test(what_does_not_start),
        cmocka_unit_test(as_the_chart_says_it),
        cmocka_unit_test(a_wrong_workload_type_ignores_none),
        cmocka_unit_test(reads_the_environment),
        cmocka_unit_test(namespaces_beat_the_environment),
        cmocka_unit_test(logs_as_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
