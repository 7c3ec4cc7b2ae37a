/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

static void compares(void **state)
{
    (void)state;
    assert_true(str_eq(STR("ab"), str_c("ab")));
    assert_false(str_eq(STR("ab"), STR("abc")));
    assert_true(str_eq(STR_EMPTY, (struct str){NULL, 0}));
    assert_true(str_ieq(STR("Retry-After"), STR("retry-after")));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_int_equal(str_cmp(STR("x"), STR("x")), 0);
    assert_true(str_cmp(STR("a-"), STR("a=")) < 0);
}

static void finds(void **state)
{
    (void)state;
    assert_int_equal(str_find(STR("hello"), STR("ll")), 2);
    assert_int_equal(str_find(STR("hello"), STR("x")), -1);
    assert_int_equal(str_find(STR(""), STR("")), 0);
    assert_int_equal(str_rfind_byte(STR("a/b/c"), '/'), 3);
    assert_true(str_starts(STR("https://x"), STR("https://")));
    assert_false(str_starts(STR("h"), STR("https://")));
    assert_true(str_ends(STR("x.pem"), STR(".pem")));
    assert_str(str_trim(STR(" \t a b\n")), "a b");
    assert_str(str_trim(STR(" \t ")), "");
    assert_str(str_sub(STR("abc"), 1, 99), "bc");
    assert_str(str_sub(STR("abc"), 9, 2), "");
    assert_str(str_trim_suffix(STR("https://x/"), STR("/")), "https://x");
}

static void splits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *parts[4];
        size_t n;
    } rows[] = {
        {"a,,b", {"a", "", "b"}, 3}, {"", {""}, 1},      {"a", {"a"}, 1},
        {"a,", {"a", ""}, 2},        {",", {"", ""}, 2},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t n = 0;
        for (struct str rest = str_c(rows[i].text), part; str_split(&rest, ',', &part); n++) {
            assert_true(n < rows[i].n);
            assert_str(part, rows[i].parts[n]);
        }
        assert_int_equal(n, rows[i].n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(compares), cmocka_unit_test(finds),
                                       cmocka_unit_test(splits)};
    return RUN(tests);
}
