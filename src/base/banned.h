/* SPDX-License-Identifier: Apache-2.0
 *
 * banned.h: libc calls that Pawl does not use, because each has bitten somebody: they write without
 * a bound, hide errors, keep static state, or depend on the locale. Using one is a compile error.
 * What to use instead stands behind each.
 */
#ifndef PAWL_BASE_BANNED_H
#define PAWL_BASE_BANNED_H

/* The real declarations must have been seen before the names are poisoned. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef strdup
#undef strndup
#pragma GCC poison strcpy strcat strncpy strncat stpcpy   /* base/buf.h */
#pragma GCC poison sprintf vsprintf asprintf vasprintf    /* buf_addf, xasprintf */
#pragma GCC poison strtok strtok_r                        /* base/str.h: str_split */
#pragma GCC poison atoi atol atoll atof                   /* base/num.h */
#pragma GCC poison gmtime localtime ctime asctime mktime  /* base/datetime.h */
#pragma GCC poison gmtime_r localtime_r ctime_r asctime_r /* base/datetime.h */
#pragma GCC poison rand srand random srandom drand48      /* base/random.h */
#pragma GCC poison system popen                           /* posix_spawn */
#pragma GCC poison gets tmpnam tempnam mktemp             /* mkstemp */
#pragma GCC poison setlocale                              /* nothing may depend on it */

#endif
