/* SPDX-License-Identifier: Apache-2.0
 *
 * client-go's algorithm as callbacks. One attempt is under way at a time, or the timer of the next
 * one is set:
 *
 *     attempt --(leader)--> PUT ----ok----> renewed
 *        |                   | else
 *        +--> GET <----------+
 *              | held by somebody, and not expired --> not now
 *              | 404 --> POST --ok--> acquired
 *              +-------> PUT --ok--> acquired or renewed
 *
 * The whole Lease is read and sent back, so that labels and annotations of others stay. Updates,
 * not patches: the charts of the programs Pawl stands in for grant only `update`.
 */
#include "kube/lease.h"

#include <unistd.h>

#define LOGGER "kube"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/log.h"
#include "base/random.h"

#define DURATION       (15 * NS_S)
#define RENEW_DEADLINE (10 * NS_S)
#define RETRY_PERIOD   (2 * NS_S)
#define ACQUIRE_JITTER 1.2

/* What others see: the spec of the Lease as it was last seen or written. */
struct record {
    struct buf text; /* the spec, to see a change */
    char *holder;    /* "" nobody */
    ns_t duration;   /* the holder's setting */
    ns_t seen;       /* clock_mono, when it was first like this */
    char *acquired;  /* acquireTime as it stands */
    int64_t transitions;
};

struct lease {
    struct lease_config config;
    char *texts[3]; /* ns, name, identity */
    struct loop *loop;
    struct kube_call *call;
    struct timer next;     /* the next attempt */
    struct timer deadline; /* leading ends, unless renewed before */
    ns_t attempted;        /* when the request under way was sent */
    struct arena arena;    /* of doc */
    struct json *doc;      /* the Lease as last read; NULL: none */
    struct record record;
    bool leader;
    struct err *why; /* the last failure */
    char *told;      /* the leader that new_leader was told of */
    void (*released)(void *arg);
    void *released_arg;
};

/* ---- birth and death ---- */

static void attempt(void *arg);
static void on_deadline(void *arg);

static char *own_identity(void)
{
    char host[256] = "pawl";
    char uuid[UUID_SIZE];
    (void)gethostname(host, sizeof(host) - 1);
    random_uuid(uuid);
    return xasprintf("%s_%s", host, uuid);
}

static int check_times(const struct lease_config *c, struct err **err)
{
    ns_t longest_wait = c->retry_period + (ns_t)((double)c->retry_period * ACQUIRE_JITTER);
    if (c->duration < NS_S || c->duration <= c->renew_deadline) {
        return err_set(err, ERR_INVALID,
                       "the duration of a lease must be at least 1 s and longer than its renew "
                       "deadline");
    }
    if (c->renew_deadline <= longest_wait - c->retry_period || c->retry_period <= 0) {
        return err_set(err, ERR_INVALID,
                       "the renew deadline of a lease must be longer than 1.2 times its retry "
                       "period");
    }
    return 0;
}

struct lease *lease_new(const struct lease_config *config, struct err **err)
{
    struct lease_config c = *config;
    c.duration = c.duration ? c.duration : DURATION;
    c.renew_deadline = c.renew_deadline ? c.renew_deadline : RENEW_DEADLINE;
    c.retry_period = c.retry_period ? c.retry_period : RETRY_PERIOD;
    if (check_times(&c, err) < 0) {
        return NULL;
    }
    struct lease *l = xcalloc(1, sizeof(*l));
    l->config = c;
    l->loop = kube_client_loop(c.client);
    l->texts[0] = str_dup(c.ns);
    l->texts[1] = str_dup(c.name);
    l->texts[2] = c.identity.n ? str_dup(c.identity) : own_identity();
    l->config.ns = str_c(l->texts[0]);
    l->config.name = str_c(l->texts[1]);
    l->config.identity = str_c(l->texts[2]);
    l->record.text = BUF_INIT(1 << 16);
    l->record.holder = xstrdup("");
    l->record.acquired = xstrdup("");
    l->told = xstrdup("");
    timer_init(&l->next, l->loop, attempt, l);
    timer_init(&l->deadline, l->loop, on_deadline, l);
    timer_set(&l->next, 0);
    return l;
}

void lease_free(struct lease *l)
{
    if (!l) {
        return;
    }
    kube_cancel(l->call);
    loop_undefer(l->loop, l);
    timer_cancel(&l->next);
    timer_cancel(&l->deadline);
    arena_done(&l->arena);
    buf_done(&l->record.text);
    free(l->record.holder);
    free(l->record.acquired);
    free(l->told);
    err_free(l->why);
    for (size_t i = 0; i < COUNT_OF(l->texts); i++) {
        free(l->texts[i]);
    }
    free(l);
}

bool lease_is_leader(const struct lease *l)
{
    return l->leader;
}

struct str lease_holder(const struct lease *l)
{
    return str_c(l->record.holder);
}

struct str lease_identity(const struct lease *l)
{
    return l->config.identity;
}

/* ---- the record ---- */

static bool is_mine(const struct lease *l)
{
    return str_eq(lease_holder(l), l->config.identity);
}

static bool has_expired(const struct lease *l)
{
    return clock_mono() >= l->record.seen + l->record.duration;
}

static void keep(char **where, struct str s)
{
    free(*where);
    *where = str_dup(s);
}

/* Takes the answer's document over. `seen` is when the record was as it is now at the latest. */
static void observe(struct lease *l, const struct kube_answer *answer, ns_t seen)
{
    arena_done(&l->arena);
    l->doc = (struct json *)(uintptr_t)answer->object;
    kube_answer_take(answer, &l->arena);
    const struct json *spec = json_get(l->doc, "spec");
    AUTO(buf_done) struct buf text = BUF_INIT(1 << 16);
    if (spec) {
        json_write(&text, spec, JSON_WRITE_PLAIN);
    }
    if (l->record.seen == 0 || !str_eq(buf_str(&text), buf_str(&l->record.text))) {
        buf_clear(&l->record.text);
        buf_add_str(&l->record.text, buf_str(&text));
        l->record.seen = seen;
    }
    int64_t seconds = json_int(json_get(spec, "leaseDurationSeconds"), l->config.duration / NS_S);
    l->record.duration = MIN(MAX(seconds, (int64_t)0), (int64_t)86400) * NS_S;
    l->record.transitions = json_int(json_get(spec, "leaseTransitions"), 0);
    keep(&l->record.holder, json_find_str(spec, "holderIdentity"));
    keep(&l->record.acquired, json_find_str(spec, "acquireTime"));
}

static void tell_new_leader(struct lease *l)
{
    struct str holder = lease_holder(l);
    if (holder.n == 0 || str_eq_c(holder, l->told)) {
        return;
    }
    keep(&l->told, holder);
    LOG_INFO("leader elected", F("lease", l->config.name), F("leader", holder));
    if (l->config.new_leader) {
        l->config.new_leader(l->config.arg, holder);
    }
}

/* ---- leading ---- */

static void stop_leading(struct lease *l, const struct err *why)
{
    timer_cancel(&l->deadline);
    l->leader = false;
    LOG_WARN("leadership lost", F("lease", l->config.name), F("error", why));
    l->config.stopped(l->config.arg, why);
}

static void on_deadline(void *arg)
{
    struct lease *l = arg;
    kube_cancel(TAKE(l->call));
    AUTO(err_freep) struct err *why = l->why ? TAKE(l->why) : NULL;
    if (!why) {
        err_set(&why, ERR_TIMEOUT, "no answer from the API server");
    }
    err_wrap(&why, "the lease could not be renewed in %d s",
             (int)(l->config.renew_deadline / NS_S));
    timer_set(&l->next, l->config.retry_period);
    stop_leading(l, why);
}

/* The lease is ours since `attempted`. */
static void hold(struct lease *l)
{
    bool new_one = !l->leader;
    l->leader = true;
    err_free(TAKE(l->why));
    timer_set_at(&l->deadline, l->attempted + l->config.renew_deadline);
    timer_set(&l->next, l->config.retry_period);
    tell_new_leader(l);
    if (new_one) {
        l->config.started(l->config.arg);
    }
}

/* Tries again; a leader stays one until its deadline, unless it sees another holder. */
static void not_now(struct lease *l, const struct err *err)
{
    ns_t delay = l->config.retry_period;
    err_free(l->why);
    l->why = err_copy(err);
    if (err) {
        LOG_DEBUG("no lease", F("lease", l->config.name), F("error", err));
    }
    if (!l->leader) {
        delay += (ns_t)random_below((uint64_t)((double)delay * ACQUIRE_JITTER));
    }
    timer_set(&l->next, delay);
    tell_new_leader(l);
    if (l->leader && !err && !is_mine(l)) {
        AUTO(err_freep) struct err *why = NULL;
        err_set(&why, ERR_CONFLICT, "\"%s\" holds the lease now", l->record.holder);
        stop_leading(l, why);
    }
}

/* ---- requests ---- */

static void send(struct lease *l, enum kube_verb verb, struct str body, kube_done_fn *done)
{
    l->attempted = clock_mono();
    l->call = kube_submit(l->config.client,
                          &(struct kube_request){.verb = verb,
                                                 .resource = resource_of(RES_LEASES),
                                                 .ns = l->config.ns,
                                                 .name = l->config.name,
                                                 .body = body,
                                                 .flags = KUBE_URGENT,
                                                 .timeout = l->config.renew_deadline / 2,
                                                 .done = done,
                                                 .arg = l});
}

static void put_time(struct arena *a, struct json *spec, const char *key, ns_t real)
{
    char text[RFC3339_SIZE];
    json_set_str(a, spec, key, str_c(rfc3339_format_micro(real, text)));
}

/* acquireTime as it stood; written with exactly six decimals, as the server insists. */
static ns_t acquired_before(const struct lease *l)
{
    ns_t at = 0;
    return rfc3339_parse(str_c(l->record.acquired), &at) ? at : clock_real();
}

static void put_spec(struct arena *a, struct json *doc, struct str holder, ns_t duration,
                     ns_t acquired, int64_t transitions)
{
    struct json *spec = json_edit(a, doc, "spec");
    json_set_str(a, spec, "holderIdentity", holder);
    json_set(a, spec, STR("leaseDurationSeconds"), json_new_int(a, (duration + NS_S - 1) / NS_S));
    put_time(a, spec, "acquireTime", acquired);
    put_time(a, spec, "renewTime", clock_real());
    json_set(a, spec, STR("leaseTransitions"), json_new_int(a, transitions));
}

static void on_written(void *arg, const struct kube_answer *answer);

static void create(struct lease *l)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 16);
    struct json *doc = json_new_object(&a);
    json_set_str(&a, doc, "apiVersion", STR("coordination.k8s.io/v1"));
    json_set_str(&a, doc, "kind", STR("Lease"));
    struct json *meta = json_edit(&a, doc, "metadata");
    json_set_str(&a, meta, "name", l->config.name);
    json_set_str(&a, meta, "namespace", l->config.ns);
    put_spec(&a, doc, l->config.identity, l->config.duration, clock_real(), 0);
    json_write(&body, doc, JSON_WRITE_PLAIN);
    send(l, KUBE_CREATE, buf_str(&body), on_written);
}

static void update(struct lease *l, kube_done_fn *done)
{
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 20);
    ns_t acquired = is_mine(l) ? acquired_before(l) : clock_real();
    put_spec(&l->arena, l->doc, l->config.identity, l->config.duration, acquired,
             l->record.transitions + !is_mine(l));
    json_write(&body, l->doc, JSON_WRITE_PLAIN);
    send(l, KUBE_UPDATE, buf_str(&body), done);
}

static void on_written(void *arg, const struct kube_answer *answer)
{
    struct lease *l = arg;
    l->call = NULL;
    if (answer->err) {
        not_now(l, answer->err);
        return;
    }
    l->record.seen = 0; /* ours is new even if it reads the same */
    observe(l, answer, l->attempted);
    hold(l);
}

static void on_read(void *arg, const struct kube_answer *answer)
{
    struct lease *l = arg;
    l->call = NULL;
    if (answer->failure.missing == KUBE_MISSING_OBJECT) {
        create(l);
        return;
    }
    if (answer->err) {
        not_now(l, answer->err);
        return;
    }
    observe(l, answer, clock_mono());
    bool held = l->record.holder[0] && !is_mine(l) && !has_expired(l);
    if (held) {
        not_now(l, NULL);
    } else {
        update(l, on_written);
    }
}

static void read_lease(struct lease *l)
{
    send(l, KUBE_GET, STR_EMPTY, on_read);
}

/* What was read last may be stale: look again before giving up. */
static void on_renewed(void *arg, const struct kube_answer *answer)
{
    struct lease *l = arg;
    if (answer->err) {
        l->call = NULL;
        read_lease(l);
        return;
    }
    on_written(l, answer);
}

static void attempt(void *arg)
{
    struct lease *l = arg;
    if (l->leader && l->doc && is_mine(l) && !has_expired(l)) {
        update(l, on_renewed);
    } else {
        read_lease(l);
    }
}

/* ---- giving it back ---- */

static void tell_released(void *arg)
{
    struct lease *l = arg;
    l->released(l->released_arg);
}

static void on_given_back(void *arg, const struct kube_answer *answer)
{
    struct lease *l = arg;
    l->call = NULL;
    if (answer->err) {
        LOG_INFO("the lease was not given back, it will expire", F("lease", l->config.name),
                 F("error", answer->err));
    }
    tell_released(l);
}

static void give_back(void *arg, const struct kube_answer *answer)
{
    struct lease *l = arg;
    l->call = NULL;
    if (!answer->err) {
        observe(l, answer, clock_mono());
    }
    if (answer->err || !is_mine(l)) {
        tell_released(l);
        return;
    }
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 20);
    put_spec(&l->arena, l->doc, STR_EMPTY, NS_S, clock_real(), l->record.transitions);
    json_write(&body, l->doc, JSON_WRITE_PLAIN);
    send(l, KUBE_UPDATE, buf_str(&body), on_given_back);
}

void lease_release(struct lease *l, void (*done)(void *arg), void *arg)
{
    bool was_leader = l->leader;
    kube_cancel(TAKE(l->call));
    timer_cancel(&l->next);
    timer_cancel(&l->deadline);
    l->leader = false;
    l->released = done;
    l->released_arg = arg;
    if (was_leader) {
        send(l, KUBE_GET, STR_EMPTY, give_back);
    } else {
        loop_defer(l->loop, tell_released, l);
    }
}
