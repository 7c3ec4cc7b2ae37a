/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/map.h"

static struct str key(char text[16], int i)
{
    snprintf(text, 16, "key-%d", i);
    return str_c(text);
}

static void holds_many(void **state)
{
    (void)state;
    AUTO(map_done) struct map m = MAP_INIT;
    static int values[5000];
    char text[16];
    for (int i = 0; i < 5000; i++) {
        assert_null(map_set(&m, key(text, i), &values[i]));
    }
    assert_int_equal(m.n, 5000);
    for (int i = 0; i < 5000; i += 2) {
        assert_ptr_equal(map_del(&m, key(text, i)), &values[i]);
    }
    for (int i = 0; i < 5000; i++) {
        assert_ptr_equal(map_get(&m, key(text, i)), i % 2 ? &values[i] : NULL);
    }
    size_t seen = 0;
    for (struct map_iter it = {0}; map_next(&m, &it);) {
        seen++;
        map_del(&m, it.key);
    }
    assert_int_equal(seen, 2500);
    assert_int_equal(m.n, 0);
}

static void replaces_and_keeps_its_key(void **state)
{
    (void)state;
    AUTO(map_done) struct map m = MAP_INIT;
    int a;
    int b;
    char text[] = "k";
    map_set(&m, str_c(text), &a);
    struct str own = map_key(&m, STR("k"));
    text[0] = 'x';
    assert_str(own, "k");
    assert_ptr_equal(map_set(&m, STR("k"), &b), &a);
    assert_int_equal(m.n, 1);
    assert_true(map_has(&m, STR("k")));
    assert_false(map_has(&m, STR("x")));
    assert_null(map_key(&m, STR("x")).p);
    map_set(&m, STR(""), &a);
    assert_ptr_equal(map_get(&m, STR_EMPTY), &a);
}

/* A table whose entries come and go must not grow. */
static void reuses_dead_slots(void **state)
{
    (void)state;
    AUTO(map_done) struct map m = MAP_INIT;
    char text[16];
    for (int i = 0; i < 100000; i++) {
        map_set(&m, key(text, i), &m);
        map_del(&m, key(text, i));
    }
    assert_true(m.cap <= 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(holds_many),
                                       cmocka_unit_test(replaces_and_keeps_its_key),
                                       cmocka_unit_test(reuses_dead_slots)};
    return RUN(tests);
}
