/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/vault_gate.h"
#include "base/clock.h"

#include "test.h"

static struct loop *loop;
static struct vault_gate *gate;
static int pauses;
static ns_t last_pause;

static void on_pause(void *arg, struct str host, ns_t duration)
{
    assert_str(host, "kv1");
    pauses++;
    last_pause = duration;
}

/* A request: how often it was let in or sent away. */
struct request {
    struct gate_ticket ticket;
    int in;
    int away;
    ns_t retry_after;
    enum err_kind kind;
};

static void on_turn(void *arg, const struct err *err)
{
    struct request *r = arg;
    r->in += !err;
    r->away += err != NULL;
    if (err) {
        r->retry_after = err->retry_after;
        r->kind = err->kind;
    }
}

static void enter(struct request *r)
{
    r->ticket.fn = on_turn;
    r->ticket.arg = r;
    int in = r->in;
    vault_gate_enter(gate, &r->ticket);
    assert_int_equal(r->in, in); /* never inside */
}

static size_t count_in(const struct request *r, size_t n)
{
    size_t in = 0;
    for (size_t i = 0; i < n; i++) {
        in += r[i].in > 0;
    }
    return in;
}

static void leave(struct request *r, enum gate_outcome outcome, ns_t retry_after)
{
    vault_gate_leave(gate, &r->ticket, outcome, retry_after);
}

static int setup_with(double rate, double burst, size_t in_flight)
{
    clock_fake_start(NS_H, NS_H);
    pauses = 0;
    loop = loop_new();
    gate = vault_gate_new(
        loop, STR("kv1"),
        &(struct vault_gate_config){
            .rate = rate, .burst = burst, .max_in_flight = in_flight, .on_pause = on_pause});
    return 0;
}

static int setup(void **state)
{
    return setup_with(100, 1000, 4);
}

static int setup_slow(void **state)
{
    return setup_with(10, 5, 100);
}

static int teardown(void **state)
{
    vault_gate_unref(gate);
    loop_free(loop);
    clock_fake_stop();
    return 0;
}

static void test_in_flight(void **state)
{
    struct request r[10] = {{{{0}}}};
    for (size_t i = 0; i < 10; i++) {
        enter(&r[i]);
    }
    loop_advance(loop, 0);
    assert_int_equal(count_in(r, 10), 4);
    leave(&r[0], GATE_FINE, 0);
    assert_int_equal(count_in(r, 10), 4);
    loop_advance(loop, 0);
    assert_int_equal(count_in(r, 10), 5);
    assert_true(r[4].in == 1);             /* in order */
    vault_gate_cancel(gate, &r[5].ticket); /* in the queue */
    vault_gate_cancel(gate, &r[1].ticket); /* in */
    vault_gate_cancel(gate, &r[0].ticket); /* gone already */
    loop_advance(loop, 0);
    assert_true(r[6].in == 1 && r[5].in == 0);
    for (size_t i = 0; i < 10; i++) {
        vault_gate_cancel(gate, &r[i].ticket);
        loop_advance(loop, 0);
    }
    assert_int_equal(gate->in_flight, 0);
}

static void test_rate(void **state)
{
    struct request r[100] = {{{{0}}}};
    for (size_t i = 0; i < 100; i++) {
        enter(&r[i]);
    }
    loop_advance(loop, 0);
    assert_int_equal(count_in(r, 100), 5);
    loop_advance(loop, NS_S + NS_MS);
    assert_int_equal(count_in(r, 100), 15);
    loop_advance(loop, 2 * NS_S);
    assert_int_equal(count_in(r, 100), 35);
    loop_advance(loop, NS_MIN);
    assert_int_equal(count_in(r, 100), 100);
    for (size_t i = 0; i < 100; i++) {
        leave(&r[i], GATE_FINE, 0);
        r[i].in = 0;
    }
    loop_advance(loop, NS_H); /* what was not used does not pile up */
    for (size_t i = 0; i < 100; i++) {
        enter(&r[i]);
    }
    loop_advance(loop, 0);
    assert_int_equal(count_in(r, 100), 5);
    for (size_t i = 0; i < 100; i++) {
        vault_gate_cancel(gate, &r[i].ticket);
    }
}

static void test_throttled_with_retry_after(void **state)
{
    struct request r[4] = {{{{0}}}};
    enter(&r[0]);
    loop_advance(loop, 0);
    leave(&r[0], GATE_THROTTLED, 7 * NS_S);
    assert_int_equal(pauses, 1);
    assert_true(last_pause == 7 * NS_S && vault_gate_paused(gate) == 7 * NS_S);
    for (size_t i = 0; i < 4; i++) {
        r[i].in = 0;
        enter(&r[i]);
    }
    loop_advance(loop, 6 * NS_S);
    assert_int_equal(count_in(r, 4), 0);
    loop_advance(loop, NS_S);
    assert_int_equal(count_in(r, 4), 1); /* one goes first */
    leave(&r[0], GATE_FINE, 0);
    loop_advance(loop, 0);
    assert_int_equal(count_in(r, 4), 4);
    for (size_t i = 1; i < 4; i++) {
        leave(&r[i], GATE_FINE, 0);
    }
}

static void test_pauses_grow(void **state)
{
    struct request r = {{{0}}};
    static const int seconds[] = {1, 2, 4, 8, 16, 32, 60, 60};
    for (size_t i = 0; i < COUNT_OF(seconds); i++) {
        r.in = r.away = 0;
        enter(&r);
        loop_advance(loop, 0);
        assert_int_equal(r.in, 1);
        leave(&r, GATE_THROTTLED, 0);
        double s = (double)last_pause / (double)NS_S;
        assert_true(s >= seconds[i] * 0.79 && s <= seconds[i] * 1.21);
        loop_advance(loop, last_pause);
    }
    r.in = 0;
    enter(&r);
    loop_advance(loop, 0);
    leave(&r, GATE_FINE, 0);
    enter(&r);
    loop_advance(loop, 0);
    leave(&r, GATE_THROTTLED, 0);
    assert_true(last_pause < 2 * NS_S); /* as at first */
}

/* Sixteen answers of 429 to what was sent together are one reason to wait, not sixteen. */
static void test_answers_from_before_a_pause(void **state)
{
    struct request r[4] = {{{{0}}}};
    for (size_t i = 0; i < 4; i++) {
        enter(&r[i]);
    }
    loop_advance(loop, NS_MS);
    leave(&r[0], GATE_THROTTLED, 0);
    leave(&r[1], GATE_THROTTLED, 0);
    leave(&r[2], GATE_THROTTLED, 20 * NS_S); /* but a wish counts */
    leave(&r[3], GATE_FINE, 0);              /* and this does not end it */
    assert_int_equal(pauses, 1);
    assert_true(vault_gate_paused(gate) == 20 * NS_S);
    for (size_t i = 0; i < 4; i++) {
        r[i].in = 0;
        enter(&r[i]);
    }
    loop_advance(loop, 21 * NS_S);
    assert_int_equal(count_in(r, 4), 1);
    vault_gate_cancel(gate, &r[0].ticket); /* the first one gives up: the next is the first */
    loop_advance(loop, 0);
    assert_int_equal(count_in(r, 4), 2);
    leave(&r[1], GATE_FINE, 0);
    loop_advance(loop, 0);
    leave(&r[2], GATE_FINE, 0);
    leave(&r[3], GATE_FINE, 0);
}

static void test_long_pause_sends_away(void **state)
{
    struct request r[3] = {{{{0}}}};
    enter(&r[0]);
    loop_advance(loop, 0);
    enter(&r[1]);
    leave(&r[0], GATE_THROTTLED, 90 * NS_S);
    loop_advance(loop, 0);
    assert_int_equal(r[1].away, 1);
    assert_true(r[1].retry_after == 90 * NS_S && r[1].kind == ERR_THROTTLED);
    loop_advance(loop, 59 * NS_S);
    enter(&r[2]);
    loop_advance(loop, 0);
    assert_int_equal(r[2].away, 1);
    loop_advance(loop, 2 * NS_S);
    enter(&r[1]); /* 29 s can be waited for */
    loop_advance(loop, 28 * NS_S);
    assert_int_equal(r[1].in, 0);
    loop_advance(loop, NS_S);
    assert_int_equal(r[1].in, 1);
    leave(&r[1], GATE_FINE, 0);
}

static void test_broken_vault(void **state)
{
    struct request r = {{{0}}};
    for (int i = 0; i < 3; i++) {
        enter(&r);
        loop_advance(loop, 0);
        leave(&r, GATE_BROKEN, 0);
    }
    assert_int_equal(pauses, 0); /* may be one bad object */
    enter(&r);
    loop_advance(loop, 0);
    leave(&r, GATE_FINE, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pauses, 0);
        enter(&r);
        loop_advance(loop, 0);
        leave(&r, GATE_BROKEN, 0);
    }
    assert_int_equal(pauses, 1);
    loop_advance(loop, 2 * NS_S);
    enter(&r);
    loop_advance(loop, 0);
    leave(&r, GATE_BROKEN, 90 * NS_S); /* 503 with a wish */
    enter(&r);
    loop_advance(loop, 0);
    assert_int_equal(r.away, 1);
    assert_int_equal(r.kind, ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_flight, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rate, setup_slow, teardown),
        cmocka_unit_test_setup_teardown(test_throttled_with_retry_after, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pauses_grow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answers_from_before_a_pause, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_pause_sends_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_vault, setup, teardown),
    };
    return RUN(tests);
}
