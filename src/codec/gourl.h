/* SPDX-License-Identifier: Apache-2.0
 *
 * gourl: references (URLs, also relative and opaque ones) taken apart and put together as Go's
 * net/url does it, for templates. What the program itself connects to is read by codec/url.h, which
 * is strict.
 */
#ifndef PAWL_CODEC_GOURL_H
#define PAWL_CODEC_GOURL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct gourl {
    struct str scheme;
    struct str opaque;   /* of mailto:x, as written */
    struct str userinfo; /* escaped */
    struct str host;     /* with the port, decoded */
    struct str path;     /* decoded */
    struct str query;    /* as written */
    struct str fragment; /* decoded */
};

/* Decoded parts lie on the arena. The text of the error is Go's, with the URL in it:
 * parse ":bad": missing protocol scheme */
int gourl_parse(struct arena *a, struct str text, struct gourl *out, struct err **err) MUST_USE;
/* The host without its port and brackets. */
struct str gourl_hostname(struct str host);
/* Escapes what needs it. */
void gourl_print(struct buf *out, const struct gourl *url);

#endif
