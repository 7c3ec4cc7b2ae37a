/* SPDX-License-Identifier: Apache-2.0
 *
 * lex: the tokens of a template text. The whole text is cut up front into one array, which ends
 * with TOKEN_EOF or with a TOKEN_ERROR whose text is the message. Trim markers have done their work
 * already and comments are gone; white space inside an action is a token, since it separates
 * operands.
 */
#ifndef PAWL_TEMPLATE_LEX_H
#define PAWL_TEMPLATE_LEX_H

#include "base/arena.h"
#include "base/vec.h"

enum token_kind {
    TOKEN_ERROR,
    TOKEN_EOF,
    TOKEN_TEXT,
    TOKEN_LEFT,  /* left delimiter */
    TOKEN_RIGHT, /* right delimiter */
    TOKEN_SPACE,
    TOKEN_ASSIGN,  /* = */
    TOKEN_DECLARE, /* := */
    TOKEN_PIPE,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_CHAR, /* any other printable ASCII character */
    TOKEN_BOOL,
    TOKEN_NUMBER,
    TOKEN_RUNE, /* 'x' */
    TOKEN_STRING,
    TOKEN_RAW_STRING,
    TOKEN_IDENTIFIER,
    TOKEN_FIELD,    /* .name */
    TOKEN_VARIABLE, /* $name or $ */
    TOKEN_KEYWORDS, /* what follows is a keyword */
    TOKEN_BLOCK,
    TOKEN_BREAK,
    TOKEN_CONTINUE,
    TOKEN_DEFINE,
    TOKEN_DOT, /* the cursor . */
    TOKEN_ELSE,
    TOKEN_END,
    TOKEN_IF,
    TOKEN_NIL,
    TOKEN_RANGE,
    TOKEN_TEMPLATE,
    TOKEN_WITH,
};

struct token {
    enum token_kind kind;
    uint32_t line; /* from 1 */
    size_t pos;    /* byte offset in the text */
    struct str text;
};

struct tokens {
    VEC(struct token) list;
};

/* Texts of tokens are views of `text`, those of errors lie on the arena. Tokens are on the heap:
 * tokens_done. */
void lex(struct tokens *out, struct arena *a, struct str text, struct str left, struct str right);
void tokens_done(struct tokens *tokens);

#endif
