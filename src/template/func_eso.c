/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions that External Secrets Operator adds: PKCS#12 archives, PEM, chains of certificates,
 * JSON Web Keys and RSA. Binary data travel as strings.
 */

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/encode.h"
#include "base/vec.h"
#include "codec/jwk.h"
#include "codec/keys.h"
#include "codec/pem.h"
#include "codec/pkcs12.h"
#include "template/func_lib.h"

/* ---- PKCS#12 to PEM ---- */

/* Archives say themselves how much work it is to open them. */
static bool open_archive(struct work *w, struct str der, struct str password, struct pkcs12 *p,
                         struct err **err)
{
    enum { ROUND_COST = 3 };
    if (pkcs12_read(der, password, p, err) != 0) {
        return false;
    }
    (void)work_step(w, (size_t)p->rounds * ROUND_COST);
    return true;
}

static struct value read_key(struct work *w, struct str password, struct str der)
{
    AUTO(pkcs12_done) struct pkcs12 p = {0};
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct err *err = NULL;
    if (!open_archive(w, der, password, &p, &err) || keys_write_private(&b, p.key, &err) != 0) {
        err_wrap(&err, "unable to decode pkcs12 with password");
        return fail_err(w, err);
    }
    return result(w, &b);
}

/* From the leaf to the root if that order can be told, else as in the archive. */
static int write_certs(struct buf *b, const struct x509_list *certs, struct err **err)
{
    AUTO(freep) X509 **chain = xcalloc(certs->n, sizeof(X509 *));
    size_t n;
    if (x509_chain(certs, chain, &n, NULL) != 0) {
        memcpy(chain, certs->v, certs->n * sizeof(X509 *));
        n = certs->n;
    }
    for (size_t i = 0; i < n; i++) {
        if (x509_write_pem(b, chain[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

static struct value read_certs(struct work *w, struct str password, struct str der)
{
    AUTO(pkcs12_done) struct pkcs12 p = {0};
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct err *err = NULL;
    if (!open_archive(w, der, password, &p, &err) || write_certs(&b, &p.certs, &err) != 0) {
        err_wrap(&err, "unable to decode pkcs12 certificate with password");
        return fail_err(w, err);
    }
    return result(w, &b);
}

FN(f_pkcs12_key)
{
    return read_key(w, STR_EMPTY, arg[0].s);
}

FN(f_pkcs12_key_pass)
{
    return read_key(w, arg[0].s, arg[1].s);
}

FN(f_pkcs12_cert)
{
    return read_certs(w, STR_EMPTY, arg[0].s);
}

FN(f_pkcs12_cert_pass)
{
    return read_certs(w, arg[0].s, arg[1].s);
}

/* ---- PEM to PKCS#12 ---- */

static struct value base64_result(struct work *w, const struct buf *der)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    base64_encode(&b, buf_str(der), BASE64_STD);
    return result(w, &b);
}

/* The certificates; all text must belong to one. False: failed. */
static bool read_pem_certs(struct work *w, struct str pem, size_t max, struct x509_list *out)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct pem_block block;
    struct err *err = NULL;
    while (out->n < max && (out->n == 0 || pem.n > 0)) {
        if (!pem_next(&a, &pem, &block)) {
            (void)fail_nil(w);
            return false;
        }
        X509 *cert = x509_parse(block.der, &err);
        if (!cert) {
            (void)fail_err(w, err);
            return false;
        }
        x509_list_push(out, cert);
    }
    return true;
}

static bool read_pem_key(struct work *w, struct str pem, EVP_PKEY **out)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct pem_block block;
    if (!pem_next(&a, &pem, &block)) {
        (void)fail_nil(w);
        return false;
    }
    struct err *err = NULL;
    *out = keys_parse_private(block.der, &err);
    if (!*out) {
        (void)fail_err(w, err);
    }
    return *out != NULL;
}

static struct value write_archive(struct work *w, struct str certs, struct str key,
                                  struct str password, size_t max)
{
    AUTO(pkcs12_done) struct pkcs12 p = {0};
    if (!read_pem_certs(w, certs, max, &p.certs) || !read_pem_key(w, key, &p.key)) {
        return NIL;
    }
    AUTO(buf_done) struct buf der = RESULT_BUF(w);
    struct err *err = NULL;
    if (pkcs12_write(&der, &p, password, &err) != 0) {
        return fail_err(w, err);
    }
    return base64_result(w, &der);
}

FN(f_pem_to_pkcs12)
{
    return write_archive(w, arg[0].s, arg[1].s, STR_EMPTY, 1);
}

FN(f_pem_to_pkcs12_pass)
{
    return write_archive(w, arg[0].s, arg[1].s, arg[2].s, 1);
}

FN(f_full_pem_to_pkcs12)
{
    return write_archive(w, arg[0].s, arg[1].s, STR_EMPTY, X509_CHAIN_MAX);
}

FN(f_full_pem_to_pkcs12_pass)
{
    return write_archive(w, arg[0].s, arg[1].s, arg[2].s, X509_CHAIN_MAX);
}

static struct value write_trust(struct work *w, struct str pem, struct str password)
{
    AUTO(x509_list_done) struct x509_list certs = {0};
    if (!read_pem_certs(w, pem, X509_CHAIN_MAX, &certs)) {
        return NIL;
    }
    AUTO(buf_done) struct buf der = RESULT_BUF(w);
    struct err *err = NULL;
    if (pkcs12_write_trust_store(&der, &certs, password, &err) != 0) {
        return fail_err(w, err);
    }
    return base64_result(w, &der);
}

FN(f_pem_truststore)
{
    return write_trust(w, arg[0].s, STR_EMPTY);
}

FN(f_pem_truststore_pass)
{
    return write_trust(w, arg[0].s, arg[1].s);
}

/* ---- PEM ---- */

static struct str skip_junk(struct str s)
{
    ptrdiff_t begin = str_find(s, STR("-----BEGIN"));
    return begin < 0 ? s : str_from(s, (size_t)begin);
}

FN(f_filter_pem)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct str rest = skip_junk(arg[1].s);
    struct pem_block block;
    while (rest.n > 0 && pem_next(&a, &rest, &block)) {
        if (str_ieq(block.type, arg[0].s)) {
            pem_write_block(&b, &block);
        }
    }
    if (rest.n > 0 && b.n == 0) {
        return fail_value(w, "error filtering pem: found junk");
    }
    return result(w, &b);
}

static int write_range(struct buf *b, X509 **chain, size_t from, size_t to, struct err **err)
{
    for (size_t i = from; i < to; i++) {
        if (x509_write_pem(b, chain[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Which part of the chain a kind means: from..to. */
static void chain_part(struct str kind, X509 **chain, size_t n, size_t *from, size_t *to)
{
    *from = *to = 0;
    if (str_eq(kind, STR("leaf"))) {
        *to = !x509_is_root(chain[0]);
    } else if (str_eq(kind, STR("intermediate"))) {
        *from = *to = 1;
        while (*to < n && !x509_is_root(chain[*to])) {
            ++*to;
        }
    } else if (str_eq(kind, STR("root"))) {
        *from = n - 1;
        *to = x509_is_root(chain[n - 1]) ? n : n - 1;
    }
}

FN(f_filter_cert_chain)
{
    AUTO(x509_list_done) struct x509_list certs = {0};
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct err *err = NULL;
    if (x509_parse_pem(arg[1].s, &certs, &err) != 0) {
        return fail_err(w, err);
    }
    AUTO(freep) X509 **chain = xcalloc(certs.n + 1, sizeof(X509 *));
    size_t count;
    if (x509_chain(&certs, chain, &count, &err) != 0) {
        return fail_err(w, err);
    }
    size_t from;
    size_t to;
    chain_part(arg[0].s, chain, count, &from, &to);
    if (write_range(&b, chain, from, to, &err) != 0) {
        return fail_err(w, err);
    }
    return result(w, &b);
}

struct sans {
    struct work *w;
    VEC(struct str) names;
};

static void add_san(void *arg, struct str name)
{
    struct sans *sans = arg;
    vec_push(&sans->names, work_str(sans->w, name));
}

FN(f_cert_sans)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct str rest = skip_junk(arg[0].s);
    struct pem_block block;
    if (!pem_next(&a, &rest, &block)) {
        return fail_value(w, "failed to decode PEM block");
    }
    struct err *err = NULL;
    AUTO(x509_freep) X509 *cert = x509_parse(block.der, &err);
    struct sans sans = {.w = w};
    if (!cert || x509_sans(cert, add_san, &sans, &err) != 0) {
        return fail_err(w, err);
    }
    struct value v = strings_value(w, sans.names.v, sans.names.n);
    vec_done(&sans.names);
    return v;
}

/* ---- JWK ---- */

FN(f_jwk_public)
{
    struct err *err = NULL;
    bool is_private;
    AUTO(keys_freep) EVP_PKEY *key = jwk_parse(arg[0].s, &is_private, &err);
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    if (key && is_private) {
        return fail_value(w, "x509: unsupported public key type: *%s.PrivateKey", jwk_family(key));
    }
    if (!key || keys_write_public(&b, key, &err) != 0) {
        return fail_err(w, err);
    }
    return result(w, &b);
}

FN(f_jwk_private)
{
    struct err *err = NULL;
    bool is_private;
    AUTO(keys_freep) EVP_PKEY *key = jwk_parse(arg[0].s, &is_private, &err);
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    if (key && !is_private) {
        return fail_value(w, "x509: unknown key type while marshaling PKCS#8: *%s.PublicKey",
                          jwk_family(key));
    }
    if (!key || keys_write_private(&b, key, &err) != 0) {
        return fail_err(w, err);
    }
    return result(w, &b);
}

/* ---- RSA ---- */

static void ctx_freep(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

static const EVP_MD *oaep_digest(struct str name)
{
    if (str_eq(name, STR("SHA1"))) {
        return EVP_sha1();
    }
    return str_eq(name, STR("SHA512")) ? EVP_sha512() : EVP_sha256();
}

static struct value decrypt(struct work *w, EVP_PKEY *key, const EVP_MD *md, struct str text)
{
    AUTO(ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    size_t n = (size_t)EVP_PKEY_get_size(key);
    unsigned char *out = work_alloc(w, n + 1, 1);
    if (!out) {
        return NIL;
    }
    if (!ctx || EVP_PKEY_decrypt_init(ctx) <= 0 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) <= 0 || EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) <= 0 ||
        EVP_PKEY_decrypt(ctx, out, &n, (const unsigned char *)(text.n ? text.p : ""), text.n) <=
            0) {
        ERR_clear_error();
        return fail_value(w, "error decrypting data with RSA: crypto/rsa: decryption error");
    }
    return v_str(str_n(out, n));
}

FN(f_rsa_decrypt)
{
    if (str_eq(arg[0].s, STR("None"))) {
        return arg[2];
    }
    if (!str_eq(arg[0].s, STR("RSA-OAEP"))) {
        return fail_value(w, "decryption scheme %.*s is not supported", STR_ARG(arg[0].s));
    }
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct str pem = arg[3].s;
    struct pem_block block;
    if (!pem_next(&a, &pem, &block)) {
        return fail_value(w, "failed to decode PEM block");
    }
    struct err *err = NULL;
    AUTO(keys_freep) EVP_PKEY *key = keys_parse_private(block.der, &err);
    if (!key) {
        err_wrap(&err, "could not parse private key");
        return fail_err(w, err);
    }
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        return fail_value(w, "could not parse RSA private key");
    }
    return decrypt(w, key, oaep_digest(arg[1].s), arg[2].s);
}

enum { ARCHIVE = 50000, ASYMMETRIC = 10000 };

static const struct func rows[] = {
    {"certSANs", "s", "list of string", F_ESO, f_cert_sans,
     "The alternative names of the first certificate of a PEM text: DNS, addresses, e-mail, URIs.",
     1000},
    {"filterCertChain", "ss", "string", F_ESO, f_filter_cert_chain,
     "The \"leaf\", \"intermediate\" or \"root\" certificates of a PEM text, in the order of the "
     "chain.",
     1000},
    {"filterPEM", "ss", "string", F_ESO, f_filter_pem,
     "The PEM blocks of this type (\"CERTIFICATE\", \"PRIVATE KEY\" ...).", 100},
    {"fullPemToPkcs12", "ss", "string", F_ESO, f_full_pem_to_pkcs12,
     "A PKCS#12 archive in Base64: certificates (the leaf first), key.", ARCHIVE},
    {"fullPemToPkcs12Pass", "sss", "string", F_ESO, f_full_pem_to_pkcs12_pass,
     "As fullPemToPkcs12, with a password: certificates, key, password.", ARCHIVE},
    {"jwkPrivateKeyPem", "s", "string", F_ESO, f_jwk_private,
     "A private JSON Web Key as PKCS#8 PEM.", ASYMMETRIC},
    {"jwkPublicKeyPem", "s", "string", F_ESO, f_jwk_public, "A public JSON Web Key as PEM.",
     ASYMMETRIC},
    {"pemToPkcs12", "ss", "string", F_ESO, f_pem_to_pkcs12,
     "A PKCS#12 archive in Base64 of the first certificate and the key.", ARCHIVE},
    {"pemToPkcs12Pass", "sss", "string", F_ESO, f_pem_to_pkcs12_pass,
     "As pemToPkcs12, with a password: certificate, key, password.", ARCHIVE},
    {"pemTruststoreToPKCS12", "s", "string", F_ESO, f_pem_truststore,
     "A trust store for Java in Base64.", ARCHIVE},
    {"pemTruststoreToPKCS12Pass", "ss", "string", F_ESO, f_pem_truststore_pass,
     "As pemTruststoreToPKCS12, with a password: certificates, password.", ARCHIVE},
    {"pkcs12cert", "s", "string", F_ESO, f_pkcs12_cert,
     "The certificates of a PKCS#12 archive (binary: b64dec first) as PEM.", ARCHIVE},
    {"pkcs12certPass", "ss", "string", F_ESO, f_pkcs12_cert_pass,
     "As pkcs12cert, with a password: password, archive.", ARCHIVE},
    {"pkcs12key", "s", "string", F_ESO, f_pkcs12_key,
     "The private key of a PKCS#12 archive as PKCS#8 PEM.", ARCHIVE},
    {"pkcs12keyPass", "ss", "string", F_ESO, f_pkcs12_key_pass,
     "As pkcs12key, with a password: password, archive.", ARCHIVE},
    {"rsaDecrypt", "ssss", "string", F_ESO, f_rsa_decrypt,
     "Decrypts: scheme (\"RSA-OAEP\" or \"None\"), hash, text, key in PEM.", ASYMMETRIC},
};
const struct func_table functions_eso = FUNC_TABLE(rows);
