/* SPDX-License-Identifier: Apache-2.0
 *
 * http1: the bytes of an HTTP/1.1 request (RFC 9112), strictly: no bare LF, no folded lines, no two
 * lengths, no unknown transfer coding. What two readers could understand differently is refused,
 * because that is how requests are smuggled. Pure: no sockets, no clock.
 */
#ifndef PAWL_NET_HTTP1_H
#define PAWL_NET_HTTP1_H

#include "base/buf.h"

#define HTTP1_MAX_HEADERS 100

struct http1_header {
    struct str name;
    struct str value;
};

/* Views into the head that was parsed. */
struct http1_request {
    struct str method;
    struct str target; /* as sent: never empty, printable ASCII without spaces */
    int minor;         /* HTTP/1.minor, 0 or 1 */
    struct http1_header headers[HTTP1_MAX_HEADERS];
    size_t n_headers;
    bool keep_alive;
    bool expect_continue;
    bool chunked;
    uint64_t length; /* Content-Length; 0 if there is none */
};

/* Length of the head at the start of bytes, its empty line included; 0 if it is not complete. The
 * first `seen` bytes were searched before. */
size_t http1_head_length(struct str bytes, size_t seen);
/* Parses a whole head. 0, or the status to refuse it with: 400, 417, 431, 501, 505. */
int http1_parse_request(struct str head, struct http1_request *out) MUST_USE;
/* The first header of that name (without case), or the empty view. */
struct str http1_header(const struct http1_request *r, const char *name);

/* A body in chunks, decoded piece by piece. Starts all zero. */
struct http1_chunks {
    int state;
    unsigned digits;
    uint64_t left;   /* of this chunk */
    size_t overhead; /* bytes of extensions and trailers so far; limited */
};

/* Decodes what is there and adds the content to out; *used says how many bytes were taken. 0: wants
 * more; 1: the body is complete; or the status to refuse with: 400, or 413 when out is full. */
int http1_chunks_feed(struct http1_chunks *c, struct str in, struct buf *out,
                      size_t *used) MUST_USE;

#endif
