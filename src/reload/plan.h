/* SPDX-License-Identifier: Apache-2.0
 *
 * plan: what would move if a source changed, and why: the decision of the running role, worked out
 * from one look at the cluster. It needs no running Pawl; it lists, and writes nothing.
 *
 *     plan_new  asks the cluster            plan.c
 *     scene     what the answers said
 *     plan_rows decides pair by pair        plan_rows.c, pure
 *
 * Loop thread only.
 */
#ifndef PAWL_RELOAD_PLAN_H
#define PAWL_RELOAD_PLAN_H

#include "base/map.h"
#include "base/vec.h"
#include "kube/client.h"
#include "reload/workload.h"

/* Why a workload stays although a rule of its own says that it moves. */
enum plan_hold {
    HOLD_NOTHING,
    HOLD_TYPE,          /* --resources-to-ignore, or no --csi-integration */
    HOLD_NAMESPACE,     /* --namespaces, --namespaces-to-ignore */
    HOLD_NS_SELECTOR,   /* --namespace-selector */
    HOLD_SELECTOR,      /* --resource-label-selector */
    HOLD_MISSING,       /* the source is not there, and no --reload-on-create */
    HOLD_NO_CONTAINER,  /* nothing to put the variable into */
    HOLD_ENDED,         /* a Job that its CronJob will not start again */
    HOLD_CRONJOB_MOVES, /* its CronJob starts a new Job */
    HOLD_WEBHOOK,       /* --webhook-url is called instead */
};

/* One pair of a source and a workload. Views are valid during the call. */
struct plan_row {
    enum source_type type;
    struct str source;
    bool exists; /* the source is there, or nobody could look */
    enum workload_kind kind;
    struct str ns;
    struct str name;
    bool moves;
    enum plan_hold hold;
    enum rule_step step;  /* which rule decided, also for those that do not move */
    const char *key;      /* its annotation; "" for none */
    bool from_template;   /* that annotation stands on the pod template */
    bool unmatched;       /* it has `search`, and the source has no `match` */
    struct str container; /* that gets the variable; empty if it does not move */
    struct str remark;    /* "a user has paused it: ..."; may be empty */
};
typedef void plan_row_fn(void *arg, const struct plan_row *row);

/* The row's reason as a sentence without a full stop: "reloader.stakater.com/auto", "no annotation
 * asks for it". */
void plan_row_why(const struct plan_row *row, const struct reload_keys *keys, struct buf *out);

enum plan_subject {
    PLAN_SOURCE,     /* who moves for this source */
    PLAN_WORKLOAD,   /* what moves this workload */
    PLAN_EVERYTHING, /* every pair */
};

struct plan_request {
    struct kube_client *client;
    const struct reload_options *options;
    enum plan_subject subject;
    enum source_type type;   /* PLAN_SOURCE */
    enum workload_kind kind; /* PLAN_WORKLOAD; not an ignored one */
    struct str name;         /* of the source or the workload */
    struct str ns;           /* empty: in all namespaces */
    /* One call for each workload that refers to the source or names it in a list. */
    plan_row_fn *row;
    /* A list was refused; the rows of what could be seen are right. */
    void (*problem)(void *arg, const struct err *err);
    /* Once, last. found: the subject is there (what does not exist can be planned for, too), or
     * nobody knows, because of a problem. */
    void (*done)(void *arg, bool found);
    void *arg;
};

struct plan;
/* Selectors of the options that are none: NULL and ERR_INVALID. Free it after `done`, or before to
 * cancel. */
struct plan *plan_new(const struct plan_request *request, struct err **err) MUST_USE;
void plan_free(struct plan *p);

/* ---- what a look at the cluster has shown ---- */

struct plan_source {
    enum source_type type;
    char *ns;
    char *name;
    struct source_marks marks;
    bool selected; /* has the labels of --resource-label-selector */
};

struct plan_scene {
    const struct reload_options *options;
    VEC(struct workload *) workloads;
    struct map sources;         /* type/namespace/name -> struct plan_source */
    struct map namespaces;      /* those that --namespace-selector selects */
    bool by_namespace;          /* there is such a selector */
    bool unknown[SOURCE_TYPES]; /* nobody could look what sources of the type there are */
};

struct plan_scene plan_scene_new(const struct reload_options *options);
void plan_scene_done(struct plan_scene *s);
/* Takes the workload over. */
void plan_scene_add_workload(struct plan_scene *s, struct workload *w);
/* From the metadata of a source; `selected` is added to what was known. */
void plan_scene_add_source(struct plan_scene *s, enum source_type type, const struct json *object,
                           bool selected);
bool plan_scene_has_source(const struct plan_scene *s, enum source_type type, struct str name);

/* Calls request->row for each pair that the request is about. */
void plan_rows(const struct plan_scene *s, const struct plan_request *request);

#endif
