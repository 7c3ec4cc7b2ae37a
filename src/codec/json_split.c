/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the bytes with a small state machine. While it is between values it looks at single
 * bytes (step); the inside of a value is run over quickly, with only the depth of brackets and
 * "inside of a string" in mind (scan_value).
 *
 * A value that lies whole in the piece being fed is given out where it lies. One that goes on in
 * the next piece is collected in `value`.
 */
#include "codec/json_split.h"

#include "codec/json.h"
#include "codec/json_scan.h"

enum state {
    ST_START,       /* a list: its opening brace */
    ST_FIRST_KEY,   /* the first key, or the end of the list */
    ST_KEY,         /* a key, after a comma */
    ST_COLON,       /* the colon between key and value */
    ST_MEMBER,      /* the value of a member */
    ST_AFTER_VALUE, /* a comma or the end of the list */
    ST_FIRST_ITEM,  /* the first item, or the end of the items */
    ST_ITEM,        /* an item, after a comma */
    ST_AFTER_ITEM,  /* a comma or the end of the items */
    ST_DONE,        /* a list is complete */
    ST_EVENT,       /* a watch: the next event */
    ST_VALUE,       /* inside of a value; `purpose` says of which */
    ST_FAILED,
};

enum purpose { FOR_KEY, FOR_MEMBER, FOR_ITEM, FOR_EVENT };

struct json_split {
    struct json_split_callbacks callbacks;
    void *arg;
    size_t max_item;
    enum state state;

    enum purpose purpose;
    bool in_string;
    bool escaped; /* the last byte was a backslash in a string */
    bool scalar;  /* a number or a literal: ends before a separator */
    size_t depth;
    struct buf value; /* the part of the value that came in earlier pieces */

    bool items_key;  /* the key just read is "items" */
    bool items_seen; /* and it has been there */
    struct buf rest; /* "{" and the members but items */
    uint64_t offset; /* bytes before the piece being fed, for errors */
};

struct json_split *json_split_new(enum json_split_mode mode, size_t max_item, bool wipe,
                                  const struct json_split_callbacks *callbacks, void *arg)
{
    struct json_split *s = xcalloc(1, sizeof(*s));
    s->callbacks = *callbacks;
    s->arg = arg;
    s->max_item = max_item;
    s->state = mode == JSON_SPLIT_LIST ? ST_START : ST_EVENT;
    s->value = wipe ? BUF_INIT_WIPE(max_item) : BUF_INIT(max_item);
    s->rest = wipe ? BUF_INIT_WIPE(max_item) : BUF_INIT(max_item);
    return s;
}

void json_split_free(struct json_split *s)
{
    if (s) {
        buf_done(&s->value);
        buf_done(&s->rest);
        free(s);
    }
}

/* ---- values that are complete ---- */

static int too_big(struct json_split *s, const char *what, struct err **err)
{
    return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", what, s->max_item);
}

static int malformed(const struct json_split *s, size_t at, const char *wanted, struct err **err)
{
    unsigned long long offset = s->offset + at;
    return err_set(err, ERR_PARSE, "malformed JSON stream at byte %llu: expected %s", offset,
                   wanted);
}

/* True if the key (as it stands in the text) is "items", also in an unusual spelling. */
static bool is_items(struct str key)
{
    if (str_find_byte(key, '\\') < 0) {
        return str_eq(key, STR("\"items\""));
    }
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    return str_eq(json_str(json_parse(&a, key, JSON_PLAIN, NULL)), STR("items"));
}

static int take_key(struct json_split *s, struct str key, struct err **err)
{
    s->state = ST_COLON;
    s->items_key = is_items(key);
    if (!s->items_key) {
        if (s->rest.n > 1) {
            buf_add_byte(&s->rest, ',');
        }
        buf_add_str(&s->rest, key);
        buf_add_byte(&s->rest, ':');
    } else if (s->items_seen) {
        return err_set(err, ERR_PARSE, "the list has items twice");
    }
    s->items_seen |= s->items_key;
    return buf_ok(&s->rest) ? 0 : too_big(s, "the list without its items", err);
}

static int take_member(struct json_split *s, struct str value, struct err **err)
{
    s->state = ST_AFTER_VALUE;
    if (s->items_key) {
        return str_eq(value, STR("null")) ? 0 : err_set(err, ERR_PARSE, "items is not a list");
    }
    buf_add_str(&s->rest, value);
    return buf_ok(&s->rest) ? 0 : too_big(s, "the list without its items", err);
}

static int take_item(struct json_split *s, struct str item, struct err **err)
{
    s->state = s->purpose == FOR_ITEM ? ST_AFTER_ITEM : ST_EVENT;
    if (item.n > s->max_item) {
        return too_big(s, "an item", err);
    }
    return s->callbacks.item(s->arg, item, err) ? -1 : 0;
}

static int take_rest(struct json_split *s, struct err **err)
{
    s->state = ST_DONE;
    buf_add_byte(&s->rest, '}');
    if (!buf_ok(&s->rest)) {
        return too_big(s, "the list without its items", err);
    }
    return s->callbacks.rest && s->callbacks.rest(s->arg, buf_str(&s->rest), err) ? -1 : 0;
}

static int take_value(struct json_split *s, struct str value, struct err **err)
{
    switch (s->purpose) {
    case FOR_KEY:
        return take_key(s, value, err);
    case FOR_MEMBER:
        return take_member(s, value, err);
    case FOR_ITEM:
    case FOR_EVENT:
        return take_item(s, value, err);
    }
    return -1;
}

/* ---- inside of a value ---- */

/* Runs over a string, whose opening quote is behind. Returns where it ended or the piece did. */
static inline const char *scan_string(struct json_split *s, const char *p, const char *end)
{
    while ((p = json_skip_plain(p, end)) < end) {
        if (*p == '"') {
            s->in_string = false;
            return p + 1;
        }
        if (*p == '\\' && ++p == end) {
            s->escaped = true;
            return p;
        }
        p++;
    }
    return p;
}

static const char *scan_scalar(const char *p, const char *end)
{
    while (p < end && !memchr(",]} \t\r\n", *p, 7)) {
        p++;
    }
    return p;
}

/* Runs over a container up to its closing bracket, or over a string at the top. *whole tells
 * whether the end was reached. */
static const char *scan_nested(struct json_split *s, const char *p, const char *end, bool *whole)
{
    size_t depth = s->depth;
    bool open = true;
    if (s->escaped) {
        s->escaped = false;
        p++;
    }
    if (s->in_string) {
        p = scan_string(s, p, end);
        open = s->in_string || depth > 0;
    }
    while (open && p < end) {
        switch (*p++) {
        case '"':
            s->in_string = true;
            p = scan_string(s, p, end);
            open = s->in_string || depth > 0;
            break;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            open = --depth > 0;
            break;
        default:
            break;
        }
    }
    s->depth = depth;
    *whole = !open;
    return p;
}

/* Runs over as much of the value as the piece has, from p on, and hands it over when it is whole.
 * Moves *p. */
static int scan_value(struct json_split *s, const char **p, const char *end, struct err **err)
{
    const char *start = *p;
    bool whole;
    if (s->scalar) {
        *p = scan_scalar(start, end);
        whole = *p < end;
    } else {
        *p = scan_nested(s, start, end, &whole);
    }
    struct str part = str_n(start, (size_t)(*p - start));
    if (whole && s->value.n == 0) {
        return take_value(s, part, err);
    }
    buf_add_str(&s->value, part);
    if (!buf_ok(&s->value)) {
        return too_big(s, "an item", err);
    }
    if (!whole) {
        return 0;
    }
    int rc = take_value(s, buf_str(&s->value), err);
    buf_clear(&s->value);
    return rc;
}

/* A value may begin with this byte. */
static bool begins_value(char c)
{
    return c == '"' || c == '{' || c == '[' || c == '-' || (c >= '0' && c <= '9') || c == 't' ||
           c == 'f' || c == 'n';
}

static void begin_value(struct json_split *s, enum purpose purpose, char first)
{
    s->state = ST_VALUE;
    s->purpose = purpose;
    s->depth = 0;
    s->in_string = false;
    s->escaped = false;
    s->scalar = first != '"' && first != '{' && first != '[';
}

/* ---- between values ---- */

static int begin(struct json_split *s, enum purpose purpose, char c, size_t at, struct err **err)
{
    if (!begins_value(c)) {
        return malformed(s, at, "a value", err);
    }
    begin_value(s, purpose, c);
    return 0;
}

static int step_key(struct json_split *s, char c, size_t at, struct err **err)
{
    if (c == '}' && s->state == ST_FIRST_KEY) {
        return take_rest(s, err);
    }
    if (c != '"') {
        return malformed(s, at, "a key", err);
    }
    begin_value(s, FOR_KEY, c);
    return 0;
}

static int step_member(struct json_split *s, char c, size_t at, struct err **err)
{
    if (s->items_key && c == '[') {
        s->state = ST_FIRST_ITEM;
        return 0;
    }
    return begin(s, FOR_MEMBER, c, at, err);
}

static int step_item(struct json_split *s, char c, size_t at, struct err **err)
{
    if (c == ']' && s->state == ST_FIRST_ITEM) {
        s->state = ST_AFTER_VALUE;
        return 0;
    }
    return begin(s, FOR_ITEM, c, at, err);
}

/* Behind a member. */
static int step_after_value(struct json_split *s, char c, size_t at, struct err **err)
{
    if (c == '}') {
        return take_rest(s, err);
    }
    s->state = ST_KEY;
    return c == ',' ? 0 : malformed(s, at, "a comma or the end of the list", err);
}

static int step_after_item(struct json_split *s, char c, size_t at, struct err **err)
{
    if (c == ']') {
        s->state = ST_AFTER_VALUE;
        return 0;
    }
    s->state = ST_ITEM;
    return c == ',' ? 0 : malformed(s, at, "a comma or the end of the items", err);
}

/* Looks at one byte that is no white space and stands outside of values. If it begins a value, it
 * has not been consumed (state is then ST_VALUE). */
static int step(struct json_split *s, char c, size_t at, struct err **err)
{
    switch (s->state) {
    case ST_START:
        s->state = ST_FIRST_KEY;
        buf_add_byte(&s->rest, '{');
        return c == '{' ? 0 : malformed(s, at, "a list, which is an object", err);
    case ST_FIRST_KEY:
    case ST_KEY:
        return step_key(s, c, at, err);
    case ST_COLON:
        s->state = ST_MEMBER;
        return c == ':' ? 0 : malformed(s, at, "a colon", err);
    case ST_MEMBER:
        return step_member(s, c, at, err);
    case ST_AFTER_VALUE:
        return step_after_value(s, c, at, err);
    case ST_FIRST_ITEM:
    case ST_ITEM:
        return step_item(s, c, at, err);
    case ST_AFTER_ITEM:
        return step_after_item(s, c, at, err);
    case ST_EVENT:
        return c == '{' ? begin(s, FOR_EVENT, c, at, err)
                        : malformed(s, at, "an event, which is an object", err);
    case ST_DONE:
        return malformed(s, at, "nothing behind the list", err);
    case ST_VALUE:
    case ST_FAILED:
        break;
    }
    return err_set(err, ERR_PARSE, "the JSON stream has failed before");
}

static int feed(struct json_split *s, struct str bytes, struct err **err)
{
    const char *p = bytes.p;
    const char *end = bytes.p + bytes.n;
    while (p < end) {
        if (s->state == ST_VALUE) {
            if (scan_value(s, &p, end, err) != 0) {
                return -1;
            }
            continue;
        }
        if (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
            p++;
            continue;
        }
        if (step(s, *p, (size_t)(p - bytes.p), err) != 0) {
            return -1;
        }
        p += s->state != ST_VALUE;
    }
    s->offset += bytes.n;
    return 0;
}

int json_split_feed(struct json_split *s, struct str bytes, struct err **err)
{
    if (bytes.n == 0) {
        return 0;
    }
    int rc = feed(s, bytes, err);
    if (rc != 0) {
        s->state = ST_FAILED;
    }
    return rc;
}

int json_split_finish(struct json_split *s, struct err **err)
{
    switch (s->state) {
    case ST_DONE:
    case ST_EVENT:
        return 0;
    case ST_FAILED:
        return err_set(err, ERR_PARSE, "the JSON stream has failed before");
    default:
        return err_set(err, ERR_PARSE, "the JSON stream ends early, after %llu bytes",
                       (unsigned long long)s->offset);
    }
}
