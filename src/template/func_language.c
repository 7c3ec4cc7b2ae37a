/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions that belong to the language: comparison, logic, index, printing and escaping.
 */
#include "base/utf8.h"
#include "codec/unicode.h"
#include "template/func_lib.h"

/* ---- comparison ---- */

static bool both_integers(enum kind_class a, enum kind_class b)
{
    return (a == C_INT && b == C_UINT) || (a == C_UINT && b == C_INT);
}

static int compare_integers(struct value a, struct value b)
{
    bool a_high = v_class(a) == C_UINT && a.i < 0; /* above INT64_MAX */
    bool b_high = v_class(b) == C_UINT && b.i < 0;
    if (a_high != b_high) {
        return a_high ? 1 : -1;
    }
    return (a.i > b.i) - (a.i < b.i);
}

static bool is_basic(enum kind_class c)
{
    return c == C_BOOL || c == C_INT || c == C_UINT || c == C_FLOAT || c == C_COMPLEX ||
           c == C_STRING;
}

/* A nil list or map counts as nil here. */
static bool is_nil(struct value v)
{
    return v.kind == K_NIL || (v_is_list(v) && !v.list) || (v_is_map(v) && !v.dict);
}

static bool fail_compare(struct work *w, const char *what, struct value a, struct value b)
{
    return work_fail(w, "%s: %s and %s", what, v_type(a), v_type(b));
}

static bool equal(struct work *w, struct value a, struct value b)
{
    enum kind_class ca = v_class(a);
    enum kind_class cb = v_class(b);
    if (is_basic(ca) && is_basic(cb)) {
        if (ca == C_INT || ca == C_UINT) {
            if (ca == cb || both_integers(ca, cb)) {
                return compare_integers(a, b) == 0;
            }
        } else if (ca == cb) {
            return v_same(a, b);
        }
        return fail_compare(w, "incompatible types for comparison", a, b);
    }
    if (a.kind == K_NIL || b.kind == K_NIL) {
        return is_nil(a) && is_nil(b);
    }
    if (is_basic(ca) || is_basic(cb)) {
        return fail_compare(w, "incompatible types for comparison", a, b);
    }
    if (strcmp(kinds[a.kind].kind, kinds[b.kind].kind) != 0) {
        return fail_compare(w, "non-comparable types", a, b);
    }
    if (is_nil(a) || is_nil(b)) {
        return is_nil(a) && is_nil(b);
    }
    if (v_is_list(b) || v_is_map(b)) {
        return work_fail(w, "non-comparable type: %s", v_type(b));
    }
    return v_same(a, b);
}

/* -1, 0, 1, or 2 where an operand is NaN. */
static int order(struct work *w, struct value a, struct value b)
{
    enum kind_class ca = v_class(a);
    enum kind_class cb = v_class(b);
    if (!is_basic(ca) || !is_basic(cb) || (ca == C_COMPLEX && cb == C_COMPLEX)) {
        work_fail(w, "invalid type for comparison");
        return 2;
    }
    if (both_integers(ca, cb)) {
        return compare_integers(a, b);
    }
    if (ca != cb) {
        fail_compare(w, "incompatible types for comparison", a, b);
        return 2;
    }
    switch (ca) {
    case C_INT:
    case C_UINT:
        return compare_integers(a, b);
    case C_FLOAT:
        return a.f < b.f ? -1 : a.f > b.f ? 1 : a.f == b.f ? 0 : 2;
    case C_STRING: {
        int c = str_cmp(a.s, b.s);
        return (c > 0) - (c < 0);
    }
    default:
        work_fail(w, "invalid type for comparison");
        return 2;
    }
}

FN(f_eq)
{
    if (n == 1) {
        return fail_value(w, "missing argument for comparison");
    }
    for (size_t i = 1; i < n && !w->failed; i++) {
        if (equal(w, arg[0], arg[i])) {
            return v_bool(true);
        }
    }
    return v_bool(false);
}

FN(f_ne)
{
    return v_bool(!equal(w, arg[0], arg[1]));
}

FN(f_lt)
{
    return v_bool(order(w, arg[0], arg[1]) == -1);
}

static bool less_or_equal(struct work *w, const struct value *arg)
{
    int o = order(w, arg[0], arg[1]);
    return o == -1 || o == 0;
}

FN(f_le)
{
    return v_bool(less_or_equal(w, arg));
}

FN(f_gt)
{
    return v_bool(!less_or_equal(w, arg));
}

FN(f_ge)
{
    return v_bool(order(w, arg[0], arg[1]) != -1);
}

FN(f_not)
{
    return v_bool(!v_true(arg[0]));
}

/* and, or: evaluated by template/eval.c. */
FN(f_lazy)
{
    return NIL;
}

/* ---- len, index, call ---- */

FN(f_len)
{
    if (arg[0].kind == K_NIL) {
        return fail_value(w, "len of nil pointer");
    }
    if (arg[0].kind != K_STRING && !v_is_list(arg[0]) && !v_is_map(arg[0])) {
        return fail_value(w, "len of type %s", v_type(arg[0]));
    }
    return v_int((int64_t)v_len(arg[0]));
}

static struct value index_place(struct work *w, struct value v, struct value at)
{
    if (at.kind == K_NIL) {
        return fail_value(w, "cannot index slice/array with nil");
    }
    if (!v_is_integer(at)) {
        return fail_value(w, "cannot index slice/array with type %s", v_type(at));
    }
    if (at.i < 0 || (uint64_t)at.i >= v_len(v)) {
        return fail_value(w, "index out of range: %lld", (long long)at.i);
    }
    if (v.kind == K_STRING) {
        return v_of_int(K_UINT8, (unsigned char)v.s.p[at.i]);
    }
    return v_at(v, (size_t)at.i);
}

static struct value index_key(struct work *w, struct value v, struct value key)
{
    if (key.kind == K_NIL) {
        return fail_value(w, "value is nil; should be of type string");
    }
    if (key.kind != K_STRING) {
        return fail_value(w, "value has type %s; should be string", v_type(key));
    }
    const struct value *found = dict_get(v.dict, key.s);
    if (found) {
        return v.kind == K_DICT ? v_iface(*found) : *found;
    }
    return v.kind == K_DICT ? v_iface(NIL) : v_str(STR_EMPTY);
}

FN(f_index)
{
    struct value v = arg[0];
    if (v.kind == K_NIL && !v.iface) {
        return fail_value(w, "index of untyped nil");
    }
    for (size_t i = 1; i < n && !w->failed; i++) {
        if (v.kind == K_STRING || v_is_list(v)) {
            v = index_place(w, v, arg[i]);
        } else if (v_is_map(v)) {
            v = index_key(w, v, arg[i]);
        } else if (v.kind == K_NIL) {
            return fail_value(w, "index of nil pointer");
        } else {
            return fail_value(w, "can't index item of type %s", v_type(v));
        }
    }
    return v;
}

FN(f_call)
{
    if (arg[0].kind == K_NIL) {
        return fail_value(w, "call of nil");
    }
    return fail_value(w, "non-function of type %s", v_type(arg[0]));
}

/* ---- printing ---- */

FN(f_print)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    gofmt_sprint(w, &b, arg, n);
    return result(w, &b);
}

FN(f_println)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    gofmt_sprintln(w, &b, arg, n);
    return result(w, &b);
}

FN(f_printf)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    gofmt_printf(w, &b, arg[0].s, arg + 1, n - 1);
    return result(w, &b);
}

/* ---- escaping: what print would give, made safe ---- */

static struct str sprint_args(struct work *w, const struct value *arg, size_t n, struct buf *b)
{
    if (n == 1 && arg[0].kind == K_STRING) {
        return arg[0].s;
    }
    struct value *printable = work_alloc(w, n, sizeof(struct value));
    for (size_t i = 0; printable && i < n; i++) {
        printable[i] = arg[i].kind == K_NIL ? v_str(STR("<no value>")) : arg[i];
    }
    if (printable) {
        gofmt_sprint(w, b, printable, n);
    }
    return buf_str(b);
}

FN(f_html)
{
    AUTO(buf_done) struct buf text = RESULT_BUF(w);
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct str s = sprint_args(w, arg, n, &text);
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '\0':
            buf_add_rune(&b, UTF8_REPLACEMENT);
            break;
        case '"':
            buf_add_c(&b, "&#34;");
            break;
        case '\'':
            buf_add_c(&b, "&#39;");
            break;
        case '&':
            buf_add_c(&b, "&amp;");
            break;
        case '<':
            buf_add_c(&b, "&lt;");
            break;
        case '>':
            buf_add_c(&b, "&gt;");
            break;
        default:
            buf_add_byte(&b, s.p[i]);
            break;
        }
    }
    return result(w, &b);
}

static void js_rune(struct buf *b, uint32_t rune, struct str bytes)
{
    bool ascii = rune < 0x80;
    if (rune == '\\' || rune == '\'' || rune == '"') {
        buf_addf(b, "\\%c", (char)rune);
    } else if (ascii ? rune >= 0x20 && !strchr("<>&=", (int)rune) : unicode_is_print(rune)) {
        buf_add_str(b, bytes);
    } else {
        buf_addf(b, "\\u%04X", rune);
    }
}

FN(f_js)
{
    AUTO(buf_done) struct buf text = RESULT_BUF(w);
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct str s = sprint_args(w, arg, n, &text);
    while (s.n > 0) {
        uint32_t rune;
        size_t width = utf8_decode(s, &rune, NULL);
        js_rune(&b, rune, str_head(s, width));
        s = str_from(s, width);
    }
    return result(w, &b);
}

FN(f_urlquery)
{
    AUTO(buf_done) struct buf text = RESULT_BUF(w);
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct str s = sprint_args(w, arg, n, &text);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool keep = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    c == '-' || c == '_' || c == '.' || c == '~';
        if (keep || c == ' ') {
            buf_add_byte(&b, keep ? (char)c : '+');
        } else {
            buf_addf(&b, "%%%02X", c);
        }
    }
    return result(w, &b);
}

static const struct func rows[] = {
    {"and", "aa*", "any", F_LANGUAGE, f_lazy,
     "The first argument that is empty, or the last one; those after it are not evaluated.", 0},
    {"call", "aa*", "any", F_LANGUAGE, f_call,
     "Calls a function value. There are none, so this always fails.", 0},
    {"eq", "aa*", "bool", F_LANGUAGE, f_eq, "Is the first argument equal to any of the others?", 0},
    {"ge", "aa", "bool", F_LANGUAGE, f_ge, "Greater or equal; strings bytewise.", 0},
    {"gt", "aa", "bool", F_LANGUAGE, f_gt, "Greater.", 0},
    {"html", "a*", "string", F_LANGUAGE, f_html,
     "The arguments as print gives them, escaped for HTML.", 0, 4},
    {"index", "aa*", "any", F_LANGUAGE, f_index,
     "Element of a list, a map or (as a byte's number) a string; an absent key gives the zero "
     "value.",
     0},
    {"js", "a*", "string", F_LANGUAGE, f_js,
     "The arguments as print gives them, escaped for a JavaScript string.", 0, 6},
    {"le", "aa", "bool", F_LANGUAGE, f_le, "Less or equal.", 0},
    {"len", "a", "int", F_LANGUAGE, f_len, "Bytes of a string, elements of a list or map.", 0},
    {"lt", "aa", "bool", F_LANGUAGE, f_lt, "Less.", 0},
    {"ne", "aa", "bool", F_LANGUAGE, f_ne, "Not equal.", 0},
    {"not", "a", "bool", F_LANGUAGE, f_not, "Is the argument empty?", 0},
    {"or", "aa*", "any", F_LANGUAGE, f_lazy,
     "The first argument that is not empty, or the last one; those after it are not evaluated.", 0},
    {"print", "a*", "string", F_LANGUAGE, f_print,
     "The arguments as text, a blank between two that are not strings.", 0},
    {"printf", "sa*", "string", F_LANGUAGE, f_printf, "Formats with Go's verbs.", 0},
    {"println", "a*", "string", F_LANGUAGE, f_println,
     "The arguments as text, blanks between, a newline at the end.", 0},
    {"urlquery", "a*", "string", F_LANGUAGE, f_urlquery,
     "The arguments as print gives them, escaped for the query of a URL.", 0},
};
const struct func_table functions_language = FUNC_TABLE(rows);
