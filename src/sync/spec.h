/* SPDX-License-Identifier: Apache-2.0
 *
 * spec: the spec of an ExternalSecret as a struct. Defaults of the schema are filled in; where the
 * schema has none, the empty value means what External Secrets Operator takes it to mean.
 *
 * The API server checks manifests against the schema before Pawl sees them, yet the schema may be
 * another release's and offline rendering has none: every unknown word is an error that names the
 * field, the word and what would be allowed.
 *
 * Everything lives in the arena of the JSON document that was parsed. Pure.
 */
#ifndef PAWL_SYNC_SPEC_H
#define PAWL_SYNC_SPEC_H

#include "sync/kv.h"

enum refresh_policy { REFRESH_PERIODIC, REFRESH_CREATED_ONCE, REFRESH_ON_CHANGE };
enum creation_policy { CREATE_OWNER, CREATE_ORPHAN, CREATE_MERGE, CREATE_NONE, CREATE_OR_MERGE };
enum deletion_policy { DELETION_RETAIN, DELETION_DELETE, DELETION_MERGE };
enum decoding { DECODE_NONE, DECODE_AUTO, DECODE_BASE64, DECODE_BASE64URL };

/* The words of the manifest, by enum value. */
const char *creation_policy_name(enum creation_policy policy);
const char *deletion_policy_name(enum deletion_policy policy);

struct store_ref {
    struct str name; /* empty: not given */
    bool cluster;    /* ClusterSecretStore */
};

struct remote_ref {
    struct str key;
    struct str property;
    struct str version;
    bool fetch_metadata;
    bool unicode_keys; /* conversionStrategy Unicode */
    enum decoding decoding;
    bool refuse_nul; /* nullBytePolicy Fail */
};

struct source_ref {
    bool given;
    struct store_ref store;
    struct str generator_kind; /* empty: no generator */
    struct str generator_name;
};

struct es_data {
    struct str secret_key;
    struct remote_ref ref;
    struct source_ref source;
};

enum rewrite_kind { REWRITE_REGEXP, REWRITE_TRANSFORM, REWRITE_MERGE };
struct rewrite {
    enum rewrite_kind kind;
    struct str source;   /* regexp */
    struct str target;   /* regexp */
    struct str template; /* transform */
    struct str into;     /* merge ... */
    struct str *priority;
    size_t n_priority;
    bool priority_may_miss;
    bool ignore_conflicts;
    bool as_json; /* strategy JSON */
};

struct es_data_from {
    bool has_extract;
    bool has_find;
    struct remote_ref ref;  /* extract; of find only conversion, decoding and refuse_nul */
    struct str find_regexp; /* p NULL: no name condition */
    struct kvs find_tags;
    struct source_ref source;
    struct rewrite *rewrites;
    size_t n_rewrites;
};

struct template_item {
    struct str key;
    bool keys_and_values;
};
struct template_object { /* a ConfigMap or Secret that holds templates */
    struct str name;     /* empty: not given */
    struct template_item *items;
    size_t n_items;
};
struct template_from {
    struct template_object config_map;
    struct template_object secret;
    bool has_literal;
    struct str literal;
    struct str target; /* as written; empty means Data */
    enum decoding decoding;
};
struct es_template {
    struct str type;
    bool merge; /* mergePolicy Merge */
    struct kvs labels;
    struct kvs annotations;
    struct str *finalizers;
    size_t n_finalizers;
    struct kvs data;
    struct template_from *from;
    size_t n_from;
};

struct sync_window {
    struct str schedule;
    ns_t duration; /* negative: could not be parsed */
};

struct es_spec {
    struct store_ref store;
    enum refresh_policy refresh_policy;
    ns_t refresh_interval;
    bool has_windows;
    bool windows_allow; /* kind allow, else deny */
    struct sync_window *windows;
    size_t n_windows;

    struct str target_name; /* empty: the name of the ExternalSecret */
    enum creation_policy creation;
    enum deletion_policy deletion;
    bool immutable;
    struct str manifest_kind;     /* empty: a Secret */
    struct es_template *template; /* NULL: none */

    struct es_data *data;
    size_t n_data;
    struct es_data_from *data_from;
    size_t n_data_from;
};

/* NULL and ERR_INVALID ("spec.target.creationPolicy: unknown value ..."). */
struct es_spec *es_spec_parse(struct arena *a, const struct json *spec, struct err **err) MUST_USE;

/* Offers each store that the spec names, duplicates included. */
void es_spec_each_store(const struct es_spec *spec,
                        void (*fn)(void *arg, const struct store_ref *ref), void *arg);

#endif
