/* SPDX-License-Identifier: Apache-2.0
 *
 * es_status: the status of an ExternalSecret, and the smallest merge patch that turns one into
 * another. Pure.
 */
#ifndef PAWL_SYNC_ES_STATUS_H
#define PAWL_SYNC_ES_STATUS_H

#include "sync/conditions.h"

struct es_status {
    ns_t refresh_time; /* whole seconds since 1970; 0: never */
    struct str synced_version;
    struct str binding; /* name of the Secret */
    bool has_binding;   /* the member is there */
    struct conditions conditions;
};

/* Views of the document. */
struct es_status es_status_parse(const struct json *status);
struct es_status es_status_copy(struct arena *a, const struct es_status *status);
/* {"status": {what differs}}, with metadata.uid as a guard against an object of the same name that
 * was made anew; NULL if nothing differs. */
struct json *es_status_patch(struct arena *a, const struct es_status *old,
                             const struct es_status *now, struct str uid);

#endif
