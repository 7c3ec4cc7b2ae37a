/* SPDX-License-Identifier: Apache-2.0
 *
 * The time zone database is the one thing that templates read from the machine: the files under
 * /usr/share/zoneinfo, by names that cannot leave that folder.
 */
#include "template/gotime.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/datetime.h"
#include "codec/tzif.h"
#include "template/gotime_layout.h"

static const int64_t SECONDS_LIMIT = (int64_t)1 << 55; /* keeps years within an int */

static int64_t clamp_seconds(int64_t s)
{
    return MAX(-SECONDS_LIMIT, MIN(s, SECONDS_LIMIT));
}

struct gotime gotime_unix(int64_t seconds)
{
    return (struct gotime){.unix_s = clamp_seconds(seconds), .zone = "UTC"};
}

struct gotime gotime_now(void)
{
    ns_t now = clock_real();
    struct gotime t = gotime_unix(now / NS_S);
    t.nano = (int32_t)(now % NS_S);
    t.has_mono = true;
    t.local = true;
    t.mono = clock_mono();
    return t;
}

void gotime_utc(struct gotime *t)
{
    t->offset = 0;
    t->local = false;
    (void)snprintf(t->zone, sizeof(t->zone), "UTC");
}

/* ---- zones ---- */

static bool zone_name_ok(struct str name)
{
    if (name.n == 0 || name.n > 100 || name.p[0] == '/' || str_find(name, STR("..")) >= 0) {
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && !(c && strchr("/_+-", c))) {
            return false;
        }
    }
    return true;
}

static struct tzif *zone_load(struct str name)
{
    char path[160];
    (void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%.*s", STR_ARG(name));
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return NULL;
    }
    AUTO(buf_done) struct buf b = BUF_INIT(TZIF_MAX);
    for (;;) {
        char *to = buf_reserve(&b, 4096);
        ssize_t n = to ? read(fd, to, 4096) : -1;
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        buf_commit(&b, (size_t)n);
    }
    return tzif_parse(buf_str(&b), NULL);
}

bool gotime_in(struct gotime *t, struct str zone)
{
    if (zone.n == 0 || str_eq(zone, STR("UTC")) || str_eq(zone, STR("Local"))) {
        gotime_utc(t);
        return true;
    }
    AUTO(tzif_freep) struct tzif *tz = zone_name_ok(zone) ? zone_load(zone) : NULL;
    if (!tz) {
        return false;
    }
    struct tzif_local local;
    tzif_lookup(tz, t->unix_s, &local);
    t->offset = local.offset;
    (void)snprintf(t->zone, sizeof(t->zone), "%s", local.abbreviation);
    return true;
}

/* ---- arithmetic ---- */

struct datetime gotime_fields(const struct gotime *t)
{
    struct datetime d = datetime_from_unix(t->unix_s + t->offset);
    d.nano = t->nano;
    return d;
}

void gotime_add(struct gotime *t, ns_t by)
{
    int64_t nano = t->nano + by % NS_S;
    int64_t seconds = by / NS_S;
    if (nano < 0) {
        nano += NS_S;
        seconds--;
    } else if (nano >= NS_S) {
        nano -= NS_S;
        seconds++;
    }
    t->unix_s = clamp_seconds(t->unix_s + seconds);
    t->nano = (int32_t)nano;
    if (t->has_mono && __builtin_add_overflow(t->mono, by, &t->mono)) {
        t->has_mono = false;
    }
}

void gotime_add_date(struct gotime *t, int64_t years, int64_t months, int64_t days)
{
    const int64_t limit = 1000000;
    years = MAX(-limit, MIN(years, limit));
    months = MAX(-12 * limit, MIN(months, 12 * limit));
    days = MAX(-366 * limit, MIN(days, 366 * limit));
    struct datetime d = gotime_fields(t);
    int64_t month = d.month - 1 + months;
    int64_t carry = month >= 0 ? month / 12 : -((11 - month) / 12);
    int64_t day_number =
        datetime_days((int)(d.year + years + carry), (int)(month - carry * 12) + 1, 1) +
        (d.day - 1) + days;
    int64_t in_day = (d.hour * 60 + d.minute) * 60 + d.second;
    t->unix_s = clamp_seconds(day_number * 86400 + in_day - t->offset);
    t->has_mono = false;
}

ns_t gotime_since(const struct gotime *a, const struct gotime *b)
{
    int64_t result;
    if (a->has_mono && b->has_mono) {
        return b->mono - a->mono;
    }
    if (__builtin_mul_overflow(b->unix_s - a->unix_s, NS_S, &result) ||
        __builtin_add_overflow(result, (int64_t)b->nano - a->nano, &result)) {
        return b->unix_s > a->unix_s ? INT64_MAX : INT64_MIN;
    }
    return result;
}

int gotime_compare(const struct gotime *a, const struct gotime *b)
{
    if (a->unix_s != b->unix_s) {
        return a->unix_s < b->unix_s ? -1 : 1;
    }
    return (a->nano > b->nano) - (a->nano < b->nano);
}

bool gotime_same(const struct gotime *a, const struct gotime *b)
{
    return gotime_compare(a, b) == 0 && a->offset == b->offset && strcmp(a->zone, b->zone) == 0 &&
           a->has_mono == b->has_mono && (!a->has_mono || a->mono == b->mono);
}

/* ---- printing ---- */

static void add_int(struct buf *out, int64_t v, int width)
{
    if (v < 0) {
        buf_add_byte(out, '-');
        v = -v;
    }
    buf_addf(out, "%0*lld", width, (long long)v);
}

static void add_offset(struct buf *out, int32_t offset, const struct offset_form *form)
{
    if (form->z && offset == 0) {
        buf_add_byte(out, 'Z');
        return;
    }
    buf_add_byte(out, offset < 0 ? '-' : '+');
    int32_t v = abs(offset);
    const int32_t parts[] = {v / 3600, v / 60 % 60, v % 60};
    for (size_t i = 0; i < MIN((size_t)form->parts, COUNT_OF(parts)); i++) {
        buf_add_c(out, i > 0 && form->colon ? ":" : "");
        add_int(out, parts[i], 2);
    }
}

static void add_fraction(struct buf *out, int32_t nano, const struct piece *piece)
{
    char digits[16];
    (void)snprintf(digits, sizeof(digits), "%09d", nano);
    int n = MIN(piece->digits, 9);
    if (piece->element == EL_FRACTION_9) {
        while (n > 0 && digits[n - 1] == '0') {
            n--;
        }
        if (n == 0) {
            return;
        }
    }
    buf_add_byte(out, piece->separator);
    buf_add(out, digits, (size_t)n);
    if (piece->element == EL_FRACTION_0) {
        buf_add_repeat(out, '0', (size_t)(piece->digits - n));
    }
}

static void add_zone(struct buf *out, const struct gotime *t)
{
    if (t->zone[0]) {
        buf_add_c(out, t->zone);
        return;
    }
    add_offset(out, t->offset, &(struct offset_form){.parts = 2});
}

static int hour12(const struct datetime *d)
{
    return d->hour % 12 == 0 ? 12 : d->hour % 12;
}

static void add_element(struct buf *out, const struct gotime *t, const struct datetime *d,
                        const struct piece *piece)
{
    switch (piece->element) {
    case EL_NONE:
        break;
    case EL_YEAR:
        add_int(out, abs(d->year) % 100, 2);
        break;
    case EL_LONG_YEAR:
        add_int(out, d->year, 4);
        break;
    case EL_MONTH:
        buf_add(out, month_names[d->month - 1], 3);
        break;
    case EL_LONG_MONTH:
        buf_add_c(out, month_names[d->month - 1]);
        break;
    case EL_NUM_MONTH:
    case EL_ZERO_MONTH:
        add_int(out, d->month, piece->element == EL_ZERO_MONTH ? 2 : 1);
        break;
    case EL_WEEKDAY:
        buf_add(out, weekday_names[d->weekday], 3);
        break;
    case EL_LONG_WEEKDAY:
        buf_add_c(out, weekday_names[d->weekday]);
        break;
    case EL_UNDER_DAY:
        buf_addf(out, "%2d", d->day);
        break;
    case EL_DAY:
    case EL_ZERO_DAY:
        add_int(out, d->day, piece->element == EL_ZERO_DAY ? 2 : 1);
        break;
    case EL_UNDER_YEARDAY:
        buf_addf(out, "%3d", d->yearday);
        break;
    case EL_ZERO_YEARDAY:
        add_int(out, d->yearday, 3);
        break;
    case EL_HOUR:
        add_int(out, d->hour, 2);
        break;
    case EL_HOUR12:
    case EL_ZERO_HOUR12:
        add_int(out, hour12(d), piece->element == EL_ZERO_HOUR12 ? 2 : 1);
        break;
    case EL_MINUTE:
    case EL_ZERO_MINUTE:
        add_int(out, d->minute, piece->element == EL_ZERO_MINUTE ? 2 : 1);
        break;
    case EL_SECOND:
    case EL_ZERO_SECOND:
        add_int(out, d->second, piece->element == EL_ZERO_SECOND ? 2 : 1);
        break;
    case EL_PM:
        buf_add_c(out, d->hour >= 12 ? "PM" : "AM");
        break;
    case EL_PM_LOWER:
        buf_add_c(out, d->hour >= 12 ? "pm" : "am");
        break;
    case EL_ZONE_NAME:
        add_zone(out, t);
        break;
    case EL_FRACTION_0:
    case EL_FRACTION_9:
        add_fraction(out, d->nano, piece);
        break;
    case EL_OFFSET:
        add_offset(out, t->offset, &piece->offset);
        break;
    }
}

void gotime_format(struct buf *out, const struct gotime *t, struct str layout)
{
    struct datetime d = gotime_fields(t);
    while (layout.n > 0 && buf_ok(out)) {
        struct piece piece = layout_next(&layout);
        buf_add_str(out, piece.literal);
        add_element(out, t, &d, &piece);
    }
}

void gotime_string(struct buf *out, const struct gotime *t)
{
    gotime_format(out, t, STR("2006-01-02 15:04:05.999999999 -0700 MST"));
    if (t->has_mono) {
        uint64_t m = t->mono < 0 ? 0 - (uint64_t)t->mono : (uint64_t)t->mono;
        buf_addf(out, " m=%c%llu.%09llu", t->mono < 0 ? '-' : '+', (unsigned long long)(m / NS_S),
                 (unsigned long long)(m % NS_S));
    }
}

void gotime_go_string(struct buf *out, const struct gotime *t)
{
    struct datetime d = gotime_fields(t);
    buf_addf(out, "time.Date(%d, time.%s, %d, %d, %d, %d, %d, ", d.year, month_names[d.month - 1],
             d.day, d.hour, d.minute, d.second, d.nano);
    if (t->local || (t->offset == 0 && strcmp(t->zone, "UTC") == 0)) {
        buf_add_c(out, t->local ? "time.Local)" : "time.UTC)");
    } else {
        buf_addf(out, "time.Location(\"%s\"))", t->zone);
    }
}

void gotime_month_name(struct buf *out, int64_t month)
{
    if (month >= 1 && month <= 12) {
        buf_add_c(out, month_names[month - 1]);
    } else {
        buf_addf(out, "%%!Month(%lld)", (long long)month);
    }
}

void gotime_weekday_name(struct buf *out, int64_t weekday)
{
    if (weekday >= 0 && weekday <= 6) {
        buf_add_c(out, weekday_names[weekday]);
    } else {
        buf_addf(out, "%%!Weekday(%lld)", (long long)weekday);
    }
}
