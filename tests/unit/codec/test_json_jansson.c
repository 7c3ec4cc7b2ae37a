/* SPDX-License-Identifier: Apache-2.0
 *
 * Random valid documents, read by us and by jansson: both must see the same tree. Documents keep to
 * what jansson can represent (no NUL bytes, valid UTF-8, numbers that survive a double).
 */
#include "test.h"

#include "codec/json.h"
#include "jansson_oracle.h"

enum { DOCUMENTS = 3000 };

/* Small deterministic generator (xorshift), so that a failure can be repeated. */
static uint64_t seed;

static uint64_t pick(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static void add_space(struct buf *out)
{
    static const char *const spaces[] = {"", "", "", "", " ", "\n", "\t ", "\r\n  "};
    buf_add_c(out, spaces[pick(COUNT_OF(spaces))]);
}

static void add_string(struct buf *out)
{
    static const char *const parts[] = {
        "a",        "key",          "0123456789abcdef", "\\n",     "\\\"",
        "\\\\",     "\\/",          "\\u0041",          "\\u00e9", "\\u20ac",
        "\xc3\xa9", "\xe2\x82\xac", "\\ud83d\\ude00",   "<&>",     " ",
        "\x7f",
    };
    buf_add_byte(out, '"');
    for (uint64_t n = pick(6); n > 0; n--) {
        buf_add_c(out, parts[pick(COUNT_OF(parts))]);
    }
    buf_add_byte(out, '"');
}

static void add_number(struct buf *out)
{
    static const char *const numbers[] = {"0",    "-1",   "42",           "9007199254740991",
                                          "0.5",  "-2.5", "1e3",          "1.25E-2",
                                          "3e+2", "0.0",  "123456789012", "-9223372036854775808"};
    buf_add_c(out, numbers[pick(COUNT_OF(numbers))]);
}

static void add_value(struct buf *out, int depth);

static void add_container(struct buf *out, int depth, bool object)
{
    buf_add_byte(out, object ? '{' : '[');
    add_space(out);
    uint64_t n = pick(30) == 0 ? 40 : pick(5);
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_add_byte(out, ',');
            add_space(out);
        }
        if (object) {
            add_string(out);
            add_space(out);
            buf_add_byte(out, ':');
            add_space(out);
        }
        add_value(out, depth - 1);
        add_space(out);
    }
    buf_add_byte(out, object ? '}' : ']');
}

static void add_value(struct buf *out, int depth)
{
    switch (pick(depth > 0 ? 8 : 4)) {
    case 0:
        add_number(out);
        break;
    case 1:
        buf_add_c(out, (const char *[]){"null", "true", "false"}[pick(3)]);
        break;
    case 2:
    case 3:
        add_string(out);
        break;
    default:
        add_container(out, depth, pick(2));
        break;
    }
}

/* ours == NULL: we have refused the text. */
static void compare(struct str text, const struct json *ours)
{
    AUTO(buf_done) struct buf out = BUF_INIT(1 << 20);
    if (!ours) {
        if (jansson_accepts(text)) {
            fail_msg("refused: %.*s", STR_ARG(text));
        }
        return;
    }
    json_write(&out, ours, JSON_WRITE_GO);
    if (jansson_accepts(text) && !jansson_same(text, buf_str(&out))) {
        fail_msg("%.*s became %s", STR_ARG(text), out.p);
    }
}

static void valid_documents(void **state)
{
    (void)state;
    seed = 88172645463325252u;
    for (int i = 0; i < DOCUMENTS; i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
        add_space(&text);
        add_value(&text, 5);
        add_space(&text);
        assert_true(jansson_accepts(buf_str(&text)));
        compare(buf_str(&text), json_parse(&a, buf_str(&text), JSON_PLAIN, NULL));
    }
}

/* One byte of a valid document is changed: what jansson still accepts, we accept and read alike. */
static void damaged_documents(void **state)
{
    (void)state;
    seed = 362436069362436069u;
    for (int i = 0; i < DOCUMENTS; i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
        add_value(&text, 4);
        text.p[pick(text.n)] = "{}[],:\"\\0x. \n-"[pick(14)];
        compare(buf_str(&text), json_parse(&a, buf_str(&text), JSON_PLAIN, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(valid_documents),
                                       cmocka_unit_test(damaged_documents)};
    return RUN(tests);
}
