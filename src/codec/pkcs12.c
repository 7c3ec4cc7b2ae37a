/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenSSL reads more ciphers and digests than External Secrets Operator (RC4, DES ...); archives
 * that the one refuses the other must refuse too, so the algorithms are looked at first.
 * OpenSSL 3.0 does not know the one MAC that the original has on top of its own, PBMAC1.
 *
 * RC2 and the like live in OpenSSL's legacy provider, which would be on offer to the whole program
 * once loaded. So it is loaded into a library context of its own, made once and used by reading
 * only.
 */
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "codec/pkcs12.h"

#include <pthread.h>

#include "base/random.h"
#include "codec/keys.h"

enum { ROUNDS = 2048, SALT = 16, PASSWORD_MAX = 1024, PARTS_MAX = 2, ROUNDS_MAX = 1000000 };

static OSSL_LIB_CTX *legacy_ctx;

static void legacy_load(void)
{
    legacy_ctx = OSSL_LIB_CTX_new();
    must(legacy_ctx && OSSL_PROVIDER_load(legacy_ctx, "default"));
    (void)OSSL_PROVIDER_load(legacy_ctx, "legacy"); /* absent: then such archives fail */
}

static OSSL_LIB_CTX *legacy(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, legacy_load);
    return legacy_ctx;
}

void pkcs12_done(struct pkcs12 *p)
{
    EVP_PKEY_free(p->key);
    x509_list_done(&p->certs);
    *p = (struct pkcs12){0};
}

/* A password for OpenSSL: p NULL is the zero-length encoding of an empty one. */
struct password {
    const char *p;
    int n;
};

static void archive_freep(PKCS12 **p)
{
    PKCS12_free(*p);
}

static void safes_freep(STACK_OF(PKCS7) * *safes)
{
    sk_PKCS7_pop_free(*safes, PKCS7_free);
}

static void bags_freep(STACK_OF(PKCS12_SAFEBAG) * *bags)
{
    sk_PKCS12_SAFEBAG_pop_free(*bags, PKCS12_SAFEBAG_free);
}

/* ---- reading ---- */

static PKCS12 *read_archive(struct str der, struct err **err)
{
    PKCS12 *archive = PKCS12_init_ex(NID_pkcs7_data, legacy(), NULL);
    const unsigned char *p = (const unsigned char *)der.p;
    if (!archive || !d2i_PKCS12(&archive, &p, (long)der.n)) {
        keys_error(err, "pkcs12: error reading P12 data");
        return NULL;
    }
    if (p != (const unsigned char *)der.p + der.n) {
        PKCS12_free(archive);
        err_set(err, ERR_PARSE, "pkcs12: error reading P12 data: trailing data");
        return NULL;
    }
    return archive;
}

static int wrong_password(struct err **err)
{
    ERR_clear_error();
    return err_set(err, ERR_DENIED, "pkcs12: decryption password incorrect");
}

/* ---- algorithms ---- */

static bool has_nid(const int *nids, size_t n, int nid)
{
    for (size_t i = 0; i < n; i++) {
        if (nids[i] == nid) {
            return true;
        }
    }
    return false;
}
#define HAS_NID(nids, nid) has_nid(nids, COUNT_OF(nids), nid)

static int unsupported(const char *what, const ASN1_OBJECT *algorithm, struct err **err)
{
    char oid[128];
    (void)OBJ_obj2txt(oid, sizeof(oid), algorithm, 1);
    return err_set(err, ERR_INVALID, "pkcs12: %s %s is not supported", what, oid);
}

static int algorithm_nid(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return OBJ_obj2nid(object);
}

/* The parameters of an algorithm, which are a sequence; NULL if they are not. */
static void *parameters(const X509_ALGOR *algorithm, const ASN1_ITEM *type)
{
    int kind;
    const void *value;
    X509_ALGOR_get0(NULL, &kind, &value, algorithm);
    if (kind != V_ASN1_SEQUENCE) {
        return NULL;
    }
    const ASN1_STRING *text = value;
    const unsigned char *p = ASN1_STRING_get0_data(text);
    return ASN1_item_d2i(NULL, &p, ASN1_STRING_length(text), type);
}

static void pbe2_freep(PBE2PARAM **p)
{
    PBE2PARAM_free(*p);
}

static void pbkdf2_freep(PBKDF2PARAM **p)
{
    PBKDF2PARAM_free(*p);
}

/* The digest that PBKDF2 uses; NULL: not supported. */
static const EVP_MD *hmac_digest(const X509_ALGOR *algorithm)
{
    switch (algorithm ? algorithm_nid(algorithm) : NID_hmacWithSHA1) {
    case NID_hmacWithSHA1:
        return EVP_sha1();
    case NID_hmacWithSHA256:
        return EVP_sha256();
    case NID_hmacWithSHA512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

/* Key derivation takes as long as the archive says: counts its rounds, and refuses what would take
 * a second. */
static int count_rounds(const ASN1_INTEGER *iterations, struct pkcs12 *out, struct err **err)
{
    int64_t rounds = 1;
    if (iterations && (!ASN1_INTEGER_get_int64(&rounds, iterations) || rounds < 1)) {
        return err_set(err, ERR_INVALID, "pkcs12: error reading P12 data: bad iteration count");
    }
    out->rounds = MIN(rounds, (int64_t)ROUNDS_MAX) + out->rounds;
    return rounds <= ROUNDS_MAX
               ? 0
               : err_set(err, ERR_LIMIT, "pkcs12: more than %d rounds of key derivation",
                         ROUNDS_MAX);
}

static int check_pbes2(const X509_ALGOR *algorithm, struct pkcs12 *out, struct err **err)
{
    static const int ciphers[] = {NID_aes_128_cbc, NID_aes_192_cbc, NID_aes_256_cbc};
    AUTO(pbe2_freep) PBE2PARAM *scheme = parameters(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
    if (!scheme) {
        return keys_error(err, "pkcs12: error reading P12 data");
    }
    if (!HAS_NID(ciphers, algorithm_nid(scheme->encryption))) {
        return unsupported("pbes2 algorithm", scheme->encryption->algorithm, err);
    }
    AUTO(pbkdf2_freep) PBKDF2PARAM *kdf = NULL;
    if (algorithm_nid(scheme->keyfunc) == NID_id_pbkdf2) {
        kdf = parameters(scheme->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM));
    }
    if (!kdf || !hmac_digest(kdf->prf)) {
        return unsupported("the key derivation of", scheme->keyfunc->algorithm, err);
    }
    return count_rounds(kdf->iter, out, err);
}

static void pbe_freep(PBEPARAM **p)
{
    PBEPARAM_free(*p);
}

static int check_encryption(const X509_ALGOR *algorithm, struct pkcs12 *out, struct err **err)
{
    static const int known[] = {NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                                NID_pbe_WithSHA1And128BitRC2_CBC, NID_pbe_WithSHA1And40BitRC2_CBC};
    int nid = algorithm_nid(algorithm);
    if (nid == NID_pbes2) {
        return check_pbes2(algorithm, out, err);
    }
    if (!HAS_NID(known, nid)) {
        return unsupported("pbe algorithm", algorithm->algorithm, err);
    }
    AUTO(pbe_freep) PBEPARAM *scheme = parameters(algorithm, ASN1_ITEM_rptr(PBEPARAM));
    return scheme ? count_rounds(scheme->iter, out, err)
                  : keys_error(err, "pkcs12: error reading P12 data");
}

/* ---- the MAC ---- */

enum { MAC_KEY_MAX = 64, ASN1_INVALID = 0x80 /* ASN1_get_object */ };

/* PBMAC1 (RFC 9579): the key comes from PBKDF2, which takes the password as it is. */
static bool pbmac1_key(const PBE2PARAM *scheme, struct str password, struct pkcs12 *read,
                       unsigned char *key, int *n)
{
    AUTO(pbkdf2_freep) PBKDF2PARAM *kdf = NULL;
    if (algorithm_nid(scheme->keyfunc) == NID_id_pbkdf2) {
        kdf = parameters(scheme->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM));
    }
    if (!kdf || kdf->salt->type != V_ASN1_OCTET_STRING || !kdf->keylength) {
        return false;
    }
    const ASN1_OCTET_STRING *salt = kdf->salt->value.octet_string;
    const EVP_MD *md = hmac_digest(kdf->prf);
    int64_t length = 0;
    int64_t rounds = 0;
    if (!md || !ASN1_INTEGER_get_int64(&length, kdf->keylength) || length < 1 ||
        length > MAC_KEY_MAX || !ASN1_INTEGER_get_int64(&rounds, kdf->iter) ||
        count_rounds(kdf->iter, read, NULL) != 0) {
        return false;
    }
    *n = (int)length;
    return PKCS5_PBKDF2_HMAC(password.n ? password.p : "", (int)password.n, salt->data,
                             salt->length, (int)rounds, md, *n, key) == 1;
}

static void content_freep(PKCS7 **p)
{
    PKCS7_free(*p);
}

/* Steps into (or, if `over`, behind) the element at *p. */
static bool step(const unsigned char **p, const unsigned char *end, bool over)
{
    long n = 0;
    int tag;
    int class;
    int form = ASN1_get_object(p, &n, &tag, &class, end - *p);
    if (form & ASN1_INVALID) {
        return false;
    }
    *p += over ? n : 0;
    return true;
}

/* What the MAC is made of, which PKCS12 does not hand out: the second field of the archive. The
 * grammar lets every content be absent. */
static PKCS7 *read_content(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    const unsigned char *end = p + der.n;
    if (!step(&p, end, false) || !step(&p, end, true)) {
        return NULL;
    }
    PKCS7 *content = d2i_PKCS7(NULL, &p, end - p);
    if (content && (!PKCS7_type_is_data(content) || !content->d.data)) {
        PKCS7_free(content);
        return NULL;
    }
    return content;
}

static int check_pbmac1(struct str der, const X509_ALGOR *algorithm,
                        const ASN1_OCTET_STRING *wanted, struct str password, struct pkcs12 *read,
                        struct err **err)
{
    /* the same two fields, under other names */
    AUTO(pbe2_freep) PBE2PARAM *scheme = parameters(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
    const EVP_MD *md = scheme ? hmac_digest(scheme->encryption) : NULL;
    unsigned char key[MAC_KEY_MAX];
    int n = 0;
    AUTO(content_freep) PKCS7 *content = read_content(der);
    if (!md || !content || !pbmac1_key(scheme, password, read, key, &n)) {
        ERR_clear_error();
        return err_set(err, ERR_INVALID, "pkcs12: the parameters of PBMAC1 are not supported");
    }
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    (void)HMAC(md, key, n, content->d.data->data, (size_t)content->d.data->length, mac, &size);
    OPENSSL_cleanse(key, sizeof(key));
    return wanted->length == (int)size && CRYPTO_memcmp(wanted->data, mac, size) == 0
               ? 0
               : wrong_password(err);
}

/* Finds the encoding of the password under which the MAC is right. */
static int check_mac(PKCS12 *archive, struct str der, struct str password, struct password *out,
                     struct pkcs12 *read, struct err **err)
{
    *out = (struct password){password.n ? password.p : "", (int)password.n};
    if (!PKCS12_mac_present(archive)) {
        *out = password.n ? *out : (struct password){NULL, 0};
        return password.n == 0 ? 0 : err_set(err, ERR_DENIED, "pkcs12: no MAC in data");
    }
    static const int digests[] = {NID_sha1, NID_sha256, NID_sha512};
    const ASN1_OCTET_STRING *mac;
    const X509_ALGOR *algorithm;
    const ASN1_INTEGER *rounds;
    PKCS12_get0_mac(&mac, &algorithm, NULL, &rounds, archive);
    if (algorithm_nid(algorithm) == NID_pbmac1) {
        return check_pbmac1(der, algorithm, mac, password, read, err);
    }
    if (!HAS_NID(digests, algorithm_nid(algorithm))) {
        return unsupported("MAC digest algorithm", algorithm->algorithm, err);
    }
    if (count_rounds(rounds, read, err) != 0) {
        return -1;
    }
    if (PKCS12_verify_mac(archive, out->p, out->n)) {
        return 0;
    }
    if (password.n == 0 && PKCS12_verify_mac(archive, NULL, 0)) {
        *out = (struct password){NULL, 0};
        return 0;
    }
    return wrong_password(err);
}

static int read_key(PKCS12_SAFEBAG *bag, const struct password *password, struct pkcs12 *out,
                    struct err **err)
{
    if (out->key) {
        return err_set(err, ERR_INVALID, "pkcs12: expected exactly one key bag");
    }
    if (PKCS12_SAFEBAG_get_nid(bag) == NID_keyBag) {
        out->key = EVP_PKCS82PKEY_ex(PKCS12_SAFEBAG_get0_p8inf(bag), NULL, NULL);
    } else {
        const X509_ALGOR *algorithm;
        X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, NULL);
        if (check_encryption(algorithm, out, err) != 0) {
            err_wrap(err, "pkcs12: error decrypting PKCS#8 shrouded key bag");
            return -1;
        }
        PKCS8_PRIV_KEY_INFO *info =
            PKCS12_decrypt_skey_ex(bag, password->p, password->n, legacy(), NULL);
        if (!info) {
            return wrong_password(err);
        }
        out->key = EVP_PKCS82PKEY_ex(info, NULL, NULL);
        PKCS8_PRIV_KEY_INFO_free(info);
    }
    if (!out->key) {
        return keys_error(err, "pkcs12: error parsing PKCS#8 private key");
    }
    return keys_check_kind(out->key, err);
}

static int read_bag(PKCS12_SAFEBAG *bag, const struct password *password, struct pkcs12 *out,
                    struct err **err)
{
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_certBag: {
        X509 *cert = PKCS12_SAFEBAG_get1_cert(bag);
        if (!cert) {
            return keys_error(err, "pkcs12: error decoding certificate");
        }
        x509_list_push(&out->certs, cert);
        return out->certs.n <= X509_CHAIN_MAX
                   ? 0
                   : err_set(err, ERR_LIMIT, "pkcs12: more than %d certificates", X509_CHAIN_MAX);
    }
    case NID_keyBag:
    case NID_pkcs8ShroudedKeyBag:
        return read_key(bag, password, out, err);
    default:
        return 0;
    }
}

static int read_part(PKCS7 *part, const struct password *password, struct pkcs12 *out,
                     struct err **err)
{
    bool plain = PKCS7_type_is_data(part);
    bool encrypted = PKCS7_type_is_encrypted(part);
    if (encrypted && !part->d.encrypted) {
        return err_set(err, ERR_PARSE, "pkcs12: error reading P12 data: a part without content");
    }
    if (encrypted && check_encryption(part->d.encrypted->enc_data->algorithm, out, err) != 0) {
        return -1;
    }
    AUTO(bags_freep)
    STACK_OF(PKCS12_SAFEBAG) *bags = plain
                                         ? PKCS12_unpack_p7data(part)
                                         : PKCS12_unpack_p7encdata(part, password->p, password->n);
    if (!bags) {
        return plain ? keys_error(err, "pkcs12: error reading P12 data") : wrong_password(err);
    }
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        if (read_bag(sk_PKCS12_SAFEBAG_value(bags, i), password, out, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_parts(PKCS12 *archive, const struct password *password, struct pkcs12 *out,
                      struct err **err)
{
    AUTO(safes_freep) STACK_OF(PKCS7) *parts = PKCS12_unpack_authsafes(archive);
    if (!parts) {
        return keys_error(err, "pkcs12: error reading P12 data");
    }
    if (sk_PKCS7_num(parts) < 1 || sk_PKCS7_num(parts) > PARTS_MAX) {
        return err_set(err, ERR_INVALID,
                       "pkcs12: expected between 1 and 2 items in the authenticated safe, but this "
                       "file has %d",
                       sk_PKCS7_num(parts));
    }
    for (int i = 0; i < sk_PKCS7_num(parts); i++) {
        if (read_part(sk_PKCS7_value(parts, i), password, out, err) != 0) {
            return -1;
        }
    }
    if (out->certs.n == 0) {
        return err_set(err, ERR_INVALID, "pkcs12: certificate missing");
    }
    return out->key ? 0 : err_set(err, ERR_INVALID, "pkcs12: private key missing");
}

int pkcs12_read(struct str der, struct str password, struct pkcs12 *out, struct err **err)
{
    if (password.n > PASSWORD_MAX) {
        return err_set(err, ERR_LIMIT, "pkcs12: the password is longer than %d bytes",
                       PASSWORD_MAX);
    }
    *out = (struct pkcs12){0};
    AUTO(archive_freep) PKCS12 *archive = read_archive(der, err);
    struct password used;
    if (!archive || check_mac(archive, der, password, &used, out, err) != 0) {
        return -1;
    }
    if (read_parts(archive, &used, out, err) != 0) {
        pkcs12_done(out);
        return -1;
    }
    ERR_clear_error();
    return 0;
}

/* ---- writing ---- */

static bool push_cert(STACK_OF(PKCS12_SAFEBAG) * bags, X509 *cert, PKCS12_SAFEBAG **out)
{
    *out = PKCS12_SAFEBAG_create_cert(cert);
    if (!*out || sk_PKCS12_SAFEBAG_push(bags, *out) <= 0) {
        PKCS12_SAFEBAG_free(*out);
        return false;
    }
    return true;
}

static bool push_encrypted(STACK_OF(PKCS7) * parts, STACK_OF(PKCS12_SAFEBAG) * bags,
                           struct str password)
{
    unsigned char salt[SALT];
    random_bytes(salt, sizeof(salt));
    PKCS7 *part = PKCS12_pack_p7encdata(NID_aes_256_cbc, password.p, (int)password.n, salt,
                                        sizeof(salt), ROUNDS, bags);
    if (!part || sk_PKCS7_push(parts, part) <= 0) {
        PKCS7_free(part);
        return false;
    }
    return true;
}

static bool push_plain(STACK_OF(PKCS7) * parts, STACK_OF(PKCS12_SAFEBAG) * bags)
{
    PKCS7 *part = PKCS12_pack_p7data(bags);
    if (!part || sk_PKCS7_push(parts, part) <= 0) {
        PKCS7_free(part);
        return false;
    }
    return true;
}

static bool push_key(STACK_OF(PKCS12_SAFEBAG) * bags, EVP_PKEY *key, struct str password,
                     PKCS12_SAFEBAG **out)
{
    unsigned char salt[SALT];
    random_bytes(salt, sizeof(salt));
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    *out = info ? PKCS12_SAFEBAG_create_pkcs8_encrypt(NID_aes_256_cbc, password.p, (int)password.n,
                                                      salt, sizeof(salt), ROUNDS, info)
                : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    if (!*out || sk_PKCS12_SAFEBAG_push(bags, *out) <= 0) {
        PKCS12_SAFEBAG_free(*out);
        return false;
    }
    return true;
}

static bool finish(struct buf *out, STACK_OF(PKCS7) * parts, struct str password)
{
    AUTO(archive_freep) PKCS12 *archive = PKCS12_add_safes(parts, 0);
    unsigned char salt[SALT];
    random_bytes(salt, sizeof(salt));
    if (!archive || !PKCS12_set_mac(archive, password.p, (int)password.n, salt, sizeof(salt),
                                    ROUNDS, EVP_sha256())) {
        return false;
    }
    unsigned char *der = NULL;
    int n = i2d_PKCS12(archive, &der);
    if (n <= 0) {
        return false;
    }
    buf_add(out, der, (size_t)n);
    OPENSSL_clear_free(der, (size_t)n);
    return true;
}

static struct str password_of(struct str password)
{
    return password.n > 0 ? password : STR_EMPTY;
}

static bool pack(struct buf *out, const struct pkcs12 *p, struct str password)
{
    AUTO(safes_freep) STACK_OF(PKCS7) *parts = sk_PKCS7_new_null();
    AUTO(bags_freep) STACK_OF(PKCS12_SAFEBAG) *certs = sk_PKCS12_SAFEBAG_new_null();
    AUTO(bags_freep) STACK_OF(PKCS12_SAFEBAG) *keys = sk_PKCS12_SAFEBAG_new_null();
    unsigned char id[EVP_MAX_MD_SIZE];
    unsigned id_size = 0;
    PKCS12_SAFEBAG *bag = NULL;
    if (!parts || !certs || !keys || !X509_digest(p->certs.v[0], EVP_sha1(), id, &id_size)) {
        return false;
    }
    for (size_t i = 0; i < p->certs.n; i++) {
        if (!push_cert(certs, p->certs.v[i], &bag) ||
            (i == 0 && !PKCS12_add_localkeyid(bag, id, (int)id_size))) {
            return false;
        }
    }
    return push_key(keys, p->key, password, &bag) && PKCS12_add_localkeyid(bag, id, (int)id_size) &&
           push_encrypted(parts, certs, password) && push_plain(parts, keys) &&
           finish(out, parts, password);
}

int pkcs12_write(struct buf *out, const struct pkcs12 *p, struct str password, struct err **err)
{
    must(p->key && p->certs.n > 0);
    return pack(out, p, password_of(password)) ? 0 : keys_error(err, "pkcs12: cannot be encoded");
}

/* ---- trust stores ---- */

/* Oracle's attribute that makes Java trust an entry, with the value anyExtendedKeyUsage. */
static bool add_trust(PKCS12_SAFEBAG *bag)
{
    ASN1_OBJECT *any = OBJ_nid2obj(NID_anyExtendedKeyUsage);
    return PKCS12_add1_attr_by_txt(bag, "2.16.840.1.113894.746875.1.1", V_ASN1_OBJECT,
                                   (const unsigned char *)any, -1) == 1;
}

static bool add_subject(PKCS12_SAFEBAG *bag, X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool ok = bio && X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
                                        XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0;
    if (ok) {
        long n = BIO_get_mem_data(bio, &text);
        ok = PKCS12_add_friendlyname_utf8(bag, text, (int)n) == 1;
    }
    BIO_free(bio);
    return ok;
}

static bool pack_trust(struct buf *out, const struct x509_list *certs, struct str password)
{
    AUTO(safes_freep) STACK_OF(PKCS7) *parts = sk_PKCS7_new_null();
    AUTO(bags_freep) STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
    for (size_t i = 0; parts && bags && i < certs->n; i++) {
        PKCS12_SAFEBAG *bag;
        if (!push_cert(bags, certs->v[i], &bag) || !add_subject(bag, certs->v[i]) ||
            !add_trust(bag)) {
            return false;
        }
    }
    return parts && bags && push_encrypted(parts, bags, password) && finish(out, parts, password);
}

int pkcs12_write_trust_store(struct buf *out, const struct x509_list *certs, struct str password,
                             struct err **err)
{
    return pack_trust(out, certs, password_of(password))
               ? 0
               : keys_error(err, "pkcs12: the trust store cannot be encoded");
}
