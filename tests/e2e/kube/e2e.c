/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/num.h"
#include "base/random.h"
#include "kube/token_request.h"

struct loop *loop;
struct kube_client *admin;
struct kube_config *admin_config;

void e2e_init(void)
{
    http_global_init();
    log_configure(&(struct log_config){.level = LOG_ERROR, .fd = 2});
    loop = loop_new();
    AUTO(err_freep) struct err *err = NULL;
    admin_config = kube_config_load(&(struct kube_config_options){0}, &err);
    if (!admin_config) {
        (void)fprintf(stderr, "%s\n", err_msg(err));
        exit(2);
    }
    admin = kube_client_new(loop, &(struct kube_client_config){.config = admin_config});
}

void e2e_done(void)
{
    kube_client_free(admin);
    kube_config_free(admin_config);
    loop_free(loop);
    http_global_done();
}

void run_for(ns_t duration)
{
    ns_t end = clock_mono() + duration;
    while (clock_mono() < end) {
        loop_once(loop, 10 * NS_MS);
    }
}

/* ---- requests ---- */

void got_done(struct got *g)
{
    err_free(g->err);
    arena_done(&g->arena);
    *g = (struct got){0};
}

void on_got(void *arg, const struct kube_answer *answer)
{
    struct got *g = arg;
    got_done(g);
    g->done = true;
    g->err = err_copy(answer->err);
    g->status = answer->status;
    g->failure = answer->failure;
    g->object = answer->object;
    kube_answer_take(answer, &g->arena);
}

void ask(struct kube_client *c, struct kube_request request, struct got *g)
{
    got_done(g);
    request.done = on_got;
    request.arg = g;
    kube_submit(c, &request);
    await(g->done, 40 * NS_S);
}

const char *new_namespace(void)
{
    static char name[40];
    AUTO(got_done) struct got g = {0};
    AUTO(buf_done) struct buf body = BUF_INIT(1000);
    (void)snprintf(name, sizeof(name), "kube-%llx", (unsigned long long)random_below(1ull << 40));
    buf_addf(&body, "{\"metadata\":{\"name\":\"%s\"}}", name);
    MUST(admin, &g, .verb = KUBE_CREATE, .resource = resource_of(RES_NAMESPACES),
         .body = buf_str(&body));
    return name;
}

void create_secret(const char *ns, const char *name, const char *value)
{
    AUTO(got_done) struct got g = {0};
    AUTO(buf_done) struct buf body = BUF_INIT(100000);
    buf_addf(&body, "{\"metadata\":{\"name\":\"%s\"},\"stringData\":{\"n\":\"%s\"}}", name, value);
    MUST(admin, &g, .verb = KUBE_CREATE, .resource = resource_of(RES_SECRETS), .ns = str_c(ns),
         .body = buf_str(&body));
}

void delete_object(enum resource_id id, const char *ns, const char *name)
{
    AUTO(got_done) struct got g = {0};
    MUST(admin, &g, .verb = KUBE_DELETE, .resource = resource_of(id), .ns = str_c(ns),
         .name = str_c(name));
}

void create_at(const char *path, const char *fmt, ...)
{
    AUTO(got_done) struct got g = {0};
    AUTO(buf_done) struct buf body = BUF_INIT(100000);
    va_list args;
    va_start(args, fmt);
    buf_addv(&body, fmt, args);
    va_end(args);
    MUST(admin, &g, .verb = KUBE_CREATE, .path = path, .body = buf_str(&body));
}

struct kube_client *service_account_client(const char *ns, const char *verbs,
                                           struct kube_config **config)
{
    AUTO(freep) char *accounts = xasprintf("/api/v1/namespaces/%s/serviceaccounts", ns);
    AUTO(freep)
    char *roles = xasprintf("/apis/rbac.authorization.k8s.io/v1/namespaces/%s/roles", ns);
    AUTO(freep)
    char *bindings = xasprintf("/apis/rbac.authorization.k8s.io/v1/namespaces/%s/rolebindings", ns);
    create_at(accounts, "{\"metadata\":{\"name\":\"sa\"}}");
    create_at(roles,
              "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\",\"metadata\":{"
              "\"name\":\"r\"},\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],"
              "\"verbs\":[%s]}]}",
              verbs);
    create_at(bindings,
              "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"RoleBinding\","
              "\"metadata\":{\"name\":\"b\"},\"roleRef\":{\"apiGroup\":"
              "\"rbac.authorization.k8s.io\",\"kind\":\"Role\",\"name\":\"r\"},\"subjects\":[{"
              "\"kind\":\"ServiceAccount\",\"name\":\"sa\",\"namespace\":\"%s\"}]}",
              ns);
    AUTO(got_done) struct got g = {0};
    token_request(admin, str_c(ns), STR("sa"), NULL, 0, 0, on_got, &g);
    await(g.done, 10 * NS_S);
    ns_t expires = 0;
    AUTO(err_freep) struct err *err = NULL;
    struct secret *token = token_request_read(g.object, &expires, &err);
    assert_non_null(token);
    assert_true(expires > clock_real() + 50 * NS_MIN);

    struct kube_config *c = kube_config_for_server(admin_config->server);
    c->tls.ca_pem = admin_config->tls.ca_pem;
    c->token = token;
    *config = c;
    return kube_client_new(loop, &(struct kube_client_config){.config = c});
}

/* ---- followers ---- */

static struct object *convert(void *arg, const struct json *json, struct err **err)
{
    struct item *item = object_new(sizeof(*item), json, err);
    AUTO(buf_done) struct buf value = BUF_INIT(100000);
    int64_t n = -1;
    if (item && base64_decode(&value, json_find_str(json, "data.n"), BASE64_STD, NULL) == 0 &&
        num_parse_i64(buf_str(&value), &n)) {
        item->value = (int)n;
    }
    return item ? &item->object : NULL;
}

static void on_added(void *arg, const struct object *o, bool initial)
{
    ((struct follower *)arg)->added++;
}

static void on_updated(void *arg, const struct object *old, const struct object *now)
{
    ((struct follower *)arg)->updated++;
}

static void on_deleted(void *arg, const struct object *o)
{
    ((struct follower *)arg)->deleted++;
}

static void on_synced(void *arg)
{
    ((struct follower *)arg)->synced = true;
}

static void on_state(void *arg, struct informer *i, enum informer_state state,
                     const struct err *err)
{
    struct follower *f = arg;
    f->states[state] += f->state != state;
    f->state = state;
    (void)snprintf(f->reason, sizeof(f->reason), "%s", err ? err->msg : "");
}

void follow(struct follower *f, struct kube_client *c, struct informer_config config)
{
    *f = (struct follower){0};
    config.client = c;
    config.resource = config.resource ? config.resource : resource_of(RES_SECRETS);
    config.convert = convert;
    config.on_state = on_state;
    config.arg = f;
    f->informer = informer_new(&config);
    informer_add_handler(f->informer, &(struct informer_handler){.added = on_added,
                                                                 .updated = on_updated,
                                                                 .deleted = on_deleted,
                                                                 .synced = on_synced,
                                                                 .arg = f});
    informer_start(f->informer);
}

int follower_value(const struct follower *f, const char *ns, const char *name)
{
    const struct object *o = store_get(informer_store(f->informer), str_c(ns), str_c(name));
    return o ? ((const struct item *)(const void *)o)->value : -1;
}

size_t follower_count(const struct follower *f)
{
    return store_count(informer_store(f->informer));
}

/* ---- other processes ---- */

extern char **environ;

/* Returns the pid; *output (if not NULL) is where its standard output can be read, not blocking. */
int spawn(const char *const *argv, int *output)
{
    int fds[2] = {-1, -1};
    posix_spawn_file_actions_t actions;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    if (output) {
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(posix_spawn_file_actions_adddup2(&actions, fds[1], 1), 0);
    }
    pid_t pid = -1;
    int failed =
        posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    assert_int_equal(failed, 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (output) {
        (void)close(fds[1]);
        (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
        *output = fds[0];
    }
    return pid;
}
