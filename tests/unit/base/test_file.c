/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <unistd.h>

#include "test.h"

static char path[] = "/tmp/pawl-test-file-XXXXXX";

static int make(void **state)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    char text[20000];
    memset(text, 'x', sizeof(text));
    assert_int_equal(write(fd, text, sizeof(text)), (ssize_t)sizeof(text));
    (void)close(fd);
    return 0;
}

static int unmake(void **state)
{
    return unlink(path);
}

static void appends_the_content(void **state)
{
    AUTO(buf_done) struct buf b = BUF_INIT(20001);
    AUTO(err_freep) struct err *err = NULL;
    buf_add_c(&b, "y");
    assert_ok(file_read(path, &b, &err), err);
    assert_int_equal(b.n, 20001);
    assert_int_equal(b.p[20000], 'x');
}

static void over_the_ceiling_nothing_is_added(void **state)
{
    AUTO(buf_done) struct buf b = BUF_INIT(20000);
    AUTO(err_freep) struct err *err = NULL;
    buf_add_c(&b, "y");
    assert_err(file_read(path, &b, &err), err, ERR_LIMIT, "larger than 20000 bytes");
    assert_buf(&b, "y");
    assert_true(buf_ok(&b));
}

static void a_missing_file_is_named(void **state)
{
    AUTO(buf_done) struct buf b = BUF_INIT(10);
    AUTO(err_freep) struct err *err = NULL;
    assert_err(file_read("/no/such/file", &b, &err), err, ERR_IO,
               "cannot open /no/such/file: No such");
    assert_int_equal(err->status, ENOENT);
    assert_err(file_read("/", &b, &err), err, ERR_IO, "cannot read /");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_the_content),
        cmocka_unit_test(over_the_ceiling_nothing_is_added),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
