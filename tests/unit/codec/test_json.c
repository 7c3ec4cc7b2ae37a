/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/json.h"

static struct json *parse(struct arena *a, const char *text)
{
    struct err *err = NULL;
    struct json *j = json_parse(a, str_c(text), JSON_PLAIN, &err);
    if (!j) {
        fail_msg("%s: %s", text, err_msg(err));
    }
    return j;
}

static void assert_written(const struct json *j, enum json_write_flags flags, const char *wanted)
{
    AUTO(buf_done) struct buf out = BUF_INIT(4096);
    json_write(&out, j, flags);
    assert_buf(&out, wanted);
}

static void paths(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *j =
        parse(&a, "{\"a\":{\"b\":{\"c\":\"x\"},\"n\":null},\"l\":[1,2],\"a.b\":\"dot\"}");
    assert_str(json_find_str(j, "a.b.c"), "x");
    assert_str(json_str(json_get(j, "a.b")), "dot");
    assert_null(json_find(j, "a.b.c.d"));
    assert_null(json_find(j, "a.x.y"));
    assert_null(json_find(NULL, "a"));
    assert_true(json_is_null(json_find(j, "a.n")));
    assert_true(json_is_null(json_find(j, "a.m")));
    assert_null(json_at(json_get(j, "l"), 2));
    assert_null(json_at(j, 0));
    assert_null(json_get(json_get(j, "l"), "a"));
    assert_int_equal(json_str(j).n, 0);
    assert_int_equal(json_len(json_get(j, "l")), 2);
    assert_int_equal(json_len(json_get(j, "a.b")), 0);
    assert_int_equal(json_len(NULL), 0);
    assert_true(json_bool(parse(&a, "true"), false));
    assert_true(json_bool(parse(&a, "1"), true));
    assert_true(json_bool(NULL, true));
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value; /* -7 for what is no integer */
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"0.000e99", 0},
        {"3", 3},
        {"-12", -12},
        {"3.0", 3},
        {"3e0", 3},
        {"0.3e1", 3},
        {"0.003E+3", 3},
        {"1200e-2", 12},
        {"1.5e1", 15},
        {"1e3", 1000},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"9223372036854775808", -7},
        {"922337203685477580.7e1", INT64_MAX},
        {"9.3e18", -7},
        {"1e19", -7},
        {"1e99999999999999999999", -7},
        {"1e-99999999999999999999", -7},
        {"0e99999999999999999999", 0},
        {"1.5", -7},
        {"0.1", -7},
        {"12e-1", -7},
        {"\"3\"", -7},
        {"true", -7},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        int64_t got = json_int(parse(&a, cases[i].text), -7);
        if (got != cases[i].value) {
            fail_msg("%s: got %lld", cases[i].text, (long long)got);
        }
    }
}

static void equality(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } cases[] = {
        {"1", "1.0", true},
        {"100", "1e2", true},
        {"0.10", "1e-1", true},
        {"-0", "0", true},
        {"12.5", "0.125E2", true},
        {"120.50", "1205e-1", true},
        {"10.01", "1001e-2", true},
        {"1", "-1", false},
        {"1", "2", false},
        {"1.05", "1.5", false},
        {"9007199254740993", "9007199254740992", false},
        {"1e400", "1e401", false},
        {"1", "\"1\"", false},
        {"null", "false", false},
        {"[1,2]", "[1,2.0]", true},
        {"[1,2]", "[2,1]", false},
        {"[1]", "[1,1]", false},
        {"{\"a\":1,\"b\":[]}", "{\"b\":[],\"a\":1}", true},
        {"{\"a\":1}", "{\"b\":1}", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
        {"\"\\u0061\"", "\"a\"", true},
        {"{}", "[]", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        struct json *x = parse(&a, cases[i].a);
        struct json *y = parse(&a, cases[i].b);
        if (json_eq(x, y) != cases[i].equal || json_eq(y, x) != cases[i].equal) {
            fail_msg("%s and %s", cases[i].a, cases[i].b);
        }
    }
    assert_true(json_eq(NULL, NULL));
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    assert_false(json_eq(NULL, json_new_null(&a)));
}

static void building(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *j = json_new_object(&a);
    json_set_str(&a, j, "s", STR("x"));
    json_set(&a, j, STR("n"), json_new_int(&a, INT64_MIN));
    json_set(&a, j, STR("f"), json_new_number(&a, STR("1.50")));
    json_set(&a, j, STR("b"), json_new_bool(&a, true));
    json_set(&a, j, STR("z"), json_new_null(&a));
    struct json *list = json_set(&a, j, STR("l"), json_new_array(&a));
    for (int i = 0; i < 9; i++) {
        json_push(&a, list, json_new_int(&a, i));
    }
    json_set_str(&a, j, "s", STR("y"));
    assert_written(j, JSON_WRITE_PLAIN,
                   "{\"s\":\"y\",\"n\":-9223372036854775808,\"f\":1.50,\"b\":true,\"z\":null,"
                   "\"l\":[0,1,2,3,4,5,6,7,8]}");
    assert_true(json_del(j, STR("n")));
    assert_false(json_del(j, STR("n")));
    assert_false(json_del(list, STR("n")));
    json_del_at(list, 8);
    json_del_at(list, 3);
    json_del_at(list, 0);
    assert_written(j, JSON_WRITE_SORTED,
                   "{\"b\":true,\"f\":1.50,\"l\":[1,2,4,5,6,7],\"s\":\"y\",\"z\":null}");
}

/* Past JSON_OBJECT_LINEAR a table takes over; deleting and replacing keep it right. */
static void big_objects(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *j = json_new_object(&a);
    enum { N = 300 };
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N; i++) {
            json_set(&a, j, arena_printf(&a, "key%d", i), json_new_int(&a, i + round));
        }
    }
    assert_int_equal(j->n, N);
    for (int i = 0; i < N; i += 2) {
        assert_true(json_del(j, arena_printf(&a, "key%d", i)));
    }
    assert_int_equal(j->n, N / 2);
    struct json *copy = json_clone(&a, j);
    for (int i = 0; i < N; i++) {
        struct json *value = json_get_str(copy, arena_printf(&a, "key%d", i));
        assert_int_equal(json_int(value, -1), i % 2 ? i + 1 : -1);
    }
    assert_str(j->members[0].key, "key1");
    assert_true(json_eq(j, copy));
}

static void raw_text(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const char *text = "{ \"a\": {\"x\" : 1.0, \"y\":\"\\u0041\"}, \"b\" :[ ] }";
    struct json *j = parse(&a, text);
    assert_written(j, JSON_WRITE_RAW, text);
    /* A changed path is written from its nodes, what hangs beside it as it stood. */
    json_set_str(&a, json_edit(&a, j, "meta.labels"), "k", STR("v"));
    assert_written(
        j, JSON_WRITE_RAW,
        "{\"a\":{\"x\" : 1.0, \"y\":\"\\u0041\"},\"b\":[ ],\"meta\":{\"labels\":{\"k\":\"v\"}}}");
    json_set(&a, json_edit(&a, j, "a"), STR("x"), json_new_int(&a, 2));
    assert_written(json_get(j, "a"), JSON_WRITE_RAW, "{\"x\":2,\"y\":\"\\u0041\"}");
    assert_null(json_edit(&a, j, "b.c"));
    assert_null(json_edit(&a, json_get(j, "b"), "c"));
    assert_ptr_equal(json_edit(&a, j, ""), j);
    assert_null(json_clone(&a, json_get(j, "b"))->raw.p);
}

static void html_flag(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(256);
    json_write_string(&out, STR("<a>&\xe2\x80\xa8"), JSON_WRITE_PLAIN);
    assert_buf(&out, "\"<a>&\\u2028\"");
    buf_clear(&out);
    json_write_string(&out, STR("<a>&\xe2\x80\xa9\xff"), JSON_WRITE_HTML);
    assert_buf(&out, "\"\\u003ca\\u003e\\u0026\\u2029\\ufffd\"");
}

static void streaming_writer(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf out = BUF_INIT(4096);
    struct json_writer w = json_writer(&out);
    json_w_object(&w);
    json_w_strings(&w, "a", "1", "b", "2");
    json_w_key(&w, "c");
    json_w_array(&w);
    json_w_int(&w, -1);
    json_w_bool(&w, true);
    json_w_bool(&w, false);
    json_w_null(&w);
    json_w_str(&w, STR("\n"));
    json_w_array(&w);
    json_w_end(&w);
    json_w_object(&w);
    json_w_end(&w);
    json_w_raw(&w, STR("{\"r\": 1}"));
    json_w_node(&w, parse(&a, "[ 1.0 ]"));
    json_w_end(&w);
    json_w_key_str(&w, STR("d"));
    json_w_base64(&w, STR("\x00\xff!"));
    json_w_end(&w);
    assert_buf(&out, "{\"a\":\"1\",\"b\":\"2\",\"c\":[-1,true,false,null,\"\\n\",[],{},"
                     "{\"r\": 1},[1.0]],\"d\":\"AP8h\"}");
    assert_int_equal(w.depth, 0);
}

static void writer_goes_deep(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(4096);
    struct json_writer w = json_writer(&out);
    for (int i = 0; i < 240; i += 2) {
        json_w_array(&w);
        json_w_object(&w);
        json_w_key(&w, "k");
    }
    json_w_int(&w, 1);
    for (int i = 0; i < 240; i++) {
        json_w_end(&w);
    }
    assert_int_equal(out.n, 120 * 8 + 1);
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    assert_null(json_parse(&a, buf_str(&out), JSON_PLAIN, &err));
    assert_true(err_is(err, ERR_LIMIT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(integers),
        cmocka_unit_test(equality),
        cmocka_unit_test(building),
        cmocka_unit_test(big_objects),
        cmocka_unit_test(raw_text),
        cmocka_unit_test(html_flag),
        cmocka_unit_test(streaming_writer),
        cmocka_unit_test(writer_goes_deep),
    };
    return RUN(tests);
}
