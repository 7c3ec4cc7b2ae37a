/* SPDX-License-Identifier: Apache-2.0 */
#include "base/intern.h"

#include "test.h"

static void equal_strings_are_one(void **state)
{
    const char *a = intern(STR("team-a"));
    char copy[] = "team-a";
    const char *b = intern(str_c(copy));
    const char *c = intern(STR("team-b"));
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    assert_string_equal(a, "team-a");
    assert_str(intern_str(c), "team-b");
    assert_int_equal(intern_count(), 2);
    intern_unref(a);
    intern_unref(b);
    intern_unref(c);
    assert_int_equal(intern_count(), 0);
}

static void lives_until_the_last_reference(void **state)
{
    const char *a = intern(STR("x"));
    const char *b = intern_ref(a);
    intern_unref(a);
    assert_string_equal(b, "x");
    assert_int_equal(intern_count(), 1);
    intern_unref(b);
    assert_int_equal(intern_count(), 0);
}

static void takes_empty_and_nul(void **state)
{
    const char *empty = intern(STR_EMPTY);
    const char *nul = intern((struct str){"a\0b", 3});
    assert_int_equal(intern_str(empty).n, 0);
    assert_int_equal(intern_str(nul).n, 3);
    assert_int_equal(intern_str(NULL).n, 0);
    intern_unref(empty);
    intern_unref(nul);
    intern_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_strings_are_one),
        cmocka_unit_test(lives_until_the_last_reference),
        cmocka_unit_test(takes_empty_and_nul),
    };
    return RUN(tests);
}
