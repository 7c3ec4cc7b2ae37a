/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static void defaults(void **state)
{
    struct es_spec *s = spec("{}");
    assert_int_equal(s->refresh_policy, REFRESH_PERIODIC);
    assert_int_equal(s->refresh_interval, NS_H);
    assert_int_equal(s->creation, CREATE_OWNER);
    assert_int_equal(s->deletion, DELETION_RETAIN);
    assert_false(s->store.cluster);
    assert_null(s->template);
    assert_false(s->has_windows);
}

static void everything(void **state)
{
    struct es_spec *s = spec(
        "{'refreshInterval':'5m30s','refreshPolicy':'OnChange',"
        "'secretStoreRef':{'name':'vault','kind':'ClusterSecretStore'},"
        "'syncWindows':{'kind':'allow','windows':[{'schedule':'@daily','duration':'1h'},"
        "{'schedule':'@daily','duration':'soon'}]},"
        "'target':{'name':'t','creationPolicy':'CreateOrMerge','deletionPolicy':'Merge',"
        "'immutable':true,'template':{'type':'Opaque','mergePolicy':'Merge','engineVersion':'v2',"
        "'metadata':{'labels':{'l':'1'},'annotations':{'a':'2'},'finalizers':['f/g']},"
        "'data':{'k':'{{ .x }}'},'templateFrom':[{'configMap':{'name':'cm','items':[{'key':'i',"
        "'templateAs':'KeysAndValues'},{'key':'j'}]}},{'literal':'','target':'labels',"
        "'valuesDecodingStrategy':'Auto'}]}},"
        "'data':[{'secretKey':'k','remoteRef':{'key':'x','property':'p','version':'v',"
        "'metadataPolicy':'Fetch','decodingStrategy':'Base64URL','nullBytePolicy':'Fail'},"
        "'sourceRef':{'storeRef':{'name':'other'}}}],"
        "'dataFrom':[{'extract':{'key':'y','conversionStrategy':'Unicode'}},"
        "{'find':{'name':{'regexp':'^a'},'tags':{'t':'1'},'decodingStrategy':'Auto'},"
        "'rewrite':[{'regexp':{'source':'a','target':'b'}},{'transform':{'template':'{{.value}}'}},"
        "{'merge':{'into':'all','priority':['p','q'],'priorityPolicy':'IgnoreNotFound',"
        "'conflictPolicy':'Ignore','strategy':'JSON'}}]},"
        "{'sourceRef':{'generatorRef':{'kind':'Password','name':'pw'}}}]}");
    assert_int_equal(s->refresh_interval, 5 * NS_MIN + 30 * NS_S);
    assert_int_equal(s->refresh_policy, REFRESH_ON_CHANGE);
    assert_str(s->store.name, "vault");
    assert_true(s->store.cluster);
    assert_true(s->has_windows && s->windows_allow);
    assert_int_equal(s->n_windows, 2);
    assert_int_equal(s->windows[0].duration, NS_H);
    assert_int_equal(s->windows[1].duration, -1);
    assert_int_equal(s->creation, CREATE_OR_MERGE);
    assert_int_equal(s->deletion, DELETION_MERGE);
    assert_true(s->immutable);

    const struct es_template *t = s->template;
    assert_true(t->merge);
    assert_map(&t->labels, "{'l':'1'}");
    assert_map(&t->annotations, "{'a':'2'}");
    assert_str(t->finalizers[0], "f/g");
    assert_map(&t->data, "{'k':'{{ .x }}'}");
    assert_int_equal(t->n_from, 2);
    assert_str(t->from[0].config_map.name, "cm");
    assert_true(t->from[0].config_map.items[0].keys_and_values);
    assert_false(t->from[0].config_map.items[1].keys_and_values);
    assert_false(t->from[0].has_literal);
    assert_true(t->from[1].has_literal);
    assert_int_equal(t->from[1].decoding, DECODE_AUTO);

    const struct es_data *d = &s->data[0];
    assert_str(d->ref.key, "x");
    assert_str(d->ref.property, "p");
    assert_str(d->ref.version, "v");
    assert_true(d->ref.fetch_metadata);
    assert_true(d->ref.refuse_nul);
    assert_int_equal(d->ref.decoding, DECODE_BASE64URL);
    assert_str(d->source.store.name, "other");

    assert_int_equal(s->n_data_from, 3);
    assert_true(s->data_from[0].has_extract && s->data_from[0].ref.unicode_keys);
    const struct es_data_from *find = &s->data_from[1];
    assert_true(find->has_find);
    assert_str(find->find_regexp, "^a");
    assert_map(&find->find_tags, "{'t':'1'}");
    assert_int_equal(find->ref.decoding, DECODE_AUTO);
    assert_int_equal(find->n_rewrites, 3);
    assert_int_equal(find->rewrites[0].kind, REWRITE_REGEXP);
    assert_int_equal(find->rewrites[1].kind, REWRITE_TRANSFORM);
    assert_int_equal(find->rewrites[2].kind, REWRITE_MERGE);
    assert_int_equal(find->rewrites[2].n_priority, 2);
    assert_true(find->rewrites[2].priority_may_miss && find->rewrites[2].ignore_conflicts);
    assert_true(find->rewrites[2].as_json);
    assert_str(s->data_from[2].source.generator_kind, "Password");
}

static void mistakes(void **state)
{
    static const struct {
        const char *spec;
        const char *text;
    } CASES[] = {
        {"{'target':{'creationPolicy':'Owned'}}",
         "spec.target.creationPolicy: unknown value \"Owned\", must be Owner, Orphan, Merge, "
         "CreateOrMerge or None"},
        {"{'refreshInterval':'daily'}", "spec.refreshInterval: is not a duration"},
        {"{'refreshInterval':60}", "spec.refreshInterval: must be a string"},
        {"{'secretStoreRef':{'kind':'Store'}}",
         "spec.secretStoreRef.kind: unknown value \"Store\", must be SecretStore or "
         "ClusterSecretStore"},
        {"{'data':[{'secretKey':'a','remoteRef':{'key':'x'}},{'secretKey':'b','remoteRef':{'key':"
         "'x','decodingStrategy':'Hex'}}]}",
         "spec.data[1].remoteRef.decodingStrategy: unknown value \"Hex\""},
        {"{'data':[{'remoteRef':{'key':'x'}}]}", "spec.data[0].secretKey: must not be empty"},
        {"{'dataFrom':[{'extract':{'key':'x'},'rewrite':[{}]}]}",
         "spec.dataFrom[0].rewrite[0].regexp: one of regexp, transform or merge must be set"},
        {"{'target':{'template':{'engineVersion':'v1'}}}",
         "spec.target.template.engineVersion: unknown value \"v1\", must be v2"},
        {"{'target':{'template':{'data':{'port':80}}}}",
         "spec.target.template.data: must hold strings only"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        assert_null(es_spec_parse(&arena, doc(CASES[i].spec), &err));
        assert_err(-1, err, ERR_INVALID, CASES[i].text);
    }
}

/* Long paths are cut, not written over the end. */
static void deep_paths(void **state)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
    buf_add_c(&b, "{'dataFrom':[");
    for (int i = 0; i < 1000; i++) {
        buf_add_c(&b, "{'extract':{'key':'k'},'rewrite':[{'transform':{'template':''}}]},");
    }
    buf_add_c(&b, "{'extract':{'key':'k','metadataPolicy':'x'}}]}");
    AUTO(err_freep) struct err *err = NULL;
    assert_null(es_spec_parse(&arena, doc(b.p), &err));
    assert_err(-1, err, ERR_INVALID, "spec.dataFrom[1000].extract.metadataPolicy");
}

static void count(void *arg, const struct store_ref *ref)
{
    (*(size_t *)arg)++;
    assert_true(ref->name.n > 0);
}

static void stores(void **state)
{
    size_t n = 0;
    es_spec_each_store(
        spec("{'secretStoreRef':{'name':'a'},'data':[{'secretKey':'k','remoteRef':{'key':'x'}},"
             "{'secretKey':'l','remoteRef':{'key':'x'},'sourceRef':{'storeRef':{'name':'b'}}}],"
             "'dataFrom':[{'find':{},'sourceRef':{'storeRef':{'name':'c'}}}]}"),
        count, &n);
    assert_int_equal(n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults), TEST(everything), TEST(mistakes), TEST(deep_paths), TEST(stores),
    };
    return RUN(tests);
}
