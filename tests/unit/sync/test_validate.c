/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/validate.h"

#define DATA "'data':[{'secretKey':'k','remoteRef':{'key':'x'}}]"

static void rules(void **state)
{
    static const struct {
        const char *spec;
        const char *text; /* NULL: fine */
    } CASES[] = {
        {"{" DATA "}", NULL},
        {"{}", "either data or dataFrom should be specified"},
        {"{" DATA ",'target':{'creationPolicy':'Merge','deletionPolicy':'Delete'}}",
         "deletionPolicy=Delete must not be used when the controller doesn't own the secret. "
         "Please "
         "set creationPolicy=Owner"},
        {"{" DATA ",'target':{'creationPolicy':'CreateOrMerge','deletionPolicy':'Delete'}}",
         "deletionPolicy=Delete"},
        {"{" DATA ",'target':{'creationPolicy':'Orphan','deletionPolicy':'Delete'}}", NULL},
        {"{" DATA ",'target':{'creationPolicy':'None','deletionPolicy':'Merge'}}",
         "deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to "
         "merge with"},
        {"{'dataFrom':[{}]}", "either extract, find, or sourceRef must be set to dataFrom"},
        {"{'dataFrom':[{'find':{},'extract':{'key':'k'}}]}",
         "extract, find, or generatorRef cannot be set at the same time"},
        {"{'dataFrom':[{'extract':{'key':'k'},'sourceRef':{'generatorRef':{'kind':'UUID','name':'g'"
         "}}}]}",
         "extract, find, or generatorRef cannot be set at the same time"},
        {"{'dataFrom':[{'extract':{'key':'k'},'sourceRef':{'storeRef':{'name':'s'}}}]}", NULL},
        {"{'dataFrom':[{'extract':{'key':'k'},'sourceRef':{}}]}",
         "generatorRef or storeRef must be set when using sourceRef in dataFrom"},
        {"{'data':[{'secretKey':'k','remoteRef':{'key':'x'}},{'secretKey':'k','remoteRef':{'key':"
         "'y'}}]}",
         "duplicate secretKey found: k"},
        {"{'data':[{'secretKey':'k','remoteRef':{'key':'x'}},{'secretKey':'k','remoteRef':{'key':"
         "'y'}}],'target':{'deletionPolicy':'Delete'}}",
         NULL},
        {"{'target':{'creationPolicy':'None','deletionPolicy':'Delete'}}",
         "creationPolicy=Owner; either data or dataFrom"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        int got = es_spec_validate(spec(CASES[i].spec), &err);
        if (CASES[i].text) {
            assert_err(got, err, ERR_INVALID, CASES[i].text);
        } else {
            assert_ok(got, err);
        }
    }
}

static void templates(void **state)
{
    static const struct {
        const char *template;
        const char *text;
    } CASES[] = {
        {"{}", NULL},
        {"{'type':'kubernetes.io/service-account-token'}", NULL},
        {"{'type':'kubernetes.io/service-account-token','metadata':{'annotations':{"
         "'kubernetes.io/service-account.name':'x'}}}",
         "template.type=\"kubernetes.io/service-account-token\" with annotation "
         "\"kubernetes.io/service-account.name\" is not allowed"},
        {"{'type':'kubernetes.io/service-account-token','templateFrom':[{'literal':'a: b','target':"
         "'annotations'}]}",
         "template.type=\"kubernetes.io/service-account-token\" with templateFrom "
         "target=\"Annotations\" is not allowed"},
        {"{'type':'bootstrap.kubernetes.io/token'}",
         "template.type=\"bootstrap.kubernetes.io/token\" is not allowed"},
        {"{'templateFrom':[{'literal':'a: b','target':'DATA'},{'literal':'a: b','target':'spec'}]}",
         "templateFrom target=\"spec\" is not allowed when targeting a Secret, must be one of "
         "\"Data\", \"Annotations\" or \"Labels\""},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        AUTO(buf_done) struct buf b = BUF_INIT(4096);
        buf_addf(&b, "{'target':{'template':%s}}", CASES[i].template);
        int got = es_template_validate(spec(b.p)->template, &err);
        if (CASES[i].text) {
            assert_err(got, err, ERR_INVALID, CASES[i].text);
        } else {
            assert_ok(got, err);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(rules), TEST(templates)};
    return RUN(tests);
}
