/* SPDX-License-Identifier: Apache-2.0
 *
 * func_lib: what the files of functions (func_*.c) share. Each exports one table of rows.
 */
#ifndef PAWL_TEMPLATE_FUNC_LIB_H
#define PAWL_TEMPLATE_FUNC_LIB_H

#include "base/err.h"
#include "template/func.h"
#include "template/gofmt.h"

struct func_table {
    const struct func *rows;
    size_t n;
};
#define FUNC_TABLE(rows)                                                                           \
    {                                                                                              \
        rows, COUNT_OF(rows)                                                                       \
    }

extern const struct func_table functions_language;
extern const struct func_table functions_eso;
extern const struct func_table functions_convert;
extern const struct func_table functions_flow;
extern const struct func_table functions_string;
extern const struct func_table functions_words;
extern const struct func_table functions_encoding;
extern const struct func_table functions_crypto;
extern const struct func_table functions_cert;
extern const struct func_table functions_dict;
extern const struct func_table functions_list;
extern const struct func_table functions_math;
extern const struct func_table functions_path;
extern const struct func_table functions_date;
extern const struct func_table functions_regex;
extern const struct func_table functions_json;
extern const struct func_table functions_semver;

/* Few functions look at all three. */
#define FN(name)                                                                                   \
    static struct value name(UNUSED struct work *w, UNUSED const struct value *arg, UNUSED size_t n)

/* A buffer for a result, with what is left of the memory as its ceiling. */
#define RESULT_BUF(w) BUF_INIT_WIPE(work_room(w))
/* Moves a buffer's text onto the arena. */
struct value result(struct work *w, const struct buf *b);
/* Fails, for `return fail_value(...)`. */
struct value fail_value(struct work *w, const char *fmt, ...) PRINTF(2, 3);
/* Fails with the text of err and frees it. */
struct value fail_err(struct work *w, struct err *err);
/* What a nil dereference in the original gives. */
struct value fail_nil(struct work *w);

/* Numbers from anything, as sprig converts: never an error, 0 for what is no number. */
int64_t to_int64(struct value v);
double to_float64(struct value v);
/* The elements as texts, nil ones left out; a scalar is one element; nil none. */
struct list *to_strings(struct work *w, struct value v);
/* A list from views of text. */
struct value strings_value(struct work *w, const struct str *v, size_t n);
/* Deep copy of lists and dicts. */
struct value copy_value(struct work *w, struct value v, int depth);

#endif
