/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/vault_value.h"

#include "codec/json_path.h"

int vault_key_parse(struct str key, enum vault_object *object, struct str *name, struct err **err)
{
    static const struct {
        const char *word;
        enum vault_object object;
    } OBJECTS[] = {{"secret", VAULT_SECRET}, {"cert", VAULT_CERTIFICATE}, {"key", VAULT_KEY}};

    struct str rest = key;
    struct str type;
    struct str second = STR_EMPTY;
    str_split(&rest, '/', &type);
    if (type.n == key.n) {
        *object = VAULT_SECRET;
        *name = key;
        return 0;
    }
    str_split(&rest, '/', &second);
    for (size_t i = 0; second.n && i < COUNT_OF(OBJECTS); i++) {
        if (str_eq_c(type, OBJECTS[i].word)) {
            *object = OBJECTS[i].object;
            *name = second;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID, "unknown Azure Keyvault object Type for %.*s",
                   STR_ARG(second));
}

/* ---- values ---- */

/* The path that means a member whose name has dots: each dot behind a backslash. */
static struct str literal_path(struct arena *a, struct str property)
{
    AUTO(buf_done) struct buf b = BUF_INIT(property.n * 2);
    for (size_t i = 0; i < property.n; i++) {
        if (property.p[i] == '.') {
            buf_add_byte(&b, '\\');
        }
        buf_add_byte(&b, property.p[i]);
    }
    return arena_str(a, buf_str(&b));
}

static int path_lookup(struct arena *a, struct str value, struct str path, bool *found,
                       struct str *out, struct err **err)
{
    if (json_path_get(a, value, path, found, out, err) < 0) {
        return -1;
    }
    if (*found || str_find_byte(path, '.') < 0) {
        return 0;
    }
    return json_path_get(a, value, literal_path(a, path), found, out, err);
}

int vault_value_property(struct arena *a, struct str value, struct str property, struct str key,
                         struct str *out, struct err **err)
{
    bool found = true;
    struct str got = value;
    if (property.n && path_lookup(a, value, property, &found, &got, err) < 0) {
        return err_wrap(err, "property %.*s of key %.*s", STR_ARG(property), STR_ARG(key));
    }
    if (!found) {
        return err_set(err, ERR_NOT_FOUND, "property %.*s does not exist in key %.*s",
                       STR_ARG(property), STR_ARG(key));
    }
    *out = got;
    return 0;
}

/* Go's encoding/json about a value that is no object. */
static int not_an_object(const struct json *json, struct err **err)
{
    static const char *const WORDS[] = {
        [JSON_BOOL] = "bool",
        [JSON_NUMBER] = "number",
        [JSON_STRING] = "string",
        [JSON_ARRAY] = "array",
    };
    return err_set(err, ERR_PARSE,
                   "error unmarshalling json data: json: cannot unmarshal %s into Go value of type "
                   "map[string]json.RawMessage",
                   WORDS[json->type]);
}

static struct str member_bytes(const struct json *value)
{
    switch (value->type) {
    case JSON_NULL:
        return STR_EMPTY;
    case JSON_STRING:
        return json_str(value);
    default:
        return value->raw;
    }
}

int vault_value_extract(struct arena *a, struct str value, struct kvs *out, struct err **err)
{
    const struct json *json = json_parse(a, value, JSON_PLAIN, err);
    if (!json) {
        return err_wrap(err, "error unmarshalling json data");
    }
    *out = KVS_INIT(a);
    if (json_is_null(json)) {
        return 0;
    }
    if (!json_is(json, JSON_OBJECT)) {
        return not_an_object(json, err);
    }
    for (size_t i = 0; i < json->n; i++) {
        kvs_set(out, json->members[i].key, member_bytes(json->members[i].value));
    }
    return 0;
}

/* ---- tags ---- */

static struct str tags_document(struct arena *a, const struct kvs *tags)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
    json_write(&b, kvs_to_json(a, tags), JSON_WRITE_GO);
    return arena_str(a, buf_str(&b));
}

int vault_tags_property(struct arena *a, const struct kvs *tags, struct str property,
                        struct str *out, struct err **err)
{
    if (!property.n) {
        *out = tags_document(a, tags);
        return 0;
    }
    const struct kv *tag = kvs_find(tags, property);
    if (tag) {
        *out = tag->value;
        return 0;
    }
    ptrdiff_t dot = str_find_byte(property, '.');
    tag = dot > 0 ? kvs_find(tags, str_head(property, (size_t)dot)) : NULL;
    bool found = false;
    if (tag &&
        json_path_get(a, tag->value, str_from(property, (size_t)dot + 1), &found, out, err) < 0) {
        return err_wrap(err, "tag %.*s", STR_ARG(property));
    }
    if (found) {
        return 0;
    }
    return err_set(err, ERR_NOT_FOUND, "tag %.*s does not exist", STR_ARG(property));
}

static bool object_of_strings(const struct json *json)
{
    for (size_t i = 0; json_is(json, JSON_OBJECT) && i < json->n; i++) {
        if (!json_is(json->members[i].value, JSON_STRING)) {
            return false;
        }
    }
    return json_is(json, JSON_OBJECT);
}

static void add_tag(struct arena *a, const struct kv *tag, struct str name, struct kvs *out)
{
    struct str key = arena_printf(a, "%.*s_%.*s", STR_ARG(name), STR_ARG(tag->key));
    const struct json *inner = json_parse(a, tag->value, JSON_PLAIN, NULL);
    if (!object_of_strings(inner)) {
        kvs_set(out, key, tag->value);
        return;
    }
    for (size_t i = 0; i < inner->n; i++) {
        const struct json_member *member = &inner->members[i];
        kvs_set(out, arena_printf(a, "%.*s_%.*s", STR_ARG(key), STR_ARG(member->key)),
                json_str(member->value));
    }
}

int vault_tags_extract(struct arena *a, const struct kvs *tags, struct str name,
                       struct str property, struct kvs *out, struct err **err)
{
    *out = KVS_INIT(a);
    if (property.n) {
        struct str value = {0};
        if (vault_tags_property(a, tags, property, &value, err) < 0) {
            return -1;
        }
        kvs_set(out, arena_printf(a, "%.*s_%.*s", STR_ARG(name), STR_ARG(property)), value);
        return 0;
    }
    for (size_t i = 0; i < tags->n; i++) {
        add_tag(a, &tags->v[i], name, out);
    }
    return 0;
}
