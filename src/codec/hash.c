/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "codec/hash.h"

static const struct {
    const char *name; /* OpenSSL's */
    size_t size;
} kinds[] = {
    [HASH_MD5] = {"MD5", 16},       [HASH_SHA1] = {"SHA1", 20},
    [HASH_SHA256] = {"SHA256", 32}, [HASH_SHA384] = {"SHA384", 48},
    [HASH_SHA512] = {"SHA512", 64}, [HASH_SHA3_224] = {"SHA3-224", 28},
};

static EVP_MD *digests[COUNT_OF(kinds)];
static EVP_MAC *hmac_alg;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

/* Kept until the process ends: OpenSSL frees them in its own exit handler. */
static void fetch(void)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        digests[i] = EVP_MD_fetch(NULL, kinds[i].name, NULL);
    }
    hmac_alg = EVP_MAC_fetch(NULL, "HMAC", NULL);
    must(hmac_alg != NULL);
}

static const EVP_MD *digest(enum hash_kind kind)
{
    must(pthread_once(&fetched, fetch) == 0);
    must(digests[kind] != NULL); /* MD5 is missing where OpenSSL runs in FIPS mode */
    return digests[kind];
}

size_t hash_size(enum hash_kind kind)
{
    return kinds[kind].size;
}

void hash_bytes(enum hash_kind kind, struct str in, uint8_t out[HASH_MAX])
{
    must(EVP_Digest(in.p, in.n, out, NULL, digest(kind), NULL) == 1);
}

static const char *to_hex(enum hash_kind kind, const uint8_t *bytes, char out[HASH_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = kinds[kind].size;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
    return out;
}

const char *hash_hex(enum hash_kind kind, struct str in, char out[HASH_HEX_SIZE])
{
    uint8_t bytes[HASH_MAX];
    hash_bytes(kind, in, bytes);
    return to_hex(kind, bytes, out);
}

void hash_init(struct hash *h, enum hash_kind kind)
{
    h->kind = kind;
    h->ctx = EVP_MD_CTX_new();
    must(h->ctx && EVP_DigestInit_ex2(h->ctx, digest(kind), NULL) == 1);
}

void hash_add(struct hash *h, struct str in)
{
    must(EVP_DigestUpdate(h->ctx, in.p, in.n) == 1);
}

void hash_final(struct hash *h, uint8_t out[HASH_MAX])
{
    must(EVP_DigestFinal_ex(h->ctx, out, NULL) == 1);
    hash_done(h);
}

const char *hash_final_hex(struct hash *h, char out[HASH_HEX_SIZE])
{
    uint8_t bytes[HASH_MAX];
    hash_final(h, bytes);
    return to_hex(h->kind, bytes, out);
}

void hash_done(struct hash *h)
{
    EVP_MD_CTX_free(h->ctx);
    h->ctx = NULL;
}

void hmac_init(struct hmac *h, struct str key)
{
    must(pthread_once(&fetched, fetch) == 0);
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    /* An empty key is allowed, but a NULL one would mean "the former key". */
    const unsigned char *bytes = (const unsigned char *)(key.n > 0 ? key.p : "");
    h->ctx = EVP_MAC_CTX_new(hmac_alg);
    must(h->ctx && EVP_MAC_init(h->ctx, bytes, key.n, params) == 1);
}

void hmac_add(struct hmac *h, struct str in)
{
    must(EVP_MAC_update(h->ctx, (const unsigned char *)in.p, in.n) == 1);
}

void hmac_final(struct hmac *h, uint8_t out[HASH_HMAC_SIZE])
{
    size_t n = 0;
    must(EVP_MAC_final(h->ctx, out, &n, HASH_HMAC_SIZE) == 1 && n == HASH_HMAC_SIZE);
    must(EVP_MAC_init(h->ctx, NULL, 0, NULL) == 1); /* the prepared key again */
}

void hmac_done(struct hmac *h)
{
    EVP_MAC_CTX_free(h->ctx);
    h->ctx = NULL;
}

void hash_hmac(struct str key, struct str in, uint8_t out[HASH_HMAC_SIZE])
{
    struct hmac h;
    hmac_init(&h, key);
    hmac_add(&h, in);
    hmac_final(&h, out);
    hmac_done(&h);
}
