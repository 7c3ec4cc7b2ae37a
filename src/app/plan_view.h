/* SPDX-License-Identifier: Apache-2.0
 *
 * plan_view: the rows of a plan as people and programs read them, in an order that does not depend
 * on the order of answers. Pure.
 */
#ifndef PAWL_APP_PLAN_VIEW_H
#define PAWL_APP_PLAN_VIEW_H

#include "base/vec.h"
#include "reload/plan.h"

struct plan_view_row;
struct plan_view {
    const struct reload_keys *keys;
    bool namespaces; /* the table says which */
    VEC(struct plan_view_row *) rows;
};

#define PLAN_VIEW_INIT(annotation_keys, with_namespaces)                                           \
    ((struct plan_view){.keys = (annotation_keys), .namespaces = (with_namespaces)})
void plan_view_done(struct plan_view *v);
/* Copies. */
void plan_view_add(struct plan_view *v, const struct plan_row *row);
/* Both sort: by namespace, source, what restarts before what does not, workload. */
void plan_view_table(struct plan_view *v, struct buf *out);
/* {"found":true,"pairs":[...]} */
void plan_view_json(struct plan_view *v, bool found, struct buf *out);

/* "secret/db", "deployment/web" -> what it is about. ERR_INVALID lists the words. */
struct plan_target {
    enum plan_subject subject;
    enum source_type type;
    enum workload_kind kind;
    struct str name; /* of text */
};
int plan_target_parse(struct str text, struct plan_target *out, struct err **err) MUST_USE;

#endif
