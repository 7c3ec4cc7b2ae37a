/* SPDX-License-Identifier: Apache-2.0
 *
 * provider: from a store to a vault reader. Reads the Secrets and the ServiceAccount that the store
 * names, makes an identity of them and gives the reader for that identity and vault: all
 * ExternalSecrets that resolve to the same pair share it, with its token, connections and budget.
 *
 * What a store resolved to is good for ten minutes, so that syncs ask the API server nothing about
 * credentials; each check of the store reads them anew, and after a refusal by Entra ID or the
 * vault the owner calls provider_forget.
 *
 * Loop thread only.
 */
#ifndef PAWL_SYNC_PROVIDER_H
#define PAWL_SYNC_PROVIDER_H

#include "azure/vault_reader.h"
#include "sync/live.h"
#include "sync/metrics.h"
#include "sync/store_spec.h"

struct provider;
struct provider_call;

struct provider_config {
    struct loop *loop;
    struct kube_client *client;
    struct live *live;
    struct sync_metrics *metrics;
    struct str ca_pem; /* trusted besides the system's certificates; copied */
    bool allow_http;   /* for tests and the emulator */
    size_t vault_rate; /* requests a second to one vault, averaged over 10 s; 0: 300 */
};

struct provider *provider_new(const struct provider_config *config) MUST_USE;
/* No callback comes any more; readers must have been given back. */
void provider_free(struct provider *p);

enum provider_flags {
    PROVIDER_FRESH = 1,   /* read the credentials now */
    PROVIDER_SIGN_IN = 2, /* get a token, which tells whether the credentials are good */
};

/* reader: the callee's to vault_reader_unref; NULL with an error. */
typedef void provider_done_fn(void *arg, struct vault_reader *reader, const struct err *err);

/* ns: where references without a namespace are looked up: that of a SecretStore, or of the
 * ExternalSecret for a ClusterSecretStore. azure is copied. done comes later, never inside, unless
 * provider_cancel comes first. */
struct provider_call *provider_open(struct provider *p, const struct azurekv *azure, bool cluster,
                                    struct str ns, int flags, provider_done_fn *done, void *arg);
void provider_cancel(struct provider_call *call); /* NULL is fine */
/* A copy of an error of a vault or of signing in, with what helps against it in this program where
 * azure/ cannot know: a name that does not resolve, a certificate that is not trusted. */
struct err *provider_explain(const struct err *err) MUST_USE;
/* Whoever resolves to this reader next reads the credentials again. */
void provider_forget(struct provider *p, const struct vault_reader *reader);

#endif
