/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/key_jwk.h"

#include "codec/jwt.h"

enum { MAX_JWK = 64 * 1024 };

static const char *const members[] = {"n", "e", "crv", "x", "y"};

void key_write_public(struct arena *a, struct json_writer *w, const struct evp_pkey_st *key)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_JWK);
    struct json_writer full = json_writer(&text);
    if (!key || jwk_write(&full, key, JWT_RS256, STR_EMPTY, NULL, NULL) != 0) {
        return;
    }
    const struct json *jwk = json_parse(a, buf_str(&text), JSON_COPY, NULL);
    json_w_key(w, "kty");
    json_w_str(w, json_find_str(jwk, "kty"));
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (json_get(jwk, members[i])) {
            json_w_key(w, members[i]);
            json_w_str(w, json_find_str(jwk, members[i]));
        }
    }
}

bool key_jwk_valid(const struct json *jwk)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_JWK);
    struct json_writer w = json_writer(&text);
    json_w_object(&w);
    json_w_key(&w, "keys");
    json_w_array(&w);
    json_w_object(&w);
    json_w_key(&w, "kty");
    json_w_str(&w, str_trim_suffix(json_find_str(jwk, "kty"), STR("-HSM")));
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (json_get(jwk, members[i])) {
            json_w_key(&w, members[i]);
            json_w_str(&w, str_trim_suffix(json_find_str(jwk, members[i]), STR("=")));
        }
    }
    json_w_end(&w);
    json_w_end(&w);
    json_w_end(&w);
    AUTO(jwks_freep) struct jwks *set = buf_ok(&text) ? jwks_parse(buf_str(&text), NULL) : NULL;
    return set && jwks_count(set) == 1;
}
