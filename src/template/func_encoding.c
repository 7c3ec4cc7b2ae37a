/* SPDX-License-Identifier: Apache-2.0
 *
 * Encodings and digests. b64dec, b32dec and hexdec do not fail: what they cannot decode gives the
 * text of the error, which users of sprig know.
 */

#include <openssl/evp.h>

#include "base/encode.h"
#include "base/random.h"
#include "codec/unicode.h"
#include "template/func_lib.h"

static struct value err_text(struct work *w, struct err *err)
{
    struct value v = v_str(work_str(w, str_c(err_msg(err))));
    err_free(err);
    return v;
}

FN(f_b64enc)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    base64_encode(&b, arg[0].s, BASE64_STD);
    return result(w, &b);
}

FN(f_b64dec)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct err *err = NULL;
    if (base64_decode(&b, arg[0].s, BASE64_STD, &err) != 0) {
        return err_text(w, err);
    }
    return result(w, &b);
}

/* ---- base32 ---- */

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

FN(f_b32enc)
{
    static const size_t used[] = {0, 2, 4, 5, 7, 8}; /* characters for so many bytes */
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct str s = arg[0].s;
    while (s.n > 0) {
        size_t take = MIN(s.n, (size_t)5);
        uint64_t bits = 0;
        for (size_t i = 0; i < 5; i++) {
            bits = bits << 8 | (i < take ? (unsigned char)s.p[i] : 0);
        }
        for (size_t i = 0; i < 8; i++) {
            buf_add_byte(&b, i < used[take] ? base32[bits >> (35 - 5 * i) & 31] : '=');
        }
        s = str_from(s, take);
    }
    return result(w, &b);
}

struct base32_reader {
    struct str s; /* without line breaks */
    size_t at;
    size_t wrong; /* the offset to report */
    bool end;     /* padding was seen */
};

/* Padding from r->at - 1 on, after j characters of a group. */
static bool base32_padding(struct base32_reader *r, size_t j)
{
    size_t left = r->s.n - r->at;
    if (left + j < 7) {
        r->wrong = r->s.n;
        return false;
    }
    for (size_t k = 0; k < 7 - j; k++) {
        if (r->s.p[r->at + k] != '=') {
            r->wrong = r->at + k - 1;
            return false;
        }
    }
    r->end = true;
    r->wrong = r->at - 1;
    return j != 1 && j != 3 && j != 6;
}

/* One group of up to eight characters; *count of them. */
static bool base32_group(struct base32_reader *r, uint64_t *bits, size_t *count)
{
    *bits = 0;
    for (size_t j = 0; j < 8; j++) {
        if (r->at == r->s.n) {
            r->wrong = r->at - j;
            return false;
        }
        char c = r->s.p[r->at++];
        if (c == '=' && j >= 2 && r->s.n - r->at < 8) {
            *count = j;
            *bits <<= 5 * (8 - j);
            return base32_padding(r, j);
        }
        const char *digit = c ? strchr(base32, c) : NULL;
        if (!digit) {
            r->wrong = r->at - 1;
            return false;
        }
        *bits = *bits << 5 | (uint64_t)(digit - base32);
    }
    *count = 8;
    return true;
}

FN(f_b32dec)
{
    AUTO(buf_done) struct buf text = RESULT_BUF(w);
    for (size_t i = 0; i < arg[0].s.n; i++) {
        if (arg[0].s.p[i] != '\n' && arg[0].s.p[i] != '\r') {
            buf_add_byte(&text, arg[0].s.p[i]);
        }
    }
    struct base32_reader r = {.s = buf_str(&text)};
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    while (r.at < r.s.n && !r.end) {
        uint64_t bits;
        size_t count;
        if (!base32_group(&r, &bits, &count)) {
            buf_clear(&b);
            buf_addf(&b, "illegal base32 data at input byte %zu", r.wrong);
            break;
        }
        for (size_t i = 0; i < count * 5 / 8; i++) {
            buf_add_byte(&b, (char)(bits >> (32 - 8 * i) & 255));
        }
    }
    return result(w, &b);
}

/* ---- hexadecimal ---- */

static bool hex_value(char c, unsigned *out)
{
    static const char digits[] = "0123456789abcdef";
    char l = c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c;
    const char *at = l ? strchr(digits, l) : NULL;
    *out = at ? (unsigned)(at - digits) : 0;
    return at != NULL;
}

FN(f_hexdec)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct str s = arg[0].s;
    unsigned high = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned v;
        if (!hex_value(s.p[i], &v)) {
            unsigned char c = (unsigned char)s.p[i];
            buf_clear(&b);
            buf_addf(&b, "encoding/hex: invalid byte: U+%04X", c);
            if (unicode_is_print(c)) {
                buf_add_c(&b, " '");
                buf_add_rune(&b, c);
                buf_add_c(&b, "'");
            }
            return result(w, &b);
        }
        if (i % 2 == 1) {
            buf_add_byte(&b, (char)(high << 4 | v));
        }
        high = v;
    }
    if (s.n % 2 == 1) {
        return v_str(STR("encoding/hex: odd length hex string"));
    }
    return result(w, &b);
}

/* ---- digests ---- */

static struct value digest(struct work *w, const EVP_MD *md, struct str s)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    must(EVP_Digest(s.p, s.n, out, &n, md, NULL));
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    hex_encode(&b, out, n);
    return result(w, &b);
}

FN(f_sha1sum)
{
    return digest(w, EVP_sha1(), arg[0].s);
}

FN(f_sha256sum)
{
    return digest(w, EVP_sha256(), arg[0].s);
}

FN(f_sha512sum)
{
    return digest(w, EVP_sha512(), arg[0].s);
}

/* RFC 1950 */
FN(f_adler32sum)
{
    uint32_t a = 1;
    uint32_t b = 0;
    for (size_t i = 0; i < arg[0].s.n; i++) {
        a = (a + (unsigned char)arg[0].s.p[i]) % 65521;
        b = (b + a) % 65521;
    }
    AUTO(buf_done) struct buf text = RESULT_BUF(w);
    buf_addf(&text, "%u", b << 16 | a);
    return result(w, &text);
}

/* ---- random ---- */

FN(f_uuidv4)
{
    char uuid[UUID_SIZE];
    random_uuid(uuid);
    return v_str(work_str(w, str_c(uuid)));
}

FN(f_rand_bytes)
{
    if (arg[0].i < 0) {
        return fail_value(w, "runtime error: makeslice: len out of range");
    }
    size_t count = (size_t)arg[0].i;
    char *bytes = work_alloc(w, count, 1);
    if (!bytes || !work_step(w, count / 16)) {
        return NIL;
    }
    random_bytes(bytes, count);
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    base64_encode(&b, str_n(bytes, count), BASE64_STD);
    return result(w, &b);
}

static const struct func rows[] = {
    {"adler32sum", "s", "string", F_ENCODING, f_adler32sum, "Adler-32 as a decimal number.", 0, 2},
    {"b32dec", "s", "string", F_ENCODING, f_b32dec,
     "Decodes Base32; on malformed input the text of the error.", 0, 2},
    {"b32enc", "s", "string", F_ENCODING, f_b32enc, "Encodes in Base32.", 0},
    {"b64dec", "s", "string", F_ENCODING, f_b64dec,
     "Decodes Base64; on malformed input the text of the error.", 0},
    {"b64enc", "s", "string", F_ENCODING, f_b64enc, "Encodes in Base64.", 0},
    {"hexdec", "s", "string", F_ENCODING, f_hexdec,
     "Decodes hexadecimal; on malformed input the text of the error.", 0},
    {"randBytes", "i", "string", F_ENCODING, f_rand_bytes, "Random bytes in Base64.", 0},
    {"sha1sum", "s", "string", F_ENCODING, f_sha1sum, "SHA-1 in hexadecimal.", 0},
    {"sha256sum", "s", "string", F_ENCODING, f_sha256sum, "SHA-256 in hexadecimal.", 0},
    {"sha512sum", "s", "string", F_ENCODING, f_sha512sum, "SHA-512 in hexadecimal.", 0},
    {"uuidv4", "", "string", F_ENCODING, f_uuidv4, "A random UUID.", 0},
};
const struct func_table functions_encoding = FUNC_TABLE(rows);
