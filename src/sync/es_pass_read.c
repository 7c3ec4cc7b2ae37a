/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps that ask vaults: opening the stores of the plan, asking whether anything has changed,
 * reading, and putting the values together.
 */
#define LOGGER "controllers.ExternalSecret"

#include "sync/engine.h"

#include <string.h>

#include "base/datetime.h"
#include "base/log.h"
#include "codec/regex.h"
#include "sync/names.h"
#include "sync/namespace_rules.h"
#include "sync/rewrite.h"

enum {
    MATCHES_MAX = 5000, /* of one find */
    QUIET_WAITS = 3,    /* passes that wait without a word for a store to be looked at */
};

/* ---- open ---- */

static const char *store_kind(const struct store_ref *ref)
{
    return ref->cluster ? KIND_CSTORE : KIND_STORE;
}

static const struct store_object *find_store(struct es_pass *p, const struct store_ref *ref)
{
    struct sync *s = p->sync;
    const struct object *o = ref->cluster ? store_get(s->cstores, STR_EMPTY, ref->name)
                                          : store_get(s->stores, p->es.ns, ref->name);
    return o ? store_object_of(o) : NULL;
}

static void store_done(struct pass_store *ps)
{
    struct es_pass *p = ps->pass;
    if (--p->waiting == 0) {
        es_pass_go(p, p->checkable ? STEP_CHECK : STEP_READ);
    }
}

static void store_failed(struct pass_store *ps, struct err *err)
{
    plan_fail_store(&ps->pass->plan, ps->index, err);
    store_done(ps);
}

static void opened(void *arg, struct vault_reader *reader, const struct err *err)
{
    struct pass_store *ps = arg;
    ps->call = NULL;
    ps->reader = reader;
    if (err) {
        store_failed(ps, provider_explain(err));
    } else {
        store_done(ps);
    }
}

static void open_vault(struct pass_store *ps)
{
    struct es_pass *p = ps->pass;
    bool cluster = p->plan.stores.v[ps->index].cluster;
    ps->call = provider_open(p->sync->provider, &ps->spec->azure, cluster, p->es.ns, 0, opened, ps);
}

static void check_namespace(struct pass_store *ps, const struct kvs *labels)
{
    struct es_pass *p = ps->pass;
    struct err *err = NULL;
    bool allowed = true;
    if (namespace_rules_allow(ps->spec, p->es.ns, labels, &allowed, &err) == 0 && allowed) {
        open_vault(ps);
        return;
    }
    if (!err) {
        err_set(&err, ERR_DENIED,
                "using cluster store \"%.*s\" is not allowed from namespace \"%.*s\": denied by "
                "spec.condition",
                STR_ARG(p->plan.stores.v[ps->index].name), STR_ARG(p->es.ns));
    }
    store_failed(ps, err);
}

static void namespace_read(void *arg, const struct json *object, const struct err *err)
{
    struct pass_store *ps = arg;
    ps->ns_call = NULL;
    if (err) {
        struct err *copy = err_copy(err);
        err_wrap(&copy, "could not read the labels of namespace \"%.*s\"",
                 STR_ARG(ps->pass->es.ns));
        store_failed(ps, copy);
        return;
    }
    struct kvs labels = kvs_from_json(&ps->pass->arena, json_find(object, "metadata.labels"));
    check_namespace(ps, &labels);
}

/* What is known about the store without asking anybody. */
static int check_store(struct es_pass *p, const struct store_ref *ref,
                       const struct store_object *store, struct pass_store *ps, struct err **err)
{
    if (!ref->name.n) {
        return err_set(
            err, ERR_INVALID,
            "no store is named: set spec.secretStoreRef.name or sourceRef.storeRef.name");
    }
    if (!store) {
        const char *kind = store_kind(ref);
        return err_set(err, ERR_NOT_FOUND,
                       "could not get %s \"%.*s\", %s." ES_GROUP " \"%.*s\" not found", kind,
                       STR_ARG(ref->name), kind, STR_ARG(ref->name));
    }
    struct store_view v = store_object_view(&p->arena, store);
    const struct condition *ready = conditions_find(&v.conditions, "Ready");
    if (!store->ready && !p->sync->options.no_flood_gate) {
        return err_set(err, ERR_UNAVAILABLE, "%s \"%.*s\" is not ready%s%.*s", store_kind(ref),
                       STR_ARG(ref->name), ready ? ": its events say why: " : "",
                       STR_ARG(ready ? ready->message : STR_EMPTY));
    }
    ps->spec = store_spec_parse(&p->arena, v.spec, err);
    if (!ps->spec) {
        return -1;
    }
    return store_spec_validate(ps->spec, ref->cluster, v.ns, err);
}

static void open_store(struct pass_store *ps)
{
    struct es_pass *p = ps->pass;
    const struct store_ref *ref = &p->plan.stores.v[ps->index];
    struct err *err = NULL;
    if (check_store(p, ref, find_store(p, ref), ps, &err) < 0) {
        store_failed(ps, err);
    } else if (!ref->cluster) {
        open_vault(ps);
    } else if (namespace_rules_need_labels(ps->spec)) {
        ps->ns_call = live_get(p->sync->live, resource_of(RES_NAMESPACES), STR_EMPTY, p->es.ns,
                               LIVE_KEEP, namespace_read, ps);
    } else {
        check_namespace(ps, NULL);
    }
}

/* A store that was made together with the ExternalSecret has not been looked at yet. Its first
 * condition brings this pass back (sync_requeue_users), so failing would only make noise. */
static bool store_is_new(struct es_pass *p)
{
    for (size_t i = 0; i < p->plan.stores.n; i++) {
        const struct store_object *store = find_store(p, &p->plan.stores.v[i]);
        if (store && !store->judged) {
            return true;
        }
    }
    return false;
}

enum step es_step_open(struct es_pass *p)
{
    if (p->sync->stopping) {
        return es_pass_settle(p, OUT_QUIET, NULL);
    }
    if (!p->sync->options.no_flood_gate && store_is_new(p) &&
        workqueue_failures(p->sync->es_queue, p->key) < QUIET_WAITS) {
        return es_pass_settle(p, OUT_RETRY, NULL);
    }
    p->stores = arena_array(&p->arena, struct pass_store, p->plan.stores.n);
    p->waiting = p->plan.stores.n + 1; /* so that it ends here and not inside the loop */
    for (size_t i = 0; i < p->plan.stores.n; i++) {
        p->stores[i] = (struct pass_store){.pass = p, .index = i};
        open_store(&p->stores[i]);
    }
    if (--p->waiting) {
        return STEP_WAIT;
    }
    return STEP_READ;
}

/* ---- entries ---- */

static const enum vault_kind KINDS[] = {
    [VAULT_SECRET] = VAULT_KIND_SECRET,
    [VAULT_CERTIFICATE] = VAULT_KIND_CERTIFICATE,
    [VAULT_KEY] = VAULT_KIND_KEY,
};

/* Gives each item that has none its entry. */
static void get_entries(struct es_pass *p)
{
    vec_reserve(&p->items, p->plan.items.n);
    while (p->items.n < p->plan.items.n) {
        struct plan_item *item = &p->plan.items.v[p->items.n];
        struct vault_reader *reader = p->stores[item->store].reader;
        struct watched w = {.reader = reader};
        if (item->state == PLAN_PENDING) {
            w.entry =
                vault_entry_get(reader, KINDS[item->object], item->name, item->version, &item->err);
            item->state = w.entry ? PLAN_PENDING : PLAN_FAILED;
        }
        vec_push(&p->items, w);
    }
}

static struct pass_read *new_read(struct es_pass *p, size_t index)
{
    struct pass_read *r = arena_new(&p->arena, struct pass_read);
    *r = (struct pass_read){.pass = p, .index = index};
    vec_push(&p->reads, r);
    p->waiting++;
    return r;
}

/* ---- listing ---- */

static bool tags_match(const struct kvs *wanted, const struct json *tags)
{
    for (size_t i = 0; i < wanted->n; i++) {
        const struct json *tag = json_get_str(tags, wanted->v[i].key);
        if (!tag || !str_eq(json_str(tag), wanted->v[i].value)) {
            return false;
        }
    }
    return true;
}

static int add_matches(struct es_pass *p, size_t index, const struct vault_item *items, size_t n,
                       struct err **err)
{
    const struct es_data_from *from = &p->spec->data_from[p->plan.finds.v[index].entry];
    AUTO(regex_freep) struct regex *regex = NULL;
    if (from->find_regexp.n) {
        regex = regex_new(from->find_regexp, err);
        if (!regex) {
            return err_wrap(err, "find.name.regexp");
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (!items[i].enabled || (regex && !regex_match(regex, items[i].name)) ||
            !tags_match(&from->find_tags, items[i].tags)) {
            continue;
        }
        if (p->plan.finds.v[index].matches.n == MATCHES_MAX) {
            return err_set(err, ERR_LIMIT,
                           "more than %d secrets match; narrow find.name or find.tags",
                           MATCHES_MAX);
        }
        plan_add_match(&p->plan, index, items[i].name);
    }
    return 0;
}

static void listed(void *arg, const struct vault_item *items, size_t n, ns_t as_of,
                   const struct err *err)
{
    struct pass_read *r = arg;
    struct es_pass *p = r->pass;
    struct err *failure = provider_explain(err);
    r->wait = NULL;
    if (!err) {
        (void)add_matches(p, r->index, items, n, &failure);
        p->as_of = MIN(p->as_of, as_of);
    }
    struct plan_find *find = &p->plan.finds.v[r->index];
    find->state = failure ? PLAN_FAILED : PLAN_FOUND;
    find->err = failure;
    if (--p->waiting == 0) {
        es_pass_go(p, p->checkable ? STEP_CHECK : STEP_READ);
    }
}

/* True if there is something to wait for. The step that called comes again afterwards. */
static bool list_finds(struct es_pass *p)
{
    for (size_t i = 0; i < p->plan.finds.n; i++) {
        const struct plan_find *find = &p->plan.finds.v[i];
        if (find->state == PLAN_PENDING) {
            struct pass_read *r = new_read(p, i);
            r->wait = vault_list_items(p->stores[find->store].reader, VAULT_KIND_SECRET, p->as_of,
                                       listed, r);
        }
    }
    return p->waiting > 0;
}

/* ---- check ---- */

static void checked(void *arg, const struct vault_finding *findings, size_t n, ns_t as_of)
{
    struct pass_store *ps = arg;
    struct es_pass *p = ps->pass;
    ps->check = NULL;
    for (size_t i = 0; i < n; i++) {
        p->changed = p->changed || findings[i].found != VAULT_SAME;
    }
    p->checked_as_of = MIN(p->checked_as_of, as_of);
    if (--p->waiting == 0) {
        es_pass_go(p, p->changed ? STEP_READ : es_pass_settle(p, OUT_UNCHANGED, NULL));
    }
}

/* The objects of one store with the stamps of the last sync. */
static void check_store_items(struct pass_store *ps)
{
    struct es_pass *p = ps->pass;
    const struct es_note *note = sync_note(p->sync, p->key);
    struct vault_asked *asked = arena_array(&p->arena, struct vault_asked, p->items.n);
    size_t n = 0;
    for (size_t i = 0; i < p->items.n; i++) {
        if (p->plan.items.v[i].store == ps->index) {
            asked[n++] = (struct vault_asked){p->items.v[i].entry, note->watched.v[i].stamp};
        }
    }
    ps->check = vault_check_entries(ps->reader, asked, n, p->as_of, checked, ps);
}

/* The plan is made of the same objects of the same vaults as when the Secret was last made. */
static bool same_objects(struct es_pass *p)
{
    const struct es_note *note = sync_note(p->sync, p->key);
    if (note->watched.n != p->items.n) {
        return false;
    }
    for (size_t i = 0; i < p->items.n; i++) {
        if (p->items.v[i].entry != note->watched.v[i].entry || !p->items.v[i].entry) {
            return false;
        }
    }
    for (size_t i = 0; i < p->plan.finds.n; i++) {
        if (p->plan.finds.v[i].state != PLAN_FOUND) {
            return false;
        }
    }
    return true;
}

/* Nothing has changed in the vaults: the Secret, which is valid, is what it would be made anew. */
enum step es_step_check(struct es_pass *p)
{
    p->waiting = 0;
    if (list_finds(p)) {
        return STEP_WAIT;
    }
    get_entries(p);
    if (!same_objects(p)) {
        return STEP_READ;
    }
    p->checked_as_of = p->began;
    for (size_t i = 0; i < p->plan.stores.n; i++) {
        p->waiting++;
        check_store_items(&p->stores[i]);
    }
    return p->waiting ? STEP_WAIT : es_pass_settle(p, OUT_UNCHANGED, NULL);
}

/* ---- read ---- */

static void set_time(struct es_pass *p, struct plan_item *item, const char *name, int64_t seconds)
{
    char text[RFC3339_SIZE];
    if (seconds == VAULT_NO_TIME || seconds < 0 || seconds > INT64_MAX / NS_S) {
        return;
    }
    kvs_set(&item->tags, str_c(name),
            arena_str(&p->arena, str_c(rfc3339_format(seconds * NS_S, text))));
}

/* Tags, and with the older SDK the attributes under names of their own. */
static void take_tags(struct es_pass *p, struct plan_item *item, const struct vault_value *value)
{
    for (size_t i = 0; value->tags && i < value->tags->n; i++) {
        kvs_set(&item->tags, arena_str(&p->arena, value->tags->members[i].key),
                arena_str(&p->arena, json_str(value->tags->members[i].value)));
    }
    if (!p->stores[item->store].spec->azure.new_sdk) {
        set_time(p, item, "attribute.expires", value->expires);
        set_time(p, item, "attribute.created", value->created);
        set_time(p, item, "attribute.updated", value->updated);
        set_time(p, item, "attribute.notBefore", value->not_before);
    }
}

static bool is_refusal(const struct err *err)
{
    return err_is(err, ERR_UNAUTHORIZED) || err_is(err, ERR_DENIED) || err_is(err, ERR_INVALID);
}

static void item_read(void *arg, const struct vault_value *value, const struct err *err)
{
    struct pass_read *r = arg;
    struct es_pass *p = r->pass;
    struct plan_item *item = &p->plan.items.v[r->index];
    r->wait = NULL;
    if (err) {
        item->err = provider_explain(err);
        bool missing = err_is(err, ERR_NOT_FOUND);
        item->state = missing ? PLAN_MISSING : PLAN_FAILED;
        p->items.v[r->index].stamp = (struct vault_stamp){.known = missing, .absent = missing};
        if (is_refusal(err)) {
            provider_forget(p->sync->provider, p->stores[item->store].reader);
        }
    } else {
        item->value = arena_str(&p->arena, value->value);
        take_tags(p, item, value);
        item->state = PLAN_FOUND;
        p->items.v[r->index].stamp = value->stamp;
    }
    if (--p->waiting == 0) {
        es_pass_go(p, STEP_VALUES);
    }
}

enum step es_step_read(struct es_pass *p)
{
    p->waiting = 0;
    if (list_finds(p)) {
        return STEP_WAIT;
    }
    get_entries(p);
    for (size_t i = 0; i < p->items.n; i++) {
        if (p->plan.items.v[i].state == PLAN_PENDING) {
            struct pass_read *r = new_read(p, i);
            r->wait = vault_read_entry(p->items.v[i].entry, p->as_of, item_read, r);
        }
    }
    return p->waiting ? STEP_WAIT : STEP_VALUES;
}

/* ---- values ---- */

static void tell_missing(struct es_pass *p)
{
    for (size_t i = 0; i < p->result.missing.n; i++) {
        const struct plan_missing *m = &p->result.missing.v[i];
        /* The text says dataFrom for entries of data too: that is what people search for. */
        struct str text =
            m->is_data ? arena_printf(&p->arena,
                                      "secret does not exist at provider using spec.dataFrom[%zu] "
                                      "(key=%.*s)",
                                      m->index, STR_ARG(m->key))
                       : arena_printf(&p->arena,
                                      "secret does not exist at provider using spec.dataFrom[%zu]",
                                      m->index);
        es_pass_event(p, EVENT_NORMAL, EVENT_MISSING_AT_PROV, text);
    }
}

enum step es_step_values(struct es_pass *p)
{
    struct err *err = NULL;
    int done = plan_values(&p->plan, rewrite_values, &p->result, &err);
    tell_missing(p);
    if (done < 0) {
        return es_pass_settle(p, OUT_PROVIDER, err);
    }
    bool nothing = p->result.values.n == 0 && p->spec->deletion != DELETION_MERGE;
    return nothing ? STEP_EMPTY : STEP_SOURCES;
}
