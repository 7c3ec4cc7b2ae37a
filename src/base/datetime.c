/* SPDX-License-Identifier: Apache-2.0 */
#include "base/datetime.h"

enum { DAY_S = 86400 };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days from civil and back: the year is taken to begin in March, so that the leap day is its last
 * day and the months before have a regular pattern of lengths. An era has 400 years. */
int64_t datetime_days(int year, int month, int day)
{
    int64_t months = (int64_t)year * 12 + month - 1;
    int64_t y = floor_div(months, 12);
    int64_t m = months - y * 12 + 1;
    y -= m <= 2;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct datetime datetime_from_unix(int64_t seconds)
{
    int64_t days = floor_div(seconds, DAY_S);
    int64_t second_of_day = seconds - days * DAY_S;
    int64_t shifted = days + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    struct datetime t = {0};
    t.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    t.month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    t.year = (int)(year_of_era + era * 400 + (t.month <= 2));
    t.hour = (int)(second_of_day / 3600);
    t.minute = (int)(second_of_day / 60 % 60);
    t.second = (int)(second_of_day % 60);
    t.weekday = (int)((days % 7 + 11) % 7); /* 1970-01-01 was a Thursday */
    t.yearday = (int)(days - datetime_days(t.year, 1, 1) + 1);
    return t;
}

int64_t datetime_to_unix(const struct datetime *t)
{
    return datetime_days(t->year, t->month, t->day) * DAY_S + (int64_t)t->hour * 3600 +
           (int64_t)t->minute * 60 + t->second;
}

static const char *format(ns_t real, char out[RFC3339_SIZE], bool micro)
{
    int64_t seconds = floor_div(real, NS_S);
    struct datetime t = datetime_from_unix(seconds);
    int n = snprintf(out, RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", t.year, t.month, t.day,
                     t.hour, t.minute, t.second);
    must(n > 0 && n < RFC3339_SIZE);
    if (micro) {
        snprintf(out + n, RFC3339_SIZE - (size_t)n, ".%06dZ",
                 (int)((real - seconds * NS_S) / NS_US));
    } else {
        snprintf(out + n, RFC3339_SIZE - (size_t)n, "Z");
    }
    return out;
}

const char *rfc3339_format(ns_t real, char out[RFC3339_SIZE])
{
    return format(real, out, false);
}

const char *rfc3339_format_micro(ns_t real, char out[RFC3339_SIZE])
{
    return format(real, out, true);
}

/* Takes exactly n digits off the front. */
static bool digits(struct str *s, size_t n, int *out)
{
    if (s->n < n) {
        return false;
    }
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9') {
            return false;
        }
        value = value * 10 + (s->p[i] - '0');
    }
    *s = str_from(*s, n);
    *out = value;
    return true;
}

static bool byte(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) {
        return false;
    }
    *s = str_from(*s, 1);
    return true;
}

static bool parse_fraction(struct str *s, int *nano)
{
    *nano = 0;
    if (!byte(s, '.')) {
        return true;
    }
    int scale = 100000000;
    int digit;
    if (s->n == 0 || s->p[0] < '0' || s->p[0] > '9') {
        return false;
    }
    while (digits(s, 1, &digit)) {
        *nano += digit * scale;
        scale /= 10;
    }
    return true;
}

static bool parse_offset(struct str *s, int *seconds)
{
    *seconds = 0;
    if (byte(s, 'Z')) {
        return true;
    }
    bool minus = s->n > 0 && s->p[0] == '-';
    if (!byte(s, '-') && !byte(s, '+')) {
        return false;
    }
    int hour;
    int minute;
    if (!digits(s, 2, &hour) || !byte(s, ':') || !digits(s, 2, &minute) || hour > 24 ||
        minute > 59) {
        return false;
    }
    *seconds = (hour * 3600 + minute * 60) * (minus ? -1 : 1);
    return true;
}

static bool valid_day(const struct datetime *t)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (t->month < 1 || t->month > 12) {
        return false;
    }
    bool leap = (t->year % 4 == 0 && t->year % 100 != 0) || t->year % 400 == 0;
    int length = lengths[t->month - 1] + (t->month == 2 && leap);
    return t->day >= 1 && t->day <= length;
}

bool rfc3339_parse(struct str s, ns_t *out)
{
    struct datetime t = {0};
    int offset;
    bool ok = digits(&s, 4, &t.year) && byte(&s, '-') && digits(&s, 2, &t.month) && byte(&s, '-') &&
              digits(&s, 2, &t.day) && byte(&s, 'T') && digits(&s, 2, &t.hour) && byte(&s, ':') &&
              digits(&s, 2, &t.minute) && byte(&s, ':') && digits(&s, 2, &t.second) &&
              parse_fraction(&s, &t.nano) && parse_offset(&s, &offset);
    if (!ok || s.n > 0 || !valid_day(&t) || t.hour > 23 || t.minute > 59 || t.second > 59) {
        return false;
    }
    ns_t value;
    if (__builtin_mul_overflow(datetime_to_unix(&t) - offset, NS_S, &value) ||
        __builtin_add_overflow(value, (ns_t)t.nano, &value)) {
        return false;
    }
    *out = value;
    return true;
}
