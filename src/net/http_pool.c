/* SPDX-License-Identifier: Apache-2.0
 *
 * http_pool: a curl multi handle whose sockets and timer are libevent's. curl says which
 * descriptors it wants to hear of and when it wants to be called; nothing polls.
 *
 * Curl's timer runs on real time, not on base/clock: it is about sockets and name look-ups, which
 * do not wait for a fake clock either.
 */
#include <event2/event.h>

#include "net/http_client_internal.h"
#include "net/loop_internal.h"
#include "net/tls_client.h"

struct pool_socket {
    struct pool *pool;
    struct event *event;
};

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct pool_socket *s = arg;
    int events = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    client_drive(s->pool, fd, events); /* may free s */
}

static void on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
    client_drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void socket_free(struct pool_socket *s)
{
    if (s) {
        event_free(s->event);
        free(s);
    }
}

static struct pool_socket *socket_new(struct pool *p, curl_socket_t fd)
{
    struct pool_socket *s = xcalloc(1, sizeof(*s));
    s->pool = p;
    s->event = event_new(loop_base(p->generation->client->loop), fd, 0, on_ready, s);
    must(s->event && curl_multi_assign(p->multi, fd, s) == CURLM_OK);
    return s;
}

/* CURLMOPT_SOCKETFUNCTION: which events curl wants of a descriptor from now on. */
static int on_socket(CURL *easy UNUSED, curl_socket_t fd, int what, void *pool, void *socket)
{
    struct pool *p = pool;
    struct pool_socket *s = socket;
    if (what == CURL_POLL_REMOVE) {
        socket_free(s);
        return curl_multi_assign(p->multi, fd, NULL) == CURLM_OK ? 0 : -1;
    }
    s = s ? s : socket_new(p, fd);
    short events = EV_PERSIST;
    events |= what & CURL_POLL_IN ? EV_READ : 0;
    events |= what & CURL_POLL_OUT ? EV_WRITE : 0;
    event_del(s->event);
    must(event_assign(s->event, event_get_base(s->event), fd, events, on_ready, s) == 0);
    must(event_add(s->event, NULL) == 0);
    return 0;
}

/* CURLMOPT_TIMERFUNCTION: when curl wants to be called; -1: not at all. */
static int set_timer(CURLM *multi UNUSED, long ms, void *arg)
{
    struct pool *p = arg;
    if (ms < 0) {
        return evtimer_del(p->timer);
    }
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    return evtimer_add(p->timer, &tv);
}

static void pool_init(struct pool *p, struct generation *g, size_t max_connections)
{
    *p = (struct pool){.generation = g, .multi = curl_multi_init()};
    p->timer = evtimer_new(loop_base(g->client->loop), on_timer, p);
    must(p->multi && p->timer);
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)max_connections);
    if (max_connections > 0) {
        /* Otherwise curl keeps four for each transfer under way: at the end of a burst it would
         * close most of them and open them again for the next one. */
        curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)max_connections);
    }
}

static void pool_done(struct pool *p)
{
    must(p->running == 0);
    curl_multi_cleanup(p->multi);
    event_free(p->timer);
}

struct generation *generation_new(struct http_client *c, struct tls_client *tls)
{
    struct generation *g = xcalloc(1, sizeof(*g));
    g->client = c;
    g->tls = tls;
    g->share = curl_share_init();
    must(g->share);
    curl_share_setopt(g->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_share_setopt(g->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    pool_init(&g->requests, g, c->config.max_connections);
    pool_init(&g->watches, g, 0);
    return g;
}

void generation_free(struct generation *g)
{
    if (g) {
        pool_done(&g->requests);
        pool_done(&g->watches);
        curl_share_cleanup(g->share);
        tls_client_free(g->tls);
        free(g);
    }
}

void pool_add(struct pool *p, struct http_call *call)
{
    call->pool = p;
    p->running++;
    must(curl_multi_add_handle(p->multi, call->easy) == CURLM_OK);
}

void pool_remove(struct http_call *call)
{
    must(curl_multi_remove_handle(call->pool->multi, call->easy) == CURLM_OK);
    call->pool->running--;
    call->pool = NULL;
}

struct http_call *pool_next_done(struct pool *p, CURLcode *code)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(p->multi, &left));) {
        if (m->msg == CURLMSG_DONE) {
            *code = m->data.result;
            struct http_call *call;
            must(curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&call) == CURLE_OK);
            return call;
        }
    }
    return NULL;
}
