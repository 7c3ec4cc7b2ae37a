/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/request_log.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/map.h"
#include "base/vec.h"

enum { MAX_TEXT = 200 };

struct row {
    char *site, *route, *client;
    int status;
    int64_t count;
};
struct recent {
    ns_t real;
    ns_t took;
    const char *site;
    const char *route;
    char *host, *method, *path, *client;
    int status;
};
struct request_log {
    struct map rows; /* "site route client status" -> struct row */
    VEC(struct row *) order;
    struct recent recent[REQUEST_LOG_RECENT];
    size_t n_recent; /* ever; the ring holds the last ones */
    int64_t requests;
    int64_t connections;
    int64_t tokens;
};

struct request_log *request_log_new(void)
{
    return xcalloc(1, sizeof(struct request_log));
}

static void row_free(void *p)
{
    struct row *r = p;
    free(r->site);
    free(r->route);
    free(r->client);
    free(r);
}

static void recent_done(struct recent *r)
{
    free(r->host);
    free(r->method);
    free(r->path);
    free(r->client);
}

void request_log_clear(struct request_log *l)
{
    map_done_with(&l->rows, row_free);
    vec_done(&l->order);
    for (size_t i = 0; i < REQUEST_LOG_RECENT; i++) {
        recent_done(&l->recent[i]);
    }
    *l = (struct request_log){0};
}

void request_log_free(struct request_log *l)
{
    if (l) {
        request_log_clear(l);
        free(l);
    }
}

static void count_row(struct request_log *l, const struct call *c)
{
    struct str client = str_head(c->client, MAX_TEXT);
    AUTO(buf_done) struct buf key = BUF_INIT(1024);
    buf_addf(&key, "%s|%s|%.*s|%d", site_name(c->site), c->route, STR_ARG(client), c->status);
    struct row *r = map_get(&l->rows, buf_str(&key));
    if (!r) {
        if (l->order.n == REQUEST_LOG_ROWS) {
            return;
        }
        r = xcalloc(1, sizeof(*r));
        *r = (struct row){.site = xstrdup(site_name(c->site)),
                          .route = xstrdup(c->route),
                          .client = str_dup(client),
                          .status = c->status};
        map_set(&l->rows, buf_str(&key), r);
        vec_push(&l->order, r);
    }
    r->count++;
}

void request_log_add(struct request_log *l, const struct call *c, ns_t real)
{
    l->requests++;
    l->tokens += c->token_issued;
    count_row(l, c);
    struct recent *r = &l->recent[l->n_recent++ % REQUEST_LOG_RECENT];
    recent_done(r);
    *r = (struct recent){
        .real = real,
        .took = clock_mono() - c->started,
        .site = site_name(c->site),
        .route = c->route,
        .host = str_dup(str_head(c->host, MAX_TEXT)),
        .method = str_dup(str_head(c->method, MAX_TEXT)),
        .path = str_dup(str_head(c->path, MAX_TEXT)),
        .client = str_dup(str_head(c->client, MAX_TEXT)),
        .status = c->status,
    };
}

void request_log_connection(struct request_log *l)
{
    l->connections++;
}

static void write_recent(struct json_writer *w, const struct recent *r)
{
    char time[RFC3339_SIZE];
    json_w_object(w);
    json_w_strings(w, "time", rfc3339_format_micro(r->real, time), "site", r->site, "host", r->host,
                   "method", r->method, "path", r->path, "route", r->route, "client", r->client,
                   NULL);
    json_w_key(w, "status");
    json_w_int(w, r->status);
    json_w_key(w, "micros");
    json_w_int(w, r->took / NS_US);
    json_w_end(w);
}

static void write_totals(const struct request_log *l, struct json_writer *w)
{
    json_w_key(w, "requests");
    json_w_int(w, l->requests);
    json_w_key(w, "connections");
    json_w_int(w, l->connections);
    json_w_key(w, "tokens");
    json_w_int(w, l->tokens);
}

void request_log_write(const struct request_log *l, struct json_writer *w)
{
    json_w_object(w);
    write_totals(l, w);
    json_w_key(w, "counts");
    json_w_array(w);
    for (size_t i = 0; i < l->order.n; i++) {
        const struct row *r = l->order.v[i];
        json_w_object(w);
        json_w_strings(w, "site", r->site, "route", r->route, "client", r->client, NULL);
        json_w_key(w, "status");
        json_w_int(w, r->status);
        json_w_key(w, "count");
        json_w_int(w, r->count);
        json_w_end(w);
    }
    json_w_end(w);
    json_w_key(w, "recent");
    json_w_array(w);
    size_t first = l->n_recent > REQUEST_LOG_RECENT ? l->n_recent - REQUEST_LOG_RECENT : 0;
    for (size_t i = first; i < l->n_recent; i++) {
        write_recent(w, &l->recent[i % REQUEST_LOG_RECENT]);
    }
    json_w_end(w);
    json_w_end(w);
}
