/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures of JWS on OpenSSL's. They are the same for RSA. For ECDSA, JWS has r and s side by
 * side in fixed width (RFC 7518 section 3.4), OpenSSL a DER sequence of two integers; the two
 * functions at the top translate.
 */
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/encode.h"
#include "codec/jwt_internal.h"

/* The longest signature: RSA with 8192 bits, and an EC signature is shorter. */
enum { SIGNATURE_MAX = 1024 };

/* r || s -> DER, for OpenSSL to verify. The result is the caller's (OPENSSL_free); 0 if it has the
 * wrong size. */
static size_t ecdsa_to_der(struct str raw, size_t half, unsigned char **der)
{
    if (raw.n != 2 * half) {
        return 0;
    }
    const unsigned char *p = (const unsigned char *)raw.p;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(p, (int)half, NULL);
    BIGNUM *s = BN_bin2bn(p + half, (int)half, NULL);
    must(sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1);
    int n = i2d_ECDSA_SIG(sig, der);
    ECDSA_SIG_free(sig);
    return n > 0 ? (size_t)n : 0;
}

static void ecdsa_from_der(const unsigned char *der, size_t n, size_t half, unsigned char *raw)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    must(sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)half) == (int)half &&
         BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, (int)half) == (int)half);
    ECDSA_SIG_free(sig);
}

/* Whether a key can be used with an algorithm: its type, its size or its curve. An alias such as
 * RSA-PSS is another type and not accepted. */
static bool key_fits(const EVP_PKEY *key, enum jwt_alg alg)
{
    const struct jwt_alg_info *info = jwt_alg_info(alg);
    if (alg == JWT_ALG_UNKNOWN || !EVP_PKEY_is_a(key, info->key_type)) {
        return false;
    }
    if (info->half == 0) {
        return EVP_PKEY_get_bits(key) >= 1024 && EVP_PKEY_get_bits(key) <= SIGNATURE_MAX * 8;
    }
    const struct jwk_curve *curve = jwk_curve_of(key);
    return curve && curve->size == info->half;
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct jwt_alg_info *info)
{
    return !info->pss || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                          EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool verify(const struct jwt *t, EVP_PKEY *key, struct str signature)
{
    const struct jwt_alg_info *info = jwt_alg_info(t->alg);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx;
    bool ok = ctx &&
              EVP_DigestVerifyInit_ex(ctx, &key_ctx, info->digest, NULL, NULL, key, NULL) == 1 &&
              set_padding(key_ctx, info) &&
              EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n,
                               (const unsigned char *)t->signed_text.p, t->signed_text.n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

int jwt_verify_key(const struct jwt *t, struct evp_pkey_st *key, struct err **err)
{
    const struct jwt_alg_info *info = jwt_alg_info(t->alg);
    if (json_get(t->header, "crit")) {
        return err_set(err, ERR_UNAUTHORIZED,
                       "the token needs an extension (crit) that is not "
                       "known here");
    }
    if (!key_fits(key, t->alg)) {
        return err_set(err, ERR_UNAUTHORIZED,
                       "the key cannot have made a signature of the token's algorithm %s",
                       t->alg == JWT_ALG_UNKNOWN ? "(not supported)" : info->name);
    }
    bool ok;
    if (info->half > 0) {
        unsigned char *der = NULL;
        size_t n = ecdsa_to_der(t->signature, info->half, &der);
        ok = n > 0 && verify(t, key, str_n(der, n));
        OPENSSL_free(der);
    } else {
        ok = verify(t, key, t->signature);
    }
    return ok ? 0 : err_set(err, ERR_UNAUTHORIZED, "the signature of the token does not fit");
}

int jwt_verify_cert(const struct jwt *t, const struct x509_st *cert, struct err **err)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    if (!key) {
        return err_set(err, ERR_UNAUTHORIZED, "the certificate's key is of an unknown type");
    }
    return jwt_verify_key(t, key, err);
}

static void add_header(const struct jwt_header *header, struct buf *out)
{
    AUTO(buf_done) struct buf text = BUF_INIT(JWT_MAX);
    struct json_writer w = json_writer(&text);
    const struct {
        const char *key;
        struct str value;
    } optional[] = {{"kid", header->kid}, {"x5t", header->x5t}, {"x5t#S256", header->x5t_s256}};
    json_w_object(&w);
    json_w_strings(&w, "alg", jwt_alg_name(header->alg), "typ", "JWT", NULL);
    for (size_t i = 0; i < COUNT_OF(optional); i++) {
        if (optional[i].value.n > 0) {
            json_w_key(&w, optional[i].key);
            json_w_str(&w, optional[i].value);
        }
    }
    json_w_end(&w);
    base64_encode(out, buf_str(&text), BASE64_URL | BASE64_RAW);
}

/* Writes the signature as JWS has it and returns its size; 0 if OpenSSL refuses. */
static size_t make_signature(EVP_PKEY *key, enum jwt_alg alg, struct str text,
                             unsigned char out[SIGNATURE_MAX])
{
    const struct jwt_alg_info *info = jwt_alg_info(alg);
    unsigned char made[SIGNATURE_MAX];
    size_t n = sizeof(made);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx;
    bool ok = ctx &&
              EVP_DigestSignInit_ex(ctx, &key_ctx, info->digest, NULL, NULL, key, NULL) == 1 &&
              set_padding(key_ctx, info) &&
              EVP_DigestSign(ctx, made, &n, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        return 0;
    }
    if (info->half > 0) {
        ecdsa_from_der(made, n, info->half, out);
        return 2 * info->half;
    }
    memcpy(out, made, n);
    return n;
}

int jwt_sign(struct evp_pkey_st *key, const struct jwt_header *header, struct str claims,
             struct buf *out, struct err **err)
{
    if (!key_fits(key, header->alg)) {
        return err_set(err, ERR_INVALID, "the key cannot make a signature of algorithm \"%s\"",
                       jwt_alg_name(header->alg));
    }
    AUTO(buf_done) struct buf token = BUF_INIT_WIPE(JWT_MAX);
    add_header(header, &token);
    buf_add_byte(&token, '.');
    base64_encode(&token, claims, BASE64_URL | BASE64_RAW);
    unsigned char signature[SIGNATURE_MAX];
    size_t n = make_signature(key, header->alg, buf_str(&token), signature);
    if (n == 0) {
        return err_set(err, ERR_INVALID, "the key cannot sign: its private part is missing");
    }
    buf_add_byte(&token, '.');
    base64_encode(&token, str_n(signature, n), BASE64_URL | BASE64_RAW);
    if (!buf_ok(&token)) {
        return err_set(err, ERR_LIMIT, "the token would be longer than %d bytes", (int)JWT_MAX);
    }
    buf_add_str(out, buf_str(&token));
    return 0;
}
