/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_fields.h"
#include "test.h"

#define EXAMPLE (784111777 * NS_S) /* RFC 9110: Sun, 06 Nov 1994 08:49:37 GMT */

static void parses_the_three_forms_of_a_date(void **state)
{
    static const struct {
        const char *text;
        ns_t want; /* negative: not a date */
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE},
        {"Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE},
        {"Sun Nov  6 08:49:37 1994", EXAMPLE},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Thu, 01-Jan-70 00:00:01 GMT", NS_S},
        {"Fri, 31 Dec 2100 23:59:60 GMT", 4133980800 * NS_S},
        {"", -1},
        {"Sun", -1},
        {"Sun, 06 Nov 1994 08:49:37", -1},
        {"Sun, 06 Nov 1994 08:49:37 CET", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", -1},
        {"Sun, 06 Nov 94 08:49:37 GMT", -1},
        {"Sun, 06 nov 1994 08:49:37 GMT", -1},
        {"Sun, 32 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 00 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 24:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:60:37 GMT", -1},
        {"Sun, 06 Nov 9999 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 -8:49:37 GMT", -1},
        {"1994-11-06T08:49:37Z", -1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ns_t got = -1;
        bool ok = http_date_parse(str_c(rows[i].text), &got);
        if (ok != (rows[i].want >= 0) || (ok && got != rows[i].want)) {
            fail_msg("%s: %d %lld", rows[i].text, ok, (long long)got);
        }
    }
}

static void formats_a_date_that_parses_back(void **state)
{
    char text[HTTP_DATE_SIZE];
    assert_string_equal(http_date_format(EXAMPLE + 999, text), "Sun, 06 Nov 1994 08:49:37 GMT");
    for (ns_t t = 0; t < 200 * 365 * 24 * NS_H; t += 12345678 * NS_S) {
        ns_t back;
        assert_true(http_date_parse(str_c(http_date_format(t, text)), &back));
        assert_int_equal(back, t);
    }
}

static void knows_how_long_to_wait(void **state)
{
    static const struct {
        const char *text;
        ns_t want;
    } rows[] = {
        {"0", 0},
        {"1", NS_S},
        {" 120 ", 120 * NS_S},
        {"301", RETRY_AFTER_MAX},
        {"99999999999999999999999999", RETRY_AFTER_MAX},
        {"", 0},
        {"-1", 0},
        {"1.5", 0},
        {"1 s", 0},
        {"soon", 0},
        {"Sun, 06 Nov 1994 08:49:47 GMT", 10 * NS_S},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:00 GMT", 0},
        {"Mon, 07 Nov 1994 08:49:37 GMT", RETRY_AFTER_MAX},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(http_retry_after_parse(str_c(rows[i].text), EXAMPLE), rows[i].want);
    }
}

static void finds_fields(void **state)
{
    struct str block =
        STR("Warning: 1\r\nX: y:z \r\nwarning:2\r\nbroken\r\n: no name\r\nEmpty:\r\n");
    assert_str(http_field(block, "WARNING", 0), "1");
    assert_str(http_field(block, "warning", 1), "2");
    assert_str(http_field(block, "warning", 2), "");
    assert_str(http_field(block, "x", 0), "y:z");
    assert_str(http_field(block, "broken", 0), "");
    assert_str(http_field(block, "", 0), "");
    assert_str(http_field(STR_EMPTY, "x", 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_the_three_forms_of_a_date),
        cmocka_unit_test(formats_a_date_that_parses_back),
        cmocka_unit_test(knows_how_long_to_wait),
        cmocka_unit_test(finds_fields),
    };
    return RUN(tests);
}
