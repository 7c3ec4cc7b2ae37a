/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "reload/rules.h"

#define AUTO_KEY   "reloader.stakater.com/auto"
#define SEARCH     "reloader.stakater.com/search"
#define CM_AUTO    "configmap.reloader.stakater.com/auto"
#define S_AUTO     "secret.reloader.stakater.com/auto"
#define CM_LIST    "configmap.reloader.stakater.com/reload"
#define S_LIST     "secret.reloader.stakater.com/reload"
#define SPC_LIST   "secretproviderclass.reloader.stakater.com/reload"
#define SPC_AUTO   "secretproviderclass.reloader.stakater.com/auto"
#define CM_EXCLUDE "configmaps.exclude.reloader.stakater.com/reload"
#define S_EXCLUDE  "secrets.exclude.reloader.stakater.com/reload"

#define A(key, value) "\"" key "\":\"" value "\""

/* One row: annotations of the workload and of its pod template (members of an object), the source
 * and what it says about itself, and the step that must decide. */
struct row {
    const char *workload;
    const char *pod_template;
    enum source_type type;
    const char *name;
    enum { PLAIN, MATCH = 1, IGNORE = 2, ALL = 4 } flags; /* ALL: --auto-reload-all */
    enum rule_step step;
};

static const struct row rows[] = {
    /* auto and its relatives */
    {A(AUTO_KEY, "true"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_AUTO},
    {A(AUTO_KEY, "true"), "", SOURCE_SECRET, "n", PLAIN, STEP_AUTO},
    {A(AUTO_KEY, "true"), "", SOURCE_SPC, "n", PLAIN, STEP_AUTO},
    {A(AUTO_KEY, "false") "," A(CM_LIST, "n"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_LISTED},
    {A(AUTO_KEY, "false") "," A(S_AUTO, "true"), "", SOURCE_SECRET, "n", PLAIN, STEP_AUTO_TYPED},
    {A(AUTO_KEY, "false") "," A(S_AUTO, "true"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_NONE},
    {A(AUTO_KEY, "false") "," A(SEARCH, "true"), "", SOURCE_SECRET, "n", MATCH, STEP_SEARCH},
    {A(AUTO_KEY, "true") "," A(SEARCH, "true"), "", SOURCE_SECRET, "n", PLAIN, STEP_AUTO},
    {A(SEARCH, "true"), "", SOURCE_SECRET, "n", ALL, STEP_AUTO_ALL},
    {A(SEARCH, "true"), "", SOURCE_SECRET, "n", MATCH, STEP_SEARCH},
    {A(SEARCH, "true"), "", SOURCE_SECRET, "n", PLAIN, STEP_NONE},
    {A(SEARCH, "True"), "", SOURCE_SECRET, "n", MATCH, STEP_NONE},
    {A(SEARCH, "1"), "", SOURCE_SECRET, "n", MATCH, STEP_NONE},
    {A(CM_LIST, "n") "," A(CM_EXCLUDE, "n"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_EXCLUDED},
    {A(CM_LIST, "n"), "", SOURCE_CONFIGMAP, "other", PLAIN, STEP_NONE},
    {A(AUTO_KEY, "true") "," A(CM_LIST, "x"), "", SOURCE_CONFIGMAP, "y", PLAIN, STEP_AUTO},
    {A(AUTO_KEY, "yes"), "", SOURCE_CONFIGMAP, "n", ALL, STEP_NONE},
    {A(AUTO_KEY, ""), "", SOURCE_CONFIGMAP, "n", ALL, STEP_AUTO_ALL},
    {A(S_AUTO, "false"), "", SOURCE_CONFIGMAP, "n", ALL, STEP_AUTO_ALL},
    {A(S_AUTO, "false"), "", SOURCE_SECRET, "n", ALL, STEP_NONE},
    {"", "", SOURCE_SECRET, "n", ALL, STEP_AUTO_ALL},
    {"", "", SOURCE_SECRET, "n", PLAIN, STEP_NONE},
    /* where the four keys are taken from */
    {A(SEARCH, "false"), A(AUTO_KEY, "true"), SOURCE_SECRET, "n", PLAIN, STEP_NONE},
    {"", A(AUTO_KEY, "false"), SOURCE_SECRET, "n", ALL, STEP_NONE},
    {"", A(AUTO_KEY, "true") "," A(CM_EXCLUDE, "n"), SOURCE_CONFIGMAP, "n", PLAIN, STEP_AUTO},
    {A(CM_EXCLUDE, "n"), A(AUTO_KEY, "true"), SOURCE_CONFIGMAP, "n", PLAIN, STEP_EXCLUDED},
    {A(CM_LIST, "a"), A(AUTO_KEY, "true"), SOURCE_CONFIGMAP, "n", PLAIN, STEP_NONE},
    {A(CM_LIST, "a"), A(AUTO_KEY, "true"), SOURCE_SECRET, "n", PLAIN, STEP_AUTO},
    {"", A(CM_LIST, "n"), SOURCE_CONFIGMAP, "n", PLAIN, STEP_LISTED},
    {"", A(S_LIST, "n"), SOURCE_SECRET, "n", PLAIN, STEP_LISTED},
    {"", A(SPC_LIST, "n"), SOURCE_SPC, "n", PLAIN, STEP_LISTED},
    {"", A(SPC_AUTO, "true"), SOURCE_SPC, "n", PLAIN, STEP_AUTO_TYPED},
    {A(CM_LIST, ""), A(CM_LIST, "n"), SOURCE_CONFIGMAP, "n", PLAIN, STEP_NONE},
    {"", A(CM_LIST, "n"), SOURCE_SECRET, "n", PLAIN, STEP_NONE},
    /* the source's own word */
    {A(AUTO_KEY, "true") "," A(CM_LIST, "n"), "", SOURCE_CONFIGMAP, "n", IGNORE, STEP_IGNORED},
    {A(CM_LIST, "n") "," A(CM_EXCLUDE, "n"), "", SOURCE_CONFIGMAP, "n", IGNORE, STEP_IGNORED},
    /* bools as Go reads them */
    {A(AUTO_KEY, "1"), "", SOURCE_SECRET, "n", PLAIN, STEP_AUTO},
    {A(AUTO_KEY, "T"), "", SOURCE_SECRET, "n", PLAIN, STEP_AUTO},
    {A(AUTO_KEY, "TRUE"), "", SOURCE_SECRET, "n", PLAIN, STEP_AUTO},
    {A(AUTO_KEY, " true"), "", SOURCE_SECRET, "n", PLAIN, STEP_NONE},
    {A(AUTO_KEY, "tRue"), "", SOURCE_SECRET, "n", PLAIN, STEP_NONE},
    /* lists of patterns */
    {A(CM_LIST, "a, n ,b"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_LISTED},
    {A(CM_LIST, "a,\xc2\xa0n\xe2\x80\x89"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_LISTED},
    {A(CM_LIST, "app-.*"), "", SOURCE_CONFIGMAP, "app-x", PLAIN, STEP_LISTED},
    {A(CM_LIST, "app-.*"), "", SOURCE_CONFIGMAP, "my-app-x", PLAIN, STEP_NONE},
    {A(CM_LIST, "my.config"), "", SOURCE_CONFIGMAP, "my-config", PLAIN, STEP_LISTED},
    {A(CM_LIST, "my.config"), "", SOURCE_CONFIGMAP, "my.config", PLAIN, STEP_LISTED},
    {A(CM_LIST, "my.config"), "", SOURCE_CONFIGMAP, "my--config", PLAIN, STEP_NONE},
    {A(CM_LIST, "N"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_NONE},
    {A(CM_LIST, "(?i)N"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_LISTED},
    {A(CM_LIST, "a|b"), "", SOURCE_CONFIGMAP, "b", PLAIN, STEP_LISTED},
    {A(CM_LIST, "a|b"), "", SOURCE_CONFIGMAP, "ax", PLAIN, STEP_NONE},
    {A(CM_LIST, "a|b"), "", SOURCE_CONFIGMAP, "xb", PLAIN, STEP_NONE},
    {A(CM_LIST, "a{1,3}"), "", SOURCE_CONFIGMAP, "aa", PLAIN, STEP_NONE},
    {A(CM_LIST, ","), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_NONE},
    {A(CM_LIST, "(?=x)n,n"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_LISTED},
    {A(CM_LIST, "*") "," A(AUTO_KEY, "true"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_AUTO},
    /* exclude lists are names, not patterns */
    {A(AUTO_KEY, "true") "," A(S_EXCLUDE, "n.*"), "", SOURCE_SECRET, "nx", PLAIN, STEP_AUTO},
    {A(AUTO_KEY, "true") "," A(S_EXCLUDE, "a , n"), "", SOURCE_SECRET, "n", PLAIN, STEP_EXCLUDED},
    {A(AUTO_KEY, "true") "," A(S_EXCLUDE, ""), "", SOURCE_SECRET, "n", PLAIN, STEP_AUTO},
    {A(AUTO_KEY, "true") "," A(S_EXCLUDE, "n"), "", SOURCE_CONFIGMAP, "n", PLAIN, STEP_AUTO},
};

static const struct json *annotations(struct arena *a, const char *members)
{
    struct str text = arena_printf(a, "{%s}", members);
    const struct json *doc = json_parse(a, text, JSON_PLAIN, NULL);
    assert_non_null(doc);
    return doc;
}

static void interaction_table(void **state)
{
    (void)state;
    struct reload_options o;
    reload_options_init(&o);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(rules_done) struct rules r;
        const struct row *row = &rows[i];
        rules_parse(&a, &o.keys, annotations(&a, row->workload), annotations(&a, row->pod_template),
                    &r);
        struct source_marks marks = {.match = row->flags & MATCH, .ignore = row->flags & IGNORE};
        enum rule_step step =
            rules_decide(&r, row->type, str_c(row->name), marks, row->flags & ALL);
        if (step != row->step) {
            fail_msg("row %zu {%s} {%s} %s: step %d, expected %d", i, row->workload,
                     row->pod_template, row->name, (int)step, (int)row->step);
        }
        if (rule_step_moves(step)) {
            assert_true(rules_active(&r, row->flags & ALL));
        }
    }
}

static void bad_patterns_are_reported(void **state)
{
    (void)state;
    struct reload_options o;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(rules_done) struct rules r;
    reload_options_init(&o);
    rules_parse(&a, &o.keys, annotations(&a, A(CM_LIST, "good,ba(d,*") "," A(S_LIST, "x[")), NULL,
                &r);
    assert_int_equal(r.n_bad, 3);
    assert_str(r.bad[0].text, "ba(d");
    assert_str(r.bad[1].text, "*");
    assert_str(r.bad[2].text, "x[");
    assert_true(r.bad[2].problem.n > 0);
    assert_int_equal(r.by_type[SOURCE_CONFIGMAP].n_list, 1);
}

static void keys_can_be_changed_and_switched_off(void **state)
{
    (void)state;
    struct reload_options o;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(rules_done) struct rules r;
    reload_options_init(&o);
    o.keys.auto_any = "my/auto";
    o.keys.search = "";
    rules_parse(&a, &o.keys,
                annotations(&a, A("my/auto", "true") "," A(SEARCH, "true") "," A("", "true")), NULL,
                &r);
    assert_int_equal(
        rules_decide(&r, SOURCE_SECRET, STR("n"), (struct source_marks){.match = true}, false),
        STEP_AUTO);
    rules_done(&r);
    rules_parse(&a, &o.keys, annotations(&a, A(AUTO_KEY, "true")), NULL, &r);
    assert_false(rules_active(&r, false));
    assert_string_equal(rule_step_key(&o.keys, SOURCE_SECRET, STEP_AUTO), "my/auto");
    assert_string_equal(rule_step_key(&o.keys, SOURCE_SECRET, STEP_LISTED), S_LIST);
}

static void marks_want_exactly_true(void **state)
{
    (void)state;
    struct reload_options o;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    reload_options_init(&o);
    struct source_marks m =
        rules_marks(&o.keys, annotations(&a, A("reloader.stakater.com/match", "true") "," A(
                                                 "reloader.stakater.com/ignore", "True")));
    assert_true(m.match);
    assert_false(m.ignore);
    m = rules_marks(&o.keys, annotations(&a, A("reloader.stakater.com/ignore", "true")));
    assert_true(m.ignore);
    m = rules_marks(&o.keys, NULL);
    assert_false(m.match || m.ignore);
}

static void open_lists(void **state)
{
    (void)state;
    struct reload_options o;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(rules_done) struct rules r;
    reload_options_init(&o);
    rules_parse(&a, &o.keys, annotations(&a, A(CM_LIST, "a,b") "," A(S_LIST, "a,b.c")), NULL, &r);
    assert_false(rules_open(&r, SOURCE_CONFIGMAP));
    assert_true(rules_open(&r, SOURCE_SECRET));
    assert_false(rules_open(&r, SOURCE_SPC));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interaction_table),
        cmocka_unit_test(bad_patterns_are_reported),
        cmocka_unit_test(keys_can_be_changed_and_switched_off),
        cmocka_unit_test(marks_want_exactly_true),
        cmocka_unit_test(open_lists),
    };
    return RUN(tests);
}
