/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking paths apart. What a component means depends on what it meets: in front of an object it is
 * a name with escapes and wildcards, in front of an array a number, '#' or a query.
 */
#include "codec/json_path_priv.h"

#include "base/vec.h"

/* After a dot: a modifier or a new object or array is as if behind a pipe. */
static bool starts_pipe(struct str s)
{
    if (s.n == 0) {
        return false;
    }
    if (s.p[0] != '@') {
        return s.p[0] == '[' || s.p[0] == '{';
    }
    size_t n = 1;
    while (n < s.n && s.p[n] != '.' && s.p[n] != '|' && s.p[n] != ':') {
        n++;
    }
    return jp_is_modifier(str_sub(s, 1, n));
}

/* The component ends at i, with a dot or a pipe. */
static void end_part(struct jp_part *part, struct str path, size_t i)
{
    struct str behind = str_from(path, i + 1);
    if (path.p[i] == '|' || (!part->hash && starts_pipe(behind))) {
        part->piped = true;
        part->pipe = behind;
    } else {
        part->more = true;
        part->rest = behind;
    }
}

struct jp_part jp_object_part(struct jp *jp, struct str path)
{
    struct jp_part part = {0};
    AUTO(buf_done) struct buf name = jp_buf(jp);
    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];
        if (c == '.' || c == '|') {
            end_part(&part, path, i);
            break;
        }
        if (c == '\\') {
            i++;
        } else if (c == '*' || c == '?') {
            part.wild = true;
        }
        if (i < path.n) {
            buf_add_byte(&name, path.p[i]);
        }
    }
    part.name = jp_take(jp, &name);
    return part;
}

/* ---- queries ---- */

/* From behind an opening quote to behind the closing one, or to the end. */
static size_t skip_quoted(struct str s, size_t i, bool *escapes)
{
    while (i < s.n && s.p[i] != '"') {
        if (s.p[i] == '\\') {
            *escapes = true;
            i++;
        }
        i++;
    }
    return MIN(i + 1, s.n);
}

/* Where a query is split: the operator (0 for none) and the closing bracket. */
struct query_marks {
    size_t op;
    size_t close;
    bool escapes; /* in a string */
};

/* The text begins with "#(" or "#[". False if it does not close. */
static bool mark_query(struct str s, struct query_marks *marks)
{
    size_t depth = 1;
    for (size_t i = 2; i < s.n;) {
        char c = s.p[i];
        if (depth == 1 && marks->op == 0 && memchr("!=<>%", c, 5)) {
            marks->op = i++;
        } else if (c == '\\') {
            i += 2;
        } else if (c == '"') {
            i = skip_quoted(s, i + 1, &marks->escapes);
        } else {
            depth += c == '[' || c == '(';
            depth -= c == ']' || c == ')';
            if (depth == 0) {
                marks->close = i;
                return true;
            }
            i++;
        }
    }
    return false;
}

/* How many characters at the start are the operator; none for a lone '!'. */
static size_t op_length(struct str s)
{
    static const struct str ops[] = {STR_INIT("!="), STR_INIT("!%"), STR_INIT("<="),
                                     STR_INIT(">="), STR_INIT("=="), STR_INIT("<"),
                                     STR_INIT(">"),  STR_INIT("="),  STR_INIT("%")};
    for (size_t i = 0; s.n > 1 && i < COUNT_OF(ops); i++) {
        if (str_starts(s, ops[i])) {
            return ops[i].n;
        }
    }
    return s.n == 1;
}

/* Returns the length of the query, 0 if it is malformed. */
static size_t parse_query(struct jp *jp, struct str s, struct jp_query *query)
{
    struct query_marks marks = {0};
    if (!mark_query(s, &marks)) {
        return 0;
    }
    query->path = jp_trim(str_sub(s, 2, marks.op ? marks.op : marks.close));
    if (marks.op) {
        struct str test = jp_trim(str_sub(s, marks.op, marks.close));
        size_t n = op_length(test);
        query->op = str_head(test, n);
        if (str_eq(query->op, STR("=="))) {
            query->op = STR("=");
        }
        query->value = jp_trim(str_from(test, n));
    }
    struct str value = query->value;
    if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"') {
        query->value = str_sub(value, 1, value.n - 1);
        if (marks.escapes) {
            query->value = jp_unescape(jp, query->value);
        }
    }
    return marks.close + 1;
}

struct jp_part jp_array_part(struct jp *jp, struct str path)
{
    struct jp_part part = {.name = path};
    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];
        if (c == '.' || c == '|') {
            part.name = str_head(path, i);
            end_part(&part, path, i);
            break;
        }
        if (c != '#') {
            continue;
        }
        part.hash = true;
        if (i == 0 && path.n > 1 && (path.p[1] == '(' || path.p[1] == '[')) {
            part.query.on = true;
            size_t length = parse_query(jp, path, &part.query);
            if (length == 0) {
                break;
            }
            part.query.all = length < path.n && path.p[length] == '#';
            i = length - 1;
        }
    }
    return part;
}

/* ---- pipes ---- */

/* From the bracket of a query at i to behind the one that closes it; only brackets of this kind
 * count. */
static size_t skip_query(struct str s, size_t i)
{
    char open = s.p[i];
    char close = open == '[' ? ']' : ')';
    size_t depth = 0;
    bool ignored = false;
    while (i < s.n) {
        char c = s.p[i++];
        if (c == '\\') {
            i++;
        } else if (c == '"') {
            i = skip_quoted(s, i, &ignored);
        } else if (c == open) {
            depth++;
        } else if (c == close && --depth == 0) {
            break;
        }
    }
    return MIN(i, s.n);
}

static bool split_at(struct str path, size_t i, struct str *left, struct str *right)
{
    if (i >= path.n || path.p[i] != '|') {
        return false;
    }
    *left = str_head(path, i);
    *right = str_from(path, i + 1);
    return true;
}

bool jp_split_pipe(struct str path, struct str *left, struct str *right)
{
    if (path.n > 0 && path.p[0] == '{') {
        return split_at(path, jp_squash(path).n, left, right);
    }
    for (size_t i = 0; i < path.n;) {
        if (path.p[i] == '|') {
            return split_at(path, i, left, right);
        }
        if (path.p[i] == '\\') {
            i += 2;
        } else if (path.p[i] == '.' && i + 2 < path.n && path.p[i + 1] == '#' &&
                   (path.p[i + 2] == '[' || path.p[i + 2] == '(')) {
            i = skip_query(path, i + 2);
        } else {
            i++;
        }
    }
    return false;
}

/* ---- new objects and arrays ---- */

/* A walk over "{name:path,path}" behind its opening bracket. */
struct selector_walk {
    struct str path;
    size_t start;  /* of the selector */
    size_t colon;  /* behind its name, 0 if there is none */
    bool modifier; /* a modifier has begun: its colon is its own */
    size_t depth;
};

static struct jp_selector cut_selector(struct selector_walk *w, size_t end)
{
    struct jp_selector selector = {{0}, str_sub(w->path, w->start, end)};
    if (w->colon) {
        selector.name = str_sub(w->path, w->start, w->colon);
        selector.path = str_sub(w->path, w->colon + 1, end);
    }
    w->start = end + 1;
    w->colon = 0;
    w->modifier = false;
    return selector;
}

/* Looks at the character at i. Returns where to go on; *cut tells that a selector ends at i. */
static size_t step_selector(struct selector_walk *w, size_t i, bool *cut)
{
    bool ignored = false;
    char c = w->path.p[i];
    *cut = false;
    switch (c) {
    case '\\':
        return i + 2;
    case '"':
        return skip_quoted(w->path, i + 1, &ignored);
    case '@':
        w->modifier |= w->path.p[i - 1] == '.' || w->path.p[i - 1] == '|';
        break;
    case ':':
        if (!w->modifier && w->colon == 0 && w->depth == 1) {
            w->colon = i;
        }
        break;
    case ',':
        *cut = w->depth == 1;
        break;
    case '[':
    case '(':
    case '{':
        w->depth++;
        break;
    case ']':
    case ')':
    case '}':
        *cut = --w->depth == 0;
        break;
    default:
        break;
    }
    return i + 1;
}

bool jp_selectors(struct jp *jp, struct str path, struct jp_selector **out, size_t *n,
                  struct str *rest)
{
    VEC(struct jp_selector) found = {0};
    struct selector_walk w = {.path = path, .start = 1, .depth = 1};
    size_t i = 1;
    while (i < path.n && w.depth > 0) {
        bool cut;
        size_t next = step_selector(&w, i, &cut);
        if (cut) {
            vec_push(&found, cut_selector(&w, i));
        }
        i = next;
    }
    bool closed = w.depth == 0;
    if (closed) {
        *rest = str_from(path, i);
        *n = found.n;
        *out = arena_array(jp->arena, struct jp_selector, found.n);
        for (size_t k = 0; k < found.n; k++) {
            (*out)[k] = found.v[k];
        }
    }
    vec_done(&found);
    return closed;
}
