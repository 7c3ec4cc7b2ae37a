/* SPDX-License-Identifier: Apache-2.0 */
#include "template/number.h"

#include "codec/gonum.h"
#include "codec/goquote.h"

static bool contains_any(struct str s, const char *set)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] && strchr(set, s.p[i])) {
            return true;
        }
    }
    return false;
}

static bool is_hex(struct str s)
{
    return s.n > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x' && !contains_any(s, "pP");
}

/* A float without a fraction is an int as well, if it fits. */
static void float_as_integer(struct number *n)
{
    if (n->f >= -TWO_TO_63 && n->f < TWO_TO_63 && (double)(int64_t)n->f == n->f) {
        n->is_int = true;
        n->i = (int64_t)n->f;
    }
    if (n->f >= 0 && n->f < 0x1p64 && (double)(uint64_t)n->f == n->f) {
        n->is_uint = true;
        n->u = (uint64_t)n->f;
    }
}

/* Where the imaginary part of 1+2i begins: at the sign that belongs to no exponent. */
static size_t imaginary_at(struct str text)
{
    for (size_t i = text.n; i-- > 1;) {
        bool sign = text.p[i] == '+' || text.p[i] == '-';
        if (sign && !contains_any(str_sub(text, i - 1, i), "eEpP")) {
            return i;
        }
    }
    return 0;
}

static const char *parse_complex(struct str text, struct number *out)
{
    struct str digits = str_head(text, text.n - 1);
    size_t at = imaginary_at(digits);
    if ((at > 0 && gonum_parse_float(str_head(digits, at), &out->f) != GONUM_OK) ||
        gonum_parse_float(str_from(digits, at), &out->imaginary) != GONUM_OK) {
        return "illegal number syntax";
    }
    out->is_complex = true;
    if (out->imaginary == 0) {
        out->is_float = true;
        float_as_integer(out);
    }
    return NULL;
}

const char *number_parse(struct str text, struct number *out)
{
    *out = (struct number){0};
    if (text.n > 0 && text.p[text.n - 1] == 'i') {
        return parse_complex(text, out);
    }
    out->is_uint = gonum_parse_uint(text, 0, &out->u) == GONUM_OK;
    out->is_int = gonum_parse_int(text, 0, &out->i) == GONUM_OK;
    if (out->is_int && out->i == 0) { /* also for -0 */
        out->is_uint = true;
        out->u = 0;
    }
    if (out->is_int || out->is_uint) {
        out->is_float = true;
        out->f = out->is_int ? (double)out->i : (double)out->u;
    } else if (gonum_parse_float(text, &out->f) == GONUM_OK) {
        if (!contains_any(text, ".eEpP")) {
            return "integer overflow";
        }
        out->is_float = true;
        float_as_integer(out);
    } else {
        return "illegal number syntax";
    }
    out->float_syntax = out->is_float && !is_hex(text) && contains_any(text, ".eEpP");
    return NULL;
}

bool number_parse_rune(struct str text, struct number *out)
{
    uint32_t rune;
    if (!gounquote_rune(text, &rune)) {
        return false;
    }
    *out = (struct number){.is_int = true,
                           .is_uint = true,
                           .is_float = true,
                           .i = (int64_t)rune,
                           .u = rune,
                           .f = (double)rune};
    return true;
}
