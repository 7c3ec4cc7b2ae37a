/* SPDX-License-Identifier: Apache-2.0
 *
 * A reader walks the document with a path for messages. The first mistake stays, later ones are not
 * looked at: readers after it do nothing harmful and the caller asks once at the end.
 */
#include "sync/spec.h"

#include <string.h>

#include "base/gotext.h"

struct word {
    const char *name;
    int value;
};

static const struct word REFRESH_POLICIES[] = {
    {"Periodic", REFRESH_PERIODIC},
    {"CreatedOnce", REFRESH_CREATED_ONCE},
    {"OnChange", REFRESH_ON_CHANGE},
    {NULL, 0},
};
static const struct word CREATION_POLICIES[] = {
    {"Owner", CREATE_OWNER}, {"Orphan", CREATE_ORPHAN},
    {"Merge", CREATE_MERGE}, {"CreateOrMerge", CREATE_OR_MERGE},
    {"None", CREATE_NONE},   {NULL, 0},
};
static const struct word DELETION_POLICIES[] = {
    {"Retain", DELETION_RETAIN},
    {"Delete", DELETION_DELETE},
    {"Merge", DELETION_MERGE},
    {NULL, 0},
};
static const struct word DECODINGS[] = {
    {"None", DECODE_NONE},
    {"Auto", DECODE_AUTO},
    {"Base64", DECODE_BASE64},
    {"Base64URL", DECODE_BASE64URL},
    {NULL, 0},
};
static const struct word METADATA_POLICIES[] = {{"None", 0}, {"Fetch", 1}, {NULL, 0}};
static const struct word CONVERSIONS[] = {{"Default", 0}, {"Unicode", 1}, {NULL, 0}};
static const struct word NUL_POLICIES[] = {{"Ignore", 0}, {"Fail", 1}, {NULL, 0}};
static const struct word STORE_KINDS[] = {{"SecretStore", 0}, {"ClusterSecretStore", 1}, {NULL, 0}};
static const struct word WINDOW_KINDS[] = {{"deny", 0}, {"allow", 1}, {NULL, 0}};
static const struct word MERGE_POLICIES[] = {{"Replace", 0}, {"Merge", 1}, {NULL, 0}};
static const struct word TEMPLATE_AS[] = {{"Values", 0}, {"KeysAndValues", 1}, {NULL, 0}};
static const struct word ENGINES[] = {{"v2", 0}, {NULL, 0}};
static const struct word PRIORITY_POLICIES[] = {{"Strict", 0}, {"IgnoreNotFound", 1}, {NULL, 0}};
static const struct word CONFLICT_POLICIES[] = {{"Error", 0}, {"Ignore", 1}, {NULL, 0}};
static const struct word MERGE_STRATEGIES[] = {{"Extract", 0}, {"JSON", 1}, {NULL, 0}};

static const char *word_name(const struct word *words, int value)
{
    while (words->name && words->value != value) {
        words++;
    }
    must(words->name);
    return words->name;
}

const char *creation_policy_name(enum creation_policy policy)
{
    return word_name(CREATION_POLICIES, (int)policy);
}

const char *deletion_policy_name(enum deletion_policy policy)
{
    return word_name(DELETION_POLICIES, (int)policy);
}

/* ---- reader ---- */

struct reader {
    struct arena *a;
    struct err *err;
    char path[128]; /* of the object being read; cut if too long */
};

static void bad(struct reader *r, const char *field, const char *what)
{
    if (!r->err) {
        err_set(&r->err, ERR_INVALID, "%s.%s: %s", r->path, field, what);
    }
}

/* Longer words than this are cut in messages. */
enum { SHOWN_MAX = 64 };

static void bad_word(struct reader *r, const char *field, struct str got, const struct word *words)
{
    AUTO(buf_done) struct buf b = BUF_INIT(512);
    buf_addf(&b, "unknown value \"%.*s\", must be ", STR_ARG(str_head(got, SHOWN_MAX)));
    for (size_t i = 0; words[i].name; i++) {
        const char *separator = i == 0 ? "" : words[i + 1].name ? ", " : " or ";
        buf_addf(&b, "%s%s", separator, words[i].name);
    }
    bad(r, field, b.p);
}

static struct str text(struct reader *r, const struct json *object, const char *field)
{
    const struct json *value = json_get(object, field);
    if (!json_is_null(value) && !json_is(value, JSON_STRING)) {
        bad(r, field, "must be a string");
    }
    return json_str(value);
}

static int word(struct reader *r, const struct json *object, const char *field,
                const struct word *words, int otherwise)
{
    struct str got = text(r, object, field);
    if (!got.n) {
        return otherwise;
    }
    for (const struct word *w = words; w->name; w++) {
        if (str_eq_c(got, w->name)) {
            return w->value;
        }
    }
    bad_word(r, field, got, words);
    return otherwise;
}

static bool word_is(struct reader *r, const struct json *object, const char *field,
                    const struct word *words)
{
    return word(r, object, field, words, 0) != 0;
}

static ns_t duration(struct reader *r, const struct json *object, const char *field, ns_t otherwise)
{
    struct str got = text(r, object, field);
    ns_t value = otherwise;
    if (got.n && !go_parse_duration(got, &value)) {
        bad(r, field, "is not a duration such as 1h or 5m30s");
    }
    return value;
}

static struct kvs string_map(struct reader *r, const struct json *object, const char *field)
{
    const struct json *map = json_get(object, field);
    for (size_t i = 0; json_is(map, JSON_OBJECT) && i < map->n; i++) {
        if (!json_is(map->members[i].value, JSON_STRING)) {
            bad(r, field, "must hold strings only (quote numbers and true/false)");
        }
    }
    return kvs_from_json(r->a, map);
}

static struct str *string_list(struct reader *r, const struct json *object, const char *field,
                               size_t *n)
{
    const struct json *list = json_get(object, field);
    *n = json_is(list, JSON_ARRAY) ? json_len(list) : 0;
    struct str *out = arena_array(r->a, struct str, *n);
    for (size_t i = 0; i < *n; i++) {
        out[i] = json_str(json_at(list, i));
    }
    return out;
}

/* Goes down to a member and remembers the way back. An index below zero means an object. */
struct mark {
    size_t length;
};
static struct mark enter(struct reader *r, const char *field, ptrdiff_t index)
{
    struct mark mark = {strlen(r->path)};
    AUTO(buf_done) struct buf b = BUF_INIT(sizeof(r->path) - 1);
    buf_addf(&b, index < 0 ? ".%s" : ".%s[%td]", field, index);
    if (mark.length + b.n < sizeof(r->path)) {
        memcpy(r->path + mark.length, b.p, b.n + 1);
    }
    return mark;
}

static void leave(struct reader *r, struct mark mark)
{
    r->path[mark.length] = 0;
}

/* Reads each object of a list into an array of structs. */
static void *list(struct reader *r, const struct json *object, const char *field, size_t size,
                  void (*read)(struct reader *r, const struct json *item, void *out), size_t *n)
{
    const struct json *items = json_get(object, field);
    *n = json_is(items, JSON_ARRAY) ? json_len(items) : 0;
    char *out = arena_alloc_array(r->a, *n, size);
    for (size_t i = 0; i < *n; i++) {
        struct mark mark = enter(r, field, (ptrdiff_t)i);
        read(r, json_at(items, i), out + i * size);
        leave(r, mark);
    }
    return out;
}

/* ---- parts ---- */

static struct store_ref store_ref(struct reader *r, const struct json *object, const char *field)
{
    const struct json *ref = json_get(object, field);
    struct mark mark = enter(r, field, -1);
    struct store_ref out = {
        .name = text(r, ref, "name"),
        .cluster = word_is(r, ref, "kind", STORE_KINDS),
    };
    leave(r, mark);
    return out;
}

static struct source_ref source_ref(struct reader *r, const struct json *object)
{
    const struct json *ref = json_get(object, "sourceRef");
    const struct json *generator = json_get(ref, "generatorRef");
    struct mark mark = enter(r, "sourceRef", -1);
    struct source_ref out = {
        .given = !json_is_null(ref),
        .store = store_ref(r, ref, "storeRef"),
        .generator_kind = text(r, generator, "kind"),
        .generator_name = text(r, generator, "name"),
    };
    leave(r, mark);
    return out;
}

static void strategies(struct reader *r, const struct json *object, struct remote_ref *out)
{
    out->unicode_keys = word_is(r, object, "conversionStrategy", CONVERSIONS);
    out->decoding = (enum decoding)word(r, object, "decodingStrategy", DECODINGS, DECODE_NONE);
    out->refuse_nul = word_is(r, object, "nullBytePolicy", NUL_POLICIES);
}

static void remote_ref(struct reader *r, const struct json *object, const char *field,
                       struct remote_ref *out)
{
    const struct json *ref = json_get(object, field);
    struct mark mark = enter(r, field, -1);
    *out = (struct remote_ref){
        .key = text(r, ref, "key"),
        .property = text(r, ref, "property"),
        .version = text(r, ref, "version"),
        .fetch_metadata = word_is(r, ref, "metadataPolicy", METADATA_POLICIES),
    };
    strategies(r, ref, out);
    leave(r, mark);
}

static void read_data(struct reader *r, const struct json *item, void *arg)
{
    struct es_data *out = arg;
    out->secret_key = text(r, item, "secretKey");
    remote_ref(r, item, "remoteRef", &out->ref);
    out->source = source_ref(r, item);
    if (!out->secret_key.n) {
        bad(r, "secretKey", "must not be empty");
    }
}

static void read_merge(struct reader *r, const struct json *merge, struct rewrite *out)
{
    out->into = text(r, merge, "into");
    out->priority = string_list(r, merge, "priority", &out->n_priority);
    out->priority_may_miss = word_is(r, merge, "priorityPolicy", PRIORITY_POLICIES);
    out->ignore_conflicts = word_is(r, merge, "conflictPolicy", CONFLICT_POLICIES);
    out->as_json = word_is(r, merge, "strategy", MERGE_STRATEGIES);
}

static void read_rewrite(struct reader *r, const struct json *item, void *arg)
{
    struct rewrite *out = arg;
    const struct json *regexp = json_get(item, "regexp");
    const struct json *transform = json_get(item, "transform");
    const struct json *merge = json_get(item, "merge");
    if (!json_is_null(regexp)) {
        out->kind = REWRITE_REGEXP;
        out->source = text(r, regexp, "source");
        out->target = text(r, regexp, "target");
    } else if (!json_is_null(transform)) {
        out->kind = REWRITE_TRANSFORM;
        out->template = text(r, transform, "template");
    } else if (!json_is_null(merge)) {
        out->kind = REWRITE_MERGE;
        read_merge(r, merge, out);
    } else {
        bad(r, "regexp", "one of regexp, transform or merge must be set");
    }
}

static void read_find(struct reader *r, const struct json *find, struct es_data_from *out)
{
    const struct json *name = json_get(find, "name");
    struct mark mark = enter(r, "find", -1);
    if (!json_is_null(name)) {
        out->find_regexp = text(r, name, "regexp");
        out->find_regexp.p = out->find_regexp.n ? out->find_regexp.p : NULL;
    }
    out->find_tags = string_map(r, find, "tags");
    strategies(r, find, &out->ref);
    leave(r, mark);
}

static void read_data_from(struct reader *r, const struct json *item, void *arg)
{
    struct es_data_from *out = arg;
    const struct json *find = json_get(item, "find");
    out->find_tags = KVS_INIT(r->a);
    out->has_find = !json_is_null(find);
    out->has_extract = !json_is_null(json_get(item, "extract"));
    /* find goes before extract where both are given (which validation refuses). */
    if (out->has_extract) {
        remote_ref(r, item, "extract", &out->ref);
    }
    if (out->has_find) {
        read_find(r, find, out);
    }
    out->source = source_ref(r, item);
    out->rewrites =
        list(r, item, "rewrite", sizeof(*out->rewrites), read_rewrite, &out->n_rewrites);
}

static void read_item(struct reader *r, const struct json *item, void *arg)
{
    struct template_item *out = arg;
    out->key = text(r, item, "key");
    out->keys_and_values = word_is(r, item, "templateAs", TEMPLATE_AS);
}

static struct template_object template_object(struct reader *r, const struct json *object,
                                              const char *field)
{
    const struct json *source = json_get(object, field);
    struct mark mark = enter(r, field, -1);
    struct template_object out = {.name = text(r, source, "name")};
    out.items = list(r, source, "items", sizeof(*out.items), read_item, &out.n_items);
    if (!json_is_null(source) && !out.name.n) {
        bad(r, "name", "must not be empty");
    }
    leave(r, mark);
    return out;
}

static void read_template_from(struct reader *r, const struct json *item, void *arg)
{
    struct template_from *out = arg;
    out->config_map = template_object(r, item, "configMap");
    out->secret = template_object(r, item, "secret");
    out->has_literal = !json_is_null(json_get(item, "literal"));
    out->literal = text(r, item, "literal");
    out->target = text(r, item, "target");
    out->decoding = (enum decoding)word(r, item, "valuesDecodingStrategy", DECODINGS, DECODE_NONE);
}

static struct es_template *read_template(struct reader *r, const struct json *target)
{
    const struct json *template = json_get(target, "template");
    if (json_is_null(template)) {
        return NULL;
    }
    struct mark mark = enter(r, "template", -1);
    struct es_template *out = arena_new(r->a, struct es_template);
    out->type = text(r, template, "type");
    out->merge = word_is(r, template, "mergePolicy", MERGE_POLICIES);
    word(r, template, "engineVersion", ENGINES, 0);
    out->data = string_map(r, template, "data");
    out->from =
        list(r, template, "templateFrom", sizeof(*out->from), read_template_from, &out->n_from);
    const struct json *metadata = json_get(template, "metadata");
    struct mark inner = enter(r, "metadata", -1);
    out->labels = string_map(r, metadata, "labels");
    out->annotations = string_map(r, metadata, "annotations");
    out->finalizers = string_list(r, metadata, "finalizers", &out->n_finalizers);
    leave(r, inner);
    leave(r, mark);
    return out;
}

static void read_target(struct reader *r, const struct json *spec, struct es_spec *out)
{
    const struct json *target = json_get(spec, "target");
    struct mark mark = enter(r, "target", -1);
    out->target_name = text(r, target, "name");
    out->creation =
        (enum creation_policy)word(r, target, "creationPolicy", CREATION_POLICIES, CREATE_OWNER);
    out->deletion =
        (enum deletion_policy)word(r, target, "deletionPolicy", DELETION_POLICIES, DELETION_RETAIN);
    out->immutable = json_bool(json_get(target, "immutable"), false);
    out->manifest_kind = json_str(json_find(target, "manifest.kind"));
    out->template = read_template(r, target);
    leave(r, mark);
}

/* A duration that cannot be read makes the window one that never opens. */
static void read_window(struct reader *r, const struct json *item, void *arg)
{
    struct sync_window *out = arg;
    out->schedule = text(r, item, "schedule");
    if (!go_parse_duration(text(r, item, "duration"), &out->duration)) {
        out->duration = -1;
    }
}

static void read_windows(struct reader *r, const struct json *spec, struct es_spec *out)
{
    const struct json *windows = json_get(spec, "syncWindows");
    struct mark mark = enter(r, "syncWindows", -1);
    out->has_windows = !json_is_null(windows);
    out->windows_allow = word_is(r, windows, "kind", WINDOW_KINDS);
    out->windows = list(r, windows, "windows", sizeof(*out->windows), read_window, &out->n_windows);
    leave(r, mark);
}

struct es_spec *es_spec_parse(struct arena *a, const struct json *spec, struct err **err)
{
    struct reader r = {.a = a, .path = "spec"};
    struct es_spec *out = arena_new(a, struct es_spec);
    out->store = store_ref(&r, spec, "secretStoreRef");
    out->refresh_policy =
        (enum refresh_policy)word(&r, spec, "refreshPolicy", REFRESH_POLICIES, REFRESH_PERIODIC);
    out->refresh_interval = duration(&r, spec, "refreshInterval", NS_H);
    read_windows(&r, spec, out);
    read_target(&r, spec, out);
    out->data = list(&r, spec, "data", sizeof(*out->data), read_data, &out->n_data);
    out->data_from =
        list(&r, spec, "dataFrom", sizeof(*out->data_from), read_data_from, &out->n_data_from);
    if (r.err) {
        err_move(err, &r.err);
        return NULL;
    }
    return out;
}

static void offer(const struct store_ref *ref, void (*fn)(void *arg, const struct store_ref *ref),
                  void *arg)
{
    if (ref->name.n) {
        fn(arg, ref);
    }
}

void es_spec_each_store(const struct es_spec *spec,
                        void (*fn)(void *arg, const struct store_ref *ref), void *arg)
{
    offer(&spec->store, fn, arg);
    for (size_t i = 0; i < spec->n_data; i++) {
        offer(&spec->data[i].source.store, fn, arg);
    }
    for (size_t i = 0; i < spec->n_data_from; i++) {
        offer(&spec->data_from[i].source.store, fn, arg);
    }
}
