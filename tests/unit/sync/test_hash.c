/* SPDX-License-Identifier: Apache-2.0
 *
 * The vectors were computed by External Secrets Operator 2.9.0's own functions.
 */
#include "fixture.h"

#include "sync/hash.h"

static void data_hash(void **state)
{
    static const struct {
        const char *data;
        const char *hash;
    } CASES[] = {
        {"{}", "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b"},
        {"{'k':'v'}", "a5ed8ea1c1be40fdb1975cb0a6fd52a4803c7f13cc97721399013172"},
        {"{'user':'admin','password':'s3cret'}",
         "5299168d76b2911ce2e4821451227089911cf2122a7078ed5ba9ba9b"},
    };
    char hash[HASH_SIZE];
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct kvs data = map(CASES[i].data);
        hash_data(&data, hash);
        assert_string_equal(hash, CASES[i].hash);
    }
}

static void bytes_are_decimal_and_keys_sorted(void **state)
{
    struct kvs data = KVS_INIT(&arena);
    kvs_set(&data, STR("b"), STR("xy"));
    kvs_set(&data, STR("a-b"), str_n("\0\xff", 2));
    kvs_set(&data, STR("a"), STR_EMPTY);
    char hash[HASH_SIZE];
    hash_data(&data, hash);
    assert_string_equal(hash, "b30233f009b74ae01ed0bfaba00a8b2bf6bf8033689e48e1d3aeeeb8");
}

/* Longer than the buffer in front of the digest: the same as the whole text at once. */
static void long_values(void **state)
{
    struct kvs data = KVS_INIT(&arena);
    AUTO(buf_done) struct buf value = BUF_INIT(2000);
    AUTO(buf_done) struct buf text = BUF_INIT(20000);
    buf_add_repeat(&value, '\xc8', 2000);
    kvs_set(&data, STR("k"), buf_str(&value));
    buf_add_c(&text, "map[k:[200");
    for (size_t i = 1; i < value.n; i++) {
        buf_add_c(&text, " 200");
    }
    buf_add_c(&text, "]]");
    char hash[HASH_SIZE];
    char wanted[HASH_SIZE];
    hash_data(&data, hash);
    hash_text(buf_str(&text), wanted);
    assert_string_equal(hash, wanted);
}

static void created_by(void **state)
{
    char hash[HASH_SIZE];
    hash_created_by(STR("default"), STR("my-es"), hash);
    assert_string_equal(hash, "b8464376b5fe3535e690594280bfe59b60be2603cb6cbb6d6c8bcbb4");
}

static void synced_version(void **state)
{
    struct kvs none = KVS_INIT(&arena);
    assert_str(hash_synced_version(&arena, 1, &none, &none),
               "1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2");
    struct kvs annotations = map("{'b':'2','a':'1'}");
    struct kvs labels = map("{'app':'x y'}");
    assert_str(hash_synced_version(&arena, 12, &annotations, &labels),
               "12-39dbf5dde8f61f4e55deccb697084b64e7b0e760b24d042dc771f23b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(data_hash),      TEST(bytes_are_decimal_and_keys_sorted),
        TEST(long_values),    TEST(created_by),
        TEST(synced_version),
    };
    return RUN(tests);
}
