/* SPDX-License-Identifier: Apache-2.0
 *
 * The methods of times, durations and versions that templates can reach as .Name.
 */
#include "base/datetime.h"
#include "base/gotext.h"
#include "codec/semver.h"
#include "template/func_lib.h"
#include "template/gotime.h"

static struct value v_time(struct work *w, struct gotime t)
{
    struct gotime *copy = arena_new(&w->arena, struct gotime);
    *copy = t;
    return (struct value){.kind = K_TIME, .time = copy};
}

FN(m_string)
{
    return v_str(gofmt_text(w, arg[0]));
}

FN(m_format)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    gotime_format(&b, arg[0].time, arg[1].s);
    return result(w, &b);
}

FN(m_unix)
{
    return v_int64(arg[0].time->unix_s);
}

FN(m_unix_milli)
{
    return v_int64(
        (int64_t)((uint64_t)arg[0].time->unix_s * 1000 + (uint64_t)(arg[0].time->nano / 1000000)));
}

FN(m_unix_nano)
{
    return v_int64(
        (int64_t)((uint64_t)arg[0].time->unix_s * (uint64_t)NS_S + (uint64_t)arg[0].time->nano));
}

FN(m_year)
{
    return v_int(gotime_fields(arg[0].time).year);
}

FN(m_month)
{
    return v_of_int(K_MONTH, gotime_fields(arg[0].time).month);
}

FN(m_day)
{
    return v_int(gotime_fields(arg[0].time).day);
}

FN(m_hour)
{
    return v_int(gotime_fields(arg[0].time).hour);
}

FN(m_minute)
{
    return v_int(gotime_fields(arg[0].time).minute);
}

FN(m_second)
{
    return v_int(gotime_fields(arg[0].time).second);
}

FN(m_nanosecond)
{
    return v_int(arg[0].time->nano);
}

FN(m_weekday)
{
    return v_of_int(K_WEEKDAY, gotime_fields(arg[0].time).weekday);
}

FN(m_year_day)
{
    return v_int(gotime_fields(arg[0].time).yearday);
}

FN(m_utc)
{
    struct gotime t = *arg[0].time;
    gotime_utc(&t);
    return v_time(w, t);
}

FN(m_add)
{
    struct gotime t = *arg[0].time;
    gotime_add(&t, arg[1].i);
    return v_time(w, t);
}

FN(m_add_date)
{
    struct gotime t = *arg[0].time;
    gotime_add_date(&t, arg[1].i, arg[2].i, arg[3].i);
    return v_time(w, t);
}

FN(m_before)
{
    return v_bool(gotime_compare(arg[0].time, arg[1].time) < 0);
}

FN(m_after)
{
    return v_bool(gotime_compare(arg[0].time, arg[1].time) > 0);
}

FN(m_time_equal)
{
    return v_bool(gotime_compare(arg[0].time, arg[1].time) == 0);
}

FN(m_sub)
{
    return v_of_int(K_DURATION, gotime_since(arg[1].time, arg[0].time));
}

FN(m_is_zero)
{
    return v_bool(arg[0].time->unix_s == datetime_days(1, 1, 1) * 86400 && arg[0].time->nano == 0);
}

FN(m_hours)
{
    return v_float((double)arg[0].i / (double)NS_H);
}

FN(m_minutes)
{
    return v_float((double)arg[0].i / (double)NS_MIN);
}

FN(m_seconds)
{
    return v_float((double)arg[0].i / (double)NS_S);
}

FN(m_milliseconds)
{
    return v_int64(arg[0].i / NS_MS);
}

/* ---- versions ---- */

FN(m_major)
{
    return v_of_int(K_UINT64, (int64_t)arg[0].semver->major);
}

FN(m_minor)
{
    return v_of_int(K_UINT64, (int64_t)arg[0].semver->minor);
}

FN(m_patch)
{
    return v_of_int(K_UINT64, (int64_t)arg[0].semver->patch);
}

FN(m_prerelease)
{
    return v_str(arg[0].semver->pre);
}

FN(m_metadata)
{
    return v_str(arg[0].semver->metadata);
}

FN(m_original)
{
    return v_str(arg[0].semver->original);
}

static struct value raised(struct work *w, uint64_t major, uint64_t minor, uint64_t patch,
                           struct str original)
{
    struct semver *v = arena_new(&w->arena, struct semver);
    *v = (struct semver){.major = major, .minor = minor, .patch = patch};
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    buf_add_c(&b, original.n > 0 && original.p[0] == 'v' ? "v" : "");
    semver_print(&b, v);
    v->original = work_take(w, &b);
    return (struct value){.kind = K_SEMVER, .semver = v};
}

FN(m_inc_major)
{
    return raised(w, arg[0].semver->major + 1, 0, 0, arg[0].semver->original);
}

FN(m_inc_minor)
{
    const struct semver *v = arg[0].semver;
    return raised(w, v->major, v->minor + 1, 0, v->original);
}

/* A pre-release is raised to its release. */
FN(m_inc_patch)
{
    const struct semver *v = arg[0].semver;
    return raised(w, v->major, v->minor, v->patch + (v->pre.n == 0), v->original);
}

static bool compare(struct work *w, const struct value *arg, int *order)
{
    if (!arg[1].semver) {
        (void)fail_nil(w);
        return false;
    }
    int o = semver_compare(arg[0].semver, arg[1].semver);
    *order = (o > 0) - (o < 0);
    return true;
}

FN(m_compare)
{
    int order;
    return compare(w, arg, &order) ? v_int(order) : NIL;
}

FN(m_less)
{
    int order;
    return compare(w, arg, &order) ? v_bool(order < 0) : NIL;
}

FN(m_greater)
{
    int order;
    return compare(w, arg, &order) ? v_bool(order > 0) : NIL;
}

FN(m_equal)
{
    int order;
    return compare(w, arg, &order) ? v_bool(order == 0) : NIL;
}

static const struct method methods[] = {
    {K_TIME, "Add", "D", m_add},
    {K_TIME, "AddDate", "iii", m_add_date},
    {K_TIME, "After", "T", m_after},
    {K_TIME, "Before", "T", m_before},
    {K_TIME, "Day", "", m_day},
    {K_TIME, "Equal", "T", m_time_equal},
    {K_TIME, "Format", "s", m_format},
    {K_TIME, "Hour", "", m_hour},
    {K_TIME, "IsZero", "", m_is_zero},
    {K_TIME, "Local", "", m_utc},
    {K_TIME, "Minute", "", m_minute},
    {K_TIME, "Month", "", m_month},
    {K_TIME, "Nanosecond", "", m_nanosecond},
    {K_TIME, "Second", "", m_second},
    {K_TIME, "String", "", m_string},
    {K_TIME, "Sub", "T", m_sub},
    {K_TIME, "UTC", "", m_utc},
    {K_TIME, "Unix", "", m_unix},
    {K_TIME, "UnixMilli", "", m_unix_milli},
    {K_TIME, "UnixNano", "", m_unix_nano},
    {K_TIME, "Weekday", "", m_weekday},
    {K_TIME, "Year", "", m_year},
    {K_TIME, "YearDay", "", m_year_day},
    {K_MONTH, "String", "", m_string},
    {K_WEEKDAY, "String", "", m_string},
    {K_DURATION, "Hours", "", m_hours},
    {K_DURATION, "Milliseconds", "", m_milliseconds},
    {K_DURATION, "Minutes", "", m_minutes},
    {K_DURATION, "Seconds", "", m_seconds},
    {K_DURATION, "String", "", m_string},
    {K_SEMVER, "Compare", "V", m_compare},
    {K_SEMVER, "Equal", "V", m_equal},
    {K_SEMVER, "GreaterThan", "V", m_greater},
    {K_SEMVER, "IncMajor", "", m_inc_major},
    {K_SEMVER, "IncMinor", "", m_inc_minor},
    {K_SEMVER, "IncPatch", "", m_inc_patch},
    {K_SEMVER, "LessThan", "V", m_less},
    {K_SEMVER, "Major", "", m_major},
    {K_SEMVER, "Metadata", "", m_metadata},
    {K_SEMVER, "Minor", "", m_minor},
    {K_SEMVER, "Original", "", m_original},
    {K_SEMVER, "Patch", "", m_patch},
    {K_SEMVER, "Prerelease", "", m_prerelease},
    {K_SEMVER, "String", "", m_string},
};

const struct method *method_find(enum kind kind, struct str name)
{
    if (kind < K_TIME) {
        return NULL;
    }
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (methods[i].kind == kind && str_eq_c(name, methods[i].name)) {
            return &methods[i];
        }
    }
    return NULL;
}
