/* SPDX-License-Identifier: Apache-2.0
 *
 * pem: blocks between -----BEGIN X----- and -----END X----- (RFC 7468, with the headers of RFC
 * 1421), found and written as Go's encoding/pem does: text between blocks is skipped, a malformed
 * block too.
 */
#ifndef PAWL_CODEC_PEM_H
#define PAWL_CODEC_PEM_H

#include "base/arena.h"
#include "base/buf.h"

struct pem_header {
    struct str name;
    struct str value;
};

enum { PEM_HEADERS_MAX = 32 };

struct pem_block {
    struct str type; /* "CERTIFICATE" */
    struct str der;  /* decoded, on the arena */
    struct pem_header headers[PEM_HEADERS_MAX];
    size_t n_headers;
};

/* Takes the next block off *rest. False, and *rest as it was, if there is none. */
bool pem_next(struct arena *a, struct str *rest, struct pem_block *out);
void pem_write_block(struct buf *out, const struct pem_block *block);
void pem_write(struct buf *out, const char *type, struct str der);

#endif
