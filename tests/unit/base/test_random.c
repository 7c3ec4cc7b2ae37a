/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/random.h"

static void stays_in_bounds(void **state)
{
    (void)state;
    bool seen[6] = {0};
    for (int i = 0; i < 10000; i++) {
        uint64_t x = random_below(6);
        assert_true(x < 6);
        seen[x] = true;
        ns_t t = random_jitter(NS_S, 0.1);
        assert_true(t >= NS_S - NS_S / 10 && t <= NS_S + NS_S / 10);
    }
    for (size_t i = 0; i < COUNT_OF(seen); i++) {
        assert_true(seen[i]);
    }
    assert_int_equal(random_below(0), 0);
    assert_int_equal(random_jitter(0, 0.5), 0);
}

static void makes_uuids(void **state)
{
    (void)state;
    char a[UUID_SIZE];
    char b[UUID_SIZE];
    random_uuid(a);
    random_uuid(b);
    assert_string_not_equal(a, b);
    assert_int_equal(strlen(a), 36);
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stays_in_bounds),
                                       cmocka_unit_test(makes_uuids)};
    return RUN(tests);
}
