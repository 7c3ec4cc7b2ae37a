/* SPDX-License-Identifier: Apache-2.0
 *
 * http_client: the queue, and the life of a call.
 *
 *     submit -> QUEUED -> RUNNING -> done called, freed
 *                  ^          |
 *                  `- retry --'-> DOOMED (cancelled inside a curl callback) -> freed
 *
 * Rules that keep libcurl happy, and us:
 * - Curl's functions are called from the loop, from http_cancel and from the pump (a deferred
 * call), never from inside one of curl's callbacks. While curl runs, in_curl is set, and what a
 * user's callback wants of other transfers is put off until curl has returned.
 * - While depth > 0 some function here goes on after having called back; http_client_free then only
 *   marks the client as dead, and leave() ends it.
 * - Watches are started one by one, each when the one before has been answered (or has had a second
 *   for that): started together, all that do not fit on the first connection open one each.
 */
#include <curl/curl.h>

#include "base/clock.h"
#include "base/gotext.h"
#include "net/http_client_internal.h"
#include "net/http_fields.h"
#include "net/loop_internal.h"
#include "net/tls_client.h"

#define CONNECTIONS_DEFAULT     2
#define IN_FLIGHT_DEFAULT       16
#define CONNECT_TIMEOUT_DEFAULT (10 * NS_S)
#define TIMEOUT_DEFAULT         (30 * NS_S)
#define PATIENCE                NS_S

/* ---- lists ---- */

static void list_append(struct call_list *list, struct http_call *call)
{
    call->prev = list->last;
    call->next = NULL;
    if (list->last) {
        list->last->next = call;
    } else {
        list->first = call;
    }
    list->last = call;
    list->n++;
}

static void list_prepend(struct call_list *list, struct http_call *call)
{
    call->prev = NULL;
    call->next = list->first;
    if (list->first) {
        list->first->prev = call;
    } else {
        list->last = call;
    }
    list->first = call;
    list->n++;
}

static void list_remove(struct call_list *list, struct http_call *call)
{
    must((list->first == call) == !call->prev && (list->last == call) == !call->next);
    if (list->first == call) {
        list->first = call->next;
    } else {
        call->prev->next = call->next;
    }
    if (list->last == call) {
        list->last = call->prev;
    } else {
        call->next->prev = call->prev;
    }
    list->n--;
}

static struct call_list *queue_of(struct http_call *call)
{
    struct http_client *c = call->client;
    return call->request.watch ? &c->queued_watches : &c->queued;
}

static void count_running(struct http_call *call, int change)
{
    struct http_stats *s = &call->client->stats;
    size_t delta = (size_t)change;
    if (call->request.watch) {
        s->watches += delta;
    } else {
        s->in_flight += delta;
        call->origin->running += delta;
    }
}

/* ---- the life of a call ---- */

static void call_free(struct http_call *call)
{
    timer_cancel(&call->timeout);
    timer_cancel(&call->silence);
    transfer_done(call);
    transfer_free_request(call);
    err_free(call->err);
    free(call);
}

/* The next watch need not wait for this one any longer. */
static void stop_waiting_for(struct http_call *call)
{
    struct http_client *c = call->client;
    if (c->starting == call) {
        c->starting = NULL;
        timer_cancel(&c->patience);
    }
}

/* Takes a call out of wherever it is; not inside curl. */
static void detach(struct http_call *call)
{
    struct http_client *c = call->client;
    stop_waiting_for(call);
    if (call->state == CALL_QUEUED) {
        list_remove(queue_of(call), call);
    } else if (call->state == CALL_RUNNING || call->state == CALL_DOOMED) {
        list_remove(call->state == CALL_RUNNING ? &c->running : &c->doomed, call);
        pool_remove(call);
        count_running(call, -1);
    }
    call->state = CALL_DONE;
}

static void reap_doomed(struct http_client *c)
{
    for (struct http_call *call = c->doomed.first, *next; call; call = next) {
        next = call->next;
        detach(call);
        call_free(call);
    }
}

static void finish(struct http_call *call, struct err *err)
{
    long connects = 0;
    if (call->easy) {
        curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
    }
    detach(call);
    timer_cancel(&call->timeout);
    timer_cancel(&call->silence);
    if (err) {
        err_wrap(&err, "%s %s", call->method, call->origin->name);
    }
    struct http_result result = {.err = err,
                                 .status = call->status,
                                 .body = buf_str(&call->collected),
                                 .total = clock_mono() - call->begun,
                                 .new_connection = connects > 0};
    call->request.done(call->request.arg, call, &result);
    err_free(err);
    call_free(call);
}

/* ---- generations ---- */

static void drop_unused_generations(struct http_client *c)
{
    for (struct generation **at = &c->old; *at;) {
        struct generation *g = *at;
        if (g->requests.running + g->watches.running > 0) {
            at = &g->next;
            continue;
        }
        *at = g->next;
        generation_free(g);
    }
}

static int need_generation(struct http_client *c, struct err **err)
{
    if (c->generation) {
        return 0;
    }
    struct tls_client *tls = tls_client_new(&c->config.tls, err);
    if (!tls) {
        return -1;
    }
    c->generation = generation_new(c, tls);
    return 0;
}

/* ---- origins ---- */

/* A client is for one server, or for the few that alerts go to. What comes after that many shares
 * one entry. */
#define MAX_ORIGINS 64

struct origin *client_origin(struct http_client *c, const char *name)
{
    for (size_t i = 0; i < c->origins.n; i++) {
        if (strcmp(c->origins.v[i]->name, name) == 0) {
            return c->origins.v[i];
        }
    }
    if (c->origins.n == MAX_ORIGINS) {
        return c->origins.v[MAX_ORIGINS - 1];
    }
    struct origin *o = xcalloc(1, sizeof(*o));
    o->name = xstrdup(c->origins.n < MAX_ORIGINS - 1 ? name : "another server");
    vec_push(&c->origins, o);
    return o;
}

/* ---- the pump ---- */

/* A server that is not known to multiplex gets one request per connection. */
static bool has_room(const struct http_client *c, const struct origin *o)
{
    return o->multiplexes || o->running < c->config.max_connections;
}

/* The first request that may start now. */
static struct http_call *next_request(const struct http_client *c)
{
    if (c->stats.in_flight >= c->config.max_in_flight) {
        return NULL;
    }
    struct http_call *call = c->queued.first;
    while (call && !call->err && !has_room(c, call->origin)) {
        call = call->next;
    }
    return call;
}

static void pump(void *arg);

static void schedule_pump(struct http_client *c)
{
    bool watch = c->queued_watches.n > 0 && !c->starting;
    if (!c->pump_scheduled && !c->dead && (watch || next_request(c))) {
        c->pump_scheduled = true;
        loop_defer(c->loop, pump, c);
    }
}

void client_answered(struct http_call *call)
{
    stop_waiting_for(call);
    schedule_pump(call->client);
}

static void lose_patience(void *arg)
{
    struct http_client *c = arg;
    c->starting = NULL;
    schedule_pump(c);
}

static void start(struct http_call *call)
{
    struct http_client *c = call->client;
    struct err *err = TAKE(call->err);
    if (err || need_generation(c, &err) != 0) {
        finish(call, err);
        return;
    }
    list_remove(queue_of(call), call);
    list_append(&c->running, call);
    count_running(call, 1);
    call->state = CALL_RUNNING;
    call->last_byte = clock_mono();
    if (call->request.silence > 0) {
        timer_set(&call->silence, call->request.silence);
    }
    struct generation *g = c->generation;
    struct pool *p = call->request.watch ? &g->watches : &g->requests;
    transfer_setup(call, p);
    pool_add(p, call);
    if (call->request.watch) {
        c->starting = call;
        timer_set(&c->patience, PATIENCE);
    }
}

static void destroy(struct http_client *c)
{
    reap_doomed(c);
    loop_undefer(c->loop, c);
    timer_cancel(&c->patience);
    if (c->generation) {
        c->generation->next = c->old;
        c->old = c->generation;
    }
    drop_unused_generations(c);
    must(!c->old);
    secret_unref(c->authorization);
    for (size_t i = 0; i < COUNT_OF(c->strings); i++) {
        wipe_free(c->strings[i]);
    }
    for (size_t i = 0; i < c->origins.n; i++) {
        free(c->origins.v[i]->name);
        free(c->origins.v[i]);
    }
    vec_done(&c->origins);
    free(c);
}

static void enter(struct http_client *c)
{
    c->depth++;
}

/* c may be gone afterwards. */
static void leave(struct http_client *c)
{
    if (--c->depth > 0) {
        return;
    }
    if (c->dead) {
        destroy(c);
        return;
    }
    drop_unused_generations(c);
    schedule_pump(c);
}

static void pump(void *arg)
{
    struct http_client *c = arg;
    c->pump_scheduled = false;
    enter(c);
    for (struct http_call *call; (call = next_request(c));) {
        start(call);
    }
    while (c->queued_watches.first && !c->starting) {
        start(c->queued_watches.first); /* NOLINT(*-unix.Malloc): it takes what it frees out */
    }
    leave(c);
}

/* ---- ends of a call ---- */

/* Once an answer has begun, the server has done what was asked: only a read is then asked again,
 * and only for a caller who gets the answer when it is whole. */
static bool too_late_to_retry(const struct http_call *call)
{
    bool reads = strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0;
    return call->received && (!reads || call->request.on_chunk || call->request.on_headers);
}

/* A connection that was used before may have died without our knowing. Over HTTP/1.1 curl sees to
 * that itself; when an HTTP/2 connection breaks, in the middle of answers too, it leaves some of
 * its streams to us. */
static bool may_retry(const struct http_call *call, CURLcode code)
{
    static const char *const idempotent[] = {"GET", "HEAD", "PUT", "DELETE"};
    static const CURLcode broken[] = {CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_ERROR,
                                      CURLE_RECV_ERROR, CURLE_HTTP2};
    long connects = 1;
    curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
    bool never_worked = connects > 0 && !call->received;
    if (call->retried || too_late_to_retry(call) || call->err || never_worked) {
        return false;
    }
    bool right_method = false;
    for (size_t i = 0; i < COUNT_OF(idempotent); i++) {
        right_method |= strcmp(call->method, idempotent[i]) == 0;
    }
    bool right_code = false;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        right_code |= code == broken[i];
    }
    return right_method && right_code;
}

static void retry(struct http_call *call)
{
    detach(call);
    transfer_done(call);
    timer_cancel(&call->silence);
    call->retried = true;
    call->answered = false;
    call->received = false;
    call->status = 0;
    call->state = CALL_QUEUED;
    list_prepend(queue_of(call), call);
}

static void ended(struct http_call *call, CURLcode code)
{
    struct err *err = TAKE(call->err);
    if (!err && code == CURLE_OK && !call->answered) {
        code = CURLE_GOT_NOTHING;
    }
    if (!err && code != CURLE_OK) {
        if (may_retry(call, code)) {
            retry(call);
            return;
        }
        failure_from_curl(call, code, &err);
    }
    finish(call, err);
}

void client_drive(struct pool *p, curl_socket_t fd, int events)
{
    struct http_client *c = p->generation->client;
    struct loop *l = c->loop;
    ns_t begun = loop_enter();
    int running;
    enter(c);
    c->in_curl = true;
    must(curl_multi_socket_action(p->multi, fd, events, &running) == CURLM_OK);
    c->in_curl = false;
    reap_doomed(c);
    CURLcode code;
    for (struct http_call *call; (call = pool_next_done(p, &code));) {
        ended(call, code);
    }
    leave(c);
    loop_leave(l, begun);
}

static void fail(struct http_call *call, struct err *err)
{
    struct http_client *c = call->client;
    enter(c);
    finish(call, err);
    leave(c);
}

static struct err *timeout_error(const char *what, ns_t limit)
{
    AUTO(buf_done) struct buf text = BUF_INIT(64);
    go_duration(&text, limit);
    struct err *err = NULL;
    err_set(&err, ERR_TIMEOUT, "%s %s", what, text.p);
    return err;
}

static void on_timeout(void *arg)
{
    struct http_call *call = arg;
    const char *what = call->state == CALL_QUEUED
                           ? "could not be sent, for other requests before it, within"
                           : "no answer within";
    fail(call, timeout_error(what, call->request.timeout));
}

/* Bytes only note the time when they come; setting a timer for each would cost more. */
static void on_silence(void *arg)
{
    struct http_call *call = arg;
    ns_t end = call->last_byte + call->request.silence;
    if (clock_mono() < end) {
        timer_set_at(&call->silence, end);
        return;
    }
    fail(call, timeout_error("nothing came for", call->request.silence));
}

/* ---- what callers see ---- */

struct http_call *http_submit(struct http_client *c, const struct http_request *request)
{
    must(!c->dead);
    struct http_call *call = xcalloc(1, sizeof(*call));
    call->client = c;
    call->begun = clock_mono();
    call->fields = BUF_INIT_WIPE(0);
    call->collected = BUF_INIT_WIPE(0);
    transfer_copy_request(call, request);
    if (call->request.timeout == 0) {
        call->request.timeout = TIMEOUT_DEFAULT;
    }
    timer_init(&call->timeout, c->loop, on_timeout, call);
    timer_init(&call->silence, c->loop, on_silence, call);
    if (call->request.timeout > 0) {
        timer_set(&call->timeout, call->request.timeout);
    }
    list_append(queue_of(call), call);
    c->stats.requests++;
    schedule_pump(c);
    return call;
}

void http_cancel(struct http_call *call)
{
    if (!call || call->state == CALL_DONE || call->state == CALL_DOOMED) {
        return;
    }
    struct http_client *c = call->client;
    if (call->state == CALL_RUNNING && c->in_curl) {
        list_remove(&c->running, call);
        list_append(&c->doomed, call);
        call->state = CALL_DOOMED;
        timer_cancel(&call->timeout);
        timer_cancel(&call->silence);
        return;
    }
    detach(call);
    call_free(call);
    schedule_pump(c);
}

struct str http_header_nth(const struct http_call *call, const char *name, size_t i)
{
    return http_field(buf_str(&call->fields), name, i);
}

struct str http_header(const struct http_call *call, const char *name)
{
    return http_header_nth(call, name, 0);
}

ns_t http_retry_after(const struct http_call *call)
{
    return http_retry_after_parse(http_header(call, "retry-after"), clock_real());
}

struct http_stats http_client_stats(const struct http_client *c)
{
    struct http_stats stats = c->stats;
    stats.queued = c->queued.n + c->queued_watches.n;
    return stats;
}

/* Copies what *s shows into *kept and lets *s show the copy. */
static void keep(char **kept, struct str *s)
{
    char *old = *kept;
    *kept = str_dup(*s);
    s->p = *kept;
    wipe_free(old);
}

static void keep_tls(struct http_client *c, const struct tls_config *tls)
{
    c->config.tls = *tls;
    struct tls_config *own = &c->config.tls;
    keep(&c->strings[0], &own->ca_pem);
    keep(&c->strings[1], &own->extra_ca_pem);
    keep(&c->strings[2], &own->cert_pem);
    keep(&c->strings[3], &own->key_pem);
    keep(&c->strings[4], &own->server_name);
}

static bool tls_equal(const struct tls_config *a, const struct tls_config *b)
{
    return str_eq(a->ca_pem, b->ca_pem) && str_eq(a->extra_ca_pem, b->extra_ca_pem) &&
           str_eq(a->cert_pem, b->cert_pem) && str_eq(a->key_pem, b->key_pem) &&
           str_eq(a->server_name, b->server_name) && a->insecure == b->insecure;
}

void http_client_set_tls(struct http_client *c, const struct tls_config *tls)
{
    if (tls_equal(&c->config.tls, tls)) {
        return;
    }
    keep_tls(c, tls);
    if (c->generation) {
        c->generation->next = c->old;
        c->old = TAKE(c->generation);
    }
    if (c->depth == 0) {
        drop_unused_generations(c);
    }
}

struct http_client *http_client_new(struct loop *l, const struct http_client_config *config)
{
    struct http_client *c = xcalloc(1, sizeof(*c));
    c->loop = l;
    c->config = *config;
    timer_init(&c->patience, l, lose_patience, c);
    keep_tls(c, &config->tls);
    keep(&c->strings[5], &c->config.proxy);
    keep(&c->strings[6], &c->config.user_agent);
    struct http_client_config *own = &c->config;
    own->max_connections = own->max_connections ? own->max_connections : CONNECTIONS_DEFAULT;
    own->max_in_flight = own->max_in_flight ? own->max_in_flight : IN_FLIGHT_DEFAULT;
    own->connect_timeout = own->connect_timeout ? own->connect_timeout : CONNECT_TIMEOUT_DEFAULT;
    return c;
}

static void cancel_all(struct call_list *list)
{
    for (struct http_call *call = list->first, *next; call; call = next) {
        next = call->next;
        http_cancel(call);
    }
}

void http_client_free(struct http_client *c)
{
    if (!c || c->dead) {
        return;
    }
    c->dead = true;
    cancel_all(&c->queued);
    cancel_all(&c->queued_watches);
    cancel_all(&c->running);
    if (c->depth == 0) {
        destroy(c);
    }
}
