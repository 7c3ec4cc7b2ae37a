/* SPDX-License-Identifier: Apache-2.0
 *
 * The emulator's listeners with a real client over TLS: certificates by name, faults on the wire,
 * what a data folder keeps.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "emulator/emulator.h"
#include "emulator/listen.h"
#include "net/http_client.h"
#include "test.h"

#define TENANT "11111111-2222-4333-8444-555555555555"
#define ID     "aaaaaaaa-0000-4000-8000-000000000001"
#define LOGIN  "login.microsoftonline.com"
#define VAULT  "kv1.vault.azure.net"

static const char seed_text[] =
    "tenants: [{id: " TENANT "}]\n"
    "apps: [{name: a, clientId: " ID ", secrets: [{value: s}]}]\n"
    "vaults: [{name: kv1, secrets: [{name: x, value: first}]}]\n"
    "roleAssignments: [{principal: a, role: Key Vault Administrator, scope: /}]\n";

static struct fixture {
    struct loop *loop;
    struct emulator *e;
    struct emulator_config config;
    char folder[64];
    char *data, *seed;
    struct buf ca;
    struct emulator_ports ports;
    /* the last answer */
    bool done;
    int status;
    enum err_kind kind;
    bool failed;
    struct buf body;
    char *token;
} fx;

static void start(void)
{
    AUTO(err_freep) struct err *err = NULL;
    fx.e = emulator_new(fx.loop, &fx.config, &err);
    assert_non_null(fx.e);
    assert_ok(emulator_listen(fx.e, &err), err);
    fx.ports = emulator_ports(fx.e);
    buf_clear(&fx.ca);
    assert_ok(emulator_ca(fx.data, &fx.ca, &err), err);
}

static int setup(void **state)
{
    fx = (struct fixture){.loop = loop_new(),
                          .folder = "/tmp/pawl-test-XXXXXX",
                          .ca = BUF_INIT(10000),
                          .body = BUF_INIT(1 << 20),
                          .config = emulator_config_default()};
    assert_non_null(mkdtemp(fx.folder));
    fx.data = xasprintf("%s/deep/data", fx.folder);
    fx.seed = xasprintf("%s/seed.yaml", fx.folder);
    FILE *f = fopen(fx.seed, "we");
    assert_non_null(f);
    assert_true(fputs(seed_text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    fx.config.data = fx.data;
    fx.config.seed = fx.seed;
    fx.config.listen = "127.0.0.1:0";
    fx.config.msi_listen = "127.0.0.1:0";
    fx.config.admin_listen = "127.0.0.1:0";
    start();
    return 0;
}

static void remove_all(void)
{
    static const char *const files[] = {"emulator.db", "emulator.db-wal", "ca.crt", "ca.key",
                                        "token.key"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        AUTO(freep) char *path = xasprintf("%s/%s", fx.data, files[i]);
        (void)unlink(path);
    }
    AUTO(freep) char *deep = xasprintf("%s/deep", fx.folder);
    assert_int_equal(rmdir(fx.data) + rmdir(deep) + unlink(fx.seed) + rmdir(fx.folder), 0);
}

static int teardown(void **state)
{
    emulator_free(fx.e);
    loop_free(fx.loop);
    remove_all();
    buf_done(&fx.ca);
    buf_done(&fx.body);
    free(fx.data);
    free(fx.seed);
    free(fx.token);
    return 0;
}

/* ---- requests ---- */

static void got(void *arg, struct http_call *call, const struct http_result *r)
{
    fx.done = true;
    fx.status = r->status;
    fx.failed = r->err != NULL;
    fx.kind = r->err ? r->err->kind : ERR_BUG;
    buf_clear(&fx.body);
    buf_add_str(&fx.body, r->body);
}

static void submit(struct http_client *c, const char *method, const char *url, const char *host,
                   const char *body)
{
    AUTO(freep) char *host_line = xasprintf("Host: %s", host);
    AUTO(freep) char *auth = xasprintf("Authorization: Bearer %s", fx.token ? fx.token : "");
    const struct str headers[] = {str_c(host_line), str_c(auth)};
    const struct http_request r = {.method = method,
                                   .url = str_c(url),
                                   .body = str_c(body),
                                   .headers = headers,
                                   .n_headers = fx.token ? 2 : 1,
                                   .timeout = 10 * NS_S,
                                   .done = got};
    fx.done = false;
    assert_non_null(http_submit(c, &r));
    for (int i = 0; i < 2000 && !fx.done; i++) {
        loop_once(fx.loop, 10 * NS_MS);
    }
    assert_true(fx.done);
}

static struct http_client *client(const char *name)
{
    const struct http_client_config config = {
        .tls = {.ca_pem = buf_str(&fx.ca), .server_name = str_c(name)}};
    return http_client_new(fx.loop, &config);
}

/* To a host of the main listener, on a connection of its own. Returns the status, 0 on failure. */
static int ask(const char *method, const char *host, const char *target, const char *body)
{
    AUTO(freep) char *url = xasprintf("https://127.0.0.1:%d%s", fx.ports.main, target);
    struct http_client *c = client(host);
    submit(c, method, url, host, body);
    http_client_free(c);
    return fx.status;
}

static int admin(const char *method, const char *target, const char *body)
{
    AUTO(freep) char *url = xasprintf("http://127.0.0.1:%d%s", fx.ports.admin, target);
    struct http_client *c = client("");
    submit(c, method, url, "localhost", body);
    http_client_free(c);
    return fx.status;
}

static void login(void)
{
    free(TAKE(fx.token));
    assert_int_equal(ask("POST", LOGIN, "/" TENANT "/oauth2/v2.0/token",
                         "grant_type=client_credentials&client_id=" ID
                         "&client_secret=s&scope=https://vault.azure.net/.default"),
                     200);

    const char *begin = strstr(fx.body.p, "\"access_token\":\"");
    assert_non_null(begin);
    begin += strlen("\"access_token\":\"");
    fx.token = xstrndup(begin, strcspn(begin, "\""));
}

static int get_secret(void)
{
    return ask("GET", VAULT, "/secrets/x?api-version=7.4", "");
}

/* ---- tests ---- */

static void test_a_certificate_for_each_name(void **state)
{
    static const char *const names[] = {LOGIN, VAULT, "any-other.vault.azure.net",
                                        "management.azure.com", "LOGIN.microsoftonline.com"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_true(ask("GET", names[i], "/", "") > 0);
        assert_false(fx.failed);
    }
    /* Without a name: a certificate for the address. */
    AUTO(freep) char *url = xasprintf("https://127.0.0.1:%d/", fx.ports.main);
    const struct http_client_config config = {.tls = {.ca_pem = buf_str(&fx.ca)}};
    struct http_client *c = http_client_new(fx.loop, &config);
    submit(c, "GET", url, VAULT, "");
    http_client_free(c);
    assert_false(fx.failed);
    assert_int_equal(fx.status, 401);
}

static void test_the_whole_way(void **state)
{
    login();
    assert_int_equal(get_secret(), 200);
    assert_non_null(strstr(fx.body.p, "\"value\":\"first\""));
    assert_int_equal(ask("PUT", VAULT, "/secrets/x?api-version=7.4", "{\"value\":\"second\"}"),
                     200);
    assert_int_equal(admin("GET", "/requests", ""), 200);
    assert_non_null(strstr(fx.body.p, "\"requests\":3,\"connections\":3,\"tokens\":1"));
    assert_int_equal(admin("GET", "/ca.crt", ""), 200);
    assert_str(buf_str(&fx.body), fx.ca.p);
}

static void test_what_the_folder_keeps(void **state)
{
    static const char *const secrets[] = {"emulator.db", "ca.key", "token.key"};
    struct stat st;
    login();
    assert_int_equal(ask("PUT", VAULT, "/secrets/x?api-version=7.4", "{\"value\":\"second\"}"),
                     200);
    for (size_t i = 0; i < COUNT_OF(secrets); i++) {
        AUTO(freep) char *path = xasprintf("%s/%s", fx.data, secrets[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    /* A second emulator on the same data fails while the first one runs. */
    AUTO(err_freep) struct err *err = NULL;
    assert_null(emulator_new(fx.loop, &fx.config, &err));
    assert_non_null(strstr(err_msg(err), "in use by another emulator"));
    AUTO(freep) char *ca = xstrdup(fx.ca.p);
    emulator_free(fx.e);
    start();
    assert_str(buf_str(&fx.ca), ca);
    assert_int_equal(get_secret(), 200); /* with the token from before */
    assert_non_null(strstr(fx.body.p, "\"value\":\"second\""));
}

static void test_faults_on_the_wire(void **state)
{
    static const struct {
        const char *rule;
        int status;
        bool failed;
    } cases[] = {
        {"{\"reset\":true,\"site\":\"vault\"}", 0, true},
        {"{\"truncate\":10,\"site\":\"vault\"}", 200, true},
        {"{\"status\":503,\"truncate\":1,\"site\":\"vault\"}", 503, true},
        {"{\"slow\":2000,\"site\":\"vault\"}", 200, false},
        {"{\"delay\":\"300ms\",\"site\":\"vault\"}", 200, false},
        {"{\"expiredCertificate\":true,\"host\":\"kv1.*\"}", 0, true},
    };
    login();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(admin("POST", "/faults", cases[i].rule), 200);
        ns_t before = clock_mono();
        get_secret();
        assert_int_equal(fx.failed, cases[i].failed);
        if (!cases[i].failed) {
            assert_int_equal(fx.status, cases[i].status);
            assert_true(clock_mono() - before >= 90 * NS_MS);
            assert_non_null(strstr(fx.body.p, "}}"));
        }
        if (i + 1 == COUNT_OF(cases)) {
            assert_int_equal(fx.kind, ERR_TLS);
        }
        assert_int_equal(admin("DELETE", "/faults", ""), 200);
    }
    assert_int_equal(get_secret(), 200);
}

/* What is under way when the emulator closes is answered, and nothing leaks. */
static void test_closing_in_the_middle(void **state)
{
    login();
    assert_int_equal(admin("POST", "/faults", "{\"slow\":10,\"path\":\"/secrets/x\",\"count\":1}"),
                     200);
    assert_int_equal(admin("POST", "/faults", "{\"delay\":\"1h\",\"path\":\"/secrets/x\"}"), 200);
    AUTO(freep) char *url =
        xasprintf("https://127.0.0.1:%d/secrets/x?api-version=7.4", fx.ports.main);
    AUTO(freep) char *auth = xasprintf("Authorization: Bearer %s", fx.token);
    const struct str headers[] = {STR("Host: " VAULT), str_c(auth)};
    const struct http_request r = {.method = "GET",
                                   .url = str_c(url),
                                   .headers = headers,
                                   .n_headers = 2,
                                   .timeout = 10 * NS_S,
                                   .done = got};
    struct http_client *clients[2];
    for (int k = 0; k < 2; k++) {
        clients[k] = client(VAULT);
        assert_non_null(http_submit(clients[k], &r));
        for (int i = 0; i < 30; i++) {
            loop_once(fx.loop, 10 * NS_MS);
        }
    }
    emulator_free(TAKE(fx.e));
    http_client_free(clients[0]);
    http_client_free(clients[1]);
}

int main(void)
{
    http_global_init();
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_certificate_for_each_name), TEST(test_the_whole_way),
        TEST(test_what_the_folder_keeps),       TEST(test_faults_on_the_wire),
        TEST(test_closing_in_the_middle),
    };
    int result = RUN(tests);
    http_global_done();
    return result;
}
