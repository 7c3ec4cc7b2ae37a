/* SPDX-License-Identifier: Apache-2.0
 *
 * The input as a stream of documents, in each way of reading. What was read must be the same after
 * being written and read again, except where YAML itself loses something: line ends of Unicode and
 * byte order marks.
 */
#include "codec/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_fragile_text(const struct json *j)
{
    AUTO(buf_done) struct buf text = BUF_INIT(64 << 20);
    json_write(&text, j, JSON_WRITE_PLAIN);
    struct str s = buf_str(&text);
    return str_find(s, STR("\xc2\x85")) >= 0 || str_find(s, STR("\\u202")) >= 0 ||
           str_find(s, STR("\xef\xbb\xbf")) >= 0;
}

static void write_and_read(const struct json *j)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT(64 << 20);
    if (yaml_write(&text, j, &err) != 0) {
        must(err->kind == ERR_INVALID);
        return;
    }
    struct json *again = yaml_read(&a, buf_str(&text), YAML_PLAIN, &err);
    must(has_fragile_text(j) || json_eq(j, again));
}

static void read_all(struct str text, enum yaml_flags flags)
{
    struct yaml_stream *s = yaml_stream_new(text, flags);
    for (;;) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
        AUTO(err_freep) struct err *err = NULL;
        struct json *doc;
        int rc = yaml_stream_next(s, &a, &doc, &err);
        must((rc == 0) == !err && (!err || err->kind != ERR_BUG));
        if (rc != 0 || !doc) {
            break;
        }
        write_and_read(doc);
    }
    yaml_stream_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_n(data, size);
    read_all(text, YAML_PLAIN);
    read_all(text, YAML_STRICT);
    read_all(text, YAML_STRINGS);
    return 0;
}
