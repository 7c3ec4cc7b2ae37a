/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking along a path. Taking it apart is in json_path_part.c, the lenient scanner in
 * json_path_scan.c, queries and modifiers have files of their own.
 *
 * The walk goes back where a branch leads nowhere: `a*.b` tries each member that fits until one has
 * a b. What it finds, and a pipe that stands behind the component just looked at, are left in a
 * struct walk; the pipe is followed at the end (jp_get).
 */
#include "codec/json_path.h"

#include "base/vec.h"
#include "codec/json.h"
#include "codec/json_path_priv.h"

struct walk {
    struct jp *jp;
    struct jp_value found;
    bool piped;
    struct str pipe;
};

static bool walk_container(struct walk *w, struct str raw, struct str path);

static void note_pipe(struct walk *w, const struct jp_part *part)
{
    if (part->piped) {
        w->piped = true;
        w->pipe = part->pipe;
    }
}

/* If the path has a pipe that belongs to the result as a whole, keeps that for later. Returns the
 * path without it. */
static struct str cut_pipe(struct walk *w, struct str path)
{
    struct str left;
    struct str right;
    if (!jp_split_pipe(path, &left, &right)) {
        return path;
    }
    w->piped = true;
    w->pipe = right;
    return left;
}

/* The value fits the component. True if the walk ends with it. */
static bool take_value(struct walk *w, const struct jp_part *part, const struct jp_value *v)
{
    if (!part->more) {
        w->found = *v;
        return true;
    }
    return v->type == JP_JSON && walk_container(w, v->raw, part->rest);
}

/* ---- objects ---- */

static bool name_fits(struct jp *jp, const struct jp_part *part, struct str key)
{
    struct str name = jp_unescape(jp, key);
    return part->wild ? jp_wildcard(name, part->name) : str_eq(name, part->name);
}

static bool walk_object(struct walk *w, struct jp_cursor c, struct str path)
{
    struct jp_part part = jp_object_part(w->jp, path);
    note_pipe(w, &part);
    struct str key = STR_EMPTY;
    struct jp_value v;
    while (!w->jp->failed && jp_next_key(&c, &key)) {
        bool fits = name_fits(w->jp, &part, key);
        if (!jp_next_member_value(&c, &v)) {
            return false;
        }
        if (fits && take_value(w, &part, &v)) {
            return true;
        }
    }
    return false;
}

/* ---- arrays ---- */

static bool parse_index(struct str s, uint64_t *index)
{
    *index = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || s.n > 18) {
            return false;
        }
        *index = *index * 10 + (uint64_t)(s.p[i] - '0');
    }
    return s.n > 0;
}

static bool walk_index(struct walk *w, struct jp_cursor c, const struct jp_part *part)
{
    uint64_t index;
    struct jp_value v;
    if (!parse_index(part->name, &index)) {
        return false;
    }
    for (uint64_t i = 0; jp_next_item(&c, &v); i++) {
        if (i == index) {
            return take_value(w, part, &v);
        }
    }
    return false;
}

/* "#": how many items there are. */
static bool walk_count(struct walk *w, struct jp_cursor c)
{
    size_t n = 0;
    struct jp_value v;
    while (jp_next_item(&c, &v)) {
        n++;
    }
    AUTO(buf_done) struct buf text = jp_buf(w->jp);
    buf_addf(&text, "%zu", n);
    w->found = (struct jp_value){JP_NUMBER, jp_take(w->jp, &text), {0}};
    return true;
}

static void add_separated(struct buf *out, struct str s)
{
    if (out->n > 1) {
        buf_add_byte(out, ',');
    }
    buf_add_str(out, s);
}

/* "#.path": the path's result of each item that has one. */
static bool walk_each(struct walk *w, struct jp_cursor c, struct str path)
{
    struct jp *jp = w->jp;
    AUTO(buf_done) struct buf out = jp_buf(jp);
    struct jp_value item;
    path = cut_pipe(w, path);
    buf_add_byte(&out, '[');
    while (!jp->failed && jp_next_item(&c, &item)) {
        struct jp_value v = jp_get(jp, item.raw, path);
        if (jp_exists(&v)) {
            add_separated(&out, jp_raw(jp, &v));
        }
    }
    buf_add_byte(&out, ']');
    w->found = (struct jp_value){JP_JSON, jp_take(jp, &out), {0}};
    return true;
}

static bool item_passes(struct jp *jp, const struct jp_query *query, const struct jp_value *item)
{
    struct jp_value v = *item;
    if (item->type == JP_JSON) {
        v = jp_get(jp, item->raw, query->path);
    } else if (query->path.n > 0) {
        return false;
    }
    return jp_query_matches(jp, query, &v);
}

/* "#(query)" and "#(query)#". The second never ends the walk, as it never did in the original: with
 * `*.#(a)#` the result is that of the first array, unless a later member ends the walk. */
static bool walk_query(struct walk *w, struct jp_cursor c, const struct jp_part *part)
{
    struct jp *jp = w->jp;
    AUTO(buf_done) struct buf out = jp_buf(jp);
    struct str path = part->rest;
    struct jp_value item;
    buf_add_byte(&out, '[');
    while (!jp->failed && jp_next_item(&c, &item)) {
        if (!item_passes(jp, &part->query, &item)) {
            continue;
        }
        struct jp_value v = item;
        if (part->more) {
            path = cut_pipe(w, path);
            v = jp_get(jp, item.raw, path);
        }
        if (!part->query.all) {
            w->found = v;
            return true;
        }
        struct str raw = jp_raw(jp, &v);
        if (raw.n > 0) {
            add_separated(&out, raw);
        }
    }
    buf_add_byte(&out, ']');
    if (part->query.all && !jp_exists(&w->found)) {
        w->found = (struct jp_value){JP_JSON, jp_take(jp, &out), {0}};
    }
    return false;
}

static bool walk_array(struct walk *w, struct jp_cursor c, struct str path)
{
    struct jp_part part = jp_array_part(w->jp, path);
    note_pipe(w, &part);
    if (part.query.on) {
        return walk_query(w, c, &part);
    }
    if (!part.hash) {
        return walk_index(w, c, &part);
    }
    if (!str_eq(part.name, STR("#"))) {
        return false;
    }
    return part.more ? walk_each(w, c, part.rest) : walk_count(w, c);
}

static bool walk_container(struct walk *w, struct str raw, struct str path)
{
    bool ended = false;
    if (jp_enter(w->jp, raw.n)) {
        struct jp_cursor inside = jp_cursor(str_from(raw, 1));
        ended = raw.p[0] == '{' ? walk_object(w, inside, path) : walk_array(w, inside, path);
    }
    jp_leave(w->jp);
    return ended;
}

/* ---- literals and new values ---- */

/* "!literal" at the start of the path. False if it is none. */
static bool take_literal(struct str path, struct str *out, struct str *rest)
{
    static const char *const words[] = {"true", "false", "null", "nan", "inf"};
    struct str name = str_from(path, 1);
    if (memchr("{[\"+-0123456789", name.p[0], 15)) {
        *out = jp_squash(name);
        *rest = str_from(name, out->n);
        return true;
    }
    size_t n = 0;
    while (n < name.n && name.p[n] != '|' && name.p[n] != '.') {
        n++;
    }
    *out = str_head(name, n);
    *rest = str_from(name, n);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_ieq(*out, str_c(words[i]))) {
            return true;
        }
    }
    return false;
}

/* What stands behind the last dot or pipe that is not escaped. */
static struct str last_component(struct str path)
{
    for (size_t i = path.n; i > 0; i--) {
        char c = path.p[i - 1];
        if ((c == '|' || c == '.') && !(i > 1 && path.p[i - 2] == '\\')) {
            return str_from(path, i);
        }
    }
    return path;
}

static bool is_simple_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || memchr("[]{}()#|!", s.p[i], 9)) {
            return false;
        }
    }
    return true;
}

static bool is_json(struct str text)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    return json_parse(&a, text, JSON_PLAIN, NULL) != NULL;
}

static void add_name(struct buf *out, const struct jp_selector *selector)
{
    if (selector->name.n > 0) {
        if (selector->name.p[0] == '"' && is_json(selector->name)) {
            buf_add_str(out, selector->name);
        } else {
            json_write_string(out, selector->name, JSON_WRITE_HTML);
        }
        return;
    }
    struct str last = last_component(selector->path);
    json_write_string(out, is_simple_name(last) ? last : STR("_"), JSON_WRITE_HTML);
}

/* {a,"x":b.c} or [a,b]. */
static struct str make_value(struct jp *jp, struct str json, char kind,
                             const struct jp_selector *selectors, size_t n)
{
    AUTO(buf_done) struct buf out = jp_buf(jp);
    buf_add_byte(&out, kind);
    for (size_t i = 0; i < n && !jp->failed; i++) {
        struct jp_value v = jp_get(jp, json, selectors[i].path);
        if (!jp_exists(&v)) {
            continue;
        }
        if (out.n > 1) {
            buf_add_byte(&out, ',');
        }
        if (kind == '{') {
            add_name(&out, &selectors[i]);
            buf_add_byte(&out, ':');
        }
        struct str raw = jp_raw(jp, &v);
        buf_add_str(&out, raw.n > 0 ? raw : STR("null"));
    }
    buf_add_byte(&out, kind == '{' ? '}' : ']');
    return jp_take(jp, &out);
}

/* ---- whole paths ---- */

static bool goes_on(struct str rest)
{
    return rest.n > 0 && (rest.p[0] == '|' || rest.p[0] == '.');
}

/* A new object or array. If its brackets do not close, or something odd follows, they are dropped
 * and *path goes on behind them. */
static bool make_selected(struct jp *jp, struct str json, struct str *path, struct str *out,
                          struct str *rest)
{
    struct jp_selector *selectors;
    size_t n;
    char kind = path->p[0];
    if (!jp_selectors(jp, *path, &selectors, &n, rest)) {
        *path = STR_EMPTY;
        return false;
    }
    if (rest->n > 0 && !goes_on(*rest)) {
        *path = *rest;
        return false;
    }
    *out = make_value(jp, json, kind, selectors, n);
    return true;
}

/* The path begins with something that makes a new text of the old one: a modifier, a literal, a new
 * object or array. *rest is what follows. */
static bool make_text(struct jp *jp, struct str json, struct str *path, struct str *out,
                      struct str *rest)
{
    switch (path->n > 1 ? path->p[0] : '\0') {
    case '@':
        return jp_modify(jp, json, *path, out, rest);
    case '!':
        return take_literal(*path, out, rest);
    case '[':
    case '{':
        return make_selected(jp, json, path, out, rest);
    default:
        return false;
    }
}

static void walk_text(struct walk *w, struct str json, struct str path)
{
    if (str_starts(path, STR(".."))) {
        (void)walk_array(w, jp_cursor(json), str_from(path, 2)); /* lines of JSON */
        return;
    }
    for (size_t i = 0; i < json.n; i++) {
        if (json.p[i] == '{' || json.p[i] == '[') {
            (void)walk_container(w, str_from(json, i), path);
            return;
        }
    }
}

static struct jp_value get(struct jp *jp, struct str json, struct str path)
{
    for (;;) {
        struct str text;
        struct str rest = STR_EMPTY;
        if (jp->failed) {
            return (struct jp_value){0};
        }
        if (make_text(jp, json, &path, &text, &rest)) {
            if (!goes_on(rest)) {
                return jp_parse(text);
            }
            json = text;
            path = str_from(rest, 1);
            continue;
        }
        struct walk w = {.jp = jp};
        walk_text(&w, json, path);
        if (!w.piped) {
            return w.found;
        }
        json = w.found.raw;
        path = w.pipe;
    }
}

struct jp_value jp_get(struct jp *jp, struct str json, struct str path)
{
    struct jp_value v = {0};
    if (jp_enter(jp, json.n)) {
        v = get(jp, json, path);
    }
    jp_leave(jp);
    if (jp->failed) {
        v = (struct jp_value){0};
    }
    return v;
}

int json_path_get(struct arena *a, struct str json, struct str path, bool *found, struct str *out,
                  struct err **err)
{
    struct jp jp = {.arena = a};
    struct jp_value v = jp_get(&jp, json.n ? json : STR_EMPTY, path.n ? path : STR_EMPTY);
    struct str text = jp_text(&jp, &v);
    if (jp.failed) {
        return err_set(err, ERR_LIMIT, "the path asks for too much work");
    }
    *found = jp_exists(&v);
    *out = text;
    return 0;
}
