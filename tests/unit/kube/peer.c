/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include "test.h"

static char *dup_or_null(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

static char *impersonation(struct http_exchange *x)
{
    return xasprintf("%.*s|%.*s|%.*s", STR_ARG(http_x_header(x, "impersonate-user")),
                     STR_ARG(http_x_header(x, "impersonate-group")),
                     STR_ARG(http_x_header(x, "impersonate-extra-acme.com%2fscope")));
}

static void note_request(struct peer *p, struct http_exchange *x)
{
    vec_push(&p->requests, (struct peer_request){
                               .line = xasprintf("%.*s %.*s", STR_ARG(http_x_method(x)),
                                                 STR_ARG(http_x_target(x))),
                               .body = str_dup(http_x_body(x)),
                               .accept = str_dup(http_x_header(x, "accept")),
                               .authorization = str_dup(http_x_header(x, "authorization")),
                               .content_type = str_dup(http_x_header(x, "content-type")),
                               .impersonate = impersonation(x),
                           });
}

static const struct peer_step *take_step(struct peer *p, struct http_exchange *x)
{
    for (size_t i = 0; i < p->steps.n; i++) {
        const struct peer_step *s = &p->steps.v[i];
        if (!p->taken.v[i] && str_eq_c(http_x_method(x), s->method ? s->method : "GET") &&
            str_find(http_x_target(x), str_c(s->target)) >= 0) {
            p->taken.v[i] = true;
            return s;
        }
    }
    return NULL;
}

static void forget_stream(void *arg, struct http_exchange *x)
{
    struct peer *p = arg;
    for (size_t i = 0; i < p->streams.n; i++) {
        if (p->streams.v[i] == x) {
            p->streams.v[i] = NULL;
            p->gone++;
            http_reply_end(x);
        }
    }
}

static void begin_stream(struct peer *p, struct http_exchange *x, const struct peer_step *s,
                         const char *type)
{
    http_x_on_gone(x, forget_stream, p);
    http_reply_begin(x, s->status ? s->status : 200, type);
    vec_push(&p->streams, x);
    if (s->body) {
        http_reply_chunk(x, str_c(s->body));
    }
}

static void add_header(struct http_exchange *x, const char *header)
{
    const char *colon = header ? strchr(header, ':') : NULL;
    if (colon) {
        AUTO(freep) char *name = xstrndup(header, (size_t)(colon - header));
        http_x_set_header(x, name, str_trim(str_c(colon + 1)));
    }
}

static void handle(void *arg, struct http_exchange *x)
{
    struct peer *p = arg;
    note_request(p, x);
    const struct peer_step *s = take_step(p, x);
    if (!s && p->otherwise) {
        p->otherwise(p->arg, x);
        return;
    }
    if (!s) {
        p->unexpected++;
        http_reply(x, 599, "text/plain", STR("not in the script"));
        return;
    }
    const char *type = s->type ? s->type : "application/json";
    int status = s->status ? s->status : 200;
    add_header(x, s->header);
    switch (s->how) {
    case PEER_REPLY:
        http_reply(x, status, type, str_c(s->body));
        break;
    case PEER_STREAM:
        begin_stream(p, x, s, type);
        break;
    case PEER_CUT:
        http_x_truncate(x, status, type, str_c(s->body), s->cut);
        break;
    case PEER_RESET:
        http_x_reset(x);
        break;
    case PEER_HOLD:
        vec_push(&p->held, x);
        break;
    }
}

static void serve(struct peer *p, uint16_t port)
{
    struct http_server_config config = {
        .address = "127.0.0.1", .port = port, .max_body = 16 << 20, .handle = handle, .arg = p};
    AUTO(err_freep) struct err *err = NULL;
    p->server = http_server_new(p->loop, &config, &err);
    if (!p->server) {
        fail_msg("%s", err_msg(err));
    }
}

void peer_init(struct peer *p, struct loop *l)
{
    *p = (struct peer){.loop = l};
    serve(p, 0);
    p->url = xasprintf("http://127.0.0.1:%u", http_server_port(p->server));
    p->config = kube_config_for_server(str_c(p->url));
}

static void step_done(const struct peer_step *s)
{
    free((void *)(uintptr_t)s->body);
}

static void request_done(const struct peer_request *r)
{
    free(r->line);
    free(r->body);
    free(r->accept);
    free(r->authorization);
    free(r->content_type);
    free(r->impersonate);
}

static void end_all(struct peer *p)
{
    for (size_t i = 0; i < p->streams.n; i++) {
        if (p->streams.v[i]) {
            http_x_on_gone(p->streams.v[i], NULL, NULL);
            http_x_reset(p->streams.v[i]);
        }
    }
    for (size_t i = 0; i < p->held.n; i++) {
        http_x_reset(p->held.v[i]);
    }
    p->streams.n = 0;
    p->held.n = 0;
}

void peer_done(struct peer *p)
{
    end_all(p);
    http_server_free(p->server);
    for (size_t i = 0; i < p->steps.n; i++) {
        step_done(&p->steps.v[i]);
    }
    for (size_t i = 0; i < p->requests.n; i++) {
        request_done(&p->requests.v[i]);
    }
    vec_done(&p->steps);
    vec_done(&p->taken);
    vec_done(&p->requests);
    vec_done(&p->streams);
    vec_done(&p->held);
    kube_config_free(p->config);
    free(p->url);
}

void peer_step(struct peer *p, struct peer_step step)
{
    step.body = dup_or_null(step.body);
    vec_push(&p->steps, step);
    vec_push(&p->taken, false);
}

size_t peer_left(const struct peer *p)
{
    size_t left = 0;
    for (size_t i = 0; i < p->taken.n; i++) {
        left += !p->taken.v[i];
    }
    return left;
}

const struct peer_request *peer_last(const struct peer *p, size_t n)
{
    if (n >= p->requests.n) {
        fail_msg("there were only %zu requests", p->requests.n);
    }
    return &p->requests.v[p->requests.n - 1 - n];
}

size_t peer_count(const struct peer *p, const char *part)
{
    size_t n = 0;
    for (size_t i = 0; i < p->requests.n; i++) {
        n += strstr(p->requests.v[i].line, part) != NULL;
    }
    return n;
}

static struct http_exchange **newest(struct peer *p)
{
    for (size_t i = p->streams.n; i-- > 0;) {
        if (p->streams.v[i]) {
            return &p->streams.v[i];
        }
    }
    fail_msg("no stream is open");
    return NULL;
}

void peer_send(struct peer *p, const char *text)
{
    http_reply_chunk(*newest(p), str_c(text));
}

void peer_sendf(struct peer *p, const char *fmt, ...)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
    va_list args;
    va_start(args, fmt);
    buf_addv(&b, fmt, args);
    va_end(args);
    peer_send(p, b.p);
}

void peer_end(struct peer *p)
{
    http_reply_end(TAKE(*newest(p)));
}

void peer_break(struct peer *p)
{
    http_x_reset(TAKE(*newest(p)));
}

size_t peer_open_streams(const struct peer *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->streams.n; i++) {
        n += p->streams.v[i] != NULL;
    }
    return n;
}

void peer_release(struct peer *p, int status, const char *body)
{
    must(p->held.n > 0);
    struct http_exchange *x = p->held.v[0];
    vec_remove(&p->held, 0);
    http_reply(x, status, "application/json", str_c(body));
}

void peer_stop(struct peer *p)
{
    end_all(p);
    http_server_free(TAKE(p->server));
}

void peer_start(struct peer *p)
{
    uint64_t port = 0;
    ptrdiff_t colon = str_rfind_byte(str_c(p->url), ':');
    for (const char *c = p->url + colon + 1; *c; c++) {
        port = port * 10 + (uint64_t)(*c - '0');
    }
    serve(p, (uint16_t)port);
}
