/* SPDX-License-Identifier: Apache-2.0
 *
 * Which Deployments are controllers, what they do, and what that means together.
 */
#include "test.h"

#include "app/rivals.h"

struct stage {
    struct arena arena;
    struct rivals rivals;
    struct buf said; /* "LEVEL text: remedy" a line */
};

static int set_up(void **state)
{
    struct stage *s = xcalloc(1, sizeof(*s));
    s->arena = ARENA_INIT(ARENA_PLAIN);
    s->said = BUF_INIT(64 * 1024);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;
    rivals_done(&s->rivals);
    buf_done(&s->said);
    arena_done(&s->arena);
    free(s);
    return 0;
}

/* members: of the container, single quotes for double ones. */
static void add(struct stage *s, const char *name, int replicas, const char *members)
{
    struct str text = arena_printf(
        &s->arena,
        "{'metadata':{'namespace':'n','name':'%s'},'spec':{'replicas':%d,'template':{'spec':{"
        "'containers':[{'name':'sidecar','image':'busybox'},{'name':'c',%s}]}}}}",
        name, replicas, members);
    char *copy = arena_dup(&s->arena, text);
    for (char *c = copy; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    const struct json *deployment = json_parse(&s->arena, str_c(copy), JSON_PLAIN, NULL);
    assert_non_null(deployment);
    rivals_add(&s->rivals, deployment);
}

static void found(void *arg, const struct finding *f)
{
    static const char *const levels[] = {"ok", "note", "bad"};
    struct stage *s = arg;
    buf_addf(&s->said, "%s %.*s%s%s\n", levels[f->level], STR_ARG(f->what), f->remedy ? ": " : "",
             f->remedy ? f->remedy : "");
}

static const char *judged(struct stage *s)
{
    buf_clear(&s->said);
    rivals_judge(&s->rivals, true, true, found, s);
    return s->said.p;
}

static void images_and_roles(void **state)
{
    (void)state;
    static const struct {
        const char *container;
        int roles; /* 0: none of them */
    } rows[] = {
        {"'image':'ghcr.io/external-secrets/external-secrets:v1.0'", RIVAL_SYNC},
        {"'image':'registry:5000/external-secrets'", RIVAL_SYNC},
        {"'image':'external-secrets@sha256:aa:bb'", RIVAL_SYNC},
        {"'image':'x/external-secrets:v1','args':['webhook','--port=1']", 0},
        {"'image':'x/pawl-external-secrets:v1','args':['certcontroller']", 0},
        {"'image':'x/pawl-external-secrets:v1','args':['--concurrent=1']", RIVAL_SYNC},
        {"'image':'stakater/reloader:v1'", RIVAL_RELOAD},
        {"'image':'x/pawl-reloader'", RIVAL_RELOAD},
        {"'image':'x/pawl:0.1'", RIVAL_SYNC | RIVAL_RELOAD},
        {"'image':'x/pawl:0.1','args':['run','--roles=sync']", RIVAL_SYNC},
        {"'image':'x/pawl:0.1','args':['run','--roles=reload']", RIVAL_RELOAD},
        {"'image':'x/pawl:0.1','args':['run','--roles=sync,reload']", RIVAL_SYNC | RIVAL_RELOAD},
        {"'image':'x/pawling:0.1'", 0},
        {"'image':'config-reloader:1'", 0},
        {"'name':'no image'", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        void *one;
        set_up(&one);
        struct stage *s = one;
        add(s, "d", 1, rows[i].container);
        int roles = s->rivals.v.n > 0 ? s->rivals.v.v[0].roles : 0;
        if (roles != rows[i].roles) {
            fail_msg("%s: roles %d", rows[i].container, roles);
        }
        tear_down(&one);
    }
}

static void nobody(void **state)
{
    assert_string_equal(
        judged(*state),
        "note no controller in the cluster keeps Secrets: install charts/pawl, or run `pawl run` "
        "elsewhere with a kubeconfig\n"
        "note no controller in the cluster restarts workloads: install charts/pawl, or run `pawl "
        "run` elsewhere with a kubeconfig\n");
}

static void one_for_each(void **state)
{
    struct stage *s = *state;
    add(s, "pawl", 2, "'image':'x/pawl:1','args':['run','--roles=sync']");
    add(s, "reloader", 1, "'image':'stakater/reloader'");
    add(s, "old", 0, "'image':'x/external-secrets'");
    assert_string_equal(judged(s),
                        "ok Pawl (deployment/pawl in namespace n) alone keeps Secrets\n"
                        "ok Stakater Reloader (deployment/reloader in namespace n) alone restarts "
                        "workloads\n");
}

static void two_of_a_kind(void **state)
{
    struct stage *s = *state;
    add(s, "pawl", 1, "'image':'x/pawl:1'");
    add(s, "eso", 1, "'image':'x/external-secrets'");
    assert_string_equal(
        judged(s),
        "bad Pawl (deployment/pawl in namespace n) and External Secrets Operator (deployment/eso "
        "in namespace n): each keeps Secrets: scale all but one to 0: they work against each "
        "other\n"
        "ok Pawl (deployment/pawl in namespace n) alone restarts workloads\n");
}

static void two_that_share_the_cluster(void **state)
{
    struct stage *s = *state;
    add(s, "pawl", 1, "'image':'x/pawl:1','args':['run','--roles=sync,reload']");
    add(s, "eso", 1, "'image':'x/external-secrets','args':['--controller-class=blue']");
    add(s, "reloader", 1, "'image':'reloader','env':[{'name':'KUBERNETES_NAMESPACE'}]");
    const char *text = judged(s);
    assert_non_null(strstr(text, "note Pawl (deployment/pawl in namespace n) and External"));
    assert_non_null(strstr(text, "each restarts workloads: make sure that their namespaces or"));
    assert_null(strstr(text, "bad "));
}

static void a_flag_with_its_default_limits_nothing(void **state)
{
    struct stage *s = *state;
    add(s, "pawl", 1, "'image':'x/pawl:1','args':['run','--roles=sync']");
    add(s, "eso", 1,
        "'image':'x/external-secrets','args':['--controller-class=default','--namespace=']");
    assert_non_null(strstr(judged(s), "bad Pawl"));
}

#define STAGED(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_and_roles),
        STAGED(nobody),
        STAGED(one_for_each),
        STAGED(two_of_a_kind),
        STAGED(two_that_share_the_cluster),
        STAGED(a_flag_with_its_default_limits_nothing),
    };
    return RUN(tests);
}
