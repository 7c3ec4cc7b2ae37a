/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <math.h>

#include "codec/decimal.h"

static void arithmetic(void **state)
{
    (void)state;
    static const struct {
        double a;
        enum decimal_op op;
        double b;
        double want;
    } cases[] = {
        {0.1, DECIMAL_ADD, 0.2, 0.3},
        {1, DECIMAL_SUB, 0.9, 0.1},
        {1.1, DECIMAL_MUL, 1.1, 1.21},
        {1, DECIMAL_DIV, 3, 0.3333333333333333},
        {2, DECIMAL_DIV, 3, 0.6666666666666667},
        {-2, DECIMAL_DIV, 3, -0.6666666666666667},
        {1e300, DECIMAL_ADD, 1e-300, 1e300},
        {0, DECIMAL_MUL, -5, 0},
        {1e20, DECIMAL_DIV, 1e-20, 1e40},
        {-7.5, DECIMAL_DIV, 2.5, -3},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(decimal_freep) struct decimal *a = decimal_new(cases[i].a);
        AUTO(decimal_freep) struct decimal *b = decimal_new(cases[i].b);
        assert_int_equal(decimal_apply(a, cases[i].op, b, NULL), 0);
        assert_true(decimal_to_double(a) == cases[i].want);
    }
}

static void refusals(void **state)
{
    (void)state;
    AUTO(decimal_freep) struct decimal *one = decimal_new(1);
    AUTO(decimal_freep) struct decimal *zero = decimal_new(-0.0);
    AUTO(err_freep) struct err *err = NULL;
    assert_err(decimal_apply(one, DECIMAL_DIV, zero, &err), err, ERR_INVALID, "division by 0");
    assert_null(decimal_new(NAN));
    assert_null(decimal_new(-HUGE_VAL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic),
        cmocka_unit_test(refusals),
    };
    return RUN(tests);
}
