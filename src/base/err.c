/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>

#include "base/buf.h"

/* Long enough for a server's own words, short enough for an event. */
enum { MESSAGE_MAX = 4096 };

static const struct {
    const char *name;
    bool retryable;
} kinds[] = {
    [ERR_IO] = {"io", true},
    [ERR_DNS] = {"dns", true},
    [ERR_TLS] = {"tls", true},
    [ERR_TIMEOUT] = {"timeout", true},
    [ERR_HTTP] = {"http", false},
    [ERR_PARSE] = {"parse", false},
    [ERR_INVALID] = {"invalid", false},
    [ERR_NOT_FOUND] = {"not-found", false},
    [ERR_UNAUTHORIZED] = {"unauthorized", false},
    [ERR_DENIED] = {"denied", false},
    [ERR_CONFLICT] = {"conflict", true},
    [ERR_EXISTS] = {"exists", false},
    [ERR_GONE] = {"gone", false},
    [ERR_THROTTLED] = {"throttled", true},
    [ERR_UNAVAILABLE] = {"unavailable", true},
    [ERR_LIMIT] = {"limit", false},
    [ERR_CANCELLED] = {"cancelled", false},
    [ERR_BUG] = {"bug", false},
};

bool err_kind_retryable(enum err_kind kind)
{
    return kinds[kind].retryable;
}

const char *err_kind_name(enum err_kind kind)
{
    return kinds[kind].name;
}

PRINTF(1, 0) static char *message(const char *fmt, va_list args, const char *behind)
{
    struct buf text = BUF_INIT(MESSAGE_MAX);
    va_list again;
    va_copy(again, args);
    buf_addv(&text, fmt, args);
    if (!buf_ok(&text)) { /* what does not fit is cut, not lost */
        char cut[MESSAGE_MAX];
        int n = vsnprintf(cut, sizeof(cut), fmt, again);
        must(n >= 0);
        buf_clear(&text);
        buf_add_c(&text, cut);
    }
    va_end(again);
    if (behind) {
        buf_addf(&text, ": %s", behind);
    }
    /* One line: texts of servers come with line ends inside. */
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < 0x20) {
            text.p[i] = ' ';
        }
    }
    return buf_take(&text);
}

static int set(struct err **err, enum err_kind kind, char *msg)
{
    if (!err) {
        free(msg);
        return -1;
    }
    err_free(*err);
    *err = xcalloc(1, sizeof(**err));
    (*err)->kind = kind;
    (*err)->retryable = err_kind_retryable(kind);
    (*err)->msg = msg;
    return -1;
}

int err_set(struct err **err, enum err_kind kind, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *msg = message(fmt, args, NULL);
    va_end(args);
    return set(err, kind, msg);
}

int err_errno(struct err **err, const char *fmt, ...)
{
    int number = errno;
    va_list args;
    va_start(args, fmt);
    char *msg = message(fmt, args, strerror(number));
    va_end(args);
    set(err, ERR_IO, msg);
    if (err) {
        (*err)->status = number;
    }
    return -1;
}

int err_wrap(struct err **err, const char *fmt, ...)
{
    if (!err || !*err) {
        return -1;
    }
    va_list args;
    va_start(args, fmt);
    char *msg = message(fmt, args, (*err)->msg);
    va_end(args);
    free((*err)->msg);
    (*err)->msg = msg;
    return -1;
}

int err_remedy(struct err **err, const char *remedy)
{
    if (!err || !*err) {
        return -1;
    }
    struct buf text = BUF_INIT(2 * MESSAGE_MAX);
    buf_addf(&text, "%s: %s", (*err)->msg, remedy);
    free((*err)->msg);
    (*err)->msg = buf_take(&text);
    return -1;
}

int err_move(struct err **to, struct err **from)
{
    if (to) {
        err_free(*to);
        *to = TAKE(*from);
    } else {
        err_freep(from);
    }
    return -1;
}

struct err *err_copy(const struct err *err)
{
    if (!err) {
        return NULL;
    }
    struct err *copy = xmalloc(sizeof(*copy));
    *copy = *err;
    copy->msg = xstrdup(err->msg);
    return copy;
}

const char *err_msg(const struct err *err)
{
    return err ? err->msg : "no error";
}

bool err_is(const struct err *err, enum err_kind kind)
{
    return err && err->kind == kind;
}

void err_free(struct err *err)
{
    if (err) {
        free(err->msg);
        free(err);
    }
}

void err_freep(struct err **err)
{
    err_free(*err);
    *err = NULL;
}
