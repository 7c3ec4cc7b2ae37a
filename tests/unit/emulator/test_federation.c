/* SPDX-License-Identifier: Apache-2.0
 *
 * An issuer on a real HTTPS server of its own, and the emulator that asks it for its keys.
 */
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "emulate.h"

#include "base/clock.h"
#include "codec/jwt.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/tls.h"

#define IDENTITY "bbbbbbbb-0000-4000-8000-000000000001"
#define SUB      "system:serviceaccount:ns:sa"
#define V2       "/" TENANT "/oauth2/v2.0/token"

static struct issuer_server {
    struct loop *loop;
    struct http_server *server;
    struct ssl_ctx_st *tls;
    struct buf ca;
    char *url;
    EVP_PKEY *key;
    const char *kid;
    bool lies;  /* names another issuer in its document */
    bool fails; /* 500 */
    int documents, key_sets;
} srv;

static struct emulate m;

static void serve(void *arg, struct http_exchange *x)
{
    AUTO(buf_done) struct buf out = BUF_INIT(10000);
    struct json_writer w = json_writer(&out);
    json_w_object(&w);
    if (str_eq_c(http_x_path(x), "/.well-known/openid-configuration")) {
        AUTO(freep) char *keys = xasprintf("%s/openid/v1/jwks", srv.url);
        srv.documents++;
        json_w_strings(&w, "issuer", srv.lies ? "https://other.example" : srv.url, "jwks_uri", keys,
                       NULL);
    } else {
        srv.key_sets++;
        json_w_key(&w, "keys");
        json_w_array(&w);
        assert_int_equal(jwk_write(&w, srv.key, JWT_RS256, str_c(srv.kid), NULL, NULL), 0);
        json_w_end(&w);
    }
    json_w_end(&w);
    http_reply(x, srv.fails ? 500 : 200, "application/json", buf_str(&out));
}

static void start_issuer(void)
{
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf ca_key = BUF_INIT(10000);
    AUTO(buf_done) struct buf cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT(10000);
    const char *names[] = {"127.0.0.1"};
    srv = (struct issuer_server){.loop = loop_new(), .ca = BUF_INIT(10000), .kid = "k1"};
    srv.key = EVP_RSA_gen(2048);
    assert_ok(tls_make_ca("issuer", &srv.ca, &ca_key, &err), err);
    assert_ok(tls_make_leaf(buf_str(&srv.ca), buf_str(&ca_key), names, 1, 10, &cert, &key, &err),
              err);
    srv.tls = tls_server_context(buf_str(&cert), buf_str(&key), &err);
    const struct http_server_config config = {
        .address = "127.0.0.1", .tls = srv.tls, .handle = serve};
    srv.server = http_server_new(srv.loop, &config, &err);
    assert_non_null(srv.server);
    srv.url = xasprintf("https://127.0.0.1:%d", http_server_port(srv.server));
}

static void trust(struct str ca)
{
    store_begin(m.e->store);
    const struct issuer issuer = {.url = str_c(srv.url), .ca_pem = ca};
    directory_add_issuer(m.e->store, &issuer, "seed");
    assert_int_equal(store_commit(m.e->store, NULL), 0);
}

static int setup(void **state)
{
    start_issuer();
    AUTO(freep)
    char *seed = xasprintf("tenants: [{id: " TENANT "}]\n"
                           "identities:\n"
                           "  - name: eso\n"
                           "    clientId: " IDENTITY "\n"
                           "    federatedCredentials: [{issuer: '%s', subject: '" SUB "'}]\n"
                           "vaults: [{name: kv1}]\n"
                           "roleAssignments: [{principal: eso, role: Key Vault Administrator, "
                           "scope: /}]\n",
                           srv.url);
    emulate_init_on(&m, seed, srv.loop);
    trust(buf_str(&srv.ca));
    return 0;
}

static int teardown(void **state)
{
    emulate_done(&m);
    http_server_free(srv.server);
    tls_context_free(srv.tls);
    loop_free(srv.loop);
    EVP_PKEY_free(srv.key);
    buf_done(&srv.ca);
    free(srv.url);
    return 0;
}

static int ask_with_token(EVP_PKEY *key, const char *kid)
{
    AUTO(buf_done) struct buf claims = BUF_INIT(10000);
    AUTO(buf_done) struct buf out = BUF_INIT(20000);
    AUTO(err_freep) struct err *err = NULL;
    buf_addf(&claims,
             "{\"iss\":\"%s\",\"sub\":\"" SUB "\",\"aud\":[\"api://AzureADTokenExchange\"],"
             "\"exp\":%lld}",
             srv.url, (long long)emulator_now(m.e) + 600);
    const struct jwt_header h = {.alg = JWT_RS256, .kid = str_c(kid)};
    assert_ok(jwt_sign(key, &h, buf_str(&claims), &out, &err), err);
    AUTO(freep)
    char *form = xasprintf("grant_type=client_credentials&client_id=" IDENTITY
                           "&scope=https://vault.azure.net/.default"
                           "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:"
                           "jwt-bearer&client_assertion=%s",
                           out.p);
    return ask_token(&m, V2, form);
}

static void assert_code(int64_t code)
{
    assert_int_equal(json_int(json_at(json_get(m.answer.json, "error_codes"), 0), 0), code);
}

static void test_keys_are_fetched_once(void **state)
{
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask_with_token(srv.key, "k1"), 200);
    }
    assert_int_equal(srv.documents, 1);
    assert_int_equal(srv.key_sets, 1);
    free(TAKE(m.token));
    m.token = str_dup(said(&m, "access_token"));
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 200);
    pass(&m, 601); /* and again when they are old */
    assert_int_equal(ask_with_token(srv.key, "k1"), 200);
    assert_int_equal(srv.key_sets, 2);
}

static void test_a_new_key_is_found(void **state)
{
    assert_int_equal(ask_with_token(srv.key, "k1"), 200);
    srv.kid = "k2";
    assert_int_equal(ask_with_token(srv.key, "k2"), 401); /* asked a moment ago */
    assert_code(50013);
    assert_int_equal(srv.key_sets, 1);
    pass(&m, 11);
    assert_int_equal(ask_with_token(srv.key, "k2"), 200);
    assert_int_equal(srv.key_sets, 2);
}

static void test_a_forged_signature(void **state)
{
    EVP_PKEY *other = EVP_RSA_gen(2048);
    assert_int_equal(ask_with_token(other, "k1"), 401);
    assert_code(50013);
    EVP_PKEY_free(other);
}

static void test_an_issuer_that_cannot_be_believed(void **state)
{
    srv.lies = true;
    assert_int_equal(ask_with_token(srv.key, "k1"), 400);
    assert_code(50166);
    srv.lies = false;
    srv.fails = true;
    assert_int_equal(ask_with_token(srv.key, "k1"), 400);
    assert_code(50166);
    assert_true(str_find(said(&m, "error_description"), STR("HTTP 500")) > 0);
    srv.fails = false;
    /* Only the CA that was given is trusted, and a change of it counts at once. */
    AUTO(buf_done) struct buf ca = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT(10000);
    assert_int_equal(tls_make_ca("other", &ca, &key, NULL), 0);
    trust(buf_str(&ca));
    assert_int_equal(ask_with_token(srv.key, "k1"), 400);
    assert_code(50166);
    trust(buf_str(&srv.ca));
    assert_int_equal(ask_with_token(srv.key, "k1"), 200);
}

static void test_an_issuer_that_is_away(void **state)
{
    http_server_free(TAKE(srv.server));
    assert_int_equal(ask_with_token(srv.key, "k1"), 400);
    assert_code(50166);
}

/* ---- workers ---- */

static void test_keys_are_made_by_a_worker(void **state)
{
    assert_int_equal(ask_with_token(srv.key, "k1"), 200);
    free(TAKE(m.token));
    m.token = str_dup(said(&m, "access_token"));
    assert_int_equal(ask(&m, "POST", "/keys/k/create", "{\"kty\":\"RSA\"}"), 200);
    assert_str(said(&m, "key.kty"), "RSA");
    assert_int_equal(ask(&m, "POST", "/certificates/c/create",
                         "{\"policy\":{\"issuer\":{\"name\":\"Self\"},\"x509_props\":{\"subject\":"
                         "\"CN=c\"}}}"),
                     202);
    assert_int_equal(ask(&m, "GET", "/secrets/c", ""), 200);
}

int main(void)
{
    http_global_init();
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_keys_are_fetched_once),  TEST(test_a_new_key_is_found),
        TEST(test_a_forged_signature),     TEST(test_an_issuer_that_cannot_be_believed),
        TEST(test_an_issuer_that_is_away), TEST(test_keys_are_made_by_a_worker),
    };
    int result = RUN(tests);
    http_global_done();
    return result;
}
