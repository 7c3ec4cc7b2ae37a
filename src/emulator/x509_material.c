/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "emulator/x509_material.h"

#include "base/datetime.h"
#include "base/encode.h"
#include "base/random.h"

enum { MAX_MATERIAL = 1 << 20, MAX_CHAIN = 20, MAX_PKCS12_ITERATIONS = 200000 };

void x509_material_done(struct x509_material *m)
{
    EVP_PKEY_free(m->key);
    X509_free(m->leaf);
    sk_X509_pop_free(m->chain, X509_free);
    *m = (struct x509_material){0};
}

/* ---- reading ---- */

static BIO *bio_of(struct str s)
{
    BIO *bio = BIO_new_mem_buf(s.n ? s.p : "", (int)MIN(s.n, (size_t)MAX_MATERIAL));
    must(bio);
    return bio;
}

/* No prompt for a passphrase, whatever the file asks for. */
static int no_password(char *buf UNUSED, int size UNUSED, int writing UNUSED, void *arg UNUSED)
{
    return 0;
}

static int read_pem(struct x509_material *out, struct str text)
{
    BIO *bio = bio_of(text);
    out->leaf = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    for (X509 *next; out->leaf && sk_X509_num(out->chain) < MAX_CHAIN &&
                     (next = PEM_read_bio_X509(bio, NULL, no_password, NULL));) {
        sk_X509_push(out->chain, next);
    }
    BIO_free(bio);
    bio = bio_of(text);
    out->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    BIO_free(bio);
    out->was_pem = true;
    return out->leaf ? 0 : -1;
}

/* A file may ask for so many iterations that it takes minutes to open. */
static bool iterations_ok(PKCS12 *p12)
{
    const ASN1_INTEGER *count = NULL;
    PKCS12_get0_mac(NULL, NULL, NULL, &count, p12);
    return !count ||
           (ASN1_INTEGER_get(count) >= 0 && ASN1_INTEGER_get(count) <= MAX_PKCS12_ITERATIONS);
}

static int read_pkcs12(struct x509_material *out, struct str der, struct str password)
{
    const unsigned char *p = (const unsigned char *)der.p;
    PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)der.n);
    if (!p12) {
        return -1;
    }
    STACK_OF(X509) *chain = NULL;
    AUTO(wipe_freep) char *secret = str_dup(password);
    bool ok =
        iterations_ok(p12) && (PKCS12_parse(p12, secret, &out->key, &out->leaf, &chain) == 1 ||
                               PKCS12_parse(p12, "", &out->key, &out->leaf, &chain) == 1);
    PKCS12_free(p12);
    while (ok && chain && sk_X509_num(chain) > 0 && sk_X509_num(out->chain) < MAX_CHAIN) {
        sk_X509_push(out->chain, sk_X509_shift(chain));
    }
    sk_X509_pop_free(chain, X509_free);
    return ok && out->leaf ? 0 : -1;
}

static int read_der(struct x509_material *out, struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    out->leaf = d2i_X509(NULL, &p, (long)der.n);
    return out->leaf ? 0 : -1;
}

static int read_any(struct x509_material *out, struct str value, struct str password)
{
    AUTO(buf_done) struct buf raw = BUF_INIT_WIPE(MAX_MATERIAL);
    if (str_find(value, STR("-----BEGIN")) >= 0) {
        return read_pem(out, value);
    }
    if (base64_decode(&raw, value, BASE64_STD, NULL) != 0) {
        return -1;
    }
    if (str_find(buf_str(&raw), STR("-----BEGIN")) >= 0) {
        return read_pem(out, buf_str(&raw));
    }
    return read_pkcs12(out, buf_str(&raw), password) == 0 || read_der(out, buf_str(&raw)) == 0 ? 0
                                                                                               : -1;
}

int x509_material_read(struct x509_material *out, struct str value, struct str password,
                       struct err **err)
{
    struct x509_material m = {.chain = sk_X509_new_null()};
    must(m.chain);
    bool ok = value.n <= MAX_MATERIAL && read_any(&m, value, password) == 0;
    ok = ok && (!m.key || X509_check_private_key(m.leaf, m.key) == 1);
    ERR_clear_error();
    if (!ok) {
        x509_material_done(&m);
        return err_set(err, ERR_INVALID,
                       "The specified certificate content is neither PEM, PKCS#12 nor DER, its "
                       "password is wrong, or its private key belongs to another certificate.");
    }
    *out = m;
    return 0;
}

/* ---- making ---- */

/* "CN=web, O=Example": parts of KEY=value; false on anything else. */
static bool set_subject(X509_NAME *name, struct str subject)
{
    for (struct str rest = subject, part; str_split(&rest, ',', &part);) {
        part = str_trim(part);
        ptrdiff_t eq = str_find_byte(part, '=');
        if (eq <= 0 || eq > 16) {
            return false;
        }
        AUTO(freep) char *key = str_dup(str_trim(str_head(part, (size_t)eq)));
        struct str value = str_trim(str_from(part, (size_t)eq + 1));
        if (value.n > 128 ||
            X509_NAME_add_entry_by_txt(name, key, MBSTRING_UTF8, (const unsigned char *)value.p,
                                       (int)value.n, -1, 0) != 1) {
            return false;
        }
    }
    return true;
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = ext && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

static bool dns_name_ok(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '.' || c == '*' || c == '_';
        if (!ok) {
            return false;
        }
    }
    return name.n > 0 && name.n <= 253;
}

static bool add_extensions(X509 *cert, const struct x509_wish *wish)
{
    AUTO(buf_done) struct buf names = BUF_INIT(8192);
    for (size_t i = 0; i < wish->n_dns_names; i++) {
        if (!dns_name_ok(wish->dns_names[i])) {
            return false;
        }
        buf_addf(&names, "%sDNS:%.*s", i ? "," : "", STR_ARG(wish->dns_names[i]));
    }
    return add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
           add_extension(cert, NID_ext_key_usage, "serverAuth,clientAuth") &&
           (names.n == 0 || add_extension(cert, NID_subject_alt_name, names.p));
}

static bool set_times(X509 *cert, const struct x509_wish *wish)
{
    struct datetime end = datetime_from_unix(wish->now);
    end.month += wish->months;
    end.year += (end.month - 1) / 12;
    end.month = (end.month - 1) % 12 + 1;
    end.day = MIN(end.day, 28);
    return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)wish->now) &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)datetime_to_unix(&end));
}

int x509_material_make(struct x509_material *out, const struct x509_wish *wish, struct err **err)
{
    struct x509_material m = {.chain = sk_X509_new_null(), .leaf = X509_new()};
    must(m.chain && m.leaf);
    m.key = wish->ec ? EVP_EC_gen(wish->group) : EVP_RSA_gen((unsigned)wish->bits);
    uint64_t serial = 0;
    random_bytes(&serial, sizeof(serial));
    X509_NAME *name = X509_get_subject_name(m.leaf);
    bool ok = m.key && X509_set_version(m.leaf, X509_VERSION_3) == 1 &&
              ASN1_INTEGER_set_uint64(X509_get_serialNumber(m.leaf), serial >> 1) == 1 &&
              set_subject(name, wish->subject) && X509_set_issuer_name(m.leaf, name) == 1 &&
              set_times(m.leaf, wish) && X509_set_pubkey(m.leaf, m.key) == 1 &&
              add_extensions(m.leaf, wish) && X509_sign(m.leaf, m.key, EVP_sha256()) > 0;
    ERR_clear_error();
    if (!ok) {
        x509_material_done(&m);
        return err_set(err, ERR_INVALID, "The subject or a name of the policy is not valid.");
    }
    *out = m;
    return 0;
}

/* ---- writing ---- */

static void add_bio(struct buf *out, BIO *bio)
{
    char *text = NULL;
    long n = BIO_get_mem_data(bio, &text);
    buf_add(out, text, (size_t)MAX(n, 0L));
    BIO_free(bio);
}

int x509_material_write_pkcs12(const struct x509_material *m, struct buf *out, struct err **err)
{
    PKCS12 *p12 = PKCS12_create("", NULL, m->key, m->leaf, m->chain, 0, 0, 0, 0, 0);
    BIO *bio = BIO_new(BIO_s_secmem());
    must(bio);
    bool ok = p12 && i2d_PKCS12_bio(bio, p12) == 1;
    PKCS12_free(p12);
    add_bio(out, bio);
    ERR_clear_error();
    return ok && buf_ok(out) ? 0 : err_set(err, ERR_INVALID, "The certificate is not usable.");
}

void x509_material_write_pem(const struct x509_material *m, struct buf *out)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    must(bio);
    if (m->key) {
        PEM_write_bio_PKCS8PrivateKey(bio, m->key, NULL, NULL, 0, NULL, NULL);
    }
    PEM_write_bio_X509(bio, m->leaf);
    for (int i = 0; i < sk_X509_num(m->chain); i++) {
        PEM_write_bio_X509(bio, sk_X509_value(m->chain, i));
    }
    add_bio(out, bio);
}

void x509_material_write_der(const struct x509_material *m, struct buf *out)
{
    unsigned char *der = NULL;
    int n = i2d_X509(m->leaf, &der);
    must(n > 0);
    buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
}

EVP_PKEY *x509_material_public_key(const struct x509_material *m)
{
    return X509_get0_pubkey(m->leaf);
}

/* ---- facts ---- */

int64_t x509_unix_time(const ASN1_TIME *t)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(t, &tm) != 1) {
        return 0;
    }
    const struct datetime d = {.year = tm.tm_year + 1900,
                               .month = tm.tm_mon + 1,
                               .day = tm.tm_mday,
                               .hour = tm.tm_hour,
                               .minute = tm.tm_min,
                               .second = tm.tm_sec};
    return datetime_to_unix(&d);
}

static struct str subject_text(struct arena *a, const X509 *leaf)
{
    AUTO(buf_done) struct buf text = BUF_INIT(4096);
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio);
    X509_NAME_print_ex(bio, X509_get_subject_name(leaf), 0, XN_FLAG_SEP_CPLUS_SPC);
    add_bio(&text, bio);
    return arena_str(a, buf_str(&text));
}

static void read_dns_names(struct arena *a, const X509 *leaf, struct x509_facts *f)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && f->n_dns_names < COUNT_OF(f->dns_names);
         i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) {
            f->dns_names[f->n_dns_names++] =
                arena_str(a, str_n(ASN1_STRING_get0_data(name->d.dNSName),
                                   (size_t)ASN1_STRING_length(name->d.dNSName)));
        }
    }
    GENERAL_NAMES_free(names);
}

static void read_ekus(struct arena *a, const X509 *leaf, struct x509_facts *f)
{
    EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(leaf, NID_ext_key_usage, NULL, NULL);
    for (int i = 0; i < sk_ASN1_OBJECT_num(list) && f->n_ekus < COUNT_OF(f->ekus); i++) {
        char oid[128];
        OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(list, i), 1);
        f->ekus[f->n_ekus++] = arena_str(a, str_c(oid));
    }
    EXTENDED_KEY_USAGE_free(list);
}

static void read_key_kind(X509 *leaf, struct x509_facts *f)
{
    EVP_PKEY *key = X509_get0_pubkey(leaf);
    char group[64] = "";
    if (!key) {
        return;
    }
    f->bits = EVP_PKEY_get_bits(key);
    f->ec = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
    if (f->ec && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1) {
        f->group = f->bits == 256 ? STR("P-256") : f->bits == 384 ? STR("P-384") : STR("P-521");
    }
}

struct x509_facts x509_material_facts(struct arena *a, const struct x509_material *m)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    must(X509_digest(m->leaf, EVP_sha1(), hash, &n) == 1);
    struct x509_facts f = {
        .subject = subject_text(a, m->leaf),
        .sha1 = arena_str(a, str_n(hash, n)),
        .not_before = x509_unix_time(X509_get0_notBefore(m->leaf)),
        .not_after = x509_unix_time(X509_get0_notAfter(m->leaf)),
        .key_usage = X509_get_key_usage(m->leaf),
    };
    read_dns_names(a, m->leaf, &f);
    read_ekus(a, m->leaf, &f);
    read_key_kind(m->leaf, &f);
    ERR_clear_error();
    return f;
}
