/* SPDX-License-Identifier: Apache-2.0
 *
 * Which sources a pod template uses, and which container gets the variable of each. Order decides:
 * volumes first, in their order, then variables of the containers, then those of the init
 * containers. A volume that no container mounts is not a use. Not uses either: imagePullSecrets,
 * nodePublishSecretRef and the secret references of in-tree volumes.
 */
#include "base/map.h"
#include "base/num.h"
#include "base/vec.h"
#include "reload/workload.h"

/* Far beyond what fits into an object of etcd's 1.5 MiB with distinct names. */
enum { REFERENCES_MAX = 20000, VARIABLES_MAX = 2000 };

struct finder {
    struct workload *w;
    const struct json *containers;
    const struct json *init_containers;
    VEC(struct reference) found;
    struct map seen; /* "type/name" -> anything */
};

static void add(struct finder *f, enum source_type type, const struct json *name, int container)
{
    struct str s = json_str(name);
    if (s.n == 0 || container == NO_CONTAINER || f->found.n >= REFERENCES_MAX) {
        return;
    }
    AUTO(buf_done) struct buf key = BUF_INIT(4096);
    buf_addf(&key, "%d/", (int)type);
    buf_add_str(&key, s);
    if (map_has(&f->seen, buf_str(&key))) {
        return;
    }
    map_set(&f->seen, buf_str(&key), f);
    vec_push(&f->found, (struct reference){.type = type,
                                           .name = arena_str(&f->w->arena, s),
                                           .container = (uint16_t)container});
}

static bool mounts(const struct json *container, struct str volume)
{
    const struct json *list = json_get(container, "volumeMounts");
    for (size_t i = 0; i < json_len(list); i++) {
        if (str_eq(json_str(json_get(json_at(list, i), "name")), volume)) {
            return true;
        }
    }
    return false;
}

static int mounted_by(const struct finder *f, struct str volume)
{
    for (size_t i = 0; i < f->w->n_containers; i++) {
        if (mounts(json_at(f->containers, i), volume)) {
            return (int)i;
        }
    }
    for (size_t i = 0; i < json_len(f->init_containers); i++) {
        if (mounts(json_at(f->init_containers, i), volume)) {
            return 0;
        }
    }
    return NO_CONTAINER;
}

static void add_volume(struct finder *f, const struct json *volume)
{
    int container = mounted_by(f, json_str(json_get(volume, "name")));
    if (container == NO_CONTAINER) {
        return;
    }
    add(f, SOURCE_CONFIGMAP, json_find(volume, "configMap.name"), container);
    add(f, SOURCE_SECRET, json_find(volume, "secret.secretName"), container);
    const struct json *sources = json_find(volume, "projected.sources");
    for (size_t i = 0; i < json_len(sources); i++) {
        add(f, SOURCE_CONFIGMAP, json_find(json_at(sources, i), "configMap.name"), container);
        add(f, SOURCE_SECRET, json_find(json_at(sources, i), "secret.name"), container);
    }
    add(f, SOURCE_SPC, json_find(volume, "csi.volumeAttributes.secretProviderClass"), container);
}

static void add_env(struct finder *f, const struct json *container, int index)
{
    const struct json *env = json_get(container, "env");
    for (size_t i = 0; i < json_len(env); i++) {
        const struct json *from = json_get(json_at(env, i), "valueFrom");
        add(f, SOURCE_SECRET, json_find(from, "secretKeyRef.name"), index);
        add(f, SOURCE_CONFIGMAP, json_find(from, "configMapKeyRef.name"), index);
    }
    const struct json *env_from = json_get(container, "envFrom");
    for (size_t i = 0; i < json_len(env_from); i++) {
        add(f, SOURCE_SECRET, json_find(json_at(env_from, i), "secretRef.name"), index);
        add(f, SOURCE_CONFIGMAP, json_find(json_at(env_from, i), "configMapRef.name"), index);
    }
}

static void find_references(struct finder *f, const struct json *pod_spec)
{
    const struct json *volumes = json_get(pod_spec, "volumes");
    for (size_t i = 0; i < json_len(volumes); i++) {
        add_volume(f, json_at(volumes, i));
    }
    for (size_t i = 0; i < f->w->n_containers; i++) {
        add_env(f, json_at(f->containers, i), (int)i);
    }
    for (size_t i = 0; i < json_len(f->init_containers); i++) {
        add_env(f, json_at(f->init_containers, i), f->w->n_containers > 0 ? 0 : NO_CONTAINER);
    }
    if (f->found.n > 0) {
        struct reference *copy = arena_array(&f->w->arena, struct reference, f->found.n);
        memcpy(copy, f->found.v, f->found.n * sizeof(*copy));
        f->w->references = copy;
        f->w->n_references = f->found.n;
    }
}

static void read_containers(struct workload *w, const struct json *list)
{
    w->n_containers = MIN(json_len(list), (size_t)WORKLOAD_MAX_CONTAINERS);
    if (w->n_containers == 0) {
        return;
    }
    struct container *copy = arena_array(&w->arena, struct container, w->n_containers);
    for (size_t i = 0; i < w->n_containers; i++) {
        const struct json *c = json_at(list, i);
        copy[i].name = arena_str(&w->arena, json_str(json_get(c, "name")));
        copy[i].has_env = json_is(json_get(c, "env"), JSON_ARRAY);
    }
    w->containers = copy;
}

/* Only those that Reloader or Pawl can have written: the prefix, the suffix of a type, and a
 * fingerprint as value. */
static bool is_variable(const struct json *env, struct variable *out)
{
    out->name = json_str(json_get(env, "name"));
    if (!str_starts(out->name, STR(RELOAD_ENV_PREFIX)) ||
        !digest_parse(json_str(json_get(env, "value")), &out->value)) {
        return false;
    }
    for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
        struct str word = str_c(source_type_info(type)->word);
        if (str_ends(out->name, word) && out->name.n > sizeof(RELOAD_ENV_PREFIX) + word.n &&
            out->name.p[out->name.n - word.n - 1] == '_') {
            return true;
        }
    }
    return false;
}

static void read_variables(struct workload *w, const struct json *containers)
{
    VEC(struct variable) found = {0};
    for (size_t c = 0; c < w->n_containers; c++) {
        const struct json *env = json_get(json_at(containers, c), "env");
        for (size_t i = 0; i < json_len(env) && found.n < VARIABLES_MAX; i++) {
            struct variable v = {.container = (uint16_t)c, .index = (uint32_t)i};
            if (is_variable(json_at(env, i), &v)) {
                v.name = arena_str(&w->arena, v.name);
                vec_push(&found, v);
            }
        }
    }
    if (found.n > 0) {
        struct variable *copy = arena_array(&w->arena, struct variable, found.n);
        memcpy(copy, found.v, found.n * sizeof(*copy));
        w->variables = copy;
        w->n_variables = found.n;
    }
    vec_done(&found);
}

void workload_read_pod(struct workload *w, const struct json *pod_spec)
{
    struct finder f = {
        .w = w,
        .containers = json_get(pod_spec, "containers"),
        .init_containers = json_get(pod_spec, "initContainers"),
    };
    read_containers(w, f.containers);
    read_variables(w, f.containers);
    find_references(&f, pod_spec);
    vec_done(&f.found);
    map_done(&f.seen);
}
