/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/random.h"

struct map_slot {
    uint64_t hash;
    char *key; /* NULL: free; DEAD: was deleted, the search goes on behind it */
    size_t key_n;
    void *value;
};

static char dead_mark[1];
#define DEAD dead_mark

static uint64_t rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

struct sip {
    uint64_t v[4];
};

static void sip_round(struct sip *s)
{
    uint64_t *v = s->v;
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static void sip_block(struct sip *s, uint64_t block)
{
    s->v[3] ^= block;
    sip_round(s);
    sip_round(s);
    s->v[0] ^= block;
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012). */
uint64_t map_hash(struct str key)
{
    static uint64_t seed[2];
    if (__builtin_expect(seed[0] == 0, 0)) {
        random_bytes(seed, sizeof(seed));
        seed[0] |= 1;
    }
    struct sip s = {{seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du,
                     seed[0] ^ 0x6c7967656e657261u, seed[1] ^ 0x7465646279746573u}};
    size_t i = 0;
    for (; i + 8 <= key.n; i += 8) {
        uint64_t block;
        memcpy(&block, key.p + i, 8);
        sip_block(&s, block);
    }
    uint64_t last = (uint64_t)key.n << 56;
    for (size_t k = 0; i + k < key.n; k++) {
        last |= (uint64_t)(unsigned char)key.p[i + k] << (8 * k);
    }
    sip_block(&s, last);
    s.v[2] ^= 0xff;
    for (int k = 0; k < 4; k++) {
        sip_round(&s);
    }
    return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

static struct map_slot *find(const struct map *m, struct str key, uint64_t hash)
{
    if (m->cap == 0) {
        return NULL;
    }
    for (size_t i = (size_t)hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct map_slot *slot = &m->slots[i];
        if (!slot->key) {
            return NULL;
        }
        if (slot->key != DEAD && slot->hash == hash &&
            str_eq((struct str){slot->key, slot->key_n}, key)) {
            return slot;
        }
    }
}

static struct map_slot *free_slot(struct map *m, uint64_t hash)
{
    size_t i = (size_t)hash & (m->cap - 1);
    while (m->slots[i].key) {
        i = (i + 1) & (m->cap - 1);
    }
    return &m->slots[i];
}

static void rehash(struct map *m, size_t cap)
{
    struct map old = *m;
    m->slots = xcalloc(cap, sizeof(*m->slots));
    m->cap = cap;
    m->dead = 0;
    for (size_t i = 0; i < old.cap; i++) {
        struct map_slot *slot = &old.slots[i];
        if (slot->key && slot->key != DEAD) {
            *free_slot(m, slot->hash) = *slot;
        }
    }
    free(old.slots);
}

void *map_get(const struct map *m, struct str key)
{
    struct map_slot *slot = m->n ? find(m, key, map_hash(key)) : NULL;
    return slot ? slot->value : NULL;
}

bool map_has(const struct map *m, struct str key)
{
    return m->n > 0 && find(m, key, map_hash(key)) != NULL;
}

struct str map_key(const struct map *m, struct str key)
{
    struct map_slot *slot = m->n ? find(m, key, map_hash(key)) : NULL;
    return slot ? (struct str){slot->key, slot->key_n} : (struct str){NULL, 0};
}

void *map_set(struct map *m, struct str key, void *value)
{
    uint64_t hash = map_hash(key);
    struct map_slot *slot = find(m, key, hash);
    if (slot) {
        void *old = slot->value;
        slot->value = value;
        return old;
    }
    /* Three quarters full at most; a table with many dead slots is cleaned at its size. */
    if ((m->n + m->dead + 1) * 4 > m->cap * 3) {
        rehash(m, m->cap && (m->n + 1) * 2 <= m->cap ? m->cap : MAX(m->cap * 2, (size_t)8));
    }
    *free_slot(m, hash) = (struct map_slot){hash, str_dup(key), key.n, value};
    m->n++;
    return NULL;
}

void *map_del(struct map *m, struct str key)
{
    struct map_slot *slot = m->n ? find(m, key, map_hash(key)) : NULL;
    if (!slot) {
        return NULL;
    }
    void *value = slot->value;
    free(slot->key);
    slot->key = DEAD;
    slot->value = NULL;
    m->n--;
    m->dead++;
    return value;
}

bool map_next(const struct map *m, struct map_iter *it)
{
    while (it->at < m->cap) {
        struct map_slot *slot = &m->slots[it->at++];
        if (slot->key && slot->key != DEAD) {
            it->key = (struct str){slot->key, slot->key_n};
            it->value = slot->value;
            return true;
        }
    }
    return false;
}

void map_done_with(struct map *m, void (*free_value)(void *))
{
    for (size_t i = 0; i < m->cap; i++) {
        struct map_slot *slot = &m->slots[i];
        if (slot->key && slot->key != DEAD) {
            free(slot->key);
            if (free_value && slot->value) {
                free_value(slot->value);
            }
        }
    }
    free(m->slots);
    *m = MAP_INIT;
}

void map_done(struct map *m)
{
    map_done_with(m, NULL);
}
