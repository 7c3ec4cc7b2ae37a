/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/window.h"

#include "codec/cron.h"

static bool window_open(const struct sync_window *w, ns_t now)
{
    struct cron cron;
    ns_t opened;
    if (w->duration < 0 || cron_parse(w->schedule, &cron, NULL) < 0) {
        return false;
    }
    if (cron.every > 0) {
        return now % cron.every <= w->duration;
    }
    return cron_next(&cron, now - w->duration - 1, &opened) && opened <= now;
}

bool windows_open(const struct es_spec *spec, ns_t now)
{
    bool any = false;
    if (!spec->has_windows) {
        return true;
    }
    for (size_t i = 0; i < spec->n_windows; i++) {
        any = any || window_open(&spec->windows[i], now);
    }
    return any == spec->windows_allow;
}
