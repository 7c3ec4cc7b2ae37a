/* SPDX-License-Identifier: Apache-2.0
 *
 * Integers wrap as in Go; the float functions of addf's family compute in decimal.
 */
#include <math.h>

#include "base/random.h"
#include "codec/decimal.h"
#include "template/func_lib.h"

FN(f_add)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (uint64_t)to_int64(arg[i]);
    }
    return v_int64((int64_t)sum);
}

FN(f_add1)
{
    return v_int64((int64_t)((uint64_t)to_int64(arg[0]) + 1));
}

FN(f_sub)
{
    return v_int64((int64_t)((uint64_t)to_int64(arg[0]) - (uint64_t)to_int64(arg[1])));
}

FN(f_mul)
{
    uint64_t product = (uint64_t)to_int64(arg[0]);
    for (size_t i = 1; i < n; i++) {
        product *= (uint64_t)to_int64(arg[i]);
    }
    return v_int64((int64_t)product);
}

static struct value divide(struct work *w, const struct value *arg, bool rest)
{
    int64_t a = to_int64(arg[0]);
    int64_t b = to_int64(arg[1]);
    if (b == 0) {
        return fail_value(w, "runtime error: integer divide by zero");
    }
    if (b == -1) { /* INT64_MIN / -1 wraps */
        return v_int64(rest ? 0 : (int64_t)(0 - (uint64_t)a));
    }
    return v_int64(rest ? a % b : a / b);
}

FN(f_div)
{
    return divide(w, arg, false);
}

FN(f_mod)
{
    return divide(w, arg, true);
}

FN(f_max)
{
    int64_t best = to_int64(arg[0]);
    for (size_t i = 1; i < n; i++) {
        best = MAX(best, to_int64(arg[i]));
    }
    return v_int64(best);
}

FN(f_min)
{
    int64_t best = to_int64(arg[0]);
    for (size_t i = 1; i < n; i++) {
        best = MIN(best, to_int64(arg[i]));
    }
    return v_int64(best);
}

/* NaN and the sign of zero as in Go's math.Max and math.Min. */
static double pick_float(double a, double b, bool greater)
{
    if ((isinf(a) || isinf(b)) && (isnan(a) || isnan(b))) {
        double inf = isinf(a) ? a : b;
        return (inf > 0) == greater ? inf : NAN;
    }
    if (isnan(a) || isnan(b)) {
        return NAN;
    }
    if (a == 0 && b == 0) {
        return (signbit(a) != 0) == greater ? b : a;
    }
    return (a > b) == greater ? a : b;
}

static struct value pick_floats(const struct value *arg, size_t n, bool greater)
{
    double best = to_float64(arg[0]);
    for (size_t i = 1; i < n; i++) {
        best = pick_float(best, to_float64(arg[i]), greater);
    }
    return v_float(best);
}

FN(f_maxf)
{
    return pick_floats(arg, n, true);
}

FN(f_minf)
{
    return pick_floats(arg, n, false);
}

FN(f_ceil)
{
    return v_float(ceil(to_float64(arg[0])));
}

FN(f_floor)
{
    return v_float(floor(to_float64(arg[0])));
}

FN(f_round)
{
    double on = n > 2 ? arg[2].f : 0.5;
    double scale = pow(10, (double)arg[1].i);
    double scaled = scale * to_float64(arg[0]);
    double whole;
    double fraction = modf(scaled, &whole);
    return v_float((fraction >= on ? ceil(scaled) : floor(scaled)) / scale);
}

enum { DECIMAL_COST = 100 }; /* far exponents make long numbers */

static struct value fail_decimal(struct work *w, double number)
{
    const char *sign = number > 0 ? "+" : "-";
    return fail_value(w, "Cannot create a Decimal from %s%s", isnan(number) ? "" : sign,
                      isnan(number) ? "NaN" : "Inf");
}

/* first op rest op rest ... */
static struct value decimals(struct work *w, enum decimal_op op, double first,
                             const struct value *rest, size_t n)
{
    AUTO(decimal_freep) struct decimal *total = decimal_new(first);
    for (size_t i = 0; total && i < n && work_step(w, DECIMAL_COST); i++) {
        AUTO(decimal_freep) struct decimal *d = decimal_new(to_float64(rest[i]));
        struct err *err = NULL;
        if (!d) {
            return fail_decimal(w, to_float64(rest[i]));
        }
        if (decimal_apply(total, op, d, &err) != 0) {
            return fail_err(w, err);
        }
    }
    if (!total) {
        return fail_decimal(w, first);
    }
    return v_float(decimal_to_double(total));
}

FN(f_addf)
{
    return decimals(w, DECIMAL_ADD, 0, arg, n);
}

FN(f_add1f)
{
    struct value one = v_float(1);
    return decimals(w, DECIMAL_ADD, to_float64(arg[0]), &one, 1);
}

FN(f_subf)
{
    return decimals(w, DECIMAL_SUB, to_float64(arg[0]), arg + 1, n - 1);
}

FN(f_mulf)
{
    return decimals(w, DECIMAL_MUL, to_float64(arg[0]), arg + 1, n - 1);
}

FN(f_divf)
{
    return decimals(w, DECIMAL_DIV, to_float64(arg[0]), arg + 1, n - 1);
}

FN(f_rand_int)
{
    int64_t range;
    if (__builtin_sub_overflow(arg[1].i, arg[0].i, &range) || range <= 0) {
        return fail_value(w, "invalid argument to Intn");
    }
    return v_int(arg[0].i + (int64_t)random_below((uint64_t)range));
}

static const struct func rows[] = {
    {"add", "a*", "int64", F_MATH, f_add, "Sum.", 0},
    {"add1", "a", "int64", F_MATH, f_add1, "One more.", 0},
    {"add1f", "a", "float64", F_MATH, f_add1f, "One more, in decimal.", 0},
    {"addf", "a*", "float64", F_MATH, f_addf, "Sum, in decimal.", 0},
    {"biggest", "aa*", "int64", F_MATH, f_max, "As max.", 0},
    {"ceil", "a", "float64", F_MATH, f_ceil, "Rounded up.", 0},
    {"div", "aa", "int64", F_MATH, f_div, "Quotient, cut towards zero.", 0},
    {"divf", "aa*", "float64", F_MATH, f_divf, "Quotient, in decimal, to 16 places.", 0},
    {"floor", "a", "float64", F_MATH, f_floor, "Rounded down.", 0},
    {"max", "aa*", "int64", F_MATH, f_max, "The greatest.", 0},
    {"maxf", "aa*", "float64", F_MATH, f_maxf, "The greatest float.", 0},
    {"min", "aa*", "int64", F_MATH, f_min, "The least.", 0},
    {"minf", "aa*", "float64", F_MATH, f_minf, "The least float.", 0},
    {"mod", "aa", "int64", F_MATH, f_mod, "Remainder.", 0},
    {"mul", "aa*", "int64", F_MATH, f_mul, "Product.", 0},
    {"mulf", "aa*", "float64", F_MATH, f_mulf, "Product, in decimal.", 0},
    {"randInt", "ii", "int", F_MATH, f_rand_int,
     "A random integer from the first to before the second.", 0},
    {"round", "aif*", "float64", F_MATH, f_round,
     "Rounded to this many places; the third argument moves the limit from .5.", 0},
    {"sub", "aa", "int64", F_MATH, f_sub, "Difference.", 0},
    {"subf", "aa*", "float64", F_MATH, f_subf, "Difference, in decimal.", 0},
};
const struct func_table functions_math = FUNC_TABLE(rows);
