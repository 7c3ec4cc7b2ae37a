/* SPDX-License-Identifier: Apache-2.0
 *
 * One alert is sent at a time, in order. A failed one is tried again a few times and then given up.
 */
#define LOGGER "reload"
#include "reload/alerts.h"

#include "base/log.h"
#include "base/vec.h"

enum { QUEUE_MAX = 1000, TEXT_MAX = 8 * 1024, ATTEMPTS = 4 };
#define TIMEOUT     (10 * NS_S)
#define FIRST_DELAY NS_S

struct alerts {
    struct loop *loop;
    const struct reload_alert_options *options;
    enum alert_sink sink;
    struct metric *counter;
    struct http_client *client;
    struct http_call *call;
    struct timer retry;
    VEC(char *) queue; /* texts; the first one is being sent */
    unsigned attempts; /* of the first one */
};

static void send_first(void *arg);

static void count(struct alerts *a, const char *result)
{
    metric_inc(a->counter, LABELS(str_c(result)));
}

static void next(struct alerts *a)
{
    free(a->queue.v[0]);
    vec_remove(&a->queue, 0);
    a->attempts = 0;
    if (a->queue.n > 0) {
        timer_set(&a->retry, 0);
    }
}

static void failed(struct alerts *a, const struct http_result *result)
{
    AUTO(err_freep) struct err *err = NULL;
    if (result->err) {
        err = err_copy(result->err);
    } else {
        err_set(&err, ERR_HTTP, "the receiver answered %d", result->status);
    }
    a->attempts++;
    if (a->attempts < ATTEMPTS) {
        timer_set(&a->retry, FIRST_DELAY << (2 * (a->attempts - 1)));
        return;
    }
    LOG_ERROR("Error sending alert", F("error", err));
    count(a, "failed");
    next(a);
}

static void sent(void *arg, struct http_call *call, const struct http_result *result)
{
    struct alerts *a = arg;
    (void)call;
    a->call = NULL;
    if (result->err || !alert_accepted(a->sink, result->status)) {
        failed(a, result);
        return;
    }
    count(a, "sent");
    next(a);
}

static void send_first(void *arg)
{
    struct alerts *a = arg;
    AUTO(buf_done) struct buf body = BUF_INIT(4 * TEXT_MAX);
    AUTO(buf_done) struct buf header = BUF_INIT(100);
    const char *type = alert_body(&body, a->sink, str_c(a->queue.v[0]));
    buf_addf(&header, "Content-Type: %s", type);
    struct str headers[] = {buf_str(&header)};
    a->call = http_submit(a->client, &(struct http_request){
                                         .method = "POST",
                                         .url = str_c(a->options->url),
                                         .body = buf_str(&body),
                                         .headers = headers,
                                         .n_headers = 1,
                                         .timeout = TIMEOUT,
                                         .done = sent,
                                         .arg = a,
                                     });
}

struct alerts *alerts_new(struct loop *loop, const struct reload_alert_options *options,
                          struct metric *counter)
{
    if (!options->enabled) {
        return NULL;
    }
    if (!options->url || options->url[0] == '\0') {
        LOG_ERROR("ALERT_ON_RELOAD is set, but ALERT_WEBHOOK_URL is not: no alerts are sent");
        return NULL;
    }
    struct alerts *a = xcalloc(1, sizeof(*a));
    a->loop = loop;
    a->options = options;
    a->sink = alert_sink_parse(str_c(options->sink));
    a->counter = counter;
    a->client = http_client_new(loop, &(struct http_client_config){
                                          .proxy = str_c(options->proxy),
                                          .max_connections = 1,
                                          .connect_timeout = TIMEOUT,
                                      });
    timer_init(&a->retry, loop, send_first, a);
    return a;
}

void alerts_free(struct alerts *a)
{
    if (!a) {
        return;
    }
    timer_cancel(&a->retry);
    http_cancel(a->call);
    http_client_free(a->client);
    for (size_t i = 0; i < a->queue.n; i++) {
        free(a->queue.v[i]);
    }
    vec_done(&a->queue);
    free(a);
}

void alerts_send(struct alerts *a, enum source_type type, struct str source,
                 enum workload_kind kind, struct str workload, struct str ns)
{
    AUTO(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
    if (!a) {
        return;
    }
    if (a->queue.n >= QUEUE_MAX) {
        count(a, "dropped");
        return;
    }
    alert_text(&text, a->options->additional, type, source, kind, workload, ns);
    vec_push(&a->queue, buf_take(&text));
    if (a->queue.n == 1) {
        timer_set(&a->retry, 0);
    }
}
