/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static void set_keeps_order(void **state)
{
    struct kvs m = KVS_INIT(&arena);
    static const char *const KEYS[] = {"m", "a", "z", "b", "y", "aa", "m", "k", "l", "c"};
    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        kvs_set(&m, str_c(KEYS[i]), str_c(KEYS[i]));
    }
    assert_int_equal(m.n, 9);
    for (size_t i = 1; i < m.n; i++) {
        assert_true(str_cmp(m.v[i - 1].key, m.v[i].key) < 0);
    }
    assert_str(kvs_get(&m, STR("aa")), "aa");
    assert_false(kvs_has(&m, STR("ab")));
}

static void del_and_merge(void **state)
{
    struct kvs m = map("{'a':'1','b':'2','c':'3'}");
    assert_true(kvs_del(&m, STR("b")));
    assert_false(kvs_del(&m, STR("b")));
    struct kvs more = map("{'c':'4','d':'5'}");
    kvs_merge(&m, &more);
    assert_map(&m, "{'a':'1','c':'4','d':'5'}");
}

static void equality(void **state)
{
    struct kvs a = map("{'a':'1','b':'2'}");
    struct kvs b = map("{'b':'2','a':'1'}");
    struct kvs c = map("{'a':'1','b':'3'}");
    struct kvs d = map("{'a':'1'}");
    assert_true(kvs_eq(&a, &b));
    assert_false(kvs_eq(&a, &c));
    assert_false(kvs_eq(&a, &d));
}

static void only_strings_from_json(void **state)
{
    struct kvs m = map("{'a':1,'b':'x','c':null}");
    assert_map(&m, "{'b':'x'}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(set_keeps_order),
        TEST(del_and_merge),
        TEST(equality),
        TEST(only_strings_from_json),
    };
    return RUN(tests);
}
