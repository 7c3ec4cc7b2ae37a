/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/semver.h"

#include "base/num.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

/* Identifiers joined by dots, none of them empty. */
static struct str take_identifiers(struct str *s)
{
    size_t n = 0;
    while (n < s->n && (is_identifier(s->p[n]) || (s->p[n] == '.' && n > 0 && s->p[n - 1] != '.' &&
                                                   n + 1 < s->n && is_identifier(s->p[n + 1])))) {
        n++;
    }
    struct str taken = str_head(*s, n);
    *s = str_from(*s, n);
    return taken;
}

static bool pre_ok(struct str pre)
{
    for (struct str rest = pre, part; str_split(&rest, '.', &part);) {
        if (part.n > 1 && part.p[0] == '0' && all_digits(part)) {
            return false;
        }
    }
    return true;
}

/* ---- versions ---- */

static bool take_number(struct str *s, uint64_t *out)
{
    size_t n = 0;
    while (n < s->n && is_digit(s->p[n])) {
        n++;
    }
    struct str digits = str_head(*s, n);
    *s = str_from(*s, n);
    return num_parse_u64(digits, out);
}

static bool parse(struct str text, struct semver *v)
{
    *v = (struct semver){.original = text};
    struct str s = text;
    if (s.n > 0 && s.p[0] == 'v') {
        s = str_from(s, 1);
    }
    uint64_t *const parts[] = {&v->major, &v->minor, &v->patch};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (i > 0) {
            if (s.n == 0 || s.p[0] != '.') {
                break;
            }
            s = str_from(s, 1);
        }
        if (!take_number(&s, parts[i])) {
            return false;
        }
    }
    if (s.n > 0 && s.p[0] == '-') {
        s = str_from(s, 1);
        v->pre = take_identifiers(&s);
        if (v->pre.n == 0 || !pre_ok(v->pre)) {
            return false;
        }
    }
    if (s.n > 0 && s.p[0] == '+') {
        s = str_from(s, 1);
        v->metadata = take_identifiers(&s);
        if (v->metadata.n == 0) {
            return false;
        }
    }
    return s.n == 0;
}

int semver_parse(struct str text, struct semver *out, struct err **err)
{
    if (!parse(text, out)) {
        return err_set(err, ERR_PARSE, "invalid semantic version");
    }
    return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Numeric identifiers by value and below the others; those bytewise. */
static int compare_identifiers(struct str a, struct str b)
{
    uint64_t x;
    uint64_t y;
    bool a_number = all_digits(a) && num_parse_u64(a, &x);
    bool b_number = all_digits(b) && num_parse_u64(b, &y);
    if (a_number && b_number) {
        return compare_numbers(x, y);
    }
    if (a_number != b_number) {
        return a_number ? -1 : 1;
    }
    return str_cmp(a, b);
}

static int compare_pre(struct str a, struct str b)
{
    if (a.n == 0 || b.n == 0) { /* a release is above its pre-releases */
        return (a.n == 0) - (b.n == 0);
    }
    struct str part_a;
    struct str part_b;
    for (;;) {
        bool has_a = str_split(&a, '.', &part_a);
        bool has_b = str_split(&b, '.', &part_b);
        if (!has_a || !has_b) {
            return has_a - has_b;
        }
        int order = compare_identifiers(part_a, part_b);
        if (order != 0) {
            return order;
        }
    }
}

int semver_compare(const struct semver *a, const struct semver *b)
{
    int order = compare_numbers(a->major, b->major);
    order = order ? order : compare_numbers(a->minor, b->minor);
    order = order ? order : compare_numbers(a->patch, b->patch);
    return order ? order : compare_pre(a->pre, b->pre);
}

bool semver_identical(const struct semver *a, const struct semver *b)
{
    return semver_compare(a, b) == 0 && str_eq(a->metadata, b->metadata) &&
           str_eq(a->original, b->original);
}

void semver_print(struct buf *out, const struct semver *v)
{
    buf_addf(out, "%llu.%llu.%llu", (unsigned long long)v->major, (unsigned long long)v->minor,
             (unsigned long long)v->patch);
    if (v->pre.n > 0) {
        buf_addf(out, "-%.*s", STR_ARG(v->pre));
    }
    if (v->metadata.n > 0) {
        buf_addf(out, "+%.*s", STR_ARG(v->metadata));
    }
}

/* ---- constraints ---- */

enum operator{
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_GREATER,
    OP_LESS,
    OP_GREATER_EQUAL,
    OP_LESS_EQUAL,
    OP_TILDE,
    OP_CARET
};

/* Which parts were wildcards or absent. */
enum dirt { CLEAN, DIRTY_MAJOR, DIRTY_MINOR, DIRTY_PATCH };

struct constraint {
    enum operator op;
    bool implicit; /* no operator was written */
    enum dirt dirt;
    struct semver version;
};

static const struct {
    struct str text;
    enum operator op;
} operators[] = {
    {STR_INIT("!="), OP_NOT_EQUAL},     {STR_INIT(">="), OP_GREATER_EQUAL},
    {STR_INIT("=>"), OP_GREATER_EQUAL}, {STR_INIT("<="), OP_LESS_EQUAL},
    {STR_INIT("=<"), OP_LESS_EQUAL},    {STR_INIT("~>"), OP_TILDE},
    {STR_INIT("="), OP_EQUAL},          {STR_INIT(">"), OP_GREATER},
    {STR_INIT("<"), OP_LESS},           {STR_INIT("~"), OP_TILDE},
    {STR_INIT("^"), OP_CARET},          {STR_INIT(""), OP_EQUAL},
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool skip_space(struct str *s)
{
    size_t n = 0;
    while (n < s->n && is_space(s->p[n])) {
        n++;
    }
    *s = str_from(*s, n);
    return n > 0;
}

static enum operator take_operator(struct str *s, bool *implicit)
{
    for (size_t i = 0;; i++) {
        if (str_starts(*s, operators[i].text)) {
            *s = str_from(*s, operators[i].text.n);
            *implicit = operators[i].text.n == 0;
            return operators[i].op;
        }
    }
}

static bool is_wildcard(struct str s)
{
    return s.n == 0 || str_eq(s, STR("*")) || str_eq(s, STR("x")) || str_eq(s, STR("X"));
}

/* A run of digits and wildcard letters. */
static struct str take_part(struct str *s)
{
    size_t n = 0;
    while (n < s->n && (is_digit(s->p[n]) || (s->p[n] && strchr("xX*|", s->p[n])))) {
        n++;
    }
    struct str part = str_head(*s, n);
    *s = str_from(*s, n);
    return part;
}

static bool take_version(struct str *s, struct constraint *c)
{
    struct str parts[3] = {0};
    c->version = (struct semver){.original = *s};
    if (s->n > 0 && s->p[0] == 'v') {
        *s = str_from(*s, 1);
    }
    for (int i = 0; i < 3; i++) {
        if (i > 0 && (s->n < 2 || s->p[0] != '.')) {
            break;
        }
        *s = str_from(*s, i > 0);
        parts[i] = take_part(s);
        if (parts[i].n == 0) {
            return false;
        }
    }
    if (s->n > 1 && s->p[0] == '-' && is_identifier(s->p[1])) {
        *s = str_from(*s, 1);
        c->version.pre = take_identifiers(s);
    }
    if (s->n > 1 && s->p[0] == '+' && is_identifier(s->p[1])) {
        *s = str_from(*s, 1);
        c->version.metadata = take_identifiers(s);
    }
    c->dirt = is_wildcard(parts[0])   ? DIRTY_MAJOR
              : is_wildcard(parts[1]) ? DIRTY_MINOR
              : is_wildcard(parts[2]) ? DIRTY_PATCH
                                      : CLEAN;
    uint64_t *const numbers[] = {&c->version.major, &c->version.minor, &c->version.patch};
    size_t known = c->dirt == CLEAN ? 3 : (size_t)c->dirt - 1;
    for (size_t i = 0; i < known; i++) {
        if (!num_parse_u64(parts[i], numbers[i])) {
            return false;
        }
    }
    return pre_ok(c->version.pre);
}

static bool take_constraint(struct str *s, struct constraint *c)
{
    (void)skip_space(s);
    c->op = take_operator(s, &c->implicit);
    (void)skip_space(s);
    return take_version(s, c);
}

static bool is_tilde(const struct constraint *c, const struct semver *v)
{
    const struct semver *want = &c->version;
    if (semver_compare(v, want) < 0) {
        return false;
    }
    bool partial = c->dirt == DIRTY_MINOR || c->dirt == DIRTY_PATCH;
    if (want->major == 0 && want->minor == 0 && want->patch == 0 && !partial) {
        return true;
    }
    return v->major == want->major && (v->minor == want->minor || c->dirt == DIRTY_MINOR);
}

static bool is_not_equal(const struct constraint *c, const struct semver *v)
{
    const struct semver *want = &c->version;
    if (c->dirt == CLEAN || v->major != want->major) {
        return semver_compare(v, want) != 0;
    }
    if (c->dirt == DIRTY_MINOR) {
        return false;
    }
    if (v->minor != want->minor) {
        return true;
    }
    if (c->dirt == DIRTY_PATCH) {
        return compare_pre(v->pre, want->pre) != 0;
    }
    return semver_compare(v, want) != 0;
}

static bool is_greater(const struct constraint *c, const struct semver *v)
{
    const struct semver *want = &c->version;
    if (c->dirt == CLEAN || v->major != want->major) {
        return semver_compare(v, want) > 0;
    }
    if (c->dirt == DIRTY_MINOR) { /* >11 needs 12 */
        return false;
    }
    return c->dirt == DIRTY_PATCH ? v->minor > want->minor : semver_compare(v, want) > 0;
}

static bool is_less_equal(const struct constraint *c, const struct semver *v)
{
    const struct semver *want = &c->version;
    if (c->dirt == CLEAN) {
        return semver_compare(v, want) <= 0;
    }
    return v->major < want->major ||
           (v->major == want->major && (v->minor <= want->minor || c->dirt == DIRTY_MINOR));
}

static bool is_caret(const struct constraint *c, const struct semver *v)
{
    const struct semver *want = &c->version;
    if (semver_compare(v, want) < 0) {
        return false;
    }
    if (want->major > 0 || c->dirt == DIRTY_MINOR) {
        return v->major == want->major;
    }
    if (v->major > 0) {
        return false;
    }
    if (want->minor > 0 || c->dirt == DIRTY_PATCH) {
        return v->minor == want->minor;
    }
    return v->minor == 0 && v->patch == want->patch;
}

static bool satisfies(const struct constraint *c, const struct semver *v)
{
    switch (c->op) {
    case OP_EQUAL:
        return c->dirt ? is_tilde(c, v) : semver_compare(v, &c->version) == 0;
    case OP_NOT_EQUAL:
        return is_not_equal(c, v);
    case OP_GREATER:
        return is_greater(c, v);
    case OP_LESS:
        return semver_compare(v, &c->version) < 0;
    case OP_GREATER_EQUAL:
        return semver_compare(v, &c->version) >= 0;
    case OP_LESS_EQUAL:
        return is_less_equal(c, v);
    case OP_TILDE:
        return is_tilde(c, v);
    case OP_CARET:
        return is_caret(c, v);
    }
    return false;
}

/* "A - B" after the first version: blanks, a minus, blanks. */
static bool take_hyphen(struct str *s)
{
    struct str rest = *s;
    if (!skip_space(&rest) || rest.n < 2 || rest.p[0] != '-' || !is_space(rest.p[1])) {
        return false;
    }
    *s = str_from(rest, 1);
    return true;
}

/* One group of constraints that must all hold. False if it is malformed. */
static bool check_group(struct str s, const struct semver *v, bool *ok)
{
    bool all = true;
    bool any_pre = false;
    for (bool first = true; first || s.n > 0; first = false) {
        if (!first) {
            bool blank = skip_space(&s);
            if (s.n == 0) {
                break;
            }
            bool comma = s.p[0] == ',';
            if (!blank && !comma) {
                return false;
            }
            s = str_from(s, comma);
        }
        struct constraint c;
        if (!take_constraint(&s, &c)) {
            return false;
        }
        if (c.implicit && take_hyphen(&s)) {
            c.op = OP_GREATER_EQUAL;
            struct constraint upper = {.op = OP_LESS_EQUAL};
            (void)skip_space(&s);
            if (!take_version(&s, &upper)) {
                return false;
            }
            all = satisfies(&upper, v) && all;
            any_pre = any_pre || upper.version.pre.n > 0;
        }
        all = satisfies(&c, v) && all;
        any_pre = any_pre || c.version.pre.n > 0;
    }
    *ok = all && (v->pre.n == 0 || any_pre);
    return true;
}

int semver_check(struct str constraint, const struct semver *v, bool *ok, struct err **err)
{
    *ok = false;
    struct str rest = constraint;
    for (;;) {
        ptrdiff_t bar = str_find(rest, STR("||"));
        struct str group = bar < 0 ? rest : str_head(rest, (size_t)bar);
        bool holds;
        if (!check_group(group, v, &holds)) {
            *ok = false;
            return err_set(err, ERR_PARSE, "improper constraint: %.*s", STR_ARG(group));
        }
        *ok = *ok || holds;
        if (bar < 0) {
            return 0;
        }
        rest = str_from(rest, (size_t)bar + 2);
    }
}
