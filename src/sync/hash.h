/* SPDX-License-Identifier: Apache-2.0
 *
 * hash: the fingerprints that External Secrets Operator writes into objects: SHA3-224 (FIPS 202)
 * over the text that Go's fmt gives a map with "%+v", as 56 lower-case hex digits. Computing them
 * exactly means that nothing is rewritten when one program takes over from the other. Pure.
 */
#ifndef PAWL_SYNC_HASH_H
#define PAWL_SYNC_HASH_H

#include "sync/kv.h"

enum { HASH_SIZE = 57 }; /* with the NUL */

/* Over "map[k1:[98 97] k2:[]]", bytes in decimal: the annotation data-hash. */
void hash_data(const struct kvs *data, char out[HASH_SIZE]);
/* Over "{annotations:map[k:v] labels:map[k:v]}". */
void hash_metadata(const struct kvs *annotations, const struct kvs *labels, char out[HASH_SIZE]);
void hash_text(struct str text, char out[HASH_SIZE]);
/* Over "namespace/name": the label created-by. */
void hash_created_by(struct str ns, struct str name, char out[HASH_SIZE]);
/* "<generation>-<hash of labels and annotations>", status.syncedResourceVersion; in the arena. */
struct str hash_synced_version(struct arena *a, int64_t generation, const struct kvs *annotations,
                               const struct kvs *labels);

#endif
