/* SPDX-License-Identifier: Apache-2.0
 *
 * past: what a Secret or ConfigMap was at an earlier resourceVersion of the cluster.
 *
 * A workload without a record has started with what its sources were when it was made, or when Pawl
 * began to look. When a source has become another version before it could be read for the first
 * time, that content would be lost, and with it the restart. The API server still knows it: a list
 * with resourceVersionMatch=Exact is answered from etcd's history, which reaches back five minutes
 * by default (reference/kubernetes.md, "Lists"). All resources of one etcd share one revision
 * counter, so the version of a workload is a point in time for a Secret, too.
 *
 * Asked only when it matters, which is rare; never for what has not changed. Loop thread only.
 */
#ifndef PAWL_RELOAD_PAST_H
#define PAWL_RELOAD_PAST_H

#include "kube/client.h"
#include "reload/digest.h"

struct past;

enum past_state {
    PAST_ASKING,  /* answered will be called */
    PAST_CONTENT, /* it was this */
    PAST_MISSING, /* it did not exist */
    PAST_UNKNOWN, /* the history does not reach back that far, or may not be read */
};

struct past_config {
    struct kube_client *client;
    /* past_at knows more now. */
    void (*answered)(void *arg, enum source_type type, struct str ns, struct str name);
    void *arg;
};

struct past *past_new(const struct past_config *config) MUST_USE;
void past_free(struct past *p);

/* Asks the API server the first time; errors that may pass are tried again. out is set for
 * PAST_CONTENT. type: SOURCE_CONFIGMAP or SOURCE_SECRET. */
enum past_state past_at(struct past *p, enum source_type type, struct str ns, struct str name,
                        uint64_t version, struct digest *out);

#endif
