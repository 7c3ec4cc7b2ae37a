/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster_flags: --kubeconfig and --context, as each command that talks to a cluster has them.
 */
#ifndef PAWL_APP_CLUSTER_FLAGS_H
#define PAWL_APP_CLUSTER_FLAGS_H

#include "app/flags.h"
#include "kube/config.h"

struct cluster_flags {
    char *kubeconfig; /* empty: the usual places */
    char *context;    /* empty: the current one */
};

/* Rows for a table of flags; `member` is the struct cluster_flags in the struct `options`. */
#define CLUSTER_FLAG_ROWS(options, member)                                                         \
    {"kubeconfig",                                                                                 \
     0,                                                                                            \
     FLAG_STRING,                                                                                  \
     offsetof(options, member.kubeconfig),                                                         \
     NULL,                                                                                         \
     NULL,                                                                                         \
     "file",                                                                                       \
     "Kubeconfig file; without it $KUBECONFIG, the pod's service account, ~/.kube/config."},       \
    {                                                                                              \
        "context", 0, FLAG_STRING, offsetof(options, member.context), NULL, NULL, "name",          \
            "Context of the kubeconfig to use instead of its current one."                         \
    }

/* Views into the flags. */
static inline struct kube_config_options cluster_flags_where(const struct cluster_flags *f)
{
    return (struct kube_config_options){
        .path = *f->kubeconfig ? f->kubeconfig : NULL,
        .context = *f->context ? f->context : NULL,
    };
}

#endif
