/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a call:
 *
 *     submit -> (waits for a plugin) -> sent -> answer -> done
 *                        ^                 |
 *                        +---- 401 once ---+   also once after a TLS failure, if files have changed
 *
 * A call that cannot even be sent (a name that is none, no credential) is deferred, so that `done`
 * never comes inside kube_submit.
 */
#include "kube/client.h"

#define LOGGER "kube"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/url.h"
#include "kube/credential.h"
#include "kube/request.h"

#define TIMEOUT       (30 * NS_S)
#define IN_FLIGHT     16
#define MAX_ANSWER    ((size_t)8 << 20)
#define MAX_URL       ((size_t)16 << 10)
#define MAX_REQUEST   ((size_t)8 << 20)
#define MAX_PEM       ((size_t)1 << 20)
#define MAX_WARNINGS  200
#define MAX_HEADER    ((size_t)1 << 20)
#define URGENT_FLIGHT 4

#define USER_AGENT "pawl/" PAWL_VERSION " (linux/" ARCHITECTURE ")"
#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "other"
#endif

struct kube_client {
    struct loop *loop;
    struct kube_client_config config;
    struct http_client *http;
    struct http_client *urgent; /* made with its first request */
    struct kube_credential *credential;
    struct tls_config tls; /* as it is used now; what is not the config's lies in the buffers */
    struct buf ca;
    struct buf cert;
    struct buf key;
    VEC(char *) headers; /* of every request: impersonation */
    char *user_agent;
    char *host;
    struct kube_call *calls;
    struct map warned; /* texts of warnings seen */
    struct kube_client_stats stats;
    struct metric *requests_total;
    struct metric *duration;
};

struct kube_call {
    struct kube_client *client;
    struct kube_call *next;
    struct kube_call *prev;
    struct kube_request request; /* the views in it are not valid any more */
    struct buf url;
    struct buf body;
    char *accept; /* the header's line */
    struct http_call *http;
    struct kube_credential_waiter waiter;
    uint64_t generation; /* of the credential that was sent */
    struct err *failed;  /* deferred */
    ns_t begun;
    bool refused_once;
    bool tls_once;
};

/* ---- metrics ---- */

static const double duration_buckets[] = {.001, .01, .05, .1, .5, 1, 5, 10, 30};

static const struct metric_desc requests_desc = {
    "rest_client_requests_total",
    "Requests to the API server, by status code (\"<error>\" without an answer), method and host.",
    METRIC_COUNTER,
    {"code", "method", "host"},
};
static const struct metric_desc duration_desc = {
    "rest_client_request_duration_seconds",
    "Time from a request to the API server to the headers of its answer.",
    METRIC_HISTOGRAM,
    {"verb", "host"},
    duration_buckets,
    COUNT_OF(duration_buckets),
};

static void count_answer(struct kube_call *call, int status)
{
    struct kube_client *c = call->client;
    char code[16];
    (void)snprintf(code, sizeof(code), "%d", status);
    struct str method = str_c(request_method(&call->request));
    metric_inc(c->requests_total, LABELS(str_c(status ? code : "<error>"), method, str_c(c->host)));
    metric_observe(c->duration, LABELS(method, str_c(c->host)),
                   (double)(clock_mono() - call->begun) / (double)NS_S);
}

/* ---- the client ---- */

static void add_header(struct kube_client *c, const char *name, struct str value)
{
    if (value.n) {
        vec_push(&c->headers, xasprintf("%s: %.*s", name, STR_ARG(value)));
    }
}

/* The key of an extra attribute is part of a header's name: percent-escaped, lower case. */
static void add_extra(struct kube_client *c, const struct kube_pair *extra)
{
    AUTO(buf_done) struct buf name = BUF_INIT(4096);
    buf_add_c(&name, "Impersonate-Extra-");
    size_t prefix = name.n;
    url_encode(&name, extra->key, URL_COMPONENT);
    for (size_t i = prefix; i < name.n; i++) {
        name.p[i] = (char)tolower((unsigned char)name.p[i]);
    }
    add_header(c, name.p, extra->value);
}

static void add_impersonation(struct kube_client *c, const struct kube_config *config)
{
    add_header(c, "Impersonate-User", config->as);
    add_header(c, "Impersonate-Uid", config->as_uid);
    for (size_t i = 0; i < config->n_as_groups; i++) {
        add_header(c, "Impersonate-Group", config->as_groups[i]);
    }
    for (size_t i = 0; i < config->n_as_extra; i++) {
        add_extra(c, &config->as_extra[i]);
    }
}

static struct http_client *new_http(struct kube_client *c, size_t connections, size_t in_flight)
{
    const struct kube_config *config = c->config.config;
    struct http_client_config http = {
        .tls = c->tls,
        .proxy = config->proxy,
        .env_proxy = config->proxy.n == 0,
        .http1_only = c->config.http1_only,
        .max_connections = connections,
        .max_in_flight = in_flight,
        .user_agent = str_c(c->user_agent),
        .compression = c->config.compression && !config->disable_compression,
    };
    return http_client_new(c->loop, &http);
}

static void set_tls(struct kube_client *c)
{
    http_client_set_tls(c->http, &c->tls);
    if (c->urgent) {
        http_client_set_tls(c->urgent, &c->tls);
    }
}

/* From an exec plugin. */
static void on_certificate(void *arg, struct str cert_pem, struct str key_pem)
{
    struct kube_client *c = arg;
    buf_clear(&c->cert);
    buf_clear(&c->key);
    buf_add_str(&c->cert, cert_pem);
    buf_add_str(&c->key, key_pem);
    c->tls.cert_pem = buf_str(&c->cert);
    c->tls.key_pem = buf_str(&c->key);
    set_tls(c);
}

struct kube_client *kube_client_new(struct loop *l, const struct kube_client_config *config)
{
    struct kube_client *c = xcalloc(1, sizeof(*c));
    c->loop = l;
    c->config = *config;
    c->config.timeout = config->timeout ? config->timeout : TIMEOUT;
    c->config.max_in_flight = config->max_in_flight ? config->max_in_flight : IN_FLIGHT;
    c->user_agent = str_dup(config->user_agent.n ? config->user_agent : STR(USER_AGENT));
    c->tls = config->config->tls;
    c->ca = BUF_INIT_WIPE(MAX_PEM);
    c->cert = BUF_INIT_WIPE(MAX_PEM);
    c->key = BUF_INIT_WIPE(MAX_PEM);
    struct url url = {0};
    (void)url_parse(config->config->server, &url, NULL);
    c->host = str_dup(url.authority);
    add_impersonation(c, config->config);
    /* One HTTP/2 connection carries all; with HTTP/1.1 each request needs its own. */
    c->http =
        new_http(c, config->http1_only ? c->config.max_in_flight : 0, c->config.max_in_flight);
    c->credential = kube_credential_new(l, config->config, on_certificate, c);
    if (config->metrics) {
        c->requests_total = metrics_add(config->metrics, &requests_desc);
        c->duration = metrics_add(config->metrics, &duration_desc);
    }
    return c;
}

static void call_free(struct kube_call *call)
{
    struct kube_client *c = call->client;
    loop_undefer(c->loop, call);
    kube_credential_unwait(c->credential, &call->waiter);
    http_cancel(call->http);
    if (call->next) {
        call->next->prev = call->prev;
    }
    if (call->prev) {
        call->prev->next = call->next;
    } else {
        c->calls = call->next;
    }
    err_free(call->failed);
    buf_done(&call->url);
    buf_done(&call->body);
    free(call->accept);
    free(call);
}

void kube_client_free(struct kube_client *c)
{
    if (!c) {
        return;
    }
    for (struct kube_call *call = c->calls, *next; call; call = next) {
        next = call->next;
        call_free(call);
    }
    kube_credential_free(c->credential);
    http_client_free(c->http);
    http_client_free(c->urgent);
    for (size_t i = 0; i < c->headers.n; i++) {
        free(c->headers.v[i]);
    }
    vec_done(&c->headers);
    map_done(&c->warned);
    buf_done(&c->ca);
    buf_done(&c->cert);
    buf_done(&c->key);
    free(c->user_agent);
    free(c->host);
    free(c);
}

struct loop *kube_client_loop(const struct kube_client *c)
{
    return c->loop;
}

const struct kube_config *kube_client_config(const struct kube_client *c)
{
    return c->config.config;
}

struct kube_client_stats kube_client_stats(const struct kube_client *c)
{
    struct kube_client_stats stats = c->stats;
    struct http_stats http = http_client_stats(c->http);
    stats.in_flight = http.in_flight + http.queued;
    stats.watches = http.watches;
    return stats;
}

/* ---- files that rotate ---- */

/* True if the file has another content than what is used. */
static bool reread(struct str path, struct str *used, struct buf *into)
{
    if (path.n == 0) {
        return false;
    }
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(MAX_PEM);
    AUTO(freep) char *name = str_dup(path);
    if (file_read(name, &text, NULL) < 0 || text.n == 0 || str_eq(buf_str(&text), *used)) {
        return false;
    }
    buf_clear(into);
    buf_add_str(into, buf_str(&text));
    *used = buf_str(into);
    return true;
}

static bool reread_tls(struct kube_client *c)
{
    const struct kube_config *config = c->config.config;
    bool changed = reread(config->ca_file, &c->tls.ca_pem, &c->ca);
    changed |= reread(config->cert_file, &c->tls.cert_pem, &c->cert);
    changed |= reread(config->key_file, &c->tls.key_pem, &c->key);
    if (changed) {
        LOG_INFO("certificate files have changed", F("config", config->source));
        set_tls(c);
    }
    return changed;
}

/* ---- warnings ---- */

/* `299 - "text"`; the text as it stands between the quotes. */
static struct str warning_text(struct str header)
{
    ptrdiff_t begin = str_find_byte(header, '"');
    ptrdiff_t end = str_rfind_byte(header, '"');
    return begin >= 0 && end > begin ? str_sub(header, (size_t)begin + 1, (size_t)end) : header;
}

static void show_warnings(struct kube_call *call)
{
    struct kube_client *c = call->client;
    struct str header;
    for (size_t i = 0; (header = http_header_nth(call->http, "warning", i)).n > 0; i++) {
        struct str text = warning_text(header);
        if (c->warned.n < MAX_WARNINGS && !map_has(&c->warned, text)) {
            map_set(&c->warned, text, c);
            LOG_INFO("the API server warns", F("warning", text),
                     F("method", request_method(&call->request)));
        }
    }
}

/* ---- answers ---- */

static bool is_json(const struct kube_call *call)
{
    struct str type = http_header(call->http, "content-type");
    return str_find(type, STR("json")) >= 0;
}

static struct str path_of(const struct kube_call *call)
{
    struct str url = buf_str(&call->url);
    ptrdiff_t end = str_find_byte(url, '?');
    return str_from(end < 0 ? url : str_head(url, (size_t)end),
                    call->client->config.config->server.n);
}

static void read_failure(const struct kube_call *call, const struct json *doc, struct str text,
                         struct kube_answer *answer, struct err **err)
{
    answer->failure = kube_status_read(answer->arena, doc, answer->status, !doc);
    if (call->request.resource == resource_of(RES_SECRETS)) {
        kube_status_hide_values(answer->arena, &answer->failure);
    }
    (void)kube_status_err(&answer->failure, text, err);
    (*err)->retry_after = MAX((*err)->retry_after, http_retry_after(call->http));
    LOG_DEBUG("request refused", F("method", request_method(&call->request)),
              F("path", path_of(call)), F("status", answer->status), F("error", *err),
              F("audit-id", answer->audit_id));
}

/* Puts what came into the answer's arena. */
static void read_answer(const struct kube_call *call, const struct http_result *result,
                        struct kube_answer *answer, struct err **err)
{
    struct arena *a = answer->arena;
    bool ok = result->status >= 200 && result->status < 300;
    const struct json *doc = NULL;
    answer->status = result->status;
    answer->audit_id = arena_str(a, http_header(call->http, "audit-id"));
    answer->date = arena_str(a, http_header(call->http, "date"));
    if (result->body.n && is_json(call)) {
        doc = json_parse(a, result->body, JSON_COPY, ok ? err : NULL);
        if (!doc && ok) {
            err_wrap(err, "answer of the API server");
            return;
        }
    } else if (result->body.n) {
        answer->text = arena_str(a, result->body);
    }
    if (ok) {
        answer->object = doc;
    } else {
        read_failure(call, doc, answer->text, answer, err);
    }
}

/* The call leaves the client's list and its owner's hands before `done`. */
static void finish(struct kube_call *call, const struct http_result *result, struct err *failed)
{
    struct arena arena = ARENA_INIT(ARENA_WIPE);
    struct kube_answer answer = {.arena = &arena, .total = clock_mono() - call->begun};
    AUTO(err_freep) struct err *err = failed;
    if (!err && result) {
        read_answer(call, result, &answer, &err);
    }
    answer.err = err;
    call->client->stats.failed += err != NULL;
    kube_done_fn *done = call->request.done;
    void *arg = call->request.arg;
    call->http = NULL;
    call_free(call);
    done(arg, &answer);
    arena_done(&arena);
}

static void fail_later(void *arg)
{
    struct kube_call *call = arg;
    finish(call, NULL, TAKE(call->failed));
}

static void fail(struct kube_call *call, struct err *failed)
{
    call->failed = failed;
    loop_defer(call->client->loop, fail_later, call);
}

/* ---- sending ---- */

static void send_call(struct kube_call *call);

static void on_headers(void *arg, struct http_call *http, int status)
{
    struct kube_call *call = arg;
    call->http = http;
    count_answer(call, status);
    show_warnings(call);
    if (call->request.on_headers && status >= 200 && status < 300) {
        call->request.on_headers(call->request.arg, status);
    }
}

static int on_chunk(void *arg, struct str bytes, struct err **err)
{
    struct kube_call *call = arg;
    return call->request.on_chunk(call->request.arg, bytes, err);
}

/* Once each: a refused credential that can be renewed, TLS files that have changed. */
static bool worth_again(struct kube_call *call, const struct http_result *result)
{
    struct kube_client *c = call->client;
    if (result->err) {
        bool tls = err_is(result->err, ERR_TLS) && result->status == 0 && !call->tls_once;
        call->tls_once |= tls;
        return tls && reread_tls(c);
    }
    if (result->status != 401 || call->refused_once) {
        return false;
    }
    call->refused_once = true;
    bool changed = kube_credential_refused(c->credential, call->generation);
    return reread_tls(c) || changed;
}

static void on_done(void *arg, struct http_call *http, const struct http_result *result)
{
    struct kube_call *call = arg;
    call->http = http;
    if (result->status == 0) {
        count_answer(call, 0);
    }
    if (worth_again(call, result)) {
        call->http = NULL;
        send_call(call);
        return;
    }
    finish(call, result, err_copy(result->err));
}

static struct http_client *pool_of(struct kube_client *c, const struct kube_request *r)
{
    if (!(r->flags & KUBE_URGENT)) {
        return c->http;
    }
    if (!c->urgent) {
        c->urgent = new_http(c, 1, URGENT_FLIGHT);
    }
    return c->urgent;
}

static void add_line(struct str *lines, size_t *n, const char *line)
{
    lines[(*n)++] = str_c(line);
}

static void submit_http(struct kube_call *call, struct str authorization)
{
    struct kube_client *c = call->client;
    const struct kube_request *r = &call->request;
    struct str *lines = xcalloc(c->headers.n + 3, sizeof(*lines));
    size_t n = 0;
    const char *type = request_content_type(r);
    AUTO(freep) char *content_type = type ? xasprintf("Content-Type: %s", type) : NULL;
    add_line(lines, &n, call->accept);
    if (content_type) {
        add_line(lines, &n, content_type);
    }
    if (authorization.n) {
        lines[n++] = authorization;
    }
    for (size_t i = 0; i < c->headers.n; i++) {
        add_line(lines, &n, c->headers.v[i]);
    }
    struct http_request http = {
        .method = request_method(r),
        .url = buf_str(&call->url),
        .body = buf_str(&call->body),
        .headers = lines,
        .n_headers = n,
        .max_body = r->on_chunk && r->max_body == 0 ? 0
                    : r->max_body                   ? r->max_body
                                                    : MAX_ANSWER,
        .timeout = r->timeout ? r->timeout : c->config.timeout,
        .silence = r->silence,
        .watch = r->stream,
        .on_headers = on_headers,
        .on_chunk = r->on_chunk ? on_chunk : NULL,
        .done = on_done,
        .arg = call,
    };
    c->stats.requests++;
    call->http = http_submit(pool_of(c, r), &http);
    free(lines);
}

static void on_credential(void *arg, const struct err *err)
{
    struct kube_call *call = arg;
    if (err) {
        fail(call, err_copy(err));
    } else {
        send_call(call);
    }
}

static void send_call(struct kube_call *call)
{
    struct kube_client *c = call->client;
    AUTO(buf_done) struct buf authorization = BUF_INIT_WIPE(MAX_HEADER);
    struct err *err = NULL;
    switch (kube_credential_header(c->credential, &authorization, &call->generation, &err)) {
    case KUBE_CREDENTIAL_READY:
        submit_http(call, buf_str(&authorization));
        break;
    case KUBE_CREDENTIAL_WAIT:
        kube_credential_wait(c->credential, &call->waiter);
        break;
    case KUBE_CREDENTIAL_FAILED:
        fail(call, err);
        break;
    }
}

static void link_call(struct kube_client *c, struct kube_call *call)
{
    call->next = c->calls;
    if (c->calls) {
        c->calls->prev = call;
    }
    c->calls = call;
}

struct kube_call *kube_submit(struct kube_client *c, const struct kube_request *request)
{
    struct kube_call *call = xcalloc(1, sizeof(*call));
    call->client = c;
    call->request = *request;
    call->url = BUF_INIT(MAX_URL);
    call->body = BUF_INIT_WIPE(MAX_REQUEST);
    call->accept = xasprintf("Accept: %s", request_accept(request));
    call->begun = clock_mono();
    call->waiter.fn = on_credential;
    call->waiter.arg = call;
    link_call(c, call);
    c->stats.by_verb[request->verb]++;
    buf_add_str(&call->body, request->body);
    struct err *err = NULL;
    if (!buf_ok(&call->body)) {
        err_set(&err, ERR_LIMIT, "the body of a request is larger than %zu bytes", MAX_REQUEST);
    }
    if (err || request_url(&call->url, c->config.config->server, request, &err) < 0) {
        fail(call, err);
    } else {
        send_call(call);
    }
    return call;
}

void kube_cancel(struct kube_call *call)
{
    if (call) {
        call_free(call);
    }
}

void kube_answer_take(const struct kube_answer *answer, struct arena *into)
{
    *into = *answer->arena;
    *answer->arena = ARENA_INIT(ARENA_WIPE);
}
