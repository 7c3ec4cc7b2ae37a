/* SPDX-License-Identifier: Apache-2.0 */
#include "app/server.h"

#include "net/listen_address.h"

enum { PAGE_MAX = 64 << 20, REASON_MAX = 4096 };

struct app_server {
    struct app_server_config config;
    struct http_server *http;
};

static void text(struct http_exchange *x, int status, struct str body)
{
    http_reply(x, status, "text/plain; charset=utf-8", body);
}

static void serve_metrics(struct app_server *s, struct http_exchange *x)
{
    AUTO(buf_done) struct buf out = BUF_INIT(PAGE_MAX);
    metrics_write(s->config.metrics, &out);
    http_reply(x, 200, METRICS_CONTENT_TYPE, buf_str(&out));
}

static void serve_probe(struct app_server *s, struct http_exchange *x,
                        bool (*probe)(void *arg, struct buf *why), struct str good)
{
    AUTO(buf_done) struct buf why = BUF_INIT(REASON_MAX);
    if (!probe || probe(s->config.arg, &why)) {
        text(x, 200, good);
    } else {
        buf_add_byte(&why, '\n');
        text(x, 500, buf_str(&why));
    }
}

static void serve_healthz(struct app_server *s, struct http_exchange *x)
{
    serve_probe(s, x, s->config.alive, STR("ok"));
}

/* The word that Reloader's probe answers. */
static void serve_live(struct app_server *s, struct http_exchange *x)
{
    serve_probe(s, x, s->config.alive, STR("alive"));
}

static void serve_readyz(struct app_server *s, struct http_exchange *x)
{
    serve_probe(s, x, s->config.ready, STR("ok"));
}

/* Namespaces need no decoding: they have letters, digits and dashes. */
static struct str query_value(struct str query, struct str name)
{
    for (struct str rest = query, part; str_split(&rest, '&', &part);) {
        if (str_starts(part, name) && part.n > name.n && part.p[name.n] == '=') {
            return str_from(part, name.n + 1);
        }
    }
    return STR_EMPTY;
}

static void serve_status(struct app_server *s, struct http_exchange *x)
{
    AUTO(buf_done) struct buf out = BUF_INIT(PAGE_MAX);
    if (!s->config.status) {
        text(x, 404, STR("404 page not found\n"));
        return;
    }
    s->config.status(s->config.arg, query_value(http_x_query(x), STR("namespace")), &out);
    if (!buf_ok(&out)) {
        text(x, 500, STR("the status is too large; ask for one ?namespace=NAME\n"));
        return;
    }
    http_reply(x, 200, "application/json", buf_str(&out));
}

static const struct {
    struct str path;
    void (*serve)(struct app_server *s, struct http_exchange *x);
} routes[] = {
    {STR_INIT("/metrics"), serve_metrics}, {STR_INIT("/healthz"), serve_healthz},
    {STR_INIT("/live"), serve_live},       {STR_INIT("/readyz"), serve_readyz},
    {STR_INIT("/status"), serve_status},
};

static void handle(void *arg, struct http_exchange *x)
{
    struct str method = http_x_method(x);
    if (!str_eq(method, STR("GET")) && !str_eq(method, STR("HEAD"))) {
        http_x_set_header(x, "Allow", STR("GET, HEAD"));
        text(x, 405, STR("only GET is served here\n"));
        return;
    }
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        if (str_eq(http_x_path(x), routes[i].path)) {
            routes[i].serve(arg, x);
            return;
        }
    }
    text(x, 404, STR("404 page not found\n"));
}

struct app_server *app_server_new(struct loop *l, const struct app_server_config *config,
                                  struct err **err)
{
    struct listen_address address;
    if (listen_address_parse(str_c(config->listen), &address, err) != 0) {
        return NULL;
    }
    struct app_server *s = xcalloc(1, sizeof(*s));
    s->config = *config;
    struct http_server_config http = {.address = address.host,
                                      .port = address.port,
                                      .tls = config->tls,
                                      .max_connections = 64,
                                      .handle = handle,
                                      .arg = s};
    s->http = http_server_new(l, &http, err);
    if (!s->http) {
        free(s);
        return NULL;
    }
    return s;
}

void app_server_free(struct app_server *s)
{
    if (s) {
        http_server_free(s->http);
        free(s);
    }
}

uint16_t app_server_port(const struct app_server *s)
{
    return http_server_port(s->http);
}
