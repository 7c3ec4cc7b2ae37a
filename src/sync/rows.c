/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of every object as a row, for `pawl status` and the status page.
 */
#include "sync/engine.h"

#include "sync/names.h"

static void set_ready(struct sync_row *row, const struct conditions *conditions)
{
    const struct condition *ready = conditions_find(conditions, "Ready");
    if (ready) {
        row->ready = ready->status;
        row->reason = ready->reason;
        row->message = ready->message;
    }
}

static void es_row(const struct sync *s, const struct es_object *o,
                   void (*fn)(void *arg, const struct sync_row *row), void *arg)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf key = BUF_INIT(1024);
    struct es_view v = es_object_view(&a, o);
    object_key(&o->object, &key);
    const struct es_note *note = map_get(&s->notes, buf_str(&key));
    struct sync_row row = {
        .kind = KIND_ES,
        .ns = v.ns,
        .name = v.name,
        .last_error = str_c(note ? note->last_error : NULL),
        .refreshed = v.status.refresh_time,
        .next = note ? note->next : 0,
        .store = json_find_str(v.spec, "secretStoreRef.name"),
        .target = o->target,
    };
    set_ready(&row, &v.status.conditions);
    fn(arg, &row);
}

static void store_row(const struct store_object *o, const char *kind,
                      void (*fn)(void *arg, const struct sync_row *row), void *arg)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct store_view v = store_object_view(&a, o);
    struct sync_row row = {.kind = kind, .ns = v.ns, .name = v.name};
    set_ready(&row, &v.conditions);
    fn(arg, &row);
}

void sync_each_row(const struct sync *s, void (*fn)(void *arg, const struct sync_row *row),
                   void *arg)
{
    for (struct store_iter it = {0}; store_next(s->cstores, &it);) {
        store_row(store_object_of(it.object), KIND_CSTORE, fn, arg);
    }
    for (struct store_iter it = {0}; store_next(s->stores, &it);) {
        store_row(store_object_of(it.object), KIND_STORE, fn, arg);
    }
    for (struct store_iter it = {0}; store_next(s->es_store, &it);) {
        es_row(s, es_object_of(it.object), fn, arg);
    }
}
