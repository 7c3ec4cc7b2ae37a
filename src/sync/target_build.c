/* SPDX-License-Identifier: Apache-2.0
 *
 * Building a Secret, in the order of External Secrets Operator:
 *
 *   1. keep what is there, without the keys, labels and annotations that this ExternalSecret put
 *      there before (field_owner.h): what the spec has dropped goes away like that;
 *   2. labels and annotations from the template, or, without a template, from the ExternalSecret;
 *   3. data: kept under Merge and CreateOrMerge, else empty; then the fetched values where there is
 *      no template, or one that keeps them; then what the templates made;
 *   4. ownership; the label that marks it as managed; the hash of the data.
 */
#include "sync/names.h"
#include "sync/target.h"

static bool keeps_foreign_keys(const struct es_spec *spec)
{
    return spec->creation == CREATE_MERGE || spec->creation == CREATE_OR_MERGE;
}

bool target_needs_values(const struct es_spec *spec, const struct target *existing)
{
    return !existing || !spec->immutable;
}

bool target_needs_data(const struct es_spec *spec, const struct target *existing)
{
    return existing && keeps_foreign_keys(spec) && target_needs_values(spec, existing);
}

/* ---- ownership ---- */

static bool is_es_reference(const struct json *ref, struct str es_name)
{
    return str_starts(json_str(json_get(ref, "apiVersion")), STR(ES_GROUP "/")) &&
           str_eq_c(json_str(json_get(ref, "kind")), KIND_ES) &&
           str_eq(json_str(json_get(ref, "name")), es_name);
}

static struct json *own_reference(struct arena *a, const struct target_owner *es)
{
    struct json *ref = json_new_object(a);
    json_set_str(a, ref, "apiVersion", STR(ES_API_VERSION));
    json_set_str(a, ref, "kind", STR(KIND_ES));
    json_set_str(a, ref, "name", es->name);
    json_set_str(a, ref, "uid", es->uid);
    json_set(a, ref, STR("controller"), json_new_bool(a, true));
    json_set(a, ref, STR("blockOwnerDeletion"), json_new_bool(a, true));
    return ref;
}

/* The references with ours in its place (or at the end), or without ours. */
static struct json *references(struct arena *a, const struct json *owners,
                               const struct target_owner *es, bool own)
{
    struct json *out = json_new_array(a);
    bool placed = !own;
    for (size_t i = 0; i < json_len(owners); i++) {
        struct json *ref = json_at(owners, i);
        if (!is_es_reference(ref, es->name)) {
            json_push(a, out, ref);
        } else if (!placed) {
            json_push(a, out, own_reference(a, es));
            placed = true;
        }
    }
    if (!placed) {
        json_push(a, out, own_reference(a, es));
    }
    return json_len(out) ? out : NULL;
}

static const struct json *foreign_controller(const struct target *t, struct str es_name)
{
    for (size_t i = 0; i < json_len(t->owners); i++) {
        const struct json *ref = json_at(t->owners, i);
        if (json_bool(json_get(ref, "controller"), false) && !is_es_reference(ref, es_name)) {
            return ref;
        }
    }
    return NULL;
}

static int check_owner(const struct target_owner *es, const struct es_spec *spec,
                       const struct target *existing, enum target_failure *why, struct err **err)
{
    struct str other = target_owner_es(existing);
    if (other.n && !str_eq(other, es->name)) {
        *why = TARGET_OWNED_BY_OTHER_ES;
        return err_set(err, ERR_INVALID, "secret is owned by another ExternalSecret: %.*s",
                       STR_ARG(other));
    }
    const struct json *ref = foreign_controller(existing, es->name);
    if (ref && spec->creation == CREATE_OWNER) {
        *why = TARGET_FOREIGN_CONTROLLER;
        return err_set(err, ERR_INVALID,
                       "could not set controller reference on secret: Object %.*s/%.*s is already "
                       "owned by another %.*s controller %.*s",
                       STR_ARG(existing->ns), STR_ARG(existing->name),
                       STR_ARG(json_str(json_get(ref, "kind"))),
                       STR_ARG(json_str(json_get(ref, "name"))));
    }
    return 0;
}

static void set_owner(struct arena *a, const struct target_owner *es, const struct es_spec *spec,
                      struct target *t)
{
    bool own = spec->creation == CREATE_OWNER;
    t->owners = references(a, t->owners, es, own);
    if (own) {
        char hash[HASH_SIZE];
        hash_created_by(es->ns, es->name, hash);
        kvs_set(&t->labels, STR(LABEL_CREATED_BY), arena_str(a, str_c(hash)));
    } else {
        kvs_del(&t->labels, STR(LABEL_CREATED_BY));
    }
}

/* ---- content ---- */

static void remove_keys(struct kvs *from, const struct kvs *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        kvs_del(from, keys->v[i].key);
    }
}

static bool has_finalizer(const struct json *list, struct str name)
{
    for (size_t i = 0; i < json_len(list); i++) {
        if (str_eq(json_str(json_at(list, i)), name)) {
            return true;
        }
    }
    return false;
}

static void add_finalizers(struct arena *a, const struct es_template *template, struct target *t)
{
    struct json *list = t->finalizers ? json_clone(a, t->finalizers) : json_new_array(a);
    for (size_t i = 0; i < template->n_finalizers; i++) {
        if (!has_finalizer(list, template->finalizers[i])) {
            json_push(a, list, json_new_str(a, template->finalizers[i]));
        }
    }
    t->finalizers = json_len(list) ? list : NULL;
}

/* The fetched values become keys of their own. */
static bool keeps_values(const struct es_template *template)
{
    return !template || template->merge || (!template->data.n && !template->n_from);
}

static void set_content(struct arena *a, const struct target_owner *es, const struct es_spec *spec,
                        const struct kvs *values, const struct rendered *rendered, struct target *t)
{
    struct owned_fields owned = owned_fields(a, t->managed_fields, es->name);
    remove_keys(&t->labels, &owned.labels);
    remove_keys(&t->annotations, &owned.annotations);
    if (keeps_foreign_keys(spec)) {
        must(t->has_data);
        remove_keys(&t->data, &owned.data);
    } else {
        t->data = KVS_INIT(a);
        t->has_data = true;
    }
    if (keeps_values(spec->template)) {
        kvs_merge(&t->data, values);
    }
    if (!spec->template) {
        kvs_merge(&t->labels, &es->labels);
        kvs_merge(&t->annotations, &es->annotations);
        return;
    }
    if (spec->template->type.n) {
        t->type = spec->template->type;
    }
    add_finalizers(a, spec->template, t);
    must(rendered);
    kvs_merge(&t->data, &rendered->data);
    kvs_merge(&t->labels, &rendered->labels);
    kvs_merge(&t->annotations, &rendered->annotations);
}

static struct kvs copy(struct arena *a, const struct kvs *from)
{
    struct kvs out = KVS_INIT(a);
    kvs_merge(&out, from);
    return out;
}

static struct target start(struct arena *a, const struct target_owner *es,
                           const struct es_spec *spec, const struct target *existing)
{
    if (!existing) {
        return (struct target){
            .ns = es->ns,
            .name = spec->target_name.n ? spec->target_name : es->name,
            .labels = KVS_INIT(a),
            .annotations = KVS_INIT(a),
            .has_data = true,
            .data = KVS_INIT(a),
        };
    }
    struct target t = *existing;
    t.labels = copy(a, &existing->labels);
    t.annotations = copy(a, &existing->annotations);
    t.data = copy(a, &existing->data);
    return t;
}

int target_build(struct arena *a, const struct target_owner *es, const struct es_spec *spec,
                 const struct target *existing, const struct kvs *values,
                 const struct rendered *rendered, struct target *out, enum target_failure *why,
                 struct err **err)
{
    *why = TARGET_FAILED;
    struct target t = start(a, es, spec, existing);
    t.immutable = t.immutable || spec->immutable;
    if (target_needs_values(spec, existing)) {
        set_content(a, es, spec, values, rendered, &t);
    }
    if (existing && check_owner(es, spec, existing, why, err) < 0) {
        return -1;
    }
    set_owner(a, es, spec, &t);
    if (t.has_data) {
        hash_data(&t.data, t.data_hash);
    }
    kvs_set(&t.labels, STR(LABEL_MANAGED), STR("true"));
    kvs_set(&t.annotations, STR(ANN_DATA_HASH), arena_str(a, str_c(t.data_hash)));
    if (existing && existing->immutable && (target_diff(existing, &t) & TARGET_DATA) != 0) {
        *why = TARGET_IMMUTABLE;
        return err_set(err, ERR_INVALID,
                       "secret %.*s is immutable and its data or type would change; delete it to "
                       "have it made anew",
                       STR_ARG(t.name));
    }
    *why = TARGET_OK;
    *out = t;
    return 0;
}
