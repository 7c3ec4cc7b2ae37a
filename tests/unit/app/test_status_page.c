/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of the roles as /status writes them: what is not known is left out.
 */
#include "test.h"

#include "app/status_page.h"

/* 2026-01-01T12:00:00Z */
#define NOON (1767268800 * NS_S)

static void a_workload_with_everything(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(10000);
    struct json_writer w = json_writer(&out);
    const struct reload_source_row sources[] = {{SOURCE_SECRET, STR("db"), "due"},
                                                {SOURCE_CONFIGMAP, STR("app"), "current"}};
    const struct reload_row row = {
        .kind = WORKLOAD_STATEFULSET,
        .ns = STR("web"),
        .name = STR("base"),
        .state = "failing",
        .sources = sources,
        .n_sources = 2,
        .moved = NOON,
        .moved_for = STR("configmap/app"),
        .due_since = NOON + NS_S,
        .failures = 3,
        .failing_since = NOON + 2 * NS_S,
        .retry = NOON + NS_MIN,
        .last_error = STR("not \"today\""),
        .paused_until = NOON + NS_H,
        .paused_by_user = true,
    };
    status_page_workload(&w, &row);
    assert_buf(&out,
               "{\"namespace\":\"web\",\"workload\":\"statefulset/base\",\"state\":\"failing\","
               "\"sources\":[{\"source\":\"secret/db\",\"state\":\"due\"},"
               "{\"source\":\"configmap/app\",\"state\":\"current\"}],"
               "\"restartedAt\":\"2026-01-01T12:00:00Z\",\"restartedFor\":\"configmap/app\","
               "\"dueSince\":\"2026-01-01T12:00:01Z\","
               "\"failingSince\":\"2026-01-01T12:00:02Z\",\"failures\":3,"
               "\"lastError\":\"not \\\"today\\\"\",\"nextTry\":\"2026-01-01T12:01:00Z\","
               "\"pausedUntil\":\"2026-01-01T13:00:00Z\",\"pausedByUser\":true}");
}

static void a_workload_without_a_story(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(10000);
    struct json_writer w = json_writer(&out);
    const struct reload_row row = {
        .kind = WORKLOAD_CRONJOB, .ns = STR("web"), .name = STR("c"), .state = "current"};
    status_page_workload(&w, &row);
    assert_buf(&out, "{\"namespace\":\"web\",\"workload\":\"cronjob/c\",\"state\":\"current\","
                     "\"sources\":[]}");
}

static void objects_of_the_sync_role(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(10000);
    struct json_writer w = json_writer(&out);
    json_w_array(&w);
    status_page_object(&w, &(struct sync_row){.kind = "ExternalSecret",
                                              .ns = STR("web"),
                                              .name = STR("db"),
                                              .ready = STR("False"),
                                              .reason = STR("SecretSyncedError"),
                                              .message = STR("could not"),
                                              .last_error = STR("because"),
                                              .refreshed = NOON,
                                              .next = NOON + NS_H,
                                              .store = STR("azure"),
                                              .target = STR("db-target")});
    status_page_object(&w, &(struct sync_row){.kind = "ClusterSecretStore", .name = STR("all")});
    json_w_end(&w);
    assert_buf(&out, "[{\"kind\":\"ExternalSecret\",\"namespace\":\"web\",\"name\":\"db\","
                     "\"ready\":\"False\",\"reason\":\"SecretSyncedError\","
                     "\"message\":\"could not\",\"lastError\":\"because\","
                     "\"refreshedAt\":\"2026-01-01T12:00:00Z\","
                     "\"nextRefresh\":\"2026-01-01T13:00:00Z\",\"store\":\"azure\","
                     "\"secret\":\"db-target\"},"
                     "{\"kind\":\"ClusterSecretStore\",\"name\":\"all\"}]");
}

/* Before the roles run there are none: the page has no lists. */
static void without_roles(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(10000);
    struct json_writer w = json_writer(&out);
    struct roles roles = {0};
    json_w_object(&w);
    status_page_write(&roles, STR_EMPTY, &w);
    json_w_end(&w);
    assert_buf(&out, "{}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_workload_with_everything),
        cmocka_unit_test(a_workload_without_a_story),
        cmocka_unit_test(objects_of_the_sync_role),
        cmocka_unit_test(without_roles),
    };
    return RUN(tests);
}
