/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gotext.h"

#include "base/utf8.h"

static void quote_rune(struct buf *out, uint32_t rune)
{
    switch (rune) {
    case '"':
        buf_add_c(out, "\\\"");
        break;
    case '\\':
        buf_add_c(out, "\\\\");
        break;
    case '\n':
        buf_add_c(out, "\\n");
        break;
    case '\r':
        buf_add_c(out, "\\r");
        break;
    case '\t':
        buf_add_c(out, "\\t");
        break;
    default:
        if (rune < 0x20 || rune == 0x7f) {
            buf_addf(out, "\\u%04x", rune);
        } else {
            buf_add_rune(out, rune);
        }
    }
}

void go_quote_json(struct buf *out, struct str s)
{
    buf_add_byte(out, '"');
    while (s.n > 0) {
        uint32_t rune;
        s = str_from(s, utf8_decode(s, &rune, NULL));
        quote_rune(out, rune);
    }
    buf_add_byte(out, '"');
}

/* value / 10^digits without trailing zeros. */
static void add_fraction(struct buf *out, uint64_t value, uint64_t unit, int digits)
{
    buf_addf(out, "%llu", (unsigned long long)(value / unit));
    uint64_t rest = value % unit;
    if (rest == 0) {
        return;
    }
    buf_addf(out, ".%0*llu", digits, (unsigned long long)rest);
    while (out->n > 0 && out->p[out->n - 1] == '0') {
        buf_truncate(out, out->n - 1);
    }
}

void go_duration(struct buf *out, ns_t d)
{
    uint64_t n = d < 0 ? 0 - (uint64_t)d : (uint64_t)d;
    if (n == 0) {
        buf_add_c(out, "0s");
        return;
    }
    if (d < 0) {
        buf_add_byte(out, '-');
    }
    if (n < 1000) {
        buf_addf(out, "%lluns", (unsigned long long)n);
        return;
    }
    if (n < 1000000) {
        add_fraction(out, n, 1000, 3);
        buf_add_c(out, "\xc2\xb5s"); /* the micro sign */
        return;
    }
    if (n < (uint64_t)NS_S) {
        add_fraction(out, n, 1000000, 6);
        buf_add_c(out, "ms");
        return;
    }
    uint64_t minutes = n / (uint64_t)NS_MIN;
    if (minutes >= 60) {
        buf_addf(out, "%lluh", (unsigned long long)(minutes / 60));
    }
    if (minutes > 0) {
        buf_addf(out, "%llum", (unsigned long long)(minutes % 60));
    }
    add_fraction(out, n % (uint64_t)NS_MIN, (uint64_t)NS_S, 9);
    buf_add_byte(out, 's');
}

static bool take_unit(struct str *s, uint64_t *unit)
{
    static const struct {
        struct str name;
        uint64_t ns;
    } units[] = {
        {STR_INIT("ns"), 1},           {STR_INIT("us"), 1000},
        {STR_INIT("\xc2\xb5s"), 1000}, {STR_INIT("\xce\xbcs"), 1000},
        {STR_INIT("ms"), 1000000},     {STR_INIT("s"), 1000000000},
        {STR_INIT("m"), 60000000000},  {STR_INIT("h"), 3600000000000},
    };
    /* The unit is everything up to the next digit or point. */
    size_t n = 0;
    while (n < s->n && s->p[n] != '.' && (s->p[n] < '0' || s->p[n] > '9')) {
        n++;
    }
    struct str name = str_head(*s, n);
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (str_eq(name, units[i].name)) {
            *unit = units[i].ns;
            *s = str_from(*s, n);
            return true;
        }
    }
    return false;
}

/* Digits at the front; *value saturates the way Go's does: false on overflow of 63 bits + 1. */
static bool take_int(struct str *s, uint64_t *value)
{
    *value = 0;
    while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
        uint64_t digit = (uint64_t)(s->p[0] - '0');
        if (__builtin_mul_overflow(*value, 10u, value) ||
            __builtin_add_overflow(*value, digit, value) || *value > (uint64_t)1 << 63) {
            return false;
        }
        *s = str_from(*s, 1);
    }
    return true;
}

/* Digits behind the point, as value / scale; what exceeds the precision is dropped. */
static void take_fraction(struct str *s, uint64_t *value, double *scale)
{
    bool full = false;
    *value = 0;
    *scale = 1;
    while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
        uint64_t digit = (uint64_t)(s->p[0] - '0');
        if (!full && *value <= (((uint64_t)1 << 63) - 1 - digit) / 10) {
            *value = *value * 10 + digit;
            *scale *= 10;
        } else {
            full = true;
        }
        *s = str_from(*s, 1);
    }
}

static bool take_term(struct str *s, uint64_t *total)
{
    size_t before = s->n;
    uint64_t whole;
    uint64_t fraction = 0;
    double scale = 1;
    if (!take_int(s, &whole)) {
        return false;
    }
    bool any = s->n < before;
    if (s->n > 0 && s->p[0] == '.') {
        *s = str_from(*s, 1);
        size_t at_point = s->n;
        take_fraction(s, &fraction, &scale);
        any = any || s->n < at_point;
    }
    uint64_t unit;
    if (!any || !take_unit(s, &unit) || __builtin_mul_overflow(whole, unit, &whole)) {
        return false;
    }
    if (fraction > 0) {
        whole += (uint64_t)((double)fraction * ((double)unit / scale));
    }
    return !__builtin_add_overflow(*total, whole, total) && *total <= (uint64_t)1 << 63 &&
           whole <= (uint64_t)1 << 63;
}

bool go_parse_duration(struct str s, ns_t *out)
{
    bool negative = false;
    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
        negative = s.p[0] == '-';
        s = str_from(s, 1);
    }
    if (str_eq_c(s, "0")) {
        *out = 0;
        return true;
    }
    if (s.n == 0) {
        return false;
    }
    uint64_t total = 0;
    while (s.n > 0) {
        if (!take_term(&s, &total)) {
            return false;
        }
    }
    if (!negative && total > (uint64_t)INT64_MAX) {
        return false;
    }
    *out = negative ? (ns_t)(0 - total) : (ns_t)total;
    return true;
}
