/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and certificates made on the spot. They differ with every rendering.
 */
#include "base/clock.h"
#include "base/encode.h"
#include "codec/keys.h"
#include "codec/pem.h"
#include "codec/x509.h"
#include "template/func_lib.h"

FN(f_gen_private_key)
{
    static const struct {
        const char *name;
        enum keys_kind kind;
    } types[] = {
        {"", KEYS_RSA_4096},     {"rsa", KEYS_RSA_4096},    {"dsa", KEYS_DSA},
        {"ecdsa", KEYS_EC_P256}, {"ed25519", KEYS_ED25519},
    };
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (str_eq_c(arg[0].s, types[i].name)) {
            struct err *err = NULL;
            AUTO(keys_freep) EVP_PKEY *key = keys_generate(types[i].kind, &err);
            if (!key || keys_write_traditional(&b, key, &err) != 0) {
                return fail_err(w, err);
            }
            return result(w, &b);
        }
    }
    buf_add_c(&b, "Unknown type ");
    buf_add_str(&b, arg[0].s);
    return result(w, &b);
}

static struct value pair_value(struct work *w, struct str cert, struct str key)
{
    struct cert_pair *pair = arena_new(&w->arena, struct cert_pair);
    *pair = (struct cert_pair){cert, key};
    return (struct value){.kind = K_CERT, .cert = pair};
}

/* The views of a list of strings; fails for other elements. NULL list: none. */
static struct str *texts(struct work *w, struct value list, const char *what, size_t *n)
{
    *n = v_len(list);
    struct str *out = work_alloc(w, *n + 1, sizeof(*out));
    for (size_t i = 0; out && i < *n; i++) {
        if (list.list->v[i].kind != K_STRING) {
            work_fail(w, "error parsing %s: an element is not a string", what);
            return NULL;
        }
        out[i] = list.list->v[i].s;
    }
    return out;
}

static EVP_PKEY *key_from_pem(struct str pem, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct pem_block block;
    if (!pem_next(&a, &pem, &block)) {
        err_set(err, ERR_PARSE, "unable to decode key");
        return NULL;
    }
    return keys_parse_private(block.der, err);
}

static X509 *cert_from_pem(struct str pem, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct pem_block block;
    if (!pem_next(&a, &pem, &block)) {
        err_set(err, ERR_PARSE, "unable to decode certificate");
        return NULL;
    }
    return x509_parse(block.der, err);
}

struct making {
    struct str common_name;
    struct value addresses; /* NIL or a list */
    struct value dns_names;
    int64_t days;
    bool ca;
    const struct cert_pair *issuer; /* NULL: self-signed */
    const struct str *key;          /* PEM; NULL: a new one */
};

static struct value write_pair(struct work *w, X509 *cert, EVP_PKEY *key)
{
    AUTO(buf_done) struct buf cert_pem = RESULT_BUF(w);
    AUTO(buf_done) struct buf key_pem = RESULT_BUF(w);
    struct err *err = NULL;
    if (x509_write_pem(&cert_pem, cert, &err) != 0 ||
        keys_write_traditional(&key_pem, key, &err) != 0) {
        return fail_err(w, err);
    }
    return pair_value(w, work_take(w, &cert_pem), work_take(w, &key_pem));
}

static struct value make(struct work *w, const struct making *m)
{
    struct x509_request r = {
        .common_name = m->common_name, .days = m->days, .now = clock_real() / NS_S, .ca = m->ca};
    r.addresses = texts(w, m->addresses, "ip", &r.n_addresses);
    r.dns_names = texts(w, m->dns_names, "alternate dns name", &r.n_dns_names);
    struct err *err = NULL;
    AUTO(keys_freep) EVP_PKEY *key = NULL;
    AUTO(keys_freep) EVP_PKEY *issuer_key = NULL;
    AUTO(x509_freep) X509 *issuer = NULL;
    if (w->failed) {
        return NIL;
    }
    if (m->issuer) {
        r.issuer = issuer = cert_from_pem(m->issuer->cert, &err);
        r.issuer_key = issuer_key = issuer ? key_from_pem(m->issuer->key, &err) : NULL;
        if (!issuer_key) {
            return fail_err(w, err);
        }
    }
    r.key = key = m->key ? key_from_pem(*m->key, &err) : keys_generate(KEYS_RSA_2048, &err);
    AUTO(x509_freep) X509 *cert = key ? x509_make(&r, &err) : NULL;
    return cert ? write_pair(w, cert, key) : fail_err(w, err);
}

FN(f_gen_ca)
{
    return make(w, &(struct making){.common_name = arg[0].s, .days = arg[1].i, .ca = true});
}

FN(f_gen_ca_with_key)
{
    return make(w, &(struct making){
                       .common_name = arg[0].s, .days = arg[1].i, .ca = true, .key = &arg[2].s});
}

static struct making leaf(const struct value *arg)
{
    return (struct making){
        .common_name = arg[0].s, .addresses = arg[1], .dns_names = arg[2], .days = arg[3].i};
}

FN(f_gen_self_signed)
{
    struct making m = leaf(arg);
    return make(w, &m);
}

FN(f_gen_self_signed_with_key)
{
    struct making m = leaf(arg);
    m.key = &arg[4].s;
    return make(w, &m);
}

FN(f_gen_signed)
{
    struct making m = leaf(arg);
    m.issuer = arg[4].cert;
    return make(w, &m);
}

FN(f_gen_signed_with_key)
{
    struct making m = leaf(arg);
    m.issuer = arg[4].cert;
    m.key = &arg[5].s;
    return make(w, &m);
}

static bool decode(struct work *w, struct str text, const char *what, struct str *out)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    if (base64_decode(&b, text, BASE64_STD, NULL) != 0) {
        return work_fail(w, "unable to decode base64 %s", what);
    }
    *out = work_take(w, &b);
    return !w->failed;
}

FN(f_build_custom_cert)
{
    struct str cert_pem;
    struct str key_pem;
    if (!decode(w, arg[0].s, "certificate", &cert_pem) ||
        !decode(w, arg[1].s, "private key", &key_pem)) {
        return NIL;
    }
    struct err *err = NULL;
    AUTO(x509_freep) X509 *cert = cert_from_pem(cert_pem, &err);
    AUTO(keys_freep) EVP_PKEY *key = cert ? key_from_pem(key_pem, &err) : NULL;
    return key ? pair_value(w, cert_pem, key_pem) : fail_err(w, err);
}

enum { RSA_2048 = 1900000, RSA_4096 = 5000000, PARSING = 5000 };

static const struct func rows[] = {
    {"buildCustomCert", "ss", "key pair", F_CRYPTO, f_build_custom_cert,
     "A value with .Cert and .Key from a certificate and a key, both PEM in Base64.", PARSING},
    {"genCA", "si", "key pair", F_CRYPTO, f_gen_ca, "A certificate authority: common name, days.",
     RSA_2048},
    {"genCAWithKey", "sis", "key pair", F_CRYPTO, f_gen_ca_with_key,
     "As genCA, with a given key in PEM.", PARSING},
    {"genPrivateKey", "s", "string", F_CRYPTO, f_gen_private_key,
     "A private key in PEM: \"rsa\", \"dsa\", \"ecdsa\" or \"ed25519\".", RSA_4096},
    {"genSelfSignedCert", "sLLi", "key pair", F_CRYPTO, f_gen_self_signed,
     "A self-signed certificate: common name, IP addresses, DNS names, days.", RSA_2048},
    {"genSelfSignedCertWithKey", "sLLis", "key pair", F_CRYPTO, f_gen_self_signed_with_key,
     "As genSelfSignedCert, with a given key in PEM.", PARSING},
    {"genSignedCert", "sLLiC", "key pair", F_CRYPTO, f_gen_signed,
     "A certificate signed by an authority (last argument).", RSA_2048},
    {"genSignedCertWithKey", "sLLiCs", "key pair", F_CRYPTO, f_gen_signed_with_key,
     "As genSignedCert, with a given key in PEM.", PARSING},
};
const struct func_table functions_cert = FUNC_TABLE(rows);
