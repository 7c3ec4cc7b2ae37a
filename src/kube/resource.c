/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/resource.h"

#include "codec/url.h"

#define ES_GROUP  "external-secrets.io"
#define GEN_GROUP "generators.external-secrets.io"

enum row_flags { CLUSTER = 0, NAMESPACED = 1, BUILT_IN = 2 };

#define CORE(plural, kind, flags)                                                                  \
    {                                                                                              \
        "", "v1", "v1", plural, kind, ((flags)&NAMESPACED) != 0, true                              \
    }
#define ROW(group, version, plural, kind, flags)                                                   \
    {                                                                                              \
        group, version, group "/" version, plural, kind, ((flags)&NAMESPACED) != 0,                \
            ((flags)&BUILT_IN) != 0                                                                \
    }

static const struct resource resources[RES_COUNT] = {
    [RES_SECRETS] = CORE("secrets", "Secret", NAMESPACED),
    [RES_CONFIGMAPS] = CORE("configmaps", "ConfigMap", NAMESPACED),
    [RES_SERVICEACCOUNTS] = CORE("serviceaccounts", "ServiceAccount", NAMESPACED),
    [RES_NAMESPACES] = CORE("namespaces", "Namespace", CLUSTER),
    [RES_EVENTS] = CORE("events", "Event", NAMESPACED),
    [RES_PODS] = CORE("pods", "Pod", NAMESPACED),
    [RES_DEPLOYMENTS] = ROW("apps", "v1", "deployments", "Deployment", NAMESPACED | BUILT_IN),
    [RES_DAEMONSETS] = ROW("apps", "v1", "daemonsets", "DaemonSet", NAMESPACED | BUILT_IN),
    [RES_STATEFULSETS] = ROW("apps", "v1", "statefulsets", "StatefulSet", NAMESPACED | BUILT_IN),
    [RES_REPLICASETS] = ROW("apps", "v1", "replicasets", "ReplicaSet", NAMESPACED | BUILT_IN),
    [RES_JOBS] = ROW("batch", "v1", "jobs", "Job", NAMESPACED | BUILT_IN),
    [RES_CRONJOBS] = ROW("batch", "v1", "cronjobs", "CronJob", NAMESPACED | BUILT_IN),
    [RES_LEASES] = ROW("coordination.k8s.io", "v1", "leases", "Lease", NAMESPACED | BUILT_IN),
    [RES_CUSTOMRESOURCEDEFINITIONS] = ROW("apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                          "CustomResourceDefinition", BUILT_IN),
    [RES_CLUSTERROLES] =
        ROW("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", BUILT_IN),
    [RES_SELFSUBJECTACCESSREVIEWS] = ROW("authorization.k8s.io", "v1", "selfsubjectaccessreviews",
                                         "SelfSubjectAccessReview", BUILT_IN),
    [RES_SELFSUBJECTRULESREVIEWS] = ROW("authorization.k8s.io", "v1", "selfsubjectrulesreviews",
                                        "SelfSubjectRulesReview", BUILT_IN),
    [RES_SELFSUBJECTREVIEWS] =
        ROW("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", BUILT_IN),

    [RES_EXTERNALSECRETS] = ROW(ES_GROUP, "v1", "externalsecrets", "ExternalSecret", NAMESPACED),
    [RES_SECRETSTORES] = ROW(ES_GROUP, "v1", "secretstores", "SecretStore", NAMESPACED),
    [RES_CLUSTERSECRETSTORES] =
        ROW(ES_GROUP, "v1", "clustersecretstores", "ClusterSecretStore", CLUSTER),
    [RES_CLUSTEREXTERNALSECRETS] =
        ROW(ES_GROUP, "v1", "clusterexternalsecrets", "ClusterExternalSecret", CLUSTER),
    [RES_PUSHSECRETS] = ROW(ES_GROUP, "v1alpha1", "pushsecrets", "PushSecret", NAMESPACED),
    [RES_CLUSTERPUSHSECRETS] =
        ROW(ES_GROUP, "v1alpha1", "clusterpushsecrets", "ClusterPushSecret", CLUSTER),

    [RES_ACRACCESSTOKENS] =
        ROW(GEN_GROUP, "v1alpha1", "acraccesstokens", "ACRAccessToken", NAMESPACED),
    [RES_CLUSTERGENERATORS] =
        ROW(GEN_GROUP, "v1alpha1", "clustergenerators", "ClusterGenerator", CLUSTER),
    [RES_FAKES] = ROW(GEN_GROUP, "v1alpha1", "fakes", "Fake", NAMESPACED),
    [RES_GENERATORSTATES] =
        ROW(GEN_GROUP, "v1alpha1", "generatorstates", "GeneratorState", NAMESPACED),
    [RES_PASSWORDS] = ROW(GEN_GROUP, "v1alpha1", "passwords", "Password", NAMESPACED),
    [RES_SSHKEYS] = ROW(GEN_GROUP, "v1alpha1", "sshkeys", "SSHKey", NAMESPACED),
    [RES_UUIDS] = ROW(GEN_GROUP, "v1alpha1", "uuids", "UUID", NAMESPACED),
    [RES_WEBHOOKS] = ROW(GEN_GROUP, "v1alpha1", "webhooks", "Webhook", NAMESPACED),

    [RES_ROLLOUTS] = ROW("argoproj.io", "v1alpha1", "rollouts", "Rollout", NAMESPACED),
    [RES_DEPLOYMENTCONFIGS] =
        ROW("apps.openshift.io", "v1", "deploymentconfigs", "DeploymentConfig", NAMESPACED),
    [RES_SECRETPROVIDERCLASSES] = ROW("secrets-store.csi.x-k8s.io", "v1", "secretproviderclasses",
                                      "SecretProviderClass", NAMESPACED),
    [RES_SECRETPROVIDERCLASSPODSTATUSES] =
        ROW("secrets-store.csi.x-k8s.io", "v1", "secretproviderclasspodstatuses",
            "SecretProviderClassPodStatus", NAMESPACED),
};

const struct resource *resource_of(enum resource_id id)
{
    must((unsigned)id < RES_COUNT);
    return &resources[id];
}

const struct resource *resource_find(struct str group, struct str kind_or_plural)
{
    for (size_t i = 0; i < RES_COUNT; i++) {
        const struct resource *r = &resources[i];
        if (str_eq_c(group, r->group) && (str_ieq(kind_or_plural, str_c(r->kind)) ||
                                          str_ieq(kind_or_plural, str_c(r->plural)))) {
            return r;
        }
    }
    return NULL;
}

/* The server's names hold nothing that needs an escape; what comes from a manifest may. */
static int add_segment(struct buf *out, const char *what, struct str s, struct err **err)
{
    if (s.n == 0 || str_eq_c(s, ".") || str_eq_c(s, "..") || str_find_byte(s, '/') >= 0 ||
        str_find_byte(s, '\0') >= 0) {
        return err_set(err, ERR_INVALID, "\"%.*s\" cannot be the %s of an object", STR_ARG(s),
                       what);
    }
    url_add_segment(out, s);
    return 0;
}

int resource_path(struct buf *out, const struct resource *r, struct str ns, struct str name,
                  const char *subresource, struct err **err)
{
    buf_add_c(out, r->group[0] ? "/apis/" : "/api/");
    buf_add_c(out, r->api_version);
    if (r->namespaced && ns.n) {
        buf_add_c(out, "/namespaces");
        if (add_segment(out, "namespace", ns, err) < 0) {
            return -1;
        }
    }
    url_add_segment(out, str_c(r->plural));
    if (name.p && add_segment(out, "name", name, err) < 0) {
        return -1;
    }
    if (subresource) {
        url_add_segment(out, str_c(subresource));
    }
    return 0;
}
