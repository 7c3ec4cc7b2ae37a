/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/patch.h"

#include "test.h"

static const struct patch_entry entries[] = {
    {STR_INIT("a/b"), STR_INIT("1\n")},
    {STR_INIT("gone"), {NULL, 0}},
    {STR_INIT("empty"), STR_INIT("")},
};

static void annotations_of_object_and_template(void **state)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    patch_annotations(&b, "", entries, 3);
    assert_buf(&b,
               "{\"metadata\":{\"annotations\":{\"a/b\":\"1\\n\",\"gone\":null,\"empty\":\"\"}}}");
    buf_clear(&b);
    patch_annotations(&b, "spec.template", entries, 1);
    assert_buf(&b, "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"a/b\":\"1\\n\"}}}}}");
    buf_clear(&b);
    patch_labels(&b, "", entries + 1, 1);
    assert_buf(&b, "{\"metadata\":{\"labels\":{\"gone\":null}}}");
}

static void both_in_one(void **state)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    patch_annotations_both(&b, "spec.template", entries, 1, entries + 1, 1, STR("12"));
    assert_buf(&b, "{\"metadata\":{\"resourceVersion\":\"12\",\"annotations\":{\"a/b\":\"1\\n\"}},"
                   "\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"gone\":null}}}}}");
    buf_clear(&b);
    patch_annotations_both(&b, "spec.template", entries + 2, 1, NULL, 0, STR_EMPTY);
    assert_buf(&b, "{\"metadata\":{\"annotations\":{\"empty\":\"\"}}}");
}

static void status(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    const struct json *doc = json_parse(&a, STR("{\"ready\":true}"), JSON_PLAIN, NULL);
    patch_status(&b, STR("5"), doc);
    assert_buf(&b, "{\"metadata\":{\"resourceVersion\":\"5\"},\"status\":{\"ready\":true}}");
    buf_clear(&b);
    patch_status(&b, STR_EMPTY, doc);
    assert_buf(&b, "{\"status\":{\"ready\":true}}");
}

static void json_patch(void **state)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf path = BUF_INIT(100);
    buf_add_c(&path, "/metadata/annotations");
    patch_pointer(&path, STR("reloader.stakater.com/a~b"));
    AUTO(buf_done) struct buf b = BUF_INIT(1000);
    struct patch_json p = patch_json_begin(&b);
    patch_json_op_str(&p, "test", STR("/metadata/uid"), STR("u"));
    patch_json_op(&p, "add", STR("/x"), json_parse(&a, STR("[1]"), JSON_PLAIN, NULL));
    patch_json_op(&p, "remove", buf_str(&path), NULL);
    patch_json_end(&p);
    assert_buf(&b, "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"u\"},"
                   "{\"op\":\"add\",\"path\":\"/x\",\"value\":[1]},{\"op\":\"remove\",\"path\":"
                   "\"/metadata/annotations/reloader.stakater.com~1a~0b\"}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(annotations_of_object_and_template),
        cmocka_unit_test(both_in_one),
        cmocka_unit_test(status),
        cmocka_unit_test(json_patch),
    };
    return RUN(tests);
}
