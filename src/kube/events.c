/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of an Event that was written lives in a struct known, found by everything that
 * makes two Events the same, and in an LRU list. Writing is a short queue in front of the client:
 * at most WRITERS requests at once, so that a flood of Events does not hold up real work.
 *
 * A repeat does not become a request of its own: it raises the count, and the count is written when
 * the last write was PERIOD ago. The spam filter is a bucket per component and object.
 */
#include "kube/events.h"

#define LOGGER "kube"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/log.h"
#include "base/map.h"
#include "base/utf8.h"

#define MAX_QUEUE    10000
#define MAX_KNOWN    4096
#define MAX_MESSAGE  1024
#define MAX_NAME     253
#define WRITERS      4
#define BUSY         8           /* requests of the client: Events let the others go first */
#define PERIOD       (10 * NS_S) /* between two patches of one Event */
#define SPAM_BURST   25
#define SPAM_REFILL  (5 * NS_MIN) /* for one more */
#define MAX_FAILURES 3            /* of the transport, for one write */
#define RETRY        (5 * NS_S)

/* Who says it about what: shared by all Events of the two, and what the spam filter counts. */
struct source {
    const struct resource *resource;
    char *component;
    char *ns; /* of the object */
    char *name;
    char *uid;
    char *key;
    double tokens;
    ns_t at;
    size_t refs; /* knowns */
};

enum known_state {
    KNOWN_IDLE,    /* the server has what we have */
    KNOWN_QUEUED,  /* in the queue */
    KNOWN_WRITING, /* its request is under way */
    KNOWN_RESTING, /* waits for its period */
};

/* One Event: the server's object of this name. */
struct known {
    struct events *e;
    struct source *source;
    struct str key;      /* the map's copy: all that makes it the same */
    struct known *newer; /* LRU */
    struct known *older;
    struct known *next; /* queue */
    enum known_state state;
    enum event_type type;
    struct kube_call *call;
    struct timer rest;
    char *name; /* of the Event */
    char *version;
    char *reason;
    char *message;
    ns_t first; /* clock_real */
    ns_t last;
    bool created;
    uint64_t count;
    uint64_t sent;    /* count in the request under way */
    uint64_t written; /* count that the server has */
    ns_t sent_at;     /* clock_mono */
    unsigned failures;
};

struct events {
    struct events_config config;
    struct loop *loop;
    struct map known;
    struct map sources;
    struct known *newest;
    struct known *oldest;
    struct known *first; /* queue */
    struct known *last;
    size_t writing;
    struct events_stats stats;
    struct timer limit; /* of a flush */
    void (*flushed)(void *arg);
    void *flushed_arg;
    bool told_denied;   /* the log has said that none may be written */
    uint64_t last_name; /* so that two names never are the same */
};

/* ---- birth and death ---- */

static void on_flush_limit(void *arg);

struct events *events_new(const struct events_config *config)
{
    struct events *e = xcalloc(1, sizeof(*e));
    e->config = *config;
    e->config.max_queue = config->max_queue ? config->max_queue : MAX_QUEUE;
    e->config.max_known = config->max_known ? config->max_known : MAX_KNOWN;
    e->loop = kube_client_loop(config->client);
    timer_init(&e->limit, e->loop, on_flush_limit, e);
    return e;
}

static void source_unref(struct events *e, struct source *s)
{
    if (--s->refs > 0) {
        return;
    }
    map_del(&e->sources, str_c(s->key));
    free(s->component);
    free(s->ns);
    free(s->name);
    free(s->uid);
    free(s->key);
    free(s);
}

static void lru_out(struct events *e, struct known *k)
{
    *(k->newer ? &k->newer->older : &e->newest) = k->older;
    *(k->older ? &k->older->newer : &e->oldest) = k->newer;
    k->newer = NULL;
    k->older = NULL;
}

static void lru_in(struct events *e, struct known *k)
{
    k->newer = NULL;
    k->older = e->newest;
    *(k->older ? &k->older->newer : &e->oldest) = k;
    e->newest = k;
}

/* Not in the queue. */
static void forget(struct events *e, struct known *k)
{
    kube_cancel(k->call);
    timer_cancel(&k->rest);
    map_del(&e->known, k->key);
    lru_out(e, k);
    source_unref(e, k->source);
    free(k->name);
    free(k->version);
    free(k->reason);
    free(k->message);
    free(k);
}

void events_free(struct events *e)
{
    if (!e) {
        return;
    }
    loop_undefer(e->loop, e);
    timer_cancel(&e->limit);
    while (e->newest) {
        forget(e, e->newest);
    }
    map_done(&e->known);
    map_done(&e->sources);
    free(e);
}

struct events_stats events_stats(const struct events *e)
{
    return e->stats;
}

/* ---- writing ---- */

static void write_more(struct events *e);

static void put(struct json_writer *w, const char *key, const char *value)
{
    if (value[0]) {
        json_w_key(w, key);
        json_w_c(w, value);
    }
}

static void put_time(struct json_writer *w, const char *key, ns_t real)
{
    char text[RFC3339_SIZE];
    json_w_key(w, key);
    json_w_c(w, rfc3339_format(real, text));
}

/* An Event about something without a namespace goes to "default". */
static const char *namespace_of(const struct known *k)
{
    return k->source->ns[0] ? k->source->ns : "default";
}

static void put_about(struct json_writer *w, const struct known *k)
{
    json_w_key(w, "involvedObject");
    json_w_object(w);
    put(w, "kind", k->source->resource->kind);
    put(w, "namespace", k->source->ns);
    put(w, "name", k->source->name);
    put(w, "uid", k->source->uid);
    put(w, "apiVersion", k->source->resource->api_version);
    put(w, "resourceVersion", k->version);
    json_w_end(w);
}

static void write_event(struct buf *out, const struct known *k)
{
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    json_w_strings(&w, "kind", "Event", "apiVersion", "v1", NULL);
    json_w_key(&w, "metadata");
    json_w_object(&w);
    json_w_strings(&w, "name", k->name, "namespace", namespace_of(k), NULL);
    json_w_end(&w);
    put_about(&w, k);
    json_w_strings(&w, "reason", k->reason, "message", k->message, NULL);
    json_w_key(&w, "source");
    json_w_object(&w);
    json_w_strings(&w, "component", k->source->component, NULL);
    json_w_end(&w);
    put_time(&w, "firstTimestamp", k->first);
    put_time(&w, "lastTimestamp", k->last);
    json_w_key(&w, "count");
    json_w_int(&w, (int64_t)k->count);
    json_w_strings(&w, "type", k->type == EVENT_WARNING ? "Warning" : "Normal",
                   "reportingComponent", k->source->component, "reportingInstance", "", NULL);
    json_w_key(&w, "eventTime");
    json_w_null(&w);
    json_w_end(&w);
}

static void write_count(struct buf *out, const struct known *k)
{
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    json_w_key(&w, "count");
    json_w_int(&w, (int64_t)k->count);
    put_time(&w, "lastTimestamp", k->last);
    json_w_end(&w);
}

static void enqueue(struct known *k)
{
    struct events *e = k->e;
    k->state = KNOWN_QUEUED;
    k->next = NULL;
    *(e->last ? &e->last->next : &e->first) = k;
    e->last = k;
    e->stats.queued++;
}

static struct known *dequeue(struct events *e)
{
    struct known *k = e->first;
    e->first = k->next;
    if (!e->first) {
        e->last = NULL;
    }
    e->stats.queued--;
    return k;
}

static void on_rested(void *arg)
{
    struct known *k = arg;
    enqueue(k);
    write_more(k->e);
}

static void rest(struct known *k, ns_t delay)
{
    k->state = KNOWN_RESTING;
    timer_set(&k->rest, delay);
}

/* The count has grown since it was written. */
static void settle(struct known *k)
{
    if (k->count > k->written) {
        rest(k, MAX(k->sent_at + PERIOD - clock_mono(), 0));
    } else {
        k->state = KNOWN_IDLE;
    }
}

static void name_event(struct events *e, struct known *k)
{
    uint64_t stamp = MAX((uint64_t)clock_real(), e->last_name + 1);
    e->last_name = stamp;
    struct str about = str_head(str_c(k->source->name), MAX_NAME - 17);
    while (about.n && (about.p[about.n - 1] == '-' || about.p[about.n - 1] == '.')) {
        about.n--; /* no part of a name may end so */
    }
    free(k->name);
    k->name = xasprintf("%.*s.%llx", STR_ARG(about), (unsigned long long)stamp);
}

static void after_success(struct events *e, struct known *k)
{
    e->stats.written++;
    k->failures = 0;
    k->created = true;
    e->told_denied = false;
    k->written = k->sent;
    settle(k);
}

/* A failure of the transport is tried again; what the server refuses is dropped. */
static void after_failure(struct events *e, struct known *k, const struct kube_answer *answer)
{
    if (k->created && answer->failure.missing == KUBE_MISSING_OBJECT) {
        k->created = false; /* its time was over: a new one */
        name_event(e, k);
        enqueue(k);
    } else if (answer->status == 0 && ++k->failures < MAX_FAILURES) {
        rest(k, RETRY * k->failures);
    } else {
        if (err_is(answer->err, ERR_DENIED) && !e->told_denied) {
            LOG_WARN("events cannot be written: what is wrong with an object is in this log only",
                     F("error", answer->err));
            e->told_denied = true;
        }
        LOG_DEBUG("an event is dropped", F("name", k->name), F("namespace", namespace_of(k)),
                  F("error", answer->err));
        e->stats.dropped++;
        forget(e, k);
    }
}

static void tell_flushed(struct events *e)
{
    if (e->flushed && e->stats.queued == 0 && e->writing == 0) {
        void (*flushed)(void *) = TAKE(e->flushed);
        timer_cancel(&e->limit);
        flushed(e->flushed_arg);
    }
}

static void on_written(void *arg, const struct kube_answer *answer)
{
    struct known *k = arg;
    struct events *e = k->e;
    k->call = NULL;
    e->writing--;
    /* It exists: the answer to an attempt before was lost. */
    if (!answer->err || (!k->created && answer->err->kind == ERR_EXISTS)) {
        after_success(e, k);
    } else {
        after_failure(e, k, answer);
    }
    write_more(e);
    tell_flushed(e);
}

static void write_known(struct events *e, struct known *k)
{
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 16);
    if (k->created) {
        write_count(&body, k);
    } else {
        write_event(&body, k);
    }
    k->state = KNOWN_WRITING;
    k->sent = k->count;
    k->sent_at = clock_mono();
    e->writing++;
    struct kube_request request = {
        .verb = k->created ? KUBE_PATCH : KUBE_CREATE,
        .resource = resource_of(RES_EVENTS),
        .ns = str_c(namespace_of(k)),
        .name = str_c(k->name),
        .patch = KUBE_PATCH_STRATEGIC,
        .body = buf_str(&body),
        .done = on_written,
        .arg = k,
    };
    k->call = kube_submit(e->config.client, &request);
}

/* One goes on even when there is much else to do, so that Events are late and not lost. */
static size_t writers(const struct events *e)
{
    return kube_client_stats(e->config.client).in_flight > BUSY ? 1 : WRITERS;
}

static void write_more(struct events *e)
{
    while (e->first && e->writing < writers(e)) {
        write_known(e, dequeue(e));
    }
}

/* ---- taking in ---- */

static struct source *source_of(struct events *e, const char *component,
                                const struct event_object *about)
{
    AUTO(buf_done) struct buf key = BUF_INIT(4096);
    buf_addf(&key, "%s\n%s\n%.*s\n%.*s\n%.*s", component, about->resource->plural,
             STR_ARG(about->ns), STR_ARG(about->name), STR_ARG(about->uid));
    struct source *s = map_get(&e->sources, buf_str(&key));
    if (!s) {
        s = xcalloc(1, sizeof(*s));
        s->resource = about->resource;
        s->component = xstrdup(component);
        s->ns = str_dup(about->ns);
        s->name = str_dup(about->name);
        s->uid = str_dup(about->uid);
        s->tokens = SPAM_BURST;
        s->at = clock_mono();
        s->key = buf_take(&key);
        map_set(&e->sources, str_c(s->key), s);
    }
    return s;
}

static bool take_token(struct source *s)
{
    ns_t now = clock_mono();
    s->tokens += (double)(now - s->at) / (double)SPAM_REFILL;
    s->tokens = MIN(s->tokens, (double)SPAM_BURST);
    s->at = now;
    if (s->tokens < 1) {
        return false;
    }
    s->tokens -= 1;
    return true;
}

/* Room for one more: the one not seen for longest goes, if nothing of it waits to be written. */
static bool make_room(struct events *e)
{
    if (e->stats.queued >= e->config.max_queue) {
        return false;
    }
    struct known *k = e->oldest;
    while (e->known.n >= e->config.max_known && k) {
        struct known *newer = k->newer;
        if (k->state == KNOWN_IDLE || k->state == KNOWN_RESTING) {
            forget(e, k);
        }
        k = newer;
    }
    return e->known.n < e->config.max_known;
}

static struct known *add_known(struct events *e, struct source *source, struct str key,
                               const struct event_object *about)
{
    struct known *k = xcalloc(1, sizeof(*k));
    k->e = e;
    k->source = source;
    source->refs++;
    k->version = str_dup(about->resource_version);
    k->first = clock_real();
    k->last = k->first;
    k->count = 1;
    timer_init(&k->rest, e->loop, on_rested, k);
    name_event(e, k);
    map_set(&e->known, key, k);
    k->key = map_key(&e->known, key);
    lru_in(e, k);
    return k;
}

static void count_one(struct events *e, struct known *k)
{
    k->count++;
    k->last = clock_real();
    lru_out(e, k);
    lru_in(e, k);
    if (k->state == KNOWN_IDLE) {
        settle(k);
    }
}

void event_emit(struct events *e, const char *component, const struct event_object *about,
                enum event_type type, const char *reason, struct str message)
{
    message = str_head(message, utf8_cut(message, MAX_MESSAGE));
    struct source *source = source_of(e, component, about);
    source->refs++;
    AUTO(buf_done) struct buf key = BUF_INIT(1024);
    buf_addf(&key, "%p %d %s %llx", (void *)source, (int)type, reason,
             (unsigned long long)map_hash(message));
    struct known *k = map_get(&e->known, buf_str(&key));
    if (!take_token(source)) {
        e->stats.spam++;
    } else if (k) {
        count_one(e, k);
    } else if (!make_room(e)) {
        e->stats.dropped++;
    } else {
        k = add_known(e, source, buf_str(&key), about);
        k->type = type;
        k->reason = xstrdup(reason);
        k->message = str_dup(message);
        enqueue(k);
        write_more(e);
    }
    source_unref(e, source);
}

struct event_object event_object(const struct resource *r, const struct object *o)
{
    return (struct event_object){.resource = r,
                                 .ns = object_ns(o),
                                 .name = object_name(o),
                                 .uid = object_uid(o),
                                 .resource_version = object_version(o)};
}

/* ---- the end ---- */

static void on_flush_limit(void *arg)
{
    struct events *e = arg;
    void (*flushed)(void *) = TAKE(e->flushed);
    flushed(e->flushed_arg);
}

static void flush_now(void *arg)
{
    tell_flushed(arg);
}

void events_flush(struct events *e, ns_t limit, void (*done)(void *arg), void *arg)
{
    must(!e->flushed);
    e->flushed = done;
    e->flushed_arg = arg;
    timer_set(&e->limit, limit);
    loop_defer(e->loop, flush_now, e);
}
