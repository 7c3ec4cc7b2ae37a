/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/object.h"

#include "base/buf.h"
#include "base/intern.h"
#include "base/num.h"

/* Names have at most 253 bytes; uids and versions are opaque, and short in practice. */
enum { MAX_NAME = 253, MAX_OPAQUE = 255 };

static char *put_text(char *at, struct str s)
{
    if (s.n) {
        memcpy(at, s.p, s.n);
    }
    at[s.n] = '\0';
    return at + s.n + 1;
}

void *object_new_named(size_t size, struct str ns, struct str name, struct str uid,
                       struct str resource_version)
{
    must(size >= sizeof(struct object));
    must(name.n <= UINT16_MAX && uid.n <= UINT16_MAX && resource_version.n <= UINT16_MAX);
    char *block = xcalloc(1, size + name.n + uid.n + resource_version.n + 3);
    struct object *o = (struct object *)(void *)block;
    o->ns = intern(ns);
    o->texts = block + size;
    o->name_n = (uint16_t)name.n;
    o->uid_n = (uint16_t)uid.n;
    o->version_n = (uint16_t)resource_version.n;
    put_text(put_text(put_text(block + size, name), uid), resource_version);
    return block;
}

void *object_new(size_t size, const struct json *item, struct err **err)
{
    const struct json *meta = json_get(item, "metadata");
    struct str ns = json_str(json_get(meta, "namespace"));
    struct str name = json_str(json_get(meta, "name"));
    struct str uid = json_str(json_get(meta, "uid"));
    struct str version = json_str(json_get(meta, "resourceVersion"));
    if (name.n == 0) {
        err_set(err, ERR_PARSE, "an object without a name");
        return NULL;
    }
    if (name.n > MAX_NAME || ns.n > MAX_NAME || uid.n > MAX_OPAQUE || version.n > MAX_OPAQUE) {
        err_set(err, ERR_PARSE, "metadata of \"%.*s\" is longer than Kubernetes allows",
                STR_ARG(str_head(name, MAX_NAME)));
        return NULL;
    }
    return object_new_named(size, ns, name, uid, version);
}

void object_free(struct object *o)
{
    if (o) {
        intern_unref(o->ns);
        free(o);
    }
}

struct str object_ns(const struct object *o)
{
    return intern_str(o->ns);
}

struct str object_name(const struct object *o)
{
    return (struct str){o->texts, o->name_n};
}

struct str object_uid(const struct object *o)
{
    return (struct str){o->texts + o->name_n + 1, o->uid_n};
}

struct str object_version(const struct object *o)
{
    return (struct str){o->texts + o->name_n + 1 + o->uid_n + 1, o->version_n};
}

uint64_t object_version_number(struct str version)
{
    uint64_t n = 0;
    return num_parse_u64(version, &n) ? n : 0;
}

void object_key(const struct object *o, struct buf *out)
{
    struct str ns = object_ns(o);
    if (ns.n) {
        buf_add_str(out, ns);
        buf_add_byte(out, '/');
    }
    buf_add_str(out, object_name(o));
}

void object_key_split(struct str key, struct str *ns, struct str *name)
{
    ptrdiff_t slash = str_find_byte(key, '/');
    *ns = slash < 0 ? STR_EMPTY : str_head(key, (size_t)slash);
    *name = slash < 0 ? key : str_from(key, (size_t)slash + 1);
}

static struct str entry_of(const struct json *item, const char *map, const char *key, bool *found)
{
    const struct json *value = json_get(json_get(json_get(item, "metadata"), map), key);
    if (found) {
        *found = json_is(value, JSON_STRING);
    }
    return json_str(value);
}

struct str object_annotation(const struct json *item, const char *key, bool *found)
{
    return entry_of(item, "annotations", key, found);
}

struct str object_label(const struct json *item, const char *key, bool *found)
{
    return entry_of(item, "labels", key, found);
}

bool object_deleting(const struct json *item)
{
    return !json_is_null(json_find(item, "metadata.deletionTimestamp"));
}

int64_t object_generation(const struct json *item)
{
    return json_int(json_find(item, "metadata.generation"), 0);
}
