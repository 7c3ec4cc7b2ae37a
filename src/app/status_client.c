/* SPDX-License-Identifier: Apache-2.0 */
#include "app/status_client.h"

#include "base/vec.h"
#include "codec/url.h"
#include "net/http_client.h"

enum { PATH_MAX_SIZE = 4096, DOCUMENT_MAX = 64 << 20, DEFAULT_PORT = 9090 };
/* A pod that is there and does not answer. */
#define ANSWER_LIMIT (10 * NS_S)

struct ask {
    struct status_client *owner;
    char *from;
    struct buf body;
    struct kube_call *call;
};

struct status_client {
    struct status_client_config config;
    char *ns;
    char *address;
    struct kube_call *list;
    VEC(struct ask *) asks;
    size_t running;
    struct http_client *http;
    struct http_call *call;
};

static void add_query(struct buf *out, const char *ns)
{
    if (*ns) {
        buf_add_c(out, "namespace=");
        url_encode(out, str_c(ns), URL_COMPONENT);
    }
}

/* ---- at an address ---- */

static void address_answered(void *arg, struct http_call *call, const struct http_result *result)
{
    struct status_client *c = arg;
    AUTO(err_freep) struct err *err = NULL;
    (void)call;
    c->call = NULL;
    if (result->err) {
        err = err_copy(result->err);
    } else if (result->status != 200) {
        err_set(&err, ERR_HTTP, "%s/status answers %d: is it a Pawl?", c->address, result->status);
    }
    if (err) {
        c->config.problem(c->config.arg, err);
    } else {
        c->config.found(c->config.arg, str_c(c->address), result->body);
    }
    c->config.done(c->config.arg);
}

static void ask_address(struct status_client *c)
{
    AUTO(buf_done) struct buf url = BUF_INIT(PATH_MAX_SIZE);
    buf_addf(&url, "%s/status%s", c->address, c->ns[0] ? "?" : "");
    add_query(&url, c->ns);
    c->http = http_client_new(c->config.loop, &(struct http_client_config){.env_proxy = true});
    c->call = http_submit(c->http, &(struct http_request){.method = "GET",
                                                          .url = buf_str(&url),
                                                          .max_body = DOCUMENT_MAX,
                                                          .timeout = ANSWER_LIMIT,
                                                          .done = address_answered,
                                                          .arg = c});
}

/* ---- pods ---- */

static void end_one(struct status_client *c)
{
    if (--c->running == 0) {
        c->config.done(c->config.arg);
    }
}

static int take_chunk(void *arg, struct str bytes, struct err **err)
{
    struct ask *a = arg;
    buf_add_str(&a->body, bytes);
    return buf_ok(&a->body) ? 0 : err_set(err, ERR_LIMIT, "the status is too large");
}

static void pod_answered(void *arg, const struct kube_answer *answer)
{
    struct ask *a = arg;
    struct status_client *c = a->owner;
    a->call = NULL;
    if (!answer->err) {
        c->config.found(c->config.arg, str_c(a->from), buf_str(&a->body));
    } else if (answer->status != 404) { /* 404: the original of the chart, without such a page */
        AUTO(err_freep) struct err *err = err_copy(answer->err);
        err_wrap(&err, "%s", a->from);
        c->config.problem(c->config.arg, err);
    }
    end_one(c);
}

static int64_t port_of(const struct json *pod)
{
    const struct json *containers = json_find(pod, "spec.containers");
    for (size_t i = 0; i < json_len(containers); i++) {
        const struct json *port = json_at(json_get(json_at(containers, i), "ports"), 0);
        int64_t number = json_int(json_get(port, "containerPort"), 0);
        if (number > 0) {
            return number;
        }
    }
    return DEFAULT_PORT;
}

static void ask_pod(struct status_client *c, const struct json *pod)
{
    AUTO(buf_done) struct buf path = BUF_INIT(PATH_MAX_SIZE);
    AUTO(buf_done) struct buf query = BUF_INIT(PATH_MAX_SIZE);
    struct str ns = json_find_str(pod, "metadata.namespace");
    struct str name = json_find_str(pod, "metadata.name");
    struct ask *a = xcalloc(1, sizeof(*a));
    buf_addf(&path, "/api/v1/namespaces/%.*s/pods/%.*s:%d/proxy/status", STR_ARG(ns), STR_ARG(name),
             (int)port_of(pod));
    add_query(&query, c->ns);
    a->owner = c;
    a->from = xasprintf("pod %.*s/%.*s", STR_ARG(ns), STR_ARG(name));
    a->body = BUF_INIT(DOCUMENT_MAX);
    vec_push(&c->asks, a);
    c->running++;
    a->call = kube_submit(c->config.client, &(struct kube_request){
                                                .verb = KUBE_GET,
                                                .path = path.p,
                                                .query = buf_str(&query),
                                                .timeout = ANSWER_LIMIT,
                                                .on_chunk = take_chunk,
                                                .done = pod_answered,
                                                .arg = a,
                                            });
}

static void pods_listed(void *arg, const struct kube_answer *answer)
{
    struct status_client *c = arg;
    const struct json *items = json_get(answer->object, "items");
    c->list = NULL;
    c->running = 1; /* this function */
    if (answer->err) {
        c->config.problem(c->config.arg, answer->err);
    }
    for (size_t i = 0; !answer->err && i < json_len(items); i++) {
        const struct json *pod = json_at(items, i);
        if (str_eq(json_find_str(pod, "status.phase"), STR("Running"))) {
            ask_pod(c, pod);
        }
    }
    end_one(c);
}

struct status_client *status_client_new(const struct status_client_config *config)
{
    struct status_client *c = xcalloc(1, sizeof(*c));
    c->config = *config;
    c->ns = str_dup(config->ns);
    c->address = str_dup(str_trim_suffix(config->address, STR("/")));
    if (config->address.n > 0) {
        ask_address(c);
    } else {
        c->list = kube_list(config->client, resource_of(RES_PODS), config->pawl_ns,
                            STR(STATUS_PODS), pods_listed, c);
    }
    return c;
}

void status_client_free(struct status_client *c)
{
    if (!c) {
        return;
    }
    kube_cancel(c->list);
    http_cancel(c->call);
    for (size_t i = 0; i < c->asks.n; i++) {
        kube_cancel(c->asks.v[i]->call);
        buf_done(&c->asks.v[i]->body);
        free(c->asks.v[i]->from);
        free(c->asks.v[i]);
    }
    vec_done(&c->asks);
    http_client_free(c->http);
    free(c->ns);
    free(c->address);
    free(c);
}
