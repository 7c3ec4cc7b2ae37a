/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_object.h"

#include "base/map.h"

static bool same_key(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || (a.p[0] == b.p[0] && memcmp(a.p, b.p, a.n) == 0));
}

static bool has_table(const struct json *object)
{
    return object->cap > JSON_OBJECT_LINEAR;
}

/* Slots of the table: the power of two that keeps it at most half full. */
static uint32_t table_size(uint32_t cap)
{
    return (uint32_t)1 << (33 - __builtin_clz(cap - 1));
}

/* Holds numbers of members plus one; 0 is a free slot. */
static uint32_t *table(const struct json *object)
{
    return (uint32_t *)(void *)(object->members + object->cap);
}

/* The slot of the key: the one that names its member, or the free one where it belongs. */
static uint32_t *slot_of(const struct json *object, struct str key)
{
    uint32_t *slots = table(object);
    uint32_t mask = table_size(object->cap) - 1;
    uint32_t at = (uint32_t)map_hash(key) & mask;
    while (slots[at] != 0 && !same_key(object->members[slots[at] - 1].key, key)) {
        at = (at + 1) & mask;
    }
    return &slots[at];
}

static void fill_table(struct json *object)
{
    memset(table(object), 0, table_size(object->cap) * sizeof(uint32_t));
    for (uint32_t i = 0; i < object->n; i++) {
        *slot_of(object, object->members[i].key) = i + 1;
    }
}

void json_object_reserve(struct arena *a, struct json *object, size_t cap)
{
    if (cap <= object->cap) {
        return;
    }
    must(cap <= (uint32_t)1 << 28);
    size_t size = cap * sizeof(struct json_member);
    if (cap > JSON_OBJECT_LINEAR) {
        size += table_size((uint32_t)cap) * sizeof(uint32_t);
    }
    struct json_member *members = arena_alloc(a, size);
    if (object->members) {
        memcpy(members, object->members, object->n * sizeof(*members));
    }
    object->members = members;
    object->cap = (uint32_t)cap;
    if (has_table(object)) {
        fill_table(object);
    }
}

struct json_member *json_object_find(const struct json *object, struct str key)
{
    if (has_table(object)) {
        uint32_t number = *slot_of(object, key);
        return number ? &object->members[number - 1] : NULL;
    }
    for (uint32_t i = 0; i < object->n; i++) {
        if (same_key(object->members[i].key, key)) {
            return &object->members[i];
        }
    }
    return NULL;
}

void json_object_put(struct arena *a, struct json *object, struct str key, struct json *value)
{
    struct json_member *member = json_object_find(object, key);
    if (member) {
        member->value = value;
        return;
    }
    if (object->n == object->cap) {
        json_object_reserve(a, object, MAX((size_t)object->cap * 2, (size_t)4));
    }
    must(object->members);
    object->members[object->n++] = (struct json_member){key, value};
    if (has_table(object)) {
        *slot_of(object, key) = object->n;
    }
}

void json_object_remove(struct json *object, struct json_member *member)
{
    size_t i = (size_t)(member - object->members);
    object->n--;
    memmove(member, member + 1, (object->n - i) * sizeof(*member));
    if (has_table(object)) {
        fill_table(object);
    }
}
