/* SPDX-License-Identifier: Apache-2.0
 *
 * Any key set may be read, and a token checked with what it holds.
 */
#include "codec/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_token(const struct jwks *set, struct str token)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct jwt t;
    must(jwt_parse(&a, token, &t, &err) == 0);
    must(jwt_verify(&t, set, &err) != 0 && err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(err_freep) struct err *err = NULL;
    AUTO(jwks_freep) struct jwks *set = jwks_parse(str_n(data, size), &err);
    must((set != NULL) == (err == NULL));
    if (set) {
        must(jwks_count(set) <= JWKS_MAX);
        try_token(set, STR("eyJhbGciOiJSUzI1NiJ9.e30.AAAA"));
        try_token(set,
                  STR("eyJhbGciOiJFUzI1NiJ9.e30."
                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                      "AAAAAAAAAAAAAA"));
    }
    return 0;
}
