/* SPDX-License-Identifier: Apache-2.0
 *
 * Order of things for one source in metadata mode:
 *
 *     event (resourceVersion 7) -> seen = 7 -> queue -> GET (answers version 8) -> fetched = 8
 *                                  event (8) -> 8 <= fetched: nothing to do
 *
 * A GET is a consistent read, so its answer is at least as new as the event that caused it.
 * Versions of one object only grow; comparing them as numbers saves reads and is never needed to be
 * right: a version that is no number counts as 0 and is always read.
 */
#define LOGGER "reload"
#include "reload/sources.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "reload/burst.h"

enum { FETCHES = 16, KEY_MAX = 600 };

/* What the stores keep of each object. */
struct source_object {
    struct object object; /* first */
    struct source_marks marks;
    bool hashed;
    struct digest digest;
    char class[]; /* of a pod status: its SecretProviderClass */
};

enum role { ROLE_CONFIGMAPS, ROLE_SECRETS, ROLE_POD_STATUSES, ROLE_CLASSES };
#define ROLES 4

static const struct {
    enum source_type type;
    enum resource_id resource;
    bool content; /* its content is what counts, not only its marks */
} roles[ROLES] = {
    [ROLE_CONFIGMAPS] = {SOURCE_CONFIGMAP, RES_CONFIGMAPS, true},
    [ROLE_SECRETS] = {SOURCE_SECRET, RES_SECRETS, true},
    [ROLE_POD_STATUSES] = {SOURCE_SPC, RES_SECRETPROVIDERCLASSPODSTATUSES, true},
    [ROLE_CLASSES] = {SOURCE_SPC, RES_SECRETPROVIDERCLASSES, false},
};

/* One informer. */
struct watch {
    struct sources *owner;
    enum role role;
    const char *ns; /* "": all */
    struct informer *informer;
};

struct sources {
    struct sources_config config;
    struct store *stores[ROLES];
    VEC(struct watch *) watches;
    struct map used; /* key -> struct source */
    struct workqueue *fetches;
    struct map calls; /* key -> struct fetch under way */
    struct past *past;
    struct burst *burst;
    uint64_t start_version;
};

struct fetch {
    struct sources *owner;
    struct kube_call *call;
    char key[];
};

/* ---- names ---- */

static struct source *find(const struct sources *s, enum source_type type, struct str ns,
                           struct str name)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    kinds_key(&key, (int)type, ns, name);
    return map_get(&s->used, buf_str(&key));
}

struct source *sources_find(const struct sources *s, enum source_type type, struct str ns,
                            struct str name)
{
    return find(s, type, ns, name);
}

static const struct source_object *source_object(const struct object *o)
{
    return (const struct source_object *)(const void *)o;
}

static enum role role_of(enum source_type type)
{
    return type == SOURCE_CONFIGMAP ? ROLE_CONFIGMAPS
           : type == SOURCE_SECRET  ? ROLE_SECRETS
                                    : ROLE_POD_STATUSES;
}

static const struct source_object *stored(const struct sources *s, enum role role, struct str ns,
                                          struct str name)
{
    return source_object(store_get(s->stores[role], ns, name));
}

static const struct watch *watch_of(const struct sources *s, enum role role, struct str ns)
{
    for (size_t i = 0; i < s->watches.n; i++) {
        const struct watch *w = s->watches.v[i];
        if (w->role == role && (w->ns[0] == '\0' || str_eq_c(ns, w->ns))) {
            return w;
        }
    }
    return NULL;
}

/* ---- what is known of a used source ---- */

static void notify(struct sources *s, struct source *source, int change)
{
    if (change & (SOURCE_APPEARED | SOURCE_CONTENT | SOURCE_GONE)) {
        source->changed_at = clock_mono();
    }
    if (change) {
        s->config.changed(s->config.arg, source, change);
    } else {
        reload_metrics_skipped(s->config.metrics, "no_data_change");
    }
}

static void set_present(struct sources *s, struct source *source, struct source_marks marks,
                        const struct digest *digest)
{
    int change = 0;
    if (!source->known) {
        change |= SOURCE_LEARNED;
    } else if (!source->exists) {
        change |= SOURCE_APPEARED;
    } else if (!digest_eq(&source->digest, digest)) {
        change |= SOURCE_CONTENT;
    }
    if (source->known &&
        (marks.ignore != source->marks.ignore || marks.match != source->marks.match)) {
        change |= SOURCE_MARKS;
    }
    source->known = true;
    source->exists = true;
    source->marks = marks;
    source->digest = *digest;
    notify(s, source, change);
}

static void set_missing(struct sources *s, struct source *source)
{
    int change = source->known ? (source->exists ? SOURCE_GONE : 0) : SOURCE_LEARNED;
    source->known = true;
    source->exists = false;
    source->seen = 0;
    source->fetched = 0;
    source->made = 0;
    if (change) {
        notify(s, source, change);
    }
}

static void queue_fetch(struct sources *s, const struct source *source,
                        enum workqueue_priority priority)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    kinds_key(&key, (int)source->type, str_c(source->ns), str_c(source->name));
    workqueue_add_priority(s->fetches, buf_str(&key), priority);
}

/* The store says that the object is there in this version. */
static void look_at(struct sources *s, struct source *source, const struct source_object *o)
{
    source->seen = object_version_number(object_version(&o->object));
    if (s->config.mode == SOURCES_FULL && o->hashed) {
        source->fetched = source->seen;
        set_present(s, source, o->marks, &o->digest);
    } else if (source->known && source->exists && source->seen && source->seen <= source->fetched) {
        struct digest same = source->digest;
        set_present(s, source, o->marks, &same);
    } else {
        queue_fetch(s, source, source->known ? WQ_HIGH : WQ_NORMAL);
    }
}

/* ---- SecretProviderClasses ---- */

static struct source_marks class_marks(const struct sources *s, const struct source *source)
{
    const struct source_object *class =
        stored(s, ROLE_CLASSES, str_c(source->ns), str_c(source->name));
    return class ? class->marks : (struct source_marks){0};
}

/* The pod status that was written last decides. */
static const struct source_object *newest_status(const struct sources *s,
                                                 const struct source *source)
{
    const struct source_object *newest = NULL;
    uint64_t version = 0;
    for (struct store_iter it = {.ns = str_c(source->ns)};
         store_next(s->stores[ROLE_POD_STATUSES], &it);) {
        const struct source_object *o = source_object(it.object);
        uint64_t v = object_version_number(object_version(it.object));
        if (strcmp(o->class, source->name) == 0 && (!newest || v > version)) {
            newest = o;
            version = v;
        }
    }
    return newest;
}

bool sources_any_mounted(const struct sources *s, const struct source *source,
                         bool (*fn)(void *arg, const struct digest *mounted), void *arg)
{
    for (struct store_iter it = {.ns = str_c(source->ns)};
         source->type == SOURCE_SPC && store_next(s->stores[ROLE_POD_STATUSES], &it);) {
        const struct source_object *o = source_object(it.object);
        if (strcmp(o->class, source->name) == 0 && fn(arg, &o->digest)) {
            return true;
        }
    }
    return false;
}

static void look_at_class(struct sources *s, struct source *source)
{
    const struct source_object *o = newest_status(s, source);
    if (o) {
        set_present(s, source, class_marks(s, source), &o->digest);
    } else {
        set_missing(s, source);
    }
}

/* A pod that starts (added) or goes says nothing new about a class that is known; a pod whose mount
 * was rotated does. */
static void pod_status_event(struct sources *s, const struct source_object *old,
                             const struct source_object *now)
{
    struct source *source =
        now ? find(s, SOURCE_SPC, object_ns(&now->object), str_c(now->class)) : NULL;
    if (!source) {
        return;
    }
    bool rotated = old && !digest_eq(&old->digest, &now->digest);
    if (!source->known || !source->exists || rotated) {
        set_present(s, source, class_marks(s, source), &now->digest);
    }
}

static void class_event(struct sources *s, const struct object *o)
{
    struct source *source = find(s, SOURCE_SPC, object_ns(o), object_name(o));
    if (source && source->known && source->exists) {
        struct digest same = source->digest;
        set_present(s, source, class_marks(s, source), &same);
    }
}

/* ---- events of the informers ---- */

static void tell_content(struct sources *s, const struct watch *w, const struct object *o,
                         int change, const struct digest *before)
{
    if (s->config.content && s->config.mode == SOURCES_FULL && roles[w->role].content) {
        const struct source_object *object = source_object(o);
        struct str name = w->role == ROLE_POD_STATUSES ? str_c(object->class) : object_name(o);
        s->config.content(s->config.arg, roles[w->role].type, object_ns(o), name, change, before);
    }
}

static void count(const struct watch *w, const char *event)
{
    if (roles[w->role].content) {
        reload_metrics_received(w->owner->config.metrics, event,
                                source_type_info(roles[w->role].type)->resource);
    }
}

/* An object that is new to the store: was it there at the start, or made now? */
static void note_version(const struct watch *w, const struct object *o, bool initial)
{
    struct sources *s = w->owner;
    uint64_t version = object_version_number(object_version(o));
    struct source *source = find(s, roles[w->role].type, object_ns(o), object_name(o));
    if (initial) {
        s->start_version = MAX(s->start_version, version);
    } else if (source && roles[w->role].content) {
        source->made = version;
    }
}

static void object_event(struct watch *w, const struct object *old, const struct object *now)
{
    struct sources *s = w->owner;
    const struct object *o = now ? now : old;
    if (w->role == ROLE_POD_STATUSES) {
        pod_status_event(s, source_object(old), source_object(now));
    } else if (w->role == ROLE_CLASSES) {
        class_event(s, o);
    } else {
        struct source *source = find(s, roles[w->role].type, object_ns(o), object_name(o));
        if (source && now) {
            look_at(s, source, source_object(now));
        } else if (source) {
            set_missing(s, source);
        }
    }
}

static void on_added(void *arg, const struct object *o, bool initial)
{
    struct watch *w = arg;
    struct sources *s = w->owner;
    count(w, "add");
    /* First the news, so that a workload whose list of patterns matches becomes a user. */
    if (!initial && s->config.appeared && roles[w->role].content && w->role != ROLE_POD_STATUSES &&
        !find(s, roles[w->role].type, object_ns(o), object_name(o))) {
        s->config.appeared(s->config.arg, roles[w->role].type, object_ns(o), object_name(o));
    }
    if (!initial) {
        tell_content(s, w, o, SOURCE_APPEARED, NULL);
    }
    note_version(w, o, initial);
    object_event(w, NULL, o);
}

static void on_updated(void *arg, const struct object *old, const struct object *now)
{
    struct watch *w = arg;
    const struct source_object *before = source_object(old);
    count(w, "update");
    if (roles[w->role].content && before->hashed &&
        !digest_eq(&before->digest, &source_object(now)->digest)) {
        tell_content(w->owner, w, now, SOURCE_CONTENT, &before->digest);
    }
    object_event(w, old, now);
}

static void on_deleted(void *arg, const struct object *old)
{
    struct watch *w = arg;
    count(w, "delete");
    tell_content(w->owner, w, old, SOURCE_GONE, &source_object(old)->digest);
    object_event(w, old, NULL);
}

static void learn(struct sources *s, struct source *source)
{
    const struct watch *w = watch_of(s, role_of(source->type), str_c(source->ns));
    if (!w || !informer_synced(w->informer)) {
        return;
    }
    if (source->type == SOURCE_SPC) {
        look_at_class(s, source);
        return;
    }
    const struct source_object *o = stored(s, w->role, str_c(source->ns), str_c(source->name));
    if (o) {
        look_at(s, source, o);
    } else {
        set_missing(s, source);
    }
}

static void on_synced(void *arg)
{
    struct watch *w = arg;
    struct sources *s = w->owner;
    VEC(struct source *) unknown = {0};
    for (struct map_iter it = {0}; map_next(&s->used, &it);) {
        struct source *source = it.value;
        if (!source->known && roles[w->role].type == source->type &&
            (w->ns[0] == '\0' || strcmp(w->ns, source->ns) == 0)) {
            vec_push(&unknown, source);
        }
    }
    for (size_t i = 0; i < unknown.n; i++) {
        learn(s, unknown.v[i]);
    }
    vec_done(&unknown);
}

static void on_state(void *arg, struct informer *i, enum informer_state state,
                     const struct err *err)
{
    const struct watch *w = arg;
    const char *plural = informer_resource(i)->plural;
    if (state == INFORMER_DENIED) {
        LOG_ERROR("not allowed to list: no workload is moved for these", F("resource", plural),
                  F("namespace", w->ns), F("error", err));
    } else if (state == INFORMER_NOT_SERVED) {
        LOG_INFO("kind is not installed", F("resource", plural));
    } else if (state == INFORMER_RETRYING) {
        LOG_WARN("watch interrupted, trying again", F("resource", plural), F("error", err));
    }
}

/* ---- objects ---- */

static struct object *convert(void *arg, const struct json *item, struct err **err)
{
    const struct watch *w = arg;
    const struct sources *s = w->owner;
    const struct json *metadata = json_get(item, "metadata");
    struct digest digest = {0};
    bool hash =
        w->role == ROLE_POD_STATUSES || (s->config.mode == SOURCES_FULL && w->role != ROLE_CLASSES);
    if (!reload_options_in_scope(s->config.options, json_str(json_get(metadata, "namespace")))) {
        return NULL;
    }
    if (hash && digest_source(roles[w->role].type, item, &digest, err)) {
        return NULL;
    }
    struct str class = w->role == ROLE_POD_STATUSES
                           ? json_find_str(item, "status.secretProviderClassName")
                           : STR_EMPTY;
    struct source_object *o = object_new(sizeof(*o) + class.n + 1, item, err);
    if (o) {
        o->marks = rules_marks(&s->config.options->keys, json_get(metadata, "annotations"));
        o->hashed = hash;
        o->digest = digest;
        memcpy(o->class, class.n ? class.p : "", class.n);
    }
    return o ? &o->object : NULL;
}

/* ---- reading data ---- */

static void finish_fetch(struct fetch *f, enum workqueue_outcome outcome, ns_t after)
{
    struct sources *s = f->owner;
    map_del(&s->calls, str_c(f->key));
    workqueue_done(s->fetches, str_c(f->key), outcome, after);
    free(f);
}

static void count_fetch(const struct sources *s, const struct source *source, const char *result)
{
    metric_inc(s->config.metrics->fetches,
               LABELS(str_c(source_type_info(source->type)->resource), str_c(result)));
}

/* Takes the document of a GET. False if it is already known to be out of date. */
static int take_answer(struct sources *s, struct source *source, const struct json *object,
                       bool *stale, struct err **err)
{
    struct digest digest;
    if (digest_source(source->type, object, &digest, err)) {
        return -1;
    }
    uint64_t version = object_version_number(json_find_str(object, "metadata.resourceVersion"));
    *stale = version < source->seen;
    if (!*stale) {
        source->fetched = version;
        set_present(
            s, source,
            rules_marks(&s->config.options->keys, json_find(object, "metadata.annotations")),
            &digest);
    }
    return 0;
}

static void fetch_failed(struct fetch *f, const struct source *source, const struct err *err)
{
    count_fetch(f->owner, source, "error");
    LOG_WARN("cannot read a source", F("type", source_type_info(source->type)->ledger),
             F("namespace", (const char *)source->ns), F("name", (const char *)source->name),
             F("error", err));
    finish_fetch(f, WQ_RETRY, err->retry_after);
}

static void fetched(void *arg, const struct kube_answer *answer)
{
    struct fetch *f = arg;
    struct sources *s = f->owner;
    AUTO(err_freep) struct err *err = NULL;
    bool stale = false;
    struct source *source = map_get(&s->used, str_c(f->key));
    if (!source) {
        finish_fetch(f, WQ_OK, 0);
        return;
    }
    if (err_is(answer->err, ERR_NOT_FOUND)) {
        /* Its deletion is on the way. */
        count_fetch(s, source, "missing");
        finish_fetch(f, WQ_OK, 0);
        return;
    }
    if (answer->err) {
        fetch_failed(f, source, answer->err);
        return;
    }
    if (!stored(s, role_of(source->type), str_c(source->ns), str_c(source->name))) {
        finish_fetch(f, WQ_OK, 0); /* deleted meanwhile */
        return;
    }
    if (take_answer(s, source, answer->object, &stale, &err)) {
        fetch_failed(f, source, err);
        return;
    }
    count_fetch(s, source, "ok");
    finish_fetch(f, stale ? WQ_RETRY : WQ_OK, 0);
}

/* ---- reading many at once ---- */

static bool up_to_date(const struct source *source)
{
    return source->known && source->seen <= source->fetched;
}

static void on_item(void *arg, enum source_type type, const struct json *item)
{
    struct sources *s = arg;
    AUTO(err_freep) struct err *err = NULL;
    bool stale = false;
    struct source *source = find(s, type, json_find_str(item, "metadata.namespace"),
                                 json_find_str(item, "metadata.name"));
    if (!source || up_to_date(source) ||
        !stored(s, role_of(type), str_c(source->ns), str_c(source->name))) {
        return;
    }
    /* What cannot be taken from the list is read by itself, and fails there. */
    if (take_answer(s, source, item, &stale, &err) == 0 && !stale) {
        count_fetch(s, source, "ok");
    }
}

static void on_listed(void *arg, struct str key)
{
    struct sources *s = arg;
    struct source *source = map_get(&s->used, key);
    if (source && !up_to_date(source)) {
        source->alone = true;
        queue_fetch(s, source, WQ_NORMAL);
    }
}

static bool listed_with_others(struct sources *s, const struct source *source, struct str key)
{
    size_t existing = store_count_in(s->stores[role_of(source->type)], str_c(source->ns));
    return !source->alone && burst_take(s->burst, source->type, str_c(source->ns), key, existing);
}

static void process_fetch(void *arg, struct workqueue *q, struct str key)
{
    struct sources *s = arg;
    struct source *source = map_get(&s->used, key);
    if (!source || !stored(s, role_of(source->type), str_c(source->ns), str_c(source->name))) {
        workqueue_done(q, key, WQ_OK, 0);
        return;
    }
    if (listed_with_others(s, source, key)) {
        workqueue_done(q, key, WQ_OK, 0);
        return;
    }
    source->alone = false;
    struct fetch *f = xcalloc(1, sizeof(*f) + key.n + 1);
    f->owner = s;
    memcpy(f->key, key.p, key.n);
    map_set(&s->calls, key, f);
    f->call = kube_get(s->config.client, resource_of(roles[role_of(source->type)].resource),
                       str_c(source->ns), str_c(source->name), fetched, f);
}

bool sources_fetching(const struct sources *s, const struct source *source)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    if (up_to_date(source)) {
        return false;
    }
    const struct watch *w = watch_of(s, role_of(source->type), str_c(source->ns));
    kinds_key(&key, (int)source->type, str_c(source->ns), str_c(source->name));
    return w && informer_synced(w->informer) && workqueue_failures(s->fetches, buf_str(&key)) == 0;
}

void sources_written(struct sources *s, struct str ns, struct str name, struct str version,
                     const struct digest *digest)
{
    struct source *source = find(s, SOURCE_SECRET, ns, name);
    uint64_t number = object_version_number(version);
    if (!source || !source->known || number == 0 || number <= source->seen) {
        return;
    }
    source->seen = number;
    source->fetched = number;
    set_present(s, source, source->marks, digest);
}

/* ---- earlier versions ---- */

uint64_t sources_start_version(const struct sources *s)
{
    return s->start_version;
}

enum past_state sources_at(struct sources *s, const struct source *source, uint64_t version,
                           struct digest *out)
{
    if (source->type == SOURCE_SPC || !source->exists || source->fetched <= version) {
        *out = source->digest;
        return source->exists ? PAST_CONTENT : PAST_MISSING;
    }
    return past_at(s->past, source->type, str_c(source->ns), str_c(source->name), version, out);
}

enum past_state sources_at_creation(struct sources *s, const struct source *source,
                                    struct digest *out)
{
    return sources_at(s, source, source->made ? source->made : UINT64_MAX, out);
}

static void past_answered(void *arg, enum source_type type, struct str ns, struct str name)
{
    struct sources *s = arg;
    struct source *source = find(s, type, ns, name);
    if (source) {
        notify(s, source, SOURCE_LEARNED);
    }
}

/* ---- users ---- */

struct source *sources_use(struct sources *s, enum source_type type, struct str ns, struct str name,
                           void *user)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    struct source *source = find(s, type, ns, name);
    if (source) {
        vec_push(&source->users, user);
        return source;
    }
    kinds_key(&key, (int)type, ns, name);
    source = xcalloc(1, sizeof(*source));
    source->type = type;
    source->ns = str_dup(ns);
    source->name = str_dup(name);
    vec_push(&source->users, user);
    map_set(&s->used, buf_str(&key), source);
    learn(s, source);
    return source;
}

static void free_source(void *arg)
{
    struct source *source = arg;
    vec_done(&source->users);
    free(source->ns);
    free(source->name);
    free(source);
}

void sources_unuse(struct sources *s, struct source *source, void *user)
{
    for (size_t i = 0; i < source->users.n; i++) {
        if (source->users.v[i] == user) {
            source->users.v[i] = source->users.v[source->users.n - 1];
            source->users.n--;
            break;
        }
    }
    if (source->users.n == 0) {
        AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
        kinds_key(&key, (int)source->type, str_c(source->ns), str_c(source->name));
        map_del(&s->used, buf_str(&key));
        free_source(source);
    }
}

void sources_each_name(const struct sources *s, enum source_type type, struct str ns,
                       void (*fn)(void *arg, struct str name), void *arg)
{
    for (struct store_iter it = {.ns = ns}; store_next(s->stores[role_of(type)], &it);) {
        const struct source_object *o = source_object(it.object);
        fn(arg, type == SOURCE_SPC ? str_c(o->class) : object_name(it.object));
    }
}

/* ---- life ---- */

static void add_watch(struct sources *s, enum role role, const char *ns)
{
    struct watch *w = xcalloc(1, sizeof(*w));
    bool full = role == ROLE_POD_STATUSES || s->config.mode == SOURCES_FULL;
    bool selected = role == ROLE_CONFIGMAPS || role == ROLE_SECRETS;
    w->owner = s;
    w->role = role;
    w->ns = ns;
    w->informer = informer_new(&(struct informer_config){
        .client = s->config.client,
        .resource = resource_of(roles[role].resource),
        .ns = str_c(ns),
        .label_selector = selected ? s->config.label_selector : STR_EMPTY,
        .field_selector = role == ROLE_SECRETS ? STR(SOURCES_WITHOUT_HELM) : STR_EMPTY,
        .content = full && role != ROLE_CLASSES ? INFORMER_FULL : INFORMER_METADATA,
        .wipe = role == ROLE_SECRETS,
        .convert = convert,
        .on_state = on_state,
        .arg = w,
        .store = s->stores[role],
    });
    informer_add_handler(w->informer, &(struct informer_handler){.added = on_added,
                                                                 .updated = on_updated,
                                                                 .deleted = on_deleted,
                                                                 .synced = on_synced,
                                                                 .arg = w});
    vec_push(&s->watches, w);
}

static void add_watches(struct sources *s, enum role role)
{
    const struct reload_options *o = s->config.options;
    if (o->ignore_type[roles[role].type]) {
        return;
    }
    if (reload_options_global(o)) {
        add_watch(s, role, "");
    }
    for (size_t i = 0; !reload_options_global(o) && i < o->namespaces.n; i++) {
        add_watch(s, role, o->namespaces.v[i]);
    }
}

struct sources *sources_new(const struct sources_config *config)
{
    struct sources *s = xcalloc(1, sizeof(*s));
    s->config = *config;
    s->fetches = workqueue_new(config->loop, &(struct workqueue_config){
                                                 .name = "reload_sources",
                                                 .process = process_fetch,
                                                 .arg = s,
                                                 .max_concurrent = FETCHES,
                                                 .backoff_base = 50 * NS_MS,
                                                 .backoff_cap = 2 * NS_MIN,
                                             });
    s->burst = burst_new(&(struct burst_config){.loop = config->loop,
                                                .client = config->client,
                                                .item = on_item,
                                                .listed = on_listed,
                                                .arg = s});
    s->past = past_new(
        &(struct past_config){.client = config->client, .answered = past_answered, .arg = s});
    for (enum role role = 0; role < ROLES; role++) {
        s->stores[role] = store_new(NULL, NULL);
        add_watches(s, role);
    }
    return s;
}

void sources_start(struct sources *s)
{
    for (size_t i = 0; i < s->watches.n; i++) {
        informer_start(s->watches.v[i]->informer);
    }
}

void sources_free(struct sources *s)
{
    if (!s) {
        return;
    }
    for (struct map_iter it = {0}; map_next(&s->calls, &it);) {
        struct fetch *f = it.value;
        kube_cancel(f->call);
        free(f);
    }
    map_done(&s->calls);
    past_free(s->past);
    burst_free(s->burst);
    workqueue_free(s->fetches);
    for (size_t i = 0; i < s->watches.n; i++) {
        informer_free(s->watches.v[i]->informer);
        free(s->watches.v[i]);
    }
    vec_done(&s->watches);
    for (enum role role = 0; role < ROLES; role++) {
        store_free(s->stores[role]);
    }
    map_done_with(&s->used, free_source);
    free(s);
}

static bool all_watches(const struct sources *s, bool accept_denied, struct buf *why)
{
    bool all = true;
    for (size_t i = 0; i < s->watches.n; i++) {
        all = informer_settled(s->watches.v[i]->informer, accept_denied, why) && all;
    }
    return all;
}

bool sources_settled(const struct sources *s, struct buf *why)
{
    return all_watches(s, true, why);
}

bool sources_synced(const struct sources *s, struct buf *why)
{
    return all_watches(s, false, why);
}
