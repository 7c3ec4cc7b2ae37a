/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "reload"
#include "reload/burst.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "reload/lister.h"

enum {
    FEW = 8,          /* reads that go out at once, beyond one each PACE */
    WORTH = 8,        /* a list may bring as many times what is asked for */
    SPATES_MAX = 256, /* namespaces that are remembered although nothing happens in them */
    KEY_MAX = 600,
};

/* A list waits for GATHER for more to come; after one that failed there is none for REST. */
#define PACE   (10 * NS_MS)
#define GATHER (40 * NS_MS)
#define REST   (10 * NS_S)

/* What happens in one namespace, for one type. */
struct spate {
    struct burst *owner;
    enum source_type type;
    char *ns;
    ns_t last; /* clock_mono, as not_before */
    ns_t not_before;
    size_t recent;      /* reads that were due, less one for each PACE since */
    size_t n;           /* reads that were due since all was quiet */
    bool listing;       /* more came than is read at once; until a list was worth nothing */
    struct map waiting; /* keys for the next list */
    struct map asked;   /* keys of the list under way */
    struct timer timer;
    struct lister *lister;
};

struct burst {
    struct burst_config config;
    struct map spates; /* "type/ns/" */
};

static void free_spate(void *arg)
{
    struct spate *s = arg;
    timer_cancel(&s->timer);
    lister_cancel(s->lister);
    map_done(&s->waiting);
    map_done(&s->asked);
    free(s->ns);
    free(s);
}

/* ---- a list ---- */

static void take_item(void *arg, const struct json *item)
{
    const struct spate *s = arg;
    s->owner->config.item(s->owner->config.arg, s->type, item);
}

static void list_done(void *arg, const struct err *err)
{
    struct spate *s = arg;
    struct map asked = s->asked;
    s->listing = asked.n > 1 || s->waiting.n > 1;
    s->recent = s->listing ? s->recent : 0;
    s->lister = NULL;
    s->asked = MAP_INIT;
    if (err) {
        LOG_DEBUG("cannot list sources, reading each", F("namespace", (const char *)s->ns),
                  F("error", err));
        s->not_before = clock_mono() + MAX(REST, err->retry_after);
    }
    for (struct map_iter it = {0}; map_next(&asked, &it);) {
        s->owner->config.listed(s->owner->config.arg, it.key);
    }
    map_done(&asked);
    if (s->waiting.n > 0) {
        timer_set(&s->timer, GATHER);
    }
}

static void start_list(void *arg)
{
    struct spate *s = arg;
    bool secret = s->type == SOURCE_SECRET;
    s->asked = s->waiting;
    s->waiting = MAP_INIT;
    s->lister = lister_start(&(struct lister_config){
        .client = s->owner->config.client,
        .resource = source_resource(s->type),
        .ns = str_c(s->ns),
        .field_selector = secret ? STR(SOURCES_WITHOUT_HELM) : STR_EMPTY,
        .wipe = secret,
        .item = take_item,
        .done = list_done,
        .arg = s,
    });
}

/* ---- */

static void forget_quiet(struct burst *b)
{
    for (struct map_iter it = {0}; map_next(&b->spates, &it);) {
        struct spate *s = it.value;
        if (!s->lister && s->waiting.n == 0 && clock_mono() - s->last > FEW * PACE &&
            clock_mono() > s->not_before) {
            map_del(&b->spates, it.key);
            free_spate(s);
        }
    }
}

static struct spate *spate_of(struct burst *b, enum source_type type, struct str ns)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    kinds_key(&key, (int)type, ns, STR_EMPTY);
    struct spate *s = map_get(&b->spates, buf_str(&key));
    if (s) {
        return s;
    }
    if (b->spates.n >= SPATES_MAX) {
        forget_quiet(b);
    }
    s = xcalloc(1, sizeof(*s));
    s->owner = b;
    s->type = type;
    s->ns = str_dup(ns);
    timer_init(&s->timer, b->config.loop, start_list, s);
    map_set(&b->spates, buf_str(&key), s);
    return s;
}

bool burst_take(struct burst *b, enum source_type type, struct str ns, struct str key,
                size_t existing)
{
    struct spate *s = spate_of(b, type, ns);
    ns_t now = clock_mono();
    size_t drained = (size_t)((now - s->last) / PACE);
    s->recent -= MIN(drained, s->recent);
    if (s->recent == 0 && !s->lister && s->waiting.n == 0) {
        s->listing = false;
        s->n = 0;
    }
    s->n++;
    s->recent++;
    s->last = now;
    s->listing = (s->listing || s->recent > FEW) && now >= s->not_before;
    if (!s->listing || existing > s->n * WORTH) {
        return false;
    }
    map_set(&s->waiting, key, s);
    if (!s->lister && !timer_is_set(&s->timer)) {
        timer_set(&s->timer, GATHER);
    }
    return true;
}

struct burst *burst_new(const struct burst_config *config)
{
    struct burst *b = xcalloc(1, sizeof(*b));
    b->config = *config;
    return b;
}

void burst_free(struct burst *b)
{
    if (b) {
        map_done_with(&b->spates, free_spate);
        free(b);
    }
}
