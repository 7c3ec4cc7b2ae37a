/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/fingerprint.h"

#include "base/random.h"

void fingerprint(struct str s, uint8_t out[HASH_HMAC_SIZE])
{
    static struct hmac under_key; /* for the life of the process */
    if (!under_key.ctx) {
        char key[32];
        random_bytes(key, sizeof(key));
        hmac_init(&under_key, str_n(key, sizeof(key)));
        wipe(key, sizeof(key));
    }
    hmac_add(&under_key, s);
    hmac_final(&under_key, out);
}

uint64_t fingerprint64(struct str s)
{
    uint64_t words[2];
    fingerprint128(s, words);
    return words[0];
}

void fingerprint128(struct str s, uint64_t out[2])
{
    uint8_t hash[HASH_HMAC_SIZE];
    fingerprint(s, hash);
    memcpy(out, hash, 2 * sizeof(*out));
}
