/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions. Recursive in parentheses only, whose depth the parser has limited. `final` is the
 * value that a pipeline passes on as the last argument of its next command; NULL if there is none.
 *
 * Arguments are collected on x->stack. It moves when it grows, so it is addressed by index until
 * the last argument is there.
 */
#include "template/exec.h"

static struct value eval_arg(struct exec *x, struct value dot, const struct node *n, char param);

/* What a command passes to its operation: the operands after the first, and maybe the piped value.
 */
struct args {
    struct node *const *nodes;
    size_t n;
    const struct value *final;
    const struct node *command; /* for "error calling" */
};

static bool has_args(const struct args *args)
{
    return args->n > 0 || args->final;
}

/* ---- parameters ---- */

static const struct {
    char letter;
    bool can_be_nil;
    enum kind kind;
    const char *type;
} param_types[] = {
    {'s', false, K_STRING, "string"},
    {'i', false, K_INT, "int"},
    {'l', false, K_INT64, "int64"},
    {'f', false, K_FLOAT, "float64"},
    {'b', false, K_BOOL, "bool"},
    {'d', true, K_DICT, "map[string]interface {}"},
    {'L', true, K_LIST, "[]interface {}"},
    {'T', false, K_TIME, "time.Time"},
    {'D', false, K_DURATION, "time.Duration"},
    {'V', true, K_SEMVER, "*semver.Version"},
    {'C', false, K_CERT, "sprig.certificate"},
    {'u', false, K_COUNT, "uint32"},
    {'h', false, K_COUNT, "sprig.HashAlgorithm"},
};

static size_t param_row(char letter)
{
    size_t i = 0;
    while (param_types[i].letter != letter) {
        must(++i < COUNT_OF(param_types));
    }
    return i;
}

/* A computed value as an argument. */
static struct value validate(struct exec *x, struct value v, char param)
{
    if (param == 'a') {
        return v;
    }
    size_t row = param_row(param);
    if (v.kind == param_types[row].kind) {
        return v_plain(v);
    }
    if (v.kind == K_NIL && !v.iface) {
        if (param_types[row].can_be_nil) {
            return (struct value){.kind = (uint8_t)param_types[row].kind};
        }
        work_fail(&x->work, "invalid value; expected %s", param_types[row].type);
        return NIL;
    }
    work_fail(&x->work, "wrong type for value; expected %s; got %s", param_types[row].type,
              v.kind == K_NIL ? "interface {}" : v_type(v));
    return NIL;
}

static void fail_expected(struct exec *x, const char *what, const struct node *n)
{
    work_fail(&x->work, "expected %s; found %.*s", what, STR_ARG(n->text));
}

static struct value constant(struct exec *x, const struct node *n)
{
    x->at = n;
    switch (n->kind) {
    case NODE_BOOL:
        return v_bool(n->truth);
    case NODE_STRING:
        return v_str(n->value);
    default:
        break;
    }
    if (n->number->is_complex) {
        return v_complex(n->number->f, n->number->imaginary);
    }
    if (n->number->float_syntax) {
        return v_float(n->number->f);
    }
    if (!n->number->is_int) {
        work_fail(&x->work, "%.*s overflows int", STR_ARG(n->text));
    }
    return v_int(n->number->i);
}

static struct value integer_literal(struct exec *x, const struct node *n, enum kind kind)
{
    if (n->kind != NODE_NUMBER || !n->number->is_int) {
        fail_expected(x, "integer", n);
        return NIL;
    }
    return v_of_int(kind, n->number->i);
}

/* A literal takes the type of the parameter, where it can. */
static struct value literal(struct exec *x, const struct node *n, char param)
{
    bool number = n->kind == NODE_NUMBER;
    switch (param) {
    case 'a':
        return constant(x, n);
    case 's':
    case 'h':
        if (n->kind == NODE_STRING) {
            return v_str(n->value);
        }
        fail_expected(x, "string", n);
        return NIL;
    case 'b':
        if (n->kind == NODE_BOOL) {
            return v_bool(n->truth);
        }
        fail_expected(x, "bool", n);
        return NIL;
    case 'i':
        return integer_literal(x, n, K_INT);
    case 'l':
        return integer_literal(x, n, K_INT64);
    case 'D':
        return integer_literal(x, n, K_DURATION);
    case 'u':
        if (number && n->number->is_uint) {
            return v_of_int(K_UINT64, (int64_t)(n->number->u & UINT32_MAX));
        }
        fail_expected(x, "unsigned integer", n);
        return NIL;
    case 'f':
        if (number && n->number->is_float) {
            return v_float(n->number->f);
        }
        fail_expected(x, "float", n);
        return NIL;
    default:
        work_fail(&x->work, "can't handle %.*s for arg of type %s", STR_ARG(n->text),
                  param_types[param_row(param)].type);
        return NIL;
    }
}

static struct value nil_literal(struct exec *x, char param)
{
    if (param == 'a') {
        return NIL;
    }
    size_t row = param_row(param);
    if (!param_types[row].can_be_nil) {
        work_fail(&x->work, "cannot assign nil to %s", param_types[row].type);
    }
    return (struct value){.kind = (uint8_t)param_types[row].kind};
}

/* ---- calls ---- */

/* The letter of argument i; the last one repeats where the row ends with a star. */
static char param_at(const char *params, size_t i)
{
    size_t n = strlen(params);
    if (n > 0 && params[n - 1] == '*') {
        return params[MIN(i, n - 2)];
    }
    return params[i];
}

static bool check_count(struct exec *x, const char *name, const char *params, size_t given)
{
    size_t n = strlen(params);
    bool variadic = n > 0 && params[n - 1] == '*';
    if (variadic && given < n - 2) {
        return work_fail(&x->work, "wrong number of args for %s: want at least %zu got %zu", name,
                         n - 2, given);
    }
    if (!variadic && given != n) {
        return work_fail(&x->work, "wrong number of args for %s: want %zu got %zu", name, n, given);
    }
    return true;
}

static bool push_args(struct exec *x, struct value dot, const char *params, const struct args *args)
{
    for (size_t i = 0; i < args->n && !x->work.failed; i++) {
        struct value v = eval_arg(x, dot, args->nodes[i], param_at(params, i));
        vec_push(&x->stack, v);
    }
    if (args->final && !x->work.failed) {
        struct value v = validate(x, *args->final, param_at(params, args->n));
        vec_push(&x->stack, v);
    }
    return !x->work.failed;
}

enum { METHOD_WEIGHT = 40 }; /* as that of date, which Format is like */

/* Long texts cost more. */
static size_t text_cost(const struct value *arg, size_t n, size_t weight)
{
    size_t cost = 0;
    for (size_t i = 0; i < n; i++) {
        cost += v_len(arg[i]) * weight / 40;
    }
    return cost;
}

static struct value invoke(struct exec *x, const char *name, func_fn *fn, size_t cost, size_t base,
                           const struct args *args)
{
    const struct value *arg = &x->stack.v[base];
    size_t n = x->stack.n - base;
    if (!work_step(&x->work, 1 + cost)) {
        return NIL;
    }
    struct value result = fn(&x->work, arg, n);
    if (!x->work.failed && x->work.arena.used > x->work.memory_max) {
        work_fail_limit(&x->work, "memory");
    }
    if (x->work.failed) {
        x->at = args->command;
        x->calling = name;
        return NIL;
    }
    return result;
}

static struct value short_circuit(struct exec *x, struct value dot, bool stop_at,
                                  const struct args *args)
{
    struct value v = NIL;
    for (size_t i = 0; i < args->n; i++) {
        v = v_plain(eval_arg(x, dot, args->nodes[i], 'a'));
        if (x->work.failed || v_true(v) == stop_at) {
            return v;
        }
    }
    return args->final ? *args->final : v;
}

static struct value call(struct exec *x, struct value dot, const struct node *n,
                         const struct args *args)
{
    const struct func *f = n->func;
    x->at = n;
    size_t given = args->n + (args->final ? 1 : 0);
    if (!check_count(x, f->name, f->params, given)) {
        return NIL;
    }
    int lazy = func_short_circuit(f);
    if (lazy) {
        return short_circuit(x, dot, lazy == FUNC_OR, args);
    }
    size_t base = x->stack.n;
    struct value result = NIL;
    if (push_args(x, dot, f->params, args)) {
        size_t cost =
            f->cost + text_cost(&x->stack.v[base], x->stack.n - base, MAX(f->weight, (size_t)1));
        result = invoke(x, f->name, f->fn, cost, base, args);
    }
    x->stack.n = base;
    return result;
}

static struct value call_method(struct exec *x, struct value dot, struct value receiver,
                                const struct method *m, const struct args *args)
{
    if (!check_count(x, m->name, m->params, args->n + (args->final ? 1 : 0))) {
        return NIL;
    }
    size_t base = x->stack.n;
    vec_push(&x->stack, receiver);
    struct value result = NIL;
    if (push_args(x, dot, m->params, args)) {
        size_t cost = text_cost(&x->stack.v[base], x->stack.n - base, METHOD_WEIGHT);
        result = invoke(x, m->name, m->fn, cost, base, args);
    }
    x->stack.n = base;
    return result;
}

/* ---- fields ---- */

static const struct args no_args = {0};

static struct value map_field(struct exec *x, struct value receiver, struct str name,
                              const struct args *args)
{
    if (has_args(args)) {
        work_fail(&x->work, "%.*s is not a method but has arguments", STR_ARG(name));
        return NIL;
    }
    const struct value *v = dict_get(receiver.dict, name);
    if (!v) {
        if (x->t->missing_key_error) {
            work_fail(&x->work, "map has no entry for key \"%.*s\"", STR_ARG(name));
        }
        return NIL;
    }
    return receiver.kind == K_DICT ? v_iface(*v) : *v;
}

static bool cert_field(struct value receiver, struct str name, struct value *out)
{
    bool cert = str_eq(name, STR("Cert"));
    if (receiver.kind != K_CERT || (!cert && !str_eq(name, STR("Key")))) {
        return false;
    }
    *out = v_str(cert ? receiver.cert->cert : receiver.cert->key);
    return true;
}

static struct value field(struct exec *x, struct value dot, struct value receiver, struct str name,
                          const struct args *args)
{
    if (receiver.kind == K_NIL) {
        if (receiver.iface) {
            work_fail(&x->work, "nil pointer evaluating interface {}.%.*s", STR_ARG(name));
        } else if (x->t->missing_key_error) {
            work_fail(&x->work, "nil data; no entry for key \"%.*s\"", STR_ARG(name));
        }
        return NIL;
    }
    const struct method *m = method_find(receiver.kind, name);
    if (m) {
        return call_method(x, dot, receiver, m, args);
    }
    if (v_is_map(receiver)) {
        return map_field(x, receiver, name, args);
    }
    struct value v;
    if (!cert_field(receiver, name, &v)) {
        work_fail(&x->work, "can't evaluate field %.*s in type %s", STR_ARG(name),
                  v_static_type(receiver));
        return NIL;
    }
    if (has_args(args)) {
        work_fail(&x->work, "%.*s has arguments but cannot be invoked as function", STR_ARG(name));
    }
    return v;
}

/* Names from `first` on; the last one gets the arguments. */
static struct value fields(struct exec *x, struct value dot, struct value receiver,
                           const struct node *n, size_t first, const struct args *args)
{
    struct args inner = no_args;
    inner.command = n;
    for (size_t i = first; i < n->n_names && !x->work.failed; i++) {
        bool last = i + 1 == n->n_names;
        receiver = field(x, dot, receiver, n->names[i], last ? args : &inner);
    }
    return receiver;
}

/* ---- operands and commands ---- */

static bool not_a_function(struct exec *x, const struct node *n, const struct args *args)
{
    if (!has_args(args)) {
        return true;
    }
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(WORK_MESSAGE_MAX);
    node_print(&text, n);
    return work_fail(&x->work, "can't give argument to non-function %s", text.p);
}

static struct value variable(struct exec *x, struct value dot, const struct node *n,
                             const struct args *args)
{
    x->at = n;
    const struct variable *v = exec_find_var(x, n->names[0]);
    if (!v) {
        work_fail(&x->work, "undefined variable: %.*s", STR_ARG(n->names[0]));
        return NIL;
    }
    if (n->n_names == 1) {
        return not_a_function(x, n, args) ? v->value : NIL;
    }
    return fields(x, dot, v->value, n, 1, args);
}

static struct value chain(struct exec *x, struct value dot, const struct node *n,
                          const struct args *args)
{
    x->at = n;
    struct value receiver = eval_arg(x, dot, n->args[0], 'a');
    return x->work.failed ? NIL : fields(x, dot, receiver, n, 0, args);
}

static struct value eval_arg(struct exec *x, struct value dot, const struct node *n, char param)
{
    struct args none = no_args;
    none.command = n;
    struct value v;
    x->at = n;
    switch (n->kind) {
    case NODE_DOT:
        v = dot;
        break;
    case NODE_NIL:
        return nil_literal(x, param);
    case NODE_FIELD:
        v = fields(x, dot, dot, n, 0, &none);
        break;
    case NODE_VARIABLE:
        v = variable(x, dot, n, &none);
        break;
    case NODE_PIPE:
        v = eval_pipe(x, dot, n);
        break;
    case NODE_FUNCTION:
        v = call(x, dot, n, &none);
        break;
    case NODE_CHAIN:
        v = chain(x, dot, n, &none);
        break;
    default:
        return literal(x, n, param);
    }
    return x->work.failed ? NIL : validate(x, v, param);
}

static struct value command(struct exec *x, struct value dot, const struct node *cmd,
                            const struct value *final)
{
    const struct node *first = cmd->args[0];
    const struct args args = {cmd->args + 1, cmd->n_args - 1, final, cmd};
    switch (first->kind) {
    case NODE_FUNCTION:
        return call(x, dot, first, &args);
    case NODE_FIELD: {
        x->at = first;
        struct args field_args = args;
        field_args.command = first;
        return fields(x, dot, dot, first, 0, &field_args);
    }
    case NODE_CHAIN:
        return chain(x, dot, first, &args);
    case NODE_VARIABLE:
        return variable(x, dot, first, &args);
    case NODE_PIPE:
        return not_a_function(x, first, &args) ? eval_pipe(x, dot, first) : NIL;
    default:
        break;
    }
    x->at = first;
    if (!not_a_function(x, first, &args)) {
        return NIL;
    }
    if (first->kind == NODE_DOT) {
        return dot;
    }
    if (first->kind == NODE_NIL) {
        work_fail(&x->work, "nil is not a command");
        return NIL;
    }
    return constant(x, first);
}

static bool declare(struct exec *x, const struct node *pipe, struct value v)
{
    for (size_t i = 0; i < pipe->n_decls; i++) {
        struct str name = pipe->decls[i]->names[0];
        if (!pipe->assign) {
            exec_push_var(x, name, v);
        } else if (!exec_set_var(x, name, v)) {
            return false;
        }
    }
    return true;
}

struct value eval_pipe(struct exec *x, struct value dot, const struct node *pipe)
{
    if (!pipe) {
        return NIL;
    }
    x->at = pipe;
    struct value v = NIL;
    for (size_t i = 0; i < pipe->n_args; i++) {
        if (!work_step(&x->work, 1)) {
            return NIL;
        }
        v = v_plain(command(x, dot, pipe->args[i], i > 0 ? &v : NULL));
        if (x->work.failed) {
            return NIL;
        }
    }
    return declare(x, pipe, v) ? v : NIL;
}
