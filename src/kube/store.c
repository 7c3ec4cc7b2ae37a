/* SPDX-License-Identifier: Apache-2.0
 *
 * A table of pointers to objects, open addressing with linear probing; the hash stands in the
 * object, so growing looks at no names. A deleted place is marked, not filled by moving others up,
 * so that a cursor (store_walk) over the table misses nobody; when the table is rebuilt, its shape
 * number changes and cursors begin anew. Objects of one namespace are chained through themselves;
 * the head of the chain is found by the namespace's name.
 */
#include "kube/store.h"

#include "base/intern.h"
#include "base/map.h"

struct chain {
    struct object *first;
    size_t n;
};

struct store {
    struct object **slots;
    size_t cap; /* power of two, or 0 */
    size_t n;
    size_t dead;
    uint32_t shape;
    struct map chains; /* namespace -> struct chain */
    void (*free_object)(void *arg, struct object *o);
    void *arg;
};

static struct object dead_mark;
#define DEAD (&dead_mark)

static uint32_t hash_of(struct str ns, struct str name)
{
    return (uint32_t)(map_hash(ns) * 31 + map_hash(name));
}

struct store *store_new(void (*free_object)(void *arg, struct object *o), void *arg)
{
    struct store *s = xcalloc(1, sizeof(*s));
    s->free_object = free_object;
    s->arg = arg;
    return s;
}

void store_free(struct store *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->cap; i++) {
        if (s->slots[i] && s->slots[i] != DEAD) {
            store_drop(s, s->slots[i]);
        }
    }
    map_done_with(&s->chains, free);
    free(s->slots);
    free(s);
}

void store_drop(struct store *s, struct object *o)
{
    if (!o) {
        return;
    }
    if (s->free_object) {
        s->free_object(s->arg, o);
    } else {
        object_free(o);
    }
}

static bool is_named(const struct object *o, struct str ns, struct str name)
{
    return str_eq(object_name(o), name) && str_eq(object_ns(o), ns);
}

static struct object **find(const struct store *s, struct str ns, struct str name)
{
    if (s->cap == 0) {
        return NULL;
    }
    uint32_t hash = hash_of(ns, name);
    for (size_t i = hash & (s->cap - 1); s->slots[i]; i = (i + 1) & (s->cap - 1)) {
        struct object *o = s->slots[i];
        if (o != DEAD && o->hash == hash && is_named(o, ns, name)) {
            return &s->slots[i];
        }
    }
    return NULL;
}

struct object *store_find(const struct store *s, struct str ns, struct str name)
{
    struct object **slot = find(s, ns, name);
    return slot ? *slot : NULL;
}

const struct object *store_get(const struct store *s, struct str ns, struct str name)
{
    return store_find(s, ns, name);
}

const struct object *store_get_key(const struct store *s, struct str key)
{
    struct str ns;
    struct str name;
    object_key_split(key, &ns, &name);
    return store_get(s, ns, name);
}

size_t store_count(const struct store *s)
{
    return s->n;
}

size_t store_count_in(const struct store *s, struct str ns)
{
    const struct chain *c = map_get(&s->chains, ns);
    return c ? c->n : 0;
}

static void insert(struct store *s, struct object *o)
{
    size_t i = o->hash & (s->cap - 1);
    while (s->slots[i]) {
        i = (i + 1) & (s->cap - 1);
    }
    s->slots[i] = o;
}

static void rebuild(struct store *s, size_t cap)
{
    struct object **old = s->slots;
    size_t old_cap = s->cap;
    s->slots = xcalloc(cap, sizeof(struct object *));
    s->cap = cap;
    s->dead = 0;
    s->shape++;
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i] && old[i] != DEAD) {
            insert(s, old[i]);
        }
    }
    free(old);
}

/* At most 7 of 8 places are taken. Where marks of the dead fill the table, the same size is enough.
 */
static void make_room(struct store *s)
{
    if (s->cap == 0) {
        rebuild(s, 8);
    } else if ((s->n + s->dead + 1) * 8 > s->cap * 7) {
        rebuild(s, (s->n + 1) * 4 > s->cap * 3 ? s->cap * 2 : s->cap);
    }
}

static void chain_in(struct store *s, struct object *o)
{
    struct str ns = object_ns(o);
    struct chain *c = map_get(&s->chains, ns);
    if (!c) {
        c = xcalloc(1, sizeof(*c));
        map_set(&s->chains, ns, c);
    }
    o->prev = NULL;
    o->next = c->first;
    if (c->first) {
        c->first->prev = o;
    }
    c->first = o;
    c->n++;
}

static void chain_out(struct store *s, struct object *o)
{
    struct chain *c = map_get(&s->chains, object_ns(o));
    if (o->prev) {
        o->prev->next = o->next;
    } else {
        c->first = o->next;
    }
    if (o->next) {
        o->next->prev = o->prev;
    }
    o->next = NULL;
    o->prev = NULL;
    if (--c->n == 0) {
        map_del(&s->chains, object_ns(o));
        free(c);
    }
}

/* The new object takes the old one's place, also in the chain. */
static void replace(struct store *s, struct object **slot, struct object *o)
{
    struct object *old = *slot;
    o->next = old->next;
    o->prev = old->prev;
    if (o->next) {
        o->next->prev = o;
    }
    if (o->prev) {
        o->prev->next = o;
    } else {
        struct chain *c = map_get(&s->chains, object_ns(o));
        c->first = o;
    }
    old->next = NULL;
    old->prev = NULL;
    *slot = o;
}

struct object *store_put(struct store *s, struct object *o)
{
    o->hash = hash_of(object_ns(o), object_name(o));
    struct object **slot = find(s, object_ns(o), object_name(o));
    if (slot) {
        struct object *old = *slot;
        must(old != o);
        replace(s, slot, o);
        return old;
    }
    make_room(s);
    insert(s, o);
    chain_in(s, o);
    s->n++;
    return NULL;
}

struct object *store_take(struct store *s, struct str ns, struct str name)
{
    struct object **slot = find(s, ns, name);
    if (!slot) {
        return NULL;
    }
    struct object *o = *slot;
    *slot = DEAD;
    s->dead++;
    s->n--;
    chain_out(s, o);
    return o;
}

static bool next_in_namespace(const struct store *s, struct store_iter *it)
{
    if (it->object) {
        it->object = it->object->next;
    } else {
        const struct chain *c = map_get(&s->chains, it->ns);
        it->object = c ? c->first : NULL;
    }
    return it->object;
}

bool store_next(const struct store *s, struct store_iter *it)
{
    if (it->ns.p) {
        return next_in_namespace(s, it);
    }
    while (it->at < s->cap) {
        const struct object *o = s->slots[it->at++];
        if (o && o != DEAD) {
            it->object = o;
            return true;
        }
    }
    it->object = NULL;
    return false;
}

size_t store_walk(const struct store *s, struct store_cursor *c, struct object **out, size_t max)
{
    if (c->shape != s->shape) {
        c->shape = s->shape;
        c->at = 0;
    }
    size_t n = 0;
    while (n < max && c->at < s->cap) {
        struct object *o = s->slots[c->at++];
        if (o && o != DEAD) {
            out[n++] = o;
        }
    }
    return n;
}

size_t store_table_bytes(const struct store *s)
{
    size_t bytes = sizeof(*s) + s->cap * sizeof(struct object *);
    for (struct map_iter it = {0}; map_next(&s->chains, &it);) {
        bytes += sizeof(struct chain) + it.key.n + 64;
    }
    return bytes;
}
