/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/names.h"
#include "sync/objects.h"

static void external_secret(void **state)
{
    struct err *err = NULL;
    struct object *o = es_object_convert(
        NULL,
        doc("{'metadata':{'namespace':'a','name':'db','uid':'u1','resourceVersion':'5','generation'"
            ":3,"
            "'labels':{'l':'1'},'annotations':{'n':'2'},'finalizers':['other/f','" ES_FINALIZER
            "'],'managedFields':[{'manager':'kubectl'}]},'spec':{'refreshInterval':'5m','target':{"
            "'name':'app'}},'status':{'syncedResourceVersion':'2-x','refreshTime':"
            "'2025-07-30T10:40:00Z','conditions':[{'type':'Ready','status':'True'}]}}"),
        &err);
    assert_non_null(o);
    const struct es_object *es = es_object_of(o);
    assert_str(es->target, "app");
    assert_true(es->ready && es->has_finalizer && !es->deleting);
    assert_true(str_find(es->text, STR("kubectl")) < 0);

    struct es_view v = es_object_view(&arena, es);
    object_free(o); /* the view does not need it */
    assert_str(v.ns, "a");
    assert_str(v.uid, "u1");
    assert_true(str_starts(v.version, STR("3-")));
    assert_int_equal(json_len(v.finalizers), 2);
    assert_map(&v.labels, "{'l':'1'}");
    assert_map(&v.annotations, "{'n':'2'}");
    assert_str(v.status.synced_version, "2-x");
    assert_true(v.status.refresh_time > 0);
    struct es_spec *s = es_spec_parse(&arena, v.spec, &err);
    assert_int_equal(s->refresh_interval, 5 * NS_MIN);
}

/* Annotations are kept only where they are copied; the version counts them all the same. */
static void annotations_with_template(void **state)
{
    static const char *const ITEMS[] = {
        "{'metadata':{'name':'db','deletionTimestamp':'x','annotations':{'n':'1'}},'spec':{'target'"
        ":{"
        "'template':{}}}}",
        "{'metadata':{'name':'db','deletionTimestamp':'x','annotations':{'n':'2'}},'spec':{'target'"
        ":{"
        "'template':{}}}}",
    };
    struct object *o[2];
    for (int i = 0; i < 2; i++) {
        o[i] = es_object_convert(NULL, doc(ITEMS[i]), NULL);
        struct es_view v = es_object_view(&arena, es_object_of(o[i]));
        assert_int_equal(v.annotations.n, 0);
        assert_true(v.deleting);
        assert_str(es_object_of(o[i])->target, "db");
    }
    assert_false(str_eq(es_object_of(o[0])->version, es_object_of(o[1])->version));
    object_free(o[0]);
    object_free(o[1]);
}

static void store(void **state)
{
    struct object *o = store_object_convert(
        NULL,
        doc("{'metadata':{'name':'s','namespace':'a','uid':'u','generation':2,'labels':{'x':'y'}},"
            "'spec':{'provider':{'azurekv':{'vaultUrl':'v'}}},'status':{'capabilities':'ReadWrite',"
            "'conditions':[{'type':'Ready','status':'False'}]}}"),
        NULL);
    assert_int_equal(store_object_of(o)->generation, 2);
    assert_false(store_object_of(o)->ready);
    struct store_view v = store_object_view(&arena, store_object_of(o));
    object_free(o);
    assert_str(v.capabilities, "ReadWrite");
    assert_map(&v.labels, "{'x':'y'}");
    assert_str(json_find_str(v.spec, "provider.azurekv.vaultUrl"), "v");
    assert_int_equal(v.conditions.n, 1);
}

static void secret_without_values(void **state)
{
    struct err *err = NULL;
    struct json *item = doc(
        "{'metadata':{'namespace':'a','name':'db','uid':'s1','resourceVersion':'7','labels':{"
        "'" LABEL_MANAGED "':'true'},'annotations':{'" ANN_DATA_HASH
        "':'a5ed8ea1c1be40fdb1975cb0a6fd52a4803c7f13cc97721399013172'},'ownerReferences':[{'kind':"
        "'K'}],'managedFields':[{'manager':'kubectl','fieldsV1':{}},{'manager':"
        "'externalsecrets.external-secrets.io/db','fieldsV1':{'f:data':{'f:k':{}}}}]},'data':{'k':"
        "'dg=='},'type':'Opaque','immutable':true}");
    struct target whole;
    assert_ok(target_parse(&arena, item, &whole, &err), err);
    struct object *o = secret_object_convert(NULL, item, &err);
    const struct secret_object *s = secret_object_of(o);
    assert_true(s->valid && s->immutable && !s->deleting);
    assert_true(str_find(s->text, STR("dg==")) < 0 && str_find(s->text, STR("kubectl")) < 0);
    struct target t = secret_object_view(&arena, s);
    object_free(o);
    assert_false(t.has_data);
    assert_int_equal(target_diff(&whole, &t), TARGET_SAME);
    assert_str(target_changes(&arena, &t, &whole), "");
    kvs_set(&whole.data, STR("k"), STR("another"));
    assert_str(target_changes(&arena, &t, &whole), "k");
    struct owned_fields owned = owned_fields(&arena, t.managed_fields, STR("db"));
    assert_map(&owned.data, "{'k':''}");
    assert_str(t.version, "7");
}

static void unreadable_secret(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    assert_null(
        secret_object_convert(NULL, doc("{'metadata':{'name':'b'},'data':{'k':'*'}}"), &err));
    assert_err(-1, err, ERR_PARSE, "key k");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(external_secret),       TEST(annotations_with_template), TEST(store),
        TEST(secret_without_values), TEST(unreadable_secret),
    };
    return RUN(tests);
}
