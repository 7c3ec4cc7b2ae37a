/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/kinds.h"

static const struct source_type_info types[SOURCE_TYPES] = {
    [SOURCE_CONFIGMAP] = {"CONFIGMAP", "configmap", "configmaps"},
    [SOURCE_SECRET] = {"SECRET", "secret", "secrets"},
    [SOURCE_SPC] = {"SECRETPROVIDERCLASS", "secretproviderclass", "secretproviderclasspodstatuses"},
};

static const struct {
    const char *word;
    enum source_type type;
} type_words[] = {
    {"configmap", SOURCE_CONFIGMAP},
    {"configmaps", SOURCE_CONFIGMAP},
    {"cm", SOURCE_CONFIGMAP},
    {"secret", SOURCE_SECRET},
    {"secrets", SOURCE_SECRET},
    {"secretproviderclass", SOURCE_SPC},
    {"secretproviderclasses", SOURCE_SPC},
    {"spc", SOURCE_SPC},
};

static const struct workload_kind_info kinds[WORKLOAD_KINDS] = {
    [WORKLOAD_DEPLOYMENT] = {"Deployment", "deployment", "deploy", "apps", "v1", "deployments",
                             "apps/v1", "spec.template", true},
    [WORKLOAD_CRONJOB] = {"CronJob", "cronjob", "cj", "batch", "v1", "cronjobs", "batch/v1",
                          "spec.jobTemplate.spec.template", true},
    [WORKLOAD_JOB] = {"Job", "job", NULL, "batch", "v1", "jobs", "batch/v1", "spec.template", true},
    [WORKLOAD_DAEMONSET] = {"DaemonSet", "daemonset", "ds", "apps", "v1", "daemonsets", "apps/v1",
                            "spec.template", true},
    [WORKLOAD_STATEFULSET] = {"StatefulSet", "statefulset", "sts", "apps", "v1", "statefulsets",
                              "apps/v1", "spec.template", true},
    [WORKLOAD_ROLLOUT] = {"Rollout", "rollout", "ro", "argoproj.io", "v1alpha1", "rollouts",
                          "argoproj.io/v1alpha1", "spec.template", false},
};

const struct source_type_info *source_type_info(enum source_type type)
{
    return &types[type];
}

const struct resource *source_resource(enum source_type type)
{
    static const enum resource_id ids[SOURCE_TYPES] = {
        [SOURCE_CONFIGMAP] = RES_CONFIGMAPS,
        [SOURCE_SECRET] = RES_SECRETS,
        [SOURCE_SPC] = RES_SECRETPROVIDERCLASSES,
    };
    return resource_of(ids[type]);
}

bool source_type_parse(struct str word, enum source_type *out)
{
    for (size_t i = 0; i < COUNT_OF(type_words); i++) {
        if (str_ieq(word, str_c(type_words[i].word))) {
            *out = type_words[i].type;
            return true;
        }
    }
    return false;
}

const struct workload_kind_info *workload_kind_info(enum workload_kind kind)
{
    return &kinds[kind];
}

bool workload_kind_parse(struct str word, enum workload_kind *out)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (str_ieq(word, str_c(kinds[i].name)) || str_ieq(word, str_c(kinds[i].plural)) ||
            (kinds[i].brief && str_ieq(word, str_c(kinds[i].brief)))) {
            *out = (enum workload_kind)i;
            return true;
        }
    }
    return false;
}

void kinds_key(struct buf *out, int kind, struct str ns, struct str name)
{
    buf_addf(out, "%d/", kind);
    buf_add_str(out, ns);
    buf_add_byte(out, '/');
    buf_add_str(out, name);
}
