/* SPDX-License-Identifier: Apache-2.0
 *
 * resource: the kinds of Kubernetes objects that Pawl knows, as rows of one table, and the paths
 * under which an API server serves them. A row is named by its address: kinds are compared as
 * pointers. Rows are constant; a caller that meets another version of a kind (a CRD that is served
 * as v1beta1 only) copies the row and changes the version. Pure.
 */
#ifndef PAWL_KUBE_RESOURCE_H
#define PAWL_KUBE_RESOURCE_H

#include "base/buf.h"
#include "base/err.h"

struct resource {
    const char *group;       /* "" is the core group */
    const char *version;     /* "v1" */
    const char *api_version; /* "v1", "apps/v1" */
    const char *plural;      /* "deployments": in paths and in RBAC rules */
    const char *kind;        /* "Deployment" */
    bool namespaced;
    /* Compiled into the API server: understands strategic merge patches, list items carry no kind.
     * False for custom resources. */
    bool built_in;
};

#define RESOURCES(X)                                                                               \
    X(SECRETS)                                                                                     \
    X(CONFIGMAPS)                                                                                  \
    X(SERVICEACCOUNTS)                                                                             \
    X(NAMESPACES)                                                                                  \
    X(EVENTS)                                                                                      \
    X(PODS)                                                                                        \
    X(DEPLOYMENTS)                                                                                 \
    X(DAEMONSETS)                                                                                  \
    X(STATEFULSETS)                                                                                \
    X(REPLICASETS)                                                                                 \
    X(JOBS)                                                                                        \
    X(CRONJOBS)                                                                                    \
    X(LEASES)                                                                                      \
    X(CUSTOMRESOURCEDEFINITIONS)                                                                   \
    X(CLUSTERROLES)                                                                                \
    X(SELFSUBJECTACCESSREVIEWS)                                                                    \
    X(SELFSUBJECTRULESREVIEWS)                                                                     \
    X(SELFSUBJECTREVIEWS)                                                                          \
    X(EXTERNALSECRETS)                                                                             \
    X(SECRETSTORES)                                                                                \
    X(CLUSTERSECRETSTORES)                                                                         \
    X(CLUSTEREXTERNALSECRETS)                                                                      \
    X(PUSHSECRETS)                                                                                 \
    X(CLUSTERPUSHSECRETS)                                                                          \
    X(ACRACCESSTOKENS)                                                                             \
    X(CLUSTERGENERATORS)                                                                           \
    X(FAKES)                                                                                       \
    X(GENERATORSTATES)                                                                             \
    X(PASSWORDS)                                                                                   \
    X(SSHKEYS)                                                                                     \
    X(UUIDS)                                                                                       \
    X(WEBHOOKS)                                                                                    \
    X(ROLLOUTS)                                                                                    \
    X(DEPLOYMENTCONFIGS)                                                                           \
    X(SECRETPROVIDERCLASSES)                                                                       \
    X(SECRETPROVIDERCLASSPODSTATUSES)

enum resource_id {
#define X(name) RES_##name,
    RESOURCES(X)
#undef X
        RES_COUNT
};

/* The row; never NULL. */
const struct resource *resource_of(enum resource_id id);
/* By the group ("" core), any version, and the kind or the plural ("Secret", "secrets"); letter
 * case ignored. NULL if unknown. */
const struct resource *resource_find(struct str group, struct str kind_or_plural);

/* Appends the path of a collection, or of one object when name is not empty:
 * "/apis/apps/v1/namespaces/a/deployments/b/scale". An empty ns on a namespaced kind is the
 * collection of all namespaces. subresource may be NULL. ERR_INVALID for a name or namespace that
 * cannot be one path segment ("", "..", a slash), because an empty name would turn the request for
 * one object into one for the collection: `name` given but empty is told apart by its p being not
 * NULL. */
int resource_path(struct buf *out, const struct resource *r, struct str ns, struct str name,
                  const char *subresource, struct err **err) MUST_USE;

#endif
