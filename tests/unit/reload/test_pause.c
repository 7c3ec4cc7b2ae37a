/* SPDX-License-Identifier: Apache-2.0 */
#include "objects.h"

#include "reload/pause.h"

#define NOW    (1767323045 * NS_S) /* 2026-01-02T03:04:05Z */
#define PERIOD "'deployment.reloader.stakater.com/pause-period':"
#define PAUSED "'deployment.reloader.stakater.com/paused-at':"
#define OBJECT(paused, annotations)                                                                \
    "{'metadata':{'name':'w','namespace':'n','uid':'u','annotations':{" annotations "}},"          \
    "'spec':{'paused':" paused "}}"

static const struct {
    const char *object;
    enum pause_state state;
    ns_t due; /* from NOW */
} states[] = {
    {OBJECT("false", ""), PAUSE_NONE, 0},
    {OBJECT("false", PERIOD "'1m'"), PAUSE_NONE, 0},
    {OBJECT("true", PERIOD "'1m'"), PAUSE_USER, 0},
    {OBJECT("true", PERIOD "'1m'," PAUSED "'2026-01-02T03:04:05Z'"), PAUSE_OURS, NS_MIN},
    {OBJECT("true", PERIOD "'1m'," PAUSED "'2026-01-02T04:03:45+01:00'"), PAUSE_OURS, 40 * NS_S},
    {OBJECT("true", PERIOD "'1m'," PAUSED "'2026-01-02T03:03:00Z'"), PAUSE_OURS, -5 * NS_S},
    {OBJECT("true", PERIOD "'1m'," PAUSED "'2030-01-01T00:00:00Z'"), PAUSE_OURS, NS_MIN},
    {OBJECT("true", PERIOD "'1m'," PAUSED "'yesterday'"), PAUSE_OURS, 0},
    {OBJECT("true", PERIOD "'x'," PAUSED "'2026-01-02T03:04:05Z'"), PAUSE_OURS, 0},
    {OBJECT("true", PERIOD "'-1h'," PAUSED "'2026-01-02T03:04:05Z'"), PAUSE_OURS, 0},
    {OBJECT("true", PAUSED "'2026-01-02T03:04:05Z'"), PAUSE_OURS, 0},
    {OBJECT("false", PERIOD "'1m'," PAUSED "'2026-01-02T03:04:05Z'"), PAUSE_STALE, 0},
};

static void whose_pause_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        AUTO(workload_freep)
        struct workload *w = workload_of(WORKLOAD_DEPLOYMENT, states[i].object);
        struct pause p = pause_of(w, NOW);
        if (p.state != states[i].state || p.due != NOW + states[i].due) {
            fail_msg("%s: state %d, due in %lld s", states[i].object, (int)p.state,
                     (long long)((p.due - NOW) / NS_S));
        }
    }
}

static void what_a_move_begins_with(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        ns_t period; /* -1: an error */
    } table[] = {
        {OBJECT("false", ""), 0},
        {OBJECT("false", PERIOD "'1m30s'"), 90 * NS_S},
        {OBJECT("false", PERIOD "'0'"), 0},
        {OBJECT("false", PERIOD "'-5s'"), 0},
        {OBJECT("false", PERIOD "'10'"), -1},
        {OBJECT("false", PERIOD "'1d'"), -1},
        {OBJECT("false", PERIOD "''"), -1},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO(err_freep) struct err *err = NULL;
        AUTO(workload_freep)
        struct workload *w = workload_of(WORKLOAD_DEPLOYMENT, table[i].object);
        ns_t period;
        int result = pause_wanted(w, &period, &err);
        assert_int_equal(result, table[i].period < 0 ? -1 : 0);
        assert_int_equal(period, MAX(table[i].period, 0));
    }
    AUTO(workload_freep)
    struct workload *other = workload_of(WORKLOAD_STATEFULSET, OBJECT("false", PERIOD "'1m'"));
    ns_t period;
    assert_int_equal(pause_wanted(other, &period, NULL), 0);
    assert_int_equal(period, 0);
}

static void ends(void **state)
{
    (void)state;
    struct patch p;
    AUTO(workload_freep)
    struct workload *ours = workload_of(WORKLOAD_DEPLOYMENT, OBJECT("true", PAUSED "'T'"));
    pause_patch_end(ours, "a~b/c", &p);
    assert_quoted(buf_str(&p.body),
                  "[{'op':'test','path':'/metadata/uid','value':'u'},"
                  "{'op':'test','path':'/metadata/annotations/a~0b~1c','value':'T'},"
                  "{'op':'test','path':'/spec/paused','value':true},"
                  "{'op':'replace','path':'/spec/paused','value':false},"
                  "{'op':'remove','path':'/metadata/annotations/a~0b~1c'}]");
    assert_int_equal(p.type, KUBE_PATCH_JSON);
    buf_done(&p.body);
    AUTO(workload_freep)
    struct workload *stale = workload_of(WORKLOAD_DEPLOYMENT, OBJECT("false", PAUSED "'T'"));
    pause_patch_end(stale, "k", &p);
    assert_quoted(buf_str(&p.body), "[{'op':'test','path':'/metadata/uid','value':'u'},"
                                    "{'op':'test','path':'/metadata/annotations/k','value':'T'},"
                                    "{'op':'remove','path':'/metadata/annotations/k'}]");
    buf_done(&p.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_pause_it_is),
        cmocka_unit_test(what_a_move_begins_with),
        cmocka_unit_test(ends),
    };
    return RUN(tests);
}
