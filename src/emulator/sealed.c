/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>

#include "emulator/sealed.h"

#include "base/random.h"

enum { NONCE_SIZE = 12, TAG_SIZE = 16, MAX_PLAIN = 1 << 26 };

static const unsigned char *bytes(struct str s)
{
    return (const unsigned char *)s.p;
}

void sealed_make(struct buf *out, struct str key, struct str plain)
{
    must(key.n == SEALED_KEY_SIZE && plain.n <= MAX_PLAIN);
    unsigned char *p = buf_reserve(out, plain.n + SEALED_OVERHEAD);
    if (!p) {
        return;
    }
    unsigned char *nonce = p, *text = p + NONCE_SIZE, *tag = text + plain.n;
    int n = 0, rest = 0;
    random_bytes(nonce, NONCE_SIZE);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    must(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, bytes(key), nonce) == 1);
    must(EVP_EncryptUpdate(ctx, text, &n, bytes(plain), (int)plain.n) == 1);
    must(EVP_EncryptFinal_ex(ctx, text + n, &rest) == 1);
    must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, tag) == 1);
    EVP_CIPHER_CTX_free(ctx);
    buf_commit(out, plain.n + SEALED_OVERHEAD);
}

int sealed_open(struct buf *out, struct str key, struct str sealed, struct err **err)
{
    must(key.n == SEALED_KEY_SIZE);
    if (sealed.n < SEALED_OVERHEAD || sealed.n > MAX_PLAIN) {
        return err_set(err, ERR_INVALID, "not a backup");
    }
    size_t size = sealed.n - SEALED_OVERHEAD;
    unsigned char *p = buf_reserve(out, size);
    if (!p) {
        return err_set(err, ERR_LIMIT, "the backup is too large");
    }
    unsigned char tag[TAG_SIZE];
    memcpy(tag, sealed.p + NONCE_SIZE + size, TAG_SIZE);
    int n = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    must(ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, bytes(key), bytes(sealed)) == 1);
    must(EVP_DecryptUpdate(ctx, p, &n, bytes(sealed) + NONCE_SIZE, (int)size) == 1);
    must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1);
    bool ok = EVP_DecryptFinal_ex(ctx, p + n, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok) {
        wipe(p, size);
        return err_set(err, ERR_INVALID, "the backup was not made by this emulator");
    }
    buf_commit(out, size);
    return 0;
}
