/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/encode.h"
#include "codec/jwt.h"

#include "test.h"

/* RFC 7515 appendix A.2 (RS256) and A.3 (ES256): the tokens and the public keys. */
#define RFC_CLAIMS                                                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define RFC_RS256                                                                                  \
    "eyJhbGciOiJSUzI1NiJ9." RFC_CLAIMS                                                             \
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp" \
    "5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHl" \
    "b1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9Q" \
    "OYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define RFC_RSA_N                                                                                  \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"                        \
    "4qPCJrcS2mJPMEzP1Pt0Bm4d4"                                                                    \
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"                       \
    "bSf63kpaSHSXndS5z5rexMdb"                                                                     \
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_"                   \
    "I5IhlJH7aGhyxXFvUK-D"                                                                         \
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RFC_ES256                                                                                  \
    "eyJhbGciOiJFUzI1NiJ9." RFC_CLAIMS                                                             \
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define RFC_EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define RFC_EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"

static void test_examples_of_the_rfc(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(jwks_freep) struct jwks *set = jwks_parse(
        STR("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC_EC_X "\",\"y\":\"" RFC_EC_Y
            "\"},{\"kty\":\"RSA\",\"n\":\"" RFC_RSA_N "\",\"e\":\"AQAB\"}]}"),
        &err);
    assert_non_null(set);
    assert_int_equal(jwks_count(set), 2);
    struct jwt t;
    assert_ok(jwt_parse(&a, STR(RFC_RS256), &t, &err), err);
    assert_int_equal(t.alg, JWT_RS256);
    assert_str(json_find_str(t.claims, "iss"), "joe");
    double exp;
    assert_true(jwt_number(t.claims, "exp", &exp));
    assert_true(exp == 1300819380.0);
    assert_ok(jwt_verify(&t, set, &err), err);
    assert_ok(jwt_parse(&a, STR(RFC_ES256), &t, &err), err);
    assert_int_equal(t.alg, JWT_ES256);
    assert_ok(jwt_verify(&t, set, &err), err);
}

/* Making an RSA key takes long, so all tests share two. */
static EVP_PKEY *rsa_key(size_t which)
{
    static EVP_PKEY *keys[2];
    if (!keys[which]) {
        keys[which] = EVP_RSA_gen(2048);
    }
    assert_int_equal(EVP_PKEY_up_ref(keys[which]), 1);
    return keys[which];
}

static EVP_PKEY *new_key(const char *type)
{
    EVP_PKEY *key = strcmp(type, "RSA") == 0 ? rsa_key(0) : EVP_EC_gen(type);
    assert_non_null(key);
    return key;
}

static X509 *new_cert(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    assert_true(ASN1_INTEGER_set(X509_get_serialNumber(cert), 7));
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"web", -1, -1, 0);
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

/* Signs, writes the public key as a set, reads both again, verifies; then no longer once a byte of
 * any part is changed. */
static void round_trip(enum jwt_alg alg, const char *key_type)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf token = BUF_INIT(JWT_MAX);
    AUTO(buf_done) struct buf set_text = BUF_INIT(JWT_MAX);
    EVP_PKEY *key = new_key(key_type);
    struct jwt_header header = {.alg = alg, .kid = STR("k1"), .x5t_s256 = STR("abc")};
    assert_ok(jwt_sign(key, &header, STR("{\"sub\":\"x\"}"), &token, &err), err);

    struct json_writer w = json_writer(&set_text);
    json_w_object(&w);
    json_w_key(&w, "keys");
    json_w_array(&w);
    assert_ok(jwk_write(&w, key, alg, STR("k1"), NULL, &err), err);
    json_w_end(&w);
    json_w_end(&w);
    AUTO(jwks_freep) struct jwks *set = jwks_parse(buf_str(&set_text), &err);
    assert_non_null(set);

    struct jwt t;
    assert_ok(jwt_parse(&a, buf_str(&token), &t, &err), err);
    assert_int_equal(t.alg, alg);
    assert_str(t.kid, "k1");
    assert_str(json_find_str(t.header, "x5t#S256"), "abc");
    assert_str(json_find_str(t.header, "typ"), "JWT");
    assert_null(json_get(t.header, "x5t"));
    assert_ok(jwt_verify(&t, set, &err), err);

    AUTO(jwks_freep) struct jwks *other = jwks_new();
    jwks_add(other, STR("k2"), key);
    assert_err(jwt_verify(&t, other, &err), err, ERR_NOT_FOUND, "kid \"k1\"");
    for (size_t i = 0; i < token.n; i += 7) {
        char was = token.p[i];
        token.p[i] = was == 'A' ? 'B' : 'A';
        if (jwt_parse(&a, buf_str(&token), &t, NULL) == 0) {
            /* The unused bits of the last letter of a part may change nothing. */
            assert_true(jwt_verify(&t, set, NULL) != 0 || i + 1 == token.n ||
                        token.p[i + 1] == '.');
        }
        token.p[i] = was;
    }
    EVP_PKEY_free(key);
}

static void test_round_trips(void **state)
{
    round_trip(JWT_RS256, "RSA");
    round_trip(JWT_RS384, "RSA");
    round_trip(JWT_RS512, "RSA");
    round_trip(JWT_PS256, "RSA");
    round_trip(JWT_PS384, "RSA");
    round_trip(JWT_PS512, "RSA");
    round_trip(JWT_ES256, "P-256");
    round_trip(JWT_ES384, "P-384");
    round_trip(JWT_ES512, "P-521");
}

static void test_key_must_fit_algorithm(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT(JWT_MAX);
    EVP_PKEY *p256 = new_key("P-256");
    const enum jwt_alg wrong[] = {JWT_RS256, JWT_PS256, JWT_ES384, JWT_ES512, JWT_ALG_UNKNOWN};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct jwt_header header = {.alg = wrong[i]};
        assert_err(jwt_sign(p256, &header, STR("{}"), &out, &err), err, ERR_INVALID, "cannot make");
        assert_int_equal(out.n, 0);
    }
    EVP_PKEY_free(p256);
    EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)512);
    assert_non_null(small);
    struct jwt_header header = {.alg = JWT_RS256};
    assert_err(jwt_sign(small, &header, STR("{}"), &out, &err), err, ERR_INVALID, "cannot make");
    EVP_PKEY_free(small);
}

static void make_token(struct buf *out, const char *header, const char *claims,
                       const char *signature)
{
    buf_clear(out);
    base64_encode(out, str_c(header), BASE64_URL | BASE64_RAW);
    buf_add_byte(out, '.');
    base64_encode(out, str_c(claims), BASE64_URL | BASE64_RAW);
    buf_add_byte(out, '.');
    buf_add_c(out, signature);
}

static void test_unsigned_tokens_are_never_valid(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf text = BUF_INIT(JWT_MAX);
    EVP_PKEY *key = new_key("RSA");
    AUTO(jwks_freep) struct jwks *set = jwks_new();
    jwks_add(set, STR(""), key);
    const struct {
        const char *header;
        const char *signature;
        const char *error;
    } cases[] = {
        {"{\"alg\":\"none\"}", "", "not supported"},
        {"{\"alg\":\"HS256\"}", "AAAA", "not supported"},
        {"{}", "AAAA", "not supported"},
        {"{\"alg\":\"RS256\"}", "", "does not fit"},
        {"{\"alg\":\"RS256\"}", "AAAA", "does not fit"},
        {"{\"alg\":\"ES256\"}", "AAAA", "cannot have made"},
        {"{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", "AAAA", "crit"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct jwt t;
        make_token(&text, cases[i].header, "{}", cases[i].signature);
        assert_ok(jwt_parse(&a, buf_str(&text), &t, &err), err);
        assert_err(jwt_verify(&t, set, &err), err, ERR_UNAUTHORIZED, cases[i].error);
    }
    EVP_PKEY_free(key);
}

static void test_malformed_tokens(void **state)
{
    static const char *const bad[] = {
        "",
        "a",
        "a.b",
        "..",
        "e30.e30",
        "e30.e30.e30.e30",
        "e3\n0.e30.AA",
        "e30=.e30.AA",
        "e30.e30.A",
        "W10.e30.AA",
        "e30.W10.AA",
        "e30.!.AA",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        struct jwt t;
        assert_err(jwt_parse(&a, str_c(bad[i]), &t, &err), err, ERR_PARSE, "token");
    }
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(freep) char *big = xcalloc(1, JWT_MAX + 2);
    struct jwt t;
    assert_err(jwt_parse(&a, str_n(big, JWT_MAX + 1), &t, &err), err, ERR_LIMIT, "longer");
    assert_ok(jwt_parse(&a, STR("e30.e30."), &t, &err), err);
    assert_int_equal(t.alg, JWT_ALG_UNKNOWN);
}

static void test_times_and_audience(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    static const struct {
        const char *claims;
        const char *error; /* NULL: fine at 1000 with a leeway of 10 */
    } times[] = {
        {"{\"exp\":1000.5}", NULL},
        {"{\"exp\":991}", NULL},
        {"{\"exp\":990}", "expired 10 s ago"},
        {"{\"exp\":1795463595.7828593,\"nbf\":1010}", NULL},
        {"{\"exp\":2000,\"nbf\":1011}", "not valid for another 11 s"},
        {"{\"exp\":2e3}", NULL},
        {"{\"exp\":\"2000\"}", "no expiry"},
        {"{\"exp\":1e999}", "no expiry"},
        {"{}", "no expiry"},
        {"{\"exp\":2000,\"nbf\":\"x\"}", "no number"},
    };
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct json *claims = json_parse(&a, str_c(times[i].claims), JSON_PLAIN, NULL);
        if (times[i].error) {
            assert_err(jwt_check_times(claims, 1000, 10, &err), err, ERR_UNAUTHORIZED,
                       times[i].error);
        } else {
            assert_ok(jwt_check_times(claims, 1000, 10, &err), err);
        }
    }
    static const struct {
        const char *claims;
        bool has;
    } audiences[] = {
        {"{\"aud\":\"api://x\"}", true},        {"{\"aud\":[\"y\",\"api://x\"]}", true},
        {"{\"aud\":\"API://x\"}", false},       {"{\"aud\":[]}", false},
        {"{\"aud\":[1,[\"api://x\"]]}", false}, {"{}", false},
    };
    for (size_t i = 0; i < COUNT_OF(audiences); i++) {
        struct json *claims = json_parse(&a, str_c(audiences[i].claims), JSON_PLAIN, NULL);
        assert_int_equal(jwt_has_audience(claims, STR("api://x")), audiences[i].has);
    }
}

static void test_key_sets(void **state)
{
    static const struct {
        const char *json;
        const char *error;
        size_t count;
    } cases[] = {
        {"{\"keys\":[]}", NULL, 0},
        {"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"},{},1,{\"kty\":\"EC\",\"crv\":\"X\"}]}", NULL,
         0},
        {"{\"keys\":[{\"kty\":\"RSA\",\"use\":\"enc\"}]}", NULL, 0},
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" RFC_RSA_N "\",\"e\":\"AQAB\",\"use\":\"sig\"}]}",
         NULL, 1},
        {"{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\"}]}", "key 0 of the set: member \"n\"", 0},
        {"{\"keys\":[{},{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AA\"}]}", "key 1", 0},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC_EC_X "\",\"y\":\"" RFC_EC_X
         "\"}]}",
         "no point", 0},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" RFC_EC_X "\",\"y\":\"" RFC_EC_Y
         "\"}]}",
         "no point", 0},
        {"{}", "array", 0},
        {"[]", "array", 0},
        {"{", "key set", 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        AUTO(jwks_freep) struct jwks *set = jwks_parse(str_c(cases[i].json), &err);
        if (cases[i].error) {
            assert_null(set);
            assert_non_null(err);
            assert_non_null(strstr(err->msg, cases[i].error));
        } else {
            assert_non_null(set);
            assert_int_equal(jwks_count(set), cases[i].count);
        }
    }
}

static void test_certificates(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf print = BUF_INIT(100);
    AUTO(buf_done) struct buf token = BUF_INIT(JWT_MAX);
    EVP_PKEY *key = new_key("RSA");
    EVP_PKEY *other = rsa_key(1);
    X509 *cert = new_cert(key);
    X509 *other_cert = new_cert(other);
    jwt_thumbprint(cert, HASH_SHA256, &print);
    assert_int_equal(print.n, 43);
    struct jwt_header header = {.alg = JWT_PS256, .x5t_s256 = buf_str(&print)};
    assert_ok(jwt_sign(key, &header, STR("{}"), &token, &err), err);
    struct jwt t;
    assert_ok(jwt_parse(&a, buf_str(&token), &t, &err), err);
    assert_ok(jwt_verify_cert(&t, cert, &err), err);
    assert_err(jwt_verify_cert(&t, other_cert, &err), err, ERR_UNAUTHORIZED, "does not fit");
    assert_true(jwt_thumbprint_is(json_find_str(t.header, "x5t#S256"), cert, HASH_SHA256));
    assert_false(jwt_thumbprint_is(buf_str(&print), other_cert, HASH_SHA256));
    assert_false(jwt_thumbprint_is(buf_str(&print), cert, HASH_SHA1));
    X509_free(cert);
    X509_free(other_cert);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

/* The libraries write the thumbprint in both alphabets, with and without padding. */
static void test_thumbprints_in_any_alphabet(void **state)
{
    EVP_PKEY *key = new_key("P-256");
    X509 *cert = new_cert(key);
    unsigned n = 0;
    unsigned char hash[HASH_MAX];
    assert_int_equal(X509_digest(cert, EVP_sha1(), hash, &n), 1);
    for (int kind = 0; kind < 4; kind++) {
        AUTO(buf_done) struct buf text = BUF_INIT(100);
        base64_encode(&text, str_n(hash, n), (enum base64_kind)kind);
        assert_true(jwt_thumbprint_is(buf_str(&text), cert, HASH_SHA1));
        buf_add_byte(&text, '!');
        assert_false(jwt_thumbprint_is(buf_str(&text), cert, HASH_SHA1));
    }
    assert_false(jwt_thumbprint_is(STR_EMPTY, cert, HASH_SHA1));
    assert_false(jwt_thumbprint_is(STR("===="), cert, HASH_SHA1));
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void test_written_key_has_certificate(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT(JWT_MAX);
    EVP_PKEY *key = new_key("RSA");
    X509 *cert = new_cert(key);
    struct json_writer w = json_writer(&text);
    assert_ok(jwk_write(&w, key, JWT_RS256, STR("k\"1"), cert, &err), err);
    struct json *j = json_parse(&a, buf_str(&text), JSON_PLAIN, &err);
    assert_non_null(j);
    assert_str(json_find_str(j, "kid"), "k\"1");
    assert_str(json_find_str(j, "kty"), "RSA");
    assert_str(json_find_str(j, "use"), "sig");
    assert_str(json_find_str(j, "alg"), "RS256");
    assert_str(json_find_str(j, "e"), "AQAB");
    assert_int_equal(json_find_str(j, "n").n, 342); /* 256 bytes, no leading zero */
    assert_true(jwt_thumbprint_is(json_find_str(j, "x5t"), cert, HASH_SHA1));
    AUTO(buf_done) struct buf der = BUF_INIT(JWT_MAX);
    assert_ok(base64_decode(&der, json_str(json_at(json_get(j, "x5c"), 0)), BASE64_STD, &err), err);
    EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_err(jwk_write(&w, ed, JWT_RS256, STR("x"), NULL, &err), err, ERR_INVALID, "P-521");
    X509_free(cert);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_of_the_rfc),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_key_must_fit_algorithm),
        cmocka_unit_test(test_unsigned_tokens_are_never_valid),
        cmocka_unit_test(test_malformed_tokens),
        cmocka_unit_test(test_times_and_audience),
        cmocka_unit_test(test_key_sets),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_thumbprints_in_any_alphabet),
        cmocka_unit_test(test_written_key_has_certificate),
    };
    return RUN(tests);
}
