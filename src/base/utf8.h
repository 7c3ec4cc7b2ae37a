/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8: decoding and encoding as Go does it. An invalid byte decodes to U+FFFD and is one byte wide
 * (Go spec, "range over string"); overlong forms, surrogates and values above U+10FFFF are invalid.
 */
#ifndef PAWL_BASE_UTF8_H
#define PAWL_BASE_UTF8_H

#include "base/str.h"

#define UTF8_MAX         4
#define UTF8_REPLACEMENT 0xFFFDu

/* Decodes the first rune of s. Returns its width in bytes, 0 for empty input. An invalid byte gives
 * *rune = U+FFFD and width 1; *ok (may be NULL) tells it from a real U+FFFD. */
size_t utf8_decode(struct str s, uint32_t *rune, bool *ok);
/* Writes up to UTF8_MAX bytes, not terminated. Returns how many. */
size_t utf8_encode(uint32_t rune, char out[UTF8_MAX]);
bool utf8_valid(struct str s);
/* Number of runes, an invalid byte counting as one. */
size_t utf8_count(struct str s);
/* Greatest length <= max at which s can be cut without splitting a valid rune. */
size_t utf8_cut(struct str s, size_t max);

#endif
