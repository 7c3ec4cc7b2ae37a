/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/yaml.h"

#define V(json_, yaml_) {STR_INIT(json_), STR_INIT(yaml_)},
#define E(json_)        {STR_INIT(json_), {0}},
static const struct {
    struct str json;
    struct str yaml; /* p NULL: refused */
} vectors[] = {
#include "vectors/yaml_write.inc"
};

static struct json *parse(struct arena *a, struct str text)
{
    struct err *err = NULL;
    struct json *j = json_parse(a, text, JSON_PLAIN, &err);
    if (!j) {
        fail_msg("%.*s: %s", STR_ARG(text), err_msg(err));
    }
    return j;
}

static void as_go_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        AUTO(buf_done) struct buf out = BUF_INIT(1 << 20);
        int rc = yaml_write(&out, parse(&a, vectors[i].json), &err);
        if (rc != (vectors[i].yaml.p ? 0 : -1) ||
            (rc == 0 && !str_eq(buf_str(&out), vectors[i].yaml))) {
            fail_msg("%.*s: %s, got:\n%s\nexpected:\n%.*s", STR_ARG(vectors[i].json), err_msg(err),
                     out.p, STR_ARG(vectors[i].yaml));
        }
        assert_true(rc == 0 || err->kind == ERR_INVALID);
    }
}

static void limits(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT(10);
    buf_add_c(&out, "keep");
    assert_err(yaml_write(&out, parse(&a, STR("{\"a\":\"bcdefgh\"}")), &err), err, ERR_LIMIT,
               "larger than 10 bytes");
    assert_buf(&out, "keep");
    assert_err(yaml_write(&out, parse(&a, STR("[\"\x7f\"]")), &err), err, ERR_INVALID,
               "control characters are not allowed");
    assert_buf(&out, "keep");
    assert_err(yaml_write(&out, parse(&a, STR("{\"a\xc2\x85\":1}")), &err), err, ERR_INVALID,
               "U+0085");
}

/* Text goes behind what the buffer has, and is the same whatever the writer's own buffers hold. */
static void long_documents(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(8 << 20);
    struct json *j = json_new_object(&a);
    for (int i = 0; i < 5000; i++) {
        json_set(&a, j, arena_printf(&a, "key-%d", i),
                 json_new_str(&a, arena_printf(&a, "value\n%d\n", i)));
    }
    assert_ok(yaml_write(&out, j, &err), err);
    assert_true(str_starts(buf_str(&out), STR("key-0: |\n  value\n  0\nkey-1: |\n")));
    assert_true(json_eq(j, yaml_read(&a, buf_str(&out), YAML_STRICT, &err)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_go_does), cmocka_unit_test(limits),
                                       cmocka_unit_test(long_documents)};
    return RUN(tests);
}
