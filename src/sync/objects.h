/* SPDX-License-Identifier: Apache-2.0
 *
 * objects: what the caches of the sync role keep of each object: a head with the few things that
 * look-ups need, and one compact JSON text with the rest, which a pass parses into its arena. That
 * is a third of what the API server sends (no managedFields, no kubectl annotation that nobody
 * copies), in one block of memory, and parsing takes some ten microseconds.
 *
 * Of a managed Secret metadata, the hash of its data and keyed hashes of its values are kept, never
 * a value.
 *
 * The converters have the signature that kube/informer.h wants; views are valid as long as the
 * arena, and hold nothing of the object.
 */
#ifndef PAWL_SYNC_OBJECTS_H
#define PAWL_SYNC_OBJECTS_H

#include "kube/object.h"
#include "sync/es_status.h"
#include "sync/target.h"

/* ---- ExternalSecret ---- */

struct es_object {
    struct object object; /* first */
    bool deleting;
    bool has_finalizer;
    bool ready;         /* condition Ready is True */
    struct str target;  /* name of the Secret */
    struct str version; /* what syncedResourceVersion would be */
    struct str text;    /* points behind the struct, as the others do */
    char block[];
};
struct object *es_object_convert(void *arg, const struct json *item, struct err **err);
static inline const struct es_object *es_object_of(const struct object *o)
{
    return (const struct es_object *)(const void *)o;
}

struct es_view {
    struct str ns;
    struct str name;
    struct str uid;
    struct str resource_version;
    struct str version; /* what syncedResourceVersion would be */
    bool deleting;
    bool has_finalizer;
    bool ready;              /* condition Ready is True */
    struct json *finalizers; /* list or NULL */
    struct kvs labels;
    struct kvs annotations; /* empty where a template makes them unneeded */
    struct es_status status;
    const struct json *spec; /* for es_spec_parse */
};
/* Copies everything into the arena. */
struct es_view es_object_view(struct arena *a, const struct es_object *o);

/* ---- SecretStore, ClusterSecretStore ---- */

struct store_object {
    struct object object; /* first */
    int64_t generation;
    bool judged; /* has the condition Ready */
    bool ready;  /* it is True */
    struct str text;
    char block[];
};
struct object *store_object_convert(void *arg, const struct json *item, struct err **err);
static inline const struct store_object *store_object_of(const struct object *o)
{
    return (const struct store_object *)(const void *)o;
}

struct store_view {
    struct str ns; /* empty: a ClusterSecretStore */
    struct str name;
    struct str uid;
    struct kvs labels;
    struct conditions conditions;
    struct str capabilities;
    const struct json *spec; /* for store_spec_parse */
};
struct store_view store_object_view(struct arena *a, const struct store_object *o);

/* ---- the managed Secret ---- */

struct secret_object {
    struct object object; /* first */
    bool immutable;
    bool deleting;
    bool valid; /* labelled as managed, with the hash of its data */
    char data_hash[HASH_SIZE];
    struct str created_by; /* the label of that name */
    struct str text;
    char block[];
};
struct object *secret_object_convert(void *arg, const struct json *item, struct err **err);
static inline const struct secret_object *secret_object_of(const struct object *o)
{
    return (const struct secret_object *)(const void *)o;
}
/* has_data is false. */
struct target secret_object_view(struct arena *a, const struct secret_object *o);

#endif
