/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_priv: what the parser of statements (parse.c) and that of expressions (parse_expr.c) share.
 */
#ifndef PAWL_TEMPLATE_PARSE_PRIV_H
#define PAWL_TEMPLATE_PARSE_PRIV_H

#include "codec/goquote.h"
#include "template/lex.h"
#include "template/parse.h"

enum { WORK_MESSAGE = 8192, EXPRESSION_DEPTH = 1000 };

struct builder;
struct parser {
    struct template *t;
    struct tokens tokens;
    size_t at; /* the next token */
    uint32_t action_line;
    int parens;
    struct builder *builder;
    struct err **err;
};

/* Both return -1. The line is that of the last token read. */
int parse_fail(struct parser *p, const char *fmt, ...) PRINTF(2, 3);
int parse_unexpected(struct parser *p, const struct token *token, const char *where);

const struct token *parse_peek(struct parser *p);
const struct token *parse_next(struct parser *p);
/* The same after skipping white space. */
const struct token *parse_peek_word(struct parser *p);
const struct token *parse_next_word(struct parser *p);

void parse_declare(struct parser *p, struct str name);
bool parse_knows(const struct parser *p, struct str name);

/* Up to and including the token `end`. `where` names the clause in errors; "range" allows two
 * variables. NULL after an error. */
struct node *parse_pipeline(struct parser *p, const char *where, enum token_kind end);

#endif
