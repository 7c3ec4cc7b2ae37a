/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON to events for libyaml's emitter, which then chooses the quoting that the content allows and
 * folds long lines. What is decided here: the order of keys, and which strings would be read as
 * something else and must be quoted.
 */
#include <yaml.h>

#include "base/gotext.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "codec/unicode.h"
#include "codec/yaml.h"
#include "codec/yaml_resolve.h"

struct writer {
    yaml_emitter_t emitter;
    struct buf *out;
    struct err **err;
    VEC(struct str) marked; /* texts that begin with a byte order mark, copied */
    bool separated;         /* a text ends with a line separator */
};

/* ---- the emitter ---- */

static int on_output(void *arg, unsigned char *p, size_t n)
{
    struct buf *out = arg;
    buf_add(out, p, n);
    return buf_ok(out);
}

static int too_large(struct writer *w)
{
    return err_set(w->err, ERR_LIMIT, "yaml: the document is larger than %zu bytes", w->out->max);
}

/* Hands the event over to the emitter, which frees it. */
static int emit(struct writer *w, yaml_event_t *event)
{
    if (yaml_emitter_emit(&w->emitter, event)) {
        return 0;
    }
    if (w->emitter.error == YAML_WRITER_ERROR) {
        return too_large(w);
    }
    return err_set(w->err, ERR_BUG, "yaml: %s",
                   w->emitter.problem ? w->emitter.problem : "cannot emit");
}

static int emit_scalar(struct writer *w, struct str text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    must(text.n <= INT32_MAX);
    must(yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text.p, (int)text.n,
                                      1, 1, style));
    return emit(w, &event);
}

/* ---- what libyaml writes otherwise than Go's port of it ---- */

#define BOM STR("\xef\xbb\xbf")

static bool is_separator(struct str s)
{
    return str_starts(s, STR("\u2028")) || str_starts(s, STR("\u2029"));
}

static void note_odd(struct writer *w, struct str text)
{
    if (str_starts(text, BOM)) {
        struct str copy = {memcpy(xmalloc(text.n), text.p, text.n), text.n};
        vec_push(&w->marked, copy);
    }
    if (text.n >= 3 && is_separator(str_from(text, text.n - 3))) {
        w->separated = true;
    }
}

static void forget_odd(struct writer *w)
{
    for (size_t i = 0; i < w->marked.n; i++) {
        char *text = (char *)(uintptr_t)w->marked.v[i].p;
        wipe(text, w->marked.v[i].n);
        free(text);
    }
    vec_done(&w->marked);
}

static void add_escape(struct buf *out, uint32_t rune)
{
    static const struct {
        uint32_t rune;
        char letter;
    } shorts[] = {
        {0, '0'},     {7, 'a'},    {8, 'b'},    {9, 't'},      {10, 'n'},
        {11, 'v'},    {12, 'f'},   {13, 'r'},   {27, 'e'},     {'"', '"'},
        {'\\', '\\'}, {0x85, 'N'}, {0xA0, '_'}, {0x2028, 'L'}, {0x2029, 'P'},
    };
    for (size_t i = 0; i < COUNT_OF(shorts); i++) {
        if (shorts[i].rune == rune) {
            buf_addf(out, "\\%c", shorts[i].letter);
            return;
        }
    }
    if (rune > 0xFFFF) {
        buf_addf(out, "\\U%08X", rune);
    } else {
        buf_addf(out, rune > 0xFF ? "\\u%04X" : "\\x%02X", rune);
    }
}

/* A text that begins with a byte order mark: the original escapes all of it, libyaml only the
 * mark. Takes what libyaml has written off *rest. */
static void escape_all(struct buf *out, struct str text, struct str *rest)
{
    size_t end = 1;
    while (end < rest->n && rest->p[end] != '"') {
        end += rest->p[end] == '\\' ? 2 : 1;
    }
    *rest = str_from(*rest, MIN(end + 1, rest->n));
    buf_add_byte(out, '"');
    while (text.n > 0) {
        uint32_t rune;
        text = str_from(text, utf8_decode(text, &rune, NULL));
        add_escape(out, rune);
    }
    buf_add_byte(out, '"');
}

/* A line separator at the end of a quoted text: libyaml goes on to the next line and indents the
 * closing quote, the original does not. Takes the separator and those blanks off *rest. */
static bool join_quote(struct buf *out, struct str *rest)
{
    struct str s = str_from(*rest, 3);
    while (s.n > 0 && s.p[0] == ' ') {
        s = str_from(s, 1);
    }
    if (s.n == 0 || s.p[0] != '\'' || (s.n > 1 && s.p[1] != '\n' && s.p[1] != ':')) {
        return false;
    }
    buf_add_str(out, str_head(*rest, 3));
    *rest = s;
    return true;
}

/* Writes the document from `start` on again. */
static void correct(struct writer *w, size_t start)
{
    AUTO(buf_done) struct buf again = BUF_INIT_WIPE(w->out->max);
    size_t next = 0;
    for (struct str rest = str_from(buf_str(w->out), start); rest.n > 0;) {
        if (next < w->marked.n && str_starts(rest, STR("\"\\uFEFF"))) {
            escape_all(&again, w->marked.v[next++], &rest);
        } else if (!(w->separated && is_separator(rest) && join_quote(&again, &rest))) {
            buf_add_byte(&again, rest.p[0]);
            rest = str_from(rest, 1);
        }
    }
    buf_truncate(w->out, start);
    buf_add_str(w->out, buf_str(&again));
}

/* ---- scalars ---- */

static bool would_read_as_string(struct str text)
{
    return yaml_resolve(text).kind == YAML_KIND_STR && !yaml_is_base60(text);
}

static int write_text(struct writer *w, struct str text)
{
    note_odd(w, text);
    if (str_find_byte(text, '\n') >= 0) {
        return emit_scalar(w, text, YAML_LITERAL_SCALAR_STYLE);
    }
    return emit_scalar(w, text,
                       would_read_as_string(text) ? YAML_PLAIN_SCALAR_STYLE
                                                  : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static bool is_plain_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x7F) {
            return false;
        }
    }
    return true;
}

/* Go writes JSON first and reads that as YAML. For ASCII this changes nothing. Beyond it there are
 * characters that YAML refuses, and U+0085, which it takes for the end of a line. */
static int write_string(struct writer *w, struct str text)
{
    if (is_plain_ascii(text)) {
        return write_text(w, text);
    }
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(buf_done) struct buf quoted = BUF_INIT_WIPE(SIZE_MAX);
    json_write_string(&quoted, text, JSON_WRITE_HTML);
    AUTO(err_freep) struct err *err = NULL;
    struct json *again = yaml_read(&a, buf_str(&quoted), YAML_PLAIN, &err);
    return again ? write_text(w, json_str(again))
                 : err_set(w->err, ERR_INVALID, "%s", err_msg(err));
}

/* What has been said about U+0085 makes a key with it one of two lines, which cannot be. */
static int write_key(struct writer *w, struct str key)
{
    if (str_find(key, STR("\xc2\x85")) >= 0) {
        return err_set(w->err, ERR_INVALID, "yaml: a key has a line end (U+0085) in it");
    }
    return write_string(w, key);
}

static int write_number(struct writer *w, struct str text)
{
    struct yaml_scalar scalar = yaml_resolve(text);
    AUTO(buf_done) struct buf out = BUF_INIT(64);
    if (scalar.kind == YAML_KIND_INT) {
        buf_addf(&out, "%s%llu", scalar.negative ? "-" : "", (unsigned long long)scalar.magnitude);
    } else if (scalar.kind == YAML_KIND_FLOAT) {
        go_float(&out, scalar.number, 'g');
    } else {
        return write_text(w, text); /* too large for a double */
    }
    return emit_scalar(w, buf_str(&out), YAML_PLAIN_SCALAR_STYLE);
}

/* ---- the order of keys ---- */

static uint32_t take_rune(struct str *s)
{
    uint32_t rune;
    *s = str_from(*s, utf8_decode(*s, &rune, NULL));
    return rune;
}

/* The number whose digits begin with `first` and go on in s: its value (wrapping around, as Go's)
 * and its length in runes. */
static int64_t digit_run(uint32_t first, struct str s, int64_t start, size_t *length)
{
    uint64_t value = (uint64_t)start;
    *length = 0;
    for (uint32_t rune = first; unicode_is_digit(rune); rune = s.n > 0 ? take_rune(&s) : 0) {
        value = value * 10 + (uint64_t)rune - '0';
        ++*length;
    }
    return (int64_t)value;
}

/* How two runes that differ, with what follows each, decide. `in_number`: the digits before them,
 * equal in both keys, hold one that is not zero, so that a zero here is not a leading one. */
static int compare_runes(uint32_t x, struct str x_rest, uint32_t y, struct str y_rest,
                         bool in_number)
{
    bool x_letter = unicode_is_letter(x);
    bool y_letter = unicode_is_letter(y);
    if (x_letter && y_letter) {
        return x < y ? -1 : 1;
    }
    if (x_letter || y_letter) {
        return y_letter ? -1 : 1;
    }
    int64_t start = in_number && (x == '0' || y == '0');
    size_t x_length;
    size_t y_length;
    int64_t x_number = digit_run(x, x_rest, start, &x_length);
    int64_t y_number = digit_run(y, y_rest, start, &y_length);
    if (x_number != y_number) {
        return x_number < y_number ? -1 : 1;
    }
    if (x_length != y_length) {
        return x_length < y_length ? -1 : 1;
    }
    return x < y ? -1 : 1;
}

/* Go's natural order: a2 before a10, signs before letters, letters by code point. */
static int compare_keys(struct str a, struct str b)
{
    bool in_number = false;
    while (a.n > 0 && b.n > 0) {
        uint32_t x = take_rune(&a);
        uint32_t y = take_rune(&b);
        if (x != y) {
            return compare_runes(x, a, y, b, in_number);
        }
        in_number = unicode_is_digit(x) && (in_number || x != '0');
    }
    return (a.n > 0) - (b.n > 0);
}

static int by_key(const void *a, const void *b)
{
    const struct json_member *const *x = a;
    const struct json_member *const *y = b;
    return compare_keys((*x)->key, (*y)->key);
}

/* ---- nodes ---- */

static int write_node(struct writer *w, const struct json *j);

static int write_members(struct writer *w, const struct json *object)
{
    AUTO(freep) const struct json_member **order = xcalloc(object->n, sizeof(struct json_member *));
    for (size_t i = 0; i < object->n; i++) {
        order[i] = &object->members[i];
    }
    qsort(order, object->n, sizeof(struct json_member *), by_key);
    for (size_t i = 0; i < object->n; i++) {
        if (write_key(w, order[i]->key) != 0 || write_node(w, order[i]->value) != 0) {
            return -1;
        }
    }
    return 0;
}

static int write_object(struct writer *w, const struct json *object)
{
    yaml_event_t event;
    must(yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
    if (emit(w, &event) != 0 || write_members(w, object) != 0) {
        return -1;
    }
    must(yaml_mapping_end_event_initialize(&event));
    return emit(w, &event);
}

static int write_array(struct writer *w, const struct json *array)
{
    yaml_event_t event;
    must(yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
    if (emit(w, &event) != 0) {
        return -1;
    }
    for (size_t i = 0; i < array->n; i++) {
        if (write_node(w, array->items[i]) != 0) {
            return -1;
        }
    }
    must(yaml_sequence_end_event_initialize(&event));
    return emit(w, &event);
}

static int write_node(struct writer *w, const struct json *j)
{
    switch (j->type) {
    case JSON_NULL:
        return emit_scalar(w, STR("null"), YAML_PLAIN_SCALAR_STYLE);
    case JSON_BOOL:
        return emit_scalar(w, j->boolean ? STR("true") : STR("false"), YAML_PLAIN_SCALAR_STYLE);
    case JSON_NUMBER:
        return write_number(w, j->text);
    case JSON_STRING:
        return write_string(w, j->text);
    case JSON_ARRAY:
        return write_array(w, j);
    case JSON_OBJECT:
        return write_object(w, j);
    }
    return -1;
}

static int write_document(struct writer *w, const struct json *j)
{
    yaml_event_t event;
    must(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    if (emit(w, &event) != 0) {
        return -1;
    }
    must(yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    if (emit(w, &event) != 0 || write_node(w, j) != 0) {
        return -1;
    }
    must(yaml_document_end_event_initialize(&event, 1));
    if (emit(w, &event) != 0) {
        return -1;
    }
    /* The end of the stream would add "..." behind a text with open line ends at its end. */
    return yaml_emitter_flush(&w->emitter) ? 0 : too_large(w);
}

int yaml_write(struct buf *out, const struct json *j, struct err **err)
{
    struct writer w = {.out = out, .err = err};
    size_t before = out->n;
    must(yaml_emitter_initialize(&w.emitter));
    yaml_emitter_set_unicode(&w.emitter, 1);
    yaml_emitter_set_output(&w.emitter, on_output, out);
    int rc = write_document(&w, j);
    wipe(w.emitter.buffer.start, (size_t)(w.emitter.buffer.end - w.emitter.buffer.start));
    wipe(w.emitter.raw_buffer.start,
         (size_t)(w.emitter.raw_buffer.end - w.emitter.raw_buffer.start));
    yaml_emitter_delete(&w.emitter);
    if (rc == 0 && (w.marked.n > 0 || w.separated)) {
        correct(&w, before);
        rc = buf_ok(out) ? 0 : too_large(&w);
    }
    forget_odd(&w);
    if (rc != 0) {
        buf_truncate(out, before);
    }
    return rc;
}
