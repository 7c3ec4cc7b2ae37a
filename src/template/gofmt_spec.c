/* SPDX-License-Identifier: Apache-2.0 */
#include "template/gofmt_spec.h"

#include "base/utf8.h"
#include "codec/gonum.h"
#include "codec/goquote.h"
#include "codec/unicode.h"

static void padding(struct buf *out, const struct spec *f, size_t length, bool zero)
{
    if (f->has_width && (size_t)f->width > length) {
        buf_add_repeat(out, zero && !f->minus ? '0' : ' ', (size_t)f->width - length);
    }
}

static void pad(struct buf *out, const struct spec *f, struct str s, bool zero)
{
    size_t length = f->has_width ? utf8_count(s) : 0;
    if (!f->minus) {
        padding(out, f, length, zero);
    }
    buf_add_str(out, s);
    if (f->minus) {
        padding(out, f, length, false);
    }
}

void spec_pad(struct buf *out, const struct spec *f, struct str s)
{
    pad(out, f, s, f->zero);
}

bool spec_bool(struct buf *out, const struct spec *f, bool b, uint32_t verb)
{
    if (verb != 't' && verb != 'v') {
        return false;
    }
    pad(out, f, b ? STR("true") : STR("false"), f->zero);
    return true;
}

/* ---- strings ---- */

/* The first `precision` runes. */
static struct str truncate(const struct spec *f, struct str s)
{
    if (!f->has_precision) {
        return s;
    }
    size_t at = 0;
    for (int i = 0; i < f->precision && at < s.n; i++) {
        uint32_t rune;
        at += utf8_decode(str_from(s, at), &rune, NULL);
    }
    return str_head(s, at);
}

static void quoted(struct buf *out, const struct spec *f, struct str s)
{
    s = truncate(f, s);
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(out->max);
    if (f->sharp && goquote_can_raw(s)) {
        buf_add_byte(&b, '`');
        buf_add_str(&b, s);
        buf_add_byte(&b, '`');
    } else {
        goquote(&b, s, f->plus ? GOQUOTE_ASCII : GOQUOTE_PLAIN);
    }
    pad(out, f, buf_str(&b), f->zero);
}

static void hex_bytes(struct buf *out, const struct spec *f, struct str s, bool upper)
{
    if (f->has_precision && (size_t)f->precision < s.n) {
        s = str_head(s, (size_t)f->precision);
    }
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const char *prefix = !f->sharp ? "" : upper ? "0X" : "0x";
    size_t width = 2 * s.n;
    if (s.n > 0 && f->space) {
        width += (f->sharp ? 2 * s.n : 0) + s.n - 1;
    } else if (s.n > 0 && f->sharp) {
        width += 2;
    }
    if (!f->minus || s.n == 0) {
        padding(out, f, width, f->zero);
    }
    for (size_t i = 0; i < s.n; i++) {
        buf_add_c(out, f->space && i > 0 ? " " : "");
        buf_add_c(out, f->space || i == 0 ? prefix : "");
        buf_add_byte(out, digits[(unsigned char)s.p[i] >> 4]);
        buf_add_byte(out, digits[(unsigned char)s.p[i] & 15]);
    }
    if (f->minus && s.n > 0) {
        padding(out, f, width, false);
    }
}

bool spec_string(struct buf *out, const struct spec *f, struct str s, uint32_t verb)
{
    switch (verb) {
    case 'v':
        if (f->sharp_v) {
            quoted(out, f, s);
            return true;
        }
        pad(out, f, truncate(f, s), f->zero);
        return true;
    case 's':
        pad(out, f, truncate(f, s), f->zero);
        return true;
    case 'q':
        quoted(out, f, s);
        return true;
    case 'x':
    case 'X':
        hex_bytes(out, f, s, verb == 'X');
        return true;
    default:
        return false;
    }
}

/* ---- integers ---- */

static void unicode_form(struct buf *out, const struct spec *f, uint64_t v)
{
    AUTO(buf_done) struct buf digits = BUF_INIT(out->max);
    AUTO(buf_done) struct buf b = BUF_INIT(out->max);
    gonum_format_uint(&digits, v, 16, true);
    buf_add_c(&b, "U+");
    size_t wanted = f->has_precision && f->precision > 4 ? (size_t)f->precision : 4;
    buf_add_repeat(&b, '0', wanted > digits.n ? wanted - digits.n : 0);
    buf_add_str(&b, buf_str(&digits));
    if (f->sharp && v <= 0x10FFFF && unicode_is_print((uint32_t)v)) {
        buf_add_c(&b, " '");
        buf_add_rune(&b, (uint32_t)v);
        buf_add_c(&b, "'");
    }
    pad(out, f, buf_str(&b), false);
}

static void character(struct buf *out, const struct spec *f, uint64_t v, bool quote)
{
    AUTO(buf_done) struct buf b = BUF_INIT(64);
    uint32_t rune = v > 0x10FFFF ? UTF8_REPLACEMENT : (uint32_t)v;
    if (quote) {
        goquote_rune(&b, rune, f->plus ? GOQUOTE_ASCII : GOQUOTE_PLAIN);
    } else {
        buf_add_rune(&b, rune);
    }
    pad(out, f, buf_str(&b), f->zero);
}

static const char *base_prefix(const struct spec *f, int base, uint32_t verb, bool leading_zero)
{
    if (verb == 'O') {
        return f->sharp && !leading_zero ? "0o0" : "0o";
    }
    if (!f->sharp) {
        return "";
    }
    switch (base) {
    case 2:
        return "0b";
    case 8:
        return leading_zero ? "" : "0";
    case 16:
        return verb == 'X' ? "0X" : "0x";
    default:
        return "";
    }
}

static void digits_form(struct buf *out, const struct spec *f, uint64_t v, bool negative, int base,
                        uint32_t verb)
{
    if (f->has_precision && f->precision == 0 && v == 0) {
        padding(out, f, 0, false);
        return;
    }
    size_t wanted = f->has_precision ? (size_t)f->precision : 0;
    if (!f->has_precision && f->zero && !f->minus && f->has_width) {
        wanted = (size_t)f->width - ((negative || f->plus || f->space) && f->width > 0);
    }
    AUTO(buf_done) struct buf digits = BUF_INIT(out->max);
    AUTO(buf_done) struct buf b = BUF_INIT(out->max);
    gonum_format_uint(&digits, v, base, verb == 'X');
    buf_add_c(&b, negative ? "-" : f->plus ? "+" : f->space ? " " : "");
    bool leading_zero = wanted > digits.n || v == 0;
    buf_add_c(&b, base_prefix(f, base, verb, leading_zero));
    buf_add_repeat(&b, '0', wanted > digits.n ? wanted - digits.n : 0);
    buf_add_str(&b, buf_str(&digits));
    pad(out, f, buf_str(&b), false);
}

bool spec_integer(struct buf *out, const struct spec *f, uint64_t bits, bool is_signed,
                  uint32_t verb)
{
    bool negative = is_signed && (int64_t)bits < 0;
    uint64_t v = negative ? 0 - bits : bits;
    struct spec go_hex = *f;
    switch (verb) {
    case 'v':
        if (f->sharp_v && !is_signed) {
            go_hex.sharp = true;
            digits_form(out, &go_hex, v, negative, 16, 'x');
            return true;
        }
        digits_form(out, f, v, negative, 10, verb);
        return true;
    case 'd':
        digits_form(out, f, v, negative, 10, verb);
        return true;
    case 'b':
        digits_form(out, f, v, negative, 2, verb);
        return true;
    case 'o':
    case 'O':
        digits_form(out, f, v, negative, 8, verb);
        return true;
    case 'x':
    case 'X':
        digits_form(out, f, v, negative, 16, verb);
        return true;
    case 'c':
    case 'q':
        character(out, f, bits, verb == 'q');
        return true;
    case 'U':
        unicode_form(out, f, bits);
        return true;
    default:
        return false;
    }
}

/* ---- floats ---- */

/* What # does: a decimal point always, and with %g the trailing zeros of its precision. */
static void sharpen(struct buf *number, uint32_t verb, int digits)
{
    bool hex = verb == 'x' || verb == 'X';
    bool general = verb == 'v' || verb == 'g' || verb == 'G' || verb == 'x';
    digits = general ? (digits < 0 ? 6 : digits) : 0;
    bool point = false;
    bool nonzero = false;
    size_t end = number->n;
    for (size_t i = 1; i < end; i++) {
        char c = number->p[i];
        if (c == '.') {
            point = true;
        } else if (c == 'p' || c == 'P' || ((c == 'e' || c == 'E') && !hex)) {
            end = i;
        } else {
            nonzero = nonzero || c != '0';
            digits -= nonzero;
        }
    }
    AUTO(buf_done) struct buf tail = BUF_INIT(64);
    buf_add(&tail, number->p + end, number->n - end);
    buf_truncate(number, end);
    if (!point) {
        digits -= number->n == 2 && number->p[1] == '0';
        buf_add_byte(number, '.');
    }
    buf_add_repeat(number, '0', digits > 0 ? (size_t)digits : 0);
    buf_add_str(number, buf_str(&tail));
}

static void float_form(struct buf *out, const struct spec *f, double v, uint32_t verb,
                       int precision)
{
    precision = f->has_precision ? f->precision : precision;
    AUTO(buf_done) struct buf b = BUF_INIT(out->max);
    char format = verb == 'v' ? 'g' : verb == 'F' ? 'f' : (char)verb;
    gonum_format_float(&b, v, format, precision);
    AUTO(buf_done) struct buf number = BUF_INIT(out->max); /* always with a sign */
    if (b.n > 0 && b.p[0] != '-' && b.p[0] != '+') {
        buf_add_byte(&number, '+');
    }
    buf_add_str(&number, buf_str(&b));
    if (!buf_ok(&number) || number.n < 2) {
        out->full = true;
        return;
    }
    if (f->space && number.p[0] == '+' && !f->plus) {
        number.p[0] = ' ';
    }
    struct str s = buf_str(&number);
    if (s.p[1] == 'I' || s.p[1] == 'N') {
        bool bare = (s.p[1] == 'N' && !f->space && !f->plus);
        pad(out, f, str_from(s, bare), false);
        return;
    }
    if (f->sharp && verb != 'b') {
        sharpen(&number, verb, precision);
        s = buf_str(&number);
    }
    if (!f->plus && s.p[0] == '+') {
        pad(out, f, str_from(s, 1), f->zero);
    } else if (f->zero && !f->minus && f->has_width && (size_t)f->width > s.n) {
        buf_add_byte(out, s.p[0]);
        padding(out, f, s.n, true);
        buf_add_str(out, str_from(s, 1));
    } else {
        pad(out, f, s, f->zero);
    }
}

bool spec_float(struct buf *out, const struct spec *f, double v, uint32_t verb)
{
    switch (verb) {
    case 'v':
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X':
        float_form(out, f, v, verb, -1);
        return true;
    case 'f':
    case 'e':
    case 'E':
    case 'F':
        float_form(out, f, v, verb, 6);
        return true;
    default:
        return false;
    }
}
