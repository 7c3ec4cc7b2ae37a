/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/patch.h"

/* Opens one object per key of a dotted path; returns how many. */
static size_t open_path(struct json_writer *w, const char *path)
{
    size_t n = 0;
    for (struct str rest = str_c(path), part; path[0] && str_split(&rest, '.', &part); n++) {
        json_w_key_str(w, part);
        json_w_object(w);
    }
    return n;
}

static void close_path(struct json_writer *w, size_t n)
{
    while (n-- > 0) {
        json_w_end(w);
    }
}

static void put_entries(struct json_writer *w, const char *map, const struct patch_entry *entries,
                        size_t n)
{
    json_w_key(w, map);
    json_w_object(w);
    for (size_t i = 0; i < n; i++) {
        json_w_key_str(w, entries[i].key);
        if (entries[i].value.p) {
            json_w_str(w, entries[i].value);
        } else {
            json_w_null(w);
        }
    }
    json_w_end(w);
}

static void put_metadata(struct json_writer *w, const char *map, const struct patch_entry *entries,
                         size_t n)
{
    json_w_key(w, "metadata");
    json_w_object(w);
    put_entries(w, map, entries, n);
    json_w_end(w);
}

static void patch_map(struct buf *out, const char *at, const char *map,
                      const struct patch_entry *entries, size_t n)
{
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    size_t depth = open_path(&w, at);
    put_metadata(&w, map, entries, n);
    close_path(&w, depth);
    json_w_end(&w);
}

void patch_annotations(struct buf *out, const char *at, const struct patch_entry *entries, size_t n)
{
    patch_map(out, at, "annotations", entries, n);
}

void patch_labels(struct buf *out, const char *at, const struct patch_entry *entries, size_t n)
{
    patch_map(out, at, "labels", entries, n);
}

void patch_annotations_both(struct buf *out, const char *template_at,
                            const struct patch_entry *object, size_t n_object,
                            const struct patch_entry *in_template, size_t n_template,
                            struct str resource_version)
{
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    json_w_key(&w, "metadata");
    json_w_object(&w);
    if (resource_version.n) {
        json_w_key(&w, "resourceVersion");
        json_w_str(&w, resource_version);
    }
    put_entries(&w, "annotations", object, n_object);
    json_w_end(&w);
    if (n_template) {
        size_t depth = open_path(&w, template_at);
        put_metadata(&w, "annotations", in_template, n_template);
        close_path(&w, depth);
    }
    json_w_end(&w);
}

void patch_status(struct buf *out, struct str resource_version, const struct json *status)
{
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    if (resource_version.n) {
        json_w_key(&w, "metadata");
        json_w_object(&w);
        json_w_key(&w, "resourceVersion");
        json_w_str(&w, resource_version);
        json_w_end(&w);
    }
    json_w_key(&w, "status");
    json_w_node(&w, status);
    json_w_end(&w);
}

struct patch_json patch_json_begin(struct buf *out)
{
    struct patch_json p = {.w = json_writer(out)};
    json_w_array(&p.w);
    return p;
}

static void begin_op(struct patch_json *p, const char *op, struct str path)
{
    json_w_object(&p->w);
    json_w_key(&p->w, "op");
    json_w_c(&p->w, op);
    json_w_key(&p->w, "path");
    json_w_str(&p->w, path);
}

void patch_json_op(struct patch_json *p, const char *op, struct str path, const struct json *value)
{
    begin_op(p, op, path);
    if (value) {
        json_w_key(&p->w, "value");
        json_w_node(&p->w, value);
    }
    json_w_end(&p->w);
}

void patch_json_op_str(struct patch_json *p, const char *op, struct str path, struct str value)
{
    begin_op(p, op, path);
    json_w_key(&p->w, "value");
    json_w_str(&p->w, value);
    json_w_end(&p->w);
}

void patch_json_end(struct patch_json *p)
{
    json_w_end(&p->w);
}

void patch_pointer(struct buf *out, struct str key)
{
    buf_add_byte(out, '/');
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == '~') {
            buf_add_c(out, "~0");
        } else if (key.p[i] == '/') {
            buf_add_c(out, "~1");
        } else {
            buf_add_byte(out, key.p[i]);
        }
    }
}
