/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/cron.h"

#define N(spec_, after_, next_) {spec_, after_, next_, NULL},
#define E(spec_, error_)        {spec_, 0, 0, error_},
static const struct {
    const char *spec;
    ns_t after;
    ns_t next; /* 0: never */
    const char *error;
} vectors[] = {
#include "vectors/cron.inc"
};

static void as_the_original_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct cron c;
        int rc = cron_parse(str_c(vectors[i].spec), &c, &err);
        if (vectors[i].error) {
            assert_int_equal(rc, -1);
            assert_int_equal(err->kind, ERR_INVALID);
            assert_string_equal(err->msg, vectors[i].error);
            continue;
        }
        ns_t next = 0;
        bool found = rc == 0 && cron_next(&c, vectors[i].after, &next);
        if (rc != 0 || found != (vectors[i].next != 0) || next != vectors[i].next) {
            fail_msg("\"%s\": %s, next %lld, expected %lld", vectors[i].spec, err_msg(err),
                     (long long)next, (long long)vectors[i].next);
        }
    }
}

static void refused(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct cron c;
    assert_err(cron_parse(STR("TZ=Asia/Tokyo * * * * *"), &c, &err), err, ERR_INVALID, "UTC");
    assert_err(cron_parse(STR("CRON_TZ=UTC * * * *"), &c, &err), err, ERR_INVALID, "UTC");
    assert_err(cron_parse(STR("@every soon"), &c, &err), err, ERR_INVALID,
               "failed to parse duration @every soon");
    assert_err(cron_parse(STR("99999999999999999999 * * * *"), &c, &err), err, ERR_INVALID,
               "failed to parse int from 99999999999999999999");
}

/* Times at the end of what fits into nanoseconds. */
static void end_of_time(void **state)
{
    (void)state;
    struct cron c;
    ns_t next;
    assert_int_equal(cron_parse(STR("@every 1h"), &c, NULL), 0);
    assert_false(cron_next(&c, INT64_MAX, &next));
    assert_false(cron_next(&c, INT64_MIN, &next));
    assert_true(cron_next(&c, INT64_MIN + NS_S, &next));
    assert_int_equal(cron_parse(STR("@yearly"), &c, NULL), 0);
    assert_false(cron_next(&c, INT64_MAX, &next));
    assert_true(cron_next(&c, INT64_MIN, &next));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_original_does),
                                       cmocka_unit_test(refused), cmocka_unit_test(end_of_time)};
    return RUN(tests);
}
