/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/datetime.h"

static void goes_both_ways(void **state)
{
    (void)state;
    /* Each day from 1600 to 2400, against plain counting. */
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = -135140; /* 1600-01-01 */
    int weekday = 6;        /* a Saturday */
    for (int year = 1600; year < 2400; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        int yearday = 0;
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= lengths[month - 1] + (month == 2 && leap); day++, days++) {
                struct datetime t = datetime_from_unix(days * 86400 + 86399);
                assert_int_equal(datetime_days(year, month, day), days);
                assert_true(t.year == year && t.month == month && t.day == day);
                assert_int_equal(t.weekday, weekday);
                assert_int_equal(t.yearday, ++yearday);
                assert_int_equal(datetime_to_unix(&t), days * 86400 + 86399);
                weekday = (weekday + 1) % 7;
            }
        }
    }
}

static void formats(void **state)
{
    (void)state;
    char text[RFC3339_SIZE];
    assert_string_equal(rfc3339_format(0, text), "1970-01-01T00:00:00Z");
    ns_t t = 1795535078 * NS_S + 791691 * NS_US + 999;
    assert_string_equal(rfc3339_format(t, text), "2026-11-24T15:44:38Z");
    assert_string_equal(rfc3339_format_micro(t, text), "2026-11-24T15:44:38.791691Z");
    assert_string_equal(rfc3339_format(-1, text), "1969-12-31T23:59:59Z");
}

static void parses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        ns_t want;
    } good[] = {
        {"2026-11-24T15:44:38Z", 1795535078 * NS_S},
        {"2026-11-24T15:44:38.5Z", 1795535078 * NS_S + NS_S / 2},
        {"2026-11-24T17:44:38.000000001+02:00", 1795535078 * NS_S + 1},
        {"2026-11-24T10:14:38-05:30", 1795535078 * NS_S},
        {"2024-02-29T00:00:00Z", 1709164800 * NS_S},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        ns_t t = 0;
        assert_true(rfc3339_parse(str_c(good[i].text), &t));
        assert_int_equal(t, good[i].want);
    }
    static const char *const bad[] = {
        "",
        "2026-11-24",
        "2026-11-24T15:44:38",
        "2026-11-24 15:44:38Z",
        "2026-13-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T15:44:38.Z",
        "2026-11-24T15:44:38Zx",
        "2026-11-24T15:44:60Z",
        "9999-01-01T00:00:00Z",
        "2026-11-24T15:44:38+2:00",
        "2026-00-10T00:00:00Z",
        "2026-01-00T00:00:00Z",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        ns_t t = 0;
        assert_false(rfc3339_parse(str_c(bad[i]), &t));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(goes_both_ways), cmocka_unit_test(formats),
                                       cmocka_unit_test(parses)};
    return RUN(tests);
}
