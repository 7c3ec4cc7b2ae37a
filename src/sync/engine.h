/* SPDX-License-Identifier: Apache-2.0
 *
 * engine: what the parts of the running sync role share: struct sync, and a pass over one
 * ExternalSecret. Internal to src/sync.
 *
 * A pass is a state machine: a table of steps (es_pass.c), each a function that does one thing and
 * names the next step, or starts a request and returns STEP_WAIT; the answer sets the step to go on
 * with. A pass owns one arena (wiped), the requests under way, and nothing else; dropping it
 * cancels all. No two passes of one ExternalSecret run at once (the queue's promise).
 */
#ifndef PAWL_SYNC_ENGINE_H
#define PAWL_SYNC_ENGINE_H

#include "base/map.h"
#include "kube/informer.h"
#include "kube/workqueue.h"
#include "sync/metrics.h"
#include "sync/objects.h"
#include "sync/plan.h"
#include "sync/provider.h"
#include "sync/render.h"
#include "sync/sync.h"

#define COMPONENT_ES     "external-secrets"
#define COMPONENT_STORE  "secret-store"
#define COMPONENT_CSTORE "cluster-secret-store"

struct es_pass;
struct store_pass;

/* An object of a vault, and what was known of it when the Secret was last made from it. */
struct watched {
    const struct vault_reader *reader; /* only compared; the entry holds it */
    struct vault_entry *entry;
    struct vault_stamp stamp;
};

/* What is remembered about an ExternalSecret between passes, beside its object. */
struct es_note {
    VEC(struct watched) watched; /* by item of the plan; empty: not synced by this process */
    ns_t next;                   /* clock_real time of the next refresh; 0: none is planned */
    char *last_error;            /* cause of the last failure; NULL after a success */
};

struct sync {
    struct loop *loop;
    struct kube_client *client;
    struct events *events;
    struct sync_options options; /* texts are in `texts` */
    struct sync_hooks hooks;
    struct arena texts;
    struct sync_metrics *metrics;
    struct live *live;
    struct provider *provider;
    struct template_cache *templates;

    struct store *es_store;
    struct store *stores;  /* SecretStores */
    struct store *cstores; /* ClusterSecretStores */
    struct store *secrets; /* managed Secrets */
    VEC(struct informer *) informers;
    size_t synced; /* informers whose first list is in */

    struct workqueue *es_queue;
    struct workqueue *store_queue; /* keys: namespace/name, or name for the cluster's */
    struct map notes;              /* ExternalSecret key -> struct es_note * */
    struct map changed;            /* keys of those that changed and that no pass has begun with */
    struct es_pass *passes;        /* under way */
    struct store_pass *store_passes;
    size_t n_passes;
    size_t n_store_passes[2]; /* of SecretStores, of ClusterSecretStores */

    bool started;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* ---- one pass over an ExternalSecret ---- */

enum step {
    STEP_WAIT, /* a request is under way; its answer goes on */
    STEP_LOAD,
    STEP_DELETE,
    STEP_RELEASE,
    STEP_FINALIZER,
    STEP_SKIP,
    STEP_DUE,
    STEP_CHECK,
    STEP_OPEN,
    STEP_READ,
    STEP_VALUES,
    STEP_EMPTY,
    STEP_SOURCES,
    STEP_BUILD,
    STEP_ORPHANS,
    STEP_WRITE,
    STEP_STATUS,
    STEP_END,
};

/* How a pass came out: row of a table with condition, message and what happens next. */
enum outcome {
    OUT_QUIET,   /* nothing was due, or nothing to say: status untouched */
    OUT_FOREIGN, /* another controller's: not a word about it */
    OUT_SYNCED,
    OUT_RETAINED,
    OUT_DELETED,
    OUT_MISSING,
    OUT_UNCHANGED, /* synced; only refreshTime moves */
    OUT_PROVIDER,
    OUT_DELETE_FAILED,
    OUT_ORPHANS,
    OUT_OWNERSHIP,
    OUT_OTHER_ES,
    OUT_IMMUTABLE,
    OUT_UPDATE,
    OUT_MANIFEST,
    OUT_INVALID,
    OUT_RETRY, /* a write failed that no condition tells about, or somebody else wrote: again */
};

/* A store of the plan while it is opened. */
struct pass_store {
    struct es_pass *pass;
    size_t index;
    struct vault_reader *reader;
    struct provider_call *call;
    struct live_call *ns_call;
    struct vault_wait *check;
    struct store_spec *spec;
};

/* A read or listing under way; index: of the item or find. */
struct pass_read {
    struct es_pass *pass;
    size_t index;
    struct vault_wait *wait;
};

/* A ConfigMap or Secret with templates while it is read. */
struct pass_source {
    struct es_pass *pass;
    bool secret;
    struct kvs *data; /* where it goes */
    struct live_call *call;
};

struct es_pass {
    struct sync *sync;
    struct es_pass *next;
    struct es_pass *prev;
    struct str key; /* in the arena */
    struct arena arena;
    enum step step;
    ns_t began;      /* clock_mono */
    ns_t began_real; /* clock_real, whole seconds */

    struct es_view es;
    struct es_spec *spec;
    struct str target_name;
    struct es_status status; /* as it will be */
    enum refresh_reason { REASON_NONE, REASON_DRIFT, REASON_ELAPSED, REASON_FORCED } why;
    bool writing;   /* it has come so far that it may write the Secret */
    bool checkable; /* nothing but the vaults decides what the Secret is */
    bool changed;   /* a check said so */

    struct plan plan;
    bool planned;
    ns_t as_of;                /* answers of vaults may be that old (clock_mono) */
    ns_t checked_as_of;        /* of the findings of a check */
    struct pass_store *stores; /* by index in plan.stores */
    VEC(struct watched) items; /* by item of the plan, once read */
    VEC(struct pass_read *) reads;
    size_t waiting; /* answers to come in this step */
    struct plan_result result;

    struct pass_source *sources;
    size_t n_sources;
    struct render_source *source_data; /* by index in the template's `from` */
    struct err *source_err;            /* the first that failed */

    struct target existing_mem;
    const struct target *existing; /* NULL: none */
    bool existing_is_live;         /* read from the API, not from the cache */
    struct target want;
    unsigned tries;          /* writes of the Secret in this pass */
    VEC(struct str) orphans; /* Secrets of a former target name */
    bool orphans_known;
    struct kube_call *call;

    enum outcome outcome;
    bool condition_changed;
    struct err *err;
    ns_t retry_after;
};

/* Starts; the queue calls it. */
void es_pass_process(void *arg, struct workqueue *q, struct str key);
/* Cancels everything of the pass and frees it, without workqueue_done. */
void es_pass_drop(struct es_pass *p);
/* Goes on with a step, from an answer. */
void es_pass_go(struct es_pass *p, enum step step);
/* Sets the outcome and gives the step that ends the pass. Takes the error over. */
enum step es_pass_settle(struct es_pass *p, enum outcome outcome, struct err *err);

/* Patches the ExternalSecret's finalizers. The whole list is replaced, so the patch is tied to the
 * version that it was made from. */
enum step es_pass_set_finalizers(struct es_pass *p, struct json *list, kube_done_fn *done);

/* Steps, by file. */
enum step es_step_delete(struct es_pass *p); /* es_pass_delete.c */
enum step es_step_release(struct es_pass *p);
enum step es_step_check(struct es_pass *p); /* es_pass_read.c */
enum step es_step_open(struct es_pass *p);
enum step es_step_read(struct es_pass *p);
enum step es_step_values(struct es_pass *p);
enum step es_step_sources(struct es_pass *p); /* es_pass_render.c */
enum step es_step_build(struct es_pass *p);
enum step es_step_empty(struct es_pass *p); /* es_pass_write.c */
enum step es_step_orphans(struct es_pass *p);
enum step es_step_write(struct es_pass *p);
/* Reads the Secret from the API; STEP_BUILD follows. */
enum step es_pass_read_secret(struct es_pass *p);
enum step es_step_status(struct es_pass *p); /* es_pass_end.c */
void es_pass_end(struct es_pass *p);

/* Takes the answer to a write of the ExternalSecret into the cache. If it shows that somebody else
 * has changed the object meanwhile, another pass will come: the cache would not tell. */
void es_pass_took(struct es_pass *p, const struct json *object);
/* An Event about the ExternalSecret. */
void es_pass_event(struct es_pass *p, enum event_type type, const char *reason, struct str message);

/* ---- stores ---- */

void store_pass_process(void *arg, struct workqueue *q, struct str key);
void store_pass_drop(struct store_pass *p);

/* ---- the whole ---- */

/* Made if it is not there. */
struct es_note *sync_note(struct sync *s, struct str key);
void sync_forget_note(struct sync *s, struct str key);
void sync_unwatch(struct es_note *note);
/* Takes what the server answered to a write into a cache, so that the next pass sees it even if it
 * comes before the watch event. */
void sync_took(struct store *store,
               struct object *(*convert)(void *, const struct json *, struct err **),
               const struct json *object);
/* The controller class of a store is ours, or none. */
bool sync_class_matches(const struct sync *s, struct str class);
/* A pass has ended: is the role to stop? */
void sync_pass_ended(struct sync *s);
/* All ExternalSecrets that are not Ready and name this store get a pass. */
void sync_requeue_users(struct sync *s, bool cluster, struct str ns, struct str name);

#endif
