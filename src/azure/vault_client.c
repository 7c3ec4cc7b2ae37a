/* SPDX-License-Identifier: Apache-2.0
 *
 * vault_client: the way of a call.
 *
 *     begin -> [token] -> gate -> request -> answer -> done
 *        ^                                     |
 *        |   429: at once, the gate waits -----|
 *        '-- 5xx, lost, AKV10046: back-off ----|
 *            401: another token, once ---------'
 *
 * The token is sent with the first request already. The SDKs ask without one first, to be told by
 * the vault which one it wants; but the resource follows from the vault's name, and a probe doubles
 * the requests. If the vault wants another one, its 401 says so, and only a resource that is the
 * parent of the vault's own host is believed (azure_resource_allowed).
 */
#include "azure/vault_client.h"

#include "azure/challenge.h"
#include "azure/vault_answer.h"
#include "base/clock.h"
#include "base/random.h"
#include "codec/url.h"
#include "net/http_fields.h"

#define REQUEST_TIMEOUT (30 * NS_S)

enum { TRIES_MAX = 4, BODY_MAX = 2 << 20, URL_MAX = 32 << 10, HEADERS_MAX = 4 };

enum operation_kind { OP_GET, OP_LIST, OP_WRITE, OP_DELETE, OP_RECOVER };

struct operation {
    const char *verb; /* for people */
    const char *method;
    const char *metric; /* External Secrets Operator's name, where it has one */
};
static const struct operation operations[][3] = {
    [OP_GET] = {[VAULT_KIND_SECRET] = {"get", "GET", "GetSecret"},
                [VAULT_KIND_CERTIFICATE] = {"get", "GET", "GetCertificate"},
                [VAULT_KIND_KEY] = {"get", "GET", "GetKey"}},
    [OP_LIST] = {[VAULT_KIND_SECRET] = {"list", "GET", "GetSecrets"},
                 [VAULT_KIND_CERTIFICATE] = {"list", "GET", "GetCertificates"},
                 [VAULT_KIND_KEY] = {"list", "GET", "GetKeys"}},
    [OP_WRITE] = {[VAULT_KIND_SECRET] = {"set", "PUT", "SetSecret"},
                  [VAULT_KIND_CERTIFICATE] = {"import", "POST", "ImportCertificate"},
                  [VAULT_KIND_KEY] = {"import", "PUT", "ImportKey"}},
    [OP_DELETE] = {[VAULT_KIND_SECRET] = {"delete", "DELETE", "DeleteSecret"},
                   [VAULT_KIND_CERTIFICATE] = {"delete", "DELETE", "DeleteCertificate"},
                   [VAULT_KIND_KEY] = {"delete", "DELETE", "DeleteKey"}},
    [OP_RECOVER] = {[VAULT_KIND_SECRET] = {"recover", "POST", "RecoverSecret"},
                    [VAULT_KIND_CERTIFICATE] = {"recover", "POST", "RecoverCertificate"},
                    [VAULT_KIND_KEY] = {"recover", "POST", "RecoverKey"}},
};

struct vault_call {
    TAILQ_ENTRY(vault_call) link;
    struct vault_client *client;
    const struct operation *op;
    enum vault_kind kind;
    char *name;
    char *url;
    struct buf body;
    struct buf scrub; /* what may be in no error: a value that is being written */
    vault_reply_fn *done;
    void *arg;
    char id[UUID_SIZE];
    unsigned tries;
    bool challenged;
    ns_t sent;
    struct err *refused; /* found at the beginning; given when the loop goes on */
    struct timer timer;
    struct azure_token_wait *token_wait;
    struct secret *token;
    struct gate_ticket ticket;
    struct http_call *http;
};

struct vault_client {
    struct vault_client_config config; /* without what is kept below */
    struct azure_credential *credential;
    struct vault_gate *gate;
    char *url;
    char *resource;
    char *api_version;
    struct http_client *http;
    TAILQ_HEAD(, vault_call) calls;
};

/* ---- life ---- */

struct vault_client *vault_client_new(const struct vault_client_config *config)
{
    struct vault_client *c = xcalloc(1, sizeof(*c));
    c->config = *config;
    c->credential = azure_credential_ref(config->credential);
    c->gate = vault_gate_ref(config->gate);
    c->url = str_dup(config->url);
    c->resource = str_dup(config->resource);
    c->api_version = xstrdup(config->api_version);
    c->http = http_client_new(config->loop, config->http);
    TAILQ_INIT(&c->calls);
    return c;
}

void vault_client_free(struct vault_client *c)
{
    if (!c) {
        return;
    }
    for (struct vault_call *call; (call = TAILQ_FIRST(&c->calls));) {
        vault_call_cancel(call);
    }
    http_client_free(c->http);
    azure_credential_unref(c->credential);
    vault_gate_unref(c->gate);
    free(c->url);
    free(c->resource);
    free(c->api_version);
    free(c);
}

void vault_client_set_credential(struct vault_client *c, struct azure_credential *credential)
{
    azure_credential_ref(credential);
    azure_credential_unref(c->credential);
    c->credential = credential;
}

static void call_free(struct vault_call *call)
{
    secret_unref(call->token);
    err_free(call->refused);
    buf_done(&call->body);
    buf_done(&call->scrub);
    free(call->name);
    free(call->url);
    free(call);
}

void vault_call_cancel(struct vault_call *call)
{
    if (!call) {
        return;
    }
    TAILQ_REMOVE(&call->client->calls, call, link);
    timer_cancel(&call->timer);
    azure_token_cancel(call->token_wait);
    http_cancel(call->http);
    vault_gate_cancel(call->client->gate, &call->ticket);
    call_free(call);
}

ns_t vault_call_sent(const struct vault_call *call)
{
    return call->http ? call->sent : 0;
}

static void finish(struct vault_call *call, const struct vault_reply *reply)
{
    TAILQ_REMOVE(&call->client->calls, call, link);
    call->done(call->arg, reply);
    call_free(call);
}

static void fail(struct vault_call *call, struct err *err, struct str code)
{
    struct vault_reply reply = {.err = err, .code = code, .sent = call->sent};
    finish(call, &reply);
    err_free(err);
}

/* ---- answers ---- */

static void begin(struct vault_call *call);
static void enter_gate(struct vault_call *call);

static void on_timer(void *arg)
{
    struct vault_call *call = arg;
    if (call->refused) {
        fail(call, TAKE(call->refused), STR_EMPTY);
    } else {
        begin(call);
    }
}

/* A PUT or POST that may have been done is not sent a second time: it would make a version more. */
static bool is_repeatable(const struct vault_call *call)
{
    return strcmp(call->op->method, "PUT") != 0 && strcmp(call->op->method, "POST") != 0;
}

static enum gate_outcome outcome_of(const struct http_result *r)
{
    if (r->err) {
        return r->err->kind == ERR_LIMIT ? GATE_FINE : GATE_BROKEN;
    }
    if (r->status == 429) {
        return GATE_THROTTLED;
    }
    return r->status >= 500 && r->status != 501 ? GATE_BROKEN : GATE_FINE;
}

/* Goes on later, if that can help; the error is then not used. */
static bool try_again(struct vault_call *call, const struct http_result *r, ns_t retry_after)
{
    bool refused_undone = r->status == 429 || r->status == 503;
    bool lost = r->err && r->err->retryable;
    bool passing = refused_undone || lost || r->status == 408 ||
                   (r->status >= 500 && r->status != 501) ||
                   (r->status == 401 && vault_answer_is_passing(r->body));
    if (!passing || call->tries >= TRIES_MAX || retry_after > GATE_PATIENCE ||
        !(is_repeatable(call) || refused_undone || r->status == 401)) {
        return false;
    }
    if (r->status == 429) {
        begin(call); /* the gate waits as long as it takes */
    } else {
        timer_set(&call->timer, MAX(random_jitter(NS_S << (call->tries - 1), 0.2), retry_after));
    }
    return true;
}

/* 401: takes the vault's word for the resource, if it may give it, and gets another token. */
static bool follow_challenge(struct vault_call *call, struct http_call *http, struct err **err)
{
    struct vault_client *c = call->client;
    AUTO(buf_done) struct buf resource = BUF_INIT(2048);
    if (call->challenged) {
        return false;
    }
    call->challenged = true;
    azure_token_drop(c->config.tokens, c->credential, str_c(c->resource), call->token);
    if (challenge_resource(http_header(http, "WWW-Authenticate"), &resource) && buf_ok(&resource) &&
        !str_ieq(buf_str(&resource), str_c(c->resource))) {
        if (!azure_resource_allowed(str_c(c->url), buf_str(&resource))) {
            err_set(err, ERR_DENIED,
                    "%s asks for a token of \"%.100s\", which is not its own cloud's: refused",
                    c->url, resource.p);
            return false;
        }
        free(c->resource);
        c->resource = buf_take(&resource);
    }
    begin(call);
    return true;
}

/* Errors of the connection, with what is known of vaults. */
static struct err *explain_lost(const struct vault_call *call, const struct err *lost)
{
    struct err *err = err_copy(lost);
    if (err->kind == ERR_DNS) {
        err_wrap(&err,
                 "there is no vault %s (is vaultUrl right, and environmentType? a private "
                 "endpoint needs its DNS zone)",
                 call->client->gate->host);
    } else {
        err_wrap(&err, "vault %s", call->client->gate->host);
    }
    return err;
}

static void answered_badly(struct vault_call *call, struct http_call *http,
                           const struct http_result *r)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct err *err = NULL;
    struct str code = STR_EMPTY;
    ns_t retry_after = r->err ? 0 : http_retry_after(http);
    if (try_again(call, r, retry_after) ||
        (r->status == 401 && follow_challenge(call, http, &err))) {
        return;
    }
    if (r->err) {
        err = explain_lost(call, r->err);
    } else if (!err) {
        struct str id = http_header(http, "x-ms-request-id");
        struct vault_tried tried = {call->op->verb, call->kind, str_c(call->name),
                                    buf_str(&call->scrub)};
        vault_answer_error(&a, &tried, r->status, r->body, id.n > 0 ? id : str_c(call->id), &code,
                           &err);
        err->retry_after = retry_after;
    }
    fail(call, err, code);
}

static void count(const struct vault_call *call, bool ok)
{
    const struct vault_hooks *hooks = &call->client->config.hooks;
    if (hooks->call) {
        hooks->call(hooks->arg, call->op->metric, ok, clock_mono() - call->sent);
    }
}

static void on_answer(void *arg, struct http_call *http, const struct http_result *r)
{
    struct vault_call *call = arg;
    bool ok = !r->err && r->status >= 200 && r->status < 300;
    call->http = NULL;
    count(call, ok);
    vault_gate_leave(call->client->gate, &call->ticket, outcome_of(r),
                     r->err ? 0 : http_retry_after(http));
    if (!ok) {
        answered_badly(call, http, r);
        return;
    }
    struct vault_reply reply = {.body = r->body, .sent = call->sent};
    (void)http_date_parse(http_header(http, "Date"), &reply.date);
    finish(call, &reply);
}

/* ---- requests ---- */

static void send(struct vault_call *call)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct str token = secret_str(call->token);
    struct str bearer = arena_printf(&a, "Authorization: Bearer %.*s", STR_ARG(token));
    struct str headers[HEADERS_MAX] = {
        bearer,
        arena_printf(&a, "x-ms-client-request-id: %s", call->id),
        STR("Accept: application/json"),
        STR("Content-Type: application/json"),
    };
    const struct http_request request = {.method = call->op->method,
                                         .url = str_c(call->url),
                                         .body = buf_str(&call->body),
                                         .headers = headers,
                                         .n_headers = call->body.n > 0 ? 4 : 3,
                                         .max_body = BODY_MAX,
                                         .timeout = REQUEST_TIMEOUT,
                                         .done = on_answer,
                                         .arg = call};
    call->tries++;
    call->sent = clock_mono();
    call->http = http_submit(call->client->http, &request);
}

static void on_gate(void *arg, const struct err *err)
{
    struct vault_call *call = arg;
    if (err) {
        fail(call, err_copy(err), STR_EMPTY);
    } else {
        send(call);
    }
}

static void enter_gate(struct vault_call *call)
{
    call->ticket.fn = on_gate;
    call->ticket.arg = call;
    vault_gate_enter(call->client->gate, &call->ticket);
}

static void on_token(void *arg, struct secret *token, const struct err *err)
{
    struct vault_call *call = arg;
    call->token_wait = NULL;
    if (err) {
        fail(call, err_copy(err), STR_EMPTY);
    } else {
        call->token = secret_ref(token);
        enter_gate(call);
    }
}

static void begin(struct vault_call *call)
{
    struct vault_client *c = call->client;
    struct secret *token = azure_token_peek(c->config.tokens, c->credential, str_c(c->resource));
    if (token) {
        secret_unref(call->token);
        call->token = secret_ref(token);
        enter_gate(call);
    } else {
        call->token_wait =
            azure_token_get(c->config.tokens, c->credential, str_c(c->resource), on_token, call);
    }
}

/* ---- calls ---- */

static struct vault_call *new_call(struct vault_client *c, enum operation_kind op,
                                   enum vault_kind kind, struct str name, vault_reply_fn *done,
                                   void *arg)
{
    struct vault_call *call = xcalloc(1, sizeof(*call));
    call->client = c;
    call->op = &operations[op][kind];
    call->kind = kind;
    call->name = str_dup(name);
    call->body = BUF_INIT_WIPE(BODY_MAX);
    call->scrub = BUF_INIT_WIPE(BODY_MAX);
    call->done = done;
    call->arg = arg;
    random_uuid(call->id);
    timer_init(&call->timer, c->config.loop, on_timer, call);
    TAILQ_INSERT_TAIL(&c->calls, call, link);
    return call;
}

/* With the URL and the body as they are now. */
static struct vault_call *start(struct vault_call *call, struct buf *url)
{
    if (!buf_ok(url) || !buf_ok(&call->body)) {
        err_set(&call->refused, ERR_LIMIT, "%s %s: too large for the vault", call->op->verb,
                vault_kind_name(call->kind));
    }
    call->url = buf_take(url);
    if (call->refused) {
        timer_set(&call->timer, 0);
    } else {
        begin(call);
    }
    return call;
}

static struct buf new_url(const struct vault_client *c, const char *prefix, enum vault_kind kind,
                          struct str name)
{
    struct buf url = BUF_INIT(URL_MAX);
    buf_addf(&url, "%s/%s%s", c->url, prefix, vault_kind_path(kind));
    if (name.n > 0) {
        url_add_segment(&url, name);
    }
    return url;
}

static void add_version(const struct vault_client *c, struct buf *url)
{
    url_add_param(url, "api-version", str_c(c->api_version));
}

struct vault_call *vault_client_get(struct vault_client *c, enum vault_kind kind, struct str name,
                                    struct str version, vault_reply_fn *done, void *arg)
{
    struct vault_call *call = new_call(c, OP_GET, kind, name, done, arg);
    struct buf url = new_url(c, "", kind, name);
    if (version.n > 0) {
        url_add_segment(&url, version);
    }
    add_version(c, &url);
    return start(call, &url);
}

struct vault_call *vault_client_list(struct vault_client *c, enum vault_kind kind, struct str next,
                                     vault_reply_fn *done, void *arg)
{
    struct vault_call *call = new_call(c, OP_LIST, kind, STR_EMPTY, done, arg);
    struct buf url = new_url(c, "", kind, STR_EMPTY);
    if (next.n == 0) {
        add_version(c, &url);
    } else if (vault_answer_next_allowed(str_c(c->url), next)) {
        buf_clear(&url);
        buf_add_str(&url, next);
    } else {
        err_set(&call->refused, ERR_DENIED,
                "list %ss: the vault names a next page on another host: refused",
                vault_kind_name(kind));
    }
    return start(call, &url);
}

struct vault_call *vault_client_write(struct vault_client *c, enum vault_kind kind, struct str name,
                                      const struct vault_write *write, vault_reply_fn *done,
                                      void *arg)
{
    struct vault_call *call = new_call(c, OP_WRITE, kind, name, done, arg);
    struct buf url = new_url(c, "", kind, name);
    if (kind == VAULT_KIND_CERTIFICATE) {
        url_add_segment(&url, STR("import"));
    }
    add_version(c, &url);
    buf_add_str(&call->scrub, write->value);
    struct json_writer w = json_writer(&call->body);
    json_w_object(&w);
    if (kind == VAULT_KIND_KEY) {
        json_w_key(&w, "key");
        json_w_raw(&w, write->value);
    } else {
        json_w_key(&w, "value");
        json_w_str(&w, write->value);
    }
    if (write->content_type.n > 0) {
        json_w_key(&w, "contentType");
        json_w_str(&w, write->content_type);
    }
    if (write->tags) {
        json_w_key(&w, "tags");
        json_w_node(&w, write->tags);
    }
    if (write->expires != VAULT_NO_TIME) {
        json_w_key(&w, "attributes");
        json_w_object(&w);
        json_w_key(&w, "enabled");
        json_w_bool(&w, true);
        json_w_key(&w, "exp");
        json_w_int(&w, write->expires);
        json_w_end(&w);
    }
    json_w_end(&w);
    return start(call, &url);
}

struct vault_call *vault_client_delete(struct vault_client *c, enum vault_kind kind,
                                       struct str name, vault_reply_fn *done, void *arg)
{
    struct vault_call *call = new_call(c, OP_DELETE, kind, name, done, arg);
    struct buf url = new_url(c, "", kind, name);
    add_version(c, &url);
    return start(call, &url);
}

struct vault_call *vault_client_recover(struct vault_client *c, enum vault_kind kind,
                                        struct str name, vault_reply_fn *done, void *arg)
{
    struct vault_call *call = new_call(c, OP_RECOVER, kind, name, done, arg);
    struct buf url = new_url(c, "deleted", kind, name);
    url_add_segment(&url, STR("recover"));
    add_version(c, &url);
    return start(call, &url);
}
