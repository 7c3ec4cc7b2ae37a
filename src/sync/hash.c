/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h> /* before ours: base/banned.h poisons names that it uses */

#include "sync/hash.h"

#include <string.h>

#include "base/encode.h"

/* The text is fed piecewise, because the text of a megabyte of data is four megabytes long. The
 * little buffer saves calls into OpenSSL; it may hold digits of values and is wiped. */
struct sha3 {
    EVP_MD_CTX *ctx;
    size_t n;
    char buf[512];
};

static void sha3_begin(struct sha3 *h)
{
    h->n = 0;
    h->ctx = EVP_MD_CTX_new();
    must(h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha3_224(), NULL) == 1);
}

static void sha3_flush(struct sha3 *h)
{
    must(EVP_DigestUpdate(h->ctx, h->buf, h->n) == 1);
    h->n = 0;
}

static void sha3_add(struct sha3 *h, struct str s)
{
    if (s.n > sizeof(h->buf) - h->n) {
        sha3_flush(h);
    }
    if (s.n > sizeof(h->buf)) {
        must(EVP_DigestUpdate(h->ctx, s.p, s.n) == 1);
    } else if (s.n) {
        memcpy(h->buf + h->n, s.p, s.n);
        h->n += s.n;
    }
}

static void sha3_end(struct sha3 *h, char out[HASH_SIZE])
{
    unsigned char digest[28];
    sha3_flush(h);
    must(EVP_DigestFinal_ex(h->ctx, digest, NULL) == 1);
    EVP_MD_CTX_free(h->ctx);
    wipe(h->buf, sizeof(h->buf));
    AUTO(buf_done) struct buf hex = BUF_INIT(HASH_SIZE);
    hex_encode(&hex, digest, sizeof(digest));
    memcpy(out, hex.p, HASH_SIZE);
}

/* Go's decimal text of a byte slice without the brackets: "98 97". */
static void add_bytes(struct sha3 *h, struct str bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char byte = (unsigned char)bytes.p[i];
        char digits[4];
        size_t n = 0;
        if (i) {
            digits[n++] = ' ';
        }
        if (byte >= 100) {
            digits[n++] = (char)('0' + byte / 100);
        }
        if (byte >= 10) {
            digits[n++] = (char)('0' + byte / 10 % 10);
        }
        digits[n++] = (char)('0' + byte % 10);
        sha3_add(h, str_n(digits, n));
    }
}

void hash_data(const struct kvs *data, char out[HASH_SIZE])
{
    struct sha3 h;
    sha3_begin(&h);
    sha3_add(&h, STR("map["));
    for (size_t i = 0; i < data->n; i++) {
        sha3_add(&h, i ? STR(" ") : STR_EMPTY);
        sha3_add(&h, data->v[i].key);
        sha3_add(&h, STR(":["));
        add_bytes(&h, data->v[i].value);
        sha3_add(&h, STR("]"));
    }
    sha3_add(&h, STR("]"));
    sha3_end(&h, out);
}

static void add_strings(struct sha3 *h, const struct kvs *m)
{
    sha3_add(h, STR("map["));
    for (size_t i = 0; i < m->n; i++) {
        sha3_add(h, i ? STR(" ") : STR_EMPTY);
        sha3_add(h, m->v[i].key);
        sha3_add(h, STR(":"));
        sha3_add(h, m->v[i].value);
    }
    sha3_add(h, STR("]"));
}

void hash_metadata(const struct kvs *annotations, const struct kvs *labels, char out[HASH_SIZE])
{
    struct sha3 h;
    sha3_begin(&h);
    sha3_add(&h, STR("{annotations:"));
    add_strings(&h, annotations);
    sha3_add(&h, STR(" labels:"));
    add_strings(&h, labels);
    sha3_add(&h, STR("}"));
    sha3_end(&h, out);
}

void hash_text(struct str text, char out[HASH_SIZE])
{
    struct sha3 h;
    sha3_begin(&h);
    sha3_add(&h, text);
    sha3_end(&h, out);
}

void hash_created_by(struct str ns, struct str name, char out[HASH_SIZE])
{
    struct sha3 h;
    sha3_begin(&h);
    sha3_add(&h, ns);
    sha3_add(&h, STR("/"));
    sha3_add(&h, name);
    sha3_end(&h, out);
}

struct str hash_synced_version(struct arena *a, int64_t generation, const struct kvs *annotations,
                               const struct kvs *labels)
{
    char hash[HASH_SIZE];
    hash_metadata(annotations, labels, hash);
    return arena_printf(a, "%lld-%s", (long long)generation, hash);
}
