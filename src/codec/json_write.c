/* SPDX-License-Identifier: Apache-2.0
 *
 * From nodes to text.
 */
#include "base/utf8.h"
#include "codec/json.h"

/* ---- strings ---- */

enum { ESCAPE = 1, ESCAPE_HTML = 2, FOREIGN = 4 };

/* What to do about each byte of a string. */
static const uint8_t byte_class[256] = {
    [0x00 ... 0x1F] = ESCAPE, ['"'] = ESCAPE,      ['\\'] = ESCAPE,           ['<'] = ESCAPE_HTML,
    ['>'] = ESCAPE_HTML,      ['&'] = ESCAPE_HTML, [0x80 ... 0xFF] = FOREIGN,
};

/* True if the rune at the start of s can be written as it is. */
static bool is_plain_rune(struct str s, size_t *width)
{
    uint32_t rune;
    bool ok;
    *width = utf8_decode(s, &rune, &ok);
    return ok && rune != 0x2028 && rune != 0x2029;
}

/* Length of the part at the start of s that needs no escape. */
static size_t plain_length(struct str s, uint8_t escaped)
{
    size_t i = 0;
    while (i < s.n) {
        uint8_t class = byte_class[(unsigned char)s.p[i]];
        size_t width = 1;
        if ((class & escaped) || ((class & FOREIGN) && !is_plain_rune(str_from(s, i), &width))) {
            break;
        }
        i += width;
    }
    return i;
}

static void escape_ascii(struct buf *out, unsigned char c)
{
    static const char letters[128] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n',  ['\r'] = 'r',
        ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\',
    };
    static const char hex[] = "0123456789abcdef";
    if (letters[c]) {
        buf_add(out, (const char[]){'\\', letters[c]}, 2);
    } else {
        buf_add(out, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
    }
}

/* Writes what stands at the start of s as an escape. Returns how many bytes that were. */
static size_t escape_one(struct buf *out, struct str s)
{
    if ((unsigned char)s.p[0] < 0x80) {
        escape_ascii(out, (unsigned char)s.p[0]);
        return 1;
    }
    uint32_t rune;
    bool ok;
    size_t width = utf8_decode(s, &rune, &ok);
    buf_add_c(out, !ok ? "\\ufffd" : rune == 0x2028 ? "\\u2028" : "\\u2029");
    return width;
}

void json_write_string(struct buf *out, struct str s, enum json_write_flags flags)
{
    uint8_t escaped = flags & JSON_WRITE_HTML ? ESCAPE | ESCAPE_HTML : ESCAPE;
    buf_add_byte(out, '"');
    while (s.n > 0) {
        size_t plain = plain_length(s, escaped);
        buf_add(out, s.p, plain);
        s = str_from(s, plain);
        if (s.n > 0) {
            s = str_from(s, escape_one(out, s));
        }
    }
    buf_add_byte(out, '"');
}

/* ---- nodes ---- */

struct printer {
    struct buf *out;
    const char *indent; /* NULL: all on one line */
    size_t depth;
    enum json_write_flags flags;
};

/* Deeper than anything that was parsed can become by being put together; a node that contains
 * itself gets here. */
enum { WRITE_MAX_DEPTH = 10 * JSON_MAX_DEPTH };

static void print(struct printer *pr, const struct json *j);

static void new_line(struct printer *pr)
{
    if (!pr->indent) {
        return;
    }
    buf_add_byte(pr->out, '\n');
    for (size_t i = 0; i < pr->depth; i++) {
        buf_add_c(pr->out, pr->indent);
    }
}

static int by_key(const void *a, const void *b)
{
    const struct json_member *const *x = a;
    const struct json_member *const *y = b;
    return str_cmp((*x)->key, (*y)->key);
}

static void print_member(struct printer *pr, const struct json_member *member, bool first)
{
    if (!first) {
        buf_add_byte(pr->out, ',');
    }
    new_line(pr);
    json_write_string(pr->out, member->key, pr->flags);
    buf_add_c(pr->out, pr->indent ? ": " : ":");
    print(pr, member->value);
}

static void print_sorted(struct printer *pr, const struct json *object)
{
    AUTO(freep) const struct json_member **order = xcalloc(object->n, sizeof(struct json_member *));
    for (size_t i = 0; i < object->n; i++) {
        order[i] = &object->members[i];
    }
    qsort(order, object->n, sizeof(struct json_member *), by_key);
    for (size_t i = 0; i < object->n; i++) {
        print_member(pr, order[i], i == 0);
    }
}

static bool is_sorted(const struct json *object)
{
    for (size_t i = 1; i < object->n; i++) {
        if (str_cmp(object->members[i - 1].key, object->members[i].key) > 0) {
            return false;
        }
    }
    return true;
}

static void print_members(struct printer *pr, const struct json *object)
{
    if ((pr->flags & JSON_WRITE_SORTED) && !is_sorted(object)) {
        print_sorted(pr, object);
        return;
    }
    for (size_t i = 0; i < object->n; i++) {
        print_member(pr, &object->members[i], i == 0);
    }
}

static void print_items(struct printer *pr, const struct json *array)
{
    for (size_t i = 0; i < array->n; i++) {
        if (i > 0) {
            buf_add_byte(pr->out, ',');
        }
        new_line(pr);
        print(pr, array->items[i]);
    }
}

static void print_container(struct printer *pr, const struct json *j)
{
    bool object = j->type == JSON_OBJECT;
    buf_add_byte(pr->out, object ? '{' : '[');
    if (j->n > 0) {
        pr->depth++;
        must(pr->depth <= WRITE_MAX_DEPTH);
        if (object) {
            print_members(pr, j);
        } else {
            print_items(pr, j);
        }
        pr->depth--;
        new_line(pr);
    }
    buf_add_byte(pr->out, object ? '}' : ']');
}

static void print(struct printer *pr, const struct json *j)
{
    if ((pr->flags & JSON_WRITE_RAW) && j->raw.p && !pr->indent) {
        buf_add_str(pr->out, j->raw);
        return;
    }
    switch (j->type) {
    case JSON_NULL:
        buf_add_c(pr->out, "null");
        break;
    case JSON_BOOL:
        buf_add_c(pr->out, j->boolean ? "true" : "false");
        break;
    case JSON_NUMBER:
        buf_add_str(pr->out, j->text);
        break;
    case JSON_STRING:
        json_write_string(pr->out, j->text, pr->flags);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        print_container(pr, j);
        break;
    }
}

void json_write(struct buf *out, const struct json *j, enum json_write_flags flags)
{
    struct printer pr = {.out = out, .flags = flags};
    print(&pr, j);
}

void json_write_pretty(struct buf *out, const struct json *j, const char *indent,
                       enum json_write_flags flags)
{
    struct printer pr = {.out = out, .indent = indent, .flags = flags};
    print(&pr, j);
}
