/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/sync.h"

static const char *const GUIDE =
    "{'metadata':{'name':'app-secrets','namespace':'azure-eso-test'},'spec':{'secretStoreRef':{'"
    "name':"
    "'s'},'target':{'name':'app','template':{'metadata':{'annotations':{"
    "'reloader.stakater.com/match':'true'}}}},'data':[{'secretKey':'username','remoteRef':{'key':"
    "'myapp-username'}},{'secretKey':'password','remoteRef':{'key':'myapp-password'}}]}}";

static void guide(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kvs values = map("{'myapp-username':'admin-user','myapp-password':'pw'}");
    struct json *secret = sync_render(&arena, doc(GUIDE), &values, NULL, NULL, &err);
    assert_ok(secret ? 0 : -1, err);
    assert_str(json_find_str(secret, "metadata.name"), "app");
    assert_str(json_find_str(secret, "metadata.namespace"), "azure-eso-test");
    assert_str(json_find_str(secret, "data.password"), "cHc=");
    assert_str(json_str(json_get(json_find(secret, "metadata.annotations"),
                                 "reloader.stakater.com/match")),
               "true");
    assert_null(json_find(secret, "metadata.ownerReferences"));
}

static void value_missing(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kvs values = map("{'myapp-username':'admin-user'}");
    assert_null(sync_render(&arena, doc(GUIDE), &values, NULL, NULL, &err));
    assert_err(-1, err, ERR_NOT_FOUND, "no value is given for \"myapp-password\"");
}

static void prefixes_and_find(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kvs values = map("{'secret/a':'1','cert/c':'der','db-x':'2','db-y':'3','other':'4'}");
    struct json *secret = sync_render(
        &arena,
        doc("{'metadata':{'name':'e'},'spec':{'data':[{'secretKey':'a','remoteRef':{'key':'a'}},{"
            "'secretKey':'c','remoteRef':{'key':'cert/c'}}],'dataFrom':[{'find':{'name':{'regexp':"
            "'^db-'}},'rewrite':[{'regexp':{'source':'db-','target':''}}]}]}}"),
        &values, NULL, NULL, &err);
    assert_ok(secret ? 0 : -1, err);
    assert_str(written(json_get(secret, "data")),
               "{\"a\":\"MQ==\",\"c\":\"ZGVy\",\"x\":\"Mg==\",\"y\":\"Mw==\"}");
}

static void template_objects(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kvs values = map("{'x':'1'}");
    struct json *es =
        doc("{'metadata':{'name':'e'},'spec':{'target':{'template':{'templateFrom':[{'configMap':{"
            "'name':'cm','items':[{'key':'k'}]},'secret':{'name':'s','items':[{'key':'l'}]}}]}},"
            "'data':[{'secretKey':'a','remoteRef':{'key':'x'}}]}}");
    assert_null(sync_render(&arena, es, &values, NULL, NULL, &err));
    assert_err(-1, err, ERR_NOT_FOUND, "ConfigMap \"cm\" of templateFrom is not given");
    AUTO(err_freep) struct err *err2 = NULL;
    struct json *secret =
        sync_render(&arena, es, &values,
                    doc("[{'kind':'ConfigMap','metadata':{'name':'cm'},'data':{'k':'{{ .a "
                        "}}!'}},{'kind':'Secret',"
                        "'metadata':{'name':'s'},'stringData':{'l':'{{ .a }}?'}}]"),
                    NULL, &err2);
    assert_ok(secret ? 0 : -1, err2);
    assert_str(written(json_get(secret, "data")), "{\"k\":\"MSE=\",\"l\":\"MT8=\"}");
}

static void wrong_spec(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kvs values = map("{}");
    assert_null(
        sync_render(&arena, doc("{'metadata':{'name':'e'},'spec':{}}"), &values, NULL, NULL, &err));
    assert_err(-1, err, ERR_INVALID, "either data or dataFrom");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(guide),      TEST(value_missing), TEST(prefixes_and_find), TEST(template_objects),
        TEST(wrong_spec),
    };
    return RUN(tests);
}
