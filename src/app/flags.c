/* SPDX-License-Identifier: Apache-2.0 */
#include "app/flags.h"

#include "base/gotext.h"
#include "base/num.h"
#include "base/vec.h"
#include "codec/json.h"

enum { WIDTH = 100, HELP_COLUMN = 6, VALUE_MAX = 64 * 1024 };

static void *place(const struct flag *f, void *options)
{
    return (char *)options + f->offset;
}

/* ---- one value ---- */

static void clear_list(struct flag_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->v[i]);
    }
    free(list->v);
    *list = (struct flag_list){0};
}

/* One field of a CSV record: quoted ("" inside is one quote) or plain up to the comma. */
static bool csv_field(struct str *rest, struct buf *field)
{
    if (rest->n == 0 || rest->p[0] != '"') {
        ptrdiff_t comma = str_find_byte(*rest, ',');
        size_t n = comma < 0 ? rest->n : (size_t)comma;
        struct str plain = str_head(*rest, n);
        buf_add_str(field, plain);
        *rest = str_from(*rest, n);
        return str_find_byte(plain, '"') < 0;
    }
    for (size_t i = 1; i < rest->n; i++) {
        if (rest->p[i] != '"') {
            buf_add_byte(field, rest->p[i]);
        } else if (i + 1 < rest->n && rest->p[i + 1] == '"') {
            buf_add_byte(field, '"');
            i++;
        } else {
            *rest = str_from(*rest, i + 1);
            return rest->n == 0 || rest->p[0] == ',';
        }
    }
    return false;
}

static bool add_csv(struct flag_list *list, struct str text)
{
    VEC(char *) items = {.v = list->v, .n = list->n, .cap = list->n};
    bool ok = true;
    bool more = text.n > 0;
    while (ok && more) {
        AUTO(buf_done) struct buf field = BUF_INIT(VALUE_MAX);
        ok = csv_field(&text, &field);
        more = text.n > 0; /* a comma: another field follows, maybe an empty one */
        text = str_from(text, 1);
        vec_push(&items, buf_take(&field));
    }
    list->v = items.v;
    list->n = items.n;
    return ok;
}

static bool allowed(const struct flag *f, struct str value)
{
    if (!f->choices) {
        return true;
    }
    for (struct str rest = str_c(f->choices), one; str_split(&rest, '|', &one);) {
        if (str_eq(one, value)) {
            return true;
        }
    }
    return false;
}

static int bad_value(const struct flag *f, struct str value, const char *why, struct err **err)
{
    AUTO(buf_done) struct buf letter = BUF_INIT(8);
    if (f->letter) {
        buf_addf(&letter, "-%c, ", f->letter);
    }
    return err_set(err, ERR_INVALID, "invalid argument \"%.*s\" for \"%s--%s\" flag: %s",
                   STR_ARG(value), letter.p, f->name, why);
}

static int set_string(const struct flag *f, void *at, struct str value, struct err **err)
{
    if (!allowed(f, value)) {
        AUTO(freep) char *why = xasprintf("must be one of %s", f->choices);
        return bad_value(f, value, why, err);
    }
    char **to = at;
    free(*to);
    *to = str_dup(value);
    return 0;
}

static int set_value(const struct flag *f, void *at, struct str value, struct err **err)
{
    switch (f->type) {
    case FLAG_BOOL:
        return num_parse_bool(value, at) ? 0 : bad_value(f, value, "must be true or false", err);
    case FLAG_INT:
        return num_parse_i64(value, at) ? 0 : bad_value(f, value, "must be a whole number", err);
    case FLAG_DOUBLE:
        return num_parse_double(value, at) ? 0 : bad_value(f, value, "must be a number", err);
    case FLAG_DURATION:
        return go_parse_duration(value, at)
                   ? 0
                   : bad_value(f, value, "must be a duration such as 90s or 1m30s", err);
    case FLAG_LIST:
        return add_csv(at, value) ? 0 : bad_value(f, value, "a quote stands alone", err);
    case FLAG_STRING:
        return set_string(f, at, value, err);
    }
    return err_set(err, ERR_BUG, "flag %s has no type", f->name);
}

/* A list that comes from a stronger source replaces the weaker one and then adds up. */
static int set_first(const struct flag *f, void *options, struct str value, struct err **err)
{
    if (f->type == FLAG_LIST) {
        clear_list(place(f, options));
    }
    return set_value(f, place(f, options), value, err);
}

/* ---- defaults, environment, file ---- */

void flags_init(const struct flag_set *set, void *options)
{
    static const size_t sizes[] = {
        [FLAG_BOOL] = sizeof(bool),     [FLAG_STRING] = sizeof(char *),
        [FLAG_INT] = sizeof(int64_t),   [FLAG_DOUBLE] = sizeof(double),
        [FLAG_DURATION] = sizeof(ns_t), [FLAG_LIST] = sizeof(struct flag_list),
    };
    for (size_t i = 0; i < set->n; i++) {
        const struct flag *f = &set->flags[i];
        memset(place(f, options), 0, sizes[f->type]);
        if (f->fallback || f->type == FLAG_STRING) {
            AUTO(err_freep) struct err *err = NULL;
            struct flag any = *f;
            any.choices = NULL; /* a default may be outside of what people may say ("") */
            must(set_value(&any, place(f, options), str_c(f->fallback), &err) == 0);
        }
    }
}

void flags_done(const struct flag_set *set, void *options)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct flag *f = &set->flags[i];
        if (f->type == FLAG_STRING) {
            freep(place(f, options));
        } else if (f->type == FLAG_LIST) {
            clear_list(place(f, options));
        }
    }
}

int flags_read_env(const struct flag_set *set, void *options, struct err **err)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct flag *f = &set->flags[i];
        const char *value = f->env ? getenv(f->env) : NULL;
        if (value && *value && set_first(f, options, str_c(value), err) != 0) {
            return err_wrap(err, "environment variable %s", f->env);
        }
    }
    return 0;
}

static const struct flag *find(const struct flag_set *set, struct str name)
{
    for (size_t i = 0; i < set->n; i++) {
        if (str_eq_c(name, set->flags[i].name)) {
            return &set->flags[i];
        }
    }
    return NULL;
}

static int read_list(const struct flag *f, void *options, const struct json *value,
                     struct err **err)
{
    struct flag_list *list = place(f, options);
    clear_list(list);
    list->v = xcalloc(json_len(value), sizeof(*list->v));
    for (size_t i = 0; i < json_len(value); i++) {
        if (!json_is(json_at(value, i), JSON_STRING)) {
            return err_set(err, ERR_INVALID, "%s: entry %zu is no string", f->name, i + 1);
        }
        list->v[list->n++] = str_dup(json_str(json_at(value, i)));
    }
    return 0;
}

static int read_member(const struct flag *f, void *options, const struct json *value,
                       struct err **err)
{
    switch (value->type) {
    case JSON_ARRAY:
        if (f->type == FLAG_LIST) {
            return read_list(f, options, value, err);
        }
        break;
    case JSON_BOOL:
        return set_first(f, options, value->boolean ? STR("true") : STR("false"), err);
    case JSON_NUMBER:
    case JSON_STRING:
        return set_first(f, options, value->text, err);
    case JSON_NULL:
    case JSON_OBJECT:
        break;
    }
    return err_set(err, ERR_INVALID, "%s: expected a %s", f->name,
                   f->type == FLAG_LIST ? "list of strings" : "plain value");
}

int flags_read_config(const struct flag_set *set, void *options, const struct json *config,
                      struct err **err)
{
    if (json_is_null(config)) {
        return 0;
    }
    if (!json_is(config, JSON_OBJECT)) {
        return err_set(err, ERR_INVALID, "expected a mapping of option names to values");
    }
    for (size_t i = 0; i < config->n; i++) {
        struct str key = config->members[i].key;
        const struct flag *f = find(set, key);
        if (!f) {
            return err_set(err, ERR_INVALID,
                           "unknown option \"%.*s\"; the names are those of %s --help",
                           STR_ARG(key), set->command);
        }
        if (read_member(f, options, config->members[i].value, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int flags_set(const struct flag_set *set, void *options, const char *name, const char *value,
              struct err **err)
{
    const struct flag *f = find(set, str_c(name));
    if (!f) {
        return err_set(err, ERR_INVALID, "unknown flag: --%s", name);
    }
    return set_first(f, options, str_c(value), err);
}

/* ---- command line ---- */

struct parser {
    const struct flag_set *set;
    void *options;
    int argc;
    const char *const *argv;
    int at;
    bool *given; /* per row: a list that was given replaces the weaker sources once */
};

static int apply(struct parser *p, const struct flag *f, struct str value, struct err **err)
{
    size_t row = (size_t)(f - p->set->flags);
    bool again = p->given[row];
    p->given[row] = true;
    return again ? set_value(f, place(f, p->options), value, err)
                 : set_first(f, p->options, value, err);
}

static int take_value(struct parser *p, const struct flag *f, struct err **err)
{
    if (f->type == FLAG_BOOL) {
        return apply(p, f, STR("true"), err);
    }
    if (p->at + 1 >= p->argc) {
        return err_set(err, ERR_INVALID, "flag needs an argument: --%s", f->name);
    }
    return apply(p, f, str_c(p->argv[++p->at]), err);
}

static int parse_long(struct parser *p, struct str arg, struct err **err)
{
    ptrdiff_t equal = str_find_byte(arg, '=');
    struct str name = equal < 0 ? arg : str_head(arg, (size_t)equal);
    const struct flag *f = find(p->set, name);
    if (!f) {
        return err_set(err, ERR_INVALID, "unknown flag: --%.*s", STR_ARG(name));
    }
    if (equal < 0) {
        return take_value(p, f, err);
    }
    return apply(p, f, str_from(arg, (size_t)equal + 1), err);
}

/* -n value, -nvalue, -n=value; one letter at a time. */
static int parse_short(struct parser *p, struct str arg, struct err **err)
{
    for (size_t i = 0; i < p->set->n; i++) {
        const struct flag *f = &p->set->flags[i];
        if (!f->letter || f->letter != arg.p[0]) {
            continue;
        }
        if (arg.n == 1) {
            return take_value(p, f, err);
        }
        return apply(p, f, str_trim_prefix(str_from(arg, 1), STR("=")), err);
    }
    return err_set(err, ERR_INVALID, "unknown shorthand flag: '%c' in -%.*s", arg.p[0],
                   STR_ARG(arg));
}

static int take_rest(const struct flag_set *set, struct flag_rest *rest, const char *arg,
                     struct err **err)
{
    if (!set->args || rest->n == COUNT_OF(rest->args)) {
        return err_set(err, ERR_INVALID, "unexpected argument \"%s\"", arg);
    }
    rest->args[rest->n++] = arg;
    return 0;
}

static int parse_one(struct parser *p, struct flag_rest *rest, struct err **err)
{
    struct str arg = str_c(p->argv[p->at]);
    if (str_starts(arg, STR("--"))) {
        return parse_long(p, str_from(arg, 2), err);
    }
    if (arg.n > 1 && arg.p[0] == '-') {
        return parse_short(p, str_from(arg, 1), err);
    }
    return take_rest(p->set, rest, p->argv[p->at], err);
}

static bool asks_for_help(int argc, const char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int flags_parse(const struct flag_set *set, void *options, int argc, const char *const *argv,
                struct flag_rest *rest, struct err **err)
{
    *rest = (struct flag_rest){.help = asks_for_help(argc, argv)};
    if (rest->help) {
        return 0;
    }
    AUTO(freep) bool *given = xcalloc(set->n, sizeof(*given));
    struct parser p = {set, options, argc, argv, 0, given};
    bool only_args = false;
    for (; p.at < argc; p.at++) {
        if (!only_args && strcmp(argv[p.at], "--") == 0) {
            only_args = true;
        } else if (only_args ? take_rest(set, rest, argv[p.at], err) : parse_one(&p, rest, err)) {
            return -1;
        }
    }
    return 0;
}

/* ---- help ---- */

static const char *value_name(const struct flag *f)
{
    static const char *const names[] = {
        [FLAG_STRING] = "string", [FLAG_INT] = "int",   [FLAG_DOUBLE] = "number",
        [FLAG_LIST] = "list",     [FLAG_BOOL] = "bool", [FLAG_DURATION] = "duration",
    };
    return f->value ? f->value : f->choices ? f->choices : names[f->type];
}

void flag_default_text(const struct flag *f, struct buf *out)
{
    if (f->fallback && *f->fallback) {
        buf_add_c(out, f->fallback);
    } else if (f->type == FLAG_BOOL) {
        buf_add_c(out, "false");
    } else if (f->type == FLAG_INT || f->type == FLAG_DOUBLE) {
        buf_add_c(out, "0");
    } else if (f->type == FLAG_DURATION) {
        buf_add_c(out, "0s");
    }
}

static void wrap(struct buf *out, struct str text, size_t indent)
{
    size_t column = WIDTH; /* forces the first break */
    for (struct str rest = text, word; str_split(&rest, ' ', &word);) {
        if (column + 1 + word.n > WIDTH) {
            if (column != WIDTH || out->n > 0) {
                buf_add_byte(out, '\n');
            }
            buf_add_repeat(out, ' ', indent);
            column = indent;
        } else {
            buf_add_byte(out, ' ');
            column++;
        }
        buf_add_str(out, word);
        column += word.n;
    }
}

static void help_row(struct buf *out, const struct flag *f)
{
    if (f->letter) {
        buf_addf(out, "\n  -%c, --%s", f->letter, f->name);
    } else {
        buf_addf(out, "\n      --%s", f->name);
    }
    if (f->type != FLAG_BOOL) {
        buf_addf(out, " %s", value_name(f));
    }
    AUTO(buf_done) struct buf text = BUF_INIT(VALUE_MAX);
    buf_add_c(&text, f->help);
    AUTO(buf_done) struct buf fallback = BUF_INIT(VALUE_MAX);
    flag_default_text(f, &fallback);
    if (f->type != FLAG_BOOL && fallback.n > 0) {
        buf_addf(&text, " Default: %s.", fallback.p);
    } else if (f->type == FLAG_BOOL && str_eq(buf_str(&fallback), STR("true"))) {
        buf_add_c(&text, " On by default.");
    }
    if (f->env) {
        buf_addf(&text, " [$%s]", f->env);
    }
    wrap(out, buf_str(&text), HELP_COLUMN + 4);
}

void flags_help(const struct flag_set *set, struct buf *out)
{
    buf_addf(out, "Usage: %s [flags]%s%s\n", set->command, set->args ? " " : "",
             set->args ? set->args : "");
    wrap(out, str_c(set->about), 0);
    buf_add_c(out, "\n\nFlags:");
    for (size_t i = 0; i < set->n; i++) {
        if (!set->flags[i].ignored) {
            help_row(out, &set->flags[i]);
        }
    }
    buf_add_c(out, "\n  -h, --help\n");
    buf_add_repeat(out, ' ', HELP_COLUMN + 4);
    buf_add_c(out, "Shows this help.\n");
}

/* ---- the page ---- */

/* "|" would end a cell. */
static void add_cell(struct buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '|') {
            buf_add_byte(out, '\\');
        }
        buf_add_byte(out, *p);
    }
}

static void add_code(struct buf *out, const char *text)
{
    if (text && *text) {
        buf_add_byte(out, '`');
        add_cell(out, text);
        buf_add_byte(out, '`');
    }
}

static void page_row(struct buf *out, const struct flag *f)
{
    AUTO(buf_done) struct buf name = BUF_INIT(VALUE_MAX);
    AUTO(buf_done) struct buf fallback = BUF_INIT(VALUE_MAX);
    if (f->letter) {
        buf_addf(&name, "-%c, ", f->letter);
    }
    buf_addf(&name, "--%s%s%s", f->name, f->type == FLAG_BOOL ? "" : " ",
             f->type == FLAG_BOOL ? "" : value_name(f));
    flag_default_text(f, &fallback);
    buf_add_c(out, "| ");
    add_code(out, name.p);
    buf_add_c(out, " | ");
    add_code(out, fallback.p);
    buf_add_c(out, " | ");
    add_code(out, f->env);
    buf_add_c(out, " | ");
    add_cell(out, f->help);
    buf_add_c(out, f->ignored ? " Accepted, without effect. |\n" : " |\n");
}

void flags_page(const struct flag_set *set, struct buf *out)
{
    buf_addf(out, "## %s%s%s\n\n%s\n\n", set->command, set->args ? " " : "",
             set->args ? set->args : "", set->about);
    buf_add_c(out, "| flag | default | environment | |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < set->n; i++) {
        page_row(out, &set->flags[i]);
    }
}
