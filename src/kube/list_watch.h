/* SPDX-License-Identifier: Apache-2.0
 *
 * list_watch: follows one resource in one scope and tells what comes, in order: a whole listing,
 * then each change. kube/informer is its user; docs/internals/kube.md has the picture of the
 * states.
 *
 * A listing is one watch with initial events (WatchList, Kubernetes 1.34 by default) or, where the
 * server refuses that, pages of 500 followed by a watch. Both are consistent reads: what was seen
 * once is never followed by something older.
 *
 * Interruptions: a stream that ends is resumed after the last event or bookmark; a version that is
 * too old (410 in any form) begins a new listing within a random second; anything else is tried
 * again after 0.8 s doubling to 30 s, with as much jitter, or when the server wishes. A stream is
 * given up when nothing came for three minutes (bookmarks come each minute). Loop thread only.
 */
#ifndef PAWL_KUBE_LIST_WATCH_H
#define PAWL_KUBE_LIST_WATCH_H

#include "kube/client.h"

enum informer_content {
    INFORMER_FULL,     /* items are whole objects */
    INFORMER_METADATA, /* items are PartialObjectMetadata: names, labels, annotations, owners */
};

enum informer_state {
    INFORMER_STOPPED,
    INFORMER_LISTING,    /* first list, or a new one after a gap */
    INFORMER_WATCHING,   /* follows changes as they happen */
    INFORMER_POLLING,    /* watch is forbidden: lists every poll_interval */
    INFORMER_IDLE,       /* watch is forbidden and poll_interval < 0: lists on refresh */
    INFORMER_DENIED,     /* 403 on list: tried again once a minute */
    INFORMER_NOT_SERVED, /* 404: the kind is not installed; tried again, up to every 10-20 s */
    INFORMER_RETRYING,   /* anything else: server away, throttled; tried again with back-off */
};

struct list_watch_config {
    struct kube_client *client;
    const struct resource *resource; /* must outlive it */
    struct str ns;                   /* empty: all namespaces */
    struct str label_selector;
    struct str field_selector;
    enum informer_content content;
    bool wipe;          /* items hold values */
    size_t max_item;    /* 0: 4 MiB */
    ns_t poll_interval; /* 0: 60 s; negative: only list_watch_refresh */
    bool no_watch_list;

    /* A listing begins. One that breaks off begins again, from nothing. */
    void (*list_begin)(void *arg);
    /* The listing is complete: what it did not bring does not exist. */
    void (*list_end)(void *arg);
    /* An object as it is now; or its last state, if it was deleted. Valid during the call. */
    void (*item)(void *arg, const struct json *item, bool deleted);
    /* When the state changes or its reason does. */
    void (*state)(void *arg, enum informer_state state, const struct err *err);
    void *arg;
};

struct list_watch;

/* Everything in config is copied. Callbacks must not free it. */
struct list_watch *list_watch_new(const struct list_watch_config *config) MUST_USE;
void list_watch_free(struct list_watch *lw);
void list_watch_start(struct list_watch *lw);
/* Begins a listing now, unless one is under way. */
void list_watch_refresh(struct list_watch *lw);

struct list_watch_stats {
    uint64_t lists;    /* begun */
    uint64_t watches;  /* opened */
    uint64_t items;    /* and events */
    uint64_t bytes;    /* of bodies */
    uint64_t restarts; /* gaps (410) that needed a listing */
};
struct list_watch_stats list_watch_stats(const struct list_watch *lw);

#endif
