/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a value passes a query.
 */
#include "base/utf8.h"
#include "codec/json_path_priv.h"

/* ---- wildcards ---- */

static uint32_t take_rune(struct str *s)
{
    uint32_t rune;
    *s = str_from(*s, utf8_decode(*s, &rune, NULL));
    return rune;
}

/* One element of the pattern (no star) against one character. */
static bool match_one(struct str *s, struct str *pattern)
{
    struct str rest = *pattern;
    uint32_t wanted = take_rune(&rest);
    bool any = wanted == '?';
    if (s->n == 0) {
        return false;
    }
    if (wanted == '\\') {
        if (rest.n == 0) {
            return false;
        }
        wanted = take_rune(&rest);
    }
    struct str left = *s;
    if (take_rune(&left) != wanted && !any) {
        return false;
    }
    *s = left;
    *pattern = rest;
    return true;
}

/* The usual way with one point to come back to: where the last star stands, it can always take one
 * more character, and stars before it need not be tried again. */
bool jp_wildcard(struct str s, struct str pattern)
{
    struct str star_pattern = {0};
    struct str star_text = {0};
    bool starred = false;
    for (;;) {
        if (pattern.n > 0 && pattern.p[0] == '*') {
            starred = true;
            pattern = str_from(pattern, 1);
            star_pattern = pattern;
            star_text = s;
        } else if (pattern.n == 0 && s.n == 0) {
            return true;
        } else if (pattern.n == 0 || !match_one(&s, &pattern)) {
            if (!starred || star_text.n == 0) {
                return false;
            }
            (void)take_rune(&star_text);
            s = star_text;
            pattern = star_pattern;
        }
    }
}

/* ---- truth ---- */

static bool word_is(struct str text, const char *const words[3])
{
    for (size_t i = 0; i < 3; i++) {
        if (str_ieq(text, str_c(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool falseish(struct jp *jp, const struct jp_value *v)
{
    static const char *const words[3] = {"0", "f", "false"};
    return v->type == JP_NULL || v->type == JP_FALSE ||
           (v->type == JP_NUMBER && jp_number(v->raw) == 0) ||
           (v->type == JP_STRING && word_is(jp_unescape(jp, v->inner), words));
}

/* "~true" and its like: the value counts as a boolean. False for an unknown word. */
static bool to_truth(struct jp *jp, struct str word, const struct jp_value *v, bool *truth)
{
    if (str_eq(word, STR("*"))) {
        *truth = jp_exists(v);
    } else if (str_eq(word, STR("null"))) {
        *truth = v->type == JP_NULL;
    } else if (str_eq(word, STR("true"))) {
        *truth = jp_bool(jp, v);
    } else if (str_eq(word, STR("false"))) {
        *truth = falseish(jp, v);
    } else {
        return false;
    }
    return true;
}

/* ---- comparing ---- */

/* Whether an order (<0, 0, >0) is what the operator asks for. */
static bool order_passes(struct str op, int order)
{
    static const struct {
        struct str op;
        bool less, equal, greater;
    } rows[] = {
        {STR_INIT("="), false, true, false}, {STR_INIT("!="), true, false, true},
        {STR_INIT("<"), true, false, false}, {STR_INIT("<="), true, true, false},
        {STR_INIT(">"), false, false, true}, {STR_INIT(">="), false, true, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (str_eq(op, rows[i].op)) {
            return order < 0 ? rows[i].less : order > 0 ? rows[i].greater : rows[i].equal;
        }
    }
    return false;
}

static bool string_passes(struct str op, struct str text, struct str wanted)
{
    if (str_eq(op, STR("%"))) {
        return jp_wildcard(text, wanted);
    }
    if (str_eq(op, STR("!%"))) {
        return !jp_wildcard(text, wanted);
    }
    return order_passes(op, str_cmp(text, wanted));
}

static bool number_passes(struct str op, double value, double wanted)
{
    if (value != value || wanted != wanted) {
        return str_eq(op, STR("!="));
    }
    return order_passes(op, value < wanted ? -1 : value > wanted);
}

/* true is greater than false; something that is neither differs, but has no place in the order. */
static bool bool_passes(struct str op, bool value, struct str wanted)
{
    bool is_true = str_eq(wanted, STR("true"));
    bool known = is_true || str_eq(wanted, STR("false"));
    if (str_eq(op, value ? STR(">=") : STR("<="))) {
        return true;
    }
    if (str_eq(op, value ? STR("<=") : STR(">="))) {
        return false;
    }
    return known ? order_passes(op, value - is_true) : str_eq(op, STR("!="));
}

bool jp_query_matches(struct jp *jp, const struct jp_query *query, const struct jp_value *value)
{
    struct str wanted = query->value;
    struct jp_value v = *value;
    if (wanted.n > 0 && wanted.p[0] == '~') {
        bool truth;
        if (!to_truth(jp, str_from(wanted, 1), value, &truth)) {
            return false;
        }
        v = (struct jp_value){.type = truth ? JP_TRUE : JP_FALSE};
        wanted = STR("true");
    }
    if (!jp_exists(&v)) {
        return false;
    }
    if (query->op.n == 0) {
        return true;
    }
    switch (v.type) {
    case JP_STRING:
        return string_passes(query->op, jp_unescape(jp, v.inner), wanted);
    case JP_NUMBER:
        return number_passes(query->op, jp_number(v.raw), jp_number(wanted));
    case JP_TRUE:
    case JP_FALSE:
        return bool_passes(query->op, v.type == JP_TRUE, wanted);
    case JP_NULL:
    case JP_JSON:
        break;
    }
    return false;
}
