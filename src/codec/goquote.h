/* SPDX-License-Identifier: Apache-2.0
 *
 * goquote: string and character literals as Go writes and reads them (strconv.Quote, Unquote).
 */
#ifndef PAWL_CODEC_GOQUOTE_H
#define PAWL_CODEC_GOQUOTE_H

#include "base/buf.h"

enum goquote_flags {
    GOQUOTE_PLAIN = 0,
    GOQUOTE_ASCII = 1, /* escape everything beyond ASCII */
};

/* A string in double quotes. Bytes that are no UTF-8 become \xNN. */
void goquote(struct buf *out, struct str s, enum goquote_flags flags);
/* A character in single quotes. */
void goquote_rune(struct buf *out, uint32_t rune, enum goquote_flags flags);
/* Can s stand between backquotes unchanged (one line, no control characters)? */
bool goquote_can_raw(struct str s);
/* Reads a literal with its quotes: "..." with escapes, `...` raw (carriage returns are dropped).
 * False on anything malformed; out may then hold a part. */
bool gounquote(struct buf *out, struct str literal);
/* A character constant with its quotes. */
bool gounquote_rune(struct str literal, uint32_t *rune);

#endif
