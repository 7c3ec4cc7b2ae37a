/* SPDX-License-Identifier: Apache-2.0
 *
 * What `pawl status` prints of the documents that it was given.
 */
#include "test.h"

#include "app/status_view.h"
#include "base/datetime.h"

#define NOW "2026-01-01T12:00:00Z"

struct stage {
    struct arena arena;
    struct status_view view;
    struct buf out;
};

static int set_up(void **state)
{
    struct stage *s = xcalloc(1, sizeof(*s));
    s->arena = ARENA_INIT(ARENA_PLAIN);
    s->out = BUF_INIT(1 << 20);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;
    status_view_done(&s->view);
    arena_done(&s->arena);
    buf_done(&s->out);
    free(s);
    return 0;
}

/* Single quotes stand for double ones. */
static const struct json *document(struct stage *s, const char *text)
{
    char *copy = arena_dup(&s->arena, str_c(text));
    for (char *c = copy; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    const struct json *j = json_parse(&s->arena, str_c(copy), JSON_PLAIN, NULL);
    assert_non_null(j);
    return j;
}

static const char *table(struct stage *s)
{
    ns_t now;
    assert_true(rfc3339_parse(STR(NOW), &now));
    buf_clear(&s->out);
    status_view_table(&s->view, now, &s->out);
    return s->out.p;
}

#define LEADER(rest) "{'version':'1.0','leading':true," rest "}"

static void every_state_of_a_workload(void **state)
{
    struct stage *s = *state;
    status_view_add(
        &s->view, STR("pod p/a"),
        document(
            s, LEADER("'objects':[],'workloads':["
                      "{'namespace':'n','workload':'deployment/e','state':'current','sources':[]},"
                      "{'namespace':'n','workload':'deployment/a','state':'failing','sources':"
                      "[{'source':'secret/db','state':'due'},"
                      "{'source':'configmap/c','state':'current'}],"
                      "'failingSince':'2026-01-01T11:57:00Z','failures':4,"
                      "'nextTry':'2026-01-01T12:00:20Z','dueSince':'2026-01-01T11:56:00Z',"
                      "'lastError':'not today'},"
                      "{'namespace':'n','workload':'deployment/b','state':'waiting','sources':"
                      "[{'source':'secret/db','state':'due'}],"
                      "'dueSince':'2026-01-01T11:59:55Z'},"
                      "{'namespace':'n','workload':'deployment/c','state':'paused','sources':"
                      "[{'source':'secret/db','state':'current'}],"
                      "'restartedAt':'2026-01-01T09:50:00Z','restartedFor':'secret/db',"
                      "'pausedUntil':'2026-01-01T12:05:00Z'},"
                      "{'namespace':'n','workload':'deployment/d','state':'paused',"
                      "'sources':[],'pausedByUser':true}]")));
    assert_string_equal(
        table(s),
        "Pawl 1.0, pod p/a\n"
        "\n"
        "WORKLOAD      STATE    SOURCES                       RESTARTED                DETAIL\n"
        "deployment/a  failing  secret/db (due), configmap/c                           for 3m, 4 "
        "tries, next in 20s: not today\n"
        "deployment/b  waiting  secret/db (due)                                        due for 5s\n"
        "deployment/c  paused   secret/db                     2h10m ago for secret/db  resumes in "
        "5m\n"
        "deployment/d  paused                                                          a user has "
        "paused it\n"
        "deployment/e  current\n"
        "\n"
        "5 workloads: 1 current, 1 waiting, 1 failing, 2 paused; 0 stores and ExternalSecrets\n");
    assert_int_equal(status_view_failing(&s->view), 1);
}

static void objects_of_the_sync_role(void **state)
{
    struct stage *s = *state;
    s->view.namespaces = true;
    status_view_add(
        &s->view, STR("here"),
        document(s, LEADER("'workloads':[],'objects':["
                           "{'kind':'SecretStore','namespace':'n','name':'azure','ready':'True',"
                           "'reason':'Valid','message':'store validated'},"
                           "{'kind':'ExternalSecret','namespace':'n','name':'db','ready':'True',"
                           "'reason':'SecretSynced','refreshedAt':'2026-01-01T11:55:00Z',"
                           "'nextRefresh':'2026-01-01T12:55:00Z'},"
                           "{'kind':'ExternalSecret','namespace':'m','name':'tls','ready':'False',"
                           "'reason':'SecretSyncedError','message':'could not get secret data',"
                           "'lastError':'no such secret'}]")));
    assert_string_equal(
        table(s),
        "Pawl 1.0, here\n"
        "\n"
        "NAMESPACE  KIND            NAME   READY  REASON             REFRESHED  NEXT    DETAIL\n"
        "m          ExternalSecret  tls    False  SecretSyncedError                     no such "
        "secret\n"
        "n          ExternalSecret  db     True   SecretSynced       5m ago     in 55m\n"
        "n          SecretStore     azure  True   Valid\n"
        "\n"
        "0 workloads; 3 stores and ExternalSecrets: 2 ready, 1 not\n");
    assert_int_equal(status_view_failing(&s->view), 1);
}

/* The lists of a standby are older than the leader's, or empty. */
static void a_standby_is_only_counted(void **state)
{
    struct stage *s = *state;
    status_view_add(
        &s->view, STR("pod a"),
        document(s, "{'version':'1.0','leading':false,'workloads':[{'workload':'x'}]}"));
    assert_false(s->view.has_workloads || s->view.has_objects);
    assert_string_equal(table(s), "Pawl 1.0, pod a: not leading\n\n0 workloads; 0 stores and "
                                  "ExternalSecrets\n");
}

static void a_pawl_that_is_not_ready_fails(void **state)
{
    struct stage *s = *state;
    status_view_add(&s->view, STR("pod a"),
                    document(s, LEADER("'notReady':'sync: secretstores: forbidden'")));
    assert_int_equal(status_view_failing(&s->view), 1);
    assert_non_null(
        strstr(table(s), "Pawl 1.0, pod a: NOT READY: sync: secretstores: forbidden\n"));
}

static void only_what_nobody_said_is_filled_in(void **state)
{
    struct stage *s = *state;
    status_view_add(&s->view, STR("pod a"),
                    document(s, LEADER("'workloads':[{'workload':'deployment/a','state':'current'}"
                                       "]")));
    status_view_fill(&s->view,
                     document(s, "{'workloads':[{'workload':'deployment/a','state':'unknown'}],"
                                 "'objects':[{'kind':'SecretStore','name':'s','ready':'True'}]}"));
    assert_int_equal(s->view.workloads.n, 1);
    assert_int_equal(s->view.objects.n, 1);
    assert_non_null(strstr(table(s), "1 workload: 1 current; 1 stores"));
}

static void for_programs(void **state)
{
    struct stage *s = *state;
    status_view_add(&s->view, STR("pod a"),
                    document(s, LEADER("'workloads':[{'workload':'deployment/b','state':'failing'},"
                                       "{'workload':'deployment/a','state':'current'}]")));
    status_view_json(&s->view, &s->out);
    assert_buf(&s->out, "{\"pawls\":[{\"from\":\"pod a\",\"version\":\"1.0\",\"leading\":true}],"
                        "\"workloads\":[{\"workload\":\"deployment/a\",\"state\":\"current\"},"
                        "{\"workload\":\"deployment/b\",\"state\":\"failing\"}],\"objects\":[],"
                        "\"summary\":{\"workloads\":2,\"current\":1,\"waiting\":0,\"moving\":0,"
                        "\"failing\":1,\"paused\":0,\"unknown\":0,\"objects\":0,\"ready\":0,"
                        "\"notReady\":0}}\n");
}

/* Who has the labels of Pawl's pods need not be a Pawl. */
static void what_a_pod_says_does_not_command_the_terminal(void **state)
{
    struct stage *s = *state;
    status_view_add(&s->view, STR("pod p/a"),
                    document(s, "{'version':'1\\u001b[2J','leading':true,"
                                "'notReady':'\\u009b1m\\u007f\\nx','workloads':["
                                "{'workload':'\\u001b]0;t\\u0007','state':'current'}]}"));
    const char *text = table(s);
    assert_null(strpbrk(text, "\x1b\x07\x7f"));
    assert_null(strstr(text, "\xc2\x9b"));
    assert_non_null(strstr(text, "Pawl 1 [2J, pod p/a: NOT READY:   1m  x\n"));
}

static void what_is_no_list_has_no_rows(void **state)
{
    struct stage *s = *state;
    const struct json *doc = document(s, LEADER("'workloads':{'a':1},'objects':'x'"));
    status_view_add(&s->view, STR("pod p/a"), doc);
    assert_non_null(strstr(table(s), "0 workloads; 0 stores"));
    status_view_json(&s->view, &s->out);
    assert_non_null(strstr(s->out.p, "\"workloads\":[]"));
}

static void numbers_at_the_ends_of_their_range(void **state)
{
    struct stage *s = *state;
    status_view_add(
        &s->view, STR("pod p/a"),
        document(s,
                 LEADER("'workloads':[{'workload':'deployment/a','state':'failing',"
                        "'failingSince':'1677-09-21T00:12:44Z','failures':9223372036854775807}]")));
    assert_non_null(strstr(table(s), "for 106751d, 9223372036854775807 tries\n"));
}

static void ages(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {{-5, "0s"},       {0, "0s"},      {119, "119s"},    {120, "2m"},
                {7199, "119m"},   {7200, "2h0m"}, {11400, "3h10m"}, {48 * 3600 - 1, "47h59m"},
                {48 * 3600, "2d"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT(100);
        status_age(&out, rows[i].seconds * NS_S);
        assert_buf(&out, rows[i].text);
    }
}

#define STAGED(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(every_state_of_a_workload),
        STAGED(objects_of_the_sync_role),
        STAGED(a_standby_is_only_counted),
        STAGED(a_pawl_that_is_not_ready_fails),
        STAGED(only_what_nobody_said_is_filled_in),
        STAGED(for_programs),
        STAGED(what_a_pod_says_does_not_command_the_terminal),
        STAGED(what_is_no_list_has_no_rows),
        STAGED(numbers_at_the_ends_of_their_range),
        cmocka_unit_test(ages),
    };
    return RUN(tests);
}
