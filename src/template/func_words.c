/* SPDX-License-Identifier: Apache-2.0
 *
 * snakecase, kebabcase, camelcase: names cut into words and joined again.
 *
 * A name is first cut into runs: capitals (with the lower-case letters that follow the last of
 * them), other letters, digits, connectors (- _ and white space), punctuation, the rest. Then, with
 * `_` for the connector:
 *  - runs are joined by a connector, except next to punctuation and to connectors of the name;
 *  - a number ends the word before it (bld4_floor) unless lower-case letters follow, which makes it
 *    begin a word with them (http_2xx);
 *  - letters and digits that follow such a number stay together with it.
 */
#include "base/utf8.h"
#include "base/vec.h"
#include "codec/unicode.h"
#include "template/func_lib.h"

enum run_kind { RUN_UPPER, RUN_LOWER, RUN_NUMBER, RUN_CONNECTOR, RUN_PUNCT, RUN_OTHER };

struct run {
    enum run_kind kind;
    struct str text;
};
struct runs {
    VEC(struct run) list;
};

static bool is_connector(uint32_t rune)
{
    return rune == '-' || rune == '_' || unicode_is_space(rune);
}

static enum run_kind kind_of(uint32_t rune)
{
    if (is_connector(rune)) {
        return RUN_CONNECTOR;
    }
    if (unicode_is_punct(rune)) {
        return RUN_PUNCT;
    }
    if (unicode_is_upper(rune)) {
        return RUN_UPPER;
    }
    if (unicode_is_lower(rune) || unicode_is_title(rune)) {
        return RUN_LOWER;
    }
    return unicode_is_number(rune) ? RUN_NUMBER : RUN_OTHER;
}

/* Bytes of the run of this kind that s begins with. *last: where its last rune starts. */
static size_t run_length(struct str s, enum run_kind kind, size_t *last)
{
    size_t n = 0;
    *last = 0;
    while (n < s.n) {
        uint32_t rune;
        size_t width = utf8_decode(str_from(s, n), &rune, NULL);
        bool punct = kind == RUN_PUNCT && unicode_is_punct(rune); /* also - and _ */
        if (kind_of(rune) != kind && !punct) {
            break;
        }
        *last = n;
        n += width;
    }
    return n;
}

static struct run take_run(struct str *s)
{
    uint32_t rune;
    (void)utf8_decode(*s, &rune, NULL);
    enum run_kind kind = kind_of(rune);
    size_t last;
    size_t ignored;
    size_t n = run_length(*s, kind, &last);
    size_t lower = kind == RUN_UPPER ? run_length(str_from(*s, n), RUN_LOWER, &ignored) : 0;
    if (lower > 0) {
        n = last > 0 ? last : n + lower; /* the last capital goes with the letters after it */
    }
    struct run run = {kind, str_head(*s, n)};
    *s = str_from(*s, n);
    return run;
}

static void add_run(struct buf *b, const struct run *run, char connector)
{
    for (struct str s = run->text; s.n > 0;) {
        uint32_t rune;
        size_t width = utf8_decode(s, &rune, NULL);
        if (run->kind == RUN_CONNECTOR) {
            buf_add_byte(b, connector);
        } else if (run->kind == RUN_UPPER) {
            buf_add_rune(b, unicode_is_upper(rune) ? unicode_to_lower(rune) : rune);
        } else {
            buf_add_str(b, str_head(s, width));
        }
        s = str_from(s, width);
    }
}

static bool joins_freely(enum run_kind kind)
{
    return kind == RUN_CONNECTOR || kind == RUN_PUNCT;
}

/* Is there a connector between run i - 1 and run i? *glued: run i - 1 belongs to a word that a
 * number began, which takes further letters and digits. */
static bool connected(const struct runs *runs, size_t i, bool *glued)
{
    enum run_kind before = runs->list.v[i - 1].kind;
    enum run_kind kind = runs->list.v[i].kind;
    bool more = kind == RUN_LOWER || kind == RUN_NUMBER;
    if (*glued && more) {
        return false;
    }
    *glued = false;
    if (joins_freely(before) || joins_freely(kind)) {
        *glued = kind == RUN_NUMBER;
        return false;
    }
    if (kind != RUN_NUMBER) {
        return true;
    }
    *glued = i + 1 < runs->list.n && runs->list.v[i + 1].kind == RUN_LOWER;
    return *glued;
}

static struct value join_words(struct work *w, struct str s, char connector)
{
    struct runs runs = {0};
    while (s.n > 0) {
        vec_push(&runs.list, take_run(&s));
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    bool glued = runs.list.n > 0 && runs.list.v[0].kind == RUN_NUMBER;
    for (size_t i = 0; i < runs.list.n; i++) {
        if (i > 0 && connected(&runs, i, &glued)) {
            buf_add_byte(&b, connector);
        }
        add_run(&b, &runs.list.v[i], connector);
    }
    vec_done(&runs.list);
    return result(w, &b);
}

FN(f_snakecase)
{
    return join_words(w, arg[0].s, '_');
}

FN(f_kebabcase)
{
    return join_words(w, arg[0].s, '-');
}

/* Words begin with a capital; one connector between two words goes, further ones and those at both
 * ends stay. Capitals after the first one of a word become small, up to the first other letter. */
FN(f_camelcase)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    bool any_word = false;
    bool lowering = false;
    struct str s = arg[0].s;
    while (s.n > 0) {
        size_t last;
        size_t connectors = run_length(s, RUN_CONNECTOR, &last);
        size_t keep = any_word && connectors < s.n ? last : connectors;
        buf_add_str(&b, str_head(s, keep));
        s = str_from(s, connectors);
        bool first = connectors > 0 || !any_word;
        uint32_t rune;
        size_t width = utf8_decode(s, &rune, NULL);
        if (width == 0) { /* nothing but connectors: the last one comes twice */
            buf_add_str(&b, any_word ? STR_EMPTY : str_from(arg[0].s, last));
            break;
        }
        any_word = true;
        if (first) {
            lowering = unicode_is_upper(rune);
            rune = unicode_to_upper(rune);
        } else if (lowering && unicode_is_upper(rune)) {
            rune = unicode_to_lower(rune);
        } else {
            lowering = false;
        }
        buf_add_rune(&b, rune);
        s = str_from(s, width);
    }
    return result(w, &b);
}

static const struct func rows[] = {
    {"camelcase", "s", "string", F_STRING, f_camelcase, "HttpServer from http_server.", 0, 25},
    {"kebabcase", "s", "string", F_STRING, f_kebabcase, "http-server from HTTPServer.", 0, 60},
    {"snakecase", "s", "string", F_STRING, f_snakecase, "http_server from HTTPServer.", 0, 60},
};
const struct func_table functions_words = FUNC_TABLE(rows);
