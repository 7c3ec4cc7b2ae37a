/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/conditions.h"
#include "sync/es_status.h"

static void transition_moves_with_status_only(void **state)
{
    struct conditions c = {0};
    struct condition want = {STR("Ready"), STR("True"), STR("SecretSynced"), STR("secret synced"),
                             STR_EMPTY};
    assert_true(conditions_set(&c, &want, STR("t1")));
    assert_str(c.v[0].transition, "t1");
    assert_false(conditions_set(&c, &want, STR("t2")));

    want.message = STR("secret retained");
    assert_true(conditions_set(&c, &want, STR("t3")));
    assert_str(c.v[0].transition, "t1");
    assert_str(c.v[0].message, "secret retained");

    want.status = STR("False");
    assert_true(conditions_set(&c, &want, STR("t4")));
    assert_str(c.v[0].transition, "t4");
    assert_int_equal(c.n, 1);
}

static void foreign_conditions_stay(void **state)
{
    struct conditions c = conditions_parse(
        doc("[{'type':'Other','status':'True'},{'type':'Ready','status':'True','reason':'a',"
            "'message':'b','lastTransitionTime':'t'}]"));
    struct condition want = {STR("Ready"), STR("False"), STR("x"), STR("y"), STR_EMPTY};
    conditions_set(&c, &want, STR("u"));
    assert_str(written(conditions_json(&arena, &c)),
               written(doc("[{'type':'Other','status':'True'},{'type':'Ready','status':'False',"
                           "'reason':'x','message':'y','lastTransitionTime':'u'}]"))
                   .p);
    assert_null(conditions_find(&c, "Third"));
    assert_str(conditions_find(&c, "Other")->status, "True");
}

static void too_many(void **state)
{
    struct conditions c = {0};
    for (size_t i = 0; i < CONDITIONS_MAX; i++) {
        struct condition want = {.type = arena_printf(&arena, "T%zu", i), .status = STR("True")};
        assert_true(conditions_set(&c, &want, STR("t")));
    }
    struct condition want = {.type = STR("one too many"), .status = STR("True")};
    assert_false(conditions_set(&c, &want, STR("t")));
    assert_int_equal(c.n, CONDITIONS_MAX);
}

/* ---- the patch of a status ---- */

static void first_patch(void **state)
{
    struct es_status none = es_status_parse(NULL);
    struct es_status now = none;
    now.refresh_time = 1753872000 * NS_S;
    now.synced_version = STR("1-abc");
    now.binding = STR("db");
    struct condition ready = {STR("Ready"), STR("True"), STR("SecretSynced"), STR("secret synced"),
                              STR_EMPTY};
    conditions_set(&now.conditions, &ready, STR("2025-07-30T10:40:00Z"));
    assert_str(
        written(es_status_patch(&arena, &none, &now, STR("u1"))),
        written(doc("{'metadata':{'uid':'u1'},'status':{'binding':{'name':'db'},'conditions':[{"
                    "'lastTransitionTime':'2025-07-30T10:40:00Z','message':'secret synced',"
                    "'reason':'SecretSynced','status':'True','type':'Ready'}],"
                    "'refreshTime':'2025-07-30T10:40:00Z','syncedResourceVersion':'1-abc'}}"))
            .p);
}

static void refresh_moves_one_field(void **state)
{
    struct es_status old = es_status_parse(
        doc("{'refreshTime':'2025-07-30T10:40:00Z','syncedResourceVersion':'1-a','binding':"
            "{'name':'db'},'conditions':[{'type':'Ready','status':'True'}]}"));
    struct es_status now = old;
    assert_null(es_status_patch(&arena, &old, &now, STR("u")));
    now.refresh_time += NS_MIN;
    assert_str(
        written(es_status_patch(&arena, &old, &now, STR("u"))),
        "{\"metadata\":{\"uid\":\"u\"},\"status\":{\"refreshTime\":\"2025-07-30T10:41:00Z\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(transition_moves_with_status_only),
        TEST(foreign_conditions_stay),
        TEST(too_many),
        TEST(first_patch),
        TEST(refresh_moves_one_field),
    };
    return RUN(tests);
}
