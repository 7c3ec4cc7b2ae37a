/* SPDX-License-Identifier: Apache-2.0
 *
 * Making and changing documents.
 */
#include "codec/json.h"
#include "codec/json_object.h"

static struct json *new_node(struct arena *a, enum json_type type)
{
    struct json *j = arena_new(a, struct json);
    j->type = type;
    return j;
}

struct json *json_new_object(struct arena *a)
{
    return new_node(a, JSON_OBJECT);
}

struct json *json_new_array(struct arena *a)
{
    return new_node(a, JSON_ARRAY);
}

struct json *json_new_str(struct arena *a, struct str s)
{
    struct json *j = new_node(a, JSON_STRING);
    j->text = arena_str(a, s);
    return j;
}

struct json *json_new_number(struct arena *a, struct str text)
{
    struct json *j = new_node(a, JSON_NUMBER);
    j->text = arena_str(a, text);
    return j;
}

struct json *json_new_int(struct arena *a, int64_t v)
{
    struct json *j = new_node(a, JSON_NUMBER);
    j->text = arena_printf(a, "%lld", (long long)v);
    return j;
}

struct json *json_new_bool(struct arena *a, bool v)
{
    struct json *j = new_node(a, JSON_BOOL);
    j->boolean = v;
    return j;
}

struct json *json_new_null(struct arena *a)
{
    return new_node(a, JSON_NULL);
}

void json_touch(struct json *j)
{
    j->raw = (struct str){0};
}

struct json *json_set(struct arena *a, struct json *object, struct str key, struct json *value)
{
    must(json_is(object, JSON_OBJECT) && value);
    struct json_member *member = json_object_find(object, key);
    if (member) {
        member->value = value;
    } else {
        json_object_put(a, object, arena_str(a, key), value);
    }
    json_touch(object);
    return value;
}

struct json *json_set_str(struct arena *a, struct json *object, const char *key, struct str value)
{
    return json_set(a, object, str_c(key), json_new_str(a, value));
}

bool json_del(struct json *object, struct str key)
{
    struct json_member *member =
        json_is(object, JSON_OBJECT) ? json_object_find(object, key) : NULL;
    if (!member) {
        return false;
    }
    json_object_remove(object, member);
    json_touch(object);
    return true;
}

static void reserve_items(struct arena *a, struct json *array, size_t cap)
{
    must(cap <= UINT32_MAX);
    struct json **items = arena_array(a, struct json *, cap);
    if (array->n > 0) {
        memcpy(items, array->items, array->n * sizeof(struct json *));
    }
    array->items = items;
    array->cap = (uint32_t)cap;
}

void json_push(struct arena *a, struct json *array, struct json *value)
{
    must(json_is(array, JSON_ARRAY) && value);
    if (array->n == array->cap) {
        reserve_items(a, array, MAX((size_t)array->cap * 2, (size_t)4));
    }
    array->items[array->n++] = value;
    json_touch(array);
}

void json_del_at(struct json *array, size_t i)
{
    must(json_is(array, JSON_ARRAY) && i < array->n);
    memmove(&array->items[i], &array->items[i + 1], (--array->n - i) * sizeof(struct json *));
    json_touch(array);
}

struct json *json_edit(struct arena *a, struct json *root, const char *path)
{
    if (!json_is(root, JSON_OBJECT)) {
        return NULL;
    }
    struct json *object = root;
    json_touch(root);
    for (struct str rest = str_c(path), key; path[0] && str_split(&rest, '.', &key);) {
        struct json *next = json_get_str(object, key);
        object = json_is_null(next) ? json_set(a, object, key, json_new_object(a)) : next;
        if (object->type != JSON_OBJECT) {
            return NULL;
        }
        json_touch(object);
    }
    return object;
}

static void clone_members(struct arena *a, struct json *to, const struct json *from)
{
    json_object_reserve(a, to, from->n);
    for (size_t i = 0; i < from->n; i++) {
        const struct json_member *member = &from->members[i];
        json_object_put(a, to, arena_str(a, member->key), json_clone(a, member->value));
    }
}

static void clone_items(struct arena *a, struct json *to, const struct json *from)
{
    reserve_items(a, to, from->n);
    for (size_t i = 0; i < from->n; i++) {
        to->items[to->n++] = json_clone(a, from->items[i]);
    }
}

struct json *json_clone(struct arena *a, const struct json *j)
{
    if (!j) {
        return NULL;
    }
    struct json *copy = new_node(a, j->type);
    copy->boolean = j->boolean;
    if (j->type == JSON_OBJECT) {
        clone_members(a, copy, j);
    } else if (j->type == JSON_ARRAY) {
        clone_items(a, copy, j);
    } else {
        copy->text = arena_str(a, j->text);
    }
    return copy;
}
