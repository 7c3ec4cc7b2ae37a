/* SPDX-License-Identifier: Apache-2.0
 *
 * log: one line per event on stderr.
 *
 *     LOG_INFO("reconciled secret", F("namespace", ns), F("name", name), F("version", n));
 *
 * The message is constant, what varies are typed fields, so that a message can be searched for. The
 * type of a field is picked by _Generic; a `struct secret *` does not compile. Only kube, azure (at
 * debug), sync, reload, app, emulator and cmd log; the pure layers return errors instead.
 *
 * Formats: JSON with the keys that ESO's users filter on (level, ts, logger, msg, then the fields),
 * logfmt-like text as Reloader writes it (time= level= msg=), aligned text for a terminal.
 */
#ifndef PAWL_BASE_LOG_H
#define PAWL_BASE_LOG_H

#include "base/buf.h"
#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };
enum log_format {
    LOG_TEXT,
    LOG_JSON,
    LOG_LOGFMT,
    LOG_LOGRUS, /* JSON with the keys level, time (RFC 3339), msg, as Reloader writes it */
};
/* How JSON writes "ts" (ESO's --zap-time-encoding). */
enum log_time { LOG_TIME_EPOCH, LOG_TIME_MILLIS, LOG_TIME_NANOS, LOG_TIME_RFC3339 };

enum log_type { LOG_F_STR, LOG_F_INT, LOG_F_UINT, LOG_F_DOUBLE, LOG_F_BOOL, LOG_F_NS, LOG_F_ERR };

struct log_field {
    const char *key;
    enum log_type type;
    union {
        struct str str;
        int64_t i;
        uint64_t u;
        double d;
        bool b;
        const struct err *err;
    } v;
};

struct secret;
struct log_field log_f_str(const char *key, struct str v);
struct log_field log_f_cstr(const char *key, const char *v);
struct log_field log_f_int(const char *key, int64_t v);
struct log_field log_f_uint(const char *key, uint64_t v);
struct log_field log_f_double(const char *key, double v);
struct log_field log_f_bool(const char *key, bool v);
struct log_field log_f_err(const char *key, const struct err *v);
/* A duration, written as Go does ("1m30s"). */
struct log_field log_f_ns(const char *key, ns_t v);
struct log_field log_f_secret(const char *key, const struct secret *v)
    __attribute__((error("a secret must not be logged")));

#define F(key, value)                                                                              \
    _Generic((value), struct str                                                                   \
             : log_f_str, char *                                                                   \
             : log_f_cstr, const char *                                                            \
             : log_f_cstr, bool                                                                    \
             : log_f_bool, int                                                                     \
             : log_f_int, long                                                                     \
             : log_f_int, long long                                                                \
             : log_f_int, unsigned                                                                 \
             : log_f_uint, unsigned long                                                           \
             : log_f_uint, unsigned long long                                                      \
             : log_f_uint, double                                                                  \
             : log_f_double, struct err *                                                          \
             : log_f_err, const struct err *                                                       \
             : log_f_err, struct secret *                                                          \
             : log_f_secret, const struct secret *                                                 \
             : log_f_secret)(key, value)
#define F_NS(key, value) log_f_ns(key, value)

/* A file that logs says who it is: #define LOGGER "controllers.ExternalSecret" before the include.
 */
#ifndef LOGGER
#define LOGGER NULL
#endif

#define LOG_AT(level, msg, ...)                                                                    \
    do {                                                                                           \
        if (log_enabled(level)) {                                                                  \
            const struct log_field log_fields_[] = {log_f_bool(NULL, false), ##__VA_ARGS__};       \
            log_write(level, LOGGER, "" msg, log_fields_ + 1, COUNT_OF(log_fields_) - 1);          \
        }                                                                                          \
    } while (0)
#define LOG_ERROR(msg, ...) LOG_AT(LOG_ERROR, msg, ##__VA_ARGS__)
#define LOG_WARN(msg, ...)  LOG_AT(LOG_WARN, msg, ##__VA_ARGS__)
#define LOG_INFO(msg, ...)  LOG_AT(LOG_INFO, msg, ##__VA_ARGS__)
#define LOG_DEBUG(msg, ...) LOG_AT(LOG_DEBUG, msg, ##__VA_ARGS__)
#define LOG_TRACE(msg, ...) LOG_AT(LOG_TRACE, msg, ##__VA_ARGS__)

struct log_config {
    enum log_level level;
    enum log_format format;
    enum log_time time;
    int fd; /* where lines go; 2 by default */
};
void log_configure(const struct log_config *config);
bool log_enabled(enum log_level level);
/* For a message that is not constant: only for lines whose text is fixed by compatibility. */
void log_write(enum log_level level, const char *logger, const char *msg,
               const struct log_field *fields, size_t n);
/* "error" "warn" "warning" "info" "debug" "trace"; false otherwise. */
bool log_level_parse(struct str s, enum log_level *out);

#endif
