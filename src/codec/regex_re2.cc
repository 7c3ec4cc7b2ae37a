/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/regex_re2.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <re2/re2.h>

struct regex_re2 {
    RE2 re;
    regex_re2(re2::StringPiece pattern, const RE2::Options &options) : re(pattern, options)
    {
    }
};

static enum regex_re2_error kind_of(RE2::ErrorCode code)
{
    switch (code) {
    case RE2::ErrorBadEscape:
        return REGEX_RE2_ESCAPE;
    case RE2::ErrorBadCharClass:
        return REGEX_RE2_CLASS;
    case RE2::ErrorBadCharRange:
        return REGEX_RE2_CLASS_RANGE;
    case RE2::ErrorMissingBracket:
        return REGEX_RE2_MISSING_BRACKET;
    case RE2::ErrorMissingParen:
        return REGEX_RE2_MISSING_PAREN;
    case RE2::ErrorUnexpectedParen:
        return REGEX_RE2_UNEXPECTED_PAREN;
    case RE2::ErrorTrailingBackslash:
        return REGEX_RE2_TRAILING_BACKSLASH;
    case RE2::ErrorRepeatArgument:
        return REGEX_RE2_REPEAT_ARGUMENT;
    case RE2::ErrorRepeatSize:
        return REGEX_RE2_REPEAT_SIZE;
    case RE2::ErrorRepeatOp:
        return REGEX_RE2_REPEAT_OP;
    case RE2::ErrorBadPerlOp:
        return REGEX_RE2_PERL_OP;
    case RE2::ErrorBadUTF8:
        return REGEX_RE2_UTF8;
    case RE2::ErrorBadNamedCapture:
        return REGEX_RE2_NAMED_CAPTURE;
    case RE2::ErrorPatternTooLarge:
        return REGEX_RE2_TOO_LARGE;
    case RE2::NoError:
    case RE2::ErrorInternal:
        break;
    }
    return REGEX_RE2_INTERNAL;
}

struct regex_re2 *regex_re2_new(const char *pattern, size_t n, int64_t max_memory,
                                struct regex_re2_failure *failure)
try {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(max_memory);
    auto *re = new regex_re2(re2::StringPiece(pattern, n), options);
    if (re->re.ok()) {
        return re;
    }
    const std::string &part = re->re.error_arg();
    failure->kind = kind_of(re->re.error_code());
    failure->part_n = std::min(part.size(), sizeof(failure->part));
    memcpy(failure->part, part.data(), failure->part_n);
    delete re;
    return nullptr;
} catch (...) {
    abort();
}

void regex_re2_free(struct regex_re2 *re)
{
    delete re;
}

size_t regex_re2_groups(const struct regex_re2 *re)
{
    return static_cast<size_t>(re->re.NumberOfCapturingGroups());
}

const char *regex_re2_group_name(const struct regex_re2 *re, size_t group)
try {
    const auto &names = re->re.CapturingGroupNames();
    auto found = names.find(static_cast<int>(group));
    return found == names.end() ? nullptr : found->second.c_str();
} catch (...) {
    abort();
}

int regex_re2_search(const struct regex_re2 *re, const char *text, size_t n, size_t from,
                     ptrdiff_t *pairs, size_t n_pairs)
try {
    std::vector<re2::StringPiece> groups(n_pairs);
    if (!re->re.Match(re2::StringPiece(text, n), from, n, RE2::UNANCHORED, groups.data(),
                      static_cast<int>(n_pairs))) {
        return 0;
    }
    for (size_t i = 0; i < n_pairs; i++) {
        bool took_part = groups[i].data() != nullptr;
        pairs[2 * i] = took_part ? groups[i].data() - text : -1;
        pairs[2 * i + 1] = took_part ? pairs[2 * i] + static_cast<ptrdiff_t>(groups[i].size()) : -1;
    }
    return 1;
} catch (...) {
    abort();
}
