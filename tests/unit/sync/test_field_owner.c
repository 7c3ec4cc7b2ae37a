/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/field_owner.h"

static void names(void **state)
{
    assert_str(field_manager_name(&arena, STR("db")), "externalsecrets.external-secrets.io/db");
    /* 27 bytes are the longest name that stays readable. */
    assert_str(field_manager_name(&arena, STR("abcdefghijklmnopqrstuvwxyza")),
               "externalsecrets.external-secrets.io/abcdefghijklmnopqrstuvwxyza");
    assert_str(field_manager_name(&arena, STR("this-is-a-long-external-secret-name")),
               "externalsecrets.external-secrets.io/sha3/"
               "323ba5671e9e11c6180af27adf7a07e5bdadf4fe595743c59bb18d0e");
}

static const char *const FIELDS =
    "[{'manager':'kubectl','operation':'Update','fieldsV1':{'f:data':{'f:theirs':{}}}},"
    "{'manager':'externalsecrets.external-secrets.io/db','operation':'Update','fieldsV1':{"
    "'f:data':{'.':{},'f:a':{},'f:f:b':{}},'f:metadata':{'f:labels':{'.':{},'f:x/y':{}},"
    "'f:annotations':{'f:n':{}},'f:ownerReferences':{'k:{}':{}}},'f:type':{}}},"
    "{'manager':'externalsecrets.external-secrets.io/db','operation':'Apply','fieldsV1':{"
    "'f:data':{'f:c':{}}}},"
    "{'manager':'externalsecrets.external-secrets.io/other','fieldsV1':{'f:data':{'f:o':{}}}}]";

static void ownership(void **state)
{
    struct owned_fields owned = owned_fields(&arena, doc(FIELDS), STR("db"));
    assert_map(&owned.data, "{'a':'','c':'','f:b':''}");
    assert_map(&owned.labels, "{'x/y':''}");
    assert_map(&owned.annotations, "{'n':''}");
    owned = owned_fields(&arena, NULL, STR("db"));
    assert_int_equal(owned.data.n, 0);
}

/* A release before 0.19 wrote under the name itself. */
static void former_long_name(void **state)
{
    struct owned_fields owned = owned_fields(
        &arena,
        doc("[{'manager':'externalsecrets.external-secrets.io/this-is-a-long-external-secret-name',"
            "'fieldsV1':{'f:data':{'f:a':{}}}},{'manager':'externalsecrets.external-secrets.io/"
            "sha3/"
            "323ba5671e9e11c6180af27adf7a07e5bdadf4fe595743c59bb18d0e','fieldsV1':{'f:metadata':{"
            "'f:labels':{'f:l':{}}}}}]"),
        STR("this-is-a-long-external-secret-name"));
    assert_map(&owned.data, "{'a':''}");
    assert_map(&owned.labels, "{'l':''}");
}

static void compact_keeps_what_counts(void **state)
{
    struct json *compact = owned_fields_compact(&arena, doc(FIELDS));
    assert_int_equal(json_len(compact), 3);
    struct owned_fields owned = owned_fields(&arena, compact, STR("db"));
    assert_map(&owned.data, "{'a':'','c':'','f:b':''}");
    assert_map(&owned.labels, "{'x/y':''}");
    owned = owned_fields(&arena, compact, STR("other"));
    assert_map(&owned.data, "{'o':''}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names),
        TEST(ownership),
        TEST(former_long_name),
        TEST(compact_keeps_what_counts),
    };
    return RUN(tests);
}
