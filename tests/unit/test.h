/* SPDX-License-Identifier: Apache-2.0
 *
 * test.h: what every unit test includes: cmocka and a few comparisons for our own types.
 */
#ifndef PAWL_TESTS_TEST_H
#define PAWL_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"

#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        struct str test_a_ = (actual);                                                             \
        struct str test_e_ = str_c(expected);                                                      \
        if (!str_eq(test_a_, test_e_)) {                                                           \
            fail_msg("got \"%.*s\" (%zu bytes), expected \"%s\"", STR_ARG(test_a_), test_a_.n,     \
                     test_e_.p);                                                                   \
        }                                                                                          \
    } while (0)

#define assert_buf(b, expected) assert_str(buf_str(b), expected)

#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        if ((call) != 0) {                                                                         \
            fail_msg("%s: %s", #call, err_msg(err));                                               \
        }                                                                                          \
    } while (0)

#define assert_err(call, err, wanted_kind, part)                                                   \
    do {                                                                                           \
        assert_int_equal((call), -1);                                                              \
        assert_non_null(err);                                                                      \
        if ((err)->kind != (wanted_kind) || !strstr((err)->msg, (part))) {                         \
            fail_msg("got %s \"%s\", expected %s with \"%s\"", err_kind_name((err)->kind),         \
                     (err)->msg, err_kind_name(wanted_kind), (part));                              \
        }                                                                                          \
    } while (0)

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

#endif
