/* SPDX-License-Identifier: Apache-2.0
 *
 * gotime: points in time as Go's package time has them: with an offset and a zone's name, printed
 * and read by layouts ("2006-01-02 15:04:05").
 */
#ifndef PAWL_TEMPLATE_GOTIME_H
#define PAWL_TEMPLATE_GOTIME_H

#include "base/buf.h"

enum { GOTIME_ZONE_NAME = 16 };

struct gotime {
    int64_t unix_s;
    int32_t nano;
    int32_t offset;              /* seconds east of UTC */
    char zone[GOTIME_ZONE_NAME]; /* "UTC", "CET"; empty for a bare offset */
    bool local;                  /* in the local zone, which is UTC: %#v tells it from UTC */
    bool has_mono;               /* made by now: printing shows the monotonic clock */
    int64_t mono;
};

struct gotime gotime_now(void);
/* In UTC. */
struct gotime gotime_unix(int64_t seconds);
/* The same moment in a zone of the time zone database; false (and unchanged) if there is none. */
bool gotime_in(struct gotime *t, struct str zone);
void gotime_utc(struct gotime *t);
void gotime_add(struct gotime *t, ns_t by);
/* Carries months and days as Go's AddDate. */
void gotime_add_date(struct gotime *t, int64_t years, int64_t months, int64_t days);
/* b - a, clamped to what ns_t holds. */
ns_t gotime_since(const struct gotime *a, const struct gotime *b);
int gotime_compare(const struct gotime *a, const struct gotime *b);
bool gotime_same(const struct gotime *a, const struct gotime *b);
/* Calendar fields in the time's own zone. */
struct datetime gotime_fields(const struct gotime *t);

void gotime_format(struct buf *out, const struct gotime *t, struct str layout);
/* "2024-05-06 00:00:00 +0000 UTC", with m=+1.5 for now. */
void gotime_string(struct buf *out, const struct gotime *t);
void gotime_go_string(struct buf *out, const struct gotime *t);
void gotime_month_name(struct buf *out, int64_t month);
void gotime_weekday_name(struct buf *out, int64_t weekday);
/* False with Go's text in `problem`: parsing time "x" as "2006": cannot parse ... */
bool gotime_parse(struct str layout, struct str text, struct gotime *out, struct buf *problem);

#endif
