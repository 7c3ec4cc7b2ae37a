/* SPDX-License-Identifier: Apache-2.0
 *
 * The lenient scanner: values are found by their first character, everything else is passed over.
 */
#include <math.h>

#include "base/gotext.h"
#include "base/num.h"
#include "base/utf8.h"
#include "codec/json_path_priv.h"

/* ---- the evaluation as a whole ---- */

bool jp_enter(struct jp *jp, size_t n)
{
    jp->depth++;
    if (jp->depth > JP_MAX_DEPTH || n > JP_MAX_SCANNED - jp->scanned) {
        jp->failed = true;
        return false;
    }
    jp->scanned += n;
    return !jp->failed;
}

void jp_leave(struct jp *jp)
{
    jp->depth--;
}

struct buf jp_buf(struct jp *jp)
{
    size_t left = JP_MAX_BYTES - jp->made;
    return jp->arena->flags & ARENA_WIPE ? BUF_INIT_WIPE(left) : BUF_INIT(left);
}

struct str jp_take(struct jp *jp, struct buf *b)
{
    if (!buf_ok(b) || jp->failed) {
        jp->failed = true;
        return STR_EMPTY;
    }
    jp->made += b->n;
    return arena_str(jp->arena, buf_str(b));
}

/* ---- pieces of text ---- */

struct str jp_trim(struct str s)
{
    while (s.n > 0 && (unsigned char)s.p[0] <= ' ') {
        s = str_from(s, 1);
    }
    while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ') {
        s.n--;
    }
    return s;
}

/* From behind the opening quote to behind the closing one; NULL if it does not come. */
static const char *skip_string(const char *p, const char *end)
{
    while (p < end && *p != '"') {
        p += *p == '\\' && end - p > 1 ? 2 : 1;
    }
    return p < end ? p + 1 : NULL;
}

static bool opens(char c)
{
    return c == '{' || c == '[' || c == '(';
}

static bool closes(char c)
{
    return c == '}' || c == ']' || c == ')';
}

/* From behind an opening bracket (of any kind, as are those that follow) to behind the closing one,
 * or to the end. */
static const char *skip_nested(const char *p, const char *end)
{
    size_t depth = 1;
    while (p < end && depth > 0) {
        char c = *p++;
        if (c == '"') {
            p = skip_string(p, end);
            if (!p) {
                return end;
            }
        } else if (opens(c)) {
            depth++;
        } else if (closes(c)) {
            depth--;
        }
    }
    return p;
}

struct str jp_squash(struct str text)
{
    const char *end = text.p + text.n;
    return str_head(text, (size_t)(skip_nested(text.p + 1, end) - text.p));
}

struct str jp_squash_any(struct str text)
{
    if (text.p[0] != '"') {
        return jp_squash(text);
    }
    const char *stop = skip_string(text.p + 1, text.p + text.n);
    return stop ? str_head(text, (size_t)(stop - text.p)) : text;
}

/* ---- escapes ---- */

/* Four hex digits, or 0 where they are none. */
static uint32_t hex4(struct str s)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9') {
            value = value << 4 | (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        } else {
            return 0;
        }
    }
    return value;
}

static bool is_surrogate(uint32_t rune)
{
    return rune >= 0xD800 && rune <= 0xDFFF;
}

/* s begins with "\u" and has four more bytes. A surrogate takes the escape behind it along,
 * whatever that is. Returns the bytes used. */
static size_t unescape_unicode(struct buf *out, struct str s)
{
    uint32_t rune = hex4(str_from(s, 2));
    size_t used = 6;
    if (is_surrogate(rune) && s.n >= 12 && s.p[6] == '\\' && s.p[7] == 'u') {
        uint32_t low = hex4(str_from(s, 8));
        bool pair = rune < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF;
        rune = pair ? 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00) : UTF8_REPLACEMENT;
        used = 12;
    }
    buf_add_rune(out, rune);
    return used;
}

/* The escape at the start of s. Returns the bytes used, 0 if it is none. */
static size_t unescape_one(struct buf *out, struct str s)
{
    static const char plain[128] = {
        ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b', ['f'] = '\f',
        ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t', ['"'] = '"',
    };
    if (s.n < 2) {
        return 0;
    }
    if (s.p[1] == 'u') {
        return s.n >= 6 ? unescape_unicode(out, s) : 0;
    }
    char c = (unsigned char)s.p[1] < 128 ? plain[(unsigned char)s.p[1]] : '\0';
    if (c) {
        buf_add_byte(out, c);
    }
    return c ? 2 : 0;
}

struct str jp_unescape(struct jp *jp, struct str inner)
{
    if (str_find_byte(inner, '\\') < 0) {
        return inner;
    }
    AUTO(buf_done) struct buf out = jp_buf(jp);
    while (inner.n > 0 && (unsigned char)inner.p[0] >= ' ') {
        size_t used = 1;
        if (inner.p[0] == '\\') {
            used = unescape_one(&out, inner);
        } else {
            buf_add_byte(&out, inner.p[0]);
        }
        if (used == 0) {
            break;
        }
        inner = str_from(inner, used);
    }
    return jp_take(jp, &out);
}

/* ---- values ---- */

bool jp_exists(const struct jp_value *v)
{
    return v->type != JP_NULL || v->raw.n > 0;
}

bool jp_is_array(const struct jp_value *v)
{
    return v->type == JP_JSON && v->raw.n > 0 && v->raw.p[0] == '[';
}

bool jp_is_object(const struct jp_value *v)
{
    return v->type == JP_JSON && v->raw.n > 0 && v->raw.p[0] == '{';
}

double jp_number(struct str raw)
{
    double value;
    if (num_parse_double(raw, &value)) {
        return value;
    }
    bool negative = raw.n > 0 && raw.p[0] == '-';
    struct str word = negative || (raw.n > 0 && raw.p[0] == '+') ? str_from(raw, 1) : raw;
    if (str_ieq(word, STR("inf")) || str_ieq(word, STR("infinity"))) {
        return negative ? -INFINITY : INFINITY;
    }
    return str_ieq(raw, STR("nan")) ? NAN : 0;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return true;
}

static struct str number_text(struct jp *jp, struct str raw)
{
    if (all_digits(str_trim_prefix(raw, STR("-")))) {
        return raw;
    }
    AUTO(buf_done) struct buf out = jp_buf(jp);
    go_float(&out, jp_number(raw), 'f');
    return jp_take(jp, &out);
}

struct str jp_text(struct jp *jp, const struct jp_value *v)
{
    switch (v->type) {
    case JP_NULL:
        break;
    case JP_FALSE:
        return STR("false");
    case JP_TRUE:
        return STR("true");
    case JP_NUMBER:
        return number_text(jp, v->raw);
    case JP_STRING:
        return jp_unescape(jp, v->inner);
    case JP_JSON:
        return v->raw;
    }
    return STR_EMPTY;
}

struct str jp_raw(struct jp *jp, const struct jp_value *v)
{
    return v->raw.n > 0 ? v->raw : jp_text(jp, v);
}

bool jp_bool(struct jp *jp, const struct jp_value *v)
{
    switch (v->type) {
    case JP_TRUE:
        return true;
    case JP_NUMBER:
        return jp_number(v->raw) != 0;
    case JP_STRING: {
        struct str text = jp_unescape(jp, v->inner);
        return str_ieq(text, STR("true")) || str_ieq(text, STR("t")) || str_eq(text, STR("1"));
    }
    case JP_NULL:
    case JP_FALSE:
    case JP_JSON:
        break;
    }
    return false;
}

/* ---- scanning ---- */

struct jp_cursor jp_cursor(struct str text)
{
    return (struct jp_cursor){text.p, text.p + text.n, false};
}

struct jp_cursor jp_inside(const struct jp_value *v)
{
    struct jp_cursor c = jp_cursor(str_from(v->raw, 1));
    c.to_end = true;
    return c;
}

static struct str since(const struct jp_cursor *c, const char *start)
{
    return str_n(start, (size_t)(c->p - start));
}

static bool scan_string(struct jp_cursor *c, struct jp_value *out)
{
    const char *start = c->p;
    const char *stop = skip_string(start + 1, c->end);
    c->p = stop ? stop : c->end;
    if (!stop) {
        return false;
    }
    *out = (struct jp_value){JP_STRING, since(c, start), {0}};
    out->inner = str_sub(out->raw, 1, out->raw.n - 1);
    return true;
}

static void scan_literal(struct jp_cursor *c, struct jp_value *out)
{
    const char *start = c->p++;
    while (c->p < c->end && *c->p >= 'a' && *c->p <= 'z') {
        c->p++;
    }
    enum jp_type type = *start == 't' ? JP_TRUE : *start == 'f' ? JP_FALSE : JP_NULL;
    *out = (struct jp_value){type, since(c, start), {0}};
}

static void scan_number(struct jp_cursor *c, struct jp_value *out)
{
    const char *start = c->p++;
    while (c->p < c->end && (unsigned char)*c->p > ' ' && *c->p != ',' && *c->p != ']' &&
           *c->p != '}') {
        c->p++;
    }
    *out = (struct jp_value){JP_NUMBER, since(c, start), {0}};
}

static void scan_nested(struct jp_cursor *c, struct jp_value *out)
{
    const char *start = c->p;
    c->p = skip_nested(start + 1, c->end);
    *out = (struct jp_value){JP_JSON, since(c, start), {0}};
}

static bool begins_value(char c)
{
    return c != '\0' && strchr("\"{[ntf+-0123456789iIN", c);
}

/* The value that begins here. False for a string that does not end. */
static bool scan_value(struct jp_cursor *c, struct jp_value *out)
{
    switch (*c->p) {
    case '"':
        return scan_string(c, out);
    case '{':
    case '[':
        scan_nested(c, out);
        return true;
    case 'n':
        if (c->end - c->p > 1 && c->p[1] != 'u') {
            scan_number(c, out); /* nan */
            return true;
        }
        scan_literal(c, out);
        return true;
    case 't':
    case 'f':
        scan_literal(c, out);
        return true;
    default:
        scan_number(c, out);
        return true;
    }
}

static bool next_value(struct jp_cursor *c, struct jp_value *out, bool in_array)
{
    for (; c->p < c->end; c->p++) {
        if (begins_value(*c->p)) {
            return scan_value(c, out);
        }
        if (in_array && *c->p == ']' && !c->to_end) {
            break;
        }
    }
    return false;
}

bool jp_next_member_value(struct jp_cursor *c, struct jp_value *out)
{
    return next_value(c, out, false);
}

bool jp_next_item(struct jp_cursor *c, struct jp_value *out)
{
    return next_value(c, out, true);
}

bool jp_next_key(struct jp_cursor *c, struct str *key)
{
    while (c->p < c->end && *c->p != '"') {
        if (*c->p++ == '}' && !c->to_end) {
            return false;
        }
    }
    struct jp_value v;
    if (c->p == c->end || !scan_string(c, &v)) {
        return false;
    }
    *key = v.inner;
    return true;
}

struct jp_value jp_parse(struct str text)
{
    struct jp_value v = {0};
    struct jp_cursor c = jp_cursor(text);
    while (c.p < c.end && (unsigned char)*c.p <= ' ') {
        c.p++;
    }
    if (c.p == c.end) {
        return v;
    }
    struct str all = str_n(c.p, (size_t)(c.end - c.p));
    if (*c.p == '{' || *c.p == '[') {
        return (struct jp_value){JP_JSON, all, {0}};
    }
    if (begins_value(*c.p) && !scan_value(&c, &v)) {
        return (struct jp_value){JP_STRING, all, str_from(all, 1)}; /* does not end */
    }
    return v;
}
