/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/gotext.h"

/* Written by Go 1.26. */
static const struct {
    uint64_t bits;
    const char *e, *f, *g;
    const char *json; /* NULL: encoding/json refuses the value */
} rows[] = {
#include "gofloat.inc"
};

static void check(double v, char form, const char *wanted)
{
    AUTO(buf_done) struct buf out = BUF_INIT(1024);
    go_float(&out, v, form);
    assert_buf(&out, wanted);
}

static void as_go_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        double v;
        memcpy(&v, &rows[i].bits, sizeof(v));
        check(v, 'e', rows[i].e);
        check(v, 'f', rows[i].f);
        check(v, 'g', rows[i].g);
        if (rows[i].json) {
            check(v, 'j', rows[i].json);
        }
    }
}

/* The text always reads back as the same number. */
static void round_trip(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double v;
        memcpy(&v, &bits, sizeof(v));
        if ((bits >> 52 & 0x7FF) == 0x7FF) {
            continue;
        }
        AUTO(buf_done) struct buf out = BUF_INIT(1024);
        go_float(&out, v, "efgj"[i % 4]);
        assert_true(strtod(out.p, NULL) == v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_go_does), cmocka_unit_test(round_trip)};
    return RUN(tests);
}
