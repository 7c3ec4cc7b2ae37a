/* SPDX-License-Identifier: Apache-2.0
 *
 * window: sync windows. A window is open from each time of its schedule for its duration, both ends
 * included. A schedule or duration that cannot be read is a window that never opens. Pure.
 *
 * External Secrets Operator gives "@every 1h" no beginning, so that such a window is always or
 * never open; here it opens at the full multiples of the period since 1970.
 */
#ifndef PAWL_SYNC_WINDOW_H
#define PAWL_SYNC_WINDOW_H

#include "sync/spec.h"

/* Kind allow: at least one window is open. Kind deny: none is. True without sync windows. now:
 * since 1970. */
bool windows_open(const struct es_spec *spec, ns_t now);

#endif
