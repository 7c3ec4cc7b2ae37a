/* SPDX-License-Identifier: Apache-2.0
 *
 * informer: a store that follows one resource in one scope (a namespace or all, selectors), and
 * handlers that hear of each change.
 *
 *     API server --list, watch--> list_watch --items--> convert --objects--> store --> handlers
 *
 * Guarantees, whatever happens to connections and servers in between:
 *   - An object of the cluster that convert wants is in the store, within the time of a reconnect.
 *   - What vanished while nobody watched gets a `deleted` after the next list.
 *   - An object that was deleted and made anew under its name is a deleted and an added.
 *   - added/updated/deleted are called in the order of the changes of each object, never twice for
 *     the same resourceVersion; several changes in a gap are one updated.
 *   - synced comes once, after the added of everything that was there at the start.
 * What it does not promise: to show every state in between, or that two informers are equally far.
 *
 * Handlers get borrowed objects, valid during the call, and should only note keys (workqueue_add).
 * They may read the store, submit requests, add handlers; they must not free the informer.
 *
 * The state of the connection is reported to on_state, with the server's message: RBAC that forbids
 * list, a watch that is forbidden although list is allowed (then it lists again and again:
 * POLLING), a CRD that is not installed (tried again ever slower, up to a minute). Loop thread
 * only.
 */
#ifndef PAWL_KUBE_INFORMER_H
#define PAWL_KUBE_INFORMER_H

#include "kube/list_watch.h"
#include "kube/store.h"

struct informer;

/* "watching"; the states themselves are explained in kube/list_watch.h. */
const char *informer_state_name(enum informer_state state);

struct informer_config {
    struct kube_client *client;
    const struct resource *resource; /* must outlive the informer */
    struct str ns;                   /* empty: all namespaces */
    struct str label_selector;
    struct str field_selector; /* "type!=helm.sh/release.v1" keeps Helm's blobs away */
    enum informer_content content;
    bool wipe;       /* items hold values: buffers and arenas are wiped */
    size_t max_item; /* ceiling of one item; 0: 4 MiB */

    /* Makes the compact object that is kept (object_new) from an item, which lives during the call
     * only. NULL with *err unset: not of interest, not kept (and deleted, if it was). NULL with an
     * error: logged; what was kept before stays. Called for every change. The item of a deleted
     * object is not converted. NULL: only the names are kept. (Later a typed protobuf reader can
     * stand beside it; converters see items, never bytes.) */
    struct object *(*convert)(void *arg, const struct json *item, struct err **err);
    void (*free_object)(void *arg, struct object *o); /* NULL: object_free */
    /* Optional, when the state changes or its reason does. err: why, NULL when all is well. */
    void (*on_state)(void *arg, struct informer *i, enum informer_state state,
                     const struct err *err);
    void *arg;

    ns_t poll_interval;  /* when watch is forbidden; 0: 60 s; negative: only informer_refresh */
    bool no_watch_list;  /* never ask for initial events in the watch */
    struct store *store; /* NULL: an own one. Given: must outlive the informer, and free_object is
                          * the store's */
};

struct informer_handler {
    /* Each may be NULL. initial: the object was there before the handler was (the first list, or
     * the store at the time of informer_add_handler). */
    void (*added)(void *arg, const struct object *o, bool initial);
    void (*updated)(void *arg, const struct object *old, const struct object *now);
    void (*deleted)(void *arg, const struct object *old);
    void (*synced)(void *arg);
    void *arg;
};

/* Does nothing until informer_start. Everything in config is copied. */
struct informer *informer_new(const struct informer_config *config) MUST_USE;
/* Stops; no callback comes any more. Frees its own store with the objects in it. */
void informer_free(struct informer *i);
void informer_start(struct informer *i);

/* If there are objects already the handler gets an added for each and then synced, in slices over
 * the next turns of the loop, while changes go on; of an object it hears `added` first, always. */
void informer_add_handler(struct informer *i, const struct informer_handler *handler);
/* Removes the handlers with this arg. */
void informer_remove_handler(struct informer *i, void *arg);

const struct store *informer_store(const struct informer *i);
const struct resource *informer_resource(const struct informer *i);
/* Nothing more is to be waited for: its list has been taken in, or the kind is not served or, if
 * that is accepted, may not be read. Otherwise adds "secrets: listing" to why, which may be NULL.
 */
bool informer_settled(const struct informer *i, bool accept_denied, struct buf *why);
/* A whole list has been taken in at least once. */
bool informer_synced(const struct informer *i);
enum informer_state informer_state(const struct informer *i);
/* Why the state is not WATCHING; NULL if it is. Borrowed. */
const struct err *informer_reason(const struct informer *i);

/* Lists again as soon as possible (POLLING and IDLE informers, the doctor); done comes once, later,
 * when the store is up to date, with NULL, or with why that failed. done may be NULL. While
 * WATCHING the store is fresh and no list is needed. */
void informer_refresh(struct informer *i, void (*done)(void *arg, const struct err *err),
                      void *arg);
/* No done with this arg comes any more. */
void informer_unrefresh(struct informer *i, void *arg);

struct informer_stats {
    uint64_t lists;
    uint64_t watches;  /* opened */
    uint64_t events;   /* items and events taken in */
    uint64_t bytes;    /* of bodies */
    uint64_t skipped;  /* items that convert failed on */
    uint64_t restarts; /* gaps that needed a list */
};
struct informer_stats informer_stats(const struct informer *i);

#endif
