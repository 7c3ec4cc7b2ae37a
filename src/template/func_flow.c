/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversions, defaults and choices.
 */
#include "codec/gonum.h"
#include "codec/semver.h"
#include "template/func_lib.h"

FN(f_to_string)
{
    return v_str(gofmt_text(w, arg[0]));
}

FN(f_to_strings)
{
    return v_list(K_STRLIST, to_strings(w, arg[0]));
}

FN(f_int)
{
    return v_int(to_int64(arg[0]));
}

FN(f_int64)
{
    return v_int64(to_int64(arg[0]));
}

FN(f_float64)
{
    return v_float(to_float64(arg[0]));
}

FN(f_atoi)
{
    int64_t v;
    (void)gonum_parse_int(arg[0].s, 10, &v);
    return v_int(v);
}

FN(f_to_decimal)
{
    int64_t v;
    if (gonum_parse_int(gofmt_text(w, arg[0]), 8, &v) != GONUM_OK) {
        v = 0;
    }
    return v_int64(v);
}

FN(f_type_of)
{
    return v_str(str_c(v_type(arg[0])));
}

FN(f_kind_of)
{
    return v_str(str_c(kinds[arg[0].kind].kind));
}

FN(f_type_is)
{
    return v_bool(str_eq_c(arg[0].s, v_type(arg[1])));
}

FN(f_type_is_like)
{
    struct str type = str_c(v_type(arg[1]));
    struct str wanted = arg[0].s;
    return v_bool(str_eq(wanted, type) ||
                  (type.n > 0 && type.p[0] == '*' && str_eq(wanted, str_from(type, 1))));
}

FN(f_kind_is)
{
    return v_bool(str_eq_c(arg[0].s, kinds[arg[1].kind].kind));
}

FN(f_deep_equal)
{
    return v_bool(v_deep_equal(w, arg[0], arg[1]));
}

FN(f_deep_copy)
{
    if (arg[0].kind == K_NIL) {
        return fail_value(w, "reflect: call of reflect.Value.Type on zero Value");
    }
    if (arg[0].kind == K_SEMVER) { /* its fields are private: the original copies none */
        struct semver *zero = arena_new(&w->arena, struct semver);
        return (struct value){.kind = K_SEMVER, .semver = zero};
    }
    return copy_value(w, arg[0], 0);
}

FN(f_default)
{
    return n < 2 || !v_true(arg[1]) ? arg[0] : arg[1];
}

FN(f_empty)
{
    return v_bool(!v_true(arg[0]));
}

FN(f_coalesce)
{
    for (size_t i = 0; i < n; i++) {
        if (v_true(arg[i])) {
            return arg[i];
        }
    }
    return NIL;
}

static bool any_is(const struct value *arg, size_t n, bool truth)
{
    for (size_t i = 0; i < n; i++) {
        if (v_true(arg[i]) == truth) {
            return true;
        }
    }
    return false;
}

FN(f_all)
{
    return v_bool(!any_is(arg, n, false));
}

FN(f_any)
{
    return v_bool(any_is(arg, n, true));
}

FN(f_ternary)
{
    return arg[2].b ? arg[0] : arg[1];
}

FN(f_fail)
{
    return fail_value(w, "%.*s", STR_ARG(arg[0].s));
}

FN(f_hello)
{
    return v_str(STR("Hello!"));
}

static const struct func convert_rows[] = {
    {"atoi", "s", "int", F_CONVERT, f_atoi, "A decimal integer from text; 0 if it is none.", 0},
    {"deepCopy", "a", "any", F_CONVERT, f_deep_copy,
     "A copy that shares nothing with the original.", 0},
    {"deepEqual", "aa", "bool", F_CONVERT, f_deep_equal,
     "Equal in type and content, all the way down.", 0},
    {"float64", "a", "float64", F_CONVERT, f_float64, "A float from anything; 0 if it is none.", 0},
    {"int", "a", "int", F_CONVERT, f_int,
     "An integer from anything (text with Go's prefixes 0x, 0o, 0b, 0); 0 if it is none.", 0},
    {"int64", "a", "int64", F_CONVERT, f_int64, "As int, with the type int64.", 0},
    {"kindIs", "sa", "bool", F_CONVERT, f_kind_is,
     "Is this the kind (string, int, map, slice ...) of the value?", 0},
    {"kindOf", "a", "string", F_CONVERT, f_kind_of, "The kind of the value.", 0},
    {"mustDeepCopy", "a", "any", F_CONVERT, f_deep_copy, "As deepCopy.", 0},
    {"toDecimal", "a", "int64", F_CONVERT, f_to_decimal,
     "Reads the text of the value as an octal number.", 0},
    {"toString", "a", "string", F_CONVERT, f_to_string, "The value as text, as print shows it.", 0},
    {"toStrings", "a", "list of string", F_CONVERT, f_to_strings,
     "The elements as texts, nil ones left out.", 0},
    {"typeIs", "sa", "bool", F_CONVERT, f_type_is, "Is this the Go type of the value?", 0},
    {"typeIsLike", "sa", "bool", F_CONVERT, f_type_is_like,
     "As typeIs; also true for a pointer to the type.", 0},
    {"typeOf", "a", "string", F_CONVERT, f_type_of, "The Go type of the value.", 0},
};
const struct func_table functions_convert = FUNC_TABLE(convert_rows);

static const struct func flow_rows[] = {
    {"all", "a*", "bool", F_FLOW, f_all, "Is no argument empty?", 0},
    {"any", "a*", "bool", F_FLOW, f_any, "Is any argument not empty?", 0},
    {"coalesce", "a*", "any", F_FLOW, f_coalesce, "The first argument that is not empty.", 0},
    {"default", "aa*", "any", F_FLOW, f_default,
     "The second argument, or the first if that is empty (false, 0, \"\", an empty list or map, "
     "nil).",
     0},
    {"empty", "a", "bool", F_FLOW, f_empty, "Is the value empty?", 0},
    {"fail", "s", "none", F_FLOW, f_fail, "Ends the rendering with this text as the error.", 0},
    {"hello", "", "string", F_FLOW, f_hello, "Hello!", 0},
    {"ternary", "aab", "any", F_FLOW, f_ternary,
     "The first argument if the last one is true, else the second.", 0},
};
const struct func_table functions_flow = FUNC_TABLE(flow_rows);
