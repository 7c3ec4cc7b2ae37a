/* SPDX-License-Identifier: Apache-2.0
 *
 * credential: what a request shows the API server: the Authorization header, and the client
 * certificate that an exec plugin may give. Keeps it fresh.
 *
 *   token       constant
 *   tokenFile   read again once a minute and after a 401; the last good content is kept when the
 *               file cannot be read; `token` stands in until it was read once
 *   basic       constant
 *   exec        the plugin runs when there is no credential, when the one it gave is about to
 *               expire, and after a 401; all who wait get the result of one run
 *
 * Loop thread only.
 */
#ifndef PAWL_KUBE_CREDENTIAL_H
#define PAWL_KUBE_CREDENTIAL_H

#include "kube/config.h"

struct kube_credential;

/* tls_changed: an exec plugin gave another client certificate. config must outlive it. */
struct kube_credential *kube_credential_new(struct loop *l, const struct kube_config *config,
                                            void (*tls_changed)(void *arg, struct str cert_pem,
                                                                struct str key_pem),
                                            void *arg) MUST_USE;
/* Waiters hear nothing any more. Ends a plugin that runs. */
void kube_credential_free(struct kube_credential *c);

enum kube_credential_state { KUBE_CREDENTIAL_READY, KUBE_CREDENTIAL_WAIT, KUBE_CREDENTIAL_FAILED };

/* READY: appends the header line to out, or nothing if none is needed; *generation names the
 * credential. WAIT: a plugin runs, see below. FAILED: err says why; asking again tries again. */
enum kube_credential_state kube_credential_header(struct kube_credential *c, struct buf *out,
                                                  uint64_t *generation, struct err **err);

/* Embedded in whoever waits for a plugin. */
struct kube_credential_waiter {
    void (*fn)(void *arg, const struct err *err); /* NULL: ask for the header again */
    void *arg;
    struct kube_credential_waiter *next;
    struct kube_credential_waiter *prev;
    bool waiting;
};
void kube_credential_wait(struct kube_credential *c, struct kube_credential_waiter *w);
void kube_credential_unwait(struct kube_credential *c, struct kube_credential_waiter *w);

/* The server refused (401) the credential of that generation. True if asking for the header again
 * may give another one. */
bool kube_credential_refused(struct kube_credential *c, uint64_t generation);

#endif
