/* SPDX-License-Identifier: Apache-2.0
 *
 * exec_credential: the two documents that a client and a credential plugin exchange
 * (client.authentication.k8s.io/v1 and v1beta1). Pure.
 */
#ifndef PAWL_KUBE_EXEC_CREDENTIAL_H
#define PAWL_KUBE_EXEC_CREDENTIAL_H

#include "kube/config.h"

/* What stands in KUBERNETES_EXEC_INFO. */
void exec_info_write(struct buf *out, const struct kube_config *config);

struct exec_credential {
    struct secret *token; /* NULL: none */
    struct str cert_pem;  /* empty: none; views into the arena */
    struct str key_pem;
    ns_t expires; /* clock_real time; 0: not said */
};

/* Reads what the plugin wrote. The arena should be wiped. Errors hold nothing of the content. */
int exec_credential_read(struct arena *a, struct str text, struct str api_version,
                         struct exec_credential *out, struct err **err) MUST_USE;

#endif
