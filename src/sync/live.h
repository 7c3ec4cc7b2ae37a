/* SPDX-License-Identifier: Apache-2.0
 *
 * live: objects that are read when they are needed and not watched: Secrets with credentials,
 * ServiceAccounts, Namespaces, ConfigMaps and Secrets with templates. Equal reads that overlap are
 * one request, and an answer may serve others for a short time, which the reader chooses: a
 * thousand ExternalSecrets behind one store read its credentials once.
 *
 * Answers may hold values: they lie in wiped memory and are dropped when LIVE_KEEP is over, used or
 * not. Failures are not kept. Loop thread only.
 */
#ifndef PAWL_SYNC_LIVE_H
#define PAWL_SYNC_LIVE_H

#include "kube/client.h"

struct live;
struct live_call;

#define LIVE_KEEP (10 * NS_S) /* the longest max_age that has an effect */

struct live *live_new(struct kube_client *client) MUST_USE;
/* No callback comes any more. */
void live_free(struct live *l);

/* object is valid during the call; exactly one of object and err is not NULL. */
typedef void live_done_fn(void *arg, const struct json *object, const struct err *err);

/* done comes later, never inside, unless live_cancel comes first. max_age: how old an answer may be
 * (0: asked now or joined to a request under way). */
struct live_call *live_get(struct live *l, const struct resource *r, struct str ns, struct str name,
                           ns_t max_age, live_done_fn *done, void *arg);
/* NULL is fine. */
void live_cancel(struct live_call *call);
/* The next live_get asks again: what was read has turned out to be wrong. */
void live_forget(struct live *l, const struct resource *r, struct str ns, struct str name);

#endif
