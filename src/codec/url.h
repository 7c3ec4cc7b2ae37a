/* SPDX-License-Identifier: Apache-2.0
 *
 * url: absolute URLs (RFC 3986), percent escapes, queries and form bodies.
 *
 * Parsing is strict where a lenient reading has let requests go to the wrong place elsewhere: no
 * userinfo, no control characters or blanks, a host of letters, digits, '-', '.' and '_' or an IPv6
 * address in brackets, a port within its range. What is parsed are views into the input, still
 * escaped.
 *
 * Pure: no I/O.
 */
#ifndef PAWL_CODEC_URL_H
#define PAWL_CODEC_URL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct url {
    struct str scheme;    /* as written: compare with str_ieq */
    struct str host;      /* as written, IPv6 without its brackets */
    struct str authority; /* host and port as written: what a Host header needs */
    uint16_t port;        /* 0 if there is none */
    struct str path;      /* "" or from its slash on */
    struct str query;     /* behind the question mark */
    struct str target;    /* path and query as written: what a request line needs, but "" for "/" */
    struct str fragment;
    bool ipv6;
};

/* The text of an error shows the URL up to its question mark only: a query may hold a token. */
int url_parse(struct str text, struct url *out, struct err **err);
/* The port, or what http (80), https (443) default to; 0 for other schemes. */
uint16_t url_port(const struct url *url);
/* Splits what a request line has ("/a/b?c=d") at the question mark. */
void url_split_target(struct str target, struct str *path, struct str *query);

/* ---- percent escapes ---- */

/* Which characters stand for themselves beside letters, digits and "-._~". */
enum url_part {
    URL_COMPONENT, /* none: a name or value of a query */
    URL_SEGMENT,   /* "$&+:=@": between two slashes, as Go's url.PathEscape */
    URL_FORM,      /* none, and a blank is '+': application/x-www-form-urlencoded, as Go's
                      url.QueryEscape */
};
void url_encode(struct buf *out, struct str s, enum url_part part);
/* '+' is a blank only for URL_FORM. Fails with Go's text, `invalid URL escape "%zz"`; what was
 * decoded before stays in out. */
int url_decode(struct buf *out, struct str s, enum url_part part, struct err **err);

/* ---- queries and forms ---- */

enum { URL_PARAMS_MAX = 1000 };

struct url_param {
    struct str name; /* decoded, as the value */
    struct str value;
};
struct url_params {
    struct url_param *v; /* in the order of the text, repeated names included */
    size_t n;
};

/* "a=1&b" gives a = "1", b = "". Names arrive escaped too ("%24top=5"). `part` is URL_COMPONENT for
 * a query and URL_FORM for a form body. ERR_PARSE for a bad escape, ERR_LIMIT for more than
 * URL_PARAMS_MAX. The text of an error holds no value. */
int url_params_parse(struct arena *a, struct str text, enum url_part part, struct url_params *out,
                     struct err **err);
/* The first value of a name; false if it is absent. value may be NULL. */
bool url_params_get(const struct url_params *params, const char *name, struct str *value);
/* The first value, the empty view if it is absent. */
struct str url_params_str(const struct url_params *params, const char *name);

/* Appends "/" and the segment, escaped, to a URL; a slash that is there already is not doubled. */
void url_add_segment(struct buf *url, struct str segment);
/* Appends "?name=value" or "&name=value". */
void url_add_param(struct buf *url, const char *name, struct str value);
/* Appends "name=value" or "&name=value" to a form body. */
void url_add_field(struct buf *form, const char *name, struct str value);

#endif
