/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/keys.h"

static void conversion(void **state)
{
    static const struct {
        const char *key;
        const char *plain;
        const char *unicode;
    } CASES[] = {
        {"simple-key.1_x", "simple-key.1_x", "simple-key.1_x"},
        {"a/b c", "a_b_c", "a_U002f_b_U0020_c"},
        {"f\xc3\xbcr", "f_r", "f_U00fc_r"},
        {"\xf0\x9f\x94\x91", "_", "_U1f511_"},
        {"x\xff", "x_", "x_Ufffd_"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        for (int unicode = 0; unicode < 2; unicode++) {
            AUTO(err_freep) struct err *err = NULL;
            struct kvs m = KVS_INIT(&arena);
            kvs_set(&m, str_c(CASES[i].key), STR("v"));
            assert_ok(keys_convert(&m, unicode != 0, &err), err);
            assert_str(m.v[0].key, unicode ? CASES[i].unicode : CASES[i].plain);
            assert_ok(keys_validate(&m, &err), err);
        }
    }
}

static void collision(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kvs m = map("{'a/b':'1','a b':'2'}");
    assert_err(keys_convert(&m, false, &err), err, ERR_INVALID,
               "secret name collision during conversion: a_b");
}

static void validation(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kvs m = map("{'':'dropped','A-z_0.9':'1'}");
    assert_ok(keys_validate(&m, &err), err);
    assert_map(&m, "{'A-z_0.9':'1'}");

    m = map("{'a/b':'1'}");
    assert_err(
        keys_validate(&m, &err), err, ERR_INVALID,
        "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): key has "
        "invalid character /, only alphanumeric, '-', '.' and '_' are allowed: a/b");

    AUTO(err_freep) struct err *err2 = NULL;
    AUTO(buf_done) struct buf key = BUF_INIT(300);
    buf_add_repeat(&key, 'k', 254);
    m = KVS_INIT(&arena);
    kvs_set(&m, buf_str(&key), STR("v"));
    assert_err(keys_validate(&m, &err2), err2, ERR_INVALID, "key has 254 bytes, at most 253");
    m = KVS_INIT(&arena);
    kvs_set(&m, str_head(buf_str(&key), 253), STR("v"));
    assert_ok(keys_validate(&m, NULL), NULL);
}

static void decoding(void **state)
{
    static const struct {
        const char *value;
        enum decoding how;
        const char *want; /* NULL: an error */
    } CASES[] = {
        {"aGVsbG8=", DECODE_NONE, "aGVsbG8="},
        {"aGVsbG8=", DECODE_BASE64, "hello"},
        {"aGVs\r\nbG8=", DECODE_BASE64, "hello"},
        {"aGVsbG8", DECODE_BASE64, NULL},
        {"_-8=", DECODE_BASE64, NULL},
        {"_-8=", DECODE_BASE64URL, "\xff\xef"},
        {"+/8=", DECODE_BASE64URL, NULL},
        {"_-8=", DECODE_AUTO, "\xff\xef"},
        {"+-8=", DECODE_AUTO, "+-8="},
        {"plain text", DECODE_AUTO, "plain text"},
        {"test", DECODE_AUTO, "\xb5\xeb\x2d"}, /* happens to be Base64 */
        {"", DECODE_BASE64, ""},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct kvs m = KVS_INIT(&arena);
        kvs_set(&m, STR("k"), str_c(CASES[i].value));
        int got = values_decode(&m, CASES[i].how, &err);
        if (!CASES[i].want) {
            assert_err(got, err, ERR_PARSE, "failed to decode the value of key \"k\" as Base64");
            assert_non_null(strstr(err->msg, "illegal base64 data at input byte"));
        } else {
            assert_ok(got, err);
            assert_str(m.v[0].value, CASES[i].want);
        }
    }
}

static void nul_bytes(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kvs m = KVS_INIT(&arena);
    kvs_set(&m, STR("bin"), str_n("a\0b", 3));
    kvs_set(&m, STR("text"), STR("ab"));
    assert_ok(values_check_nul(&m, false, &err), err);
    assert_err(values_check_nul(&m, true, &err), err, ERR_INVALID,
               "fetched secret value for key \"bin\" contains null bytes; use a text-safe format "
               "such as PEM/base64 or leave nullBytePolicy unset for intentional binary data");
    kvs_del(&m, STR("bin"));
    assert_ok(values_check_nul(&m, true, NULL), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(conversion), TEST(collision), TEST(validation), TEST(decoding), TEST(nul_bytes),
    };
    return RUN(tests);
}
