/* SPDX-License-Identifier: Apache-2.0
 *
 * field_owner: which keys of a Secret an ExternalSecret has put there. The API server records it in
 * metadata.managedFields under the field manager of the write; a key that is dropped from the spec
 * is found, and removed, that way, while other people's keys stay. The names are External Secrets
 * Operator's, so that its keys are Pawl's keys after a take-over. Pure.
 */
#ifndef PAWL_SYNC_FIELD_OWNER_H
#define PAWL_SYNC_FIELD_OWNER_H

#include "sync/kv.h"

/* "externalsecrets.external-secrets.io/NAME"; beyond 63 bytes "…/sha3/<SHA3-224 of NAME>". */
struct str field_manager_name(struct arena *a, struct str es_name);

/* Sets of keys: the values are empty. */
struct owned_fields {
    struct kvs data;
    struct kvs labels;
    struct kvs annotations;
};

/* From the list managedFields. Releases before 0.19 wrote under the long name even where it is
 * beyond 63 bytes; those keys count as well. */
struct owned_fields owned_fields(struct arena *a, const struct json *managed_fields,
                                 struct str es_name);
/* The entries of managedFields that some ExternalSecret wrote, nothing else: what must be kept of
 * them. */
struct json *owned_fields_compact(struct arena *a, const struct json *managed_fields);

#endif
