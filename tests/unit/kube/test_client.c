/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/client.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/tls.h"
#include "peer.h"
#include "test.h"

struct answer {
    int n; /* how often done came */
    struct err *err;
    int status;
    struct buf name; /* metadata.name, or the text */
    struct kube_status failure;
    struct arena kept;
    char audit_id[32];
};

static struct world {
    struct loop *loop;
    struct peer peer;
    struct metrics *metrics;
    struct kube_client *client;
    struct answer a;
} w;

static void start(void)
{
    struct kube_client_config config = {.config = w.peer.config, .metrics = w.metrics};
    w.client = kube_client_new(w.loop, &config);
}

static int set_up(void **state)
{
    clock_fake_start(NS_H, 1000000 * NS_H);
    memset(&w, 0, sizeof(w));
    w.loop = loop_new();
    w.metrics = metrics_new();
    w.a.name = BUF_INIT(1000);
    peer_init(&w.peer, w.loop);
    start();
    return 0;
}

static int tear_down(void **state)
{
    kube_client_free(w.client);
    assert_int_equal(peer_left(&w.peer), 0);
    assert_int_equal(w.peer.unexpected, 0);
    peer_done(&w.peer);
    loop_free(w.loop);
    metrics_free(w.metrics);
    err_free(w.a.err);
    buf_done(&w.a.name);
    arena_done(&w.a.kept);
    clock_fake_stop();
    return 0;
}

static void on_answer(void *arg, const struct kube_answer *answer)
{
    struct answer *a = arg;
    a->n++;
    err_free(a->err);
    a->err = err_copy(answer->err);
    a->status = answer->status;
    a->failure = answer->failure;
    buf_clear(&a->name);
    buf_add_str(&a->name,
                answer->object ? json_find_str(answer->object, "metadata.name") : answer->text);
    (void)snprintf(a->audit_id, sizeof(a->audit_id), "%.*s", STR_ARG(answer->audit_id));
    arena_done(&a->kept);
    kube_answer_take(answer, &a->kept);
}

static struct kube_call *get(const char *name)
{
    return kube_get(w.client, resource_of(RES_SECRETS), STR("a"), str_c(name), on_answer, &w.a);
}

static void settle(void)
{
    loop_advance(w.loop, 0);
}

static void an_object(void **state)
{
    PEER_STEP(&w.peer, .target = "/api/v1/namespaces/a/secrets/x",
              .body = "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"x\"}}",
              .header = "Audit-Id: 4711");
    get("x");
    assert_int_equal(w.a.n, 0); /* never inside submit */
    settle();
    assert_int_equal(w.a.n, 1);
    assert_null(w.a.err);
    assert_int_equal(w.a.status, 200);
    assert_buf(&w.a.name, "x");
    assert_string_equal(w.a.audit_id, "4711");
    assert_string_equal(peer_last(&w.peer, 0)->accept, "application/json");
    assert_string_equal(peer_last(&w.peer, 0)->authorization, "");
    AUTO(freep) char *host = xstrdup(w.peer.url + strlen("http://"));
    assert_int_equal((int)metric_value(metrics_find(w.metrics, "rest_client_requests_total"),
                                       LABELS(STR("200"), STR("GET"), str_c(host))),
                     1);
}

static void a_status(void **state)
{
    PEER_STEP(&w.peer, .target = "secrets/x", .status = 403,
              .body =
                  "{\"kind\":\"Status\",\"message\":\"no more in here\",\"reason\":\"Forbidden\","
                  "\"details\":{\"causes\":[{\"reason\":\"NamespaceTerminating\"}]},"
                  "\"code\":403}");
    get("x");
    settle();
    assert_int_equal(w.a.err->kind, ERR_DENIED);
    assert_string_equal(w.a.err->msg, "no more in here");
    assert_true(kube_status_has_cause(&w.a.failure, "NamespaceTerminating")); /* lives in `kept` */
}

static void retry_after_is_for_the_caller(void **state)
{
    PEER_STEP(&w.peer, .target = "secrets/x", .status = 429, .body = "Too many requests",
              .type = "text/plain", .header = "Retry-After: 7");
    get("x");
    loop_advance(w.loop, NS_MIN);
    assert_int_equal(w.a.n, 1);
    assert_int_equal(w.a.err->kind, ERR_THROTTLED);
    assert_int_equal(w.a.err->retry_after, 7 * NS_S);
}

static void writes(void **state)
{
    const struct resource *secrets = resource_of(RES_SECRETS);
    PEER_STEP(&w.peer, .method = "POST", .target = "/secrets?fieldManager=pawl", .status = 201,
              .body = "{}");
    PEER_STEP(&w.peer, .method = "PUT", .target = "/secrets/x/status", .body = "{}");
    PEER_STEP(&w.peer, .method = "PATCH", .target = "/secrets/x", .body = "{}");
    PEER_STEP(&w.peer, .method = "DELETE", .target = "/secrets/x", .body = "{}");
    kube_create(w.client, secrets, STR("a"), STR("{\"a\":1}"), "pawl", on_answer, &w.a);
    settle();
    assert_string_equal(peer_last(&w.peer, 0)->body, "{\"a\":1}");
    assert_string_equal(peer_last(&w.peer, 0)->content_type, "application/json");
    kube_update(w.client, secrets, STR("a"), STR("x"), "status", STR("{}"), NULL, on_answer, &w.a);
    settle();
    kube_patch(w.client, secrets, STR("a"), STR("x"), NULL, KUBE_PATCH_STRATEGIC, STR("{}"), NULL,
               on_answer, &w.a);
    settle();
    assert_string_equal(peer_last(&w.peer, 0)->content_type,
                        "application/strategic-merge-patch+json");
    kube_delete(w.client, secrets, STR("a"), STR("x"), STR("u1"), STR_EMPTY, on_answer, &w.a);
    settle();
    assert_string_equal(peer_last(&w.peer, 0)->body,
                        "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"propagationPolicy\":"
                        "\"Background\",\"preconditions\":{\"uid\":\"u1\"}}");
    assert_int_equal(w.a.n, 4);
    assert_null(w.a.err);
}

static void a_bad_name_is_answered_later(void **state)
{
    get("");
    assert_int_equal(w.a.n, 0);
    settle();
    assert_int_equal(w.a.n, 1);
    assert_int_equal(w.a.err->kind, ERR_INVALID);
    assert_int_equal(w.peer.requests.n, 0);
}

static void cancelled_calls_are_silent(void **state)
{
    kube_cancel(get("")); /* deferred failure */
    PEER_STEP(&w.peer, .target = "secrets/x", .how = PEER_HOLD);
    struct kube_call *call = get("x");
    settle();
    kube_cancel(call);
    kube_cancel(NULL);
    peer_release(&w.peer, 200, "{}");
    settle();
    assert_int_equal(w.a.n, 0);
}

static void freeing_the_client_drops_calls(void **state)
{
    PEER_STEP(&w.peer, .target = "secrets/x", .how = PEER_HOLD);
    get("x");
    settle();
    get("");
    kube_client_free(TAKE(w.client));
    settle();
    assert_int_equal(w.a.n, 0);
}

static void no_server(void **state)
{
    peer_stop(&w.peer);
    get("x");
    settle();
    assert_int_equal(w.a.n, 1);
    assert_int_equal(w.a.err->kind, ERR_IO);
    assert_true(w.a.err->retryable);
    assert_int_equal(w.a.status, 0);
    AUTO(freep) char *host = xstrdup(w.peer.url + strlen("http://"));
    assert_int_equal((int)metric_value(metrics_find(w.metrics, "rest_client_requests_total"),
                                       LABELS(STR("<error>"), STR("GET"), str_c(host))),
                     1);
}

static void warnings_are_shown_once(void **state)
{
    FILE *log = tmpfile();
    assert_non_null(log);
    log_configure(&(struct log_config){.level = LOG_INFO, .format = LOG_LOGFMT, .fd = fileno(log)});
    for (int i = 0; i < 3; i++) {
        PEER_STEP(&w.peer, .target = "secrets/x", .body = "{}",
                  .header = "Warning: 299 - \"x is deprecated\"");
        get("x");
        settle();
    }
    log_configure(&(struct log_config){.level = LOG_INFO, .fd = 2});
    char text[4096] = {0};
    rewind(log);
    size_t n = fread(text, 1, sizeof(text) - 1, log);
    assert_int_equal(fclose(log), 0);
    char *found = strstr(text, "x is deprecated");
    assert_true(n > 0 && found != NULL);
    assert_null(strstr(found + 1, "x is deprecated"));
}

/* Until its limit in flight, one slow collection holds back all others, but not a lease. */
static void urgent_calls_overtake(void **state)
{
    kube_client_free(w.client);
    struct kube_client_config config = {.config = w.peer.config, .max_in_flight = 1};
    w.client = kube_client_new(w.loop, &config);
    PEER_STEP(&w.peer, .target = "secrets/slow", .how = PEER_HOLD);
    PEER_STEP(&w.peer, .target = "secrets/urgent", .body = "{\"metadata\":{\"name\":\"u\"}}");
    PEER_STEP(&w.peer, .target = "secrets/x", .body = "{\"metadata\":{\"name\":\"x\"}}");
    get("slow");
    get("x");
    kube_submit(w.client, &(struct kube_request){.verb = KUBE_GET,
                                                 .resource = resource_of(RES_SECRETS),
                                                 .ns = STR("a"),
                                                 .name = STR("urgent"),
                                                 .flags = KUBE_URGENT,
                                                 .done = on_answer,
                                                 .arg = &w.a});
    settle();
    assert_int_equal(w.a.n, 1);
    assert_buf(&w.a.name, "u");
    peer_release(&w.peer, 200, "{}");
    settle();
    assert_int_equal(w.a.n, 3);
}

static void broken_answers(void **state)
{
    PEER_STEP(&w.peer, .target = "secrets/x", .body = "{\"a\":");
    get("x");
    settle();
    assert_int_equal(w.a.err->kind, ERR_PARSE);
    PEER_STEP(&w.peer, .target = "secrets/x", .how = PEER_CUT, .cut = 3, .body = "{\"a\":1}");
    get("x");
    settle();
    assert_int_equal(w.a.err->kind, ERR_IO);
    PEER_STEP(&w.peer, .target = "secrets/x", .status = 502, .body = "{\"a\":");
    get("x");
    settle();
    assert_int_equal(w.a.err->kind, ERR_UNAVAILABLE);
    PEER_STEP(&w.peer, .target = "secrets/x", .status = 404, .body = "404 page not found\n",
              .type = "text/plain");
    get("x");
    settle();
    assert_int_equal(w.a.failure.missing, KUBE_MISSING_RESOURCE);
    assert_buf(&w.a.name, "404 page not found\n");
    assert_int_equal(w.a.n, 4);
}

/* ---- credentials ---- */

static char token_path[] = "/tmp/pawl-test-token-XXXXXX";

static void write_token(const char *text)
{
    FILE *f = fopen(token_path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void with_token_file(void)
{
    memcpy(token_path + sizeof(token_path) - 7, "XXXXXX", 6);
    int fd = mkstemp(token_path);
    assert_true(fd >= 0);
    (void)close(fd);
    kube_client_free(w.client);
    w.peer.config->token_file = str_c(token_path);
    start();
}

static void a_token_file_is_read_again(void **state)
{
    with_token_file();
    write_token("one\n");
    for (int i = 0; i < 3; i++) {
        PEER_STEP(&w.peer, .target = "secrets/x", .body = "{}");
    }
    get("x");
    settle();
    assert_string_equal(peer_last(&w.peer, 0)->authorization, "Bearer one");
    write_token("two\n");
    get("x");
    settle();
    assert_string_equal(peer_last(&w.peer, 0)->authorization, "Bearer one");
    loop_advance(w.loop, NS_MIN);
    get("x");
    settle();
    assert_string_equal(peer_last(&w.peer, 0)->authorization, "Bearer two");
    (void)unlink(token_path);
}

static void a_refused_token_is_read_again_at_once(void **state)
{
    with_token_file();
    write_token("old");
    PEER_STEP(&w.peer, .target = "secrets/x", .body = "{}");
    get("x");
    settle();
    write_token("new");
    PEER_STEP(&w.peer, .target = "secrets/x", .status = 401, .body = "{}");
    PEER_STEP(&w.peer, .target = "secrets/x", .body = "{}");
    get("x");
    settle();
    assert_int_equal(w.a.n, 2);
    assert_null(w.a.err);
    assert_string_equal(peer_last(&w.peer, 0)->authorization, "Bearer new");

    PEER_STEP(&w.peer, .target = "secrets/x", .status = 401, .body = "{}");
    get("x"); /* the same token again would not help */
    settle();
    assert_int_equal(w.a.err->kind, ERR_UNAUTHORIZED);

    write_token("newer");
    PEER_STEP(&w.peer, .target = "secrets/x", .status = 401, .body = "{}");
    PEER_STEP(&w.peer, .target = "secrets/x", .status = 401, .body = "{}");
    get("x"); /* once, not for ever */
    settle();
    assert_int_equal(w.a.err->kind, ERR_UNAUTHORIZED);
    assert_int_equal(w.a.n, 4);
    (void)unlink(token_path);
}

static void a_token_file_that_vanishes(void **state)
{
    with_token_file();
    (void)unlink(token_path);
    get("x");
    settle();
    assert_int_equal(w.a.err->kind, ERR_IO);
    assert_non_null(strstr(w.a.err->msg, token_path));

    write_token("one");
    PEER_STEP(&w.peer, .target = "secrets/x", .body = "{}");
    PEER_STEP(&w.peer, .target = "secrets/x", .body = "{}");
    get("x");
    settle();
    (void)unlink(token_path);
    loop_advance(w.loop, NS_H);
    get("x"); /* the last good one stays in use */
    settle();
    assert_null(w.a.err);
    assert_string_equal(peer_last(&w.peer, 0)->authorization, "Bearer one");
}

static void basic_and_impersonation(void **state)
{
    static const struct str groups[] = {STR_INIT("g1"), STR_INIT("g2")};
    static const struct kube_pair extra[] = {{STR_INIT("Acme.com/Scope"), STR_INIT("x")}};
    kube_client_free(w.client);
    w.peer.config->username = STR("me");
    w.peer.config->password = secret_new(STR("pw"));
    w.peer.config->as = STR("jane");
    w.peer.config->as_groups = groups;
    w.peer.config->n_as_groups = 2;
    w.peer.config->as_extra = extra;
    w.peer.config->n_as_extra = 1;
    start();
    PEER_STEP(&w.peer, .target = "secrets/x", .body = "{}");
    get("x");
    settle();
    assert_string_equal(peer_last(&w.peer, 0)->authorization, "Basic bWU6cHc=");
    assert_string_equal(peer_last(&w.peer, 0)->impersonate, "jane|g1|x");
}

/* ---- certificates ---- */

static void answer_empty(void *arg, struct http_exchange *x)
{
    http_reply(x, 200, "application/json", STR("{}"));
}

/* The server has a certificate of a new CA; the file has it too, the client read it before. */
static void a_new_ca_is_read_from_its_file(void **state)
{
    struct buf pem[6];
    for (size_t i = 0; i < COUNT_OF(pem); i++) {
        pem[i] = BUF_INIT_WIPE(1 << 16);
    }
    AUTO(err_freep) struct err *err = NULL;
    const char *const names[] = {"127.0.0.1"};
    assert_ok(tls_make_ca("old", &pem[0], &pem[1], &err), err);
    assert_ok(tls_make_ca("new", &pem[2], &pem[3], &err), err);
    assert_ok(
        tls_make_leaf(buf_str(&pem[2]), buf_str(&pem[3]), names, 1, 1, &pem[4], &pem[5], &err),
        err);
    struct ssl_ctx_st *tls = tls_server_context(buf_str(&pem[4]), buf_str(&pem[5]), &err);
    struct http_server_config server = {.address = "127.0.0.1", .tls = tls, .handle = answer_empty};
    struct http_server *s = http_server_new(w.loop, &server, &err);
    assert_non_null(s);
    AUTO(freep) char *url = xasprintf("https://127.0.0.1:%u", http_server_port(s));

    with_token_file(); /* a file is a file */
    write_token(pem[0].p);
    struct kube_config *config = kube_config_for_server(str_c(url));
    config->ca_file = str_c(token_path);
    config->tls.ca_pem = buf_str(&pem[0]);
    kube_client_free(w.client);
    w.client = kube_client_new(w.loop, &(struct kube_client_config){.config = config});
    get("x");
    settle();
    assert_int_equal(w.a.err->kind, ERR_TLS);
    write_token(pem[2].p);
    get("x");
    settle();
    assert_int_equal(w.a.n, 2);
    assert_null(w.a.err);

    kube_client_free(TAKE(w.client));
    http_server_free(s);
    settle();
    tls_context_free(tls);
    kube_config_free(config);
    (void)unlink(token_path);
    for (size_t i = 0; i < COUNT_OF(pem); i++) {
        buf_done(&pem[i]);
    }
}

/* ---- plugins: real processes, hence real time ---- */

static void with_plugin(const char *script)
{
    static struct str args[2];
    static struct kube_exec exec;
    args[0] = STR("-c");
    args[1] = str_c(script);
    exec = (struct kube_exec){.api_version = STR("client.authentication.k8s.io/v1"),
                              .command = STR("sh"),
                              .args = args,
                              .n_args = 2};
    kube_client_free(w.client);
    w.peer.config->exec = &exec;
    start();
}

static void await(int n)
{
    for (int i = 0; i < 2000 && w.a.n < n; i++) {
        loop_once(w.loop, 5 * NS_MS);
        loop_advance(w.loop, 5 * NS_MS);
    }
    assert_int_equal(w.a.n, n);
}

#define GIVE(token)                                                                                \
    "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\","       \
    "\"status\":{\"token\":\"'" token "'\"}}'"

static void one_run_serves_all(void **state)
{
    /* The token is the plugin's process id, so that two runs give two tokens. */
    with_plugin("case $KUBERNETES_EXEC_INFO in *'\"interactive\":false'*) " GIVE("$$") ";; esac");
    for (int i = 0; i < 4; i++) {
        PEER_STEP(&w.peer, .target = "secrets/x", .body = "{}");
    }
    get("x");
    get("x");
    kube_cancel(get("x"));
    await(2);
    assert_null(w.a.err);
    assert_true(strlen(peer_last(&w.peer, 0)->authorization) > strlen("Bearer "));
    assert_string_equal(peer_last(&w.peer, 0)->authorization, peer_last(&w.peer, 1)->authorization);
    get("x");
    await(3);
    assert_string_equal(peer_last(&w.peer, 0)->authorization, peer_last(&w.peer, 1)->authorization);

    loop_advance(w.loop, 10 * NS_S);
    w.peer.taken.v[3] = true;
    PEER_STEP(&w.peer, .target = "secrets/x", .status = 401, .body = "{}");
    PEER_STEP(&w.peer, .target = "secrets/x", .body = "{}");
    get("x"); /* refused: the plugin runs again */
    await(4);
    assert_null(w.a.err);
    assert_string_not_equal(peer_last(&w.peer, 0)->authorization,
                            peer_last(&w.peer, 1)->authorization);
}

static void plugins_that_fail(void **state)
{
    static const struct {
        const char *script;
        const char *want;
    } cases[] = {
        {"exit 3", "credential plugin \"sh\": failed with exit status 3"},
        {"kill -9 $$", "was ended by signal 9"},
        {"echo sesame", "its output is not JSON"},
        {"yes | head -c 2000000", "wrote more than"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        with_plugin(cases[i].script);
        get("x");
        await((int)i + 1);
        assert_non_null(strstr(w.a.err->msg, cases[i].want));
        assert_null(strstr(w.a.err->msg, "sesame"));
    }
    with_plugin("exit 0");
    ((struct kube_exec *)(uintptr_t)w.peer.config->exec)->command = STR("no-such-plugin");
    ((struct kube_exec *)(uintptr_t)w.peer.config->exec)->install_hint = STR("get it at x.y\n");
    get("x");
    await((int)COUNT_OF(cases) + 1);
    assert_non_null(strstr(w.a.err->msg, "\"no-such-plugin\""));
    assert_non_null(strstr(w.a.err->msg, "get it at x.y"));
}

static void a_plugin_that_hangs_is_ended(void **state)
{
    with_plugin("exec sleep 1000");
    get("x");
    loop_once(w.loop, 10 * NS_MS);
    loop_advance(w.loop, 2 * NS_MIN);
    assert_int_equal(w.a.n, 1);
    assert_int_equal(w.a.err->kind, ERR_TIMEOUT);
    get("x");
    loop_advance(w.loop, NS_S); /* it rests after a failure */
    assert_int_equal(w.a.n, 2);
    get("x");
    kube_client_free(TAKE(w.client)); /* while it runs, or rests */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    http_global_init();
    const struct CMUnitTest tests[] = {
        TEST(an_object),
        TEST(a_status),
        TEST(retry_after_is_for_the_caller),
        TEST(writes),
        TEST(a_bad_name_is_answered_later),
        TEST(cancelled_calls_are_silent),
        TEST(freeing_the_client_drops_calls),
        TEST(no_server),
        TEST(warnings_are_shown_once),
        TEST(urgent_calls_overtake),
        TEST(broken_answers),
        TEST(a_token_file_is_read_again),
        TEST(a_refused_token_is_read_again_at_once),
        TEST(a_token_file_that_vanishes),
        TEST(basic_and_impersonation),
        TEST(a_new_ca_is_read_from_its_file),
        TEST(one_run_serves_all),
        TEST(plugins_that_fail),
        TEST(a_plugin_that_hangs_is_ended),
    };
    int failed = RUN(tests);
    http_global_done();
    return failed;
}
