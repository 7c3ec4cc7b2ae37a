/* SPDX-License-Identifier: Apache-2.0 */
#include "template/gofmt.h"

#include "base/gotext.h"
#include "base/utf8.h"
#include "codec/semver.h"
#include "template/gofmt_spec.h"
#include "template/gotime.h"

struct printer {
    struct work *w;
    bool erroring; /* inside %!verb(...): methods are not called */
    struct buf *out;
    struct spec f;
};

static void print_value(struct printer *p, struct value v, uint32_t verb, int depth);

static void bad_verb(struct printer *p, struct value v, uint32_t verb, int depth)
{
    buf_add_c(p->out, "%!");
    buf_add_rune(p->out, verb);
    buf_add_byte(p->out, '(');
    if (v.kind == K_NIL) {
        buf_add_c(p->out, "<nil>");
    } else {
        buf_addf(p->out, "%s=", v_type(v));
        p->erroring = true;
        print_value(p, v, 'v', depth);
        p->erroring = false;
    }
    buf_add_byte(p->out, ')');
}

/* The text of values that have a String method. False for others. */
static bool stringer(struct buf *out, struct value v)
{
    switch (v.kind) {
    case K_TIME:
        gotime_string(out, v.time);
        return true;
    case K_MONTH:
        gotime_month_name(out, v.i);
        return true;
    case K_WEEKDAY:
        gotime_weekday_name(out, v.i);
        return true;
    case K_DURATION:
        go_duration(out, v.i);
        return true;
    case K_SEMVER:
        semver_print(out, v.semver);
        return true;
    default:
        return false;
    }
}

static bool print_by_method(struct printer *p, struct value v, uint32_t verb)
{
    AUTO(buf_done) struct buf b = BUF_INIT(4096);
    if (p->f.sharp_v) {
        if (v.kind != K_TIME) {
            return false;
        }
        gotime_go_string(&b, v.time);
        spec_pad(p->out, &p->f, buf_str(&b));
        return true;
    }
    if (verb > 127 || verb == 0 || !strchr("vsxXq", (int)verb) || !stringer(&b, v)) {
        return false;
    }
    return spec_string(p->out, &p->f, buf_str(&b), verb);
}

static void print_list(struct printer *p, struct value v, uint32_t verb, int depth)
{
    bool go = p->f.sharp_v;
    if (go) {
        buf_add_c(p->out, v_type(v));
        if (!v.list) {
            buf_add_c(p->out, "(nil)");
            return;
        }
    }
    buf_add_byte(p->out, go ? '{' : '[');
    for (size_t i = 0; i < v_len(v) && !p->w->failed && buf_ok(p->out); i++) {
        buf_add_c(p->out, i == 0 ? "" : go ? ", " : " ");
        print_value(p, v_at(v, i), verb, depth + 1);
    }
    buf_add_byte(p->out, go ? '}' : ']');
}

static void print_map(struct printer *p, struct value v, uint32_t verb, int depth)
{
    bool go = p->f.sharp_v;
    buf_add_c(p->out, go ? v_type(v) : "map");
    if (go && !v.dict) {
        buf_add_c(p->out, "(nil)");
        return;
    }
    buf_add_byte(p->out, go ? '{' : '[');
    for (size_t i = 0; i < v_len(v) && !p->w->failed && buf_ok(p->out); i++) {
        const struct entry *e = &v.dict->v[i];
        buf_add_c(p->out, i == 0 ? "" : go ? ", " : " ");
        print_value(p, v_str(e->key), verb, depth + 1);
        buf_add_byte(p->out, ':');
        print_value(p, v.kind == K_DICT ? v_iface(e->value) : e->value, verb, depth + 1);
    }
    buf_add_byte(p->out, go ? '}' : ']');
}

static void print_cert(struct printer *p, struct value v, uint32_t verb, int depth)
{
    bool go = p->f.sharp_v;
    bool names = go || p->f.plus_v;
    buf_add_c(p->out, go ? v_type(v) : "");
    buf_add_c(p->out, names ? "{Cert:" : "{");
    print_value(p, v_str(v.cert->cert), verb, depth + 1);
    buf_add_c(p->out, go ? ", " : " ");
    buf_add_c(p->out, names ? "Key:" : "");
    print_value(p, v_str(v.cert->key), verb, depth + 1);
    buf_add_byte(p->out, '}');
}

/* The fields of a version, as of a pointer to a struct. Inside a list that would be an address. */
static void print_semver(struct printer *p, struct value v, uint32_t verb, int depth)
{
    static const char *const names[] = {
        "major:", "minor:", "patch:", "pre:", "metadata:", "original:"};
    const struct semver *s = v.semver;
    const struct value fields[] = {
        v_of_int(K_UINT64, (int64_t)s->major),
        v_of_int(K_UINT64, (int64_t)s->minor),
        v_of_int(K_UINT64, (int64_t)s->patch),
        v_str(s->pre),
        v_str(s->metadata),
        v_str(s->original),
    };
    bool go = p->f.sharp_v;
    buf_add_c(p->out, go ? "&semver.Version{" : "&{");
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        buf_add_c(p->out, i == 0 ? "" : go ? ", " : " ");
        buf_add_c(p->out, go || p->f.plus_v ? names[i] : "");
        print_value(p, fields[i], verb, depth + 1);
    }
    buf_add_byte(p->out, '}');
}

static void print_other(struct printer *p, struct value v, uint32_t verb, int depth)
{
    if (v.kind == K_CERT) {
        print_cert(p, v, verb, depth);
    } else if (v.kind == K_SEMVER && v.semver) {
        print_semver(p, v, verb, depth);
    } else {
        (void)stringer(p->out, v);
    }
}

static void print_nil(struct printer *p, uint32_t verb, int depth)
{
    if (depth > 0) { /* an element */
        buf_add_c(p->out, p->f.sharp_v ? "interface {}(nil)" : "<nil>");
    } else if (verb == 'v' || verb == 'T') {
        spec_pad(p->out, &p->f, STR("<nil>"));
    } else {
        bad_verb(p, NIL, verb, depth);
    }
}

enum { FLOAT_COST = 15 }; /* the shortest digits that read back the same */

/* Both parts under the verb, the second with its sign. */
static bool print_complex(struct printer *p, struct value v, uint32_t verb)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(p->out->max);
    struct spec part = p->f;
    if (!spec_float(&text, &part, v.real, verb)) {
        return false;
    }
    part.plus = true;
    (void)spec_float(&text, &part, v.imaginary, verb);
    buf_add_byte(p->out, '(');
    buf_add_str(p->out, buf_str(&text));
    buf_add_c(p->out, "i)");
    return true;
}

static bool print_scalar(struct printer *p, struct value v, uint32_t verb)
{
    switch (v_class(v)) {
    case C_BOOL:
        return spec_bool(p->out, &p->f, v.b, verb);
    case C_INT:
        return spec_integer(p->out, &p->f, (uint64_t)v.i, true, verb);
    case C_UINT:
        return spec_integer(p->out, &p->f, (uint64_t)v.i, false, verb);
    case C_FLOAT:
        return work_step(p->w, FLOAT_COST) && spec_float(p->out, &p->f, v.f, verb);
    case C_COMPLEX:
        return work_step(p->w, 2 * FLOAT_COST) && print_complex(p, v, verb);
    case C_STRING:
        return spec_string(p->out, &p->f, v.s, verb);
    default:
        return false;
    }
}

static void print_value(struct printer *p, struct value v, uint32_t verb, int depth)
{
    if (depth > WORK_DEPTH) {
        work_fail_limit(p->w, "depth");
    }
    if (!work_step(p->w, 1)) {
        return;
    }
    if (v.kind == K_NIL) {
        print_nil(p, verb, depth);
        return;
    }
    if (verb == 'T' && depth == 0) {
        (void)spec_string(p->out, &p->f, str_c(v_type(v)), 's');
        return;
    }
    if (verb == 'p' && (v_is_list(v) || v_is_map(v) || v.kind == K_SEMVER)) {
        spec_pad(p->out, &p->f, STR("0xc000010000"));
        return;
    }
    if (!p->erroring && print_by_method(p, v, verb)) {
        return;
    }
    if (verb != 'w' && verb != 'T' && verb != 'p') {
        switch (v_class(v)) {
        case C_LIST:
            print_list(p, v, verb, depth);
            return;
        case C_MAP:
            print_map(p, v, verb, depth);
            return;
        case C_OTHER:
            print_other(p, v, verb, depth);
            return;
        default:
            break;
        }
    }
    if (v_class(v) == C_OTHER) {
        print_other(p, v, 'v', depth);
    } else if (!print_scalar(p, v, verb)) {
        bad_verb(p, v, verb, depth);
    }
}

void gofmt_print(struct work *w, struct buf *out, struct value v)
{
    if (v.kind == K_STRING) {
        buf_add_str(out, v.s);
        return;
    }
    struct printer p = {.w = w, .out = out};
    print_value(&p, v, 'v', 0);
}

void gofmt_sprint(struct work *w, struct buf *out, const struct value *v, size_t n)
{
    bool after_string = true;
    for (size_t i = 0; i < n; i++) {
        bool is_string = v[i].kind == K_STRING;
        buf_add_c(out, i > 0 && !is_string && !after_string ? " " : "");
        gofmt_print(w, out, v[i]);
        after_string = is_string;
    }
}

void gofmt_sprintln(struct work *w, struct buf *out, const struct value *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_c(out, i > 0 ? " " : "");
        gofmt_print(w, out, v[i]);
    }
    buf_add_byte(out, '\n');
}

struct str gofmt_text(struct work *w, struct value v)
{
    if (v.kind == K_STRING) {
        return v.s;
    }
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(work_room(w));
    gofmt_print(w, &b, v);
    return work_take(w, &b);
}

/* ---- formats ---- */

enum { NUMBER_MAX = 1000000 };

struct format {
    struct printer p;
    struct str s;
    size_t i;
    const struct value *arg;
    size_t n;
    size_t next;     /* argument */
    bool reordered;  /* an explicit index was used */
    bool good_index; /* of the conversion at hand */
};

static char at(const struct format *f)
{
    return f->i < f->s.n ? f->s.p[f->i] : '\0';
}

/* Digits up to `end`. A number that is too large eats the rest of the format. */
static bool take_number(struct format *f, size_t end, int *out)
{
    bool any = false;
    *out = 0;
    while (f->i < end && f->s.p[f->i] >= '0' && f->s.p[f->i] <= '9') {
        if (*out > NUMBER_MAX) {
            f->i = end;
            *out = 0;
            return false;
        }
        *out = *out * 10 + (f->s.p[f->i++] - '0');
        any = true;
    }
    return any;
}

/* "[n]": the next argument by number, from 1. Returns whether there was one. */
static bool take_index(struct format *f)
{
    if (at(f) != '[') {
        return false;
    }
    f->reordered = true;
    ptrdiff_t close = str_find_byte(str_from(f->s, f->i), ']');
    if (f->s.n - f->i < 3 || close < 0) {
        f->good_index = false;
        f->i++;
        return false;
    }
    size_t end = f->i + (size_t)close;
    f->i++;
    int number;
    bool ok = take_number(f, end, &number) && f->i == end;
    f->i = end + 1;
    if (ok && number >= 1 && (size_t)number <= f->n) {
        f->next = (size_t)number - 1;
        return true;
    }
    f->good_index = false;
    return ok;
}

static bool take_star(struct format *f, int *out)
{
    if (f->next >= f->n) {
        return false;
    }
    struct value v = f->arg[f->next++];
    if (!v_is_integer(v) || v.i > NUMBER_MAX || v.i < -NUMBER_MAX) {
        return false;
    }
    *out = (int)v.i;
    return true;
}

static void take_flags(struct format *f)
{
    struct spec *spec = &f->p.f;
    for (;; f->i++) {
        switch (at(f)) {
        case '#':
            spec->sharp = true;
            break;
        case '0':
            spec->zero = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case '-':
            spec->minus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        default:
            return;
        }
    }
}

static void take_width(struct format *f, bool *after_index)
{
    struct spec *spec = &f->p.f;
    if (at(f) != '*') {
        spec->has_width = take_number(f, f->s.n, &spec->width);
        if (*after_index && spec->has_width) {
            f->good_index = false;
        }
        return;
    }
    f->i++;
    spec->has_width = take_star(f, &spec->width);
    if (!spec->has_width) {
        buf_add_c(f->p.out, "%!(BADWIDTH)");
    }
    if (spec->width < 0) {
        spec->width = -spec->width;
        spec->minus = true;
        spec->zero = false;
    }
    *after_index = false;
}

static void take_precision(struct format *f, bool *after_index)
{
    struct spec *spec = &f->p.f;
    if (at(f) != '.' || f->i + 1 >= f->s.n) {
        return;
    }
    f->i++;
    if (*after_index) {
        f->good_index = false;
    }
    *after_index = take_index(f);
    if (at(f) != '*') {
        spec->has_precision = true;
        (void)take_number(f, f->s.n, &spec->precision);
        return;
    }
    f->i++;
    spec->has_precision = take_star(f, &spec->precision);
    if (spec->precision < 0) {
        spec->precision = 0;
        spec->has_precision = false;
    }
    if (!spec->has_precision) {
        buf_add_c(f->p.out, "%!(BADPREC)");
    }
    *after_index = false;
}

static void bad_operand(struct format *f, uint32_t verb, const char *why)
{
    buf_add_c(f->p.out, "%!");
    buf_add_rune(f->p.out, verb);
    buf_addf(f->p.out, "(%s)", why);
}

static void convert(struct format *f)
{
    f->p.f = (struct spec){0};
    f->good_index = true;
    take_flags(f);
    bool after_index = take_index(f);
    take_width(f, &after_index);
    take_precision(f, &after_index);
    if (!after_index) {
        (void)take_index(f);
    }
    if (f->i >= f->s.n) {
        buf_add_c(f->p.out, "%!(NOVERB)");
        return;
    }
    uint32_t verb;
    f->i += utf8_decode(str_from(f->s, f->i), &verb, NULL);
    if (verb == '%') {
        buf_add_byte(f->p.out, '%');
    } else if (!f->good_index) {
        bad_operand(f, verb, "BADINDEX");
    } else if (f->next >= f->n) {
        bad_operand(f, verb, "MISSING");
    } else {
        struct spec *spec = &f->p.f;
        if (verb == 'v' || verb == 'w') {
            spec->sharp_v = spec->sharp;
            spec->plus_v = spec->plus;
            spec->sharp = spec->plus = false;
        }
        print_value(&f->p, f->arg[f->next++], verb, 0);
    }
}

static void extra_operands(struct format *f)
{
    f->p.f = (struct spec){0};
    buf_add_c(f->p.out, "%!(EXTRA ");
    for (size_t i = f->next; i < f->n; i++) {
        buf_add_c(f->p.out, i > f->next ? ", " : "");
        if (f->arg[i].kind == K_NIL) {
            buf_add_c(f->p.out, "<nil>");
        } else {
            buf_addf(f->p.out, "%s=", v_type(f->arg[i]));
            print_value(&f->p, f->arg[i], 'v', 0);
        }
    }
    buf_add_byte(f->p.out, ')');
}

void gofmt_printf(struct work *w, struct buf *out, struct str format, const struct value *v,
                  size_t n)
{
    struct format f = {.p = {.w = w, .out = out}, .s = format, .arg = v, .n = n};
    while (f.i < f.s.n && work_step(w, 1) && buf_ok(out)) {
        ptrdiff_t percent = str_find_byte(str_from(f.s, f.i), '%');
        size_t end = percent < 0 ? f.s.n : f.i + (size_t)percent;
        buf_add_str(out, str_sub(f.s, f.i, end));
        f.i = end + 1;
        if (percent >= 0) {
            convert(&f);
        }
    }
    if (!f.reordered && f.next < n) {
        extra_operands(&f);
    }
}
