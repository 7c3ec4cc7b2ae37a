/* SPDX-License-Identifier: Apache-2.0
 *
 * The role as a whole: informers, queues, who hears of what, start and stop.
 *
 * Events and what they put into the queues:
 *
 *   ExternalSecret  new, gone, or its generation, labels, annotations, finalizer or deletion mark
 *                   changed -> the ExternalSecret. A change of its status alone is our own.
 *   Secret          gone, or no longer what its hash says -> the ExternalSecrets that write it.
 *   store           new or changed -> the store; when it has its first condition, has become Ready,
 *                   or changed while it is -> the ExternalSecrets that name it and are not Ready.
 *
 * Passes begin when every cache is filled: before that a missing Secret or store means nothing.
 */
#define LOGGER "sync"

#include "sync/engine.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/num.h"
#include "sync/names.h"

enum { CONCURRENT = 64, STORE_CONCURRENT = 8, TEMPLATES_MAX = 256 };
/* As External Secrets Operator: 1 s, doubled with each failure, 7 min at most. */
#define BACKOFF_BASE NS_S
#define BACKOFF_CAP  (7 * NS_MIN)

/* ---- notes ---- */

struct es_note *sync_note(struct sync *s, struct str key)
{
    struct es_note *note = map_get(&s->notes, key);
    if (!note) {
        note = xcalloc(1, sizeof(*note));
        map_set(&s->notes, key, note);
    }
    return note;
}

void sync_unwatch(struct es_note *note)
{
    for (size_t i = 0; i < note->watched.n; i++) {
        vault_entry_unref(note->watched.v[i].entry);
    }
    vec_done(&note->watched);
}

static void free_note(void *value)
{
    struct es_note *note = value;
    if (note) {
        sync_unwatch(note);
        free(note->last_error);
        free(note);
    }
}

void sync_forget_note(struct sync *s, struct str key)
{
    free_note(map_del(&s->notes, key));
}

/* ---- caches ---- */

/* Versions of one object from one API server count upwards. What cannot be compared is taken. */
static bool is_newer(struct str version, const struct object *than)
{
    uint64_t now;
    uint64_t old;
    if (!than || !num_parse_u64(version, &now) || !num_parse_u64(object_version(than), &old)) {
        return true;
    }
    return now > old;
}

void sync_took(struct store *store,
               struct object *(*convert)(void *arg, const struct json *item, struct err **err),
               const struct json *object)
{
    struct str ns = json_find_str(object, "metadata.namespace");
    struct str name = json_find_str(object, "metadata.name");
    struct str version = json_find_str(object, "metadata.resourceVersion");
    if (!name.n || !is_newer(version, store_get(store, ns, name))) {
        return;
    }
    struct object *o = convert(NULL, object, NULL);
    if (o) {
        store_drop(store, store_put(store, o));
    }
}

bool sync_class_matches(const struct sync *s, struct str class)
{
    return !class.n || str_eq(class, s->options.controller_class);
}

/* ---- ExternalSecrets ---- */

static void add_es(struct sync *s, const struct object *o, enum workqueue_priority priority)
{
    AUTO(buf_done) struct buf key = BUF_INIT(1024);
    object_key(o, &key);
    if (priority != WQ_LOW) {
        (void)map_set(&s->changed, buf_str(&key), s);
    }
    workqueue_add_priority(s->es_queue, buf_str(&key), priority);
}

static void es_added(void *arg, const struct object *o, bool initial)
{
    add_es(arg, o, initial ? WQ_LOW : WQ_NORMAL);
}

static void es_updated(void *arg, const struct object *old_object, const struct object *object)
{
    const struct es_object *old = es_object_of(old_object);
    const struct es_object *now = es_object_of(object);
    if (!str_eq(object_uid(old_object), object_uid(object)) ||
        !str_eq(old->version, now->version) || old->deleting != now->deleting ||
        old->has_finalizer != now->has_finalizer) {
        add_es(arg, object, WQ_NORMAL);
    }
}

static void es_deleted(void *arg, const struct object *old)
{
    add_es(arg, old, WQ_NORMAL);
}

/* ---- Secrets ---- */

/* All whose target it is; those that are content with a Secret as it is may sleep on. */
static void add_writers(struct sync *s, const struct object *secret, bool fine)
{
    for (struct store_iter it = {.ns = object_ns(secret)}; store_next(s->es_store, &it);) {
        const struct es_object *es = es_object_of(it.object);
        if (str_eq(es->target, object_name(secret)) && !(fine && es->ready)) {
            AUTO(buf_done) struct buf key = BUF_INIT(1024);
            object_key(it.object, &key);
            workqueue_add(s->es_queue, buf_str(&key));
        }
    }
}

static void secret_added(void *arg, const struct object *o, bool initial)
{
    if (!initial) {
        add_writers(arg, o, secret_object_of(o)->valid);
    }
}

static void secret_updated(void *arg, const struct object *old, const struct object *now)
{
    add_writers(arg, now, secret_object_of(now)->valid);
}

static void secret_deleted(void *arg, const struct object *old)
{
    add_writers(arg, old, false);
}

/* ---- stores ---- */

struct user_search {
    struct str ns; /* of the ExternalSecret */
    bool cluster;
    struct str name;
    bool found;
};

static void match_ref(void *arg, const struct store_ref *ref)
{
    struct user_search *search = arg;
    search->found =
        search->found || (ref->cluster == search->cluster && str_eq(ref->name, search->name));
}

static bool uses_store(const struct object *o, bool cluster, struct str name)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct es_view v = es_object_view(&a, es_object_of(o));
    struct es_spec *spec = es_spec_parse(&a, v.spec, NULL);
    struct user_search search = {.cluster = cluster, .name = name};
    if (spec) {
        es_spec_each_store(spec, match_ref, &search);
    }
    return search.found;
}

void sync_requeue_users(struct sync *s, bool cluster, struct str ns, struct str name)
{
    struct store_iter it = {0};
    if (!cluster) {
        it.ns = ns;
    }
    while (store_next(s->es_store, &it)) {
        if (!es_object_of(it.object)->ready && uses_store(it.object, cluster, name)) {
            AUTO(buf_done) struct buf key = BUF_INIT(1024);
            object_key(it.object, &key);
            workqueue_forget(s->es_queue, buf_str(&key));
            workqueue_add(s->es_queue, buf_str(&key));
        }
    }
}

static void wake_users(struct sync *s, const struct object *o)
{
    struct str ns = object_ns(o);
    sync_requeue_users(s, ns.n == 0, ns, object_name(o));
}

static void add_store(struct sync *s, const struct object *o, enum workqueue_priority priority)
{
    bool cluster = object_ns(o).n == 0;
    if (!cluster && s->options.no_stores) {
        return;
    }
    AUTO(buf_done) struct buf key = BUF_INIT(1024);
    object_key(o, &key);
    workqueue_add_priority(s->store_queue, buf_str(&key), priority);
}

static void store_added(void *arg, const struct object *o, bool initial)
{
    add_store(arg, o, initial ? WQ_LOW : WQ_NORMAL);
    if (!initial) {
        wake_users(arg, o);
    }
}

static void store_updated(void *arg, const struct object *old_object, const struct object *object)
{
    const struct store_object *old = store_object_of(old_object);
    const struct store_object *now = store_object_of(object);
    bool changed =
        old->generation != now->generation || !str_eq(object_uid(old_object), object_uid(object));
    if (changed) {
        add_store(arg, object, WQ_NORMAL);
    }
    if ((now->ready && (changed || !old->ready)) || (now->judged && !old->judged)) {
        wake_users(arg, object);
    }
}

static void store_deleted(void *arg, const struct object *old)
{
    add_store(arg, old, WQ_NORMAL);
}

/* ---- start ---- */

static void begin_if_synced(void *arg)
{
    struct sync *s = arg;
    if (++s->synced < s->informers.n || s->stopping) {
        return;
    }
    LOG_INFO("caches are filled", F("externalsecrets", store_count(s->es_store)),
             F("stores", store_count(s->stores) + store_count(s->cstores)),
             F("secrets", store_count(s->secrets)));
    workqueue_resume(s->store_queue);
    workqueue_resume(s->es_queue);
}

static void informer_state_changed(void *arg, struct informer *i, enum informer_state state,
                                   const struct err *err)
{
    const char *plural = informer_resource(i)->plural;
    if (state == INFORMER_NOT_SERVED) {
        LOG_ERROR(
            "a custom resource definition is missing: nothing is synced until it is installed",
            F("resource", plural), F("group", informer_resource(i)->group),
            F("remedy", "set installCRDs=true in the chart, or kubectl apply --server-side -f "
                        "charts/pawl/files/crds; no restart is needed"),
            F("error", err));
    } else if (err) {
        LOG_WARN("cannot follow a kind", F("resource", plural),
                 F("state", informer_state_name(state)), F("error", err));
    } else {
        LOG_DEBUG("following a kind", F("resource", plural),
                  F("state", informer_state_name(state)));
    }
}

/* What is followed: one informer of each row, per namespace where the row has namespaces. */
static const struct follow {
    enum resource_id resource;
    bool cluster;
    const char *label_selector;
    bool wipe;
    struct object *(*convert)(void *arg, const struct json *item, struct err **err);
    void (*added)(void *arg, const struct object *o, bool initial);
    void (*updated)(void *arg, const struct object *old, const struct object *now);
    void (*deleted)(void *arg, const struct object *old);
    size_t store; /* offset in struct sync */
} FOLLOWED[] = {
    {RES_SECRETSTORES, false, "", false, store_object_convert, store_added, store_updated,
     store_deleted, offsetof(struct sync, stores)},
    {RES_CLUSTERSECRETSTORES, true, "", false, store_object_convert, store_added, store_updated,
     store_deleted, offsetof(struct sync, cstores)},
    {RES_EXTERNALSECRETS, false, "", false, es_object_convert, es_added, es_updated, es_deleted,
     offsetof(struct sync, es_store)},
    {RES_SECRETS, false, LABEL_MANAGED "=true", true, secret_object_convert, secret_added,
     secret_updated, secret_deleted, offsetof(struct sync, secrets)},
};

static struct store **store_of(struct sync *s, const struct follow *f)
{
    return (struct store **)(void *)((char *)s + f->store);
}

static void follow(struct sync *s, const struct follow *f, struct str ns)
{
    struct informer *i = informer_new(&(struct informer_config){
        .client = s->client,
        .resource = resource_of(f->resource),
        .ns = ns,
        .label_selector = str_c(f->label_selector),
        .content = INFORMER_FULL,
        .wipe = f->wipe,
        .convert = f->convert,
        .on_state = informer_state_changed,
        .arg = s,
        .store = *store_of(s, f),
    });
    informer_add_handler(i, &(struct informer_handler){
                                .added = f->added,
                                .updated = f->updated,
                                .deleted = f->deleted,
                                .synced = begin_if_synced,
                                .arg = s,
                            });
    vec_push(&s->informers, i);
}

static void make_informers(struct sync *s)
{
    for (size_t i = 0; i < COUNT_OF(FOLLOWED); i++) {
        const struct follow *f = &FOLLOWED[i];
        *store_of(s, f) = store_new(NULL, NULL);
        if (f->cluster && s->options.no_cluster_stores) {
            continue;
        }
        size_t n = f->cluster ? 0 : s->options.n_namespaces;
        for (size_t k = 0; k < MAX(n, (size_t)1); k++) {
            follow(s, f, n ? s->options.namespaces[k] : STR_EMPTY);
        }
    }
}

static void copy_options(struct sync *s, const struct sync_options *from)
{
    struct arena *a = &s->texts;
    struct sync_options *o = &s->options;
    *o = *from;
    struct str *namespaces = arena_array(a, struct str, from->n_namespaces);
    for (size_t i = 0; i < from->n_namespaces; i++) {
        namespaces[i] = arena_str(a, from->namespaces[i]);
    }
    o->namespaces = namespaces;
    o->controller_class =
        from->controller_class.n ? arena_str(a, from->controller_class) : STR("default");
    o->left_delimiter = arena_str(a, from->left_delimiter);
    o->right_delimiter = arena_str(a, from->right_delimiter);
    o->ca_pem = arena_str(a, from->ca_pem);
    o->concurrent = from->concurrent ? from->concurrent : CONCURRENT;
}

static struct workqueue *make_queue(struct sync *s, const struct sync_config *config,
                                    const char *name,
                                    void (*process)(void *, struct workqueue *, struct str),
                                    size_t concurrent)
{
    struct workqueue *q = workqueue_new(
        s->loop, &(struct workqueue_config){
                     .name = name,
                     .process = process,
                     .arg = s,
                     .max_concurrent = concurrent,
                     .backoff_base = BACKOFF_BASE,
                     .backoff_cap = BACKOFF_CAP,
                     .metrics = config->metrics ? workqueue_metrics_add(config->metrics)
                                                : (struct workqueue_metrics){0},
                 });
    workqueue_pause(q);
    return q;
}

static void collect(void *arg)
{
    struct sync *s = arg;
    workqueue_collect(s->es_queue);
    workqueue_collect(s->store_queue);
}

struct sync *sync_new(const struct sync_config *config)
{
    struct sync *s = xcalloc(1, sizeof(*s));
    s->loop = config->loop;
    s->client = config->client;
    s->events = config->events;
    s->hooks = config->hooks;
    s->texts = ARENA_INIT(ARENA_PLAIN);
    s->notes = MAP_INIT;
    s->changed = MAP_INIT;
    copy_options(s, &config->options);
    s->metrics =
        sync_metrics_new(config->metrics, s->options.extended_metric_labels, s->options.concurrent);
    s->live = live_new(s->client);
    s->provider = provider_new(&(struct provider_config){
        .loop = s->loop,
        .client = s->client,
        .live = s->live,
        .metrics = s->metrics,
        .ca_pem = s->options.ca_pem,
        .allow_http = s->options.allow_http,
        .vault_rate = s->options.vault_rate,
    });
    s->templates = template_cache_new(TEMPLATES_MAX);
    s->es_queue = make_queue(s, config, "externalsecret", es_pass_process, s->options.concurrent);
    s->store_queue = make_queue(s, config, "secretstore", store_pass_process, STORE_CONCURRENT);
    make_informers(s);
    if (config->metrics) {
        metrics_on_collect(config->metrics, collect, s);
    }
    return s;
}

void sync_start(struct sync *s)
{
    s->started = true;
    for (size_t i = 0; i < s->informers.n; i++) {
        informer_start(s->informers.v[i]);
    }
}

bool sync_ready(const struct sync *s, struct buf *why)
{
    bool ready = s->started;
    for (size_t i = 0; i < s->informers.n; i++) {
        const struct informer *informer = s->informers.v[i];
        if (informer_synced(informer)) {
            continue;
        }
        ready = false;
        if (informer_state(informer) == INFORMER_NOT_SERVED) {
            buf_addf(why, "%sthe custom resource definition %s.%s is not installed",
                     why->n ? "; " : "", informer_resource(informer)->plural,
                     informer_resource(informer)->group);
            continue;
        }
        const struct err *reason = informer_reason(informer);
        buf_addf(why, "%s%s: %s%s%s", why->n ? "; " : "", informer_resource(informer)->plural,
                 informer_state_name(informer_state(informer)), reason ? ": " : "",
                 reason ? reason->msg : "");
    }
    return ready;
}

/* ---- stop ---- */

/* A pass that has no write under way leaves nothing half done. */
static void drop_readers(struct sync *s)
{
    struct es_pass *next;
    for (struct es_pass *p = s->passes; p; p = next) {
        next = p->next;
        if (!p->call) {
            es_pass_drop(p);
        }
    }
    while (s->store_passes) {
        store_pass_drop(s->store_passes);
    }
}

void sync_pass_ended(struct sync *s)
{
    if (s->stopping && s->stopped && !s->passes) {
        void (*stopped)(void *arg) = TAKE(s->stopped);
        stopped(s->stopped_arg);
    }
}

void sync_stop(struct sync *s, void (*done)(void *arg), void *arg)
{
    s->stopping = true;
    s->stopped = done;
    s->stopped_arg = arg;
    workqueue_pause(s->es_queue);
    workqueue_pause(s->store_queue);
    drop_readers(s);
    sync_pass_ended(s);
}

void sync_free(struct sync *s)
{
    if (!s) {
        return;
    }
    while (s->passes) {
        es_pass_drop(s->passes);
    }
    while (s->store_passes) {
        store_pass_drop(s->store_passes);
    }
    for (size_t i = 0; i < s->informers.n; i++) {
        informer_free(s->informers.v[i]);
    }
    vec_done(&s->informers);
    workqueue_free(s->es_queue);
    workqueue_free(s->store_queue);
    map_done_with(&s->notes, free_note);
    map_done(&s->changed);
    provider_free(s->provider);
    live_free(s->live);
    template_cache_free(s->templates);
    store_free(s->es_store);
    store_free(s->stores);
    store_free(s->cstores);
    store_free(s->secrets);
    sync_metrics_free(s->metrics);
    arena_done(&s->texts);
    free(s);
}

/* ---- questions ---- */

bool sync_in_flight(const struct sync *s, struct str ns, struct str secret)
{
    for (const struct es_pass *p = s->passes; p; p = p->next) {
        if (p->writing && str_eq(p->target_name, secret) && str_eq(p->es.ns, ns)) {
            return true;
        }
    }
    for (struct map_iter it = {0}; map_next(&s->changed, &it);) {
        const struct object *o = store_get_key(s->es_store, it.key);
        if (o && str_eq(object_ns(o), ns) && str_eq(es_object_of(o)->target, secret)) {
            return true;
        }
    }
    return false;
}
