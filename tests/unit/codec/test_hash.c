/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/hash.h"

#include "base/encode.h"

#include "test.h"

struct vector {
    enum hash_kind kind;
    const char *in;
    const char *hex;
};

/* The first ones are the examples of FIPS 180 and 202 and RFC 1321. The others are what Reloader
 * writes into workloads and External Secrets Operator into Secrets for these texts. */
static const struct vector vectors[] = {
    {HASH_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {HASH_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HASH_SHA384, "abc",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c8"
     "25a7"},
    {HASH_SHA512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe"
     "ebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {HASH_SHA3_224, "abc", "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
    {HASH_SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {HASH_SHA1, "k=v", "b68eb7a45f9800a87b60f6ab40080bb3f3a5112d"},
    {HASH_SHA1, "bin=AP8=;k=v", "a52965cb888b938803e268dc84570cc376106ab0"},
    {HASH_SHA1, "app-x=2;app=1", "fa816134e5993db920546c91e2ec3d1ba8868017"},
    {HASH_SHA1, "password=s3cret;user=admin", "56544a1c8ef84c0b141b00e0b6b0f54d4aa9218e"},
    {HASH_SHA1, "SecretProviderClassName=my-spc;secret/data/db/password=v2",
     "4f0641fd75b1e2e9a7c253bac582e9e37d12675c"},
    {HASH_SHA1, "__RELOADER_EMPTY_DELETE_MARKER__", "aae45badef99284e4dae01d6046154ea9d99532f"},
    {HASH_SHA3_224, "map[]", "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b"},
    {HASH_SHA3_224, "map[k:[118]]", "a5ed8ea1c1be40fdb1975cb0a6fd52a4803c7f13cc97721399013172"},
    {HASH_SHA3_224, "map[a:[] a-b:[0 255] b:[120 121]]",
     "b30233f009b74ae01ed0bfaba00a8b2bf6bf8033689e48e1d3aeeeb8"},
    {HASH_SHA3_224, "default/my-es", "b8464376b5fe3535e690594280bfe59b60be2603cb6cbb6d6c8bcbb4"},
    {HASH_SHA3_224, "{annotations:map[] labels:map[]}",
     "f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2"},
    {HASH_SHA3_224, "map[a:1 b:2]", "e06c4d45d04aa224a9d15eb5ba494c46ce997ac26fcb409c41deeba5"},
};

static void test_vectors(void **state)
{
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        const struct vector *v = &vectors[i];
        char hex[HASH_HEX_SIZE];
        assert_str(str_c(hash_hex(v->kind, str_c(v->in), hex)), v->hex);
        assert_int_equal(hash_size(v->kind) * 2, strlen(v->hex));
    }
}

static void test_pieces_give_the_same(void **state)
{
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct hash h;
        hash_init(&h, v->kind);
        for (const char *p = v->in; *p; p++) {
            hash_add(&h, str_n(p, 1));
        }
        char hex[HASH_HEX_SIZE];
        assert_str(str_c(hash_final_hex(&h, hex)), v->hex);
    }
    struct hash unfinished;
    hash_init(&unfinished, HASH_SHA256);
    hash_done(&unfinished);
}

static void assert_hmac(const uint8_t mac[HASH_HMAC_SIZE], const char *expected)
{
    AUTO(buf_done) struct buf hex = BUF_INIT(100);
    hex_encode(&hex, mac, HASH_HMAC_SIZE);
    assert_buf(&hex, expected);
}

/* RFC 4231, test cases 1, 2 and 6 (a key longer than a block). */
static void test_hmac(void **state)
{
    char key1[20];
    char key6[131];
    memset(key1, 0x0b, sizeof(key1));
    memset(key6, 0xaa, sizeof(key6));
    uint8_t mac[HASH_HMAC_SIZE];
    hash_hmac(str_n(key1, sizeof(key1)), STR("Hi There"), mac);
    assert_hmac(mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hash_hmac(STR("Jefe"), STR("what do ya want for nothing?"), mac);
    assert_hmac(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    hash_hmac(str_n(key6, sizeof(key6)),
              STR("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
    assert_hmac(mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    hash_hmac(STR_EMPTY, STR_EMPTY, mac);
    assert_hmac(mac, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_hmac_again_under_one_key(void **state)
{
    struct hmac h;
    hmac_init(&h, STR("Jefe"));
    for (int i = 0; i < 3; i++) {
        uint8_t mac[HASH_HMAC_SIZE];
        hmac_add(&h, STR("what do ya want "));
        hmac_add(&h, STR_EMPTY);
        hmac_add(&h, STR("for nothing?"));
        hmac_final(&h, mac);
        assert_hmac(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
    hmac_done(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_pieces_give_the_same),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_hmac_again_under_one_key),
    };
    return RUN(tests);
}
