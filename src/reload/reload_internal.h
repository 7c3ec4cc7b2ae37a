/* SPDX-License-Identifier: Apache-2.0
 *
 * reload_internal: between reload.c (life), work.c (one workload), batch.c (workloads that can only
 * be listed) and meta.c.
 */
#ifndef PAWL_RELOAD_RELOAD_INTERNAL_H
#define PAWL_RELOAD_RELOAD_INTERNAL_H

#include "reload/key.h"
#include "reload/mover.h"
#include "reload/reload.h"
#include "reload/report.h"
#include "reload/scope.h"
#include "reload/tracker.h"
#include "reload/webhook.h"

enum phase {
    PHASE_STOPPED,
    PHASE_PREPARING, /* the ledger's key, what we may do */
    PHASE_SYNCING,   /* first lists */
    PHASE_RUNNING,
    PHASE_STOPPING, /* writes under way are awaited */
};

struct batch;
struct meta_writer;
struct work;

struct reload {
    struct reload_config config;
    struct reload_options options; /* the ledger may be off although it was wanted */
    struct buf label_selector;
    struct buf namespace_selector;
    struct reload_metrics metrics;
    struct reporter reporter;
    enum phase phase;

    /* PHASE_PREPARING */
    struct key_loader *key_loader;
    struct kube_call *access;
    struct meta_writer *meta;
    struct secret *key; /* holds a struct ledger_key */

    /* From PHASE_SYNCING on. */
    struct sources *sources;
    struct workloads *workloads;
    struct tracker *tracker;
    struct scope_watch *scope;
    struct webhook *webhook; /* instead of workloads and tracker */
    struct batch *batch;     /* workloads can only be listed; NULL: they are watched */
    struct workqueue *queue;
    struct timer sync_timer;
    bool listed; /* watching workloads is not allowed */

    bool unrecordable[WORKLOAD_KINDS]; /* the ledger may not be written on these */
    ns_t next_record;                  /* clock_mono: baselines are paced */
    VEC(struct work *) orphans; /* moves whose workload is tracked no more: Jobs being replaced */
    size_t n_pending;
    size_t n_failing;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* ---- work.c ---- */

void work_process(void *arg, struct workqueue *q, struct str key);
/* The workload is tracked no more: what is under way for it is dropped. */
void work_gone(void *arg, struct tracked *e);
/* Drops the moves that go on without a tracked workload. */
void work_drop_orphans(struct reload *r);
/* Its sources are in the arena. */
void work_row(const struct reload *r, struct tracked *e, struct arena *a, struct reload_row *row);
/* The queue has one less running; a stop may have waited for it. */
void reload_work_ended(struct reload *r);

/* ---- batch.c ---- */

struct batch *batch_new(struct reload *r) MUST_USE;
void batch_free(struct batch *b);
/* Everything has been seen once: lists begin. */
void batch_run(struct batch *b);
/* The content of a source has changed: lists its namespace, then its workloads are due. */
void batch_content(struct batch *b, enum source_type type, struct str ns, struct str name,
                   const struct digest *before);
/* Lists the namespace (a workload is not what it was thought to be). */
void batch_refresh(struct batch *b, struct str ns);
/* See tracker_config.before. */
bool batch_before(void *arg, const struct source *source, ns_t since, struct digest *out);

/* ---- meta.c ---- */

/* Writes the ConfigMap reloader-meta-info, once, if that is wanted. Failures are logged. */
struct meta_writer *meta_write(struct kube_client *client, const struct reload_options *options);
void meta_free(struct meta_writer *m);

#endif
