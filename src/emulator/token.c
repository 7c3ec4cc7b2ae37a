/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "emulator/token.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/random.h"
#include "codec/jwt.h"
#include "emulator/core.h"

enum { KEY_BITS = 2048, MAX_KEY_FILE = 16 * 1024 };

struct token_keys {
    EVP_PKEY *key;
    char kid[64];
};

/* ---- the key ---- */

static EVP_PKEY *read_key(const char *path, struct err **err)
{
    AUTO(buf_done) struct buf pem = BUF_INIT_WIPE(MAX_KEY_FILE);
    if (file_read(path, &pem, err) != 0) {
        return NULL;
    }
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    must(bio);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        err_set(err, ERR_INVALID, "%s: not an RSA key; remove the file to get a new one", path);
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

static int save_key(const char *path, EVP_PKEY *key, struct err **err)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    must(bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    long n = BIO_get_mem_data(bio, &text);
    int result = write_file(path, str_n(text, (size_t)n), true, err);
    BIO_free(bio);
    return result;
}

/* The key id: a hash of the public key, so that it stays with the key. */
static void set_kid(struct token_keys *k)
{
    unsigned char *der = NULL;
    uint8_t hash[HASH_MAX];
    int n = i2d_PUBKEY(k->key, &der);
    must(n > 0);
    hash_bytes(HASH_SHA1, str_n(der, (size_t)n), hash);
    OPENSSL_free(der);
    AUTO(buf_done) struct buf kid = BUF_INIT(sizeof(k->kid) - 1);
    base64_encode(&kid, str_n(hash, hash_size(HASH_SHA1)), BASE64_URL | BASE64_RAW);
    memcpy(k->kid, kid.p, kid.n + 1);
}

struct token_keys *token_keys_load(const char *path, struct err **err)
{
    AUTO(err_freep) struct err *missing = NULL;
    EVP_PKEY *key = path ? read_key(path, &missing) : NULL;
    if (path && !key && missing->status != ENOENT) {
        err_move(err, &missing);
        return NULL;
    }
    if (!key) {
        key = EVP_RSA_gen(KEY_BITS);
        must(key);
        if (path && save_key(path, key, err) != 0) {
            EVP_PKEY_free(key);
            return NULL;
        }
    }
    struct token_keys *k = xcalloc(1, sizeof(*k));
    k->key = key;
    set_kid(k);
    return k;
}

void token_keys_free(struct token_keys *k)
{
    if (k) {
        EVP_PKEY_free(k->key);
        free(k);
    }
}

void token_write_jwks(const struct token_keys *k, struct json_writer *w)
{
    json_w_object(w);
    json_w_key(w, "keys");
    json_w_array(w);
    must(jwk_write(w, k->key, JWT_RS256, str_c(k->kid), NULL, NULL) == 0);
    json_w_end(w);
    json_w_end(w);
}

/* ---- issuing ---- */

struct str token_issuer(struct arena *a, struct str tenant)
{
    return arena_printf(a, "https://sts.windows.net/%.*s/", STR_ARG(tenant));
}

static void write_str(struct json_writer *w, const char *key, struct str value)
{
    json_w_key(w, key);
    json_w_str(w, value);
}

static void write_int(struct json_writer *w, const char *key, int64_t value)
{
    json_w_key(w, key);
    json_w_int(w, value);
}

static void write_claims(struct arena *a, struct json_writer *w, const struct token_request *r)
{
    const struct principal *p = r->principal;
    struct str issuer = token_issuer(a, p->tenant);
    char uti[UUID_SIZE];
    random_uuid(uti);
    json_w_object(w);
    write_str(w, "aud", r->audience);
    write_str(w, "iss", issuer);
    /* Entra dates tokens back by five minutes, for clocks that are behind. */
    write_int(w, "iat", r->now - 300);
    write_int(w, "nbf", r->now - 300);
    write_int(w, "exp", r->expires);
    write_str(w, "appid", p->client_id);
    json_w_strings(w, "appidacr", r->strength, NULL);
    write_str(w, "idp", issuer);
    json_w_strings(w, "idtyp", "app", NULL);
    write_str(w, "oid", p->object_id);
    write_str(w, "sub", p->object_id);
    write_str(w, "tid", p->tenant);
    json_w_strings(w, "uti", uti, "ver", "1.0", NULL);
    if (p->kind == PRINCIPAL_IDENTITY) {
        write_str(w, "xms_mirid", principal_resource_id(a, p));
    }
    json_w_end(w);
}

struct str token_mint(const struct token_keys *k, struct arena *a, const struct token_request *r)
{
    AUTO(buf_done) struct buf claims = BUF_INIT(JWT_MAX / 2);
    AUTO(buf_done) struct buf token = BUF_INIT_WIPE(JWT_MAX);
    struct json_writer w = json_writer(&claims);
    write_claims(a, &w, r);
    const struct jwt_header header = {.alg = JWT_RS256, .kid = str_c(k->kid), .x5t = str_c(k->kid)};
    must(jwt_sign(k->key, &header, buf_str(&claims), &token, NULL) == 0);
    return arena_str(a, buf_str(&token));
}

/* ---- checking ---- */

enum token_state token_check(const struct token_keys *k, struct arena *a, struct str token,
                             struct token_claims *claims)
{
    struct jwt t;
    if (jwt_parse(a, token, &t, NULL) != 0) {
        return TOKEN_MALFORMED;
    }
    *claims = (struct token_claims){
        .aud = json_find_str(t.claims, "aud"),
        .iss = json_find_str(t.claims, "iss"),
        .tid = json_find_str(t.claims, "tid"),
        .oid = json_find_str(t.claims, "oid"),
        .appid = json_find_str(t.claims, "appid"),
    };
    claims->exp = json_int(json_get(t.claims, "exp"), -1);
    claims->nbf = json_int(json_get(t.claims, "nbf"), -1);
    if (claims->exp < 0 || claims->nbf < 0) {
        return TOKEN_MALFORMED;
    }
    if (!str_eq_c(t.kid, k->kid) || t.alg != JWT_RS256) {
        return TOKEN_UNKNOWN_KEY;
    }
    return jwt_verify_key(&t, k->key, NULL) == 0 ? TOKEN_OK : TOKEN_BAD_SIGNATURE;
}

struct str token_peek_client(struct arena *a, struct str token)
{
    struct jwt t;
    if (token.n == 0 || jwt_parse(a, token, &t, NULL) != 0) {
        return STR_EMPTY;
    }
    return json_find_str(t.claims, "appid");
}
