/* SPDX-License-Identifier: Apache-2.0
 *
 * encode: hexadecimal and Base64 (RFC 4648).
 */
#ifndef PAWL_BASE_ENCODE_H
#define PAWL_BASE_ENCODE_H

#include "base/buf.h"
#include "base/err.h"

/* Lower-case hex appended to out. */
void hex_encode(struct buf *out, const void *p, size_t n);
/* Fails on an odd length or a foreign character; out is then unchanged. */
int hex_decode(struct buf *out, struct str hex, struct err **err);

enum base64_kind {
    BASE64_STD = 0, /* + and /, with padding */
    BASE64_URL = 1, /* - and _, with padding */
    BASE64_RAW = 2, /* flag: without padding (BASE64_URL | BASE64_RAW is the form of JWT) */
};

void base64_encode(struct buf *out, struct str in, enum base64_kind kind);
/* Decodes as Go's encoding/base64 does: CR and LF are skipped, padding must be exact for the kind,
 * the unused bits of the last character are not looked at. On failure the text is Go's: "illegal
 * base64 data at input byte N"; out is then unchanged. */
int base64_decode(struct buf *out, struct str in, enum base64_kind kind, struct err **err);
/* Upper bound of the decoded size of n characters. */
size_t base64_decoded_max(size_t n);
/* What base64_encode will append for n bytes. */
size_t base64_encoded_size(size_t n, enum base64_kind kind);

#endif
