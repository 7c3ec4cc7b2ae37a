/* SPDX-License-Identifier: Apache-2.0
 *
 * refresh: when an ExternalSecret asks its vault again. Times are since 1970 (clock_real). Pure.
 */
#ifndef PAWL_SYNC_REFRESH_H
#define PAWL_SYNC_REFRESH_H

#include "sync/es_status.h"
#include "sync/spec.h"

enum refresh {
    REFRESH_NO,
    REFRESH_FORCED,  /* never synced, or its spec, labels or annotations have changed since */
    REFRESH_ELAPSED, /* the interval is over */
    REFRESH_BLOCKED, /* the interval is over, and sync windows say not now */
};

/* version: what syncedResourceVersion would be now. With refreshInterval 0 and after the first sync
 * the answer is REFRESH_NO whatever has changed: so does External Secrets Operator. */
enum refresh refresh_due(const struct es_spec *spec, const struct es_status *status,
                         struct str version, ns_t now);
/* How long until the interval is over, 0 if it is; -1: there is nothing to wait for. */
ns_t refresh_wait(const struct es_spec *spec, const struct es_status *status, ns_t now);

#endif
