/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/watch_event.h"

#include "kube/status.h"

static const struct {
    struct str name;
    enum watch_event_type type;
} types[] = {
    {STR_INIT("ADDED"), WATCH_CHANGED},
    {STR_INIT("MODIFIED"), WATCH_CHANGED},
    {STR_INIT("DELETED"), WATCH_DELETED},
    {STR_INIT("BOOKMARK"), WATCH_BOOKMARK},
};

static bool find_type(struct str name, enum watch_event_type *out)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (str_eq(name, types[i].name)) {
            *out = types[i].type;
            return true;
        }
    }
    return false;
}

static int error_event(struct arena *a, const struct json *object, struct err **err)
{
    struct kube_status status = kube_status_read(a, object, 500, false);
    return kube_status_err(&status, STR("an ERROR event without a Status"), err);
}

int watch_event_read(struct arena *a, const struct json *event, struct watch_event *out,
                     struct err **err)
{
    struct str name = json_find_str(event, "type");
    struct watch_event e = {.object = json_get(event, "object")};
    if (str_eq(name, STR("ERROR"))) {
        return error_event(a, e.object, err);
    }
    const struct json *meta = json_get(e.object, "metadata");
    e.version = json_str(json_get(meta, "resourceVersion"));
    if (!find_type(name, &e.type) || e.version.n == 0) {
        return err_set(err, ERR_PARSE, "an event of a watch has no known type, or no version");
    }
    const struct json *mark = json_get(json_get(meta, "annotations"), "k8s.io/initial-events-end");
    e.initial_end = e.type == WATCH_BOOKMARK && str_eq(json_str(mark), STR("true"));
    *out = e;
    return 0;
}
