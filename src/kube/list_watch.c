/* SPDX-License-Identifier: Apache-2.0
 *
 * One request is under way at a time, or a timer is set, or it is idle:
 *
 *     begin_listing --> WATCH_LIST --end mark--> WATCH <----------------+
 *          |                | refused (422, 403)   | ends               |
 *          |                v                      v                    |
 *          +----------> PAGES --last page--> open_watch (resume) -------+
 *                         ^                        | 403: only list is allowed
 *                         +------ poll timer <-----+
 *
 * `version` is the only memory between requests: with one, a watch resumes there; without one, a
 * listing begins. What ended a request is looked at in exactly one place, after_watch or
 * after_page, and leads to exactly one next step.
 */
#include "kube/list_watch.h"

#include "base/clock.h"
#include "base/random.h"
#include "codec/json_split.h"
#include "codec/url.h"
#include "kube/watch_event.h"

#define PAGE_SIZE        500
#define MAX_ITEM         ((size_t)4 << 20)
#define MAX_VERSION      ((size_t)4096)
#define MAX_QUERY        ((size_t)16 << 10)
#define WATCH_SILENCE    (3 * NS_MIN)
#define LIST_SILENCE     NS_MIN
#define POLL             NS_MIN
#define BACKOFF_BASE     (800 * NS_MS)
#define BACKOFF_CAP      (30 * NS_S)
#define BACKOFF_RESET    (2 * NS_MIN)
#define ABSENT_CAP       (10 * NS_S) /* a kind that is not served: CRDs come while somebody waits */
#define DENIED_RETRY     NS_MIN
#define RELIST_SPREAD    NS_S /* after a 410 all informers list again: not all at once */
#define SHORT_WATCH      NS_S
#define WATCH_AGAIN      (5 * NS_MIN) /* rights may have been granted in the meantime */
#define FAILURES_TO_LIST 5            /* refused resumptions until a listing is tried instead */

enum phase {
    PHASE_NONE,
    PHASE_WAIT,       /* the timer is set */
    PHASE_PAGES,      /* a page of a list is under way */
    PHASE_WATCH_LIST, /* a watch with initial events, before their end */
    PHASE_WATCH,
};

struct list_watch {
    struct list_watch_config config;
    struct loop *loop;
    char *texts[3]; /* copies of ns and selectors */
    enum phase phase;
    struct kube_call *call;
    struct json_split *split;
    struct arena item;  /* the document of one item */
    struct timer timer; /* leads to step */

    struct buf version;      /* to resume a watch after; empty: list */
    struct buf page_version; /* of the list whose pages are being read */
    struct buf page;         /* the next page's token */
    bool page_whole;         /* the answer was complete */
    bool no_pages;           /* a page's token has expired: everything at once */

    bool no_watch_list; /* WatchList was refused */
    bool watch_denied;  /* 403 on watch */
    ns_t denied_at;     /* when that was */
    struct err *denial; /* and the server's words */

    ns_t opened;      /* when the stream began */
    bool got_any;     /* an event came on it */
    unsigned retries; /* in a row, for the back-off */
    ns_t retried_at;
    unsigned refusals; /* resumptions refused in a row */

    enum informer_state state;
    char *reason;
    struct list_watch_stats stats;
};

/* ---- birth and death ---- */

static void step(void *arg);

static char *copy_into(struct str *s)
{
    char *copy = str_dup(*s);
    *s = str_c(copy);
    return copy;
}

struct list_watch *list_watch_new(const struct list_watch_config *config)
{
    struct list_watch *lw = xcalloc(1, sizeof(*lw));
    lw->config = *config;
    lw->loop = kube_client_loop(config->client);
    lw->texts[0] = copy_into(&lw->config.ns);
    lw->texts[1] = copy_into(&lw->config.label_selector);
    lw->texts[2] = copy_into(&lw->config.field_selector);
    lw->config.max_item = config->max_item ? config->max_item : MAX_ITEM;
    lw->config.poll_interval = config->poll_interval ? config->poll_interval : POLL;
    lw->no_watch_list = config->no_watch_list;
    lw->item = ARENA_INIT(config->wipe ? ARENA_WIPE : ARENA_PLAIN);
    lw->version = BUF_INIT(MAX_VERSION);
    lw->page_version = BUF_INIT(MAX_VERSION);
    lw->page = BUF_INIT(MAX_VERSION);
    timer_init(&lw->timer, lw->loop, step, lw);
    return lw;
}

void list_watch_free(struct list_watch *lw)
{
    if (!lw) {
        return;
    }
    kube_cancel(lw->call);
    timer_cancel(&lw->timer);
    json_split_free(lw->split);
    arena_done(&lw->item);
    buf_done(&lw->version);
    buf_done(&lw->page_version);
    buf_done(&lw->page);
    err_free(lw->denial);
    free(lw->reason);
    for (size_t i = 0; i < COUNT_OF(lw->texts); i++) {
        free(lw->texts[i]);
    }
    free(lw);
}

struct list_watch_stats list_watch_stats(const struct list_watch *lw)
{
    return lw->stats;
}

/* ---- state ---- */

/* The last thing a transition does: the owner may ask for a refresh in it. */
static void set_state(struct list_watch *lw, enum informer_state state, const struct err *err)
{
    const char *reason = err ? err->msg : "";
    bool same = lw->state == state && lw->reason && strcmp(lw->reason, reason) == 0;
    if (same) {
        return;
    }
    lw->state = state;
    free(lw->reason);
    lw->reason = xstrdup(reason);
    lw->config.state(lw->config.arg, state, err);
}

static void set_text(struct buf *b, struct str text)
{
    buf_clear(b);
    buf_add_str(b, text);
    if (!buf_ok(b)) {
        buf_clear(b); /* no version that an API server gives: list again */
    }
}

/* ---- waiting ---- */

static void wait_for(struct list_watch *lw, ns_t delay)
{
    lw->phase = PHASE_WAIT;
    timer_set(&lw->timer, delay);
}

/* client-go's: doubling, up to as much again by chance, forgotten after two good minutes. */
static ns_t next_backoff(struct list_watch *lw, ns_t cap)
{
    ns_t now = clock_mono();
    if (now - lw->retried_at > BACKOFF_RESET) {
        lw->retries = 0;
    }
    lw->retried_at = now;
    ns_t delay = BACKOFF_BASE;
    for (unsigned i = 0; i < lw->retries && delay < cap; i++) {
        delay *= 2;
    }
    lw->retries++;
    delay = MIN(delay, cap);
    return delay + (ns_t)random_below((uint64_t)delay);
}

static void retry(struct list_watch *lw, const struct err *err)
{
    wait_for(lw, MAX(next_backoff(lw, BACKOFF_CAP), err ? err->retry_after : 0));
    set_state(lw, INFORMER_RETRYING, err);
}

static void list_again(struct list_watch *lw, ns_t within)
{
    lw->stats.restarts++;
    buf_clear(&lw->version);
    wait_for(lw, (ns_t)random_below((uint64_t)within));
    set_state(lw, INFORMER_LISTING, NULL);
}

static void not_served(struct list_watch *lw, const struct err *err)
{
    buf_clear(&lw->version);
    wait_for(lw, next_backoff(lw, ABSENT_CAP));
    set_state(lw, INFORMER_NOT_SERVED, err);
}

static void denied(struct list_watch *lw, const struct err *err)
{
    buf_clear(&lw->version);
    wait_for(lw, random_jitter(DENIED_RETRY, 0.1));
    set_state(lw, INFORMER_DENIED, err);
}

/* ---- requests ---- */

static int take_item(void *arg, struct str text, struct err **err);
static int take_event(void *arg, struct str text, struct err **err);
static int take_rest(void *arg, struct str text, struct err **err);

static int on_chunk(void *arg, struct str bytes, struct err **err)
{
    struct list_watch *lw = arg;
    lw->stats.bytes += bytes.n;
    return json_split_feed(lw->split, bytes, err);
}

static void submit(struct list_watch *lw, struct str query, enum json_split_mode mode,
                   void (*on_headers)(void *arg, int status), kube_done_fn *done)
{
    static const struct json_split_callbacks list = {.item = take_item, .rest = take_rest};
    static const struct json_split_callbacks watch = {.item = take_event};
    bool watches = mode == JSON_SPLIT_WATCH;
    json_split_free(lw->split);
    lw->split =
        json_split_new(mode, lw->config.max_item, lw->config.wipe, watches ? &watch : &list, lw);
    struct kube_request request = {
        .verb = KUBE_LIST,
        .resource = lw->config.resource,
        .ns = lw->config.ns,
        .label_selector = lw->config.label_selector,
        .field_selector = lw->config.field_selector,
        .query = query,
        .flags = lw->config.content == INFORMER_METADATA ? KUBE_METADATA : 0,
        .timeout = -1,
        .silence = watches ? WATCH_SILENCE : LIST_SILENCE,
        .stream = watches,
        .on_headers = on_headers,
        .on_chunk = on_chunk,
        .done = done,
        .arg = lw,
    };
    lw->call = kube_submit(lw->config.client, &request);
}

static void after_page(void *arg, const struct kube_answer *answer);
static void after_watch(void *arg, const struct kube_answer *answer);

static void open_page(struct list_watch *lw)
{
    AUTO(buf_done) struct buf query = BUF_INIT(MAX_QUERY);
    if (!lw->no_pages) {
        buf_addf(&query, "limit=%d", PAGE_SIZE);
    }
    if (lw->page.n) {
        url_add_field(&query, "continue", buf_str(&lw->page));
    }
    lw->phase = PHASE_PAGES;
    lw->page_whole = false;
    buf_clear(&lw->page);
    submit(lw, buf_str(&query), JSON_SPLIT_LIST, NULL, after_page);
}

static void on_watch_headers(void *arg, int status UNUSED)
{
    struct list_watch *lw = arg;
    lw->stats.watches++;
    lw->opened = clock_mono();
    /* Where an ERROR event ended the last stream the headers promise nothing yet. */
    if (lw->phase == PHASE_WATCH && lw->refusals == 0) {
        set_state(lw, INFORMER_WATCHING, NULL);
    }
}

static void open_watch(struct list_watch *lw, enum phase phase)
{
    AUTO(buf_done) struct buf query = BUF_INIT(MAX_QUERY);
    buf_addf(&query, "watch=1&allowWatchBookmarks=true&timeoutSeconds=%d",
             300 + (int)random_below(300));
    if (phase == PHASE_WATCH_LIST) {
        buf_add_c(&query, "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
    } else {
        url_add_field(&query, "resourceVersion", buf_str(&lw->version));
    }
    lw->phase = phase;
    lw->got_any = false;
    lw->opened = clock_mono();
    submit(lw, buf_str(&query), JSON_SPLIT_WATCH, on_watch_headers, after_watch);
}

/* The owner hears of a begin for each attempt, so that a broken one leaves nothing behind. */
static void begin_pages(struct list_watch *lw)
{
    lw->stats.lists++;
    buf_clear(&lw->page);
    lw->config.list_begin(lw->config.arg);
    open_page(lw);
}

static void begin_listing(struct list_watch *lw)
{
    buf_clear(&lw->version);
    if (lw->watch_denied && clock_mono() - lw->denied_at >= WATCH_AGAIN) {
        lw->watch_denied = false;
    }
    if (lw->no_watch_list || lw->watch_denied) {
        begin_pages(lw);
        return;
    }
    lw->stats.lists++;
    lw->config.list_begin(lw->config.arg);
    open_watch(lw, PHASE_WATCH_LIST);
}

/* The next request, from what is known. */
static void step(void *arg)
{
    struct list_watch *lw = arg;
    if (lw->version.n) {
        open_watch(lw, PHASE_WATCH);
    } else {
        begin_listing(lw);
    }
}

void list_watch_start(struct list_watch *lw)
{
    if (lw->phase == PHASE_NONE) {
        wait_for(lw, 0);
        set_state(lw, INFORMER_LISTING, NULL);
    }
}

void list_watch_refresh(struct list_watch *lw)
{
    bool listing = lw->phase == PHASE_PAGES || lw->phase == PHASE_WATCH_LIST;
    if (lw->phase == PHASE_NONE || listing) {
        return;
    }
    kube_cancel(TAKE(lw->call));
    buf_clear(&lw->version);
    wait_for(lw, 0);
    set_state(lw, INFORMER_LISTING, NULL);
}

/* ---- lists ---- */

static const struct json *parse(struct list_watch *lw, struct str text, struct err **err)
{
    arena_reset(&lw->item);
    return json_parse(&lw->item, text, JSON_PLAIN, err);
}

static int take_item(void *arg, struct str text, struct err **err)
{
    struct list_watch *lw = arg;
    const struct json *item = parse(lw, text, err);
    if (!item) {
        return -1;
    }
    lw->stats.items++;
    lw->config.item(lw->config.arg, item, false);
    return 0;
}

/* All but the items. What is no list (a Status, the page of some proxy) has no version. */
static int take_rest(void *arg, struct str text, struct err **err)
{
    struct list_watch *lw = arg;
    const struct json *rest = parse(lw, text, err);
    if (!rest) {
        return -1;
    }
    set_text(&lw->page_version, json_find_str(rest, "metadata.resourceVersion"));
    set_text(&lw->page, json_find_str(rest, "metadata.continue"));
    if (lw->page_version.n == 0) {
        return err_set(err, ERR_PARSE, "the answer is no list: it has no resourceVersion");
    }
    lw->page_whole = true;
    return 0;
}

static void wait_for_poll(struct list_watch *lw)
{
    buf_clear(&lw->version);
    if (lw->config.poll_interval < 0) {
        lw->phase = PHASE_WAIT;
        set_state(lw, INFORMER_IDLE, lw->denial);
        return;
    }
    wait_for(lw, random_jitter(lw->config.poll_interval, 0.1));
    set_state(lw, INFORMER_POLLING, lw->denial);
}

static void listed(struct list_watch *lw)
{
    set_text(&lw->version, buf_str(&lw->page_version));
    lw->no_pages = false;
    lw->config.list_end(lw->config.arg);
    if (lw->watch_denied) {
        wait_for_poll(lw);
    } else {
        open_watch(lw, PHASE_WATCH);
    }
}

static void after_page(void *arg, const struct kube_answer *answer)
{
    struct list_watch *lw = arg;
    lw->call = NULL;
    AUTO(err_freep) struct err *err = err_copy(answer->err);
    if (!err && json_split_finish(lw->split, &err) == 0 && !lw->page_whole) {
        err_set(&err, ERR_PARSE, "the answer to a list ends early");
    }
    if (!err && lw->page.n) {
        open_page(lw);
    } else if (!err) {
        listed(lw);
    } else if (err->kind == ERR_GONE && !lw->no_pages) {
        lw->no_pages = true;
        begin_pages(lw);
    } else if (err->kind == ERR_DENIED) {
        denied(lw, err);
    } else if (err->kind == ERR_NOT_FOUND) {
        not_served(lw, err);
    } else {
        retry(lw, err);
    }
}

/* ---- watches ---- */

/* The mark at the end of the initial events; a server that sends another bookmark before has not
 * understood what was asked. */
static int end_initial(struct list_watch *lw, const struct watch_event *e, struct err **err)
{
    if (!e->initial_end) {
        return err_set(err, ERR_INVALID, "the server does not send initial events");
    }
    lw->phase = PHASE_WATCH;
    lw->config.list_end(lw->config.arg);
    return 0;
}

static int take_event(void *arg, struct str text, struct err **err)
{
    struct list_watch *lw = arg;
    const struct json *doc = parse(lw, text, err);
    struct watch_event e;
    if (!doc || watch_event_read(&lw->item, doc, &e, err) < 0) {
        return -1;
    }
    lw->got_any = true;
    lw->refusals = 0;
    if (e.type != WATCH_BOOKMARK) {
        lw->stats.items++;
        lw->config.item(lw->config.arg, e.object, e.type == WATCH_DELETED);
    }
    set_text(&lw->version, e.version);
    if (lw->phase == PHASE_WATCH_LIST && e.type == WATCH_BOOKMARK) {
        if (end_initial(lw, &e, err) < 0) {
            return -1;
        }
    }
    if (lw->phase == PHASE_WATCH) {
        set_state(lw, INFORMER_WATCHING, NULL);
    }
    return 0;
}

static void after_watch_list(struct list_watch *lw, const struct err *err)
{
    if (err && (err->kind == ERR_INVALID || err->kind == ERR_DENIED)) {
        /* Not known to the server; or watching is forbidden, and listing perhaps is not. */
        lw->no_watch_list |= err->kind == ERR_INVALID;
        buf_clear(&lw->version);
        begin_pages(lw);
    } else if (err && err->kind == ERR_NOT_FOUND) {
        not_served(lw, err);
    } else {
        /* Also a clean end: what came before the mark is not the whole. */
        buf_clear(&lw->version);
        retry(lw, err);
    }
}

static void watch_is_denied(struct list_watch *lw, const struct err *err)
{
    lw->watch_denied = true;
    lw->denied_at = clock_mono();
    err_free(lw->denial);
    lw->denial = err_copy(err);
    wait_for_poll(lw);
}

static void after_live_watch(struct list_watch *lw, const struct err *err)
{
    bool brief = clock_mono() - lw->opened < SHORT_WATCH && !lw->got_any;
    if (!err && !brief) {
        open_watch(lw, PHASE_WATCH);
    } else if (err && err->kind == ERR_GONE) {
        list_again(lw, RELIST_SPREAD);
    } else if (err && err->kind == ERR_DENIED) {
        watch_is_denied(lw, err);
    } else if (err && err->kind == ERR_NOT_FOUND) {
        not_served(lw, err);
    } else {
        if (err && err->kind == ERR_UNAVAILABLE && ++lw->refusals >= FAILURES_TO_LIST) {
            lw->refusals = 0;
            buf_clear(&lw->version);
        }
        retry(lw, err);
    }
}

static void after_watch(void *arg, const struct kube_answer *answer)
{
    struct list_watch *lw = arg;
    lw->call = NULL;
    AUTO(err_freep) struct err *err = err_copy(answer->err);
    if (!err && json_split_finish(lw->split, &err) < 0) {
        err_wrap(&err, "watch");
    }
    if (lw->phase == PHASE_WATCH_LIST) {
        after_watch_list(lw, err);
    } else {
        after_live_watch(lw, err);
    }
}
