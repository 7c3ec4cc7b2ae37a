/* SPDX-License-Identifier: Apache-2.0
 *
 * events: tells people what happened to an object: core/v1 Events, as `kubectl describe` shows
 * them.
 *
 * Asynchronous and best effort, as client-go's recorder: an Event that cannot be written is
 * dropped, never waited for. Repeats of one Event (same object, type, reason, message) raise its
 * count with a patch, at most every 10 s; more than 25 Events of one component about one object in
 * a burst (then one each 5 minutes) are dropped. Messages are cut to 1024 bytes between two runes.
 * Nothing of a value may be in a message: that is the caller's duty. Loop thread only.
 */
#ifndef PAWL_KUBE_EVENTS_H
#define PAWL_KUBE_EVENTS_H

#include "kube/client.h"
#include "kube/object.h"

struct events;

struct events_config {
    struct kube_client *client;
    size_t max_queue; /* Events waiting to be written; 0: 10,000. Beyond it they are dropped */
    size_t max_known; /* remembered for counting; 0: 4096 */
};

struct events *events_new(const struct events_config *config) MUST_USE;
/* Drops what has not been written; see events_flush. */
void events_free(struct events *e);

struct event_object {
    const struct resource *resource; /* gives apiVersion and kind */
    struct str ns;                   /* empty: cluster-scoped; the Event goes to "default" */
    struct str name;
    struct str uid;              /* without it `kubectl describe` does not show the Event */
    struct str resource_version; /* may be empty */
};
struct event_object event_object(const struct resource *r, const struct object *o);

enum event_type { EVENT_NORMAL, EVENT_WARNING };

/* component: who says so ("external-secrets", "pawl"); reason: one CamelCase word. All is copied.
 */
void event_emit(struct events *e, const char *component, const struct event_object *about,
                enum event_type type, const char *reason, struct str message);

/* Calls done once nothing waits any more, or after the time is over (shutdown). Once at a time. */
void events_flush(struct events *e, ns_t limit, void (*done)(void *arg), void *arg);

struct events_stats {
    uint64_t written; /* created or patched */
    uint64_t dropped; /* queue full, refused by the server */
    uint64_t spam;    /* over the burst of one object */
    size_t queued;
};
struct events_stats events_stats(const struct events *e);

#endif
