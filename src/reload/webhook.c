/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "reload"
#include "reload/webhook.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "net/http_client.h"

enum { IN_FLIGHT = 4 };
#define TIMEOUT (10 * NS_S)

struct webhook {
    const char *url;
    struct reload_metrics *metrics;
    struct http_client *client;
    struct workqueue *queue;
    struct map posts; /* key -> struct post under way */
};

struct post {
    struct webhook *owner;
    struct http_call *call;
    ns_t started;
    char key[];
};

static void posted(void *arg, struct http_call *call, const struct http_result *result)
{
    struct post *p = arg;
    struct webhook *w = p->owner;
    enum source_type type = (enum source_type)(p->key[0] - '0');
    double seconds = (double)(clock_mono() - p->started) / (double)NS_S;
    (void)call;
    map_del(&w->posts, str_c(p->key));
    if (result->err) {
        LOG_ERROR("cannot call the web hook, trying again", F("error", result->err));
        metric_inc(w->metrics->errors, LABELS(STR("handler_error")));
        metric_inc(w->metrics->retries, NULL);
        reload_metrics_event(w->metrics, type, "error", seconds);
        workqueue_done(w->queue, str_c(p->key), WQ_RETRY, 0);
    } else {
        LOG_INFO("called the web hook", F("status", result->status));
        reload_metrics_event(w->metrics, type, "success", seconds);
        workqueue_done(w->queue, str_c(p->key), WQ_OK, 0);
    }
    free(p);
}

static void process(void *arg, struct workqueue *q, struct str key)
{
    static const struct str headers[] = {STR_INIT("Content-Type: application/json")};
    struct webhook *w = arg;
    struct post *p = xcalloc(1, sizeof(*p) + key.n + 1);
    (void)q;
    p->owner = w;
    p->started = clock_mono();
    memcpy(p->key, key.p, key.n);
    map_set(&w->posts, key, p);
    p->call = http_submit(w->client, &(struct http_request){
                                         .method = "POST",
                                         .url = str_c(w->url),
                                         .body = STR("{\"webhook\":\"update successful\"}"),
                                         .headers = headers,
                                         .n_headers = COUNT_OF(headers),
                                         .timeout = TIMEOUT,
                                         .done = posted,
                                         .arg = p,
                                     });
}

struct webhook *webhook_new(struct loop *loop, const char *url, struct reload_metrics *metrics)
{
    struct webhook *w = xcalloc(1, sizeof(*w));
    w->url = url;
    w->metrics = metrics;
    w->client = http_client_new(
        loop, &(struct http_client_config){.max_in_flight = IN_FLIGHT, .connect_timeout = TIMEOUT});
    w->queue = workqueue_new(loop, &(struct workqueue_config){
                                       .name = "reload_webhook",
                                       .process = process,
                                       .arg = w,
                                       .max_concurrent = IN_FLIGHT,
                                       .backoff_base = NS_S,
                                       .backoff_cap = 2 * NS_MIN,
                                       .metrics = metrics->queue,
                                       .metrics_unlabelled = true,
                                   });
    return w;
}

void webhook_free(struct webhook *w)
{
    if (!w) {
        return;
    }
    for (struct map_iter it = {0}; map_next(&w->posts, &it);) {
        struct post *p = it.value;
        http_cancel(p->call);
        free(p);
    }
    map_done(&w->posts);
    workqueue_free(w->queue);
    http_client_free(w->client);
    free(w);
}

void webhook_changed(struct webhook *w, enum source_type type, struct str ns, struct str name)
{
    AUTO(buf_done) struct buf key = BUF_INIT(600);
    buf_addf(&key, "%d/", (int)type);
    buf_add_str(&key, ns);
    buf_add_byte(&key, '/');
    buf_add_str(&key, name);
    workqueue_add(w->queue, buf_str(&key));
}
