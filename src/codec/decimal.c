/* SPDX-License-Identifier: Apache-2.0
 *
 * A number is coefficient * 10^exponent, the coefficient an OpenSSL BIGNUM. OpenSSL's functions
 * fail here only when memory runs out.
 */
#include <openssl/bn.h>

#include "codec/decimal.h"

#include <math.h>

#include "base/gotext.h"

enum { DIVISION_PLACES = 16 };

struct decimal {
    BIGNUM *coefficient;
    int64_t exponent;
};

static BIGNUM *bn_new(void)
{
    BIGNUM *n = BN_new();
    must(n);
    return n;
}

static BN_CTX *ctx_new(void)
{
    BN_CTX *ctx = BN_CTX_new();
    must(ctx);
    return ctx;
}

static void ctx_freep(BN_CTX **ctx)
{
    BN_CTX_free(*ctx);
}

static void bn_freep(BIGNUM **n)
{
    BN_clear_free(*n);
}

struct decimal *decimal_new(double v)
{
    if (!isfinite(v)) {
        return NULL;
    }
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(64);
    go_float(&text, v, 'e');
    char *e = strchr(text.p, 'e');
    must(e);
    struct decimal *d = xcalloc(1, sizeof(*d));
    d->exponent = strtol(e + 1, NULL, 10);
    AUTO(buf_done) struct buf digits = BUF_INIT_WIPE(64);
    bool fraction = false;
    for (const char *p = text.p; p < e; p++) {
        if (*p == '.') {
            fraction = true;
        } else {
            buf_add_byte(&digits, *p);
            d->exponent -= fraction;
        }
    }
    must(BN_dec2bn(&d->coefficient, digits.p) > 0);
    return d;
}

void decimal_free(struct decimal *d)
{
    if (d) {
        BN_clear_free(d->coefficient);
        free(d);
    }
}

void decimal_freep(struct decimal **d)
{
    decimal_free(*d);
}

/* n *= 10^power */
static void scale(BIGNUM *n, int64_t power, BN_CTX *ctx)
{
    if (power <= 0) {
        return;
    }
    AUTO(bn_freep) BIGNUM *ten = bn_new();
    AUTO(bn_freep) BIGNUM *exponent = bn_new();
    AUTO(bn_freep) BIGNUM *factor = bn_new();
    must(BN_set_word(ten, 10) && BN_set_word(exponent, (BN_ULONG)power));
    must(BN_exp(factor, ten, exponent, ctx) && BN_mul(n, n, factor, ctx));
}

static void add(struct decimal *a, bool subtract, const struct decimal *b, BN_CTX *ctx)
{
    AUTO(bn_freep) BIGNUM *other = BN_dup(b->coefficient);
    must(other);
    scale(a->coefficient, a->exponent - b->exponent, ctx);
    scale(other, b->exponent - a->exponent, ctx);
    a->exponent = MIN(a->exponent, b->exponent);
    must(subtract ? BN_sub(a->coefficient, a->coefficient, other)
                  : BN_add(a->coefficient, a->coefficient, other));
}

static void divide(struct decimal *a, const struct decimal *b, BN_CTX *ctx)
{
    AUTO(bn_freep) BIGNUM *divisor = BN_dup(b->coefficient);
    AUTO(bn_freep) BIGNUM *rest = bn_new();
    must(divisor);
    bool negative = BN_is_negative(a->coefficient) != BN_is_negative(divisor);
    int64_t shift = a->exponent - b->exponent + DIVISION_PLACES;
    scale(a->coefficient, shift, ctx);
    scale(divisor, -shift, ctx);
    must(BN_div(a->coefficient, rest, a->coefficient, divisor, ctx));
    must(BN_lshift1(rest, rest));
    if (BN_ucmp(rest, divisor) >= 0) {
        must(negative ? BN_sub_word(a->coefficient, 1) : BN_add_word(a->coefficient, 1));
    }
    a->exponent = -DIVISION_PLACES;
}

int decimal_apply(struct decimal *a, enum decimal_op op, const struct decimal *b, struct err **err)
{
    AUTO(ctx_freep) BN_CTX *ctx = ctx_new();
    switch (op) {
    case DECIMAL_ADD:
    case DECIMAL_SUB:
        add(a, op == DECIMAL_SUB, b, ctx);
        return 0;
    case DECIMAL_MUL:
        must(BN_mul(a->coefficient, a->coefficient, b->coefficient, ctx));
        a->exponent += b->exponent;
        return 0;
    case DECIMAL_DIV:
        if (BN_is_zero(b->coefficient)) {
            return err_set(err, ERR_INVALID, "decimal division by 0");
        }
        divide(a, b, ctx);
        return 0;
    }
    return 0;
}

double decimal_to_double(const struct decimal *d)
{
    char *digits = BN_bn2dec(d->coefficient);
    must(digits);
    AUTO(freep) char *text = xasprintf("%se%lld", digits, (long long)d->exponent);
    OPENSSL_clear_free(digits, strlen(digits));
    double v = strtod(text, NULL);
    wipe(text, strlen(text));
    return v == 0 ? 0 : v;
}
