/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/json_path.h"

static const struct str documents[] = {
#include "vectors/json_path_documents.inc"
};

#define F(document_, path_, out_) {document_, STR_INIT(path_), true, STR_INIT(out_)},
#define N(document_, path_)       {document_, STR_INIT(path_), false, {0}},
static const struct {
    size_t document;
    struct str path;
    bool found;
    struct str out;
} vectors[] = {
#include "vectors/json_path.inc"
};

static void as_gjson_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(i % 2 ? ARENA_WIPE : ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        struct str document = documents[vectors[i].document];
        AUTO(freep) char *copy = xmalloc(document.n);
        memcpy(copy, document.p, document.n);
        bool found;
        struct str out;
        int rc = json_path_get(&a, str_n(copy, document.n), vectors[i].path, &found, &out, &err);
        if (rc != 0 || found != vectors[i].found || !str_eq(out, vectors[i].out)) {
            fail_msg("%.*s of document %zu: %s, found %d, got %.*s, expected %.*s",
                     STR_ARG(vectors[i].path), vectors[i].document, err_msg(err), (int)found,
                     STR_ARG(out), STR_ARG(vectors[i].out));
        }
    }
}

static void assert_limit(struct str json, const struct buf *path)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    bool found;
    struct str out;
    assert_err(json_path_get(&a, json, buf_str(path), &found, &out, &err), err, ERR_LIMIT,
               "too much work");
}

/* Paths that double their text, look at it again and again, or go too deep. */
static void work_is_bounded(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf path = BUF_INIT(1 << 20);
    AUTO(buf_done) struct buf json = BUF_INIT(8 << 20);
    for (int i = 0; i < 40; i++) {
        buf_add_c(&path, "[@this,@this]|");
    }
    buf_add_c(&path, "@this");
    assert_limit(STR("[1]"), &path);

    buf_clear(&path);
    buf_add_repeat(&path, '[', 1000);
    buf_add_repeat(&path, ']', 1000);
    assert_limit(STR("[1]"), &path);

    buf_clear(&path);
    buf_add_byte(&json, '[');
    for (int i = 0; i < 1000000; i++) {
        buf_add_c(&json, "1,");
    }
    buf_add_c(&json, "1]");
    for (int i = 0; i < 1000; i++) {
        buf_add_c(&path, "@this|");
    }
    buf_add_c(&path, "0");
    assert_limit(buf_str(&json), &path);

    static const char *const deep[] = {"@flatten:{\"deep\":true}", "@dig:a", "@pretty"};
    buf_clear(&json);
    buf_add_repeat(&json, '[', 10000);
    buf_add_repeat(&json, ']', 10000);
    for (size_t i = 0; i < COUNT_OF(deep); i++) {
        buf_clear(&path);
        buf_add_c(&path, deep[i]);
        assert_limit(buf_str(&json), &path);
    }
}

/* A long chain of pipes is no depth, and the scanner has no limit of depth of its own. */
static void what_is_not_bounded(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf path = BUF_INIT(1 << 20);
    AUTO(buf_done) struct buf json = BUF_INIT(1 << 20);
    for (int i = 0; i < 1000; i++) {
        buf_add_c(&path, "@this|");
    }
    buf_add_c(&path, "b");
    buf_add_c(&json, "{\"a\":");
    buf_add_repeat(&json, '[', 10000);
    buf_add_repeat(&json, ']', 10000);
    buf_add_c(&json, ",\"b\":7}");
    bool found = false;
    struct str out;
    assert_int_equal(json_path_get(&a, buf_str(&json), buf_str(&path), &found, &out, NULL), 0);
    assert_true(found);
    assert_str(out, "7");
}

/* Many stars do not make matching slow. */
static void stars(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf json = BUF_INIT(1 << 20);
    buf_add_c(&json, "{\"");
    buf_add_repeat(&json, 'a', 5000);
    buf_add_c(&json, "\":1}");
    bool found = true;
    struct str out;
    struct str path = STR("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b");
    assert_int_equal(json_path_get(&a, buf_str(&json), path, &found, &out, NULL), 0);
    assert_false(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_gjson_does), cmocka_unit_test(work_is_bounded),
        cmocka_unit_test(what_is_not_bounded), cmocka_unit_test(stars)};
    return RUN(tests);
}
