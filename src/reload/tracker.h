/* SPDX-License-Identifier: Apache-2.0
 *
 * tracker: for each workload that something can move, the sources that can move it, and for each of
 * them what the workload was last moved for. It finds out what is due; it writes nothing.
 *
 * The record of a pair (workload, source) is read once, when the pair is first seen: from the
 * ledger on the workload, else from what Reloader left there, else it is what the source is now.
 * From then on this process knows it better than anything it could read, unless the ledger on the
 * workload becomes another: then somebody has moved it, most likely this process with a request
 * whose answer was lost. Being first seen can mean different things: at the start, and for a
 * workload that has just been made, the ledger counts. For one that has been there all the time and
 * has new annotations or references it does not: changing those must not restart anything.
 *
 * A Rollout that borrows the pod template of a Deployment (workloadRef) and is moved by that
 * template has no entry of its own: the Deployment's entry asks the rules of both. Loop thread
 * only.
 */
#ifndef PAWL_RELOAD_TRACKER_H
#define PAWL_RELOAD_TRACKER_H

#include "base/map.h"
#include "base/vec.h"
#include "reload/judge.h"
#include "reload/sources.h"
#include "reload/strategy.h"
#include "reload/workloads.h"

struct tracker;

enum pair_origin {
    PAIR_SET,      /* base is valid */
    PAIR_START,    /* base is to be read from the workload */
    PAIR_RULE,     /* the workload's rules or references are new */
    PAIR_APPEARED, /* the source is new */
};

/* Since when a pair counts, as a resourceVersion: what the source was then is what the workload has
 * started with, if nothing is on record. */
#define SINCE_START 0          /* the first lists */
#define SINCE_NOW   UINT64_MAX /* whatever the source is */

struct pair {
    struct source *source;
    enum pair_origin origin;
    uint64_t since; /* until the base is set */
    struct record base;
    struct record recorded; /* in the ledger on the workload, when it was last looked at */
    uint32_t moves;         /* in that ledger */
};

struct tracked {
    char *key; /* "0/ns/name", the digit is the kind: for the work queue */
    enum workload_kind kind;
    char *ns;
    char *name;
    char *uid;
    uint64_t shape;
    VEC(struct pair) pairs;
    struct workload *fresh; /* newer than the store's; NULL: the store's is the newest */
    void *state;            /* the controller's */
};

struct tracker_config {
    struct sources *sources;
    struct workloads *workloads;
    const struct reload_options *options;
    const struct ledger_key
        *key; /* outlives the tracker; with the ledger off any key of the process */
    /* Something about the workload may be due. */
    void (*due)(void *arg, struct tracked *t);
    /* It is no longer tracked; its state is the controller's to free. */
    void (*gone)(void *arg, struct tracked *t);
    /* The namespace is one of those that are wanted now (a selector can change that). */
    bool (*selected)(void *arg, struct str ns);
    /* WORKLOADS_LISTED, else NULL: what the source was before its first change after `since`
     * (clock_real) that no list has come for yet. False: unknown. */
    bool (*before)(void *arg, const struct source *source, ns_t since, struct digest *out);
    void *arg;
};

struct tracker *tracker_new(const struct tracker_config *config) MUST_USE;
void tracker_free(struct tracker *t);

/* Everything has been seen once; nothing is due before. version: the newest resourceVersion of all
 * that was seen. Workloads that were seen before the sources find now what the patterns of their
 * lists match. */
void tracker_begin(struct tracker *t, uint64_t version);
/* From workloads. */
void tracker_changed(struct tracker *t, const struct workload *old, const struct workload *now,
                     bool initial);
/* From sources: nobody uses it yet. */
void tracker_appeared(struct tracker *t, enum source_type type, struct str ns, struct str name);
/* An answer of the API server; it is taken over. */
void tracker_set_fresh(struct tracker *t, struct tracked *e, struct workload *fresh);

/* NULL if the workload is not tracked. */
struct tracked *tracker_find(const struct tracker *t, struct str key);
struct tracked *tracker_get(const struct tracker *t, enum workload_kind kind, struct str ns,
                            struct str name);
/* The newest version; NULL only for a workload that is about to go. */
const struct workload *tracker_workload(const struct tracker *t, struct tracked *e);
/* The Deployment that lends it its pod template; NULL for nearly all. */
const struct workload *tracker_lender(const struct tracker *t, struct tracked *e);
/* The decision for one source, over the rules of everybody who has a say. */
struct decision tracker_decide(const struct tracker *t, struct tracked *e, enum source_type type,
                               struct str name, struct source_marks marks);
/* For each in turn. The entry may not go meanwhile. */
bool tracker_next(const struct tracker *t, struct map_iter *it, struct tracked **out);
size_t tracker_count(const struct tracker *t);

/* How each source of a workload stands, for people. */
enum source_state {
    SOURCE_UNKNOWN, /* not read yet */
    SOURCE_CURRENT, /* the workload has it */
    SOURCE_DUE,
    SOURCE_MISSING,
    SOURCE_IGNORED, /* it says that it moves nobody, or lacks the mark that it needs */
};
enum source_state tracker_source_state(struct tracker *t, struct tracked *e, const struct pair *p);

/* What is due for one workload. Everything is in the arena. */
struct due {
    bool moves;    /* causes are not empty */
    bool records;  /* the ledger on the workload is not what it should be */
    bool fetching; /* a source that can move it is being read: more may be due in a moment */
    struct cause *causes;
    size_t n_causes;
    ns_t changed_at;        /* of the latest cause, clock_mono; 0: found by comparing */
    struct str ledger_text; /* as it should be; p NULL with the ledger off */
    const struct variable **leftovers;
    size_t n_leftovers;
    struct ledger_entry *after; /* what the records become when this is done */
    size_t n_after;
};
void tracker_due(struct tracker *t, struct tracked *e, struct arena *a, struct due *out);
/* It has been done. */
void tracker_done(struct tracker *t, struct tracked *e, const struct due *due);

#endif
