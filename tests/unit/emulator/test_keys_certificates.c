/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "emulate.h"

#include "base/encode.h"
#include "codec/jwt.h"
#include "emulator/x509_material.h"

static struct emulate m;

static int setup(void **state)
{
    emulate_init(&m, NULL);
    login(&m, ADMIN_ID);
    return 0;
}

static int teardown(void **state)
{
    emulate_done(&m);
    return 0;
}

/* ---- keys ---- */

#define RSA_JWK                                                                                    \
    "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"AQAB\",\"d\":\"AQAB\",\"key_ops\":[\"sign\"]}"

static char *rsa_jwk(void)
{
    AUTO(buf_done) struct buf text = BUF_INIT(10000);
    struct json_writer w = json_writer(&text);
    EVP_PKEY *key = EVP_RSA_gen(2048);
    assert_int_equal(jwk_write(&w, key, JWT_RS256, STR("x"), NULL, NULL), 0);
    EVP_PKEY_free(key);
    const struct json *jwk = json_parse(&m.answer.arena, buf_str(&text), JSON_COPY, NULL);
    return xasprintf("{\"key\":" RSA_JWK ",\"tags\":{\"a\":\"b\"}}",
                     STR_ARG(json_find_str(jwk, "n")));
}

static void test_import_a_key(void **state)
{
    AUTO(freep) char *body = rsa_jwk();
    assert_int_equal(ask(&m, "PUT", "/keys/k", body), 200);
    assert_str(str_head(said(&m, "key.kid"), strlen("https://" VAULT "/keys/k/")),
               "https://" VAULT "/keys/k/");
    AUTO(freep) char *kid = str_dup(said(&m, "key.kid"));
    assert_int_equal(ask(&m, "GET", "/keys/k", ""), 200);
    assert_str(said(&m, "key.kty"), "RSA");
    assert_str(said(&m, "key.e"), "AQAB");
    assert_str(json_str(json_at(json_find(m.answer.json, "key.key_ops"), 0)), "sign");
    assert_null(json_find(m.answer.json, "key.d")); /* private parts never come back */
    assert_false(json_bool(json_find(m.answer.json, "attributes.exportable"), true));
    assert_str(said(&m, "tags.a"), "b");
    assert_int_equal(ask(&m, "GET", "/keys", ""), 200);
    const struct json *item = json_at(json_get(m.answer.json, "value"), 0);
    assert_str(json_find_str(item, "kid"), "https://" VAULT "/keys/k"); /* kid, not id */
    assert_null(json_get(item, "id"));
    assert_int_equal(ask(&m, "GET", "/keys/k/versions", ""), 200);
    assert_str(json_find_str(json_at(json_get(m.answer.json, "value"), 0), "kid"), kid);
    assert_int_equal(ask(&m, "PATCH", "/keys/k",
                         "{\"key_ops\":[\"verify\"],\"attributes\":{\"enabled\":false}}"),
                     200);
    assert_str(json_str(json_at(json_find(m.answer.json, "key.key_ops"), 0)), "verify");
    assert_int_equal(ask(&m, "DELETE", "/keys/k", ""), 200);
    assert_str(said(&m, "recoveryId"), "https://" VAULT "/deletedkeys/k");
    assert_int_equal(ask(&m, "GET", "/deletedkeys/k", ""), 200);
    assert_int_equal(ask(&m, "POST", "/deletedkeys/k/recover", ""), 200);
    assert_int_equal(ask(&m, "GET", "/keys/k", ""), 200);
}

static void test_keys_that_are_none(void **state)
{
    static const char *const bodies[] = {
        "",
        "{\"key\":7}",
        "{\"key\":{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"\"}}",
        "{\"key\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"d\":\"AA\"}}",
        "{\"key\":{\"kty\":\"oct\"}}",
        "{\"key\":{\"kty\":\"OKP\",\"d\":\"AA\"}}",
        "{\"key\":{\"kty\":\"oct-HSM\",\"k\":\"AA\",\"key_ops\":7}}",
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        assert_int_equal(ask(&m, "PUT", "/keys/k", bodies[i]), 400);
        assert_str(said(&m, "error.code"), "BadParameter");
    }
    assert_int_equal(ask(&m, "GET", "/keys/k", ""), 404);
    assert_int_equal(ask(&m, "PUT", "/keys/o", "{\"key\":{\"kty\":\"oct-HSM\",\"k\":\"AA\"}}"),
                     200);
}

static void test_create_keys(void **state)
{
    static const struct {
        const char *body, *kty, *crv;
        int status;
    } cases[] = {
        {"{\"kty\":\"RSA\"}", "RSA", "", 200},
        {"{\"kty\":\"RSA-HSM\",\"key_size\":2048}", "RSA-HSM", "", 200},
        {"{\"kty\":\"EC\"}", "EC", "P-256", 200},
        {"{\"kty\":\"EC\",\"crv\":\"P-521\",\"key_ops\":[\"sign\"]}", "EC", "P-521", 200},
        {"{\"kty\":\"RSA\",\"key_size\":1024}", NULL, NULL, 400},
        {"{\"kty\":\"EC\",\"crv\":\"P-1\"}", NULL, NULL, 400},
        {"{}", NULL, NULL, 400},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(ask(&m, "POST", "/keys/made/create", cases[i].body), cases[i].status);
        if (cases[i].kty) {
            assert_str(said(&m, "key.kty"), cases[i].kty);
            assert_str(said(&m, "key.crv"), cases[i].crv);
            assert_null(json_find(m.answer.json, "key.d"));
        }
    }
}

/* ---- certificates ---- */

static struct x509_material made(int months)
{
    struct x509_material x;
    AUTO(err_freep) struct err *err = NULL;
    const struct x509_wish wish = {.subject = STR("CN=web, O=Example"),
                                   .dns_names = {STR_INIT("web.example")},
                                   .n_dns_names = 1,
                                   .months = months,
                                   .ec = true,
                                   .group = "P-256",
                                   .now = emulator_now(m.e)};
    assert_ok(x509_material_make(&x, &wish, &err), err);
    return x;
}

enum form { AS_PEM, AS_BASE64_PEM, AS_PFX, AS_DER };

/* The body of an import. */
static char *import_body(const struct x509_material *x, enum form form, const char *more)
{
    AUTO(buf_done) struct buf raw = BUF_INIT(100000);
    AUTO(buf_done) struct buf text = BUF_INIT(200000);
    AUTO(buf_done) struct buf body = BUF_INIT(300000);
    AUTO(err_freep) struct err *err = NULL;
    if (form == AS_PFX) {
        assert_ok(x509_material_write_pkcs12(x, &raw, &err), err);
    } else if (form == AS_DER) {
        x509_material_write_der(x, &raw);
    } else {
        x509_material_write_pem(x, &raw);
    }
    if (form == AS_PEM) {
        buf_add_str(&text, buf_str(&raw));
    } else {
        base64_encode(&text, buf_str(&raw), BASE64_STD);
    }
    buf_add_c(&body, "{\"value\":");
    json_write_string(&body, buf_str(&text), JSON_WRITE_PLAIN);
    buf_addf(&body, "%s}", more);
    return buf_take(&body);
}

#define PEM_POLICY ",\"policy\":{\"secret_props\":{\"contentType\":\"application/x-pem-file\"}}"

static void test_import_in_each_form(void **state)
{
    static const struct {
        enum form form;
        const char *more, *type;
    } cases[] = {
        {AS_PEM, PEM_POLICY, "application/x-pem-file"},
        {AS_BASE64_PEM, "", "application/x-pem-file"}, /* ESO: no policy */
        {AS_PFX, "", "application/x-pkcs12"},
        {AS_PFX, PEM_POLICY ",\"pwd\":\"\"", "application/x-pem-file"},
        {AS_DER, "", "application/x-pkcs12"},
    };
    struct x509_material x = made(12);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(freep) char *body = import_body(&x, cases[i].form, cases[i].more);
        assert_int_equal(ask(&m, "POST", "/certificates/web/import", body), 200);
        AUTO(freep) char *cer = str_dup(said(&m, "cer"));
        AUTO(freep) char *sid = str_dup(said(&m, "sid"));
        AUTO(freep) char *kid = str_dup(said(&m, "kid"));
        assert_int_equal(said(&m, "x5t").n, 27); /* base64url of 20 bytes */
        assert_int_equal(said_int(&m, "attributes.nbf"), emulator_now(m.e));
        assert_str(said(&m, "policy.x509_props.subject"), "CN=web, O=Example");
        assert_str(said(&m, "policy.secret_props.contentType"), cases[i].type);
        assert_str(
            json_str(json_at(json_find(m.answer.json, "policy.x509_props.sans.dns_names"), 0)),
            "web.example");
        /* One version id for the three. */
        assert_int_equal(ask(&m, "GET", sid + strlen("https://" VAULT), ""), 200);
        assert_str(said(&m, "contentType"), cases[i].type);
        assert_str(said(&m, "kid"), kid);
        assert_true(json_bool(json_get(m.answer.json, "managed"), false));
        assert_int_equal(ask(&m, "GET", kid + strlen("https://" VAULT), ""), 200);
        assert_str(said(&m, "key.kty"), "EC");
        assert_int_equal(ask(&m, "GET", "/certificates/web", ""), 200);
        assert_str(said(&m, "cer"), cer);
    }
    x509_material_done(&x);
}

/* The secret behind a certificate holds what was imported, key and all. */
static void test_the_secret_has_the_key(void **state)
{
    struct x509_material x = made(12), back = {0};
    AUTO(err_freep) struct err *err = NULL;
    AUTO(freep) char *pfx = import_body(&x, AS_PEM,
                                        ",\"policy\":{\"secret_props\":{\"contentType\":"
                                        "\"application/x-pkcs12\"}}");
    AUTO(freep) char *pem = import_body(&x, AS_PFX, PEM_POLICY);
    const char *bodies[] = {pfx, pem};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        assert_int_equal(ask(&m, "POST", "/certificates/web/import", bodies[i]), 200);
        assert_int_equal(ask(&m, "GET", "/secrets/web/", ""), 200);
        assert_ok(x509_material_read(&back, said(&m, "value"), STR(""), &err), err);
        assert_int_equal(EVP_PKEY_eq(back.key, x.key), 1);
        assert_int_equal(X509_cmp(back.leaf, x.leaf), 0);
        x509_material_done(&back);
    }
    x509_material_done(&x);
}

static void test_what_belongs_to_a_certificate(void **state)
{
    struct x509_material x = made(12);
    AUTO(freep) char *body = import_body(&x, AS_PFX, "");
    assert_int_equal(ask(&m, "POST", "/certificates/web/import", body), 200);
    assert_int_equal(ask(&m, "PUT", "/secrets/web", "{\"value\":\"x\"}"), 403);
    assert_int_equal(ask(&m, "DELETE", "/secrets/web", ""), 403);
    assert_int_equal(ask(&m, "DELETE", "/keys/web", ""), 403);
    ask(&m, "GET", "/secrets", "");
    const struct json *item = json_at(json_get(m.answer.json, "value"), 0);
    assert_true(json_bool(json_get(item, "managed"), false));
    assert_str(json_find_str(item, "contentType"), "application/x-pkcs12");
    assert_int_equal(ask(&m, "DELETE", "/certificates/web", ""), 200);
    assert_int_equal(ask(&m, "GET", "/secrets/web", ""), 404);
    assert_int_equal(ask(&m, "GET", "/keys/web", ""), 404);
    assert_int_equal(ask(&m, "POST", "/certificates/web/import", body), 409);
    assert_int_equal(ask(&m, "POST", "/deletedcertificates/web/recover", ""), 200);
    assert_int_equal(ask(&m, "GET", "/secrets/web", ""), 200);
    assert_int_equal(ask(&m, "POST", "/certificates/web/backup", ""), 200);
    AUTO(freep) char *blob = xasprintf("{\"value\":\"%.*s\"}", STR_ARG(said(&m, "value")));
    ask(&m, "DELETE", "/certificates/web", "");
    assert_int_equal(ask(&m, "DELETE", "/deletedcertificates/web", ""), 204);
    assert_int_equal(ask(&m, "GET", "/deletedsecrets/web", ""), 404);
    assert_int_equal(ask(&m, "POST", "/certificates/restore", blob), 200);
    assert_int_equal(ask(&m, "GET", "/secrets/web", ""), 200);
    assert_int_equal(ask(&m, "GET", "/keys/web", ""), 200);
    x509_material_done(&x);
}

/* A name that a secret of its own has: nothing of the import stays. */
static void test_a_name_that_is_taken(void **state)
{
    struct x509_material x = made(12);
    AUTO(freep) char *body = import_body(&x, AS_PFX, "");
    ask(&m, "PUT", "/secrets/web", "{\"value\":\"x\"}");
    assert_int_equal(ask(&m, "POST", "/certificates/web/import", body), 409);
    assert_int_equal(ask(&m, "GET", "/certificates/web", ""), 404);
    assert_int_equal(ask(&m, "GET", "/keys/web", ""), 404);
    x509_material_done(&x);
}

static void test_imports_that_are_none(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"value\":\"\"}",
        "{\"value\":\"!!!\"}",
        "{\"value\":\"aGVsbG8=\"}",
        "{\"value\":\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\"}",
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        assert_int_equal(ask(&m, "POST", "/certificates/web/import", bodies[i]), 400);
        assert_str(said(&m, "error.code"), "BadParameter");
    }
    struct x509_material x = made(12), other = made(12);
    EVP_PKEY *own = x.key;
    x.key = other.key; /* a key of another certificate */
    AUTO(freep) char *body = import_body(&x, AS_PEM, "");
    assert_int_equal(ask(&m, "POST", "/certificates/web/import", body), 400);
    x.key = own;
    x509_material_done(&x);
    x509_material_done(&other);
}

static void test_create_a_self_signed_one(void **state)
{
    static const char body[] =
        "{\"policy\":{\"issuer\":{\"name\":\"Self\"},\"key_props\":{\"kty\":\"EC\",\"crv\":\"P-"
        "384\"},"
        "\"x509_props\":{\"subject\":\"CN=made\",\"sans\":{\"dns_names\":[\"a.example\","
        "\"b.example\"]},\"validity_months\":6}}}";
    assert_int_equal(ask(&m, "POST", "/certificates/made/create", body), 202);
    assert_str(said(&m, "status"), "inProgress");
    assert_int_equal(ask(&m, "GET", "/certificates/made/pending", ""), 200);
    assert_str(said(&m, "status"), "completed");
    assert_int_equal(ask(&m, "GET", "/certificates/made", ""), 200);
    assert_str(said(&m, "policy.issuer.name"), "Self");
    assert_str(said(&m, "policy.key_props.crv"), "P-384");
    assert_int_equal(json_len(json_find(m.answer.json, "policy.x509_props.sans.dns_names")), 2);
    assert_int_equal(ask(&m, "GET", "/certificates/made/policy", ""), 200);
    assert_str(said(&m, "id"), "https://" VAULT "/certificates/made/policy");
    static const char *const wrong[] = {
        "{}",
        "{\"policy\":{\"issuer\":{\"name\":\"DigiCert\"}}}",
        "{\"policy\":{\"issuer\":{\"name\":\"Self\"}}}",
        "{\"policy\":{\"issuer\":{\"name\":\"Self\"},\"x509_props\":{\"subject\":\"web\"}}}",
        "{\"policy\":{\"issuer\":{\"name\":\"Self\"},\"key_props\":{\"key_size\":1},"
        "\"x509_props\":{\"subject\":\"CN=x\"}}}",
        "{\"policy\":{\"issuer\":{\"name\":\"Self\"},\"key_props\":{\"kty\":\"EC\"},\"x509_props\":"
        "{\"subject\":\"CN=x\",\"sans\":{\"dns_names\":[\"a,DNS:evil\"]}}}}",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(ask(&m, "POST", "/certificates/bad/create", wrong[i]), 400);
    }
    assert_int_equal(ask(&m, "GET", "/certificates/bad", ""), 404);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_import_a_key),
        TEST(test_keys_that_are_none),
        TEST(test_create_keys),
        TEST(test_import_in_each_form),
        TEST(test_the_secret_has_the_key),
        TEST(test_what_belongs_to_a_certificate),
        TEST(test_a_name_that_is_taken),
        TEST(test_imports_that_are_none),
        TEST(test_create_a_self_signed_one),
    };
    return RUN(tests);
}
