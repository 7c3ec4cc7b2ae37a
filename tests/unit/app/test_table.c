/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "app/table.h"

static const char *const heads[] = {"NAMESPACE", "NAME", "STATE"};

static struct table three(const char *a, const char *b, const char *c)
{
    struct table t = table_new(heads, COUNT_OF(heads));
    table_cell(&t, "%s", a);
    table_cell(&t, "%s", b);
    table_cell(&t, "%s", c);
    return t;
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(1000);
    struct table t = three("a", "a-long-name", "x");
    table_cell(&t, "%s", "b");
    table_cell(&t, "%s", "\xc3\xbc"); /* one place on the screen */
    table_cell(&t, "%d", 12);
    table_write(&t, &out);
    assert_buf(&out, "NAMESPACE  NAME         STATE\n"
                     "a          a-long-name  x\n"
                     "b          \xc3\xbc            12\n");
    table_done(&t);
}

static void empty_columns_are_left_out(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(1000);
    struct table t = three("", "n", "");
    table_write(&t, &out);
    assert_buf(&out, "NAME\nn\n");
    table_done(&t);
}

static void nothing_trails(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(1000);
    struct table t = three("a", "b", "");
    table_cell(&t, "c");
    table_cell(&t, "d");
    table_cell(&t, "two\nlines");
    table_write(&t, &out);
    assert_buf(&out, "NAMESPACE  NAME  STATE\na          b\nc          d     two lines\n");
    table_done(&t);
}

static void without_a_row_nothing(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(1000);
    struct table t = table_new(heads, COUNT_OF(heads));
    table_write(&t, &out);
    assert_buf(&out, "");
    table_done(&t);
}

static void control_characters_become_blanks(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(1000);
    struct table t = three("\x1b[1m",
                           "a\x7f\xc2\x9b"
                           "b",
                           "\xc2\xa0\xc2");
    table_write(&t, &out);
    assert_buf(&out, "NAMESPACE  NAME   STATE\n [1m       a   b  \xc2\xa0\xc2\n");
    table_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(empty_columns_are_left_out),
        cmocka_unit_test(nothing_trails),
        cmocka_unit_test(without_a_row_nothing),
        cmocka_unit_test(control_characters_become_blanks),
    };
    return RUN(tests);
}
