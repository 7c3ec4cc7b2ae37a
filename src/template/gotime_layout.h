/* SPDX-License-Identifier: Apache-2.0
 *
 * gotime_layout: cuts a layout into literal text and elements. Used by gotime.c and gotime_parse.c.
 */
#ifndef PAWL_TEMPLATE_GOTIME_LAYOUT_H
#define PAWL_TEMPLATE_GOTIME_LAYOUT_H

#include "base/str.h"

enum element {
    EL_NONE, /* the rest is literal */
    EL_YEAR,
    EL_LONG_YEAR,
    EL_MONTH,      /* Jan */
    EL_LONG_MONTH, /* January */
    EL_NUM_MONTH,
    EL_ZERO_MONTH,
    EL_WEEKDAY,
    EL_LONG_WEEKDAY,
    EL_DAY,
    EL_UNDER_DAY,
    EL_ZERO_DAY,
    EL_UNDER_YEARDAY,
    EL_ZERO_YEARDAY,
    EL_HOUR,
    EL_HOUR12,
    EL_ZERO_HOUR12,
    EL_MINUTE,
    EL_ZERO_MINUTE,
    EL_SECOND,
    EL_ZERO_SECOND,
    EL_PM,
    EL_PM_LOWER,
    EL_ZONE_NAME,
    EL_FRACTION_0, /* exact digits */
    EL_FRACTION_9, /* trailing zeros cut */
    EL_OFFSET,     /* everything from here on: offsets, see offset_form */
};

struct offset_form {
    bool z;     /* Z for UTC */
    bool colon; /* hh:mm */
    int parts;  /* 1 hours, 2 and minutes, 3 and seconds */
};

struct piece {
    struct str literal; /* before the element */
    struct str text;    /* the element as written */
    enum element element;
    struct offset_form offset;
    int digits; /* of a fraction */
    char separator;
};

extern const char *const month_names[12];
extern const char *const weekday_names[7];

/* Takes the next piece off the layout. */
struct piece layout_next(struct str *layout);

#endif
