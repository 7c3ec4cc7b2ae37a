/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

bool num_parse_u64(struct str s, uint64_t *out)
{
    uint64_t value = 0;
    if (s.n == 0) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

bool num_parse_i64(struct str s, int64_t *out)
{
    bool negative = s.n > 0 && s.p[0] == '-';
    if (negative || (s.n > 0 && s.p[0] == '+')) {
        s = str_from(s, 1);
    }
    uint64_t value;
    if (!num_parse_u64(s, &value) || value > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool num_parse_range(struct str s, int64_t min, int64_t max, int64_t *out)
{
    int64_t value;
    if (!num_parse_i64(s, &value) || value < min || value > max) {
        return false;
    }
    *out = value;
    return true;
}

bool num_parse_double(struct str s, double *out)
{
    /* The process never calls setlocale (base/banned.h), so strtod reads a point. */
    char small[64];
    if (s.n == 0) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (!memchr("0123456789+-.eE", s.p[i], 15)) {
            return false;
        }
    }
    char *text = s.n < sizeof(small) ? small : xmalloc(s.n + 1);
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    char *end;
    double value = strtod(text, &end);
    bool whole = end == text + s.n;
    if (text != small) {
        free(text);
    }
    if (whole) {
        *out = value;
    }
    return whole;
}

bool num_parse_bool(struct str s, bool *out)
{
    static const char *const words[2][6] = {
        {"0", "f", "F", "FALSE", "false", "False"},
        {"1", "t", "T", "TRUE", "true", "True"},
    };
    for (int value = 0; value < 2; value++) {
        for (size_t i = 0; i < COUNT_OF(words[0]); i++) {
            if (str_eq_c(s, words[value][i])) {
                *out = value == 1;
                return true;
            }
        }
    }
    return false;
}
