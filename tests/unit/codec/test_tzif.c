/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/datetime.h"
#include "codec/tzif.h"

/* A small file, version 2: two types (CET, CEST), one transition, a footer. */
static void build(struct buf *b, const char *footer)
{
    static const char header_v1[44] = "TZif2";
    static const char header_v2[44] = {'T', 'Z', 'i', 'f', '2', [35] = 1, [39] = 2, [43] = 9};
    static const char types[12] = {0, 0, 0x0e, 0x10, 0, 0, 0, 0, 0x1c, 0x20, 1, 4};
    static const char times[8] = {0, 0, 0, 0, 0x13, 0x4d, 0x44, 0x10}; /* 1980-04-06T01:00:00Z */
    buf_add(b, header_v1, sizeof(header_v1));
    buf_add(b, header_v2, sizeof(header_v2));
    buf_add(b, times, sizeof(times));
    buf_add_byte(b, 1);
    buf_add(b, types, sizeof(types));
    buf_add(b, "CET\0CEST", 9);
    buf_add_byte(b, '\n');
    buf_add_c(b, footer);
    buf_add_byte(b, '\n');
}

static void expect(const struct tzif *tz, int64_t t, const char *abbreviation, int32_t offset)
{
    struct tzif_local local;
    tzif_lookup(tz, t, &local);
    assert_string_equal(local.abbreviation, abbreviation);
    assert_int_equal(local.offset, offset);
}

static int64_t at(int year, int month, int day, int hour)
{
    return datetime_days(year, month, day) * 86400 + hour * 3600;
}

static void rules(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    build(&b, "CET-1CEST,M3.5.0,M10.5.0/3");
    AUTO(tzif_freep) struct tzif *tz = tzif_parse(buf_str(&b), NULL);
    assert_non_null(tz);
    expect(tz, at(1970, 7, 1, 0), "CET", 3600); /* before the first transition */
    expect(tz, at(2024, 1, 15, 0), "CET", 3600);
    expect(tz, at(2024, 7, 15, 0), "CEST", 7200);
    expect(tz, at(2024, 3, 31, 0), "CET", 3600); /* the change is at 01:00 UTC */
    expect(tz, at(2024, 3, 31, 1), "CEST", 7200);
    expect(tz, at(2024, 10, 27, 0), "CEST", 7200);
    expect(tz, at(2024, 10, 27, 1), "CET", 3600);
}

static void southern(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    build(&b, "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
    AUTO(tzif_freep) struct tzif *tz = tzif_parse(buf_str(&b), NULL);
    assert_non_null(tz);
    expect(tz, at(2024, 1, 15, 0), "+11", 39600);
    expect(tz, at(2024, 7, 15, 0), "+1030", 37800);
}

static void malformed(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    build(&b, "UTC0");
    for (size_t n = 0; n + 7 < b.n; n++) { /* cut anywhere */
        AUTO(err_freep) struct err *err = NULL;
        assert_null(tzif_parse(str_head(buf_str(&b), n), &err));
        assert_int_equal(err->kind, ERR_PARSE);
    }
    b.p[44 + 44 + 8] = 9; /* a transition to a type that is not there */
    assert_null(tzif_parse(buf_str(&b), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(southern),
        cmocka_unit_test(malformed),
    };
    return RUN(tests);
}
