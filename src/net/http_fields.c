/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_fields.h"

#include "base/datetime.h"

static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

const char *http_date_format(ns_t real, char out[HTTP_DATE_SIZE])
{
    struct datetime t = datetime_from_unix(real / NS_S);
    (void)snprintf(out, HTTP_DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[t.weekday],
                   t.day, months[t.month - 1], t.year, t.hour, t.minute, t.second);
    return out;
}

/* ---- parsing ---- */

static bool take_digits(struct str *s, size_t n, int *out)
{
    if (s->n < n) {
        return false;
    }
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        /* asctime pads the day with a space */
        char c = n == 2 && i == 0 && s->p[i] == ' ' ? '0' : s->p[i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *s = str_from(*s, n);
    *out = value;
    return true;
}

static bool take_month(struct str *s, int *month)
{
    for (int i = 0; i < 12; i++) {
        if (str_eq_c(str_head(*s, 3), months[i])) {
            *month = i + 1;
            *s = str_from(*s, 3);
            return true;
        }
    }
    return false;
}

static bool take_weekday(struct str *s)
{
    size_t n = 0;
    while (n < s->n && ((s->p[n] | 0x20) >= 'a' && (s->p[n] | 0x20) <= 'z')) {
        n++;
    }
    *s = str_from(*s, n);
    return n >= 3 && n <= 9;
}

static bool take_literal(struct str *s, char c)
{
    bool ok = s->n > 0 && s->p[0] == c;
    *s = str_from(*s, 1);
    return ok;
}

/* What stands behind a '%' in a pattern; the letters are strftime's, %w is any name of a day. */
static bool take_field(struct str *s, char what, struct datetime *t)
{
    bool ok;
    switch (what) {
    case 'w':
        return take_weekday(s);
    case 'd':
        return take_digits(s, 2, &t->day);
    case 'b':
        return take_month(s, &t->month);
    case 'Y':
        return take_digits(s, 4, &t->year);
    case 'y':
        ok = take_digits(s, 2, &t->year);
        t->year += t->year < 70 ? 2000 : 1900;
        return ok;
    case 'H':
        return take_digits(s, 2, &t->hour);
    case 'M':
        return take_digits(s, 2, &t->minute);
    default:
        return take_digits(s, 2, &t->second);
    }
}

static bool matches(struct str s, const char *pattern, struct datetime *t)
{
    for (const char *p = pattern; *p; p++) {
        bool ok = *p == '%' ? take_field(&s, *++p, t) : take_literal(&s, *p);
        if (!ok) {
            return false;
        }
    }
    return s.n == 0;
}

static bool in_range(const struct datetime *t)
{
    /* ns_t ends in 2262. A leap second passes. */
    return t->year >= 1700 && t->year < 2262 && t->day >= 1 && t->day <= 31 && t->hour < 24 &&
           t->minute < 60 && t->second <= 60;
}

bool http_date_parse(struct str s, ns_t *real)
{
    static const char *const patterns[] = {
        "%w, %d %b %Y %H:%M:%S GMT",
        "%w, %d-%b-%y %H:%M:%S GMT",
        "%w %b %d %H:%M:%S %Y",
    };
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        struct datetime t = {0};
        if (matches(s, patterns[i], &t) && in_range(&t)) {
            *real = datetime_to_unix(&t) * NS_S;
            return true;
        }
    }
    return false;
}

ns_t http_retry_after_parse(struct str value, ns_t now)
{
    value = str_trim(value);
    ns_t wait = 0;
    size_t i = 0;
    while (i < value.n && value.p[i] >= '0' && value.p[i] <= '9') {
        wait = MIN(wait * 10 + (value.p[i] - '0') * NS_S, RETRY_AFTER_MAX);
        i++;
    }
    if (i == value.n) {
        return wait;
    }
    ns_t date;
    if (!http_date_parse(value, &date) || date <= now) {
        return 0;
    }
    return MIN(date - now, RETRY_AFTER_MAX);
}

struct str http_field(struct str block, const char *name, size_t nth)
{
    for (struct str rest = block, line; str_split(&rest, '\n', &line);) {
        ptrdiff_t colon = str_find_byte(line, ':');
        if (colon > 0 && str_ieq(str_head(line, (size_t)colon), str_c(name)) && nth-- == 0) {
            return str_trim(str_from(line, (size_t)colon + 1));
        }
    }
    return STR_EMPTY;
}
