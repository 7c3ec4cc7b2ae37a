/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_http1: a request head, and the same bytes as a chunked body. The body is decoded once whole
 * and once byte by byte: both must say the same.
 */
#include "net/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BODY_MAX 4096

static void check_views(struct str head, const struct http1_request *r)
{
    must(r->method.n > 0 && r->target.n > 0 && r->n_headers <= HTTP1_MAX_HEADERS);
    must(!(r->chunked && r->length > 0));
    for (size_t i = 0; i < r->n_headers; i++) {
        must(r->headers[i].name.p > head.p);
        must(r->headers[i].name.p + r->headers[i].name.n <= head.p + head.n);
        must(str_find_byte(r->headers[i].value, '\n') < 0);
    }
}

static int decode(struct str in, size_t step, struct buf *out, size_t *taken)
{
    struct http1_chunks c = {0};
    int status = 0;
    *taken = 0;
    while (*taken < in.n && status == 0) {
        size_t used;
        status = http1_chunks_feed(&c, str_sub(in, *taken, *taken + step), out, &used);
        *taken += used;
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = str_n(data, size);
    size_t length = http1_head_length(in, 0);
    struct http1_request r;
    if (http1_parse_request(str_head(in, length ? length : size), &r) == 0) {
        must(length > 0);
        check_views(in, &r);
    }

    AUTO(buf_done) struct buf whole = BUF_INIT(BODY_MAX);
    AUTO(buf_done) struct buf pieces = BUF_INIT(BODY_MAX);
    size_t taken_whole;
    size_t taken_pieces;
    int a = decode(in, size, &whole, &taken_whole);
    int b = decode(in, 1, &pieces, &taken_pieces);
    must(a == b);
    if (a != 413) { /* what is over the ceiling is refused piece by piece */
        must(taken_whole == taken_pieces && str_eq(buf_str(&whole), buf_str(&pieces)));
    }
    return 0;
}
