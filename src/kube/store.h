/* SPDX-License-Identifier: Apache-2.0
 *
 * store: the cache of an informer: objects by namespace and name.
 *
 * Look-up is O(1); all objects of one namespace hang in one list. The store owns its objects and
 * keeps nothing but them: 9 to 21 bytes of table each besides the object itself
 * (docs/internals/kube.md has the measurement). Several informers whose scopes do not overlap
 * (one namespace each) may fill one store.
 *
 * Pointers given out are valid until the object is replaced or removed: do not keep them beyond the
 * current callback; keep the key. Loop thread only.
 */
#ifndef PAWL_KUBE_STORE_H
#define PAWL_KUBE_STORE_H

#include "kube/object.h"

struct store;

/* free_object: NULL for object_free. */
struct store *store_new(void (*free_object)(void *arg, struct object *o), void *arg) MUST_USE;
void store_free(struct store *s);

/* NULL if absent. */
const struct object *store_get(const struct store *s, struct str ns, struct str name);
/* By "namespace/name". */
const struct object *store_get_key(const struct store *s, struct str key);
size_t store_count(const struct store *s);
size_t store_count_in(const struct store *s, struct str ns);

/* for (struct store_iter it = {0}; store_next(s, &it);) ... it.object
 * With it.ns set to a namespace (STR_EMPTY: cluster-scoped) before the first call only its objects
 * come. The store must not change while iterating; store_cursor does not mind. */
struct store_iter {
    struct str ns;
    const struct object *object;
    size_t at;
};
bool store_next(const struct store *s, struct store_iter *it);

/* For passes in slices: gives out up to `max` objects a call and may be continued in a later turn
 * of the loop although the store has changed. Each object that is there all the time comes at least
 * once; with a growing store some come twice. 0 when the pass is over. */
struct store_cursor {
    size_t at;
    uint32_t shape;
};
size_t store_walk(const struct store *s, struct store_cursor *c, struct object **out, size_t max);

/* ---- for informers, and for tests that fill a store by hand ---- */

/* As store_get, for the marks that informers keep in objects. */
struct object *store_find(const struct store *s, struct str ns, struct str name);
/* Takes the object over. Returns the one that had its name, now the caller's (store_drop), or
 * NULL. */
struct object *store_put(struct store *s, struct object *o) MUST_USE;
/* Removes; the object is the caller's. NULL if absent. */
struct object *store_take(struct store *s, struct str ns, struct str name) MUST_USE;
/* Frees an object that was taken out. NULL is fine. */
void store_drop(struct store *s, struct object *o);
/* Bytes of the tables, for the metric and the measurement. */
size_t store_table_bytes(const struct store *s);

#endif
