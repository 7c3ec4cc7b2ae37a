/* SPDX-License-Identifier: Apache-2.0
 *
 * Dicts. set, unset and the merges change their argument in place, which every holder of the dict
 * sees. keys and values are sorted by key here, where the original has a random order.
 */
#include "template/func_lib.h"

static struct value fail_nil_map(struct work *w)
{
    return fail_value(w, "assignment to entry in nil map");
}

FN(f_dict)
{
    struct dict *d = dict_new(w);
    for (size_t i = 0; i < n && !w->failed; i += 2) {
        struct value v = i + 1 < n ? arg[i + 1] : v_str(STR_EMPTY);
        dict_set(w, d, gofmt_text(w, arg[i]), v);
    }
    return v_dict(d);
}

FN(f_get)
{
    const struct value *v = dict_get(arg[0].dict, arg[1].s);
    return v ? *v : v_str(STR_EMPTY);
}

FN(f_set)
{
    if (!arg[0].dict) {
        return fail_nil_map(w);
    }
    dict_set(w, arg[0].dict, arg[1].s, arg[2]);
    return arg[0];
}

FN(f_unset)
{
    dict_del(arg[0].dict, arg[1].s);
    return arg[0];
}

FN(f_has_key)
{
    return v_bool(dict_get(arg[0].dict, arg[1].s) != NULL);
}

FN(f_pluck)
{
    struct list *l = list_new(w, n - 1);
    size_t room = l->n;
    l->n = 0;
    for (size_t i = 1; i <= room; i++) {
        const struct value *v = dict_get(arg[i].dict, arg[0].s);
        if (v) {
            l->v[l->n++] = *v;
        }
    }
    return v_list(K_LIST, l);
}

FN(f_keys)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += v_len(arg[i]);
    }
    struct list *l = list_new(w, total);
    size_t at = 0;
    for (size_t i = 0; i < n && l->n > 0; i++) {
        for (size_t k = 0; k < v_len(arg[i]); k++) {
            l->v[at++] = v_str(arg[i].dict->v[k].key);
        }
    }
    return v_list(K_STRLIST, l);
}

FN(f_values)
{
    struct list *l = list_new(w, v_len(arg[0]));
    for (size_t i = 0; i < l->n; i++) {
        l->v[i] = arg[0].dict->v[i].value;
    }
    return v_list(K_LIST, l);
}

FN(f_pick)
{
    struct dict *d = dict_new(w);
    for (size_t i = 1; i < n; i++) {
        const struct value *v = dict_get(arg[0].dict, arg[i].s);
        if (v) {
            dict_set(w, d, arg[i].s, *v);
        }
    }
    return v_dict(d);
}

FN(f_omit)
{
    struct dict *d = dict_copy(w, arg[0].dict);
    for (size_t i = 1; i < n; i++) {
        dict_del(d, arg[i].s);
    }
    return v_dict(d);
}

FN(f_dig)
{
    if (n < 3) {
        return fail_value(w, "dig needs at least three arguments");
    }
    struct value v = arg[n - 1];
    for (size_t i = 0; v.kind == K_DICT && i + 2 < n; i++) {
        if (arg[i].kind != K_STRING) {
            return fail_value(w, "interface conversion: interface {} is %s, not string",
                              arg[i].kind == K_NIL ? "nil" : v_type(arg[i]));
        }
    }
    for (size_t i = 0; i + 2 < n; i++) {
        if (v.kind != K_DICT) {
            return fail_value(w,
                              "interface conversion: interface {} is %s, not "
                              "map[string]interface {}",
                              v.kind == K_NIL ? "nil" : v_type(v));
        }
        const struct value *found = dict_get(v.dict, arg[i].s);
        if (!found) {
            return arg[n - 2];
        }
        v = *found;
    }
    return v;
}

/* ---- merging ---- */

static void merge(struct work *w, struct value to, struct value from, bool overwrite, int depth);

static void merge_entry(struct work *w, struct value to, struct value from, const struct entry *e,
                        bool overwrite, int depth)
{
    struct value *had = dict_get(to.dict, e->key);
    bool set = overwrite;
    if (e->value.kind != K_NIL) {
        bool maps = had && v_is_map(*had) && v_is_map(e->value);
        if (maps && had->dict && v_len(*had) + v_len(e->value) > 0) {
            merge(w, *had, e->value, overwrite, depth + 1);
            return;
        }
        set = set || !had || !v_true(*had);
    }
    if (set && to.kind == K_STRMAP && from.kind == K_DICT) {
        work_fail(w, "reflect.Value.SetMapIndex: value of type interface {} is not assignable to "
                     "type string");
    } else if (set) {
        dict_set(w, to.dict, e->key, e->value);
    }
}

/* overwrite: the right one wins. Otherwise an empty value on the left counts as absent. */
static void merge(struct work *w, struct value to, struct value from, bool overwrite, int depth)
{
    if (depth > WORK_DEPTH) {
        work_fail_limit(w, "depth");
    }
    bool same = from.dict == to.dict;
    for (size_t i = 0; !same && i < v_len(from) && work_step(w, 1); i++) {
        struct entry e = from.dict->v[i];
        merge_entry(w, to, from, &e, overwrite, depth);
    }
}

static struct value merge_all(struct work *w, const struct value *arg, size_t n, bool overwrite)
{
    struct value to = arg[0];
    for (size_t i = 1; i < n && !w->failed; i++) {
        if (!to.dict && arg[i].dict) {
            to = v_dict(dict_new(w));
        }
        merge(w, to, arg[i], overwrite, 0);
    }
    return to;
}

FN(f_merge)
{
    return merge_all(w, arg, n, false);
}

FN(f_merge_overwrite)
{
    return merge_all(w, arg, n, true);
}

static const struct func rows[] = {
    {"dict", "a*", "dict", F_DICT, f_dict, "A dict of keys and values in turn.", 0},
    {"dig", "a*", "any", F_DICT, f_dig,
     "Follows keys through nested dicts: keys, then the default, then the dict.", 0},
    {"get", "ds", "any", F_DICT, f_get, "The value of a key, \"\" if it is absent.", 0},
    {"hasKey", "ds", "bool", F_DICT, f_has_key, "Is the key there?", 0},
    {"keys", "d*", "list of string", F_DICT, f_keys, "The keys of all dicts, sorted within each.",
     0},
    {"merge", "dd*", "dict", F_DICT, f_merge,
     "Adds to the first dict what it lacks, nested dicts included.", 0},
    {"mergeOverwrite", "dd*", "dict", F_DICT, f_merge_overwrite, "As merge, but later dicts win.",
     0},
    {"mustMerge", "dd*", "dict", F_DICT, f_merge, "As merge.", 0},
    {"mustMergeOverwrite", "dd*", "dict", F_DICT, f_merge_overwrite, "As mergeOverwrite.", 0},
    {"omit", "ds*", "dict", F_DICT, f_omit, "A copy without these keys.", 0},
    {"pick", "ds*", "dict", F_DICT, f_pick, "A copy with these keys only.", 0},
    {"pluck", "sd*", "list", F_DICT, f_pluck, "The values of one key in several dicts.", 0},
    {"set", "dsa", "dict", F_DICT, f_set, "Sets a key and gives the same dict.", 0},
    {"unset", "ds", "dict", F_DICT, f_unset, "Removes a key and gives the same dict.", 0},
    {"values", "d", "list", F_DICT, f_values, "The values, in the order of their keys.", 0},
};
const struct func_table functions_dict = FUNC_TABLE(rows);
