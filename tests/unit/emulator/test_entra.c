/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "emulate.h"

#include "base/clock.h"
#include "base/encode.h"
#include "codec/jwt.h"
#include "emulator/token.h"

#define LOGIN      "login.microsoftonline.com"
#define V2         "/" TENANT "/oauth2/v2.0/token"
#define V1         "/" TENANT "/oauth2/token"
#define ISSUER     "https://issuer.example"
#define SUB        "system:serviceaccount:ns:sa"
#define JWT_BEARER "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static struct emulate m;
static EVP_PKEY *key; /* of the application's certificate and of the foreign issuer */
static X509 *certificate;
static char *folder_seed;

static X509 *make_certificate(int days)
{
    X509 *x = X509_new();
    must(X509_set_version(x, X509_VERSION_3) == 1);
    must(X509_gmtime_adj(X509_getm_notBefore(x), -86400L * 400) != NULL);
    must(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(clock_real() / NS_S + days * 86400)) !=
         NULL);
    must(X509_set_pubkey(x, key) == 1 && X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

static void add_indented(struct buf *out, X509 *x)
{
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509(bio, x) == 1);
    size_t size = (size_t)BIO_get_mem_data(bio, &text);
    struct str rest = str_n(text, size), line;
    while (str_split(&rest, '\n', &line) && line.n > 0) {
        buf_addf(out, "          %.*s\n", STR_ARG(line));
    }
    BIO_free(bio);
}

/* An application with secrets and certificates, an identity with a federated credential. */
static char *make_seed(X509 *expired)
{
    AUTO(buf_done) struct buf b = BUF_INIT(100000);
    buf_add_c(&b, "tenants:\n"
                  "  - {id: " TENANT ", name: test, domain: Test.Example}\n"
                  "  - {id: 99999999-2222-4333-8444-555555555555, name: other}\n"
                  "apps:\n"
                  "  - name: admin\n"
                  "    clientId: " ADMIN_ID "\n"
                  "    secrets:\n"
                  "      - {value: '" SECRET "'}\n"
                  "      - {value: 'expired~secret', expires: -1h}\n"
                  "    certificates:\n"
                  "      - pem: |\n");
    add_indented(&b, certificate);
    buf_add_c(&b, "      - pem: |\n");
    add_indented(&b, expired);
    buf_add_c(&b,
              "  - {name: off, clientId: " USER_ID ", disabled: true}\n"
              "identities:\n"
              "  - name: eso\n"
              "    clientId: bbbbbbbb-0000-4000-8000-000000000001\n"
              "    federatedCredentials:\n"
              "      - {issuer: '" ISSUER "', subject: '" SUB "', audiences: [api://a, api://b]}\n"
              "vaults: [{name: kv1}]\n");
    return buf_take(&b);
}

static X509 *expired_certificate;

static int setup_all(void **state)
{
    clock_fake_start(NS_S, 1800000000 * NS_S);
    key = EVP_RSA_gen(2048);
    certificate = make_certificate(100);
    expired_certificate = make_certificate(-1);
    folder_seed = make_seed(expired_certificate);
    return 0;
}

static int teardown_all(void **state)
{
    X509_free(certificate);
    X509_free(expired_certificate);
    EVP_PKEY_free(key);
    free(folder_seed);
    return 0;
}

static int setup(void **state)
{
    AUTO(buf_done) struct buf jwks = BUF_INIT(10000);
    struct json_writer w = json_writer(&jwks);
    emulate_init(&m, folder_seed);
    json_w_object(&w);
    json_w_key(&w, "keys");
    json_w_array(&w);
    assert_int_equal(jwk_write(&w, key, JWT_RS256, STR("k1"), NULL, NULL), 0);
    json_w_end(&w);
    json_w_end(&w);
    store_begin(m.e->store);
    const struct issuer issuer = {.url = STR(ISSUER), .jwks = buf_str(&jwks)};
    directory_add_issuer(m.e->store, &issuer, "seed");
    assert_int_equal(store_commit(m.e->store, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    emulate_done(&m);
    return 0;
}

static int64_t now(void)
{
    return emulator_now(m.e);
}

/* The claims of the token that was given out, after checking its signature. */
static struct token_claims checked_token(void)
{
    struct token_claims claims = {0};
    assert_int_equal(token_check(m.e->keys, &m.answer.arena, said(&m, "access_token"), &claims),
                     TOKEN_OK);
    return claims;
}

static void assert_aadsts(int status, const char *error, int64_t code)
{
    assert_int_equal(m.answer.status, status);
    assert_str(said(&m, "error"), error);
    const struct json *codes = json_get(m.answer.json, "error_codes");
    assert_int_equal(json_int(json_at(codes, 0), 0), code);
    AUTO(freep) char *prefix = xasprintf("AADSTS%lld: ", (long long)code);
    assert_true(str_starts(said(&m, "error_description"), str_c(prefix)));
    assert_true(str_find(said(&m, "error_description"), STR("\r\nTrace ID: ")) > 0);
    assert_int_equal(said(&m, "correlation_id").n, 36);
}

/* ---- secrets, forms, scopes ---- */

#define FORM "grant_type=client_credentials&client_id=" ADMIN_ID "&client_secret=" SECRET
#define KV   "&scope=https%3A%2F%2Fvault.azure.net%2F.default"

static void test_v2_token(void **state)
{
    assert_int_equal(ask_token(&m, V2, FORM KV), 200);
    assert_str(said(&m, "token_type"), "Bearer");
    assert_int_equal(said_int(&m, "expires_in"), 3599);
    assert_null(json_get(m.answer.json, "refresh_token"));
    struct token_claims c = checked_token();
    assert_str(c.aud, "https://vault.azure.net");
    assert_str(c.iss, "https://sts.windows.net/" TENANT "/");
    assert_str(c.tid, TENANT);
    assert_str(c.appid, ADMIN_ID);
    assert_int_equal(c.oid.n, 36);
    assert_int_equal(c.exp, now() + 3600);
    assert_true(c.nbf <= now());
}

static void test_v1_token(void **state)
{
    assert_int_equal(
        ask_token(&m, V1 "?api-version=1.0", FORM "&resource=https%3A%2F%2Fvault.azure.net"), 200);
    assert_str(said(&m, "expires_in"), "3599"); /* a string here */
    assert_int_equal(said(&m, "expires_on").n, 10);
    assert_str(said(&m, "resource"), "https://vault.azure.net");
    assert_str(checked_token().aud, "https://vault.azure.net");
}

static void test_who_may_be_the_tenant(void **state)
{
    static const struct {
        const char *path;
        int status, code;
    } cases[] = {
        {"/test.example/oauth2/v2.0/token", 200, 0},
        {"/adfs/oauth2/v2.0/token", 200, 0},
        {"/adfs/oauth2/token?", 400, 900144}, /* v1 wants a resource */
        {"//" TENANT "//oauth2/v2.0/token/", 200, 0},
        {"/99999999-2222-4333-8444-555555555555/oauth2/v2.0/token", 400, 700016},
        {"/00000000-2222-4333-8444-555555555555/oauth2/v2.0/token", 400, 90002},
        {"/nowhere.example/oauth2/v2.0/token", 400, 90002},
        {"/garbage/oauth2/v2.0/token", 400, 900023},
        {"/common/oauth2/v2.0/token", 400, 50059},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(ask_token(&m, cases[i].path, FORM KV), cases[i].status);
        if (cases[i].code) {
            assert_int_equal(json_int(json_at(json_get(m.answer.json, "error_codes"), 0), 0),
                             cases[i].code);
        }
    }
}

static void test_errors_of_a_form(void **state)
{
    static const struct {
        const char *form;
        int status;
        const char *error;
        int code;
    } cases[] = {
        {"", 400, "invalid_request", 900144},
        {"grant_type=password", 400, "unsupported_grant_type", 70003},
        {"grant_type=client_credentials", 400, "invalid_request", 900144},
        {"grant_type=client_credentials&client_id=aaaaaaaa-0000-4000-8000-0000000000ff&"
         "client_secret=x" KV,
         400, "unauthorized_client", 700016},
        {"grant_type=client_credentials&client_id=" USER_ID "&client_secret=x" KV, 401,
         "unauthorized_client", 7000112},
        {"grant_type=client_credentials&client_id=" ADMIN_ID KV, 401, "invalid_client", 7000218},
        {"grant_type=client_credentials&client_id=" ADMIN_ID "&client_secret=wrong" KV, 401,
         "invalid_client", 7000215},
        {"grant_type=client_credentials&client_id=" ADMIN_ID "&client_secret=expired~secret" KV,
         401, "invalid_client", 7000222},
        {FORM, 400, "invalid_request", 900144},
        {FORM "&scope=openid", 400, "invalid_scope", 70011},
        {FORM "&scope=https://vault.azure.net", 400, "invalid_scope", 1002012},
        {FORM "&scope=https%253A%252F%252Fvault.azure.net%252F.default", 400, "invalid_scope",
         1002012},
        {FORM "&scope=https://vault.azure.net/.default+https://graph.microsoft.com/.default", 400,
         "invalid_scope", 700022},
        {FORM "&scope=https://vault.azure.cn/.default", 400, "invalid_resource", 500011},
        {FORM "&client_assertion=x&client_assertion_type=" JWT_BEARER KV, 400, "invalid_request",
         50027},
        {"%zz", 400, "invalid_request", 900144},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ask_token(&m, V2, cases[i].form);
        assert_aadsts(cases[i].status, cases[i].error, cases[i].code);
    }
    ask_host(&m, "GET", LOGIN, V2, "");
    assert_aadsts(405, "invalid_request", 900561);
}

/* What libraries add to scope, and what az makes of a resource with a slash. */
static void test_audience_is_verbatim(void **state)
{
    static const struct {
        const char *scope, *aud;
    } cases[] = {
        {"https://vault.azure.net/.default openid offline_access profile",
         "https://vault.azure.net"},
        {"https://management.azure.com//.default", "https://management.azure.com/"},
        {"https://vault.azure.net:8443/.default", "https://vault.azure.net:8443"},
        {"cfa8b339-82a2-471a-a3c9-0fc0be7a4093/.default", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(freep)
        char *form = xasprintf(FORM "&client_info=1&claims=%%7B%%7D&scope=%s", cases[i].scope);
        assert_int_equal(ask_token(&m, V2, form), 200);
        assert_str(checked_token().aud, cases[i].aud);
    }
}

static void test_id_and_secret_in_a_header(void **state)
{
    AUTO(buf_done) struct buf value = BUF_INIT(1000);
    buf_add_c(&value, "Authorization: Basic ");
    base64_encode(&value, STR(ADMIN_ID ":s3cret%7Eof.the_test"), BASE64_STD);
    m.headers[0] = buf_str(&value);
    m.n_headers = 1;
    assert_int_equal(ask_token(&m, V2, "grant_type=client_credentials" KV), 200);
}

static void test_no_secret_in_an_answer(void **state)
{
    ask_token(&m, V2,
              "grant_type=client_credentials&client_id=" ADMIN_ID "&client_secret=CANARY-7f3a" KV);
    assert_true(str_find(m.answer.body, STR("CANARY")) < 0);
    assert_true(str_find(m.answer.body, STR(SECRET)) < 0);
}

/* ---- assertions ---- */

struct assertion {
    enum jwt_alg alg;
    const char *iss, *sub, *aud; /* aud: JSON */
    const char *exp, *nbf;       /* offsets from now as numbers; NULL: absent */
    const char *kid;
    int thumbprint; /* 1: x5t, 256: x5t#S256, 2: padded in the standard alphabet */
    X509 *cert;
};

/* The token, signed with our key. */
static char *sign(const struct assertion *a)
{
    AUTO(buf_done) struct buf claims = BUF_INIT(10000);
    AUTO(buf_done) struct buf print = BUF_INIT(1000);
    AUTO(buf_done) struct buf out = BUF_INIT(20000);
    AUTO(err_freep) struct err *err = NULL;
    buf_addf(&claims, "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":%s", a->iss, a->sub, a->aud);
    if (a->exp) {
        buf_addf(&claims, ",\"exp\":%lld.%s", (long long)now() + strtoll(a->exp, NULL, 10), "782");
    }
    if (a->nbf) {
        buf_addf(&claims, ",\"nbf\":%lld", (long long)now() + strtoll(a->nbf, NULL, 10));
    }
    buf_add_c(&claims, "}");
    struct jwt_header h = {.alg = a->alg, .kid = str_c(a->kid)};
    if (a->thumbprint) {
        bool sha1 = a->thumbprint == 1;
        jwt_thumbprint(a->cert, sha1 ? HASH_SHA1 : HASH_SHA256, &print);
        if (a->thumbprint == 2) {
            AUTO(buf_done) struct buf raw = BUF_INIT(64);
            assert_int_equal(base64_decode(&raw, buf_str(&print), BASE64_URL | BASE64_RAW, NULL),
                             0);
            buf_clear(&print);
            base64_encode(&print, buf_str(&raw), BASE64_STD);
        }
        *(sha1 ? &h.x5t : &h.x5t_s256) = buf_str(&print);
    }
    assert_ok(jwt_sign(key, &h, buf_str(&claims), &out, &err), err);
    return buf_take(&out);
}

static int ask_with(const char *client, const struct assertion *a)
{
    AUTO(freep) char *token = sign(a);
    AUTO(freep)
    char *form = xasprintf("grant_type=client_credentials&client_id=%s&scope=https://"
                           "vault.azure.net/.default&client_assertion_type=" JWT_BEARER
                           "&client_assertion=%s",
                           client, token);
    return ask_token(&m, V2, form);
}

#define AUD "\"https://" LOGIN "/" TENANT "/oauth2/v2.0/token\""

static void test_certificate(void **state)
{
    const struct {
        struct assertion a;
        int status, code;
    } cases[] = {
        {{JWT_PS256, ADMIN_ID, ADMIN_ID, AUD, "600", "0", NULL, 256, certificate}, 200, 0},
        {{JWT_PS256, ADMIN_ID, ADMIN_ID, AUD, "600", "0", NULL, 2, certificate}, 200, 0},
        {{JWT_RS256, ADMIN_ID, ADMIN_ID, AUD, "600", NULL, NULL, 1, certificate}, 200, 0},
        {{JWT_RS256, ADMIN_ID, ADMIN_ID, "\"https://" LOGIN "/test.example/v2.0\"", "600", NULL,
          NULL, 1, certificate},
         200,
         0},
        {{JWT_RS256, ADMIN_ID, ADMIN_ID, AUD, "600", NULL, NULL, 0, NULL}, 400, 50027},
        {{JWT_RS256, ADMIN_ID, ADMIN_ID, AUD, "600", NULL, NULL, 1, expired_certificate},
         401,
         700027},
        {{JWT_RS256, ADMIN_ID, USER_ID, AUD, "600", NULL, NULL, 1, certificate}, 401, 700021},
        {{JWT_RS256, ADMIN_ID, ADMIN_ID, "\"https://elsewhere.example/" TENANT "/\"", "600", NULL,
          NULL, 1, certificate},
         401,
         700023},
        {{JWT_RS256, ADMIN_ID, ADMIN_ID,
          "\"https://" LOGIN "/99999999-2222-4333-8444-555555555555/oauth2/v2.0/token\"", "600",
          NULL, NULL, 1, certificate},
         401,
         700023},
        {{JWT_RS256, ADMIN_ID, ADMIN_ID, AUD, "-301", NULL, NULL, 1, certificate}, 401, 700024},
        {{JWT_RS256, ADMIN_ID, ADMIN_ID, AUD, "600", "301", NULL, 1, certificate}, 401, 700024},
        {{JWT_RS256, ADMIN_ID, ADMIN_ID, AUD, NULL, NULL, NULL, 1, certificate}, 400, 50027},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(ask_with(ADMIN_ID, &cases[i].a), cases[i].status);
        if (cases[i].code) {
            const struct json *codes = json_get(m.answer.json, "error_codes");
            assert_int_equal(json_int(json_at(codes, 0), 0), cases[i].code);
        }
    }
}

static void test_certificate_with_a_wrong_signature(void **state)
{
    const struct assertion a = {JWT_PS256, ADMIN_ID, ADMIN_ID, AUD,        "600",
                                "0",       NULL,     256,      certificate};
    EVP_PKEY *own = key;
    key = EVP_RSA_gen(2048);
    assert_int_equal(ask_with(ADMIN_ID, &a), 401);
    EVP_PKEY_free(key);
    key = own;
    assert_aadsts(401, "invalid_client", 700027);
}

#define IDENTITY "bbbbbbbb-0000-4000-8000-000000000001"

static void test_federation(void **state)
{
    const struct {
        struct assertion a;
        int status, code;
    } cases[] = {
        {{JWT_RS256, ISSUER, SUB, "[\"api://a\"]", "600", "0", "k1"}, 200, 0},
        {{JWT_RS256, ISSUER, SUB, "[\"x\",\"api://b\"]", "600", "0", "k1"}, 200, 0},
        {{JWT_PS256, ISSUER, SUB, "\"api://a\"", "600", NULL, NULL}, 200, 0},
        {{JWT_RS256, ISSUER "/", SUB, "[\"api://a\"]", "600", "0", "k1"}, 401, 700211},
        {{JWT_RS256, ISSUER, "system:serviceaccount:ns:other", "[\"api://a\"]", "600", "0", "k1"},
         401,
         700213},
        {{JWT_RS256, ISSUER, "system:serviceaccount:NS:sa", "[\"api://a\"]", "600", "0", "k1"},
         401,
         7002138},
        {{JWT_RS256, ISSUER, SUB, "[\"api://A\"]", "600", "0", "k1"}, 401, 700212},
        {{JWT_RS256, ISSUER, SUB, "[\"api://a\"]", "-301", "0", "k1"}, 401, 700024},
        {{JWT_RS256, ISSUER, SUB, "[\"api://a\"]", "600", "0", "k2"}, 401, 50013},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(ask_with(IDENTITY, &cases[i].a), cases[i].status);
        if (cases[i].code) {
            const struct json *codes = json_get(m.answer.json, "error_codes");
            assert_int_equal(json_int(json_at(codes, 0), 0), cases[i].code);
        } else {
            assert_str(checked_token().appid, IDENTITY);
        }
    }
    /* The right claims, signed by somebody else. */
    EVP_PKEY *own = key;
    key = EVP_RSA_gen(2048);
    assert_int_equal(ask_with(IDENTITY, &cases[0].a), 401);
    EVP_PKEY_free(key);
    key = own;
    assert_aadsts(401, "invalid_client", 50013);
    /* An issuer that is trusted for nobody else's application. */
    assert_int_equal(ask_with(ADMIN_ID, &cases[0].a), 401);
    assert_aadsts(401, "invalid_client", 700211);
}

/* ---- discovery ---- */

static void test_instance_discovery(void **state)
{
    static const struct {
        const char *endpoint;
        const char *document; /* NULL: unknown */
    } cases[] = {
        {"https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/authorize",
         "https://login.microsoftonline.com/" TENANT "/v2.0/.well-known/openid-configuration"},
        {"https%3A%2F%2FLOGIN.windows.net:8443%2Fcommon%2Foauth2%2Fauthorize",
         "https://LOGIN.windows.net:8443/common/v2.0/.well-known/openid-configuration"},
        {"https://login.evil.example/x/oauth2/v2.0/authorize", NULL},
        {"http://login.microsoftonline.com/x", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(freep)
        char *target =
            xasprintf("/common/discovery/instance?api-version=1.1&authorization_endpoint=%s",
                      cases[i].endpoint);
        ask_host(&m, "GET", LOGIN, target, "");
        if (cases[i].document) {
            assert_int_equal(m.answer.status, 200);
            assert_str(said(&m, "tenant_discovery_endpoint"), cases[i].document);
        } else {
            assert_aadsts(400, "invalid_instance", 50049);
        }
    }
}

static void test_documents(void **state)
{
    static const struct {
        const char *host, *target, *issuer, *token;
    } cases[] = {
        {LOGIN, "/" TENANT "/v2.0/.well-known/openid-configuration?",
         "https://" LOGIN "/" TENANT "/v2.0", "https://" LOGIN "/" TENANT "/oauth2/v2.0/token"},
        {LOGIN ":8443", "/TEST.example/v2.0/.well-known/openid-configuration",
         "https://" LOGIN ":8443/" TENANT "/v2.0",
         "https://" LOGIN ":8443/" TENANT "/oauth2/v2.0/token"},
        {LOGIN, "/" TENANT "/.well-known/openid-configuration",
         "https://sts.windows.net/" TENANT "/", "https://" LOGIN "/" TENANT "/oauth2/token"},
        {LOGIN, "/adfs/.well-known/openid-configuration", "https://" LOGIN "/adfs",
         "https://" LOGIN "/adfs/oauth2/v2.0/token"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ask_host(&m, "GET", cases[i].host, cases[i].target, "");
        assert_int_equal(m.answer.status, 200);
        assert_str(said(&m, "issuer"), cases[i].issuer);
        assert_str(said(&m, "token_endpoint"), cases[i].token);
        assert_true(said(&m, "authorization_endpoint").n > 0);
    }
    ask_host(&m, "GET", LOGIN, "/nobody.example/v2.0/.well-known/openid-configuration", "");
    assert_aadsts(400, "invalid_tenant", 90002);
}

/* What is published verifies what is issued. */
static void test_signing_keys(void **state)
{
    assert_int_equal(ask_token(&m, V2, FORM KV), 200);
    AUTO(freep) char *token = str_dup(said(&m, "access_token"));
    ask_host(&m, "GET", LOGIN, "/" TENANT "/discovery/v2.0/keys", "");
    assert_int_equal(m.answer.status, 200);
    AUTO(jwks_freep) struct jwks *keys = jwks_parse(m.answer.body, NULL);
    AUTO(err_freep) struct err *err = NULL;
    struct jwt t;
    assert_int_equal(jwks_count(keys), 1);
    assert_ok(jwt_parse(&m.answer.arena, str_c(token), &t, &err), err);
    assert_ok(jwt_verify(&t, keys, &err), err);
}

/* ---- tokens at the vault ---- */

static void test_a_vault_checks_tokens(void **state)
{
    struct principal p;
    store_begin(m.e->store);
    assert_true(directory_client(m.e->store, &m.answer.arena, STR(TENANT), STR(ADMIN_ID), &p));
    store_rollback(m.e->store);
    /* The principal's strings lie in the arena of the answer, which is reset. */
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    p.object_id = arena_str(&a, p.object_id);
    p.tenant = arena_str(&a, p.tenant);
    p.client_id = arena_str(&a, p.client_id);
    p.name = STR("admin");
    const struct {
        const char *aud;
        int64_t from, until;
        const char *tenant, *message;
    } cases[] = {
        {"https://vault.azure.net", 0, 600, TENANT, NULL},
        {"cfa8b339-82a2-471a-a3c9-0fc0be7a4093", 0, 600, TENANT, NULL},
        {"https://vault.azure.net/", 0, 600, TENANT,
         "AKV10022: Invalid audience. Expected https://vault.azure.net, found: "
         "https://vault.azure.net/."},
        {"https://management.azure.com/", 0, 600, TENANT, "AKV10022: Invalid audience."},
        {"https://vault.azure.net", 0, 600, "99999999-2222-4333-8444-555555555555",
         "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/" TENANT
         "/, found https://sts.windows.net/99999999-2222-4333-8444-555555555555/."},
        {"https://vault.azure.net", -7200, -1, TENANT, "[TokenExpired] Error validating token"},
        {"https://vault.azure.net", 7200, 9000, TENANT, "[TokenNotYetValid]"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        p.tenant = str_c(cases[i].tenant);
        const struct token_request r = {.principal = &p,
                                        .audience = str_c(cases[i].aud),
                                        .now = now() + cases[i].from,
                                        .expires = now() + cases[i].until,
                                        .strength = "1"};
        free(TAKE(m.token));
        m.token = str_dup(token_mint(m.e->keys, &a, &r));
        int status = ask(&m, "GET", "/secrets", "");
        if (cases[i].message) {
            assert_int_equal(status, 401);
            assert_true(str_starts(said(&m, "error.message"), str_c(cases[i].message)));
            assert_true(header(&m, "WWW-Authenticate").n > 0);
        } else {
            assert_int_equal(status, 403); /* known, but may nothing here */
        }
    }
}

static void test_a_vault_knows_its_own_tokens_only(void **state)
{
    static const struct {
        const char *token, *message;
    } cases[] = {{"x", "AKV10001"}, {"a.b.c", "AKV10001"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        free(TAKE(m.token));
        m.token = xstrdup(cases[i].token);
        assert_int_equal(ask(&m, "GET", "/secrets", ""), 401);
        assert_true(str_starts(said(&m, "error.message"), str_c(cases[i].message)));
    }
    const struct assertion foreign = {JWT_RS256, ISSUER, SUB, "\"https://vault.azure.net\"",
                                      "600",     "0",    "k1"};
    free(TAKE(m.token));
    m.token = sign(&foreign);
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 401);
    assert_true(str_starts(said(&m, "error.message"), STR("AKV10001"))); /* exp has a fraction */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_v2_token),
        TEST(test_v1_token),
        TEST(test_who_may_be_the_tenant),
        TEST(test_errors_of_a_form),
        TEST(test_audience_is_verbatim),
        TEST(test_id_and_secret_in_a_header),
        TEST(test_no_secret_in_an_answer),
        TEST(test_certificate),
        TEST(test_certificate_with_a_wrong_signature),
        TEST(test_federation),
        TEST(test_instance_discovery),
        TEST(test_documents),
        TEST(test_signing_keys),
        TEST(test_a_vault_checks_tokens),
        TEST(test_a_vault_knows_its_own_tokens_only),
    };
    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
