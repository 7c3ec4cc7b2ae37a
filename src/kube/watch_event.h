/* SPDX-License-Identifier: Apache-2.0
 *
 * watch_event: one event of a watch, taken apart. Pure.
 */
#ifndef PAWL_KUBE_WATCH_EVENT_H
#define PAWL_KUBE_WATCH_EVENT_H

#include "base/arena.h"
#include "base/err.h"
#include "codec/json.h"

enum watch_event_type {
    WATCH_CHANGED, /* ADDED or MODIFIED: which of the two depends on what one knows already */
    WATCH_DELETED,
    WATCH_BOOKMARK,
};

struct watch_event {
    enum watch_event_type type;
    const struct json *object; /* of a bookmark: nothing but a version */
    struct str version;        /* where to go on after this event; never empty */
    bool initial_end;          /* the bookmark at the end of the initial events */
};

/* An ERROR event is an error: its Status, ERR_GONE for a version that is too old. ERR_PARSE for
 * anything that is no event. The arena takes the causes of a Status. */
int watch_event_read(struct arena *a, const struct json *event, struct watch_event *out,
                     struct err **err) MUST_USE;

#endif
