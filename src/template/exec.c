/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the program of a unit (template/node.h) with a stack of frames of its own: one per open
 * if/with, per running range, and per {{template}} call. A frame remembers the dot and how many
 * variables there were, and leaving it brings both back.
 */
#include "template/exec.h"

#include "template/gofmt.h"

enum {
    CALL_DEPTH_MAX = 10000, /* the original has 100,000 */
    FRAMES_MAX = 100000,
    VARS_MAX = 100000,
};

enum frame_kind { FRAME_BRANCH, FRAME_RANGE, FRAME_CALL };

struct frame {
    enum frame_kind kind;
    struct value dot; /* outside */
    size_t vars;
    /* FRAME_RANGE */
    struct value over;
    size_t i;
    size_t n;
    size_t body_vars; /* with the range's own variables */
    uint32_t header;  /* its op */
    /* FRAME_CALL */
    const struct unit *unit;
    size_t vars_base;
    size_t back; /* op to return to */
};

struct machine {
    struct exec x;
    VEC(struct frame) frames;
    struct value dot;
    size_t pc;
    int calls;
    struct buf *out;
    size_t out_start;
    size_t out_max;
};

/* ---- variables ---- */

void exec_push_var(struct exec *x, struct str name, struct value value)
{
    if (x->vars.n >= VARS_MAX) {
        work_fail_limit(&x->work, "memory");
        return;
    }
    vec_push(&x->vars, (struct variable){name, value});
}

struct variable *exec_find_var(struct exec *x, struct str name)
{
    for (size_t i = x->vars.n; i-- > x->vars_base;) {
        if (str_eq(x->vars.v[i].name, name)) {
            return &x->vars.v[i];
        }
    }
    return NULL;
}

bool exec_set_var(struct exec *x, struct str name, struct value value)
{
    struct variable *v = exec_find_var(x, name);
    if (!v) {
        return work_fail(&x->work, "undefined variable: %.*s", STR_ARG(name));
    }
    v->value = value;
    return true;
}

/* ---- frames ---- */

static struct frame *push_frame(struct machine *m, enum frame_kind kind)
{
    if (m->frames.n >= FRAMES_MAX) {
        work_fail_limit(&m->x.work, "depth");
    }
    vec_push(&m->frames, (struct frame){.kind = kind, .dot = m->dot, .vars = m->x.vars.n});
    return &m->frames.v[m->frames.n - 1];
}

static struct frame *top(struct machine *m)
{
    return &m->frames.v[m->frames.n - 1];
}

static void pop_frame(struct machine *m)
{
    const struct frame *f = top(m);
    m->dot = f->dot;
    m->x.vars.n = f->vars;
    m->frames.n--;
}

/* ---- statements ---- */

static void check_output(struct machine *m)
{
    if (!buf_ok(m->out) || m->out->n - m->out_start > m->out_max) {
        work_fail_limit(&m->x.work, "output");
    }
}

static void op_print(struct machine *m, const struct op *op)
{
    struct value v = eval_pipe(&m->x, m->dot, op->pipe);
    if (m->x.work.failed || op->pipe->n_decls > 0) {
        return;
    }
    if (v.kind == K_NIL) {
        buf_add_c(m->out, "<no value>");
    } else {
        gofmt_print(&m->x.work, m->out, v);
    }
    check_output(m);
}

static void op_branch(struct machine *m, const struct op *op)
{
    (void)push_frame(m, FRAME_BRANCH);
    struct value v = eval_pipe(&m->x, m->dot, op->pipe);
    if (!v_true(v)) {
        m->pc = op->target;
    } else if (op->kind == OP_WITH) {
        m->dot = v;
    }
}

/* How many rounds a value gives; false if it cannot be ranged over. */
static bool range_count(struct value v, size_t *n)
{
    if (v_is_integer(v)) {
        *n = v.i > 0 ? (size_t)v.i : 0;
        return true;
    }
    *n = v_len(v);
    return v.kind == K_NIL || v_is_list(v) || v_is_map(v);
}

static bool fail_range(struct machine *m, const char *before, struct value v, const char *after)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(WORK_MESSAGE_MAX);
    gofmt_print(&m->x.work, &text, v);
    return work_fail(&m->x.work, "%s%.*s%s", before, STR_ARG(buf_str(&text)), after);
}

static void round_values(const struct frame *f, struct value *key, struct value *element)
{
    if (v_is_list(f->over)) {
        *key = v_int((int64_t)f->i);
        *element = v_at(f->over, f->i);
    } else if (v_is_map(f->over)) {
        *key = v_str(f->over.dict->v[f->i].key);
        *element = f->over.dict->v[f->i].value;
        element->iface = f->over.kind == K_DICT;
    } else {
        *key = NIL;
        *element = v_of_int(f->over.kind, (int64_t)f->i);
    }
}

/* Gives the variables and the dot of the next round. With one variable it gets the element. */
static void start_round(struct machine *m)
{
    struct frame *f = top(m);
    const struct node *pipe = m->x.unit->ops[f->header].pipe;
    struct value key;
    struct value element;
    round_values(f, &key, &element);
    f->i++;
    m->x.vars.n = f->body_vars;
    m->dot = element;
    for (size_t i = 0; i < pipe->n_decls; i++) {
        struct value v = pipe->n_decls == 2 && i == 0 ? key : element;
        if (pipe->assign) {
            exec_set_var(&m->x, pipe->decls[i]->names[0], v);
        } else {
            m->x.vars.v[f->body_vars - pipe->n_decls + i].value = v;
        }
    }
}

static void op_range(struct machine *m, const struct op *op)
{
    struct frame *f = push_frame(m, FRAME_RANGE);
    f->header = (uint32_t)(m->pc - 1);
    struct value v = eval_pipe(&m->x, m->dot, op->pipe);
    if (m->x.work.failed) {
        return;
    }
    f = top(m);
    if (!range_count(v, &f->n)) {
        fail_range(m, "range can't iterate over ", v, "");
        return;
    }
    if (v_is_integer(v) && op->pipe->n_decls > 1) {
        fail_range(m, "can't use ", v, " to iterate over more than one variable");
        return;
    }
    f->over = v;
    f->body_vars = m->x.vars.n;
    if (f->n == 0) {
        m->pc = op->target;
    } else {
        start_round(m);
    }
}

/* After a round, or on continue: the body again, or on to the END. A dict may have shrunk. */
static void op_next(struct machine *m)
{
    struct frame *f = top(m);
    const struct op *header = &m->x.unit->ops[f->header];
    bool shrunk = v_is_map(f->over) && f->i >= v_len(f->over);
    if (f->i < f->n && !shrunk) {
        m->pc = f->header + 1;
        start_round(m);
    } else {
        m->pc = m->x.unit->ops[header->target - 1].target;
        m->dot = f->dot;
    }
}

/* Leaves the frames inside the innermost range. */
static void op_leave(struct machine *m, bool again)
{
    while (top(m)->kind != FRAME_RANGE) {
        pop_frame(m);
    }
    if (!again) {
        top(m)->i = top(m)->n;
    }
    op_next(m);
}

static void op_call(struct machine *m, const struct op *op)
{
    m->x.at = op->at;
    const struct unit *unit = template_unit(m->x.t, op->text);
    if (!work_step(&m->x.work, m->x.t->units.n / 16)) {
        return;
    }
    if (!unit) {
        work_fail(&m->x.work, "template %.*s not defined", STR_ARG(op->at->text));
        return;
    }
    if (++m->calls > CALL_DEPTH_MAX) {
        m->x.work.limit = true;
        work_fail(&m->x.work, "exceeded maximum template depth (%d)", CALL_DEPTH_MAX);
        return;
    }
    struct frame *f = push_frame(m, FRAME_CALL);
    f->unit = m->x.unit;
    f->back = m->pc;
    f->vars_base = m->x.vars_base;
    struct value v = eval_pipe(&m->x, m->dot, op->pipe);
    if (m->x.work.failed) {
        return; /* the error is one of the caller */
    }
    m->dot = v;
    m->x.vars_base = m->x.vars.n;
    exec_push_var(&m->x, STR("$"), v);
    m->x.unit = unit;
    m->pc = 0;
}

/* False when the main unit is done. */
static bool op_return(struct machine *m)
{
    if (m->frames.n == 0) {
        return false;
    }
    struct frame *f = top(m);
    must(f->kind == FRAME_CALL);
    m->x.unit = f->unit;
    m->pc = f->back;
    m->x.vars_base = f->vars_base;
    m->calls--;
    pop_frame(m);
    return true;
}

static bool run_op(struct machine *m, const struct op *op)
{
    switch (op->kind) {
    case OP_TEXT:
        buf_add_str(m->out, op->text);
        check_output(m);
        return true;
    case OP_PRINT:
        op_print(m, op);
        return true;
    case OP_IF:
    case OP_WITH:
        op_branch(m, op);
        return true;
    case OP_RANGE:
        op_range(m, op);
        return true;
    case OP_NEXT:
        op_next(m);
        return true;
    case OP_ELSE:
        m->pc = op->target;
        return true;
    case OP_END:
        pop_frame(m);
        return true;
    case OP_BREAK:
    case OP_CONTINUE:
        op_leave(m, op->kind == OP_CONTINUE);
        return true;
    case OP_CALL:
        op_call(m, op);
        return true;
    case OP_RETURN:
        return op_return(m);
    }
    return false;
}

static void run(struct machine *m)
{
    while (work_step(&m->x.work, 1)) {
        must(m->pc < m->x.unit->n_ops);
        if (!run_op(m, &m->x.unit->ops[m->pc++])) {
            return;
        }
    }
}

/* ---- a rendering ---- */

static int execution_error(const struct exec *x, struct err **err)
{
    enum err_kind kind = x->work.limit ? ERR_LIMIT : ERR_INVALID;
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE((size_t)4 * WORK_MESSAGE_MAX);
    buf_addf(&b, "template: %.*s:", STR_ARG(x->t->name));
    if (x->at) {
        struct str before = str_head(x->t->text, x->at->pos);
        size_t line = 1;
        for (size_t i = 0; i < before.n; i++) {
            line += before.p[i] == '\n';
        }
        ptrdiff_t newline = str_rfind_byte(before, '\n');
        buf_addf(&b, "%zu:%zu: executing \"%.*s\" at <", line, before.n - (size_t)(newline + 1),
                 STR_ARG(x->unit->name));
        node_print(&b, x->at);
        buf_add_byte(&b, '>');
    } else {
        buf_addf(&b, " executing \"%.*s\"", STR_ARG(x->unit->name));
    }
    buf_add_c(&b, ": ");
    if (x->calling) {
        buf_addf(&b, "error calling %s: ", x->calling);
    }
    buf_add_str(&b, buf_str(&x->work.message));
    return err_set(err, kind, "%.*s", STR_ARG(buf_str(&b)));
}

static bool set_data(struct machine *m, const struct template_data *data)
{
    struct dict *d = dict_new(&m->x.work);
    for (size_t i = 0; i < data->n; i++) {
        if (!dict_set(&m->x.work, d, data->entries[i].key, v_str(data->entries[i].value))) {
            return false;
        }
    }
    m->dot = (struct value){.kind = K_STRMAP, .dict = d};
    exec_push_var(&m->x, STR("$"), m->dot);
    return true;
}

int template_execute_limited(const struct template *t, const struct template_data *data,
                             const struct template_limits *limits, struct template_usage *used,
                             struct buf *out, struct err **err)
{
    struct machine m = {
        .x = {.t = t, .unit = t->main}, .out = out, .out_start = out->n, .out_max = limits->output};
    work_init(&m.x.work, limits->steps, limits->memory);
    if (set_data(&m, data)) {
        run(&m);
    }
    int rc = 0;
    if (m.x.work.failed) {
        size_t written = out->n - m.out_start;
        wipe(out->p + m.out_start, written);
        buf_truncate(out, m.out_start);
        out->full = false;
        rc = execution_error(&m.x, err);
    }
    if (used) {
        *used = (struct template_usage){limits->steps - m.x.work.steps, m.x.work.arena.used};
    }
    vec_done(&m.frames);
    vec_done(&m.x.vars);
    vec_done(&m.x.stack);
    work_done(&m.x.work);
    return rc;
}

int template_execute(const struct template *t, const struct template_data *data, struct buf *out,
                     struct err **err)
{
    return template_execute_limited(t, data, &TEMPLATE_LIMITS, NULL, out, err);
}

/* ---- templates ---- */

struct template *template_parse(struct str text, const struct template_options *options,
                                struct err **err)
{
    if (text.n > TEMPLATE_TEXT_MAX) {
        err_set(err, ERR_LIMIT, "template: %.*s: the text is longer than %d bytes",
                STR_ARG(options->name), TEMPLATE_TEXT_MAX);
        return NULL;
    }
    struct template *t = xcalloc(1, sizeof(*t));
    t->arena = ARENA_INIT(ARENA_PLAIN);
    t->text = arena_str(&t->arena, text);
    t->name = arena_str(&t->arena, options->name);
    t->missing_key_error = !options->missing_key_empty;
    if (parse(t, options, err) != 0) {
        template_free(t);
        return NULL;
    }
    return t;
}

void template_free(struct template *t)
{
    if (t) {
        vec_done(&t->units);
        arena_done(&t->arena);
        free(t);
    }
}

void template_freep(struct template **t)
{
    template_free(*t);
}
