/* SPDX-License-Identifier: Apache-2.0
 *
 * token: the cache, and the way of a token.
 *
 *     azure_token_get --- token usable ---------------------------> done (deferred)
 *            |                  `- renewal due: fetch in the background
 *            `-- no token: wait, and fetch unless one is under way or has just failed for good
 *     fetch: [ask the source for an assertion] -> request -> answer -> all waits are done
 *                 ^                                  |
 *                 `------- back-off <--- transient --'
 *
 * There are no timers but that of a back-off: whether a token is still good, and whether it is time
 * for a new one, is looked at when somebody asks. An idle Pawl asks for nothing.
 */
#include <sys/queue.h>

#include "azure/token.h"
#include "azure/token_answer.h"
#include "azure/token_request.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/random.h"

#define MARGIN         (5 * NS_MIN) /* a token with less left is as good as expired */
#define LONG_LIFETIME  (2 * NS_H)
#define HOLD_PERMANENT (30 * NS_S)
#define HOLD_TRANSIENT (5 * NS_S)
#define DROP_AGE       (30 * NS_S) /* a younger token is not replaced because of a 401 */
#define LONGEST_WAIT   (30 * NS_S) /* a longer Retry-After is the caller's to wait for */
#define IDLE           NS_H        /* an entry that nobody asked for so long is forgotten */

enum { ANSWER_MAX = 256 << 10, PROOF_MAX = 64 << 10 };

struct entry;

struct azure_token_wait {
    TAILQ_ENTRY(azure_token_wait) link;
    struct azure_tokens *tokens;
    struct entry *entry;  /* in its list; NULL: in the list of the ready ones */
    struct secret *token; /* ready: what done will get */
    struct err *err;
    void (*done)(void *arg, struct secret *token, const struct err *err);
    void *arg;
};
TAILQ_HEAD(wait_list, azure_token_wait);

/* One identity and resource. */
struct entry {
    struct azure_tokens *tokens;
    struct azure_credential *credential; /* the newest of that identity */
    char *key;
    char *resource;
    struct secret *token;
    ns_t obtained; /* these are clock_mono times */
    ns_t usable_until;
    ns_t renew_at;
    struct err *failure; /* given to whoever asks before failure_until */
    ns_t failure_until;
    ns_t last_used;
    struct wait_list waits;

    bool fetching;
    struct azure_credential *with; /* the credential of this fetch */
    unsigned tries;
    ns_t sent;
    bool key_shown; /* Azure Arc: the second request is under way */
    struct timer retry;
    struct http_call *call;
    struct azure_assertion assertion;
    bool assertion_asked;
};

struct azure_tokens {
    struct azure_tokens_config config;
    struct http_client *entra;
    struct http_client *direct; /* managed identity endpoints */
    struct map entries;
    struct wait_list ready;
    struct azure_tokens_stats stats;
};

/* ---- life ---- */

struct azure_tokens *azure_tokens_new(const struct azure_tokens_config *config)
{
    struct azure_tokens *t = xcalloc(1, sizeof(*t));
    struct http_client_config http = config->http;
    http.max_connections = 2;
    http.max_in_flight = 16;
    struct http_client_config direct = {
        .user_agent = http.user_agent, .connect_timeout = 2 * NS_S, .http1_only = true};
    t->config = *config;
    t->config.http = (struct http_client_config){0}; /* its views are not kept */
    t->entra = http_client_new(config->loop, &http);
    t->direct = http_client_new(config->loop, &direct);
    t->entries = MAP_INIT;
    TAILQ_INIT(&t->ready);
    return t;
}

/* No answer of this fetch comes any more. */
static void fetch_clear(struct entry *e)
{
    timer_cancel(&e->retry);
    http_cancel(TAKE(e->call));
    if (e->assertion_asked) {
        e->assertion_asked = false;
        e->with->source.cancel(e->with->source.arg, &e->assertion);
    }
    azure_credential_unrefp(&e->with);
    e->fetching = false;
}

static void wait_free(struct azure_token_wait *w)
{
    secret_unref(w->token);
    err_free(w->err);
    free(w);
}

static void entry_free(struct entry *e)
{
    fetch_clear(e);
    for (struct azure_token_wait *w; (w = TAILQ_FIRST(&e->waits));) {
        TAILQ_REMOVE(&e->waits, w, link);
        wait_free(w);
    }
    azure_credential_unref(e->credential);
    secret_unref(e->token);
    err_free(e->failure);
    free(e->key);
    free(e->resource);
    free(e);
}

void azure_tokens_free(struct azure_tokens *t)
{
    if (!t) {
        return;
    }
    for (struct map_iter it = {0}; map_next(&t->entries, &it);) {
        entry_free(it.value);
    }
    map_done(&t->entries);
    for (struct azure_token_wait *w; (w = TAILQ_FIRST(&t->ready));) {
        azure_token_cancel(w);
    }
    http_client_free(t->entra);
    http_client_free(t->direct);
    free(t);
}

/* ---- entries ---- */

static bool is_usable(const struct entry *e, ns_t now)
{
    return e->token && now < e->usable_until;
}

static bool is_idle(const struct entry *e, ns_t now)
{
    return !e->fetching && TAILQ_EMPTY(&e->waits) &&
           (!is_usable(e, now) || now - e->last_used > IDLE) && now >= e->failure_until;
}

static void forget_idle(struct azure_tokens *t, ns_t now)
{
    for (struct map_iter it = {0}; map_next(&t->entries, &it);) {
        struct entry *e = it.value;
        if (is_idle(e, now)) {
            map_del(&t->entries, str_c(e->key));
            entry_free(e);
        }
    }
}

static void on_retry(void *arg);

/* The entry of an identity and resource, made where it is missing if `make`. */
static struct entry *entry_of(struct azure_tokens *t, struct azure_credential *c,
                              struct str resource, bool make)
{
    AUTO(buf_done) struct buf key = BUF_INIT(32 << 10);
    buf_add_str(&key, azure_credential_key(c));
    buf_add_byte(&key, '|');
    buf_add_str(&key, resource);
    must(buf_ok(&key));
    struct entry *e = map_get(&t->entries, buf_str(&key));
    if (!e && make) {
        forget_idle(t, clock_mono());
        e = xcalloc(1, sizeof(*e));
        e->tokens = t;
        e->key = buf_take(&key);
        e->resource = str_dup(resource);
        TAILQ_INIT(&e->waits);
        timer_init(&e->retry, t->config.loop, on_retry, e);
        map_set(&t->entries, str_c(e->key), e);
    }
    if (e && e->credential != c) {
        azure_credential_unref(e->credential);
        e->credential = azure_credential_ref(c);
    }
    return e;
}

/* ---- when a token is good ---- */

static void keep_token(struct entry *e, const struct token_answer *answer)
{
    ns_t life = answer->lifetime;
    ns_t renew = answer->renew_in;
    if (renew == 0) {
        ns_t before_end = 10 * NS_MIN + (ns_t)random_below((uint64_t)(5 * NS_MIN));
        renew = life > LONG_LIFETIME ? life / 2 : MAX(life - before_end, life / 2);
    }
    secret_unref(e->token);
    e->token = answer->token;
    e->obtained = clock_mono();
    e->usable_until = e->obtained + life - MIN(MARGIN, life / 4);
    e->renew_at = e->obtained + renew;
    e->failure_until = 0;
}

/* ---- the end of a fetch ---- */

static void on_ready(void *arg)
{
    struct azure_token_wait *w = arg;
    TAILQ_REMOVE(&w->tokens->ready, w, link);
    w->done(w->arg, w->token, w->err);
    wait_free(w);
}

/* done follows when the loop goes on. */
static void wait_ready(struct azure_token_wait *w, struct secret *token, const struct err *err)
{
    w->entry = NULL;
    w->token = token ? secret_ref(token) : NULL;
    w->err = token ? NULL : err_copy(err);
    TAILQ_INSERT_TAIL(&w->tokens->ready, w, link);
    loop_defer(w->tokens->config.loop, on_ready, w);
}

static void fetch_end(struct entry *e, const struct err *err)
{
    ns_t now = clock_mono();
    fetch_clear(e);
    if (err) {
        ns_t hold = err->retryable ? MAX(err->retry_after, HOLD_TRANSIENT) : HOLD_PERMANENT;
        err_free(e->failure);
        e->failure = err_copy(err);
        e->failure_until = now + hold;
        e->renew_at = now + 2 * hold; /* if the old token is still good */
    }
    for (struct azure_token_wait *w; (w = TAILQ_FIRST(&e->waits));) {
        TAILQ_REMOVE(&e->waits, w, link);
        wait_ready(w, is_usable(e, now) ? e->token : NULL, err);
    }
}

static bool is_metadata_service(const struct azure_credential *c)
{
    return c->kind == CREDENTIAL_MANAGED && c->from == MANAGED_IMDS;
}

/* Waits before the n-th try; 0 ends the list. The metadata service may be away for 70 s while it is
 * updated, which it says; not to reach it at all means that there is none. */
static ns_t back_off(const struct entry *e, const struct err *err)
{
    static const unsigned char usual[] = {1, 2, 4, 0};
    static const unsigned char update[] = {1, 2, 4, 8, 16, 30, 30, 0};
    bool updating = is_metadata_service(e->with) && err->status != 0;
    unsigned seconds = updating ? update[MIN((size_t)e->tries, COUNT_OF(update) - 1)]
                                : usual[MIN((size_t)e->tries, COUNT_OF(usual) - 1)];
    return random_jitter(seconds * NS_S, 0.2);
}

static void fetch_failed(struct entry *e, struct err *err)
{
    ns_t pause = back_off(e, err);
    e->tokens->stats.failures++;
    if (err->retryable && pause > 0 && err->retry_after <= LONGEST_WAIT) {
        e->tries++;
        timer_set(&e->retry, MAX(pause, err->retry_after));
    } else {
        err_wrap(&err, "cannot get a token for the %s", azure_credential_name(e->with));
        fetch_end(e, err);
    }
    err_free(err);
}

/* ---- requests ---- */

static void fetch_send(struct entry *e, struct str proof);

static bool is_arc_challenge(const struct entry *e, int status)
{
    return status == 401 && e->with->kind == CREDENTIAL_MANAGED && e->with->from == MANAGED_ARC &&
           !e->key_shown;
}

static void show_arc_key(struct entry *e, struct http_call *call)
{
    struct err *err = NULL;
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(8192);
    if (token_request_arc_key(http_header(call, "WWW-Authenticate"), &key, &err) != 0) {
        fetch_failed(e, err);
        return;
    }
    e->key_shown = true;
    fetch_send(e, buf_str(&key));
}

/* What Entra's codes do not say, because managed identity endpoints have none. */
static const char *hint(const struct entry *e, int status)
{
    bool managed = e->with->kind == CREDENTIAL_MANAGED;
    return managed && status == 400 ? "is the identity assigned to this machine (identityId)?"
                                    : NULL;
}

static void explain_refusal(const struct entry *e, struct http_call *call,
                            const struct http_result *r, struct err **err)
{
    token_answer_error(r->status, r->body, secret_str(e->with->secret), hint(e, r->status), err);
    (*err)->retry_after = http_retry_after(call);
    if (is_metadata_service(e->with) && (r->status == 404 || r->status == 410)) {
        (*err)->retryable = true; /* it is being updated */
    }
}

static void fetch_answered(struct entry *e, struct http_call *call, const struct http_result *r)
{
    struct err *err = NULL;
    struct token_answer answer;
    if (r->err) {
        err = err_copy(r->err);
        if (is_metadata_service(e->with)) {
            err_wrap(&err, "Azure's metadata service cannot be reached from here");
        }
    } else if (r->status != 200) {
        explain_refusal(e, call, r, &err);
    } else if (token_answer_parse(r->body, clock_real(), &answer, &err) == 0) {
        keep_token(e, &answer);
        fetch_end(e, NULL);
        return;
    }
    fetch_failed(e, err);
}

static void on_answer(void *arg, struct http_call *call, const struct http_result *r)
{
    struct entry *e = arg;
    struct azure_tokens *t = e->tokens;
    e->call = NULL;
    if (t->config.on_request) {
        t->config.on_request(t->config.arg, r->status == 200, clock_mono() - e->sent);
    }
    if (is_arc_challenge(e, r->status)) {
        show_arc_key(e, call);
    } else {
        fetch_answered(e, call, r);
    }
}

static void fetch_send(struct entry *e, struct str proof)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct azure_tokens *t = e->tokens;
    struct token_request request;
    struct err *err = NULL;
    if (token_request_build(&a, e->with, str_c(e->resource), proof, &request, &err) != 0) {
        fetch_failed(e, err);
        return;
    }
    bool managed = e->with->kind == CREDENTIAL_MANAGED;
    const struct http_request http = {.method = request.method,
                                      .url = request.url,
                                      .body = request.body,
                                      .headers = request.headers,
                                      .n_headers = request.n_headers,
                                      .max_body = ANSWER_MAX,
                                      .timeout = managed ? 10 * NS_S : 30 * NS_S,
                                      .done = on_answer,
                                      .arg = e};
    t->stats.requests++;
    e->sent = clock_mono();
    e->call = http_submit(managed ? t->direct : t->entra, &http);
}

static void on_assertion(struct azure_assertion *to, struct str jwt, const struct err *err)
{
    struct entry *e = CONTAINER_OF(to, struct entry, assertion);
    e->assertion_asked = false;
    if (err) {
        fetch_failed(e, err_copy(err));
    } else {
        fetch_send(e, str_trim(jwt));
    }
}

static void send_token_file(struct entry *e)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(PROOF_MAX);
    struct err *err = NULL;
    if (file_read(e->with->path, &text, &err) != 0) {
        err_wrap(&err, "unable to read token file %s", e->with->path);
        fetch_failed(e, err);
    } else {
        fetch_send(e, str_trim(buf_str(&text)));
    }
}

static void fetch_try(struct entry *e)
{
    e->key_shown = false;
    if (e->with->kind == CREDENTIAL_WORKLOAD) {
        e->assertion.answered = on_assertion;
        e->assertion_asked = true;
        e->with->source.request(e->with->source.arg, &e->assertion);
    } else if (e->with->kind == CREDENTIAL_TOKEN_FILE) {
        send_token_file(e);
    } else {
        fetch_send(e, STR_EMPTY);
    }
}

static void on_retry(void *arg)
{
    fetch_try(arg);
}

static void fetch_start(struct entry *e)
{
    e->fetching = true;
    e->tries = 0;
    e->with = azure_credential_ref(e->credential);
    /* Not inside the caller's call: a source may answer at once, and waits would be called. */
    timer_set(&e->retry, 0);
}

/* ---- asking ---- */

/* Also begins a renewal that is due. */
static struct secret *look(struct entry *e)
{
    ns_t now = clock_mono();
    e->last_used = now;
    if (!is_usable(e, now)) {
        return NULL;
    }
    if (now >= e->renew_at && !e->fetching) {
        fetch_start(e);
    }
    return e->token;
}

struct secret *azure_token_peek(struct azure_tokens *t, struct azure_credential *c,
                                struct str resource)
{
    struct entry *e = entry_of(t, c, resource, false);
    return e ? look(e) : NULL;
}

struct azure_token_wait *azure_token_get(
    struct azure_tokens *t, struct azure_credential *c, struct str resource,
    void (*done)(void *arg, struct secret *token, const struct err *err), void *arg)
{
    struct entry *e = entry_of(t, c, resource, true);
    struct azure_token_wait *w = xcalloc(1, sizeof(*w));
    w->tokens = t;
    w->done = done;
    w->arg = arg;
    struct secret *token = look(e);
    bool failed = !token && !e->fetching && clock_mono() < e->failure_until;
    if (token || failed) {
        wait_ready(w, token, e->failure);
        return w;
    }
    w->entry = e;
    TAILQ_INSERT_TAIL(&e->waits, w, link);
    if (!e->fetching) {
        fetch_start(e);
    }
    return w;
}

void azure_token_cancel(struct azure_token_wait *w)
{
    if (!w) {
        return;
    }
    if (w->entry) {
        TAILQ_REMOVE(&w->entry->waits, w, link);
    } else {
        loop_undefer(w->tokens->config.loop, w);
        TAILQ_REMOVE(&w->tokens->ready, w, link);
    }
    wait_free(w);
}

void azure_token_drop(struct azure_tokens *t, struct azure_credential *c, struct str resource,
                      const struct secret *token)
{
    struct entry *e = entry_of(t, c, resource, false);
    if (e && e->token == token && clock_mono() - e->obtained >= DROP_AGE) {
        secret_unrefp(&e->token);
    }
}

struct azure_tokens_stats azure_tokens_stats(const struct azure_tokens *t)
{
    struct azure_tokens_stats stats = t->stats;
    stats.cached = 0;
    ns_t now = clock_mono();
    for (struct map_iter it = {0}; map_next(&t->entries, &it);) {
        stats.cached += is_usable(it.value, now);
    }
    return stats;
}
