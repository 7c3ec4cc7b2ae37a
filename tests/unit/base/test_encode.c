/* SPDX-License-Identifier: Apache-2.0
 *
 * The vectors of RFC 4648 section 10, and the edges where Go differs from stricter decoders. */
#include "test.h"

#include "base/encode.h"

static void encodes_the_rfc_vectors(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(buf_done) struct buf b = BUF_INIT(100);
        base64_encode(&b, str_c(rows[i][0]), BASE64_STD);
        assert_buf(&b, rows[i][1]);
        assert_int_equal(b.n, base64_encoded_size(strlen(rows[i][0]), BASE64_STD));
        buf_clear(&b);
        assert_int_equal(base64_decode(&b, str_c(rows[i][1]), BASE64_STD, NULL), 0);
        assert_buf(&b, rows[i][0]);
    }
    AUTO(buf_done) struct buf b = BUF_INIT(100);
    base64_encode(&b, STR("\xfb\xff"), BASE64_URL | BASE64_RAW);
    assert_buf(&b, "-_8");
}

static void decodes_as_go_does(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum base64_kind kind;
        const char *want; /* NULL: error */
        const char *error;
    } rows[] = {
        {"Zm\r\n9v", BASE64_STD, "foo", NULL},
        {"Zg=\n=\n", BASE64_STD, "f", NULL},
        {"Zh==", BASE64_STD, "f", NULL}, /* unused bits are not looked at */
        {"Zg", BASE64_STD, NULL, "input byte 0"},
        {"Zg=", BASE64_STD, NULL, "input byte 3"},
        {"Zg=x", BASE64_STD, NULL, "input byte 2"},
        {"Zg==x", BASE64_STD, NULL, "input byte 4"},
        {"Z===", BASE64_STD, NULL, "input byte 1"},
        {"Zm9v!", BASE64_STD, NULL, "input byte 4"},
        {"-_8=", BASE64_STD, NULL, "input byte 0"},
        {"-_8=", BASE64_URL, "\xfb\xff", NULL},
        {"-_8", BASE64_URL | BASE64_RAW, "\xfb\xff", NULL},
        {"-_8=", BASE64_URL | BASE64_RAW, NULL, "input byte 3"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(buf_done) struct buf b = BUF_INIT(100);
        AUTO(err_freep) struct err *err = NULL;
        int rc = base64_decode(&b, str_c(rows[i].text), rows[i].kind, &err);
        if (rows[i].want) {
            assert_ok(rc, err);
            assert_buf(&b, rows[i].want);
        } else {
            assert_err(rc, err, ERR_PARSE, rows[i].error);
            assert_int_equal(b.n, 0);
        }
    }
}

static void hex_both_ways(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf b = BUF_INIT(100);
    hex_encode(&b, "\x00\xff\x1a", 3);
    assert_buf(&b, "00ff1a");
    AUTO(buf_done) struct buf back = BUF_INIT(100);
    assert_int_equal(hex_decode(&back, STR("00FF1a"), NULL), 0);
    assert_memory_equal(back.p, "\x00\xff\x1a", 3);
    AUTO(err_freep) struct err *err = NULL;
    assert_err(hex_decode(&back, STR("0"), &err), err, ERR_PARSE, "odd length");
    assert_err(hex_decode(&back, STR("0g"), &err), err, ERR_PARSE, "byte 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(encodes_the_rfc_vectors),
                                       cmocka_unit_test(decodes_as_go_does),
                                       cmocka_unit_test(hex_both_ways)};
    return RUN(tests);
}
