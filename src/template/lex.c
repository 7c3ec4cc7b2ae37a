/* SPDX-License-Identifier: Apache-2.0
 *
 * One function per state; each adds its tokens and says whether to go on. An error token ends the
 * list. Positions and trim rules follow the documentation of Go's text/template: a trim marker is
 * a minus and one ASCII space next to a delimiter, and the space belongs to the marker.
 */
#include "template/lex.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "codec/unicode.h"

struct lexer {
    struct tokens *out;
    struct arena *arena;
    struct str text;
    struct str left;
    struct str right;
    size_t pos;       /* next byte */
    size_t start;     /* first byte of the token being read */
    uint32_t line;    /* line of `start` */
    size_t line_seen; /* newlines before this offset are counted in `line` */
    int parens;
};

static const uint32_t END = UINT32_MAX;
enum { MARKER = 2 }; /* "- " or " -" */

static bool is_space(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(uint32_t rune)
{
    return rune == '_' || (rune != END && (unicode_is_letter(rune) || unicode_is_digit(rune)));
}

static struct str rest_at(const struct lexer *l, size_t pos)
{
    return str_from(l->text, pos);
}

static uint32_t peek_at(const struct lexer *l, size_t pos, size_t *width)
{
    uint32_t rune = END;
    size_t n = utf8_decode(rest_at(l, pos), &rune, NULL);
    if (width) {
        *width = n;
    }
    return n ? rune : END;
}

static uint32_t peek(const struct lexer *l)
{
    return peek_at(l, l->pos, NULL);
}

static uint32_t next(struct lexer *l)
{
    size_t width;
    uint32_t rune = peek_at(l, l->pos, &width);
    l->pos += width;
    return rune;
}

static void count_lines(struct lexer *l)
{
    for (; l->line_seen < l->start; l->line_seen++) {
        l->line += l->text.p[l->line_seen] == '\n';
    }
}

static void add(struct lexer *l, enum token_kind kind, struct str text)
{
    count_lines(l);
    vec_push(&l->out->list, (struct token){kind, l->line, l->start, text});
    l->start = l->pos;
}

static void emit(struct lexer *l, enum token_kind kind)
{
    add(l, kind, str_sub(l->text, l->start, l->pos));
}

static bool PRINTF(2, 3) fail(struct lexer *l, const char *fmt, ...)
{
    AUTO(buf_done) struct buf b = BUF_INIT(4096);
    va_list args;
    va_start(args, fmt);
    buf_addv(&b, fmt, args);
    va_end(args);
    add(l, TOKEN_ERROR, arena_str(l->arena, buf_str(&b)));
    return false;
}

/* "U+0041 'A'", the form in which Go names a character. */
static bool fail_rune(struct lexer *l, const char *what, uint32_t rune)
{
    char utf8[UTF8_MAX];
    size_t n = utf8_encode(rune == END ? UTF8_REPLACEMENT : rune, utf8);
    if (rune != END && unicode_is_print(rune)) {
        return fail(l, "%s U+%04X '%.*s'", what, rune, (int)n, utf8);
    }
    return fail(l, "%s U+%04X", what, rune);
}

/* ---- delimiters and text ---- */

static bool left_marker(struct str after_delimiter)
{
    return after_delimiter.n >= MARKER && after_delimiter.p[0] == '-' &&
           is_space((unsigned char)after_delimiter.p[1]);
}

static bool right_marker(struct str s)
{
    return s.n >= MARKER && is_space((unsigned char)s.p[0]) && s.p[1] == '-';
}

/* Is the right delimiter here, maybe behind a trim marker? */
static bool at_right(const struct lexer *l, size_t pos, bool *trim)
{
    struct str s = rest_at(l, pos);
    *trim = right_marker(s) && str_starts(str_from(s, MARKER), l->right);
    return *trim || str_starts(s, l->right);
}

static void skip_leading_space(struct lexer *l)
{
    while (l->pos < l->text.n && is_space((unsigned char)l->text.p[l->pos])) {
        l->pos++;
    }
    l->start = l->pos;
}

/* After the left delimiter (and its marker) when a comment begins. */
static bool lex_comment(struct lexer *l)
{
    ptrdiff_t end = str_find(rest_at(l, l->pos + 2), STR("*/"));
    if (end < 0) {
        return fail(l, "unclosed comment");
    }
    l->pos += 2 + (size_t)end + 2;
    bool trim;
    if (!at_right(l, l->pos, &trim)) {
        return fail(l, "comment ends before closing delimiter");
    }
    l->pos += (trim ? MARKER : 0) + l->right.n;
    l->start = l->pos;
    if (trim) {
        skip_leading_space(l);
    }
    return true;
}

static void lex_right(struct lexer *l)
{
    bool trim;
    (void)at_right(l, l->pos, &trim);
    if (trim) {
        l->pos += MARKER;
        l->start = l->pos;
    }
    l->pos += l->right.n;
    emit(l, TOKEN_RIGHT);
    if (trim) {
        skip_leading_space(l);
    }
}

/* ---- inside an action ---- */

/* What may follow an identifier, a field or a variable. */
static bool at_terminator(const struct lexer *l)
{
    uint32_t c = peek(l);
    if (c == END || is_space(c) || (c < 128 && strchr(".,|:)(", (int)c) && c != 0)) {
        return true;
    }
    return str_starts(rest_at(l, l->pos), l->right);
}

static bool lex_field_or_variable(struct lexer *l, enum token_kind kind)
{
    if (at_terminator(l)) {
        emit(l, kind == TOKEN_FIELD ? TOKEN_DOT : TOKEN_VARIABLE);
        return true;
    }
    while (is_word(peek(l))) {
        (void)next(l);
    }
    if (!at_terminator(l)) {
        return fail_rune(l, "bad character", peek(l));
    }
    emit(l, kind);
    return true;
}

static enum token_kind word_kind(struct str word)
{
    static const struct {
        struct str word;
        enum token_kind kind;
    } words[] = {
        {STR_INIT("block"), TOKEN_BLOCK},
        {STR_INIT("break"), TOKEN_BREAK},
        {STR_INIT("continue"), TOKEN_CONTINUE},
        {STR_INIT("define"), TOKEN_DEFINE},
        {STR_INIT("else"), TOKEN_ELSE},
        {STR_INIT("end"), TOKEN_END},
        {STR_INIT("if"), TOKEN_IF},
        {STR_INIT("nil"), TOKEN_NIL},
        {STR_INIT("range"), TOKEN_RANGE},
        {STR_INIT("template"), TOKEN_TEMPLATE},
        {STR_INIT("with"), TOKEN_WITH},
        {STR_INIT("true"), TOKEN_BOOL},
        {STR_INIT("false"), TOKEN_BOOL},
    };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq(words[i].word, word)) {
            return words[i].kind;
        }
    }
    return TOKEN_IDENTIFIER;
}

static bool lex_word(struct lexer *l)
{
    while (is_word(peek(l))) {
        (void)next(l);
    }
    if (!at_terminator(l)) {
        return fail_rune(l, "bad character", peek(l));
    }
    emit(l, word_kind(str_sub(l->text, l->start, l->pos)));
    return true;
}

static bool accept(struct lexer *l, const char *set)
{
    uint32_t c = peek(l);
    if (c != END && c != 0 && c < 128 && strchr(set, (int)c)) {
        l->pos++;
        return true;
    }
    return false;
}

static void accept_run(struct lexer *l, const char *set)
{
    while (accept(l, set)) {
    }
}

/* The rough shape only; number.c judges. */
static bool scan_number(struct lexer *l)
{
    const char *digits = "0123456789_";
    bool hex = false;
    bool decimal = true;
    (void)accept(l, "+-");
    if (accept(l, "0")) {
        if (accept(l, "xX")) {
            digits = "0123456789abcdefABCDEF_";
            hex = true;
            decimal = false;
        } else if (accept(l, "oO")) {
            digits = "01234567_";
            decimal = false;
        } else if (accept(l, "bB")) {
            digits = "01_";
            decimal = false;
        }
    }
    accept_run(l, digits);
    if (accept(l, ".")) {
        accept_run(l, digits);
    }
    if ((decimal && accept(l, "eE")) || (hex && accept(l, "pP"))) {
        (void)accept(l, "+-");
        accept_run(l, "0123456789_");
    }
    (void)accept(l, "i");
    if (is_word(peek(l))) {
        (void)next(l);
        return false;
    }
    return true;
}

static bool lex_number(struct lexer *l)
{
    bool ok = scan_number(l);
    uint32_t sign = peek(l);
    if (ok && (sign == '+' || sign == '-')) { /* a complex number, 1+2i */
        ok = scan_number(l) && l->text.p[l->pos - 1] == 'i';
    }
    if (!ok) {
        struct str word = str_sub(l->text, l->start, l->pos);
        return fail(l, "bad number syntax: \"%.*s\"", STR_ARG(word));
    }
    emit(l, TOKEN_NUMBER);
    return true;
}

/* After the opening quote. */
static bool lex_quoted(struct lexer *l, char quote, enum token_kind kind, const char *unterminated)
{
    for (;;) {
        uint32_t c = next(l);
        if (c == '\\') {
            c = next(l);
            if (c != END && c != '\n') {
                continue;
            }
        }
        if (c == END || c == '\n') {
            return fail(l, "%s", unterminated);
        }
        if (c == (unsigned char)quote) {
            emit(l, kind);
            return true;
        }
    }
}

static bool lex_raw(struct lexer *l)
{
    ptrdiff_t end = str_find_byte(rest_at(l, l->pos), '`');
    if (end < 0) {
        return fail(l, "unterminated raw quoted string");
    }
    l->pos += (size_t)end + 1;
    emit(l, TOKEN_RAW_STRING);
    return true;
}

/* Spaces; the last one may belong to the right delimiter's trim marker. */
static void lex_space(struct lexer *l)
{
    while (is_space(peek(l))) {
        l->pos++;
    }
    bool trim;
    if (at_right(l, l->pos - 1, &trim) && trim) {
        l->pos--;
        if (l->pos == l->start) {
            return;
        }
    }
    emit(l, TOKEN_SPACE);
}

static bool lex_paren(struct lexer *l, char c)
{
    l->parens += c == '(' ? 1 : -1;
    if (l->parens < 0) {
        return fail(l, "unexpected right paren");
    }
    emit(l, c == '(' ? TOKEN_OPEN : TOKEN_CLOSE);
    return true;
}

static bool lex_declare(struct lexer *l)
{
    if (next(l) != '=') {
        return fail(l, "expected :=");
    }
    emit(l, TOKEN_DECLARE);
    return true;
}

/* One token that begins with c, which has been read. */
static bool lex_other(struct lexer *l, uint32_t c)
{
    switch (c) {
    case '=':
        emit(l, TOKEN_ASSIGN);
        return true;
    case ':':
        return lex_declare(l);
    case '|':
        emit(l, TOKEN_PIPE);
        return true;
    case '"':
        return lex_quoted(l, '"', TOKEN_STRING, "unterminated quoted string");
    case '\'':
        return lex_quoted(l, '\'', TOKEN_RUNE, "unterminated character constant");
    case '`':
        return lex_raw(l);
    case '$':
        return lex_field_or_variable(l, TOKEN_VARIABLE);
    case '(':
    case ')':
        return lex_paren(l, (char)c);
    default:
        if (c < 0x7f && c >= 0x20) {
            emit(l, TOKEN_CHAR);
            return true;
        }
        return fail_rune(l, "unrecognized character in action:", c);
    }
}

/* One token of an action. *done after the right delimiter. */
static bool lex_action_token(struct lexer *l, bool *done)
{
    bool trim;
    if (at_right(l, l->pos, &trim)) {
        if (l->parens > 0) {
            return fail(l, "unclosed left paren");
        }
        lex_right(l);
        *done = true;
        return true;
    }
    uint32_t c = peek(l);
    if (c == END) {
        return fail(l, "unclosed action");
    }
    if (is_space(c)) {
        lex_space(l);
        return true;
    }
    uint32_t after = peek_at(l, l->pos + 1, NULL);
    bool digit_after = after >= '0' && after <= '9';
    if (c == '+' || c == '-' || (c >= '0' && c <= '9') || (c == '.' && digit_after)) {
        return lex_number(l);
    }
    if (is_word(c)) {
        return lex_word(l);
    }
    (void)next(l);
    return c == '.' ? lex_field_or_variable(l, TOKEN_FIELD) : lex_other(l, c);
}

static bool lex_action(struct lexer *l)
{
    emit(l, TOKEN_LEFT);
    if (left_marker(rest_at(l, l->pos))) {
        l->pos += MARKER;
        l->start = l->pos;
    }
    l->parens = 0;
    for (bool done = false; !done;) {
        if (!lex_action_token(l, &done)) {
            return false;
        }
    }
    return true;
}

/* Text up to the next action, and that action or comment. False at the end or after an error. */
static bool lex_text(struct lexer *l)
{
    ptrdiff_t found = str_find(rest_at(l, l->pos), l->left);
    size_t delimiter = found < 0 ? l->text.n : l->pos + (size_t)found;
    struct str after = str_from(l->text, delimiter + l->left.n);
    bool trim = found >= 0 && left_marker(after);
    size_t end = delimiter;
    while (trim && end > l->start && is_space((unsigned char)l->text.p[end - 1])) {
        end--;
    }
    l->pos = end;
    if (l->pos > l->start) {
        emit(l, TOKEN_TEXT);
    }
    l->pos = l->start = delimiter;
    if (found < 0) {
        emit(l, TOKEN_EOF);
        return false;
    }
    size_t inside = delimiter + l->left.n + (trim ? MARKER : 0);
    if (str_starts(rest_at(l, inside), STR("/*"))) {
        l->pos = inside;
        return lex_comment(l);
    }
    l->pos = delimiter + l->left.n;
    return lex_action(l);
}

void lex(struct tokens *out, struct arena *a, struct str text, struct str left, struct str right)
{
    struct lexer l = {
        .out = out, .arena = a, .text = text, .left = left, .right = right, .line = 1};
    while (lex_text(&l)) {
    }
}

void tokens_done(struct tokens *tokens)
{
    vec_done(&tokens->list);
}
