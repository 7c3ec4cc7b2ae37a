/* SPDX-License-Identifier: Apache-2.0 */
#include "template/func_lib.h"

#include <math.h>

#include "codec/gonum.h"

struct value result(struct work *w, const struct buf *b)
{
    return v_str(work_take(w, b));
}

struct value fail_value(struct work *w, const char *fmt, ...)
{
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(WORK_MESSAGE_MAX);
    va_list args;
    va_start(args, fmt);
    buf_addv(&b, fmt, args);
    va_end(args);
    work_fail(w, "%s", b.p);
    return NIL;
}

struct value fail_err(struct work *w, struct err *err)
{
    work_fail(w, "%s", err_msg(err));
    err_free(err);
    return NIL;
}

struct value fail_nil(struct work *w)
{
    return fail_value(w, "runtime error: invalid memory address or nil pointer dereference");
}

/* ---- numbers ---- */

static int64_t float_to_int64(double f)
{
    if (isnan(f) || f >= TWO_TO_63 || f < -TWO_TO_63) {
        return INT64_MIN; /* what the conversion gives on amd64 */
    }
    return (int64_t)f;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return true;
}

/* Cuts the fraction off a plain decimal number. */
static struct str cut_fraction(struct str s)
{
    ptrdiff_t dot = str_find_byte(s, '.');
    if (dot < 0) {
        return s;
    }
    size_t sign = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
    struct str whole = str_sub(s, sign, (size_t)dot);
    struct str fraction = str_from(s, (size_t)dot + 1);
    if (!all_digits(whole) || !all_digits(fraction) || whole.n + fraction.n == 0) {
        return s;
    }
    return whole.n > 0 ? str_head(s, (size_t)dot) : STR("0");
}

static int64_t text_to_int64(struct str s)
{
    int64_t v;
    return s.n > 0 && gonum_parse_int(cut_fraction(s), 0, &v) == GONUM_OK ? v : 0;
}

int64_t to_int64(struct value v)
{
    switch (v_class(v)) {
    case C_BOOL:
        return v.b;
    case C_INT:
    case C_UINT:
        return v.i;
    case C_FLOAT:
        return float_to_int64(v.f);
    case C_STRING:
        return text_to_int64(v.s);
    default:
        return 0;
    }
}

double to_float64(struct value v)
{
    double f = 0;
    switch (v_class(v)) {
    case C_BOOL:
        return v.b;
    case C_INT:
        return (double)v.i;
    case C_UINT:
        return (double)(uint64_t)v.i;
    case C_FLOAT:
        return v.f;
    case C_STRING:
        return gonum_parse_float(v.s, &f) == GONUM_OK ? f : 0;
    default:
        return 0;
    }
}

/* ---- lists ---- */

struct list *to_strings(struct work *w, struct value v)
{
    if (v.kind == K_NIL) {
        return list_new(w, 0);
    }
    if (!v_is_list(v)) {
        struct list *one = list_new(w, 1);
        if (one->n > 0) {
            one->v[0] = v_str(gofmt_text(w, v));
        }
        return one;
    }
    struct list *out = list_new(w, v_len(v));
    size_t n = 0;
    for (size_t i = 0; i < out->n && !w->failed; i++) {
        struct value element = v_at(v, i);
        if (element.kind != K_NIL) {
            out->v[n++] = v_str(gofmt_text(w, element));
        }
    }
    out->n = n;
    return out;
}

struct value strings_value(struct work *w, const struct str *v, size_t n)
{
    struct list *l = list_new(w, n);
    for (size_t i = 0; i < l->n; i++) {
        l->v[i] = v_str(v[i]);
    }
    return v_list(K_STRLIST, l);
}

struct value copy_value(struct work *w, struct value v, int depth)
{
    v = v_plain(v);
    if (depth > WORK_DEPTH) {
        work_fail_limit(w, "depth");
    }
    if (!work_step(w, 1)) {
        return NIL;
    }
    if (v_is_list(v) && v.list) {
        struct list *copy = list_new(w, v_len(v));
        for (size_t i = 0; i < copy->n; i++) {
            copy->v[i] = copy_value(w, v.list->v[i], depth + 1);
        }
        v.list = copy;
    } else if (v_is_map(v) && v.dict) {
        struct dict *copy = dict_copy(w, v.dict);
        for (size_t i = 0; i < copy->n; i++) {
            copy->v[i].value = copy_value(w, copy->v[i].value, depth + 1);
        }
        v.dict = copy;
    }
    return v;
}
