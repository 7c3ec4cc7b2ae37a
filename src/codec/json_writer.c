/* SPDX-License-Identifier: Apache-2.0
 *
 * Text without nodes: the streaming writer.
 */
#include "base/encode.h"
#include "codec/json.h"

enum { WRITER_MAX_DEPTH = 255 };

struct json_writer json_writer(struct buf *out)
{
    return (struct json_writer){.out = out, .first = true};
}

static bool in_array(const struct json_writer *w)
{
    return w->arrays[w->depth / 64] >> (w->depth % 64) & 1;
}

/* The comma in front of a member or item, where one is due. */
static void separate(struct json_writer *w)
{
    if (!w->first) {
        buf_add_byte(w->out, ',');
    }
    w->first = false;
}

/* Every value begins here. In an object it follows its key; at the top there is only one. */
static void begin_value(struct json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    must(w->depth == 0 ? w->first : in_array(w));
    separate(w);
}

static void open(struct json_writer *w, char bracket, bool array)
{
    begin_value(w);
    must(w->depth < WRITER_MAX_DEPTH);
    w->depth++;
    uint64_t bit = (uint64_t)1 << (w->depth % 64);
    uint64_t *word = &w->arrays[w->depth / 64];
    *word = array ? *word | bit : *word & ~bit;
    w->first = true;
    buf_add_byte(w->out, bracket);
}

void json_w_object(struct json_writer *w)
{
    open(w, '{', false);
}

void json_w_array(struct json_writer *w)
{
    open(w, '[', true);
}

void json_w_end(struct json_writer *w)
{
    must(w->depth > 0 && !w->after_key);
    buf_add_byte(w->out, in_array(w) ? ']' : '}');
    w->depth--;
    w->first = false;
}

void json_w_key_str(struct json_writer *w, struct str key)
{
    must(w->depth > 0 && !in_array(w) && !w->after_key);
    separate(w);
    json_write_string(w->out, key, w->flags);
    buf_add_byte(w->out, ':');
    w->after_key = true;
}

void json_w_key(struct json_writer *w, const char *key)
{
    json_w_key_str(w, str_c(key));
}

void json_w_str(struct json_writer *w, struct str s)
{
    begin_value(w);
    json_write_string(w->out, s, w->flags);
}

void json_w_c(struct json_writer *w, const char *s)
{
    json_w_str(w, str_c(s));
}

void json_w_int(struct json_writer *w, int64_t v)
{
    begin_value(w);
    buf_addf(w->out, "%lld", (long long)v);
}

void json_w_bool(struct json_writer *w, bool v)
{
    begin_value(w);
    buf_add_c(w->out, v ? "true" : "false");
}

void json_w_null(struct json_writer *w)
{
    begin_value(w);
    buf_add_c(w->out, "null");
}

void json_w_raw(struct json_writer *w, struct str json)
{
    begin_value(w);
    buf_add_str(w->out, json);
}

void json_w_node(struct json_writer *w, const struct json *j)
{
    begin_value(w);
    json_write(w->out, j, w->flags);
}

void json_w_base64(struct json_writer *w, struct str bytes)
{
    begin_value(w);
    buf_add_byte(w->out, '"');
    base64_encode(w->out, bytes, BASE64_STD);
    buf_add_byte(w->out, '"');
}

void json_w_pairs(struct json_writer *w, const char *const *pairs)
{
    for (; pairs[0]; pairs += 2) {
        must(pairs[1]);
        json_w_key(w, pairs[0]);
        json_w_c(w, pairs[1]);
    }
}
