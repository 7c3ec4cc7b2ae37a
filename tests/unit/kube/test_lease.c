/* SPDX-License-Identifier: Apache-2.0
 *
 * Leader election against a server with one Lease, which keeps it as an API server does: versions,
 * conflicts, six decimals. Several candidates share it; time is the test's.
 */
#include "kube/lease.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/log.h"
#include "peer.h"
#include "test.h"

enum { CANDIDATES = 3 };

struct candidate {
    struct lease *lease;
    char identity[32]; /* another one in each life */
    int lives;
    bool leads;
    int started;
    int stopped;
    char *why;
    char *leader; /* as told by new_leader */
    bool released;
};

static struct world {
    struct loop *loop;
    struct peer peer;
    struct kube_client *client;
    struct arena arena;
    struct json *object; /* NULL: there is none */
    int version;
    int writes;
    bool mute; /* requests are not answered */
    VEC(struct http_exchange *) unanswered;
    int fail; /* this status instead of an answer */
    struct candidate c[CANDIDATES];
} w;

/* ---- the server ---- */

static void refuse(struct http_exchange *x, int code, const char *reason)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    buf_addf(
        &b,
        "{\"kind\":\"Status\",\"message\":\"%s\",\"reason\":\"%s\",\"details\":{\"name\":\"l\","
        "\"kind\":\"leases\"},\"code\":%d}",
        reason, reason, code);
    http_reply(x, code, "application/json", buf_str(&b));
}

static void show(struct http_exchange *x, int status)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1 << 16);
    json_write(&b, w.object, JSON_WRITE_PLAIN);
    http_reply(x, status, "application/json", buf_str(&b));
}

static void check_micro_time(const struct json *spec, const char *key)
{
    struct str text = json_find_str(spec, key);
    assert_int_equal(text.n, strlen("2006-01-02T15:04:05.000000Z"));
}

static void store(struct http_exchange *x, int status)
{
    struct json *doc = json_parse(&w.arena, http_x_body(x), JSON_COPY, NULL);
    assert_non_null(doc);
    check_micro_time(json_get(doc, "spec"), "renewTime");
    check_micro_time(json_get(doc, "spec"), "acquireTime");
    assert_true(json_int(json_find(doc, "spec.leaseDurationSeconds"), 0) > 0);
    char version[20];
    (void)snprintf(version, sizeof(version), "%d", ++w.version);
    json_set_str(&w.arena, json_edit(&w.arena, doc, "metadata"), "resourceVersion", str_c(version));
    w.object = doc;
    w.writes++;
    show(x, status);
}

static void serve(void *arg, struct http_exchange *x)
{
    struct str method = http_x_method(x);
    if (w.mute) {
        vec_push(&w.unanswered, x);
    } else if (w.fail) {
        refuse(x, w.fail, "InternalError");
    } else if (str_eq(method, STR("POST"))) {
        w.object ? refuse(x, 409, "AlreadyExists") : store(x, 201);
    } else if (!w.object) {
        refuse(x, 404, "NotFound");
    } else if (str_eq(method, STR("GET"))) {
        show(x, 200);
    } else {
        assert_true(str_eq(method, STR("PUT")));
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        const struct json *doc = json_parse(&a, http_x_body(x), JSON_COPY, NULL);
        bool current = str_eq(json_find_str(doc, "metadata.resourceVersion"),
                              json_find_str(w.object, "metadata.resourceVersion"));
        current ? store(x, 200) : refuse(x, 409, "Conflict");
    }
}

static void answer_again(void)
{
    w.mute = false;
    for (size_t i = 0; i < w.unanswered.n; i++) {
        http_x_reset(w.unanswered.v[i]);
    }
    w.unanswered.n = 0;
}

static void put_lease(const char *spec)
{
    AUTO(buf_done) struct buf b = BUF_INIT(4096);
    buf_addf(&b,
             "{\"metadata\":{\"name\":\"l\",\"namespace\":\"a\",\"resourceVersion\":\"%d\","
             "\"labels\":{\"theirs\":\"1\"}},\"spec\":{%s}}",
             ++w.version, spec);
    w.object = json_parse(&w.arena, buf_str(&b), JSON_COPY, NULL);
    assert_non_null(w.object);
}

/* ---- candidates ---- */

static void on_started(void *arg)
{
    struct candidate *c = arg;
    assert_false(c->leads);
    c->leads = true;
    c->started++;
}

static void on_stopped(void *arg, const struct err *why)
{
    struct candidate *c = arg;
    assert_true(c->leads);
    c->leads = false;
    c->stopped++;
    free(c->why);
    c->why = xstrdup(err_msg(why));
}

static void on_new_leader(void *arg, struct str identity)
{
    struct candidate *c = arg;
    free(c->leader);
    c->leader = str_dup(identity);
}

static void on_released(void *arg)
{
    ((struct candidate *)arg)->released = true;
}

static struct lease_config config_of(int i)
{
    int life = w.c[i].lives++;
    (void)snprintf(w.c[i].identity, sizeof(w.c[i].identity), life ? "c%d-%d" : "c%d", i, life);
    return (struct lease_config){.client = w.client,
                                 .ns = STR("a"),
                                 .name = STR("l"),
                                 .identity = str_c(w.c[i].identity),
                                 .started = on_started,
                                 .stopped = on_stopped,
                                 .new_leader = on_new_leader,
                                 .arg = &w.c[i]};
}

static void compete(int i)
{
    struct lease_config config = config_of(i);
    AUTO(err_freep) struct err *err = NULL;
    w.c[i].lease = lease_new(&config, &err);
    assert_non_null(w.c[i].lease);
}

static int leaders(void)
{
    int n = 0;
    for (int i = 0; i < CANDIDATES; i++) {
        n += w.c[i].leads;
    }
    return n;
}

/* In small steps, so that two leaders at one time would be seen. */
static void pass(ns_t by)
{
    for (ns_t step = 100 * NS_MS; by > 0; by -= step) {
        loop_advance(w.loop, MIN(step, by));
        assert_true(leaders() <= 1);
    }
}

static int set_up(void **state)
{
    clock_fake_start(NS_H, 1000000 * NS_H);
    memset(&w, 0, sizeof(w));
    w.loop = loop_new();
    w.arena = ARENA_INIT(ARENA_PLAIN);
    peer_init(&w.peer, w.loop);
    w.peer.otherwise = serve;
    w.client = kube_client_new(w.loop, &(struct kube_client_config){.config = w.peer.config});
    log_configure(&(struct log_config){.level = LOG_ERROR, .fd = 2});
    return 0;
}

static int tear_down(void **state)
{
    for (int i = 0; i < CANDIDATES; i++) {
        lease_free(w.c[i].lease);
        free(w.c[i].why);
        free(w.c[i].leader);
    }
    kube_client_free(w.client);
    answer_again();
    vec_done(&w.unanswered);
    peer_done(&w.peer);
    loop_free(w.loop);
    arena_done(&w.arena);
    clock_fake_stop();
    return 0;
}

/* ---- tests ---- */

static void the_first_one_makes_the_lease(void **state)
{
    compete(0);
    pass(100 * NS_MS);
    assert_true(w.c[0].leads);
    assert_true(lease_is_leader(w.c[0].lease));
    assert_str(lease_holder(w.c[0].lease), "c0");
    assert_string_equal(w.c[0].leader, "c0");
    assert_int_equal(json_int(json_find(w.object, "spec.leaseTransitions"), -1), 0);
    struct str acquired = json_find_str(w.object, "spec.acquireTime");
    pass(NS_MIN);
    assert_true(w.c[0].leads);
    assert_int_equal(w.c[0].started, 1);
    assert_true(w.writes >= 29 && w.writes <= 32); /* each two seconds */
    assert_true(str_eq(json_find_str(w.object, "spec.acquireTime"), acquired));
    assert_int_equal(peer_count(&w.peer, "GET"), 1); /* renewals are one request each */
}

static void others_wait(void **state)
{
    compete(0);
    pass(NS_S);
    compete(1);
    compete(2);
    pass(5 * NS_MIN);
    assert_true(w.c[0].leads);
    assert_int_equal(w.c[1].started + w.c[2].started, 0);
    assert_string_equal(w.c[2].leader, "c0");
    assert_str(lease_holder(w.c[1].lease), "c0");
}

/* Whatever the times in the record say: only its being unchanged counts, on the own clock. */
static void a_dead_holder_is_waited_for_once(void **state)
{
    put_lease("\"holderIdentity\":\"dead\",\"leaseDurationSeconds\":20,\"acquireTime\":"
              "\"2000-01-01T00:00:00.000000Z\",\"renewTime\":\"2000-01-01T00:00:00.000000Z\","
              "\"leaseTransitions\":7,\"strategy\":\"x\"");
    compete(1);
    pass(19 * NS_S);
    assert_false(w.c[1].leads);
    assert_string_equal(w.c[1].leader, "dead");
    pass(6 * NS_S); /* its 20 s, not our 15, and a retry period with jitter */
    assert_true(w.c[1].leads);
    assert_int_equal(json_int(json_find(w.object, "spec.leaseTransitions"), -1), 8);
    assert_str(json_find_str(w.object, "metadata.labels.theirs"), "1"); /* of others: stays */
    assert_str(json_find_str(w.object, "spec.strategy"), "x");
}

static void a_released_lease_is_taken_at_once(void **state)
{
    put_lease("\"holderIdentity\":\"\",\"leaseDurationSeconds\":1,\"leaseTransitions\":3");
    compete(0);
    pass(100 * NS_MS);
    assert_true(w.c[0].leads);
    compete(1);
    pass(NS_S);
    lease_release(w.c[0].lease, on_released, &w.c[0]);
    w.c[0].leads = false;
    pass(100 * NS_MS);
    assert_true(w.c[0].released);
    assert_str(json_find_str(w.object, "spec.holderIdentity"), "");
    pass(5 * NS_S);
    assert_true(w.c[1].leads);
    assert_int_equal(w.c[0].stopped, 0);
    assert_int_equal(json_int(json_find(w.object, "spec.leaseTransitions"), -1), 5);
}

static void releasing_what_one_does_not_hold(void **state)
{
    compete(0);
    pass(NS_S);
    compete(1);
    pass(NS_S);
    lease_release(w.c[1].lease, on_released, &w.c[1]);
    assert_false(w.c[1].released); /* not inside */
    pass(NS_MIN);
    assert_true(w.c[1].released);
    assert_true(w.c[0].leads);
}

/* The leader stops before anybody else can start. */
static void a_silent_server_ends_leadership_in_time(void **state)
{
    compete(0);
    pass(NS_S);
    compete(1);
    pass(3 * NS_S);
    w.mute = true;
    pass(8 * NS_S - 200 * NS_MS);
    assert_true(w.c[0].leads);
    pass(2300 * NS_MS);
    assert_false(w.c[0].leads);
    assert_int_equal(w.c[0].stopped, 1);
    assert_non_null(strstr(w.c[0].why, "could not be renewed in 10 s"));
    answer_again();
    pass(NS_MIN);
    assert_int_equal(leaders(), 1);
}

static void errors_do_not_end_it_at_once(void **state)
{
    compete(0);
    pass(NS_S);
    w.fail = 500;
    pass(6 * NS_S);
    assert_true(w.c[0].leads);
    w.fail = 0;
    pass(NS_MIN);
    assert_true(w.c[0].leads);
    assert_int_equal(w.c[0].started, 1);
    w.fail = 500;
    pass(13 * NS_S);
    assert_false(w.c[0].leads);
    assert_non_null(strstr(w.c[0].why, "InternalError"));
    w.fail = 0;
    pass(20 * NS_S);
    assert_true(w.c[0].leads); /* the record is our own still */
    assert_int_equal(w.c[0].started, 2);
}

static void somebody_elses_name_ends_it(void **state)
{
    compete(0);
    pass(NS_S);
    put_lease("\"holderIdentity\":\"thief\",\"leaseDurationSeconds\":15,\"leaseTransitions\":1");
    pass(3 * NS_S);
    assert_false(w.c[0].leads);
    assert_non_null(strstr(w.c[0].why, "\"thief\" holds the lease now"));
    pass(NS_MIN);
    assert_true(w.c[0].leads); /* the thief never renewed */
}

/* A label of somebody else changes the version, not who leads. */
static void foreign_writes_are_survived(void **state)
{
    compete(0);
    pass(NS_S);
    char version[20];
    (void)snprintf(version, sizeof(version), "%d", ++w.version);
    json_set_str(&w.arena, json_edit(&w.arena, w.object, "metadata"), "resourceVersion",
                 str_c(version));
    pass(NS_MIN);
    assert_true(w.c[0].leads);
    assert_int_equal(w.c[0].stopped, 0);
}

static void a_deleted_lease_is_made_anew(void **state)
{
    compete(0);
    pass(NS_S);
    w.object = NULL;
    pass(3 * NS_S);
    assert_non_null(w.object);
    assert_true(w.c[0].leads);
    assert_int_equal(w.c[0].stopped, 0);
}

static void candidates_come_and_go(void **state)
{
    int terms = 0;
    for (int i = 0; i < CANDIDATES; i++) {
        compete(i);
    }
    for (int round = 0; round < 12; round++) {
        pass(40 * NS_S);
        assert_int_equal(leaders(), 1);
        for (int i = 0; i < CANDIDATES; i++) {
            if (w.c[i].leads) {
                lease_free(w.c[i].lease); /* killed: says nothing to anybody */
                w.c[i].leads = false;
                terms++;
                compete(i);
            }
        }
    }
    assert_int_equal(terms, 12);
    assert_int_equal(json_int(json_find(w.object, "spec.leaseTransitions"), -1), 11);
}

static void times_that_do_not_fit(void **state)
{
    const struct {
        ns_t duration;
        ns_t deadline;
        ns_t retry;
    } cases[] = {
        {10 * NS_S, 10 * NS_S, NS_S}, {10 * NS_S, 2 * NS_S, 2 * NS_S}, {1, 0, 0}, {0, 0, -1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct lease_config config = config_of(0);
        config.duration = cases[i].duration;
        config.renew_deadline = cases[i].deadline;
        config.retry_period = cases[i].retry;
        AUTO(err_freep) struct err *err = NULL;
        assert_null(lease_new(&config, &err));
        assert_int_equal(err->kind, ERR_INVALID);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    http_global_init();
    const struct CMUnitTest tests[] = {
        TEST(the_first_one_makes_the_lease),    TEST(others_wait),
        TEST(a_dead_holder_is_waited_for_once), TEST(a_released_lease_is_taken_at_once),
        TEST(releasing_what_one_does_not_hold), TEST(a_silent_server_ends_leadership_in_time),
        TEST(errors_do_not_end_it_at_once),     TEST(somebody_elses_name_ends_it),
        TEST(foreign_writes_are_survived),      TEST(a_deleted_lease_is_made_anew),
        TEST(candidates_come_and_go),           TEST(times_that_do_not_fit),
    };
    int failed = RUN(tests);
    http_global_done();
    return failed;
}
