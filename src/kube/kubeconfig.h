/* SPDX-License-Identifier: Apache-2.0
 *
 * kubeconfig: the merged view of kubeconfig files, and what one context of it means. Internal to
 * kube/config.
 */
#ifndef PAWL_KUBE_KUBECONFIG_H
#define PAWL_KUBE_KUBECONFIG_H

#include "base/vec.h"
#include "kube/config.h"

/* One file, in the order of merging. */
struct kubeconfig_file {
    struct str path;
    struct str dir; /* relative paths in the file count from here */
    const struct json *doc;
};

struct kubeconfig {
    VEC(struct kubeconfig_file) files;
};

/* Adds a file from its text; everything is put into the arena. */
int kubeconfig_add(struct kubeconfig *k, struct arena *a, struct str text, const char *path,
                   struct err **err) MUST_USE;
/* Fills c from the context that the options, or the files, name; reads the files that it needs.
 * ERR_INVALID names file and field. */
int kubeconfig_resolve(const struct kubeconfig *k, const struct kube_config_options *options,
                       struct kube_config *c, struct err **err) MUST_USE;
void kubeconfig_done(struct kubeconfig *k);

#endif
