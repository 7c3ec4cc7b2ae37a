/* SPDX-License-Identifier: Apache-2.0
 *
 * json_path_priv: what the files of json_path share.
 */
#ifndef PAWL_CODEC_JSON_PATH_PRIV_H
#define PAWL_CODEC_JSON_PATH_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* ---- the evaluation as a whole ---- */

enum {
    JP_MAX_DEPTH = 150,       /* of evaluations and containers within each other */
    JP_MAX_BYTES = 32 << 20,  /* that may be made */
    JP_MAX_SCANNED = 1 << 28, /* that may be looked at */
};

/* After `failed` every function returns nothing as soon as it can. */
struct jp {
    struct arena *arena;
    size_t depth;
    size_t made;
    size_t scanned;
    bool failed;
};

/* Enters one level, about to look at n bytes. False when a bound is passed. Leave with jp_leave. */
bool jp_enter(struct jp *jp, size_t n);
void jp_leave(struct jp *jp);
/* A buffer for a result, bounded by what may still be made; and the result. */
struct buf jp_buf(struct jp *jp);
struct str jp_take(struct jp *jp, struct buf *b);

/* ---- values ---- */

enum jp_type { JP_NULL, JP_FALSE, JP_TRUE, JP_NUMBER, JP_STRING, JP_JSON };

/* Does not exist if it is JP_NULL without raw text. */
struct jp_value {
    enum jp_type type;
    struct str raw;   /* as it stands in the text */
    struct str inner; /* JP_STRING: between the quotes, still escaped */
};

bool jp_exists(const struct jp_value *v);
bool jp_is_array(const struct jp_value *v);
bool jp_is_object(const struct jp_value *v);
double jp_number(struct str raw);
bool jp_bool(struct jp *jp, const struct jp_value *v);
/* The text that a result is given out as. */
struct str jp_text(struct jp *jp, const struct jp_value *v);
/* Raw text, or the text of a value without any. */
struct str jp_raw(struct jp *jp, const struct jp_value *v);

/* ---- scanning ---- */

/* Runs over the members of an object or the items of an array, from behind its opening bracket. */
struct jp_cursor {
    const char *p;
    const char *end;
    bool to_end; /* up to the end of the text: a closing bracket does not end it */
};

struct jp_cursor jp_cursor(struct str text);
/* Over an object or array. What jp_parse made may have more text behind it, whose members and items
 * count, too. */
struct jp_cursor jp_inside(const struct jp_value *v);
/* The next key, between its quotes, still escaped. False at the end of the object. */
bool jp_next_key(struct jp_cursor *c, struct str *key);
/* The value of the key just read. */
bool jp_next_member_value(struct jp_cursor *c, struct jp_value *out);
/* The next item. False at the end of the array. */
bool jp_next_item(struct jp_cursor *c, struct jp_value *out);
/* The whole text as one value; an object or array takes everything up to the end of the text. */
struct jp_value jp_parse(struct str text);
/* The bracket at the start of the text up to the one that closes it; strings are skipped. */
struct str jp_squash(struct str text);
/* The same if the text may begin with a quote instead: then up to the end of that string. */
struct str jp_squash_any(struct str text);
/* Takes the escapes out of what stands between quotes; stops at what is none. */
struct str jp_unescape(struct jp *jp, struct str inner);
/* Without what is not above a blank at both ends. */
struct str jp_trim(struct str s);

/* ---- paths ---- */

struct jp_value jp_get(struct jp *jp, struct str json, struct str path);

/* One component of a path, in front of an object or an array. */
struct jp_query {
    bool on;
    bool all;
    struct str path;
    struct str op;
    struct str value;
};
struct jp_part {
    struct str name; /* for objects without escapes */
    bool wild;       /* the name has wildcards */
    bool hash;       /* an array's component with a '#' in it */
    bool more;
    struct str rest; /* what follows the '.', if `more` */
    bool piped;
    struct str pipe; /* what follows the '|' */
    struct jp_query query;
};

struct jp_part jp_object_part(struct jp *jp, struct str path);
struct jp_part jp_array_part(struct jp *jp, struct str path);
/* Splits at a pipe that is not inside of a query; false if there is none. */
bool jp_split_pipe(struct str path, struct str *left, struct str *right);
/* One selector of {a,"x":b} or [a,b] up to the closing bracket; false when the brackets do not
 * close. *rest is what follows. */
struct jp_selector {
    struct str name; /* p NULL if there is none */
    struct str path;
};
bool jp_selectors(struct jp *jp, struct str path, struct jp_selector **out, size_t *n,
                  struct str *rest);

bool jp_query_matches(struct jp *jp, const struct jp_query *query, const struct jp_value *value);
/* '*' any characters, '?' one, '\' the next one itself. */
bool jp_wildcard(struct str s, struct str pattern);

/* ---- modifiers ---- */

bool jp_is_modifier(struct str name);
/* Runs "@name:arg" at the start of the path. False if there is no such modifier. */
bool jp_modify(struct jp *jp, struct str json, struct str path, struct str *out, struct str *rest);
/* @pretty */
struct str jp_pretty(struct jp *jp, struct str json, struct str arg);

#endif
