/* SPDX-License-Identifier: Apache-2.0
 *
 * node: a parsed template. Expressions are trees of nodes. Statements are not: they are a flat
 * program (struct op) with jumps, so that neither parsing nor running them needs recursion, and a
 * template can nest and call itself as deeply as its limits allow without touching the C stack.
 *
 *     {{if p}}A{{else}}B{{end}}      IF p ->1   A   ELSE ->2   1: B   2: END
 *     {{range p}}A{{else}}B{{end}}   RANGE p ->1   A   NEXT ->2   1: B   2: END
 *
 * Everything lies on the template's arena and does not change after parsing.
 */
#ifndef PAWL_TEMPLATE_NODE_H
#define PAWL_TEMPLATE_NODE_H

#include "base/buf.h"

enum node_kind {
    NODE_BOOL,
    NODE_DOT,
    NODE_NIL,
    NODE_NUMBER,
    NODE_STRING,
    NODE_FIELD,    /* .a.b: names */
    NODE_VARIABLE, /* $x.a: names, the first with its dollar sign */
    NODE_FUNCTION, /* an identifier */
    NODE_CHAIN,    /* (pipeline).a or function.a: args[0], names */
    NODE_COMMAND,  /* args: the first is the operation */
    NODE_PIPE,     /* args are commands; decls are variables */
    NODE_TEMPLATE, /* the statement, for error texts */
};

/* A constant can be more than one of these: 1 is an int, an unsigned int and a float, and so is
 * 1+0i. */
struct number {
    bool is_int;
    bool is_uint;
    bool is_float;
    bool float_syntax; /* written like a float: its own type is float64 */
    bool is_complex;   /* 2i, 1+2i: its own type is complex128; f is the real part */
    int64_t i;
    uint64_t u;
    double f;
    double imaginary;
};

struct node {
    enum node_kind kind;
    bool truth;  /* NODE_BOOL */
    bool assign; /* NODE_PIPE: = instead of := */
    size_t pos;
    struct str text;  /* as written: number, quoted string, function name, template name */
    struct str value; /* NODE_STRING: unquoted */
    const struct number *number;
    const struct func *func; /* NODE_FUNCTION */
    struct node **args;
    size_t n_args;
    struct node **decls;
    size_t n_decls;
    struct str *names;
    size_t n_names;
};

enum op_kind {
    OP_TEXT,
    OP_PRINT, /* evaluate, print unless it declares */
    OP_IF,
    OP_WITH,
    OP_RANGE,
    OP_NEXT, /* end of a range's body: the next round, or on to `target` (the END) */
    OP_ELSE, /* end of the first branch: jump to `target` */
    OP_END,
    OP_BREAK,
    OP_CONTINUE,
    OP_CALL, /* {{template}} */
    OP_RETURN,
};

struct op {
    enum op_kind kind;
    bool empty; /* OP_TEXT of white space only */
    uint32_t target;
    struct str text;         /* OP_TEXT, OP_CALL: name */
    const struct node *pipe; /* NULL for {{template "x"}} */
    const struct node *at;   /* OP_CALL: for errors */
};

/* One named template. */
struct unit {
    struct str name;
    const struct op *ops;
    size_t n_ops;
    bool empty; /* nothing but white space and comments */
};

/* Source-like text of a node, as error texts show it. */
void node_print(struct buf *out, const struct node *n);

#endif
