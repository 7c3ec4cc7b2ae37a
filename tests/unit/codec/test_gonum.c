/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <math.h>

#include "codec/gonum.h"

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int base;
        enum gonum_result result;
        int64_t value;
    } cases[] = {
        {"0", 0, GONUM_OK, 0},
        {"-0", 0, GONUM_OK, 0},
        {"+7", 0, GONUM_OK, 7},
        {"0x1F", 0, GONUM_OK, 31},
        {"0b101", 0, GONUM_OK, 5},
        {"0o17", 0, GONUM_OK, 15},
        {"017", 0, GONUM_OK, 15},
        {"08", 0, GONUM_SYNTAX, 0},
        {"1_000", 0, GONUM_OK, 1000},
        {"1__0", 0, GONUM_SYNTAX, 0},
        {"_1", 0, GONUM_SYNTAX, 0},
        {"1_", 0, GONUM_SYNTAX, 0},
        {"0_8", 0, GONUM_SYNTAX, 0},
        {"0x_1", 0, GONUM_OK, 1},
        {"1_000", 10, GONUM_SYNTAX, 0},
        {"010", 10, GONUM_OK, 10},
        {"777", 8, GONUM_OK, 511},
        {"", 10, GONUM_SYNTAX, 0},
        {"-", 10, GONUM_SYNTAX, 0},
        {"0x", 0, GONUM_SYNTAX, 0},
        {"9223372036854775807", 10, GONUM_OK, INT64_MAX},
        {"9223372036854775808", 10, GONUM_RANGE, INT64_MAX},
        {"-9223372036854775808", 10, GONUM_OK, INT64_MIN},
        {"-9223372036854775809", 10, GONUM_RANGE, INT64_MIN},
        {"99999999999999999999999", 10, GONUM_RANGE, INT64_MAX},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t v;
        assert_int_equal(gonum_parse_int(str_c(cases[i].text), cases[i].base, &v), cases[i].result);
        assert_int_equal(v, cases[i].value);
    }
    uint64_t u;
    assert_int_equal(gonum_parse_uint(STR("18446744073709551615"), 10, &u), GONUM_OK);
    assert_true(u == UINT64_MAX);
    assert_int_equal(gonum_parse_uint(STR("18446744073709551616"), 10, &u), GONUM_RANGE);
}

static void floats_from_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum gonum_result result;
        double value;
    } cases[] = {
        {"1", GONUM_OK, 1},         {".5", GONUM_OK, 0.5},        {"5.", GONUM_OK, 5},
        {"1e3", GONUM_OK, 1000},    {"0x1p4", GONUM_OK, 16},      {"0x10", GONUM_SYNTAX, 0},
        {"1e", GONUM_SYNTAX, 0},    {"", GONUM_SYNTAX, 0},        {".", GONUM_SYNTAX, 0},
        {"1 ", GONUM_SYNTAX, 0},    {"+Inf", GONUM_OK, HUGE_VAL}, {"1e400", GONUM_RANGE, HUGE_VAL},
        {"-1.25", GONUM_OK, -1.25}, {"1_0.5", GONUM_OK, 10.5},    {"1__0.5", GONUM_SYNTAX, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double v;
        assert_int_equal(gonum_parse_float(str_c(cases[i].text), &v), cases[i].result);
        assert_true(v == cases[i].value);
    }
}

static void floats_to_text(void **state)
{
    (void)state;
    static const struct {
        double v;
        char format;
        int precision;
        const char *text;
    } cases[] = {
        {100000, 'g', -1, "100000"},
        {1e6, 'g', -1, "1e+06"},
        {999999.5, 'g', -1, "999999.5"},
        {1234567890, 'g', -1, "1.23456789e+09"},
        {0.0001, 'g', -1, "0.0001"},
        {0.00001, 'g', -1, "1e-05"},
        {-0.0, 'g', -1, "-0"},
        {0.1 + 0.2, 'g', -1, "0.30000000000000004"},
        {5e-324, 'g', -1, "5e-324"},
        {1.7976931348623157e308, 'g', -1, "1.7976931348623157e+308"},
        {1e21, 'f', -1, "1000000000000000000000"},
        {3.14159, 'f', 2, "3.14"},
        {2.5, 'f', 0, "2"},
        {123456, 'g', 3, "1.23e+05"},
        {100000, 'g', 6, "100000"},
        {100, 'g', 3, "100"},
        {0, 'e', -1, "0e+00"},
        {0, 'g', 5, "0"},
        {1.75, 'x', -1, "0x1.cp+00"},
        {1.9, 'x', 0, "0x1p+01"},
        {5e-324, 'x', -1, "0x1p-1074"},
        {1, 'b', -1, "4503599627370496p-52"},
        {HUGE_VAL, 'g', -1, "+Inf"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf b = BUF_INIT(4096);
        gonum_format_float(&b, cases[i].v, cases[i].format, cases[i].precision);
        assert_buf(&b, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(floats_from_text),
        cmocka_unit_test(floats_to_text),
    };
    return RUN(tests);
}
