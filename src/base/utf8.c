/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

static size_t invalid(uint32_t *rune, bool *ok)
{
    *rune = UTF8_REPLACEMENT;
    if (ok) {
        *ok = false;
    }
    return 1;
}

/* Length and smallest code point of the sequence that a lead byte starts; 0 if it cannot start one.
 */
static size_t sequence(unsigned char lead, uint32_t *bits, uint32_t *smallest)
{
    if (lead >= 0xC2 && lead <= 0xDF) {
        *bits = lead & 0x1Fu;
        *smallest = 0x80;
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        *bits = lead & 0x0Fu;
        *smallest = 0x800;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        *bits = lead & 0x07u;
        *smallest = 0x10000;
        return 4;
    }
    return 0;
}

size_t utf8_decode(struct str s, uint32_t *rune, bool *ok)
{
    if (ok) {
        *ok = true;
    }
    if (s.n == 0) {
        *rune = 0;
        return 0;
    }
    unsigned char lead = (unsigned char)s.p[0];
    if (lead < 0x80) {
        *rune = lead;
        return 1;
    }
    uint32_t value = 0;
    uint32_t smallest = 0;
    size_t width = sequence(lead, &value, &smallest);
    if (width == 0 || s.n < width) {
        return invalid(rune, ok);
    }
    for (size_t i = 1; i < width; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c & 0xC0) != 0x80) {
            return invalid(rune, ok);
        }
        value = (value << 6) | (c & 0x3Fu);
    }
    if (value < smallest || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return invalid(rune, ok);
    }
    *rune = value;
    return width;
}

size_t utf8_encode(uint32_t rune, char out[UTF8_MAX])
{
    if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) {
        rune = UTF8_REPLACEMENT;
    }
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        out[0] = (char)(0xC0 | (rune >> 6));
        out[1] = (char)(0x80 | (rune & 0x3F));
        return 2;
    }
    if (rune < 0x10000) {
        out[0] = (char)(0xE0 | (rune >> 12));
        out[1] = (char)(0x80 | ((rune >> 6) & 0x3F));
        out[2] = (char)(0x80 | (rune & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (rune >> 18));
    out[1] = (char)(0x80 | ((rune >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((rune >> 6) & 0x3F));
    out[3] = (char)(0x80 | (rune & 0x3F));
    return 4;
}

bool utf8_valid(struct str s)
{
    while (s.n > 0) {
        uint32_t rune;
        bool ok;
        size_t width = utf8_decode(s, &rune, &ok);
        if (!ok) {
            return false;
        }
        s = str_from(s, width);
    }
    return true;
}

size_t utf8_count(struct str s)
{
    size_t count = 0;
    while (s.n > 0) {
        uint32_t rune;
        s = str_from(s, utf8_decode(s, &rune, NULL));
        count++;
    }
    return count;
}

size_t utf8_cut(struct str s, size_t max)
{
    if (s.n <= max) {
        return s.n;
    }
    size_t at = max;
    while (at > 0 && max - at < UTF8_MAX && ((unsigned char)s.p[at] & 0xC0) == 0x80) {
        at--;
    }
    return at;
}
