/* SPDX-License-Identifier: Apache-2.0
 *
 * Pattern, template and subject, each ended by a line end. Matches lie in order within the subject,
 * and replacing each by itself changes nothing.
 */
#include "codec/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_matches(const struct regex *re, struct str s)
{
    struct regex_span spans[4];
    ptrdiff_t last = 0;
    struct regex_iter it = regex_iter(re, s);
    while (regex_next(&it, spans, COUNT_OF(spans))) {
        must(spans[0].from >= last && spans[0].to >= spans[0].from &&
             spans[0].to <= (ptrdiff_t)s.n);
        last = spans[0].to;
        for (size_t i = 1; i < COUNT_OF(spans); i++) {
            must(spans[i].from == -1 ||
                 (spans[i].from >= spans[0].from && spans[i].to <= spans[0].to));
        }
    }
    regex_iter_done(&it);
}

static void check_parts(const struct regex *re, struct str s)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct str *parts;
    size_t n = regex_split(re, s, -1, &a, &parts);
    must(n <= s.n + 1 && regex_find_all(re, s, 3, &a, &parts) <= 3);
    must(regex_split(re, s, 2, &a, &parts) <= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096) {
        return 0;
    }
    struct str rest = str_n(data, size);
    struct str pattern = STR_EMPTY;
    struct str template = STR_EMPTY;
    (void)str_split(&rest, '\n', &pattern);
    (void)str_split(&rest, '\n', &template);
    struct str s = rest.p ? rest : STR_EMPTY;
    AUTO(err_freep) struct err *err = NULL;
    AUTO(regex_freep) struct regex *re = regex_new(pattern, &err);
    must((re == NULL) == (err != NULL));
    AUTO(buf_done) struct buf out = BUF_INIT(1 << 20);
    if (re) {
        check_matches(re, s);
        check_parts(re, s);
        regex_replace_all(re, s, STR("$0"), &out);
        must(str_eq(buf_str(&out), s));
        regex_replace_all(re, s, template, &out);
    }
    buf_clear(&out);
    regex_quote_meta(pattern, &out);
    struct regex *quoted = regex_new(buf_str(&out), NULL);
    must(!quoted || regex_match(quoted, pattern));
    regex_free(quoted);
    return 0;
}
