/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/semver.h"

static void versions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *printed; /* NULL: invalid */
    } cases[] = {
        {"1.2.3", "1.2.3"},   {"v1.2", "1.2.0"},
        {"1", "1.0.0"},       {"1.2.3-rc.1+build", "1.2.3-rc.1+build"},
        {"01.2.3", "1.2.3"},  {"", NULL},
        {"a", NULL},          {"1.", NULL},
        {"1.2.3.4", NULL},    {"1.2.3-", NULL},
        {"1.2.3-01", NULL},   {"1.2.3+", NULL},
        {"1.2.3-a..b", NULL}, {"99999999999999999999.0.0", NULL},
        {" 1.2.3", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct semver v;
        AUTO(err_freep) struct err *err = NULL;
        int rc = semver_parse(str_c(cases[i].text), &v, &err);
        assert_int_equal(rc, cases[i].printed ? 0 : -1);
        if (rc == 0) {
            AUTO(buf_done) struct buf b = BUF_INIT(100);
            semver_print(&b, &v);
            assert_buf(&b, cases[i].printed);
        }
    }
}

static void order(void **state)
{
    (void)state;
    static const char *const ascending[] = {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                            "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
                                            "1.0.0-rc.1",  "1.0.0",         "1.0.1",
                                            "1.1.0",       "2.0.0"};
    for (size_t i = 0; i < COUNT_OF(ascending); i++) {
        for (size_t k = 0; k < COUNT_OF(ascending); k++) {
            struct semver a;
            struct semver b;
            assert_int_equal(semver_parse(str_c(ascending[i]), &a, NULL), 0);
            assert_int_equal(semver_parse(str_c(ascending[k]), &b, NULL), 0);
            int o = semver_compare(&a, &b);
            assert_int_equal((o > 0) - (o < 0), (i > k) - (i < k));
        }
    }
}

static void constraints(void **state)
{
    (void)state;
    static const struct {
        const char *constraint;
        const char *version;
        int holds; /* -1: improper */
    } cases[] = {
        {"^1.2.0", "1.5.1", 1},      {"^1.2.0", "2.0.0", 0},     {"^0.2.3", "0.2.9", 1},
        {"^0.2.3", "0.3.0", 0},      {"^0.0.3", "0.0.3", 1},     {"^0.0.3", "0.0.4", 0},
        {"~1.2", "1.2.9", 1},        {"~1.2", "1.3.0", 0},       {"~1", "1.9.0", 1},
        {">11", "11.5.0", 0},        {">11", "12.0.0", 1},       {">=1.0, <2", "1.9.9", 1},
        {">=1.0 <2", "2.0.0", 0},    {"1.x || 3.x", "3.1.0", 1}, {"1 - 2", "2.0.0", 1},
        {"1.2 - 1.4.5", "1.5.0", 0}, {"*", "9.9.9", 1},          {"!=1.2.3", "1.2.3", 0},
        {"!=1.2", "1.3.0", 1},       {">1.0", "1.1.0-rc1", 0},   {">1.0-0", "1.1.0-rc1", 1},
        {"=1.2.3", "v1.2.3", 1},     {"<=1.2", "1.2.9", 1},      {"<=1.2", "1.3.0", 0},
        {"", "1.0.0", -1},           {"x.y", "1.0.0", -1},       {"~=1", "1.0.0", -1},
        {"1.0,", "1.0.0", -1},       {"=> 2", "2.1.0", 1},       {"~> 1.2", "1.2.5", 1},
        {"=1.2 - 2", "1.2.5", -1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct semver v;
        bool ok = false;
        AUTO(err_freep) struct err *err = NULL;
        assert_int_equal(semver_parse(str_c(cases[i].version), &v, NULL), 0);
        int rc = semver_check(str_c(cases[i].constraint), &v, &ok, &err);
        int got = rc == 0 ? ok : -1;
        if (got != cases[i].holds) {
            fail_msg("%s on %s: %d", cases[i].constraint, cases[i].version, got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(order),
        cmocka_unit_test(constraints),
    };
    return RUN(tests);
}
