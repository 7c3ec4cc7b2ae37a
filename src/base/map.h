/* SPDX-License-Identifier: Apache-2.0
 *
 * map: byte string -> pointer, open addressing with a stored 64-bit hash (SipHash-2-4 under a key
 * drawn once per process: keys come from people who can create objects in the cluster).
 *
 * The map copies keys and owns the copies; it does not own the values. The order of iteration is
 * unspecified. Entries may be deleted while iterating, not added.
 */
#ifndef PAWL_BASE_MAP_H
#define PAWL_BASE_MAP_H

#include "base/str.h"

struct map_slot;
struct map {
    struct map_slot *slots;
    size_t cap; /* power of two, or 0 */
    size_t n;
    size_t dead;
};

#define MAP_INIT ((struct map){0})
void map_done(struct map *m);
/* Frees the map and calls free_value for each value (may be NULL). */
void map_done_with(struct map *m, void (*free_value)(void *));
/* NULL if absent. */
void *map_get(const struct map *m, struct str key);
bool map_has(const struct map *m, struct str key);
/* Adds or replaces; returns the former value (NULL if there was none). */
void *map_set(struct map *m, struct str key, void *value);
/* Removes; returns the value (NULL if it was absent). */
void *map_del(struct map *m, struct str key);
/* The map's own copy of the key (stable until it is deleted), the empty view with p NULL if absent.
 */
struct str map_key(const struct map *m, struct str key);

struct map_iter {
    size_t at;
    struct str key;
    void *value;
};
/* for (struct map_iter it = {0}; map_next(&m, &it);) ... it.key, it.value */
bool map_next(const struct map *m, struct map_iter *it);

/* The hash that maps use; differs from process to process. */
uint64_t map_hash(struct str key);

#endif
