/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements are parsed in one loop over the tokens: a stack of open constructs (struct open)
 * stands where a recursive parser would have its calls, and a stack of builders holds the units
 * under construction (the main one, and define and block inside it). Expressions are parsed in
 * template/parse_expr.c.
 *
 * Variables are checked here as the original does it, which is not quite lexical: a name is known
 * from its declaration to the end of the enclosing construct, its else branches included, whether
 * or not the declaration will have been executed. What slips through fails at run time.
 */
#include "template/parse_priv.h"

#include "base/utf8.h"

enum { UNITS_MAX = 2000 };

/* An open if, with or range. */
struct open {
    enum op_kind kind;
    uint32_t header; /* index of its op */
    uint32_t jump;   /* index of the op whose target is still open: header, NEXT or ELSE */
    size_t n_vars;
    bool in_else;
    bool chained; /* by {{else if}}: closes together with the one outside */
};

enum unit_kind { UNIT_MAIN, UNIT_DEFINE, UNIT_BLOCK };

struct builder {
    struct builder *outer;
    struct str name;
    enum unit_kind kind;
    VEC(struct op) ops;
    VEC(struct str) vars;
    VEC(struct open) open;
    int ranges;
    const struct node *pipe; /* UNIT_BLOCK: what the call passes */
    const struct node *call;
};

int parse_fail(struct parser *p, const char *fmt, ...)
{
    AUTO(buf_done) struct buf b = BUF_INIT(WORK_MESSAGE);
    va_list args;
    va_start(args, fmt);
    buf_addv(&b, fmt, args);
    va_end(args);
    size_t at = MIN(p->at, p->tokens.list.n) - (p->at > 0);
    return err_set(p->err, ERR_PARSE, "template: %.*s:%u: %s", STR_ARG(p->t->name),
                   p->tokens.list.v[at].line, b.p);
}

enum { PRINTED_TOKEN = 10 };

/* Where the characters end that an error text shows. */
static size_t rune_offset(struct str s)
{
    size_t at = 0;
    for (int i = 0; i < PRINTED_TOKEN && at < s.n; i++) {
        uint32_t rune;
        at += utf8_decode(str_from(s, at), &rune, NULL);
    }
    return at;
}

static void print_token(struct buf *out, const struct token *token)
{
    if (token->kind == TOKEN_EOF) {
        buf_add_c(out, "EOF");
    } else if (token->kind > TOKEN_KEYWORDS) {
        buf_addf(out, "<%.*s>", STR_ARG(token->text));
    } else {
        bool whole = token->text.n <= PRINTED_TOKEN;
        goquote(out, whole ? token->text : str_head(token->text, rune_offset(token->text)),
                GOQUOTE_PLAIN);
        buf_add_c(out, whole ? "" : "...");
    }
}

int parse_unexpected(struct parser *p, const struct token *token, const char *where)
{
    AUTO(buf_done) struct buf b = BUF_INIT(WORK_MESSAGE);
    if (token->kind == TOKEN_ERROR) {
        buf_add_str(&b, token->text);
        if (p->action_line && p->action_line != token->line) {
            buf_addf(&b, "%s started at %.*s:%u",
                     str_ends(token->text, STR(" action")) ? "" : " in action", STR_ARG(p->t->name),
                     p->action_line);
        }
        return parse_fail(p, "%s", b.p);
    }
    print_token(&b, token);
    return parse_fail(p, "unexpected %s in %s", b.p, where);
}

const struct token *parse_peek(struct parser *p)
{
    const struct token *token = &p->tokens.list.v[MIN(p->at, p->tokens.list.n - 1)];
    return token;
}

const struct token *parse_next(struct parser *p)
{
    const struct token *token = parse_peek(p);
    p->at++;
    return token;
}

const struct token *parse_peek_word(struct parser *p)
{
    while (parse_peek(p)->kind == TOKEN_SPACE) {
        p->at++;
    }
    return parse_peek(p);
}

const struct token *parse_next_word(struct parser *p)
{
    (void)parse_peek_word(p);
    return parse_next(p);
}

/* ---- variables ---- */

void parse_declare(struct parser *p, struct str name)
{
    vec_push(&p->builder->vars, name);
}

bool parse_knows(const struct parser *p, struct str name)
{
    for (size_t i = p->builder->vars.n; i-- > 0;) {
        if (str_eq(p->builder->vars.v[i], name)) {
            return true;
        }
    }
    return false;
}

/* ---- units ---- */

static void builder_push(struct parser *p, enum unit_kind kind, struct str name)
{
    struct builder *b = xcalloc(1, sizeof(*b));
    b->outer = p->builder;
    b->kind = kind;
    b->name = name;
    vec_push(&b->vars, STR("$"));
    p->builder = b;
}

static void builder_pop(struct parser *p)
{
    struct builder *b = p->builder;
    p->builder = b->outer;
    vec_done(&b->ops);
    vec_done(&b->vars);
    vec_done(&b->open);
    free(b);
}

static uint32_t emit(struct parser *p, struct op op)
{
    vec_push(&p->builder->ops, op);
    return (uint32_t)(p->builder->ops.n - 1);
}

struct unit *template_unit(const struct template *t, struct str name)
{
    for (size_t i = 0; i < t->units.n; i++) {
        if (str_eq(t->units.v[i]->name, name)) {
            return t->units.v[i];
        }
    }
    return NULL;
}

static bool ops_empty(const struct builder *b)
{
    for (size_t i = 0; i < b->ops.n; i++) {
        const struct op *op = &b->ops.v[i];
        if (op->kind != OP_RETURN && !(op->kind == OP_TEXT && op->empty)) {
            return false;
        }
    }
    return true;
}

/* The finished unit takes its name; one that holds nothing never replaces another. */
static int unit_add(struct parser *p)
{
    struct builder *b = p->builder;
    (void)emit(p, (struct op){.kind = OP_RETURN});
    bool empty = ops_empty(b);
    struct unit *unit = template_unit(p->t, b->name);
    if (unit && !unit->empty) {
        if (!empty) {
            return parse_fail(p, "template: multiple definition of template \"%.*s\"",
                              STR_ARG(b->name));
        }
        return 0;
    }
    if (!unit) {
        if (p->t->units.n >= UNITS_MAX) {
            return parse_fail(p, "more than %d definitions", UNITS_MAX);
        }
        unit = arena_new(&p->t->arena, struct unit);
        vec_push(&p->t->units, unit);
    }
    struct op *ops = arena_array(&p->t->arena, struct op, b->ops.n);
    memcpy(ops, b->ops.v, b->ops.n * sizeof(*ops));
    *unit = (struct unit){.name = b->name, .ops = ops, .n_ops = b->ops.n, .empty = empty};
    return 0;
}

/* ---- statements ---- */

static int expect_right(struct parser *p, const char *where)
{
    const struct token *token = parse_next_word(p);
    return token->kind == TOKEN_RIGHT ? 0 : parse_unexpected(p, token, where);
}

static void add_text(struct parser *p, struct str text)
{
    (void)emit(p, (struct op){.kind = OP_TEXT, .text = text, .empty = str_trim(text).n == 0});
}

static int print_statement(struct parser *p)
{
    const struct node *pipe = parse_pipeline(p, "command", TOKEN_RIGHT);
    if (!pipe) {
        return -1;
    }
    (void)emit(p, (struct op){.kind = OP_PRINT, .pipe = pipe});
    return 0;
}

static int open_control(struct parser *p, enum op_kind kind, bool chained)
{
    static const char *const names[] = {[OP_IF] = "if", [OP_WITH] = "with", [OP_RANGE] = "range"};
    struct open open = {.kind = kind, .n_vars = p->builder->vars.n, .chained = chained};
    const struct node *pipe = parse_pipeline(p, names[kind], TOKEN_RIGHT);
    if (!pipe) {
        return -1;
    }
    open.header = open.jump = emit(p, (struct op){.kind = kind, .pipe = pipe});
    p->builder->ranges += kind == OP_RANGE;
    vec_push(&p->builder->open, open);
    return 0;
}

/* The end of the first branch, whether by else or by end. */
static void close_branch(struct parser *p, struct open *open)
{
    struct builder *b = p->builder;
    if (open->kind == OP_RANGE) {
        b->ranges--;
    }
    uint32_t at = emit(p, (struct op){.kind = open->kind == OP_RANGE ? OP_NEXT : OP_ELSE});
    b->ops.v[open->header].target = at + 1;
    open->jump = at;
}

static int else_statement(struct parser *p)
{
    struct builder *b = p->builder;
    enum token_kind after = parse_peek_word(p)->kind;
    bool chain = after == TOKEN_IF || after == TOKEN_WITH;
    if (!chain && expect_right(p, "else") != 0) {
        return -1;
    }
    if (b->open.n == 0) {
        return parse_fail(p, b->kind == UNIT_MAIN ? "unexpected {{else}}"
                                                  : "unexpected {{else}} in define clause");
    }
    struct open *open = &b->open.v[b->open.n - 1];
    if (open->in_else) {
        return parse_fail(p, "expected end; found {{else}}");
    }
    open->in_else = true;
    close_branch(p, open);
    enum op_kind kind = open->kind;
    if (!chain) {
        return 0;
    }
    if ((kind == OP_IF && after == TOKEN_IF) || (kind == OP_WITH && after == TOKEN_WITH)) {
        (void)parse_next_word(p);
        return open_control(p, kind, true);
    }
    return parse_unexpected(p, parse_next_word(p), "input");
}

static void close_control(struct parser *p)
{
    struct builder *b = p->builder;
    bool chained;
    do {
        struct open open = vec_pop(&b->open);
        if (!open.in_else) {
            close_branch(p, &open);
        }
        uint32_t end = emit(p, (struct op){.kind = OP_END});
        b->ops.v[open.jump].target = end;
        if (!open.in_else) {
            b->ops.v[open.header].target = end;
        }
        b->vars.n = open.n_vars;
        chained = open.chained;
    } while (chained);
}

static int end_statement(struct parser *p)
{
    struct builder *b = p->builder;
    if (expect_right(p, "end") != 0) {
        return -1;
    }
    if (b->open.n > 0) {
        close_control(p);
        return 0;
    }
    if (b->kind == UNIT_MAIN) {
        return parse_fail(p, "unexpected {{end}}");
    }
    struct op call = {.kind = OP_CALL, .text = b->name, .pipe = b->pipe, .at = b->call};
    bool block = b->kind == UNIT_BLOCK;
    if (unit_add(p) != 0) {
        return -1;
    }
    builder_pop(p);
    if (block) {
        (void)emit(p, call);
    }
    return 0;
}

static int jump_statement(struct parser *p, enum op_kind kind, const char *name)
{
    if (expect_right(p, name) != 0) {
        return -1;
    }
    if (p->builder->ranges == 0) {
        return parse_fail(p, "%s outside {{range}}", name);
    }
    (void)emit(p, (struct op){.kind = kind});
    return 0;
}

/* The quoted name of define, template and block. */
static int template_name(struct parser *p, const char *where, struct node *at)
{
    const struct token *token = parse_next_word(p);
    if (token->kind != TOKEN_STRING && token->kind != TOKEN_RAW_STRING) {
        return parse_unexpected(p, token, where);
    }
    AUTO(buf_done) struct buf b = BUF_INIT(TEMPLATE_TEXT_MAX);
    if (!gounquote(&b, token->text)) {
        return parse_fail(p, "invalid syntax");
    }
    at->kind = NODE_TEMPLATE;
    at->pos = token->pos;
    at->value = arena_str(&p->t->arena, buf_str(&b));
    AUTO(buf_done) struct buf quoted = BUF_INIT(8 * TEMPLATE_TEXT_MAX);
    goquote(&quoted, at->value, GOQUOTE_PLAIN);
    at->text = arena_str(&p->t->arena, buf_str(&quoted));
    return 0;
}

static int define_statement(struct parser *p)
{
    struct node name = {0};
    if (template_name(p, "define clause", &name) != 0 || expect_right(p, "define clause") != 0) {
        return -1;
    }
    builder_push(p, UNIT_DEFINE, name.value);
    return 0;
}

static void call_argument(struct parser *p, struct node *call, struct node *pipe)
{
    call->args = arena_array(&p->t->arena, struct node *, 1);
    call->args[0] = pipe;
    call->n_args = 1;
}

static int block_statement(struct parser *p)
{
    struct node *call = arena_new(&p->t->arena, struct node);
    if (template_name(p, "block clause", call) != 0) {
        return -1;
    }
    struct node *pipe = parse_pipeline(p, "block clause", TOKEN_RIGHT);
    if (!pipe) {
        return -1;
    }
    call_argument(p, call, pipe);
    builder_push(p, UNIT_BLOCK, call->value);
    p->builder->pipe = pipe;
    p->builder->call = call;
    return 0;
}

static int template_statement(struct parser *p)
{
    struct node *call = arena_new(&p->t->arena, struct node);
    if (template_name(p, "template clause", call) != 0) {
        return -1;
    }
    struct node *pipe = NULL;
    if (parse_peek_word(p)->kind == TOKEN_RIGHT) {
        (void)parse_next(p);
    } else {
        pipe = parse_pipeline(p, "template clause", TOKEN_RIGHT);
        if (!pipe) {
            return -1;
        }
        call_argument(p, call, pipe);
    }
    (void)emit(p, (struct op){.kind = OP_CALL, .text = call->value, .pipe = pipe, .at = call});
    return 0;
}

/* After the left delimiter. */
static int statement(struct parser *p)
{
    enum token_kind kind = parse_peek_word(p)->kind;
    bool top = p->builder->kind == UNIT_MAIN && p->builder->open.n == 0;
    if (kind > TOKEN_KEYWORDS && kind != TOKEN_DOT && kind != TOKEN_NIL) {
        p->at++;
    }
    switch (kind) {
    case TOKEN_IF:
        return open_control(p, OP_IF, false);
    case TOKEN_WITH:
        return open_control(p, OP_WITH, false);
    case TOKEN_RANGE:
        return open_control(p, OP_RANGE, false);
    case TOKEN_ELSE:
        return else_statement(p);
    case TOKEN_END:
        return end_statement(p);
    case TOKEN_BREAK:
        return jump_statement(p, OP_BREAK, "{{break}}");
    case TOKEN_CONTINUE:
        return jump_statement(p, OP_CONTINUE, "{{continue}}");
    case TOKEN_BLOCK:
        return block_statement(p);
    case TOKEN_TEMPLATE:
        return template_statement(p);
    case TOKEN_DEFINE:
        return top ? define_statement(p)
                   : parse_unexpected(p, &p->tokens.list.v[p->at - 1], "command");
    default:
        return print_statement(p);
    }
}

static int statements(struct parser *p)
{
    for (;;) {
        const struct token *token = parse_next(p);
        switch (token->kind) {
        case TOKEN_TEXT:
            add_text(p, token->text);
            break;
        case TOKEN_LEFT:
            p->action_line = token->line;
            if (statement(p) != 0) {
                return -1;
            }
            p->action_line = 0;
            break;
        case TOKEN_EOF:
            return p->builder->outer || p->builder->open.n > 0 ? parse_fail(p, "unexpected EOF")
                                                               : 0;
        default:
            return parse_unexpected(p, token, "input");
        }
    }
}

int parse(struct template *t, const struct template_options *options, struct err **err)
{
    struct parser p = {.t = t, .err = err};
    struct str left = options->left.n ? options->left : STR("{{");
    struct str right = options->right.n ? options->right : STR("}}");
    lex(&p.tokens, &t->arena, t->text, left, right);
    builder_push(&p, UNIT_MAIN, t->name);
    int rc = statements(&p);
    rc = rc == 0 ? unit_add(&p) : rc;
    while (p.builder) {
        builder_pop(&p);
    }
    tokens_done(&p.tokens);
    t->main = template_unit(t, t->name);
    return rc;
}
