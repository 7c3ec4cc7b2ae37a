/* SPDX-License-Identifier: Apache-2.0
 *
 * datetime: the proleptic Gregorian calendar in UTC, and RFC 3339. No time zones database, no
 * locale, no static state. Years 0 to 9999.
 */
#ifndef PAWL_BASE_DATETIME_H
#define PAWL_BASE_DATETIME_H

#include "base/str.h"

struct datetime {
    int year;
    int month;  /* 1 to 12 */
    int day;    /* 1 to 31 */
    int hour;   /* 0 to 23 */
    int minute; /* 0 to 59 */
    int second; /* 0 to 59 */
    int nano;
    int weekday; /* 0 = Sunday; output only */
    int yearday; /* 1 to 366; output only */
};

#define RFC3339_SIZE 40

/* Seconds since 1970-01-01T00:00:00Z to calendar and back; any int64 in a sane range. */
struct datetime datetime_from_unix(int64_t seconds);
int64_t datetime_to_unix(const struct datetime *t);
/* Days since 1970-01-01 of a calendar day; month may be out of 1..12 and is carried. */
int64_t datetime_days(int year, int month, int day);

/* "2006-01-02T15:04:05Z", whole seconds (what Kubernetes calls Time). */
const char *rfc3339_format(ns_t real, char out[RFC3339_SIZE]);
/* "2006-01-02T15:04:05.000000Z", exactly six decimals (MicroTime, kubernetes.md 8.1). */
const char *rfc3339_format_micro(ns_t real, char out[RFC3339_SIZE]);
/* Any number of decimals (cut to nanoseconds), Z or a numeric offset; upper-case T and Z as Go.
 * False on anything else. Times that do not fit ns_t (before 1678, after 2262) are false too. */
bool rfc3339_parse(struct str s, ns_t *out);

#endif
