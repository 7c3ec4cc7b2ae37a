/* SPDX-License-Identifier: Apache-2.0 */
#include "template/tree.h"

#include <math.h>

#include "base/datetime.h"
#include "base/gotext.h"
#include "base/num.h"
#include "codec/semver.h"
#include "template/gotime.h"

struct writer {
    struct work *w;
    struct buf *out;
    enum tree_flags flags;
    struct err **err;
};

static int write_value(struct writer *t, struct value v, int depth);

static void write_string(struct writer *t, struct str s)
{
    json_write_string(t->out, s, t->flags & TREE_HTML ? JSON_WRITE_HTML : JSON_WRITE_PLAIN);
}

static void newline(struct writer *t, int depth)
{
    if (t->flags & TREE_PRETTY) {
        buf_add_byte(t->out, '\n');
        buf_add_repeat(t->out, ' ', 2 * (size_t)depth);
    }
}

static int write_list(struct writer *t, struct value v, int depth)
{
    if (!v.list) {
        buf_add_c(t->out, "null");
        return 0;
    }
    buf_add_byte(t->out, '[');
    for (size_t i = 0; i < v.list->n; i++) {
        buf_add_c(t->out, i > 0 ? "," : "");
        newline(t, depth + 1);
        if (write_value(t, v.list->v[i], depth + 1) != 0) {
            return -1;
        }
    }
    if (v.list->n > 0) {
        newline(t, depth);
    }
    buf_add_byte(t->out, ']');
    return 0;
}

static int write_member(struct writer *t, struct str key, struct value v, bool first, int depth)
{
    buf_add_c(t->out, first ? "" : ",");
    newline(t, depth);
    write_string(t, key);
    buf_add_c(t->out, t->flags & TREE_PRETTY ? ": " : ":");
    return write_value(t, v, depth);
}

static int write_map(struct writer *t, struct value v, int depth)
{
    if (!v.dict) {
        buf_add_c(t->out, "null");
        return 0;
    }
    buf_add_byte(t->out, '{');
    for (size_t i = 0; i < v.dict->n; i++) {
        if (write_member(t, v.dict->v[i].key, v.dict->v[i].value, i == 0, depth + 1) != 0) {
            return -1;
        }
    }
    if (v.dict->n > 0) {
        newline(t, depth);
    }
    buf_add_byte(t->out, '}');
    return 0;
}

static int write_time(struct writer *t, const struct gotime *time)
{
    int year = gotime_fields(time).year;
    if (year < 0 || year > 9999) {
        return err_set(t->err, ERR_INVALID,
                       "json: error calling MarshalJSON for type time.Time: year outside of range "
                       "[0,9999]");
    }
    buf_add_byte(t->out, '"');
    gotime_format(t->out, time, STR("2006-01-02T15:04:05.999999999Z07:00"));
    buf_add_byte(t->out, '"');
    return 0;
}

static int write_other(struct writer *t, struct value v, int depth)
{
    if (v.kind == K_TIME) {
        return write_time(t, v.time);
    }
    if (v.kind == K_SEMVER) {
        AUTO(buf_done) struct buf b = BUF_INIT_WIPE(65536);
        semver_print(&b, v.semver);
        write_string(t, buf_str(&b));
        return 0;
    }
    buf_add_byte(t->out, '{');
    if (write_member(t, STR("Cert"), v_str(v.cert->cert), true, depth + 1) != 0 ||
        write_member(t, STR("Key"), v_str(v.cert->key), false, depth + 1) != 0) {
        return -1;
    }
    newline(t, depth);
    buf_add_byte(t->out, '}');
    return 0;
}

static int write_float(struct writer *t, double f)
{
    if (!isfinite(f)) {
        return err_set(t->err, ERR_INVALID, "json: unsupported value: %s",
                       isnan(f) ? "NaN"
                       : f > 0  ? "+Inf"
                                : "-Inf");
    }
    go_float(t->out, f, 'j');
    return 0;
}

enum { FLOAT_COST = 15 }; /* the shortest digits that read back the same */

static int write_value(struct writer *t, struct value v, int depth)
{
    if (depth > WORK_DEPTH) {
        work_fail_limit(t->w, "depth");
    }
    if (!work_step(t->w, 2) || !buf_ok(t->out)) {
        return err_set(t->err, ERR_LIMIT, "json: the value is too large");
    }
    switch (v_class(v)) {
    case C_NONE:
        buf_add_c(t->out, "null");
        return 0;
    case C_BOOL:
        buf_add_c(t->out, v.b ? "true" : "false");
        return 0;
    case C_INT:
        buf_addf(t->out, "%lld", (long long)v.i);
        return 0;
    case C_UINT:
        buf_addf(t->out, "%llu", (unsigned long long)v.i);
        return 0;
    case C_FLOAT:
        (void)work_step(t->w, FLOAT_COST);
        return write_float(t, v.f);
    case C_STRING:
        write_string(t, v.s);
        return 0;
    case C_LIST:
        return write_list(t, v, depth);
    case C_MAP:
        return write_map(t, v, depth);
    case C_COMPLEX:
        return err_set(t->err, ERR_INVALID, "json: unsupported type: complex128");
    case C_OTHER:
        return write_other(t, v, depth);
    }
    return 0;
}

int tree_to_json(struct work *w, struct buf *out, struct value v, enum tree_flags flags,
                 struct err **err)
{
    struct writer t = {w, out, flags, err};
    return write_value(&t, v, 0);
}

/* ---- reading ---- */

static int read_list(struct work *w, const struct json *j, struct value *out, struct err **err)
{
    struct list *l = list_new(w, j->n);
    for (size_t i = 0; i < l->n; i++) {
        if (tree_from_node(w, j->items[i], &l->v[i], err) != 0) {
            return -1;
        }
    }
    *out = v_list(K_LIST, l);
    return 0;
}

static int read_object(struct work *w, const struct json *j, struct value *out, struct err **err)
{
    struct dict *d = dict_new(w);
    for (size_t i = 0; i < j->n; i++) {
        struct value v;
        if (tree_from_node(w, j->members[i].value, &v, err) != 0) {
            return -1;
        }
        if (!dict_set(w, d, j->members[i].key, v)) {
            return err_set(err, ERR_LIMIT, "json: the document is too large");
        }
    }
    *out = v_dict(d);
    return 0;
}

int tree_from_node(struct work *w, const struct json *j, struct value *out, struct err **err)
{
    double f;
    *out = NIL;
    if (!work_step(w, 1)) {
        return err_set(err, ERR_LIMIT, "json: the document is too large");
    }
    switch (j->type) {
    case JSON_NULL:
        return 0;
    case JSON_BOOL:
        *out = v_bool(j->boolean);
        return 0;
    case JSON_STRING:
        *out = v_str(j->text);
        return 0;
    case JSON_NUMBER:
        if (!num_parse_double(j->text, &f) || !isfinite(f)) {
            err_set(err, ERR_PARSE,
                    "json: cannot unmarshal number %.*s into Go value of type float64",
                    STR_ARG(j->text));
            return 0;
        }
        *out = v_float(f);
        return 0;
    case JSON_ARRAY:
        return read_list(w, j, out, err);
    case JSON_OBJECT:
        return read_object(w, j, out, err);
    }
    return 0;
}

int tree_from_json(struct work *w, struct str text, struct value *out, struct err **err)
{
    enum { NODE_COST = 48 }; /* bytes of memory for a byte of text, at worst */
    if (!work_reserve(w, text.n, NODE_COST)) {
        return err_set(err, ERR_LIMIT, "json: the document is too large");
    }
    const struct json *j = json_parse(&w->arena, text, JSON_PLAIN, err);
    struct err *number = NULL;
    if (!j || tree_from_node(w, j, out, &number) != 0) {
        return j ? err_move(err, &number) : -1;
    }
    return number ? err_move(err, &number) : 0;
}
