/* SPDX-License-Identifier: Apache-2.0
 *
 * Any token may be read; none may verify, because the keys are made in this process and sign
 * nothing.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "codec/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct jwks *keys(void)
{
    static struct jwks *set;
    if (!set) {
        EVP_PKEY *rsa = EVP_RSA_gen(1024);
        EVP_PKEY *ec = EVP_EC_gen("P-256");
        set = jwks_new();
        jwks_add(set, STR("r"), rsa);
        jwks_add(set, STR("e"), ec);
        EVP_PKEY_free(rsa);
        EVP_PKEY_free(ec);
    }
    return set;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    struct jwt t;
    if (jwt_parse(&a, str_n(data, size), &t, &err) != 0) {
        must(err && (err->kind == ERR_PARSE || err->kind == ERR_LIMIT));
        return 0;
    }
    must(!err && json_is(t.header, JSON_OBJECT) && json_is(t.claims, JSON_OBJECT));
    must(jwt_verify(&t, keys(), &err) != 0 && err);
    (void)jwt_has_audience(t.claims, STR("a"));
    (void)!jwt_check_times(t.claims, 1e9, 60, &err);
    return 0;
}
