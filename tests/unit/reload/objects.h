/* SPDX-License-Identifier: Apache-2.0
 *
 * objects: JSON in tests, written with single quotes to keep it readable.
 */
#ifndef PAWL_TESTS_RELOAD_OBJECTS_H
#define PAWL_TESTS_RELOAD_OBJECTS_H

#include "test.h"

#include "reload/workload.h"

/* Single quotes become double ones. */
static inline struct str quoted(struct arena *a, const char *text)
{
    char *copy = arena_dup(a, str_c(text));
    for (char *c = copy; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return str_c(copy);
}

static inline struct json *document(struct arena *a, const char *text)
{
    AUTO(err_freep) struct err *err = NULL;
    struct json *j = json_parse(a, quoted(a, text), JSON_PLAIN, &err);
    if (!j) {
        fail_msg("%s: %s", text, err_msg(err));
    }
    return j;
}

static inline struct workload *workload_of(enum workload_kind kind, const char *text)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct reload_options o;
    reload_options_init(&o);
    struct workload *w = workload_parse(kind, document(&a, text), &o, true, &err);
    assert_non_null(w);
    return w;
}

static inline void workload_freep(struct workload **w)
{
    workload_free(*w);
}

#define assert_quoted(actual, expected)                                                            \
    do {                                                                                           \
        AUTO(arena_done) struct arena quoted_a_ = ARENA_INIT(ARENA_PLAIN);                         \
        assert_str(actual, quoted(&quoted_a_, expected).p);                                        \
    } while (0)

#endif
