/* SPDX-License-Identifier: Apache-2.0
 *
 * func: the table of functions that a template can call, and the few methods of values.
 *
 * A row says name, parameters, result, kind and one line of documentation; the caller
 * (template/eval.c) checks count and types of the arguments by the row, so that a function finds
 * what its row promises. docs/reference/template-functions.md is made from the rows.
 *
 * Parameter letters:  s string   i int   l int64   f float64   b bool   a anything
 *   d map[string]interface{} (a nil one has dict NULL)   L []interface{} (nil: list NULL)
 *   T time   D duration   V semantic version   C certificate pair
 *   u unsigned literal   h hash name (literal only)   * the last letter may repeat or be absent
 *
 * A function gets the arguments by value in order, the piped one last. It fails with work_fail and
 * then may return anything.
 */
#ifndef PAWL_TEMPLATE_FUNC_H
#define PAWL_TEMPLATE_FUNC_H

#include "template/value.h"

typedef struct value func_fn(struct work *w, const struct value *arg, size_t n);

enum func_group {
    F_LANGUAGE,
    F_ESO,
    F_CONVERT,
    F_FLOW,
    F_STRING,
    F_ENCODING,
    F_CRYPTO,
    F_DICT,
    F_LIST,
    F_MATH,
    F_PATH,
    F_DATE,
    F_REGEX,
    F_JSON,
    F_GROUPS,
};

struct func {
    const char *name;
    const char *params;
    const char *result;
    enum func_group group;
    func_fn *fn;
    const char *doc;
    size_t cost;   /* extra steps: about one per 100 ns */
    size_t weight; /* how many times the usual a byte of its arguments costs; 0: once */
};

struct method {
    enum kind kind;
    const char *name;
    const char *params;
    func_fn *fn; /* arg[0] is the value itself */
};

enum { FUNC_SHORT_CIRCUIT_NONE, FUNC_AND, FUNC_OR };

/* NULL if there is none. */
const struct func *func_find(struct str name);
/* A text that explains why a function that exists elsewhere does not here; NULL for plain unknown
 * ones. */
const char *func_refused(struct str name);
const struct method *method_find(enum kind kind, struct str name);
/* 0, FUNC_AND or FUNC_OR: these two evaluate their arguments one by one. */
int func_short_circuit(const struct func *f);

/* Rows in the order of their names, for generated pages and tests. */
size_t func_count(void);
const struct func *func_row(size_t i);
const char *func_group_name(enum func_group group);
/* Appends docs/reference/template-functions.md. */
void func_page(struct buf *out);

#endif
