/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/vault_client.h"
#include "base/clock.h"
#include "base/random.h"

#include "peer.h"

#define CANARY "canary-v4lue"

static struct peer peer;
static struct azure_tokens *tokens;
static struct azure_credential *credential;
static struct vault_gate *gate;
static struct vault_client *client;
static struct buf calls; /* "GetSecret+;" of each hook */

struct got {
    struct vault_call *call;
    int done;
    struct err *err;
    struct buf body;
    char code[64];
    ns_t date;
};

static void on_reply(void *arg, const struct vault_reply *reply)
{
    struct got *g = arg;
    g->call = NULL;
    g->done++;
    g->err = err_copy(reply->err);
    g->body = BUF_INIT(1 << 20);
    buf_add_str(&g->body, reply->body);
    g->date = reply->date;
    memcpy(g->code, reply->code.n ? reply->code.p : "", MIN(reply->code.n, (size_t)63));
}

static void got_done(struct got *g)
{
    err_free(g->err);
    buf_done(&g->body);
    *g = (struct got){0};
}

static void ask(struct got *g, const char *name)
{
    *g = (struct got){0};
    g->call = vault_client_get(client, VAULT_KIND_SECRET, str_c(name), STR_EMPTY, on_reply, g);
    assert_int_equal(g->done, 0);
}

static void get(struct got *g, const char *name)
{
    ask(g, name);
    await(&peer, g->done);
}

/* Asks and lets up to a minute pass. */
static void get_in_time(struct got *g, const char *name)
{
    ask(g, name);
    for (int i = 0; i < 60 && !g->done; i++) {
        loop_advance(peer.loop, NS_S);
    }
    assert_int_equal(g->done, 1);
}

static void on_call(void *arg, const char *name, bool ok, ns_t took)
{
    assert_true(took >= 0);
    buf_addf(&calls, "%s%s;", name, ok ? "+" : "-");
}

static void new_client(const char *url, const char *resource)
{
    static const struct http_client_config http = {.max_connections = 16, .max_in_flight = 16};
    const struct vault_client_config config = {.loop = peer.loop,
                                               .tokens = tokens,
                                               .credential = credential,
                                               .gate = gate,
                                               .url = str_c(url),
                                               .resource = str_c(resource),
                                               .http = &http,
                                               .api_version = "7.4",
                                               .hooks = {.call = on_call}};
    vault_client_free(client);
    client = vault_client_new(&config);
}

static int setup(void **state)
{
    peer_init(&peer);
    calls = BUF_INIT(1 << 20);
    tokens = azure_tokens_new(&(struct azure_tokens_config){.loop = peer.loop});
    struct azure_application app = {str_c(peer.authority), STR("t1"), STR("c1")};
    credential = azure_credential_secret(&app, STR("s3cr3t-of-the-app"), NULL);
    const struct vault_gate_config limits = {.rate = 1000, .burst = 1000, .max_in_flight = 16};
    gate = vault_gate_new(peer.loop, STR("kv1.vault.localhost"), &limits);
    new_client(peer.vault_url, peer.resource);
    peer_set(&peer, "db", CANARY);
    return 0;
}

static int teardown(void **state)
{
    vault_client_free(client);
    client = NULL;
    vault_gate_unref(gate);
    azure_credential_unref(credential);
    azure_tokens_free(tokens);
    buf_done(&calls);
    peer_done(&peer);
    return 0;
}

static void test_get(void **state)
{
    struct got g;
    get(&g, "db");
    assert_null(g.err);
    assert_non_null(strstr(g.body.p, CANARY));
    assert_true(g.date == clock_real());
    assert_buf(&calls, "GetSecret+;");
    assert_str(buf_str(&peer.log), "POST /t1/oauth2/v2.0/token;GET /secrets/db;");
    got_done(&g);

    /* A version, and a name that needs escapes. */
    g.call =
        vault_client_get(client, VAULT_KIND_CERTIFICATE, STR("a/b ?"), STR("v1"), on_reply, &g);
    await(&peer, g.done);
    assert_int_equal(peer_count(&peer, "GET /certificates/a%2Fb%20%3F/v1"), 1);
    assert_err(-1, g.err, ERR_NOT_FOUND, "Secret does not exist");
    assert_string_equal(g.code, "SecretNotFound");
    got_done(&g);
    assert_int_equal(peer.token_requests, 1);
}

/* ---- 401 ---- */

static void test_revoked_token(void **state)
{
    struct got g;
    get(&g, "db");
    got_done(&g);
    loop_advance(peer.loop, NS_MIN);
    peer.valid_from = 2;
    get(&g, "db");
    assert_null(g.err);
    assert_int_equal(peer.token_requests, 2);
    got_done(&g);

    /* Still refused: said after one more try, not tried for ever. */
    loop_advance(peer.loop, NS_MIN);
    peer.valid_from = 100;
    get(&g, "db");
    assert_err(-1, g.err, ERR_UNAUTHORIZED, "get secret \"db\": the vault answered 401");
    assert_non_null(strstr(g.err->msg, "AKV10000"));
    assert_int_equal(peer.token_requests, 3);
    got_done(&g);
    /* Nor does each further call take a new token. */
    for (int i = 0; i < 5; i++) {
        get(&g, "db");
        assert_int_equal(g.err->kind, ERR_UNAUTHORIZED);
        got_done(&g);
    }
    assert_int_equal(peer.token_requests, 3);
}

static void test_other_resource_of_the_same_cloud(void **state)
{
    new_client(peer.vault_url, "https://vault.azure.net");
    peer.valid_from = 2; /* the token for the wrong resource is refused */
    struct got g;
    get(&g, "db");
    assert_null(g.err);
    assert_int_equal(peer.token_requests, 2);
    assert_non_null(strstr(peer.last_form.p, "vault.localhost"));
    got_done(&g);
    get(&g, "db");
    assert_null(g.err);
    assert_int_equal(peer_count(&peer, "GET /secrets/db"), 3); /* it is remembered */
    got_done(&g);
}

static void test_hostile_challenge(void **state)
{
    static const char *const challenges[] = {
        "Bearer authorization=\"https://login.windows.net/t\", "
        "resource=\"https://management.azure.com\"",
        "Bearer resource=\"https://localhost\"",
        "Bearer scope=\"https://graph.microsoft.com/.default\"",
    };
    peer.valid_from = 100;
    for (size_t i = 0; i < COUNT_OF(challenges); i++) {
        struct got g;
        peer.challenge = challenges[i];
        get(&g, "db");
        assert_err(-1, g.err, ERR_DENIED, "which is not its own cloud's: refused");
        got_done(&g);
    }
    assert_int_equal(peer.token_requests, 1);
    assert_int_equal(peer_count(&peer, "GET"), 3);
}

static void test_passing_401(void **state)
{
    struct got g;
    peer_fault(&peer, (struct peer_fault){.match = "GET /secrets/db",
                                          .times = 2,
                                          .status = 401,
                                          .body = "{\"error\":{\"code\":\"Unauthorized\","
                                                  "\"message\":\"AKV10046: Unable to resolve the "
                                                  "key\"}}"});
    get_in_time(&g, "db");
    assert_null(g.err);
    assert_int_equal(peer.token_requests, 1);
    assert_buf(&calls, "GetSecret-;GetSecret-;GetSecret+;");
    got_done(&g);
}

static void test_no_token(void **state)
{
    struct got g;
    peer_fault(&peer, (struct peer_fault){.match = "POST /t1",
                                          .times = 1,
                                          .status = 400,
                                          .body = "{\"error\":\"invalid_tenant\","
                                                  "\"error_description\":\"AADSTS90002: no\"}"});
    get(&g, "db");
    assert_err(-1, g.err, ERR_UNAUTHORIZED, "no such tenant");
    assert_int_equal(peer_count(&peer, "GET"), 0);
    assert_int_equal(calls.n, 0);
    got_done(&g);
}

/* ---- what passes, and what does not ---- */

static void test_tried_again(void **state)
{
    static const struct peer_fault faults[] = {
        {.match = "GET /", .times = 3, .status = 500},
        {.match = "GET /", .times = 3, .status = 503, .body = "<html>"},
        {.match = "GET /", .times = 3, .status = 408},
        {.match = "GET /", .times = 3, .status = 429},
        {.match = "GET /", .times = 1, .status = 429, .header = "Retry-After", .value = "25"},
        {.match = "GET /", .times = 3, .how = PEER_RESET},
        {.match = "GET /", .times = 3, .how = PEER_CUT},
        {.match = "GET /", .times = 1, .how = PEER_HANG},
    };
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct got g;
        peer_fault(&peer, faults[i]);
        get_in_time(&g, "db");
        if (g.err) {
            fail_msg("%zu: %s", i, g.err->msg);
        }
        got_done(&g);
    }
}

static void test_given_up(void **state)
{
    static const struct {
        struct peer_fault fault;
        enum err_kind kind;
        const char *text;
        size_t requests;
    } cases[] = {
        {{.status = 500}, ERR_UNAVAILABLE, "the vault answered 500", 4},
        {{.status = 429}, ERR_THROTTLED, "the vault answered 429", 4},
        {{.how = PEER_RESET}, ERR_IO, "vault kv1.vault.localhost: GET", 8}, /* twice each */
        {{.status = 403}, ERR_DENIED, "403", 1},
        {{.status = 404}, ERR_NOT_FOUND, "Secret does not exist", 1},
        {{.status = 400}, ERR_INVALID, "400", 1},
        {{.status = 302, .header = "Location", .value = "https://evil.example"},
         ERR_HTTP,
         "302",
         1},
        {{.status = 429, .header = "Retry-After", .value = "45"}, ERR_THROTTLED, "429", 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct got g;
        struct peer_fault fault = cases[i].fault;
        fault.match = "GET /";
        fault.times = -1;
        peer_fault(&peer, fault);
        peer_clear_log(&peer);
        get_in_time(&g, "db");
        assert_err(-1, g.err, cases[i].kind, cases[i].text);
        size_t n = peer_count(&peer, "GET");
        if (cases[i].fault.how == PEER_RESET) {
            assert_in_range(n, 4, 8);
        } else {
            assert_int_equal(n, cases[i].requests);
        }
        assert_true(g.err->retry_after == (fault.value && i == 7 ? 45 * NS_S : 0));
        got_done(&g);
        peer_forget_faults(&peer);
        loop_advance(peer.loop, 2 * NS_MIN);
        get(&g, "db");
        assert_null(g.err);
        got_done(&g);
    }
}

static void test_no_such_vault(void **state)
{
    new_client("http://kv-that-is-not-there.vault.invalid", peer.resource);
    struct got g;
    ask(&g, "db");
    for (int i = 0; i < 600 && !g.done; i++) {
        loop_once(peer.loop, 50 * NS_MS); /* the resolver is another thread */
        loop_advance(peer.loop, 100 * NS_MS);
    }
    assert_int_equal(g.done, 1);
    if (g.err->kind != ERR_DNS) { /* a network that answers for every name */
        got_done(&g);
        skip();
    }
    assert_non_null(strstr(g.err->msg, "there is no vault "));
    assert_non_null(strstr(g.err->msg, "environmentType"));
    got_done(&g);
}

static void test_cancelled_at_each_stage(void **state)
{
    struct got g;
    ask(&g, "db"); /* waits for the token */
    vault_call_cancel(g.call);
    loop_advance(peer.loop, NS_S);
    get(&g, "db");
    got_done(&g);
    ask(&g, "db"); /* waits for the gate */
    vault_call_cancel(g.call);
    loop_advance(peer.loop, NS_S);
    peer.latency = NS_S;
    ask(&g, "db"); /* under way */
    await(&peer, peer.in_flight == 1);
    assert_true(vault_call_sent(g.call) == clock_mono());
    vault_call_cancel(g.call);
    loop_advance(peer.loop, 2 * NS_S);
    assert_int_equal(g.done, 0);
    assert_int_equal(gate->in_flight, 0);
    peer.latency = 0;
    peer_fault(&peer, (struct peer_fault){.match = "GET /", .times = 1, .status = 500});
    ask(&g, "db"); /* backs off */
    loop_advance(peer.loop, 100 * NS_MS);
    assert_true(vault_call_sent(g.call) == 0);
    vault_call_cancel(g.call);
    ask(&g, "db"); /* freed with the client */
    vault_call_cancel(NULL);
}

/* ---- lists ---- */

static void test_list(void **state)
{
    struct got g = {0};
    peer.page_size = 1;
    peer_set(&peer, "other", "x");
    (void)vault_client_list(client, VAULT_KIND_SECRET, STR_EMPTY, on_reply, &g);
    await(&peer, g.done);
    assert_null(g.err);
    assert_non_null(strstr(g.body.p, "nextLink"));
    got_done(&g);
    AUTO(freep) char *next = xasprintf("%s/secrets?api-version=7.4&$skiptoken=1", peer.vault_url);
    (void)vault_client_list(client, VAULT_KIND_SECRET, str_c(next), on_reply, &g);
    await(&peer, g.done);
    assert_non_null(strstr(g.body.p, "/secrets/other"));
    assert_buf(&calls, "GetSecrets+;GetSecrets+;");
    got_done(&g);
    (void)vault_client_list(client, VAULT_KIND_SECRET, STR("https://evil.example/secrets"),
                            on_reply, &g);
    assert_int_equal(g.done, 0);
    await(&peer, g.done);
    assert_err(-1, g.err, ERR_DENIED, "on another host: refused");
    got_done(&g);
}

/* ---- writing ---- */

static void write_one(struct got *g, enum vault_kind kind, const struct vault_write *w)
{
    *g = (struct got){0};
    g->call = vault_client_write(client, kind, STR("new"), w, on_reply, g);
    for (int i = 0; i < 60 && !g->done; i++) {
        loop_advance(peer.loop, NS_S);
    }
    assert_int_equal(g->done, 1);
}

static void test_write(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *tags = json_new_object(&a);
    json_set_str(&a, tags, "managed-by", STR("external-secrets"));
    struct vault_write w = {.value = STR("va\"lue"),
                            .content_type = STR("text/plain"),
                            .tags = tags,
                            .expires = 1803859200};
    struct got g;
    write_one(&g, VAULT_KIND_SECRET, &w);
    assert_null(g.err);
    assert_string_equal(peer_find(&peer, "secrets", "new")->value, "va\"lue");
    got_done(&g);
    w = (struct vault_write){.value = STR("MAEC"), .expires = VAULT_NO_TIME};
    write_one(&g, VAULT_KIND_CERTIFICATE, &w);
    got_done(&g);
    w.value = STR("{\"kty\":\"RSA\"}");
    write_one(&g, VAULT_KIND_KEY, &w);
    got_done(&g);
    g.call = vault_client_delete(client, VAULT_KIND_SECRET, STR("new"), on_reply, &g);
    await(&peer, g.done);
    assert_null(g.err);
    assert_null(peer_find(&peer, "secrets", "new"));
    got_done(&g);
    g.call = vault_client_recover(client, VAULT_KIND_SECRET, STR("new"), on_reply, &g);
    await(&peer, g.done);
    got_done(&g);
    assert_str(buf_str(&peer.log),
               "POST /t1/oauth2/v2.0/token;PUT /secrets/new;POST /certificates/new/import;PUT "
               "/keys/new;DELETE /secrets/new;POST /deletedsecrets/new/recover;");
    assert_buf(&calls, "SetSecret+;ImportCertificate+;ImportKey+;DeleteSecret+;RecoverSecret+;");
}

/* A PUT that may have been done must not be done twice. */
static void test_write_is_not_repeated(void **state)
{
    static const struct {
        struct peer_fault fault;
        size_t puts;
        bool fails;
    } cases[] = {
        {{.how = PEER_CUT}, 1, true}, {{.status = 500}, 1, true},  {{.status = 503}, 2, false},
        {{.status = 429}, 2, false},  {{.status = 401}, 2, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct got g;
        struct peer_fault fault = cases[i].fault;
        fault.match = "PUT /";
        fault.times = 1;
        peer_fault(&peer, fault);
        peer_clear_log(&peer);
        write_one(&g, VAULT_KIND_SECRET,
                  &(struct vault_write){.value = STR("v"), .expires = VAULT_NO_TIME});
        assert_int_equal(peer_count(&peer, "PUT"), cases[i].puts);
        assert_int_equal(g.err != NULL, cases[i].fails);
        got_done(&g);
        peer_forget_faults(&peer);
    }
}

static void test_write_conflict(void **state)
{
    struct got g;
    peer_fault(&peer,
               (struct peer_fault){.match = "PUT /",
                                   .times = 1,
                                   .status = 409,
                                   .body = "{\"error\":{\"code\":\"Conflict\",\"message\":\"m\","
                                           "\"innererror\":{\"code\":"
                                           "\"ObjectIsDeletedButRecoverable\"}}}"});
    write_one(&g, VAULT_KIND_SECRET,
              &(struct vault_write){.value = STR("v"), .expires = VAULT_NO_TIME});
    assert_err(-1, g.err, ERR_CONFLICT, "recover it or purge it");
    assert_string_equal(g.code, "ObjectIsDeletedButRecoverable");
    got_done(&g);
}

static void test_too_large(void **state)
{
    AUTO(buf_done) struct buf big = BUF_INIT(4 << 20);
    buf_add_repeat(&big, 'x', 3 << 20);
    struct got g;
    write_one(&g, VAULT_KIND_SECRET,
              &(struct vault_write){.value = buf_str(&big), .expires = VAULT_NO_TIME});
    assert_err(-1, g.err, ERR_LIMIT, "too large");
    got_done(&g);
    assert_int_equal(peer_count(&peer, "PUT"), 0);
}

/* ---- nothing leaks ---- */

static void test_nothing_secret_in_errors(void **state)
{
    static const struct peer_fault faults[] = {
        {.status = 400, .body = "{\"error\":{\"message\":\"bad value " CANARY "\"}}"},
        {.status = 400, .body = CANARY},
        {.status = 500, .body = "{\"error\":{\"code\":\"" CANARY "\"}}"},
        {.how = PEER_CUT},
        {.how = PEER_RESET},
    };
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct got g;
        struct peer_fault fault = faults[i];
        fault.match = "PUT /";
        fault.times = -1;
        peer_fault(&peer, fault);
        write_one(&g, VAULT_KIND_SECRET,
                  &(struct vault_write){.value = STR(CANARY), .expires = VAULT_NO_TIME});
        assert_non_null(g.err);
        static const char *const never[] = {CANARY, "token-", "s3cr3t", "canary"};
        for (size_t k = 0; k < COUNT_OF(never); k++) {
            assert_null(strstr(g.err->msg, never[k]));
        }
        got_done(&g);
        peer_forget_faults(&peer);
        loop_advance(peer.loop, 2 * NS_MIN);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_get),
        T(test_revoked_token),
        T(test_other_resource_of_the_same_cloud),
        T(test_hostile_challenge),
        T(test_passing_401),
        T(test_no_token),
        T(test_tried_again),
        T(test_given_up),
        T(test_no_such_vault),
        T(test_cancelled_at_each_stage),
        T(test_list),
        T(test_write),
        T(test_write_is_not_repeated),
        T(test_write_conflict),
        T(test_too_large),
        T(test_nothing_secret_in_errors),
    };
    return RUN(tests);
}
