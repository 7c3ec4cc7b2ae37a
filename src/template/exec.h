/* SPDX-License-Identifier: Apache-2.0
 *
 * exec: the state of one rendering, shared by the running of statements (exec.c) and the evaluation
 * of expressions (eval.c).
 */
#ifndef PAWL_TEMPLATE_EXEC_H
#define PAWL_TEMPLATE_EXEC_H

#include "base/vec.h"
#include "template/func.h"
#include "template/parse.h"

struct variable {
    struct str name; /* with its dollar sign */
    struct value value;
};

struct exec {
    const struct template *t;
    struct work work;
    const struct unit *unit; /* being executed */
    const struct node *at;   /* what errors point to: the last node looked at */
    const char *calling;     /* the function that failed, NULL otherwise */
    VEC(struct variable) vars;
    size_t vars_base;        /* variables below belong to callers */
    VEC(struct value) stack; /* arguments under evaluation */
};

/* The value of a pipeline (marked plain), after its declarations and assignments. NULL gives nil.
 * Look at x->work.failed. */
struct value eval_pipe(struct exec *x, struct value dot, const struct node *pipe);

void exec_push_var(struct exec *x, struct str name, struct value value);
/* False (and failed) if there is none of this name. */
bool exec_set_var(struct exec *x, struct str name, struct value value);
struct variable *exec_find_var(struct exec *x, struct str name);
/* Fails with this node in the text. */
bool exec_fail_at(struct exec *x, const struct node *at, const char *fmt, ...) PRINTF(3, 4);

#endif
