/* SPDX-License-Identifier: Apache-2.0 */
#include "template/apply.h"

#include "base/encode.h"
#include "base/vec.h"
#include "codec/yaml.h"
#include "template/apply_render.h"

enum { RENDERED_MAX = 8 << 20 };

int apply_scope_parse(struct str text, enum apply_scope *out, struct err **err)
{
    if (text.n == 0 || str_eq(text, STR("Values"))) {
        *out = APPLY_VALUES;
        return 0;
    }
    if (str_eq(text, STR("KeysAndValues"))) {
        *out = APPLY_KEYS_AND_VALUES;
        return 0;
    }
    return err_set(err, ERR_INVALID, "unknown scope '%.*s': expected 'Values' or 'KeysAndValues'",
                   STR_ARG(text));
}

int apply_decode_parse(struct str text, enum apply_decode *out, struct err **err)
{
    static const char *const names[] = {
        [APPLY_DECODE_NONE] = "None",
        [APPLY_DECODE_BASE64] = "Base64",
        [APPLY_DECODE_BASE64URL] = "Base64URL",
        [APPLY_DECODE_AUTO] = "Auto",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq_c(text, names[i]) || (i == 0 && text.n == 0)) {
            *out = (enum apply_decode)i;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID, "decoding strategy %.*s is not supported", STR_ARG(text));
}

bool apply_target_parse(struct str text, enum apply_target *out)
{
    static const char *const names[] = {"data", "labels", "annotations"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_ieq(text, str_c(names[i])) || (i == 0 && text.n == 0)) {
            *out = (enum apply_target)i;
            return true;
        }
    }
    return false;
}

/* ---- maps ---- */

static size_t place(const struct apply_map *map, struct str key, bool *found)
{
    return vec_sorted_place(map->v, map->n, sizeof(*map->v), key, found);
}

const struct template_entry *apply_find(const struct apply_map *map, struct str key)
{
    bool found;
    size_t at = place(map, key, &found);
    return found ? &map->v[at] : NULL;
}

void apply_set(struct apply_result *out, enum apply_target target, struct str key, struct str value)
{
    struct apply_map *map = &out->maps[target];
    bool found;
    size_t at = place(map, key, &found);
    if (found) {
        map->v[at].value = value;
        return;
    }
    if (map->n == map->cap) {
        size_t cap = map->cap ? map->cap * 2 : 8;
        struct template_entry *v = arena_array(out->arena, struct template_entry, cap);
        if (map->n > 0) {
            memcpy(v, map->v, map->n * sizeof(*v));
        }
        map->v = v;
        map->cap = cap;
    }
    memmove(&map->v[at + 1], &map->v[at], (map->n - at) * sizeof(*map->v));
    map->v[at] = (struct template_entry){key, value};
    map->n++;
}

/* ---- rendering ---- */

int apply_render(const struct template_entry *template, enum apply_scope scope,
                 const struct template_data *data, const struct apply_options *apply,
                 struct buf *out, struct err **err)
{
    struct str name = scope == APPLY_VALUES ? template->key : template->value;
    struct template_options options = {.name = name, .left = apply->left, .right = apply->right};
    AUTO(template_freep) struct template *own = NULL;
    const struct template *t;
    if (apply->cache) {
        t = template_cache_get(apply->cache, template->value, &options, err);
    } else {
        own = template_parse(template->value, &options, err);
        t = own;
    }
    int rc = t ? template_execute(t, data, out, err) : -1;
    if (rc != 0) {
        err_wrap(err, "unable to %s template at key %.*s", t ? "execute" : "parse", STR_ARG(name));
        err_wrap(err, "unable to execute template at key %.*s", STR_ARG(name));
    }
    return rc;
}

/* The bytes that a rendered text stands for, on the arena. */
static int decode_value(struct arena *a, enum apply_decode decode, struct str key, struct str text,
                        struct str *out, struct err **err)
{
    static const enum base64_kind kinds[] = {
        [APPLY_DECODE_BASE64] = BASE64_STD, [APPLY_DECODE_BASE64URL] = BASE64_URL};
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(base64_decoded_max(text.n));
    *out = STR_EMPTY;
    switch (decode) {
    case APPLY_DECODE_NONE:
        *out = arena_str(a, text);
        return 0;
    case APPLY_DECODE_BASE64:
    case APPLY_DECODE_BASE64URL:
        if (base64_decode(&b, text, kinds[decode], err) != 0) {
            return err_wrap(err, "failed to decode rendered template value for key %.*s",
                            STR_ARG(key));
        }
        break;
    case APPLY_DECODE_AUTO:
        if (base64_decode(&b, text, BASE64_STD, NULL) != 0 &&
            base64_decode(&b, text, BASE64_URL, NULL) != 0) {
            *out = arena_str(a, text);
            return 0;
        }
        break;
    }
    *out = arena_str(a, buf_str(&b));
    return 0;
}

static int put(struct apply_result *out, enum apply_target target, enum apply_decode decode,
               struct str key, struct str text, struct err **err)
{
    struct str value;
    if (decode_value(out->arena, decode, key, text, &value, err) != 0) {
        return -1;
    }
    apply_set(out, target, arena_str(out->arena, key), value);
    return 0;
}

static int put_pairs(struct apply_result *out, enum apply_target target, enum apply_decode decode,
                     struct str text, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    const struct json *pairs = yaml_read(&a, text, YAML_STRINGS, err);
    if (!pairs) {
        return err_wrap(err, "could not unmarshal template to 'map[string][]byte'");
    }
    for (size_t i = 0; i < pairs->n; i++) {
        const struct json_member *m = &pairs->members[i];
        if (put(out, target, decode, m->key, json_str(m->value), err) != 0) {
            return -1;
        }
    }
    return 0;
}

int apply_templates(struct apply_result *out, const struct template_data *templates,
                    enum apply_scope scope, enum apply_target target, enum apply_decode decode,
                    const struct template_data *data, const struct apply_options *options,
                    struct err **err)
{
    for (size_t i = 0; i < templates->n; i++) {
        const struct template_entry *t = &templates->entries[i];
        AUTO(buf_done) struct buf text = BUF_INIT_WIPE(RENDERED_MAX);
        if (apply_render(t, scope, data, options, &text, err) != 0) {
            return -1;
        }
        int rc = scope == APPLY_VALUES ? put(out, target, decode, t->key, buf_str(&text), err)
                                       : put_pairs(out, target, decode, buf_str(&text), err);
        if (rc != 0) {
            return -1;
        }
    }
    return 0;
}
