/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "base/encode.h"
#include "base/vec.h"
#include "codec/jwt_internal.h"

enum { RSA_MAX_BYTES = 1024, EXPONENT_MAX_BYTES = 8 };

static const struct jwk_curve curves[] = {
    {"P-256", "prime256v1", 32},
    {"P-384", "secp384r1", 48},
    {"P-521", "secp521r1", 66},
};

struct jwk {
    char *kid;
    EVP_PKEY *key;
};

struct jwks {
    VEC(struct jwk) keys;
};

struct jwks *jwks_new(void)
{
    return xcalloc(1, sizeof(struct jwks));
}

void jwks_free(struct jwks *set)
{
    if (!set) {
        return;
    }
    for (size_t i = 0; i < set->keys.n; i++) {
        free(set->keys.v[i].kid);
        EVP_PKEY_free(set->keys.v[i].key);
    }
    vec_done(&set->keys);
    free(set);
}

void jwks_freep(struct jwks **set)
{
    jwks_free(*set);
    *set = NULL;
}

size_t jwks_count(const struct jwks *set)
{
    return set->keys.n;
}

void jwks_add(struct jwks *set, struct str kid, struct evp_pkey_st *key)
{
    must(EVP_PKEY_up_ref(key) == 1);
    vec_push(&set->keys, (struct jwk){.kid = str_dup(kid), .key = key});
}

const struct jwk_curve *jwk_curve_of(const struct evp_pkey_st *key)
{
    char group[64];
    if (!EVP_PKEY_is_a(key, "EC") ||
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                       NULL) != 1) {
        return NULL;
    }
    for (size_t i = 0; i < COUNT_OF(curves); i++) {
        if (strcmp(group, curves[i].group) == 0) {
            return &curves[i];
        }
    }
    return NULL;
}

/* Bytes of a base64url member; padding is tolerated. */
static int member_bytes(const struct json *jwk, const char *name, size_t max, struct buf *out,
                        struct err **err)
{
    struct str text = json_find_str(jwk, name);
    while (str_ends(text, STR("="))) {
        text.n--;
    }
    if (text.n == 0 || text.n > base64_encoded_size(max, BASE64_RAW) ||
        base64_decode(out, text, BASE64_URL | BASE64_RAW, NULL) != 0) {
        return err_set(err, ERR_INVALID, "member \"%s\" of the key is missing or not base64url",
                       name);
    }
    return 0;
}

static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    must(params && ctx && EVP_PKEY_fromdata_init(ctx) == 1);
    if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_key(struct str n, struct str e)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn((const unsigned char *)n.p, (int)n.n, NULL);
    BIGNUM *exponent = BN_bin2bn((const unsigned char *)e.p, (int)e.n, NULL);
    must(build && modulus && exponent &&
         OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
         OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1);
    EVP_PKEY *key = NULL;
    if (BN_is_odd(modulus) && BN_is_odd(exponent)) {
        key = key_from_params("RSA", build);
    }
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static int parse_rsa(const struct json *jwk, EVP_PKEY **out, struct err **err)
{
    AUTO(buf_done) struct buf n = BUF_INIT(RSA_MAX_BYTES + 1); /* some write a leading zero */
    AUTO(buf_done) struct buf e = BUF_INIT(EXPONENT_MAX_BYTES);
    if (member_bytes(jwk, "n", RSA_MAX_BYTES + 1, &n, err) != 0 ||
        member_bytes(jwk, "e", EXPONENT_MAX_BYTES, &e, err) != 0) {
        return -1;
    }
    *out = rsa_key(buf_str(&n), buf_str(&e));
    return *out ? 0 : err_set(err, ERR_INVALID, "its numbers are no RSA key");
}

static EVP_PKEY *ec_key(const struct jwk_curve *curve, struct str point)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    must(build &&
         OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) == 1 &&
         OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) == 1);
    EVP_PKEY *key = key_from_params("EC", build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static int parse_ec(const struct json *jwk, const struct jwk_curve *curve, EVP_PKEY **out,
                    struct err **err)
{
    AUTO(buf_done) struct buf point = BUF_INIT(256);
    buf_add_byte(&point, 4); /* uncompressed */
    if (member_bytes(jwk, "x", curve->size, &point, err) != 0 ||
        member_bytes(jwk, "y", curve->size, &point, err) != 0) {
        return -1;
    }
    *out = point.n == 1 + 2 * curve->size ? ec_key(curve, buf_str(&point)) : NULL;
    return *out ? 0 : err_set(err, ERR_INVALID, "x and y are no point of %s", curve->crv);
}

/* *out stays NULL for a key that is of no use here. */
static int parse_jwk(const struct json *jwk, EVP_PKEY **out, struct err **err)
{
    struct str kty = json_find_str(jwk, "kty");
    struct str use = json_find_str(jwk, "use");
    *out = NULL;
    if (use.n > 0 && !str_eq_c(use, "sig")) {
        return 0;
    }
    if (str_eq_c(kty, "RSA")) {
        return parse_rsa(jwk, out, err);
    }
    for (size_t i = 0; str_eq_c(kty, "EC") && i < COUNT_OF(curves); i++) {
        if (str_eq_c(json_find_str(jwk, "crv"), curves[i].crv)) {
            return parse_ec(jwk, &curves[i], out, err);
        }
    }
    return 0;
}

static int parse_keys(struct jwks *set, const struct json *keys, struct err **err)
{
    if (!json_is(keys, JSON_ARRAY)) {
        return err_set(err, ERR_PARSE, "a key set needs an array \"keys\"");
    }
    if (keys->n > JWKS_MAX) {
        return err_set(err, ERR_LIMIT, "a key set of %u keys; %d are allowed", keys->n,
                       (int)JWKS_MAX);
    }
    for (uint32_t i = 0; i < keys->n; i++) {
        EVP_PKEY *key;
        if (parse_jwk(keys->items[i], &key, err) != 0) {
            return err_wrap(err, "key %u of the set", i);
        }
        if (key) {
            jwks_add(set, json_find_str(keys->items[i], "kid"), key);
            EVP_PKEY_free(key);
        }
    }
    return 0;
}

struct jwks *jwks_parse(struct str json, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *doc = json_parse(&a, json, JSON_PLAIN, err);
    if (!doc) {
        err_wrap(err, "the key set");
        return NULL;
    }
    struct jwks *set = jwks_new();
    if (parse_keys(set, json_get(doc, "keys"), err) != 0) {
        jwks_free(set);
        return NULL;
    }
    return set;
}

int jwt_verify(const struct jwt *t, const struct jwks *set, struct err **err)
{
    bool tried = false;
    for (size_t i = 0; i < set->keys.n; i++) {
        const struct jwk *k = &set->keys.v[i];
        if (t->kid.n > 0 && !str_eq_c(t->kid, k->kid)) {
            continue;
        }
        tried = true;
        if (jwt_verify_key(t, k->key, err) == 0) {
            if (err) {
                err_freep(err);
            }
            return 0;
        }
    }
    if (!tried) {
        return err_set(err, ERR_NOT_FOUND, "the key set has no key for the token (kid \"%.*s\")",
                       STR_ARG(str_head(t->kid, 100)));
    }
    return -1;
}

static void write_bytes(struct json_writer *w, const char *name, struct str bytes,
                        enum base64_kind kind)
{
    AUTO(buf_done) struct buf text = BUF_INIT(64 << 10);
    base64_encode(&text, bytes, kind);
    if (name) {
        json_w_key(w, name);
    }
    json_w_str(w, buf_str(&text));
}

/* A number of the key as base64url, left-padded to `size` bytes (0: as long as it is). */
static void write_number(struct json_writer *w, const char *name, const EVP_PKEY *key,
                         const char *param, size_t size)
{
    BIGNUM *number = NULL;
    unsigned char bytes[RSA_MAX_BYTES * 2];
    must(EVP_PKEY_get_bn_param(key, param, &number) == 1);
    size_t n = size > 0 ? size : (size_t)BN_num_bytes(number);
    must(n <= sizeof(bytes) && BN_bn2binpad(number, bytes, (int)n) == (int)n);
    BN_free(number);
    write_bytes(w, name, str_n(bytes, n), BASE64_URL | BASE64_RAW);
}

static void write_cert(struct json_writer *w, const X509 *cert)
{
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);
    must(n > 0);
    json_w_key(w, "x5c");
    json_w_array(w);
    write_bytes(w, NULL, str_n(der, (size_t)n), BASE64_STD);
    json_w_end(w);
    OPENSSL_free(der);
    AUTO(buf_done) struct buf print = BUF_INIT(HASH_HEX_SIZE);
    jwt_thumbprint(cert, HASH_SHA1, &print);
    json_w_key(w, "x5t");
    json_w_str(w, buf_str(&print));
}

int jwk_write(struct json_writer *w, const struct evp_pkey_st *key, enum jwt_alg alg,
              struct str kid, const struct x509_st *cert, struct err **err)
{
    const struct jwk_curve *curve = jwk_curve_of(key);
    bool rsa = EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) <= RSA_MAX_BYTES * 8;
    if (!rsa && !curve) {
        return err_set(err, ERR_INVALID,
                       "a key set holds RSA keys and keys on P-256, P-384, "
                       "P-521 only");
    }
    json_w_object(w);
    json_w_strings(w, "kty", rsa ? "RSA" : "EC", "use", "sig", "alg", jwt_alg_name(alg), NULL);
    json_w_key(w, "kid");
    json_w_str(w, kid);
    if (rsa) {
        write_number(w, "n", key, OSSL_PKEY_PARAM_RSA_N, 0);
        write_number(w, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
    } else {
        json_w_strings(w, "crv", curve->crv, NULL);
        write_number(w, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, curve->size);
        write_number(w, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, curve->size);
    }
    if (cert) {
        write_cert(w, cert);
    }
    json_w_end(w);
    return 0;
}
