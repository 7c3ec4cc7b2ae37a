/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include <math.h>

#include "base/encode.h"
#include "base/num.h"
#include "codec/jwt_internal.h"

static const enum base64_kind base64_jwt = BASE64_URL | BASE64_RAW;

static const struct jwt_alg_info algs[] = {
    [JWT_ALG_UNKNOWN] = {"", "", "", false, 0},
    [JWT_RS256] = {"RS256", "RSA", "SHA256", false, 0},
    [JWT_RS384] = {"RS384", "RSA", "SHA384", false, 0},
    [JWT_RS512] = {"RS512", "RSA", "SHA512", false, 0},
    [JWT_PS256] = {"PS256", "RSA", "SHA256", true, 0},
    [JWT_PS384] = {"PS384", "RSA", "SHA384", true, 0},
    [JWT_PS512] = {"PS512", "RSA", "SHA512", true, 0},
    [JWT_ES256] = {"ES256", "EC", "SHA256", false, 32},
    [JWT_ES384] = {"ES384", "EC", "SHA384", false, 48},
    [JWT_ES512] = {"ES512", "EC", "SHA512", false, 66},
};

const struct jwt_alg_info *jwt_alg_info(enum jwt_alg alg)
{
    return &algs[alg];
}

enum jwt_alg jwt_alg_find(struct str name)
{
    for (size_t i = JWT_ALG_UNKNOWN + 1; i < COUNT_OF(algs); i++) {
        if (str_eq_c(name, algs[i].name)) {
            return (enum jwt_alg)i;
        }
    }
    return JWT_ALG_UNKNOWN;
}

const char *jwt_alg_name(enum jwt_alg alg)
{
    return algs[alg].name;
}

/* The decoder below skips line ends; a token may hold none. */
static bool only_base64url(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_')) {
            return false;
        }
    }
    return true;
}

static int decode_part(struct arena *a, struct str part, const char *what, struct str *out,
                       struct err **err)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT_WIPE(JWT_MAX);
    if (!only_base64url(part) || base64_decode(&bytes, part, base64_jwt, NULL) != 0) {
        return err_set(err, ERR_PARSE, "the %s of the token is not base64url without padding",
                       what);
    }
    *out = arena_str(a, buf_str(&bytes));
    return 0;
}

static int parse_object(struct arena *a, struct str part, const char *what, struct json **out,
                        struct err **err)
{
    struct str text = {0};
    if (decode_part(a, part, what, &text, err) != 0) {
        return -1;
    }
    struct json *j = json_parse(a, text, JSON_PLAIN, err);
    if (!j) {
        return err_wrap(err, "the %s of the token", what);
    }
    if (!json_is(j, JSON_OBJECT)) {
        return err_set(err, ERR_PARSE, "the %s of the token is not a JSON object", what);
    }
    *out = j;
    return 0;
}

int jwt_parse(struct arena *a, struct str compact, struct jwt *out, struct err **err)
{
    if (compact.n > JWT_MAX) {
        return err_set(err, ERR_LIMIT, "a token of %zu bytes is longer than %d", compact.n,
                       (int)JWT_MAX);
    }
    struct str text = arena_str(a, compact);
    ptrdiff_t first = str_find_byte(text, '.');
    ptrdiff_t last = str_rfind_byte(text, '.');
    /* A third dot would be in the claims, where it is no base64url. */
    if (first < 0 || last <= first) {
        return err_set(err, ERR_PARSE, "a token is three parts with dots between them");
    }
    struct jwt t = {.signed_text = str_head(text, (size_t)last)};
    if (parse_object(a, str_head(text, (size_t)first), "header", &t.header, err) != 0 ||
        parse_object(a, str_sub(text, (size_t)first + 1, (size_t)last), "body", &t.claims, err) !=
            0 ||
        decode_part(a, str_from(text, (size_t)last + 1), "signature", &t.signature, err) != 0) {
        return -1;
    }
    t.alg = jwt_alg_find(json_find_str(t.header, "alg"));
    t.kid = json_find_str(t.header, "kid");
    *out = t;
    return 0;
}

bool jwt_number(const struct json *claims, const char *name, double *out)
{
    const struct json *j = json_get(claims, name);
    double value;
    if (!json_is(j, JSON_NUMBER) || !num_parse_double(j->text, &value) || !isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

bool jwt_has_audience(const struct json *claims, struct str audience)
{
    const struct json *aud = json_get(claims, "aud");
    if (json_is(aud, JSON_STRING)) {
        return str_eq(aud->text, audience);
    }
    for (size_t i = 0; json_is(aud, JSON_ARRAY) && i < aud->n; i++) {
        if (json_is(aud->items[i], JSON_STRING) && str_eq(aud->items[i]->text, audience)) {
            return true;
        }
    }
    return false;
}

int jwt_check_times(const struct json *claims, double now, double leeway, struct err **err)
{
    double exp;
    double nbf;
    if (!jwt_number(claims, "exp", &exp)) {
        return err_set(err, ERR_UNAUTHORIZED, "the token has no expiry time (exp)");
    }
    if (exp + leeway <= now) {
        return err_set(err, ERR_UNAUTHORIZED, "the token expired %.0f s ago", now - exp);
    }
    if (!json_is_null(json_get(claims, "nbf")) && !jwt_number(claims, "nbf", &nbf)) {
        return err_set(err, ERR_UNAUTHORIZED, "the token's nbf is no number");
    }
    if (jwt_number(claims, "nbf", &nbf) && nbf - leeway > now) {
        return err_set(err, ERR_UNAUTHORIZED, "the token is not valid for another %.0f s",
                       nbf - now);
    }
    return 0;
}

/* Returns how many bytes the hash has. */
static size_t cert_hash(const X509 *cert, enum hash_kind kind, uint8_t out[HASH_MAX])
{
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);
    must(n > 0);
    hash_bytes(kind, str_n(der, (size_t)n), out);
    OPENSSL_free(der);
    return hash_size(kind);
}

void jwt_thumbprint(const struct x509_st *cert, enum hash_kind kind, struct buf *out)
{
    uint8_t hash[HASH_MAX];
    size_t n = cert_hash(cert, kind, hash);
    base64_encode(out, str_n(hash, n), base64_jwt);
}

bool jwt_thumbprint_is(struct str text, const struct x509_st *cert, enum hash_kind kind)
{
    AUTO(buf_done) struct buf plain = BUF_INIT(2 * HASH_MAX);
    AUTO(buf_done) struct buf bytes = BUF_INIT(2 * HASH_MAX);
    while (str_ends(text, STR("="))) {
        text.n--;
    }
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        buf_add_byte(&plain, (char)(c == '+' ? '-' : c == '/' ? '_' : c));
    }
    uint8_t hash[HASH_MAX];
    size_t n = cert_hash(cert, kind, hash);
    return buf_ok(&plain) && base64_decode(&bytes, buf_str(&plain), base64_jwt, NULL) == 0 &&
           str_eq(buf_str(&bytes), str_n(hash, n));
}
