/* SPDX-License-Identifier: Apache-2.0
 *
 * kinds: what can change (ConfigMap, Secret, SecretProviderClass) and what can be moved (the kinds
 * of workloads), as two tables. Words and order are those of Stakater Reloader, because they show
 * in environment variables, events, metrics and logs. Pure, constant.
 */
#ifndef PAWL_RELOAD_KINDS_H
#define PAWL_RELOAD_KINDS_H

#include "base/buf.h"
#include "kube/resource.h"

/* A source is what a workload is moved for. A SecretProviderClass changes through the
 * SecretProviderClassPodStatus objects of its pods. */
enum source_type { SOURCE_CONFIGMAP, SOURCE_SECRET, SOURCE_SPC };
#define SOURCE_TYPES 3

struct source_type_info {
    const char *word;     /* "CONFIGMAP": in variables, messages, JSON */
    const char *ledger;   /* "configmap": in the ledger and in `pawl plan configmap/NAME` */
    const char *resource; /* "configmaps": what is watched; in metrics and event sources */
};

const struct source_type_info *source_type_info(enum source_type type);
/* What has the name of a source: of a SecretProviderClass the class itself, not its pod statuses.
 */
const struct resource *source_resource(enum source_type type);
/* "configmap", "configmaps", "cm", "secret", "secrets", "secretproviderclass", "spc" ... */
bool source_type_parse(struct str word, enum source_type *out);

/* In the order in which Reloader works through them. */
enum workload_kind {
    WORKLOAD_DEPLOYMENT,
    WORKLOAD_CRONJOB,
    WORKLOAD_JOB,
    WORKLOAD_DAEMONSET,
    WORKLOAD_STATEFULSET,
    WORKLOAD_ROLLOUT, /* Argo Rollouts */
};
#define WORKLOAD_KINDS 6

struct workload_kind_info {
    const char *name;  /* "Deployment" */
    const char *word;  /* "deployment": in what people read and write */
    const char *brief; /* "deploy": kubectl's short name; NULL: none */
    const char *group;
    const char *version;
    const char *plural;
    const char *api_version;  /* "apps/v1" */
    const char *pod_template; /* path in the object: "spec.template" */
    bool built_in;            /* understands strategic merge patches */
};

const struct workload_kind_info *workload_kind_info(enum workload_kind kind);
/* By the name of the kind, its plural or its short name, letter case ignored. */
bool workload_kind_parse(struct str word, enum workload_kind *out);

/* "1/ns/name", the key of maps and work queues. kind: an enum source_type or workload_kind. */
void kinds_key(struct buf *out, int kind, struct str ns, struct str name);

/* Field selector of lists of Secrets. Helm keeps every release in a Secret, often the largest of
 * all; nobody mounts them. */
#define SOURCES_WITHOUT_HELM "type!=helm.sh/release.v1"

#endif
