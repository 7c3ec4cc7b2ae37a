/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/rewrite.h"

#include "base/gotext.h"
#include "base/num.h"
#include "codec/regex.h"
#include "template/template.h"

enum { KEY_MAX = 64 << 10, DOCUMENT_MAX = 4 << 20, NAMES_MAX = 1024 };

/* ---- regexp ---- */

static int rewrite_regexp(struct kvs *values, const struct rewrite *r, struct err **err)
{
    AUTO(regex_freep) struct regex *regex = regex_new(r->source, err);
    if (!regex) {
        return err_wrap(err, "rewrite.regexp.source");
    }
    struct kvs out = KVS_INIT(values->arena);
    for (size_t i = 0; i < values->n; i++) {
        AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
        regex_replace_all(regex, values->v[i].key, r->target, &key);
        kvs_set(&out, arena_str(values->arena, buf_str(&key)), values->v[i].value);
    }
    *values = out;
    return 0;
}

/* ---- transform ---- */

static int rewrite_transform(struct kvs *values, const struct rewrite *r, struct err **err)
{
    struct template_options options = {.name = STR("transform"), .missing_key_empty = true};
    AUTO(template_freep) struct template *t = template_parse(r->template, &options, err);
    if (!t) {
        return err_wrap(err, "transform failed with failed to parse template");
    }
    struct kvs out = KVS_INIT(values->arena);
    for (size_t i = 0; i < values->n; i++) {
        AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
        struct template_entry entry = {STR("value"), values->v[i].key};
        if (template_execute(t, &(struct template_data){&entry, 1}, &key, err) < 0) {
            return err_wrap(err, "transform failed with execute template for key \"%.*s\"",
                            STR_ARG(values->v[i].key));
        }
        kvs_set(&out, arena_str(values->arena, buf_str(&key)), values->v[i].value);
    }
    *values = out;
    return 0;
}

/* ---- merge ---- */

struct merge {
    struct arena *arena;
    struct json *members; /* of the result */
    struct buf conflicts; /* names, separated by ", " */
};

static bool is_priority(const struct rewrite *r, struct str key)
{
    for (size_t i = 0; i < r->n_priority; i++) {
        if (str_eq(r->priority[i], key)) {
            return true;
        }
    }
    return false;
}

static int merge_one(struct merge *m, const struct kv *input, struct err **err)
{
    struct json *object = json_parse(m->arena, input->value, JSON_PLAIN, err);
    if (!object) {
        return err_wrap(err, "merge failed: value of key \"%.*s\"", STR_ARG(input->key));
    }
    if (!json_is(object, JSON_OBJECT)) {
        return err_set(err, ERR_PARSE, "merge failed: value of key \"%.*s\" is not a JSON object",
                       STR_ARG(input->key));
    }
    for (size_t i = 0; i < object->n; i++) {
        struct str name = object->members[i].key;
        if (json_get_str(m->members, name)) {
            buf_addf(&m->conflicts, "%s%.*s", m->conflicts.n ? ", " : "", STR_ARG(name));
        }
        json_set(m->arena, m->members, name, object->members[i].value);
    }
    return 0;
}

/* In the order of the keys; those with priority last, in the order given, so that they win. */
static int merge_all(struct merge *m, const struct kvs *values, const struct rewrite *r,
                     struct err **err)
{
    for (size_t i = 0; i < values->n; i++) {
        if (!is_priority(r, values->v[i].key) && merge_one(m, &values->v[i], err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < r->n_priority; i++) {
        const struct kv *input = kvs_find(values, r->priority[i]);
        if (!input && !r->priority_may_miss) {
            return err_set(err, ERR_INVALID, "merge failed: key \"%.*s\" of priority not found",
                           STR_ARG(r->priority[i]));
        }
        if (input && merge_one(m, input, err) < 0) {
            return -1;
        }
    }
    if (m->conflicts.n && !r->ignore_conflicts) {
        return err_set(err, ERR_INVALID, "merge failed with conflicts: %s", m->conflicts.p);
    }
    return 0;
}

static bool is_integer(struct str number)
{
    return str_find_byte(number, '.') < 0 && str_find_byte(number, 'e') < 0 &&
           str_find_byte(number, 'E') < 0;
}

/* A member as the bytes of a key. */
static struct str member_value(struct arena *a, const struct json *value)
{
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(DOCUMENT_MAX);
    double number;
    switch (value->type) {
    case JSON_NULL:
        return STR_EMPTY;
    case JSON_STRING:
        return json_str(value);
    case JSON_NUMBER:
        if (is_integer(value->text) || !num_parse_double(value->text, &number)) {
            return value->text;
        }
        go_float(&b, number, 'f');
        break;
    case JSON_BOOL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        json_write(&b, value, JSON_WRITE_GO);
        break;
    }
    return arena_str(a, buf_str(&b));
}

static struct kvs extracted(const struct merge *m)
{
    struct kvs out = KVS_INIT(m->arena);
    for (size_t i = 0; i < m->members->n; i++) {
        kvs_set(&out, m->members->members[i].key,
                member_value(m->arena, m->members->members[i].value));
    }
    return out;
}

static int add_document(const struct merge *m, struct kvs *values, const struct rewrite *r,
                        struct err **err)
{
    if (!r->into.n) {
        return err_set(err, ERR_INVALID, "merge failed: strategy JSON needs a key in \"into\"");
    }
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(DOCUMENT_MAX);
    json_write(&b, m->members, JSON_WRITE_SORTED);
    kvs_set(values, r->into, arena_str(m->arena, buf_str(&b)));
    return 0;
}

static int rewrite_merge(struct kvs *values, const struct rewrite *r, struct err **err)
{
    struct merge m = {
        .arena = values->arena,
        .members = json_new_object(values->arena),
        .conflicts = BUF_INIT(NAMES_MAX),
    };
    int done = merge_all(&m, values, r, err);
    if (done == 0 && r->as_json) {
        done = add_document(&m, values, r, err);
    } else if (done == 0) {
        *values = extracted(&m);
    }
    buf_done(&m.conflicts);
    return done;
}

int rewrite_values(struct kvs *values, const struct rewrite *rewrites, size_t n, struct err **err)
{
    static int (*const OPERATIONS[])(struct kvs *, const struct rewrite *, struct err **) = {
        [REWRITE_REGEXP] = rewrite_regexp,
        [REWRITE_TRANSFORM] = rewrite_transform,
        [REWRITE_MERGE] = rewrite_merge,
    };
    for (size_t i = 0; i < n; i++) {
        if (OPERATIONS[rewrites[i].kind](values, &rewrites[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}
