/* SPDX-License-Identifier: Apache-2.0
 *
 * go_float: the shortest decimal that reads back as the same double.
 *
 * Any decimal of 15 digits survives the way into a normal double and back, so if 15 digits of v
 * give v back, they are its shortest form once the zeros at the end are cut. Else 16 are tried, and
 * 17 always do. Two exceptions: doubles below the normal range have fewer digits and are tried from
 * one digit on; and at a power of two the doubles above are further apart than those below, so that
 * of 16 digits not the nearest decimal but the next one above may be the one that reads back.
 */
#include <float.h>
#include <math.h>

#include "base/gotext.h"

struct decimal {
    char digits[24]; /* without zeros at the end; none for zero */
    int n;
    int point; /* the value is 0.DIGITS times ten to the power of this */
};

static bool reads_back(uint64_t digits, int exponent, double v, bool single)
{
    char text[48];
    snprintf(text, sizeof(text), "%llue%d", (unsigned long long)digits, exponent);
    return single ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v;
}

/* The n digits nearest to v as an integer times ten to the power of *exponent. */
static uint64_t nearest(double v, int n, int *exponent)
{
    char text[48];
    snprintf(text, sizeof(text), "%.*e", n - 1, v);
    uint64_t digits = 0;
    const char *p = text;
    for (; *p != 'e'; p++) {
        if (*p != '.') {
            digits = digits * 10 + (uint64_t)(*p - '0');
        }
    }
    *exponent = (int)strtol(p + 1, NULL, 10) - (n - 1);
    return digits;
}

static uint64_t shortest(double v, bool single, int *exponent)
{
    int most = single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    int n = single || v < DBL_MIN ? 1 : DBL_DIG;
    for (; n < most; n++) {
        uint64_t digits = nearest(v, n, exponent);
        if (reads_back(digits, *exponent, v, single)) {
            return digits;
        }
        if (reads_back(digits + 1, *exponent, v, single)) {
            return digits + 1;
        }
    }
    return nearest(v, n, exponent);
}

static struct decimal decimal_of(double v, bool single)
{
    struct decimal d = {.point = 0};
    if (v == 0) {
        return d;
    }
    int exponent;
    uint64_t digits = shortest(v, single, &exponent);
    d.n = snprintf(d.digits, sizeof(d.digits), "%llu", (unsigned long long)digits);
    d.point = d.n + exponent;
    while (d.digits[d.n - 1] == '0') {
        d.n--;
    }
    return d;
}

static void add_exponent_form(struct buf *out, const struct decimal *d, bool json)
{
    buf_add_byte(out, d->n ? d->digits[0] : '0');
    if (d->n > 1) {
        buf_add_byte(out, '.');
        buf_add(out, d->digits + 1, (size_t)d->n - 1);
    }
    int exponent = d->n ? d->point - 1 : 0;
    if (json && exponent < 0) {
        buf_addf(out, "e%d", exponent);
    } else {
        buf_addf(out, "e%+03d", exponent);
    }
}

static void add_plain_form(struct buf *out, const struct decimal *d)
{
    if (d->point <= 0) {
        buf_add_c(out, d->n ? "0." : "0");
        buf_add_repeat(out, '0', (size_t)-d->point);
        buf_add(out, d->digits, (size_t)d->n);
        return;
    }
    int whole = MIN(d->n, d->point);
    buf_add(out, d->digits, (size_t)whole);
    buf_add_repeat(out, '0', (size_t)(d->point - whole));
    if (d->n > whole) {
        buf_add_byte(out, '.');
        buf_add(out, d->digits + whole, (size_t)(d->n - whole));
    }
}

static bool wants_exponent(const struct decimal *d, char form)
{
    int exponent = d->n ? d->point - 1 : 0;
    switch (form) {
    case 'e':
        return true;
    case 'g':
        return exponent < -4 || exponent >= 6;
    case 'j':
        return exponent < -6 || exponent >= 21;
    default:
        return false;
    }
}

static void add_float(struct buf *out, double v, char form, bool single)
{
    if (isnan(v)) {
        buf_add_c(out, "NaN");
        return;
    }
    if (isinf(v)) {
        buf_add_c(out, v < 0 ? "-Inf" : "+Inf");
        return;
    }
    if (signbit(v)) {
        buf_add_byte(out, '-');
    }
    struct decimal d = decimal_of(fabs(v), single);
    if (wants_exponent(&d, form)) {
        add_exponent_form(out, &d, form == 'j');
    } else {
        add_plain_form(out, &d);
    }
}

void go_float(struct buf *out, double v, char form)
{
    add_float(out, v, form, false);
}

void go_float32(struct buf *out, double v, char form)
{
    add_float(out, (double)(float)v, form, true);
}
