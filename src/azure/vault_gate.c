/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/vault_gate.h"

#include "base/clock.h"
#include "base/random.h"

#define LONGEST_PAUSE (60 * NS_S)

/* So many failures in a row, and it is the vault that is ill, not one request. */
enum { BROKEN_RUN = 4 };

static void on_timer(void *arg);

struct vault_gate *vault_gate_new(struct loop *l, struct str host,
                                  const struct vault_gate_config *config)
{
    struct vault_gate *g = xcalloc(1, sizeof(*g));
    g->loop = l;
    g->refs = 1;
    g->host = str_dup(host);
    g->config = *config;
    g->tokens = config->burst;
    g->filled = clock_mono();
    TAILQ_INIT(&g->queue);
    timer_init(&g->timer, l, on_timer, g);
    return g;
}

struct vault_gate *vault_gate_ref(struct vault_gate *g)
{
    g->refs++;
    return g;
}

void vault_gate_unref(struct vault_gate *g)
{
    if (!g || --g->refs > 0) {
        return;
    }
    must(TAILQ_EMPTY(&g->queue) && g->in_flight == 0);
    timer_cancel(&g->timer);
    free(g->host);
    free(g);
}

ns_t vault_gate_paused(const struct vault_gate *g)
{
    return MAX(g->paused_until - clock_mono(), (ns_t)0);
}

/* ---- the queue ---- */

static void refill(struct vault_gate *g)
{
    ns_t now = clock_mono();
    double seconds = (double)(now - g->filled) / (double)NS_S;
    g->tokens = MIN(g->tokens + seconds * g->config.rate, g->config.burst);
    g->filled = now;
}

static struct gate_ticket *take_first(struct vault_gate *g)
{
    struct gate_ticket *t = TAILQ_FIRST(&g->queue);
    TAILQ_REMOVE(&g->queue, t, link);
    g->queued--;
    t->state = TICKET_IDLE;
    return t;
}

static void let_in(struct vault_gate *g)
{
    struct gate_ticket *t = take_first(g);
    g->tokens -= 1;
    g->in_flight++;
    t->state = TICKET_IN;
    t->began = clock_mono();
    t->probe = g->pauses > 0;
    g->probing |= t->probe;
    t->fn(t->arg, NULL);
}

static void send_away(struct vault_gate *g)
{
    AUTO(err_freep) struct err *err = NULL;
    ns_t pause = vault_gate_paused(g);
    err_set(&err, g->throttled ? ERR_THROTTLED : ERR_UNAVAILABLE,
            "vault %s is left alone for another %.0f s because it %s", g->host,
            (double)pause / (double)NS_S, g->throttled ? "asked for that (429)" : "did not answer");
    err->retry_after = pause;
    struct gate_ticket *t = take_first(g);
    t->fn(t->arg, err);
}

/* Lets in who may go in, and sets the timer for the next one. A callback may enter, leave and
 * cancel; the gate stays, since whoever is in its queue holds it. */
static void serve(struct vault_gate *g)
{
    vault_gate_ref(g);
    while (!TAILQ_EMPTY(&g->queue)) {
        refill(g);
        ns_t pause = vault_gate_paused(g);
        if (pause > GATE_PATIENCE) {
            send_away(g);
            continue;
        }
        if (pause > 0) {
            timer_set(&g->timer, pause);
            break;
        }
        if (g->in_flight >= g->config.max_in_flight || g->probing) {
            break; /* vault_gate_leave goes on */
        }
        if (g->tokens < 1) {
            timer_set(&g->timer, (ns_t)((1 - g->tokens) / g->config.rate * (double)NS_S) + 1);
            break;
        }
        let_in(g);
    }
    vault_gate_unref(g);
}

static void on_timer(void *arg)
{
    serve(arg);
}

/* Not inside the caller's call. */
static void serve_soon(struct vault_gate *g)
{
    if (!TAILQ_EMPTY(&g->queue) && !timer_is_set(&g->timer)) {
        timer_set(&g->timer, 0);
    }
}

void vault_gate_enter(struct vault_gate *g, struct gate_ticket *t)
{
    must(t->state == TICKET_IDLE);
    t->state = TICKET_QUEUED;
    TAILQ_INSERT_TAIL(&g->queue, t, link);
    g->queued++;
    serve_soon(g);
}

/* ---- pauses ---- */

/* Answers to what was sent before the pause began say nothing new. */
static void pause_for(struct vault_gate *g, const struct gate_ticket *t, bool throttled, ns_t wish)
{
    ns_t now = clock_mono();
    timer_cancel(&g->timer);
    if (t->began < g->pause_began && now < g->paused_until) {
        g->paused_until = MAX(g->paused_until, now + wish);
        return;
    }
    ns_t own = g->pauses < 6 ? NS_S << g->pauses : LONGEST_PAUSE;
    ns_t duration = wish > 0 ? wish : random_jitter(own, 0.2);
    g->pauses++;
    g->pause_began = now;
    g->paused_until = now + duration;
    g->throttled = throttled;
    if (g->config.on_pause) {
        g->config.on_pause(g->config.arg, str_c(g->host), duration);
    }
}

void vault_gate_leave(struct vault_gate *g, struct gate_ticket *t, enum gate_outcome outcome,
                      ns_t retry_after)
{
    must(t->state == TICKET_IN);
    t->state = TICKET_IDLE;
    g->in_flight--;
    if (t->probe) {
        g->probing = false;
        t->probe = false;
    }
    if (outcome == GATE_FINE) {
        g->broken = 0;
        g->pauses = t->began >= g->pause_began ? 0 : g->pauses;
    } else if (outcome == GATE_THROTTLED || (outcome == GATE_BROKEN && retry_after > 0)) {
        pause_for(g, t, outcome == GATE_THROTTLED, retry_after);
    } else if (outcome == GATE_BROKEN && ++g->broken >= BROKEN_RUN) {
        pause_for(g, t, false, 0);
    }
    serve_soon(g);
}

void vault_gate_cancel(struct vault_gate *g, struct gate_ticket *t)
{
    if (t->state == TICKET_QUEUED) {
        TAILQ_REMOVE(&g->queue, t, link);
        g->queued--;
        t->state = TICKET_IDLE;
    } else if (t->state == TICKET_IN) {
        vault_gate_leave(g, t, GATE_UNKNOWN, 0);
    }
}
