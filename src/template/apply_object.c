/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates rendered into any object. A path is cut at dots and brackets: a.b[0].c; maps and lists
 * on the way are made where they are missing.
 */
#include "codec/yaml.h"
#include "template/apply_render.h"

enum { RENDERED_MAX = 8 << 20, INDEX_MAX = 10000, SEGMENTS_MAX = 64 };

struct segment {
    struct str key; /* p NULL: an index */
    size_t index;
};
struct path {
    struct segment v[SEGMENTS_MAX];
    size_t n;
};

static int bad_path(struct str text, const char *why, struct err **err)
{
    return err_set(err, ERR_INVALID, "invalid template target path \"%.*s\": %s", STR_ARG(text),
                   why);
}

static bool take_index(struct str *s, size_t *out)
{
    size_t n = 0;
    size_t i = 1;
    for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
        n = n * 10 + (size_t)(s->p[i] - '0');
        if (n > INDEX_MAX) {
            return false;
        }
    }
    if (i == 1 || i >= s->n || s->p[i] != ']') {
        return false;
    }
    *s = str_from(*s, i + 1);
    *out = n;
    return true;
}

static int parse_segment(struct str part, struct str text, struct path *out, struct err **err)
{
    ptrdiff_t bracket = str_find_byte(part, '[');
    struct str key = bracket < 0 ? part : str_head(part, (size_t)bracket);
    struct str rest = str_from(part, key.n);
    if (key.n == 0) {
        return bad_path(text, "a segment has no name", err);
    }
    if (out->n == SEGMENTS_MAX) {
        return bad_path(text, "too many segments", err);
    }
    out->v[out->n++] = (struct segment){.key = key};
    while (rest.n > 0) {
        struct segment index = {0};
        if (out->n == SEGMENTS_MAX || rest.p[0] != '[' || !take_index(&rest, &index.index)) {
            return bad_path(text, "an index must be a number up to 10000 in brackets", err);
        }
        out->v[out->n++] = index;
    }
    return 0;
}

static int parse_path(struct str text, struct path *out, struct err **err)
{
    *out = (struct path){0};
    struct str part;
    for (struct str rest = text; str_split(&rest, '.', &part);) {
        if (parse_segment(part, text, out, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- walking ---- */

static struct json *child_of(const struct json *at, const struct segment *s)
{
    return s->key.p ? json_get_str(at, s->key) : json_at(at, s->index);
}

static bool fits(const struct json *at, const struct segment *s)
{
    return json_is(at, s->key.p ? JSON_OBJECT : JSON_ARRAY);
}

static void set_child(struct arena *a, struct json *at, const struct segment *s, struct json *value)
{
    if (s->key.p) {
        (void)json_set(a, at, s->key, value);
        return;
    }
    while (at->n <= s->index) {
        json_push(a, at, json_new_null(a));
    }
    at->items[s->index] = value;
    json_touch(at);
}

/* The node that holds the last segment, with all that is missing before it; NULL on errors. */
static struct json *walk(struct arena *a, struct json *root, const struct path *path,
                         struct str text, struct err **err)
{
    struct json *at = root;
    for (size_t i = 0; i < path->n; i++) {
        if (!fits(at, &path->v[i])) {
            bad_path(text, "it goes through a value of another type", err);
            return NULL;
        }
        json_touch(at);
        if (i + 1 == path->n) {
            break;
        }
        struct json *next = child_of(at, &path->v[i]);
        if (!next || json_is_null(next)) {
            next = path->v[i + 1].key.p ? json_new_object(a) : json_new_array(a);
            set_child(a, at, &path->v[i], next);
        }
        at = next;
    }
    return at;
}

/* ---- placing ---- */

static void merge_level(struct arena *a, struct json *to, const struct json *from)
{
    for (size_t i = 0; i < from->n; i++) {
        (void)json_set(a, to, from->members[i].key, from->members[i].value);
    }
}

static int place(struct arena *a, struct json *object, struct str text, struct json *value,
                 bool merge, struct err **err)
{
    struct path path;
    if (parse_path(text, &path, err) != 0) {
        return -1;
    }
    struct json *holder = walk(a, object, &path, text, err);
    if (!holder) {
        return -1;
    }
    const struct segment *last = &path.v[path.n - 1];
    struct json *had = child_of(holder, last);
    if (merge && path.n > 1 && json_is(had, JSON_OBJECT) && json_is(value, JSON_OBJECT)) {
        merge_level(a, had, value);
        json_touch(had);
    } else {
        set_child(a, holder, last, value);
    }
    return 0;
}

/* Where a target that is no path lives in an object; NULL for a path. */
static const char *named_map(struct str target)
{
    static const struct {
        const char *name;
        const char *path;
    } maps[] = {
        {"data", "data"},
        {"labels", "metadata.labels"},
        {"annotations", "metadata.annotations"},
        {"spec", "spec"},
    };
    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        if (str_ieq(target, str_c(maps[i].name)) || (i == 0 && target.n == 0)) {
            return maps[i].path;
        }
    }
    return NULL;
}

/* Text as YAML, or as the string that it is. */
static struct json *yaml_or_string(struct arena *a, struct str text)
{
    struct json *j = yaml_read(a, text, YAML_PLAIN, NULL);
    return j && !json_is_null(j) ? j : json_new_str(a, text);
}

static int put_value(struct arena *a, struct json *object, const char *map, struct str target,
                     struct str key, struct str text, struct err **err)
{
    if (!map) {
        return place(a, object, target, yaml_or_string(a, text), false, err);
    }
    bool strings = strcmp(map, "spec") != 0;
    struct json *value = strings ? json_new_str(a, text) : yaml_or_string(a, text);
    (void)json_set(a, json_edit(a, object, map), arena_str(a, key), value);
    return 0;
}

static int put_pairs(struct arena *a, struct json *object, const char *map, struct str target,
                     struct str text, struct err **err)
{
    bool strings = map && strcmp(map, "spec") != 0;
    struct json *value = yaml_read(a, text, strings ? YAML_STRINGS : YAML_PLAIN, err);
    if (!value) {
        return err_wrap(err, "could not unmarshal template");
    }
    if (!map) {
        return place(a, object, target, value, true, err);
    }
    if (!json_is(value, JSON_OBJECT)) {
        return json_is_null(value) ? 0 : err_set(err, ERR_INVALID, "the template gives no mapping");
    }
    merge_level(a, json_edit(a, object, map), value);
    return 0;
}

int apply_to_object(struct arena *a, struct json *object, const struct template_data *templates,
                    enum apply_scope scope, struct str target, const struct template_data *data,
                    const struct apply_options *options, struct err **err)
{
    const char *map = named_map(target);
    for (size_t i = 0; i < templates->n; i++) {
        const struct template_entry *t = &templates->entries[i];
        AUTO(buf_done) struct buf text = BUF_INIT_WIPE(RENDERED_MAX);
        if (apply_render(t, scope, data, options, &text, err) != 0) {
            return -1;
        }
        int rc = scope == APPLY_VALUES
                     ? put_value(a, object, map, target, t->key, buf_str(&text), err)
                     : put_pairs(a, object, map, target, buf_str(&text), err);
        if (rc != 0) {
            return -1;
        }
    }
    return 0;
}
