/* SPDX-License-Identifier: Apache-2.0
 *
 * sync: the role that does what External Secrets Operator does: SecretStores are checked,
 * ExternalSecrets become Secrets and stay equal to what is in Azure Key Vault.
 *
 *     ExternalSecret, store (informers) -> queue -> pass -> vault -> Secret -> status -> Event
 *
 * One struct sync is the whole role in one process. It owns its informers, queues, passes and the
 * readers of vaults; the loop, the client and the recorder of Events are the caller's and outlive
 * it. The design is in docs/internals/sync.md. Loop thread only.
 */
#ifndef PAWL_SYNC_SYNC_H
#define PAWL_SYNC_SYNC_H

#include "base/metrics.h"
#include "kube/client.h"
#include "kube/events.h"
#include "sync/kv.h"
#include "template/apply.h"

struct sync;

struct sync_options {
    struct str controller_class;  /* empty: "default" */
    const struct str *namespaces; /* the only ones looked at; n_namespaces 0: all */
    size_t n_namespaces;
    bool no_cluster_stores; /* ClusterSecretStores and ExternalSecrets that name one are skipped */
    bool no_stores;         /* SecretStores are not checked (ExternalSecrets still use them) */
    ns_t store_interval;    /* how often a store is checked; 0: 5 min */
    bool no_flood_gate;     /* use stores that are not Ready */
    size_t concurrent;      /* ExternalSecrets worked on at once; 0: 64 */
    size_t vault_rate;      /* requests a second to one vault, averaged over 10 s; 0: 300 */
    bool extended_metric_labels;
    struct str left_delimiter; /* of templates; empty: {{ and }} */
    struct str right_delimiter;
    struct str ca_pem; /* trusted for vaults and sign-in besides the system's certificates */
    bool allow_http;   /* http:// vaults: the emulator, tests */
};

/* What the caller is told. Each function may be NULL. */
struct sync_hooks {
    /* A Secret has been created or changed, its status is not yet written. version: its new
     * resourceVersion. data: all of it, valid during the call. */
    void (*secret_written)(void *arg, struct str ns, struct str name, struct str uid,
                           struct str version, const struct kvs *data);
    /* Nothing known to be under way writes this Secret any more: see sync_in_flight. */
    void (*settled)(void *arg, struct str ns, struct str name);
    void *arg;
};

struct sync_config {
    struct loop *loop;
    struct kube_client *client;
    struct events *events;
    struct metrics *metrics;     /* NULL: none */
    struct sync_options options; /* copied */
    struct sync_hooks hooks;
};

struct sync *sync_new(const struct sync_config *config) MUST_USE;
/* What is under way is dropped. After sync_stop nothing is. */
void sync_free(struct sync *s);

/* Starts informers; work begins when all are synced. */
void sync_start(struct sync *s);
/* False, and what is missing ("externalsecrets: forbidden ...") in *why, until the caches are
 * synced. */
bool sync_ready(const struct sync *s, struct buf *why);
/* No new work; done comes once writes under way have ended, maybe at once. */
void sync_stop(struct sync *s, void (*done)(void *arg), void *arg);

/* A change of this Secret is known to be on its way: an ExternalSecret that writes it has changed
 * or is due and its pass has not ended. */
bool sync_in_flight(const struct sync *s, struct str ns, struct str secret);

/* ---- for people ---- */

/* One ExternalSecret or store as `pawl status` shows it; views are valid during the call. */
struct sync_row {
    const char *kind;
    struct str ns;
    struct str name;
    struct str ready; /* True, False, empty: nothing yet */
    struct str reason;
    struct str message;
    struct str last_error; /* the cause of the last failure in this process; empty: none */
    ns_t refreshed;        /* clock_real time of the last refresh; 0: never, or a store */
    ns_t next;             /* clock_real time of the next one; 0: none is planned */
    struct str store;      /* ExternalSecret: of spec.secretStoreRef */
    struct str target;     /* ExternalSecret: name of the Secret */
};
void sync_each_row(const struct sync *s, void (*fn)(void *arg, const struct sync_row *row),
                   void *arg);

/* ---- offline: pawl render ---- */

/* What the ExternalSecret would write: values are by remoteRef.key ("x", "cert/x"); a find looks
 * through them by name. objects: list of the ConfigMaps and Secrets that templateFrom names, may be
 * NULL. The result is the Secret as JSON, without owner. ERR_NOT_FOUND names a value that is not
 * given. templates: their delimiters, may be NULL. Everything in arena a, which should wipe. */
struct json *sync_render(struct arena *a, const struct json *external_secret,
                         const struct kvs *values, const struct json *objects,
                         const struct apply_options *templates, struct err **err) MUST_USE;

#endif
