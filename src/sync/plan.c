/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/plan.h"

#include <stdlib.h>
#include <string.h>

#include "sync/keys.h"

/* ---- making ---- */

static size_t store_index(struct plan *p, const struct store_ref *ref)
{
    for (size_t i = 0; i < p->stores.n; i++) {
        const struct store_ref *have = &p->stores.v[i];
        if (have->cluster == ref->cluster && str_eq(have->name, ref->name)) {
            return i;
        }
    }
    vec_push(&p->stores, *ref);
    return p->stores.n - 1;
}

/* The entry's own store, else that of the spec. */
static size_t entry_store(struct plan *p, const struct source_ref *source)
{
    return store_index(p, source->store.name.n ? &source->store : &p->spec->store);
}

static size_t add_item(struct plan *p, size_t store, enum vault_object object, struct str name,
                       struct str version)
{
    for (size_t i = 0; i < p->items.n; i++) {
        const struct plan_item *have = &p->items.v[i];
        if (have->store == store && have->object == object && !have->err &&
            str_eq(have->name, name) && str_eq(have->version, version)) {
            return i;
        }
    }
    vec_push(&p->items, (struct plan_item){.store = store,
                                           .object = object,
                                           .name = name,
                                           .version = version,
                                           .tags = KVS_INIT(p->arena)});
    return p->items.n - 1;
}

static ptrdiff_t add_ref(struct plan *p, const struct source_ref *source,
                         const struct remote_ref *ref)
{
    enum vault_object object = VAULT_SECRET;
    struct str name = STR_EMPTY;
    struct err *err = NULL;
    size_t store = entry_store(p, source);
    if (vault_key_parse(ref->key, &object, &name, &err) < 0) {
        vec_push(
            &p->items,
            (struct plan_item){.store = store, .name = ref->key, .state = PLAN_FAILED, .err = err});
        return (ptrdiff_t)p->items.n - 1;
    }
    return (ptrdiff_t)add_item(p, store, object, name, ref->version);
}

static void add_data_from(struct plan *p, size_t i)
{
    const struct es_data_from *from = &p->spec->data_from[i];
    p->from_item[i] = PLAN_NONE;
    p->from_find[i] = PLAN_NONE;
    if (from->has_find) {
        vec_push(&p->finds, (struct plan_find){.entry = i, .store = entry_store(p, &from->source)});
        p->from_find[i] = (ptrdiff_t)p->finds.n - 1;
    } else if (from->has_extract) {
        p->from_item[i] = add_ref(p, &from->source, &from->ref);
    }
}

static bool uses_generator(const struct source_ref *source)
{
    return source->generator_kind.n > 0;
}

void plan_make(struct plan *p, struct arena *a, const struct es_spec *spec)
{
    *p = (struct plan){.arena = a, .spec = spec};
    p->data_item = arena_array(a, ptrdiff_t, spec->n_data);
    p->from_item = arena_array(a, ptrdiff_t, spec->n_data_from);
    p->from_find = arena_array(a, ptrdiff_t, spec->n_data_from);
    for (size_t i = 0; i < spec->n_data_from; i++) {
        add_data_from(p, i);
    }
    for (size_t i = 0; i < spec->n_data; i++) {
        const struct es_data *data = &spec->data[i];
        p->data_item[i] =
            uses_generator(&data->source) ? PLAN_NONE : add_ref(p, &data->source, &data->ref);
    }
}

void plan_done(struct plan *p)
{
    for (size_t i = 0; i < p->items.n; i++) {
        err_free(p->items.v[i].err);
    }
    for (size_t i = 0; i < p->finds.n; i++) {
        err_free(p->finds.v[i].err);
        vec_done(&p->finds.v[i].matches);
    }
    vec_done(&p->items);
    vec_done(&p->finds);
    vec_done(&p->stores);
}

size_t plan_add_match(struct plan *p, size_t find, struct str name)
{
    size_t item =
        add_item(p, p->finds.v[find].store, VAULT_SECRET, arena_str(p->arena, name), STR_EMPTY);
    vec_push(&p->finds.v[find].matches, item);
    return item;
}

void plan_fail_store(struct plan *p, size_t store, struct err *err)
{
    for (size_t i = 0; i < p->items.n; i++) {
        struct plan_item *item = &p->items.v[i];
        if (item->store == store && item->state == PLAN_PENDING) {
            item->state = PLAN_FAILED;
            item->err = err_copy(err);
        }
    }
    for (size_t i = 0; i < p->finds.n; i++) {
        struct plan_find *find = &p->finds.v[i];
        if (find->store == store && find->state == PLAN_PENDING) {
            find->state = PLAN_FAILED;
            find->err = err_copy(err);
        }
    }
    err_free(err);
}

bool plan_is_complete(const struct plan *p)
{
    for (size_t i = 0; i < p->finds.n; i++) {
        if (p->finds.v[i].state == PLAN_PENDING) {
            return false;
        }
    }
    for (size_t i = 0; i < p->items.n; i++) {
        if (p->items.v[i].state == PLAN_PENDING) {
            return false;
        }
    }
    return true;
}

/* ---- putting together ---- */

/* What External Secrets Operator says about a 404; the cause in the vault's words follows. */
static int missing(const struct plan_item *item, struct err **err)
{
    return item->err ? err_set(err, ERR_NOT_FOUND, "Secret does not exist: %s", item->err->msg)
                     : err_set(err, ERR_NOT_FOUND, "Secret does not exist");
}

static int failed(const struct err *cause, struct err **err)
{
    struct err *copy = err_copy(cause);
    return err_move(err, &copy);
}

static bool leaves_out(const struct plan *p, const struct err *err)
{
    return p->spec->deletion != DELETION_RETAIN && err_is(err, ERR_NOT_FOUND);
}

/* An entry that failed: left out with a note if that is allowed. */
static int settle(struct plan *p, struct plan_result *out, struct plan_missing entry,
                  enum plan_state state, struct err **entry_err, struct err **err)
{
    if (state == PLAN_MISSING && leaves_out(p, *entry_err)) {
        err_free(TAKE(*entry_err));
        vec_push(&out->missing, entry);
        return 0;
    }
    return err_move(err, entry_err);
}

static int item_ready(const struct plan_item *item, struct err **err)
{
    must(item->state != PLAN_PENDING);
    if (item->state == PLAN_MISSING) {
        return missing(item, err);
    }
    return item->state == PLAN_FAILED ? failed(item->err, err) : 0;
}

static int data_value(struct plan *p, const struct plan_item *item, const struct remote_ref *ref,
                      struct str *out, struct err **err)
{
    if (ref->fetch_metadata) {
        return vault_tags_property(p->arena, &item->tags, ref->property, out, err);
    }
    if (item->object == VAULT_CERTIFICATE) {
        *out = item->value;
        return 0;
    }
    return vault_value_property(p->arena, item->value, ref->property, ref->key, out, err);
}

static int read_data(struct plan *p, size_t i, struct str *out, enum plan_state *state,
                     struct err **err)
{
    const struct es_data *data = &p->spec->data[i];
    *state = PLAN_FAILED;
    if (p->data_item[i] == PLAN_NONE) {
        return err_set(err, ERR_INVALID,
                       "generators cannot be used in spec.data; Pawl has none (%.*s)",
                       STR_ARG(data->source.generator_kind));
    }
    const struct plan_item *item = &p->items.v[p->data_item[i]];
    *state = item->state;
    if (item_ready(item, err) < 0) {
        return -1;
    }
    if (data_value(p, item, &data->ref, out, err) < 0 ||
        value_decode(p->arena, data->secret_key, out, data->ref.decoding, err) < 0) {
        return -1;
    }
    return value_check_nul(data->secret_key, *out, data->ref.refuse_nul, err);
}

static int add_data(struct plan *p, size_t i, struct plan_result *out, struct err **err)
{
    const struct es_data *data = &p->spec->data[i];
    struct str value = {0};
    enum plan_state state;
    AUTO(err_freep) struct err *cause = NULL;
    if (read_data(p, i, &value, &state, &cause) == 0) {
        kvs_set(&out->values, data->secret_key, value);
        return 0;
    }
    err_wrap(&cause, "error processing spec.data[%zu] (key: %.*s), err", i, STR_ARG(data->ref.key));
    struct plan_missing entry = {.is_data = true, .index = i, .key = data->ref.key};
    return settle(p, out, entry, state, &cause, err);
}

static int extract_values(struct plan *p, const struct plan_item *item,
                          const struct remote_ref *ref, struct kvs *out, struct err **err)
{
    if (ref->fetch_metadata) {
        return vault_tags_extract(p->arena, &item->tags, item->name, ref->property, out, err);
    }
    if (item->object != VAULT_SECRET) {
        return err_set(err, ERR_INVALID, "cannot get use dataFrom to get %s secret",
                       item->object == VAULT_KEY ? "key" : "certificate");
    }
    struct str value;
    if (vault_value_property(p->arena, item->value, ref->property, ref->key, &value, err) < 0) {
        return -1;
    }
    return vault_value_extract(p->arena, value, out, err);
}

/* Rewriting, or else conversion; then what all keys and values must pass. */
static int finish_values(const struct es_data_from *from, plan_rewrite_fn *rewrite, struct kvs *m,
                         struct err **err)
{
    int done = from->n_rewrites ? rewrite(m, from->rewrites, from->n_rewrites, err)
                                : keys_convert(m, from->ref.unicode_keys, err);
    if (done < 0 || keys_validate(m, err) < 0 || values_decode(m, from->ref.decoding, err) < 0) {
        return -1;
    }
    return values_check_nul(m, from->ref.refuse_nul, err);
}

/* A secret that has gone between the listing and the reading is left out. */
static int find_values(struct plan *p, const struct plan_find *find, struct kvs *out,
                       struct err **err)
{
    *out = KVS_INIT(p->arena);
    if (find->state == PLAN_FAILED) {
        failed(find->err, err);
        return err_wrap(err, "error getting all secrets");
    }
    for (size_t i = 0; i < find->matches.n; i++) {
        const struct plan_item *item = &p->items.v[find->matches.v[i]];
        if (item->state == PLAN_MISSING) {
            continue;
        }
        if (item_ready(item, err) < 0) {
            return err_wrap(err, "error getting all secrets");
        }
        kvs_set(out, item->name, item->value);
    }
    return 0;
}

static int from_values(struct plan *p, size_t i, plan_rewrite_fn *rewrite, struct kvs *out,
                       enum plan_state *state, struct err **err)
{
    const struct es_data_from *from = &p->spec->data_from[i];
    *out = KVS_INIT(p->arena);
    *state = PLAN_FAILED;
    if (from->has_find) {
        if (find_values(p, &p->finds.v[p->from_find[i]], out, err) < 0) {
            return -1;
        }
    } else {
        const struct plan_item *item = &p->items.v[p->from_item[i]];
        *state = item->state;
        if (item_ready(item, err) < 0 || extract_values(p, item, &from->ref, out, err) < 0) {
            return -1;
        }
    }
    return finish_values(from, rewrite, out, err);
}

static int add_from(struct plan *p, size_t i, plan_rewrite_fn *rewrite, struct plan_result *out,
                    struct err **err)
{
    const struct es_data_from *from = &p->spec->data_from[i];
    if (!from->has_find && !from->has_extract) {
        if (!uses_generator(&from->source)) {
            return 0; /* an entry that names only a store gives nothing */
        }
        return err_set(err, ERR_INVALID,
                       "error processing spec.dataFrom[%zu].sourceRef.generatorRef, err: generator "
                       "kind %.*s is not supported: Pawl has no generators",
                       i, STR_ARG(from->source.generator_kind));
    }
    struct kvs values;
    enum plan_state state;
    AUTO(err_freep) struct err *cause = NULL;
    if (from_values(p, i, rewrite, &values, &state, &cause) == 0) {
        kvs_merge(&out->values, &values);
        return 0;
    }
    err_wrap(&cause, "error processing spec.dataFrom[%zu].%s, err", i,
             from->has_find ? "find" : "extract");
    struct plan_missing entry = {.index = i};
    return settle(p, out, entry, state, &cause, err);
}

int plan_values(struct plan *p, plan_rewrite_fn *rewrite, struct plan_result *out, struct err **err)
{
    *out = (struct plan_result){.values = KVS_INIT(p->arena)};
    for (size_t i = 0; i < p->spec->n_data_from; i++) {
        if (add_from(p, i, rewrite, out, err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < p->spec->n_data; i++) {
        if (add_data(p, i, out, err) < 0) {
            return -1;
        }
    }
    return 0;
}

void plan_result_done(struct plan_result *r)
{
    vec_done(&r->missing);
}
