/* SPDX-License-Identifier: Apache-2.0
 *
 * Informers over HTTP/2: the usual course, the fall-back, a kind that comes and goes, many objects,
 * and an API server that is killed while others write.
 */
#include <malloc.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/random.h"
#include "e2e.h"
#include "kube/events.h"
#include "kube/patch.h"

static void patch_secret(const char *ns, const char *name, int value)
{
    AUTO(got_done) struct got g = {0};
    AUTO(buf_done) struct buf body = BUF_INIT(1000);
    buf_addf(&body, "{\"stringData\":{\"n\":\"%d\"}}", value);
    MUST(admin, &g, .verb = KUBE_PATCH, .resource = resource_of(RES_SECRETS), .ns = str_c(ns),
         .name = str_c(name), .body = buf_str(&body));
}

static void course(struct informer_config config)
{
    const char *ns = new_namespace();
    create_secret(ns, "first", "1");
    struct follower f;
    config.ns = str_c(ns);
    config.field_selector = STR("type!=helm.sh/release.v1");
    follow(&f, admin, config);
    await(f.synced && f.state == INFORMER_WATCHING, 10 * NS_S);
    assert_int_equal(f.added, 1);
    create_secret(ns, "second", "2");
    await(f.added == 2, 5 * NS_S);
    for (int i = 10; i < 15; i++) {
        patch_secret(ns, "second", i);
    }
    await(f.updated == 5, 5 * NS_S); /* none is merged with another */
    assert_int_equal(follower_value(&f, ns, "second"), 14);
    patch_secret(ns, "second", 14); /* changes nothing */
    delete_object(RES_SECRETS, ns, "first");
    await(f.deleted == 1, 5 * NS_S);
    assert_int_equal(f.updated, 5);
    assert_int_equal(follower_count(&f), 1);
    assert_int_equal(informer_stats(f.informer).watches, 1);
    assert_int_equal(informer_stats(f.informer).lists, 1);
    assert_int_equal(f.states[INFORMER_RETRYING], 0);
    informer_free(f.informer);
}

static void list_by_watch(void **state)
{
    course((struct informer_config){0});
}

static void list_then_watch(void **state)
{
    course((struct informer_config){.no_watch_list = true});
}

static void metadata_only(void **state)
{
    const char *ns = new_namespace();
    create_secret(ns, "s", "77");
    struct follower f[2];
    for (int k = 0; k < 2; k++) {
        follow(&f[k], admin,
               (struct informer_config){
                   .ns = str_c(ns), .content = INFORMER_METADATA, .no_watch_list = k == 1});
        await(f[k].synced && f[k].state == INFORMER_WATCHING, 10 * NS_S);
        assert_int_equal(f[k].added, 1);
        assert_int_equal(follower_value(&f[k], ns, "s"), 0); /* the data was not sent */
    }
    patch_secret(ns, "s", 78);
    await(f[0].updated == 1 && f[1].updated == 1, 5 * NS_S);
    delete_object(RES_SECRETS, ns, "s");
    await(f[0].deleted == 1 && f[1].deleted == 1, 5 * NS_S);
    informer_free(f[0].informer);
    informer_free(f[1].informer);
}

#define CRD                                                                                        \
    "{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":\"CustomResourceDefinition\","           \
    "\"metadata\":{\"name\":\"rollouts.argoproj.io\",\"annotations\":{"                            \
    "\"api-approved.kubernetes.io\":\"unapproved\"}},\"spec\":{\"group\":\"argoproj.io\","         \
    "\"scope\":\"Namespaced\",\"names\":{\"plural\":\"rollouts\",\"singular\":\"rollout\","        \
    "\"kind\":\"Rollout\"},\"versions\":[{\"name\":\"v1alpha1\",\"served\":true,\"storage\":true," \
    "\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\","                                        \
    "\"x-kubernetes-preserve-unknown-fields\":true}}}]}}"

static void a_kind_that_comes_and_goes(void **state)
{
    AUTO(got_done) struct got g = {0};
    const char *ns = new_namespace();
    struct follower f;
    follow(&f, admin, (struct informer_config){.resource = resource_of(RES_ROLLOUTS)});
    await(f.state == INFORMER_NOT_SERVED, 10 * NS_S);
    create_at("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CRD);
    await(f.synced && f.state == INFORMER_WATCHING, 30 * NS_S);
    AUTO(freep) char *path = xasprintf("/apis/argoproj.io/v1alpha1/namespaces/%s/rollouts", ns);
    create_at(path, "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Rollout\",\"metadata\":{"
                    "\"name\":\"x\"},\"spec\":{\"a\":1}}");
    await(f.added == 1, 10 * NS_S);
    MUST(admin, &g, .verb = KUBE_DELETE, .resource = resource_of(RES_CUSTOMRESOURCEDEFINITIONS),
         .name = STR("rollouts.argoproj.io"));
    await(f.deleted == 1 && f.state == INFORMER_NOT_SERVED, 30 * NS_S);
    create_at("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CRD);
    await(f.state == INFORMER_WATCHING, 60 * NS_S);
    informer_free(f.informer);
    MUST(admin, &g, .verb = KUBE_DELETE, .resource = resource_of(RES_CUSTOMRESOURCEDEFINITIONS),
         .name = STR("rollouts.argoproj.io"));
}

/* ---- many ---- */

struct burst {
    size_t left;
    size_t failed;
};

static void on_burst(void *arg, const struct kube_answer *answer)
{
    struct burst *b = arg;
    b->left--;
    b->failed += answer->err != NULL;
}

/* About 1 KiB each as JSON, with the labels of a synced Secret. */
static void create_many(const char *ns, int n)
{
    struct burst b = {.left = (size_t)n};
    for (int i = 0; i < n; i++) {
        AUTO(buf_done) struct buf body = BUF_INIT(10000);
        buf_addf(&body,
                 "{\"metadata\":{\"name\":\"application-credentials-%d\",\"labels\":{"
                 "\"reconcile.external-secrets.io/managed\":\"true\"},\"annotations\":{"
                 "\"reconcile.external-secrets.io/data-hash\":\"%056d\"}},\"stringData\":{"
                 "\"n\":\"%d\",\"password\":\"%0200d\"}}",
                 i, i, i, i);
        kube_create(admin, resource_of(RES_SECRETS), str_c(ns), buf_str(&body), "external-secrets",
                    on_burst, &b);
    }
    await(b.left == 0, 10 * NS_MIN);
    assert_int_equal(b.failed, 0);
}

static size_t heap_in_use(void)
{
    return mallinfo2().uordblks;
}

static void measure(const char *what, const char *ns, int n, struct informer_config config)
{
    (void)malloc_trim(0);
    size_t heap = heap_in_use();
    ns_t begun = clock_mono();
    struct follower f;
    config.ns = str_c(ns);
    follow(&f, admin, config);
    await(f.synced, NS_MIN);
    ns_t took = clock_mono() - begun;
    assert_int_equal(f.added, n);
    size_t used = heap_in_use() - heap;
    ns_t lag = loop_take_max_callback(loop);
    print_message("%-28s %6d Secrets %9llu bytes %5d ms, longest callback %.1f ms, "
                  "%zu bytes of heap each\n",
                  what, n, (unsigned long long)informer_stats(f.informer).bytes,
                  (int)(took / NS_MS), (double)lag / (double)NS_MS, used / (size_t)n);
    assert_true(used / (size_t)n < 250);
    informer_free(f.informer);
}

static int many(void)
{
    const char *n = getenv("KUBE_E2E_SECRETS");
    int count = 0;
    for (; n && *n >= '0' && *n <= '9'; n++) {
        count = count * 10 + (*n - '0');
    }
    return count ? count : 5000;
}

static void many_objects(void **state)
{
    const char *ns = new_namespace();
    ns_t begun = clock_mono();
    create_many(ns, many());
    print_message("created %d Secrets in %d ms\n", many(), (int)((clock_mono() - begun) / NS_MS));
    (void)loop_take_max_callback(loop);
    measure("metadata, list by watch", ns, many(),
            (struct informer_config){.content = INFORMER_METADATA});
    measure("metadata, pages", ns, many(),
            (struct informer_config){.content = INFORMER_METADATA, .no_watch_list = true});
    measure("full, list by watch", ns, many(), (struct informer_config){.wipe = true});
    AUTO(got_done) struct got g = {0};
    MUST(admin, &g, .verb = KUBE_DELETE, .resource = resource_of(RES_NAMESPACES),
         .name = str_c(ns));
}

/* ---- a server that is killed ---- */

enum { WRITTEN = 40 };

/* Writes ever higher numbers into a set of Secrets, deletes and makes some anew, and remembers what
 * the server has acknowledged. */
struct writer {
    const char *ns;
    int acknowledged[WRITTEN]; /* -1: deleted */
    int wanted[WRITTEN];
    bool busy[WRITTEN];
    bool stop;
    size_t writes;
    size_t failures;
};

struct write_job {
    struct writer *w;
    int i;
};

static void write_next(struct writer *w, int i);

static void on_write(void *arg, const struct kube_answer *answer)
{
    struct write_job *job = arg;
    struct writer *w = job->w;
    int i = job->i;
    free(job);
    w->busy[i] = false;
    bool gone = answer->err && answer->err->kind == ERR_NOT_FOUND && w->wanted[i] < 0;
    if (!answer->err || gone) {
        w->acknowledged[i] = w->wanted[i];
        w->writes++;
    } else {
        w->failures++;
    }
}

static void write_next(struct writer *w, int i)
{
    struct write_job *job = xmalloc(sizeof(*job));
    *job = (struct write_job){w, i};
    AUTO(freep) char *name = xasprintf("s%d", i);
    AUTO(buf_done) struct buf body = BUF_INIT(1000);
    w->busy[i] = true;
    if (w->acknowledged[i] == w->wanted[i]) {
        int next = (int)(w->writes + 1);
        w->wanted[i] = w->acknowledged[i] >= 0 && random_below(4) == 0 ? -1 : next;
    }
    if (w->wanted[i] < 0) {
        kube_delete(admin, resource_of(RES_SECRETS), str_c(w->ns), str_c(name), STR_EMPTY,
                    STR_EMPTY, on_write, job);
        return;
    }
    /* Server-side apply makes what is missing, and can be repeated. */
    buf_addf(&body,
             "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"%s\"},\"data\":{"
             "\"n\":",
             name);
    AUTO(freep) char *text = xasprintf("%d", w->wanted[i]);
    struct json_writer writer = json_writer(&body);
    json_w_base64(&writer, str_c(text));
    buf_add_c(&body, "}}");
    kube_submit(admin, &(struct kube_request){.verb = KUBE_PATCH,
                                              .patch = KUBE_PATCH_APPLY,
                                              .flags = KUBE_FORCE,
                                              .field_manager = "pawl",
                                              .resource = resource_of(RES_SECRETS),
                                              .ns = str_c(w->ns),
                                              .name = str_c(name),
                                              .body = buf_str(&body),
                                              .timeout = 5 * NS_S,
                                              .done = on_write,
                                              .arg = job});
}

static void write_for(struct writer *w, ns_t duration)
{
    ns_t end = clock_mono() + duration;
    while (clock_mono() < end) {
        for (int i = 0; i < WRITTEN; i++) {
            if (!w->busy[i] && random_below(10) == 0) {
                write_next(w, i);
            }
        }
        loop_once(loop, 10 * NS_MS);
    }
}

static bool settled(struct writer *w)
{
    bool all = true;
    for (int i = 0; i < WRITTEN; i++) {
        if (!w->busy[i] && w->acknowledged[i] != w->wanted[i]) {
            write_next(w, i);
        }
        all = all && !w->busy[i] && w->acknowledged[i] == w->wanted[i];
    }
    return all;
}

static bool agrees(const struct follower *f, const struct writer *w)
{
    for (int i = 0; i < WRITTEN; i++) {
        AUTO(freep) char *name = xasprintf("s%d", i);
        if (follower_value(f, w->ns, name) != w->acknowledged[i]) {
            return false;
        }
    }
    return true;
}

static void restart_server(const char *seconds)
{
    const char *folder = getenv("CLUSTER_SCRIPTS");
    assert_non_null(folder);
    AUTO(freep) char *program = xasprintf("%s/restart", folder);
    (void)spawn((const char *const[]){program, "apiserver", seconds, NULL}, NULL);
}

static void a_server_that_is_killed(void **state)
{
    AUTO(freep) char *ns = xstrdup(new_namespace());
    struct writer w = {.ns = ns};
    for (int i = 0; i < WRITTEN; i++) {
        w.acknowledged[i] = w.wanted[i] = -1;
    }
    struct follower f[2];
    follow(&f[0], admin, (struct informer_config){.ns = str_c(ns)});
    follow(&f[1], admin, (struct informer_config){.ns = str_c(ns), .no_watch_list = true});
    await(f[0].synced && f[1].synced, 10 * NS_S);
    write_for(&w, 2 * NS_S);
    restart_server("5");
    write_for(&w, 12 * NS_S);
    restart_server("0");
    write_for(&w, 10 * NS_S);
    await(settled(&w), NS_MIN);
    await(f[0].state == INFORMER_WATCHING && f[1].state == INFORMER_WATCHING, NS_MIN);
    await(agrees(&f[0], &w) && agrees(&f[1], &w), 10 * NS_S);
    print_message("%zu writes acknowledged, %zu failed; %llu and %llu gaps\n", w.writes, w.failures,
                  (unsigned long long)informer_stats(f[0].informer).restarts,
                  (unsigned long long)informer_stats(f[1].informer).restarts);
    assert_true(w.failures > 0); /* it was away */
    for (int k = 0; k < 2; k++) {
        assert_true(f[k].states[INFORMER_RETRYING] >= 1);
        assert_int_equal(f[k].added - f[k].deleted, follower_count(&f[k]));
        informer_free(f[k].informer);
    }
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
}

/* ---- writes ---- */

static void writes_and_their_refusals(void **state)
{
    const char *ns = new_namespace();
    const struct resource *secrets = resource_of(RES_SECRETS);
    AUTO(got_done) struct got g = {0};
    create_secret(ns, "x", "1");
    ASK(admin, &g, .verb = KUBE_CREATE, .resource = secrets, .ns = str_c(ns),
        .body = STR("{\"metadata\":{\"name\":\"x\"}}"));
    assert_int_equal(g.err->kind, ERR_EXISTS);
    ASK(admin, &g, .verb = KUBE_GET, .resource = secrets, .ns = str_c(ns), .name = STR("nope"));
    assert_int_equal(g.failure.missing, KUBE_MISSING_OBJECT);
    assert_string_equal(g.err->msg, "secrets \"nope\" not found");
    ASK(admin, &g, .verb = KUBE_CREATE, .resource = secrets, .ns = STR("no-such-namespace"),
        .body = STR("{\"metadata\":{\"name\":\"x\"}}"));
    assert_int_equal(g.failure.missing, KUBE_MISSING_NAMESPACE);
    ASK(admin, &g, .verb = KUBE_GET, .resource = resource_of(RES_DEPLOYMENTCONFIGS),
        .ns = str_c(ns), .name = STR("x"));
    assert_int_equal(g.failure.missing, KUBE_MISSING_RESOURCE);
    ASK(admin, &g, .verb = KUBE_UPDATE, .resource = secrets, .ns = str_c(ns), .name = STR("x"),
        .body = STR("{\"metadata\":{\"name\":\"x\",\"resourceVersion\":\"1\"}}"));
    assert_int_equal(g.err->kind, ERR_CONFLICT);
    ASK(admin, &g, .verb = KUBE_PATCH, .patch = KUBE_PATCH_JSON, .resource = secrets,
        .ns = str_c(ns), .name = STR("x"),
        .body = STR("[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u\"}]"));
    assert_int_equal(g.err->kind, ERR_INVALID);
    assert_int_equal(g.failure.n_causes, 0);
    ASK(admin, &g, .verb = KUBE_CREATE, .resource = secrets, .ns = str_c(ns), .flags = KUBE_STRICT,
        .body = STR("{\"metadata\":{\"name\":\"y\"},\"foo\":1}"));
    assert_int_equal(g.err->kind, ERR_INVALID);
    got_done(&g);
    kube_delete(admin, secrets, str_c(ns), STR("x"), STR("another-uid"), STR_EMPTY, on_got, &g);
    await(g.done, 5 * NS_S);
    assert_int_equal(g.err->kind, ERR_CONFLICT);
    got_done(&g);
    kube_list(admin, secrets, str_c(ns), STR_EMPTY, on_got, &g);
    await(g.done, 5 * NS_S);
    assert_int_equal(json_len(json_get(g.object, "items")), 1);
}

static void events_are_counted(void **state)
{
    const char *ns = new_namespace();
    AUTO(got_done) struct got g = {0};
    create_secret(ns, "x", "1");
    struct events *e = events_new(&(struct events_config){.client = admin});
    struct event_object about = {.resource = resource_of(RES_SECRETS),
                                 .ns = str_c(ns),
                                 .name = STR("x"),
                                 .uid = STR("11111111-2222-3333-4444-555555555555")};
    event_emit(e, "pawl", &about, EVENT_NORMAL, "Updated", STR("updated"));
    event_emit(e, "pawl", &about, EVENT_WARNING, "UpdateFailed", STR("not updated"));
    await(events_stats(e).written == 2, 10 * NS_S);
    event_emit(e, "pawl", &about, EVENT_NORMAL, "Updated", STR("updated"));
    await(events_stats(e).written == 3, 15 * NS_S);
    assert_int_equal(events_stats(e).dropped, 0);
    MUST(admin, &g, .verb = KUBE_LIST, .resource = resource_of(RES_EVENTS), .ns = str_c(ns),
         .field_selector = STR("reason=Updated"));
    assert_int_equal(json_len(json_get(g.object, "items")), 1);
    assert_int_equal(json_int(json_get(json_at(json_get(g.object, "items"), 0), "count"), 0), 2);
    events_free(e);
}

const struct CMUnitTest follow_tests[] = {
    cmocka_unit_test(list_by_watch),
    cmocka_unit_test(list_then_watch),
    cmocka_unit_test(metadata_only),
    cmocka_unit_test(a_kind_that_comes_and_goes),
    cmocka_unit_test(writes_and_their_refusals),
    cmocka_unit_test(events_are_counted),
    cmocka_unit_test(many_objects),
    cmocka_unit_test(a_server_that_is_killed),
};
const size_t n_follow_tests = COUNT_OF(follow_tests);
