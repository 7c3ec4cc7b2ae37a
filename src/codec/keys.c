/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "codec/keys.h"

#include "codec/pem.h"

void keys_freep(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

int keys_error(struct err **err, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    err_set(err, ERR_INVALID, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
    ERR_clear_error();
    return -1;
}

/* ---- reading ---- */

/* The curves of Go's crypto/elliptic, by name: explicit parameters are refused. */
static bool known_curve(EVP_PKEY *key)
{
    static const char *const names[] = {"secp224r1", "prime256v1", "secp384r1", "secp521r1"};
    char name[64];
    char encoding[32];
    if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) <= 0 ||
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding, sizeof(encoding),
                                       NULL) <= 0 ||
        strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) != 0) {
        return false;
    }
    size_t i = 0;
    while (i < COUNT_OF(names) && strcmp(name, names[i]) != 0) {
        i++;
    }
    return i < COUNT_OF(names);
}

int keys_check_kind(EVP_PKEY *key, struct err **err)
{
    int id = EVP_PKEY_get_base_id(key);
    bool known = id == EVP_PKEY_RSA || id == EVP_PKEY_ED25519 || id == EVP_PKEY_X25519 ||
                 (id == EVP_PKEY_EC && known_curve(key));
    ERR_clear_error();
    return known ? 0 : err_set(err, ERR_INVALID, "unable to parse private key type");
}

static EVP_PKEY *parse_pkcs8(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
    bool whole = info && p == (const unsigned char *)der.p + der.n;
    EVP_PKEY *key = whole ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    return key;
}

static EVP_PKEY *parse_type(int type, struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    EVP_PKEY *key = d2i_PrivateKey(type, NULL, &p, (long)der.n);
    if (key && p != (const unsigned char *)der.p + der.n) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

EVP_PKEY *keys_parse_private(struct str der, struct err **err)
{
    EVP_PKEY *key = parse_pkcs8(der);
    key = key ? key : parse_type(EVP_PKEY_RSA, der);
    key = key ? key : parse_type(EVP_PKEY_EC, der);
    if (!key) {
        keys_error(err, "unable to parse private key type");
    } else if (keys_check_kind(key, err) != 0) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_clear_error();
    return key;
}

/* ---- writing ---- */

static int write_der(struct buf *out, const char *type, unsigned char *der, int n, struct err **err)
{
    if (n <= 0) {
        return keys_error(err, "the key cannot be encoded");
    }
    pem_write(out, type, str_n(der, (size_t)n));
    OPENSSL_clear_free(der, (size_t)n);
    return 0;
}

int keys_write_private(struct buf *out, EVP_PKEY *key, struct err **err)
{
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        /* also where it was not in what the key was read from */
        (void)EVP_PKEY_set_int_param(key, OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC, 1);
    }
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    unsigned char *der = NULL;
    int n = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
    PKCS8_PRIV_KEY_INFO_free(info);
    return write_der(out, "PRIVATE KEY", der, n, err);
}

int keys_write_public(struct buf *out, EVP_PKEY *key, struct err **err)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key, &der);
    return write_der(out, "PUBLIC KEY", der, n, err);
}

int keys_write_traditional(struct buf *out, EVP_PKEY *key, struct err **err)
{
    static const struct {
        int type;
        const char *label;
    } formats[] = {
        {EVP_PKEY_RSA, "RSA PRIVATE KEY"},
        {EVP_PKEY_EC, "EC PRIVATE KEY"},
        {EVP_PKEY_DSA, "DSA PRIVATE KEY"},
    };
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (EVP_PKEY_get_base_id(key) == formats[i].type) {
            unsigned char *der = NULL;
            int n = i2d_PrivateKey(key, &der);
            return write_der(out, formats[i].label, der, n, err);
        }
    }
    return keys_write_private(out, key, err);
}

/* ---- making ---- */

static void ctx_freep(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

static EVP_PKEY *generate_dsa(void)
{
    AUTO(ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
    EVP_PKEY *params = NULL;
    EVP_PKEY *key = NULL;
    if (ctx && EVP_PKEY_paramgen_init(ctx) > 0 &&
        EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx, 2048) > 0 &&
        EVP_PKEY_CTX_set_dsa_paramgen_q_bits(ctx, 256) > 0 && EVP_PKEY_paramgen(ctx, &params) > 0) {
        AUTO(ctx_freep) EVP_PKEY_CTX *gen = EVP_PKEY_CTX_new_from_pkey(NULL, params, NULL);
        if (gen && EVP_PKEY_keygen_init(gen) > 0) {
            (void)EVP_PKEY_keygen(gen, &key);
        }
    }
    EVP_PKEY_free(params);
    return key;
}

EVP_PKEY *keys_generate(enum keys_kind kind, struct err **err)
{
    EVP_PKEY *key = NULL;
    switch (kind) {
    case KEYS_RSA_2048:
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
        break;
    case KEYS_RSA_4096:
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)4096);
        break;
    case KEYS_EC_P256:
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        break;
    case KEYS_ED25519:
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;
    case KEYS_DSA:
        key = generate_dsa();
        break;
    }
    if (!key) {
        keys_error(err, "no key could be generated");
    }
    return key;
}
