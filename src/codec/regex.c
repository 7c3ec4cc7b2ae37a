/* SPDX-License-Identifier: Apache-2.0
 *
 * Go's regexp on RE2. The two agree on syntax and on which match is found; the functions here make
 * up for the rest (see the header).
 *
 * Wrong bytes: Go decodes a byte that is not UTF-8 as U+FFFD, one byte wide. RE2's automata work on
 * bytes and have no such rule. A subject with wrong bytes is therefore copied with U+FFFD in their
 * places, and positions are counted back: each one before a position made the text two bytes
 * longer. A valid subject, which is nearly every one, is searched where it lies.
 */
#include "codec/regex.h"

#include "base/num.h"
#include "base/utf8.h"
#include "codec/regex_re2.h"

/* Spans that are given on the stack; patterns with more groups take the heap. */
enum { FEW_SPANS = 16 };

struct regex {
    struct regex_re2 *re2;
    size_t groups;
    bool empty; /* the pattern is "" */
};

static const char *const error_texts[] = {
    [REGEX_RE2_INTERNAL] = "regexp/syntax: internal error",
    [REGEX_RE2_ESCAPE] = "invalid escape sequence",
    [REGEX_RE2_CLASS] = "invalid character class",
    [REGEX_RE2_CLASS_RANGE] = "invalid character class range",
    [REGEX_RE2_MISSING_BRACKET] = "missing closing ]",
    [REGEX_RE2_MISSING_PAREN] = "missing closing )",
    [REGEX_RE2_UNEXPECTED_PAREN] = "unexpected )",
    [REGEX_RE2_TRAILING_BACKSLASH] = "trailing backslash at end of expression",
    [REGEX_RE2_REPEAT_ARGUMENT] = "missing argument to repetition operator",
    [REGEX_RE2_REPEAT_SIZE] = "invalid repeat count",
    [REGEX_RE2_REPEAT_OP] = "invalid nested repetition operator",
    [REGEX_RE2_PERL_OP] = "invalid or unsupported Perl syntax",
    [REGEX_RE2_UTF8] = "invalid UTF-8",
    [REGEX_RE2_NAMED_CAPTURE] = "invalid named capture",
    [REGEX_RE2_TOO_LARGE] = "expression too large",
};

static int fail(enum regex_re2_error kind, struct str part, struct err **err)
{
    return err_set(err, kind == REGEX_RE2_TOO_LARGE ? ERR_LIMIT : ERR_INVALID,
                   "error parsing regexp: %s: `%.*s`", error_texts[kind], STR_ARG(part));
}

/* ---- patterns ---- */

/* How many bytes of the pattern at p belong together and are copied as they are: an escape, a
 * \Q...\E, a class, or one byte. */
static size_t class_size(struct str p)
{
    size_t i = 1;
    if (i < p.n && p.p[i] == '^') {
        i++;
    }
    if (i < p.n && p.p[i] == ']') {
        i++;
    }
    while (i < p.n && p.p[i] != ']') {
        ptrdiff_t named =
            str_starts(str_from(p, i), STR("[:")) ? str_find(str_from(p, i), STR(":]")) : -1;
        i += named > 0 ? (size_t)named + 2 : p.p[i] == '\\' ? 2 : 1;
    }
    return MIN(i + 1, p.n);
}

static size_t atom_size(struct str p)
{
    if (str_starts(p, STR("\\Q"))) {
        ptrdiff_t end = str_find(p, STR("\\E"));
        return end < 0 ? p.n : (size_t)end + 2;
    }
    if (p.p[0] == '\\') {
        return MIN((size_t)2, p.n);
    }
    return p.p[0] == '[' ? class_size(p) : 1;
}

/* Copies the pattern with (?<name> written as (?P<name>, which is all that the packaged RE2 knows.
 * Refuses \C (any byte), which Go does not have. */
static int to_re2(struct str pattern, struct buf *out, struct err **err)
{
    while (pattern.n > 0) {
        bool look_behind = str_starts(pattern, STR("(?<=")) || str_starts(pattern, STR("(?<!"));
        if (str_starts(pattern, STR("(?<")) && !look_behind) {
            buf_add_str(out, STR("(?P<"));
            pattern = str_from(pattern, 3);
            continue;
        }
        if (str_starts(pattern, STR("\\C"))) {
            return fail(REGEX_RE2_ESCAPE, STR("\\C"), err);
        }
        size_t n = atom_size(pattern);
        buf_add(out, pattern.p, n);
        pattern = str_from(pattern, n);
    }
    return 0;
}

struct regex *regex_new(struct str pattern, struct err **err)
{
    if (pattern.n > REGEX_MAX_PATTERN) {
        fail(REGEX_RE2_TOO_LARGE, str_head(pattern, 100), err);
        return NULL;
    }
    AUTO(buf_done) struct buf text = BUF_INIT(2 * REGEX_MAX_PATTERN);
    if (to_re2(pattern, &text, err) != 0) {
        return NULL;
    }
    struct regex_re2_failure failure;
    struct regex_re2 *re2 = regex_re2_new(text.p, text.n, REGEX_MAX_MEMORY, &failure);
    if (!re2) {
        struct str part = str_n(failure.part, failure.part_n);
        if (failure.kind == REGEX_RE2_TRAILING_BACKSLASH) {
            part = STR_EMPTY;
        } else if (failure.kind == REGEX_RE2_TOO_LARGE || failure.kind == REGEX_RE2_UTF8) {
            part = str_head(pattern, 100);
        }
        fail(failure.kind, part, err);
        return NULL;
    }
    struct regex *re = xmalloc(sizeof(*re));
    *re = (struct regex){.re2 = re2, .groups = regex_re2_groups(re2), .empty = pattern.n == 0};
    return re;
}

void regex_free(struct regex *re)
{
    if (re) {
        regex_re2_free(re->re2);
        free(re);
    }
}

void regex_freep(struct regex **re)
{
    regex_free(*re);
    *re = NULL;
}

size_t regex_groups(const struct regex *re)
{
    return re->groups;
}

struct str regex_group_name(const struct regex *re, size_t group)
{
    return str_c(regex_re2_group_name(re->re2, group));
}

/* ---- subjects ---- */

/* Puts U+FFFD in the place of wrong bytes, if there are any. */
static void repair(struct regex_iter *it, struct str s)
{
    it->text = s;
    if (utf8_valid(s)) {
        return;
    }
    it->replaced = BUF_INIT_WIPE(s.n * 3);
    while (s.n > 0) {
        uint32_t rune;
        bool ok;
        size_t n = utf8_decode(s, &rune, &ok);
        if (!ok) {
            vec_push(&it->wrong, it->replaced.n);
            buf_add_rune(&it->replaced, UTF8_REPLACEMENT);
        } else {
            buf_add(&it->replaced, s.p, n);
        }
        s = str_from(s, n);
    }
    it->text = buf_str(&it->replaced);
}

/* A position in the text as one in the subject. */
static ptrdiff_t original(const struct regex_iter *it, ptrdiff_t pos)
{
    size_t low = 0;
    size_t high = it->wrong.n;
    while (low < high) { /* how many wrong bytes lie before pos */
        size_t middle = (low + high) / 2;
        if ((ptrdiff_t)it->wrong.v[middle] < pos) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return pos - 2 * (ptrdiff_t)low;
}

struct regex_iter regex_iter(const struct regex *re, struct str s)
{
    struct regex_iter it = {.re = re, .replaced = BUF_INIT(0), .last_end = -1};
    repair(&it, s.n > 0 ? s : STR_EMPTY);
    return it;
}

void regex_iter_done(struct regex_iter *it)
{
    buf_done(&it->replaced);
    vec_done(&it->wrong);
}

/* Whether a position lies between characters. RE2's \B also matches inside of one. */
static bool between_runes(const struct regex_iter *it, size_t pos)
{
    return pos >= it->text.n || ((unsigned char)it->text.p[pos] & 0xC0) != 0x80;
}

static bool search(struct regex_iter *it, struct regex_span *spans, size_t n)
{
    _Static_assert(sizeof(struct regex_span) == 2 * sizeof(ptrdiff_t), "spans are pairs");
    while (regex_re2_search(it->re->re2, it->text.p, it->text.n, it->pos, &spans[0].from, n) == 1) {
        size_t from = (size_t)spans[0].from;
        if (between_runes(it, from)) {
            return true;
        }
        while (!between_runes(it, from)) {
            from++;
        }
        it->pos = from;
    }
    return false;
}

/* Finds the next match that counts, in positions of the text. */
static bool next_match(struct regex_iter *it, struct regex_span *spans, size_t n)
{
    while (it->pos <= it->text.n && search(it, spans, n)) {
        bool empty_here = spans[0].to == (ptrdiff_t)it->pos;
        bool counts = !(empty_here && spans[0].from == it->last_end);
        it->last_end = spans[0].to;
        if (empty_here) {
            uint32_t rune;
            size_t step = utf8_decode(str_from(it->text, it->pos), &rune, NULL);
            it->pos += MAX(step, (size_t)1);
        } else {
            it->pos = (size_t)spans[0].to;
        }
        if (counts) {
            return true;
        }
    }
    it->pos = it->text.n + 1;
    return false;
}

bool regex_next(struct regex_iter *it, struct regex_span *spans, size_t n)
{
    struct regex_span whole;
    size_t known = MIN(n, it->re->groups + 1);
    if (!next_match(it, n > 0 ? spans : &whole, MAX(known, (size_t)1))) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (i >= known || spans[i].from < 0) {
            spans[i] = (struct regex_span){-1, -1};
        } else {
            spans[i].from = original(it, spans[i].from);
            spans[i].to = original(it, spans[i].to);
        }
    }
    return true;
}

/* ---- searching ---- */

bool regex_match(const struct regex *re, struct str s)
{
    struct str match;
    return regex_find(re, s, &match);
}

bool regex_find(const struct regex *re, struct str s, struct str *match)
{
    struct regex_iter it = regex_iter(re, s);
    struct regex_span span;
    bool found = regex_next(&it, &span, 1);
    regex_iter_done(&it);
    if (found) {
        *match = str_sub(s, (size_t)span.from, (size_t)span.to);
    }
    return found;
}

typedef VEC(struct str) parts_t;

static size_t to_arena(parts_t *parts, struct arena *a, struct str **out)
{
    size_t n = parts->n;
    *out = NULL;
    if (n > 0) {
        *out = arena_array(a, struct str, n);
        memcpy(*out, parts->v, n * sizeof(struct str));
    }
    vec_done(parts);
    return n;
}

size_t regex_find_all(const struct regex *re, struct str s, int64_t limit, struct arena *a,
                      struct str **out)
{
    parts_t parts = {0};
    struct regex_iter it = regex_iter(re, s);
    struct regex_span span;
    while ((limit < 0 || (int64_t)parts.n < limit) && regex_next(&it, &span, 1)) {
        vec_push(&parts, str_sub(s, (size_t)span.from, (size_t)span.to));
    }
    regex_iter_done(&it);
    return to_arena(&parts, a, out);
}

size_t regex_split(const struct regex *re, struct str s, int64_t limit, struct arena *a,
                   struct str **out)
{
    parts_t parts = {0};
    size_t begin = 0; /* of the part that is being looked for the end of */
    size_t end = 0;   /* of the last part that was found */
    struct regex_span span;
    struct regex_iter it = regex_iter(re, s);
    while (limit != 0 && (limit < 0 || (int64_t)parts.n < limit - 1) && regex_next(&it, &span, 1)) {
        end = (size_t)span.from;
        if (span.to > 0) { /* an empty match at the very start splits nothing off */
            vec_push(&parts, str_sub(s, begin, end));
            begin = (size_t)span.to;
        }
    }
    regex_iter_done(&it);
    /* The rest; there is none behind an empty match at the very end. */
    if (limit != 0 && (end != s.n || (s.n == 0 && !re->empty))) {
        vec_push(&parts, str_from(s, begin));
    }
    return to_arena(&parts, a, out);
}

/* ---- replacing ---- */

/* What a replacement is made from, for one match. */
struct match {
    const struct regex *re;
    struct str subject;
    const struct regex_span *spans;
};

static void add_group(struct buf *out, const struct match *m, size_t group)
{
    if (group <= m->re->groups && m->spans[group].from >= 0) {
        buf_add_str(out,
                    str_sub(m->subject, (size_t)m->spans[group].from, (size_t)m->spans[group].to));
    }
}

static void add_named_group(struct buf *out, const struct match *m, struct str name)
{
    for (size_t i = 1; i <= m->re->groups; i++) {
        if (str_eq(regex_group_name(m->re, i), name) && m->spans[i].from >= 0) {
            add_group(out, m, i);
            return;
        }
    }
}

/* Letters, digits and _ at the start of s. ASCII covers every name that a group can have; other
 * letters still belong to the name that is then not found. */
static size_t name_size(struct str s)
{
    size_t n = 0;
    while (n < s.n && (s.p[n] == '_' || (s.p[n] >= '0' && s.p[n] <= '9') ||
                       (s.p[n] >= 'a' && s.p[n] <= 'z') || (s.p[n] >= 'A' && s.p[n] <= 'Z'))) {
        n++;
    }
    if (n < s.n && (unsigned char)s.p[n] >= 0x80) {
        struct regex *letters = regex_new(STR("\\A[\\pL\\p{Nd}_]+"), NULL);
        struct str match = STR_EMPTY;
        (void)regex_find(letters, s, &match);
        regex_free(letters);
        n = match.n;
    }
    return n;
}

/* Group number of a name that is one: decimal, no leading zero, as far as patterns can go. */
static bool group_number(struct str name, size_t *out)
{
    uint64_t number;
    if (name.n > 9 || (name.n > 1 && name.p[0] == '0') || !num_parse_u64(name, &number)) {
        return false;
    }
    *out = (size_t)number;
    return true;
}

/* Expands what follows a '$' and returns how much of the template it was; 0 if it is no reference.
 */
static size_t expand_reference(struct buf *out, const struct match *m, struct str after)
{
    if (str_starts(after, STR("$"))) {
        buf_add_byte(out, '$');
        return 1;
    }
    bool braces = str_starts(after, STR("{"));
    struct str name = str_from(after, braces ? 1 : 0);
    name = str_head(name, name_size(name));
    if (name.n == 0 || (braces && !str_starts(str_from(after, 1 + name.n), STR("}")))) {
        return 0;
    }
    size_t number;
    if (group_number(name, &number)) {
        add_group(out, m, number);
    } else {
        add_named_group(out, m, name);
    }
    return name.n + (braces ? 2 : 0);
}

static void expand(struct buf *out, const struct match *m, struct str template)
{
    ptrdiff_t dollar;
    while ((dollar = str_find_byte(template, '$')) >= 0) {
        buf_add(out, template.p, (size_t)dollar);
        template = str_from(template, (size_t)dollar + 1);
        size_t n = expand_reference(out, m, template);
        if (n == 0) {
            buf_add_byte(out, '$');
        }
        template = str_from(template, n);
    }
    buf_add_str(out, template);
}

static void replace(const struct regex *re, struct str s, struct str replacement, bool literal,
                    struct buf *out)
{
    struct regex_span few[FEW_SPANS];
    size_t n = literal ? 1 : re->groups + 1;
    AUTO(freep) struct regex_span *many = n > FEW_SPANS ? xcalloc(n, sizeof(*many)) : NULL;
    struct regex_span *spans = many ? many : few;
    struct match m = {re, s, spans};
    size_t copied = 0;
    struct regex_iter it = regex_iter(re, s);
    while (buf_ok(out) && regex_next(&it, spans, n)) {
        buf_add_str(out, str_sub(s, copied, (size_t)spans[0].from));
        if (literal) {
            buf_add_str(out, replacement);
        } else {
            expand(out, &m, replacement);
        }
        copied = (size_t)spans[0].to;
    }
    regex_iter_done(&it);
    buf_add_str(out, str_from(s, copied));
}

void regex_replace_all(const struct regex *re, struct str s, struct str template, struct buf *out)
{
    replace(re, s, template, false, out);
}

void regex_replace_all_literal(const struct regex *re, struct str s, struct str replacement,
                               struct buf *out)
{
    replace(re, s, replacement, true, out);
}

void regex_quote_meta(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '\0' && strchr("\\.+*?()|[]{}^$", s.p[i])) {
            buf_add_byte(out, '\\');
        }
        buf_add_byte(out, s.p[i]);
    }
}
