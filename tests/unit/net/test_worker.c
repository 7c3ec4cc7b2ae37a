/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <pthread.h>

#include "base/clock.h"
#include "net/loop.h"
#include "test.h"

static int setup(void **state)
{
    clock_fake_start(NS_S, NS_S);
    *state = loop_new();
    return 0;
}

static int teardown(void **state)
{
    loop_free(*state);
    clock_fake_stop();
    return 0;
}

static size_t count_threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    assert_non_null(dir);
    size_t n = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        n += entry->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}

struct sum {
    uint64_t n;
    uint64_t result;
    pthread_t worked_on;
    size_t *done;
};

static void add_up(void *arg)
{
    struct sum *s = arg;
    s->worked_on = pthread_self();
    for (uint64_t i = 1; i <= s->n; i++) {
        s->result += i;
    }
}

static pthread_t loop_thread;

static void count(void *arg)
{
    struct sum *s = arg;
    assert_true(pthread_equal(pthread_self(), loop_thread));
    assert_false(pthread_equal(s->worked_on, loop_thread));
    ++*s->done;
}

static void works_elsewhere_and_finishes_on_the_loop(void **state)
{
    enum { N = 500 };
    size_t before = count_threads();
    struct sum sums[N];
    size_t done = 0;
    loop_thread = pthread_self();
    for (size_t i = 0; i < N; i++) {
        sums[i] = (struct sum){.n = i, .done = &done};
        loop_work(*state, add_up, count, &sums[i]);
    }
    assert_int_equal(done, 0);
    /* The fake clock does not move on while a worker is busy. */
    loop_advance(*state, 0);
    assert_int_equal(done, N);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(sums[i].result, i * (i + 1) / 2);
    }
    assert_true(count_threads() <= before + 2);
}

static void no_thread_without_work(void **state)
{
    size_t before = count_threads();
    struct loop *l = loop_new();
    loop_advance(l, NS_S);
    assert_int_equal(count_threads(), before);
    loop_free(l);
}

static void one_thread_for_one_job_at_a_time(void **state)
{
    size_t before = count_threads();
    size_t done = 0;
    struct sum s = {.n = 3, .done = &done};
    loop_thread = pthread_self();
    loop_work(*state, add_up, count, &s);
    loop_advance(*state, 0);
    assert_int_equal(count_threads(), before + 1);
    assert_int_equal(s.result, 6);
}

struct order {
    struct loop *loop;
    int number;
    int *last;
};

static void nothing(void *arg)
{
}

static void work_again(void *arg)
{
    struct order *o = arg;
    if (o->number-- > 0) {
        loop_work(o->loop, nothing, work_again, o);
    }
}

/* Jobs that nobody waits for are finished by loop_free, also those that a done adds. */
static void freeing_finishes_all_jobs(void **state)
{
    struct loop *l = loop_new();
    size_t done = 0;
    struct sum sums[20];
    loop_thread = pthread_self();
    for (size_t i = 0; i < 20; i++) {
        sums[i] = (struct sum){.n = 1000, .done = &done};
        loop_work(l, add_up, count, &sums[i]);
    }
    struct order o = {.loop = l, .number = 5};
    loop_work(l, nothing, work_again, &o);
    loop_free(l);
    assert_int_equal(done, 20);
    assert_int_equal(o.number, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(works_elsewhere_and_finishes_on_the_loop),
        T(no_thread_without_work),
        T(one_thread_for_one_job_at_a_time),
        T(freeing_finishes_all_jobs),
    };
    return RUN(tests);
}
