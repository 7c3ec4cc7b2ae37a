/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists. None of these changes its argument. Where the original gives a nil slice instead of an
 * empty one, the list pointer is NULL: it marshals to null.
 */
#include "template/func_lib.h"

/* A list argument; nil and other types are errors with the name of the function. */
static bool want_list(struct work *w, struct value v, const char *what)
{
    if (v_is_list(v)) {
        return true;
    }
    if (v.kind == K_NIL) {
        (void)fail_nil(w);
        return false;
    }
    return work_fail(w, "Cannot %s type %s", what, kinds[v.kind].kind);
}

static struct value nil_list(void)
{
    return v_list(K_LIST, NULL);
}

/* Elements from..to (exclusive) as a new list of any. */
static struct list *part(struct work *w, struct value v, size_t from, size_t to)
{
    struct list *l = list_new(w, to - from);
    for (size_t i = 0; i < l->n; i++) {
        l->v[i] = v_plain(v_at(v, from + i));
    }
    return l;
}

FN(f_list)
{
    struct list *l = list_new(w, n);
    for (size_t i = 0; i < l->n; i++) {
        l->v[i] = v_plain(arg[i]);
    }
    return v_list(K_LIST, l);
}

FN(f_first)
{
    if (!want_list(w, arg[0], "find first on")) {
        return NIL;
    }
    return v_len(arg[0]) ? v_plain(v_at(arg[0], 0)) : NIL;
}

FN(f_last)
{
    if (!want_list(w, arg[0], "find last on")) {
        return NIL;
    }
    size_t length = v_len(arg[0]);
    return length ? v_plain(v_at(arg[0], length - 1)) : NIL;
}

FN(f_rest)
{
    if (!want_list(w, arg[0], "find rest on")) {
        return NIL;
    }
    size_t length = v_len(arg[0]);
    return length ? v_list(K_LIST, part(w, arg[0], 1, length)) : nil_list();
}

FN(f_initial)
{
    if (!want_list(w, arg[0], "find initial on")) {
        return NIL;
    }
    size_t length = v_len(arg[0]);
    return length ? v_list(K_LIST, part(w, arg[0], 0, length - 1)) : nil_list();
}

static struct value with_element(struct work *w, struct value list, struct value v, bool front)
{
    size_t length = v_len(list);
    struct list *l = list_new(w, length + 1);
    for (size_t i = 0; i < l->n; i++) {
        size_t from = i - front;
        l->v[i] = (front ? i == 0 : i == length) ? v_plain(v) : v_plain(v_at(list, from));
    }
    return v_list(K_LIST, l);
}

FN(f_append)
{
    return want_list(w, arg[0], "push on") ? with_element(w, arg[0], arg[1], false) : NIL;
}

FN(f_prepend)
{
    return want_list(w, arg[0], "prepend on") ? with_element(w, arg[0], arg[1], true) : NIL;
}

FN(f_concat)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        if (arg[i].kind == K_NIL) {
            return fail_nil(w);
        }
        if (!v_is_list(arg[i])) {
            return fail_value(w, "Cannot concat type %s as list", kinds[arg[i].kind].kind);
        }
        total += v_len(arg[i]);
    }
    if (total == 0) {
        return nil_list();
    }
    struct list *l = list_new(w, total);
    size_t at = 0;
    for (size_t i = 0; i < n && l->n > 0; i++) {
        for (size_t k = 0; k < v_len(arg[i]); k++) {
            l->v[at++] = v_plain(v_at(arg[i], k));
        }
    }
    return v_list(K_LIST, l);
}

FN(f_reverse)
{
    if (!want_list(w, arg[0], "find reverse on")) {
        return NIL;
    }
    size_t length = v_len(arg[0]);
    struct list *l = list_new(w, length);
    for (size_t i = 0; i < l->n; i++) {
        l->v[i] = v_plain(v_at(arg[0], length - 1 - i));
    }
    return v_list(K_LIST, l);
}

static bool in_list(struct work *w, const struct value *v, size_t n, struct value needle)
{
    for (size_t i = 0; i < n && !w->failed; i++) {
        if (v_deep_equal(w, v[i], needle)) {
            return true;
        }
    }
    return false;
}

/* The elements for which keep says so. */
static struct value filter(struct work *w, struct value list,
                           bool (*keep)(struct work *, struct value, const struct list *kept,
                                        const struct value *arg, size_t n),
                           const struct value *arg, size_t n)
{
    struct list *l = list_new(w, v_len(list));
    size_t room = l->n;
    l->n = 0;
    for (size_t i = 0; i < room && !w->failed; i++) {
        struct value v = v_plain(v_at(list, i));
        if (keep(w, v, l, arg, n)) {
            l->v[l->n++] = v;
        }
    }
    return v_list(K_LIST, l);
}

#define KEEP(name)                                                                                 \
    static bool name(UNUSED struct work *w, struct value v, UNUSED const struct list *kept,        \
                     UNUSED const struct value *arg, UNUSED size_t n)

KEEP(keep_new)
{
    return !in_list(w, kept->v, kept->n, v);
}

KEEP(keep_others)
{
    return !in_list(w, arg, n, v);
}

KEEP(keep_full)
{
    return v_true(v);
}

FN(f_uniq)
{
    return want_list(w, arg[0], "find uniq on") ? filter(w, arg[0], keep_new, NULL, 0) : NIL;
}

FN(f_without)
{
    return want_list(w, arg[0], "find without on") ? filter(w, arg[0], keep_others, arg + 1, n - 1)
                                                   : NIL;
}

FN(f_compact)
{
    return want_list(w, arg[0], "compact on") ? filter(w, arg[0], keep_full, NULL, 0) : NIL;
}

FN(f_has)
{
    if (arg[1].kind == K_NIL) {
        return v_bool(false);
    }
    if (!want_list(w, arg[1], "find has on")) {
        return NIL;
    }
    return v_bool(arg[1].list && in_list(w, arg[1].list->v, arg[1].list->n, arg[0]));
}

FN(f_slice)
{
    if (arg[0].kind == K_NIL) {
        return fail_nil(w);
    }
    if (!v_is_list(arg[0])) {
        return fail_value(w, "list should be type of slice or array but %s",
                          kinds[arg[0].kind].kind);
    }
    int64_t length = (int64_t)v_len(arg[0]);
    if (length == 0) {
        return NIL;
    }
    int64_t from = n > 1 ? to_int64(arg[1]) : 0;
    int64_t to = n > 2 ? to_int64(arg[2]) : length;
    if (from < 0 || to < from || to > length) {
        return fail_value(w, "reflect.Value.Slice: slice index out of bounds");
    }
    struct list *l = arena_new(&w->arena, struct list);
    *l = (struct list){arg[0].list->v + from, (size_t)(to - from)};
    return v_list(arg[0].kind, l);
}

FN(f_chunk)
{
    int64_t size = arg[0].i;
    if (!want_list(w, arg[1], "chunk")) {
        return NIL;
    }
    size_t length = v_len(arg[1]);
    if (size < -1 && length == 1) { /* what the original's arithmetic makes of it */
        size = 1;
    } else if (size < 0 && length > 1 && length - 1 <= 0 - (uint64_t)size) {
        return v_list(K_LISTLIST, list_new(w, 0));
    }
    if (size <= 0) {
        return fail_value(w, "runtime error: makeslice: len out of range");
    }
    size_t step = (size_t)size;
    struct list *l = list_new(w, length == 0 ? 0 : (length - 1) / step + 1);
    for (size_t i = 0; i < l->n; i++) {
        size_t to = i + 1 < l->n ? (i + 1) * step : length;
        l->v[i] = v_list(K_LIST, part(w, arg[1], i * step, to));
    }
    return v_list(K_LISTLIST, l);
}

static int compare_texts(const void *a, const void *b)
{
    return str_cmp(((const struct value *)a)->s, ((const struct value *)b)->s);
}

FN(f_sort_alpha)
{
    struct list *l;
    if (arg[0].kind == K_NIL) {
        l = list_new(w, 1);
        if (l->n > 0) {
            l->v[0] = v_str(STR("<nil>"));
        }
    } else {
        l = to_strings(w, arg[0]);
    }
    if (l->n > 1 && work_step(w, l->n)) {
        qsort(l->v, l->n, sizeof(*l->v), compare_texts);
    }
    return v_list(K_STRLIST, l);
}

/* ---- numbers in a row ---- */

/* How many steps there are from start to before stop. */
static size_t step_count(int64_t start, int64_t stop, int64_t step)
{
    if (step == 0) {
        return 0;
    }
    if ((stop < start) != (step < 0) || start == stop) {
        return 0;
    }
    uint64_t distance =
        stop > start ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
    uint64_t stride = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
    return (size_t)((distance - 1) / stride + 1);
}

static struct list *steps(struct work *w, int64_t start, int64_t stop, int64_t step)
{
    size_t n = step_count(start, stop, step);
    struct list *l = arena_new(&w->arena, struct list);
    if (work_reserve(w, n, sizeof(*l->v))) {
        l = list_new(w, n);
    }
    for (size_t i = 0; i < l->n; i++) {
        l->v[i] = v_int((int64_t)((uint64_t)start + i * (uint64_t)step));
    }
    return l;
}

FN(f_until)
{
    return v_list(K_INTLIST, steps(w, 0, arg[0].i, arg[0].i < 0 ? -1 : 1));
}

FN(f_until_step)
{
    return v_list(K_INTLIST, steps(w, arg[0].i, arg[1].i, arg[2].i));
}

FN(f_seq)
{
    if (n == 0 || n > 3) {
        return v_str(STR_EMPTY);
    }
    int64_t start = n == 1 ? 1 : arg[0].i;
    int64_t end = arg[n - 1].i;
    int64_t direction = end < start ? -1 : 1;
    int64_t step = n == 3 ? arg[1].i : direction;
    if (direction < 0 && step > 0) {
        return v_str(STR_EMPTY);
    }
    int64_t stop = (int64_t)((uint64_t)end + (uint64_t)direction);
    const struct list *l = steps(w, start, stop, step);
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    for (size_t i = 0; i < l->n && buf_ok(&b); i++) {
        buf_addf(&b, i > 0 ? " %lld" : "%lld", (long long)l->v[i].i);
    }
    return result(w, &b);
}

static const struct func rows[] = {
    {"append", "aa", "list", F_LIST, f_append, "The list with one more element at the end.", 0},
    {"chunk", "ia", "list of lists", F_LIST, f_chunk, "The list in pieces of this many elements.",
     0},
    {"compact", "a", "list", F_LIST, f_compact, "Without empty elements.", 0},
    {"concat", "a*", "list", F_LIST, f_concat, "The elements of all lists in one.", 0},
    {"first", "a", "any", F_LIST, f_first, "The first element; nil of an empty list.", 0},
    {"has", "aa", "bool", F_LIST, f_has, "Is the first argument an element of the list?", 0},
    {"initial", "a", "list", F_LIST, f_initial, "All but the last element.", 0},
    {"last", "a", "any", F_LIST, f_last, "The last element; nil of an empty list.", 0},
    {"list", "a*", "list", F_LIST, f_list, "A list of the arguments.", 0},
    {"mustAppend", "aa", "list", F_LIST, f_append, "As append.", 0},
    {"mustChunk", "ia", "list of lists", F_LIST, f_chunk, "As chunk.", 0},
    {"mustCompact", "a", "list", F_LIST, f_compact, "As compact.", 0},
    {"mustFirst", "a", "any", F_LIST, f_first, "As first.", 0},
    {"mustHas", "aa", "bool", F_LIST, f_has, "As has.", 0},
    {"mustInitial", "a", "list", F_LIST, f_initial, "As initial.", 0},
    {"mustLast", "a", "any", F_LIST, f_last, "As last.", 0},
    {"mustPrepend", "aa", "list", F_LIST, f_prepend, "As prepend.", 0},
    {"mustPush", "aa", "list", F_LIST, f_append, "As append.", 0},
    {"mustRest", "a", "list", F_LIST, f_rest, "As rest.", 0},
    {"mustReverse", "a", "list", F_LIST, f_reverse, "As reverse.", 0},
    {"mustSlice", "aa*", "list", F_LIST, f_slice, "As slice.", 0},
    {"mustUniq", "a", "list", F_LIST, f_uniq, "As uniq.", 0},
    {"mustWithout", "aa*", "list", F_LIST, f_without, "As without.", 0},
    {"prepend", "aa", "list", F_LIST, f_prepend, "The list with one more element at the front.", 0},
    {"push", "aa", "list", F_LIST, f_append, "As append.", 0},
    {"rest", "a", "list", F_LIST, f_rest, "All but the first element.", 0},
    {"reverse", "a", "list", F_LIST, f_reverse, "The elements in reverse order.", 0},
    {"seq", "i*", "string", F_LIST, f_seq,
     "Numbers joined with blanks: end; start end; start step end.", 0},
    {"slice", "aa*", "list", F_LIST, f_slice, "Elements from the first to before the second index.",
     0},
    {"sortAlpha", "a", "list of string", F_LIST, f_sort_alpha,
     "The elements as texts, sorted bytewise.", 0},
    {"tuple", "a*", "list", F_LIST, f_list, "As list.", 0},
    {"uniq", "a", "list", F_LIST, f_uniq, "Without repeated elements.", 0},
    {"until", "i", "list of int", F_LIST, f_until, "The numbers from 0 to before this one.", 0},
    {"untilStep", "iii", "list of int", F_LIST, f_until_step,
     "The numbers from start to before stop by step.", 0},
    {"without", "aa*", "list", F_LIST, f_without,
     "Without the elements that equal one of the others.", 0},
};
const struct func_table functions_list = FUNC_TABLE(rows);
