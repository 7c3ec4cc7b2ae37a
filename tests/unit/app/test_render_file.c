/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "app/render_file.h"

#define ES(name, target)                                                                           \
    "kind: ExternalSecret\nmetadata: {name: " name "}\nspec:\n  data:\n"                           \
    "  - {secretKey: a, remoteRef: {key: x}}\n  target: {" target "}\n"

static const char values[] = "x: \"1\"\n";

static int run(struct render_file in, struct buf *out, struct err **err)
{
    in.manifest_name = "es.yaml";
    in.values_name = "values.yaml";
    return render_file(&in, out, err);
}

static bool contains(const struct buf *b, const char *text)
{
    return str_find(buf_str(b), str_c(text)) >= 0;
}

static void each_external_secret_is_a_document(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(65536);
    AUTO(err_freep) struct err *err = NULL;
    struct render_file in = {
        .manifest = STR(ES("one", "") "---\nkind: Namespace\n---\n- 1\n---\n" ES("two", "")),
        .values = str_c(values),
    };
    assert_ok(run(in, &out, &err), err);
    ptrdiff_t second = str_find(buf_str(&out), STR("---\n"));
    assert_true(second > 0);
    assert_true(contains(&out, "  name: one\n"));
    assert_true(str_find(str_from(buf_str(&out), (size_t)second), STR("  name: two\n")) > 0);
    assert_true(contains(&out, "data:\n  a: MQ==\n"));
    assert_false(contains(&out, "Namespace"));
}

static void json_is_one_line_each(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(65536);
    AUTO(err_freep) struct err *err = NULL;
    struct render_file in = {
        .manifest = STR(ES("one", "") "---\n" ES("two", "")),
        .values = str_c(values),
        .json = true,
    };
    assert_ok(run(in, &out, &err), err);
    struct str rest = buf_str(&out);
    struct str line;
    size_t lines = 0;
    while (str_split(&rest, '\n', &line) && line.n > 0) {
        assert_true(line.p[0] == '{' && line.p[line.n - 1] == '}');
        lines++;
    }
    assert_int_equal(lines, 2);
}

static void text_is_decoded_and_bytes_are_not(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(65536);
    AUTO(err_freep) struct err *err = NULL;
    struct render_file in = {
        .manifest = STR(ES("one", "template: {data: {t: 'w{{ .a }}', b: '{{ hexdec \"ff\" }}'}}")),
        .values = str_c(values),
        .decode = true,
    };
    assert_ok(run(in, &out, &err), err);
    assert_true(contains(&out, "data:\n  b: /w==\n"));
    assert_true(contains(&out, "stringData:\n  t: w1\n"));
}

static void delimiters_are_those_of_the_controller(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(65536);
    AUTO(err_freep) struct err *err = NULL;
    struct render_file in = {
        .manifest = STR(ES("one", "template: {data: {t: '{{ x }} [[ .a ]]'}, metadata: {labels: "
                                  "{l: 'v[[ .a ]]'}}}")),
        .values = str_c(values),
        .left = STR("[["),
        .right = STR("]]"),
        .decode = true,
    };
    assert_ok(run(in, &out, &err), err);
    assert_true(contains(&out, "stringData:\n  t: '{{ x }} 1'\n"));
    assert_true(contains(&out, "    l: v1\n"));
}

/* All that target.template knows, with its sources in the same file. */
static void every_field_of_a_template(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(65536);
    AUTO(err_freep) struct err *err = NULL;
    struct render_file in = {
        .manifest = STR(ES("one", "template: {engineVersion: v2, type: "
                                  "kubernetes.io/basic-auth, mergePolicy: "
                                  "Merge, templateFrom: [{configMap: {name: cm, items: [{key: "
                                  "kv, templateAs: "
                                  "KeysAndValues}]}}, {secret: {name: s, items: [{key: "
                                  "single}]}}, {literal: "
                                  "'l: {{ .a }}', target: Labels}, {literal: 'd: aGk=', "
                                  "valuesDecodingStrategy: Base64}], metadata: {annotations: "
                                  "{note: '{{ .a }}'}, "
                                  "finalizers: [example.com/f]}, data: {password: 'p{{ .a "
                                  "}}'}}") "---\nkind: ConfigMap\nmetadata: {name: cm}\ndata: "
                                           "{kv: 'from: cm{{ .a }}'}\n"
                                           "---\nkind: Secret\nmetadata: {name: "
                                           "s}\nstringData: {single: 's{{ .a }}'}\n"),
        .values = str_c(values),
        .decode = true,
    };
    assert_ok(run(in, &out, &err), err);
    assert_true(contains(&out, "stringData:\n  a: \"1\"\n  d: hi\n  from: cm1\n  password: p1\n"
                               "  single: s1\n"));
    assert_true(contains(&out, "type: kubernetes.io/basic-auth\n"));
    assert_true(contains(&out, "    l: \"1\"\n"));
    assert_true(contains(&out, "    note: \"1\"\n"));
    assert_true(contains(&out, "  finalizers:\n  - example.com/f\n"));
}

static void errors_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *manifest;
        const char *values;
        enum err_kind kind;
        const char *message;
    } cases[] = {
        {"kind: Secret\n", "", ERR_NOT_FOUND, "es.yaml: no ExternalSecret is in it"},
        {"", "", ERR_NOT_FOUND, "es.yaml: no ExternalSecret is in it"},
        {"a: [\n", "", ERR_PARSE, "es.yaml: yaml: "},
        {ES("one", ""), "x: 1\n", ERR_INVALID,
         "values.yaml: the value of \"x\" is not a string; put it in quotes"},
        {ES("one", ""), "- x\n", ERR_INVALID, "values.yaml: wanted is a mapping"},
        {ES("one", ""), "x: a\nx: b\n", ERR_INVALID, "values.yaml: yaml: "},
        {ES("one", ""), "", ERR_NOT_FOUND, "ExternalSecret one: "},
        {ES("one", "template: {data: {k: '{{ .b }}'}}"), "x: a\n", ERR_INVALID,
         "map has no entry for key \"b\""},
        {ES("one", "template: {templateFrom: [{configMap: {name: cm, items: [{key: k}]}}]}"),
         "x: a\n", ERR_NOT_FOUND, "ConfigMap \"cm\" of templateFrom is not given"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT_WIPE(65536);
        AUTO(err_freep) struct err *err = NULL;
        struct render_file in = {.manifest = str_c(cases[i].manifest),
                                 .values = str_c(cases[i].values)};
        assert_err(run(in, &out, &err), err, cases[i].kind, cases[i].message);
        assert_int_equal(out.n, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_external_secret_is_a_document),
        cmocka_unit_test(json_is_one_line_each),
        cmocka_unit_test(text_is_decoded_and_bytes_are_not),
        cmocka_unit_test(delimiters_are_those_of_the_controller),
        cmocka_unit_test(every_field_of_a_template),
        cmocka_unit_test(errors_say_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
