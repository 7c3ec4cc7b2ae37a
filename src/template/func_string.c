/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings. Lengths and positions count bytes where sprig's do, so that a cut can split a character,
 * as it does there.
 */
#include "base/random.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "codec/goquote.h"
#include "codec/unicode.h"
#include "template/func_lib.h"

/* ---- trimming ---- */

static size_t last_rune(struct str s, uint32_t *rune)
{
    size_t start = s.n;
    while (start > 0 && s.n - start < UTF8_MAX) {
        start--;
        if (((unsigned char)s.p[start] & 0xC0) != 0x80) {
            break;
        }
    }
    size_t width = utf8_decode(str_from(s, start), rune, NULL);
    if (start + width != s.n) { /* the last byte is no end of a rune */
        *rune = UTF8_REPLACEMENT;
        return 1;
    }
    return width;
}

static bool in_set(uint32_t rune, struct str set)
{
    while (set.n > 0) {
        uint32_t member;
        set = str_from(set, utf8_decode(set, &member, NULL));
        if (member == rune) {
            return true;
        }
    }
    return false;
}

/* set NULL: white space. */
static bool trimmed(uint32_t rune, const struct str *set)
{
    return set ? in_set(rune, *set) : unicode_is_space(rune);
}

static struct str trim(struct str s, const struct str *set)
{
    uint32_t rune;
    while (s.n > 0) {
        size_t width = utf8_decode(s, &rune, NULL);
        if (!trimmed(rune, set)) {
            break;
        }
        s = str_from(s, width);
    }
    while (s.n > 0) {
        size_t width = last_rune(s, &rune);
        if (!trimmed(rune, set)) {
            break;
        }
        s = str_head(s, s.n - width);
    }
    return s;
}

FN(f_trim)
{
    return v_str(trim(arg[0].s, NULL));
}

FN(f_trim_all)
{
    return work_step(w, arg[0].s.n * 4) ? v_str(trim(arg[1].s, &arg[0].s)) : NIL;
}

FN(f_trim_prefix)
{
    return v_str(str_trim_prefix(arg[1].s, arg[0].s));
}

FN(f_trim_suffix)
{
    return v_str(str_trim_suffix(arg[1].s, arg[0].s));
}

/* ---- case ---- */

static struct value map_runes(struct work *w, struct str s, uint32_t (*map)(uint32_t, void *),
                              void *state)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    while (s.n > 0) {
        uint32_t rune;
        s = str_from(s, utf8_decode(s, &rune, NULL));
        buf_add_rune(&b, map(rune, state));
    }
    return result(w, &b);
}

static uint32_t map_upper(uint32_t rune, UNUSED void *state)
{
    return unicode_to_upper(rune);
}

static uint32_t map_lower(uint32_t rune, UNUSED void *state)
{
    return unicode_to_lower(rune);
}

FN(f_upper)
{
    return map_runes(w, arg[0].s, map_upper, NULL);
}

FN(f_lower)
{
    return map_runes(w, arg[0].s, map_lower, NULL);
}

/* Letters, digits and the underscore continue a word. */
static bool separates_words(uint32_t rune)
{
    if (rune < 0x80) {
        return !((rune >= '0' && rune <= '9') || (rune >= 'a' && rune <= 'z') ||
                 (rune >= 'A' && rune <= 'Z') || rune == '_');
    }
    return unicode_is_space(rune);
}

static uint32_t map_title(uint32_t rune, void *state)
{
    uint32_t *before = state;
    uint32_t mapped = separates_words(*before) ? unicode_to_title(rune) : rune;
    *before = rune;
    return mapped;
}

FN(f_title)
{
    uint32_t before = ' ';
    return map_runes(w, arg[0].s, map_title, &before);
}

static uint32_t map_untitle(uint32_t rune, void *state)
{
    bool *at_start = state;
    if (unicode_is_space(rune)) {
        *at_start = true;
    } else if (*at_start) {
        *at_start = false;
        return unicode_to_lower(rune);
    }
    return rune;
}

FN(f_untitle)
{
    bool at_start = true;
    return map_runes(w, arg[0].s, map_untitle, &at_start);
}

static uint32_t map_swap(uint32_t rune, void *state)
{
    bool *after_space = state;
    if (unicode_is_upper(rune) || unicode_is_title(rune)) {
        *after_space = false;
        return unicode_to_lower(rune);
    }
    if (unicode_is_lower(rune)) {
        uint32_t mapped = *after_space ? unicode_to_title(rune) : unicode_to_upper(rune);
        *after_space = false;
        return mapped;
    }
    *after_space = unicode_is_space(rune);
    return rune;
}

FN(f_swapcase)
{
    bool after_space = true;
    return map_runes(w, arg[0].s, map_swap, &after_space);
}

/* ---- parts ---- */

FN(f_trunc)
{
    int64_t c = arg[0].i;
    struct str s = arg[1].s;
    int64_t length = (int64_t)s.n;
    if (c < 0 && c > -length) {
        return v_str(str_from(s, (size_t)(length + c)));
    }
    return v_str(c >= 0 && c < length ? str_head(s, (size_t)c) : s);
}

static struct value fail_bounds(struct work *w, int64_t from, int64_t to)
{
    return fail_value(w, "runtime error: slice bounds out of range [%lld:%lld]", (long long)from,
                      (long long)to);
}

/* The end of a slice that begins at 0. */
static struct value fail_end(struct work *w, int64_t end, int64_t length)
{
    if (end < 0) {
        return fail_value(w, "runtime error: slice bounds out of range [:%lld]", (long long)end);
    }
    return fail_value(w, "runtime error: slice bounds out of range [:%lld] with length %lld",
                      (long long)end, (long long)length);
}

FN(f_substr)
{
    int64_t start = arg[0].i;
    int64_t end = arg[1].i;
    struct str s = arg[2].s;
    int64_t length = (int64_t)s.n;
    if (start < 0) {
        start = 0;
        if (end < 0 || end > length) {
            return fail_end(w, end, length);
        }
    } else if (end < 0 || end > length) {
        end = length;
    }
    return start > end ? fail_bounds(w, start, end) : v_str(str_sub(s, (size_t)start, (size_t)end));
}

/* Cut to `width` bytes with "..." where something is missing; more than 4 bytes of the beginning
 * may go as well. */
static void abbreviate(struct buf *b, struct str s, int64_t offset, int64_t width)
{
    int64_t length = (int64_t)s.n;
    if (length <= width) {
        buf_add_str(b, s);
        return;
    }
    offset = MIN(offset, length);
    if (length - offset < width - 3) {
        offset = length - (width - 3);
    }
    if (offset <= 4) {
        buf_add_str(b, str_head(s, (size_t)(width - 3)));
        buf_add_c(b, "...");
    } else if (width < 7) {
        return;
    } else if (offset + width - 3 < length) {
        buf_add_c(b, "...");
        abbreviate(b, str_from(s, (size_t)offset), 0, width - 3);
    } else {
        buf_add_c(b, "...");
        buf_add_str(b, str_from(s, (size_t)(length - (width - 3))));
    }
}

FN(f_abbrev)
{
    if (arg[0].i < 4) {
        return arg[1];
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    abbreviate(&b, arg[1].s, 0, arg[0].i);
    return result(w, &b);
}

FN(f_abbrevboth)
{
    int64_t left = arg[0].i;
    int64_t right = arg[1].i;
    if (right < 4 || (left > 0 && right < 7)) {
        return arg[2];
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    abbreviate(&b, arg[2].s, left, right);
    return result(w, &b);
}

FN(f_initials)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    bool gap = true;
    for (size_t i = 0; i < arg[0].s.n; i++) {
        uint32_t byte = (unsigned char)arg[0].s.p[i];
        if (unicode_is_space(byte)) {
            gap = true;
        } else if (gap) {
            buf_add_rune(&b, byte);
            gap = false;
        }
    }
    return result(w, &b);
}

/* Bytes that are white space as Latin-1 vanish; if there are any, the others turn into Latin-1. */
FN(f_nospace)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    bool any = false;
    for (size_t i = 0; i < arg[0].s.n; i++) {
        uint32_t byte = (unsigned char)arg[0].s.p[i];
        any = any || unicode_is_space(byte);
        if (!unicode_is_space(byte)) {
            buf_add_rune(&b, byte);
        }
    }
    return any ? result(w, &b) : arg[0];
}

FN(f_contains)
{
    return v_bool(str_find(arg[1].s, arg[0].s) >= 0);
}

FN(f_has_prefix)
{
    return v_bool(str_starts(arg[1].s, arg[0].s));
}

FN(f_has_suffix)
{
    return v_bool(str_ends(arg[1].s, arg[0].s));
}

/* ---- building ---- */

FN(f_repeat)
{
    if (arg[0].i < 0) {
        return fail_value(w, "strings: negative Repeat count");
    }
    struct str s = arg[1].s;
    if (s.n == 0) {
        return arg[1];
    }
    if (!work_reserve(w, (size_t)arg[0].i, s.n)) {
        return NIL;
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    for (int64_t i = 0; i < arg[0].i; i++) {
        buf_add_str(&b, s);
    }
    return result(w, &b);
}

FN(f_replace)
{
    struct str from = arg[0].s;
    struct str to = arg[1].s;
    struct str s = arg[2].s;
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    if (from.n == 0) { /* between all runes, and at both ends */
        buf_add_str(&b, to);
        while (s.n > 0 && buf_ok(&b)) {
            uint32_t rune;
            size_t width = utf8_decode(s, &rune, NULL);
            buf_add_str(&b, str_head(s, width));
            buf_add_str(&b, to);
            s = str_from(s, width);
        }
        return result(w, &b);
    }
    for (ptrdiff_t at; (at = str_find(s, from)) >= 0 && buf_ok(&b);) {
        buf_add_str(&b, str_head(s, (size_t)at));
        buf_add_str(&b, to);
        s = str_from(s, (size_t)at + from.n);
    }
    buf_add_str(&b, s);
    return result(w, &b);
}

static struct value indent(struct work *w, int64_t count, struct str s, bool newline_first)
{
    if (count < 0) {
        return fail_value(w, "strings: negative Repeat count");
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    buf_add_c(&b, newline_first ? "\n" : "");
    for (bool more = true; more && buf_ok(&b);) {
        ptrdiff_t newline = str_find_byte(s, '\n');
        more = newline >= 0;
        size_t n = more ? (size_t)newline + 1 : s.n;
        buf_add_repeat(&b, ' ', (size_t)count);
        buf_add_str(&b, str_head(s, n));
        s = str_from(s, n);
    }
    return result(w, &b);
}

FN(f_indent)
{
    return indent(w, arg[0].i, arg[1].s, false);
}

FN(f_nindent)
{
    return indent(w, arg[0].i, arg[1].s, true);
}

/* Takes the next line off *s, which is longer than width. False if that was all of it. */
static bool wrap_line(struct buf *b, struct str *s, size_t width, bool cut_words)
{
    ptrdiff_t space = str_rfind_byte(str_head(*s, width + 1), ' ');
    size_t skip = 1;
    if (space < 0 && cut_words) {
        space = (ptrdiff_t)width;
        skip = 0;
    } else if (space < 0) {
        ptrdiff_t after = str_find_byte(str_from(*s, width), ' ');
        if (after < 0) {
            return false;
        }
        space = after + (ptrdiff_t)width;
    }
    buf_add_str(b, str_head(*s, (size_t)space));
    *s = str_from(*s, (size_t)space + skip);
    return true;
}

static struct value wrap(struct work *w, int64_t width, struct str separator, struct str s,
                         bool cut_words)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    size_t limit = width < 1 ? 1 : (size_t)width;
    while (s.n > limit && buf_ok(&b)) {
        if (s.p[0] == ' ') {
            s = str_from(s, 1);
        } else if (wrap_line(&b, &s, limit, cut_words)) {
            buf_add_str(&b, separator);
        } else {
            break;
        }
    }
    buf_add_str(&b, s);
    return result(w, &b);
}

FN(f_wrap)
{
    return wrap(w, arg[0].i, STR("\n"), arg[1].s, false);
}

FN(f_wrap_with)
{
    return wrap(w, arg[0].i, arg[1].s.n ? arg[1].s : STR("\n"), arg[2].s, true);
}

FN(f_plural)
{
    return arg[2].i == 1 ? arg[0] : arg[1];
}

FN(f_quote)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    for (size_t i = 0; i < n; i++) {
        if (arg[i].kind != K_NIL) {
            buf_add_c(&b, b.n > 0 ? " " : "");
            goquote(&b, gofmt_text(w, arg[i]), GOQUOTE_PLAIN);
        }
    }
    return result(w, &b);
}

FN(f_squote)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    for (size_t i = 0; i < n; i++) {
        if (arg[i].kind != K_NIL) {
            buf_add_c(&b, b.n > 0 ? " '" : "'");
            gofmt_print(w, &b, arg[i]);
            buf_add_byte(&b, '\'');
        }
    }
    return result(w, &b);
}

FN(f_cat)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        if (arg[i].kind != K_NIL) {
            buf_add_c(&b, first ? "" : " ");
            gofmt_print(w, &b, arg[i]);
            first = false;
        }
    }
    return result(w, &b);
}

/* ---- splitting and joining ---- */

struct parts {
    VEC(struct str) list;
};

/* At most max parts (negative: all); an empty separator splits into runes. */
static bool split(struct work *w, struct parts *out, struct str separator, struct str s,
                  int64_t max)
{
    if (max == 0) {
        return true;
    }
    bool runes = separator.n == 0;
    while ((max < 0 || (int64_t)out->list.n < max - 1) && work_step(w, 1)) {
        uint32_t rune;
        ptrdiff_t at = runes ? (ptrdiff_t)utf8_decode(s, &rune, NULL) : str_find(s, separator);
        if (at < 0 || (runes && (size_t)at >= s.n)) {
            break;
        }
        vec_push(&out->list, str_head(s, (size_t)at));
        s = str_from(s, (size_t)at + separator.n);
    }
    if (!runes || s.n > 0) {
        vec_push(&out->list, s);
    }
    return !w->failed;
}

FN(f_split_list)
{
    struct parts parts = {0};
    struct value v = NIL;
    if (split(w, &parts, arg[0].s, arg[1].s, -1)) {
        v = strings_value(w, parts.list.v, parts.list.n);
    }
    vec_done(&parts.list);
    return v;
}

/* Keys _0, _1 ... */
static struct value split_dict(struct work *w, struct str separator, struct str s, int64_t max)
{
    struct parts parts = {0};
    struct dict *d = dict_new(w);
    bool ok = split(w, &parts, separator, s, max);
    for (size_t i = 0; ok && i < parts.list.n; i++) {
        char key[24];
        (void)snprintf(key, sizeof(key), "_%zu", i);
        ok = dict_set(w, d, work_str(w, str_c(key)), v_str(parts.list.v[i]));
    }
    vec_done(&parts.list);
    return (struct value){.kind = K_STRMAP, .dict = d};
}

FN(f_split)
{
    return split_dict(w, arg[0].s, arg[1].s, -1);
}

FN(f_splitn)
{
    return split_dict(w, arg[0].s, arg[2].s, arg[1].i);
}

FN(f_join)
{
    const struct list *l = to_strings(w, arg[1]);
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    for (size_t i = 0; i < l->n && buf_ok(&b); i++) {
        if (i > 0) {
            buf_add_str(&b, arg[0].s);
        }
        buf_add_str(&b, l->v[i].s);
    }
    return result(w, &b);
}

/* ---- random ---- */

enum { RANDOM_COST = 4 };

static struct value random_text(struct work *w, int64_t count, struct str alphabet)
{
    if (count <= 0) {
        return v_str(STR_EMPTY);
    }
    if (!work_reserve(w, (size_t)count, 1) || !work_step(w, (size_t)count * RANDOM_COST)) {
        return NIL;
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    for (int64_t i = 0; i < count; i++) {
        buf_add_byte(&b, alphabet.p[random_below(alphabet.n)]);
    }
    return result(w, &b);
}

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

FN(f_rand_alpha)
{
    return random_text(w, arg[0].i, STR(LETTERS));
}

FN(f_rand_alpha_num)
{
    return random_text(w, arg[0].i, STR(LETTERS DIGITS));
}

FN(f_rand_numeric)
{
    return random_text(w, arg[0].i, STR(DIGITS));
}

FN(f_rand_ascii)
{
    return random_text(w, arg[0].i,
                       STR(" !\"#$%&'()*+,-./" DIGITS ":;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                           "abcdefghijklmnopqrstuvwxyz{|}~"));
}

FN(f_shuffle)
{
    struct parts runes = {0};
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    if (split(w, &runes, STR_EMPTY, arg[0].s, -1)) {
        for (size_t i = runes.list.n; i > 0; i--) {
            size_t pick = (size_t)random_below(i);
            buf_add_str(&b, runes.list.v[pick]);
            runes.list.v[pick] = runes.list.v[i - 1];
        }
    }
    vec_done(&runes.list);
    return result(w, &b);
}

static const struct func rows[] = {
    {"abbrev", "is", "string", F_STRING, f_abbrev,
     "Cut to this many bytes with \"...\" at the end.", 0},
    {"abbrevboth", "iis", "string", F_STRING, f_abbrevboth, "Cut at both ends: offset, then width.",
     0},
    {"cat", "a*", "string", F_STRING, f_cat, "The arguments joined with blanks, nil ones left out.",
     0},
    {"contains", "ss", "bool", F_STRING, f_contains, "Does the second text contain the first?", 0},
    {"hasPrefix", "ss", "bool", F_STRING, f_has_prefix,
     "Does the second text begin with the first?", 0},
    {"hasSuffix", "ss", "bool", F_STRING, f_has_suffix, "Does the second text end with the first?",
     0},
    {"indent", "is", "string", F_STRING, f_indent, "Blanks before every line.", 0},
    {"initials", "s", "string", F_STRING, f_initials, "The first byte of each word.", 0, 2},
    {"join", "sa", "string", F_STRING, f_join,
     "The elements of the list as one text with the first argument between them.", 0},
    {"lower", "s", "string", F_STRING, f_lower, "Lower case.", 0, 3},
    {"nindent", "is", "string", F_STRING, f_nindent, "A newline, then as indent.", 0},
    {"nospace", "s", "string", F_STRING, f_nospace, "Without white space.", 0, 8},
    {"plural", "ssi", "string", F_STRING, f_plural,
     "The first text if the number is 1, else the second.", 0},
    {"quote", "a*", "string", F_STRING, f_quote,
     "The arguments in double quotes with Go's escapes.", 0},
    {"randAlpha", "i", "string", F_STRING, f_rand_alpha, "Random letters.", 0},
    {"randAlphaNum", "i", "string", F_STRING, f_rand_alpha_num, "Random letters and digits.", 0},
    {"randAscii", "i", "string", F_STRING, f_rand_ascii, "Random printable ASCII characters.", 0},
    {"randNumeric", "i", "string", F_STRING, f_rand_numeric, "Random digits.", 0},
    {"repeat", "is", "string", F_STRING, f_repeat, "The text this many times.", 0},
    {"replace", "sss", "string", F_STRING, f_replace,
     "Every occurrence of the first text in the third replaced by the second.", 0},
    {"shuffle", "s", "string", F_STRING, f_shuffle, "The characters in random order.", 0, 120},
    {"split", "ss", "map of string", F_STRING, f_split,
     "The parts between separators, as _0, _1 ...", 0},
    {"splitList", "ss", "list of string", F_STRING, f_split_list, "The parts between separators.",
     0},
    {"splitn", "sis", "map of string", F_STRING, f_splitn, "As split, in at most this many parts.",
     0},
    {"squote", "a*", "string", F_STRING, f_squote,
     "The arguments in single quotes, without escapes.", 0},
    {"substr", "iis", "string", F_STRING, f_substr,
     "The bytes from the first to before the second offset.", 0},
    {"swapcase", "s", "string", F_STRING, f_swapcase, "Upper to lower case and back.", 0, 10},
    {"title", "s", "string", F_STRING, f_title, "Words with a capital.", 0},
    {"trim", "s", "string", F_STRING, f_trim, "Without white space at both ends.", 0},
    {"trimAll", "ss", "string", F_STRING, f_trim_all,
     "Without the characters of the first text at both ends of the second.", 0},
    {"trimPrefix", "ss", "string", F_STRING, f_trim_prefix,
     "Without the first text at the beginning of the second.", 0},
    {"trimSuffix", "ss", "string", F_STRING, f_trim_suffix,
     "Without the first text at the end of the second.", 0},
    {"trimall", "ss", "string", F_STRING, f_trim_all, "As trimAll.", 0},
    {"trunc", "is", "string", F_STRING, f_trunc,
     "The first bytes; with a negative number the last ones.", 0},
    {"untitle", "s", "string", F_STRING, f_untitle, "Words without a capital.", 0},
    {"upper", "s", "string", F_STRING, f_upper, "Upper case.", 0, 3},
    {"wrap", "is", "string", F_STRING, f_wrap,
     "Lines of at most this many bytes, broken at blanks.", 0},
    {"wrapWith", "iss", "string", F_STRING, f_wrap_with,
     "As wrap, with this separator; long words are cut.", 0},
};
const struct func_table functions_string = FUNC_TABLE(rows);
