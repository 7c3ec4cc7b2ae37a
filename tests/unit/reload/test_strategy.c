/* SPDX-License-Identifier: Apache-2.0 */
#include "objects.h"

#include "reload/strategy.h"

#define SHA  "4f0641fd75b1e2e9a7c253bac582e9e37d12675c"
#define OLD  "b68eb7a45f9800a87b60f6ab40080bb3f3a5112d"
#define GONE "aae45badef99284e4dae01d6046154ea9d99532f"
#define NOW  (1767323045 * NS_S) /* 2026-01-02T03:04:05Z */

static struct cause cause(enum source_type type, const char *name, int container)
{
    struct cause c = {.type = type, .name = str_c(name), .container = container};
    assert_true(digest_parse(STR(SHA), &c.content));
    return c;
}

static void names_of_variables(void **state)
{
    (void)state;
    static const struct {
        enum source_type type;
        const char *name;
        const char *variable;
    } table[] = {
        {SOURCE_CONFIGMAP, "my-config.v2", "STAKATER_MY_CONFIG_V2_CONFIGMAP"},
        {SOURCE_SECRET, "a.b", "STAKATER_A_B_SECRET"},
        {SOURCE_SECRET, "a-b", "STAKATER_A_B_SECRET"},
        {SOURCE_SECRET, "a--b", "STAKATER_A_B_SECRET"},
        {SOURCE_SPC, "--a", "STAKATER_A_SECRETPROVIDERCLASS"},
        {SOURCE_SPC, "a-", "STAKATER_A__SECRETPROVIDERCLASS"},
        {SOURCE_SECRET, "9", "STAKATER_9_SECRET"},
        {SOURCE_SECRET, "\xc3\xa4x", "STAKATER_X_SECRET"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO(buf_done) struct buf name = BUF_INIT(1000);
        strategy_env_name(&name, table[i].type, str_c(table[i].name));
        assert_buf(&name, table[i].variable);
    }
}

static void the_last_cause_as_json(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(workload_freep)
    struct workload *w = workload_of(WORKLOAD_DEPLOYMENT,
                                     "{'metadata':{'name':'w','namespace':'n'},'spec':{'template':"
                                     "{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}}}");
    AUTO(buf_done) struct buf text = BUF_INIT(1000);
    struct cause c = cause(SOURCE_SECRET, "db", 1);
    struct cause read;
    strategy_last_reloaded(&text, w, &c, NOW);
    assert_quoted(buf_str(&text), "{'type':'SECRET','name':'db','namespace':'n','hash':'" SHA
                                  "','containerRefs':['b'],'observedAt':1767323045}");
    assert_true(strategy_parse_last_reloaded(&a, buf_str(&text), &read));
    assert_int_equal(read.type, SOURCE_SECRET);
    assert_str(read.name, "db");
    assert_true(digest_eq(&read.content, &c.content));
    assert_false(read.deleted);
    buf_clear(&text);
    c.deleted = true;
    strategy_last_reloaded(&text, w, &c, NOW);
    assert_true(str_find(buf_str(&text), STR(GONE)) > 0);
    assert_true(strategy_parse_last_reloaded(&a, buf_str(&text), &read) && read.deleted);
    static const char *const bad[] = {"", "x", "{}", "{\"type\":\"SECRET\",\"name\":\"x\"}",
                                      "{\"type\":\"POD\",\"name\":\"x\",\"hash\":\"" SHA "\"}"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(strategy_parse_last_reloaded(&a, str_c(bad[i]), &read));
    }
}

#define POD                                                                                        \
    "'spec':{'template':{'spec':{'containers':[{'name':'a'},{'name':'b','env':["                   \
    "{'name':'X','value':'1'},{'name':'STAKATER_DB_SECRET','value':'" OLD "'},"                    \
    "{'name':'STAKATER_OLD_SECRET','value':'" OLD "'},"                                            \
    "{'name':'STAKATER_AGED_SECRET','value':'" OLD "'}]}]}}}"
#define OBJECT "{'metadata':{'name':'w','namespace':'n','uid':'u'}," POD "}"

enum change { SETS = 0, DELETES = 1, TWO_SOURCES = 2, PAUSES = 4, LEFTOVERS = 8, RECORDS = 16 };

static const struct {
    const char *what;
    enum workload_kind kind;
    enum reload_strategy strategy;
    int change;
    enum kube_patch_type type;
    const char *body;
} patches[] = {
    {"a variable", WORKLOAD_DEPLOYMENT, RELOAD_ENV_VARS, SETS, KUBE_PATCH_STRATEGIC,
     "{'metadata':{'uid':'u'},'spec':{'template':{'spec':{'containers':[{'name':'b','env':["
     "{'name':'STAKATER_DB_SECRET','value':'" SHA "'}]}]}}}}"},
    {"with the ledger", WORKLOAD_STATEFULSET, RELOAD_ENV_VARS, RECORDS, KUBE_PATCH_STRATEGIC,
     "{'metadata':{'uid':'u','annotations':{'pawl.dev/applied':'{L}'}},'spec':{'template':{'spec':"
     "{'containers':[{'name':'b','env':[{'name':'STAKATER_DB_SECRET','value':'" SHA "'}]}]}}}}"},
    {"two sources in two containers", WORKLOAD_DAEMONSET, RELOAD_ENV_VARS, TWO_SOURCES,
     KUBE_PATCH_STRATEGIC,
     "{'metadata':{'uid':'u'},'spec':{'template':{'spec':{'containers':["
     "{'name':'a','env':[{'name':'STAKATER_APP_CONFIGMAP','value':'" SHA "'}]},"
     "{'name':'b','env':[{'name':'STAKATER_DB_SECRET','value':'" SHA "'}]}]}}}}"},
    {"a deletion", WORKLOAD_DEPLOYMENT, RELOAD_ENV_VARS, DELETES, KUBE_PATCH_STRATEGIC,
     "{'metadata':{'uid':'u'},'spec':{'template':{'spec':{'containers':[{'name':'b','env':["
     "{'name':'STAKATER_DB_SECRET','$patch':'delete'}]}]}}}}"},
    {"a pause", WORKLOAD_DEPLOYMENT, RELOAD_ENV_VARS, PAUSES, KUBE_PATCH_STRATEGIC,
     "{'metadata':{'uid':'u','annotations':{'p/at':'2026-01-02T03:04:05Z'}},'spec':{'paused':true,"
     "'template':{'spec':{'containers':[{'name':'b','env':["
     "{'name':'STAKATER_DB_SECRET','value':'" SHA "'}]}]}}}}"},
    {"leftovers", WORKLOAD_DEPLOYMENT, RELOAD_ENV_VARS, LEFTOVERS, KUBE_PATCH_STRATEGIC,
     "{'metadata':{'uid':'u'},'spec':{'template':{'spec':{'containers':[{'name':'b','env':["
     "{'name':'STAKATER_DB_SECRET','value':'" SHA "'},"
     "{'name':'STAKATER_OLD_SECRET','$patch':'delete'},"
     "{'name':'STAKATER_AGED_SECRET','$patch':'delete'}]}]}}}}"},
    {"an annotation", WORKLOAD_DEPLOYMENT, RELOAD_ANNOTATIONS, RECORDS, KUBE_PATCH_STRATEGIC,
     "{'metadata':{'uid':'u','annotations':{'pawl.dev/applied':'{L}'}},'spec':{'template':"
     "{'metadata':{'annotations':{'reloader.stakater.com/last-reloaded-from':'LAST'}}}}}"},
    {"the annotation of a Rollout", WORKLOAD_ROLLOUT, RELOAD_ANNOTATIONS, RECORDS, KUBE_PATCH_MERGE,
     "{'metadata':{'uid':'u','annotations':{'pawl.dev/applied':'{L}'}},'spec':{'template':"
     "{'metadata':{'annotations':{'reloader.stakater.com/last-reloaded-from':'LAST'}}}}}"},
    {"variables of a Rollout", WORKLOAD_ROLLOUT, RELOAD_ENV_VARS, RECORDS | TWO_SOURCES | LEFTOVERS,
     KUBE_PATCH_JSON,
     "[{'op':'test','path':'/metadata/uid','value':'u'},"
     "{'op':'add','path':'/metadata/annotations','value':{}},"
     "{'op':'add','path':'/metadata/annotations/pawl.dev~1applied','value':'{L}'},"
     "{'op':'test','path':'/spec/template/spec/containers/0/name','value':'a'},"
     "{'op':'add','path':'/spec/template/spec/containers/0/env','value':[]},"
     "{'op':'add','path':'/spec/template/spec/containers/0/env/-','value':"
     "{'name':'STAKATER_APP_CONFIGMAP','value':'" SHA "'}},"
     "{'op':'test','path':'/spec/template/spec/containers/1/name','value':'b'},"
     "{'op':'test','path':'/spec/template/spec/containers/1/env/1/name',"
     "'value':'STAKATER_DB_SECRET'},"
     "{'op':'replace','path':'/spec/template/spec/containers/1/env/1/value','value':'" SHA "'},"
     "{'op':'test','path':'/spec/template/spec/containers/1/env/3/name',"
     "'value':'STAKATER_AGED_SECRET'},"
     "{'op':'remove','path':'/spec/template/spec/containers/1/env/3'},"
     "{'op':'test','path':'/spec/template/spec/containers/1/env/2/name',"
     "'value':'STAKATER_OLD_SECRET'},"
     "{'op':'remove','path':'/spec/template/spec/containers/1/env/2'}]"},
};

static struct str without_last(struct arena *a, struct str body)
{
    struct str mark = STR("last-reloaded-from\":\"{");
    ptrdiff_t at = str_find(body, mark);
    if (at < 0) {
        return body;
    }
    struct str head = str_head(body, (size_t)at + mark.n - 1);
    struct str rest = str_from(body, head.n);
    ptrdiff_t end = str_find(rest, STR("}\""));
    assert_true(end > 0);
    return arena_printf(a, "%.*sLAST%.*s", STR_ARG(head), STR_ARG(str_from(rest, (size_t)end + 1)));
}

static void table_of_patches(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patches); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(workload_freep) struct workload *w = workload_of(patches[i].kind, OBJECT);
        struct cause causes[] = {cause(SOURCE_CONFIGMAP, "app", 0), cause(SOURCE_SECRET, "db", 1)};
        const struct variable *leftovers[] = {workload_variable(w, STR("STAKATER_OLD_SECRET"), 1),
                                              workload_variable(w, STR("STAKATER_AGED_SECRET"), 1)};
        int change = patches[i].change;
        causes[1].deleted = change & DELETES;
        struct move m = {
            .target = w,
            .strategy = patches[i].strategy,
            .causes = change & TWO_SOURCES ? causes : causes + 1,
            .n_causes = change & TWO_SOURCES ? 2 : 1,
            .ledger = change & RECORDS ? STR("{L}") : (struct str){0},
            .leftovers = leftovers,
            .n_leftovers = change & LEFTOVERS ? 2 : 0,
            .now = NOW,
            .pause_annotation = change & PAUSES ? "p/at" : NULL,
        };
        struct patch p;
        strategy_patch(&m, &p);
        struct str expected = quoted(&a, patches[i].body);
        struct str body = without_last(&a, buf_str(&p.body));
        if (!str_eq(body, expected)) {
            fail_msg("%s:\n%.*s\nexpected:\n%s", patches[i].what, STR_ARG(body), expected.p);
        }
        assert_int_equal(p.type, patches[i].type);
        buf_done(&p.body);
    }
}

/* Without a variable to remove there must still be a change, or no pod would roll. */
static void deletion_without_a_variable(void **state)
{
    (void)state;
    AUTO(workload_freep) struct workload *w = workload_of(WORKLOAD_DEPLOYMENT, OBJECT);
    struct cause c = cause(SOURCE_SECRET, "other", 0);
    struct move m = {.target = w, .causes = &c, .n_causes = 1};
    struct patch p;
    c.deleted = true;
    strategy_patch(&m, &p);
    assert_true(str_find(buf_str(&p.body), STR("\"STAKATER_OTHER_SECRET\",\"value\":\"" GONE)) > 0);
    buf_done(&p.body);
}

/* "a.b" and "a-b" share a variable: it is written once, with the later one's value. */
static void colliding_names(void **state)
{
    (void)state;
    AUTO(workload_freep) struct workload *w = workload_of(WORKLOAD_DEPLOYMENT, OBJECT);
    struct cause causes[] = {cause(SOURCE_SECRET, "a-b", 0), cause(SOURCE_SECRET, "a.b", 0)};
    struct move m = {.target = w, .causes = causes, .n_causes = 2};
    struct patch p;
    assert_true(digest_parse(STR(OLD), &causes[0].content));
    strategy_patch(&m, &p);
    assert_quoted(buf_str(&p.body),
                  "{'metadata':{'uid':'u'},'spec':{'template':{'spec':{'containers':[{'name':'a',"
                  "'env':[{'name':'STAKATER_A_B_SECRET','value':'" SHA "'}]}]}}}}");
    buf_done(&p.body);
}

static void patches_that_leave_the_template(void **state)
{
    (void)state;
    AUTO(workload_freep) struct workload *w = workload_of(WORKLOAD_ROLLOUT, OBJECT);
    struct move m = {.target = w, .ledger = STR("{L}"), .now = NOW};
    struct patch p;
    strategy_patch_restart_at(&m, &p);
    assert_quoted(buf_str(&p.body), "{'metadata':{'uid':'u','annotations':{'pawl.dev/applied':'{L}'"
                                    "}},'spec':{'restartAt':'2026-01-02T03:04:05Z'}}");
    assert_int_equal(p.type, KUBE_PATCH_MERGE);
    buf_done(&p.body);
    static const struct {
        const char *last;
        const char *now;
    } times[] = {{"2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z"},
                 {"2026-01-02T03:04:06Z", "2026-01-02T03:04:07Z"},
                 {"2026-01-02T03:04:04Z", "2026-01-02T03:04:05Z"},
                 {"2027-01-02T03:04:05Z", "2026-01-02T03:04:05Z"},
                 {"soon", "2026-01-02T03:04:05Z"}};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        AUTO(freep) char *text = xasprintf("{'metadata':{'name':'r','namespace':'n','uid':'u'},"
                                           "'spec':{'restartAt':'%s'}}",
                                           times[i].last);
        AUTO(workload_freep) struct workload *r = workload_of(WORKLOAD_ROLLOUT, text);
        m.target = r;
        strategy_patch_restart_at(&m, &p);
        assert_true(str_find(buf_str(&p.body), str_c(times[i].now)) >= 0);
        buf_done(&p.body);
    }
    strategy_patch_ledger(w, STR("{L}"), &p);
    assert_quoted(buf_str(&p.body),
                  "{'metadata':{'uid':'u','annotations':{'pawl.dev/applied':'{L}'}}}");
    buf_done(&p.body);
}

static void the_same_in_an_object(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf out = BUF_INIT(1 << 16);
    AUTO(workload_freep) struct workload *w = workload_of(WORKLOAD_JOB, OBJECT);
    struct json *object = document(&a, OBJECT);
    struct cause causes[] = {cause(SOURCE_CONFIGMAP, "app", 0), cause(SOURCE_SECRET, "db", 1)};
    const struct variable *leftover = workload_variable(w, STR("STAKATER_OLD_SECRET"), 1);
    struct move m = {.target = w,
                     .causes = causes,
                     .n_causes = 2,
                     .leftovers = &leftover,
                     .n_leftovers = 1,
                     .now = NOW};
    strategy_apply(&m, &a, json_find(object, "spec.template"));
    json_write(&out, json_find(object, "spec.template"), JSON_WRITE_PLAIN);
    assert_quoted(
        buf_str(&out),
        "{'spec':{'containers':[{'name':'a','env':[{'name':'STAKATER_APP_CONFIGMAP','value':'" SHA
        "'}]},{'name':'b','env':[{'name':'X','value':'1'},{'name':'STAKATER_DB_SECRET','value':"
        "'" SHA "'},{'name':'STAKATER_AGED_SECRET','value':'" OLD "'}]}]}}");
    m.strategy = RELOAD_ANNOTATIONS;
    object = document(&a, OBJECT);
    strategy_apply(&m, &a, json_find(object, "spec.template"));
    struct str last = json_str(json_get(json_find(object, "spec.template.metadata.annotations"),
                                        RELOAD_LAST_RELOADED_FROM));
    assert_true(str_find(last, STR("\"containerRefs\":[\"b\"]")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_variables),    cmocka_unit_test(the_last_cause_as_json),
        cmocka_unit_test(table_of_patches),      cmocka_unit_test(deletion_without_a_variable),
        cmocka_unit_test(colliding_names),       cmocka_unit_test(patches_that_leave_the_template),
        cmocka_unit_test(the_same_in_an_object),
    };
    return RUN(tests);
}
