/* SPDX-License-Identifier: Apache-2.0
 *
 * @pretty: two blanks a level, arrays without objects on one line where they fit into the width.
 */
#include "base/num.h"
#include "base/vec.h"
#include "codec/json_path_priv.h"

struct layout {
    struct jp *jp;
    struct buf *out;
    size_t line; /* where the current line begins in `out` */
    struct str prefix;
    struct str indent;
    int64_t width; /* of lines with arrays; not above 0: every item on its own */
    bool sort;
};

struct member {
    struct str key; /* between its quotes */
    struct jp_value value;
};

static void write_value(struct layout *l, const struct jp_value *v, size_t level);

static void write_indent(struct layout *l, size_t level)
{
    buf_add_str(l->out, l->prefix);
    for (size_t i = 0; i < level && buf_ok(l->out); i++) {
        buf_add_str(l->out, l->indent);
    }
}

/* A new line counts its own line end as its first column, except behind the comma of an item: the
 * original puts it in the place of a blank there. */
static void new_line(struct layout *l, size_t level, bool in_place)
{
    l->line = l->out->n + in_place;
    buf_add_byte(l->out, '\n');
    write_indent(l, level);
}

static void write_scalar(struct layout *l, const struct jp_value *v)
{
    static const char *const words[] = {
        [JP_NULL] = "null", [JP_FALSE] = "false", [JP_TRUE] = "true"};
    if (v->type == JP_STRING || v->type == JP_NUMBER) {
        buf_add_str(l->out, v->raw);
    } else {
        buf_add_c(l->out, words[v->type]);
    }
}

/* ---- arrays ---- */

/* The array on one line, if it has no objects. False, with part of it written, if it has. */
static bool write_flat(struct layout *l, const struct jp_value *array)
{
    struct jp_cursor c = jp_cursor(str_from(array->raw, 1));
    struct jp_value item;
    bool flat = jp_enter(l->jp, array->raw.n);
    buf_add_byte(l->out, '[');
    for (bool first = true; flat && jp_next_item(&c, &item); first = false) {
        if (!first) {
            buf_add_c(l->out, ", ");
        }
        flat = !jp_is_object(&item);
        if (jp_is_array(&item)) {
            flat = write_flat(l, &item);
        } else if (flat) {
            write_scalar(l, &item);
        }
    }
    buf_add_byte(l->out, ']');
    jp_leave(l->jp);
    return flat;
}

/* Tries to put the array on the rest of the line; leaves no trace if it does not fit. */
static bool fits_line(struct layout *l, const struct jp_value *array)
{
    size_t before = l->out->n;
    int64_t room = l->width - (int64_t)(before - l->line);
    if (l->width <= 0 || room <= 3) {
        return false;
    }
    if (write_flat(l, array) && (int64_t)(l->out->n - before) <= room) {
        return true;
    }
    buf_truncate(l->out, MIN(before, l->out->n));
    return false;
}

static void write_array(struct layout *l, const struct jp_value *array, size_t level)
{
    struct jp_cursor c = jp_cursor(str_from(array->raw, 1));
    struct jp_value item;
    size_t n = 0;
    if (fits_line(l, array)) {
        return;
    }
    buf_add_byte(l->out, '[');
    for (; !l->jp->failed && jp_next_item(&c, &item); n++) {
        if (n > 0) {
            buf_add_byte(l->out, ',');
        }
        new_line(l, level + 1, n > 0 && l->width != -1);
        write_value(l, &item, level + 1);
    }
    if (n > 0) {
        new_line(l, level, false);
    }
    buf_add_byte(l->out, ']');
}

/* ---- objects ---- */

/* Members that sort the same keep their order. Plain insertion into place would be slow for many.
 */
struct sortable {
    struct str name; /* decoded */
    size_t position;
    struct member member;
};

static int by_name(const void *a, const void *b)
{
    const struct sortable *x = a;
    const struct sortable *y = b;
    int order = str_cmp(x->name, y->name);
    return order ? order : x->position < y->position ? -1 : 1;
}

static void write_members(struct layout *l, const struct sortable *members, size_t n, size_t level)
{
    for (size_t i = 0; i < n && !l->jp->failed; i++) {
        if (i > 0) {
            buf_add_byte(l->out, ',');
        }
        new_line(l, level, false);
        buf_add_byte(l->out, '"');
        buf_add_str(l->out, members[i].member.key);
        buf_add_c(l->out, "\": ");
        write_value(l, &members[i].member.value, level);
    }
}

static void write_object(struct layout *l, const struct jp_value *object, size_t level)
{
    struct jp_cursor c = jp_cursor(str_from(object->raw, 1));
    VEC(struct sortable) members = {0};
    struct member m = {.key = STR_EMPTY};
    while (jp_next_key(&c, &m.key) && jp_next_member_value(&c, &m.value)) {
        struct str name = l->sort ? jp_unescape(l->jp, m.key) : STR_EMPTY;
        vec_push(&members, (struct sortable){name, members.n, m});
    }
    if (l->sort && members.n > 0) {
        qsort(members.v, members.n, sizeof(*members.v), by_name);
    }
    buf_add_byte(l->out, '{');
    write_members(l, members.v, members.n, level + 1);
    if (members.n > 0) {
        new_line(l, level, false);
    }
    buf_add_byte(l->out, '}');
    vec_done(&members);
}

static void write_value(struct layout *l, const struct jp_value *v, size_t level)
{
    if (v->type != JP_JSON) {
        write_scalar(l, v);
        return;
    }
    if (jp_enter(l->jp, v->raw.n)) {
        if (jp_is_object(v)) {
            write_object(l, v, level);
        } else {
            write_array(l, v, level);
        }
    }
    jp_leave(l->jp);
}

/* ---- options ---- */

/* Only what is white space in the text. */
static struct str white_space(struct jp *jp, struct str s)
{
    AUTO(buf_done) struct buf out = jp_buf(jp);
    for (size_t i = 0; i < s.n; i++) {
        if (memchr(" \t\r\n", s.p[i], 4)) {
            buf_add_byte(&out, s.p[i]);
        }
    }
    return jp_take(jp, &out);
}

static void set_option(struct layout *l, struct str name, const struct jp_value *v)
{
    if (str_eq(name, STR("sortKeys"))) {
        l->sort = jp_bool(l->jp, v);
    } else if (str_eq(name, STR("indent"))) {
        l->indent = white_space(l->jp, jp_text(l->jp, v));
    } else if (str_eq(name, STR("prefix"))) {
        l->prefix = white_space(l->jp, jp_text(l->jp, v));
    } else if (str_eq(name, STR("width")) && v->type == JP_NUMBER) {
        double width = jp_number(v->raw);
        l->width = width > -1e6 && width < 1e6 ? (int64_t)width : 0;
    }
}

struct str jp_pretty(struct jp *jp, struct str json, struct str arg)
{
    AUTO(buf_done) struct buf out = jp_buf(jp);
    struct layout l = {
        .jp = jp, .out = &out, .prefix = STR_EMPTY, .indent = STR("  "), .width = 80};
    struct jp_value options = jp_parse(arg);
    if (jp_is_object(&options)) {
        struct jp_cursor c = jp_cursor(str_from(options.raw, 1));
        struct str key = STR_EMPTY;
        struct jp_value v;
        while (jp_next_key(&c, &key) && jp_next_member_value(&c, &v)) {
            set_option(&l, jp_unescape(jp, key), &v);
        }
    }
    struct jp_value v = jp_parse(json);
    buf_add_str(&out, l.prefix);
    if (jp_exists(&v)) {
        write_value(&l, &v, 0);
    }
    if (out.n > 0) {
        buf_add_byte(&out, '\n');
    }
    return jp_take(jp, &out);
}
