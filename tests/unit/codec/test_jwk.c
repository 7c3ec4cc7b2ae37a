/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/jwk.h"
#include "codec/keys.h"

/* RFC 8037, appendix A */
#define OKP                                                                                        \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define OKP_D ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""
/* RFC 7517, appendix A.1 */
#define EC_KEY                                                                                     \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","     \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define EC_D ",\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\""

static void good(void **state)
{
    (void)state;
    static const struct {
        const char *jwk;
        bool is_private;
        const char *family;
    } cases[] = {
        {OKP "}", false, "ed25519"},
        {OKP OKP_D "}", true, "ed25519"},
        {EC_KEY "}", false, "ecdsa"},
        {EC_KEY EC_D "}", true, "ecdsa"},
        {"{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAt"
         "VT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl9"
         "3lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5h"
         "ajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF"
         "44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\"}",
         false, "rsa"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool is_private;
        AUTO(err_freep) struct err *err = NULL;
        AUTO(keys_freep) EVP_PKEY *key = jwk_parse(str_c(cases[i].jwk), &is_private, &err);
        assert_string_equal(err_msg(err), "no error");
        assert_int_equal(is_private, cases[i].is_private);
        assert_string_equal(jwk_family(key), cases[i].family);
    }
}

static void encoded(void **state)
{
    (void)state;
    bool is_private;
    AUTO(keys_freep) EVP_PKEY *key = jwk_parse(STR(OKP OKP_D "}"), &is_private, NULL);
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    assert_int_equal(keys_write_public(&b, key, NULL), 0);
    assert_buf(&b, "-----BEGIN PUBLIC KEY-----\n"
                   "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                   "-----END PUBLIC KEY-----\n");
}

static void bad(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "[]",
        "{}",
        "{\"kty\":\"oct\",\"k\":\"AA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"!\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"AQ\",\"p\":\"AA\",\"q\":\"AQ\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"}",
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AQ\",\"y\":\"AQ\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AQ\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQ\"}",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool is_private;
        AUTO(err_freep) struct err *err = NULL;
        assert_null(jwk_parse(str_c(cases[i]), &is_private, &err));
        assert_non_null(err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(encoded),
        cmocka_unit_test(bad),
    };
    return RUN(tests);
}
