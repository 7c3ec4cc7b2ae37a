/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/yaml.h"

struct vector {
    struct str in;
    struct str out; /* p NULL: refused */
    const char *error;
};

#define V(in_, out_)   {STR_INIT(in_), STR_INIT(out_), NULL},
#define E(in_, error_) {STR_INIT(in_), {0}, error_},
static const struct vector reads[] = {
#include "vectors/yaml_read.inc"
};
static const struct vector string_maps[] = {
#include "vectors/yaml_strings.inc"
};

static void check(const struct vector *v, enum yaml_flags flags)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT(1 << 20);
    AUTO(freep) char *copy = xmalloc(v->in.n);
    memcpy(copy, v->in.p, v->in.n);
    struct json *j = yaml_read(&a, str_n(copy, v->in.n), flags, &err);
    if (!v->out.p) {
        if (j || (v->error && strcmp(err->msg, v->error) != 0)) {
            fail_msg("%.*s: got \"%s\", expected \"%s\"", STR_ARG(v->in), err_msg(err),
                     v->error ? v->error : "an error");
        }
        return;
    }
    if (!j) {
        fail_msg("%.*s: %s", STR_ARG(v->in), err_msg(err));
    }
    json_write(&out, j, JSON_WRITE_GO);
    if (!str_eq(buf_str(&out), v->out)) {
        fail_msg("%.*s: got %s, expected %.*s", STR_ARG(v->in), out.p, STR_ARG(v->out));
    }
}

static void as_go_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reads); i++) {
        check(&reads[i], YAML_PLAIN);
    }
}

static void maps_of_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(string_maps); i++) {
        check(&string_maps[i], YAML_STRINGS);
    }
}

static void errors_show_no_values(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a: !!int hunter2\n",      "{hunter2: 1}: 2\n",  "null: hunter2\n",
        "a: !!binary hunter2!\n",  "? [hunter2]\n: 1\n", "a: {{ hunter2 }}\n",
        "a: hunter2: hunter2\n",   "<<: hunter2\n",      "a: \"hunter2\\q\"\n",
        "a: &x hunter2\n<<: *x\n", "a: [hunter2\n",      "a: !!float {hunter2: 1}\nb: [\n",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        for (int flags = 0; flags < 4; flags++) {
            AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
            AUTO(err_freep) struct err *err = NULL;
            assert_null(yaml_read(&a, str_c(texts[i]), (enum yaml_flags)flags, &err));
            if (strstr(err->msg, "hunter2")) {
                fail_msg("%s: %s", texts[i], err->msg);
            }
        }
    }
}

static void own_errors_have_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"a: 1\nnull: 2\n", "yaml: line 2: a key is null"},
        {"a: 1\nb: {{ x }}\n", "yaml: line 2: invalid map key: a map"},
        {"a: 1\n\n? [x]\n: 2\n", "yaml: line 3: invalid map key: a sequence"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        assert_null(yaml_read(&a, str_c(cases[i].text), YAML_PLAIN, &err));
        assert_string_equal(err->msg, cases[i].error);
    }
}

static void strict(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    assert_null(yaml_read(&a, STR("a:\n  b: 1\n  b: 2\n"), YAML_STRICT, &err));
    assert_string_equal(err->msg, "yaml: unmarshal errors: line 3: key \"b\" already set in map");
    assert_non_null(yaml_read(&a, STR("a:\n  b: 1\n  c: 2\n"), YAML_STRICT, &err));
}

static void streams(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct json *doc;
    struct yaml_stream *s =
        yaml_stream_new(STR("# c\n---\na: &x 1\n---\n---\n- 2\n...\n--- three\n"), YAML_PLAIN);
    assert_ok(yaml_stream_next(s, &a, &doc, &err), err);
    assert_int_equal(json_int(json_get(doc, "a"), 0), 1);
    assert_ok(yaml_stream_next(s, &a, &doc, &err), err);
    assert_true(json_is(doc, JSON_NULL));
    assert_ok(yaml_stream_next(s, &a, &doc, &err), err);
    assert_int_equal(json_int(json_at(doc, 0), 0), 2);
    assert_ok(yaml_stream_next(s, &a, &doc, &err), err);
    assert_str(json_str(doc), "three");
    for (int i = 0; i < 2; i++) {
        assert_ok(yaml_stream_next(s, &a, &doc, &err), err);
        assert_null(doc);
    }
    yaml_stream_free(s);

    /* Anchors end with their document, and so does the stream with the first error. */
    s = yaml_stream_new(STR("a: &x 1\n---\nb: *x\n---\nc: 3\n"), YAML_PLAIN);
    assert_ok(yaml_stream_next(s, &a, &doc, &err), err);
    assert_err(yaml_stream_next(s, &a, &doc, &err), err, ERR_PARSE, "unknown anchor 'x'");
    assert_int_equal(yaml_stream_next(s, &a, &doc, NULL), 0);
    assert_null(doc);
    yaml_stream_free(s);

    s = yaml_stream_new(STR_EMPTY, YAML_PLAIN);
    assert_ok(yaml_stream_next(s, &a, &doc, &err), err);
    assert_null(doc);
    yaml_stream_free(s);
}

static void assert_limit(const struct buf *text, const char *part)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    assert_null(yaml_read(&a, buf_str(text), YAML_PLAIN, &err));
    if (err->kind != ERR_LIMIT || !strstr(err->msg, part)) {
        fail_msg("%s", err->msg);
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
    buf_add_repeat(&text, '[', JSON_MAX_DEPTH);
    buf_add_repeat(&text, ']', JSON_MAX_DEPTH);
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    assert_non_null(yaml_read(&a, buf_str(&text), YAML_PLAIN, NULL));
    buf_clear(&text);
    buf_add_repeat(&text, '[', 500);
    assert_limit(&text, "nested deeper than 200 levels");
    buf_clear(&text);
    for (int i = 0; i < 300; i++) {
        buf_add_c(&text, "- ");
    }
    assert_limit(&text, "nested deeper than 200 levels");
}

/* Depth that only comes about by following aliases. */
static void depth_of_aliases(void **state)
{
    (void)state;
    static const char *const forms[] = {"- &a%d [*a%d]\n", "- &a%d {k: *a%d}\n",
                                        "- &a%d {<<: *a%d}\n", "- &a%d {<<: [{<<: *a%d}]}\n"};
    for (size_t k = 0; k < COUNT_OF(forms); k++) {
        AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
        buf_add_c(&text, "- &a0 {}\n");
        for (int i = 1; i < 2000; i++) {
            struct str form = str_c(forms[k]);
            for (int n = i; form.n > 0; form = str_from(form, 1)) {
                if (str_starts(form, STR("%d"))) {
                    buf_addf(&text, "%d", n--);
                    form = str_from(form, 1);
                } else {
                    buf_add_byte(&text, form.p[0]);
                }
            }
        }
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        assert_null(yaml_read(&a, buf_str(&text), YAML_PLAIN, &err));
        assert_true(err_is(err, ERR_LIMIT));
    }
}

static void billion_laughs(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
    buf_add_c(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        buf_addf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++) {
            buf_addf(&text, "%s*a%d", k ? ", " : "", i - 1);
        }
        buf_add_c(&text, "]\n");
    }
    assert_limit(&text, "document contains excessive aliasing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_go_does),
        cmocka_unit_test(maps_of_strings),
        cmocka_unit_test(errors_show_no_values),
        cmocka_unit_test(own_errors_have_lines),
        cmocka_unit_test(strict),
        cmocka_unit_test(streams),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(depth_of_aliases),
        cmocka_unit_test(billion_laughs),
    };
    return RUN(tests);
}
