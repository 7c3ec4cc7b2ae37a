/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/store.h"

#include "base/intern.h"
#include "test.h"

struct thing {
    struct object object;
    int value;
};

static struct object *thing(const char *ns, const char *name, int value)
{
    struct thing *t = object_new_named(sizeof(*t), str_c(ns), str_c(name), STR("u"), STR("7"));
    t->value = value;
    return &t->object;
}

static int value_of(const struct object *o)
{
    return o ? ((const struct thing *)(const void *)o)->value : -1;
}

static void object_keeps_names_behind_the_struct(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct json *item =
        json_parse(&a,
                   STR("{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\"1-2\","
                       "\"resourceVersion\":\"99\",\"generation\":3,\"deletionTimestamp\":\"x\","
                       "\"labels\":{\"a\":\"1\"},\"annotations\":{\"b/c\":\"\"}}}"),
                   JSON_PLAIN, NULL);
    AUTO(err_freep) struct err *err = NULL;
    struct thing *t = object_new(sizeof(*t), item, &err);
    assert_non_null(t);
    assert_str(object_ns(&t->object), "shop");
    assert_str(object_name(&t->object), "web");
    assert_str(object_uid(&t->object), "1-2");
    assert_str(object_version(&t->object), "99");
    assert_int_equal(t->value, 0);
    AUTO(buf_done) struct buf key = BUF_INIT(100);
    object_key(&t->object, &key);
    assert_buf(&key, "shop/web");
    object_free(&t->object);

    bool found = false;
    assert_str(object_label(item, "a", &found), "1");
    assert_str(object_annotation(item, "b/c", &found), "");
    assert_true(found);
    assert_str(object_annotation(item, "b/d", &found), "");
    assert_false(found);
    assert_true(object_deleting(item));
    assert_int_equal(object_generation(item), 3);
    assert_int_equal(intern_count(), 0);
}

static void object_needs_a_sane_name(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    assert_null(object_new(sizeof(struct object), NULL, &err));
    assert_int_equal(err->kind, ERR_PARSE);
    AUTO(buf_done) struct buf text = BUF_INIT(1000);
    buf_add_c(&text, "{\"metadata\":{\"name\":\"");
    buf_add_repeat(&text, 'n', 254);
    buf_add_c(&text, "\"}}");
    assert_null(
        object_new(sizeof(struct object), json_parse(&a, buf_str(&text), JSON_PLAIN, NULL), &err));
    assert_non_null(strstr(err->msg, "longer than"));
}

static void keys_split(void **state)
{
    struct str ns;
    struct str name;
    object_key_split(STR("a/b"), &ns, &name);
    assert_str(ns, "a");
    assert_str(name, "b");
    object_key_split(STR("b"), &ns, &name);
    assert_str(ns, "");
    assert_str(name, "b");
}

static void put_get_replace_take(void **state)
{
    struct store *s = store_new(NULL, NULL);
    assert_null(store_put(s, thing("a", "x", 1)));
    assert_null(store_put(s, thing("b", "x", 2)));
    assert_null(store_put(s, thing("", "x", 3)));
    assert_int_equal(value_of(store_get(s, STR("a"), STR("x"))), 1);
    assert_int_equal(value_of(store_get_key(s, STR("b/x"))), 2);
    assert_int_equal(value_of(store_get_key(s, STR("x"))), 3);
    assert_null(store_get_key(s, STR("c/x")));

    struct object *old = store_put(s, thing("a", "x", 4));
    assert_int_equal(value_of(old), 1);
    store_drop(s, old);
    assert_int_equal(value_of(store_get_key(s, STR("a/x"))), 4);
    assert_int_equal(store_count(s), 3);
    assert_int_equal(store_count_in(s, STR("a")), 1);

    old = store_take(s, STR("a"), STR("x"));
    assert_int_equal(value_of(old), 4);
    store_drop(s, old);
    assert_null(store_take(s, STR("a"), STR("x")));
    assert_int_equal(store_count_in(s, STR("a")), 0);
    assert_int_equal(store_count(s), 2);
    store_free(s);
    assert_int_equal(intern_count(), 0);
}

static void iterates_all_or_one_namespace(void **state)
{
    struct store *s = store_new(NULL, NULL);
    for (int i = 0; i < 100; i++) {
        char name[20];
        (void)snprintf(name, sizeof(name), "n%d", i);
        assert_null(store_put(s, thing(i % 4 == 0 ? "four" : "other", name, i)));
    }
    /* Replaced objects stay in their chain, first and middle ones too. */
    store_drop(s, store_put(s, thing("four", "n96", 96)));
    store_drop(s, store_put(s, thing("four", "n48", 48)));
    store_drop(s, store_put(s, thing("four", "n0", 0)));
    int sum = 0;
    for (struct store_iter it = {0}; store_next(s, &it);) {
        sum += value_of(it.object);
    }
    assert_int_equal(sum, 99 * 100 / 2);
    sum = 0;
    for (struct store_iter it = {.ns = STR("four")}; store_next(s, &it);) {
        sum += value_of(it.object);
    }
    assert_int_equal(sum, 4 * (24 * 25 / 2));
    for (struct store_iter it = {.ns = STR_EMPTY}; store_next(s, &it);) {
        fail_msg("there are no cluster-scoped objects");
    }
    store_free(s);
}

/* A walk in slices misses nobody who is there all the time, whatever else comes and goes. */
static void walk_survives_changes(void **state)
{
    struct store *s = store_new(NULL, NULL);
    char name[20];
    for (int i = 0; i < 500; i++) {
        (void)snprintf(name, sizeof(name), "n%d", i);
        assert_null(store_put(s, thing("a", name, i)));
    }
    bool seen[500] = {0};
    struct store_cursor cursor = {0};
    struct object *slice[7];
    int turn = 0;
    for (size_t n; (n = store_walk(s, &cursor, slice, COUNT_OF(slice))) > 0; turn++) {
        for (size_t i = 0; i < n; i++) {
            if (value_of(slice[i]) < 500) {
                seen[value_of(slice[i])] = true;
            }
        }
        (void)snprintf(name, sizeof(name), "n%d", turn * 2); /* the even ones go */
        store_drop(s, store_take(s, STR("a"), str_c(name)));
        if (turn < 400) { /* and others come, so that the table grows */
            (void)snprintf(name, sizeof(name), "m%d", turn);
            assert_null(store_put(s, thing("a", name, 1000)));
        }
    }
    for (int i = 1; i < 500; i += 2) {
        assert_true(seen[i]);
    }
    store_free(s);
}

/* Objects that come and go do not make the table grow. */
static void marks_of_the_dead_are_cleared(void **state)
{
    struct store *s = store_new(NULL, NULL);
    for (int i = 0; i < 100; i++) {
        char name[20];
        (void)snprintf(name, sizeof(name), "keep%d", i);
        assert_null(store_put(s, thing("a", name, i)));
    }
    size_t before = store_table_bytes(s);
    for (int i = 0; i < 100000; i++) {
        char name[20];
        (void)snprintf(name, sizeof(name), "n%d", i);
        assert_null(store_put(s, thing("a", name, i)));
        store_drop(s, store_take(s, STR("a"), str_c(name)));
    }
    assert_int_equal(store_count(s), 100);
    assert_true(store_table_bytes(s) <= 2 * before);
    store_free(s);
}

static void count_frees(void *arg, struct object *o)
{
    ++*(int *)arg;
    object_free(o);
}

static void frees_with_the_owners_function(void **state)
{
    int freed = 0;
    struct store *s = store_new(count_frees, &freed);
    assert_null(store_put(s, thing("a", "x", 1)));
    store_drop(s, store_put(s, thing("a", "x", 2)));
    assert_int_equal(freed, 1);
    store_free(s);
    assert_int_equal(freed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(object_keeps_names_behind_the_struct),
        cmocka_unit_test(object_needs_a_sane_name),
        cmocka_unit_test(keys_split),
        cmocka_unit_test(put_get_replace_take),
        cmocka_unit_test(iterates_all_or_one_namespace),
        cmocka_unit_test(walk_survives_changes),
        cmocka_unit_test(marks_of_the_dead_are_cleared),
        cmocka_unit_test(frees_with_the_owners_function),
    };
    return RUN(tests);
}
