/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/json.h"
#include "codec/json_split.h"

enum { MAX_ITEM = 64 };

/* What came out: each item with a newline, the rest behind "=". */
struct seen {
    struct buf out;
    size_t fail_at; /* the callback refuses the item of this number, from 1 on */
    size_t items;
};

static int on_item(void *arg, struct str text, struct err **err)
{
    struct seen *seen = arg;
    buf_add_str(&seen->out, text);
    buf_add_byte(&seen->out, '\n');
    return ++seen->items == seen->fail_at ? err_set(err, ERR_INVALID, "unwanted") : 0;
}

static int on_rest(void *arg, struct str text, struct err **err)
{
    struct seen *seen = arg;
    (void)err;
    buf_add_byte(&seen->out, '=');
    buf_add_str(&seen->out, text);
    return 0;
}

struct split_case {
    enum json_split_mode mode;
    const char *in;
    const char *out; /* also of what comes before an error */
    enum err_kind kind;
    const char *error;
};

#define LIST  JSON_SPLIT_LIST
#define WATCH JSON_SPLIT_WATCH

static const struct split_case cases[] = {
    {LIST, "{}", "={}"},
    {LIST, " { } \n", "={}"},
    {LIST, "{\"items\":[]}", "={}"},
    {LIST, "{\"items\":null,\"kind\":\"L\"}", "={\"kind\":\"L\"}"},
    {LIST, "{\"kind\":\"L\",\"n\":12,\"items\":[{\"a\":1},{\"b\":[2]}],\"t\":true}",
     "{\"a\":1}\n{\"b\":[2]}\n={\"kind\":\"L\",\"n\":12,\"t\":true}"},
    {LIST, "{ \"items\" : [ { \"a\" : 1 } , {} ] , \"metadata\" : { \"x\" : [ ] } }",
     "{ \"a\" : 1 }\n{}\n={\"metadata\":{ \"x\" : [ ] }}"},
    {LIST, "{\"items\":[1,\"a,]\",[2],null,-1.5e3 ]}", "1\n\"a,]\"\n[2]\nnull\n-1.5e3\n={}"},
    {LIST, "{\"items\":[{\"a\":\"}]\\\"{\\\\\"},{\"\\\\\":\"\\u0022\"}]}",
     "{\"a\":\"}]\\\"{\\\\\"}\n{\"\\\\\":\"\\u0022\"}\n={}"},
    {LIST, "{\"\\u0069tems\":[{}]}", "{}\n={}"},
    {LIST, "{\"it\\nems\":[{}]}", "={\"it\\nems\":[{}]}"},
    {LIST, "{\"a\":{\"items\":[1]},\"items\":[2]}", "2\n={\"a\":{\"items\":[1]}}"},
    {LIST, "{\"items\":[{\"\xc3\xa9\":\"\xff\"}]}", "{\"\xc3\xa9\":\"\xff\"}\n={}"},
    {LIST, "{\"items\":[{\"a\":1}", "{\"a\":1}\n", ERR_PARSE, "ends early, after 17 bytes"},
    {LIST, "{\"items\":[{}]", "{}\n", ERR_PARSE, "ends early"},
    {LIST, "{\"items\":[{\"a\":\"", "", ERR_PARSE, "ends early"},
    {LIST, "{\"a\":1", "", ERR_PARSE, "ends early"},
    {LIST, "", "", ERR_PARSE, "ends early"},
    {LIST, "[]", "", ERR_PARSE, "at byte 0: expected a list, which is an object"},
    {LIST, "<html>", "", ERR_PARSE, "at byte 0: expected a list"},
    {LIST, "{\"items\":[{}]} x", "{}\n={}", ERR_PARSE, "at byte 15: expected nothing"},
    {LIST, "{\"items\":[{},]}", "{}\n", ERR_PARSE, "expected a value"},
    {LIST, "{\"items\":[{} {}]}", "{}\n", ERR_PARSE, "expected a comma or the end of the items"},
    {LIST, "{\"items\":[}", "", ERR_PARSE, "expected a value"},
    {LIST, "{\"items\":{}}", "", ERR_PARSE, "items is not a list"},
    {LIST, "{\"items\":\"null\"}", "", ERR_PARSE, "items is not a list"},
    {LIST, "{\"items\":[],\"items\":[]}", "", ERR_PARSE, "items twice"},
    {LIST, "{\"a\":1,}", "", ERR_PARSE, "expected a key"},
    {LIST, "{\"a\" 1}", "", ERR_PARSE, "expected a colon"},
    {LIST, "{\"a\":1 \"b\":2}", "", ERR_PARSE, "expected a comma or the end of the list"},
    {LIST, "{a:1}", "", ERR_PARSE, "at byte 1: expected a key"},
    {LIST, "{\"items\":[\"123456789012345678901234567890123456789012345678901234567890ab\",1]}",
     "\"123456789012345678901234567890123456789012345678901234567890ab\"\n1\n={}"},
    {LIST, "{\"items\":[1,\"123456789012345678901234567890123456789012345678901234567890abc\"]}",
     "1\n", ERR_LIMIT, "an item is larger than 64 bytes"},
    {LIST, "{\"aaaaaaaaaaaaaaaaaaaaaaaaaa\":1,\"bbbbbbbbbbbbbbbbbbbbbbbbbbb\":2}",
     "={\"aaaaaaaaaaaaaaaaaaaaaaaaaa\":1,\"bbbbbbbbbbbbbbbbbbbbbbbbbbb\":2}"},
    {LIST, "{\"aaaaaaaaaaaaaaaaaaaaaaaaaa\":1,\"bbbbbbbbbbbbbbbbbbbbbbbbbbbb\":2}", "", ERR_LIMIT,
     "the list without its items is larger than 64 bytes"},
    {WATCH, "", ""},
    {WATCH, "\n\n", ""},
    {WATCH, "{\"type\":\"A\"}\n{\"type\":\"B\",\"o\":{\"x\":[{}]}}\n",
     "{\"type\":\"A\"}\n{\"type\":\"B\",\"o\":{\"x\":[{}]}}\n"},
    {WATCH, "{}{} {}", "{}\n{}\n{}\n"},
    {WATCH, "{}\n{\"a\":", "{}\n", ERR_PARSE, "ends early, after 8 bytes"},
    {WATCH, "{}\n]", "{}\n", ERR_PARSE, "at byte 3: expected an event"},
    {WATCH, "Internal Server Error", "", ERR_PARSE, "at byte 0: expected an event"},
};

/* Feeds the text in pieces that end at the given borders (first, second; then what is left), or
 * byte by byte for step 1. */
static int run(const struct split_case *c, size_t first, size_t second, bool bytewise,
               struct seen *seen, struct err **err)
{
    const struct json_split_callbacks callbacks = {on_item, on_rest};
    struct json_split *s = json_split_new(c->mode, MAX_ITEM, bytewise, &callbacks, seen);
    size_t n = strlen(c->in);
    int rc = 0;
    for (size_t at = 0; at < n && rc == 0;) {
        size_t to = MIN(n, bytewise ? at + 1 : at < first ? first : at < second ? second : n);
        /* A block of its own, so that sanitizers see views that live too long. */
        AUTO(freep) char *piece = xstrndup(c->in + at, to - at);
        rc = json_split_feed(s, str_n(piece, to - at), err);
        at = to;
    }
    if (rc != 0) {
        struct err *again = NULL;
        assert_err(json_split_feed(s, STR("{}"), &again), again, ERR_PARSE, "failed before");
        assert_err(json_split_finish(s, &again), again, ERR_PARSE, "failed before");
        err_freep(&again);
    }
    rc = rc == 0 ? json_split_finish(s, err) : rc;
    json_split_free(s);
    return rc;
}

static void check(const struct split_case *c, size_t first, size_t second, bool bytewise)
{
    AUTO(err_freep) struct err *err = NULL;
    struct seen seen = {.out = BUF_INIT(4096)};
    int rc = run(c, first, second, bytewise, &seen, &err);
    if (rc != (c->error ? -1 : 0) || strcmp(seen.out.p, c->out) != 0) {
        fail_msg("%s cut at %zu and %zu: %s, got %s", c->in, first, second, err_msg(err),
                 seen.out.p);
    }
    if (c->error) {
        assert_err(rc, err, c->kind, c->error);
    }
    buf_done(&seen.out);
}

static void borders_mean_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = strlen(cases[i].in);
        check(&cases[i], n, n, false);
        check(&cases[i], n, n, true);
        for (size_t first = 0; first < n; first++) {
            for (size_t second = first; second < n; second++) {
                check(&cases[i], first, second, false);
            }
        }
    }
}

static void a_callback_may_refuse(void **state)
{
    (void)state;
    const struct split_case c = {LIST, "{\"items\":[1,2,3]}"};
    for (int bytewise = 0; bytewise < 2; bytewise++) {
        AUTO(err_freep) struct err *err = NULL;
        struct seen seen = {.out = BUF_INIT(4096), .fail_at = 2};
        assert_err(run(&c, 20, 20, bytewise, &seen, &err), err, ERR_INVALID, "unwanted");
        assert_buf(&seen.out, "1\n2\n");
        buf_done(&seen.out);
    }
}

/* Items larger than any piece, and pieces with many items. */
static void big_list(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf text = BUF_INIT(8 << 20);
    buf_add_c(&text, "{\"items\":[");
    for (int i = 0; i < 500; i++) {
        buf_addf(&text, "%s{\"name\":\"%d\",\"pad\":\"", i ? "," : "", i);
        buf_add_repeat(&text, 'x', (size_t)i * 7);
        buf_add_c(&text, "\"}");
    }
    buf_add_c(&text, "],\"metadata\":{}}");
    static const size_t pieces[] = {1, 7, 100, 4096, 16384, 4 << 20};
    for (size_t k = 0; k < COUNT_OF(pieces); k++) {
        struct seen seen = {.out = BUF_INIT(8 << 20)};
        const struct json_split_callbacks callbacks = {on_item, NULL};
        struct json_split *s = json_split_new(LIST, 4096, false, &callbacks, &seen);
        for (size_t at = 0; at < text.n; at += pieces[k]) {
            struct str piece = str_sub(buf_str(&text), at, MIN(at + pieces[k], text.n));
            assert_int_equal(json_split_feed(s, piece, NULL), 0);
        }
        assert_int_equal(json_split_finish(s, NULL), 0);
        assert_int_equal(seen.items, 500);
        json_split_free(s);
        buf_done(&seen.out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(borders_mean_nothing),
                                       cmocka_unit_test(a_callback_may_refuse),
                                       cmocka_unit_test(big_list)};
    return RUN(tests);
}
