/* SPDX-License-Identifier: Apache-2.0
 *
 * key: the ledger's key, kept in the Secret pawl-ledger of Pawl's own namespace and made at the
 * first start. Where Secrets may not be created (Reloader's RBAC) a ConfigMap of that name is used:
 * what it protects is then as guessable as the plain hashes that Reloader writes, and no more.
 * Where neither is allowed there is no ledger.
 */
#ifndef PAWL_RELOAD_KEY_H
#define PAWL_RELOAD_KEY_H

#include "kube/client.h"
#include "reload/ledger.h"
#include "reload/options.h"

#define LEDGER_KEY_NAME "pawl-ledger"

struct key_loader;

/* done comes once, never inside this function: with the key, or NULL and why there is no ledger.
 * Until the API server can be reached it is asked again. */
struct key_loader *key_load(struct loop *loop, struct kube_client *client, struct str ns,
                            void (*done)(void *arg, const struct ledger_key *key,
                                         const struct err *err),
                            void *arg) MUST_USE;
/* No callback comes. NULL is fine. */
void key_load_cancel(struct key_loader *k);

#endif
