/* SPDX-License-Identifier: Apache-2.0
 *
 * A line is built in one buffer and written with one write(2), so that lines of the loop thread and
 * of the workers do not mix. What cannot be written is lost: a controller must not stop because
 * nobody reads its log.
 */
#include "base/log.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/datetime.h"
#include "base/gotext.h"

enum { LINE_MAX_BYTES = 16 * 1024, TEXT_MSG_WIDTH = 40 };

static struct log_config config = {.level = LOG_INFO, .format = LOG_TEXT, .fd = STDERR_FILENO};

static const char *const level_names[] = {
    [LOG_ERROR] = "error", [LOG_WARN] = "warn",   [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug", [LOG_TRACE] = "trace",
};

void log_configure(const struct log_config *new_config)
{
    config = *new_config;
}

bool log_enabled(enum log_level level)
{
    return level <= config.level;
}

bool log_level_parse(struct str s, enum log_level *out)
{
    if (str_eq_c(s, "warning")) {
        s = STR("warn");
    }
    for (size_t i = 0; i < COUNT_OF(level_names); i++) {
        if (str_eq_c(s, level_names[i])) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

struct log_field log_f_str(const char *key, struct str v)
{
    return (struct log_field){key, LOG_F_STR, {.str = v}};
}

struct log_field log_f_cstr(const char *key, const char *v)
{
    return log_f_str(key, str_c(v));
}

struct log_field log_f_int(const char *key, int64_t v)
{
    return (struct log_field){key, LOG_F_INT, {.i = v}};
}

struct log_field log_f_uint(const char *key, uint64_t v)
{
    return (struct log_field){key, LOG_F_UINT, {.u = v}};
}

struct log_field log_f_double(const char *key, double v)
{
    return (struct log_field){key, LOG_F_DOUBLE, {.d = v}};
}

struct log_field log_f_bool(const char *key, bool v)
{
    return (struct log_field){key, LOG_F_BOOL, {.b = v}};
}

struct log_field log_f_err(const char *key, const struct err *v)
{
    return (struct log_field){key, LOG_F_ERR, {.err = v}};
}

struct log_field log_f_ns(const char *key, ns_t v)
{
    return (struct log_field){key, LOG_F_NS, {.i = v}};
}

static void add_string(struct buf *out, struct str s)
{
    go_quote_json(out, s);
}

static void add_value(struct buf *out, const struct log_field *f)
{
    switch (f->type) {
    case LOG_F_STR:
        add_string(out, f->v.str);
        break;
    case LOG_F_ERR:
        add_string(out, str_c(err_msg(f->v.err)));
        break;
    case LOG_F_INT:
        buf_addf(out, "%lld", (long long)f->v.i);
        break;
    case LOG_F_UINT:
        buf_addf(out, "%llu", (unsigned long long)f->v.u);
        break;
    case LOG_F_DOUBLE:
        buf_addf(out, "%g", f->v.d);
        break;
    case LOG_F_BOOL:
        buf_add_c(out, f->v.b ? "true" : "false");
        break;
    case LOG_F_NS:
        buf_add_byte(out, '"');
        go_duration(out, f->v.i);
        buf_add_byte(out, '"');
        break;
    }
}

static void add_json_time(struct buf *out, enum log_time format, ns_t now)
{
    char text[RFC3339_SIZE];
    switch (format) {
    case LOG_TIME_EPOCH:
        buf_addf(out, "%lld.%06lld", (long long)(now / NS_S), (long long)(now % NS_S / NS_US));
        break;
    case LOG_TIME_MILLIS:
        buf_addf(out, "%lld.%03lld", (long long)(now / NS_MS), (long long)(now % NS_MS / NS_US));
        break;
    case LOG_TIME_NANOS:
        buf_addf(out, "%lld", (long long)now);
        break;
    case LOG_TIME_RFC3339:
        buf_addf(out, "\"%s\"", rfc3339_format(now, text));
        break;
    }
}

/* The level's name as logrus, Reloader's logger, writes it. */
static const char *logrus_level(enum log_level level)
{
    return level == LOG_WARN ? "warning" : level_names[level];
}

static void json_line(struct buf *out, enum log_level level, const char *logger, const char *msg,
                      const struct log_field *fields, size_t n)
{
    if (config.format == LOG_LOGRUS) {
        buf_addf(out, "{\"level\":\"%s\",\"time\":", logrus_level(level));
        add_json_time(out, LOG_TIME_RFC3339, clock_real());
    } else {
        buf_addf(out, "{\"level\":\"%s\",\"ts\":", level_names[level]);
        add_json_time(out, config.time, clock_real());
    }
    if (logger) {
        buf_add_c(out, ",\"logger\":");
        add_string(out, str_c(logger));
    }
    buf_add_c(out, ",\"msg\":");
    add_string(out, str_c(msg));
    for (size_t i = 0; i < n; i++) {
        buf_add_byte(out, ',');
        add_string(out, str_c(fields[i].key));
        buf_add_byte(out, ':');
        add_value(out, &fields[i]);
    }
    buf_add_c(out, "}\n");
}

static void add_fields(struct buf *out, const struct log_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, " %s=", fields[i].key);
        add_value(out, &fields[i]);
    }
    buf_add_byte(out, '\n');
}

static void logfmt_line(struct buf *out, enum log_level level, const char *msg,
                        const struct log_field *fields, size_t n)
{
    char time[RFC3339_SIZE];
    buf_addf(out, "time=\"%s\" level=%s msg=", rfc3339_format(clock_real(), time),
             logrus_level(level));
    add_string(out, str_c(msg));
    add_fields(out, fields, n);
}

static void text_line(struct buf *out, enum log_level level, const char *msg,
                      const struct log_field *fields, size_t n)
{
    char time[RFC3339_SIZE];
    rfc3339_format(clock_real(), time);
    buf_addf(out, "%.8s %-5s %-*s", time + 11, level_names[level], n ? TEXT_MSG_WIDTH : 0, msg);
    add_fields(out, fields, n);
}

void log_write(enum log_level level, const char *logger, const char *msg,
               const struct log_field *fields, size_t n)
{
    AUTO(buf_done) struct buf line = BUF_INIT(LINE_MAX_BYTES);
    switch (config.format) {
    case LOG_JSON:
    case LOG_LOGRUS:
        json_line(&line, level, logger, msg, fields, n);
        break;
    case LOG_LOGFMT:
        logfmt_line(&line, level, msg, fields, n);
        break;
    case LOG_TEXT:
        text_line(&line, level, msg, fields, n);
        break;
    }
    int saved = errno;
    ssize_t ignored = write(config.fd, line.p, line.n);
    (void)ignored;
    errno = saved;
}
