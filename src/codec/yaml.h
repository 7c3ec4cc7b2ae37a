/* SPDX-License-Identifier: Apache-2.0
 *
 * yaml: YAML documents as struct json trees, and back, exactly as sigs.k8s.io/yaml over Go's yaml
 * v2 reads and writes them, because manifests and templates have been written against it.
 *
 * Reading is YAML 1.1: y, yes, on, n, no, off are booleans (as keys, too), 017 is fifteen, 1_000 a
 * thousand; base-60 numbers and timestamps stay strings; keys that are numbers or booleans become
 * their text; << merges; !!binary is decoded (invalid UTF-8 in it becomes U+FFFD). Of a duplicate
 * key the last value wins. Integers up to 64 bits keep their digits, floats are written as
 * encoding/json does.
 *
 * Errors carry Go's text, "yaml: line N: did not find expected key" (N as Go counts it, which can
 * be one less than an editor shows), but never a value. What goes through libyaml is cleared on a
 * best effort: its buffers and events are, its own copies in between are not.
 *
 * Pure: no I/O. Parsing is done by libyaml.
 */
#ifndef PAWL_CODEC_YAML_H
#define PAWL_CODEC_YAML_H

#include "codec/json.h"

enum yaml_flags {
    YAML_PLAIN = 0,
    YAML_STRICT = 1, /* a duplicate key is an error */
    /* Wanted is a mapping of strings, as Go decodes into a map[string]string: of the values 0x1F
     * becomes "31", yes "true", 1.50 "1.5" (as a float32), .inf "+Inf", null "". A mapping or
     * sequence as a value, or anything but a mapping or null at the top, is ERR_INVALID. Texts of
     * errors are those of yaml.Unmarshal, beginning with "error converting YAML to JSON: " or
     * "error unmarshaling JSON: while decoding JSON: ". */
    YAML_STRINGS = 2,
};

/* The first document; nothing behind it is looked at. Text without a document gives the value null
 * (an empty object under YAML_STRINGS).
 * NULL and ERR_PARSE or ERR_INVALID, or ERR_LIMIT when nested deeper than JSON_MAX_DEPTH or when
 * aliases blow a document up. The tree does not refer to the text. */
struct json *yaml_read(struct arena *a, struct str text, enum yaml_flags flags,
                       struct err **err) MUST_USE;

/* All documents of a stream, one after the other. The text must live as long as the stream. After
 * an error the stream is at its end. */
struct yaml_stream;
struct yaml_stream *yaml_stream_new(struct str text, enum yaml_flags flags) MUST_USE;
/* *doc is NULL at the end of the stream. */
int yaml_stream_next(struct yaml_stream *s, struct arena *a, struct json **doc,
                     struct err **err) MUST_USE;
void yaml_stream_free(struct yaml_stream *s);

/* Appends the document as yaml.Marshal does: block style, keys in natural order, lists not
 * indented, strings quoted where YAML 1.1 would read something else, folded at 80 columns; ends
 * with a newline. ERR_INVALID, with out unchanged, for a string with characters that YAML does not
 * allow (DEL, most of U+0080 to U+009F, U+FFFE, U+FFFF). ERR_LIMIT if it does not fit into out. */
int yaml_write(struct buf *out, const struct json *j, struct err **err) MUST_USE;

/* The version of libyaml, for `pawl version`. */
const char *yaml_library(void);

#endif
