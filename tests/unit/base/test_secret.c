/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/secret.h"

static void holds_bytes(void **state)
{
    (void)state;
    struct secret *s = secret_new(STR("hun\0ter2"));
    assert_int_equal(secret_str(s).n, 8);
    assert_memory_equal(secret_str(s).p, "hun\0ter2", 8);
    assert_int_equal(secret_str(s).p[8], 0);
    assert_true(secret_eq(s, STR("hun\0ter2")));
    assert_false(secret_eq(s, STR("hun\0ter3")));
    assert_false(secret_eq(s, STR("hun")));
    AUTO(secret_unrefp) struct secret *second = secret_ref(s);
    secret_unref(s);
    assert_true(secret_eq(second, STR("hun\0ter2")));
    secret_unref(NULL);
    assert_int_equal(secret_str(NULL).n, 0);
}

static void takes_large_ones(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf big = BUF_INIT_WIPE(100000);
    buf_add_repeat(&big, 'x', 100000);
    AUTO(secret_unrefp) struct secret *s = secret_new(buf_str(&big));
    assert_true(secret_eq(s, buf_str(&big)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(holds_bytes),
                                       cmocka_unit_test(takes_large_ones)};
    return RUN(tests);
}
