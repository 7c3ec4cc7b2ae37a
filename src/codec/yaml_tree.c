/* SPDX-License-Identifier: Apache-2.0 */
#include <yaml.h>

#include "codec/yaml_tree.h"

#include "base/num.h"

struct reader {
    yaml_parser_t parser;
    struct arena *a;
    size_t nodes;
};

static int line_of(yaml_mark_t mark)
{
    return (int)MIN(mark.line, (size_t)INT32_MAX - 1) + 1;
}

static int next_event(struct reader *r, yaml_event_t *event, struct err **err)
{
    if (yaml_parser_parse(&r->parser, event)) {
        return 0;
    }
    return err_set(err, ERR_PARSE, "line %d: %s", line_of(r->parser.problem_mark),
                   r->parser.problem ? r->parser.problem : "not valid YAML");
}

static struct yaml_node *node_new(struct reader *r, const yaml_event_t *event, enum yaml_type type,
                                  struct err **err)
{
    if (++r->nodes > YAML_TREE_MAX_NODES) {
        err_set(err, ERR_LIMIT, "line %d: the document is too large", line_of(event->start_mark));
        return NULL;
    }
    struct yaml_node *n = arena_new(r->a, struct yaml_node);
    n->type = type;
    n->line = line_of(event->start_mark);
    return n;
}

static struct yaml_node *read_node(struct reader *r, const yaml_event_t *event, int depth,
                                   struct err **err);

static void append(struct yaml_node *parent, struct yaml_node *child)
{
    if (parent->last) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
    parent->n++;
}

/* The next child of a list or map; NULL at its end (*err stays NULL) or on failure. */
static struct yaml_node *read_child(struct reader *r, int depth, struct err **err)
{
    yaml_event_t event;
    if (next_event(r, &event, err) != 0) {
        return NULL;
    }
    struct yaml_node *n = NULL;
    if (event.type != YAML_SEQUENCE_END_EVENT && event.type != YAML_MAPPING_END_EVENT) {
        n = read_node(r, &event, depth, err);
    }
    yaml_event_delete(&event);
    return n;
}

static int read_list(struct reader *r, struct yaml_node *list, int depth, struct err **err)
{
    AUTO(err_freep) struct err *failed = NULL;
    for (struct yaml_node *item; (item = read_child(r, depth + 1, &failed));) {
        append(list, item);
    }
    return failed ? err_move(err, &failed) : 0;
}

static int read_map(struct reader *r, struct yaml_node *map, int depth, struct err **err)
{
    AUTO(err_freep) struct err *failed = NULL;
    for (struct yaml_node *key; (key = read_child(r, depth + 1, &failed));) {
        if (key->type != YAML_SCALAR || str_eq(key->text, STR("<<"))) {
            return err_set(err, ERR_PARSE, "line %d: this kind of key is not supported", key->line);
        }
        if (yaml_get(map, key->text.p)) {
            return err_set(err, ERR_PARSE, "line %d: \"%s\" stands there twice", key->line,
                           key->text.p);
        }
        if (map->n == YAML_TREE_MAX_KEYS) {
            return err_set(err, ERR_LIMIT, "line %d: too many keys in one map", key->line);
        }
        struct yaml_node *value = read_child(r, depth + 1, &failed);
        if (!value) {
            break;
        }
        value->key = key->text;
        value->key_line = key->line;
        append(map, value);
    }
    return failed ? err_move(err, &failed) : 0;
}

static struct yaml_node *read_node(struct reader *r, const yaml_event_t *event, int depth,
                                   struct err **err)
{
    int line = line_of(event->start_mark);
    if (depth > YAML_TREE_MAX_DEPTH) {
        err_set(err, ERR_LIMIT, "line %d: nested too deeply", line);
        return NULL;
    }
    struct yaml_node *n;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        n = node_new(r, event, YAML_SCALAR, err);
        if (n) {
            n->text = arena_str(r->a, str_n(event->data.scalar.value, event->data.scalar.length));
            n->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        }
        return n;
    case YAML_SEQUENCE_START_EVENT:
        n = node_new(r, event, YAML_LIST, err);
        return n && read_list(r, n, depth, err) == 0 ? n : NULL;
    case YAML_MAPPING_START_EVENT:
        n = node_new(r, event, YAML_MAP, err);
        return n && read_map(r, n, depth, err) == 0 ? n : NULL;
    case YAML_ALIAS_EVENT:
        err_set(err, ERR_PARSE, "line %d: aliases (*name) are not supported", line);
        return NULL;
    default:
        err_set(err, ERR_PARSE, "line %d: not valid YAML", line);
        return NULL;
    }
}

static int expect(struct reader *r, yaml_event_type_t wanted, const char *problem, struct err **err)
{
    yaml_event_t event;
    if (next_event(r, &event, err) != 0) {
        return -1;
    }
    bool ok = event.type == wanted;
    int line = line_of(event.start_mark);
    yaml_event_delete(&event);
    return ok ? 0 : err_set(err, ERR_PARSE, "line %d: %s", line, problem);
}

static struct yaml_node *read_document(struct reader *r, struct err **err)
{
    yaml_event_t event;
    if (expect(r, YAML_STREAM_START_EVENT, "not valid YAML", err) != 0 ||
        next_event(r, &event, err) != 0) {
        return NULL;
    }
    bool empty = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
    if (empty) {
        struct yaml_node *map = arena_new(r->a, struct yaml_node);
        map->type = YAML_MAP;
        map->line = 1;
        return map;
    }
    struct yaml_node *root = read_child(r, 0, err);
    if (!root || expect(r, YAML_DOCUMENT_END_EVENT, "not valid YAML", err) != 0 ||
        expect(r, YAML_STREAM_END_EVENT, "only one document is allowed", err) != 0) {
        return NULL;
    }
    return root;
}

struct yaml_node *yaml_tree_parse(struct arena *a, struct str text, struct err **err)
{
    struct reader r = {.a = a};
    must(yaml_parser_initialize(&r.parser));
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
    struct yaml_node *root = read_document(&r, err);
    yaml_parser_delete(&r.parser);
    return root;
}

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    for (struct yaml_node *n = map ? map->first : NULL; n; n = n->next) {
        if (str_eq_c(n->key, key)) {
            return n;
        }
    }
    return NULL;
}

bool yaml_is_null(const struct yaml_node *n)
{
    return !n || (n->type == YAML_SCALAR && n->plain &&
                  (n->text.n == 0 || str_eq(n->text, STR("null")) || str_eq(n->text, STR("~"))));
}

static struct json *scalar_to_json(struct arena *a, const struct yaml_node *n)
{
    int64_t number;
    if (yaml_is_null(n)) {
        return json_new_null(a);
    }
    if (n->plain && str_eq(n->text, STR("true"))) {
        return json_new_bool(a, true);
    }
    if (n->plain && str_eq(n->text, STR("false"))) {
        return json_new_bool(a, false);
    }
    if (n->plain && num_parse_i64(n->text, &number)) {
        return json_new_int(a, number);
    }
    return json_new_str(a, n->text);
}

struct json *yaml_to_json(struct arena *a, const struct yaml_node *n)
{
    if (n->type == YAML_SCALAR) {
        return scalar_to_json(a, n);
    }
    bool list = n->type == YAML_LIST;
    struct json *j = list ? json_new_array(a) : json_new_object(a);
    for (const struct yaml_node *child = n->first; child; child = child->next) {
        if (list) {
            json_push(a, j, yaml_to_json(a, child));
        } else {
            json_set(a, j, child->key, yaml_to_json(a, child));
        }
    }
    return j;
}
