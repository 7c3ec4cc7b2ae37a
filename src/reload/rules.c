/* SPDX-License-Identifier: Apache-2.0
 *
 * Nearly every pattern that people write is a plain name. Those, and names with dots, are compared
 * by hand; only the rest costs a compiled regular expression, once per version of the workload.
 */
#include "reload/rules.h"

#include "base/num.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "codec/regex.h"

/* An annotation can be 256 KiB; nobody needs more pieces than this in one. */
enum { PIECES_MAX = 4096 };

/* The four values of one type, taken from one set of annotations. NULL: absent. */
struct choice {
    const struct json *list;
    const struct json *search;
    const struct json *auto_any;
    const struct json *auto_typed;
};

struct parser {
    struct arena *a;
    VEC(struct bad_pattern) bad;
};

static const struct json *get(const struct json *annotations, const char *key)
{
    return key[0] == '\0' ? NULL : json_get(annotations, key);
}

static struct choice choose(const struct reload_keys *keys, enum source_type type,
                            const struct json *annotations)
{
    return (struct choice){
        .list = get(annotations, keys->list[type]),
        .search = get(annotations, keys->search),
        .auto_any = get(annotations, keys->auto_any),
        .auto_typed = get(annotations, keys->auto_typed[type]),
    };
}

static bool any_present(const struct choice *c)
{
    return c->list || c->search || c->auto_any || c->auto_typed;
}

static bool unicode_space(uint32_t rune)
{
    return (rune >= '\t' && rune <= '\r') || rune == ' ' || rune == 0x85 || rune == 0xa0 ||
           rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200a) || rune == 0x2028 ||
           rune == 0x2029 || rune == 0x202f || rune == 0x205f || rune == 0x3000;
}

/* Without Unicode white space around it. */
static struct str trim(struct str s)
{
    uint32_t rune;
    size_t start = 0;
    for (size_t width; start < s.n; start += width) {
        width = utf8_decode(str_from(s, start), &rune, NULL);
        if (!unicode_space(rune)) {
            break;
        }
    }
    size_t end = start;
    for (size_t at = start, width; at < s.n; at += width) {
        width = utf8_decode(str_from(s, at), &rune, NULL);
        if (!unicode_space(rune)) {
            end = at + width;
        }
    }
    return str_sub(s, start, end);
}

static bool plain_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static bool only_plain_and_dots(struct str s, bool *dots)
{
    *dots = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.') {
            *dots = true;
        } else if (!plain_byte(s.p[i])) {
            return false;
        }
    }
    return true;
}

static bool parse_pattern(struct parser *p, struct str piece, struct pattern *out)
{
    bool dots;
    *out = (struct pattern){.text = arena_str(p->a, piece)};
    if (only_plain_and_dots(piece, &dots)) {
        out->kind = dots ? PATTERN_DOTS : PATTERN_NAME;
        return true;
    }
    AUTO(err_freep) struct err *err = NULL;
    struct str whole = arena_printf(p->a, "^(?:%.*s)$", STR_ARG(piece));
    out->kind = PATTERN_REGEX;
    out->regex = regex_new(whole, &err);
    if (!out->regex) {
        struct bad_pattern bad = {out->text, arena_str(p->a, str_c(err_msg(err)))};
        vec_push(&p->bad, bad);
        return false;
    }
    return true;
}

static void parse_list(struct parser *p, struct str text, struct rule *rule)
{
    VEC(struct pattern) list = {0};
    for (struct str rest = text, piece; list.n < PIECES_MAX && str_split(&rest, ',', &piece);) {
        struct pattern pattern;
        piece = trim(piece);
        if (piece.n > 0 && parse_pattern(p, piece, &pattern)) {
            vec_push(&list, pattern);
        }
    }
    rule->n_list = list.n;
    if (list.n > 0) {
        struct pattern *copy = arena_array(p->a, struct pattern, list.n);
        memcpy(copy, list.v, list.n * sizeof(*copy));
        rule->list = copy;
    }
    vec_done(&list);
}

static void parse_exclude(struct arena *a, struct str text, struct rule *rule)
{
    VEC(struct str) names = {0};
    for (struct str rest = text, piece; names.n < PIECES_MAX && str_split(&rest, ',', &piece);) {
        piece = trim(piece);
        if (piece.n > 0) {
            vec_push(&names, arena_str(a, piece));
        }
    }
    rule->n_exclude = names.n;
    if (names.n > 0) {
        struct str *copy = arena_array(a, struct str, names.n);
        memcpy(copy, names.v, names.n * sizeof(*copy));
        rule->exclude = copy;
    }
    vec_done(&names);
}

static bool go_bool(const struct json *value)
{
    bool b = false;
    return num_parse_bool(json_str(value), &b) && b;
}

static void parse_rule(struct parser *p, const struct reload_keys *keys, enum source_type type,
                       const struct json *workload, const struct json *pod_template,
                       struct rule *rule)
{
    struct choice c = choose(keys, type, workload);
    if (!any_present(&c)) {
        c = choose(keys, type, pod_template);
        rule->from_template = any_present(&c);
    }
    rule->search = str_eq(json_str(c.search), STR("true"));
    rule->auto_any = go_bool(c.auto_any);
    rule->auto_typed = go_bool(c.auto_typed);
    rule->auto_unset = json_str(c.auto_any).n == 0 && json_str(c.auto_typed).n == 0;
    parse_list(p, json_str(c.list), rule);
    parse_exclude(p->a, json_str(get(workload, keys->exclude[type])), rule);
}

void rules_parse(struct arena *a, const struct reload_keys *keys, const struct json *workload,
                 const struct json *pod_template, struct rules *out)
{
    struct parser p = {.a = a};
    *out = (struct rules){0};
    for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
        parse_rule(&p, keys, type, workload, pod_template, &out->by_type[type]);
    }
    if (p.bad.n > 0) {
        struct bad_pattern *bad = arena_array(a, struct bad_pattern, p.bad.n);
        memcpy(bad, p.bad.v, p.bad.n * sizeof(*bad));
        out->bad = bad;
        out->n_bad = p.bad.n;
    }
    vec_done(&p.bad);
}

void rules_done(struct rules *r)
{
    for (size_t type = 0; type < SOURCE_TYPES; type++) {
        for (size_t i = 0; i < r->by_type[type].n_list; i++) {
            regex_free(r->by_type[type].list[i].regex);
        }
    }
    *r = (struct rules){0};
}

struct source_marks rules_marks(const struct reload_keys *keys, const struct json *annotations)
{
    return (struct source_marks){
        .ignore = str_eq(json_str(get(annotations, keys->ignore)), STR("true")),
        .match = str_eq(json_str(get(annotations, keys->match)), STR("true")),
    };
}

static bool dots_match(struct str pattern, struct str name)
{
    if (pattern.n != name.n) {
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        if (pattern.p[i] != '.' && pattern.p[i] != name.p[i]) {
            return false;
        }
    }
    return true;
}

static bool pattern_match(const struct pattern *p, struct str name)
{
    switch (p->kind) {
    case PATTERN_NAME:
        return str_eq(p->text, name);
    case PATTERN_DOTS:
        return dots_match(p->text, name);
    case PATTERN_REGEX:
        return regex_match(p->regex, name);
    }
    return false;
}

static bool listed(const struct rule *rule, struct str name)
{
    for (size_t i = 0; i < rule->n_list; i++) {
        if (pattern_match(&rule->list[i], name)) {
            return true;
        }
    }
    return false;
}

static bool excluded(const struct rule *rule, struct str name)
{
    for (size_t i = 0; i < rule->n_exclude; i++) {
        if (str_eq(rule->exclude[i], name)) {
            return true;
        }
    }
    return false;
}

enum rule_step rules_decide(const struct rules *r, enum source_type type, struct str name,
                            struct source_marks marks, bool auto_reload_all)
{
    const struct rule *rule = &r->by_type[type];
    if (marks.ignore) {
        return STEP_IGNORED;
    }
    if (excluded(rule, name)) {
        return STEP_EXCLUDED;
    }
    if (listed(rule, name)) {
        return STEP_LISTED;
    }
    if (rule->search && marks.match) {
        return STEP_SEARCH;
    }
    if (rule->auto_any) {
        return STEP_AUTO;
    }
    if (rule->auto_typed) {
        return STEP_AUTO_TYPED;
    }
    return auto_reload_all && rule->auto_unset ? STEP_AUTO_ALL : STEP_NONE;
}

enum rule_step rules_could(const struct rules *r, enum source_type type, struct str name,
                           bool auto_reload_all)
{
    return rules_decide(r, type, name, (struct source_marks){.match = true}, auto_reload_all);
}

bool rules_active(const struct rules *r, bool auto_reload_all)
{
    for (size_t type = 0; type < SOURCE_TYPES; type++) {
        const struct rule *rule = &r->by_type[type];
        if (rule->n_list > 0 || rule->search || rule->auto_any || rule->auto_typed ||
            (auto_reload_all && rule->auto_unset)) {
            return true;
        }
    }
    return false;
}

bool rules_open(const struct rules *r, enum source_type type)
{
    const struct rule *rule = &r->by_type[type];
    for (size_t i = 0; i < rule->n_list; i++) {
        if (rule->list[i].kind != PATTERN_NAME) {
            return true;
        }
    }
    return false;
}

const char *rule_step_key(const struct reload_keys *keys, enum source_type type,
                          enum rule_step step)
{
    switch (step) {
    case STEP_NONE:
    case STEP_AUTO_ALL:
        return "";
    case STEP_IGNORED:
        return keys->ignore;
    case STEP_EXCLUDED:
        return keys->exclude[type];
    case STEP_LISTED:
        return keys->list[type];
    case STEP_SEARCH:
        return keys->search;
    case STEP_AUTO:
        return keys->auto_any;
    case STEP_AUTO_TYPED:
        return keys->auto_typed[type];
    }
    return "";
}
