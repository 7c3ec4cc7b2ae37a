/* SPDX-License-Identifier: Apache-2.0
 *
 * json_scan: how the json modules run over the inside of a string, eight bytes at a time. Most
 * bytes of a list from an API server are inside of strings.
 */
#ifndef PAWL_CODEC_JSON_SCAN_H
#define PAWL_CODEC_JSON_SCAN_H

#include <endian.h>

#include "base/base.h"

#define JSON_EACH_BYTE(c) ((uint64_t)(c)*0x0101010101010101u)

/* Has the top bit set of each byte that ends a run of plain ASCII: a quote, a backslash, a control
 * character or anything above 0x7F. A byte is zero if and only if subtracting one borrows into its
 * top bit while that bit was clear. A borrow can run on into higher bytes, so only the lowest bit
 * set is sure to be true. */
static inline uint64_t json_specials(uint64_t word)
{
    uint64_t quote = word ^ JSON_EACH_BYTE('"');
    uint64_t backslash = word ^ JSON_EACH_BYTE('\\');
    return (((quote - JSON_EACH_BYTE(1)) & ~quote) |
            ((backslash - JSON_EACH_BYTE(1)) & ~backslash) | (word - JSON_EACH_BYTE(0x20)) | word) &
           JSON_EACH_BYTE(0x80);
}

/* The first byte from p on that is none of plain ASCII text within a string, or end. */
static inline const char *json_skip_plain(const char *p, const char *end)
{
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, sizeof(word));
        uint64_t specials = json_specials(le64toh(word));
        if (specials != 0) {
            return p + __builtin_ctzll(specials) / 8;
        }
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)(*p - 0x20) < 0x60) {
        p++;
    }
    return p;
}

#endif
