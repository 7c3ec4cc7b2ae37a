/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/seed_fields.h"

#include "base/datetime.h"
#include "base/file.h"
#include "base/gotext.h"
#include "base/num.h"
#include "emulator/core.h"

enum { SEED_MAX_FILE = 1 << 20 };

int seed_fail(struct seed_reader *r, int line, const char *what, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(buf_done) struct buf text = BUF_INIT(4096);
    buf_addv(&text, fmt, args);
    va_end(args);
    return err_set(r->err, ERR_INVALID, "%s:%d: %s: %s", r->name, line, what, text.p);
}

static int read_time(struct seed_reader *r, struct str text, int64_t *out)
{
    ns_t t;
    if (text.n > 1 && (text.p[0] == '+' || text.p[0] == '-')) {
        if (!go_parse_duration(text, &t)) {
            return -1;
        }
        *out = r->now + t / NS_S;
        return 0;
    }
    if (!rfc3339_parse(text, &t)) {
        return -1;
    }
    *out = t / NS_S;
    return 0;
}

static int read_scalar(struct seed_reader *r, const char *what, const struct yaml_node *n,
                       const struct seed_field *f, void *out)
{
    int64_t number = 0;
    bool flag = false;
    switch (f->type) {
    case SEED_GUID:
        if (!is_guid(n->text)) {
            return seed_fail(r, n->line, what, "must be a GUID");
        }
        *(struct str *)out = lower(r->a, n->text);
        return 0;
    case SEED_BOOL:
        if (!n->plain || !num_parse_bool(n->text, &flag)) {
            return seed_fail(r, n->line, what, "must be true or false");
        }
        *(bool *)out = flag;
        return 0;
    case SEED_INT:
        if (!n->plain || !num_parse_i64(n->text, &number)) {
            return seed_fail(r, n->line, what, "must be a whole number");
        }
        *(int64_t *)out = number;
        return 0;
    case SEED_TIME:
        if (read_time(r, n->text, out) != 0) {
            return seed_fail(r, n->line, what,
                             "must be a time like 2027-01-31T00:00:00Z, or one from now like +24h");
        }
        return 0;
    default:
        if (memchr(n->text.p, '\0', n->text.n)) {
            return seed_fail(r, n->line, what, "must not hold a NUL byte");
        }
        *(struct str *)out = n->text;
        return 0;
    }
}

static int check_strings(struct seed_reader *r, const char *what, const struct yaml_node *list)
{
    for (const struct yaml_node *item = list->first; item; item = item->next) {
        if (item->type != YAML_SCALAR || yaml_is_null(item)) {
            return seed_fail(r, item->line, what, "must be a list of strings");
        }
    }
    return 0;
}

static int read_field(struct seed_reader *r, const char *what, const struct yaml_node *n,
                      const struct seed_field *f, void *out)
{
    static const enum yaml_type wanted[] = {
        [SEED_STR] = YAML_SCALAR, [SEED_GUID] = YAML_SCALAR,  [SEED_BOOL] = YAML_SCALAR,
        [SEED_INT] = YAML_SCALAR, [SEED_TIME] = YAML_SCALAR,  [SEED_LIST] = YAML_LIST,
        [SEED_MAP] = YAML_MAP,    [SEED_STRINGS] = YAML_LIST,
    };
    static const char *const words[] = {
        [YAML_SCALAR] = "must be a plain value",
        [YAML_LIST] = "must be a list",
        [YAML_MAP] = "must be a map",
    };
    if (n->type != wanted[f->type]) {
        return seed_fail(r, n->line, what, "%s", words[wanted[f->type]]);
    }
    if (n->type == YAML_SCALAR) {
        return read_scalar(r, what, n, f, out);
    }
    *(const struct yaml_node **)out = n;
    return f->type == SEED_STRINGS ? check_strings(r, what, n) : 0;
}

static const struct seed_field *find_field(const struct seed_field *fields, size_t n,
                                           struct str key)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq_c(key, fields[i].key)) {
            return &fields[i];
        }
    }
    return NULL;
}

static int fail_unknown_key(struct seed_reader *r, const char *what, const struct yaml_node *n,
                            const struct seed_field *fields, size_t count)
{
    AUTO(buf_done) struct buf known = BUF_INIT(1024);
    for (size_t i = 0; i < count; i++) {
        buf_addf(&known, "%s%s", i ? ", " : "", fields[i].key);
    }
    return seed_fail(r, n->key_line, what, "unknown key \"%.*s\"; there are: %s", STR_ARG(n->key),
                     known.p);
}

int seed_read(struct seed_reader *r, const char *what, const struct yaml_node *map,
              const struct seed_field *fields, size_t count, void *out)
{
    if (map->type != YAML_MAP) {
        return seed_fail(r, map->line, what, "must be a map");
    }
    for (const struct yaml_node *n = map->first; n; n = n->next) {
        const struct seed_field *f = find_field(fields, count, n->key);
        if (!f) {
            return fail_unknown_key(r, what, n, fields, count);
        }
        AUTO(freep) char *path = xasprintf("%s.%s", what, f->key);
        if (!yaml_is_null(n) && read_field(r, path, n, f, (char *)out + f->offset) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].required && yaml_is_null(yaml_get(map, fields[i].key))) {
            return seed_fail(r, map->line, what, "\"%s\" is missing", fields[i].key);
        }
    }
    return 0;
}

int seed_read_file(struct seed_reader *r, int line, const char *what, struct str path,
                   struct str *out)
{
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(SEED_MAX_FILE);
    ptrdiff_t slash = str_rfind_byte(str_c(r->name), '/');
    bool absolute = str_starts(path, STR("/"));
    AUTO(freep)
    char *full = absolute || slash < 0 ? str_dup(path)
                                       : xasprintf("%.*s/%.*s", (int)slash, r->name, STR_ARG(path));
    if (file_read(full, &text, &err) != 0) {
        return seed_fail(r, line, what, "%s", err_msg(err));
    }
    *out = arena_str(r->a, buf_str(&text));
    return 0;
}
