/* SPDX-License-Identifier: Apache-2.0
 *
 * object: the head of everything that is kept about a Kubernetes object.
 *
 * An owner embeds it FIRST in its own small struct and keeps there only what it uses:
 *
 *     struct workload {
 *         struct object object;
 *         uint32_t replicas;
 *         ...
 *     };
 *     struct workload *w = object_new(sizeof *w, item, err);
 *
 * object_new takes the names from the item and puts them behind the struct in the same block, the
 * namespace interned (base/intern.h): about 48 bytes and the texts, nothing else. Objects are
 * constant once they are in a store; a change is a new object. Loop thread only.
 */
#ifndef PAWL_KUBE_OBJECT_H
#define PAWL_KUBE_OBJECT_H

#include "base/err.h"
#include "base/str.h"
#include "codec/json.h"

struct object {
    /* private to object.c, store.c and informer.c */
    const char *ns;    /* interned; "" for cluster-scoped kinds */
    const char *texts; /* name, uid, resourceVersion, each with a NUL, behind the owner's struct */
    struct object *next; /* within the namespace */
    struct object *prev;
    uint32_t hash;
    uint32_t epoch; /* of the list that saw it last */
    uint16_t name_n;
    uint16_t uid_n;
    uint16_t version_n;
    uint16_t replay; /* number of the last replay to a handler that it was in */
};

/* A zeroed block of `size` bytes (of the struct that begins with struct object) with the names from
 * item's metadata. NULL and ERR_PARSE if there is no name or one of the texts is longer than
 * Kubernetes allows. */
void *object_new(size_t size, const struct json *item, struct err **err) MUST_USE;
/* The same from texts, for tests. */
void *object_new_named(size_t size, struct str ns, struct str name, struct str uid,
                       struct str resource_version) MUST_USE;
/* Frees the block and its reference to the namespace. What the owner's struct points to is the
 * owner's. NULL is fine. */
void object_free(struct object *o);

struct str object_ns(const struct object *o);
struct str object_name(const struct object *o);
struct str object_uid(const struct object *o);
struct str object_version(const struct object *o); /* metadata.resourceVersion: opaque */
/* A resourceVersion as a number, 0 if it is none. They are the revisions of the cluster's etcd and
 * only grow (KEP-5504): good for telling which of two is newer. Equality needs no number. */
uint64_t object_version_number(struct str version);
/* "namespace/name", or "name" without a namespace: the key of workqueues. */
void object_key(const struct object *o, struct buf *out);

/* Splits "namespace/name" or "name". */
void object_key_split(struct str key, struct str *ns, struct str *name);

/* ---- reading metadata of an item ---- */

/* metadata.annotations[key], metadata.labels[key]; the empty view if absent. *found may be NULL. */
struct str object_annotation(const struct json *item, const char *key, bool *found);
struct str object_label(const struct json *item, const char *key, bool *found);
bool object_deleting(const struct json *item); /* has a deletionTimestamp */
int64_t object_generation(const struct json *item);

#endif
