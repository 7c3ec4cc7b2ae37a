/* SPDX-License-Identifier: Apache-2.0
 *
 * The first byte chooses list or watch, the second the size of the pieces. Whatever the pieces are,
 * the same must come out as from the whole text at once.
 */
#include "codec/json.h"
#include "codec/json_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_ITEM = 4096 };

static int on_part(void *arg, struct str text, struct err **err)
{
    (void)err;
    must(text.n > 0);
    buf_add_str(arg, text);
    buf_add_byte(arg, '\n');
    return 0;
}

static int split(enum json_split_mode mode, struct str text, size_t piece, struct buf *out)
{
    const struct json_split_callbacks callbacks = {on_part, on_part};
    struct json_split *s = json_split_new(mode, MAX_ITEM, piece % 2, &callbacks, out);
    int rc = 0;
    for (size_t at = 0; at < text.n && rc == 0; at += piece) {
        struct str part = str_sub(text, at, MIN(at + piece, text.n));
        AUTO(freep) char *copy = xmalloc(part.n);
        memcpy(copy, part.p, part.n);
        rc = json_split_feed(s, str_n(copy, part.n), NULL);
    }
    rc = rc == 0 ? json_split_finish(s, NULL) : rc;
    json_split_free(s);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) {
        return 0;
    }
    enum json_split_mode mode = data[0] % 2 ? JSON_SPLIT_WATCH : JSON_SPLIT_LIST;
    struct str text = str_n(data + 2, size - 2);
    AUTO(buf_done) struct buf whole = BUF_INIT(64 << 20);
    AUTO(buf_done) struct buf pieces = BUF_INIT(64 << 20);
    int rc = split(mode, text, text.n, &whole);
    must(split(mode, text, MAX((size_t)data[1], (size_t)1), &pieces) == rc);
    must(str_eq(buf_str(&whole), buf_str(&pieces)));
    return 0;
}
