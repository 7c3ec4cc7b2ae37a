/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"

static const char hex_digits[] = "0123456789abcdef";

void hex_encode(struct buf *out, const void *p, size_t n)
{
    const unsigned char *in = p;
    char *to = n ? buf_reserve(out, n * 2) : NULL;
    if (!to) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = hex_digits[in[i] >> 4];
        to[2 * i + 1] = hex_digits[in[i] & 15];
    }
    buf_commit(out, n * 2);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

int hex_decode(struct buf *out, struct str hex, struct err **err)
{
    if (hex.n % 2 != 0) {
        return err_set(err, ERR_PARSE, "hexadecimal text of odd length %zu", hex.n);
    }
    size_t before = out->n;
    for (size_t i = 0; i < hex.n; i += 2) {
        int high = hex_value(hex.p[i]);
        int low = hex_value(hex.p[i + 1]);
        if (high < 0 || low < 0) {
            buf_truncate(out, before);
            return err_set(err, ERR_PARSE, "no hexadecimal digit at byte %zu",
                           high < 0 ? i : i + 1);
        }
        buf_add_byte(out, (char)(high * 16 + low));
    }
    return 0;
}

static const char alphabet_std[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64_encoded_size(size_t n, enum base64_kind kind)
{
    if (kind & BASE64_RAW) {
        return n / 3 * 4 + (n % 3 ? n % 3 + 1 : 0);
    }
    return (n + 2) / 3 * 4;
}

size_t base64_decoded_max(size_t n)
{
    return n / 4 * 3 + 3;
}

void base64_encode(struct buf *out, struct str in, enum base64_kind kind)
{
    const char *alphabet = kind & BASE64_URL ? alphabet_url : alphabet_std;
    size_t size = base64_encoded_size(in.n, kind);
    char *to = size ? buf_reserve(out, size) : NULL;
    if (!to) {
        return;
    }
    const unsigned char *p = (const unsigned char *)in.p;
    size_t i = 0;
    for (; i + 3 <= in.n; i += 3) {
        uint32_t bits = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];
        *to++ = alphabet[bits >> 18];
        *to++ = alphabet[bits >> 12 & 63];
        *to++ = alphabet[bits >> 6 & 63];
        *to++ = alphabet[bits & 63];
    }
    size_t rest = in.n - i;
    if (rest > 0) {
        uint32_t bits = (uint32_t)p[i] << 16 | (rest == 2 ? (uint32_t)p[i + 1] << 8 : 0);
        *to++ = alphabet[bits >> 18];
        *to++ = alphabet[bits >> 12 & 63];
        if (rest == 2) {
            *to++ = alphabet[bits >> 6 & 63];
        }
        if (!(kind & BASE64_RAW)) {
            for (size_t k = rest; k < 3; k++) {
                *to++ = '=';
            }
        }
    }
    buf_commit(out, size);
}

static int base64_value(char c, bool url)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == (url ? '-' : '+')) {
        return 62;
    }
    return c == (url ? '_' : '/') ? 63 : -1;
}

static size_t skip_newlines(struct str in, size_t i)
{
    while (i < in.n && (in.p[i] == '\n' || in.p[i] == '\r')) {
        i++;
    }
    return i;
}

struct quantum {
    uint32_t bits;
    int have;  /* characters read, 0 to 4 */
    bool last; /* padding or the end came */
};

/* Checks what stands from the first '=' (at byte i) on. Returns the offset of the mistake or -1. */
static ptrdiff_t check_padding(struct str in, size_t i, int have, bool raw)
{
    if (raw || have < 2) {
        return (ptrdiff_t)i;
    }
    size_t next = skip_newlines(in, i + 1);
    if (have == 2) {
        if (next >= in.n) {
            return (ptrdiff_t)in.n;
        }
        if (in.p[next] != '=') {
            return (ptrdiff_t)next - 1; /* as Go counts here */
        }
        next = skip_newlines(in, next + 1);
    }
    return next < in.n ? (ptrdiff_t)next : -1;
}

/* Reads up to four characters from *i. Returns the offset of a mistake, or -1. */
static ptrdiff_t read_quantum(struct str in, size_t *i, enum base64_kind kind, struct quantum *q)
{
    *q = (struct quantum){0};
    bool raw = kind & BASE64_RAW;
    while (q->have < 4) {
        *i = skip_newlines(in, *i);
        if (*i == in.n) {
            q->last = true;
            bool fits = q->have == 0 || (raw && q->have >= 2);
            return fits ? -1 : (ptrdiff_t)*i - q->have;
        }
        char c = in.p[*i];
        if (c == '=') {
            q->last = true;
            return check_padding(in, *i, q->have, raw);
        }
        int value = base64_value(c, kind & BASE64_URL);
        if (value < 0) {
            return (ptrdiff_t)*i;
        }
        q->bits = q->bits << 6 | (uint32_t)value;
        q->have++;
        (*i)++;
    }
    return -1;
}

int base64_decode(struct buf *out, struct str in, enum base64_kind kind, struct err **err)
{
    size_t before = out->n;
    size_t i = 0;
    struct quantum q = {0};
    while (!q.last) {
        ptrdiff_t mistake = read_quantum(in, &i, kind, &q);
        if (mistake >= 0) {
            buf_truncate(out, before);
            return err_set(err, ERR_PARSE, "illegal base64 data at input byte %td", mistake);
        }
        uint32_t bits = q.bits << (6 * (4 - q.have));
        char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
        if (q.have > 1) {
            buf_add(out, bytes, (size_t)q.have - 1);
        }
    }
    return 0;
}
