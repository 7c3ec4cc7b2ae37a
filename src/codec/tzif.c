/* SPDX-License-Identifier: Apache-2.0
 *
 * A file has a block with 32-bit times and, from version 2 on, a second one with 64-bit times and a
 * footer, which are all that is used then. The footer's rule is kept as the offsets of standard and
 * daylight time and the two moments of the year at which they change.
 */
#include "codec/tzif.h"

#include "base/datetime.h"

struct moment {
    enum { MOMENT_JULIAN, MOMENT_DAY, MOMENT_WEEKDAY } kind;
    int day; /* 1..365, 0..365, or weekday 0..6 */
    int week;
    int month;
    int32_t time; /* seconds from midnight, local */
};

struct rule {
    bool present;
    bool has_dst;
    struct tzif_local standard;
    struct tzif_local daylight;
    struct moment start;
    struct moment end;
};

struct tzif {
    size_t n_times;
    int64_t *times;
    uint8_t *indexes; /* of types */
    size_t n_types;
    struct tzif_local *types;
    struct rule rule;
};

struct header {
    char version;
    size_t n_utc, n_std, n_leap, n_times, n_types, n_chars;
};

static uint32_t be32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static int64_t be_time(const char *p, size_t size)
{
    if (size == 4) {
        return (int32_t)be32(p);
    }
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

enum { HEADER_SIZE = 44 };

static bool read_header(struct str s, struct header *h)
{
    if (s.n < HEADER_SIZE || !str_starts(s, STR("TZif"))) {
        return false;
    }
    h->version = s.p[4];
    h->n_utc = be32(s.p + 20);
    h->n_std = be32(s.p + 24);
    h->n_leap = be32(s.p + 28);
    h->n_times = be32(s.p + 32);
    h->n_types = be32(s.p + 36);
    h->n_chars = be32(s.p + 40);
    const size_t ceiling = TZIF_MAX;
    return h->n_utc <= ceiling && h->n_std <= ceiling && h->n_leap <= ceiling &&
           h->n_times <= ceiling && h->n_types <= 256 && h->n_chars <= ceiling;
}

static size_t block_size(const struct header *h, size_t time_size)
{
    return h->n_times * (time_size + 1) + h->n_types * 6 + h->n_chars +
           h->n_leap * (time_size + 4) + h->n_std + h->n_utc;
}

static bool read_types(struct tzif *tz, const struct header *h, const char *types,
                       const char *chars)
{
    for (size_t i = 0; i < h->n_types; i++) {
        const char *p = types + 6 * i;
        struct tzif_local *type = &tz->types[i];
        size_t at = (unsigned char)p[5];
        if (at >= h->n_chars) {
            return false;
        }
        type->offset = (int32_t)be32(p);
        type->dst = p[4] != 0;
        for (size_t k = 0; k + 1 < TZIF_ABBREVIATION && at + k < h->n_chars && chars[at + k]; k++) {
            type->abbreviation[k] = chars[at + k];
        }
    }
    return true;
}

static bool read_block(struct tzif *tz, const struct header *h, struct str s, size_t time_size)
{
    if (s.n < block_size(h, time_size) || h->n_types == 0) {
        return false;
    }
    const char *indexes = s.p + h->n_times * time_size;
    const char *types = indexes + h->n_times;
    tz->n_times = h->n_times;
    tz->times = xcalloc(h->n_times + 1, sizeof(*tz->times));
    tz->indexes = xcalloc(h->n_times + 1, 1);
    tz->n_types = h->n_types;
    tz->types = xcalloc(h->n_types, sizeof(*tz->types));
    for (size_t i = 0; i < h->n_times; i++) {
        tz->times[i] = be_time(s.p + i * time_size, time_size);
        tz->indexes[i] = (uint8_t)indexes[i];
        if (tz->indexes[i] >= h->n_types || (i > 0 && tz->times[i] < tz->times[i - 1])) {
            return false;
        }
    }
    return read_types(tz, h, types, types + h->n_types * 6);
}

/* ---- the footer, e.g. CET-1CEST,M3.5.0,M10.5.0/3 ---- */

static bool take_byte(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) {
        return false;
    }
    *s = str_from(*s, 1);
    return true;
}

static bool take_int(struct str *s, int max, int *out)
{
    int v = 0;
    size_t i = 0;
    while (i < s->n && s->p[i] >= '0' && s->p[i] <= '9') {
        v = v * 10 + (s->p[i++] - '0');
        if (v > max) {
            return false;
        }
    }
    *s = str_from(*s, i);
    *out = v;
    return i > 0;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct str *s, int32_t *out)
{
    bool negative = take_byte(s, '-');
    if (!negative) {
        (void)take_byte(s, '+');
    }
    int hour;
    int minute = 0;
    int second = 0;
    if (!take_int(s, 24 * 7, &hour) || (take_byte(s, ':') && !take_int(s, 59, &minute)) ||
        (take_byte(s, ':') && !take_int(s, 59, &second))) {
        return false;
    }
    *out = (hour * 60 + minute) * 60 + second;
    *out = negative ? -*out : *out;
    return true;
}

static bool take_abbreviation(struct str *s, char out[TZIF_ABBREVIATION])
{
    bool quoted = take_byte(s, '<');
    size_t n = 0;
    while (n < s->n) {
        char c = s->p[n];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (quoted ? c == '>' : !letter) {
            break;
        }
        n++;
    }
    if (n < 3 || n >= TZIF_ABBREVIATION) {
        return false;
    }
    memcpy(out, s->p, n);
    out[n] = '\0';
    *s = str_from(*s, n);
    return !quoted || take_byte(s, '>');
}

static bool take_moment(struct str *s, struct moment *m)
{
    if (!take_byte(s, ',')) {
        return false;
    }
    if (take_byte(s, 'M')) {
        m->kind = MOMENT_WEEKDAY;
        if (!take_int(s, 12, &m->month) || m->month < 1 || !take_byte(s, '.') ||
            !take_int(s, 5, &m->week) || m->week < 1 || !take_byte(s, '.') ||
            !take_int(s, 6, &m->day)) {
            return false;
        }
    } else {
        m->kind = take_byte(s, 'J') ? MOMENT_JULIAN : MOMENT_DAY;
        if (!take_int(s, 365, &m->day)) {
            return false;
        }
    }
    m->time = 2 * 3600;
    return !take_byte(s, '/') || take_time(s, &m->time);
}

static bool read_rule(struct rule *r, struct str s)
{
    int32_t west;
    if (!take_abbreviation(&s, r->standard.abbreviation) || !take_time(&s, &west)) {
        return false;
    }
    r->standard.offset = -west;
    r->present = true;
    if (s.n == 0) {
        return true;
    }
    r->has_dst = true;
    r->daylight.dst = true;
    r->daylight.offset = r->standard.offset + 3600;
    if (!take_abbreviation(&s, r->daylight.abbreviation)) {
        return false;
    }
    if (s.n > 0 && s.p[0] != ',') {
        if (!take_time(&s, &west)) {
            return false;
        }
        r->daylight.offset = -west;
    }
    return take_moment(&s, &r->start) && take_moment(&s, &r->end) && s.n == 0;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Seconds since 1970 in the local time of the side before the change. */
static int64_t moment_in(const struct moment *m, int year)
{
    int64_t day;
    if (m->kind == MOMENT_WEEKDAY) {
        int64_t first = datetime_days(year, m->month, 1);
        int64_t next = datetime_days(year, m->month + 1, 1);
        int weekday = (int)(((first + 4) % 7 + 7) % 7);
        day = first + (m->day - weekday + 7) % 7 + 7 * (int64_t)(m->week - 1);
        if (day >= next) {
            day -= 7;
        }
    } else {
        day = datetime_days(year, 1, 1) + m->day;
        if (m->kind == MOMENT_JULIAN) {
            day += -1 + (is_leap(year) && m->day >= 60);
        }
    }
    return day * 86400 + m->time;
}

static const struct tzif_local *rule_at(const struct rule *r, int64_t t)
{
    if (!r->has_dst) {
        return &r->standard;
    }
    struct datetime local = datetime_from_unix(t + r->standard.offset);
    int64_t start = moment_in(&r->start, local.year) - r->standard.offset;
    int64_t end = moment_in(&r->end, local.year) - r->daylight.offset;
    bool dst = start < end ? t >= start && t < end : t >= start || t < end;
    return dst ? &r->daylight : &r->standard;
}

/* ---- */

static struct tzif *parse(struct str bytes)
{
    struct header h;
    if (bytes.n > TZIF_MAX || !read_header(bytes, &h)) {
        return NULL;
    }
    struct str rest = str_from(bytes, HEADER_SIZE);
    size_t time_size = 4;
    if (h.version >= '2') {
        size_t skip = block_size(&h, 4);
        if (skip > rest.n || !read_header(str_from(rest, skip), &h)) {
            return NULL;
        }
        rest = str_from(rest, skip + HEADER_SIZE);
        time_size = 8;
    }
    struct tzif *tz = xcalloc(1, sizeof(*tz));
    if (!read_block(tz, &h, rest, time_size)) {
        tzif_free(tz);
        return NULL;
    }
    struct str footer = str_from(rest, block_size(&h, time_size));
    struct str rule = str_trim(footer);
    if (time_size == 8 && rule.n > 0 && !read_rule(&tz->rule, rule)) {
        tz->rule.present = false;
    }
    return tz;
}

struct tzif *tzif_parse(struct str bytes, struct err **err)
{
    struct tzif *tz = parse(bytes);
    if (!tz) {
        err_set(err, ERR_PARSE, "malformed time zone data");
    }
    return tz;
}

void tzif_free(struct tzif *tz)
{
    if (tz) {
        free(tz->times);
        free(tz->indexes);
        free(tz->types);
        free(tz);
    }
}

void tzif_freep(struct tzif **tz)
{
    tzif_free(*tz);
}

/* Before the first transition: the first standard time. */
static const struct tzif_local *first_type(const struct tzif *tz)
{
    for (size_t i = 0; i < tz->n_types; i++) {
        if (!tz->types[i].dst) {
            return &tz->types[i];
        }
    }
    return &tz->types[0];
}

void tzif_lookup(const struct tzif *tz, int64_t t, struct tzif_local *out)
{
    size_t low = 0;
    size_t high = tz->n_times;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (tz->times[mid] <= t) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    if (low == tz->n_times && tz->rule.present) {
        *out = *rule_at(&tz->rule, t);
    } else {
        *out = low == 0 ? *first_type(tz) : tz->types[tz->indexes[low - 1]];
    }
}
