/* SPDX-License-Identifier: Apache-2.0 */
#include "template/gotime_layout.h"

const char *const month_names[12] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
const char *const weekday_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};

/* Longest first where one is the beginning of another. */
static const struct {
    struct str text;
    enum element element;
    struct offset_form offset;
    bool no_lower_after; /* not an element when a lower-case letter follows */
} elements[] = {
    {STR_INIT("January"), EL_LONG_MONTH, {0}, false},
    {STR_INIT("Jan"), EL_MONTH, {0}, true},
    {STR_INIT("Monday"), EL_LONG_WEEKDAY, {0}, false},
    {STR_INIT("Mon"), EL_WEEKDAY, {0}, true},
    {STR_INIT("MST"), EL_ZONE_NAME, {0}, false},
    {STR_INIT("002"), EL_ZERO_YEARDAY, {0}, false},
    {STR_INIT("01"), EL_ZERO_MONTH, {0}, false},
    {STR_INIT("02"), EL_ZERO_DAY, {0}, false},
    {STR_INIT("03"), EL_ZERO_HOUR12, {0}, false},
    {STR_INIT("04"), EL_ZERO_MINUTE, {0}, false},
    {STR_INIT("05"), EL_ZERO_SECOND, {0}, false},
    {STR_INIT("06"), EL_YEAR, {0}, false},
    {STR_INIT("15"), EL_HOUR, {0}, false},
    {STR_INIT("1"), EL_NUM_MONTH, {0}, false},
    {STR_INIT("2006"), EL_LONG_YEAR, {0}, false},
    {STR_INIT("2"), EL_DAY, {0}, false},
    {STR_INIT("__2"), EL_UNDER_YEARDAY, {0}, false},
    {STR_INIT("_2"), EL_UNDER_DAY, {0}, false},
    {STR_INIT("3"), EL_HOUR12, {0}, false},
    {STR_INIT("4"), EL_MINUTE, {0}, false},
    {STR_INIT("5"), EL_SECOND, {0}, false},
    {STR_INIT("PM"), EL_PM, {0}, false},
    {STR_INIT("pm"), EL_PM_LOWER, {0}, false},
    {STR_INIT("-070000"), EL_OFFSET, {false, false, 3}, false},
    {STR_INIT("-07:00:00"), EL_OFFSET, {false, true, 3}, false},
    {STR_INIT("-0700"), EL_OFFSET, {false, false, 2}, false},
    {STR_INIT("-07:00"), EL_OFFSET, {false, true, 2}, false},
    {STR_INIT("-07"), EL_OFFSET, {false, false, 1}, false},
    {STR_INIT("Z070000"), EL_OFFSET, {true, false, 3}, false},
    {STR_INIT("Z07:00:00"), EL_OFFSET, {true, true, 3}, false},
    {STR_INIT("Z0700"), EL_OFFSET, {true, false, 2}, false},
    {STR_INIT("Z07:00"), EL_OFFSET, {true, true, 2}, false},
    {STR_INIT("Z07"), EL_OFFSET, {true, false, 1}, false},
};

static bool is_digit(struct str s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* .000 or ,999: equal digits, and no other digit after them. */
static bool fraction(struct str s, struct piece *piece)
{
    if (s.n < 2 || (s.p[0] != '.' && s.p[0] != ',') || (s.p[1] != '0' && s.p[1] != '9')) {
        return false;
    }
    size_t end = 1;
    while (end < s.n && s.p[end] == s.p[1]) {
        end++;
    }
    if (is_digit(s, end)) {
        return false;
    }
    piece->element = s.p[1] == '0' ? EL_FRACTION_0 : EL_FRACTION_9;
    piece->digits = (int)MIN(end - 1, (size_t)1000);
    piece->separator = s.p[0];
    piece->text = str_head(s, end);
    return true;
}

static bool element_at(struct str s, struct piece *piece)
{
    for (size_t i = 0; i < COUNT_OF(elements); i++) {
        if (!str_starts(s, elements[i].text)) {
            continue;
        }
        struct str after = str_from(s, elements[i].text.n);
        if (elements[i].no_lower_after && after.n > 0 && after.p[0] >= 'a' && after.p[0] <= 'z') {
            continue;
        }
        piece->element = elements[i].element;
        piece->offset = elements[i].offset;
        piece->text = str_head(s, elements[i].text.n);
        return true;
    }
    return fraction(s, piece);
}

/* Is it worth a look? Long layouts consist of other characters. */
static bool can_begin(char c)
{
    switch (c) {
    case 'J':
    case 'M':
    case 'P':
    case 'p':
    case 'Z':
    case '_':
    case '-':
    case '.':
    case ',':
        return true;
    default:
        return c >= '0' && c <= '9';
    }
}

struct piece layout_next(struct str *layout)
{
    struct str s = *layout;
    struct piece piece = {.element = EL_NONE};
    for (size_t i = 0; i < s.n; i++) {
        if (!can_begin(s.p[i])) {
            continue;
        }
        struct str here = str_from(s, i);
        if (str_starts(here, STR("_2006"))) { /* an underscore and the year */
            continue;
        }
        if (element_at(here, &piece)) {
            piece.literal = str_head(s, i);
            *layout = str_from(here, piece.text.n);
            return piece;
        }
    }
    piece.literal = s;
    *layout = str_from(s, s.n);
    return piece;
}
