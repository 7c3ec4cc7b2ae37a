/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/gonum.h"

#include <math.h>

#include "base/gotext.h"

static char lower(char c)
{
    return (char)(c | ('x' - 'X'));
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return lower(c) >= 'a' && lower(c) <= 'z' ? lower(c) - 'a' + 10 : 99;
}

/* Underscores may stand only between digits or between a base prefix and a digit. */
static bool underscores_ok(struct str s)
{
    char seen = '^';
    size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
    bool hex = false;
    if (s.n >= i + 2 && s.p[i] == '0' && strchr("box", lower(s.p[i + 1])) && s.p[i + 1] != 0) {
        seen = '0';
        hex = lower(s.p[i + 1]) == 'x';
        i += 2;
    }
    for (; i < s.n; i++) {
        char c = s.p[i];
        if ((c >= '0' && c <= '9') || (hex && lower(c) >= 'a' && lower(c) <= 'f')) {
            seen = '0';
        } else if (c == '_') {
            if (seen != '0') {
                return false;
            }
            seen = '_';
        } else if (seen == '_') {
            return false;
        } else {
            seen = '!';
        }
    }
    return seen != '_';
}

static int take_base_prefix(struct str *s)
{
    if (s->p[0] != '0') {
        return 10;
    }
    if (s->n >= 3) {
        int base = 0;
        switch (lower(s->p[1])) {
        case 'b':
            base = 2;
            break;
        case 'o':
            base = 8;
            break;
        case 'x':
            base = 16;
            break;
        default:
            break;
        }
        if (base) {
            *s = str_from(*s, 2);
            return base;
        }
    }
    *s = str_from(*s, 1);
    return 8;
}

enum gonum_result gonum_parse_uint(struct str s, int base, uint64_t *out)
{
    struct str whole = s;
    bool prefixed = base == 0;
    *out = 0;
    if (s.n == 0) {
        return GONUM_SYNTAX;
    }
    if (prefixed) {
        base = take_base_prefix(&s);
    }
    bool over = false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '_' && prefixed) {
            continue;
        }
        int digit = digit_value(s.p[i]);
        if (digit >= base) {
            return GONUM_SYNTAX;
        }
        over = over || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
               __builtin_add_overflow(v, (uint64_t)digit, &v);
    }
    if (prefixed && !underscores_ok(whole)) {
        return GONUM_SYNTAX;
    }
    *out = over ? UINT64_MAX : v;
    return over ? GONUM_RANGE : GONUM_OK;
}

enum gonum_result gonum_parse_int(struct str s, int base, int64_t *out)
{
    bool negative = s.n > 0 && s.p[0] == '-';
    *out = 0;
    if (negative || (s.n > 0 && s.p[0] == '+')) {
        s = str_from(s, 1);
    }
    uint64_t v;
    enum gonum_result result = gonum_parse_uint(s, base, &v);
    if (result == GONUM_SYNTAX) {
        return result;
    }
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    if (v > limit) {
        *out = negative ? INT64_MIN : INT64_MAX;
        return GONUM_RANGE;
    }
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return result;
}

/* ---- floats from text ---- */

static bool parse_special(struct str s, double *out)
{
    bool negative = s.n > 0 && s.p[0] == '-';
    bool sign = negative || (s.n > 0 && s.p[0] == '+');
    struct str word = str_from(s, sign);
    if (str_ieq(word, STR("inf")) || str_ieq(word, STR("infinity"))) {
        *out = negative ? -INFINITY : INFINITY;
        return true;
    }
    if (!sign && str_ieq(word, STR("nan"))) {
        *out = NAN;
        return true;
    }
    return false;
}

/* Length of a run of digits and underscores from i on; adds up the digits. */
static size_t digit_run(struct str s, size_t i, bool hex, size_t *digits)
{
    for (; i < s.n; i++) {
        if (s.p[i] != '_') {
            if (digit_value(s.p[i]) >= (hex ? 16 : 10)) {
                break;
            }
            ++*digits;
        }
    }
    return i;
}

static bool float_syntax(struct str s)
{
    size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
    bool hex = s.n >= i + 2 && s.p[i] == '0' && lower(s.p[i + 1]) == 'x';
    i += hex ? 2 : 0;
    size_t digits = 0;
    i = digit_run(s, i, hex, &digits);
    if (i < s.n && s.p[i] == '.') {
        i = digit_run(s, i + 1, hex, &digits);
    }
    if (digits == 0) {
        return false;
    }
    if (i < s.n && lower(s.p[i]) == (hex ? 'p' : 'e')) {
        i++;
        i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
        if (i >= s.n || s.p[i] == '_') {
            return false;
        }
        digits = 0;
        i = digit_run(s, i, false, &digits);
        if (digits == 0) {
            return false;
        }
    } else if (hex) {
        return false;
    }
    return i == s.n && (str_find_byte(s, '_') < 0 || underscores_ok(s));
}

enum gonum_result gonum_parse_float(struct str s, double *out)
{
    *out = 0;
    if (parse_special(s, out)) {
        return GONUM_OK;
    }
    if (!float_syntax(s)) {
        return GONUM_SYNTAX;
    }
    AUTO(wipe_freep) char *text = xmalloc(s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '_') {
            text[n++] = s.p[i];
        }
    }
    text[n] = '\0';
    *out = strtod(text, NULL);
    return isinf(*out) ? GONUM_RANGE : GONUM_OK;
}

/* ---- floats to text ---- */

enum { DIGITS_MAX = 1200 }; /* more than any double has */

struct digits {
    char d[DIGITS_MAX];
    int n;     /* without trailing zeros */
    int point; /* value = 0.d1d2d3... * 10^point */
};

/* From the text of "%.*e". */
static void digits_from_text(struct digits *out, const char *text)
{
    out->n = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9') {
            out->d[out->n++] = *text;
        }
    }
    while (out->n > 0 && out->d[out->n - 1] == '0') {
        out->n--;
    }
    out->point = out->n ? (int)strtol(text + 1, NULL, 10) + 1 : 0;
}

/* Rounded to `count` digits. */
static void digits_of(struct digits *out, double magnitude, int count)
{
    char text[DIGITS_MAX + 16];
    (void)snprintf(text, sizeof(text), "%.*e", MIN(count, DIGITS_MAX) - 1, magnitude);
    digits_from_text(out, text);
}

static void add_digit(struct buf *out, const struct digits *d, int i)
{
    buf_add_byte(out, i >= 0 && i < d->n ? d->d[i] : '0');
}

static void add_exponent(struct buf *out, char letter, int exponent)
{
    buf_addf(out, "%c%c%02d", letter, exponent < 0 ? '-' : '+', abs(exponent));
}

static void add_exponential(struct buf *out, const struct digits *d, char letter, int decimals)
{
    add_digit(out, d, 0);
    if (decimals > 0) {
        buf_add_byte(out, '.');
        for (int i = 1; i <= decimals; i++) {
            add_digit(out, d, i);
        }
    }
    add_exponent(out, letter, d->n ? d->point - 1 : 0);
}

static void add_plain(struct buf *out, const struct digits *d, int decimals)
{
    if (d->point > 0) {
        for (int i = 0; i < d->point; i++) {
            add_digit(out, d, i);
        }
    } else {
        buf_add_byte(out, '0');
    }
    if (decimals > 0) {
        buf_add_byte(out, '.');
        for (int i = 0; i < decimals; i++) {
            add_digit(out, d, d->point + i);
        }
    }
}

/* %g: the exponent form below 1e-4 and from the precision on. */
static void add_general(struct buf *out, double magnitude, char letter, int precision)
{
    struct digits d;
    int limit = precision == 0 ? 1 : precision;
    digits_of(&d, magnitude, limit);
    if (limit > d.n && d.n >= d.point) {
        limit = d.n;
    }
    int exponent = d.point - 1;
    if (exponent < -4 || exponent >= limit) {
        add_exponential(out, &d, letter, d.n - 1);
    } else {
        add_plain(out, &d, MAX(d.n - d.point, 0));
    }
}

/* The fewest digits. */
static void add_shortest(struct buf *out, double magnitude, char format)
{
    size_t before = out->n;
    go_float(out, magnitude, lower(format));
    for (size_t i = before; i < out->n && format != lower(format); i++) {
        out->p[i] = (char)(out->p[i] == 'e' ? 'E' : out->p[i]);
    }
}

/* Mantissa 1.xxx in hexadecimal and a binary exponent. */
static void add_hex(struct buf *out, double magnitude, char format, int precision)
{
    int exponent = 0;
    double m = magnitude == 0 ? 0 : 2 * frexp(magnitude, &exponent);
    exponent -= magnitude != 0;
    char text[DIGITS_MAX];
    if (precision < 0) {
        (void)snprintf(text, sizeof(text), format == 'x' ? "%a" : "%A", m);
    } else {
        (void)snprintf(text, sizeof(text), format == 'x' ? "%.*a" : "%.*A", MIN(precision, 1000),
                       m);
    }
    char *p = strchr(text, format == 'x' ? 'p' : 'P');
    must(p);
    if (text[2] == '2') {
        text[2] = '1';
        exponent++;
    }
    buf_add(out, text, (size_t)(p - text));
    add_exponent(out, *p, exponent);
}

static void add_binary(struct buf *out, double magnitude)
{
    int exponent = 0;
    double m = frexp(magnitude, &exponent);
    buf_addf(out, "%.0fp%+d", ldexp(m, 53), magnitude == 0 ? -1074 : exponent - 53);
}

void gonum_format_float(struct buf *out, double v, char format, int precision)
{
    if (isnan(v)) {
        buf_add_c(out, "NaN");
        return;
    }
    if (isinf(v)) {
        buf_add_c(out, v > 0 ? "+Inf" : "-Inf");
        return;
    }
    if (signbit(v)) {
        buf_add_byte(out, '-');
        v = -v;
    }
    bool hex = format == 'x' || format == 'X';
    if (precision < 0 && !hex && format != 'b') {
        add_shortest(out, v, format);
        return;
    }
    switch (format) {
    case 'e':
    case 'E':
        buf_addf(out, format == 'e' ? "%.*e" : "%.*E", precision, v);
        break;
    case 'f':
    case 'F':
        buf_addf(out, "%.*f", precision, v);
        break;
    case 'x':
    case 'X':
        add_hex(out, v, format, precision);
        break;
    case 'b':
        add_binary(out, v);
        break;
    default:
        add_general(out, v, format == 'G' ? 'E' : 'e', precision);
        break;
    }
}

void gonum_format_uint(struct buf *out, uint64_t v, int base, bool upper)
{
    char digits[64];
    size_t n = sizeof(digits);
    do {
        unsigned digit = (unsigned)(v % (unsigned)base);
        digits[--n] = (char)(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10);
        v /= (unsigned)base;
    } while (v);
    buf_add(out, digits + n, sizeof(digits) - n);
}
