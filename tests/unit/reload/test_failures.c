/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes wrong around the role: refusals, lost answers, crashes at every request, an API server
 * that goes away. The end is always the same: each workload was moved once for each change.
 */
#include "harness.h"

/* Admission refuses one workload: the others do not notice, and it moves when it is allowed to. */
static void one_refusal_holds_up_nobody(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "a", AUTO_ON);
    put_workload(h, RES_STATEFULSETS, "b", AUTO_ON);
    put_workload(h, RES_DAEMONSETS, "c", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api, (struct fake_fault){"PATCH", "/statefulsets/a", 403, -1});
    put_secret(h, "db", "two", "");
    harness_run(h, 100 * NS_MS);
    assert_moved_for(h, RES_STATEFULSETS, "b", "two");
    assert_moved_for(h, RES_DAEMONSETS, "c", "two");
    assert_not_moved(h, RES_STATEFULSETS, "a");
    harness_run(h, NS_H);
    size_t tries = fake_count(&h->api, "PATCH", "/statefulsets/a");
    assert_in_range(tries, 12, 30); /* ever slower, never given up */
    h->api.faults.v[0].times = 0;
    harness_run(h, 6 * NS_MIN);
    assert_moved_for(h, RES_STATEFULSETS, "a", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "a"), 2);
    assert_int_equal(generation(h, RES_STATEFULSETS, "b"), 2);
}

struct found {
    const char *name;
    const char *state;
    unsigned failures;
    bool error;
    ns_t due_since, failing_since, retry, paused_until, moved;
    bool paused_by_user;
    char moved_for[64];
    char sources[256]; /* "secret/db=due ..." */
};

static void note_sources(struct found *f, const struct reload_row *row)
{
    AUTO(buf_done) struct buf text = BUF_INIT(sizeof(f->sources) - 1);
    for (size_t i = 0; i < row->n_sources; i++) {
        const struct reload_source_row *s = &row->sources[i];
        buf_addf(&text, "%s%s/%.*s=%s", i > 0 ? " " : "", source_type_info(s->type)->ledger,
                 STR_ARG(s->name), s->state);
    }
    memcpy(f->sources, text.p, text.n + 1);
}

static void look(void *arg, const struct reload_row *row)
{
    struct found *f = arg;
    if (str_eq_c(row->name, f->name)) {
        f->state = row->state;
        f->failures = row->failures;
        f->error = str_find(row->last_error, STR("Forbidden")) >= 0;
        f->due_since = row->due_since;
        f->failing_since = row->failing_since;
        f->retry = row->retry;
        f->paused_until = row->paused_until;
        f->paused_by_user = row->paused_by_user;
        f->moved = row->moved;
        snprintf(f->moved_for, sizeof(f->moved_for), "%.*s", STR_ARG(row->moved_for));
        note_sources(f, row);
    }
}

static double executed(struct harness *h, struct str success)
{
    return metric_value(metrics_find(h->metrics, "reloader_reload_executed_total"),
                        LABELS(success));
}

static void a_failure_is_visible(void **state)
{
    struct harness *h = *state;
    struct found found = {.name = "a"};
    put_workload(h, RES_STATEFULSETS, "a", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api, (struct fake_fault){"PATCH", "/statefulsets/a", 403, -1});
    put_secret(h, "db", "two", "");
    harness_rest(h);
    reload_each_row(h->reload, look, &found);
    assert_string_equal(found.state, "failing");
    assert_true(found.failures >= 2 && found.error);
    assert_string_equal(found.sources, "secret/db=due configmap/settings=current");
    assert_in_range(clock_real() - found.failing_since, NS_S, 2 * NS_S);
    assert_in_range(clock_real() - found.due_since, NS_S, 2 * NS_S);
    assert_true(found.retry > clock_real() - NS_S);
    assert_int_equal(found.moved, 0);
    assert_true(executed(h, STR("false")) >= 2);
    assert_true(metric_value(metrics_find(h->metrics, "pawl_reload_failing"), NULL) == 1);
    h->api.faults.v[0].times = 0;
    harness_run(h, NS_MIN);
    reload_each_row(h->reload, look, &found);
    assert_string_equal(found.state, "current");
    assert_string_equal(found.sources, "secret/db=current configmap/settings=current");
    assert_int_equal(found.failures, 0);
    assert_true(found.failing_since == 0 && found.due_since == 0 && found.moved > 0);
    assert_string_equal(found.moved_for, "secret/db");
    assert_true(executed(h, STR("true")) == 1);
    assert_true(metric_value(metrics_find(h->metrics, "pawl_reload_failing"), NULL) == 0);
}

static void what_waits_is_visible(void **state)
{
    struct harness *h = *state;
    struct found found = {.name = "a"};
    put_workload(h, RES_STATEFULSETS, "a", AUTO_ON ",'pawl.dev/settle':'1m'");
    put_secret(h, "db", "one", "'reloader.stakater.com/ignore':'true'");
    fake_remove(&h->api, RES_CONFIGMAPS, NS, "settings");
    harness_start(h);
    reload_each_row(h->reload, look, &found);
    assert_string_equal(found.state, "current");
    assert_string_equal(found.sources, "secret/db=ignored configmap/settings=missing");
    put_secret(h, "db", "one", "");
    put_configmap(h, "settings", "one", "");
    harness_rest(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    reload_each_row(h->reload, look, &found);
    assert_string_equal(found.state, "waiting");
    assert_string_equal(found.sources, "secret/db=due configmap/settings=current");
    assert_true(found.due_since > 0);
    harness_run(h, 2 * NS_MIN);
    reload_each_row(h->reload, look, &found);
    assert_string_equal(found.state, "current");
}

static void what_is_paused_is_visible(void **state)
{
    struct harness *h = *state;
    struct found ours = {.name = "ours"};
    struct found theirs = {.name = "theirs"};
    put_workload(h, RES_DEPLOYMENTS, "ours",
                 AUTO_ON ",'deployment.reloader.stakater.com/pause-period':'5m'");
    put_pod(h, RES_DEPLOYMENTS, "theirs", AUTO_ON, "'paused':true,", "", POD_USES_BOTH);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    reload_each_row(h->reload, look, &ours);
    reload_each_row(h->reload, look, &theirs);
    assert_string_equal(ours.state, "paused");
    assert_in_range(ours.paused_until - clock_real(), 4 * NS_MIN, 5 * NS_MIN);
    assert_false(ours.paused_by_user);
    assert_string_equal(theirs.state, "paused");
    assert_true(theirs.paused_by_user && theirs.paused_until == 0);
}

/* Each of these, for one PATCH, costs a moment and no second restart. */
static void faults_of_one_patch(void **state)
{
    struct harness *h = *state;
    static const struct fake_fault faults[] = {
        {"PATCH", "base", 409, 1}, {"PATCH", "base", 422, 1},
        {"PATCH", "base", 500, 1}, {"PATCH", "base", 503, 1},
        {"PATCH", "base", 0, 1},   {"PATCH", "base", .status = 1, .times = 1, .after = true},
    };
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        char value[20];
        snprintf(value, sizeof(value), "v%zu", i);
        fake_fault(&h->api, faults[i]);
        put_secret(h, "db", value, "");
        harness_rest(h);
        assert_moved_for(h, RES_STATEFULSETS, "base", value);
        if (generation(h, RES_STATEFULSETS, "base") != (int64_t)i + 2) {
            fail_msg("fault %zu: generation %lld", i,
                     (long long)generation(h, RES_STATEFULSETS, "base"));
        }
    }
}

/* Moves are done and all their answers lost. Where the pod template says when it was moved (the
 * annotations strategy), doing it once more would restart the pods once more. */
static void answers_are_lost(struct harness *h, bool deny_watch)
{
    h->options.strategy = RELOAD_ANNOTATIONS;
    h->api.deny_watch = deny_watch;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api,
               (struct fake_fault){"PATCH", "base", .status = 1, .times = 4, .after = true});
    for (int i = 0; i < 2; i++) {
        put_secret(h, "db", i ? "three" : "two", "");
        harness_run(h, 20 * NS_S);
        assert_int_equal(generation(h, RES_STATEFULSETS, "base"), i + 2);
        assert_true(executed(h, STR("true")) == i + 1);
        assert_true(metric_value(metrics_find(h->metrics, "pawl_reload_failing"), NULL) == 0);
    }
}

static void lost_answers_restart_nothing_again(void **state)
{
    answers_are_lost(*state, false);
}

static void lost_answers_without_a_watch(void **state)
{
    answers_are_lost(*state, true);
}

/* The source goes back to what it was while the answer is missing: that is one more change. */
static void a_change_back_behind_a_lost_answer(void **state)
{
    struct harness *h = *state;
    h->api.deny_watch = true;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api,
               (struct fake_fault){"PATCH", "base", .status = 1, .times = 1, .after = true});
    put_secret(h, "db", "two", "");
    harness_run(h, 100 * NS_MS);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    put_secret(h, "db", "one", "");
    harness_run(h, 20 * NS_S);
    assert_moved_for(h, RES_STATEFULSETS, "base", "one");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 3);
}

static void the_servers_wish_to_wait(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api, (struct fake_fault){"PATCH", "base", 429, 1, .retry_after = "7"});
    put_secret(h, "db", "two", "");
    harness_run(h, 6 * NS_S);
    assert_not_moved(h, RES_STATEFULSETS, "base");
    harness_run(h, 3 * NS_S);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
}

/* The read of a source fails for a while; when it works the workload moves, once. */
static void reading_a_source_fails(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api, (struct fake_fault){"GET", "/secrets/db", 500, 3});
    put_secret(h, "db", "two", "");
    harness_run(h, 10 * NS_S);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
}

/* One source cannot be read at all; a change of another is not held up by it. */
static void an_unreadable_source_blocks_nothing(void **state)
{
    struct harness *h = *state;
    fake_fault(&h->api, (struct fake_fault){"GET", "/configmaps/settings", 403, -1});
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_run(h, 500 * NS_MS);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
}

static void a_workload_that_is_deleted_meanwhile(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    put_workload(h, RES_STATEFULSETS, "other", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api, (struct fake_fault){"PATCH", "base", 503, 1});
    put_secret(h, "db", "two", "");
    harness_run(h, 50 * NS_MS);
    fake_remove(&h->api, RES_STATEFULSETS, NS, "base");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "other", "two");
    /* Made again: its pods have started with the new value. */
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_run(h, NS_MIN);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
}

static void watches_are_cut(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    for (int i = 0; i < 5; i++) {
        char value[20];
        snprintf(value, sizeof(value), "v%d", i);
        fake_cut_watches(&h->api);
        put_secret(h, "db", value, "");
        harness_run(h, NS_MIN);
        assert_moved_for(h, RES_STATEFULSETS, "base", value);
        assert_int_equal(generation(h, RES_STATEFULSETS, "base"), i + 2);
    }
}

static void the_api_server_goes_away(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    put_workload(h, RES_STATEFULSETS, "b2", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    fake_stop(&h->api);
    harness_run(h, 30 * NS_S);
    fake_start(&h->api);
    harness_run(h, 2 * NS_MIN);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    assert_int_equal(generation(h, RES_STATEFULSETS, "b2"), 2);
}

/* Dies at the n-th request after a change, before or behind its effect, and is started again. */
static void killed_at_every_request(void **state)
{
    struct harness *h = *state;
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        put_workload(h, RES_STATEFULSETS, names[i], AUTO_ON);
    }
    harness_start(h);
    for (size_t n = 1; n <= 12; n++) {
        char value[20];
        snprintf(value, sizeof(value), "v%zu", n);
        fake_forget_log(&h->api);
        h->api.dead_after = 1 + n / 2;
        h->api.dead_effect = n % 2;
        put_secret(h, "db", value, "");
        harness_run(h, 200 * NS_MS);
        harness_kill(h);
        h->api.dead_after = 0;
        harness_start(h);
        for (size_t i = 0; i < COUNT_OF(names); i++) {
            assert_moved_for(h, RES_STATEFULSETS, names[i], value);
            assert_int_equal(generation(h, RES_STATEFULSETS, names[i]), n + 1);
        }
    }
}

/* The same while the first baselines are written: a kill there may cost the change (nothing was on
 * record), never a second restart. */
static void killed_during_the_baselines(void **state)
{
    struct harness *h = *state;
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        put_workload(h, RES_STATEFULSETS, names[i], AUTO_ON);
    }
    for (size_t n = 10; n <= 24; n++) {
        fake_forget_log(&h->api);
        h->api.dead_after = n;
        harness_start(h);
        harness_kill(h);
    }
    h->api.dead_after = 0;
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_moved_for(h, RES_STATEFULSETS, names[i], "two");
        assert_int_equal(generation(h, RES_STATEFULSETS, names[i]), 2);
    }
}

/* GitOps removes the annotation again and again: no storm, and no restart. */
static void somebody_removes_the_ledger(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    fake_forget_log(&h->api);
    for (int i = 0; i < 30; i++) {
        put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
        harness_run(h, 10 * NS_S);
    }
    assert_in_range(workload_writes(h), 1, 6);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
}

static void a_hanging_write_holds_up_nobody(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "a", AUTO_ON);
    put_workload(h, RES_STATEFULSETS, "b", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api, (struct fake_fault){"PATCH", "/statefulsets/a", -1, 1});
    put_secret(h, "db", "two", "");
    harness_run(h, 500 * NS_MS);
    assert_moved_for(h, RES_STATEFULSETS, "b", "two");
    put_secret(h, "db", "three", "");
    harness_run(h, 500 * NS_MS);
    assert_moved_for(h, RES_STATEFULSETS, "b", "three");
    harness_run(h, NS_MIN); /* the request times out and is made again, for the newest value */
    assert_moved_for(h, RES_STATEFULSETS, "a", "three");
    assert_int_equal(generation(h, RES_STATEFULSETS, "a"), 2);
}

int main(void)
{
    http_global_init();
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(one_refusal_holds_up_nobody),
        HARNESS_TEST(a_failure_is_visible),
        HARNESS_TEST(what_waits_is_visible),
        HARNESS_TEST(what_is_paused_is_visible),
        HARNESS_TEST(faults_of_one_patch),
        HARNESS_TEST(lost_answers_restart_nothing_again),
        HARNESS_TEST(lost_answers_without_a_watch),
        HARNESS_TEST(a_change_back_behind_a_lost_answer),
        HARNESS_TEST(the_servers_wish_to_wait),
        HARNESS_TEST(reading_a_source_fails),
        HARNESS_TEST(an_unreadable_source_blocks_nothing),
        HARNESS_TEST(a_workload_that_is_deleted_meanwhile),
        HARNESS_TEST(watches_are_cut),
        HARNESS_TEST(the_api_server_goes_away),
        HARNESS_TEST(killed_at_every_request),
        HARNESS_TEST(killed_during_the_baselines),
        HARNESS_TEST(somebody_removes_the_ledger),
        HARNESS_TEST(a_hanging_write_holds_up_nobody),
    };
    int result = RUN(tests);
    http_global_done();
    return result;
}
