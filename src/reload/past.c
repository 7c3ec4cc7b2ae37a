/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "reload"
#include "reload/past.h"

#include "base/log.h"
#include "base/map.h"
#include "kube/workqueue.h"

/* Answers are kept until there are MANY: all workloads that were there at the start ask the same.
 */
enum { ASK = 8, MANY = 256, TOO_MANY = 16 * MANY, KEY_MAX = 600 };

struct question {
    struct past *owner;
    enum source_type type;
    char *ns;
    char *name;
    uint64_t version;
    enum past_state state;
    struct digest content;
    bool read; /* the answer has been given out */
    struct kube_call *call;
};

struct past {
    struct past_config config;
    struct map questions; /* "version/type/ns/name" -> struct question */
    struct workqueue *queue;
};

static void write_key(struct buf *out, enum source_type type, struct str ns, struct str name,
                      uint64_t version)
{
    buf_addf(out, "%llu/", (unsigned long long)version);
    kinds_key(out, (int)type, ns, name);
}

static void free_question(void *arg)
{
    struct question *q = arg;
    kube_cancel(q->call);
    free(q->ns);
    free(q->name);
    free(q);
}

/* ---- asking ---- */

static void answered(struct question *q, struct str key, enum past_state state)
{
    struct past *p = q->owner;
    q->state = state;
    workqueue_done(p->queue, key, WQ_OK, 0);
    p->config.answered(p->config.arg, q->type, str_c(q->ns), str_c(q->name));
}

static void list_done(void *arg, const struct kube_answer *answer)
{
    struct question *q = arg;
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    AUTO(err_freep) struct err *err = NULL;
    q->call = NULL;
    write_key(&key, q->type, str_c(q->ns), str_c(q->name), q->version);
    if (answer->err && answer->err->retryable && !err_is(answer->err, ERR_GONE)) {
        workqueue_done(q->owner->queue, buf_str(&key), WQ_RETRY, answer->err->retry_after);
        return;
    }
    const struct json *items = answer->err ? NULL : json_get(answer->object, "items");
    const struct json *item = json_at(items, 0);
    enum past_state state = item ? PAST_CONTENT : items ? PAST_MISSING : PAST_UNKNOWN;
    if (item && digest_source(q->type, item, &q->content, &err)) {
        state = PAST_UNKNOWN;
    }
    if (state == PAST_UNKNOWN) {
        LOG_WARN("what a source was when its workload began cannot be found out: what it is now "
                 "counts as that",
                 F("type", source_type_info(q->type)->ledger), F("namespace", (const char *)q->ns),
                 F("name", (const char *)q->name), F("error", answer->err ? answer->err : err));
    }
    answered(q, buf_str(&key), state);
}

static void process(void *arg, struct workqueue *queue, struct str key)
{
    struct past *p = arg;
    struct question *q = map_get(&p->questions, key);
    AUTO(buf_done) struct buf field = BUF_INIT(KEY_MAX);
    AUTO(buf_done) struct buf query = BUF_INIT(KEY_MAX);
    if (!q || q->state != PAST_ASKING) {
        workqueue_done(queue, key, WQ_OK, 0);
        return;
    }
    buf_addf(&field, "metadata.name=%s", q->name);
    buf_addf(&query, "resourceVersionMatch=Exact&resourceVersion=%llu",
             (unsigned long long)q->version);
    q->call = kube_submit(p->config.client, &(struct kube_request){
                                                .verb = KUBE_LIST,
                                                .resource = source_resource(q->type),
                                                .ns = str_c(q->ns),
                                                .field_selector = buf_str(&field),
                                                .query = buf_str(&query),
                                                .done = list_done,
                                                .arg = q,
                                            });
}

/* ---- */

/* Those that nobody has read only if there are very many: their workloads may be gone. */
static void forget_answers(struct past *p)
{
    bool all = p->questions.n >= TOO_MANY;
    for (struct map_iter it = {0}; map_next(&p->questions, &it);) {
        struct question *q = it.value;
        if (q->state != PAST_ASKING && (q->read || all)) {
            map_del(&p->questions, it.key);
            free_question(q);
        }
    }
}

static struct question *ask(struct past *p, enum source_type type, struct str ns, struct str name,
                            uint64_t version, struct str key)
{
    struct question *q = xcalloc(1, sizeof(*q));
    if (p->questions.n >= MANY) {
        forget_answers(p);
    }
    q->owner = p;
    q->type = type;
    q->ns = str_dup(ns);
    q->name = str_dup(name);
    q->version = version;
    map_set(&p->questions, key, q);
    workqueue_add(p->queue, key);
    return q;
}

enum past_state past_at(struct past *p, enum source_type type, struct str ns, struct str name,
                        uint64_t version, struct digest *out)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    write_key(&key, type, ns, name, version);
    struct question *q = map_get(&p->questions, buf_str(&key));
    if (!q) {
        q = ask(p, type, ns, name, version, buf_str(&key));
    }
    q->read = q->state != PAST_ASKING;
    *out = q->content;
    return q->state;
}

struct past *past_new(const struct past_config *config)
{
    struct past *p = xcalloc(1, sizeof(*p));
    p->config = *config;
    p->queue = workqueue_new(kube_client_loop(config->client), &(struct workqueue_config){
                                                                   .name = "reload_past",
                                                                   .process = process,
                                                                   .arg = p,
                                                                   .max_concurrent = ASK,
                                                                   .backoff_base = 50 * NS_MS,
                                                                   .backoff_cap = 10 * NS_S,
                                                               });
    return p;
}

void past_free(struct past *p)
{
    if (!p) {
        return;
    }
    map_done_with(&p->questions, free_question);
    workqueue_free(p->queue);
    free(p);
}
