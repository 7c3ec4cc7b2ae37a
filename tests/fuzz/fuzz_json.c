/* SPDX-License-Identifier: Apache-2.0
 *
 * What is accepted must survive being written and read again, in each way of writing.
 */
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(const struct json *j, enum json_write_flags flags, bool pretty)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf out = BUF_INIT(64 << 20);
    if (pretty) {
        json_write_pretty(&out, j, "  ", flags);
    } else {
        json_write(&out, j, flags);
    }
    must(buf_ok(&out));
    must(json_eq(j, json_parse(&a, buf_str(&out), JSON_PLAIN, NULL)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    struct json *j = json_parse(&a, str_n(data, size), JSON_PLAIN, &err);
    must(j ? !err : err && (err->kind == ERR_PARSE || err->kind == ERR_LIMIT));
    if (j) {
        write_and_read(j, JSON_WRITE_PLAIN, false);
        write_and_read(j, JSON_WRITE_GO, false);
        write_and_read(j, JSON_WRITE_RAW, false);
        write_and_read(j, JSON_WRITE_HTML, true);
        must(json_eq(j, json_clone(&a, j)));
        (void)json_int(j, 0);
    }
    return 0;
}
