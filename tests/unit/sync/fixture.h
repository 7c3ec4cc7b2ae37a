/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture.h: an arena for each test, and documents written with ' for " so that they can be read.
 */
#ifndef PAWL_TESTS_SYNC_FIXTURE_H
#define PAWL_TESTS_SYNC_FIXTURE_H

#include "test.h"

#include "codec/json.h"
#include "sync/spec.h"

static struct arena arena;

static inline int arena_teardown(void **state)
{
    arena_done(&arena);
    arena = ARENA_INIT(ARENA_PLAIN);
    return 0;
}

/* Parses; ' stands for ". */
static inline struct json *doc(const char *text)
{
    char *copy = arena_dup(&arena, str_c(text));
    for (char *p = copy; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    struct err *err = NULL;
    struct json *json = json_parse(&arena, str_c(copy), JSON_PLAIN, &err);
    if (!json) {
        fail_msg("%s in %s", err_msg(err), copy);
    }
    return json;
}

static inline struct kvs map(const char *text)
{
    return kvs_from_json(&arena, doc(text));
}

static inline struct es_spec *spec(const char *text)
{
    struct err *err = NULL;
    struct es_spec *out = es_spec_parse(&arena, doc(text), &err);
    if (!out) {
        fail_msg("%s in %s", err_msg(err), text);
    }
    return out;
}

static inline struct str written(const struct json *json)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
    json_write(&b, json, JSON_WRITE_SORTED);
    return arena_str(&arena, buf_str(&b));
}

static inline void assert_map(const struct kvs *m, const char *wanted)
{
    assert_str(written(kvs_to_json(&arena, m)), written(doc(wanted)).p);
}

#define TEST(name) cmocka_unit_test_teardown(name, arena_teardown)

#endif
