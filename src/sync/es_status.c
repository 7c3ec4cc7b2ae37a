/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/es_status.h"

#include "base/datetime.h"

struct es_status es_status_parse(const struct json *status)
{
    struct es_status out = {
        .synced_version = json_str(json_get(status, "syncedResourceVersion")),
        .binding = json_find_str(status, "binding.name"),
        .has_binding = json_is(json_get(status, "binding"), JSON_OBJECT),
        .conditions = conditions_parse(json_get(status, "conditions")),
    };
    ns_t time;
    if (rfc3339_parse(json_str(json_get(status, "refreshTime")), &time)) {
        out.refresh_time = time;
    }
    return out;
}

struct es_status es_status_copy(struct arena *a, const struct es_status *status)
{
    struct es_status out = *status;
    out.synced_version = arena_str(a, status->synced_version);
    out.binding = arena_str(a, status->binding);
    out.conditions = conditions_copy(a, &status->conditions);
    return out;
}

struct json *es_status_patch(struct arena *a, const struct es_status *old,
                             const struct es_status *now, struct str uid)
{
    struct json *changed = json_new_object(a);
    if (now->refresh_time != old->refresh_time) {
        char text[RFC3339_SIZE];
        json_set_str(a, changed, "refreshTime", str_c(rfc3339_format(now->refresh_time, text)));
    }
    if (!str_eq(now->synced_version, old->synced_version)) {
        json_set_str(a, changed, "syncedResourceVersion", now->synced_version);
    }
    if (!conditions_eq(&now->conditions, &old->conditions)) {
        json_set(a, changed, STR("conditions"), conditions_json(a, &now->conditions));
    }
    if (!str_eq(now->binding, old->binding) || (json_len(changed) && !old->has_binding)) {
        struct json *binding = json_new_object(a);
        json_set_str(a, binding, "name", now->binding);
        json_set(a, changed, STR("binding"), binding);
    }
    if (!json_len(changed)) {
        return NULL;
    }
    struct json *patch = json_new_object(a);
    json_set_str(a, json_edit(a, patch, "metadata"), "uid", uid);
    json_set(a, patch, STR("status"), changed);
    return patch;
}
