/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/goquote.h"
#include "codec/unicode.h"

static void quotes(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        enum goquote_flags flags;
        const char *quoted;
    } cases[] = {
        {STR_INIT("a\"b\\"), GOQUOTE_PLAIN, "\"a\\\"b\\\\\""},
        {STR_INIT("\a\b\f\n\r\t\v\x01\x7f"), GOQUOTE_PLAIN, "\"\\a\\b\\f\\n\\r\\t\\v\\x01\\x7f\""},
        {STR_INIT("\xff"), GOQUOTE_PLAIN, "\"\\xff\""},
        {STR_INIT("é\u200b\U0001F600"), GOQUOTE_PLAIN, "\"é\\u200b\U0001F600\""},
        {STR_INIT("é\U0001F600"), GOQUOTE_ASCII, "\"\\u00e9\\U0001f600\""},
        {STR_INIT("a\0b"), GOQUOTE_PLAIN, "\"a\\x00b\""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf b = BUF_INIT(4096);
        goquote(&b, cases[i].text, cases[i].flags);
        assert_buf(&b, cases[i].quoted);
        buf_clear(&b);
        AUTO(buf_done) struct buf back = BUF_INIT(4096);
        assert_true(gounquote(&back, str_c(cases[i].quoted)));
        assert_true(str_eq(buf_str(&back), cases[i].text));
    }
}

static void literals(void **state)
{
    (void)state;
    static const struct {
        const char *literal;
        const char *text; /* NULL: malformed */
    } cases[] = {
        {"\"\\x41\\101\\u00e9\\U0001F600\"", "AAé\U0001F600"},
        {"`a\\b\r\n`", "a\\b\n"},
        {"\"\\'\"", NULL},
        {"\"\\z\"", NULL},
        {"\"a\nb\"", NULL},
        {"\"\\400\"", NULL},
        {"\"\\ud800\"", NULL},
        {"\"\\x4\"", NULL},
        {"\"a\"b\"", NULL},
        {"\"", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf b = BUF_INIT(4096);
        assert_int_equal(gounquote(&b, str_c(cases[i].literal)), cases[i].text != NULL);
        if (cases[i].text) {
            assert_buf(&b, cases[i].text);
        }
    }
}

static void runes(void **state)
{
    (void)state;
    uint32_t rune;
    assert_true(gounquote_rune(STR("'a'"), &rune) && rune == 'a');
    assert_true(gounquote_rune(STR("'\\''"), &rune) && rune == '\'');
    assert_true(gounquote_rune(STR("'\\u00e9'"), &rune) && rune == 0xe9);
    assert_true(gounquote_rune(STR("'é'"), &rune) && rune == 0xe9);
    assert_false(gounquote_rune(STR("'ab'"), &rune));
    assert_false(gounquote_rune(STR("''"), &rune));
    assert_false(gounquote_rune(STR("'\\\"'"), &rune));
    assert_true(goquote_can_raw(STR("a\tb")));
    assert_false(goquote_can_raw(STR("a\nb")));
    assert_false(goquote_can_raw(STR("`")));
}

static void classes(void **state)
{
    (void)state;
    assert_true(unicode_is_letter(0xe9) && unicode_is_letter(0x65e5) && !unicode_is_letter('1'));
    assert_true(unicode_is_digit('7') && unicode_is_number(0xb2) && !unicode_is_digit(0xb2));
    assert_true(unicode_is_space(0xa0) && unicode_is_space(0x85) && !unicode_is_space(0x200b));
    assert_true(unicode_is_print(' ') && !unicode_is_print(0xa0) && !unicode_is_print(0x7f));
    assert_true(unicode_is_punct('_') && unicode_is_symbol('+') && unicode_is_title(0x1c5));
    assert_int_equal(unicode_to_upper(0xdf), 0xdf);
    assert_int_equal(unicode_to_upper(0xff), 0x178);
    assert_int_equal(unicode_to_lower(0x130), 'i');
    assert_int_equal(unicode_to_title(0x1c6), 0x1c5);
    assert_false(unicode_is_letter(UINT32_MAX));
    assert_int_equal(unicode_to_upper(UINT32_MAX), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes),
        cmocka_unit_test(literals),
        cmocka_unit_test(runes),
        cmocka_unit_test(classes),
    };
    return RUN(tests);
}
