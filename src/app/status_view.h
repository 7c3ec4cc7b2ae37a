/* SPDX-License-Identifier: Apache-2.0
 *
 * status_view: one or more status documents (of running Pawls, or made from what objects in the
 * cluster say) as `pawl status` prints them. Documents and views live in the caller's arena. Pure.
 */
#ifndef PAWL_APP_STATUS_VIEW_H
#define PAWL_APP_STATUS_VIEW_H

#include "base/vec.h"
#include "codec/json.h"

/* Where a document is from. */
struct status_origin {
    struct str from; /* "pod pawl/pawl-6f7c", "http://127.0.0.1:9090" */
    const struct json *doc;
};

struct status_view {
    bool namespaces; /* the tables say which */
    bool has_workloads;
    bool has_objects;
    VEC(struct status_origin) asked; /* running Pawls */
    VEC(const struct json *) workloads;
    VEC(const struct json *) objects;
};

void status_view_done(struct status_view *v);
/* A running Pawl said this. What a standby says is only counted. */
void status_view_add(struct status_view *v, struct str from, const struct json *doc);
/* The same from objects, for the lists that nobody has given yet. */
void status_view_fill(struct status_view *v, const struct json *doc);
/* Things that fail: workloads, objects that are not ready, Pawls that are not. */
size_t status_view_failing(const struct status_view *v);
/* now: clock_real; times are shown as distances from it. Both sort. */
void status_view_table(struct status_view *v, ns_t now, struct buf *out);
void status_view_json(struct status_view *v, struct buf *out);

/* "45s", "12m", "3h10m", "5d": how long something is, for people. */
void status_age(struct buf *out, ns_t age);

#endif
