/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/selector.h"

static void matching(void **state)
{
    static const struct {
        const char *selector;
        const char *labels;
        bool match;
    } CASES[] = {
        {"{}", "{}", true},
        {"{}", "{'a':'b'}", true},
        {"{'matchLabels':{'a':'b'}}", "{'a':'b','c':'d'}", true},
        {"{'matchLabels':{'a':'b','c':'d'}}", "{'a':'b'}", false},
        {"{'matchLabels':{'a':''}}", "{}", false},
        {"{'matchExpressions':[{'key':'a','operator':'In','values':['x','y']}]}", "{'a':'y'}",
         true},
        {"{'matchExpressions':[{'key':'a','operator':'In','values':['x','y']}]}", "{}", false},
        {"{'matchExpressions':[{'key':'a','operator':'NotIn','values':['x']}]}", "{}", true},
        {"{'matchExpressions':[{'key':'a','operator':'NotIn','values':['x']}]}", "{'a':'x'}",
         false},
        {"{'matchExpressions':[{'key':'a','operator':'Exists'}]}", "{'a':''}", true},
        {"{'matchExpressions':[{'key':'a','operator':'Exists'}]}", "{'b':''}", false},
        {"{'matchExpressions':[{'key':'a','operator':'DoesNotExist'}]}", "{'b':''}", true},
        {"{'matchLabels':{'a':'b'},'matchExpressions':[{'key':'c','operator':'Exists'}]}",
         "{'a':'b'}", false},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct selector s;
        AUTO(err_freep) struct err *err = NULL;
        struct kvs labels = map(CASES[i].labels);
        assert_ok(selector_parse(&arena, doc(CASES[i].selector), &s, &err), err);
        if (selector_matches(&s, &labels) != CASES[i].match) {
            fail_msg("%s on %s", CASES[i].selector, CASES[i].labels);
        }
    }
}

static void mistakes(void **state)
{
    static const struct {
        const char *selector;
        const char *text;
    } CASES[] = {
        {"{'matchExpressions':[{'key':'a','operator':'in','values':['x']}]}",
         "\"in\" is not one of"},
        {"{'matchExpressions':[{'key':'a','operator':'In'}]}", "In needs values"},
        {"{'matchExpressions':[{'key':'a','operator':'Exists','values':['x']}]}",
         "Exists takes no values"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct selector s;
        AUTO(err_freep) struct err *err = NULL;
        assert_err(selector_parse(&arena, doc(CASES[i].selector), &s, &err), err, ERR_INVALID,
                   CASES[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(matching), TEST(mistakes)};
    return RUN(tests);
}
