/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/vec.h"

static void grows_and_removes(void **state)
{
    (void)state;
    VEC(int) v = {0};
    for (int i = 0; i < 100; i++) {
        vec_push(&v, i);
    }
    vec_remove(&v, 0);
    vec_remove(&v, 98);
    assert_int_equal(v.n, 98);
    assert_int_equal(v.v[0], 1);
    assert_int_equal(v.v[97], 98);
    assert_int_equal(vec_pop(&v), 98);
    vec_done(&v);
    assert_null(v.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(grows_and_removes)};
    return RUN(tests);
}
