/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/render.h"

#include <stdlib.h>
#include <string.h>

/* ---- errors ---- */

/* Reasons that consist of the template's own text. */
static const char *const SAFE_REASONS[] = {
    "map has no entry for key ",       "nil data; no entry for key ",
    "can't evaluate field ",           "wrong number of args for ",
    "wrong type for value; expected ", "exceeded maximum template depth",
};

/* Reasons that quote the rendered text, up to where they do. */
static const char *const QUOTING[] = {
    "yaml: unknown anchor ",
    "yaml: anchor ",
    ": key \"",
    "json: unsupported value: ",
};

#define LEFT_OUT "the reason is left out because it may hold a value; `pawl render` shows it"

/* What stands behind "executing "NAME" at <NODE>: ", or NULL. */
static char *reason_in(char *msg)
{
    char *at = strstr(msg, ": executing \"");
    at = at ? strstr(at, "\" at <") : NULL;
    at = at ? strstr(at, ">: ") : NULL;
    return at ? at + 3 : NULL;
}

static bool is_safe(struct str reason)
{
    for (size_t i = 0; i < COUNT_OF(SAFE_REASONS); i++) {
        if (str_starts(reason, str_c(SAFE_REASONS[i]))) {
            return true;
        }
    }
    return false;
}

/* The part of a text that is not YAML, behind "could not unmarshal template", that quotes it. */
static char *quote_in(char *msg)
{
    char *reason = strstr(msg, "could not unmarshal template");
    for (size_t i = 0; reason && i < COUNT_OF(QUOTING); i++) {
        char *at = strstr(reason, QUOTING[i]);
        if (at) {
            return at + strlen(QUOTING[i]);
        }
    }
    return NULL;
}

static void replace_tail(struct err *err, const char *tail, struct str who)
{
    struct str head = str_n(err->msg, (size_t)(tail - err->msg));
    char *msg = xasprintf("%.*s%.*s" LEFT_OUT, STR_ARG(head), STR_ARG(who));
    wipe_free(err->msg);
    err->msg = msg;
}

void render_redact(struct err *err)
{
    char *quote = quote_in(err->msg);
    if (quote) {
        replace_tail(err, quote, STR_EMPTY);
        return;
    }
    char *reason = reason_in(err->msg);
    if (!reason || is_safe(str_c(reason))) {
        return;
    }
    struct str call = str_c(reason);
    ptrdiff_t colon = str_find(call, STR(": "));
    bool calling = str_starts(call, STR("error calling ")) && colon > 0;
    struct str who = calling ? str_head(call, (size_t)colon + 2) : STR_EMPTY;
    replace_tail(err, reason, who);
}

/* ---- rendering ---- */

static struct template_data entries(struct arena *a, const struct kvs *m)
{
    struct template_entry *v = arena_array(a, struct template_entry, m->n);
    for (size_t i = 0; i < m->n; i++) {
        v[i] = (struct template_entry){m->v[i].key, m->v[i].value};
    }
    return (struct template_data){v, m->n};
}

struct rendering {
    struct arena *arena;
    struct apply_result result;
    struct template_data data;
    const struct apply_options *options;
};

static int apply(struct rendering *r, const struct kvs *templates, enum apply_scope scope,
                 enum apply_target target, enum apply_decode decode, struct err **err)
{
    struct template_data list = entries(r->arena, templates);
    return apply_templates(&r->result, &list, scope, target, decode, &r->data, r->options, err);
}

static enum apply_decode decode_of(enum decoding decoding)
{
    static const enum apply_decode DECODES[] = {
        [DECODE_NONE] = APPLY_DECODE_NONE,
        [DECODE_AUTO] = APPLY_DECODE_AUTO,
        [DECODE_BASE64] = APPLY_DECODE_BASE64,
        [DECODE_BASE64URL] = APPLY_DECODE_BASE64URL,
    };
    return DECODES[decoding];
}

static int apply_object(struct rendering *r, const struct template_from *from,
                        const struct template_object *object, const struct kvs *source,
                        const char *kind, enum apply_target target, struct err **err)
{
    for (size_t i = 0; object->name.n && i < object->n_items; i++) {
        const struct template_item *item = &object->items[i];
        const struct kv *text = kvs_find(source, item->key);
        if (!text) {
            return err_set(err, ERR_INVALID, "error in %s %.*s: missing key %.*s", kind,
                           STR_ARG(object->name), STR_ARG(item->key));
        }
        struct kvs one = KVS_INIT(r->arena);
        kvs_set(&one, text->key, text->value);
        enum apply_scope scope = item->keys_and_values ? APPLY_KEYS_AND_VALUES : APPLY_VALUES;
        if (apply(r, &one, scope, target, decode_of(from->decoding), err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int apply_from(struct rendering *r, const struct template_from *from,
                      const struct render_source *source, struct err **err)
{
    enum apply_target target = APPLY_DATA;
    (void)apply_target_parse(from->target, &target); /* es_template_validate has seen it */
    if (apply_object(r, from, &from->config_map, &source->config_map, "configmap", target, err) <
            0 ||
        apply_object(r, from, &from->secret, &source->secret, "secret", target, err) < 0) {
        return -1;
    }
    if (!from->has_literal) {
        return 0;
    }
    struct kvs one = KVS_INIT(r->arena);
    kvs_set(&one, from->literal, from->literal);
    return apply(r, &one, APPLY_KEYS_AND_VALUES, target, decode_of(from->decoding), err);
}

static int apply_all(struct rendering *r, const struct es_template *t,
                     const struct render_source *sources, struct err **err)
{
    const struct {
        const struct kvs *templates;
        enum apply_target target;
    } own[] = {
        {&t->data, APPLY_DATA},
        {&t->labels, APPLY_LABELS},
        {&t->annotations, APPLY_ANNOTATIONS},
    };
    for (size_t i = 0; i < t->n_from; i++) {
        if (apply_from(r, &t->from[i], &sources[i], err) < 0) {
            return err_wrap(err, "error fetching templateFrom data");
        }
    }
    for (size_t i = 0; i < COUNT_OF(own); i++) {
        if (apply(r, own[i].templates, APPLY_VALUES, own[i].target, APPLY_DECODE_NONE, err) < 0) {
            /* The words stand twice there, and people search for them. */
            return err_wrap(err, "could not execute template: could not execute template");
        }
    }
    return 0;
}

static struct kvs result_map(struct rendering *r, enum apply_target target)
{
    const struct apply_map *map = &r->result.maps[target];
    struct kvs out = KVS_INIT(r->arena);
    for (size_t i = 0; i < map->n; i++) {
        kvs_set(&out, map->v[i].key, map->v[i].value);
    }
    return out;
}

int render_template(struct arena *a, const struct es_template *t, const struct kvs *values,
                    const struct render_source *sources, const struct apply_options *options,
                    struct rendered *out, struct err **err)
{
    struct rendering r = {
        .arena = a,
        .result = {.arena = a},
        .data = entries(a, values),
        .options = options,
    };
    if (apply_all(&r, t, sources, err) < 0) {
        return err_wrap(err, "could not apply template");
    }
    *out = (struct rendered){
        .data = result_map(&r, APPLY_DATA),
        .labels = result_map(&r, APPLY_LABELS),
        .annotations = result_map(&r, APPLY_ANNOTATIONS),
    };
    return 0;
}
