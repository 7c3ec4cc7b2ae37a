/* SPDX-License-Identifier: Apache-2.0
 *
 *     pipeline = [ variables (":=" | "=") ] command { "|" command }
 *     command  = operand { SPACE operand }
 *     operand  = term { FIELD }
 *     term     = literal | function | "." | FIELD | VARIABLE | "nil" | "(" pipeline ")"
 *
 * Recursive in parentheses only, which are counted.
 */
#include "template/func.h"
#include "template/number.h"
#include "template/parse_priv.h"

struct nodes {
    VEC(struct node *) list;
};

static struct node *node_new(struct parser *p, enum node_kind kind, const struct token *token)
{
    struct node *n = arena_new(&p->t->arena, struct node);
    n->kind = kind;
    n->pos = token->pos;
    n->text = token->text;
    return n;
}

/* Moves a list onto the arena. */
static struct node **keep(struct parser *p, struct nodes *nodes, size_t *n)
{
    struct node **v = arena_array(&p->t->arena, struct node *, nodes->list.n);
    *n = nodes->list.n;
    if (nodes->list.n > 0) {
        memcpy(v, nodes->list.v, nodes->list.n * sizeof(struct node *));
    }
    vec_done(&nodes->list);
    return v;
}

static void set_name(struct parser *p, struct node *n, struct str name)
{
    n->names = arena_new(&p->t->arena, struct str);
    n->names[0] = name;
    n->n_names = 1;
}

/* ---- terms ---- */

static struct node *number_term(struct parser *p, const struct token *token)
{
    struct node *n = node_new(p, NODE_NUMBER, token);
    struct number *number = arena_new(&p->t->arena, struct number);
    if (token->kind == TOKEN_RUNE) {
        if (!number_parse_rune(token->text, number)) {
            (void)parse_fail(p, "malformed character constant: %.*s", STR_ARG(token->text));
            return NULL;
        }
    } else {
        const char *problem = number_parse(token->text, number);
        if (problem) {
            (void)parse_fail(p, "%s: \"%.*s\"", problem, STR_ARG(token->text));
            return NULL;
        }
    }
    n->number = number;
    return n;
}

static struct node *string_term(struct parser *p, const struct token *token)
{
    struct node *n = node_new(p, NODE_STRING, token);
    AUTO(buf_done) struct buf b = BUF_INIT(TEMPLATE_TEXT_MAX);
    if (!gounquote(&b, token->text)) {
        (void)parse_fail(p, "invalid syntax");
        return NULL;
    }
    n->value = arena_str(&p->t->arena, buf_str(&b));
    return n;
}

static struct node *function_term(struct parser *p, const struct token *token)
{
    struct node *n = node_new(p, NODE_FUNCTION, token);
    n->func = func_find(token->text);
    if (n->func) {
        return n;
    }
    const char *why = func_refused(token->text);
    (void)parse_fail(p, "function \"%.*s\" not defined%s%s", STR_ARG(token->text), why ? ": " : "",
                     why ? why : "");
    return NULL;
}

static struct node *variable_term(struct parser *p, const struct token *token)
{
    if (!parse_knows(p, token->text)) {
        (void)parse_fail(p, "undefined variable \"%.*s\"", STR_ARG(token->text));
        return NULL;
    }
    struct node *n = node_new(p, NODE_VARIABLE, token);
    set_name(p, n, token->text);
    return n;
}

static struct node *paren_term(struct parser *p)
{
    if (++p->parens > EXPRESSION_DEPTH) {
        (void)parse_fail(p, "max expression depth exceeded");
        return NULL;
    }
    struct node *n = parse_pipeline(p, "parenthesized pipeline", TOKEN_CLOSE);
    p->parens--;
    return n;
}

/* *none is set, and nothing consumed, when no term begins here. NULL after an error. */
static struct node *term(struct parser *p, bool *none)
{
    const struct token *token = parse_next_word(p);
    struct node *n;
    switch (token->kind) {
    case TOKEN_IDENTIFIER:
        return function_term(p, token);
    case TOKEN_DOT:
        return node_new(p, NODE_DOT, token);
    case TOKEN_NIL:
        return node_new(p, NODE_NIL, token);
    case TOKEN_VARIABLE:
        return variable_term(p, token);
    case TOKEN_FIELD:
        n = node_new(p, NODE_FIELD, token);
        set_name(p, n, str_from(token->text, 1));
        return n;
    case TOKEN_BOOL:
        n = node_new(p, NODE_BOOL, token);
        n->truth = str_eq(token->text, STR("true"));
        return n;
    case TOKEN_NUMBER:
    case TOKEN_RUNE:
        return number_term(p, token);
    case TOKEN_STRING:
    case TOKEN_RAW_STRING:
        return string_term(p, token);
    case TOKEN_OPEN:
        return paren_term(p);
    default:
        p->at--;
        *none = true;
        return NULL;
    }
}

/* ---- operands: a term and the fields after it ---- */

static bool takes_fields(const struct node *n)
{
    switch (n->kind) {
    case NODE_BOOL:
    case NODE_STRING:
    case NODE_NUMBER:
    case NODE_NIL:
    case NODE_DOT:
        return false;
    default:
        return true;
    }
}

static void add_fields(struct parser *p, struct node *n, size_t first, size_t count)
{
    struct str *names = arena_array(&p->t->arena, struct str, n->n_names + count);
    if (n->n_names > 0) {
        memcpy(names, n->names, n->n_names * sizeof(*names));
    }
    for (size_t i = 0; i < count; i++) {
        names[n->n_names + i] = str_from(p->tokens.list.v[first + i].text, 1);
    }
    n->names = names;
    n->n_names += count;
}

static struct node *operand(struct parser *p, bool *none)
{
    struct node *n = term(p, none);
    size_t first = p->at;
    if (!n || parse_peek(p)->kind != TOKEN_FIELD) {
        return n;
    }
    const struct token *token = parse_peek(p);
    while (parse_peek(p)->kind == TOKEN_FIELD) {
        p->at++;
    }
    if (!takes_fields(n)) {
        AUTO(buf_done) struct buf b = BUF_INIT(WORK_MESSAGE);
        AUTO(buf_done) struct buf quoted = BUF_INIT((size_t)4 * WORK_MESSAGE);
        node_print(&b, n);
        goquote(&quoted, buf_str(&b), GOQUOTE_PLAIN);
        (void)parse_fail(p, "unexpected . after term %s", quoted.p);
        return NULL;
    }
    if (n->kind == NODE_FIELD || n->kind == NODE_VARIABLE) {
        n->pos = token->pos;
    } else {
        struct node *chain = node_new(p, NODE_CHAIN, token);
        chain->args = arena_new(&p->t->arena, struct node *);
        chain->args[0] = n;
        chain->n_args = 1;
        n = chain;
    }
    add_fields(p, n, first, p->at - first);
    return n;
}

/* ---- commands and pipelines ---- */

static struct node *command(struct parser *p)
{
    struct node *cmd = node_new(p, NODE_COMMAND, parse_peek_word(p));
    struct nodes args = {0};
    int rc = 0;
    for (bool more = true; more && rc == 0;) {
        bool none = false;
        struct node *n = operand(p, &none);
        if (n) {
            vec_push(&args.list, n);
        } else if (!none) {
            rc = -1;
            break;
        }
        const struct token *token = parse_next(p);
        switch (token->kind) {
        case TOKEN_SPACE:
            break;
        case TOKEN_RIGHT:
        case TOKEN_CLOSE:
            p->at--;
            more = false;
            break;
        case TOKEN_PIPE:
            more = false;
            break;
        default:
            rc = parse_unexpected(p, token, "operand");
            break;
        }
    }
    if (rc == 0 && args.list.n == 0) {
        rc = parse_fail(p, "empty command");
    }
    cmd->args = keep(p, &args, &cmd->n_args);
    return rc == 0 ? cmd : NULL;
}

static void add_declaration(struct parser *p, struct nodes *decls, const struct token *variable)
{
    struct node *n = node_new(p, NODE_VARIABLE, variable);
    set_name(p, n, variable->text);
    vec_push(&decls->list, n);
    parse_declare(p, variable->text);
}

/* "$x :=", "$x =", and in a range "$i, $x :=" as well. */
static int declarations(struct parser *p, struct nodes *decls, bool range, const char *where,
                        bool *assign)
{
    for (;;) {
        const struct token *variable = parse_peek_word(p);
        if (variable->kind != TOKEN_VARIABLE) {
            return 0;
        }
        size_t before = p->at++;
        const struct token *token = parse_peek_word(p);
        if (token->kind == TOKEN_ASSIGN || token->kind == TOKEN_DECLARE) {
            p->at++;
            *assign = token->kind == TOKEN_ASSIGN;
            add_declaration(p, decls, variable);
            return 0;
        }
        if (token->kind != TOKEN_CHAR || !str_eq(token->text, STR(","))) {
            p->at = before;
            return 0;
        }
        p->at++;
        add_declaration(p, decls, variable);
        if (!range || decls->list.n >= 2) {
            return parse_fail(p, "too many declarations in %s", where);
        }
        enum token_kind after = parse_peek_word(p)->kind;
        if (after != TOKEN_VARIABLE && after != TOKEN_RIGHT && after != TOKEN_CLOSE) {
            return parse_fail(p, "range can only initialize variables");
        }
    }
}

static int check_pipeline(struct parser *p, const struct nodes *commands, const char *where)
{
    if (commands->list.n == 0) {
        return parse_fail(p, "missing value for %s", where);
    }
    for (size_t i = 1; i < commands->list.n; i++) {
        if (!takes_fields(commands->list.v[i]->args[0])) {
            return parse_fail(p, "non executable command in pipeline stage %zu", i + 1);
        }
    }
    return 0;
}

static bool starts_operand(enum token_kind kind)
{
    switch (kind) {
    case TOKEN_BOOL:
    case TOKEN_RUNE:
    case TOKEN_DOT:
    case TOKEN_FIELD:
    case TOKEN_IDENTIFIER:
    case TOKEN_NUMBER:
    case TOKEN_NIL:
    case TOKEN_RAW_STRING:
    case TOKEN_STRING:
    case TOKEN_VARIABLE:
    case TOKEN_OPEN:
        return true;
    default:
        return false;
    }
}

static int commands(struct parser *p, struct nodes *out, const char *where, enum token_kind end)
{
    for (;;) {
        const struct token *token = parse_peek_word(p);
        if (token->kind == end) {
            p->at++;
            return check_pipeline(p, out, where);
        }
        if (!starts_operand(token->kind)) {
            p->at++;
            return parse_unexpected(p, token, where);
        }
        struct node *cmd = command(p);
        if (!cmd) {
            return -1;
        }
        vec_push(&out->list, cmd);
    }
}

struct node *parse_pipeline(struct parser *p, const char *where, enum token_kind end)
{
    struct node *pipe = node_new(p, NODE_PIPE, parse_peek_word(p));
    struct nodes decls = {0};
    struct nodes cmds = {0};
    bool range = str_eq_c(STR("range"), where);
    int rc = declarations(p, &decls, range, where, &pipe->assign);
    rc = rc == 0 ? commands(p, &cmds, where, end) : rc;
    pipe->decls = keep(p, &decls, &pipe->n_decls);
    pipe->args = keep(p, &cmds, &pipe->n_args);
    return rc == 0 ? pipe : NULL;
}
