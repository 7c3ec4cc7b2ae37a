/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "reload/judge.h"

enum { ON_CREATE = 1, ON_DELETE = 2 };

/* Records: - nothing, A and B contents, M missing, a = moved for the deletion of content A. */
static struct record record(char c)
{
    struct record r = {0};
    switch (c) {
    case '-':
        r.state = RECORD_NONE;
        break;
    case 'M':
        r.state = RECORD_MISSING;
        break;
    case 'a':
        r = (struct record){RECORD_DELETED, {'A'}};
        break;
    default:
        r = (struct record){RECORD_HASH, {(uint8_t)c}};
        break;
    }
    return r;
}

static const struct {
    char base;
    char now;
    int flags;
    enum verdict verdict;
    char after;
} table[] = {
    {'-', 'A', 0, VERDICT_RECORD, 'A'},
    {'-', 'A', ON_CREATE | ON_DELETE, VERDICT_RECORD, 'A'},
    {'-', 'M', 0, VERDICT_RECORD, 'M'},
    {'A', 'A', 0, VERDICT_KEEP, 'A'},
    {'A', 'A', ON_CREATE | ON_DELETE, VERDICT_KEEP, 'A'},
    {'A', 'B', 0, VERDICT_MOVE, 'B'},
    {'A', 'B', ON_CREATE | ON_DELETE, VERDICT_MOVE, 'B'},
    {'A', 'M', 0, VERDICT_KEEP, 'A'},
    {'A', 'M', ON_CREATE, VERDICT_KEEP, 'A'},
    {'A', 'M', ON_DELETE, VERDICT_DELETED, 'a'},
    {'M', 'A', 0, VERDICT_RECORD, 'A'},
    {'M', 'A', ON_DELETE, VERDICT_RECORD, 'A'},
    {'M', 'A', ON_CREATE, VERDICT_MOVE, 'A'},
    {'M', 'M', ON_CREATE | ON_DELETE, VERDICT_KEEP, 'M'},
    {'a', 'A', 0, VERDICT_RECORD, 'A'},
    {'a', 'A', ON_CREATE, VERDICT_MOVE, 'A'},
    {'a', 'B', 0, VERDICT_MOVE, 'B'},
    {'a', 'M', ON_DELETE, VERDICT_KEEP, 'a'},
};

static void verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct record base = record(table[i].base);
        struct record now = record(table[i].now);
        struct record after = record(table[i].after);
        struct judgement j =
            judge(&base, &now, table[i].flags & ON_CREATE, table[i].flags & ON_DELETE);
        if (j.verdict != table[i].verdict || !record_eq(&j.record, &after)) {
            fail_msg("%c -> %c, flags %d: verdict %d", table[i].base, table[i].now, table[i].flags,
                     (int)j.verdict);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(verdicts)};
    return RUN(tests);
}
