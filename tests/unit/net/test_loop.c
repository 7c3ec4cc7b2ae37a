/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "net/loop.h"
#include "test.h"

/* Each callback writes a letter here; a test reads what happened, in order. */
static struct buf seen;

static int setup(void **state)
{
    seen = BUF_INIT(100000);
    clock_fake_start(1000 * NS_S, 1700000000 * NS_S);
    *state = loop_new();
    return 0;
}

static int teardown(void **state)
{
    loop_free(*state);
    clock_fake_stop();
    buf_done(&seen);
    return 0;
}

/* A letter as the argument of a callback. */
#define L(c) ((void *)(uintptr_t)(c))

static void note(void *arg)
{
    buf_add_byte(&seen, (char)(uintptr_t)arg);
}

static void fires_by_time_then_by_order_of_setting(void **state)
{
    struct loop *l = *state;
    struct timer t[5];
    static const struct {
        char name;
        ns_t delay;
    } rows[5] = {{'d', 3 * NS_S}, {'b', NS_S}, {'c', NS_S}, {'a', -5}, {'e', 3 * NS_S}};
    for (size_t i = 0; i < 5; i++) {
        timer_init(&t[i], l, note, L(rows[i].name));
        timer_set(&t[i], rows[i].delay);
    }
    loop_advance(l, NS_S - 1);
    assert_buf(&seen, "a");
    loop_advance(l, 1);
    assert_buf(&seen, "abc");
    assert_false(timer_is_set(&t[1]));
    assert_true(timer_is_set(&t[0]));
    loop_advance(l, NS_H);
    assert_buf(&seen, "abcde");
}

static void setting_again_moves_a_timer(void **state)
{
    struct loop *l = *state;
    struct timer a;
    struct timer b;
    timer_init(&a, l, note, L('a'));
    timer_init(&b, l, note, L('b'));
    timer_set(&a, NS_S);
    timer_set(&b, 2 * NS_S);
    timer_set(&a, 3 * NS_S);
    loop_advance(l, 2 * NS_S);
    assert_buf(&seen, "b");
    timer_set(&a, 0);
    loop_advance(l, 0);
    assert_buf(&seen, "ba");
    timer_set(&a, INT64_MAX);
    assert_true(timer_is_set(&a));
    timer_cancel(&a);
}

static void a_timer_that_is_not_set_can_be_cancelled(void **state)
{
    struct timer zero = {0};
    timer_cancel(&zero);
    struct timer t;
    timer_init(&t, *state, note, L('x'));
    timer_set(&t, 1);
    timer_cancel(&t);
    timer_cancel(&t);
    loop_advance(*state, NS_H);
    assert_buf(&seen, "");
}

struct pair {
    struct timer first;
    struct timer second;
    int left;
};

static void cancel_second(void *arg)
{
    struct pair *p = arg;
    note(L('1'));
    timer_cancel(&p->second);
}

static void a_callback_can_cancel_what_is_due_with_it(void **state)
{
    struct pair p;
    timer_init(&p.first, *state, cancel_second, &p);
    timer_init(&p.second, *state, note, L('2'));
    timer_set(&p.first, NS_S);
    timer_set(&p.second, NS_S);
    loop_advance(*state, NS_MIN);
    assert_buf(&seen, "1");
}

static void set_again(void *arg)
{
    struct pair *p = arg;
    note(L('x'));
    if (--p->left > 0) {
        timer_set(&p->first, NS_MIN);
    }
}

static void a_callback_can_set_its_timer_again(void **state)
{
    struct pair p = {.left = 60};
    timer_init(&p.first, *state, set_again, &p);
    timer_set(&p.first, NS_MIN);
    loop_advance(*state, 10 * NS_MIN);
    assert_int_equal(seen.n, 10);
    loop_advance(*state, NS_H);
    assert_int_equal(seen.n, 60);
    assert_int_equal(clock_mono(), 1000 * NS_S + 70 * NS_MIN);
}

static void free_timer(void *arg)
{
    note(L('f'));
    free(arg);
}

static void a_callback_can_free_its_timer(void **state)
{
    struct timer *t = xmalloc(sizeof(*t));
    timer_init(t, *state, free_timer, t);
    timer_set(t, 0);
    loop_advance(*state, 0);
    assert_buf(&seen, "f");
}

struct many {
    struct timer timer;
    ns_t due;
    ns_t *last;
    int *fired;
};

static void check_time(void *arg)
{
    struct many *m = arg;
    assert_int_equal(clock_mono(), m->due);
    assert_true(m->due >= *m->last);
    *m->last = m->due;
    ++*m->fired;
}

static void many_timers_fire_each_at_its_own_time(void **state)
{
    enum { N = 5000 };
    struct many *many = xcalloc(N, sizeof(*many));
    ns_t last = 0;
    int fired = 0;
    for (int i = 0; i < N; i++) {
        many[i] = (struct many){.last = &last, .fired = &fired};
        timer_init(&many[i].timer, *state, check_time, &many[i]);
        many[i].due = clock_mono() + (ns_t)random_below(1000) * NS_S;
        timer_set_at(&many[i].timer, many[i].due);
    }
    for (int i = 0; i < N; i += 5) {
        timer_cancel(&many[i].timer);
    }
    loop_advance(*state, 1000 * NS_S);
    assert_int_equal(fired, N - N / 5);
    free(many);
}

static void real_timers_wait(void **state)
{
    clock_fake_stop();
    struct timer a;
    struct timer b;
    timer_init(&a, *state, note, L('a'));
    timer_init(&b, *state, note, L('b'));
    ns_t begun = clock_mono();
    timer_set(&a, 20 * NS_MS);
    timer_set(&b, 5 * NS_MS);
    while (seen.n < 2) {
        loop_once(*state, NS_S);
    }
    assert_buf(&seen, "ba");
    assert_true(clock_mono() - begun >= 20 * NS_MS);
    assert_true(clock_mono() - begun < NS_S);
}

static void once_waits_no_longer_than_told(void **state)
{
    clock_fake_stop();
    ns_t begun = clock_mono();
    loop_once(*state, 10 * NS_MS);
    ns_t took = clock_mono() - begun;
    assert_true(took >= 9 * NS_MS && took < NS_S);
}

static void stop(void *arg)
{
    note(L('s'));
    loop_stop(arg);
}

static void runs_until_stopped(void **state)
{
    struct timer t;
    timer_init(&t, *state, stop, *state);
    timer_set(&t, 0);
    loop_run(*state);
    assert_buf(&seen, "s");
    loop_stop(*state);
    loop_run(*state); /* returns at once */
    loop_defer(*state, stop, *state);
    loop_run(*state);
    assert_buf(&seen, "ss");
}

/* ---- deferred ---- */

static void defer_more(void *arg)
{
    note(L('1'));
    loop_defer(arg, note, L('3'));
    note(L('2'));
}

static void deferred_calls_come_after_the_callback_in_order(void **state)
{
    loop_defer(*state, defer_more, *state);
    loop_defer(*state, note, L('b'));
    assert_buf(&seen, "");
    loop_advance(*state, 0);
    assert_buf(&seen, "12b3");
}

#define GONE L('g')

static void undefer_gone(void *arg)
{
    loop_undefer(arg, GONE);
}

static void deferred_calls_can_be_taken_back(void **state)
{
    loop_defer(*state, undefer_gone, *state);
    loop_defer(*state, note, GONE);
    loop_defer(*state, note, L('x'));
    loop_post(*state, note, GONE);
    loop_advance(*state, 0);
    assert_buf(&seen, "x");
    loop_post(*state, note, GONE);
    loop_undefer(*state, GONE);
    loop_advance(*state, 0);
    assert_buf(&seen, "x");
}

struct again {
    struct loop *loop;
    int fd;
    int turns;
    int turns_until_heard;
};

static void defer_again(void *arg)
{
    struct again *a = arg;
    if (++a->turns == 3) {
        assert_int_equal(write(a->fd, "x", 1), 1);
    }
    assert_true(a->turns < 1000);
    if (a->turns_until_heard == 0) {
        loop_defer(a->loop, defer_again, a);
    }
}

static void hear(void *arg, int ready)
{
    struct again *a = arg;
    assert_int_equal(ready, LOOP_READ);
    a->turns_until_heard = a->turns;
}

/* A call that defers itself for ever must not keep sockets and timers from their turn. */
static void deferring_for_ever_starves_nobody(void **state)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct again a = {.loop = *state, .fd = fds[0]};
    struct loop_watch *w = loop_fd(*state, fds[1], LOOP_READ, hear, &a);
    struct timer t;
    timer_init(&t, *state, note, L('t'));
    timer_set(&t, 0);
    loop_defer(*state, defer_again, &a);
    for (int i = 0; i < 1000 && a.turns_until_heard == 0; i++) {
        loop_once(*state, NS_S);
    }
    assert_in_range(a.turns_until_heard, 3, 5);
    assert_buf(&seen, "t");
    loop_unwatch(w);
    close(fds[0]);
    close(fds[1]);
    loop_advance(*state, 0);
}

enum { POSTS = 10000, POSTERS = 4 };

struct poster {
    struct loop *loop;
    int next; /* written on the loop thread */
};

struct post {
    struct poster *poster;
    int number;
};

static void receive(void *arg)
{
    struct post *post = arg;
    assert_int_equal(post->number, post->poster->next);
    post->poster->next++;
    free(post);
}

static void *post_many(void *arg)
{
    struct poster *p = arg;
    for (int i = 0; i < POSTS; i++) {
        struct post *post = xmalloc(sizeof(*post));
        *post = (struct post){.poster = p, .number = i};
        loop_post(p->loop, receive, post);
    }
    return NULL;
}

static void other_threads_can_post(void **state)
{
    struct poster posters[POSTERS] = {0};
    pthread_t threads[POSTERS];
    for (int i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.loop = *state};
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posters[i]), 0);
    }
    for (int i = 0; i < POSTERS; i++) {
        while (posters[i].next < POSTS) {
            loop_once(*state, NS_S);
        }
        pthread_join(threads[i], NULL);
    }
}

/* ---- signals and descriptors ---- */

static void signals_arrive_on_the_loop(void **state)
{
    struct loop_watch *w = loop_signal(*state, SIGUSR1, note, L('u'));
    assert_int_equal(raise(SIGUSR1), 0);
    assert_buf(&seen, "");
    loop_advance(*state, 0);
    assert_buf(&seen, "u");
    loop_unwatch(w);
    loop_unwatch(NULL);
}

struct echo {
    struct loop_watch *watch;
    int fd;
    int turns;
};

static void echo_ready(void *arg, int ready)
{
    struct echo *e = arg;
    char c;
    assert_int_equal(read(e->fd, &c, 1), 1);
    buf_add_byte(&seen, c);
    if (--e->turns > 0) {
        c++;
        assert_int_equal(write(e->fd, &c, 1), 1);
        return;
    }
    loop_unwatch(e->watch);
    e->watch = NULL;
}

/* All that two ends on one loop have to say happens at one moment of the fake clock. */
static void advance_lets_sockets_talk_between_timers(void **state)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct echo a = {.fd = fds[0], .turns = 100};
    struct echo b = {.fd = fds[1], .turns = 5};
    a.watch = loop_fd(*state, a.fd, LOOP_READ, echo_ready, &a);
    b.watch = loop_fd(*state, b.fd, LOOP_READ, echo_ready, &b);
    struct timer early;
    struct timer late;
    timer_init(&early, *state, note, L('<'));
    timer_init(&late, *state, note, L('>'));
    timer_set(&early, 0);
    timer_set(&late, 1);
    assert_int_equal(write(a.fd, "a", 1), 1);
    loop_advance(*state, NS_S);
    /* The timer and the first byte are ready together; their order is not promised. */
    assert_str(str_from(buf_str(&seen), seen.n - 9), "bcdefghi>");
    loop_unwatch(a.watch);
    assert_null(b.watch);
    close(fds[0]);
    close(fds[1]);
}

static void write_ready(void *arg, int ready)
{
    *(int *)arg |= ready;
}

/* A descriptor that is always ready cannot hold the clock for ever. */
static void advance_ends_with_a_descriptor_always_ready(void **state)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    int ready = 0;
    struct loop_watch *w = loop_fd(*state, fds[0], LOOP_READ | LOOP_WRITE, write_ready, &ready);
    loop_advance(*state, 0);
    assert_int_equal(ready, LOOP_WRITE);
    loop_unwatch(w);
    close(fds[0]);
    close(fds[1]);
}

static void spin(void *arg)
{
    clock_t end = clock() + CLOCKS_PER_SEC / 200;
    while (clock() < end) {
    }
}

static void knows_the_longest_callback(void **state)
{
    loop_defer(*state, note, L('x'));
    loop_defer(*state, spin, NULL);
    loop_advance(*state, 0);
    assert_true(loop_take_max_callback(*state) >= 4 * NS_MS);
    assert_int_equal(loop_take_max_callback(*state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(fires_by_time_then_by_order_of_setting),
        T(setting_again_moves_a_timer),
        T(a_timer_that_is_not_set_can_be_cancelled),
        T(a_callback_can_cancel_what_is_due_with_it),
        T(a_callback_can_set_its_timer_again),
        T(a_callback_can_free_its_timer),
        T(many_timers_fire_each_at_its_own_time),
        T(real_timers_wait),
        T(once_waits_no_longer_than_told),
        T(runs_until_stopped),
        T(deferred_calls_come_after_the_callback_in_order),
        T(deferred_calls_can_be_taken_back),
        T(deferring_for_ever_starves_nobody),
        T(other_threads_can_post),
        T(signals_arrive_on_the_loop),
        T(advance_lets_sockets_talk_between_timers),
        T(advance_ends_with_a_descriptor_always_ready),
        T(knows_the_longest_callback),
    };
    return RUN(tests);
}
