/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml_tree.h"
#include "test.h"

static void test_lines_and_keys(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    const struct yaml_node *n =
        yaml_tree_parse(&a, STR("# a comment\na:\n  - x\n  - {b: 'null', c: null}\n"), &err);
    assert_non_null(n);
    const struct yaml_node *list = yaml_get(n, "a");
    assert_int_equal(list->type, YAML_LIST);
    assert_int_equal(list->key_line, 2);
    assert_int_equal(list->n, 2);
    assert_int_equal(list->first->line, 3);
    const struct yaml_node *map = list->first->next;
    assert_int_equal(map->line, 4);
    assert_str(yaml_get(map, "b")->text, "null");
    assert_false(yaml_is_null(yaml_get(map, "b"))); /* quoted: the word */
    assert_true(yaml_is_null(yaml_get(map, "c")));
    assert_true(yaml_is_null(yaml_get(map, "d")));
}

static void test_what_is_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a: [", "line 2: did not find expected node content"},
        {"a: &x 1\nb: *x\n", "line 2: aliases (*name) are not supported"},
        {"a: 1\na: 2\n", "line 2: \"a\" stands there twice"},
        {"? [x]\n: 1\n", "line 1: this kind of key is not supported"},
        {"x:\n  <<: {a: 1}\n", "line 2: this kind of key is not supported"},
        {"a: 1\n---\nb: 2\n", "line 2: only one document is allowed"},
        {"a: \"\xff\"\n", "line "},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        assert_null(yaml_tree_parse(&a, str_c(cases[i].text), &err));
        assert_true(strstr(err_msg(err), cases[i].message) == err->msg);
    }
}

static void test_to_json(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT(1000);
    const struct yaml_node *n =
        yaml_tree_parse(&a, STR("a: 1\nb: '1'\nc: true\nd: ~\ne: [x, 1.5]\nf: {}\n"), &err);
    assert_non_null(n);
    json_write(&out, yaml_to_json(&a, n), JSON_WRITE_PLAIN);
    assert_buf(&out, "{\"a\":1,\"b\":\"1\",\"c\":true,\"d\":null,\"e\":[\"x\",\"1.5\"],\"f\":{}}");
}

static void test_bounds(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(buf_done) struct buf deep = BUF_INIT(10000);
    buf_add_repeat(&deep, '[', 100);
    buf_add_repeat(&deep, ']', 100);
    assert_null(yaml_tree_parse(&a, buf_str(&deep), &err));
    assert_int_equal(err->kind, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_and_keys),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_to_json),
        cmocka_unit_test(test_bounds),
    };
    return RUN(tests);
}
