/* SPDX-License-Identifier: Apache-2.0
 *
 * Regular expressions. The pattern comes first and the subject second, also where there is a third
 * argument, so that a piped value is the replacement or the limit.
 */
#include "codec/regex.h"

#include "template/func_lib.h"

/* The two families fail with different texts: "regexp: Compile(`[`): error ..." and the bare error.
 */
static struct regex *compile(struct work *w, struct str pattern, bool bare)
{
    struct err *err = NULL;
    struct regex *re = work_step(w, 200 + pattern.n) ? regex_new(pattern, &err) : NULL;
    if (!re && !w->failed) {
        if (!bare) {
            err_wrap(&err, "regexp: Compile(`%.*s`)", STR_ARG(pattern));
        }
        (void)fail_err(w, err);
    }
    return re;
}

static bool charge(struct work *w, struct str subject)
{
    return work_step(w, subject.n / 4);
}

FN(f_match)
{
    AUTO(regex_freep) struct regex *re = NULL;
    if (work_step(w, 200 + arg[0].s.n)) {
        re = regex_new(arg[0].s, NULL);
    }
    return v_bool(re && charge(w, arg[1].s) && regex_match(re, arg[1].s));
}

FN(f_must_match)
{
    AUTO(regex_freep) struct regex *re = compile(w, arg[0].s, true);
    return v_bool(re && charge(w, arg[1].s) && regex_match(re, arg[1].s));
}

static struct value find(struct work *w, const struct value *arg, bool bare)
{
    AUTO(regex_freep) struct regex *re = compile(w, arg[0].s, bare);
    struct str match;
    if (!re || !charge(w, arg[1].s) || !regex_find(re, arg[1].s, &match)) {
        return v_str(STR_EMPTY);
    }
    return v_str(match);
}

FN(f_find)
{
    return find(w, arg, false);
}

FN(f_must_find)
{
    return find(w, arg, true);
}

typedef size_t parts_fn(const struct regex *re, struct str s, int64_t limit, struct arena *a,
                        struct str **out);

/* A list of parts; nil where the original has no list. */
static struct value parts(struct work *w, const struct value *arg, parts_fn *fn, bool bare)
{
    enum { PART_COST = 32 }; /* bytes that a part needs, of which there is one per byte at worst */
    AUTO(regex_freep) struct regex *re = compile(w, arg[0].s, bare);
    if (!re || !charge(w, arg[1].s) || !work_reserve(w, arg[1].s.n + 1, PART_COST)) {
        return NIL;
    }
    struct str *v = NULL;
    size_t n = fn(re, arg[1].s, arg[2].i, &w->arena, &v);
    bool nil = n == 0 && (fn == regex_find_all || arg[2].i == 0);
    return nil ? v_list(K_STRLIST, NULL) : strings_value(w, v, n);
}

FN(f_find_all)
{
    return parts(w, arg, regex_find_all, false);
}

FN(f_must_find_all)
{
    return parts(w, arg, regex_find_all, true);
}

FN(f_split)
{
    return parts(w, arg, regex_split, false);
}

FN(f_must_split)
{
    return parts(w, arg, regex_split, true);
}

typedef void replace_fn(const struct regex *re, struct str s, struct str replacement,
                        struct buf *out);

static struct value replace(struct work *w, const struct value *arg, replace_fn *fn, bool bare)
{
    AUTO(regex_freep) struct regex *re = compile(w, arg[0].s, bare);
    if (!re || !charge(w, arg[1].s)) {
        return NIL;
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    fn(re, arg[1].s, arg[2].s, &b);
    return result(w, &b);
}

FN(f_replace_all)
{
    return replace(w, arg, regex_replace_all, false);
}

FN(f_must_replace_all)
{
    return replace(w, arg, regex_replace_all, true);
}

FN(f_replace_all_literal)
{
    return replace(w, arg, regex_replace_all_literal, false);
}

FN(f_must_replace_all_literal)
{
    return replace(w, arg, regex_replace_all_literal, true);
}

FN(f_quote_meta)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    regex_quote_meta(arg[0].s, &b);
    return result(w, &b);
}

static const struct func rows[] = {
    {"mustRegexFind", "ss", "string", F_REGEX, f_must_find, "As regexFind.", 0},
    {"mustRegexFindAll", "ssi", "list of string", F_REGEX, f_must_find_all, "As regexFindAll.", 0},
    {"mustRegexMatch", "ss", "bool", F_REGEX, f_must_match,
     "As regexMatch; a bad pattern is an error.", 0},
    {"mustRegexReplaceAll", "sss", "string", F_REGEX, f_must_replace_all, "As regexReplaceAll.", 0},
    {"mustRegexReplaceAllLiteral", "sss", "string", F_REGEX, f_must_replace_all_literal,
     "As regexReplaceAllLiteral.", 0},
    {"mustRegexSplit", "ssi", "list of string", F_REGEX, f_must_split, "As regexSplit.", 0},
    {"regexFind", "ss", "string", F_REGEX, f_find, "The first match: pattern, text.", 0},
    {"regexFindAll", "ssi", "list of string", F_REGEX, f_find_all,
     "At most so many matches (all if negative): pattern, text, number.", 0},
    {"regexMatch", "ss", "bool", F_REGEX, f_match,
     "Does the text match anywhere? false for a bad pattern.", 0},
    {"regexQuoteMeta", "s", "string", F_REGEX, f_quote_meta,
     "A pattern that matches the text itself.", 0},
    {"regexReplaceAll", "sss", "string", F_REGEX, f_replace_all,
     "Matches replaced, $1 and ${name} standing for groups: pattern, text, replacement.", 0},
    {"regexReplaceAllLiteral", "sss", "string", F_REGEX, f_replace_all_literal,
     "Matches replaced by the text as it is: pattern, text, replacement.", 0},
    {"regexSplit", "ssi", "list of string", F_REGEX, f_split,
     "At most so many parts between matches (all if negative): pattern, text, number.", 0},
};
const struct func_table functions_regex = FUNC_TABLE(rows);
