/* SPDX-License-Identifier: Apache-2.0
 *
 * config: where the API server is and as whom to talk to it.
 *
 * Looked for in this order, as kubectl's users expect: the file given with --kubeconfig (must
 * exist); the files of $KUBECONFIG, separated by colons, merged; the ServiceAccount of the pod,
 * when KUBERNETES_SERVICE_HOST and _PORT are set and the token file can be read; ~/.kube/config.
 *
 * Merging is client-go's: of clusters, users and contexts with one name the first file's wins
 * whole; of current-context the first that is not empty; missing files of a list are skipped, a
 * broken one is an error. Relative paths count from the folder of the file they stand in. Errors
 * name the file, and the line or the field.
 *
 * A kube_config is read once and constant afterwards, except what rotates: files named in it are
 * read again by kube/credential and kube/client. Everything lives in its arena, which is wiped.
 */
#ifndef PAWL_KUBE_CONFIG_H
#define PAWL_KUBE_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "net/http_client.h"

struct kube_config_options {
    const char *path;    /* --kubeconfig; NULL: look around */
    const char *context; /* --context; NULL: current-context */
    struct str ns;       /* -n; empty: that of the context, of the pod, or "default" */
    struct str as;       /* --as; empty: what the kubeconfig says */
    const struct str *as_groups;
    size_t n_as_groups;
    /* For tests: the environment and the pod's folder. NULL: getenv and
     * /var/run/secrets/kubernetes.io/serviceaccount. */
    const char *(*getenv)(const char *name);
    const char *service_account_dir;
};

struct kube_pair {
    struct str key;
    struct str value;
};

/* users[].user.exec */
struct kube_exec {
    struct str api_version; /* client.authentication.k8s.io/v1 or v1beta1 */
    struct str command;     /* a name for PATH, or a path (made absolute) */
    const struct str *args;
    size_t n_args;
    const struct kube_pair *env;
    size_t n_env;
    struct str install_hint;
    bool provide_cluster_info;
    struct str cluster_config; /* JSON of the cluster's extension for plugins; empty: none */
};

struct kube_config {
    struct arena arena; /* owns everything below */

    struct str source;  /* "/root/.kube/config (context kind)", "the pod's service account" */
    struct str context; /* name of the context; empty in a cluster */
    struct str ns;      /* never empty */
    bool in_cluster;

    struct str server; /* "https://10.0.0.1:443", with path prefix, without slash at the end */
    struct str proxy;  /* empty: that of the environment */
    bool disable_compression;
    /* What TLS needs, files already read; ca_file etc. name those that may change. */
    struct tls_config tls;
    struct str ca_file;
    struct str cert_file;
    struct str key_file;

    /* The credential in the header: at most one of exec, token(+file) and basic is used, in the
     * order in which client-go prefers them: token, basic, exec. */
    struct secret *token; /* NULL: none */
    struct str token_file;
    struct str username;
    struct secret *password;
    const struct kube_exec *exec; /* NULL: none */

    struct str as; /* impersonation; empty: none */
    struct str as_uid;
    const struct str *as_groups;
    size_t n_as_groups;
    const struct kube_pair *as_extra;
    size_t n_as_extra;
};

/* ERR_NOT_FOUND if there is no configuration anywhere (the text says where was looked), ERR_PARSE
 * or ERR_INVALID for a broken one, ERR_IO for a file that cannot be read. */
struct kube_config *kube_config_load(const struct kube_config_options *options,
                                     struct err **err) MUST_USE;
/* The same from the text of one kubeconfig; `path` stands in errors and relative paths count from
 * its folder. Reads the files that the chosen context names. */
struct kube_config *kube_config_parse(struct str text, const char *path,
                                      const struct kube_config_options *options,
                                      struct err **err) MUST_USE;
/* A plain configuration for tests and tools: no credential, no TLS material. */
struct kube_config *kube_config_for_server(struct str server) MUST_USE;
void kube_config_free(struct kube_config *c);

#endif
