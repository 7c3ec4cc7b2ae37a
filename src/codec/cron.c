/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cron.h"

#include "base/datetime.h"
#include "base/gotext.h"
#include "base/num.h"

/* ---- parsing ---- */

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                          "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

/* In the order of the text. */
static const struct field {
    unsigned min;
    unsigned max;
    const char *const *names; /* of min and the following numbers, or NULL */
} fields[] = {
    {0, 59, NULL}, {0, 23, NULL}, {1, 31, NULL}, {1, 12, month_names}, {0, 6, weekday_names},
};

enum { FIELDS = COUNT_OF(fields) };

static const struct {
    const char *name;
    const char *spec;
} descriptors[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

/* Shortened for the text of an error. */
#define SHOWN(s) STR_ARG(str_head((s), 100))

static int parse_number(struct str s, unsigned *out, struct err **err)
{
    int64_t value;
    if (!num_parse_i64(s, &value)) {
        return err_set(
            err, ERR_INVALID,
            "failed to parse int from %.*s: strconv.Atoi: parsing \"%.*s\": invalid syntax",
            SHOWN(s), SHOWN(s));
    }
    if (value < 0) {
        return err_set(err, ERR_INVALID, "negative number (%lld) not allowed: %.*s",
                       (long long)value, SHOWN(s));
    }
    *out = (unsigned)MIN(value, (int64_t)1000000);
    return 0;
}

static int parse_value(struct str s, const struct field *field, unsigned *out, struct err **err)
{
    for (unsigned i = 0; field->names && field->names[i]; i++) {
        if (str_ieq(s, str_c(field->names[i]))) {
            *out = field->min + i;
            return 0;
        }
    }
    return parse_number(s, out, err);
}

/* Splits at the separator into at most two parts. Returns the number of parts, 3 for more. */
static size_t split(struct str s, char separator, struct str *first, struct str *second)
{
    size_t n = 0;
    *first = *second = STR_EMPTY;
    for (struct str part; n < 3 && str_split(&s, separator, &part); n++) {
        *(n == 0 ? first : second) = part;
    }
    return n;
}

struct range {
    unsigned start;
    unsigned end;
    unsigned step;
    bool star;
};

static int check_range(const struct range *r, const struct field *field, struct str text,
                       struct err **err)
{
    if (r->start < field->min) {
        return err_set(err, ERR_INVALID, "beginning of range (%u) below minimum (%u): %.*s",
                       r->start, field->min, SHOWN(text));
    }
    if (r->end > field->max) {
        return err_set(err, ERR_INVALID, "end of range (%u) above maximum (%u): %.*s", r->end,
                       field->max, SHOWN(text));
    }
    if (r->start > r->end) {
        return err_set(err, ERR_INVALID, "beginning of range (%u) beyond end of range (%u): %.*s",
                       r->start, r->end, SHOWN(text));
    }
    if (r->step == 0) {
        return err_set(err, ERR_INVALID, "step of range should be a positive number: %.*s",
                       SHOWN(text));
    }
    return 0;
}

/* LOW, LOW-HIGH or a star. */
static int parse_bounds(struct str text, struct str whole, const struct field *field,
                        struct range *r, bool *single, struct err **err)
{
    struct str low;
    struct str high;
    size_t parts = split(text, '-', &low, &high);
    *single = parts == 1;
    if (str_eq(low, STR("*")) || str_eq(low, STR("?"))) {
        r->start = field->min;
        r->end = field->max;
        r->star = true;
        return 0;
    }
    if (parse_value(low, field, &r->start, err) != 0) {
        return -1;
    }
    r->end = r->start;
    if (parts > 2) {
        return err_set(err, ERR_INVALID, "too many hyphens: %.*s", SHOWN(whole));
    }
    return parts == 2 ? parse_value(high, field, &r->end, err) : 0;
}

static int parse_range(struct str text, const struct field *field, uint64_t *set, bool *star,
                       struct err **err)
{
    struct range r = {.step = 1};
    struct str bounds;
    struct str step;
    bool single;
    size_t parts = split(text, '/', &bounds, &step);
    if (parse_bounds(bounds, text, field, &r, &single, err) != 0) {
        return -1;
    }
    if (parts > 2) {
        return err_set(err, ERR_INVALID, "too many slashes: %.*s", SHOWN(text));
    }
    if (parts == 2) {
        if (parse_number(step, &r.step, err) != 0) {
            return -1;
        }
        r.end = single ? field->max : r.end;
        r.star &= r.step <= 1;
    }
    if (check_range(&r, field, text, err) != 0) {
        return -1;
    }
    must(r.end < 64);
    for (unsigned i = r.start; i <= r.end; i += r.step) {
        *set |= (uint64_t)1 << i;
    }
    *star |= r.star;
    return 0;
}

static int parse_field(struct str text, const struct field *field, uint64_t *set, bool *star,
                       struct err **err)
{
    for (struct str part; str_split(&text, ',', &part);) {
        if (part.n > 0 && parse_range(part, field, set, star, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes the first word off the text; empty if there is none. */
static struct str take_word(struct str *s)
{
    size_t start = 0;
    while (start < s->n && is_space(s->p[start])) {
        start++;
    }
    size_t end = start;
    while (end < s->n && !is_space(s->p[end])) {
        end++;
    }
    struct str word = str_sub(*s, start, end);
    *s = str_from(*s, end);
    return word;
}

static int wrong_count(struct str spec, struct err **err)
{
    AUTO(buf_done) struct buf shown = BUF_INIT(200);
    size_t n = 0;
    for (struct str word; (word = take_word(&spec)).n > 0; n++) {
        buf_add_c(&shown, n > 0 ? " " : "");
        buf_add_str(&shown, word);
    }
    return err_set(err, ERR_INVALID, "expected exactly %d fields, found %zu: [%s]", FIELDS, n,
                   shown.p);
}

static int parse_fields(struct str spec, struct cron *out, struct err **err)
{
    struct cron c = {0};
    struct str words[FIELDS];
    struct str rest = spec;
    for (size_t i = 0; i < FIELDS; i++) {
        words[i] = take_word(&rest);
    }
    if (words[FIELDS - 1].n == 0 || take_word(&rest).n > 0) {
        return wrong_count(spec, err);
    }
    uint64_t *const sets[FIELDS] = {&c.minutes, &c.hours, &c.days, &c.months, &c.weekdays};
    bool stars[FIELDS] = {false};
    for (size_t i = 0; i < FIELDS; i++) {
        if (parse_field(words[i], &fields[i], sets[i], &stars[i], err) != 0) {
            return -1;
        }
    }
    c.any_day = stars[2];
    c.any_weekday = stars[4];
    *out = c;
    return 0;
}

static int parse_every(struct str text, struct cron *out, struct err **err)
{
    ns_t d;
    if (!go_parse_duration(text, &d)) {
        return err_set(err, ERR_INVALID, "failed to parse duration @every %.*s", SHOWN(text));
    }
    ns_t every = MAX(d - d % NS_S, NS_S);
    *out = (struct cron){.every = every};
    return 0;
}

int cron_parse(struct str spec, struct cron *out, struct err **err)
{
    if (spec.n == 0) {
        return err_set(err, ERR_INVALID, "empty spec string");
    }
    if (str_starts(spec, STR("TZ=")) || str_starts(spec, STR("CRON_TZ="))) {
        return err_set(err, ERR_INVALID, "a time zone is not supported: schedules are in UTC");
    }
    if (spec.p[0] != '@') {
        return parse_fields(spec, out, err);
    }
    for (size_t i = 0; i < COUNT_OF(descriptors); i++) {
        if (str_eq_c(spec, descriptors[i].name)) {
            return parse_fields(str_c(descriptors[i].spec), out, err);
        }
    }
    if (str_starts(spec, STR("@every "))) {
        return parse_every(str_from(spec, 7), out, err);
    }
    return err_set(err, ERR_INVALID, "unrecognized descriptor: %.*s", SHOWN(spec));
}

/* ---- the next time ---- */

static bool has(uint64_t set, int n)
{
    return set >> n & 1;
}

static bool day_matches(const struct cron *c, const struct datetime *t)
{
    bool day = has(c->days, t->day);
    bool weekday = has(c->weekdays, t->weekday);
    return has(c->months, t->month) &&
           (c->any_day || c->any_weekday ? day && weekday : day || weekday);
}

/* The first time on the day from hour:minute on, in minutes; -1 if there is none. */
static int first_minute(const struct cron *c, int hour, int minute)
{
    for (int h = hour; h < 24; h++) {
        for (int m = h == hour ? minute : 0; has(c->hours, h) && m < 60; m++) {
            if (has(c->minutes, m)) {
                return h * 60 + m;
            }
        }
    }
    return -1;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

bool cron_next(const struct cron *c, ns_t after, ns_t *next)
{
    int64_t second = floor_div(after, NS_S);
    if (c->every > 0) {
        return !__builtin_mul_overflow(second, NS_S, next) &&
               !__builtin_add_overflow(*next, c->every, next);
    }
    int64_t start = (floor_div(second, 60) + 1) * 60; /* the next whole minute */
    struct datetime t = datetime_from_unix(start);
    int last_year = datetime_from_unix(second + 1).year + 5;
    int hour = t.hour;
    int minute = t.minute;
    for (int64_t day = floor_div(start, 86400); t.year <= last_year; day++) {
        t = datetime_from_unix(day * 86400);
        int found = t.year <= last_year && day_matches(c, &t) ? first_minute(c, hour, minute) : -1;
        if (found >= 0) {
            return !__builtin_mul_overflow(day * 86400 + found * 60, NS_S, next);
        }
        hour = 0;
        minute = 0;
    }
    return false;
}
