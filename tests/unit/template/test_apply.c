/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "template/apply.h"

static const struct template_entry entries[] = {
    {STR_INIT("user"), STR_INIT("me")},
    {STR_INIT("b64"), STR_INIT("AAEC")},
    {STR_INIT("url64"), STR_INIT("__8=")},
};
static const struct template_data data = {entries, COUNT_OF(entries)};

static int apply(struct apply_result *out, const char *key, const char *text,
                 enum apply_scope scope, enum apply_target target, enum apply_decode decode,
                 struct err **err)
{
    const struct template_entry entry = {str_c(key), str_c(text)};
    const struct template_data templates = {&entry, 1};
    return apply_templates(out, &templates, scope, target, decode, &data,
                           &(struct apply_options){0}, err);
}

static void scopes_and_targets(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    struct apply_result out = {.arena = &a};
    assert_ok(apply(&out, "z", "{{ .user }}", APPLY_VALUES, APPLY_DATA, APPLY_DECODE_NONE, &err),
              err);
    assert_ok(apply(&out, "ignored", "a: yes\nz: {{ .user }}2\n", APPLY_KEYS_AND_VALUES, APPLY_DATA,
                    APPLY_DECODE_NONE, &err),
              err);
    assert_ok(apply(&out, "l", "x", APPLY_VALUES, APPLY_LABELS, APPLY_DECODE_NONE, &err), err);
    assert_int_equal(out.maps[APPLY_DATA].n, 2);
    assert_str(apply_find(&out.maps[APPLY_DATA], STR("a"))->value, "true");
    assert_str(apply_find(&out.maps[APPLY_DATA], STR("z"))->value, "me2"); /* the later one wins */
    assert_str(apply_find(&out.maps[APPLY_LABELS], STR("l"))->value, "x");
    assert_null(apply_find(&out.maps[APPLY_ANNOTATIONS], STR("l")));
}

static void decoding(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum apply_decode decode;
        struct str want;
    } cases[] = {
        {"{{ .b64 }}", APPLY_DECODE_NONE, STR_INIT("AAEC")},
        {"{{ .b64 }}", APPLY_DECODE_BASE64, STR_INIT("\0\1\2")},
        {"{{ .url64 }}", APPLY_DECODE_BASE64URL, STR_INIT("\xff\xff")},
        {"{{ .b64 }}", APPLY_DECODE_AUTO, STR_INIT("\0\1\2")},
        {"{{ .url64 }}", APPLY_DECODE_AUTO, STR_INIT("\xff\xff")},
        {"plain text", APPLY_DECODE_AUTO, STR_INIT("plain text")},
        {"", APPLY_DECODE_BASE64, STR_INIT("")},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
        AUTO(err_freep) struct err *err = NULL;
        struct apply_result out = {.arena = &a};
        assert_ok(apply(&out, "k", cases[i].text, APPLY_VALUES, APPLY_DATA, cases[i].decode, &err),
                  err);
        assert_true(str_eq(out.maps[APPLY_DATA].v[0].value, cases[i].want));
    }
}

static void error_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum apply_scope scope;
        enum apply_decode decode;
        const char *message;
    } cases[] = {
        {"{{ .no }}", APPLY_VALUES, APPLY_DECODE_NONE,
         "unable to execute template at key k: unable to execute template at key k: template: "
         "k:1:3: executing \"k\" at <.no>: map has no entry for key \"no\""},
        {"{{ ", APPLY_VALUES, APPLY_DECODE_NONE,
         "unable to execute template at key k: unable to parse template at key k: template: k:1: "
         "unclosed action"},
        {"x: {{ .no }}", APPLY_KEYS_AND_VALUES, APPLY_DECODE_NONE,
         "unable to execute template at key x: {{ .no }}: unable to execute template at key "
         "x: {{ .no }}: template: x: {{ .no }}:1:6: executing \"x: {{ .no }}\" at <.no>"},
        {"a: {b: c}", APPLY_KEYS_AND_VALUES, APPLY_DECODE_NONE,
         "could not unmarshal template to 'map[string][]byte': error unmarshaling JSON: while "
         "decoding JSON: json: cannot unmarshal object into Go value of type string"},
        {"a: b: c", APPLY_KEYS_AND_VALUES, APPLY_DECODE_NONE,
         "could not unmarshal template to 'map[string][]byte': error converting YAML to JSON: "
         "yaml: "},
        {"aGk", APPLY_VALUES, APPLY_DECODE_BASE64,
         "failed to decode rendered template value for key k: illegal base64 data at input byte 0"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
        AUTO(err_freep) struct err *err = NULL;
        struct apply_result out = {.arena = &a};
        int rc = apply(&out, "k", cases[i].text, cases[i].scope, APPLY_DATA, cases[i].decode, &err);
        assert_int_equal(rc, -1);
        if (!strstr(err->msg, cases[i].message)) {
            fail_msg("got \"%s\", expected \"%s\"", err->msg, cases[i].message);
        }
    }
}

static void words(void **state)
{
    (void)state;
    enum apply_scope scope;
    enum apply_decode decode;
    enum apply_target target;
    AUTO(err_freep) struct err *err = NULL;
    assert_true(apply_scope_parse(STR(""), &scope, NULL) == 0 && scope == APPLY_VALUES);
    assert_true(apply_scope_parse(STR("KeysAndValues"), &scope, NULL) == 0 &&
                scope == APPLY_KEYS_AND_VALUES);
    assert_err(apply_scope_parse(STR("values"), &scope, &err), err, ERR_INVALID,
               "unknown scope 'values': expected 'Values' or 'KeysAndValues'");
    assert_true(apply_decode_parse(STR("Auto"), &decode, NULL) == 0 && decode == APPLY_DECODE_AUTO);
    assert_err(apply_decode_parse(STR("base64"), &decode, &err), err, ERR_INVALID, "not supported");
    assert_true(apply_target_parse(STR("LABELS"), &target) && target == APPLY_LABELS);
    assert_true(apply_target_parse(STR(""), &target) && target == APPLY_DATA);
    assert_false(apply_target_parse(STR("spec"), &target));
}

static void custom_delimiters(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct apply_result out = {.arena = &a};
    struct template_cache *cache = template_cache_new(8);
    const struct apply_options options = {.left = STR("<%"), .right = STR("%>"), .cache = cache};
    const struct template_entry entry = {STR("k"), STR("{{ <% .user %>")};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(apply_templates(&out, &(struct template_data){&entry, 1}, APPLY_VALUES,
                                         APPLY_DATA, APPLY_DECODE_NONE, &data, &options, NULL),
                         0);
    }
    assert_str(out.maps[APPLY_DATA].v[0].value, "{{ me");
    assert_int_equal(template_cache_count(cache), 1);
    template_cache_free(cache);
}

static void objects(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        enum apply_scope scope;
        const char *text;
        const char *want; /* NULL: an error */
    } cases[] = {
        {"data", APPLY_VALUES, "{{ .user }}", "{\"data\":{\"k\":\"me\"},\"spec\":{\"a\":[1]}}"},
        {"Labels", APPLY_KEYS_AND_VALUES, "x: 1",
         "{\"metadata\":{\"labels\":{\"x\":\"1\"}},\"spec\":{\"a\":[1]}}"},
        {"spec", APPLY_VALUES, "[1,2]", "{\"spec\":{\"a\":[1],\"k\":[1,2]}}"},
        {"spec", APPLY_KEYS_AND_VALUES, "b: {c: true}",
         "{\"spec\":{\"a\":[1],\"b\":{\"c\":true}}}"},
        {"spec.a[0]", APPLY_VALUES, "7", "{\"spec\":{\"a\":[7]}}"},
        {"spec.a[2].b", APPLY_VALUES, "x: y: z", "{\"spec\":{\"a\":[1,null,{\"b\":\"x: y: z\"}]}}"},
        {"spec.n", APPLY_KEYS_AND_VALUES, "{p: 1}", "{\"spec\":{\"a\":[1],\"n\":{\"p\":1}}}"},
        {"spec.a.b", APPLY_VALUES, "1", NULL},
        {"spec.a[10001]", APPLY_VALUES, "1", NULL},
        {"spec..a", APPLY_VALUES, "1", NULL},
        {"[0]", APPLY_VALUES, "1", NULL},
        {"a[", APPLY_VALUES, "1", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
        struct json *object = json_parse(&a, STR("{\"spec\":{\"a\":[1]}}"), JSON_PLAIN, NULL);
        const struct template_entry entry = {STR("k"), str_c(cases[i].text)};
        AUTO(err_freep) struct err *err = NULL;
        int rc = apply_to_object(&a, object, &(struct template_data){&entry, 1}, cases[i].scope,
                                 str_c(cases[i].target), &data, &(struct apply_options){0}, &err);
        assert_int_equal(rc, cases[i].want ? 0 : -1);
        if (rc == 0) {
            AUTO(buf_done) struct buf b = BUF_INIT_WIPE(10000);
            json_write(&b, object, JSON_WRITE_GO);
            assert_buf(&b, cases[i].want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_and_targets), cmocka_unit_test(decoding),
        cmocka_unit_test(error_texts),        cmocka_unit_test(words),
        cmocka_unit_test(custom_delimiters),  cmocka_unit_test(objects),
    };
    return RUN(tests);
}
