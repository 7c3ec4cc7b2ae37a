/* SPDX-License-Identifier: Apache-2.0
 *
 * Most cases are those of the tests of External Secrets Operator's Azure provider.
 */
#include "fixture.h"

#include "sync/vault_value.h"

static void key_syntax(void **state)
{
    static const struct {
        const char *key;
        enum vault_object object;
        const char *name; /* or the text of the error */
        bool ok;
    } CASES[] = {
        {"x", VAULT_SECRET, "x", true},
        {"secret/x", VAULT_SECRET, "x", true},
        {"cert/x", VAULT_CERTIFICATE, "x", true},
        {"key/x", VAULT_KEY, "x", true},
        {"secret/a/b", VAULT_SECRET, "a", true},
        {"", VAULT_SECRET, "", true},
        {"example/name", 0, "unknown Azure Keyvault object Type for name", false},
        {"/x", 0, "unknown Azure Keyvault object Type for x", false},
        {"Secret/x", 0, "unknown Azure Keyvault object Type for x", false},
        {"x/", 0, "unknown Azure Keyvault object Type for ", false},
        {"secret/", 0, "unknown Azure Keyvault object Type for ", false},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        enum vault_object object;
        struct str name;
        int got = vault_key_parse(str_c(CASES[i].key), &object, &name, &err);
        if (CASES[i].ok) {
            assert_ok(got, err);
            assert_int_equal(object, CASES[i].object);
            assert_str(name, CASES[i].name);
        } else {
            assert_int_equal(got, -1);
            assert_string_equal(err->msg, CASES[i].name);
        }
    }
}

static const char *const VALUE =
    "{'name':{'first':'Tom'},'age':37,'f':1.50,'big':12345678901234567890,'t':true,'n':null,"
    "'arr':['a','b'],'a.b':'dotted','friends':[{'first':'Dale','age':44},{'first':'Roger','age':68}"
    "]"
    ",'obj':{ 'x' : 1 }}";

static struct str quoted(const char *text)
{
    char *copy = arena_dup(&arena, str_c(text));
    for (char *p = copy; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    return str_c(copy);
}

static void properties(void **state)
{
    static const struct {
        const char *property;
        const char *want;
    } CASES[] = {
        {"name", "{'first':'Tom'}"},
        {"obj", "{ 'x' : 1 }"},
        {"name.first", "Tom"},
        {"age", "37"},
        {"f", "1.5"},
        {"big", "12345678901234567890"},
        {"t", "true"},
        {"n", ""},
        {"arr", "['a','b']"},
        {"arr.0", "a"},
        {"arr.#", "2"},
        {"a.b", "dotted"},
        {"friends.#.first", "['Dale','Roger']"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct str out;
        assert_ok(vault_value_property(&arena, quoted(VALUE), str_c(CASES[i].property), STR("K"),
                                       &out, &err),
                  err);
        assert_str(out, quoted(CASES[i].want).p);
    }
}

static void missing_property(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct str out;
    assert_err(vault_value_property(&arena, quoted(VALUE), STR("Age"), STR("K"), &out, &err), err,
               ERR_NOT_FOUND, "property Age does not exist in key K");
    AUTO(err_freep) struct err *err2 = NULL;
    assert_err(vault_value_property(&arena, STR("no json"), STR("a"), STR("K"), &out, &err2), err2,
               ERR_NOT_FOUND, "property a does not exist in key K");
    assert_ok(vault_value_property(&arena, STR("no json"), STR_EMPTY, STR("K"), &out, NULL), NULL);
    assert_str(out, "no json");
}

static void extraction(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kvs m;
    struct str value = quoted("{ 'Name': 'External', 'Address': { 'Street': 'Myroad st.', 'CP': "
                              "'J4K4T4' }, 'f': 1.50, 'n': null, 'b': false, 'u': '\\u00e9' }");
    assert_ok(vault_value_extract(&arena, value, &m, &err), err);
    assert_int_equal(m.n, 6);
    assert_str(kvs_get(&m, STR("Address")), quoted("{ 'Street': 'Myroad st.', 'CP': 'J4K4T4' }").p);
    assert_str(kvs_get(&m, STR("f")), "1.50");
    assert_true(kvs_has(&m, STR("n")));
    assert_str(kvs_get(&m, STR("n")), "");
    assert_str(kvs_get(&m, STR("b")), "false");
    assert_str(kvs_get(&m, STR("u")), "\xc3\xa9");

    assert_ok(vault_value_extract(&arena, STR("null"), &m, &err), err);
    assert_int_equal(m.n, 0);
}

static void extraction_fails(void **state)
{
    static const struct {
        const char *value;
        const char *text;
    } CASES[] = {
        {"changedvalue", "error unmarshalling json data: invalid character 'c' looking for "
                         "beginning of value"},
        {"", "error unmarshalling json data: unexpected end of JSON input"},
        {"[1]", "cannot unmarshal array into Go value of type map[string]json.RawMessage"},
        {"'text'", "cannot unmarshal string"},
        {"7", "cannot unmarshal number"},
        {"true", "cannot unmarshal bool"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct kvs m;
        assert_err(vault_value_extract(&arena, quoted(CASES[i].value), &m, &err), err, ERR_PARSE,
                   CASES[i].text);
    }
}

static void tags(void **state)
{
    struct kvs t = map("{'plain':'v','attribute.expires':'2030-01-01T00:00:00Z'}");
    kvs_set(&t, STR("json"), quoted("{'keyname':'keyvalue','x':'y'}"));
    kvs_set(&t, STR("dev"), quoted("{'foo':'bar','nested.tag':{'foo':'bar'}}"));
    AUTO(err_freep) struct err *err = NULL;
    struct str out;
    assert_ok(vault_tags_property(&arena, &t, STR("plain"), &out, &err), err);
    assert_str(out, "v");
    assert_ok(vault_tags_property(&arena, &t, STR("attribute.expires"), &out, &err), err);
    assert_str(out, "2030-01-01T00:00:00Z");
    assert_ok(vault_tags_property(&arena, &t, STR("json.x"), &out, &err), err);
    assert_str(out, "y");
    assert_err(vault_tags_property(&arena, &t, STR("none"), &out, &err), err, ERR_NOT_FOUND,
               "tag none does not exist");

    struct kvs small = map("{'b':'<','a':'1'}");
    assert_ok(vault_tags_property(&arena, &small, STR_EMPTY, &out, NULL), NULL);
    assert_str(out, quoted("{'a':'1','b':'\\u003c'}").p);

    struct kvs m;
    assert_ok(vault_tags_extract(&arena, &t, STR("testsecret"), STR_EMPTY, &m, NULL), NULL);
    assert_str(kvs_get(&m, STR("testsecret_json_keyname")), "keyvalue");
    assert_str(kvs_get(&m, STR("testsecret_json_x")), "y");
    assert_str(kvs_get(&m, STR("testsecret_plain")), "v");
    /* Not an object of strings: as it is. */
    assert_true(str_starts(kvs_get(&m, STR("testsecret_dev")), STR("{")));

    assert_ok(vault_tags_extract(&arena, &t, STR("testsecret"), STR("dev"), &m, NULL), NULL);
    assert_int_equal(m.n, 1);
    assert_str(m.v[0].key, "testsecret_dev");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(key_syntax), TEST(properties),       TEST(missing_property),
        TEST(extraction), TEST(extraction_fails), TEST(tags),
    };
    return RUN(tests);
}
