/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <unistd.h>

#include "azure/token.h"
#include "base/clock.h"
#include "base/encode.h"
#include "codec/jwt.h"
#include "codec/url.h"
#include "peer.h"

#define CANARY "q~Zk-canary-secret"

static struct peer peer;
static struct azure_tokens *tokens;

/* What came of asking for a token. */
struct got {
    struct azure_token_wait *wait;
    int done;
    char token[64];
    struct err *err;
};

static void on_token(void *arg, struct secret *token, const struct err *err)
{
    struct got *g = arg;
    g->wait = NULL;
    g->done++;
    err_free(g->err);
    g->err = err_copy(err);
    struct str s = secret_str(token);
    assert_int_equal(token == NULL, err != NULL);
    assert_true(s.n < sizeof(g->token));
    memcpy(g->token, s.n ? s.p : "", s.n);
    g->token[s.n] = '\0';
}

static void ask(struct got *g, struct azure_credential *c)
{
    *g = (struct got){0};
    g->wait = azure_token_get(tokens, c, STR("https://vault.azure.net"), on_token, g);
    assert_false(g->done);
}

/* Asks and waits for it; the caller frees g->err. */
static void get(struct got *g, struct azure_credential *c)
{
    ask(g, c);
    await(&peer, g->done);
}

static struct azure_application app(void)
{
    return (struct azure_application){str_c(peer.authority), STR("t1"), STR("client-1")};
}

static struct azure_credential *with_secret(const char *secret)
{
    struct azure_application a = app();
    struct azure_credential *c = azure_credential_secret(&a, str_c(secret), NULL);
    assert_non_null(c);
    return c;
}

static int setup(void **state)
{
    peer_init(&peer);
    tokens = azure_tokens_new(&(struct azure_tokens_config){.loop = peer.loop});
    return 0;
}

static int teardown(void **state)
{
    azure_tokens_free(tokens);
    peer_done(&peer);
    return 0;
}

static void assert_form(const char *name, const char *value)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct url_params form;
    assert_ok(url_params_parse(&a, buf_str(&peer.last_form), URL_FORM, &form, NULL), NULL);
    assert_str(url_params_str(&form, name), value);
}

/* ---- the cache ---- */

static void test_one_request_for_many(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret(CANARY);
    AUTO(azure_credential_unrefp) struct azure_credential *equal = with_secret(CANARY);
    assert_true(str_eq(azure_credential_key(c), azure_credential_key(equal)));
    struct got g[100];
    for (size_t i = 0; i < COUNT_OF(g); i++) {
        ask(&g[i], i % 2 ? c : equal);
    }
    await(&peer, g[99].done);
    for (size_t i = 0; i < COUNT_OF(g); i++) {
        assert_int_equal(g[i].done, 1);
        assert_string_equal(g[i].token, "token-1");
    }
    assert_int_equal(peer.token_requests, 1);
    assert_str(buf_str(&peer.log), "POST /t1/oauth2/v2.0/token;");
    assert_form("grant_type", "client_credentials");
    assert_form("client_id", "client-1");
    assert_form("client_secret", CANARY);
    assert_form("scope", "https://vault.azure.net/.default");
    struct got later;
    get(&later, c);
    assert_string_equal(later.token, "token-1");
    assert_int_equal(azure_tokens_stats(tokens).cached, 1);
    assert_int_equal(azure_tokens_stats(tokens).requests, 1);
}

static void test_identities_and_resources_are_apart(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *a = with_secret("one");
    AUTO(azure_credential_unrefp) struct azure_credential *b = with_secret("two");
    struct got g;
    get(&g, a);
    get(&g, b);
    assert_string_equal(g.token, "token-2");
    assert_null(azure_token_peek(tokens, a, STR("https://other")));
    g = (struct got){0};
    (void)azure_token_get(tokens, a, STR("https://other"), on_token, &g);
    await(&peer, g.done);
    assert_string_equal(g.token, "token-3");
    assert_form("scope", "https://other/.default");
    assert_str(secret_str(azure_token_peek(tokens, a, STR("https://vault.azure.net"))), "token-1");
}

static void test_cancelled(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret("x");
    struct got a;
    struct got b;
    ask(&a, c);
    ask(&b, c);
    azure_token_cancel(a.wait);
    await(&peer, b.done);
    assert_int_equal(a.done, 0);
    ask(&a, c); /* ready at once, but not inside */
    azure_token_cancel(a.wait);
    loop_advance(peer.loop, NS_S);
    assert_int_equal(a.done, 0);
    ask(&a, c);
    ask(&b, c); /* freed with the cache */
}

static void test_renewed_while_in_use(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret("x");
    struct got g;
    get(&g, c);
    loop_advance(peer.loop, 44 * NS_MIN);
    get(&g, c);
    assert_int_equal(peer.token_requests, 1);
    loop_advance(peer.loop, 7 * NS_MIN);      /* 10 to 15 minutes before the end */
    assert_int_equal(peer.token_requests, 1); /* nobody asked */
    get(&g, c);
    assert_string_equal(g.token, "token-1");
    loop_advance(peer.loop, 0);
    get(&g, c);
    assert_string_equal(g.token, "token-2");
}

static void test_expired(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret("x");
    struct got g;
    get(&g, c);
    loop_advance(peer.loop, 55 * NS_MIN + NS_S); /* less than five minutes left */
    assert_null(azure_token_peek(tokens, c, STR("https://vault.azure.net")));
    get(&g, c);
    assert_string_equal(g.token, "token-2");
}

static void test_when_renewals_are_due(void **state)
{
    static const struct {
        int64_t lifetime;
        const char *members;
        ns_t early; /* no renewal at this age */
        ns_t late;  /* by then one */
    } cases[] = {
        {86400, "", 12 * NS_H - NS_S, 12 * NS_H},
        {86400, ",\"refresh_in\":\"43000\"", 42999 * NS_S, 43000 * NS_S},
        {3600, ",\"refresh_in\":100", 99 * NS_S, 100 * NS_S},
        {3600, ",\"refresh_in\":4000", 44 * NS_MIN, 50 * NS_MIN},
        {300, "", 149 * NS_S, 151 * NS_S}, /* short ones: half, and a quarter is left unused */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(freep) char *secret = xasprintf("secret-%zu", i);
        AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret(secret);
        struct got g;
        peer.token_lifetime = cases[i].lifetime;
        peer.token_members = cases[i].members;
        get(&g, c);
        unsigned before = peer.tokens;
        loop_advance(peer.loop, cases[i].early);
        get(&g, c);
        loop_advance(peer.loop, cases[i].late - cases[i].early);
        assert_int_equal(peer.tokens, before);
        get(&g, c);
        await(&peer, peer.tokens == before + 1);
    }
}

static void test_failed_renewal_keeps_the_old(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret("x");
    struct got g;
    get(&g, c);
    peer_fault(&peer, (struct peer_fault){.match = "POST /t1", .times = -1, .status = 503});
    for (int minute = 0; minute < 54; minute++) {
        loop_advance(peer.loop, NS_MIN);
        get(&g, c);
        assert_string_equal(g.token, "token-1");
    }
    assert_true(peer.token_requests > 5);
    assert_true(peer.token_requests < 80);
    loop_advance(peer.loop, 2 * NS_MIN);
    ask(&g, c);
    loop_advance(peer.loop, NS_MIN);
    assert_int_equal(g.done, 1);
    assert_err(-1, g.err, ERR_UNAVAILABLE, "503");
    err_free(g.err);
}

static void test_drop(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret("x");
    struct str resource = STR("https://vault.azure.net");
    struct got g;
    get(&g, c);
    struct secret *first = secret_ref(azure_token_peek(tokens, c, resource));
    azure_token_drop(tokens, c, resource, first); /* too young: another one would not help */
    assert_non_null(azure_token_peek(tokens, c, resource));
    loop_advance(peer.loop, NS_MIN);
    azure_token_drop(tokens, c, resource, first);
    assert_null(azure_token_peek(tokens, c, resource));
    get(&g, c);
    assert_string_equal(g.token, "token-2");
    loop_advance(peer.loop, NS_MIN);
    azure_token_drop(tokens, c, resource, first); /* somebody else has done it */
    assert_non_null(azure_token_peek(tokens, c, resource));
    secret_unref(first);
}

/* ---- failures ---- */

static void test_transient_failures(void **state)
{
    static const struct peer_fault faults[] = {
        {.match = "POST /t1", .times = 2, .status = 503, .body = "<html>"},
        {.match = "POST /t1", .times = 2, .status = 429},
        {.match = "POST /t1", .times = 1, .status = 429, .header = "Retry-After", .value = "20"},
        {.match = "POST /t1", .times = 2, .how = PEER_RESET},
        {.match = "POST /t1", .times = 1, .how = PEER_CUT},
        {.match = "POST /t1", .times = 1, .how = PEER_HANG},
        {.match = "POST /t1",
         .times = 1,
         .status = 400,
         .body = "{\"error\":\"invalid_request\",\"error_description\":\"AADSTS90033: A transient "
                 "error\"}"},
    };
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        AUTO(freep) char *secret = xasprintf("secret-%zu", i);
        AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret(secret);
        struct got g;
        peer_fault(&peer, faults[i]);
        ask(&g, c);
        loop_advance(peer.loop, NS_MIN);
        assert_int_equal(g.done, 1);
        if (g.err) {
            fail_msg("%zu: %s", i, g.err->msg);
        }
    }
}

static void test_retry_after_is_obeyed(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret("x");
    struct got g;
    peer_fault(&peer, (struct peer_fault){.match = "POST /t1",
                                          .times = 1,
                                          .status = 429,
                                          .header = "Retry-After",
                                          .value = "20"});
    ask(&g, c);
    loop_advance(peer.loop, 19 * NS_S);
    assert_int_equal(peer.token_requests, 1);
    loop_advance(peer.loop, 2 * NS_S);
    assert_int_equal(g.done, 1);
    assert_null(g.err);

    /* A long one is not waited for here. */
    AUTO(azure_credential_unrefp) struct azure_credential *other = with_secret("y");
    peer_fault(&peer, (struct peer_fault){.match = "POST /t1",
                                          .times = 1,
                                          .status = 429,
                                          .header = "Retry-After",
                                          .value = "120"});
    get(&g, other);
    assert_err(-1, g.err, ERR_THROTTLED, "429");
    assert_true(g.err->retryable);
    assert_true(g.err->retry_after == 120 * NS_S);
    err_free(g.err);
    unsigned before = peer.token_requests;
    loop_advance(peer.loop, 119 * NS_S);
    get(&g, other);
    assert_non_null(g.err);
    err_free(g.err);
    assert_int_equal(peer.token_requests, before);
    loop_advance(peer.loop, NS_S);
    get(&g, other);
    assert_null(g.err);
}

#define WRONG_SECRET                                                                               \
    "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret "  \
    "provided. Ensure the secret being sent is the value.\\r\\nTrace ID: 1a\\r\\nCorrelation ID: " \
    "2b\",\"error_codes\":[7000215],\"correlation_id\":\"2b-c0\"}"

static void test_permanent_failure_is_kept_for_a_while(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret(CANARY);
    peer_fault(&peer, (struct peer_fault){
                          .match = "POST /t1", .times = 2, .status = 401, .body = WRONG_SECRET});
    struct got g;
    get(&g, c);
    assert_err(-1, g.err, ERR_UNAUTHORIZED,
               "cannot get a token for the application client-1 of tenant t1: the token request "
               "was answered with 401: AADSTS7000215: Invalid client secret provided. Ensure the "
               "secret being sent is the value.: the client secret is wrong");
    assert_non_null(strstr(g.err->msg, "(correlation id 2b-c0)"));
    assert_null(strstr(g.err->msg, "Trace"));
    assert_null(strstr(g.err->msg, CANARY));
    assert_false(g.err->retryable);
    err_free(g.err);
    for (int i = 0; i < 10; i++) {
        loop_advance(peer.loop, 2 * NS_S);
        get(&g, c);
        assert_non_null(g.err);
        err_free(g.err);
    }
    assert_int_equal(peer.token_requests, 1);
    /* A new secret is another identity. */
    AUTO(azure_credential_unrefp) struct azure_credential *mended = with_secret("right");
    peer_forget_faults(&peer);
    get(&g, mended);
    assert_null(g.err);
    loop_advance(peer.loop, 11 * NS_S);
    get(&g, c);
    assert_null(g.err);
}

static void test_no_secret_in_errors(void **state)
{
    static const char *const bodies[] = {
        "{\"error\":\"x\",\"error_description\":\"Invalid secret '" CANARY "'\"}",
        "{\"error\":\"x\",\"error_description\":\"got eyJhbGciOiJub25lIn0.e30.\"}",
        "{\"access_token\":\"" CANARY "\"}",
        "{\"access_token\":\"" CANARY "\",\"expires_in\":\"soon\"}",
        "{\"access_token\":\"" CANARY "\\r\\nX: y\",\"expires_in\":3600}",
        "{\"access_token\":\"" CANARY "\",\"expires_in\":3600",
        CANARY,
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        for (int status = 200; status <= 400; status += 200) {
            AUTO(azure_credential_unrefp) struct azure_credential *c = with_secret(CANARY);
            struct got g;
            peer_fault(&peer,
                       (struct peer_fault){
                           .match = "POST /t1", .times = 1, .status = status, .body = bodies[i]});
            get(&g, c);
            assert_non_null(g.err);
            assert_null(strstr(g.err->msg, "canary"));
            assert_null(strstr(g.err->msg, "eyJ"));
            err_free(g.err);
            loop_advance(peer.loop, NS_MIN);
        }
    }
}

/* ---- certificates ---- */

static EVP_PKEY *key;
static X509 *cert;

static X509 *make_cert(EVP_PKEY *of, const char *name)
{
    X509 *x = X509_new();
    assert_true(ASN1_INTEGER_set(X509_get_serialNumber(x), 7));
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    assert_int_equal(X509_set_pubkey(x, of), 1);
    assert_true(X509_sign(x, of, EVP_sha256()) > 0);
    return x;
}

static void add_pem(struct buf *out, EVP_PKEY *k, X509 *x, bool traditional)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (k) {
        assert_int_equal(
            traditional ? PEM_write_bio_PrivateKey_traditional(bio, k, NULL, NULL, 0, NULL, NULL)
                        : PEM_write_bio_PrivateKey(bio, k, NULL, NULL, 0, NULL, NULL),
            1);
    }
    if (x) {
        assert_int_equal(PEM_write_bio_X509(bio, x), 1);
    }
    char *p;
    long n = BIO_get_mem_data(bio, &p);
    buf_add(out, p, (size_t)n);
    BIO_free(bio);
}

static void add_pkcs12(struct buf *out, const char *password)
{
    PKCS12 *file = PKCS12_create(password, "app", key, cert, NULL, 0, 0, 0, 0, 0);
    unsigned char *der = NULL;
    int n = i2d_PKCS12(file, &der);
    assert_true(n > 0);
    buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
    PKCS12_free(file);
}

static void assert_assertion_is_good(enum jwt_alg alg)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct url_params form;
    struct jwt t;
    assert_ok(url_params_parse(&a, buf_str(&peer.last_form), URL_FORM, &form, NULL), NULL);
    assert_str(url_params_str(&form, "client_assertion_type"),
               "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert_str(url_params_str(&form, "client_secret"), "");
    assert_ok(jwt_parse(&a, url_params_str(&form, "client_assertion"), &t, &err), err);
    assert_int_equal(t.alg, alg);
    assert_ok(jwt_verify_cert(&t, cert, &err), err);
    double now = (double)(clock_real() / NS_S);
    double exp;
    assert_ok(jwt_check_times(t.claims, now, 0, &err), err);
    assert_true(jwt_number(t.claims, "exp", &exp) && exp == now + 600);
    assert_str(json_find_str(t.claims, "iss"), "client-1");
    assert_str(json_find_str(t.claims, "sub"), "client-1");
    assert_int_equal(json_find_str(t.claims, "jti").n, 36);
    assert_true(jwt_thumbprint_is(json_find_str(t.header, alg == JWT_PS256 ? "x5t#S256" : "x5t"),
                                  cert, alg == JWT_PS256 ? HASH_SHA256 : HASH_SHA1));
    AUTO(freep) char *audience = xasprintf("%s/t1/oauth2/v2.0/token", peer.authority);
    if (alg == JWT_PS256) {
        assert_true(jwt_has_audience(t.claims, str_c(audience)));
    }
}

static void get_with_certificate(struct str material)
{
    struct azure_application a = app();
    AUTO(err_freep) struct err *err = NULL;
    struct azure_credential *c = azure_credential_certificate(&a, material, &err);
    if (!c) {
        fail_msg("%s", err_msg(err));
    }
    struct got g;
    unsigned before = peer.token_requests;
    get(&g, c);
    assert_null(g.err);
    assert_int_equal(peer.token_requests, before + 1);
    assert_assertion_is_good(JWT_PS256);
    azure_credential_unref(c);
}

static void test_certificate_forms(void **state)
{
    EVP_PKEY *issuer_key = EVP_RSA_gen(2048);
    X509 *issuer = make_cert(issuer_key, "issuer");
    AUTO(buf_done) struct buf pkcs8 = BUF_INIT(1 << 16);
    AUTO(buf_done) struct buf pkcs1 = BUF_INIT(1 << 16);
    AUTO(buf_done) struct buf pfx = BUF_INIT(1 << 16);
    AUTO(buf_done) struct buf base64 = BUF_INIT(1 << 16);
    AUTO(buf_done) struct buf base64_pem = BUF_INIT(1 << 16);
    add_pem(&pkcs8, key, cert, false);
    add_pem(&pkcs1, NULL, cert, false);
    add_pem(&pkcs1, NULL, issuer, false); /* the last one; the key is not its */
    add_pem(&pkcs1, key, NULL, true);
    add_pkcs12(&pfx, "");
    base64_encode(&base64, buf_str(&pfx), BASE64_STD);
    buf_add_byte(&base64, '\n');
    base64_encode(&base64_pem, buf_str(&pkcs1), BASE64_STD);
    get_with_certificate(buf_str(&pkcs8));
    get_with_certificate(buf_str(&pkcs1));
    get_with_certificate(buf_str(&pfx));
    get_with_certificate(buf_str(&base64));
    get_with_certificate(buf_str(&base64_pem));
    X509_free(issuer);
    EVP_PKEY_free(issuer_key);
}

static void test_adfs_takes_the_older_form(void **state)
{
    AUTO(buf_done) struct buf pem = BUF_INIT(1 << 16);
    add_pem(&pem, key, cert, false);
    struct azure_application a = app();
    a.tenant = STR("adfs");
    AUTO(azure_credential_unrefp) struct azure_credential *c =
        azure_credential_certificate(&a, buf_str(&pem), NULL);
    struct got g;
    get(&g, c);
    assert_null(g.err);
    assert_str(buf_str(&peer.log), "POST /adfs/oauth2/token;");
    assert_assertion_is_good(JWT_RS256);
}

static void test_wrong_certificates(void **state)
{
    EVP_PKEY *other = EVP_RSA_gen(2048);
    EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(buf_done) struct buf only_cert = BUF_INIT(1 << 16);
    AUTO(buf_done) struct buf only_key = BUF_INIT(1 << 16);
    AUTO(buf_done) struct buf strangers = BUF_INIT(1 << 16);
    AUTO(buf_done) struct buf elliptic = BUF_INIT(1 << 16);
    AUTO(buf_done) struct buf locked = BUF_INIT(1 << 16);
    add_pem(&only_cert, NULL, cert, false);
    add_pem(&only_key, key, NULL, false);
    add_pem(&strangers, other, cert, false);
    add_pem(&elliptic, ec, cert, false);
    add_pkcs12(&locked, "password");
    const struct {
        struct str material;
        const char *error;
    } cases[] = {
        {buf_str(&only_cert), "no private key found in PEM file"},
        {buf_str(&only_key), "no certificate found in PEM file"},
        {buf_str(&strangers), "does not belong to the certificate"},
        {buf_str(&elliptic), "RSA keys only"},
        {buf_str(&locked), "without a password"},
        {STR(""), "neither PEM nor PKCS#12"},
        {STR("hello, world"), "no certificate found in PEM file"},
        {STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "malformed"},
        {STR("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"),
         "encrypted"},
        {STR("-----BEGIN FOO-----\nAAAA\n-----END FOO-----\n"), "block \"FOO\""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct azure_application a = app();
        assert_null(azure_credential_certificate(&a, cases[i].material, &err));
        assert_err(-1, err, ERR_INVALID, cases[i].error);
    }
    EVP_PKEY_free(other);
    EVP_PKEY_free(ec);
}

/* ---- workload identity ---- */

static struct source {
    struct azure_assertion *to;
    int requests;
    int cancels;
    int releases;
    const char *at_once; /* NULL: later */
} source;

static void on_request(void *arg, struct azure_assertion *to)
{
    source.requests++;
    if (source.at_once) {
        azure_assertion_answer(to, str_c(source.at_once), NULL);
    } else {
        source.to = to;
    }
}

static void on_cancel(void *arg, struct azure_assertion *to)
{
    assert_ptr_equal(to, source.to);
    source.cancels++;
}

static void on_release(void *arg)
{
    source.releases++;
}

static struct azure_credential *with_source(void)
{
    static const struct azure_assertion_source from = {.key = STR_INIT("ns/app aud"),
                                                       .request = on_request,
                                                       .cancel = on_cancel,
                                                       .release = on_release};
    struct azure_application a = app();
    return azure_credential_workload(&a, &from, NULL);
}

static void test_workload_identity(void **state)
{
    source = (struct source){0};
    struct azure_credential *c = with_source();
    struct got g;
    ask(&g, c);
    await(&peer, source.requests == 1);
    assert_int_equal(peer.token_requests, 0);
    azure_assertion_answer(source.to, STR("eyJ.jwt.one\n"), NULL);
    await(&peer, g.done);
    assert_null(g.err);
    assert_form("client_assertion", "eyJ.jwt.one");

    /* The next token takes the next assertion. */
    loop_advance(peer.loop, NS_H);
    source.at_once = "eyJ.jwt.two";
    get(&g, c);
    assert_form("client_assertion", "eyJ.jwt.two");

    /* An error of the source is the error. */
    loop_advance(peer.loop, NS_H);
    source.at_once = NULL;
    ask(&g, c);
    await(&peer, source.requests == 3);
    struct err *refused = NULL;
    err_set(&refused, ERR_DENIED, "service account app: forbidden");
    azure_assertion_answer(source.to, STR_EMPTY, refused);
    err_free(refused);
    await(&peer, g.done);
    assert_err(-1, g.err, ERR_DENIED, "service account app: forbidden");
    err_free(g.err);

    /* The cache goes while the source works. */
    loop_advance(peer.loop, NS_MIN);
    ask(&g, c);
    await(&peer, source.requests == 4);
    azure_credential_unref(c);
    assert_int_equal(source.releases, 0);
    azure_tokens_free(tokens);
    tokens = NULL;
    assert_int_equal(source.cancels, 1);
    assert_int_equal(source.releases, 1);
    assert_int_equal(g.done, 0);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void test_token_file_is_read_each_time(void **state)
{
    char path[] = "/tmp/pawl-token-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct azure_application a = app();
    AUTO(azure_credential_unrefp) struct azure_credential *c =
        azure_credential_token_file(&a, path, NULL);
    struct got g;
    write_file(path, "eyJ.first\n");
    get(&g, c);
    assert_form("client_assertion", "eyJ.first");
    write_file(path, "eyJ.second");
    loop_advance(peer.loop, NS_H);
    get(&g, c);
    assert_form("client_assertion", "eyJ.second");
    assert_int_equal(unlink(path), 0);
    loop_advance(peer.loop, NS_H);
    ask(&g, c);
    loop_advance(peer.loop, NS_MIN);
    assert_err(-1, g.err, ERR_IO, "unable to read token file /tmp/pawl-token-");
    err_free(g.err);
}

/* ---- managed identities ---- */

static struct azure_credential *managed(struct azure_environment env, enum azure_identity_by by,
                                        const char *id)
{
    AUTO(err_freep) struct err *err = NULL;
    struct azure_credential *c = azure_credential_managed(by, str_c(id), &env, &err);
    if (!c) {
        fail_msg("%s", err_msg(err));
    }
    return c;
}

static void test_managed_identity_endpoints(void **state)
{
    struct str base = str_c(peer.msi);
    AUTO(freep) char *endpoint = xasprintf("%s/msi/token", peer.msi);
    struct str msi = str_c(endpoint);
    const struct {
        struct azure_environment env;
        enum azure_identity_by by;
        const char *id;
        const char *path;
        const char *query; /* NULL: none */
        const char *header;
    } cases[] = {
        {{.pod_identity = base},
         AZURE_SYSTEM,
         NULL,
         "GET /metadata/identity/oauth2/token;",
         "?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net",
         "Metadata=true;"},
        {{.pod_identity = base},
         AZURE_BY_CLIENT_ID,
         "c 1",
         "GET /metadata/identity/oauth2/token;",
         "&client_id=c%201",
         "Metadata=true;"},
        {{.pod_identity = base},
         AZURE_BY_RESOURCE,
         "/sub/x",
         "GET /metadata/identity/oauth2/token;",
         "&msi_res_id=%2Fsub%2Fx",
         "Metadata=true;"},
        {{.identity_endpoint = msi, .identity_header = STR("h1"), .msi_endpoint = msi},
         AZURE_BY_OBJECT_ID,
         "o1",
         "GET /msi/token;",
         "?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net&object_id=o1",
         "X-IDENTITY-HEADER=h1;"},
        {{.msi_endpoint = msi, .msi_secret = STR("s1")},
         AZURE_BY_CLIENT_ID,
         "c1",
         "GET /msi/token;",
         "?api-version=2017-09-01&resource=https%3A%2F%2Fvault.azure.net&"
         "clientid=c1",
         "secret=s1;"},
        {{.msi_endpoint = msi}, AZURE_SYSTEM, NULL, "POST /msi/token;", NULL, "Metadata=true;"},
        {{.identity_endpoint = msi, .imds_endpoint = base},
         AZURE_SYSTEM,
         NULL,
         "GET /msi/token;",
         "?api-version=2020-06-01&resource=https%3A%2F%2Fvault.azure.net",
         "Metadata=true;"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(azure_credential_unrefp) struct azure_credential *c =
            managed(cases[i].env, cases[i].by, cases[i].id);
        struct got g;
        /* The query is not in the log, so a fault that never comes due looks at it. */
        AUTO(freep) char *match =
            xasprintf("%.*s%s", (int)strlen(cases[i].path) - 1, cases[i].path,
                      cases[i].query && cases[i].query[0] == '?' ? cases[i].query : "");
        peer_forget_faults(&peer);
        peer_fault(&peer, (struct peer_fault){.match = match, .skip = 1, .times = -1});
        peer_clear_log(&peer);
        get(&g, c);
        assert_null(g.err);
        assert_buf(&peer.log, cases[i].path);
        assert_buf(&peer.last_header, cases[i].header);
        assert_int_equal(peer.faults.v[0].skip, 0);
        if (!cases[i].query) {
            assert_form("resource", "https://vault.azure.net");
        }
    }
}

static void test_metadata_service_being_updated(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *c =
        managed((struct azure_environment){.pod_identity = str_c(peer.msi)}, AZURE_SYSTEM, NULL);
    peer_fault(&peer, (struct peer_fault){.match = "GET /metadata", .times = 1, .status = 404});
    peer_fault(&peer, (struct peer_fault){.match = "GET /metadata", .times = 5, .status = 410});
    struct got g;
    ask(&g, c);
    loop_advance(peer.loop, 40 * NS_S);
    assert_int_equal(g.done, 0);
    loop_advance(peer.loop, 60 * NS_S);
    assert_int_equal(g.done, 1);
    assert_null(g.err);

    loop_advance(peer.loop, NS_H);
    peer_fault(&peer, (struct peer_fault){.match = "GET /metadata", .times = -1, .status = 410});
    ask(&g, c);
    loop_advance(peer.loop, 69 * NS_S);
    assert_int_equal(g.done, 0);
    loop_advance(peer.loop, NS_MIN);
    assert_err(-1, g.err, ERR_HTTP, "410");
    err_free(g.err);
}

static void test_managed_identity_refused(void **state)
{
    AUTO(azure_credential_unrefp) struct azure_credential *c = managed(
        (struct azure_environment){.pod_identity = str_c(peer.msi)}, AZURE_BY_CLIENT_ID, "c1");
    peer_fault(&peer, (struct peer_fault){.match = "GET /metadata",
                                          .times = 1,
                                          .status = 400,
                                          .body = "{\"error\":\"invalid_request\","
                                                  "\"error_description\":\"Identity not found\"}"});
    struct got g;
    get(&g, c);
    assert_err(-1, g.err, ERR_UNAUTHORIZED,
               "managed identity c1: the token request was answered with 400: Identity not found: "
               "is the identity assigned to this machine (identityId)?");
    err_free(g.err);
}

/* A wrong agent of Azure Arc could ask for any file. */
static void test_arc_may_not_name_any_file(void **state)
{
    static const char *const realms[] = {
        "Basic realm=/etc/passwd",
        "Basic realm=/var/opt/azcmagent/tokens/../../../../etc/passwd.key",
        "Basic realm=/var/opt/azcmagent/tokens/a.txt",
        "Basic",
    };
    for (size_t i = 0; i < COUNT_OF(realms); i++) {
        AUTO(azure_credential_unrefp) struct azure_credential *c =
            managed((struct azure_environment){.identity_endpoint = str_c(peer.msi),
                                               .imds_endpoint = str_c(peer.msi)},
                    AZURE_SYSTEM, NULL);
        peer_fault(&peer, (struct peer_fault){.match = "GET /",
                                              .times = 1,
                                              .status = 401,
                                              .header = "WWW-Authenticate",
                                              .value = realms[i]});
        struct got g;
        get(&g, c);
        assert_err(-1, g.err, ERR_DENIED, "names a key file that is not in");
        err_free(g.err);
        loop_advance(peer.loop, NS_MIN);
    }
}

/* ---- malformed credentials ---- */

static void test_refused_credentials(void **state)
{
    const struct {
        struct azure_application app;
        const char *secret;
        const char *error;
    } cases[] = {
        {{STR("https://x"), STR(""), STR("c")}, "s", "tenant id is empty"},
        {{STR("https://x"), STR("a/b"), STR("c")}, "s", "neither a GUID nor a domain"},
        {{STR("https://x"), STR("t"), STR("")}, "s", "client id is empty"},
        {{STR("https://x"), STR("t"), STR("c\n")}, "s", "client id is malformed"},
        {{STR(""), STR("t"), STR("c")}, "s", "no login endpoint"},
        {{STR("https://x"), STR("t"), STR("c")}, "", "client secret is empty"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        assert_null(azure_credential_secret(&cases[i].app, str_c(cases[i].secret), &err));
        assert_err(-1, err, ERR_INVALID, cases[i].error);
    }
    AUTO(err_freep) struct err *err = NULL;
    struct azure_environment fabric = {.identity_endpoint = STR("http://x"),
                                       .identity_header = STR("h"),
                                       .identity_thumbprint = STR("t")};
    assert_null(azure_credential_managed(AZURE_SYSTEM, STR_EMPTY, &fabric, &err));
    assert_err(-1, err, ERR_INVALID, "Service Fabric");
    struct azure_environment shell = {.msi_endpoint = STR("http://x")};
    assert_null(azure_credential_managed(AZURE_BY_CLIENT_ID, STR("c"), &shell, &err));
    assert_err(-1, err, ERR_INVALID, "one identity only");
    struct azure_environment none = {0};
    assert_null(azure_credential_managed(AZURE_BY_CLIENT_ID, STR(""), &none, &err));
    assert_err(-1, err, ERR_INVALID, "empty or malformed");
    struct azure_environment bad = {.msi_endpoint = STR("not a url")};
    assert_null(azure_credential_managed(AZURE_SYSTEM, STR_EMPTY, &bad, &err));
    assert_err(-1, err, ERR_INVALID, "endpoint of the managed identity");
}

int main(void)
{
    key = EVP_RSA_gen(2048);
    cert = make_cert(key, "app");
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_one_request_for_many),
        T(test_identities_and_resources_are_apart),
        T(test_cancelled),
        T(test_renewed_while_in_use),
        T(test_expired),
        T(test_when_renewals_are_due),
        T(test_failed_renewal_keeps_the_old),
        T(test_drop),
        T(test_transient_failures),
        T(test_retry_after_is_obeyed),
        T(test_permanent_failure_is_kept_for_a_while),
        T(test_no_secret_in_errors),
        T(test_certificate_forms),
        T(test_adfs_takes_the_older_form),
        T(test_wrong_certificates),
        T(test_workload_identity),
        T(test_token_file_is_read_each_time),
        T(test_managed_identity_endpoints),
        T(test_metadata_service_being_updated),
        T(test_managed_identity_refused),
        T(test_arc_may_not_name_any_file),
        T(test_refused_credentials),
    };
    int failed = RUN(tests);
    X509_free(cert);
    EVP_PKEY_free(key);
    return failed;
}
