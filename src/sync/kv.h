/* SPDX-License-Identifier: Apache-2.0
 *
 * kv: a map from key to bytes, sorted bytewise by key: fetched values, the data of a Secret,
 * labels, annotations. Made for tens of entries; setting in ascending order is cheap.
 *
 * The array lives in the arena. Keys and values are views: what they point to must live as long
 * (usually the same arena). Pure.
 */
#ifndef PAWL_SYNC_KV_H
#define PAWL_SYNC_KV_H

#include "base/arena.h"
#include "codec/json.h"

struct kv {
    struct str key;
    struct str value;
};
struct kvs {
    struct arena *arena;
    struct kv *v;
    size_t n;
    size_t cap;
};

#define KVS_INIT(a) ((struct kvs){.arena = (a)})

/* NULL if absent. The pointer is good until the next change. */
struct kv *kvs_find(const struct kvs *m, struct str key);
bool kvs_has(const struct kvs *m, struct str key);
/* The empty view if absent. */
struct str kvs_get(const struct kvs *m, struct str key);
/* Adds or replaces. */
void kvs_set(struct kvs *m, struct str key, struct str value);
bool kvs_del(struct kvs *m, struct str key);
/* Sets all of `from`. */
void kvs_merge(struct kvs *m, const struct kvs *from);
/* Same keys, same bytes. */
bool kvs_eq(const struct kvs *a, const struct kvs *b);
/* The string members of an object; views of it. NULL gives an empty map. */
struct kvs kvs_from_json(struct arena *a, const struct json *object);
/* A JSON object of strings. */
struct json *kvs_to_json(struct arena *a, const struct kvs *m);

#endif
