/* SPDX-License-Identifier: Apache-2.0
 *
 * Now is 2025-07-30T12:00:00Z, a Wednesday.
 */
#include "fixture.h"

#include "base/datetime.h"
#include "sync/refresh.h"
#include "sync/window.h"

static ns_t at(const char *text)
{
    ns_t t;
    if (!rfc3339_parse(str_c(text), &t)) {
        fail_msg("%s", text);
    }
    return t;
}

static const char *const NOW = "2025-07-30T12:00:00Z";

static void due(void **state)
{
    static const struct {
        const char *spec;
        const char *refreshed; /* NULL: never */
        const char *synced;    /* syncedResourceVersion; "now" is the current one */
        enum refresh want;
    } CASES[] = {
        /* Periodic: never, changed, future, not yet, over. */
        {"{'refreshInterval':'1h'}", NULL, "", REFRESH_FORCED},
        {"{'refreshInterval':'1h'}", NULL, "now", REFRESH_FORCED},
        {"{'refreshInterval':'1h'}", "2025-07-30T11:59:00Z", "old", REFRESH_FORCED},
        {"{'refreshInterval':'1h'}", "2025-07-30T12:00:01Z", "now", REFRESH_FORCED},
        {"{'refreshInterval':'1h'}", "2025-07-30T11:30:00Z", "now", REFRESH_NO},
        {"{'refreshInterval':'1h'}", "2025-07-30T11:00:00Z", "now", REFRESH_NO},
        {"{'refreshInterval':'1h'}", "2025-07-30T10:59:59Z", "now", REFRESH_ELAPSED},
        {"{}", "2025-07-30T10:30:00Z", "now", REFRESH_ELAPSED},
        /* Interval 0: once, and then not even for changes. */
        {"{'refreshInterval':'0'}", NULL, "", REFRESH_FORCED},
        {"{'refreshInterval':'0'}", "2025-07-30T11:00:00Z", "old", REFRESH_NO},
        {"{'refreshInterval':'0s'}", "2024-07-30T11:00:00Z", "now", REFRESH_NO},
        {"{'refreshInterval':'-1h'}", "2024-07-30T11:00:00Z", "old", REFRESH_NO},
        /* CreatedOnce, OnChange: time does not matter. */
        {"{'refreshPolicy':'CreatedOnce'}", NULL, "", REFRESH_FORCED},
        {"{'refreshPolicy':'CreatedOnce'}", "2020-01-01T00:00:00Z", "old", REFRESH_NO},
        {"{'refreshPolicy':'OnChange'}", NULL, "", REFRESH_FORCED},
        {"{'refreshPolicy':'OnChange'}", "2020-01-01T00:00:00Z", "now", REFRESH_NO},
        {"{'refreshPolicy':'OnChange'}", "2020-01-01T00:00:00Z", "old", REFRESH_FORCED},
        /* Windows hold back only what is due by time. */
        {"{'syncWindows':{'kind':'deny','windows':[{'schedule':'0 12 * * *','duration':'1h'}]}}",
         "2025-07-30T10:00:00Z", "now", REFRESH_BLOCKED},
        {"{'syncWindows':{'kind':'deny','windows':[{'schedule':'0 12 * * *','duration':'1h'}]}}",
         "2025-07-30T10:00:00Z", "old", REFRESH_FORCED},
        {"{'syncWindows':{'kind':'deny','windows':[{'schedule':'0 12 * * *','duration':'1h'}]}}",
         "2025-07-30T11:50:00Z", "now", REFRESH_NO},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct es_status status = {
            .refresh_time = CASES[i].refreshed ? at(CASES[i].refreshed) : 0,
            .synced_version = str_c(CASES[i].synced),
        };
        enum refresh got = refresh_due(spec(CASES[i].spec), &status, STR("now"), at(NOW));
        if (got != CASES[i].want) {
            fail_msg("case %zu: %d instead of %d", i, got, CASES[i].want);
        }
    }
}

static void waiting(void **state)
{
    static const struct {
        const char *spec;
        const char *refreshed;
        ns_t want;
    } CASES[] = {
        {"{'refreshInterval':'1h'}", "2025-07-30T11:30:00Z", 30 * NS_MIN + 1},
        {"{'refreshInterval':'1h'}", "2025-07-30T11:00:00Z", 1},
        {"{'refreshInterval':'1h'}", "2025-07-30T10:00:00Z", 0},
        {"{'refreshInterval':'1h'}", "2025-07-30T13:00:00Z", 0},
        {"{'refreshInterval':'0'}", "2025-07-30T11:00:00Z", -1},
        {"{'refreshPolicy':'OnChange'}", "2025-07-30T11:00:00Z", -1},
        {"{'refreshPolicy':'CreatedOnce'}", "2025-07-30T11:00:00Z", -1},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct es_status status = {.refresh_time = at(CASES[i].refreshed)};
        assert_int_equal(refresh_wait(spec(CASES[i].spec), &status, at(NOW)), CASES[i].want);
    }
}

static void windows(void **state)
{
    static const struct {
        const char *kind;
        const char *schedule;
        const char *duration;
        bool open;
    } CASES[] = {
        {"allow", "0 12 * * *", "1h", true},
        {"allow", "0 11 * * *", "1h", true}, /* the end is included */
        {"allow", "0 11 * * *", "59m59s", false},
        {"allow", "1 12 * * *", "1h", false},
        {"allow", "0 12 * * WED", "0s", true},
        {"allow", "0 12 * * THU", "1m", false},
        {"allow", "@daily", "12h", true},
        {"allow", "@daily", "11h", false},
        {"allow", "@every 1h", "1m", true},
        {"allow", "@every 7m", "59s", false}, /* 12:00:00 is one minute into a period */
        {"allow", "@every 7m", "1m", true},
        {"deny", "0 12 * * *", "1h", false},
        {"deny", "0 13 * * *", "1h", true},
        /* What cannot be read never opens. */
        {"allow", "0 12 * * 7", "24h", false},
        {"deny", "0 12 * * 7", "24h", true},
        {"allow", "0 12 * * *", "soon", false},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(buf_done) struct buf b = BUF_INIT(1024);
        buf_addf(&b, "{'syncWindows':{'kind':'%s','windows':[{'schedule':'%s','duration':'%s'}]}}",
                 CASES[i].kind, CASES[i].schedule, CASES[i].duration);
        if (windows_open(spec(b.p), at(NOW)) != CASES[i].open) {
            fail_msg("%s %s %s", CASES[i].kind, CASES[i].schedule, CASES[i].duration);
        }
    }
    assert_true(windows_open(spec("{}"), at(NOW)));
    assert_true(windows_open(spec("{'syncWindows':{'kind':'allow','windows':[{'schedule':'@yearly',"
                                  "'duration':'1m'},{'schedule':'0 12 * * *','duration':'1m'}]}}"),
                             at(NOW)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(due), TEST(waiting), TEST(windows)};
    return RUN(tests);
}
