/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/field_owner.h"

#include "sync/hash.h"
#include "sync/names.h"

enum { MANAGER_MAX = 63 };

static struct str long_name(struct arena *a, struct str es_name)
{
    return arena_printf(a, FIELD_MANAGER_PREFIX "%.*s", STR_ARG(es_name));
}

struct str field_manager_name(struct arena *a, struct str es_name)
{
    struct str name = long_name(a, es_name);
    if (name.n <= MANAGER_MAX) {
        return name;
    }
    char hash[HASH_SIZE];
    hash_text(es_name, hash);
    return arena_printf(a, FIELD_MANAGER_PREFIX "sha3/%s", hash);
}

/* fieldsV1 names a key as "f:KEY"; "." is the map itself. */
static void add_keys(struct kvs *set, const struct json *fields)
{
    for (size_t i = 0; json_is(fields, JSON_OBJECT) && i < fields->n; i++) {
        struct str name = fields->members[i].key;
        if (str_starts(name, STR("f:"))) {
            kvs_set(set, str_from(name, 2), STR_EMPTY);
        }
    }
}

struct owned_fields owned_fields(struct arena *a, const struct json *managed_fields,
                                 struct str es_name)
{
    struct owned_fields owned = {KVS_INIT(a), KVS_INIT(a), KVS_INIT(a)};
    struct str current = field_manager_name(a, es_name);
    struct str former = long_name(a, es_name);
    for (size_t i = 0; json_is(managed_fields, JSON_ARRAY) && i < managed_fields->n; i++) {
        const struct json *entry = json_at(managed_fields, i);
        struct str manager = json_str(json_get(entry, "manager"));
        if (!str_eq(manager, current) && !str_eq(manager, former)) {
            continue;
        }
        const struct json *fields = json_get(entry, "fieldsV1");
        const struct json *metadata = json_get(fields, "f:metadata");
        add_keys(&owned.data, json_get(fields, "f:data"));
        add_keys(&owned.labels, json_get(metadata, "f:labels"));
        add_keys(&owned.annotations, json_get(metadata, "f:annotations"));
    }
    return owned;
}

struct json *owned_fields_compact(struct arena *a, const struct json *managed_fields)
{
    struct json *out = json_new_array(a);
    for (size_t i = 0; json_is(managed_fields, JSON_ARRAY) && i < managed_fields->n; i++) {
        const struct json *entry = json_at(managed_fields, i);
        struct str manager = json_str(json_get(entry, "manager"));
        struct json *fields = json_get(entry, "fieldsV1");
        if (!fields || !str_starts(manager, STR(FIELD_MANAGER_PREFIX))) {
            continue;
        }
        struct json *kept = json_new_object(a);
        json_set_str(a, kept, "manager", manager);
        json_set(a, kept, STR("fieldsV1"), fields);
        json_push(a, out, kept);
    }
    return out;
}
