/* SPDX-License-Identifier: Apache-2.0
 *
 * A JWK is turned into OpenSSL's parameters and imported. Of a private RSA key the CRT numbers are
 * computed; those of the JWK must be the same.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "codec/jwk.h"

#include "base/encode.h"
#include "codec/json.h"
#include "codec/keys.h"

enum { NUMBER_MAX = 2048 }; /* bytes: RSA of 16,384 bits */

struct import {
    const struct json *jwk;
    OSSL_PARAM_BLD *build;
    struct err **err;
    BIGNUM *kept[16]; /* the builder borrows them */
    size_t n_kept;
};

/* Either alphabet, padded or not. */
static enum base64_kind kind_of(struct str text)
{
    static const enum base64_kind kinds[2][2] = {
        {BASE64_URL, BASE64_URL | BASE64_RAW},
        {BASE64_STD, BASE64_STD | BASE64_RAW},
    };
    bool std = str_find_byte(text, '+') >= 0 || str_find_byte(text, '/') >= 0;
    return kinds[std][!str_ends(text, STR("="))];
}

static bool decode(struct import *im, const char *name, struct buf *out)
{
    const struct json *member = json_get(im->jwk, name);
    if (!json_is(member, JSON_STRING)) {
        err_set(im->err, ERR_PARSE, "the JWK has no member \"%s\"", name);
        return false;
    }
    struct str text = json_str(member);
    if (base64_decode(out, text, kind_of(text), NULL) != 0 || !buf_ok(out)) {
        err_set(im->err, ERR_PARSE, "the member \"%s\" of the JWK is not base64url", name);
        return false;
    }
    return true;
}

/* ---- the members that may be absent ---- */

static const char *const texts[] = {"alg", "dp",  "dq",       "kid", "qi",
                                    "use", "x5t", "x5t#S256", "x5u"};
static const char *const lists[] = {"key_ops", "x5c"};

static bool is_text(const struct json *value)
{
    return !value || json_is_null(value) || json_is(value, JSON_STRING);
}

static bool is_text_list(const struct json *value)
{
    if (!value || json_is_null(value)) {
        return true;
    }
    if (!json_is(value, JSON_ARRAY)) {
        return false;
    }
    for (size_t i = 0; i < json_len(value); i++) {
        if (!is_text(value->items[i])) {
            return false;
        }
    }
    return true;
}

/* Members of a wrong type make the whole JWK invalid. */
static bool check_types(struct import *im)
{
    const char *wrong = NULL;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        wrong = is_text(json_get(im->jwk, texts[i])) ? wrong : texts[i];
    }
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        wrong = is_text_list(json_get(im->jwk, lists[i])) ? wrong : lists[i];
    }
    if (wrong) {
        err_set(im->err, ERR_PARSE, "the member \"%s\" of the JWK has a wrong type", wrong);
    }
    return !wrong;
}

static BIGNUM *keep(struct import *im, BIGNUM *n)
{
    must(im->n_kept < COUNT_OF(im->kept));
    if (n) {
        im->kept[im->n_kept++] = n;
    }
    return n;
}

static BIGNUM *number(struct import *im, const char *name)
{
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(NUMBER_MAX);
    if (!decode(im, name, &b)) {
        return NULL;
    }
    return keep(im, BN_bin2bn((const unsigned char *)b.p, (int)b.n, NULL));
}

static bool push(struct import *im, const char *param, BIGNUM *n)
{
    return n && OSSL_PARAM_BLD_push_BN(im->build, param, n);
}

static EVP_PKEY *finish(struct import *im, const char *type, bool is_private)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(im->build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    if (params && ctx && EVP_PKEY_fromdata_init(ctx) > 0) {
        (void)EVP_PKEY_fromdata(ctx, &key, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                                params);
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    if (!key) {
        keys_error(im->err, "the JWK is no valid key");
    }
    return key;
}

/* ---- RSA ---- */

struct rsa_numbers {
    BIGNUM *n;
    BIGNUM *e;
    BIGNUM *d;
    BIGNUM *p;
    BIGNUM *q;
};

/* d mod (p - 1), if it is the inverse of e there. */
static BIGNUM *crt_exponent(struct import *im, const struct rsa_numbers *rsa, const BIGNUM *p,
                            BN_CTX *ctx)
{
    BIGNUM *minus_one = BN_dup(p);
    BIGNUM *exponent = keep(im, BN_new());
    BIGNUM *product = BN_new();
    bool ok = minus_one && exponent && product && BN_sub_word(minus_one, 1) &&
              BN_mod(exponent, rsa->d, minus_one, ctx) &&
              BN_mod_mul(product, exponent, rsa->e, minus_one, ctx) && BN_is_one(product);
    BN_clear_free(minus_one);
    BN_clear_free(product);
    return ok ? exponent : NULL;
}

static bool product_is_n(const struct rsa_numbers *rsa, BN_CTX *ctx)
{
    BIGNUM *product = BN_new();
    bool ok = product && BN_mul(product, rsa->p, rsa->q, ctx) && BN_cmp(product, rsa->n) == 0;
    BN_clear_free(product);
    return ok;
}

/* Pushes a computed number. One that the JWK gives as well must be the same. */
static bool push_computed(struct import *im, const char *param, const char *name, BIGNUM *n)
{
    if (!n) {
        return false;
    }
    if (str_trim(json_str(json_get(im->jwk, name))).n > 0) {
        const BIGNUM *given = number(im, name);
        if (!given || BN_cmp(given, n) != 0) {
            return false;
        }
    }
    return push(im, param, n);
}

static bool push_crt(struct import *im, const struct rsa_numbers *rsa)
{
    BN_CTX *ctx = BN_CTX_new();
    bool ok = ctx && BN_is_odd(rsa->e) && BN_is_odd(rsa->p) && BN_is_odd(rsa->q) &&
              !BN_is_one(rsa->p) && !BN_is_one(rsa->q) && product_is_n(rsa, ctx) &&
              push(im, OSSL_PKEY_PARAM_RSA_FACTOR1, rsa->p) &&
              push(im, OSSL_PKEY_PARAM_RSA_FACTOR2, rsa->q) &&
              push_computed(im, OSSL_PKEY_PARAM_RSA_EXPONENT1, "dp",
                            crt_exponent(im, rsa, rsa->p, ctx)) &&
              push_computed(im, OSSL_PKEY_PARAM_RSA_EXPONENT2, "dq",
                            crt_exponent(im, rsa, rsa->q, ctx)) &&
              push_computed(im, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, "qi",
                            keep(im, BN_mod_inverse(NULL, rsa->q, rsa->p, ctx)));
    BN_CTX_free(ctx);
    return ok;
}

static bool push_private(struct import *im, struct rsa_numbers *rsa)
{
    rsa->d = number(im, "d");
    rsa->p = rsa->d ? number(im, "p") : NULL;
    rsa->q = rsa->p ? number(im, "q") : NULL;
    return rsa->q && push(im, OSSL_PKEY_PARAM_RSA_D, rsa->d) && push_crt(im, rsa);
}

static EVP_PKEY *import_rsa(struct import *im, bool is_private)
{
    struct rsa_numbers rsa = {0};
    rsa.n = number(im, "n");
    rsa.e = rsa.n ? number(im, "e") : NULL;
    bool ok = push(im, OSSL_PKEY_PARAM_RSA_N, rsa.n) && push(im, OSSL_PKEY_PARAM_RSA_E, rsa.e) &&
              (!is_private || push_private(im, &rsa));
    return ok ? finish(im, "RSA", is_private) : NULL;
}

/* ---- EC and Ed25519 ---- */

static const struct {
    struct str name;
    size_t size; /* bytes of a coordinate */
} curves[] = {
    {STR_INIT("P-256"), 32},
    {STR_INIT("P-384"), 48},
    {STR_INIT("P-521"), 66},
};

/* Left-padded to the size of the curve. */
static bool coordinate(struct import *im, const char *name, size_t size, unsigned char *out)
{
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(NUMBER_MAX);
    if (!decode(im, name, &b)) {
        return false;
    }
    if (b.n > size) {
        err_set(im->err, ERR_PARSE, "the member \"%s\" of the JWK is too long", name);
        return false;
    }
    memset(out, 0, size);
    memcpy(out + size - b.n, b.p, b.n);
    return true;
}

static EVP_PKEY *import_ec(struct import *im, bool is_private)
{
    struct str name = json_str(json_get(im->jwk, "crv"));
    size_t i = 0;
    while (i < COUNT_OF(curves) && !str_eq(curves[i].name, name)) {
        i++;
    }
    if (i == COUNT_OF(curves)) {
        err_set(im->err, ERR_INVALID, "the curve of the JWK is not supported");
        return NULL;
    }
    unsigned char point[1 + 2 * 66] = {4}; /* uncompressed */
    size_t size = curves[i].size;
    bool ok =
        coordinate(im, "x", size, point + 1) && coordinate(im, "y", size, point + 1 + size) &&
        OSSL_PARAM_BLD_push_utf8_string(im->build, OSSL_PKEY_PARAM_GROUP_NAME, name.p, name.n) &&
        OSSL_PARAM_BLD_push_octet_string(im->build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size) &&
        (!is_private || push(im, OSSL_PKEY_PARAM_PRIV_KEY, number(im, "d")));
    return ok ? finish(im, "EC", is_private) : NULL;
}

/* Is x the public key that belongs to d? */
static bool public_is(struct import *im, EVP_PKEY *key)
{
    unsigned char raw[32];
    size_t n = sizeof(raw);
    AUTO(buf_done) struct buf x = BUF_INIT_WIPE(NUMBER_MAX);
    if (!decode(im, "x", &x)) {
        return false;
    }
    if (EVP_PKEY_get_raw_public_key(key, raw, &n) <= 0 || !str_eq(buf_str(&x), str_n(raw, n))) {
        err_set(im->err, ERR_INVALID, "the members \"x\" and \"d\" of the JWK do not match");
        return false;
    }
    return true;
}

static EVP_PKEY *import_ed25519(struct import *im, bool is_private)
{
    if (!str_eq(json_str(json_get(im->jwk, "crv")), STR("Ed25519"))) {
        err_set(im->err, ERR_INVALID, "the curve of the JWK is not supported");
        return NULL;
    }
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(NUMBER_MAX);
    if (!decode(im, is_private ? "d" : "x", &b)) {
        return NULL;
    }
    const unsigned char *raw = (const unsigned char *)b.p;
    EVP_PKEY *key = is_private ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, b.n)
                               : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, b.n);
    if (!key) {
        keys_error(im->err, "the JWK is no valid key");
    } else if (is_private && !public_is(im, key)) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

static EVP_PKEY *import(struct import *im, bool is_private)
{
    struct str type = json_str(json_get(im->jwk, "kty"));
    if (str_eq(type, STR("RSA"))) {
        return import_rsa(im, is_private);
    }
    if (str_eq(type, STR("EC"))) {
        return import_ec(im, is_private);
    }
    if (str_eq(type, STR("OKP"))) {
        return import_ed25519(im, is_private);
    }
    err_set(im->err, ERR_INVALID, "the key type of the JWK is not supported");
    return NULL;
}

EVP_PKEY *jwk_parse(struct str text, bool *is_private, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct import im = {.jwk = json_parse(&a, text, JSON_PLAIN, err), .err = err};
    if (!im.jwk) {
        err_wrap(err, "failed to unmarshal JWK");
        return NULL;
    }
    im.build = OSSL_PARAM_BLD_new();
    must(im.build);
    *is_private = json_get(im.jwk, "d") != NULL;
    EVP_PKEY *key = check_types(&im) ? import(&im, *is_private) : NULL;
    if (!key && err && !*err) {
        keys_error(err, "the JWK is no valid key");
    }
    OSSL_PARAM_BLD_free(im.build);
    for (size_t i = 0; i < im.n_kept; i++) {
        BN_clear_free(im.kept[i]);
    }
    return key;
}

const char *jwk_family(EVP_PKEY *key)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return "rsa";
    case EVP_PKEY_EC:
        return "ecdsa";
    default:
        return "ed25519";
    }
}
