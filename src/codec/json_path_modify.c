/* SPDX-License-Identifier: Apache-2.0
 *
 * The modifiers: a text in, another text out.
 */
#include "base/map.h"
#include "base/vec.h"
#include "codec/json.h"
#include "codec/json_path_priv.h"

typedef struct str modifier(struct jp *jp, struct str json, struct str arg);

static struct str mod_this(struct jp *jp UNUSED, struct str json, struct str arg UNUSED)
{
    return json;
}

/* ---- options: a JSON object as the argument ---- */

static bool option(struct jp *jp, struct str arg, const char *name)
{
    struct jp_value options = jp_parse(arg);
    bool on = false;
    if (!jp_is_object(&options)) {
        return false;
    }
    struct jp_cursor c = jp_inside(&options);
    struct str key = STR_EMPTY;
    struct jp_value v;
    while (jp_next_key(&c, &key) && jp_next_member_value(&c, &v)) {
        if (str_eq_c(jp_unescape(jp, key), name)) {
            on = jp_bool(jp, &v);
        }
    }
    return on;
}

/* ---- building ---- */

static void add_comma(struct buf *out)
{
    if (out->n > 1) {
        buf_add_byte(out, ',');
    }
}

static void add_key(struct buf *out, struct str inner)
{
    buf_add_byte(out, '"');
    buf_add_str(out, inner);
    buf_add_byte(out, '"');
}

/* ---- @ugly ---- */

static struct str mod_ugly(struct jp *jp, struct str json, struct str arg UNUSED)
{
    AUTO(buf_done) struct buf out = jp_buf(jp);
    while (json.n > 0) {
        struct str one = str_head(json, 1);
        if (one.p[0] == '"') {
            one = jp_squash_any(json);
        }
        if ((unsigned char)one.p[0] > ' ') {
            buf_add_str(&out, one);
        }
        json = str_from(json, one.n);
    }
    return jp_take(jp, &out);
}

/* ---- @reverse ---- */

struct pair {
    struct str key; /* between its quotes; of an object */
    struct str value;
};

static struct str write_reversed(struct jp *jp, const struct pair *pairs, size_t n, bool object)
{
    AUTO(buf_done) struct buf out = jp_buf(jp);
    buf_add_byte(&out, object ? '{' : '[');
    for (size_t i = n; i > 0; i--) {
        add_comma(&out);
        if (object) {
            add_key(&out, pairs[i - 1].key);
            buf_add_byte(&out, ':');
        }
        buf_add_str(&out, pairs[i - 1].value);
    }
    buf_add_byte(&out, object ? '}' : ']');
    return jp_take(jp, &out);
}

static struct str mod_reverse(struct jp *jp, struct str json, struct str arg UNUSED)
{
    struct jp_value v = jp_parse(json);
    bool object = jp_is_object(&v);
    if (v.type != JP_JSON) {
        return json;
    }
    VEC(struct pair) pairs = {0};
    struct jp_cursor c = jp_inside(&v);
    struct str key = STR_EMPTY;
    struct jp_value item;
    while (object ? jp_next_key(&c, &key) && jp_next_member_value(&c, &item)
                  : jp_next_item(&c, &item)) {
        vec_push(&pairs, (struct pair){key, item.raw});
    }
    struct str out = write_reversed(jp, pairs.v, pairs.n, object);
    vec_done(&pairs);
    return out;
}

/* ---- @keys, @values ---- */

static struct str mod_keys(struct jp *jp, struct str json, struct str arg UNUSED)
{
    struct jp_value v = jp_parse(json);
    struct jp_value item;
    struct str key = STR_EMPTY;
    AUTO(buf_done) struct buf out = jp_buf(jp);
    buf_add_byte(&out, '[');
    if (v.type == JP_JSON) {
        struct jp_cursor c = jp_inside(&v);
        while (jp_is_object(&v) ? jp_next_key(&c, &key) && jp_next_member_value(&c, &item)
                                : jp_next_item(&c, &item)) {
            add_comma(&out);
            if (jp_is_object(&v)) {
                add_key(&out, key);
            } else {
                buf_add_c(&out, "null");
            }
        }
    } else if (jp_exists(&v)) {
        buf_add_c(&out, "null");
    }
    buf_add_byte(&out, ']');
    return jp_take(jp, &out);
}

static struct str mod_values(struct jp *jp, struct str json, struct str arg UNUSED)
{
    struct jp_value v = jp_parse(json);
    struct jp_value item;
    struct str key = STR_EMPTY;
    if (jp_is_array(&v)) {
        return json;
    }
    AUTO(buf_done) struct buf out = jp_buf(jp);
    buf_add_byte(&out, '[');
    if (jp_is_object(&v)) {
        struct jp_cursor c = jp_inside(&v);
        while (jp_next_key(&c, &key) && jp_next_member_value(&c, &item)) {
            add_comma(&out);
            buf_add_str(&out, item.raw);
        }
    } else {
        buf_add_str(&out, v.raw);
    }
    buf_add_byte(&out, ']');
    return jp_take(jp, &out);
}

/* ---- @flatten ---- */

/* What stands between the brackets, as it stands there. */
static struct str inner_text(const struct jp_value *v)
{
    struct str raw = jp_trim(v->raw);
    return raw.n >= 2 ? str_sub(raw, 1, raw.n - 1) : STR_EMPTY;
}

static void flatten_deep(struct jp *jp, struct buf *out, struct jp_cursor c)
{
    struct jp_value item;
    if (jp_enter(jp, (size_t)(c.end - c.p))) {
        while (!jp->failed && jp_next_item(&c, &item)) {
            if (jp_is_array(&item)) {
                flatten_deep(jp, out, jp_inside(&item));
            } else {
                add_comma(out);
                buf_add_str(out, item.raw);
            }
        }
    }
    jp_leave(jp);
}

static void flatten_once(struct buf *out, struct jp_cursor c)
{
    struct jp_value item;
    while (jp_next_item(&c, &item)) {
        struct str text = jp_is_array(&item) ? jp_trim(inner_text(&item)) : item.raw;
        if (text.n > 0) {
            add_comma(out);
            buf_add_str(out, text);
        }
    }
}

/* Items that are arrays are replaced by their own items; with {"deep":true} theirs, too. */
static struct str mod_flatten(struct jp *jp, struct str json, struct str arg)
{
    struct jp_value v = jp_parse(json);
    if (!jp_is_array(&v)) {
        return json;
    }
    AUTO(buf_done) struct buf out = jp_buf(jp);
    buf_add_byte(&out, '[');
    if (option(jp, arg, "deep")) {
        flatten_deep(jp, &out, jp_inside(&v));
    } else {
        flatten_once(&out, jp_inside(&v));
    }
    buf_add_byte(&out, ']');
    return jp_take(jp, &out);
}

/* ---- @join ---- */

/* Members in the order of their keys' first appearance, with their last values. */
struct joined {
    VEC(struct pair) pairs;
    struct map index; /* decoded key -> number of its pair, plus one */
};

static void join_member(struct jp *jp, struct joined *j, struct str key, struct str value)
{
    struct str name = jp_unescape(jp, key);
    uintptr_t number = (uintptr_t)map_get(&j->index, name);
    if (number) {
        j->pairs.v[number - 1].value = value;
        return;
    }
    vec_push(&j->pairs, (struct pair){key, value});
    map_set(&j->index, name, (void *)(uintptr_t)j->pairs.n);
}

static void join_object(struct jp *jp, struct joined *j, const struct jp_value *object)
{
    struct jp_cursor c = jp_inside(object);
    struct str key = STR_EMPTY;
    struct jp_value v;
    while (jp_next_key(&c, &key) && jp_next_member_value(&c, &v)) {
        join_member(jp, j, key, v.raw);
    }
}

static void join_unique(struct jp *jp, struct buf *out, struct jp_cursor c)
{
    struct joined j = {.index = MAP_INIT};
    struct jp_value item;
    while (!jp->failed && jp_next_item(&c, &item)) {
        if (jp_is_object(&item)) {
            join_object(jp, &j, &item);
        }
    }
    for (size_t i = 0; i < j.pairs.n; i++) {
        add_comma(out);
        add_key(out, j.pairs.v[i].key);
        buf_add_byte(out, ':');
        buf_add_str(out, j.pairs.v[i].value);
    }
    vec_done(&j.pairs);
    map_done(&j.index);
}

static void join_all(struct buf *out, struct jp_cursor c)
{
    struct jp_value item;
    for (bool first = true; jp_next_item(&c, &item);) {
        if (jp_is_object(&item)) {
            buf_add_c(out, first ? "" : ",");
            buf_add_str(out, inner_text(&item));
            first = false;
        }
    }
}

/* One object of the members of all; with {"preserve":true} duplicate keys stay. */
static struct str mod_join(struct jp *jp, struct str json, struct str arg)
{
    struct jp_value v = jp_parse(json);
    if (!jp_is_array(&v)) {
        return json;
    }
    AUTO(buf_done) struct buf out = jp_buf(jp);
    buf_add_byte(&out, '{');
    if (option(jp, arg, "preserve")) {
        join_all(&out, jp_inside(&v));
    } else {
        join_unique(jp, &out, jp_inside(&v));
    }
    buf_add_byte(&out, '}');
    return jp_take(jp, &out);
}

/* ---- @valid, @fromstr, @tostr ---- */

static bool is_valid(struct str json)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    return json_parse(&a, json, JSON_PLAIN, NULL) != NULL;
}

static struct str mod_valid(struct jp *jp UNUSED, struct str json, struct str arg UNUSED)
{
    return is_valid(json) ? json : STR_EMPTY;
}

static struct str mod_fromstr(struct jp *jp, struct str json, struct str arg UNUSED)
{
    if (!is_valid(json)) {
        return STR_EMPTY;
    }
    struct jp_value v = jp_parse(json);
    return jp_text(jp, &v);
}

static struct str mod_tostr(struct jp *jp, struct str json, struct str arg UNUSED)
{
    AUTO(buf_done) struct buf out = jp_buf(jp);
    json_write_string(&out, json, JSON_WRITE_HTML);
    return jp_take(jp, &out);
}

/* ---- @group ---- */

/* {"a":[1,2],"b":[3,4]} becomes [{"a":1,"b":3},{"a":2,"b":4}]: round i takes item i of each array.
 * Cursors into the arrays stay between the rounds. */
struct column {
    struct str key;
    struct jp_cursor items;
    bool ended;
};

static bool group_round(struct buf *out, struct column *columns, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        struct jp_value v;
        columns[i].ended = columns[i].ended || !jp_next_item(&columns[i].items, &v);
        if (columns[i].ended) {
            continue;
        }
        if (!any) {
            add_comma(out);
        }
        buf_add_byte(out, any ? ',' : '{');
        add_key(out, columns[i].key);
        buf_add_byte(out, ':');
        buf_add_str(out, v.raw);
        any = true;
    }
    if (any) {
        buf_add_byte(out, '}');
    }
    return any;
}

static struct str mod_group(struct jp *jp, struct str json, struct str arg UNUSED)
{
    struct jp_value v = jp_parse(json);
    if (!jp_is_object(&v)) {
        return STR_EMPTY;
    }
    VEC(struct column) columns = {0};
    struct jp_cursor c = jp_inside(&v);
    struct str key = STR_EMPTY;
    struct jp_value item;
    while (jp_next_key(&c, &key) && jp_next_member_value(&c, &item)) {
        if (jp_is_array(&item)) {
            vec_push(&columns, (struct column){key, jp_inside(&item), false});
        }
    }
    AUTO(buf_done) struct buf out = jp_buf(jp);
    buf_add_byte(&out, '[');
    while (buf_ok(&out) && group_round(&out, columns.v, columns.n)) {
    }
    buf_add_byte(&out, ']');
    vec_done(&columns);
    return jp_take(jp, &out);
}

/* ---- @dig ---- */

/* Adds what the path finds in the value and in everything below it. */
static void dig(struct jp *jp, struct buf *out, const struct jp_value *v, struct str path)
{
    struct jp_value found = jp_get(jp, v->raw, path);
    if (jp_exists(&found)) {
        add_comma(out);
        buf_add_str(out, found.raw);
    }
    if (v->type == JP_JSON && jp_enter(jp, v->raw.n)) {
        bool object = jp_is_object(v);
        struct jp_cursor c = jp_inside(v);
        struct str key = STR_EMPTY;
        struct jp_value item;
        while (!jp->failed && (object ? jp_next_key(&c, &key) && jp_next_member_value(&c, &item)
                                      : jp_next_item(&c, &item))) {
            dig(jp, out, &item, path);
        }
        jp_leave(jp);
    }
}

static struct str mod_dig(struct jp *jp, struct str json, struct str arg)
{
    struct jp_value v = jp_parse(json);
    AUTO(buf_done) struct buf out = jp_buf(jp);
    buf_add_byte(&out, '[');
    dig(jp, &out, &v, arg);
    buf_add_byte(&out, ']');
    return jp_take(jp, &out);
}

/* ---- running them ---- */

static const struct {
    const char *name;
    modifier *run;
} modifiers[] = {
    {"dig", mod_dig},       {"flatten", mod_flatten}, {"fromstr", mod_fromstr},
    {"group", mod_group},   {"join", mod_join},       {"keys", mod_keys},
    {"pretty", jp_pretty},  {"reverse", mod_reverse}, {"this", mod_this},
    {"tostr", mod_tostr},   {"ugly", mod_ugly},       {"valid", mod_valid},
    {"values", mod_values},
};

static modifier *find_modifier(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(modifiers); i++) {
        if (str_eq_c(name, modifiers[i].name)) {
            return modifiers[i].run;
        }
    }
    return NULL;
}

bool jp_is_modifier(struct str name)
{
    return find_modifier(name) != NULL;
}

/* The argument at the start of the text: one JSON value, or everything up to the next pipe that is
 * not within brackets or quotes. */
static struct str take_argument(struct str text)
{
    if (memchr("{[\"", text.p[0], 3)) {
        return jp_squash_any(text);
    }
    size_t i = 0;
    while (i < text.n && text.p[i] != '|') {
        i += memchr("{[\"(", text.p[i], 4) ? jp_squash_any(str_from(text, i)).n : 1;
    }
    return str_head(text, i);
}

bool jp_modify(struct jp *jp, struct str json, struct str path, struct str *out, struct str *rest)
{
    size_t n = 1;
    while (n < path.n && path.p[n] != ':' && path.p[n] != '|' && path.p[n] != '.') {
        n++;
    }
    modifier *run = find_modifier(str_sub(path, 1, n));
    if (!run) {
        return false;
    }
    struct str arg = STR_EMPTY;
    *rest = str_from(path, n);
    if (rest->n > 0 && rest->p[0] == ':') {
        *rest = str_from(*rest, 1);
        if (rest->n > 0) {
            arg = take_argument(*rest);
            *rest = str_from(*rest, arg.n);
        }
    }
    *out = STR_EMPTY;
    if (jp_enter(jp, json.n)) {
        *out = run(jp, json, arg);
    }
    jp_leave(jp);
    return true;
}
