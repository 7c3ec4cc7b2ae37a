/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/utf8.h"

static void decodes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint32_t rune;
        size_t width;
        bool ok;
    } rows[] = {
        {"a", 'a', 1, true},
        {"\xc3\xa9", 0xe9, 2, true},
        {"\xe2\x82\xac", 0x20ac, 3, true},
        {"\xf0\x9f\x98\x80", 0x1f600, 4, true},
        {"\xef\xbf\xbd", 0xfffd, 3, true},
        {"\xc0\x80", 0xfffd, 1, false},         /* overlong */
        {"\xed\xa0\x80", 0xfffd, 1, false},     /* surrogate */
        {"\xf4\x90\x80\x80", 0xfffd, 1, false}, /* above U+10FFFF */
        {"\xe2\x82", 0xfffd, 1, false},         /* cut off */
        {"\x80", 0xfffd, 1, false},
        {"\xff", 0xfffd, 1, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t rune;
        bool ok;
        assert_int_equal(utf8_decode(str_c(rows[i].bytes), &rune, &ok), rows[i].width);
        assert_int_equal(rune, rows[i].rune);
        assert_int_equal(ok, rows[i].ok);
        assert_int_equal(utf8_valid(str_c(rows[i].bytes)), rows[i].ok);
    }
}

static void cuts_at_runes(void **state)
{
    (void)state;
    struct str s = STR("a\xe2\x82\xac"
                       "b");
    assert_int_equal(utf8_cut(s, 10), 5);
    assert_int_equal(utf8_cut(s, 4), 4);
    assert_int_equal(utf8_cut(s, 3), 1);
    assert_int_equal(utf8_cut(s, 2), 1);
    assert_int_equal(utf8_count(s), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decodes), cmocka_unit_test(cuts_at_runes)};
    return RUN(tests);
}
