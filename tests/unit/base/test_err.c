/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <errno.h>

static void chains(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    assert_int_equal(err_set(&err, ERR_DENIED, "403 Forbidden"), -1);
    err->status = 403;
    err_wrap(&err, "key vault %s", "shop");
    err_wrap(&err, "ExternalSecret a/b");
    assert_string_equal(err->msg, "ExternalSecret a/b: key vault shop: 403 Forbidden");
    assert_int_equal(err_remedy(&err, "assign a role"), -1);
    assert_string_equal(err->msg,
                        "ExternalSecret a/b: key vault shop: 403 Forbidden: assign a role");
    assert_int_equal(err->status, 403);
    assert_false(err->retryable);
    AUTO(err_freep) struct err *copy = err_copy(err);
    assert_string_equal(copy->msg, err->msg);
    AUTO(err_freep) struct err *moved = NULL;
    err_move(&moved, &err);
    assert_null(err);
    assert_true(err_is(moved, ERR_DENIED));
}

static void takes_no_receiver(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_IO, "x"), -1);
    assert_int_equal(err_wrap(NULL, "x"), -1);
    struct err *none = NULL;
    err_wrap(&none, "x");
    err_remedy(&none, "x");
    assert_null(none);
    assert_string_equal(err_msg(NULL), "no error");
}

static void stays_on_one_line_and_is_cut(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    err_set(&err, ERR_HTTP, "a\r\nb\tc");
    assert_string_equal(err->msg, "a  b c");
    AUTO(buf_done) struct buf big = BUF_INIT(10000);
    buf_add_repeat(&big, 'x', 9000);
    err_set(&err, ERR_HTTP, "%s", big.p);
    assert_true(strlen(err->msg) > 4000 && strlen(err->msg) < 5000);
    errno = ENOENT;
    err_errno(&err, "cannot open %s", "/x");
    assert_string_equal(err->msg, "cannot open /x: No such file or directory");
    assert_int_equal(err->status, ENOENT);
    assert_true(err->retryable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(chains),
                                       cmocka_unit_test(takes_no_receiver),
                                       cmocka_unit_test(stays_on_one_line_and_is_cut)};
    return RUN(tests);
}
