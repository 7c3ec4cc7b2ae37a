/* SPDX-License-Identifier: Apache-2.0
 *
 * pause: a Deployment with the annotation pause-period is paused when it is moved, so that further
 * changes within the period join the same rollout. Everything needed to end the pause stands on the
 * Deployment (paused-at, pause-period), so it ends also when Pawl was restarted in between, when
 * the annotation pause-period has gone, or when the times cannot be read. A Deployment that a user
 * has paused (no paused-at) is never resumed. Pure.
 */
#ifndef PAWL_RELOAD_PAUSE_H
#define PAWL_RELOAD_PAUSE_H

#include "reload/strategy.h"

enum pause_state {
    PAUSE_NONE,  /* not paused */
    PAUSE_OURS,  /* until `due` */
    PAUSE_USER,  /* by somebody else */
    PAUSE_STALE, /* resumed by hand: our mark has to go */
};

struct pause {
    enum pause_state state;
    ns_t due; /* clock_real; in the past: now */
};

struct pause pause_of(const struct workload *w, ns_t now);
/* The period that a move must begin with. 0: none is wanted; -1 and ERR_INVALID: there is one, and
 * it is no duration: the move is done without a pause and the text told to the user. */
int pause_wanted(const struct workload *w, ns_t *period, struct err **err);
/* Ends our pause, or removes a stale mark. It has tests for what it changes, so that a pause that
 * the user has taken over meanwhile is left alone. */
void pause_patch_end(const struct workload *w, const char *paused_at_key, struct patch *out);

#endif
