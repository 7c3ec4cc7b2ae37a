/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/unicode.h"

enum rune_class { OTHER, UPPER, LOWER, TITLE, LETTER, MARK, DIGIT, NUMBER, PUNCT, SYMBOL };

/* From first up to the next row's first. */
struct class_run {
    uint32_t first;
    enum rune_class class;
};
/* What to add to get the other case, for first to last. */
struct case_run {
    uint32_t first;
    uint32_t last;
    int32_t upper;
    int32_t lower;
    int32_t title;
};

#include "codec/unicode_tables.h"

static enum rune_class class_of(uint32_t rune)
{
    size_t low = 0;
    size_t high = COUNT_OF(class_runs);
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (class_runs[mid].first <= rune) {
            low = mid;
        } else {
            high = mid;
        }
    }
    return rune > 0x10FFFF ? OTHER : class_runs[low].class;
}

bool unicode_is_letter(uint32_t rune)
{
    enum rune_class c = class_of(rune);
    return c >= UPPER && c <= LETTER;
}

bool unicode_is_digit(uint32_t rune)
{
    return class_of(rune) == DIGIT;
}

bool unicode_is_number(uint32_t rune)
{
    enum rune_class c = class_of(rune);
    return c == DIGIT || c == NUMBER;
}

bool unicode_is_upper(uint32_t rune)
{
    return class_of(rune) == UPPER;
}

bool unicode_is_lower(uint32_t rune)
{
    return class_of(rune) == LOWER;
}

bool unicode_is_title(uint32_t rune)
{
    return class_of(rune) == TITLE;
}

bool unicode_is_punct(uint32_t rune)
{
    return class_of(rune) == PUNCT;
}

bool unicode_is_symbol(uint32_t rune)
{
    return class_of(rune) == SYMBOL;
}

bool unicode_is_print(uint32_t rune)
{
    if (rune < 0x80) {
        return rune >= 0x20 && rune < 0x7f;
    }
    return class_of(rune) != OTHER;
}

bool unicode_is_space(uint32_t rune)
{
    return (rune >= 0x09 && rune <= 0x0D) || rune == 0x20 || rune == 0x85 || rune == 0xA0 ||
           rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 ||
           rune == 0x2029 || rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

static const struct case_run *case_of(uint32_t rune)
{
    size_t low = 0;
    size_t high = COUNT_OF(case_runs);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (rune > case_runs[mid].last) {
            low = mid + 1;
        } else if (rune < case_runs[mid].first) {
            high = mid;
        } else {
            return &case_runs[mid];
        }
    }
    return NULL;
}

static uint32_t shift(uint32_t rune, int32_t by)
{
    return (uint32_t)((int32_t)rune + by);
}

uint32_t unicode_to_upper(uint32_t rune)
{
    const struct case_run *run = case_of(rune);
    return run ? shift(rune, run->upper) : rune;
}

uint32_t unicode_to_lower(uint32_t rune)
{
    const struct case_run *run = case_of(rune);
    return run ? shift(rune, run->lower) : rune;
}

uint32_t unicode_to_title(uint32_t rune)
{
    const struct case_run *run = case_of(rune);
    return run ? shift(rune, run->title) : rune;
}
