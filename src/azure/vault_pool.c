/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/vault_internal.h"
#include "codec/url.h"

#define RATE_DEFAULT      100.0
#define BURST_DEFAULT     2000.0
#define IN_FLIGHT_DEFAULT 15 /* with the one for signing in 16 connections */
#define HOLD_DEFAULT      (2 * NS_S)
#define PINNED_DEFAULT    NS_H

static void keep(struct arena *a, struct str *s)
{
    *s = s->n > 0 ? arena_str(a, *s) : STR_EMPTY;
}

static void keep_http(struct arena *a, struct http_client_config *http)
{
    struct str *views[] = {&http->tls.ca_pem,  &http->tls.extra_ca_pem, &http->tls.cert_pem,
                           &http->tls.key_pem, &http->tls.server_name,  &http->proxy,
                           &http->user_agent};
    for (size_t i = 0; i < COUNT_OF(views); i++) {
        keep(a, views[i]);
    }
}

struct vault_pool *vault_pool_new(const struct vault_pool_config *config)
{
    struct vault_pool *p = xcalloc(1, sizeof(*p));
    p->arena = ARENA_INIT(ARENA_WIPE);
    p->config = *config;
    struct vault_pool_config *c = &p->config;
    c->rate = c->rate > 0 ? c->rate : RATE_DEFAULT;
    c->burst = c->burst >= 1 ? c->burst : BURST_DEFAULT;
    c->max_in_flight = c->max_in_flight > 0 ? c->max_in_flight : IN_FLIGHT_DEFAULT;
    c->hold = c->hold == 0 ? HOLD_DEFAULT : MAX(c->hold, (ns_t)0);
    c->pinned = c->pinned > 0 ? c->pinned : PINNED_DEFAULT;
    c->api_version = arena_dup(&p->arena, str_c(c->api_version ? c->api_version : "7.4"));
    c->http.max_connections = c->max_in_flight;
    c->http.max_in_flight = c->max_in_flight;
    keep_http(&p->arena, &c->http);
    return p;
}

/* ---- gates ---- */

/* Ports belong to a vault's name: two emulators on one machine are two vaults. */
static struct vault_gate *gate_of(struct vault_pool *p, struct str url)
{
    struct url parts;
    must(url_parse(url, &parts, NULL) == 0);
    struct vault_gate *g = map_get(&p->gates, parts.authority);
    if (g) {
        return vault_gate_ref(g);
    }
    const struct vault_gate_config config = {.rate = p->config.rate,
                                             .burst = p->config.burst,
                                             .max_in_flight = p->config.max_in_flight,
                                             .on_pause = p->config.hooks.pause,
                                             .arg = p->config.hooks.arg};
    g = vault_gate_new(p->config.loop, parts.authority, &config);
    map_set(&p->gates, parts.authority, g);
    return g;
}

/* ---- readers ---- */

void reader_saved(struct vault_reader *r, const char *how)
{
    const struct vault_hooks *hooks = &r->pool->config.hooks;
    if (hooks->saved) {
        hooks->saved(hooks->arg, how);
    }
}

static void on_call(void *arg, const char *name, bool ok, ns_t took)
{
    struct vault_reader *r = arg;
    const struct vault_hooks *hooks = &r->pool->config.hooks;
    /* GetSecrets, GetKeys, GetCertificates are pages. */
    if (str_starts(str_c(name), STR("Get"))) {
        *(str_ends(str_c(name), STR("s")) ? &r->list_pages : &r->get_requests) += 1;
    }
    if (hooks->call) {
        hooks->call(hooks->arg, name, ok, took);
    }
}

static void reader_free(struct vault_reader *r)
{
    must(r->refs == 0);
    hand_drop_all(r);
    must(r->entries.n == 0 && TAILQ_EMPTY(&r->plan));
    for (size_t k = 0; k < KINDS; k++) {
        must(TAILQ_EMPTY(&r->kinds[k].queue));
        listing_free(r->kinds[k].running);
        listing_free(r->kinds[k].kept);
    }
    timer_cancel(&r->linger);
    timer_cancel(&r->gather);
    timer_cancel(&r->hand_timer);
    vault_client_free(r->client);
    map_del(&r->pool->readers, str_c(r->key));
    bool last = r->gate->refs == 1;
    if (last) {
        map_del(&r->pool->gates, str_c(r->gate->host));
    }
    vault_gate_unref(r->gate);
    map_done(&r->entries);
    free(r->key);
    free(r->url);
    free(r);
}

static void on_linger(void *arg)
{
    reader_free(arg);
}

static struct vault_reader *new_reader(struct vault_pool *p, struct str key, struct str url,
                                       struct str resource, struct azure_credential *credential)
{
    struct vault_reader *r = xcalloc(1, sizeof(*r));
    r->pool = p;
    r->key = str_dup(key);
    r->url = str_dup(url);
    r->gate = gate_of(p, url);
    const struct vault_client_config config = {.loop = p->config.loop,
                                               .tokens = p->config.tokens,
                                               .credential = credential,
                                               .gate = r->gate,
                                               .url = url,
                                               .resource = resource,
                                               .http = &p->config.http,
                                               .api_version = p->config.api_version,
                                               .hooks = {.call = on_call, .arg = r}};
    r->client = vault_client_new(&config);
    timer_init(&r->linger, p->config.loop, on_linger, r);
    timer_init(&r->gather, p->config.loop, check_plan, r);
    timer_init(&r->hand_timer, p->config.loop, hand_on_timer, r);
    r->entries = MAP_INIT;
    TAILQ_INIT(&r->plan);
    TAILQ_INIT(&r->hand);
    for (size_t k = 0; k < KINDS; k++) {
        TAILQ_INIT(&r->kinds[k].queue);
    }
    map_set(&p->readers, key, r);
    return r;
}

struct vault_reader *vault_pool_reader(struct vault_pool *p, struct str vault_url,
                                       struct azure_credential *credential,
                                       const struct azure_cloud *cloud, struct str resource,
                                       struct err **err)
{
    AUTO(buf_done) struct buf url = BUF_INIT(2048);
    AUTO(buf_done) struct buf wanted = BUF_INIT(2048);
    AUTO(buf_done) struct buf key = BUF_INIT(32 << 10);
    if (azure_vault_url(vault_url, p->config.allow_http, &url, err) != 0) {
        return NULL;
    }
    if (resource.n > 0) {
        buf_add_str(&wanted, resource);
    } else {
        azure_vault_resource(cloud, buf_str(&url), &wanted);
    }
    if (!buf_ok(&url) || !buf_ok(&wanted)) {
        err_set(err, ERR_LIMIT, "the vault URL or the resource is too long");
        return NULL;
    }
    buf_addf(&key, "%s|%s|", url.p, wanted.p);
    buf_add_str(&key, azure_credential_key(credential));
    must(buf_ok(&key));
    struct vault_reader *r = map_get(&p->readers, buf_str(&key));
    if (r) {
        vault_client_set_credential(r->client, credential);
    } else {
        r = new_reader(p, buf_str(&key), buf_str(&url), buf_str(&wanted), credential);
    }
    return vault_reader_ref(r);
}

struct vault_reader *vault_reader_ref(struct vault_reader *r)
{
    r->refs++;
    timer_cancel(&r->linger);
    return r;
}

void vault_reader_unref(struct vault_reader *r)
{
    if (r && --r->refs == 0) {
        timer_set(&r->linger, LINGER);
    }
}

void vault_pool_free(struct vault_pool *p)
{
    if (!p) {
        return;
    }
    for (struct map_iter it = {0}; map_next(&p->readers, &it);) {
        reader_free(it.value);
    }
    map_done(&p->readers);
    must(p->gates.n == 0);
    map_done(&p->gates);
    arena_done(&p->arena);
    free(p);
}

struct str vault_reader_host(const struct vault_reader *r)
{
    return str_c(r->gate->host);
}

struct vault_client *vault_reader_client(struct vault_reader *r)
{
    return r->client;
}

struct vault_reader_stats vault_reader_stats(const struct vault_reader *r)
{
    return (struct vault_reader_stats){.get_requests = r->get_requests,
                                       .list_pages = r->list_pages,
                                       .lists = r->lists,
                                       .entries = r->entries.n,
                                       .in_flight = r->gate->in_flight,
                                       .queued = r->gate->queued,
                                       .paused = vault_gate_paused(r->gate)};
}

/* ---- waits ---- */

void vault_wait_cancel(struct vault_wait *w)
{
    if (!w) {
        return;
    }
    switch (w->kind) {
    case WAIT_READ:
        read_cancel(w);
        break;
    case WAIT_CHECK:
        check_cancel(w);
        break;
    case WAIT_LIST:
        list_cancel(w);
        break;
    }
}
