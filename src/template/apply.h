/* SPDX-License-Identifier: Apache-2.0
 *
 * apply: the templates of one object rendered into maps: what `spec.target.template` of an
 * ExternalSecret and `spec.template` of a PushSecret do. Each call is one group of templates (one
 * templateFrom entry, or template.data, or the labels); later groups overwrite earlier ones, so the
 * caller makes them in the order of External Secrets Operator: templateFrom in turn, then data,
 * labels, annotations.
 *
 * Scope Values: each template is rendered and becomes the value of its key. Scope KeysAndValues:
 * each template (its key does not matter) gives YAML, a mapping of strings with YAML 1.1's typing:
 * `a: yes` gives "true".
 *
 * Results lie on the caller's arena, which should wipe. Pure; one thread at a time per cache.
 */
#ifndef PAWL_TEMPLATE_APPLY_H
#define PAWL_TEMPLATE_APPLY_H

#include "codec/json.h"
#include "template/cache.h"

enum apply_scope { APPLY_VALUES, APPLY_KEYS_AND_VALUES };
/* valuesDecodingStrategy */
enum apply_decode {
    APPLY_DECODE_NONE,
    APPLY_DECODE_BASE64,
    APPLY_DECODE_BASE64URL,
    APPLY_DECODE_AUTO, /* whichever of the two works, else as it is */
};
enum apply_target { APPLY_DATA, APPLY_LABELS, APPLY_ANNOTATIONS, APPLY_TARGETS };

/* Sorted by key, keys unique. */
struct apply_map {
    struct template_entry *v;
    size_t n;
    size_t cap;
};
struct apply_result {
    struct arena *arena;
    struct apply_map maps[APPLY_TARGETS];
};

struct apply_options {
    struct str left; /* delimiters; empty: {{ and }} */
    struct str right;
    struct template_cache *cache; /* may be NULL */
};

/* "Values" or "" and "KeysAndValues"; the error is that of the original. */
int apply_scope_parse(struct str text, enum apply_scope *out, struct err **err) MUST_USE;
/* "" is None. */
int apply_decode_parse(struct str text, enum apply_decode *out, struct err **err) MUST_USE;
/* Without case; "" is Data. False for anything else (a path, which only manifests have). */
bool apply_target_parse(struct str text, enum apply_target *out);

/* Renders the templates (key: name, value: text) and puts what they give into the map of `target`.
 * On failure the result may hold a part. Errors have the original's shapes: "unable to execute
 * template at key K: ..." (with KeysAndValues K is the text of the template), "could not unmarshal
 * template to 'map[string][]byte': ...", "failed to decode rendered template value for key K: ...".
 */
int apply_templates(struct apply_result *out, const struct template_data *templates,
                    enum apply_scope scope, enum apply_target target, enum apply_decode decode,
                    const struct template_data *data, const struct apply_options *options,
                    struct err **err) MUST_USE;

/* NULL if absent. */
const struct template_entry *apply_find(const struct apply_map *map, struct str key);
/* Adds or replaces; copies neither. */
void apply_set(struct apply_result *out, enum apply_target target, struct str key,
               struct str value);

/* The same for any object (spec.target.manifest). target: "data", "labels", "annotations" and
 * "spec" name maps of the object, in each of which a key is set; anything else is a path such as
 * spec.items[0].name. What a template gives is read as YAML; in scope Values it is a string if it
 * is no YAML, in scope KeysAndValues a mapping is merged into the one that is there (one level). */
int apply_to_object(struct arena *a, struct json *object, const struct template_data *templates,
                    enum apply_scope scope, struct str target, const struct template_data *data,
                    const struct apply_options *options, struct err **err) MUST_USE;

#endif
