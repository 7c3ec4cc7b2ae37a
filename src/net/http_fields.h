/* SPDX-License-Identifier: Apache-2.0
 *
 * http_fields: the small syntaxes inside HTTP headers that both sides need. Pure.
 */
#ifndef PAWL_NET_HTTP_FIELDS_H
#define PAWL_NET_HTTP_FIELDS_H

#include "base/str.h"

#define HTTP_DATE_SIZE 40

/* "Sun, 06 Nov 1994 08:49:37 GMT" of a clock_real time. */
const char *http_date_format(ns_t real, char out[HTTP_DATE_SIZE]);
/* That form, and the two obsolete ones that RFC 9110 section 5.6.7 wants accepted. */
bool http_date_parse(struct str s, ns_t *real);

#define RETRY_AFTER_MAX (5 * NS_MIN)
/* Retry-After, whole seconds or a date, as the time from `now` (clock_real) on. 0 if it makes no
 * sense or has passed; never more than RETRY_AFTER_MAX. */
ns_t http_retry_after_parse(struct str value, ns_t now);

/* The n-th (from 0) field of that name in a block of "Name: value\r\n" lines; the empty view if
 * there is none. Names compare without case. */
struct str http_field(struct str block, const char *name, size_t nth);

#endif
