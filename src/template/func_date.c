/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates. The local zone is UTC.
 */
#include "base/clock.h"
#include "base/datetime.h"
#include "base/gotext.h"
#include "codec/gonum.h"
#include "codec/goquote.h"
#include "template/func_lib.h"
#include "template/gotime.h"

static struct value v_time(struct work *w, struct gotime t)
{
    struct gotime *copy = arena_new(&w->arena, struct gotime);
    *copy = t;
    return (struct value){.kind = K_TIME, .time = copy};
}

/* A time, seconds since 1970, or now for anything else. */
static struct gotime time_of(struct value v)
{
    if (v.kind == K_TIME) {
        return *v.time;
    }
    if (v.kind == K_INT || v.kind == K_INT64) {
        return gotime_unix(v.i);
    }
    return gotime_now();
}

static struct value format(struct work *w, struct str layout, struct gotime t, struct str zone)
{
    if (!gotime_in(&t, zone)) {
        gotime_utc(&t);
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    gotime_format(&b, &t, layout);
    return result(w, &b);
}

FN(f_now)
{
    return v_time(w, gotime_now());
}

FN(f_date)
{
    return format(w, arg[0].s, time_of(arg[1]), STR("Local"));
}

FN(f_date_in_zone)
{
    return format(w, arg[0].s, time_of(arg[1]), arg[2].s);
}

FN(f_html_date)
{
    return format(w, STR("2006-01-02"), time_of(arg[0]), STR("Local"));
}

FN(f_html_date_in_zone)
{
    return format(w, STR("2006-01-02"), time_of(arg[0]), arg[1].s);
}

FN(f_date_modify)
{
    struct gotime t = *arg[1].time;
    ns_t by;
    if (go_parse_duration(arg[0].s, &by)) {
        gotime_add(&t, by);
    }
    return v_time(w, t);
}

/* Takes the characters off *s that are in the set (or are not). */
static struct str take_while(struct str *s, struct str set, bool in)
{
    size_t n = 0;
    while (n < s->n && (str_find_byte(set, s->p[n]) >= 0) == in) {
        n++;
    }
    struct str taken = str_head(*s, n);
    *s = str_from(*s, n);
    return taken;
}

static bool is_unit(struct str unit)
{
    AUTO(buf_done) struct buf one = BUF_INIT(WORK_MESSAGE_MAX);
    ns_t ignored;
    buf_addf(&one, "1%.*s", STR_ARG(unit));
    return go_parse_duration(buf_str(&one), &ignored);
}

/* Which of its three errors the original has for a text that is no duration. */
static struct value fail_duration(struct work *w, struct str text)
{
    AUTO(buf_done) struct buf quoted = BUF_INIT(WORK_MESSAGE_MAX);
    goquote(&quoted, text, GOQUOTE_PLAIN);
    struct str s = text;
    (void)take_while(&s, STR("+-"), true);
    while (s.n > 0 && take_while(&s, STR(".0123456789"), true).n > 0) {
        struct str unit = take_while(&s, STR(".0123456789"), false);
        if (unit.n == 0) {
            return fail_value(w, "time: missing unit in duration %.*s", STR_ARG(buf_str(&quoted)));
        }
        if (!is_unit(unit)) {
            AUTO(buf_done) struct buf name = BUF_INIT(WORK_MESSAGE_MAX);
            goquote(&name, unit, GOQUOTE_PLAIN);
            return fail_value(w, "time: unknown unit %.*s in duration %.*s",
                              STR_ARG(buf_str(&name)), STR_ARG(buf_str(&quoted)));
        }
    }
    return fail_value(w, "time: invalid duration %.*s", STR_ARG(buf_str(&quoted)));
}

FN(f_must_date_modify)
{
    ns_t by;
    if (!go_parse_duration(arg[0].s, &by)) {
        return fail_duration(w, arg[0].s);
    }
    return f_date_modify(w, arg, n);
}

static struct value duration_text(struct work *w, ns_t d)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    go_duration(&b, d);
    return result(w, &b);
}

FN(f_ago)
{
    struct gotime t = time_of(arg[0]);
    struct gotime now = gotime_now();
    ns_t since = gotime_since(&t, &now);
    ns_t rest = since % NS_S;
    since -= rest;
    if (rest >= NS_S / 2) {
        since += NS_S;
    } else if (rest <= -NS_S / 2) {
        since -= NS_S;
    }
    return duration_text(w, since);
}

FN(f_duration)
{
    int64_t seconds = 0;
    if (arg[0].kind == K_STRING) {
        (void)gonum_parse_int(arg[0].s, 10, &seconds);
    } else if (arg[0].kind == K_INT64) {
        seconds = arg[0].i;
    }
    return duration_text(w, (ns_t)((uint64_t)seconds * (uint64_t)NS_S));
}

FN(f_duration_round)
{
    static const struct {
        uint64_t size;
        const char *unit;
    } units[] = {
        {(uint64_t)NS_H * 24 * 365, "y"}, {(uint64_t)NS_H * 24 * 30, "mo"},
        {(uint64_t)NS_H * 24, "d"},       {(uint64_t)NS_H, "h"},
        {(uint64_t)NS_MIN, "m"},          {(uint64_t)NS_S, "s"},
    };
    ns_t d = 0;
    if (arg[0].kind == K_STRING) {
        if (!go_parse_duration(arg[0].s, &d)) {
            d = 0;
        }
    } else if (arg[0].kind == K_INT64) {
        d = arg[0].i;
    } else if (arg[0].kind == K_TIME) {
        struct gotime now = gotime_now();
        d = gotime_since(arg[0].time, &now);
    }
    uint64_t u = d < 0 ? 0 - (uint64_t)d : (uint64_t)d;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (u > units[i].size) {
            AUTO(buf_done) struct buf b = RESULT_BUF(w);
            buf_addf(&b, "%llu%s", (unsigned long long)(u / units[i].size), units[i].unit);
            return result(w, &b);
        }
    }
    return v_str(STR("0s"));
}

static struct value to_date(struct work *w, const struct value *arg, bool must_parse)
{
    AUTO(buf_done) struct buf problem = BUF_INIT_WIPE(WORK_MESSAGE_MAX);
    struct gotime t;
    if (gotime_parse(arg[0].s, arg[1].s, &t, &problem)) {
        return v_time(w, t);
    }
    if (must_parse) {
        return fail_value(w, "%s", problem.p);
    }
    return v_time(w, gotime_unix(datetime_days(1, 1, 1) * 86400));
}

FN(f_to_date)
{
    return to_date(w, arg, false);
}

FN(f_must_to_date)
{
    return to_date(w, arg, true);
}

FN(f_unix_epoch)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    buf_addf(&b, "%lld", (long long)arg[0].time->unix_s);
    return result(w, &b);
}

static const struct func rows[] = {
    {"ago", "a", "string", F_DATE, f_ago, "How long ago, in seconds.", 0},
    {"date", "sa", "string", F_DATE, f_date, "A time (or seconds since 1970) by a layout, in UTC.",
     0, 40},
    {"dateInZone", "sas", "string", F_DATE, f_date_in_zone, "A time by a layout, in a time zone.",
     1000, 40},
    {"dateModify", "sT", "time", F_DATE, f_date_modify,
     "The time moved by a duration such as -1h30m.", 0},
    {"date_in_zone", "sas", "string", F_DATE, f_date_in_zone, "As dateInZone.", 1000, 40},
    {"date_modify", "sT", "time", F_DATE, f_date_modify, "As dateModify.", 0},
    {"duration", "a", "string", F_DATE, f_duration, "Seconds as 1h1m1s.", 0},
    {"durationRound", "a", "string", F_DATE, f_duration_round,
     "A duration in its largest unit, cut.", 0},
    {"htmlDate", "a", "string", F_DATE, f_html_date, "A time as 2006-01-02.", 0},
    {"htmlDateInZone", "as", "string", F_DATE, f_html_date_in_zone,
     "A time as 2006-01-02, in a time zone.", 1000},
    {"mustDateModify", "sT", "time", F_DATE, f_must_date_modify,
     "As dateModify; a bad duration is an error.", 0},
    {"mustToDate", "ss", "time", F_DATE, f_must_to_date,
     "As toDate; what does not fit the layout is an error.", 0, 30},
    {"must_date_modify", "sT", "time", F_DATE, f_must_date_modify, "As mustDateModify.", 0},
    {"now", "", "time", F_DATE, f_now, "The time. It changes with every rendering.", 0},
    {"toDate", "ss", "time", F_DATE, f_to_date,
     "A time from text by a layout; year 1 if it does not fit.", 0, 30},
    {"unixEpoch", "T", "string", F_DATE, f_unix_epoch, "Seconds since 1970.", 0},
};
const struct func_table functions_date = FUNC_TABLE(rows);
