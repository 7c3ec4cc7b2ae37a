/* SPDX-License-Identifier: Apache-2.0
 *
 * objects: secrets, keys and certificates as rows: names, versions, states. What a service does
 * with them, and what they look like on the wire, is the business of vault*.c.
 *
 * A name is compared without case and kept as it was first written. Versions are ordered by the
 * order of creation; "latest" is the last one created, whatever its times say.
 *
 * States. A change of state is seen at once on the side it leaves and `settle` later on the side it
 * goes to, as in Azure:
 *     LIVE, ready      the usual case            LIVE, not ready     being recovered
 *     DELETED, ready   can be seen and recovered DELETED, not ready  being deleted
 *     PURGED           not ready: being purged; the row goes away when it would be ready
 * No timers: `ready` is compared with the clock, and rows whose time is over are removed when
 * somebody looks for them.
 *
 * Like the directory, all of it runs in the caller's transaction, and failures show at its commit.
 */
#ifndef PAWL_EMULATOR_OBJECTS_H
#define PAWL_EMULATOR_OBJECTS_H

#include "base/vec.h"
#include "emulator/rbac.h"
#include "emulator/store.h"

enum object_state { OBJECT_LIVE = 0, OBJECT_DELETED = 1, OBJECT_PURGED = 2 };

struct object {
    int64_t id;
    enum object_type type;
    struct str name;
    bool managed; /* a key or secret that belongs to a certificate */
    enum object_state state;
    int64_t ready; /* Unix seconds, as all times */
    int64_t deleted;
    int64_t purge;
};

struct opt_time {
    bool set;
    int64_t v;
};
struct version {
    int64_t id;
    struct str version; /* 32 hex digits */
    bool enabled;
    struct opt_time nbf;
    struct opt_time exp;
    int64_t created;
    int64_t updated;
    bool has_content_type;
    struct str content_type;
    struct str tags;  /* a JSON object; empty: none */
    struct str value; /* secret: the value; key: its JWK; certificate: DER */
    struct str
        detail; /* JSON of the type's own: key: public JWK; certificate: thumbprint, policy */
};
struct object_version {
    struct object object;
    struct version version; /* the latest; without value */
};
typedef VEC(struct object_version) object_versions;
typedef VEC(struct version) versions;

/* Whatever its state. Removes what the clock has ended first. */
bool object_find(struct store *s, struct arena *a, struct str vault, enum object_type type,
                 struct str name, int64_t now, struct object *out);
/* A new live object without versions; returns its id. */
int64_t object_add(struct store *s, struct str vault, enum object_type type, struct str name,
                   bool managed);
/* To LIVE, DELETED (with deleted and purge) or PURGED. */
void object_set_state(struct store *s, const struct object *o);
/* Up to limit objects of a vault in one state, by upper-cased name, behind the given one. */
void object_list(struct store *s, struct arena *a, struct str vault, enum object_type type,
                 enum object_state state, struct str after, int64_t now, size_t limit,
                 object_versions *out);

/* version empty: the latest. */
bool version_find(struct store *s, struct arena *a, int64_t object, struct str version,
                  struct version *out);
void version_add(struct store *s, int64_t object, const struct version *v);
/* Writes attributes, content type, tags and detail. */
void version_change(struct store *s, const struct version *v);
/* By version id (random, so not by time; Azure's order is not by time either), behind the given. */
void version_list(struct store *s, struct arena *a, int64_t object, struct str after, size_t limit,
                  versions *out);
/* All of them with their values, oldest first. */
void version_all(struct store *s, struct arena *a, int64_t object, versions *out);
/* 32 hex digits from the kernel's random source. */
struct str version_new_id(struct arena *a);
/* Upper-cased: the form in which names are compared and sorted. */
struct str vault_object_key(struct arena *a, struct str name);

#endif
