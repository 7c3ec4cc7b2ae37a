/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/gotext.h"

static void durations(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        ns_t want;
        const char *out;
    } rows[] = {
        {"1h", NS_H, "1h0m0s"},
        {"1m30s", 90 * NS_S, "1m30s"},
        {"1.5h", 90 * NS_MIN, "1h30m0s"},
        {"0", 0, "0s"},
        {"0s", 0, "0s"},
        {"-10s", -10 * NS_S, "-10s"},
        {"+.5s", NS_S / 2, "500ms"},
        {"1us", 1000, "1\xc2\xb5s"},
        {"1\xce\xbcs", 1000, "1\xc2\xb5s"},
        {"1.5ms", 1500000, "1.5ms"},
        {"12ns", 12, "12ns"},
        {"10s500ms", 10500 * NS_MS, "10.5s"},
        {"9223372036854775807ns", INT64_MAX, "2562047h47m16.854775807s"},
        {"-9223372036854775808ns", INT64_MIN, "-2562047h47m16.854775808s"},
        {"0.100000000000000000000h", 6 * NS_MIN, "6m0s"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ns_t d = 1;
        AUTO(buf_done) struct buf b = BUF_INIT(100);
        assert_true(go_parse_duration(str_c(rows[i].in), &d));
        assert_int_equal(d, rows[i].want);
        go_duration(&b, d);
        assert_buf(&b, rows[i].out);
    }
    static const char *const bad[] = {"",
                                      "300",
                                      "1",
                                      "1d",
                                      "s",
                                      ".s",
                                      "1 s",
                                      "1s ",
                                      "-",
                                      "1.",
                                      "1m2",
                                      "1e3s",
                                      "9223372036854775808ns",
                                      "9223372036854775.808us",
                                      "3000000h"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        ns_t d;
        if (go_parse_duration(str_c(bad[i]), &d)) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
}

static void quotes(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf b = BUF_INIT(100);
    go_quote_json(&b, STR("a\"\\\n\x01\xff<\xc3\xa9"));
    assert_buf(&b, "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd<\xc3\xa9\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(durations), cmocka_unit_test(quotes)};
    return RUN(tests);
}
