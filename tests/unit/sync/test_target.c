/* SPDX-License-Identifier: Apache-2.0
 *
 * Each case is an ExternalSecret "a/db" with uid u1, a spec, what was fetched, what the template
 * gave, and the Secret as it is; and the Secret as it must be. The hash annotation and the labels
 * that all have are left out where they say nothing.
 */
#include "fixture.h"

#include "sync/names.h"
#include "sync/target.h"

static struct target_owner owner(const char *labels, const char *annotations)
{
    return (struct target_owner){STR("a"), STR("db"), STR("u1"), map(labels), map(annotations)};
}

/* {"data": {...plain text...}, "meta": {...}} as a Secret of the API. */
static struct target existing(const char *data, const char *meta, const char *rest)
{
    struct json *secret = doc("{'metadata':{'namespace':'a','name':'db','uid':'s1',"
                              "'resourceVersion':'7'},'type':'Opaque'}");
    AUTO(buf_done) struct buf b = BUF_INIT(1 << 16);
    struct kvs plain = map(data);
    struct json_writer w = json_writer(&b);
    json_w_object(&w);
    for (size_t i = 0; i < plain.n; i++) {
        json_w_key_str(&w, plain.v[i].key);
        json_w_base64(&w, plain.v[i].value);
    }
    json_w_end(&w);
    json_set(&arena, secret, STR("data"), json_parse(&arena, buf_str(&b), JSON_COPY, NULL));
    struct json *more = doc(meta);
    for (size_t i = 0; i < more->n; i++) {
        json_set(&arena, json_get(secret, "metadata"), more->members[i].key,
                 more->members[i].value);
    }
    more = doc(rest);
    for (size_t i = 0; i < more->n; i++) {
        json_set(&arena, secret, more->members[i].key, more->members[i].value);
    }
    struct target t;
    struct err *err = NULL;
    assert_ok(target_parse(&arena, secret, &t, &err), err);
    return t;
}

static struct target build(const char *spec_text, const struct target *old, const char *values,
                           const struct rendered *rendered)
{
    struct target_owner es = owner("{'team':'x'}", "{'note':'y'}");
    struct kvs fetched = map(values);
    struct target out;
    enum target_failure why;
    struct err *err = NULL;
    assert_ok(target_build(&arena, &es, spec(spec_text), old, &fetched, rendered, &out, &why, &err),
              err);
    assert_int_equal(why, TARGET_OK);
    return out;
}

static struct rendered rendered(const char *data, const char *labels, const char *annotations)
{
    return (struct rendered){map(data), map(labels), map(annotations)};
}

static void created(void **state)
{
    struct target t = build("{}", NULL, "{'k':'v'}", NULL);
    assert_str(t.name, "db");
    assert_map(&t.data, "{'k':'v'}");
    char by[HASH_SIZE];
    hash_created_by(STR("a"), STR("db"), by);
    AUTO(buf_done) struct buf labels = BUF_INIT(512);
    buf_addf(&labels, "{'team':'x','" LABEL_MANAGED "':'true','" LABEL_CREATED_BY "':'%s'}", by);
    assert_map(&t.labels, labels.p);
    assert_map(&t.annotations, "{'note':'y','" ANN_DATA_HASH
                               "':'a5ed8ea1c1be40fdb1975cb0a6fd52a4803c7f13cc97721399013172'}");
    assert_str(written(t.owners),
               written(doc("[{'apiVersion':'external-secrets.io/v1','kind':'ExternalSecret','name':"
                           "'db','uid':'u1','controller':true,'blockOwnerDeletion':true}]"))
                   .p);
    assert_true(target_is_valid(&t));
    assert_true(target_is_owned_by(&t, STR("u1")));
    assert_str(target_owner_es(&t), "db");
}

static void created_with_template(void **state)
{
    struct rendered r = rendered("{'url':'made'}", "{'l':'1'}", "{'reload':'true'}");
    struct target t = build("{'target':{'name':'other','immutable':true,'creationPolicy':'Orphan',"
                            "'template':{'type':'my/type','data':{'url':'x'},'metadata':{"
                            "'finalizers':['f/g']}}}}",
                            NULL, "{'k':'v'}", &r);
    assert_str(t.name, "other");
    assert_str(t.type, "my/type");
    assert_true(t.immutable);
    assert_map(&t.data, "{'url':'made'}"); /* raw keys are gone */
    assert_map(&t.labels, "{'l':'1','" LABEL_MANAGED "':'true'}");
    assert_str(kvs_get(&t.annotations, STR("reload")), "true");
    assert_false(kvs_has(&t.annotations, STR("note")));
    assert_null(t.owners);
    assert_str(written(t.finalizers), "[\"f/g\"]");
}

/* A template keeps the fetched keys if it makes none, or if it is told to. */
static void raw_keys(void **state)
{
    struct rendered none = rendered("{}", "{}", "{}");
    struct target t = build("{'target':{'template':{'metadata':{'annotations':{'a':'b'}}}}}", NULL,
                            "{'k':'v'}", &none);
    assert_map(&t.data, "{'k':'v'}");
    struct rendered r = rendered("{'k':'made','m':'n'}", "{}", "{}");
    t = build("{'target':{'template':{'mergePolicy':'Merge','data':{'k':'x'}}}}", NULL,
              "{'k':'v','l':'w'}", &r);
    assert_map(&t.data, "{'k':'made','l':'w','m':'n'}");
}

#define OWN_FIELDS                                                                                 \
    "'managedFields':[{'manager':'externalsecrets.external-secrets.io/db','fieldsV1':{'f:data':{"  \
    "'f:old':{}},'f:metadata':{'f:labels':{'f:oldlabel':{}},'f:annotations':{'f:oldnote':{}}}}}]"
#define OLD_META                                                                                   \
    "{'labels':{'oldlabel':'1','theirs':'2'},'annotations':{'oldnote':'1','theirs':'2'}"           \
    "," OWN_FIELDS "}"

static void update_drops_what_was_ours(void **state)
{
    struct target old = existing("{'old':'1','foreign':'2'}", OLD_META, "{}");
    struct target t = build("{}", &old, "{'k':'v'}", NULL);
    assert_map(&t.data, "{'k':'v'}"); /* Owner replaces all keys */
    assert_false(kvs_has(&t.labels, STR("oldlabel")));
    assert_true(kvs_has(&t.labels, STR("theirs")));
    assert_false(kvs_has(&t.annotations, STR("oldnote")));
    assert_true(kvs_has(&t.annotations, STR("theirs")));
    assert_str(t.uid, "s1");
    assert_str(t.version, "7");
}

static void merge_keeps_foreign_keys(void **state)
{
    static const char *const SPECS[] = {"{'target':{'creationPolicy':'Merge'}}",
                                        "{'target':{'creationPolicy':'CreateOrMerge'}}"};
    for (size_t i = 0; i < COUNT_OF(SPECS); i++) {
        struct target old = existing("{'old':'1','foreign':'2','k':'theirs'}", OLD_META, "{}");
        assert_true(target_needs_data(spec(SPECS[i]), &old));
        struct target t = build(SPECS[i], &old, "{'k':'v'}", NULL);
        assert_map(&t.data, "{'k':'v','foreign':'2'}");
        assert_null(t.owners);
        assert_false(kvs_has(&t.labels, STR(LABEL_CREATED_BY)));
        char hash[HASH_SIZE];
        hash_data(&t.data, hash);
        assert_str(kvs_get(&t.annotations, STR(ANN_DATA_HASH)), hash);
    }
}

/* Only the hash of the data is known: enough for all policies that replace them. */
static void update_without_reading_data(void **state)
{
    struct target old = existing("{'k':'v'}", "{}", "{}");
    old.has_data = false;
    old.data = KVS_INIT(&arena);
    assert_false(target_needs_data(spec("{}"), &old));
    struct target t = build("{}", &old, "{'k':'v'}", NULL);
    assert_int_equal(target_diff(&old, &t), TARGET_METADATA);
    t = build("{}", &old, "{'k':'w'}", NULL);
    assert_int_equal(target_diff(&old, &t), TARGET_METADATA | TARGET_DATA);
}

static void second_build_changes_nothing(void **state)
{
    struct target first = build("{}", NULL, "{'k':'v'}", NULL);
    first.uid = STR("s1");
    struct target again = build("{}", &first, "{'k':'v'}", NULL);
    assert_int_equal(target_diff(&first, &again), TARGET_SAME);
}

/* ---- ownership ---- */

static void owners(void **state)
{
    static const struct {
        const char *refs;
        const char *spec;
        enum target_failure why;
        const char *text;
        const char *want; /* the references afterwards */
    } CASES[] = {
        {"[{'apiVersion':'external-secrets.io/"
         "v1','kind':'ExternalSecret','name':'other','uid':'u2',"
         "'controller':true}]",
         "{'target':{'creationPolicy':'Merge'}}", TARGET_OWNED_BY_OTHER_ES,
         "secret is owned by another ExternalSecret: other", NULL},
        {"[{'apiVersion':'apps/v1','kind':'Deployment','name':'web','uid':'u3','controller':true}]",
         "{}", TARGET_FOREIGN_CONTROLLER,
         "could not set controller reference on secret: Object a/db is already owned by another "
         "Deployment controller web",
         NULL},
        {"[{'apiVersion':'apps/v1','kind':'Deployment','name':'web','uid':'u3','controller':true}]",
         "{'target':{'creationPolicy':'Merge'}}", TARGET_OK, NULL,
         "[{'apiVersion':'apps/"
         "v1','kind':'Deployment','name':'web','uid':'u3','controller':true}]"},
        /* Made anew under the same name, by an old release: taken over. */
        {"[{'apiVersion':'external-secrets.io/v1beta1','kind':'ExternalSecret','name':'db','uid':"
         "'old','controller':true}]",
         "{}", TARGET_OK, NULL,
         "[{'apiVersion':'external-secrets.io/v1','kind':'ExternalSecret','name':'db','uid':'u1',"
         "'controller':true,'blockOwnerDeletion':true}]"},
        {"[{'apiVersion':'external-secrets.io/v1','kind':'ExternalSecret','name':'db','uid':'u1',"
         "'controller':true},{'apiVersion':'v1','kind':'Pod','name':'p','uid':'u4'}]",
         "{'target':{'creationPolicy':'Orphan'}}", TARGET_OK, NULL,
         "[{'apiVersion':'v1','kind':'Pod','name':'p','uid':'u4'}]"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(buf_done) struct buf meta = BUF_INIT(4096);
        buf_addf(&meta, "{'ownerReferences':%s}", CASES[i].refs);
        struct target old = existing("{}", meta.p, "{}");
        struct target_owner es = owner("{}", "{}");
        struct kvs values = map("{}");
        struct target out;
        enum target_failure why;
        AUTO(err_freep) struct err *err = NULL;
        int got =
            target_build(&arena, &es, spec(CASES[i].spec), &old, &values, NULL, &out, &why, &err);
        assert_int_equal(why, CASES[i].why);
        if (CASES[i].text) {
            assert_err(got, err, ERR_INVALID, CASES[i].text);
        } else {
            assert_ok(got, err);
            assert_str(written(out.owners), written(doc(CASES[i].want)).p);
        }
    }
}

/* ---- immutable ---- */

static void immutable_secret(void **state)
{
    struct target_owner es = owner("{}", "{}");
    struct target old = existing("{'k':'v'}", "{}", "{'immutable':true}");
    struct kvs same = map("{'k':'v'}");
    struct kvs other = map("{'k':'w'}");
    struct target out;
    enum target_failure why;
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(target_build(&arena, &es, spec("{}"), &old, &same, NULL, &out, &why, &err), err);
    assert_int_equal(target_diff(&old, &out), TARGET_METADATA);
    assert_err(target_build(&arena, &es, spec("{}"), &old, &other, NULL, &out, &why, &err), err,
               ERR_INVALID, "is immutable and its data or type would change");
    assert_int_equal(why, TARGET_IMMUTABLE);
}

/* With target.immutable an existing Secret keeps its data, whatever the vault says. */
static void frozen_by_spec(void **state)
{
    struct target old = existing("{'k':'v'}", "{}", "{}");
    old.has_data = false;
    assert_false(target_needs_values(spec("{'target':{'immutable':true}}"), &old));
    struct target t = build("{'target':{'immutable':true}}", &old, "{'k':'new'}", NULL);
    assert_int_equal(target_diff(&old, &t), TARGET_METADATA);
    assert_true(t.immutable);
    AUTO(buf_done) struct buf b = BUF_INIT(4096);
    target_write_metadata_patch(&arena, &b, &old, &t);
    const struct json *patch = json_parse(&arena, buf_str(&b), JSON_COPY, NULL);
    assert_true(json_bool(json_get(patch, "immutable"), false));
    assert_null(json_get(patch, "data"));
    assert_str(json_find_str(patch, "metadata.resourceVersion"), "7");
}

/* ---- bodies ---- */

static void body(void **state)
{
    struct target t = build("{'target':{'creationPolicy':'Orphan','immutable':true,'template':{"
                            "'type':'t'}}}",
                            NULL, "{'k':'v'}", &(struct rendered){map("{}"), map("{}"), map("{}")});
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(1 << 16);
    target_write(&b, &t);
    assert_str(
        written(json_parse(&arena, buf_str(&b), JSON_COPY, NULL)),
        written(doc("{'apiVersion':'v1','kind':'Secret','metadata':{'name':'db','namespace':'a',"
                    "'labels':{'" LABEL_MANAGED "':'true'},'annotations':{'" ANN_DATA_HASH
                    "':'a5ed8ea1c1be40fdb1975cb0a6fd52a4803c7f13cc97721399013172'}},'data':{'k':"
                    "'dg=='},'type':'t','immutable':true}"))
            .p);
}

static void metadata_patch(void **state)
{
    struct target old = existing("{}", "{'labels':{'a':'1','b':'2','c':'3'}}", "{}");
    struct target want = old;
    want.labels = map("{'a':'1','b':'4','d':'5'}");
    AUTO(buf_done) struct buf b = BUF_INIT(4096);
    target_write_metadata_patch(&arena, &b, &old, &want);
    assert_str(
        written(json_parse(&arena, buf_str(&b), JSON_COPY, NULL)),
        written(doc("{'metadata':{'uid':'s1','resourceVersion':'7','labels':{'b':'4','c':null,"
                    "'d':'5'},'annotations':{},'finalizers':[],'ownerReferences':[]}}"))
            .p);
}

static void bad_base64(void **state)
{
    struct target t;
    AUTO(err_freep) struct err *err = NULL;
    assert_err(target_parse(&arena,
                            doc("{'metadata':{'namespace':'a','name':'b'},'data':{'k':'*'}}"), &t,
                            &err),
               err, ERR_PARSE, "Secret a/b: key k: ");
}

static void validity(void **state)
{
    struct target t =
        existing("{'k':'v'}",
                 "{'labels':{'" LABEL_MANAGED "':'true'},'annotations':{'" ANN_DATA_HASH
                 "':'a5ed8ea1c1be40fdb1975cb0a6fd52a4803c7f13cc97721399013172'}}",
                 "{}");
    assert_true(target_is_valid(&t));
    t = existing("{'k':'edited'}",
                 "{'labels':{'" LABEL_MANAGED "':'true'},'annotations':{'" ANN_DATA_HASH
                 "':'a5ed8ea1c1be40fdb1975cb0a6fd52a4803c7f13cc97721399013172'}}",
                 "{}");
    assert_false(target_is_valid(&t));
    t = existing("{'k':'v'}", "{}", "{}");
    assert_false(target_is_valid(&t));
}

/* Names of keys, for the log. */
static void changes(void **state)
{
    static const struct {
        const char *old; /* NULL: no Secret yet */
        const char *now;
        const char *text;
    } CASES[] = {
        {NULL, "{'a':'1','b':'2'}", "a (new), b (new)"},
        {"{'a':'1','b':'2'}", "{'a':'1','b':'2'}", ""},
        {"{'a':'1','b':'2','c':'3'}", "{'a':'1','b':'9','d':''}", "b, d (new), c (removed)"},
        {"{'a':''}", "{}", "a (removed)"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct target old = existing(CASES[i].old ? CASES[i].old : "{}", "{}", "{}");
        struct target now = {.has_data = true, .data = map(CASES[i].now)};
        assert_str(target_changes(&arena, CASES[i].old ? &old : NULL, &now), CASES[i].text);
    }
    struct target many = {.has_data = true, .data = KVS_INIT(&arena)};
    for (int i = 0; i < 30; i++) {
        kvs_set(&many.data, arena_printf(&arena, "k%02d", i), STR("v"));
    }
    struct str text = target_changes(&arena, NULL, &many);
    assert_true(str_ends(text, STR("k19 (new) and 10 more")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(created),
        TEST(created_with_template),
        TEST(raw_keys),
        TEST(update_drops_what_was_ours),
        TEST(merge_keeps_foreign_keys),
        TEST(update_without_reading_data),
        TEST(second_build_changes_nothing),
        TEST(owners),
        TEST(immutable_secret),
        TEST(frozen_by_spec),
        TEST(body),
        TEST(metadata_patch),
        TEST(bad_base64),
        TEST(validity),
        TEST(changes),
    };
    return RUN(tests);
}
