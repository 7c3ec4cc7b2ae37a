/* SPDX-License-Identifier: Apache-2.0
 *
 * What counts as the beginning of a workload that has no record: a source that changes before Pawl
 * has read it for the first time is found in the API server's history.
 */
#include "harness.h"

#define DEPLOYMENT RES_DEPLOYMENTS
#define UNREADABLE ((struct fake_fault){"GET", "/secrets/db", 503, 3})

static void assert_history_asked(const struct harness *h, size_t times)
{
    size_t n = 0;
    for (size_t i = 0; i < h->api.log.n; i++) {
        n += strstr(h->api.log.v[i], "resourceVersionMatch=Exact") ? 1 : 0;
    }
    assert_int_equal(n, times);
}

static void changed_between_the_start_and_the_first_read(void **state)
{
    struct harness *h = *state;
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    put_workload(h, DEPLOYMENT, "shop", AUTO_ON);
    fake_fault(&h->api, UNREADABLE);
    harness_start_until_ready(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, DEPLOYMENT, "web", "two");
    assert_moved_for(h, DEPLOYMENT, "shop", "two");
    assert_history_asked(h, 1);
}

static void labelled_between_the_start_and_the_first_read(void **state)
{
    struct harness *h = *state;
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    fake_fault(&h->api, UNREADABLE);
    harness_start_until_ready(h);
    put_secret(h, "db", "one", "'a':'b'");
    harness_rest(h);
    assert_not_moved(h, DEPLOYMENT, "web");
    assert_history_asked(h, 1);
}

static void changed_between_the_creation_and_the_first_read(void **state)
{
    struct harness *h = *state;
    harness_start(h);
    fake_fault(&h->api, UNREADABLE);
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, DEPLOYMENT, "web", "two");
    /* And never again for the same. */
    int64_t before = generation(h, DEPLOYMENT, "web");
    harness_restart(h);
    harness_rest(h);
    assert_int_equal(generation(h, DEPLOYMENT, "web"), before);
}

static void changed_before_the_creation(void **state)
{
    struct harness *h = *state;
    harness_start(h);
    fake_fault(&h->api, UNREADABLE);
    put_secret(h, "db", "two", "");
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    harness_rest(h);
    assert_not_moved(h, DEPLOYMENT, "web");
    assert_history_asked(h, 0);
}

static void made_and_changed_before_the_first_read(void **state)
{
    struct harness *h = *state;
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api, UNREADABLE);
    put_secret(h, "db", "one", "");
    harness_run(h, 10 * NS_MS);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, DEPLOYMENT, "web", "two");
}

static void made_before_the_first_read(void **state)
{
    struct harness *h = *state;
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    harness_start(h);
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    put_secret(h, "db", "one", "");
    harness_rest(h);
    assert_not_moved(h, DEPLOYMENT, "web");
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, DEPLOYMENT, "web", "two");
}

static void a_history_that_is_throttled(void **state)
{
    struct harness *h = *state;
    harness_start(h);
    fake_fault(&h->api, UNREADABLE);
    fake_fault(&h->api, (struct fake_fault){"GET", "/namespaces/" NS "/secrets", 429, 5});
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    put_secret(h, "db", "two", "");
    harness_run(h, NS_MIN);
    assert_moved_for(h, DEPLOYMENT, "web", "two");
}

/* etcd has forgotten: what is there counts, and the next change is found as always. */
static void a_history_that_is_gone(void **state)
{
    struct harness *h = *state;
    harness_start(h);
    fake_fault(&h->api, UNREADABLE);
    fake_fault(&h->api, (struct fake_fault){"GET", "/namespaces/" NS "/secrets", 410, -1});
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_not_moved(h, DEPLOYMENT, "web");
    put_secret(h, "db", "three", "");
    h->api.faults.n = 0;
    harness_rest(h);
    assert_moved_for(h, DEPLOYMENT, "web", "three");
}

/* Listed workloads: the Secret came, the workload came, the Secret changed, and one list showed it.
 */
static void all_of_it_before_the_list(void **state)
{
    struct harness *h = *state;
    h->api.deny_watch = true;
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    harness_start(h);
    put_secret(h, "db", "one", "");
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
}

int main(void)
{
    http_global_init();
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(changed_between_the_start_and_the_first_read),
        HARNESS_TEST(labelled_between_the_start_and_the_first_read),
        HARNESS_TEST(changed_between_the_creation_and_the_first_read),
        HARNESS_TEST(changed_before_the_creation),
        HARNESS_TEST(made_and_changed_before_the_first_read),
        HARNESS_TEST(made_before_the_first_read),
        HARNESS_TEST(a_history_that_is_throttled),
        HARNESS_TEST(a_history_that_is_gone),
        HARNESS_TEST(all_of_it_before_the_list),
    };
    int result = RUN(tests);
    http_global_done();
    return result;
}
