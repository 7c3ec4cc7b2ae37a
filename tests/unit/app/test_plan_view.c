/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "app/plan_view.h"

static void add(struct plan_view *v, const char *ns, const char *source, const char *workload,
                enum rule_step step)
{
    bool moves = rule_step_moves(step);
    plan_view_add(v, &(struct plan_row){
                         .type = SOURCE_SECRET,
                         .source = str_c(source),
                         .exists = true,
                         .kind = WORKLOAD_DEPLOYMENT,
                         .ns = str_c(ns),
                         .name = str_c(workload),
                         .moves = moves,
                         .step = step,
                         .key = rule_step_key(v->keys, SOURCE_SECRET, step),
                         .container = str_c(moves ? "app" : ""),
                     });
}

static struct plan_view some(const struct reload_options *o, bool namespaces)
{
    struct plan_view v = PLAN_VIEW_INIT(&o->keys, namespaces);
    add(&v, "b", "db", "z", STEP_AUTO);
    add(&v, "a", "tls", "web", STEP_NONE);
    add(&v, "b", "db", "a", STEP_IGNORED);
    add(&v, "b", "db", "b", STEP_LISTED);
    return v;
}

static void the_order_is_fixed(void **state)
{
    (void)state;
    struct reload_options o;
    AUTO(buf_done) struct buf out = BUF_INIT(64 * 1024);
    reload_options_init(&o);
    struct plan_view v = some(&o, true);
    plan_view_table(&v, &out);
    assert_buf(&out, "NAMESPACE  SOURCE      WORKLOAD        RESTARTS  WHY\n"
                     "a          secret/tls  deployment/web  no        no annotation asks for it\n"
                     "b          secret/db   deployment/b    yes       "
                     "secret.reloader.stakater.com/reload lists it\n"
                     "b          secret/db   deployment/z    yes       reloader.stakater.com/auto\n"
                     "b          secret/db   deployment/a    no        the source has "
                     "reloader.stakater.com/ignore\n");
    plan_view_done(&v);
}

static void for_programs(void **state)
{
    (void)state;
    struct reload_options o;
    AUTO(buf_done) struct buf out = BUF_INIT(64 * 1024);
    reload_options_init(&o);
    struct plan_view v = PLAN_VIEW_INIT(&o.keys, false);
    add(&v, "b", "db", "z", STEP_AUTO);
    add(&v, "b", "db", "y", STEP_NONE);
    plan_view_json(&v, true, &out);
    assert_buf(&out, "{\"found\":true,\"pairs\":["
                     "{\"namespace\":\"b\",\"source\":\"secret/db\",\"sourceExists\":true,"
                     "\"workload\":\"deployment/z\",\"restarts\":true,"
                     "\"why\":\"reloader.stakater.com/auto\","
                     "\"annotation\":\"reloader.stakater.com/auto\",\"container\":\"app\"},"
                     "{\"namespace\":\"b\",\"source\":\"secret/db\",\"sourceExists\":true,"
                     "\"workload\":\"deployment/y\",\"restarts\":false,"
                     "\"why\":\"no annotation asks for it\"}]}\n");
    plan_view_done(&v);
}

static void targets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum plan_subject subject;
        int which;
        const char *name;
    } rows[] = {
        {"secret/db", PLAN_SOURCE, SOURCE_SECRET, "db"},
        {"cm/app", PLAN_SOURCE, SOURCE_CONFIGMAP, "app"},
        {"SecretProviderClass/x", PLAN_SOURCE, SOURCE_SPC, "x"},
        {"deployment/web", PLAN_WORKLOAD, WORKLOAD_DEPLOYMENT, "web"},
        {"deploy/web", PLAN_WORKLOAD, WORKLOAD_DEPLOYMENT, "web"},
        {"statefulsets/a", PLAN_WORKLOAD, WORKLOAD_STATEFULSET, "a"},
        {"ro/a", PLAN_WORKLOAD, WORKLOAD_ROLLOUT, "a"},
    };
    AUTO(err_freep) struct err *err = NULL;
    struct plan_target t;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_ok(plan_target_parse(str_c(rows[i].text), &t, &err), err);
        assert_int_equal(t.subject, rows[i].subject);
        assert_int_equal(t.subject == PLAN_SOURCE ? (int)t.type : (int)t.kind, rows[i].which);
        assert_str(t.name, rows[i].name);
    }
}

static void no_targets(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"db", "wanted is TYPE/NAME"},
        {"secret/", "wanted is TYPE/NAME"},
        {"secret/a/b", "wanted is TYPE/NAME"},
        {"pod/x", "\"pod\" is neither a source"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct plan_target t;
        assert_err(plan_target_parse(str_c(rows[i][0]), &t, &err), err, ERR_INVALID, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_is_fixed),
        cmocka_unit_test(for_programs),
        cmocka_unit_test(targets),
        cmocka_unit_test(no_targets),
    };
    return RUN(tests);
}
