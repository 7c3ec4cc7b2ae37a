/* SPDX-License-Identifier: Apache-2.0 */
#include "objects.h"

#include "reload/job.h"

static void assert_json(const struct json *actual, const char *expected)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf out = BUF_INIT(1 << 16);
    json_write(&out, actual, JSON_WRITE_PLAIN);
    if (!json_eq(actual, document(&a, expected))) {
        fail_msg("got %s\nexpected %s", out.p, expected);
    }
}

static void a_job_of_a_cronjob(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    const struct json *cronjob = document(
        &a, "{'metadata':{'name':'c','namespace':'n','uid':'u','annotations':{'own':'x'}},'spec':{"
            "'suspend':true,'schedule':'* * * * *','jobTemplate':{'metadata':{'labels':{'l':'1'},"
            "'annotations':{'b':'2'}},'spec':{'unknownField':{'deep':[1.50]},'template':{'spec':{"
            "'containers':[{'name':'a'}]}}}}}}");
    struct json *job = job_from_cronjob(&a, cronjob, STR("c-x"), &err);
    assert_json(job,
                "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'c-x','namespace':'n',"
                "'labels':{'l':'1'},'annotations':{'cronjob.kubernetes.io/instantiate':'manual',"
                "'b':'2'},'ownerReferences':[{'apiVersion':'batch/v1','kind':'CronJob','name':'c',"
                "'uid':'u','controller':true}]},'spec':{'unknownField':{'deep':[1.50]},"
                "'template':{'spec':{'containers':[{'name':'a'}]}}}}");
    assert_null(job_from_cronjob(&a, document(&a, "{}"), STR("c-x"), &err));
    assert_int_equal(err->kind, ERR_PARSE);
}

#define JOB(selector, labels)                                                                      \
    "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'j','namespace':'n','uid':'u',"      \
    "'resourceVersion':'1','generation':1,'creationTimestamp':'t','managedFields':[{}],"           \
    "'labels':{'mine':'x'" labels "},'ownerReferences':[{'name':'o'}],'finalizers':['f']},"        \
    "'spec':{" selector "'template':{'metadata':{'labels':{'mine':'x'" labels "}},"                \
    "'spec':{'strange':1e3}}},'status':{'succeeded':1}}"
#define GENERATED                                                                                  \
    ",'controller-uid':'u','job-name':'j','batch.kubernetes.io/controller-uid':'u',"               \
    "'batch.kubernetes.io/job-name':'j'"

static void a_copy_can_be_created(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct json *job =
        document(&a, JOB("'selector':{'matchLabels':{'controller-uid':'u'}},", GENERATED));
    assert_json(job_copy(&a, job),
                "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'j','namespace':'n',"
                "'labels':{'mine':'x'},'ownerReferences':[{'name':'o'}],'finalizers':['f']},"
                "'spec':{'template':{'metadata':{'labels':{'mine':'x'}},'spec':{'strange':1e3}}}}");
    job = document(&a, JOB("'manualSelector':true,'selector':{'matchLabels':{'job-name':'q'}},",
                           ",'job-name':'q'"));
    const struct json *copy = job_copy(&a, job);
    assert_str(json_find_str(copy, "spec.selector.matchLabels.job-name"), "q");
    assert_str(json_find_str(copy, "spec.template.metadata.labels.job-name"), "q");
    assert_str(json_find_str(job, "metadata.uid"), "u");
}

static void a_holder_keeps_it(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    const struct json *copy = job_copy(
        &a, document(&a, JOB("'manualSelector':true,'selector':{'matchLabels':{'job-name':'q'}},",
                             ",'job-name':'q'")));
    struct json *holder = job_holder(&a, copy, STR("u"), &err);
    assert_non_null(holder);
    assert_true(json_bool(json_find(holder, "spec.suspend"), false));
    assert_null(json_find(holder, "spec.selector"));
    assert_null(json_find(holder, "spec.manualSelector"));
    assert_null(json_find(holder, "metadata.ownerReferences"));
    assert_str(json_find_str(holder, "metadata.name"), job_holder_name(&a, STR("j"), STR("u")).p);
    struct json *held = job_held(&a, holder, &err);
    assert_true(json_eq(held, copy));

    /* Somebody else's annotation must not make Pawl create what it does not stand for. */
    json_set_str(&a, json_get(holder, "metadata"), "namespace", STR("other"));
    assert_null(job_held(&a, holder, &err));
    json_set_str(&a, json_get(holder, "metadata"), "namespace", STR("n"));
    struct json *annotations = json_find(holder, "metadata.annotations");
    json_set_str(&a, annotations, JOB_HOLDS_ANNOTATION, STR("k"));
    assert_null(job_held(&a, holder, &err));
    json_del(annotations, STR(JOB_COPY_ANNOTATION));
    assert_null(job_held(&a, holder, &err));
}

static void a_copy_that_does_not_fit(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf big = BUF_INIT(300 * 1024);
    struct json *copy = job_copy(&a, document(&a, JOB("", "")));
    buf_add_repeat(&big, 'x', 300 * 1024);
    json_set_str(&a, json_get(copy, "spec"), "big", buf_str(&big));
    assert_null(job_holder(&a, copy, STR("u"), &err));
    assert_int_equal(err->kind, ERR_LIMIT);
}

static void names(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct str one = job_name(&a, STR("c"), STR("u"), STR("{1}"));
    struct str same = job_name(&a, STR("c"), STR("u"), STR("{1}"));
    struct str two = job_name(&a, STR("c"), STR("u"), STR("{2}"));
    assert_true(str_eq(one, same));
    assert_false(str_eq(one, two));
    assert_true(str_starts(one, STR("c-")));
    assert_int_equal(one.n, 12);
    struct str longest = STR("a123456789b123456789c123456789d123456789e123456789ff");
    assert_int_equal(longest.n, 52); /* what a CronJob may have */
    one = job_name(&a, longest, STR("u"), STR("{1}"));
    assert_int_equal(one.n, JOB_NAME_MAX);
    assert_true(str_starts(one, longest));
    assert_true(job_holder_name(&a, one, STR("u")).n <= JOB_NAME_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_of_a_cronjob),
        cmocka_unit_test(a_copy_can_be_created),
        cmocka_unit_test(a_holder_keeps_it),
        cmocka_unit_test(a_copy_that_does_not_fit),
        cmocka_unit_test(names),
    };
    return RUN(tests);
}
