/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/kv.h"

#include <string.h>

#include "base/vec.h"

/* The place of the key, or the one where it belongs. */
static size_t place(const struct kvs *m, struct str key, bool *found)
{
    /* The common case: keys come sorted. */
    if (m->n && str_cmp(m->v[m->n - 1].key, key) < 0) {
        *found = false;
        return m->n;
    }
    return vec_sorted_place(m->v, m->n, sizeof(*m->v), key, found);
}

struct kv *kvs_find(const struct kvs *m, struct str key)
{
    bool found;
    size_t at = place(m, key, &found);
    return found ? &m->v[at] : NULL;
}

bool kvs_has(const struct kvs *m, struct str key)
{
    return kvs_find(m, key) != NULL;
}

struct str kvs_get(const struct kvs *m, struct str key)
{
    const struct kv *entry = kvs_find(m, key);
    return entry ? entry->value : STR_EMPTY;
}

static void grow(struct kvs *m)
{
    size_t cap = m->cap ? m->cap * 2 : 8;
    struct kv *v = arena_array(m->arena, struct kv, cap);
    if (m->n) {
        memcpy(v, m->v, m->n * sizeof(*v));
    }
    m->v = v;
    m->cap = cap;
}

void kvs_set(struct kvs *m, struct str key, struct str value)
{
    bool found;
    size_t at = place(m, key, &found);
    if (found) {
        m->v[at].value = value;
        return;
    }
    if (m->n == m->cap) {
        grow(m);
    }
    memmove(&m->v[at + 1], &m->v[at], (m->n - at) * sizeof(*m->v));
    m->v[at] = (struct kv){.key = key, .value = value};
    m->n++;
}

bool kvs_del(struct kvs *m, struct str key)
{
    bool found;
    size_t at = place(m, key, &found);
    if (!found) {
        return false;
    }
    m->n--;
    memmove(&m->v[at], &m->v[at + 1], (m->n - at) * sizeof(*m->v));
    return true;
}

void kvs_merge(struct kvs *m, const struct kvs *from)
{
    for (size_t i = 0; i < from->n; i++) {
        kvs_set(m, from->v[i].key, from->v[i].value);
    }
}

bool kvs_eq(const struct kvs *a, const struct kvs *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (!str_eq(a->v[i].key, b->v[i].key) || !str_eq(a->v[i].value, b->v[i].value)) {
            return false;
        }
    }
    return true;
}

struct kvs kvs_from_json(struct arena *a, const struct json *object)
{
    struct kvs m = KVS_INIT(a);
    for (size_t i = 0; json_is(object, JSON_OBJECT) && i < object->n; i++) {
        if (json_is(object->members[i].value, JSON_STRING)) {
            kvs_set(&m, object->members[i].key, json_str(object->members[i].value));
        }
    }
    return m;
}

struct json *kvs_to_json(struct arena *a, const struct kvs *m)
{
    struct json *object = json_new_object(a);
    for (size_t i = 0; i < m->n; i++) {
        json_set(a, object, m->v[i].key, json_new_str(a, m->v[i].value));
    }
    return object;
}
