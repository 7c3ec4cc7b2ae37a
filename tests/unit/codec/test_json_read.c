/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/json.h"

struct vector {
    struct str in;
    struct str html;
    struct str plain;
    struct str pretty;
    const char *error;
};

#define V(in_, html_, plain_, pretty_)                                                             \
    {STR_INIT(in_), STR_INIT(html_), STR_INIT(plain_), STR_INIT(pretty_), NULL},
#define E(in_, error_) {STR_INIT(in_), {0}, {0}, {0}, error_},
static const struct vector vectors[] = {
#include "vectors/json.inc"
};

static void check_written(const struct json *j, enum json_write_flags flags, struct str wanted)
{
    AUTO(buf_done) struct buf out = BUF_INIT(4096);
    json_write(&out, j, flags);
    if (!str_eq(buf_str(&out), wanted)) {
        fail_msg("flags %d: got %s, expected %.*s", (int)flags, out.p, STR_ARG(wanted));
    }
}

/* Reading and writing agree with Go byte by byte, in results and in texts of errors. */
static void as_go_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        const struct vector *v = &vectors[i];
        AUTO(arena_done) struct arena a = ARENA_INIT(i % 2 ? ARENA_WIPE : ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        /* Exactly as long as the text, so that sanitizers see a read beyond it. */
        AUTO(freep) char *copy = xmalloc(v->in.n);
        memcpy(copy, v->in.p, v->in.n);
        struct json *j = json_parse(&a, str_n(copy, v->in.n), JSON_PLAIN, &err);
        if (v->error) {
            if (j || err->kind != ERR_PARSE || strcmp(err->msg, v->error) != 0) {
                fail_msg("%.*s: got \"%s\", expected \"%s\"", STR_ARG(v->in), err_msg(err),
                         v->error);
            }
            continue;
        }
        if (!j) {
            fail_msg("%.*s: %s", STR_ARG(v->in), err_msg(err));
        }
        check_written(j, JSON_WRITE_GO, v->html);
        check_written(j, JSON_WRITE_SORTED, v->plain);
        AUTO(buf_done) struct buf pretty = BUF_INIT(4096);
        json_write_pretty(&pretty, j, "  ", JSON_WRITE_GO);
        assert_true(str_eq(buf_str(&pretty), v->pretty));
    }
}

static struct json *parse(struct arena *a, const char *text)
{
    struct err *err = NULL;
    struct json *j = json_parse(a, str_c(text), JSON_PLAIN, &err);
    if (!j) {
        fail_msg("%s: %s", text, err_msg(err));
    }
    return j;
}

/* Numbers keep their text, NUL bytes stay, invalid UTF-8 is replaced, the last duplicate wins. */
static void nothing_is_lost(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    assert_str(parse(&a, "9007199254740993")->text, "9007199254740993");
    assert_str(parse(&a, "18446744073709551616")->text, "18446744073709551616");
    assert_str(parse(&a, "1.10")->text, "1.10");
    struct str nul = parse(&a, "\"a\\u0000b\"")->text;
    assert_int_equal(nul.n, 3);
    assert_memory_equal(nul.p, "a\0b", 3);
    assert_str(parse(&a, "\"\\ud800\"")->text, "\xef\xbf\xbd");
    assert_str(parse(&a, "\"\xff\"")->text, "\xef\xbf\xbd");

    struct json *twice = parse(&a, "{\"a\":1,\"b\":2,\"a\":3}");
    assert_int_equal(twice->n, 2);
    assert_str(twice->members[0].key, "a");
    assert_str(twice->members[0].value->text, "3");
    assert_str(twice->members[1].key, "b");
}

static void strings_are_views(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const char *text = " {\"k\" : [ \"plain\", 12 , \"\xc3\xa9\"]} ";
    struct json *j = parse(&a, text);
    assert_ptr_equal(j->raw.p, text + 1);
    assert_str(j->raw, "{\"k\" : [ \"plain\", 12 , \"\xc3\xa9\"]}");
    struct json *items = json_get(j, "k");
    assert_str(items->raw, "[ \"plain\", 12 , \"\xc3\xa9\"]");
    assert_ptr_equal(json_at(items, 0)->text.p, strstr(text, "plain"));
    assert_ptr_equal(json_at(items, 1)->text.p, strstr(text, "12"));
    assert_ptr_equal(json_at(items, 2)->text.p, strstr(text, "\xc3"));

    AUTO(freep) char *mortal = xstrdup("[\"gone\"]");
    struct json *copied = json_parse(&a, str_c(mortal), JSON_COPY, NULL);
    memset(mortal, 'x', strlen(mortal));
    assert_str(json_str(json_at(copied, 0)), "gone");
    assert_str(copied->raw, "[\"gone\"]");
}

/* Every length of string and every place of a special byte, around the eight-byte steps. */
static void string_borders(void **state)
{
    (void)state;
    static const char specials[] = {'"', '\\', '\n', '\x7f', '\x80', ' ', '!', '#', '[', ']'};
    for (size_t length = 0; length < 26; length++) {
        for (size_t at = 0; at <= length; at++) {
            for (size_t k = 0; k < COUNT_OF(specials); k++) {
                AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
                size_t n = length + 2 + (at < length);
                AUTO(freep) char *text = xmalloc(n + 1);
                memset(text, 'a', n);
                text[0] = text[n - 1] = '"';
                if (at < length) {
                    text[at + 1] = specials[k];
                    text[at + 2] = specials[k] == '\\' ? 'n' : text[at + 2];
                    n -= specials[k] != '\\';
                    text[n - 1] = '"';
                }
                struct json *j = json_parse(&a, str_n(text, n), JSON_PLAIN, NULL);
                bool refused = at < length && (specials[k] == '"' || specials[k] == '\n');
                assert_int_equal(j == NULL, refused);
                size_t longer = at < length && specials[k] == '\x80' ? 2 : 0;
                if (j) {
                    assert_int_equal(j->text.n, length + longer);
                }
            }
        }
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    for (int object = 0; object < 2; object++) {
        for (size_t depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; depth++) {
            AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
            AUTO(err_freep) struct err *err = NULL;
            AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
            for (size_t i = 0; i < depth; i++) {
                buf_add_c(&text, object ? "{\"a\":" : "[");
            }
            buf_add_c(&text, object ? "0" : "");
            buf_add_repeat(&text, object ? '}' : ']', depth);
            struct json *j = json_parse(&a, buf_str(&text), JSON_PLAIN, &err);
            assert_int_equal(j != NULL, depth == JSON_MAX_DEPTH);
            assert_true(j || err_is(err, ERR_LIMIT));
        }
    }
}

static void many_members(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf text = BUF_INIT(16 << 20);
    enum { N = 100000 };
    buf_add_byte(&text, '{');
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N; i++) {
            buf_addf(&text, "%s\"k%d\":%d", text.n > 1 ? "," : "", i, i + round);
        }
    }
    buf_add_byte(&text, '}');
    struct json *j = json_parse(&a, buf_str(&text), JSON_PLAIN, NULL);
    assert_int_equal(json_len(j), N);
    for (int i = 0; i < N; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(json_int(json_get(j, key), -1), i + 1);
        assert_str(j->members[i].key, key);
    }
    assert_null(json_get(j, "k100000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_go_does),        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(strings_are_views), cmocka_unit_test(string_borders),
        cmocka_unit_test(depth_is_bounded),  cmocka_unit_test(many_members),
    };
    return RUN(tests);
}
