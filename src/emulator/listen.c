/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection counts in the request log when its handshake names a host (certificates.c).
 */
#include "emulator/listen.h"

#include "base/clock.h"
#include "emulator/certificates.h"
#include "emulator/faults.h"
#include "net/http_server.h"
#include "net/listen_address.h"

enum { LISTENERS = 3, MAX_CONNECTIONS = 4096 };

struct listener_state {
    struct emulator *e;
    enum listener kind;
    struct http_server *server;
};
struct listeners {
    struct listener_state state[LISTENERS];
    struct slow_answer *slow; /* under way */
};

/* ---- answers ---- */

static struct str get_header(void *transport, const char *name)
{
    return http_x_header(transport, name);
}

/* An answer that goes out a little at a time; it outlives the call. */
struct slow_answer {
    struct listeners *owner;
    struct slow_answer *next, *prev;
    struct http_exchange *x;
    struct timer timer;
    struct buf body;
    size_t sent;
    size_t per_tick;
};
#define SLOW_TICK (100 * NS_MS)

static void slow_end(struct slow_answer *s)
{
    if (s->next) {
        s->next->prev = s->prev;
    }
    if (s->prev) {
        s->prev->next = s->next;
    } else {
        s->owner->slow = s->next;
    }
    timer_cancel(&s->timer);
    http_reply_end(s->x);
    buf_done(&s->body);
    free(s);
}

static void slow_step(void *arg)
{
    struct slow_answer *s = arg;
    struct str part = str_head(str_from(buf_str(&s->body), s->sent), s->per_tick);
    if (part.n == 0) {
        slow_end(s);
        return;
    }
    http_reply_chunk(s->x, part);
    s->sent += part.n;
    timer_set(&s->timer, SLOW_TICK);
}

static void answer_slowly(struct http_exchange *x, struct call *c, int64_t rate)
{
    struct listeners *l = c->emu->listeners;
    struct slow_answer *s = xcalloc(1, sizeof(*s));
    *s = (struct slow_answer){.owner = l, .next = l->slow, .x = x};
    if (s->next) {
        s->next->prev = s;
    }
    l->slow = s;
    s->body = BUF_INIT_WIPE(CALL_MAX_ANSWER);
    s->per_tick = (size_t)MAX(rate / (NS_S / SLOW_TICK), 1);
    buf_add_str(&s->body, buf_str(&c->out));
    timer_init(&s->timer, c->emu->loop, slow_step, s);
    http_reply_begin(x, c->status, c->content_type);
    slow_step(s);
}

static void answer(void *transport, struct call *c)
{
    struct http_exchange *x = transport;
    const struct fault *f = c->fault;
    for (size_t i = 0; i < c->n_headers; i++) {
        http_x_set_header(x, c->headers[i].name, c->headers[i].value);
    }
    if (f && f->reset) {
        http_x_reset(x);
    } else if (f && f->truncate >= 0) {
        http_x_truncate(x, c->status, c->content_type, buf_str(&c->out), (size_t)f->truncate);
    } else if (f && f->slow > 0) {
        answer_slowly(x, c, f->slow);
    } else {
        http_reply(x, c->status, c->content_type, buf_str(&c->out));
    }
}

static void handle(void *arg, struct http_exchange *x)
{
    static const struct call_transport transport = {.header = get_header, .answer = answer};
    struct listener_state *state = arg;
    struct call *c = call_new(state->e, state->kind, &transport, x);
    c->peer = http_x_peer(x);
    c->server_name = http_x_server_name(x);
    call_set_target(c, http_x_method(x), http_x_header(x, "Host"), http_x_target(x),
                    http_x_body(x));
    emulator_dispatch(c);
}

/* ---- opening ---- */

static int open_listener(struct listener_state *state, const char *where, struct ssl_ctx_st *tls,
                         struct err **err)
{
    struct listen_address address;
    if (!where) {
        return 0;
    }
    if (listen_address_parse(str_c(where), &address, err) != 0) {
        return -1;
    }
    const struct http_server_config config = {
        .address = address.host,
        .port = address.port,
        .tls = tls,
        .max_body = CALL_MAX_BODY,
        .max_connections = MAX_CONNECTIONS,
        .handle = handle,
        .arg = state,
    };
    state->server = http_server_new(state->e->loop, &config, err);
    return state->server ? 0 : -1;
}

struct listeners *listeners_new(struct emulator *e, struct err **err)
{
    struct listeners *l = xcalloc(1, sizeof(*l));
    const char *where[LISTENERS] = {
        [LISTENER_MAIN] = e->config.listen,
        [LISTENER_MSI] = e->config.msi_listen,
        [LISTENER_ADMIN] = e->config.admin_listen,
    };
    for (size_t i = 0; i < LISTENERS; i++) {
        l->state[i] = (struct listener_state){.e = e, .kind = (enum listener)i};
        struct ssl_ctx_st *tls = i == LISTENER_MAIN ? certificates_context(e->certificates) : NULL;
        if (open_listener(&l->state[i], where[i], tls, err) != 0) {
            listeners_free(l);
            return NULL;
        }
    }
    return l;
}

void listeners_free(struct listeners *l)
{
    if (l) {
        for (struct slow_answer *s = l->slow, *next; s; s = next) {
            next = s->next;
            slow_end(s);
        }
        for (size_t i = 0; i < LISTENERS; i++) {
            http_server_free(l->state[i].server);
        }
        free(l);
    }
}

static uint16_t port_of(const struct listeners *l, enum listener kind)
{
    return l->state[kind].server ? http_server_port(l->state[kind].server) : 0;
}

struct emulator_ports listeners_ports(const struct listeners *l)
{
    return (struct emulator_ports){
        .main = port_of(l, LISTENER_MAIN),
        .msi = port_of(l, LISTENER_MSI),
        .admin = port_of(l, LISTENER_ADMIN),
    };
}
