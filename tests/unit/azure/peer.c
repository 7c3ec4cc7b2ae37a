/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include "base/clock.h"
#include "codec/json.h"
#include "codec/url.h"

/* 2026-03-01T10:00:00Z */
#define BEGIN (1772359200 * NS_S)

/* One request that is answered later. */
struct pending {
    struct timer timer;
    struct peer *peer;
    struct http_exchange *x;
};

static int64_t now_s(void)
{
    return clock_real() / NS_S;
}

/* ---- Entra ID ---- */

static void note_header(struct peer *p, struct http_exchange *x, const char *name)
{
    struct str value = http_x_header(x, name);
    if (value.n > 0) {
        buf_addf(&p->last_header, "%s=%.*s;", name, STR_ARG(value));
    }
}

static void answer_token(struct peer *p, struct http_exchange *x)
{
    static const char *const headers[] = {"Metadata", "X-IDENTITY-HEADER", "secret",
                                          "Authorization"};
    p->token_requests++;
    buf_clear(&p->last_form);
    buf_add_str(&p->last_form, http_x_body(x));
    buf_clear(&p->last_header);
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        note_header(p, x, headers[i]);
    }
    AUTO(buf_done) struct buf body = BUF_INIT(4096);
    buf_addf(&body,
             "{\"token_type\":\"Bearer\",\"expires_in\":%lld,\"access_token\":\"token-%u\"%s}",
             (long long)p->token_lifetime, ++p->tokens, p->token_members);
    http_reply(x, 200, "application/json", buf_str(&body));
}

/* ---- the vault ---- */

static bool is_authorized(struct peer *p, struct http_exchange *x)
{
    struct str header = http_x_header(x, "Authorization");
    unsigned n;
    char text[64] = "";
    memcpy(text, header.p ? header.p : "", MIN(header.n, sizeof(text) - 1));
    return sscanf(text, "Bearer token-%u", &n) == 1 && n >= p->valid_from && n <= p->tokens;
}

static void error(struct http_exchange *x, int status, const char *code, const char *inner,
                  const char *message)
{
    AUTO(buf_done) struct buf body = BUF_INIT(4096);
    struct json_writer w = json_writer(&body);
    json_w_object(&w);
    json_w_key(&w, "error");
    json_w_object(&w);
    json_w_strings(&w, "code", code, "message", message, NULL);
    if (inner) {
        json_w_key(&w, "innererror");
        json_w_object(&w);
        json_w_strings(&w, "code", inner, NULL);
        json_w_end(&w);
    }
    json_w_end(&w);
    json_w_end(&w);
    http_x_set_header(x, "x-ms-request-id", STR("req-1"));
    http_reply(x, status, "application/json", buf_str(&body));
}

static void challenge(struct peer *p, struct http_exchange *x)
{
    AUTO(buf_done) struct buf header = BUF_INIT(1000);
    if (p->challenge) {
        buf_add_c(&header, p->challenge);
    } else {
        buf_addf(&header, "Bearer authorization=\"%s/t1\", resource=\"%s\"", p->authority,
                 p->resource);
    }
    http_x_set_header(x, "WWW-Authenticate", buf_str(&header));
    error(x, 401, "Unauthorized", NULL, "AKV10000: Request is missing a Bearer or PoP token.");
}

static void write_attributes(struct json_writer *w, const struct peer_object *o)
{
    json_w_key(w, "attributes");
    json_w_object(w);
    json_w_key(w, "enabled");
    json_w_bool(w, !o->disabled);
    json_w_key(w, "created");
    json_w_int(w, o->created);
    json_w_key(w, "updated");
    json_w_int(w, o->updated);
    json_w_end(w);
    if (o->tags) {
        json_w_key(w, "tags");
        json_w_raw(w, str_c(o->tags));
    }
    if (o->content_type) {
        json_w_strings(w, "contentType", o->content_type, NULL);
    }
}

static void write_id(struct peer *p, struct json_writer *w, const struct peer_object *o,
                     bool version)
{
    AUTO(buf_done) struct buf id = BUF_INIT(1000);
    buf_addf(&id, "%s/%s/%s%s%s", p->vault_url, o->kind, o->name, version ? "/" : "",
             version ? o->version : "");
    json_w_strings(w, strcmp(o->kind, "keys") == 0 && !version ? "kid" : "id", id.p, NULL);
}

static void answer_object(struct peer *p, struct http_exchange *x, const struct peer_object *o)
{
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 20);
    struct json_writer w = json_writer(&body);
    json_w_object(&w);
    if (strcmp(o->kind, "keys") == 0) {
        json_w_key(&w, "key");
        json_w_raw(&w, str_c(o->value));
    } else {
        json_w_strings(&w, strcmp(o->kind, "secrets") == 0 ? "value" : "cer", o->value, NULL);
        write_id(p, &w, o, true);
    }
    write_attributes(&w, o);
    json_w_end(&w);
    http_reply(x, 200, "application/json", buf_str(&body));
}

static struct peer_object *find(struct peer *p, struct str kind, struct str name,
                                struct str version)
{
    for (size_t i = p->objects.n; i-- > 0;) {
        struct peer_object *o = &p->objects.v[i];
        if (str_eq_c(kind, o->kind) && str_ieq(name, str_c(o->name)) &&
            (version.n == 0 || str_eq_c(version, o->version))) {
            return o;
        }
    }
    return NULL;
}

static void answer_get(struct peer *p, struct http_exchange *x, struct str kind, struct str name,
                       struct str version)
{
    p->object_gets++;
    const struct peer_object *o = find(p, kind, name, version);
    if (!o) {
        error(x, 404, "SecretNotFound", NULL, "A secret with (name/id) was not found");
    } else if (o->disabled) {
        error(x, 403, "Forbidden", "SecretDisabled",
              "Operation get is not allowed on a disabled secret.");
    } else {
        answer_object(p, x, o);
    }
}

/* The newest version of each name, in the order in which names came up. */
static size_t latest(struct peer *p, struct str kind, const struct peer_object **out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < p->objects.n && n < max; i++) {
        const struct peer_object *o = &p->objects.v[i];
        if (str_eq_c(kind, o->kind) && find(p, kind, str_c(o->name), STR_EMPTY) == o) {
            out[n++] = o;
        }
    }
    return n;
}

static void write_next(struct peer *p, struct json_writer *w, struct str kind, size_t at)
{
    AUTO(buf_done) struct buf next = BUF_INIT(1000);
    if (p->next_host) {
        buf_addf(&next, "http://%s", p->next_host);
    } else {
        buf_add_c(&next, p->vault_url);
    }
    buf_addf(&next, "/%.*s?api-version=7.4&$skiptoken=%zu", STR_ARG(kind), at);
    json_w_strings(w, "nextLink", next.p, NULL);
}

/* The skip token counts in halves: odd ones are pages that stay empty. */
static void answer_page(struct peer *p, struct http_exchange *x, struct str kind)
{
    static const struct peer_object *all[5000];
    size_t n = latest(p, kind, all, COUNT_OF(all));
    unsigned skip = 0;
    ptrdiff_t at = str_find(http_x_query(x), STR("skiptoken="));
    if (at >= 0) {
        (void)sscanf(str_from(http_x_query(x), (size_t)at).p, "skiptoken=%u", &skip);
    }
    bool empty = p->empty_pages && skip % 2 == 0;
    size_t first = p->empty_pages ? skip / 2 * p->page_size : skip * p->page_size;
    p->pages++;
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 20);
    struct json_writer w = json_writer(&body);
    json_w_object(&w);
    json_w_key(&w, "value");
    json_w_array(&w);
    for (size_t i = first; !empty && i < n && i < first + p->page_size; i++) {
        json_w_object(&w);
        write_id(p, &w, all[i], false);
        write_attributes(&w, all[i]);
        json_w_end(&w);
    }
    json_w_end(&w);
    if (empty || first + p->page_size < n) {
        write_next(p, &w, kind, skip + 1);
    } else {
        json_w_key(&w, "nextLink");
        json_w_null(&w);
    }
    json_w_end(&w);
    http_reply(x, 200, "application/json", buf_str(&body));
}

static void answer_put(struct peer *p, struct http_exchange *x, struct str kind, struct str name)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *j = json_parse(&a, http_x_body(x), JSON_PLAIN, NULL);
    AUTO(freep) char *kind_c = str_dup(kind);
    AUTO(freep) char *name_c = str_dup(name);
    AUTO(freep) char *value = str_dup(json_find_str(j, "value"));
    answer_object(p, x, peer_put(p, kind_c, name_c, value));
}

static void answer_vault(struct peer *p, struct http_exchange *x)
{
    if (!is_authorized(p, x)) {
        challenge(p, x);
        return;
    }
    struct str parts[4] = {STR_INIT(""), STR_INIT(""), STR_INIT(""), STR_INIT("")};
    size_t n = 0;
    struct str rest = str_from(http_x_path(x), 1);
    for (struct str part; n < 4 && str_split(&rest, '/', &part);) {
        parts[n++] = part;
    }
    struct str method = http_x_method(x);
    if (str_eq_c(method, "PUT") || str_eq_c(method, "POST")) {
        answer_put(p, x, parts[0], parts[1]);
    } else if (str_eq_c(method, "DELETE")) {
        AUTO(freep) char *kind = str_dup(parts[0]);
        AUTO(freep) char *name = str_dup(parts[1]);
        peer_delete(p, kind, name);
        http_reply(x, 200, "application/json", STR("{}"));
    } else if (parts[1].n > 0) {
        answer_get(p, x, parts[0], parts[1], parts[2]);
    } else {
        answer_page(p, x, parts[0]);
    }
}

/* ---- requests ---- */

static struct peer_fault *hit(struct peer *p, struct http_exchange *x)
{
    AUTO(buf_done) struct buf line = BUF_INIT(4096);
    buf_addf(&line, "%.*s %.*s", STR_ARG(http_x_method(x)), STR_ARG(http_x_target(x)));
    for (size_t i = 0; i < p->faults.n; i++) {
        struct peer_fault *f = &p->faults.v[i];
        if (!str_starts(buf_str(&line), str_c(f->match)) || f->times == 0 || f->skip-- > 0) {
            continue;
        }
        f->times -= f->times > 0;
        return f;
    }
    return NULL;
}

static void misbehave(struct peer *p, struct http_exchange *x, const struct peer_fault *f)
{
    if (f->header) {
        http_x_set_header(x, f->header, str_c(f->value));
    }
    if (f->how == PEER_RESET) {
        http_x_reset(x);
    } else if (f->how == PEER_CUT) {
        http_x_truncate(x, 200, "application/json", STR("{\"value\":\"half of the canary\"}"), 12);
    } else if (f->how == PEER_HANG) {
        vec_push(&p->hanging, x);
    } else {
        http_reply(x, f->status, "application/json", str_c(f->body ? f->body : ""));
    }
}

static void answer(struct peer *p, struct http_exchange *x)
{
    struct str path = http_x_path(x);
    const struct peer_fault *f = hit(p, x);
    if (f) {
        p->token_requests += str_ends(path, STR("/token"));
        misbehave(p, x, f);
    } else if (str_ends(path, STR("/token"))) {
        answer_token(p, x);
    } else {
        answer_vault(p, x);
    }
}

static void on_pending(void *arg)
{
    struct pending *pending = arg;
    struct peer *p = pending->peer;
    p->in_flight--;
    answer(p, pending->x);
    free(pending);
}

static void handle(void *arg, struct http_exchange *x)
{
    struct peer *p = arg;
    buf_addf(&p->log, "%.*s %.*s;", STR_ARG(http_x_method(x)), STR_ARG(http_x_path(x)));
    p->in_flight++;
    p->most_in_flight = MAX(p->most_in_flight, p->in_flight);
    struct pending *pending = xcalloc(1, sizeof(*pending));
    pending->peer = p;
    pending->x = x;
    timer_init(&pending->timer, p->loop, on_pending, pending);
    if (p->latency > 0) {
        timer_set(&pending->timer, p->latency);
    } else {
        on_pending(pending);
    }
}

/* ---- for tests ---- */

void peer_init(struct peer *p)
{
    clock_fake_start(NS_H, BEGIN);
    *p = (struct peer){.token_lifetime = 3600, .page_size = 25, .token_members = ""};
    p->log = BUF_INIT(4 << 20);
    p->last_form = BUF_INIT(64 << 10);
    p->last_header = BUF_INIT(64 << 10);
    p->loop = loop_new();
    const struct http_server_config config = {.address = "127.0.0.1", .handle = handle, .arg = p};
    struct err *err = NULL;
    p->server = http_server_new(p->loop, &config, &err);
    assert_non_null(p->server);
    p->port = http_server_port(p->server);
    (void)snprintf(p->vault_url, sizeof(p->vault_url), "http://kv1.vault.localhost:%u", p->port);
    (void)snprintf(p->resource, sizeof(p->resource), "http://vault.localhost:%u", p->port);
    (void)snprintf(p->authority, sizeof(p->authority), "http://login.localhost:%u", p->port);
    (void)snprintf(p->msi, sizeof(p->msi), "http://127.0.0.1:%u", p->port);
}

static void free_object(struct peer_object *o)
{
    free(o->kind);
    free(o->name);
    free(o->version);
    free(o->value);
}

void peer_done(struct peer *p)
{
    for (size_t i = 0; i < p->hanging.n; i++) {
        http_x_reset(p->hanging.v[i]);
    }
    vec_done(&p->hanging);
    http_server_free(p->server);
    loop_advance(p->loop, NS_MIN); /* what was still going to be answered */
    loop_free(p->loop);
    for (size_t i = 0; i < p->objects.n; i++) {
        free_object(&p->objects.v[i]);
    }
    vec_done(&p->objects);
    vec_done(&p->faults);
    buf_done(&p->log);
    buf_done(&p->last_form);
    buf_done(&p->last_header);
    clock_fake_stop();
}

struct peer_object *peer_put(struct peer *p, const char *kind, const char *name, const char *value)
{
    static unsigned serial;
    vec_push(&p->objects, (struct peer_object){.kind = xstrdup(kind),
                                               .name = xstrdup(name),
                                               .version = xasprintf("%032x", ++serial),
                                               .value = xstrdup(value),
                                               .created = now_s(),
                                               .updated = now_s()});
    return &p->objects.v[p->objects.n - 1];
}

void peer_set(struct peer *p, const char *name, const char *value)
{
    (void)peer_put(p, "secrets", name, value);
}

struct peer_object *peer_find(struct peer *p, const char *kind, const char *name)
{
    return find(p, str_c(kind), str_c(name), STR_EMPTY);
}

void peer_delete(struct peer *p, const char *kind, const char *name)
{
    for (size_t i = p->objects.n; i-- > 0;) {
        struct peer_object *o = &p->objects.v[i];
        if (strcmp(o->kind, kind) == 0 && str_ieq(str_c(o->name), str_c(name))) {
            free_object(o);
            vec_remove(&p->objects, i);
        }
    }
}

void peer_fault(struct peer *p, struct peer_fault fault)
{
    vec_push(&p->faults, fault);
}

void peer_forget_faults(struct peer *p)
{
    vec_done(&p->faults);
}

size_t peer_count(const struct peer *p, const char *prefix)
{
    size_t n = 0;
    struct str rest = buf_str(&p->log);
    while (rest.n > 0) {
        n += str_starts(rest, str_c(prefix));
        rest = str_from(rest, (size_t)str_find_byte(rest, ';') + 1);
    }
    return n;
}

void peer_clear_log(struct peer *p)
{
    buf_clear(&p->log);
}
