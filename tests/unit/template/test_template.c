/* SPDX-License-Identifier: Apache-2.0
 *
 * The public face: parsing once and rendering many times, options, texts of errors, limits.
 */
#include "test.h"

#include "template/cache.h"

#include "hostile_templates.h"

static const struct template_entry entries[] = {
    {STR_INIT("user"), STR_INIT("me")},
    {STR_INIT("bin"), STR_INIT("\xff\0x")},
};
static const struct template_data data = {entries, COUNT_OF(entries)};

static int render(const char *text, struct buf *out, struct err **err)
{
    struct template_options options = {.name = STR("k")};
    AUTO(template_freep) struct template *t = template_parse(str_c(text), &options, err);
    return t ? template_execute(t, &data, out, err) : -1;
}

static void renders_many_times(void **state)
{
    (void)state;
    struct template_options options = {.name = STR("k")};
    AUTO(template_freep)
    struct template *t = template_parse(STR("{{ .user }}-{{ .bin }}"), &options, NULL);
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(1000);
    buf_add_c(&out, "kept:");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(template_execute(t, &data, &out, NULL), 0);
    }
    assert_true(str_eq(buf_str(&out), STR("kept:me-\xff\0xme-\xff\0xme-\xff\0x")));
}

static void options(void **state)
{
    (void)state;
    struct template_options options = {
        .name = STR("k"), .left = STR("<<"), .right = STR(">>"), .missing_key_empty = true};
    AUTO(template_freep)
    struct template *t = template_parse(STR("{{ << .user -}} >>"), &options, NULL);
    assert_null(t);
    AUTO(template_freep)
    struct template *good = template_parse(STR("{{ <<- .user >> << .none >>"), &options, NULL);
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(1000);
    assert_int_equal(template_execute(good, &data, &out, NULL), 0);
    assert_buf(&out, "{{me <no value>");
}

static void error_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err_kind kind;
        const char *message;
    } cases[] = {
        {"a\n  {{ .nope }}", ERR_INVALID,
         "template: k:2:5: executing \"k\" at <.nope>: map has no entry for key \"nope\""},
        {"{{ define \"d\" }}{{ upper 1 }}{{ end }}{{ template \"d\" . }}", ERR_INVALID,
         "template: k:1:25: executing \"d\" at <1>: expected string; found 1"},
        {"{{ index .user 9 | upper }}", ERR_INVALID,
         "template: k:1:3: executing \"k\" at <index .user 9>: error calling index: index out of "
         "range: 9"},
        {"{{ template \"u\" }}", ERR_INVALID,
         "template: k:1:12: executing \"k\" at <{{template \"u\"}}>: template \"u\" not defined"},
        {"{{ .user.x }}", ERR_INVALID,
         "template: k:1:8: executing \"k\" at <.user.x>: can't evaluate field x in type string"},
        {"x\n{{ if }}", ERR_PARSE, "template: k:2: missing value for if"},
        {"{{ foo\n| bar }}", ERR_PARSE, "template: k:1: function \"foo\" not defined"},
        {"{{ .a\n\n.b", ERR_PARSE, "template: k:3: unclosed action started at k:1"},
        {"{{ (1 }}", ERR_PARSE, "template: k:1: unclosed left paren"},
        {"{{ 1 \n ` }}", ERR_PARSE,
         "template: k:2: unterminated raw quoted string in action started at k:1"},
        {"{{ getSecretKey \"a\" }}", ERR_PARSE, "CVE-2026-22822"},
        {"{{ end }}", ERR_PARSE, "unexpected {{end}}"},
        {"{{ if 1 }}{{ else }}{{ else }}{{ end }}", ERR_PARSE, "expected end; found {{else}}"},
        {"{{ break }}", ERR_PARSE, "{{break}} outside {{range}}"},
        {"{{ $x := 1 }}{{ $y }}", ERR_PARSE, "undefined variable \"$y\""},
        {"{{ with 1 }}{{ else if 1 }}{{ end }}", ERR_PARSE, "unexpected <if> in input"},
        {"{{ 1\"abc\" }}", ERR_PARSE, "unexpected \"\\\"abc\\\"\" in operand"},
        {"{{ (1\"0123456789\") }}", ERR_PARSE, "unexpected \"\\\"012345678\"... in operand"},
        {"{{ \"a\".x }}", ERR_PARSE, "unexpected . after term \"\\\"a\\\"\""},
        {"{{ block \"b\" .nope }}{{ end }}", ERR_INVALID, "executing \"k\" at <.nope>"},
        {"{{ define \"b\" }}{{ end }}{{ template \"b\" nil }}", ERR_INVALID,
         "executing \"k\" at <nil>: nil is not a command"},
        {"{{ substr -1 9 .user }}", ERR_INVALID, "slice bounds out of range [:9] with length 2"},
        {"{{ mustChunk 2 .user }}", ERR_INVALID, "Cannot chunk type string"},
        {"{{ first .user }}", ERR_INVALID, "Cannot find first on type string"},
        {"{{ addf (float64 \"-inf\") 1 }}", ERR_INVALID, "Cannot create a Decimal from -Inf"},
        {"{{ mustDateModify \"1d\" now }}", ERR_INVALID,
         "time: unknown unit \"d\" in duration \"1d\""},
        {"{{ mustDateModify \"1h30\" now }}", ERR_INVALID,
         "time: missing unit in duration \"1h30\""},
        {"{{ mustDateModify \"soon\" now }}", ERR_INVALID, "time: invalid duration \"soon\""},
        {"{{ dig \"a\" 1 . .user }}", ERR_INVALID,
         "interface {} is string, not map[string]interface {}"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT_WIPE(1000);
        AUTO(err_freep) struct err *err = NULL;
        assert_err(render(cases[i].text, &out, &err), err, cases[i].kind, cases[i].message);
        assert_int_equal(out.n, 0);
    }
}

/* Nothing is said about the time: it is the steps and bytes that bound it, and they are the same on
 * every machine. A tenth of the usual limits keeps sanitizers patient. */
static void hostile(void **state)
{
    (void)state;
    struct template_limits limits = TEMPLATE_LIMITS;
    limits.steps /= 10;
    limits.memory /= 10;
    limits.output /= 10;
    struct template_options options = {.name = STR("k")};
    for (size_t i = 0; i < COUNT_OF(hostile_templates); i++) {
        const char *text = hostile_templates[i];
        AUTO(buf_done) struct buf out = BUF_INIT_WIPE(64u << 20);
        AUTO(err_freep) struct err *err = NULL;
        struct template_usage used = {0};
        AUTO(template_freep)
        struct template *t = template_parse(str_c(text), &options, NULL);
        assert_non_null(t);
        if (template_execute_limited(t, &data, &limits, &used, &out, &err) == 0) {
            fail_msg("no error from %s", text);
        }
        if (used.steps > limits.steps || used.memory > limits.memory + limits.memory / 10) {
            fail_msg("%s took %lld steps, %zu bytes", text, (long long)used.steps, used.memory);
        }
        assert_int_equal(out.n, 0);
    }
}

static void hostile_texts(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        const char *part;
        const char *end;
    } cases[] = {
        {"{{", "(", "}}"},
        {"{{", "(1|", "}}"},
        {"", "{{if 1}}", ""},
        {"", "{{range 1}}", ""},
        {"", "{{block \"a\" .}}", ""},
        {"", "{{define \"a\"}}", ""},
        {"", "{{if 1}}{{else}}", ""},
        {"{{if 1}}", "{{else if 1}}", "{{end}}{{nosuch}}"},
        {"{{", ".a", "}}"},
        {"{{print ", "1 ", "}}{{nosuch}}"},
        {"{{1", "|print", "}}{{nosuch}}"},
        {"", "{{$x:=1}}", "{{nosuch}}"},
        {"", "{{", ""},
        {"{{/*", "*", "*/}}{{nosuch}}"},
        {"{{\"", "\\", "\"}}"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT(TEMPLATE_TEXT_MAX);
        buf_add_c(&text, cases[i].start);
        while (text.n < 500000) {
            buf_add_c(&text, cases[i].part);
        }
        buf_add_c(&text, cases[i].end);
        AUTO(buf_done) struct buf out = BUF_INIT_WIPE(64u << 20);
        AUTO(err_freep) struct err *err = NULL;
        assert_int_equal(render(text.p, &out, &err), -1);
    }
    AUTO(buf_done) struct buf text = BUF_INIT((size_t)2 * TEMPLATE_TEXT_MAX);
    buf_add_repeat(&text, 'x', TEMPLATE_TEXT_MAX + 1);
    struct template_options options = {.name = STR("k")};
    AUTO(err_freep) struct err *err = NULL;
    assert_null(template_parse(buf_str(&text), &options, &err));
    assert_int_equal(err->kind, ERR_LIMIT);
}

static void deep_but_allowed(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf text = BUF_INIT(TEMPLATE_TEXT_MAX);
    for (int i = 0; i < 20000; i++) {
        buf_add_c(&text, "{{if 1}}");
    }
    buf_add_c(&text, "x");
    for (int i = 0; i < 20000; i++) {
        buf_add_c(&text, "{{end}}");
    }
    for (int i = 0; i < 900; i++) {
        buf_add_c(&text, i ? "(" : "{{");
    }
    buf_add_c(&text, "1");
    for (int i = 0; i < 900; i++) {
        buf_add_c(&text, i < 899 ? ")" : "}}");
    }
    buf_add_c(&text, "{{ define \"r\" }}{{ if . }}{{ template \"r\" (rest .) }}.{{ end }}{{ end }}"
                     "{{ template \"r\" (until 1000) }}");
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(TEMPLATE_TEXT_MAX);
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(render(text.p, &out, &err), err);
    assert_int_equal(out.n, 1 + 1 + 1000);
}

static void output_limit(void **state)
{
    (void)state;
    struct template_options options = {.name = STR("k")};
    AUTO(template_freep) struct template *t = template_parse(STR("0123456789"), &options, NULL);
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(5);
    AUTO(err_freep) struct err *err = NULL;
    assert_err(template_execute(t, &data, &out, &err), err, ERR_LIMIT, "too much output");
    assert_int_equal(out.n, 0);
    assert_true(buf_ok(&out));
}

static void caches(void **state)
{
    (void)state;
    struct template_cache *cache = template_cache_new(3);
    struct template_options options = {.name = STR("k")};
    const struct template *first = template_cache_get(cache, STR("1"), &options, NULL);
    assert_ptr_equal(template_cache_get(cache, STR("1"), &options, NULL), first);
    options.name = STR("other");
    assert_ptr_not_equal(template_cache_get(cache, STR("1"), &options, NULL), first);
    assert_null(template_cache_get(cache, STR("{{"), &options, NULL));
    for (int i = 0; i < 100; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%d", i);
        assert_non_null(template_cache_get(cache, str_c(text), &options, NULL));
        assert_true(template_cache_count(cache) <= 3);
    }
    template_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_many_times), cmocka_unit_test(options),
        cmocka_unit_test(error_texts),        cmocka_unit_test(hostile),
        cmocka_unit_test(hostile_texts),      cmocka_unit_test(deep_but_allowed),
        cmocka_unit_test(output_limit),       cmocka_unit_test(caches),
    };
    return RUN(tests);
}
