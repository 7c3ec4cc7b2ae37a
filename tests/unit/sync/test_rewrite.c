/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/rewrite.h"

static int run(const char *values, const char *rewrites, struct kvs *out, struct err **err)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1 << 16);
    buf_addf(&b, "{'dataFrom':[{'extract':{'key':'x'},'rewrite':%s}]}", rewrites);
    struct es_spec *s = spec(b.p);
    *out = map(values);
    return rewrite_values(out, s->data_from[0].rewrites, s->data_from[0].n_rewrites, err);
}

static void keys(void **state)
{
    static const struct {
        const char *values;
        const char *rewrites;
        const char *want;
    } CASES[] = {
        {"{'username':'u','address':'a'}", "[{'regexp':{'source':'(.*)','target':'my_$1'}}]",
         "{'my_username':'u','my_address':'a'}"},
        {"{'foo':'1'}", "[{'regexp':{'source':'o*','target':'-'}}]", "{'-f-':'1'}"},
        {"{'ab':'1'}", "[{'regexp':{'source':'^','target':'p_'}}]", "{'p_ab':'1'}"},
        {"{'e2e_one':'1'}", "[{'regexp':{'source':'e2e_(?P<rest>.*)','target':'${rest}'}}]",
         "{'one':'1'}"},
        {"{'a':'1'}", "[{'regexp':{'source':'(a)','target':'$1x'}}]", "{'':'1'}"},
        {"{'a':'1'}",
         "[{'regexp':{'source':'a','target':'b'}},{'regexp':{'source':'b','target':'c'}}]",
         "{'c':'1'}"},
        /* Two keys become one: the last wins. */
        {"{'a1':'1','a2':'2'}", "[{'regexp':{'source':'[0-9]','target':''}}]", "{'a':'2'}"},
        {"{'db-user':'1'}",
         "[{'transform':{'template':'{{ .value | upper | replace \\'-\\' \\'_\\' }}'}}]",
         "{'DB_USER':'1'}"},
        {"{'a':'1'}", "[{'transform':{'template':'x{{ .other }}'}}]", "{'x<no value>':'1'}"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct kvs m;
        assert_ok(run(CASES[i].values, CASES[i].rewrites, &m, &err), err);
        assert_map(&m, CASES[i].want);
    }
}

/* In values \\' stands for a quote inside the JSON document that is the value. */
static void merges(void **state)
{
    static const struct {
        const char *values;
        const char *rewrites;
        const char *want;
    } CASES[] = {
        {"{'a':'{\\'x\\':\\'1\\'}','b':'{\\'y\\':\\'2\\'}'}", "[{'merge':{}}]",
         "{'x':'1','y':'2'}"},
        {"{'a':'{\\'x\\':\\'1\\'}','b':'{\\'x\\':\\'2\\'}'}",
         "[{'merge':{'conflictPolicy':'Ignore'}}]", "{'x':'2'}"},
        {"{'a':'{\\'x\\':\\'1\\'}','b':'{\\'x\\':\\'2\\'}'}",
         "[{'merge':{'conflictPolicy':'Ignore','priority':['a']}}]", "{'x':'1'}"},
        {"{'a':'{\\'x\\':\\'1\\'}'}",
         "[{'merge':{'priority':['q'],'priorityPolicy':'IgnoreNotFound'}}]", "{'x':'1'}"},
        {"{'a':'{\\'n\\':null,\\'t\\':true,\\'i\\':12345678901234567890,\\'f\\':1.50,\\'e\\':1e3,"
         "\\'o\\':{\\'z\\':1,\\'b\\':[ 1 , 2 ]}}'}",
         "[{'merge':{}}]",
         "{'n':'','t':'true','i':'12345678901234567890','f':'1.5','e':'1000',"
         "'o':'{\\'b\\':[1,2],\\'z\\':1}'}"},
        {"{'a':'{\\'y\\':\\'<\\'}','b':'{\\'x\\':2}'}",
         "[{'merge':{'strategy':'JSON','into':'all'}}]",
         "{'a':'{\\'y\\':\\'<\\'}','b':'{\\'x\\':2}','all':'{\\'x\\':2,\\'y\\':\\'<\\'}'}"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct kvs m;
        assert_ok(run(CASES[i].values, CASES[i].rewrites, &m, &err), err);
        assert_map(&m, CASES[i].want);
    }
}

static void mistakes(void **state)
{
    static const struct {
        const char *values;
        const char *rewrites;
        const char *text;
    } CASES[] = {
        {"{'a':'1'}", "[{'regexp':{'source':'(','target':''}}]", "rewrite.regexp.source: "},
        {"{'a':'1'}", "[{'transform':{'template':'{{'}}]",
         "transform failed with failed to parse template: "},
        {"{'a':'1'}", "[{'transform':{'template':'{{ fail \\'no\\' }}'}}]",
         "transform failed with execute template for key \"a\": "},
        {"{'a':'secret'}", "[{'merge':{}}]", "merge failed: value of key \"a\": invalid character"},
        {"{'a':'[1]'}", "[{'merge':{}}]", "value of key \"a\" is not a JSON object"},
        {"{'a':'{\\'x\\':1,\\'y\\':1}','b':'{\\'x\\':1,\\'y\\':1}'}", "[{'merge':{}}]",
         "merge failed with conflicts: x, y"},
        {"{'a':'{}'}", "[{'merge':{'priority':['q']}}]", "key \"q\" of priority not found"},
        {"{'a':'{}'}", "[{'merge':{'strategy':'JSON'}}]", "needs a key in \"into\""},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct kvs m;
        assert_int_equal(run(CASES[i].values, CASES[i].rewrites, &m, &err), -1);
        if (!strstr(err->msg, CASES[i].text)) {
            fail_msg("\"%s\" is not in \"%s\"", CASES[i].text, err->msg);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(keys), TEST(merges), TEST(mistakes)};
    return RUN(tests);
}
