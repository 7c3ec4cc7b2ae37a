/* SPDX-License-Identifier: Apache-2.0
 *
 * err: the one way to fail. docs/internals/errors.md has the whole convention; in short:
 *
 *     int f(..., struct err **err);      0, or -1 with *err set. Nothing else.
 *
 * Output parameters come before err and are written only on success. The text is made where the
 * failure happened and says object, cause and, where there is one, the remedy; a caller that knows
 * a name puts it in front with err_wrap. Code decides by kind, status and retryable, never by text.
 * A text never holds the value of a secret. err may be NULL where the caller does not care.
 */
#ifndef PAWL_BASE_ERR_H
#define PAWL_BASE_ERR_H

#include "base/str.h"

enum err_kind {
    ERR_IO,           /* file, socket, connection reset */
    ERR_DNS,          /* a host name that does not resolve */
    ERR_TLS,          /* handshake, certificate not trusted */
    ERR_TIMEOUT,      /* nothing came in time */
    ERR_HTTP,         /* an HTTP status that fits no other kind */
    ERR_PARSE,        /* malformed input */
    ERR_INVALID,      /* well formed, but not allowed: a manifest, a flag, 400, 422 */
    ERR_NOT_FOUND,    /* 404 */
    ERR_UNAUTHORIZED, /* 401, a wrong credential */
    ERR_DENIED,       /* 403 */
    ERR_CONFLICT,     /* 409 Conflict: read again, try again */
    ERR_EXISTS,       /* 409 AlreadyExists */
    ERR_GONE,         /* 410: list again */
    ERR_THROTTLED,    /* 429 */
    ERR_UNAVAILABLE,  /* 5xx */
    ERR_LIMIT,        /* over one of our own ceilings */
    ERR_CANCELLED,    /* we stopped it ourselves */
    ERR_BUG,          /* cannot happen */
};

struct err {
    enum err_kind kind;
    int status;       /* HTTP status or errno, 0 if there is none */
    bool retryable;   /* the same request may succeed later without anybody changing anything */
    ns_t retry_after; /* the server's wish, 0 if it has none */
    char *msg;        /* never NULL; one line */
};

/* Makes *err (freeing what stood there) and returns -1, so that one can write
 * `return err_set(err, ERR_PARSE, "...")`. retryable starts as err_kind_retryable(kind). */
int err_set(struct err **err, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);
/* Puts "prefix: " in front of the text. Returns -1. Does nothing to a NULL err or *err. */
int err_wrap(struct err **err, const char *fmt, ...) PRINTF(2, 3);
/* Puts ": remedy" behind the text, for a caller that knows what helps. Returns -1. Does nothing to
 * a NULL err or *err. */
int err_remedy(struct err **err, const char *remedy);
/* ERR_IO with errno and its text behind the given one: "cannot open /x: No such file". Returns -1.
 */
int err_errno(struct err **err, const char *fmt, ...) PRINTF(2, 3);
/* Moves *from to *to (which may be NULL) and returns -1. */
int err_move(struct err **to, struct err **from);
struct err *err_copy(const struct err *err) MUST_USE;
/* What a kind usually means for a retry: IO, DNS, TLS, TIMEOUT, THROTTLED, UNAVAILABLE, CONFLICT.
 */
bool err_kind_retryable(enum err_kind kind);
/* Lower-case word of a kind ("not-found"), for logs and metrics. */
const char *err_kind_name(enum err_kind kind);
/* The text, or "no error" for NULL. Borrowed. */
const char *err_msg(const struct err *err);
bool err_is(const struct err *err, enum err_kind kind);
/* Frees; NULL is fine. */
void err_free(struct err *err);
/* For AUTO(err_freep) struct err *err = NULL; */
void err_freep(struct err **err);

#endif
