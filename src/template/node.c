/* SPDX-License-Identifier: Apache-2.0 */
#include "template/node.h"

static void print_names(struct buf *out, const struct node *n)
{
    for (size_t i = 0; i < n->n_names; i++) {
        if (n->kind != NODE_VARIABLE || i > 0) {
            buf_add_byte(out, '.');
        }
        buf_add_str(out, n->names[i]);
    }
}

static void print_list(struct buf *out, struct node *const *list, size_t n, const char *separator)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_add_c(out, separator);
        }
        bool parens = list[i]->kind == NODE_PIPE;
        buf_add_c(out, parens ? "(" : "");
        node_print(out, list[i]);
        buf_add_c(out, parens ? ")" : "");
    }
}

static void print_pipe(struct buf *out, const struct node *n)
{
    if (n->n_decls > 0) {
        print_list(out, n->decls, n->n_decls, ", ");
        buf_add_c(out, n->assign ? " = " : " := ");
    }
    print_list(out, n->args, n->n_args, " | ");
}

static void print_template(struct buf *out, const struct node *n)
{
    buf_add_c(out, "{{template ");
    buf_add_str(out, n->text);
    if (n->n_args > 0) {
        buf_add_byte(out, ' ');
        node_print(out, n->args[0]);
    }
    buf_add_c(out, "}}");
}

void node_print(struct buf *out, const struct node *n)
{
    switch (n->kind) {
    case NODE_DOT:
        buf_add_byte(out, '.');
        break;
    case NODE_NIL:
        buf_add_c(out, "nil");
        break;
    case NODE_BOOL:
    case NODE_NUMBER:
    case NODE_STRING:
    case NODE_FUNCTION:
        buf_add_str(out, n->text);
        break;
    case NODE_CHAIN:
        print_list(out, n->args, 1, "");
        print_names(out, n);
        break;
    case NODE_FIELD:
    case NODE_VARIABLE:
        print_names(out, n);
        break;
    case NODE_COMMAND:
        print_list(out, n->args, n->n_args, " ");
        break;
    case NODE_PIPE:
        print_pipe(out, n);
        break;
    case NODE_TEMPLATE:
        print_template(out, n);
        break;
    }
}
