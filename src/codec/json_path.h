/* SPDX-License-Identifier: Apache-2.0
 *
 * json_path: the path language of gjson (v1.18), which remoteRef.property is written in.
 *
 *     name.first            a member of a member; arr.0 an item; arr.# how many
 *     na?e.f*               wildcards; a\.b a key with a dot
 *     friends.#.first       from each item
 *     friends.#(age>40)     the first item that matches; #(age>40)# all. Operators == != < <= > >=
 *                           % (wildcards) !%; #(tags.#(=="x")) nested; ~true ~false ~null ~*
 *     a.b|c                 goes on with the result; differs from '.' behind '#'
 *     {a,"x":b.c} [a,b]     a new object or array
 *     @reverse @keys @values @this @valid @pretty @ugly @flatten @join @tostr @fromstr @group @dig
 *     !"text" !{...}        a literal
 *     ..1.name              lines of JSON as an array
 *
 * The text is never validated: scanning starts at the first brace or bracket and takes what it
 * finds; of duplicate keys the first wins. Whoever wants it strict uses json_parse.
 *
 * Pure: no I/O. One evaluation is bounded in depth, in bytes made and in bytes looked at.
 */
#ifndef PAWL_CODEC_JSON_PATH_H
#define PAWL_CODEC_JSON_PATH_H

#include "base/arena.h"
#include "base/err.h"

/* What the path finds, as text: strings decoded, integers as written, other numbers in their
 * shortest form without an exponent, objects and arrays as they stand, null as the empty string.
 * *out points into the text or the arena. *found is false (and *out empty) if there is nothing.
 * ERR_LIMIT when a bound is passed. */
int json_path_get(struct arena *a, struct str json, struct str path, bool *found, struct str *out,
                  struct err **err) MUST_USE;

#endif
