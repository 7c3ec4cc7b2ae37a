/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/refresh.h"

#include "sync/window.h"

static enum refresh periodic(const struct es_spec *spec, const struct es_status *status,
                             struct str version, ns_t now)
{
    if (spec->refresh_interval <= 0 && status->synced_version.n) {
        return REFRESH_NO;
    }
    if (!str_eq(status->synced_version, version) || !status->refresh_time ||
        status->refresh_time > now) {
        return REFRESH_FORCED;
    }
    if (refresh_wait(spec, status, now) > 0) {
        return REFRESH_NO;
    }
    return windows_open(spec, now) ? REFRESH_ELAPSED : REFRESH_BLOCKED;
}

enum refresh refresh_due(const struct es_spec *spec, const struct es_status *status,
                         struct str version, ns_t now)
{
    bool never = !status->synced_version.n || !status->refresh_time;
    switch (spec->refresh_policy) {
    case REFRESH_CREATED_ONCE:
        return never ? REFRESH_FORCED : REFRESH_NO;
    case REFRESH_ON_CHANGE:
        return never || !str_eq(status->synced_version, version) ? REFRESH_FORCED : REFRESH_NO;
    case REFRESH_PERIODIC:
        break;
    }
    return periodic(spec, status, version, now);
}

ns_t refresh_wait(const struct es_spec *spec, const struct es_status *status, ns_t now)
{
    if (spec->refresh_interval <= 0 || spec->refresh_policy != REFRESH_PERIODIC) {
        return -1;
    }
    ns_t end;
    if (status->refresh_time > now ||
        __builtin_add_overflow(status->refresh_time, spec->refresh_interval, &end)) {
        return 0;
    }
    return end >= now ? end - now + 1 : 0;
}
