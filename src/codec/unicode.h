/* SPDX-License-Identifier: Apache-2.0
 *
 * unicode: what kind of character a code point is, and its simple case mappings (one code point to
 * one), independent of the locale. The tables are those of Go's package unicode, because templates
 * are promised to behave as with Go; tools/gen-unicode writes them.
 */
#ifndef PAWL_CODEC_UNICODE_H
#define PAWL_CODEC_UNICODE_H

#include "base/base.h"

bool unicode_is_letter(uint32_t rune);
bool unicode_is_digit(uint32_t rune);  /* decimal digits, category Nd */
bool unicode_is_number(uint32_t rune); /* Nd, Nl, No */
bool unicode_is_upper(uint32_t rune);
bool unicode_is_lower(uint32_t rune);
bool unicode_is_title(uint32_t rune);
bool unicode_is_punct(uint32_t rune);
bool unicode_is_symbol(uint32_t rune);
bool unicode_is_space(uint32_t rune); /* property White_Space */
/* Letters, marks, numbers, punctuation, symbols and the ASCII space: what %q leaves as it is. */
bool unicode_is_print(uint32_t rune);

uint32_t unicode_to_upper(uint32_t rune);
uint32_t unicode_to_lower(uint32_t rune);
uint32_t unicode_to_title(uint32_t rune);

#endif
