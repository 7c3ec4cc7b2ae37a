/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/namespace_rules.h"

static struct store_spec *store(const char *conditions)
{
    AUTO(buf_done) struct buf b = BUF_INIT(4096);
    buf_addf(&b, "{'provider':{'azurekv':{'vaultUrl':'v'}},'conditions':%s}", conditions);
    struct err *err = NULL;
    struct store_spec *s = store_spec_parse(&arena, doc(b.p), &err);
    if (!s) {
        fail_msg("%s", err_msg(err));
    }
    return s;
}

static void rules(void **state)
{
    static const struct {
        const char *conditions;
        const char *ns;
        const char *labels;
        bool allowed;
    } CASES[] = {
        {"[]", "a", "{}", true},
        {"[{}]", "a", "{}", false},
        {"[{'namespaces':['a','b']}]", "b", "{}", true},
        {"[{'namespaces':['a','b']}]", "c", "{}", false},
        {"[{'namespaceSelector':{'matchLabels':{'x':'y'}}}]", "a", "{'x':'y'}", true},
        {"[{'namespaceSelector':{'matchLabels':{'x':'y','z':'w'}}}]", "a", "{'x':'y'}", false},
        {"[{'namespaceSelector':{}}]", "a", "{}", true},
        {"[{'namespaceRegexes':['prod']}]", "nonprod-1", "{}", true}, /* matches anywhere */
        {"[{'namespaceRegexes':['^prod']}]", "nonprod-1", "{}", false},
        {"[{'namespaces':['x']},{'namespaceRegexes':['^a$']}]", "a", "{}", true},
        {"[{'namespaces':['x'],'namespaceRegexes':['q','^a$']}]", "a", "{}", true},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        bool allowed;
        struct kvs labels = map(CASES[i].labels);
        struct store_spec *s = store(CASES[i].conditions);
        assert_ok(namespace_rules_allow(s, str_c(CASES[i].ns), &labels, &allowed, &err), err);
        if (allowed != CASES[i].allowed) {
            fail_msg("%s in %s", CASES[i].conditions, CASES[i].ns);
        }
        assert_ok(namespace_rules_check(s, &err), err);
    }
}

static void bad_expression(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    bool allowed;
    struct store_spec *s = store("[{'namespaces':['x']},{'namespaceRegexes':['ok','[']}]");
    assert_err(namespace_rules_check(s, &err), err, ERR_INVALID,
               "failed to compile 1th namespace regex in 1th condition");
    AUTO(err_freep) struct err *err2 = NULL;
    assert_int_equal(namespace_rules_allow(s, STR("b"), NULL, &allowed, &err2), -1);
    /* A condition before it that matches decides. */
    assert_int_equal(namespace_rules_allow(s, STR("x"), NULL, &allowed, NULL), 0);
    assert_true(allowed);
}

static void labels_needed(void **state)
{
    assert_false(namespace_rules_need_labels(store("[{'namespaces':['a']}]")));
    assert_true(namespace_rules_need_labels(store("[{},{'namespaceSelector':{}}]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(rules), TEST(bad_expression), TEST(labels_needed)};
    return RUN(tests);
}
