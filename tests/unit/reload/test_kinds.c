/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinds that are not moved by one PATCH of their own template: Jobs, CronJobs, Rollouts;
 * Deployments that pause; SecretProviderClasses as sources.
 */
#include "harness.h"

static const char *uid(struct harness *h, enum resource_id kind, const char *name)
{
    static char buffers[2][100];
    static size_t next;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct str s = json_find_str(fake_get(&h->api, &a, kind, NS, name), "metadata.uid");
    char *to = buffers[next++ % 2];
    snprintf(to, sizeof(buffers[0]), "%.*s", STR_ARG(s));
    return to;
}

/* ---- Jobs ---- */

static void a_job_is_made_again(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_JOBS, "once", AUTO_ON);
    harness_start(h);
    const char *before = uid(h, RES_JOBS, "once");
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_string_not_equal(uid(h, RES_JOBS, "once"), before);
    assert_moved_for(h, RES_JOBS, "once", "two");
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 1);
    struct metric *executed = metrics_find(h->metrics, "reloader_reload_executed_total");
    assert_true(metric_value(executed, LABELS(STR("true"))) == 1);
    /* And once only. */
    before = uid(h, RES_JOBS, "once");
    harness_run(h, NS_MIN);
    harness_restart(h);
    assert_string_equal(uid(h, RES_JOBS, "once"), before);
}

static void a_job_with_a_slow_end(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_JOBS, "once", AUTO_ON);
    harness_start(h);
    h->api.finalizers = true;
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 2); /* it and its holder */
    h->api.finalizers = false;
    fake_finalize(&h->api);
    harness_rest(h);
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 1);
    assert_moved_for(h, RES_JOBS, "once", "two");
}

/* So slow that the mover has given up: the holder finishes the work. */
static void a_job_with_a_very_slow_end(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_JOBS, "once", AUTO_ON);
    harness_start(h);
    h->api.finalizers = true;
    put_secret(h, "db", "two", "");
    harness_run(h, 2 * NS_MIN);
    h->api.finalizers = false;
    fake_finalize(&h->api);
    harness_run(h, 10 * NS_MIN);
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 1);
    assert_moved_for(h, RES_JOBS, "once", "two");
}

/* A Job that admission would refuse is not deleted. */
static void a_job_that_cannot_be_made_stays(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_JOBS, "once", AUTO_ON);
    harness_start(h);
    const char *before = uid(h, RES_JOBS, "once");
    fake_fault(&h->api, (struct fake_fault){"POST", "/jobs", 403, -1});
    put_secret(h, "db", "two", "");
    harness_run(h, NS_MIN);
    assert_string_equal(uid(h, RES_JOBS, "once"), before);
    h->api.faults.v[0].times = 0;
    harness_run(h, 5 * NS_MIN);
    assert_moved_for(h, RES_JOBS, "once", "two");
}

static void a_job_survives_every_crash(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_JOBS, "once", AUTO_ON);
    harness_start(h);
    for (size_t n = 1; n <= 14; n++) {
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
        harness_run(h, NS_MIN);
        if (fake_count_objects(&h->api, RES_JOBS, NS) != 1) {
            fail_msg("after %zu: %zu Jobs", n, fake_count_objects(&h->api, RES_JOBS, NS));
        }
        assert_moved_for(h, RES_JOBS, "once", value);
    }
}

/* Whatever answers are lost: there is a Job in the end, made again, and no copy of it. */
static void a_job_whose_answers_are_lost(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_JOBS, "once", AUTO_ON);
    harness_start(h);
    for (int n = 0; n < 64; n++) {
        char value[20];
        AUTO(freep) char *before = xstrdup(uid(h, RES_JOBS, "once"));
        snprintf(value, sizeof(value), "v%d", n);
        fake_fault(&h->api, (struct fake_fault){"POST", "/jobs", .status = 1, .times = n % 4,
                                                .after = true});
        fake_fault(&h->api, (struct fake_fault){"DELETE", "/jobs/", .status = 1, .times = n / 4 % 4,
                                                .after = true});
        fake_fault(&h->api, (struct fake_fault){"GET", "-pawl-", 500, n / 16});
        put_secret(h, "db", value, "");
        harness_run(h, 5 * NS_MIN);
        if (fake_count_objects(&h->api, RES_JOBS, NS) != 1) {
            fail_msg("%d: %zu Jobs", n, fake_count_objects(&h->api, RES_JOBS, NS));
        }
        assert_moved_for(h, RES_JOBS, "once", value);
        assert_string_not_equal(uid(h, RES_JOBS, "once"), before);
    }
}

/* While the copy is looked after it may be deleted at any moment: the Job is not deleted meanwhile.
 */
static void a_copy_that_is_looked_after_is_none(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_JOBS, "once", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api,
               (struct fake_fault){"POST", "/jobs", .status = 1, .times = 1, .after = true});
    fake_fault(&h->api, (struct fake_fault){"GET", "-pawl-", -1, 1});
    put_secret(h, "db", "two", "");
    harness_run(h, 20 * NS_S);
    assert_int_equal(fake_count(&h->api, "GET", "-pawl-"), 1); /* not answered yet */
    assert_int_equal(fake_count(&h->api, "DELETE", "/jobs/once"), 0);
    harness_run(h, NS_MIN);
    assert_moved_for(h, RES_JOBS, "once", "two");
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 1);
}

static void jobs_of_a_cronjob(void **state)
{
    struct harness *h = *state;
    put_pod(h, RES_CRONJOBS, "tick", "", "", AUTO_ON, POD_USES_BOTH);
    fake_put(&h->api, RES_JOBS,
             "{'metadata':{'namespace':'" NS "','name':'tick-1','ownerReferences':[{'kind':"
             "'CronJob','name':'tick','controller':true}]},'spec':{'template':{'metadata':{"
             "'annotations':{" AUTO_ON "}},'spec':{" POD_USES_BOTH "}}},'status':{'conditions':["
             "{'type':'Complete','status':'True'}]}}");
    harness_start(h);
    const char *before = uid(h, RES_JOBS, "tick-1");
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_string_equal(uid(h, RES_JOBS, "tick-1"), before);
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 2); /* one new */
}

/* ---- CronJobs ---- */

static void a_cronjob_runs_once_a_change(void **state)
{
    struct harness *h = *state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    put_workload(h, RES_CRONJOBS, "tick", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    struct str name = fake_only_name(&h->api, &a, RES_JOBS, NS);
    const struct json *job = fake_get(&h->api, &a, RES_JOBS, NS, arena_dup(&a, name));
    assert_true(str_starts(name, STR("tick-")));
    assert_str(json_str(json_get(json_find(job, "metadata.annotations"),
                                 "cronjob.kubernetes.io/instantiate")),
               "manual");
    const struct json *owner = json_at(json_find(job, "metadata.ownerReferences"), 0);
    assert_str(json_str(json_get(owner, "uid")), uid(h, RES_CRONJOBS, "tick"));
    assert_true(json_bool(json_get(owner, "controller"), false));
    assert_int_equal(generation(h, RES_CRONJOBS, "tick"), 1); /* itself unchanged */
    harness_restart(h);
    harness_run(h, NS_MIN);
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 1);
    /* Back and forth between two values: a Job each time. */
    put_secret(h, "db", "one", "");
    harness_rest(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 3);
}

static void a_cronjob_survives_every_crash(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_CRONJOBS, "tick", AUTO_ON);
    harness_start(h);
    for (size_t n = 1; n <= 10; n++) {
        char value[20];
        snprintf(value, sizeof(value), "v%zu", n % 2);
        fake_forget_log(&h->api);
        h->api.dead_after = 1 + n / 2;
        h->api.dead_effect = n % 2;
        put_secret(h, "db", value, "");
        harness_run(h, 200 * NS_MS);
        harness_kill(h);
        h->api.dead_after = 0;
        harness_start(h);
        harness_run(h, NS_MIN);
        if (fake_count_objects(&h->api, RES_JOBS, NS) != n) {
            fail_msg("after %zu: %zu Jobs", n, fake_count_objects(&h->api, RES_JOBS, NS));
        }
    }
}

/* Reloader's RBAC has no patch on CronJobs and Jobs. */
static void a_cronjob_that_may_not_be_patched(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_CRONJOBS, "tick", AUTO_ON);
    fake_fault(&h->api, (struct fake_fault){"PATCH", "/batch/", 403, -1});
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 1);
    harness_restart(h);
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 1);
    harness_kill(h);
    put_secret(h, "db", "three", "");
    harness_start(h); /* the Job that was started says what for */
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 2);
    harness_restart(h);
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 2);
}

/* The Job is made, its record is written, and neither answer comes: still one Job a change. What
 * started it may be listed anew before the next attempt. */
static void a_cronjob_whose_answers_are_lost(void **state)
{
    struct harness *h = *state;
    for (int listed = 0; listed <= 1; listed++) {
        size_t jobs = 2 * (size_t)listed;
        h->api.deny_watch = listed;
        put_workload(h, RES_CRONJOBS, "tick", AUTO_ON);
        harness_start(h);
        fake_fault(&h->api,
                   (struct fake_fault){"POST", "/jobs", .status = 1, .times = 2, .after = true});
        fake_fault(&h->api, (struct fake_fault){"PATCH", "/cronjobs", .status = 1, .times = 2,
                                                .after = true});
        put_secret(h, "db", listed ? "four" : "two", "");
        harness_run(h, 100 * NS_MS);
        put_configmap(h, "nobodys", listed ? "1" : "2", "");
        harness_run(h, 20 * NS_S);
        assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), jobs + 1);
        put_secret(h, "db", listed ? "five" : "three", "");
        harness_run(h, 20 * NS_S);
        assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), jobs + 2);
        harness_kill(h);
    }
}

/* ---- Rollouts ---- */

static void rollouts(void **state)
{
    struct harness *h = *state;
    h->options.ignore_kind[WORKLOAD_ROLLOUT] = false;
    put_workload(h, RES_ROLLOUTS, "canary", AUTO_ON);
    put_workload(h, RES_ROLLOUTS, "quick",
                 AUTO_ON ",'reloader.stakater.com/rollout-strategy':'restart'");
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    assert_moved_for(h, RES_ROLLOUTS, "canary", "two");
    assert_not_moved(h, RES_ROLLOUTS, "quick");
    assert_str(json_find_str(fake_get(&h->api, &a, RES_ROLLOUTS, NS, "quick"), "spec.restartAt"),
               "2026-01-02T03:04:07Z");
    put_secret(h, "db", "three", "");
    put_configmap(h, "settings", "three", "");
    harness_rest(h);
    assert_moved_for(h, RES_ROLLOUTS, "canary", "three");
    assert_string_equal(variable_value(h, RES_ROLLOUTS, "canary", "STAKATER_SETTINGS_CONFIGMAP"),
                        fingerprint("three"));
    int64_t moves = generation(h, RES_ROLLOUTS, "quick");
    harness_restart(h);
    assert_int_equal(generation(h, RES_ROLLOUTS, "quick"), moves);
}

static void rollouts_are_off_by_default(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_ROLLOUTS, "canary", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_int_equal(generation(h, RES_ROLLOUTS, "canary"), 1);
    assert_int_equal(fake_count(&h->api, NULL, "rollouts"), 0);
}

static void put_borrower(struct harness *h, const char *name, const char *annotations)
{
    AUTO(buf_done) struct buf text = BUF_INIT(4096);
    buf_addf(&text,
             "{'metadata':{'namespace':'" NS "','name':'%s','annotations':{%s}},'spec':{"
             "'workloadRef':{'apiVersion':'apps/v1','kind':'Deployment','name':'lender'}}}",
             name, annotations);
    fake_put(&h->api, RES_ROLLOUTS, text.p);
}

static void a_rollout_with_a_borrowed_template(void **state)
{
    struct harness *h = *state;
    h->options.ignore_kind[WORKLOAD_ROLLOUT] = false;
    put_workload(h, RES_DEPLOYMENTS, "lender", "");
    put_borrower(h, "canary", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_DEPLOYMENTS, "lender", "two");
    assert_int_equal(generation(h, RES_ROLLOUTS, "canary"), 1);
    int64_t moves = generation(h, RES_DEPLOYMENTS, "lender");
    harness_restart(h);
    assert_int_equal(generation(h, RES_DEPLOYMENTS, "lender"), moves);
    /* The Rollout no longer asks for it. */
    put_borrower(h, "canary", "");
    put_secret(h, "db", "three", "");
    harness_rest(h);
    assert_moved_for(h, RES_DEPLOYMENTS, "lender", "two");
}

static void a_borrower_that_restarts_by_itself(void **state)
{
    struct harness *h = *state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    h->options.ignore_kind[WORKLOAD_ROLLOUT] = false;
    put_borrower(h, "quick", AUTO_ON ",'reloader.stakater.com/rollout-strategy':'restart'");
    put_workload(h, RES_DEPLOYMENTS, "lender", "");
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_not_moved(h, RES_DEPLOYMENTS, "lender");
    assert_true(
        json_find_str(fake_get(&h->api, &a, RES_ROLLOUTS, NS, "quick"), "spec.restartAt").n > 0);
    int64_t moves = generation(h, RES_ROLLOUTS, "quick");
    harness_kill(h);
    put_secret(h, "db", "three", "");
    harness_start(h);
    assert_int_equal(generation(h, RES_ROLLOUTS, "quick"), moves + 1);
}

/* ---- pauses ---- */

#define PERIOD(p) "'deployment.reloader.stakater.com/pause-period':'" p "'"
#define PAUSED_AT "deployment.reloader.stakater.com/paused-at"

static bool paused(struct harness *h, const char *name)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    return json_bool(json_find(fake_get(&h->api, &a, RES_DEPLOYMENTS, NS, name), "spec.paused"),
                     false);
}

static void a_pause_period(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_DEPLOYMENTS, "web", AUTO_ON "," PERIOD("1m"));
    harness_start(h);
    int64_t before = generation(h, RES_DEPLOYMENTS, "web");
    put_secret(h, "db", "two", "");
    harness_run(h, 10 * NS_S);
    assert_true(paused(h, "web"));
    assert_moved_for(h, RES_DEPLOYMENTS, "web", "two");
    assert_string_equal(annotation_value(h, RES_DEPLOYMENTS, "web", PAUSED_AT),
                        "2026-01-02T03:04:07Z");
    assert_int_equal(generation(h, RES_DEPLOYMENTS, "web"), before + 1);
    put_secret(h, "db", "three", "");
    harness_run(h, 40 * NS_S);
    assert_true(paused(h, "web"));
    assert_moved_for(h, RES_DEPLOYMENTS, "web", "three");
    harness_run(h, 15 * NS_S);
    assert_false(paused(h, "web"));
    assert_string_equal(annotation_value(h, RES_DEPLOYMENTS, "web", PAUSED_AT), "");
    assert_int_equal(generation(h, RES_DEPLOYMENTS, "web"), before + 3);
}

/* What Reloader leaves paused for ever. */
static void a_pause_survives_a_restart(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_DEPLOYMENTS, "web", AUTO_ON "," PERIOD("1m"));
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_run(h, 10 * NS_S);
    harness_kill(h);
    harness_start(h);
    assert_true(paused(h, "web"));
    harness_run(h, NS_MIN);
    assert_false(paused(h, "web"));
    /* Also if the workload is not opted in any more. */
    put_workload(h, RES_DEPLOYMENTS, "web", AUTO_ON "," PERIOD("1m"));
    put_secret(h, "db", "three", "");
    harness_run(h, 10 * NS_S);
    assert_true(paused(h, "web"));
    harness_kill(h);
    fake_put(&h->api, RES_DEPLOYMENTS,
             "{'metadata':{'namespace':'" NS "','name':'web','annotations':{'" PAUSED_AT
             "':'2026-01-02T03:06:00Z'}},'spec':{'paused':true}}");
    harness_start(h);
    assert_false(paused(h, "web"));
}

static void a_users_pause_is_theirs(void **state)
{
    struct harness *h = *state;
    put_pod(h, RES_DEPLOYMENTS, "web", AUTO_ON "," PERIOD("10s"), "'paused':true,", "",
            POD_USES_BOTH);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_run(h, NS_MIN);
    assert_true(paused(h, "web"));
    assert_moved_for(h, RES_DEPLOYMENTS, "web", "two");
    assert_string_equal(annotation_value(h, RES_DEPLOYMENTS, "web", PAUSED_AT), "");
}

static void a_pause_that_was_ended_by_hand(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_DEPLOYMENTS, "web", AUTO_ON "," PERIOD("1m"));
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_run(h, 10 * NS_S);
    AUTO(buf_done) struct buf ledger = BUF_INIT(4096);
    buf_addf(&ledger, AUTO_ON "," PERIOD("1m") ",'" PAUSED_AT "':'2026-01-02T03:04:07Z'");
    put_pod(h, RES_DEPLOYMENTS, "web", ledger.p, "'paused':false,", "", POD_USES_BOTH);
    harness_rest(h);
    assert_string_equal(annotation_value(h, RES_DEPLOYMENTS, "web", PAUSED_AT), "");
    put_secret(h, "db", "three", "");
    harness_rest(h);
    assert_true(paused(h, "web"));
    harness_run(h, 2 * NS_MIN);
    assert_false(paused(h, "web"));
}

static void a_bad_pause_period(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_DEPLOYMENTS, "web", AUTO_ON "," PERIOD("soon"));
    put_workload(h, RES_DEPLOYMENTS, "web2", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_DEPLOYMENTS, "web", "two");
    assert_moved_for(h, RES_DEPLOYMENTS, "web2", "two");
    assert_false(paused(h, "web"));
}

/* ---- SecretProviderClasses ---- */

static void put_pod_status(struct harness *h, const char *pod, const char *version)
{
    AUTO(buf_done) struct buf text = BUF_INIT(4096);
    buf_addf(&text,
             "{'metadata':{'namespace':'" NS "','name':'%s-vault'},'status':{'podName':'%s',"
             "'secretProviderClassName':'vault','objects':[{'id':'secret/db','version':'%s'}]}}",
             pod, pod, version);
    fake_put(&h->api, RES_SECRETPROVIDERCLASSPODSTATUSES, text.p);
}

static void put_csi_workload(struct harness *h)
{
    put_pod(h, RES_STATEFULSETS, "base", "'secretproviderclass.reloader.stakater.com/auto':'true'",
            "", "",
            "'containers':[{'name':'app','volumeMounts':[{'name':'v'}]}],'volumes':[{'name':'v',"
            "'csi':{'volumeAttributes':{'secretProviderClass':'vault'}}}]");
}

static void a_mount_is_rotated(void **state)
{
    struct harness *h = *state;
    h->options.ignore_type[SOURCE_SPC] = false;
    fake_put(&h->api, RES_SECRETPROVIDERCLASSES,
             "{'metadata':{'namespace':'" NS "','name':'vault'}}");
    put_csi_workload(h);
    put_pod_status(h, "base-0", "v1");
    put_pod_status(h, "base-1", "v1");
    harness_start(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    put_pod_status(h, "base-0", "v2");
    harness_rest(h);
    put_pod_status(h, "base-1", "v2"); /* the same news from the other pod */
    harness_rest(h);
    put_pod_status(h, "base-2", "v2"); /* a new pod */
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    assert_true(strlen(variable_value(h, RES_STATEFULSETS, "base",
                                      "STAKATER_VAULT_SECRETPROVIDERCLASS")) == 40);
    harness_restart(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    harness_kill(h);
    put_pod_status(h, "base-0", "v3");
    put_pod_status(h, "base-1", "v3");
    put_pod_status(h, "base-2", "v3");
    harness_start(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 3);
}

static void a_class_that_is_ignored(void **state)
{
    struct harness *h = *state;
    h->options.ignore_type[SOURCE_SPC] = false;
    fake_put(&h->api, RES_SECRETPROVIDERCLASSES,
             "{'metadata':{'namespace':'" NS "','name':'vault','annotations':{"
             "'reloader.stakater.com/ignore':'true'}}}");
    put_csi_workload(h);
    put_pod_status(h, "base-0", "v1");
    harness_start(h);
    put_pod_status(h, "base-0", "v2");
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
}

int main(void)
{
    http_global_init();
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(a_job_is_made_again),
        HARNESS_TEST(a_job_with_a_slow_end),
        HARNESS_TEST(a_job_with_a_very_slow_end),
        HARNESS_TEST(a_job_that_cannot_be_made_stays),
        HARNESS_TEST(a_job_survives_every_crash),
        HARNESS_TEST(a_job_whose_answers_are_lost),
        HARNESS_TEST(a_copy_that_is_looked_after_is_none),
        HARNESS_TEST(jobs_of_a_cronjob),
        HARNESS_TEST(a_cronjob_runs_once_a_change),
        HARNESS_TEST(a_cronjob_survives_every_crash),
        HARNESS_TEST(a_cronjob_that_may_not_be_patched),
        HARNESS_TEST(a_cronjob_whose_answers_are_lost),
        HARNESS_TEST(rollouts),
        HARNESS_TEST(rollouts_are_off_by_default),
        HARNESS_TEST(a_rollout_with_a_borrowed_template),
        HARNESS_TEST(a_borrower_that_restarts_by_itself),
        HARNESS_TEST(a_pause_period),
        HARNESS_TEST(a_pause_survives_a_restart),
        HARNESS_TEST(a_users_pause_is_theirs),
        HARNESS_TEST(a_pause_that_was_ended_by_hand),
        HARNESS_TEST(a_bad_pause_period),
        HARNESS_TEST(a_mount_is_rotated),
        HARNESS_TEST(a_class_that_is_ignored),
    };
    int result = RUN(tests);
    http_global_done();
    return result;
}
