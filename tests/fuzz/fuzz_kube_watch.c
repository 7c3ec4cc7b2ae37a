/* SPDX-License-Identifier: Apache-2.0
 *
 * The stream of a watch, in pieces of sizes that the first byte chooses: events, their Status or
 * metadata. What is kept of an object must be what the item said.
 */
#include "codec/json_split.h"
#include "kube/object.h"
#include "kube/watch_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keep(const struct json *item)
{
    AUTO(err_freep) struct err *err = NULL;
    struct object *o = object_new(sizeof(struct object) + 8, item, &err);
    must((o != NULL) != (err != NULL));
    if (o) {
        must(str_eq(object_name(o), json_find_str(item, "metadata.name")));
        must(str_eq(object_ns(o), json_find_str(item, "metadata.namespace")));
        must(str_eq(object_uid(o), json_find_str(item, "metadata.uid")));
        must(str_eq(object_version(o), json_find_str(item, "metadata.resourceVersion")));
    }
    object_free(o);
    (void)object_annotation(item, "a", NULL);
    (void)object_label(item, "a", NULL);
    (void)object_deleting(item);
    (void)object_generation(item);
}

static int take(void *arg, struct str text, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct watch_event e;
    const struct json *doc = json_parse(&a, text, JSON_PLAIN, err);
    if (!doc || watch_event_read(&a, doc, &e, err) < 0) {
        return -1;
    }
    must(e.version.n > 0);
    keep(e.object);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    static const struct json_split_callbacks callbacks = {.item = take};
    struct json_split *s = json_split_new(JSON_SPLIT_WATCH, 1 << 16, true, &callbacks, NULL);
    struct str rest = str_n(data + 1, size - 1);
    size_t piece = (size_t)data[0] + 1;
    AUTO(err_freep) struct err *err = NULL;
    bool ok = true;
    while (ok && rest.n > 0) {
        ok = json_split_feed(s, str_head(rest, piece), &err) == 0;
        rest = str_from(rest, piece);
    }
    ok = ok && json_split_finish(s, &err) == 0;
    must(ok == (err == NULL));
    json_split_free(s);
    return 0;
}
