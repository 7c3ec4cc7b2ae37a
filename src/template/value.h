/* SPDX-License-Identifier: Apache-2.0
 *
 * value: what a template computes with: a tagged union, passed by value, whose bytes, lists and
 * dicts live on the arena of the rendering (template/work.h).
 *
 * The kinds are Go's types as far as a template can tell them apart: typeOf and printf "%T" name
 * them, functions refuse the wrong one, and int and int64 do not mix. Dicts are references (set
 * changes what every holder sees); no function changes a list in place. The list kinds share one
 * representation, and so do the two maps; dicts keep their keys sorted bytewise, which is the order
 * in which Go prints, ranges over and marshals them. A list or dict pointer of NULL is Go's nil
 * slice or map: it prints like an empty one, but marshals to null.
 *
 * `iface` is set on a value that was read out of a place of static type interface{} (an element of
 * a list or dict). It changes error texts, and what a nil read from there may be passed to.
 */
#ifndef PAWL_TEMPLATE_VALUE_H
#define PAWL_TEMPLATE_VALUE_H

#include "template/work.h"

enum kind {
    K_NIL,
    K_BOOL,
    K_INT,
    K_INT64,
    K_UINT8,
    K_UINT64,
    K_FLOAT,
    K_COMPLEX, /* only from constants such as 2i */
    K_STRING,
    K_DICT,     /* map[string]interface {} */
    K_STRMAP,   /* map[string]string */
    K_LIST,     /* []interface {} */
    K_STRLIST,  /* []string */
    K_INTLIST,  /* []int */
    K_LISTLIST, /* [][]interface {} */
    K_TIME,
    K_MONTH,
    K_WEEKDAY,
    K_DURATION,
    K_SEMVER,
    K_CERT,
    K_COUNT,
};

/* Groups that compare with each other, in the sense of eq and lt. */
enum kind_class {
    C_NONE,
    C_BOOL,
    C_INT,
    C_UINT,
    C_FLOAT,
    C_COMPLEX,
    C_STRING,
    C_MAP,
    C_LIST,
    C_OTHER
};

struct kind_info {
    const char *type; /* typeOf, %T */
    const char *kind; /* kindOf */
    enum kind_class class;
};
extern const struct kind_info kinds[K_COUNT];

struct value {
    uint8_t kind;
    bool iface;
    union {
        bool b;
        int64_t i; /* every integer kind; K_UINT64 as its bits */
        double f;
        struct {
            double real;
            double imaginary;
        };
        struct str s;
        struct dict *dict;
        struct list *list;
        const struct gotime *time;
        const struct semver *semver;
        const struct cert_pair *cert;
    };
};

struct entry {
    struct str key;
    struct value value;
};
struct dict {
    struct entry *v; /* sorted by key */
    size_t n;
    size_t cap;
};
struct list {
    struct value *v;
    size_t n;
};
/* What the genCA family gives: two PEM texts. */
struct cert_pair {
    struct str cert;
    struct str key;
};

#define NIL ((struct value){.kind = K_NIL})
struct value v_bool(bool b);
struct value v_int(int64_t i);
struct value v_int64(int64_t i);
struct value v_of_int(enum kind kind, int64_t i);
struct value v_float(double f);
struct value v_complex(double real, double imaginary);
struct value v_str(struct str s); /* borrows the bytes */
struct value v_dict(struct dict *d);
struct value v_list(enum kind kind, struct list *l);

enum kind_class v_class(struct value v);
const char *v_type(struct value v); /* the dynamic type */
/* The static type as error texts name it: "interface {}" for what came out of a dict or list. */
const char *v_static_type(struct value v);
bool v_is_list(struct value v);
bool v_is_map(struct value v);
bool v_is_integer(struct value v);
/* Go templates' truth: false, 0, "", empty, nil are false. */
bool v_true(struct value v);
size_t v_len(struct value v); /* bytes, elements or entries; 0 for the rest */
struct value v_at(struct value list, size_t i);
/* The same value, marked or not as read through an interface. */
struct value v_iface(struct value v);
struct value v_plain(struct value v);

struct dict *dict_new(struct work *w);
/* NULL if absent. */
struct value *dict_get(const struct dict *d, struct str key);
/* Sets; does not copy the key's bytes. False if the work has failed. */
bool dict_set(struct work *w, struct dict *d, struct str key, struct value value);
void dict_del(struct dict *d, struct str key);
struct dict *dict_copy(struct work *w, const struct dict *d);
/* A list of n nil values to fill; an empty, failed one if there is no room. Never NULL. */
struct list *list_new(struct work *w, size_t n);

/* reflect.DeepEqual: kinds must be the same all the way down; a nil list differs from an empty one.
 */
bool v_deep_equal(struct work *w, struct value a, struct value b);
/* Values that Go's == can compare (everything but lists and maps); false for other kinds. */
bool v_same(struct value a, struct value b);

#endif
