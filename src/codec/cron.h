/* SPDX-License-Identifier: Apache-2.0
 *
 * cron: schedules as the standard parser of robfig/cron v3 reads them, in UTC.
 *
 * Five fields: minute, hour, day of month, month, day of week, each a list of numbers, ranges
 * (1-5), steps (a/n, a-b/n) and, for months and days of week, three-letter names. Sunday is 0; 7 is
 * refused. "?" is the same as "*". If both day fields are restricted, a day that matches one of
 * them is enough; a star (without a step) in one leaves the choice to the other. Or a descriptor:
 * @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @every 1h30m. Time zone
 * prefixes are refused.
 *
 * Pure: no I/O, no clock.
 */
#ifndef PAWL_CODEC_CRON_H
#define PAWL_CODEC_CRON_H

#include "base/err.h"

/* Sets of numbers: bit n for n. */
struct cron {
    uint64_t minutes;
    uint64_t hours;
    uint64_t days; /* of the month */
    uint64_t months;
    uint64_t weekdays;
    bool any_day;     /* the day of month is a star */
    bool any_weekday; /* the day of week is a star */
    ns_t every;       /* for @every, whole seconds; else 0, and the above counts */
};

/* The text of an error is the original's ("end of range (7) above maximum (6): 7"). */
int cron_parse(struct str spec, struct cron *out, struct err **err);
/* The first time of the schedule after `after` (both since the Unix epoch). False if there is none
 * up to the end of the fifth year ahead (the 31st of February). @every counts from `after` itself,
 * less its fraction of a second. */
bool cron_next(const struct cron *c, ns_t after, ns_t *next);

#endif
