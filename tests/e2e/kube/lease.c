/* SPDX-License-Identifier: Apache-2.0
 *
 * Leader election between processes: one is killed, one gives the Lease back.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "e2e.h"
#include "kube/lease.h"

/* ---- the other process: says "leads" and "lost", a line each ---- */

static struct lease *lease;

static void say(const char *text)
{
    if (write(1, text, strlen(text)) < 0) {
        loop_stop(loop);
    }
}

static void on_started(void *arg)
{
    say("leads\n");
}

static void on_stopped(void *arg, const struct err *why)
{
    say("lost\n");
}

static void on_released(void *arg)
{
    say("released\n");
    loop_stop(loop);
}

static void on_term(void *arg)
{
    lease_release(lease, on_released, NULL);
}

int candidate_main(const char *ns, const char *identity)
{
    AUTO(err_freep) struct err *err = NULL;
    struct lease_config config = {.client = admin,
                                  .ns = str_c(ns),
                                  .name = STR("pawl"),
                                  .identity = str_c(identity),
                                  .started = on_started,
                                  .stopped = on_stopped};
    lease = lease_new(&config, &err);
    struct loop_watch *term = loop_signal(loop, SIGTERM, on_term, NULL);
    loop_run(loop);
    loop_unwatch(term);
    lease_free(lease);
    return 0;
}

/* ---- the test ---- */

struct candidate {
    pid_t pid;
    int output;
    char text[200];
    size_t n;
};

static void start_candidate(struct candidate *c, const char *ns, const char *identity)
{
    *c = (struct candidate){0};
    c->pid =
        spawn((const char *const[]){"/proc/self/exe", "candidate", ns, identity, NULL}, &c->output);
}

static bool says(struct candidate *c, const char *text)
{
    ssize_t n = read(c->output, c->text + c->n, sizeof(c->text) - 1 - c->n);
    if (n > 0) {
        c->n += (size_t)n;
    }
    return strstr(c->text, text) != NULL;
}

static void end_candidate(struct candidate *c, int sig)
{
    (void)kill(c->pid, sig);
    (void)waitpid(c->pid, NULL, 0);
}

static void two_processes(void **state)
{
    AUTO(freep) char *ns = xstrdup(new_namespace());
    struct candidate a;
    struct candidate b;
    start_candidate(&a, ns, "a");
    await(says(&a, "leads"), 10 * NS_S);
    start_candidate(&b, ns, "b");
    run_for(6 * NS_S);
    assert_false(says(&b, "leads"));

    end_candidate(&a, SIGKILL);
    ns_t killed = clock_mono();
    await(says(&b, "leads"), 25 * NS_S);
    print_message("after a kill another leads in %d ms\n", (int)((clock_mono() - killed) / NS_MS));
    (void)close(a.output);

    start_candidate(&a, ns, "a2");
    run_for(3 * NS_S);
    assert_false(says(&a, "leads"));
    (void)kill(b.pid, SIGTERM);
    ns_t ended = clock_mono();
    await(says(&a, "leads"), 6 * NS_S);
    print_message("after a release another leads in %d ms\n",
                  (int)((clock_mono() - ended) / NS_MS));
    assert_true(says(&b, "released"));
    (void)waitpid(b.pid, NULL, 0);
    (void)close(b.output);
    end_candidate(&a, SIGTERM);
    assert_true(says(&a, "released"));
    (void)close(a.output);

    AUTO(got_done) struct got g = {0};
    MUST(admin, &g, .verb = KUBE_GET, .resource = resource_of(RES_LEASES), .ns = str_c(ns),
         .name = STR("pawl"));
    assert_str(json_find_str(g.object, "spec.holderIdentity"), "");
    assert_int_equal(json_int(json_find(g.object, "spec.leaseTransitions"), 0), 2);
}

const struct CMUnitTest lease_tests[] = {
    cmocka_unit_test(two_processes),
};
const size_t n_lease_tests = COUNT_OF(lease_tests);
