/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser: recursive descent over one block of bytes, at most JSON_MAX_DEPTH deep.
 *
 * What makes it quick: a node is one small block of the arena; strings without escapes are views
 * into the input, found eight bytes at a time; the children of a container are collected on a stack
 * that all containers share and copied once, when their number is known.
 */
#include "codec/json.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "codec/json_object.h"
#include "codec/json_scan.h"

struct parser {
    struct arena *arena;
    const char *p;
    const char *end;
    unsigned depth;
    VEC(struct json_member) stack; /* children of the containers that are still open */
    struct buf scratch;            /* a string while it is being decoded */
    struct err **err;
};

static struct json *parse_value(struct parser *ps);

/* ---- errors: the texts of Go's encoding/json ---- */

/* One byte as Go quotes the rune of that number. */
static void quote_byte(struct buf *out, unsigned char c)
{
    static const char *const short_escapes[256] = {
        ['\a'] = "\\a", ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",  ['\r'] = "\\r",
        ['\t'] = "\\t", ['\v'] = "\\v", ['\''] = "\\'", ['\\'] = "\\\\",
    };
    buf_add_byte(out, '\'');
    if (short_escapes[c]) {
        buf_add_c(out, short_escapes[c]);
    } else if (c < 0x20 || c == 0x7F) {
        buf_addf(out, "\\x%02x", c);
    } else if ((c >= 0x80 && c <= 0xA0) || c == 0xAD) {
        buf_addf(out, "\\u%04x", c);
    } else {
        buf_add_rune(out, c);
    }
    buf_add_byte(out, '\'');
}

static void *invalid_byte(struct parser *ps, char c, const char *context)
{
    AUTO(buf_done) struct buf quoted = BUF_INIT(32);
    quote_byte(&quoted, (unsigned char)c);
    err_set(ps->err, ERR_PARSE, "invalid character %s %s", quoted.p, context);
    return NULL;
}

/* The byte at p is not what the grammar wants there: `context` says where that is. */
static void *unexpected(struct parser *ps, const char *context)
{
    if (ps->p == ps->end) {
        err_set(ps->err, ERR_PARSE, "unexpected end of JSON input");
        return NULL;
    }
    return invalid_byte(ps, *ps->p, context);
}

/* The same inside of a token, where Go takes the end of the input for a blank. */
static void *unexpected_inside(struct parser *ps, const char *context)
{
    return invalid_byte(ps, ps->p == ps->end ? ' ' : *ps->p, context);
}

/* ---- white space and literals ---- */

static inline void skip_space(struct parser *ps)
{
    const char *p = ps->p;
    while (p < ps->end && (unsigned char)*p <= ' ' &&
           (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) {
        p++;
    }
    ps->p = p;
}

/* What has been read since `start`. */
static inline struct str since(const struct parser *ps, const char *start)
{
    return (struct str){start, (size_t)(ps->p - start)};
}

static inline bool at(const struct parser *ps, char c)
{
    return ps->p < ps->end && *ps->p == c;
}

static inline struct json *new_node(struct parser *ps, enum json_type type)
{
    struct json *j = arena_new(ps->arena, struct json);
    j->type = type;
    return j;
}

static struct json *parse_literal(struct parser *ps, const char *word, struct json *j)
{
    for (size_t i = 0; word[i]; i++) {
        if (!at(ps, word[i])) {
            char context[48];
            snprintf(context, sizeof(context), "in literal %s (expecting '%c')", word, word[i]);
            return unexpected_inside(ps, context);
        }
        ps->p++;
    }
    return j;
}

static struct json *parse_bool(struct parser *ps, bool value)
{
    struct json *j = new_node(ps, JSON_BOOL);
    j->boolean = value;
    return parse_literal(ps, value ? "true" : "false", j);
}

/* ---- numbers ---- */

static inline bool skip_digits(struct parser *ps)
{
    const char *start = ps->p;
    while (ps->p < ps->end && *ps->p >= '0' && *ps->p <= '9') {
        ps->p++;
    }
    return ps->p > start;
}

static struct json *parse_number(struct parser *ps)
{
    const char *start = ps->p;
    if (at(ps, '-')) {
        ps->p++;
    }
    if (at(ps, '0')) {
        ps->p++;
    } else if (!skip_digits(ps)) {
        return unexpected_inside(ps, "in numeric literal");
    }
    if (at(ps, '.')) {
        ps->p++;
        if (!skip_digits(ps)) {
            return unexpected_inside(ps, "after decimal point in numeric literal");
        }
    }
    if (at(ps, 'e') || at(ps, 'E')) {
        ps->p++;
        if (at(ps, '+') || at(ps, '-')) {
            ps->p++;
        }
        if (!skip_digits(ps)) {
            return unexpected_inside(ps, "in exponent of numeric literal");
        }
    }
    struct json *j = new_node(ps, JSON_NUMBER);
    j->text = since(ps, start);
    return j;
}

/* ---- strings ---- */

/* Four hex digits at p, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    if (end - p < 4) {
        return -1;
    }
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

/* Moves over the escape at p, checking its form. */
static bool skip_escape(struct parser *ps)
{
    ps->p++;
    if (ps->p == ps->end || !memchr("\"\\/bfnrtu", *ps->p, 9)) {
        unexpected_inside(ps, "in string escape code");
        return false;
    }
    bool unicode = *ps->p++ == 'u';
    for (int i = 0; unicode && i < 4; i++, ps->p++) {
        if (ps->p == ps->end || !isxdigit((unsigned char)*ps->p)) {
            unexpected_inside(ps, "in \\u hexadecimal character escape");
            return false;
        }
    }
    return true;
}

/* The code point of the escape \uXXXX at *p, which is moved behind it; two of them when they are a
 * surrogate pair. A surrogate alone becomes U+FFFD (in utf8_encode). */
static uint32_t decode_unicode(const char **p, const char *end)
{
    uint32_t high = (uint32_t)hex4(*p + 2, end);
    *p += 6;
    if (high < 0xD800 || high > 0xDBFF || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u') {
        return high;
    }
    uint32_t low = (uint32_t)hex4(*p + 2, end);
    if (low < 0xDC00 || low > 0xDFFF) {
        return high;
    }
    *p += 6;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static char decode_short(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

/* Decodes what has been checked. No byte of input becomes more than three of output (an invalid one
 * does: U+FFFD), so one reservation is enough. */
static struct str decode_string(struct parser *ps, struct str in)
{
    buf_clear(&ps->scratch);
    char *start = buf_reserve(&ps->scratch, 3 * in.n);
    must(start);
    char *to = start;
    const char *p = in.p;
    const char *end = in.p + in.n;
    while (p < end) {
        if (*p == '\\' && p[1] == 'u') {
            to += utf8_encode(decode_unicode(&p, end), to);
        } else if (*p == '\\') {
            *to++ = decode_short(p[1]);
            p += 2;
        } else if ((unsigned char)*p < 0x80) {
            *to++ = *p++;
        } else {
            uint32_t rune;
            p += utf8_decode(str_n(p, (size_t)(end - p)), &rune, NULL);
            to += utf8_encode(rune, to);
        }
    }
    buf_commit(&ps->scratch, (size_t)(to - start));
    return arena_str(ps->arena, buf_str(&ps->scratch));
}

/* The string whose opening quote is at p. False with an error. */
static bool parse_string(struct parser *ps, struct str *out)
{
    const char *start = ++ps->p;
    bool escapes = false;
    bool foreign = false; /* bytes above 0x7F */
    for (;;) {
        ps->p = json_skip_plain(ps->p, ps->end);
        if (at(ps, '"')) {
            break;
        }
        if (at(ps, '\\')) {
            escapes = true;
            if (!skip_escape(ps)) {
                return false;
            }
        } else if (ps->p < ps->end && (unsigned char)*ps->p >= 0x80) {
            foreign = true;
            ps->p++;
        } else {
            unexpected(ps, "in string literal");
            return false;
        }
    }
    *out = since(ps, start);
    ps->p++;
    if (escapes || (foreign && !utf8_valid(*out))) {
        *out = decode_string(ps, *out);
    }
    return true;
}

/* ---- containers ---- */

static bool enter(struct parser *ps)
{
    if (ps->depth == JSON_MAX_DEPTH) {
        err_set(ps->err, ERR_LIMIT, "exceeded max depth");
        return false;
    }
    ps->depth++;
    ps->p++;
    skip_space(ps);
    return true;
}

/* Behind a member or item: true to go on with the next one, false at the end (then *closed) or with
 * an error. */
static bool next_element(struct parser *ps, char close, const char *context, bool *closed)
{
    skip_space(ps);
    *closed = at(ps, close);
    if (!*closed && !at(ps, ',')) {
        unexpected(ps, context);
        return false;
    }
    ps->p++;
    if (!*closed) {
        skip_space(ps);
    }
    return !*closed;
}

static bool parse_member(struct parser *ps)
{
    struct json_member member;
    if (!at(ps, '"')) {
        unexpected(ps, "looking for beginning of object key string");
        return false;
    }
    if (!parse_string(ps, &member.key)) {
        return false;
    }
    skip_space(ps);
    if (!at(ps, ':')) {
        unexpected(ps, "after object key");
        return false;
    }
    ps->p++;
    member.value = parse_value(ps);
    if (!member.value) {
        return false;
    }
    vec_push(&ps->stack, member);
    return true;
}

static bool parse_item(struct parser *ps)
{
    struct json_member item = {.value = parse_value(ps)};
    if (!item.value) {
        return false;
    }
    vec_push(&ps->stack, item);
    return true;
}

/* One bit of 64 for a key; equal keys have the same. */
static inline uint64_t key_bit(struct str key)
{
    unsigned mix = (unsigned)key.n;
    if (key.n > 0) {
        mix += (unsigned char)key.p[0] * 5u + (unsigned char)key.p[key.n - 1] * 11u;
    }
    return (uint64_t)1 << (mix % 64);
}

/* The members on the stack from `base` on become those of the object. Of equal keys the last value
 * wins, at the place of the first. In a small object most keys are seen to be new by their bit. */
static void take_members(struct parser *ps, struct json *object, size_t base)
{
    size_t n = ps->stack.n - base;
    const struct json_member *members = n > 0 ? ps->stack.v + base : NULL;
    uint64_t seen = 0;
    json_object_reserve(ps->arena, object, n);
    for (size_t i = 0; i < n; i++) {
        uint64_t bit = key_bit(members[i].key);
        if (n <= JSON_OBJECT_LINEAR && !(seen & bit)) {
            object->members[object->n++] = members[i];
        } else {
            json_object_put(ps->arena, object, members[i].key, members[i].value);
        }
        seen |= bit;
    }
}

static void take_items(struct parser *ps, struct json *array, size_t base)
{
    size_t n = ps->stack.n - base;
    must(n <= UINT32_MAX);
    array->items = arena_array(ps->arena, struct json *, n);
    array->n = array->cap = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        array->items[i] = ps->stack.v[base + i].value;
    }
}

static struct json *parse_container(struct parser *ps, enum json_type type)
{
    bool object = type == JSON_OBJECT;
    char close = object ? '}' : ']';
    struct json *j = new_node(ps, type);
    size_t base = ps->stack.n;
    if (!enter(ps)) {
        return NULL;
    }
    bool closed = at(ps, close);
    if (closed) {
        ps->p++;
    }
    for (bool more = !closed; more;) {
        if (!(object ? parse_member(ps) : parse_item(ps))) {
            return NULL;
        }
        more = next_element(
            ps, close, object ? "after object key:value pair" : "after array element", &closed);
    }
    if (!closed) {
        return NULL;
    }
    if (object) {
        take_members(ps, j, base);
    } else {
        take_items(ps, j, base);
    }
    ps->stack.n = base;
    ps->depth--;
    return j;
}

/* ---- values ---- */

static struct json *parse_string_value(struct parser *ps)
{
    struct json *j = new_node(ps, JSON_STRING);
    return parse_string(ps, &j->text) ? j : NULL;
}

static struct json *parse_bare_value(struct parser *ps)
{
    switch (ps->p < ps->end ? *ps->p : '\0') {
    case '{':
        return parse_container(ps, JSON_OBJECT);
    case '[':
        return parse_container(ps, JSON_ARRAY);
    case '"':
        return parse_string_value(ps);
    case 't':
        return parse_bool(ps, true);
    case 'f':
        return parse_bool(ps, false);
    case 'n':
        return parse_literal(ps, "null", new_node(ps, JSON_NULL));
    case '-':
    case '0' ... '9':
        return parse_number(ps);
    default:
        return unexpected(ps, "looking for beginning of value");
    }
}

static struct json *parse_value(struct parser *ps)
{
    skip_space(ps);
    const char *start = ps->p;
    struct json *j = parse_bare_value(ps);
    if (j) {
        j->raw = since(ps, start);
    }
    return j;
}

struct json *json_parse(struct arena *a, struct str text, enum json_flags flags, struct err **err)
{
    if (flags & JSON_COPY) {
        text = arena_str(a, text);
    }
    if (text.n == 0) {
        text = STR_EMPTY;
    }
    struct parser ps = {
        .arena = a,
        .p = text.p,
        .end = text.p + text.n,
        .scratch = a->flags & ARENA_WIPE ? BUF_INIT_WIPE(SIZE_MAX) : BUF_INIT(SIZE_MAX),
        .err = err,
    };
    struct json *j = parse_value(&ps);
    if (j) {
        skip_space(&ps);
        if (ps.p < ps.end) {
            j = unexpected(&ps, "after top-level value");
        }
    }
    buf_done(&ps.scratch);
    vec_done(&ps.stack);
    return j;
}
