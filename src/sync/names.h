/* SPDX-License-Identifier: Apache-2.0
 *
 * names: the words of External Secrets Operator that objects in a cluster carry: group, labels,
 * annotations, finalizers, field managers, condition reasons. They are frozen: an object written by
 * one program must be taken for its own by the other.
 */
#ifndef PAWL_SYNC_NAMES_H
#define PAWL_SYNC_NAMES_H

#define ES_GROUP       "external-secrets.io"
#define ES_VERSION     "v1"
#define ES_API_VERSION ES_GROUP "/" ES_VERSION
#define KIND_ES        "ExternalSecret"
#define KIND_STORE     "SecretStore"
#define KIND_CSTORE    "ClusterSecretStore"

/* On the Secret. */
#define LABEL_MANAGED    "reconcile.external-secrets.io/managed"
#define LABEL_CREATED_BY "reconcile.external-secrets.io/created-by"
#define ANN_DATA_HASH    "reconcile.external-secrets.io/data-hash"

/* On the ExternalSecret. */
#define ES_FINALIZER "externalsecrets.external-secrets.io/externalsecret-cleanup"

#define FIELD_MANAGER_PREFIX "externalsecrets.external-secrets.io/"

/* Set by people on the ServiceAccount of a store with WorkloadIdentity. */
#define ANN_CLIENT_ID "azure.workload.identity/client-id"
#define ANN_TENANT_ID "azure.workload.identity/tenant-id"

/* Reasons of the condition Ready. */
#define REASON_SYNCED       "SecretSynced"
#define REASON_DELETED      "SecretDeleted"
#define REASON_MISSING      "SecretMissing"
#define REASON_SYNC_ERROR   "SecretSyncedError"
#define REASON_VALID        "Valid"
#define REASON_UNKNOWN      "ValidationUnknown"
#define REASON_BAD_PROVIDER "InvalidProviderConfig"

/* Reasons of Events. */
#define EVENT_CREATED         "Created"
#define EVENT_UPDATED         "Updated"
#define EVENT_DELETED         "Deleted"
#define EVENT_UPDATE_FAILED   "UpdateFailed"
#define EVENT_MISSING_AT_PROV "MissingProviderSecret"

#endif
