/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

static void grows_and_stays_terminated(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf b = BUF_INIT(10000);
    assert_int_equal(b.p[0], '\0');
    for (int i = 0; i < 1000; i++) {
        buf_addf(&b, "%d,", i % 10);
        assert_int_equal(b.p[b.n], '\0');
    }
    assert_int_equal(b.n, 2000);
    assert_true(buf_ok(&b));
    buf_consume(&b, 1998);
    assert_buf(&b, "9,");
    buf_truncate(&b, 1);
    assert_buf(&b, "9");
}

static void refuses_what_passes_the_ceiling(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf b = BUF_INIT(4);
    buf_add_c(&b, "abc");
    buf_add_c(&b, "de");
    assert_false(buf_ok(&b));
    assert_buf(&b, "abc");
    buf_add_c(&b, "d");
    assert_buf(&b, "abcd");
    assert_false(buf_ok(&b)); /* stays */
    buf_clear(&b);
    assert_true(buf_ok(&b));
}

static void hands_over(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(100);
    AUTO(freep) char *empty = buf_take(&b);
    assert_string_equal(empty, "");
    buf_add_c(&b, "x");
    AUTO(freep) char *x = buf_take(&b);
    assert_string_equal(x, "x");
    assert_int_equal(b.n, 0);
}

static void wipes(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(100);
    buf_add_c(&b, "hunter2");
    char *p = b.p;
    buf_truncate(&b, 2);
    for (size_t i = 2; i < 7; i++) {
        assert_int_equal(p[i], 0);
    }
    buf_clear(&b);
    assert_int_equal(p[0], 0);
    assert_int_equal(p[1], 0);
}

static void writes_runes(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf b = BUF_INIT(100);
    buf_add_rune(&b, 'a');
    buf_add_rune(&b, 0xe9);
    buf_add_rune(&b, 0x20ac);
    buf_add_rune(&b, 0x1f600);
    buf_add_rune(&b, 0xd800);
    assert_buf(&b, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_stays_terminated),
        cmocka_unit_test(refuses_what_passes_the_ceiling),
        cmocka_unit_test(hands_over),
        cmocka_unit_test(wipes),
        cmocka_unit_test(writes_runes),
    };
    return RUN(tests);
}
