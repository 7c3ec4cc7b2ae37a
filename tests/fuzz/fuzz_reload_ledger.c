/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of a ledger: whatever it is, what is read from it and written again is read the same.
 */
#include "reload/ledger.h"
#include "reload/strategy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf text = BUF_INIT(8 << 20);
    struct ledger_key key = {.id = "01234567"};
    struct ledger one;
    struct ledger two;
    struct cause cause;
    ledger_parse(&a, str_n(data, size), &key, &one);
    ledger_format(&one, &key, &text);
    ledger_parse(&a, buf_str(&text), &key, &two);
    must(one.n == two.n && one.moves == two.moves);
    for (size_t i = 0; i < one.n; i++) {
        struct record r = ledger_find(&two, one.v[i].type, one.v[i].name);
        must(record_eq(&r, &one.v[i].record));
    }
    strategy_parse_last_reloaded(&a, str_n(data, size), &cause);
    return 0;
}
