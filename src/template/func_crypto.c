/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords: their hashes, their derivation, and text encrypted under them. Salts and vectors are
 * random, so that rendering again gives other bytes.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <crypt.h>

#include "base/encode.h"
#include "base/random.h"
#include "template/func_lib.h"

enum { BCRYPT_MAX = 72, BCRYPT_SALT = 16, AES_BLOCK = 16, AES_KEY = 32 };

/* ---- bcrypt ---- */

static bool bcrypt(struct work *w, struct str password, struct buf *out)
{
    if (memchr(password.p ? password.p : "", 0, password.n)) {
        return work_fail(w, "bcrypt: the password holds a NUL byte");
    }
    char salt[BCRYPT_SALT];
    random_bytes(salt, sizeof(salt));
    AUTO(wipe_freep) struct crypt_data *data = xcalloc(1, sizeof(*data));
    AUTO(wipe_freep) char *phrase = str_dup(password);
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *hash = NULL;
    if (crypt_gensalt_rn("$2a$", 10, salt, sizeof(salt), setting, sizeof(setting))) {
        hash = crypt_r(phrase, setting, data);
    }
    if (!hash || hash[0] == '*') {
        return work_fail(w, "bcrypt is not available on this system");
    }
    buf_add_c(out, hash);
    return true;
}

FN(f_bcrypt)
{
    if (arg[0].s.n > BCRYPT_MAX) {
        return v_str(STR("failed to encrypt string with bcrypt: "
                         "bcrypt: password length exceeds 72 bytes"));
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    return bcrypt(w, arg[0].s, &b) ? result(w, &b) : NIL;
}

FN(f_htpasswd)
{
    struct str user = arg[0].s;
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    if (str_find_byte(user, ':') >= 0) {
        buf_add_c(&b, "invalid username: ");
        buf_add_str(&b, user);
        return result(w, &b);
    }
    buf_add_str(&b, user);
    buf_add_byte(&b, ':');
    if (str_eq(arg[2].s, STR("sha"))) {
        unsigned char hash[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        must(EVP_Digest(arg[1].s.p, arg[1].s.n, hash, &size, EVP_sha1(), NULL));
        buf_add_c(&b, "{SHA}");
        base64_encode(&b, str_n(hash, size), BASE64_STD);
        return result(w, &b);
    }
    struct value hash = f_bcrypt(w, &arg[1], 1);
    if (!w->failed) {
        buf_add_str(&b, hash.s);
    }
    return result(w, &b);
}

/* ---- AES-256-CBC under a password that is cut or filled up with zeros ---- */

static void cipher_freep(EVP_CIPHER_CTX **ctx)
{
    EVP_CIPHER_CTX_free(*ctx);
}

static bool aes(struct str password, const unsigned char *iv, struct str in, bool encrypt,
                unsigned char *out)
{
    unsigned char key[AES_KEY] = {0};
    if (password.n > 0) {
        memcpy(key, password.p, MIN(password.n, sizeof(key)));
    }
    AUTO(cipher_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    bool ok = ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, key, iv, encrypt) &&
              EVP_CIPHER_CTX_set_padding(ctx, 0) &&
              EVP_CipherUpdate(ctx, out, &n, (const unsigned char *)in.p, (int)in.n);
    wipe(key, sizeof(key));
    return ok;
}

FN(f_encrypt_aes)
{
    struct str text = arg[1].s;
    if (text.n == 0) {
        return v_str(STR_EMPTY);
    }
    size_t padding = AES_BLOCK - text.n % AES_BLOCK;
    size_t size = text.n + padding;
    char *plain = work_alloc(w, size, 1);
    unsigned char *out = work_alloc(w, AES_BLOCK + size, 1);
    if (!plain || !out) {
        return NIL;
    }
    memcpy(plain, text.p, text.n);
    memset(plain + text.n, (int)padding, padding);
    random_bytes(out, AES_BLOCK);
    if (!aes(arg[0].s, out, str_n(plain, size), true, out + AES_BLOCK)) {
        return fail_value(w, "the text cannot be encrypted");
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    base64_encode(&b, str_n(out, AES_BLOCK + size), BASE64_STD);
    return result(w, &b);
}

FN(f_decrypt_aes)
{
    if (arg[1].s.n == 0) {
        return v_str(STR_EMPTY);
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct err *err = NULL;
    if (base64_decode(&b, arg[1].s, BASE64_STD, &err) != 0) {
        return fail_err(w, err);
    }
    if (b.n < AES_BLOCK) {
        return fail_value(w, "the text is shorter than an AES block of 16 bytes");
    }
    if (b.n < 2 * AES_BLOCK || b.n % AES_BLOCK != 0) {
        return fail_value(w, "crypto/cipher: input not full blocks");
    }
    size_t size = b.n - AES_BLOCK;
    unsigned char *plain = work_alloc(w, size, 1);
    struct str in = str_from(buf_str(&b), AES_BLOCK);
    if (!plain || !aes(arg[0].s, (const unsigned char *)b.p, in, false, plain)) {
        return fail_value(w, "the text cannot be decrypted");
    }
    size_t padding = plain[size - 1];
    if (padding > size) {
        return fail_value(w, "runtime error: slice bounds out of range [:%lld]",
                          (long long)size - (long long)padding);
    }
    return v_str(str_n(plain, size - padding));
}

/* ---- Master Password (an algorithm by Maarten Billemont) ---- */

static const struct {
    const char *type;
    const char *templates; /* separated by blanks */
} password_types[] = {
    {"maximum", "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno"},
    {"long", "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv "
             "CvccCvcvCvcvno CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc "
             "CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno "
             "CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc "
             "CvccCvcvCvccno"},
    {"medium", "CvcnoCvc CvcCvcno"},
    {"short", "Cvcn"},
    {"basic", "aaanaaan aannaaan aaannaaa"},
    {"pin", "nnnn"},
};

#define VOWELS     "AEIOU"
#define CONSONANTS "BCDFGHJKLMNPQRSTVWXYZ"
#define SMALL_V    "aeiou"
#define SMALL_C    "bcdfghjklmnpqrstvwxyz"
#define DIGITS     "0123456789"

static const struct {
    char class;
    const char *characters;
} password_classes[] = {
    {'V', VOWELS},
    {'C', CONSONANTS},
    {'v', SMALL_V},
    {'c', SMALL_C},
    {'A', VOWELS CONSONANTS},
    {'a', VOWELS SMALL_V CONSONANTS SMALL_C},
    {'n', DIGITS},
    {'o', "@&%?,=[]_:-+*$#!'^~;()/."},
    {'x', VOWELS SMALL_V CONSONANTS SMALL_C DIGITS "!@#$%^&*()"},
};

static struct str class_characters(char class)
{
    for (size_t i = 0; i < COUNT_OF(password_classes); i++) {
        if (password_classes[i].class == class) {
            return str_c(password_classes[i].characters);
        }
    }
    return STR_EMPTY;
}

static struct str password_template(struct str templates, unsigned char pick)
{
    size_t count = 0;
    struct str part;
    for (struct str rest = templates; str_split(&rest, ' ', &part);) {
        count++;
    }
    size_t wanted = pick % MAX(count, (size_t)1);
    struct str rest = templates;
    for (size_t i = 0; i <= wanted; i++) {
        (void)str_split(&rest, ' ', &part);
    }
    return part;
}

static void add_be32(struct buf *b, uint32_t v)
{
    const char bytes[] = {(char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v};
    buf_add(b, bytes, sizeof(bytes));
}

static void add_named(struct buf *b, struct str name)
{
    buf_add_c(b, "com.lyndir.masterpassword");
    add_be32(b, (uint32_t)name.n);
    buf_add_str(b, name);
}

static bool password_seed(const struct value *arg, unsigned char seed[EVP_MAX_MD_SIZE])
{
    enum { N = 32768, R = 8, P = 2, MEMORY = 64 << 20 };
    AUTO(buf_done) struct buf salt = BUF_INIT_WIPE(1 << 24);
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(1 << 24);
    unsigned char key[64];
    unsigned size = 0;
    add_named(&salt, arg[3].s);
    add_named(&text, arg[4].s);
    add_be32(&text, (uint32_t)arg[0].i);
    struct str master = arg[2].s;
    bool ok =
        buf_ok(&salt) && buf_ok(&text) &&
        EVP_PBE_scrypt(master.n ? master.p : "", master.n, (const unsigned char *)salt.p, salt.n, N,
                       R, P, MEMORY, key, sizeof(key)) &&
        HMAC(EVP_sha256(), key, sizeof(key), (const unsigned char *)text.p, text.n, seed, &size);
    wipe(key, sizeof(key));
    return ok;
}

FN(f_derive_password)
{
    struct str templates = STR_EMPTY;
    for (size_t i = 0; i < COUNT_OF(password_types); i++) {
        if (str_eq_c(arg[1].s, password_types[i].type)) {
            templates = str_c(password_types[i].templates);
        }
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    if (templates.n == 0) {
        buf_add_c(&b, "cannot find password template ");
        buf_add_str(&b, arg[1].s);
        return result(w, &b);
    }
    unsigned char seed[EVP_MAX_MD_SIZE];
    if (!password_seed(arg, seed)) {
        return fail_value(w, "the password cannot be derived");
    }
    struct str template = password_template(templates, seed[0]);
    for (size_t i = 0; i < template.n; i++) {
        struct str characters = class_characters(template.p[i]);
        buf_add_byte(&b, characters.p[seed[i + 1] % characters.n]);
    }
    wipe(seed, sizeof(seed));
    return result(w, &b);
}

static const struct func rows[] = {
    {"bcrypt", "s", "string", F_CRYPTO, f_bcrypt,
     "The bcrypt hash, cost 10. It differs with every rendering.", 600000},
    {"decryptAES", "ss", "string", F_CRYPTO, f_decrypt_aes,
     "Decrypts what encryptAES made: password, text.", 0},
    {"derivePassword", "ussss", "string", F_CRYPTO, f_derive_password,
     "A site's password (Master Password): counter, type, master password, user, site.", 2000000},
    {"encryptAES", "ss", "string", F_CRYPTO, f_encrypt_aes,
     "AES-256-CBC in Base64: password, text. It differs with every rendering.", 0},
    {"htpasswd", "ssh", "string", F_CRYPTO, f_htpasswd,
     "A line for a password file of a web server: user, password, \"bcrypt\" or \"sha\".", 600000},
};
const struct func_table functions_crypto = FUNC_TABLE(rows);
