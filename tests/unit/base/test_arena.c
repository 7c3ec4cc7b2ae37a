/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/arena.h"

static void gives_zeroed_aligned_memory(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    for (size_t size = 0; size < 5000; size += 37) {
        char *p = arena_alloc(&a, size);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xff, size);
    }
}

static void is_used_again_after_a_reset(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    char *first = arena_dup(&a, STR("hunter2"));
    arena_alloc(&a, 100000);
    arena_reset(&a);
    assert_int_equal(a.used, 0);
    char *again = arena_alloc(&a, 8);
    assert_ptr_equal(first, again);
    assert_int_equal(again[0], 0);
}

static void copies_strings(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct str s = arena_str(&a, STR("a\0b"));
    assert_int_equal(s.n, 3);
    assert_int_equal(s.p[3], 0);
    assert_str(arena_printf(&a, "%s-%d", "x", 7), "x-7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gives_zeroed_aligned_memory),
                                       cmocka_unit_test(is_used_again_after_a_reset),
                                       cmocka_unit_test(copies_strings)};
    return RUN(tests);
}
