/* SPDX-License-Identifier: Apache-2.0
 *
 * The expected results are those of Go 1.26's regexp package.
 */
#include "codec/regex.h"

#include "test.h"

static struct regex *compile(const char *pattern)
{
    AUTO(err_freep) struct err *err = NULL;
    struct regex *re = regex_new(str_c(pattern), &err);
    if (!re) {
        fail_msg("%s: %s", pattern, err_msg(err));
    }
    return re;
}

static void test_wrong_patterns(void **state)
{
    static const struct {
        const char *pattern;
        const char *error;
    } cases[] = {
        {"[", "error parsing regexp: missing closing ]: `[`"},
        {"a[b", "error parsing regexp: missing closing ]: `[b`"},
        {"(a", "error parsing regexp: missing closing ): `(a`"},
        {"a)", "error parsing regexp: unexpected ): `a)`"},
        {"*", "error parsing regexp: missing argument to repetition operator: `*`"},
        {"a**", "error parsing regexp: invalid nested repetition operator: `**`"},
        {"a{1001}", "error parsing regexp: invalid repeat count: `{1001}`"},
        {"\\1", "error parsing regexp: invalid escape sequence: `\\1`"},
        {"a\\C", "error parsing regexp: invalid escape sequence: `\\C`"},
        {"[z-a]", "error parsing regexp: invalid character class range: `z-a`"},
        {"(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
        {"(?P<n", "error parsing regexp: invalid named capture: `(?P<n`"},
        {"(?P<1-a>b)", "error parsing regexp: invalid named capture: `(?P<1-a>`"},
        {"a\\", "error parsing regexp: trailing backslash at end of expression: ``"},
        {"\xff", "error parsing regexp: invalid UTF-8: `\xff`"},
        {"(?:a{1000}){1000}", "invalid repeat count"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        assert_null(regex_new(str_c(cases[i].pattern), &err));
        assert_err(-1, err, ERR_INVALID, cases[i].error);
    }
}

static void test_too_large_patterns(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    assert_null(regex_new(STR("(\\pL{1000}\\pN{1000}){1000}"), NULL));
    assert_null(regex_new(STR("\\pL{1000}"), &err));
    assert_err(-1, err, ERR_LIMIT, "expression too large: `\\pL{1000}`");
    AUTO(freep) char *big = xmalloc(REGEX_MAX_PATTERN + 1);
    memset(big, 'a', REGEX_MAX_PATTERN + 1);
    assert_null(regex_new(str_n(big, REGEX_MAX_PATTERN + 1), &err));
    assert_err(-1, err, ERR_LIMIT, "expression too large");
    struct regex *re = regex_new(str_n(big, 1000), &err);
    assert_non_null(re);
    regex_free(re);
    memset(big, '(', REGEX_MAX_PATTERN);
    assert_null(regex_new(str_n(big, REGEX_MAX_PATTERN), &err));
}

static void test_matching(void **state)
{
    static const struct {
        const char *pattern;
        const char *subject;
        const char *found; /* NULL: no match */
    } cases[] = {
        {"b", "abc", "b"},
        {"^b", "abc", NULL},
        {"a|ab", "ab", "a"},
        {"a$", "a\n", NULL},
        {"(?m)a$", "a\n", "a"},
        {"a.b", "a\nb", NULL},
        {"(?s)a.b", "a\nb", "a\nb"},
        {"(?i)PASS", "my-pass", "pass"},
        {"(?U)a+", "aaa", "a"},
        {"\\d", "\xd9\xa3", NULL}, /* a digit, but not an ASCII one */
        {"\\pN", "\xd9\xa3", "\xd9\xa3"},
        {"\\bcaf\xc3\xa9\\b", "un caf\xc3\xa9 ", NULL}, /* \b is ASCII */
        {"\\Qa.b\\E", "aXb a.b", "a.b"},
        {"[[:alpha:]]+", "12ab3", "ab"},
        {"[]a]+", "x]a]", "]a]"},
        {"\\x{e9}", "\xc3\xa9", "\xc3\xa9"},
        {"", "abc", ""},
        {"\\z", "", ""},
        {"(?<year>\\d{4})-[(?<]", "2026-<", "2026-<"},
        {"\\(?<", "(<", "(<"},
        {"\\Q(?<\\E", "(?<", "(?<"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(regex_freep) struct regex *re = compile(cases[i].pattern);
        struct str found = STR("untouched");
        assert_int_equal(regex_match(re, str_c(cases[i].subject)), cases[i].found != NULL);
        regex_find(re, str_c(cases[i].subject), &found);
        assert_str(found, cases[i].found ? cases[i].found : "untouched");
    }
}

static void test_wrong_bytes_match_as_replacement_character(void **state)
{
    static const struct {
        const char *pattern;
        const char *subject;
        const char *replaced; /* each match by <$0> */
    } cases[] = {
        {".", "a\xff\xfe", "<a><\xff><\xfe>"},
        {"[^a]+", "a\xff\xc3\xa9z", "a<\xff\xc3\xa9z>"},
        {"\xef\xbf\xbd", "\xff\xef\xbf\xbd", "<\xff><\xef\xbf\xbd>"},
        {"\\x{fffd}b",
         "\xe9 \xe9"
         "b",
         "\xe9 <\xe9"
         "b>"},
        {"\\B", "\xff-", "<>\xff<>-<>"},
        {"b$",
         "\xed\xa0\x80"
         "b",
         "\xed\xa0\x80<b>"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(regex_freep) struct regex *re = compile(cases[i].pattern);
        AUTO(buf_done) struct buf out = BUF_INIT(1000);
        regex_replace_all(re, str_c(cases[i].subject), STR("<$0>"), &out);
        assert_buf(&out, cases[i].replaced);
    }
}

static void test_groups(void **state)
{
    AUTO(regex_freep) struct regex *re = compile("(?P<user>\\w+)@(?:(\\d+)|(?<host>[a-z.]+))");
    assert_int_equal(regex_groups(re), 3);
    assert_str(regex_group_name(re, 1), "user");
    assert_str(regex_group_name(re, 2), "");
    assert_str(regex_group_name(re, 3), "host");
    assert_str(regex_group_name(re, 4), "");
    struct regex_span spans[6];
    struct regex_iter it = regex_iter(re, STR("to: bob@example.org, x@12"));
    assert_true(regex_next(&it, spans, COUNT_OF(spans)));
    const ptrdiff_t first[] = {4, 19, 4, 7, -1, -1, 8, 19, -1, -1, -1, -1};
    assert_memory_equal(spans, first, sizeof(first));
    assert_true(regex_next(&it, spans, 3));
    const ptrdiff_t second[] = {21, 25, 21, 22, 23, 25};
    assert_memory_equal(spans, second, sizeof(second));
    assert_false(regex_next(&it, spans, 3));
    assert_false(regex_next(&it, spans, 0));
    regex_iter_done(&it);
}

static void test_replacing(void **state)
{
    static const struct {
        const char *pattern;
        const char *subject;
        const char *template;
        const char *expanded;
        const char *literal;
    } cases[] = {
        {"a(x*)b", "-ab-axxb-", "T", "-T-T-", "-T-T-"},
        {"a(x*)b", "-ab-axxb-", "$1", "--xx-", "-$1-$1-"},
        {"a(x*)b", "-ab-axxb-", "$1W", "---", "-$1W-$1W-"},
        {"a(x*)b", "-ab-axxb-", "${1}W", "-W-xxW-", "-${1}W-${1}W-"},
        {"a(?P<n>x*)b", "-axxb-", "$n.${n}$$", "-xx.xx$-", "-$n.${n}$$-"},
        {"x*", "baaac", "-", "-b-a-a-a-c-", "-b-a-a-a-c-"},
        {"a*", "baaac", "-", "-b-c-", "-b-c-"},
        {"b", "abc", "$2$x$01${", "a${c", "a$2$x$01${c"},
        {"b", "abc", "$", "a$c", "a$c"},
        {"b", "abc", "$ ${-}", "a$ ${-}c", "a$ ${-}c"},
        {"b", "abc", "$0$0", "abbc", "a$0$0c"},
        {"b", "abc", "$0\xc3\xa9|", "a|c", "a$0\xc3\xa9|c"}, /* the name goes on */
        {"b", "abc", "$0\xe2\x82\xac",
         "ab\xe2\x82\xac"
         "c",
         "a$0\xe2\x82\xac"
         "c"},
        {"b", "abc", "$1000000000000", "ac", "a$1000000000000c"},
        {"", "\xe4\xb8\x96z", ".", ".\xe4\xb8\x96.z.", ".\xe4\xb8\x96.z."},
        {"(a)|b", "ab", "[$1]", "[a][]", "[$1][$1]"},
        {"z", "abc", "-", "abc", "abc"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(regex_freep) struct regex *re = compile(cases[i].pattern);
        AUTO(buf_done) struct buf out = BUF_INIT(1000);
        regex_replace_all(re, str_c(cases[i].subject), str_c(cases[i].template), &out);
        assert_buf(&out, cases[i].expanded);
        buf_clear(&out);
        regex_replace_all_literal(re, str_c(cases[i].subject), str_c(cases[i].template), &out);
        assert_buf(&out, cases[i].literal);
    }
}

static void test_many_groups(void **state)
{
    AUTO(buf_done) struct buf pattern = BUF_INIT(1000);
    AUTO(buf_done) struct buf out = BUF_INIT(1000);
    buf_add_repeat(&pattern, '(', 40);
    buf_add_byte(&pattern, 'a');
    buf_add_repeat(&pattern, ')', 40);
    AUTO(regex_freep) struct regex *re = compile(pattern.p);
    regex_replace_all(re, STR("xax"), STR("<$40$41$1>"), &out);
    assert_buf(&out, "x<aa>x");
}

/* What does not fit stops the work as well: the result is marked as not whole. */
static void test_ceiling_of_result(void **state)
{
    AUTO(regex_freep) struct regex *re = compile("a");
    AUTO(buf_done) struct buf out = BUF_INIT(5);
    regex_replace_all(re, STR("aaaaaaaa"), STR("12"), &out);
    assert_false(buf_ok(&out));
}

/* Joined by a bar. */
static void assert_parts(const struct str *parts, size_t n, const char *joined)
{
    AUTO(buf_done) struct buf out = BUF_INIT(1000);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_add_byte(&out, '|');
        }
        buf_add_str(&out, parts[i]);
    }
    assert_buf(&out, joined);
}

static void test_find_all_and_split(void **state)
{
    static const struct {
        const char *pattern;
        const char *subject;
        int limit;
        size_t n_found;
        const char *found;
        size_t n_split;
        const char *split;
    } cases[] = {
        {"a*", "baaac", -1, 3, "|aaa|", 2, "b|c"},
        {"a", "banana", -1, 3, "a|a|a", 4, "b|n|n|"},
        {"a", "banana", 2, 2, "a|a", 2, "b|nana"},
        {"a", "banana", 1, 1, "a", 1, "banana"},
        {"a", "banana", 0, 0, "", 0, ""},
        {"a*", "abaabaccadaaae", 5, 5, "a|aa|a||a", 5, "|b|b|c|cadaaae"},
        {"z", "banana", -1, 0, "", 1, "banana"},
        {",", "", -1, 0, "", 1, ""},
        {"", "", -1, 1, "", 0, ""},
        {"", "ab", -1, 3, "||", 2, "a|b"},
        {"$", "abc", -1, 1, "", 1, "abc"},
        {"\\s*,\\s*", "a , b,c", -1, 2, " , |,", 3, "a|b|c"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(regex_freep) struct regex *re = compile(cases[i].pattern);
        struct str *parts;
        size_t n = regex_find_all(re, str_c(cases[i].subject), cases[i].limit, &a, &parts);
        assert_parts(parts, n, cases[i].found);
        assert_int_equal(n, cases[i].n_found);
        assert_int_equal(n == 0, parts == NULL);
        n = regex_split(re, str_c(cases[i].subject), cases[i].limit, &a, &parts);
        assert_parts(parts, n, cases[i].split);
        assert_int_equal(n, cases[i].n_split);
    }
}

static void test_quote_meta(void **state)
{
    AUTO(buf_done) struct buf quoted = BUF_INIT(1000);
    const struct str all = STR("\\.+*?()|[]{}^$ a\xc3\xa9-\0/");
    regex_quote_meta(all, &quoted);
    assert_true(str_starts(buf_str(&quoted),
                           STR("\\\\\\.\\+\\*\\?\\(\\)\\|\\[\\]\\{\\}\\^\\$ a\xc3\xa9-")));
    AUTO(regex_freep) struct regex *re = regex_new(buf_str(&quoted), NULL);
    struct str found;
    assert_true(regex_find(re, all, &found));
    assert_true(str_eq(found, all));
}

/* A pattern that takes a backtracking engine for ever. */
static void test_linear_time(void **state)
{
    AUTO(regex_freep) struct regex *re = compile("^(a+)+$");
    AUTO(buf_done) struct buf s = BUF_INIT(100000);
    buf_add_repeat(&s, 'a', 50000);
    buf_add_byte(&s, '!');
    assert_false(regex_match(re, buf_str(&s)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_patterns),
        cmocka_unit_test(test_too_large_patterns),
        cmocka_unit_test(test_matching),
        cmocka_unit_test(test_wrong_bytes_match_as_replacement_character),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_replacing),
        cmocka_unit_test(test_many_groups),
        cmocka_unit_test(test_ceiling_of_result),
        cmocka_unit_test(test_find_all_and_split),
        cmocka_unit_test(test_quote_meta),
        cmocka_unit_test(test_linear_time),
    };
    return RUN(tests);
}
