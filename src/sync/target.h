/* SPDX-License-Identifier: Apache-2.0
 *
 * target: the Secret that an ExternalSecret writes, as far as Pawl looks at it: read from the API,
 * built anew from the values, compared, written as a request body. Pure.
 *
 * Everything is in one arena, which must wipe (ARENA_WIPE) where data are in it.
 *
 * Building never needs the data of an existing Secret, except under the policies that keep other
 * people's keys (Merge, CreateOrMerge): the annotation data-hash covers them. target_build says so
 * by `target_needs_data`.
 */
#ifndef PAWL_SYNC_TARGET_H
#define PAWL_SYNC_TARGET_H

#include "sync/field_owner.h"
#include "sync/hash.h"
#include "sync/spec.h"

struct target {
    struct str ns;
    struct str name;
    struct str uid; /* empty: not created yet */
    struct str version;
    struct str type;
    bool immutable;
    bool deleting;
    struct kvs labels;
    struct kvs annotations;
    struct json *finalizers;     /* list or NULL */
    struct json *owners;         /* list or NULL */
    struct json *managed_fields; /* list or NULL */
    bool has_data;               /* `data` holds everything; else only its hash is known */
    struct kvs data;
    char data_hash[HASH_SIZE]; /* of the data as they are */
    struct kvs prints; /* by key, what tells its values apart in this process; of what was read */
};

/* From the JSON of a v1 Secret; values are decoded into the arena. ERR_PARSE if data are not
 * base64. */
int target_parse(struct arena *a, const struct json *secret, struct target *out,
                 struct err **err) MUST_USE;
/* Labelled as managed, and the annotation data-hash is that of the data. */
bool target_is_valid(const struct target *t);
/* Name of the ExternalSecret that is its controller; empty if something else or nothing is. */
struct str target_owner_es(const struct target *t);
/* Its controller is this very ExternalSecret. */
bool target_is_owned_by(const struct target *t, struct str es_uid);

/* The ExternalSecret, as far as building needs it. */
struct target_owner {
    struct str ns;
    struct str name;
    struct str uid;
    struct kvs labels;
    struct kvs annotations;
};

/* What the templates gave; NULL pointers nowhere, empty maps instead. */
struct rendered {
    struct kvs data;
    struct kvs labels;
    struct kvs annotations;
};

/* Why building failed; each has its own text in the condition. */
enum target_failure {
    TARGET_OK,
    TARGET_OWNED_BY_OTHER_ES,
    TARGET_FOREIGN_CONTROLLER,
    TARGET_IMMUTABLE, /* the data or the type of an immutable Secret would change */
    TARGET_FAILED,    /* anything else */
};

/* The existing Secret must have its data for target_build. */
bool target_needs_data(const struct es_spec *spec, const struct target *existing);
/* The template is not applied to an existing Secret with spec.target.immutable. */
bool target_needs_values(const struct es_spec *spec, const struct target *existing);

/* The Secret as it should be. existing: NULL if there is none. values: what was fetched. rendered:
 * what the template made of it, NULL without a template. On failure *why says which. */
int target_build(struct arena *a, const struct target_owner *es, const struct es_spec *spec,
                 const struct target *existing, const struct kvs *values,
                 const struct rendered *rendered, struct target *out, enum target_failure *why,
                 struct err **err) MUST_USE;
/* What a write would change: data and type, or the rest (the flag immutable included). */
enum target_change { TARGET_SAME = 0, TARGET_METADATA = 1, TARGET_DATA = 2 };
int target_diff(const struct target *existing, const struct target *want);

/* The names of the keys whose values a write would change, "user, password (new), old (removed)",
 * on the arena; at most some twenty. existing: NULL if there is none. Empty: the data stay. */
struct str target_changes(struct arena *a, const struct target *existing,
                          const struct target *want);

/* The body of a POST (no uid) or a PUT. `out` should wipe. */
void target_write(struct buf *out, const struct target *t);
/* The body of a merge patch that leaves the data alone, locked to uid and version. */
void target_write_metadata_patch(struct arena *a, struct buf *out, const struct target *existing,
                                 const struct target *want);

#endif
