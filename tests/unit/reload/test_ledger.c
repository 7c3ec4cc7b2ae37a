/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "reload/ledger.h"

static struct ledger_key test_key(void)
{
    uint8_t bytes[LEDGER_KEY_SIZE];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    return ledger_key_from(bytes);
}

static struct digest content(uint8_t n)
{
    struct digest d = {{n}};
    return d;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf text = BUF_INIT(1 << 16);
    AUTO(buf_done) struct buf again = BUF_INIT(1 << 16);
    struct ledger_key key = test_key();
    struct digest one = content(1);
    struct digest two = content(2);
    struct record deleted = ledger_record(&key, SOURCE_SECRET, STR("gone"), &two);
    deleted.state = RECORD_DELETED;
    struct ledger_entry entries[] = {
        {SOURCE_SECRET, STR_INIT("b"), ledger_record(&key, SOURCE_SECRET, STR("b"), &one)},
        {SOURCE_SECRET, STR_INIT("gone"), deleted},
        {SOURCE_SECRET, STR_INIT("none"), {RECORD_NONE, {0}}},
        {SOURCE_SECRET, STR_INIT("a"), {RECORD_MISSING, {0}}},
        {SOURCE_CONFIGMAP, STR_INIT("z"), ledger_record(&key, SOURCE_CONFIGMAP, STR("z"), &one)},
    };
    struct ledger l = {.v = entries, .n = COUNT_OF(entries), .moves = 4};
    ledger_format(&l, &key, &text);
    struct ledger read;
    ledger_parse(&a, buf_str(&text), &key, &read);
    assert_int_equal(read.n, 4);
    assert_int_equal(read.moves, 4);
    assert_int_equal(ledger_find(&read, SOURCE_SECRET, STR("a")).state, RECORD_MISSING);
    assert_int_equal(ledger_find(&read, SOURCE_SECRET, STR("none")).state, RECORD_NONE);
    assert_int_equal(ledger_find(&read, SOURCE_SECRET, STR("z")).state, RECORD_NONE);
    struct record r = ledger_find(&read, SOURCE_SECRET, STR("gone"));
    assert_true(record_eq(&r, &deleted));
    r = ledger_find(&read, SOURCE_CONFIGMAP, STR("z"));
    struct record expected = ledger_record(&key, SOURCE_CONFIGMAP, STR("z"), &one);
    assert_true(record_eq(&r, &expected));
    ledger_format(&read, &key, &again);
    assert_buf(&again, text.p);
    /* Sorted: ConfigMaps first, then by name. */
    assert_true(str_starts(buf_str(&text), STR("{\"configmap/z\":\"")));
    assert_true(str_find(buf_str(&text), STR("\"secret/a\":")) <
                str_find(buf_str(&text), STR("\"secret/b\":")));
}

/* The form is a promise: a later Pawl must understand what this one wrote. */
static void the_form_is_fixed(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf text = BUF_INIT(1 << 16);
    struct ledger_key key = test_key();
    struct digest one = content(1);
    struct ledger_entry entry = {SOURCE_SECRET, STR_INIT("db"),
                                 ledger_record(&key, SOURCE_SECRET, STR("db"), &one)};
    struct ledger l = {.v = &entry, .n = 1};
    ledger_format(&l, &key, &text);
    assert_buf(&text, "{\"secret/db\":\"79693bf8:9R_LN3346VXshy3D\"}");
    entry.record.state = RECORD_DELETED;
    buf_clear(&text);
    ledger_format(&l, &key, &text);
    assert_buf(&text, "{\"secret/db\":\"79693bf8:9R_LN3346VXshy3D-\"}");
    entry.record.state = RECORD_MISSING;
    buf_clear(&text);
    ledger_format(&l, &key, &text);
    assert_buf(&text, "{\"secret/db\":\"79693bf8:-\"}");
    l = (struct ledger){0};
    buf_clear(&text);
    ledger_format(&l, &key, &text);
    assert_buf(&text, "{}");
    l.moves = 2;
    buf_clear(&text);
    ledger_format(&l, &key, &text);
    assert_buf(&text, "{\"moves\":2}");
}

static void hashes_depend_on_everything(void **state)
{
    (void)state;
    struct ledger_key key = test_key();
    struct ledger_key other = key;
    struct digest one = content(1);
    struct digest two = content(2);
    struct record base = ledger_record(&key, SOURCE_SECRET, STR("a"), &one);
    other.bytes[31] ^= 1;
    const struct record different[] = {
        ledger_record(&key, SOURCE_SECRET, STR("a"), &two),
        ledger_record(&key, SOURCE_SECRET, STR("b"), &one),
        ledger_record(&key, SOURCE_CONFIGMAP, STR("a"), &one),
        ledger_record(&other, SOURCE_SECRET, STR("a"), &one),
        {RECORD_NONE, {0}},
        {RECORD_MISSING, {0}},
    };
    for (size_t i = 0; i < COUNT_OF(different); i++) {
        assert_false(record_eq(&base, &different[i]));
    }
    other = ledger_key_from(other.bytes);
    assert_string_not_equal(key.id, other.id);
}

static void what_cannot_be_read_is_absent(void **state)
{
    (void)state;
    struct ledger_key key = test_key();
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"secret/a\":1}",
        "{\"secret/a\":\"%s\"}",
        "{\"secret/a\":\"%s:\"}",
        "{\"secret/a\":\"%s:short\"}",
        "{\"secret/a\":\"00000000:AAAAAAAAAAAAAAAA\"}",
        "{\"secret/a\":\"%s:AAAAAAAAAAAAAAAAAAAA\"}",
        "{\"secret/a\":\"%s:AAAAAAAAAAAAAAA!\"}",
        "{\"secrets/a\":\"%s:AAAAAAAAAAAAAAAA\"}",
        "{\"/a\":\"%s:AAAAAAAAAAAAAAAA\"}",
        "{\"secret/\":\"%s:AAAAAAAAAAAAAAAA\"}",
        "{\"moves\":-1}",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(buf_done) struct buf text = BUF_INIT(4096);
        struct ledger l;
        ptrdiff_t mark = str_find(str_c(bad[i]), STR("%s"));
        buf_add_str(&text, str_head(str_c(bad[i]), mark < 0 ? strlen(bad[i]) : (size_t)mark));
        if (mark >= 0) {
            buf_add_c(&text, key.id);
            buf_add_c(&text, bad[i] + mark + 2);
        }
        ledger_parse(&a, buf_str(&text), &key, &l);
        if (l.n != 0 || l.moves != 0) {
            fail_msg("%s was read", bad[i]);
        }
    }
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf text = BUF_INIT(4096);
    struct ledger l;
    buf_addf(&text, "{\"secret/x\":1,\"secret/a\":\"%s:AAAAAAAAAAAAAAAA\"}", key.id);
    ledger_parse(&a, buf_str(&text), &key, &l);
    assert_int_equal(l.n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_form_is_fixed),
        cmocka_unit_test(hashes_depend_on_everything),
        cmocka_unit_test(what_cannot_be_read_is_absent),
    };
    return RUN(tests);
}
