/* SPDX-License-Identifier: Apache-2.0
 *
 * hash: message digests and HMAC-SHA-256, whole or in pieces, over OpenSSL.
 *
 * The algorithms are fetched from the library once and kept; a fetch costs more than the digest of
 * a short text. Nothing here fails: the algorithms are part of every OpenSSL 3 that Pawl can be
 * linked with, and sizes have no limit. Any thread.
 *
 * SHA-1 and MD5 are here for what other programs have fixed (the annotations of Reloader, the
 * x5t thumbprint, template functions), not for new uses.
 */
#ifndef PAWL_CODEC_HASH_H
#define PAWL_CODEC_HASH_H

#include "base/buf.h"

enum hash_kind {
    HASH_MD5,
    HASH_SHA1,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    HASH_SHA3_224,
};

enum {
    HASH_MAX = 64,                    /* the longest digest, in bytes */
    HASH_HEX_SIZE = 2 * HASH_MAX + 1, /* any digest in hexadecimal, with the NUL */
    HASH_HMAC_SIZE = 32,
};

/* Bytes of a digest: 16, 20, 32, 48, 64, 28. */
size_t hash_size(enum hash_kind kind);
/* Writes hash_size(kind) bytes to out. */
void hash_bytes(enum hash_kind kind, struct str in, uint8_t out[HASH_MAX]);
/* Lower-case hexadecimal, terminated. Returns out. */
const char *hash_hex(enum hash_kind kind, struct str in, char out[HASH_HEX_SIZE]);

/* A digest in pieces: hash_init, hash_add any number of times, then exactly one of hash_final and
 * hash_final_hex, which also free. hash_done frees one that is not to be finished. */
struct hash {
    enum hash_kind kind;
    struct evp_md_ctx_st *ctx;
};
void hash_init(struct hash *h, enum hash_kind kind);
void hash_add(struct hash *h, struct str in);
void hash_final(struct hash *h, uint8_t out[HASH_MAX]);
const char *hash_final_hex(struct hash *h, char out[HASH_HEX_SIZE]);
void hash_done(struct hash *h);

/* HMAC-SHA-256 (RFC 2104) in one go; out may not overlap the input. */
void hash_hmac(struct str key, struct str in, uint8_t out[HASH_HMAC_SIZE]);

/* The same in pieces and under one key many times: hmac_init takes the key (which is prepared once
 * and may be wiped afterwards), hmac_add and hmac_final as above; after hmac_final the next message
 * can begin. hmac_done wipes and frees. */
struct hmac {
    struct evp_mac_ctx_st *ctx;
};
void hmac_init(struct hmac *h, struct str key);
void hmac_add(struct hmac *h, struct str in);
void hmac_final(struct hmac *h, uint8_t out[HASH_HMAC_SIZE]);
void hmac_done(struct hmac *h);

#endif
