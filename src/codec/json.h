/* SPDX-License-Identifier: Apache-2.0
 *
 * json: documents as Go's encoding/json understands them, and as bytes need them to stay.
 *
 * Reading: strict grammar (RFC 8259); numbers keep their text; strings may hold NUL; invalid UTF-8
 * and lone surrogates become U+FFFD; of a duplicate key the last one wins; depth is bounded. Why an
 * own reader: docs/internals/dependencies.md.
 *
 * A document lives in one arena: nodes, decoded strings and the copies of changed parts. Strings
 * without escapes and the `raw` text point into the input, so THE INPUT MUST LIVE AS LONG AS THE
 * DOCUMENT unless JSON_COPY is given. All readers take NULL for "absent" and give back NULL, an
 * empty view or the default, so that paths can be followed without checks in between.
 *
 * Pure: no I/O, no clock. One thread per document.
 */
#ifndef PAWL_CODEC_JSON_H
#define PAWL_CODEC_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Fields may be read freely and are changed only through the functions below: an object with many
 * members has a hash table behind them. 64 bytes, because a list has millions of these. */
struct json_member;
struct json {
    enum json_type type;
    bool boolean;
    uint32_t n; /* members or items; 0 for the others */
    uint32_t cap;
    struct str text;             /* JSON_STRING: decoded bytes; JSON_NUMBER: as written */
    struct str raw;              /* as it stood in the input; p NULL for built or changed nodes */
    struct json_member *members; /* JSON_OBJECT: in the order of the input, keys unique */
    struct json **items;         /* JSON_ARRAY */
};
struct json_member {
    struct str key;
    struct json *value;
};

enum json_flags {
    JSON_PLAIN = 0,
    JSON_COPY = 1, /* copy the input into the arena first */
};

enum { JSON_MAX_DEPTH = 200 };

/* Parses exactly one value (white space around it is fine). NULL and ERR_PARSE, or ERR_LIMIT when
 * nested deeper than JSON_MAX_DEPTH. The text is the one of Go's encoding/json ("invalid character
 * 'c' looking for beginning of value", "unexpected end of JSON input"), because conditions and
 * template errors show it; it holds no input beyond one character. */
struct json *json_parse(struct arena *a, struct str text, enum json_flags flags,
                        struct err **err) MUST_USE;

/* ---- reading ---- */

struct json *json_get(const struct json *object, const char *key); /* NULL if absent */
struct json *json_get_str(const struct json *object, struct str key);
struct json *json_at(const struct json *array, size_t i);
/* Follows keys separated by dots: json_find(doc, "metadata.name"). Keys with dots: json_get. */
struct json *json_find(const struct json *object, const char *path);
bool json_is(const struct json *j, enum json_type type);
bool json_is_null(const struct json *j); /* absent, or the value null */
/* The string; the empty view for anything else. */
struct str json_str(const struct json *j);
struct str json_find_str(const struct json *object, const char *path);
bool json_bool(const struct json *j, bool otherwise);
/* An integer (also when written 3.0 or 3e0); `otherwise` for anything else or out of range. */
int64_t json_int(const struct json *j, int64_t otherwise);
size_t json_len(const struct json *j); /* members, items; 0 otherwise */
/* Equal as values: numbers by text after normalising, objects without order. */
bool json_eq(const struct json *a, const struct json *b);

/* ---- building and changing (all in arena a) ---- */

struct json *json_new_object(struct arena *a);
struct json *json_new_array(struct arena *a);
struct json *json_new_str(struct arena *a, struct str s); /* copies s */
struct json *json_new_int(struct arena *a, int64_t v);
struct json *json_new_number(struct arena *a, struct str text); /* copies; a JSON number */
struct json *json_new_bool(struct arena *a, bool v);
struct json *json_new_null(struct arena *a);
/* Sets (replacing in place, else appending); copies the key. Returns value. Changing a node forgets
 * its raw text, but NOT that of its ancestors: use json_touch on the path, or change with
 * json_edit. */
struct json *json_set(struct arena *a, struct json *object, struct str key, struct json *value);
struct json *json_set_str(struct arena *a, struct json *object, const char *key, struct str value);
bool json_del(struct json *object, struct str key);
void json_push(struct arena *a, struct json *array, struct json *value);
void json_del_at(struct json *array, size_t i); /* the others keep their order */
/* The object at a path of keys below root, created (with its parents) where it is absent or null;
 * forgets the raw text along the way, so that the result is written from its nodes. NULL if a value
 * of another type stands in the way. */
struct json *json_edit(struct arena *a, struct json *root, const char *path);
void json_touch(struct json *j);
/* Deep copy into another arena, of everything but the raw text. */
struct json *json_clone(struct arena *a, const struct json *j);

/* ---- writing ---- */

/* Strings are escaped as Go does it: \b \f \n \r \t, other controls, U+2028 and U+2029 as \uXXXX,
 * an invalid byte as \ufffd. Numbers keep their text. */
enum json_write_flags {
    JSON_WRITE_PLAIN = 0,
    JSON_WRITE_HTML = 1,   /* < > & as \uXXXX too: what json.Marshal does */
    JSON_WRITE_SORTED = 2, /* members by key, bytewise: what json.Marshal does with maps */
    JSON_WRITE_RAW = 4,    /* a node with raw text is written as it stood in the input */
    JSON_WRITE_GO = JSON_WRITE_HTML | JSON_WRITE_SORTED,
};
void json_write(struct buf *out, const struct json *j, enum json_write_flags flags);
/* As json_write, on several lines as json.MarshalIndent does with an empty prefix: one indent a
 * level, "key": value, [] and {} for empty ones. JSON_WRITE_RAW has no effect. */
void json_write_pretty(struct buf *out, const struct json *j, const char *indent,
                       enum json_write_flags flags);
/* A string in quotes. */
void json_write_string(struct buf *out, struct str s, enum json_write_flags flags);

/* Writes documents straight into a buffer, commas set by itself:
 *     struct json_writer w = json_writer(&buf);
 *     json_w_object(&w); json_w_key(&w, "a"); json_w_int(&w, 1); json_w_end(&w);
 * json_w_strings(w, "k", "v", ...) adds string members. */
struct json_writer {
    struct buf *out;
    enum json_write_flags flags;
    uint32_t depth;
    uint64_t arrays[4]; /* bit per depth: 1 = array */
    bool first;         /* nothing written yet at this depth */
    bool after_key;
};
struct json_writer json_writer(struct buf *out);
void json_w_object(struct json_writer *w);
void json_w_array(struct json_writer *w);
void json_w_end(struct json_writer *w);
void json_w_key(struct json_writer *w, const char *key);
void json_w_key_str(struct json_writer *w, struct str key);
void json_w_str(struct json_writer *w, struct str s);
void json_w_c(struct json_writer *w, const char *s);
void json_w_int(struct json_writer *w, int64_t v);
void json_w_bool(struct json_writer *w, bool v);
void json_w_null(struct json_writer *w);
void json_w_raw(struct json_writer *w, struct str json); /* one whole value, not checked */
void json_w_node(struct json_writer *w, const struct json *j);
/* base64 (standard) of bytes as a string, as Secret.data wants it. */
void json_w_base64(struct json_writer *w, struct str bytes);
void json_w_pairs(struct json_writer *w, const char *const *pairs); /* up to a NULL */
#define json_w_strings(w, ...) json_w_pairs(w, (const char *const[]){__VA_ARGS__, NULL})

#endif
