/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a time by a layout. An element of the layout takes its part of the text or is an error;
 * numbers out of their range are another. Abbreviations of zones other than UTC are kept as names
 * with an unknown offset of 0, since UTC is the local zone here.
 */
#include "base/datetime.h"
#include "codec/goquote.h"
#include "template/gotime.h"
#include "template/gotime_layout.h"

struct parsed {
    struct str rest;
    const char *range; /* the name of what was out of range */
    int year, month, day, yearday, hour, minute, second;
    int32_t nano;
    bool pm, am, utc, has_offset;
    int32_t offset;
    struct str zone;
};

static bool digit_at(struct str s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* min to max digits. */
static bool take_digits(struct parsed *p, size_t min, size_t max, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < max && digit_at(p->rest, n)) {
        v = v * 10 + (p->rest.p[n++] - '0');
    }
    if (n < min) {
        return false;
    }
    p->rest = str_from(p->rest, n);
    *out = v;
    return true;
}

static bool take_ranged(struct parsed *p, bool two, int low, int high, const char *name, int *out)
{
    if (!take_digits(p, two ? 2 : 1, 2, out)) {
        return false;
    }
    if (*out < low || *out > high) {
        p->range = name;
    }
    return true;
}

static bool take_name(struct parsed *p, const char *const *names, size_t count, bool full,
                      int *index)
{
    for (size_t i = 0; i < count; i++) {
        struct str name = full ? str_c(names[i]) : str_n(names[i], 3);
        if (p->rest.n >= name.n && str_ieq(str_head(p->rest, name.n), name)) {
            p->rest = str_from(p->rest, name.n);
            *index = (int)i;
            return true;
        }
    }
    return false;
}

/* "." or "," and digits: `bytes` in all, of which nine digits count. */
static bool take_fraction(struct parsed *p, size_t bytes)
{
    if (p->rest.n < bytes || bytes < 2 || (p->rest.p[0] != '.' && p->rest.p[0] != ',')) {
        return false;
    }
    int32_t nano = 0;
    for (size_t i = 1; i <= 9; i++) {
        if (i < bytes && !digit_at(p->rest, i)) {
            return false;
        }
        nano = nano * 10 + (i < bytes ? p->rest.p[i] - '0' : 0);
    }
    p->nano = nano;
    p->rest = str_from(p->rest, bytes);
    return true;
}

static size_t fraction_length(struct str s)
{
    size_t n = 1;
    while (digit_at(s, n)) {
        n++;
    }
    return n;
}

static bool has_fraction(struct str s)
{
    return s.n >= 2 && (s.p[0] == '.' || s.p[0] == ',') && digit_at(s, 1);
}

static bool take_second(struct parsed *p, bool two, struct str layout_after)
{
    if (!take_ranged(p, two, 0, 59, "second", &p->second)) {
        return false;
    }
    if (!has_fraction(p->rest) || p->range) {
        return true;
    }
    enum element next = layout_next(&layout_after).element;
    if (next == EL_FRACTION_0 || next == EL_FRACTION_9) {
        return true;
    }
    return take_fraction(p, fraction_length(p->rest));
}

static bool take_pm(struct parsed *p, const char *pm, const char *am)
{
    struct str word = str_head(p->rest, 2);
    p->pm = p->pm || str_eq_c(word, pm);
    p->am = p->am || str_eq_c(word, am);
    bool ok = str_eq_c(word, pm) || str_eq_c(word, am);
    p->rest = str_from(p->rest, 2);
    return ok;
}

static bool take_offset(struct parsed *p, const struct offset_form *form)
{
    if (form->z && p->rest.n > 0 && p->rest.p[0] == 'Z') {
        p->rest = str_from(p->rest, 1);
        p->utc = true;
        return true;
    }
    if (p->rest.n == 0 || (p->rest.p[0] != '+' && p->rest.p[0] != '-')) {
        return false;
    }
    bool negative = p->rest.p[0] == '-';
    p->rest = str_from(p->rest, 1);
    static const char *const names[] = {"time zone offset hour", "time zone offset minute",
                                        "time zone offset second"};
    static const int highest[] = {24, 60, 60};
    int parts[3] = {0};
    for (int i = 0; i < form->parts; i++) {
        if (i > 0 && form->colon) {
            if (p->rest.n == 0 || p->rest.p[0] != ':') {
                return false;
            }
            p->rest = str_from(p->rest, 1);
        }
        if (!take_ranged(p, true, 0, highest[i], names[i], &parts[i])) {
            return false;
        }
    }
    int32_t offset = (parts[0] * 60 + parts[1]) * 60 + parts[2];
    p->offset = negative ? -offset : offset;
    p->has_offset = true;
    return true;
}

/* "+03": length, or 0. */
static size_t signed_hours(struct str s)
{
    if (s.n < 2 || (s.p[0] != '+' && s.p[0] != '-') || !digit_at(s, 1)) {
        return 0;
    }
    size_t n = 1;
    int v = 0;
    for (; digit_at(s, n) && v < 100; n++) {
        v = v * 10 + (s.p[n] - '0');
    }
    return v > 23 ? 0 : n;
}

/* Length of something that looks like an abbreviation of a zone, 0 if it does not. */
static size_t zone_length(struct str s)
{
    if (s.n < 3) {
        return 0;
    }
    if (str_starts(s, STR("ChST")) || str_starts(s, STR("MeST"))) {
        return 4;
    }
    if (str_starts(s, STR("GMT"))) {
        return 3 + signed_hours(str_from(s, 3));
    }
    if (s.p[0] == '+' || s.p[0] == '-') {
        return signed_hours(s);
    }
    size_t upper = 0;
    while (upper < 6 && upper < s.n && s.p[upper] >= 'A' && s.p[upper] <= 'Z') {
        upper++;
    }
    switch (upper) {
    case 3:
        return 3;
    case 4:
        return s.p[3] == 'T' || str_starts(s, STR("WITA")) ? 4 : 0;
    case 5:
        return s.p[4] == 'T' ? 5 : 0;
    default:
        return 0;
    }
}

static bool take_zone(struct parsed *p)
{
    if (str_starts(p->rest, STR("UTC"))) {
        p->utc = true;
        p->rest = str_from(p->rest, 3);
        return true;
    }
    size_t n = zone_length(p->rest);
    p->zone = str_head(p->rest, n);
    p->rest = str_from(p->rest, n);
    return n > 0;
}

static void skip_byte(struct parsed *p, char c)
{
    if (p->rest.n > 0 && p->rest.p[0] == c) {
        p->rest = str_from(p->rest, 1);
    }
}

static bool take_year(struct parsed *p, bool full)
{
    if (!take_digits(p, full ? 4 : 2, full ? 4 : 2, &p->year)) {
        return false;
    }
    if (!full) {
        p->year += p->year >= 69 ? 1900 : 2000;
    }
    return true;
}

static bool take_month_name(struct parsed *p, bool full)
{
    int index;
    if (!take_name(p, month_names, 12, full, &index)) {
        return false;
    }
    p->month = index + 1;
    return true;
}

static bool take_yearday(struct parsed *p, bool under)
{
    if (under) {
        skip_byte(p, ' ');
        skip_byte(p, ' ');
    }
    return take_digits(p, under ? 1 : 3, 3, &p->yearday);
}

static bool take_element(struct parsed *p, const struct piece *piece, struct str after)
{
    int ignored;
    switch (piece->element) {
    case EL_YEAR:
    case EL_LONG_YEAR:
        return take_year(p, piece->element == EL_LONG_YEAR);
    case EL_MONTH:
    case EL_LONG_MONTH:
        return take_month_name(p, piece->element == EL_LONG_MONTH);
    case EL_NUM_MONTH:
    case EL_ZERO_MONTH:
        return take_ranged(p, piece->element == EL_ZERO_MONTH, 1, 12, "month", &p->month);
    case EL_WEEKDAY:
    case EL_LONG_WEEKDAY:
        return take_name(p, weekday_names, 7, piece->element == EL_LONG_WEEKDAY, &ignored);
    case EL_UNDER_DAY:
        skip_byte(p, ' ');
        return take_digits(p, 1, 2, &p->day);
    case EL_DAY:
    case EL_ZERO_DAY:
        return take_digits(p, piece->element == EL_ZERO_DAY ? 2 : 1, 2, &p->day);
    case EL_UNDER_YEARDAY:
    case EL_ZERO_YEARDAY:
        return take_yearday(p, piece->element == EL_UNDER_YEARDAY);
    case EL_HOUR:
        return take_ranged(p, false, 0, 23, "hour", &p->hour);
    case EL_HOUR12:
    case EL_ZERO_HOUR12:
        return take_ranged(p, piece->element == EL_ZERO_HOUR12, 0, 12, "hour", &p->hour);
    case EL_MINUTE:
    case EL_ZERO_MINUTE:
        return take_ranged(p, piece->element == EL_ZERO_MINUTE, 0, 59, "minute", &p->minute);
    case EL_SECOND:
    case EL_ZERO_SECOND:
        return take_second(p, piece->element == EL_ZERO_SECOND, after);
    case EL_PM:
        return take_pm(p, "PM", "AM");
    case EL_PM_LOWER:
        return take_pm(p, "pm", "am");
    case EL_ZONE_NAME:
        return take_zone(p);
    case EL_FRACTION_0:
        return take_fraction(p, (size_t)piece->digits + 1);
    case EL_FRACTION_9:
        return !has_fraction(p->rest) || take_fraction(p, fraction_length(p->rest));
    case EL_OFFSET:
        return take_offset(p, &piece->offset);
    case EL_NONE:
        break;
    }
    return false;
}

static struct str skip_spaces(struct str s)
{
    while (s.n > 0 && s.p[0] == ' ') {
        s = str_from(s, 1);
    }
    return s;
}

/* A space of the layout stands for any number of spaces. */
static bool skip_literal(struct parsed *p, struct str literal)
{
    while (literal.n > 0) {
        if (literal.p[0] == ' ') {
            if (p->rest.n > 0 && p->rest.p[0] != ' ') {
                return false;
            }
            literal = skip_spaces(literal);
            p->rest = skip_spaces(p->rest);
            continue;
        }
        if (p->rest.n == 0 || p->rest.p[0] != literal.p[0]) {
            return false;
        }
        literal = str_from(literal, 1);
        p->rest = str_from(p->rest, 1);
    }
    return true;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in(int month, int year)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* NULL, or what is wrong with the date as a whole. */
static const char *check_date(struct parsed *p)
{
    if (p->yearday >= 0) {
        if (p->yearday < 1 || p->yearday > 365 + is_leap(p->year)) {
            return "day-of-year out of range";
        }
        int month = 1;
        int day = p->yearday;
        while (day > days_in(month, p->year)) {
            day -= days_in(month++, p->year);
        }
        if (p->month >= 0 && p->month != month) {
            return "day-of-year does not match month";
        }
        if (p->day >= 0 && p->day != day) {
            return "day-of-year does not match day";
        }
        p->month = month;
        p->day = day;
    }
    p->month = p->month < 0 ? 1 : p->month;
    p->day = p->day < 0 ? 1 : p->day;
    return p->day < 1 || p->day > days_in(p->month, p->year) ? "day out of range" : NULL;
}

static void to_time(const struct parsed *p, struct gotime *out)
{
    int hour = p->hour;
    if (p->pm && hour < 12) {
        hour += 12;
    } else if (!p->pm && p->am && hour == 12) {
        hour = 0;
    }
    int64_t seconds = datetime_days(p->year, p->month, p->day) * 86400 +
                      ((int64_t)hour * 60 + p->minute) * 60 + p->second;
    *out = gotime_unix(seconds);
    out->nano = p->nano;
    if (p->utc) {
        return;
    }
    out->local = true;
    if (p->has_offset) {
        out->unix_s -= p->offset;
        out->offset = p->offset;
        if (p->offset != 0 || (p->zone.n > 0 && !str_eq(p->zone, STR("UTC")))) {
            out->local = false;
            (void)snprintf(out->zone, sizeof(out->zone), "%.*s", STR_ARG(p->zone));
        }
    } else if (p->zone.n > 0) {
        out->local = false;
        (void)snprintf(out->zone, sizeof(out->zone), "%.*s", STR_ARG(p->zone));
        if (p->zone.n > 3 && str_starts(p->zone, STR("GMT"))) {
            int hours = (int)strtol(out->zone + 3, NULL, 10);
            out->offset = hours * 3600; /* the clock is taken as UTC all the same, as in Go */
        }
    }
}

static bool cannot(struct buf *problem, struct str layout, struct str text, struct str element,
                   struct str rest)
{
    buf_add_c(problem, "parsing time ");
    goquote(problem, text, GOQUOTE_PLAIN);
    buf_add_c(problem, " as ");
    goquote(problem, layout, GOQUOTE_PLAIN);
    buf_add_c(problem, ": cannot parse ");
    goquote(problem, rest, GOQUOTE_PLAIN);
    buf_add_c(problem, " as ");
    goquote(problem, element, GOQUOTE_PLAIN);
    return false;
}

static bool wrong(struct buf *problem, struct str text, const char *what, const char *more)
{
    buf_add_c(problem, "parsing time ");
    goquote(problem, text, GOQUOTE_PLAIN);
    buf_addf(problem, ": %s%s", what, more);
    return false;
}

bool gotime_parse(struct str layout, struct str text, struct gotime *out, struct buf *problem)
{
    struct parsed p = {.rest = text, .month = -1, .day = -1, .yearday = -1};
    struct str rest_of_layout = layout;
    for (;;) {
        struct piece piece = layout_next(&rest_of_layout);
        struct str hold = p.rest;
        if (!skip_literal(&p, piece.literal)) {
            return cannot(problem, layout, text, piece.literal, hold);
        }
        if (piece.element == EL_NONE) {
            break;
        }
        hold = p.rest;
        bool ok = take_element(&p, &piece, rest_of_layout);
        if (ok && p.range) {
            return wrong(problem, text, p.range, " out of range");
        }
        if (!ok) {
            return cannot(problem, layout, text, piece.text, hold);
        }
    }
    if (p.rest.n > 0) {
        wrong(problem, text, "extra text: ", "");
        goquote(problem, p.rest, GOQUOTE_PLAIN);
        return false;
    }
    const char *what = check_date(&p);
    if (what) {
        return wrong(problem, text, what, "");
    }
    to_time(&p, out);
    return true;
}
