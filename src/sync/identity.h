/* SPDX-License-Identifier: Apache-2.0
 *
 * identity: the rules by which a store, its credentials and the machine's environment become an
 * identity: what is needed for which authType, where ids come from, and the words of External
 * Secrets Operator for what is missing. The credentials have been read before; nothing here asks
 * anybody.
 */
#ifndef PAWL_SYNC_IDENTITY_H
#define PAWL_SYNC_IDENTITY_H

#include "azure/cloud.h"
#include "azure/credential.h"
#include "sync/store_spec.h"

/* What was read. Views; p NULL where there was nothing to read. */
struct identity_input {
    const struct azurekv *azure;
    struct str ns; /* of the ServiceAccount */
    struct str client_id;
    struct str client_secret;
    struct str client_certificate;
    struct str tenant_ref;
    struct kvs account_annotations; /* of the ServiceAccount */
    bool allow_http;
};

/* Makes the source of assertions for workload identity by ServiceAccount; release belongs to the
 * credential from then on. */
typedef struct azure_assertion_source identity_source_fn(void *arg, struct str ns,
                                                         struct str service_account,
                                                         const struct str *audiences, size_t n);

/* NULL and an error. cloud: where the store is. */
struct azure_credential *identity_make(const struct identity_input *in,
                                       const struct azure_cloud **cloud, identity_source_fn *source,
                                       void *arg, struct err **err) MUST_USE;
/* The store needs this Secret key at all (WorkloadIdentity with the newer SDK ignores them). */
bool identity_reads_secrets(const struct azurekv *azure);

#endif
