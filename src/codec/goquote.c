/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/goquote.h"

#include "base/utf8.h"
#include "codec/unicode.h"

static const char named_escapes[][2] = {{'\a', 'a'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'},
                                        {'\r', 'r'}, {'\t', 't'}, {'\v', 'v'}, {'\\', '\\'}};

static void add_escaped(struct buf *out, uint32_t rune, char quote, enum goquote_flags flags)
{
    if (rune == (unsigned char)quote) {
        buf_add_byte(out, '\\');
        buf_add_byte(out, quote);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(named_escapes); i++) {
        if (rune == (unsigned char)named_escapes[i][0]) {
            buf_add_byte(out, '\\');
            buf_add_byte(out, named_escapes[i][1]);
            return;
        }
    }
    bool plain = (flags & GOQUOTE_ASCII) ? rune >= 0x20 && rune < 0x7f : unicode_is_print(rune);
    if (plain) {
        buf_add_rune(out, rune);
    } else if (rune < 0x20 || rune == 0x7f) {
        buf_addf(out, "\\x%02x", rune);
    } else if (rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000)) {
        buf_add_c(out, "\\ufffd");
    } else {
        buf_addf(out, rune < 0x10000 ? "\\u%04x" : "\\U%08x", rune);
    }
}

void goquote(struct buf *out, struct str s, enum goquote_flags flags)
{
    buf_add_byte(out, '"');
    while (s.n > 0) {
        uint32_t rune;
        bool ok;
        size_t n = utf8_decode(s, &rune, &ok);
        if (ok) {
            add_escaped(out, rune, '"', flags);
        } else {
            buf_addf(out, "\\x%02x", (unsigned char)s.p[0]);
        }
        s = str_from(s, n);
    }
    buf_add_byte(out, '"');
}

void goquote_rune(struct buf *out, uint32_t rune, enum goquote_flags flags)
{
    buf_add_byte(out, '\'');
    bool valid = rune <= 0x10FFFF && (rune < 0xD800 || rune >= 0xE000);
    add_escaped(out, valid ? rune : UTF8_REPLACEMENT, '\'', flags);
    buf_add_byte(out, '\'');
}

bool goquote_can_raw(struct str s)
{
    while (s.n > 0) {
        uint32_t rune;
        bool ok;
        size_t n = utf8_decode(s, &rune, &ok);
        if (!ok || rune == 0xFEFF || rune == '`' || rune == 0x7f || (rune < 0x20 && rune != '\t')) {
            return false;
        }
        s = str_from(s, n);
    }
    return true;
}

/* ---- reading ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char l = (char)(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static bool take_digits(struct str *s, size_t count, int base, uint32_t *out)
{
    *out = 0;
    if (s->n < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        int digit = hex_digit(s->p[i]);
        if (digit < 0 || digit >= base) {
            return false;
        }
        *out = *out * (uint32_t)base + (uint32_t)digit;
    }
    *s = str_from(*s, count);
    return true;
}

/* One escape, after the backslash. *byte: the value is a byte, not a code point. */
static bool take_escape(struct str *s, char quote, uint32_t *out, bool *byte)
{
    if (s->n == 0) {
        return false;
    }
    char c = s->p[0];
    if (c >= '0' && c <= '7') {
        *byte = true;
        return take_digits(s, 3, 8, out) && *out < 256;
    }
    *s = str_from(*s, 1);
    switch (c) {
    case 'x':
        *byte = true;
        return take_digits(s, 2, 16, out);
    case 'u':
        return take_digits(s, 4, 16, out) && (*out < 0xD800 || *out >= 0xE000);
    case 'U':
        return take_digits(s, 8, 16, out) && *out <= 0x10FFFF && (*out < 0xD800 || *out >= 0xE000);
    case '"':
    case '\'':
        *out = (unsigned char)c;
        return c == quote;
    default:
        break;
    }
    for (size_t i = 0; i < COUNT_OF(named_escapes); i++) {
        if (c == named_escapes[i][1]) {
            *out = (unsigned char)named_escapes[i][0];
            return true;
        }
    }
    return false;
}

static bool take_char(struct str *s, char quote, struct buf *out, uint32_t *rune)
{
    bool byte = false;
    char c = s->p[0];
    if (c == quote || c == '\n') {
        return false;
    }
    if (c == '\\') {
        *s = str_from(*s, 1);
        if (!take_escape(s, quote, rune, &byte)) {
            return false;
        }
    } else {
        bool ok;
        size_t n = utf8_decode(*s, rune, &ok);
        if (!ok) { /* kept as it is */
            byte = true;
            if (out) {
                *rune = (unsigned char)c;
            }
        }
        *s = str_from(*s, n);
    }
    if (out && byte) {
        buf_add_byte(out, (char)*rune);
    } else if (out) {
        buf_add_rune(out, *rune);
    }
    return true;
}

/* The inside of a literal in these quotes. */
static bool inside(struct str literal, char quote, struct str *out)
{
    if (literal.n < 2 || literal.p[0] != quote || literal.p[literal.n - 1] != quote) {
        return false;
    }
    *out = str_sub(literal, 1, literal.n - 1);
    return true;
}

bool gounquote(struct buf *out, struct str literal)
{
    struct str s;
    if (inside(literal, '`', &s)) {
        for (size_t i = 0; i < s.n; i++) {
            if (s.p[i] == '`') {
                return false;
            }
            if (s.p[i] != '\r') {
                buf_add_byte(out, s.p[i]);
            }
        }
        return true;
    }
    if (!inside(literal, '"', &s)) {
        return false;
    }
    while (s.n > 0) {
        uint32_t rune;
        if (!take_char(&s, '"', out, &rune)) {
            return false;
        }
    }
    return true;
}

bool gounquote_rune(struct str literal, uint32_t *rune)
{
    struct str s;
    if (!inside(literal, '\'', &s) || s.n == 0) {
        return false;
    }
    return take_char(&s, '\'', NULL, rune) && s.n == 0;
}
