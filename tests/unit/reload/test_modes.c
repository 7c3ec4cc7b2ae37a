/* SPDX-License-Identifier: Apache-2.0
 *
 * Other ways to run: workloads that may only be listed (Reloader's own RBAC), the web hook, alerts,
 * the meta-info ConfigMap, and a plan.
 */
#include "harness.h"

#include "reload/plan.h"

/* ---- workloads are listed ---- */

static void without_watch_workloads_are_listed(void **state)
{
    struct harness *h = *state;
    h->api.deny_watch = true;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    assert_true(reload_ready(h->reload, NULL));
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    fake_forget_log(&h->api);
    for (int i = 0; i < 10; i++) {
        harness_restart(h);
    }
    assert_int_equal(workload_writes(h), 0);
}

static void a_batch_is_listed_once(void **state)
{
    struct harness *h = *state;
    h->api.deny_watch = true;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    fake_forget_log(&h->api);
    put_secrets(h, 30, "one");
    harness_rest(h);
    put_secrets(h, 30, "two");
    harness_rest(h);
    assert_in_range(fake_count(&h->api, "GET", "/statefulsets?"), 1, 6);
    /* Labels are no reason to look. */
    fake_forget_log(&h->api);
    put_secret(h, "s1", "two", "'a':'b'");
    harness_rest(h);
    assert_int_equal(fake_count(&h->api, NULL, ""), 0);
}

/* It was made after the last list and before the change: it has to move. */
static void a_workload_that_no_list_has_shown(void **state)
{
    struct harness *h = *state;
    h->api.deny_watch = true;
    harness_start(h);
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_run(h, NS_MIN);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
}

static void annotations_count_as_of_the_change(void **state)
{
    struct harness *h = *state;
    h->api.deny_watch = true;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    put_workload(h, RES_STATEFULSETS, "base", "");
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
}

static void lists_fail_for_a_while(void **state)
{
    struct harness *h = *state;
    h->api.deny_watch = true;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api, (struct fake_fault){"GET", "/statefulsets", 500, 3});
    put_secret(h, "db", "two", "");
    harness_run(h, NS_MIN);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
}

static void jobs_are_made_again_when_listed(void **state)
{
    struct harness *h = *state;
    h->api.deny_watch = true;
    fake_fault(&h->api, (struct fake_fault){"PATCH", "/batch/", 403, -1});
    put_workload(h, RES_JOBS, "once", AUTO_ON);
    put_workload(h, RES_CRONJOBS, "tick", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_JOBS, "once", "two");
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 2);
    harness_kill(h);
    put_secret(h, "db", "three", "");
    harness_start(h);
    assert_moved_for(h, RES_JOBS, "once", "three");
    assert_int_equal(fake_count_objects(&h->api, RES_JOBS, NS), 3);
}

/* ---- web hook and alerts ---- */

struct receiver {
    struct http_server *server;
    char *url;
    VEC(char *) bodies;
    char *type;
    int status; /* to answer */
};

static void receive(void *arg, struct http_exchange *x)
{
    struct receiver *r = arg;
    vec_push(&r->bodies, str_dup(http_x_body(x)));
    free(r->type);
    r->type = str_dup(http_x_header(x, "Content-Type"));
    http_reply(x, r->status, "text/plain", STR("thanks"));
}

static void receiver_init(struct receiver *r, struct harness *h)
{
    *r = (struct receiver){.status = 200};
    r->server = http_server_new(
        h->loop, &(struct http_server_config){.address = "127.0.0.1", .handle = receive, .arg = r},
        NULL);
    assert_non_null(r->server);
    r->url = xasprintf("http://127.0.0.1:%u/hook", http_server_port(r->server));
}

static void receiver_done(struct receiver *r)
{
    http_server_free(r->server);
    for (size_t i = 0; i < r->bodies.n; i++) {
        free(r->bodies.v[i]);
    }
    vec_done(&r->bodies);
    free(r->type);
    free(r->url);
}

static void the_web_hook(void **state)
{
    struct harness *h = *state;
    AUTO(receiver_done) struct receiver r;
    receiver_init(&r, h);
    h->options.webhook_url = r.url;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "'reloader.stakater.com/ignore':'true'");
    harness_rest(h);
    assert_int_equal(r.bodies.n, 1);
    assert_string_equal(r.bodies.v[0], "{\"webhook\":\"update successful\"}");
    assert_string_equal(r.type, "application/json");
    put_secret(h, "db", "two", "");               /* marks only */
    put_secret(h, "new", "one", "");              /* creation: off */
    fake_remove(&h->api, RES_SECRETS, NS, "new"); /* deletion: off */
    harness_rest(h);
    assert_int_equal(r.bodies.n, 1);
    r.status = 500; /* any answer will do */
    put_configmap(h, "settings", "two", "");
    harness_rest(h);
    assert_int_equal(r.bodies.n, 2);
    assert_int_equal(fake_count(&h->api, NULL, "/apis/apps"), 0);
    harness_kill(h);
}

static void alerts_follow_a_move(void **state)
{
    struct harness *h = *state;
    AUTO(receiver_done) struct receiver r;
    receiver_init(&r, h);
    h->options.alert =
        (struct reload_alert_options){.enabled = true, .sink = "gchat", .url = r.url};
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    r.status = 503;
    put_secret(h, "db", "two", "");
    harness_run(h, 500 * NS_MS);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two"); /* not held up */
    r.status = 200;
    harness_run(h, 10 * NS_S);
    assert_int_equal(r.bodies.n, 2);
    assert_string_equal(r.bodies.v[1],
                        "{\"text\":\"Reloader detected changes in *db* of type *SECRET* in "
                        "namespace *shop*. Hence reloaded *base* of type *StatefulSet* in "
                        "namespace *shop*\"}");
    harness_run(h, NS_MIN);
    assert_int_equal(r.bodies.n, 2);
    harness_kill(h);
}

/* ---- meta-info ---- */

static void meta_info_is_written_once(void **state)
{
    struct harness *h = *state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    h->options.meta_info_namespace = "reloader";
    harness_start(h);
    const struct json *cm = fake_get(&h->api, &a, RES_CONFIGMAPS, "reloader", "reloader-meta-info");
    assert_non_null(cm);
    fake_forget_log(&h->api);
    harness_restart(h);
    assert_int_equal(fake_count(&h->api, "PUT", ""), 0);
    h->options.on_create = true;
    harness_restart(h);
    assert_int_equal(fake_count(&h->api, "PUT", "/configmaps/reloader-meta-info"), 1);
}

/* ---- plans ---- */

struct planned {
    VEC(char *) rows;
    bool done;
    bool found;
    int problems;
    bool denied;
};

static void add_row(void *arg, const struct plan_row *row)
{
    struct planned *p = arg;
    vec_push(&p->rows, xasprintf("%s %.*s %s %s %.*s", workload_kind_info(row->kind)->name,
                                 STR_ARG(row->name), row->moves ? "moves" : "stays", row->key,
                                 STR_ARG(row->container)));
}

static void plan_done(void *arg, bool found)
{
    struct planned *p = arg;
    p->done = true;
    p->found = found;
}

static void plan_problem(void *arg, const struct err *err)
{
    struct planned *p = arg;
    p->problems++;
    p->denied = err_is(err, ERR_DENIED);
}

static bool has_row(const struct planned *p, const char *row)
{
    for (size_t i = 0; i < p->rows.n; i++) {
        if (strcmp(p->rows.v[i], row) == 0) {
            return true;
        }
    }
    return false;
}

static struct plan *ask_plan(struct harness *h, struct planned *p, const char *secret)
{
    AUTO(err_freep) struct err *err = NULL;
    struct plan *plan = plan_new(&(struct plan_request){.client = h->client,
                                                        .options = &h->options,
                                                        .subject = PLAN_SOURCE,
                                                        .type = SOURCE_SECRET,
                                                        .ns = STR(NS),
                                                        .name = str_c(secret),
                                                        .row = add_row,
                                                        .problem = plan_problem,
                                                        .done = plan_done,
                                                        .arg = p},
                                 &err);
    assert_non_null(plan);
    return plan;
}

static void planned_done(struct planned *p)
{
    for (size_t i = 0; i < p->rows.n; i++) {
        free(p->rows.v[i]);
    }
    vec_done(&p->rows);
}

static void a_plan(void **state)
{
    struct harness *h = *state;
    struct planned p = {0};
    put_workload(h, RES_STATEFULSETS, "auto", AUTO_ON);
    put_workload(h, RES_DEPLOYMENTS, "plain", "");
    put_workload(h, RES_DEPLOYMENTS, "searching", "'reloader.stakater.com/search':'true'");
    put_pod(h, RES_DAEMONSETS, "listed", "'secret.reloader.stakater.com/reload':'d.*'", "", "",
            "'containers':[{'name':'x'}]");
    put_pod(h, RES_DAEMONSETS, "unrelated", AUTO_ON, "", "", "'containers':[{'name':'x'}]");
    harness_start(h);
    fake_forget_log(&h->api);
    struct plan *plan = ask_plan(h, &p, "db");
    harness_rest(h);
    assert_true(p.done && p.found);
    assert_int_equal(p.problems, 0);
    assert_true(has_row(&p, "StatefulSet auto moves reloader.stakater.com/auto app"));
    assert_true(has_row(&p, "DaemonSet listed moves secret.reloader.stakater.com/reload x"));
    assert_true(has_row(&p, "Deployment plain stays  "));
    assert_true(has_row(&p, "Deployment searching stays  "));
    assert_int_equal(p.rows.n, 4);
    assert_int_equal(fake_count(&h->api, "GET", ""), h->api.log.n); /* it only reads */
    plan_free(plan);
    planned_done(&p);
}

static void a_plan_that_may_not_see_everything(void **state)
{
    struct harness *h = *state;
    struct planned p = {0};
    put_workload(h, RES_STATEFULSETS, "auto", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api, (struct fake_fault){.part = "/deployments", .status = 403, .times = -1});
    struct plan *plan = ask_plan(h, &p, "db");
    harness_rest(h);
    assert_true(p.done);
    assert_int_equal(p.problems, 1);
    assert_true(p.denied);
    assert_true(has_row(&p, "StatefulSet auto moves reloader.stakater.com/auto app"));
    plan_free(plan);
    planned_done(&p);
}

static void a_plan_for_what_is_not_there(void **state)
{
    struct harness *h = *state;
    struct planned p = {0};
    put_workload(h, RES_STATEFULSETS, "auto", AUTO_ON);
    harness_start(h);
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    struct plan *plan = ask_plan(h, &p, "db");
    harness_rest(h);
    assert_true(p.done);
    assert_false(p.found);
    assert_true(has_row(&p, "StatefulSet auto stays reloader.stakater.com/auto "));
    plan_free(plan);
    planned_done(&p);
}

static void a_plan_is_cancelled(void **state)
{
    struct harness *h = *state;
    struct planned p = {0};
    harness_start(h);
    struct plan *plan = ask_plan(h, &p, "db");
    plan_free(plan); /* its lists are under way */
    harness_rest(h);
    assert_false(p.done);
}

int main(void)
{
    http_global_init();
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(without_watch_workloads_are_listed),
        HARNESS_TEST(a_batch_is_listed_once),
        HARNESS_TEST(a_workload_that_no_list_has_shown),
        HARNESS_TEST(annotations_count_as_of_the_change),
        HARNESS_TEST(lists_fail_for_a_while),
        HARNESS_TEST(jobs_are_made_again_when_listed),
        HARNESS_TEST(the_web_hook),
        HARNESS_TEST(alerts_follow_a_move),
        HARNESS_TEST(meta_info_is_written_once),
        HARNESS_TEST(a_plan),
        HARNESS_TEST(a_plan_that_may_not_see_everything),
        HARNESS_TEST(a_plan_for_what_is_not_there),
        HARNESS_TEST(a_plan_is_cancelled),
    };
    int result = RUN(tests);
    http_global_done();
    return result;
}
