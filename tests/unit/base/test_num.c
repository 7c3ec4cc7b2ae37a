/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/num.h"

static void integers(void **state)
{
    (void)state;
    int64_t i;
    uint64_t u;
    assert_true(num_parse_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(num_parse_i64(STR("9223372036854775807"), &i) && i == INT64_MAX);
    assert_false(num_parse_i64(STR("9223372036854775808"), &i));
    assert_true(num_parse_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(num_parse_u64(STR("18446744073709551616"), &u));
    static const char *const bad[] = {"", "-", "+", " 1", "1 ", "1.0", "0x1", "1a"};
    for (size_t k = 0; k < COUNT_OF(bad); k++) {
        assert_false(num_parse_i64(str_c(bad[k]), &i));
    }
    assert_true(num_parse_range(STR("8"), 1, 8, &i));
    assert_false(num_parse_range(STR("9"), 1, 8, &i));
}

static void floats_and_bools(void **state)
{
    (void)state;
    double d;
    assert_true(num_parse_double(STR("1795463595.5"), &d) && d == 1795463595.5);
    assert_true(num_parse_double(STR("-1e3"), &d) && d == -1000);
    assert_false(num_parse_double(STR("nan"), &d));
    assert_false(num_parse_double(STR("0x1"), &d));
    assert_false(num_parse_double(STR("1e"), &d));
    bool b = false;
    assert_true(num_parse_bool(STR("T"), &b) && b);
    assert_true(num_parse_bool(STR("False"), &b) && !b);
    assert_false(num_parse_bool(STR("yes"), &b));
    assert_false(num_parse_bool(STR(""), &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(integers),
                                       cmocka_unit_test(floats_and_bools)};
    return RUN(tests);
}
