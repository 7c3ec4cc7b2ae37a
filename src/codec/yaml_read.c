/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of libyaml become nodes of one document (compose), nodes become JSON (convert). Two steps
 * because an alias may stand for a node that is still being read, and because merging and the count
 * of expanded aliases follow the order in which Go's decoder walks the nodes.
 *
 * Nodes live in a scratch arena per document; strings go straight into the caller's.
 */
#include "codec/yaml.h"

#include <yaml.h>

#include "base/encode.h"
#include "base/gotext.h"
#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "codec/yaml_resolve.h"

enum node_type { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING, NODE_ALIAS };

struct node {
    enum node_type type;
    bool plain;          /* a scalar that is not quoted and has no tag */
    bool expanding;      /* an alias that is being followed */
    size_t line;         /* from 1 on */
    struct str tag;      /* empty if there is none */
    struct str value;    /* of a scalar; the name of an alias */
    struct node *target; /* of an alias */
    struct node **items; /* of a sequence; of a mapping key, value, key, value ... */
    size_t n;
};

struct yaml_stream {
    yaml_parser_t parser;
    enum yaml_flags flags;
    bool ended;
};

/* One document on its way. */
struct reader {
    struct yaml_stream *stream;
    struct arena *arena; /* the caller's */
    struct arena scratch;
    struct map anchors;       /* name -> struct node */
    VEC(struct node *) stack; /* items of the collections that are still open */
    size_t depth;             /* of recursion, first in compose, then in convert */
    size_t level;             /* of the value being converted, 1 for the top */
    size_t visited;           /* nodes converted ... */
    size_t aliased;           /* ... and those of them inside of an alias */
    size_t alias_depth;
    bool mismatch; /* what has failed is not the YAML but that strings were wanted */
    struct err **err;
};

/* ---- libyaml ---- */

/* Clears the texts of an event before libyaml frees them. */
static void delete_event(yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT) {
        wipe(event->data.scalar.value, event->data.scalar.length);
    }
    yaml_event_delete(event);
}

/* The line that Go prints: counted from 0 for the parser's problems and from 1 for the scanner's,
 * so that the first line has no number or is confused with the second. People know these numbers.
 */
static size_t problem_line(const yaml_parser_t *p)
{
    if (p->problem_mark.line > 0) {
        return p->problem_mark.line + (p->error == YAML_SCANNER_ERROR);
    }
    return p->context_mark.line;
}

static int parser_error(const yaml_parser_t *p, struct err **err)
{
    const char *problem = p->problem ? p->problem : "unknown problem parsing YAML content";
    size_t line = problem_line(p);
    if (p->error == YAML_MEMORY_ERROR) {
        return err_set(err, ERR_LIMIT, "yaml: out of memory");
    }
    return line > 0 ? err_set(err, ERR_PARSE, "yaml: line %zu: %s", line, problem)
                    : err_set(err, ERR_PARSE, "yaml: %s", problem);
}

static int next_event(struct yaml_stream *s, yaml_event_t *event, struct err **err)
{
    return yaml_parser_parse(&s->parser, event) ? 0 : parser_error(&s->parser, err);
}

/* ---- events to nodes ---- */

static struct node *compose(struct reader *r, yaml_event_t *event);

static struct str text_of(struct reader *r, const yaml_char_t *p, size_t n)
{
    return p ? arena_str(r->arena, str_n(p, n)) : STR_EMPTY;
}

static struct str tag_of(struct reader *r, const yaml_char_t *tag)
{
    return tag ? arena_str(&r->scratch, str_c((const char *)tag)) : STR_EMPTY;
}

static struct node *new_node(struct reader *r, enum node_type type, const yaml_event_t *event,
                             const yaml_char_t *anchor)
{
    struct node *node = arena_new(&r->scratch, struct node);
    node->type = type;
    node->line = event->start_mark.line + 1;
    if (anchor) {
        map_set(&r->anchors, str_c((const char *)anchor), node);
    }
    return node;
}

static struct node *compose_scalar(struct reader *r, const yaml_event_t *event)
{
    struct node *node = new_node(r, NODE_SCALAR, event, event->data.scalar.anchor);
    node->value = text_of(r, event->data.scalar.value, event->data.scalar.length);
    node->tag = tag_of(r, event->data.scalar.tag);
    node->plain = event->data.scalar.plain_implicit;
    return node;
}

static struct node *compose_alias(struct reader *r, const yaml_event_t *event)
{
    struct str name = str_c((const char *)event->data.alias.anchor);
    struct node *node = new_node(r, NODE_ALIAS, event, NULL);
    node->value = arena_str(&r->scratch, name);
    node->target = map_get(&r->anchors, name);
    if (!node->target) {
        err_set(r->err, ERR_PARSE, "yaml: unknown anchor '%.*s' referenced", STR_ARG(name));
        return NULL;
    }
    return node;
}

/* One level deeper, into a collection. */
static int descend(struct reader *r, const struct node *node)
{
    if (++r->depth > JSON_MAX_DEPTH) {
        return err_set(r->err, ERR_LIMIT, "yaml: line %zu: nested deeper than %d levels",
                       node->line, JSON_MAX_DEPTH);
    }
    return 0;
}

/* The items up to the end event of the collection. */
static struct node *compose_items(struct reader *r, struct node *node, yaml_event_type_t end)
{
    size_t base = r->stack.n;
    if (descend(r, node) != 0) {
        return NULL;
    }
    for (;;) {
        yaml_event_t event;
        if (next_event(r->stream, &event, r->err) != 0) {
            return NULL;
        }
        if (event.type == end) {
            delete_event(&event);
            break;
        }
        struct node *item = compose(r, &event);
        delete_event(&event);
        if (!item) {
            return NULL;
        }
        vec_push(&r->stack, item);
    }
    r->depth--;
    node->n = r->stack.n - base;
    node->items = arena_array(&r->scratch, struct node *, node->n);
    for (size_t i = 0; i < node->n; i++) {
        node->items[i] = r->stack.v[base + i];
    }
    r->stack.n = base;
    return node;
}

static struct node *compose(struct reader *r, yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return compose_scalar(r, event);
    case YAML_ALIAS_EVENT:
        return compose_alias(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return compose_items(r,
                             new_node(r, NODE_SEQUENCE, event, event->data.sequence_start.anchor),
                             YAML_SEQUENCE_END_EVENT);
    case YAML_MAPPING_START_EVENT:
        return compose_items(r, new_node(r, NODE_MAPPING, event, event->data.mapping_start.anchor),
                             YAML_MAPPING_END_EVENT);
    default:
        err_set(r->err, ERR_BUG, "yaml: unexpected event %d", (int)event->type);
        return NULL;
    }
}

/* ---- nodes to JSON ---- */

static struct json *convert(struct reader *r, struct node *node);

/* Go allows nearly all of a small document to come from aliases, but only a tenth of a huge one. */
static bool too_much_aliasing(const struct reader *r)
{
    const double low = 400000;
    const double high = 4000000;
    double visited = (double)r->visited;
    double allowed = visited <= low    ? 0.99
                     : visited >= high ? 0.10
                                       : 0.99 - 0.89 * (visited - low) / (high - low);
    return r->aliased > 100 && r->visited > 1000 && (double)r->aliased > allowed * visited;
}

static int count_visit(struct reader *r)
{
    r->visited++;
    r->aliased += r->alias_depth > 0;
    if (too_much_aliasing(r)) {
        return err_set(r->err, ERR_LIMIT, "yaml: document contains excessive aliasing");
    }
    return 0;
}

/* A string in which invalid UTF-8 has become U+FFFD, as going through JSON does it. */
static struct str valid_text(struct reader *r, struct str s)
{
    if (utf8_valid(s)) {
        return s;
    }
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(3 * s.n);
    while (s.n > 0) {
        uint32_t rune;
        s = str_from(s, utf8_decode(s, &rune, NULL));
        buf_add_rune(&out, rune);
    }
    return arena_str(r->arena, buf_str(&out));
}

static struct json *string_node(struct reader *r, struct str s)
{
    struct json *j = arena_new(r->arena, struct json);
    j->type = JSON_STRING;
    j->text = s; /* is in the arena already */
    return j;
}

static struct json *convert_binary(struct reader *r, struct str text)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT_WIPE(base64_decoded_max(text.n));
    if (base64_decode(&bytes, text, BASE64_STD, NULL) != 0) {
        err_set(r->err, ERR_INVALID, "yaml: !!binary value contains invalid base64 data");
        return NULL;
    }
    return string_node(r, valid_text(r, arena_str(r->arena, buf_str(&bytes))));
}

static struct str int_text(struct reader *r, const struct yaml_scalar *s)
{
    return arena_printf(r->arena, "%s%llu", s->negative ? "-" : "",
                        (unsigned long long)s->magnitude);
}

static struct json *convert_float(struct reader *r, double number)
{
    AUTO(buf_done) struct buf text = BUF_INIT(64);
    go_float(&text, number, 'j');
    if (number - number != 0) { /* an infinity or no number */
        err_set(r->err, ERR_INVALID, "json: unsupported value: %s", text.p);
        return NULL;
    }
    return json_new_number(r->arena, buf_str(&text));
}

static int resolve(struct reader *r, const struct node *node, struct yaml_scalar *out)
{
    if (node->tag.n > 0) {
        return yaml_resolve_tag(node->tag, node->value, out, r->err);
    }
    *out = node->plain ? yaml_resolve(node->value) : (struct yaml_scalar){.kind = YAML_KIND_STR};
    return 0;
}

static struct json *convert_scalar(struct reader *r, const struct node *node)
{
    struct yaml_scalar scalar;
    if (resolve(r, node, &scalar) != 0) {
        return NULL;
    }
    switch (scalar.kind) {
    case YAML_KIND_NULL:
        return json_new_null(r->arena);
    case YAML_KIND_BOOL:
        return json_new_bool(r->arena, scalar.boolean);
    case YAML_KIND_INT:
        return json_new_number(r->arena, int_text(r, &scalar));
    case YAML_KIND_FLOAT:
        return convert_float(r, scalar.number);
    case YAML_KIND_BINARY:
        return convert_binary(r, node->value);
    case YAML_KIND_STR:
    case YAML_KIND_TIMESTAMP:
        break;
    }
    return string_node(r, node->value);
}

/* The text of a float where a string is wanted, in single precision as Go has it. `key` chooses the
 * spelling of what is not finite. */
static struct str float_text(struct reader *r, double number, bool key)
{
    if (key && number - number != 0) {
        return number != number ? STR(".nan") : number < 0 ? STR("-.inf") : STR(".inf");
    }
    AUTO(buf_done) struct buf text = BUF_INIT(64);
    go_float32(&text, number, 'g');
    return arena_str(r->arena, buf_str(&text));
}

/* The scalar where only a string can stand: a key, or a value under YAML_STRINGS. */
static int scalar_as_string(struct reader *r, const struct node *node, bool key, struct str *out)
{
    struct yaml_scalar scalar;
    if (resolve(r, node, &scalar) != 0) {
        return -1;
    }
    switch (scalar.kind) {
    case YAML_KIND_NULL:
        *out = STR_EMPTY;
        return key ? err_set(r->err, ERR_INVALID, "yaml: line %zu: a key is null", node->line) : 0;
    case YAML_KIND_BOOL:
        *out = scalar.boolean ? STR("true") : STR("false");
        return 0;
    case YAML_KIND_INT:
        *out = int_text(r, &scalar);
        return 0;
    case YAML_KIND_FLOAT:
        *out = float_text(r, scalar.number, key);
        return 0;
    case YAML_KIND_BINARY: {
        struct json *j = convert_binary(r, node->value);
        *out = json_str(j);
        return j ? 0 : -1;
    }
    case YAML_KIND_STR:
    case YAML_KIND_TIMESTAMP:
        break;
    }
    *out = node->value;
    return 0;
}

/* ---- aliases ---- */

/* Goes to what an alias stands for, counting as Go's decoder does. Leave with leave_alias. */
static struct node *enter_alias(struct reader *r, struct node *node)
{
    if (node->type != NODE_ALIAS) {
        return node;
    }
    if (node->expanding) {
        err_set(r->err, ERR_INVALID, "yaml: anchor '%.*s' value contains itself",
                STR_ARG(node->value));
        return NULL;
    }
    node->expanding = true;
    r->alias_depth++;
    return count_visit(r) == 0 ? node->target : NULL;
}

static void leave_alias(struct reader *r, struct node *node)
{
    if (node->type == NODE_ALIAS) {
        node->expanding = false;
        r->alias_depth--;
    }
}

/* ---- mappings ---- */

static bool is_merge(const struct node *key)
{
    return key->type == NODE_SCALAR && str_eq(key->value, STR("<<")) &&
           (key->plain || str_eq(key->tag, STR("tag:yaml.org,2002:merge")));
}

static int add_members(struct reader *r, const struct node *mapping, struct json *object);

/* Adds the members of one mapping, or alias of one. */
static int merge_one(struct reader *r, struct node *node, struct json *object)
{
    const struct node *mapping = node->type == NODE_ALIAS ? node->target : node;
    if (mapping->type != NODE_MAPPING) {
        return err_set(r->err, ERR_INVALID,
                       "yaml: map merge requires map or sequence of maps as the value");
    }
    if (count_visit(r) != 0) {
        return -1;
    }
    struct node *target = enter_alias(r, node);
    if (!target || descend(r, node) != 0 || add_members(r, target, object) != 0) {
        return -1;
    }
    r->depth--;
    leave_alias(r, node);
    return 0;
}

/* In a sequence earlier mappings take precedence, so they come last. */
static int merge(struct reader *r, struct node *node, struct json *object)
{
    if (node->type != NODE_SEQUENCE) {
        return merge_one(r, node, object);
    }
    for (size_t i = node->n; i > 0; i--) {
        if (merge_one(r, node->items[i - 1], object) != 0) {
            return -1;
        }
    }
    return 0;
}

static int convert_key(struct reader *r, struct node *node, struct str *out)
{
    if (count_visit(r) != 0) {
        return -1;
    }
    struct node *key = enter_alias(r, node);
    if (!key) {
        return -1;
    }
    if (key->type != NODE_SCALAR) {
        return err_set(r->err, ERR_INVALID, "yaml: line %zu: invalid map key: a %s", node->line,
                       key->type == NODE_MAPPING ? "map" : "sequence");
    }
    if (scalar_as_string(r, key, true, out) != 0) {
        return -1;
    }
    leave_alias(r, node);
    return 0;
}

static int add_member(struct reader *r, struct node *key_node, struct node *value_node,
                      struct json *object)
{
    struct str key = STR_EMPTY;
    if (convert_key(r, key_node, &key) != 0) {
        return -1;
    }
    struct json *value = convert(r, value_node);
    if (!value) {
        return -1;
    }
    if ((r->stream->flags & YAML_STRICT) && json_get_str(object, key)) {
        return err_set(r->err, ERR_INVALID,
                       "yaml: unmarshal errors: line %zu: key \"%.*s\" already set in map",
                       value_node->line, STR_ARG(str_head(key, 200)));
    }
    json_set(r->arena, object, key, value);
    return 0;
}

static int add_members(struct reader *r, const struct node *mapping, struct json *object)
{
    for (size_t i = 0; i < mapping->n; i += 2) {
        struct node *key = mapping->items[i];
        struct node *value = mapping->items[i + 1];
        int rc = is_merge(key) ? merge(r, value, object) : add_member(r, key, value, object);
        if (rc != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- any node ---- */

static struct json *convert_items(struct reader *r, const struct node *sequence)
{
    struct json *array = json_new_array(r->arena);
    for (size_t i = 0; i < sequence->n; i++) {
        struct json *item = convert(r, sequence->items[i]);
        if (!item) {
            return NULL;
        }
        json_push(r->arena, array, item);
    }
    return array;
}

static struct json *mismatch(struct reader *r, const char *found, const char *wanted)
{
    r->mismatch = true;
    err_set(r->err, ERR_INVALID, "json: cannot unmarshal %s into Go value of type %s", found,
            wanted);
    return NULL;
}

static struct json *convert_collection(struct reader *r, const struct node *node)
{
    struct json *j = NULL;
    if (descend(r, node) != 0) {
        return NULL;
    }
    if (node->type == NODE_SEQUENCE) {
        j = convert_items(r, node);
    } else {
        struct json *object = json_new_object(r->arena);
        j = add_members(r, node, object) == 0 ? object : NULL;
    }
    r->depth--;
    return j;
}

/* Under YAML_STRINGS: the value of a member. A collection is converted, and refused at the end if
 * no later member of the same name has replaced it. */
static struct json *convert_string(struct reader *r, const struct node *node)
{
    struct str text = STR_EMPTY;
    if (node->type != NODE_SCALAR) {
        return convert_collection(r, node);
    }
    return scalar_as_string(r, node, false, &text) == 0 ? string_node(r, text) : NULL;
}

static struct json *refuse_collections(struct reader *r, struct json *object)
{
    for (size_t i = 0; i < object->n; i++) {
        enum json_type type = object->members[i].value->type;
        if (type == JSON_OBJECT || type == JSON_ARRAY) {
            return mismatch(r, type == JSON_OBJECT ? "object" : "array", "string");
        }
    }
    return object;
}

/* Under YAML_STRINGS: something else than a mapping at the top. Null is an empty one. */
static struct json *convert_odd_top(struct reader *r, const struct node *node)
{
    static const char *const names[] = {
        [JSON_BOOL] = "bool", [JSON_NUMBER] = "number", [JSON_STRING] = "string"};
    if (node->type == NODE_SEQUENCE) {
        return mismatch(r, "array", "map[string]string");
    }
    struct json *j = convert_scalar(r, node);
    if (!j || j->type == JSON_NULL) {
        return j ? json_new_object(r->arena) : NULL;
    }
    return mismatch(r, names[j->type], "map[string]string");
}

static struct json *convert_target(struct reader *r, const struct node *node)
{
    bool strings = r->stream->flags & YAML_STRINGS;
    if (strings && r->level == 2) {
        return convert_string(r, node);
    }
    if (strings && r->level == 1 && node->type != NODE_MAPPING) {
        return convert_odd_top(r, node);
    }
    return node->type == NODE_SCALAR ? convert_scalar(r, node) : convert_collection(r, node);
}

static struct json *convert(struct reader *r, struct node *node)
{
    if (count_visit(r) != 0) {
        return NULL;
    }
    struct node *target = enter_alias(r, node);
    r->level++;
    struct json *j = target ? convert_target(r, target) : NULL;
    r->level--;
    leave_alias(r, node);
    return j;
}

/* ---- documents ---- */

/* The rest of a document whose start event has been read. */
static struct json *read_document(struct reader *r)
{
    yaml_event_t event;
    if (next_event(r->stream, &event, r->err) != 0) {
        return NULL;
    }
    struct node *root = compose(r, &event);
    delete_event(&event);
    if (!root || next_event(r->stream, &event, r->err) != 0) {
        return NULL;
    }
    must(event.type == YAML_DOCUMENT_END_EVENT);
    delete_event(&event);
    must(r->depth == 0);
    struct json *j = convert(r, root);
    return j && (r->stream->flags & YAML_STRINGS) ? refuse_collections(r, j) : j;
}

static struct json *read_with_scratch(struct yaml_stream *s, struct arena *a, struct err **err)
{
    struct reader r = {
        .stream = s, .arena = a, .scratch = ARENA_INIT(ARENA_PLAIN), .visited = 1, .err = err};
    struct json *j = read_document(&r);
    if (!j && (s->flags & YAML_STRINGS)) {
        err_wrap(err, r.mismatch ? "error unmarshaling JSON: while decoding JSON"
                                 : "error converting YAML to JSON");
    }
    vec_done(&r.stack);
    map_done(&r.anchors);
    arena_done(&r.scratch);
    return j;
}

struct yaml_stream *yaml_stream_new(struct str text, enum yaml_flags flags)
{
    struct yaml_stream *s = xcalloc(1, sizeof(*s));
    s->flags = flags;
    must(yaml_parser_initialize(&s->parser));
    if (text.n == 0) {
        text = STR("\n");
    }
    yaml_parser_set_input_string(&s->parser, (const unsigned char *)text.p, text.n);
    return s;
}

static int next_document(struct yaml_stream *s, struct arena *a, struct json **doc,
                         struct err **err)
{
    yaml_event_t event;
    do {
        if (next_event(s, &event, err) != 0) {
            return s->flags & YAML_STRINGS ? err_wrap(err, "error converting YAML to JSON") : -1;
        }
    } while (event.type == YAML_STREAM_START_EVENT);
    bool end = event.type == YAML_STREAM_END_EVENT;
    delete_event(&event);
    struct json *j = end ? NULL : read_with_scratch(s, a, err);
    if (!end && !j) {
        return -1;
    }
    s->ended = end;
    *doc = j;
    return 0;
}

int yaml_stream_next(struct yaml_stream *s, struct arena *a, struct json **doc, struct err **err)
{
    if (s->ended) {
        *doc = NULL;
        return 0;
    }
    int rc = next_document(s, a, doc, err);
    s->ended |= rc != 0;
    return rc;
}

void yaml_stream_free(struct yaml_stream *s)
{
    if (!s) {
        return;
    }
    yaml_parser_t *p = &s->parser;
    wipe(p->raw_buffer.start, (size_t)(p->raw_buffer.end - p->raw_buffer.start));
    wipe(p->buffer.start, (size_t)(p->buffer.end - p->buffer.start));
    yaml_parser_delete(p);
    free(s);
}

struct json *yaml_read(struct arena *a, struct str text, enum yaml_flags flags, struct err **err)
{
    struct yaml_stream *s = yaml_stream_new(text, flags);
    struct json *j = NULL;
    if (yaml_stream_next(s, a, &j, err) == 0 && !j) {
        j = flags & YAML_STRINGS ? json_new_object(a) : json_new_null(a);
    }
    yaml_stream_free(s);
    return j;
}

const char *yaml_library(void)
{
    return yaml_get_version_string();
}
