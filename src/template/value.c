/* SPDX-License-Identifier: Apache-2.0 */
#include "template/value.h"

#include "base/vec.h"
#include "codec/semver.h"
#include "template/gotime.h"

const struct kind_info kinds[K_COUNT] = {
    [K_NIL] = {"<nil>", "invalid", C_NONE},
    [K_BOOL] = {"bool", "bool", C_BOOL},
    [K_INT] = {"int", "int", C_INT},
    [K_INT64] = {"int64", "int64", C_INT},
    [K_UINT8] = {"uint8", "uint8", C_UINT},
    [K_UINT64] = {"uint64", "uint64", C_UINT},
    [K_FLOAT] = {"float64", "float64", C_FLOAT},
    [K_COMPLEX] = {"complex128", "complex128", C_COMPLEX},
    [K_STRING] = {"string", "string", C_STRING},
    [K_DICT] = {"map[string]interface {}", "map", C_MAP},
    [K_STRMAP] = {"map[string]string", "map", C_MAP},
    [K_LIST] = {"[]interface {}", "slice", C_LIST},
    [K_STRLIST] = {"[]string", "slice", C_LIST},
    [K_INTLIST] = {"[]int", "slice", C_LIST},
    [K_LISTLIST] = {"[][]interface {}", "slice", C_LIST},
    [K_TIME] = {"time.Time", "struct", C_OTHER},
    [K_MONTH] = {"time.Month", "int", C_INT},
    [K_WEEKDAY] = {"time.Weekday", "int", C_INT},
    [K_DURATION] = {"time.Duration", "int64", C_INT},
    [K_SEMVER] = {"*semver.Version", "ptr", C_OTHER},
    [K_CERT] = {"sprig.certificate", "struct", C_OTHER},
};

struct value v_bool(bool b)
{
    return (struct value){.kind = K_BOOL, .b = b};
}

struct value v_int(int64_t i)
{
    return (struct value){.kind = K_INT, .i = i};
}

struct value v_int64(int64_t i)
{
    return (struct value){.kind = K_INT64, .i = i};
}

struct value v_of_int(enum kind kind, int64_t i)
{
    return (struct value){.kind = (uint8_t)kind, .i = i};
}

struct value v_float(double f)
{
    return (struct value){.kind = K_FLOAT, .f = f};
}

struct value v_complex(double real, double imaginary)
{
    return (struct value){.kind = K_COMPLEX, .real = real, .imaginary = imaginary};
}

struct value v_str(struct str s)
{
    return (struct value){.kind = K_STRING, .s = s};
}

struct value v_dict(struct dict *d)
{
    return (struct value){.kind = K_DICT, .dict = d};
}

struct value v_list(enum kind kind, struct list *l)
{
    return (struct value){.kind = (uint8_t)kind, .list = l};
}

enum kind_class v_class(struct value v)
{
    return kinds[v.kind].class;
}

const char *v_type(struct value v)
{
    return kinds[v.kind].type;
}

const char *v_static_type(struct value v)
{
    return v.iface ? "interface {}" : v_type(v);
}

bool v_is_list(struct value v)
{
    return v_class(v) == C_LIST;
}

bool v_is_map(struct value v)
{
    return v_class(v) == C_MAP;
}

bool v_is_integer(struct value v)
{
    return v_class(v) == C_INT || v_class(v) == C_UINT;
}

size_t v_len(struct value v)
{
    switch (v_class(v)) {
    case C_STRING:
        return v.s.n;
    case C_MAP:
        return v.dict ? v.dict->n : 0;
    case C_LIST:
        return v.list ? v.list->n : 0;
    default:
        return 0;
    }
}

bool v_true(struct value v)
{
    switch (v_class(v)) {
    case C_NONE:
        return false;
    case C_BOOL:
        return v.b;
    case C_INT:
    case C_UINT:
        return v.i != 0;
    case C_FLOAT:
        return v.f != 0;
    case C_COMPLEX:
        return v.real != 0 || v.imaginary != 0;
    case C_OTHER:
        return true;
    default:
        return v_len(v) > 0;
    }
}

struct value v_iface(struct value v)
{
    v.iface = true;
    return v;
}

struct value v_plain(struct value v)
{
    v.iface = false;
    return v;
}

struct value v_at(struct value list, size_t i)
{
    must(i < v_len(list));
    struct value v = list.list->v[i];
    v.iface = list.kind == K_LIST;
    return v;
}

/* ---- dicts ---- */

struct dict *dict_new(struct work *w)
{
    return arena_new(&w->arena, struct dict);
}

static size_t dict_place(const struct dict *d, struct str key, bool *found)
{
    return vec_sorted_place(d->v, d->n, sizeof(*d->v), key, found);
}

struct value *dict_get(const struct dict *d, struct str key)
{
    if (!d) {
        return NULL;
    }
    bool found;
    size_t at = dict_place(d, key, &found);
    return found ? &d->v[at].value : NULL;
}

static bool dict_grow(struct work *w, struct dict *d)
{
    if (d->n < d->cap) {
        return true;
    }
    size_t cap = d->cap ? d->cap * 2 : 4;
    struct entry *v = work_alloc(w, cap, sizeof(*v));
    if (!v) {
        return false;
    }
    if (d->n > 0) {
        memcpy(v, d->v, d->n * sizeof(*v));
    }
    d->v = v;
    d->cap = cap;
    return true;
}

bool dict_set(struct work *w, struct dict *d, struct str key, struct value value)
{
    bool found;
    size_t at = dict_place(d, key, &found);
    value = v_plain(value);
    if (found) {
        d->v[at].value = value;
        return true;
    }
    if (!work_step(w, 1 + (d->n - at) / 64) || !dict_grow(w, d)) {
        return false;
    }
    memmove(&d->v[at + 1], &d->v[at], (d->n - at) * sizeof(*d->v));
    d->v[at] = (struct entry){key, value};
    d->n++;
    return true;
}

void dict_del(struct dict *d, struct str key)
{
    bool found;
    size_t at = d ? dict_place(d, key, &found) : 0;
    if (d && found) {
        memmove(&d->v[at], &d->v[at + 1], (d->n - at - 1) * sizeof(*d->v));
        d->n--;
    }
}

struct dict *dict_copy(struct work *w, const struct dict *d)
{
    struct dict *copy = dict_new(w);
    if (!d || d->n == 0 || !work_step(w, d->n / 16)) {
        return copy;
    }
    copy->v = work_alloc(w, d->n, sizeof(*copy->v));
    if (copy->v) {
        memcpy(copy->v, d->v, d->n * sizeof(*d->v));
        copy->n = copy->cap = d->n;
    }
    return copy;
}

struct list *list_new(struct work *w, size_t n)
{
    struct list *l = arena_new(&w->arena, struct list);
    if (n > 0 && work_step(w, n / 16)) {
        l->v = work_alloc(w, n, sizeof(*l->v));
        l->n = l->v ? n : 0;
    }
    return l;
}

/* ---- equality ---- */

bool v_same(struct value a, struct value b)
{
    if (a.kind != b.kind) {
        return false;
    }
    switch (v_class(a)) {
    case C_NONE:
        return true;
    case C_BOOL:
        return a.b == b.b;
    case C_INT:
    case C_UINT:
        return a.i == b.i;
    case C_FLOAT:
        return a.f == b.f;
    case C_COMPLEX:
        return a.real == b.real && a.imaginary == b.imaginary;
    case C_STRING:
        return str_eq(a.s, b.s);
    case C_OTHER:
        if (a.kind == K_TIME) {
            return gotime_same(a.time, b.time);
        }
        if (a.kind == K_CERT) {
            return str_eq(a.cert->cert, b.cert->cert) && str_eq(a.cert->key, b.cert->key);
        }
        return a.semver == b.semver;
    default:
        return false;
    }
}

static bool equal_at(struct work *w, struct value a, struct value b, int depth);

static bool lists_equal(struct work *w, struct value a, struct value b, int depth)
{
    if (!a.list != !b.list || v_len(a) != v_len(b)) {
        return false;
    }
    for (size_t i = 0; a.list != b.list && i < v_len(a); i++) {
        if (!equal_at(w, a.list->v[i], b.list->v[i], depth)) {
            return false;
        }
    }
    return true;
}

static bool dicts_equal(struct work *w, struct value a, struct value b, int depth)
{
    if (!a.dict != !b.dict || v_len(a) != v_len(b)) {
        return false;
    }
    for (size_t i = 0; a.dict != b.dict && i < v_len(a); i++) {
        if (!str_eq(a.dict->v[i].key, b.dict->v[i].key) ||
            !equal_at(w, a.dict->v[i].value, b.dict->v[i].value, depth)) {
            return false;
        }
    }
    return true;
}

static bool equal_at(struct work *w, struct value a, struct value b, int depth)
{
    if (depth > WORK_DEPTH) {
        return work_fail_limit(w, "depth");
    }
    if (!work_step(w, 1) || a.kind != b.kind) {
        return false;
    }
    switch (v_class(a)) {
    case C_LIST:
        return lists_equal(w, a, b, depth + 1);
    case C_MAP:
        return dicts_equal(w, a, b, depth + 1);
    default:
        if (a.kind == K_SEMVER) {
            return semver_identical(a.semver, b.semver);
        }
        return v_same(a, b);
    }
}

bool v_deep_equal(struct work *w, struct value a, struct value b)
{
    return equal_at(w, a, b, 0);
}
