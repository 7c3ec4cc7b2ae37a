/* SPDX-License-Identifier: Apache-2.0
 *
 * The informer against a scripted API server: what handlers hear, whatever happens on the way.
 * The log of a handler: "+a/x:5" added (initial: "*a/x:5"), "~a/x:5>6" updated, "-a/x:6" deleted,
 * "synced"; then states as "[watching]".
 */
#include "kube/informer.h"

#include "base/clock.h"
#include "base/intern.h"
#include "base/log.h"
#include "peer.h"
#include "test.h"

struct thing {
    struct object object;
    int value; /* data.v */
};

static struct world {
    struct loop *loop;
    struct peer peer;
    struct kube_client *client;
    struct informer *informer;
    struct buf log;
    struct buf states;
    struct buf refreshed;
    char reason[300];
    char last_state[32];
} w;

/* ---- the owner ---- */

static struct object *convert(void *arg, const struct json *item, struct err **err)
{
    if (object_label(item, "skip", NULL).n) {
        return NULL;
    }
    if (object_label(item, "bad", NULL).n) {
        err_set(err, ERR_PARSE, "this is bad");
        return NULL;
    }
    struct thing *t = object_new(sizeof(*t), item, err);
    if (t) {
        t->value = (int)json_int(json_find(item, "data.v"), 0);
    }
    return t ? &t->object : NULL;
}

static void note(struct buf *b, const char *sign, const struct object *o)
{
    buf_add_c(b, sign);
    object_key(o, b);
    buf_addf(b, ":%.*s", STR_ARG(object_version(o)));
}

static void on_added(void *arg, const struct object *o, bool initial)
{
    note(arg, initial ? " *" : " +", o);
}

static void on_updated(void *arg, const struct object *old, const struct object *now)
{
    note(arg, " ~", old);
    buf_addf(arg, ">%.*s", STR_ARG(object_version(now)));
}

static void on_deleted(void *arg, const struct object *o)
{
    note(arg, " -", o);
}

static void on_synced(void *arg)
{
    buf_add_c(arg, " synced");
}

static void on_state(void *arg, struct informer *i, enum informer_state state,
                     const struct err *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT(100);
    buf_addf(&text, "[%s]", informer_state_name(state));
    if (!str_eq(buf_str(&text), str_c(w.last_state))) { /* another reason is no other state */
        buf_add_str(&w.states, buf_str(&text));
    }
    (void)snprintf(w.last_state, sizeof(w.last_state), "%s", text.p);
    (void)snprintf(w.reason, sizeof(w.reason), "%s", err ? err->msg : "");
}

static struct informer_handler handler(struct buf *log)
{
    return (struct informer_handler){.added = on_added,
                                     .updated = on_updated,
                                     .deleted = on_deleted,
                                     .synced = on_synced,
                                     .arg = log};
}

static void new_informer(struct informer_config config)
{
    config.client = w.client;
    config.resource = config.resource ? config.resource : resource_of(RES_SECRETS);
    config.convert = convert;
    config.on_state = on_state;
    w.informer = informer_new(&config);
    struct informer_handler h = handler(&w.log);
    informer_add_handler(w.informer, &h);
    informer_start(w.informer);
}

static int set_up(void **state)
{
    clock_fake_start(NS_H, 1000000 * NS_H);
    memset(&w, 0, sizeof(w));
    w.loop = loop_new();
    w.log = BUF_INIT(1 << 24);
    w.states = BUF_INIT(1 << 16);
    w.refreshed = BUF_INIT(1 << 16);
    peer_init(&w.peer, w.loop);
    w.client = kube_client_new(w.loop, &(struct kube_client_config){.config = w.peer.config});
    log_configure(&(struct log_config){.level = LOG_ERROR, .fd = 2});
    return 0;
}

static int tear_down(void **state)
{
    informer_free(w.informer);
    kube_client_free(w.client);
    assert_int_equal(peer_left(&w.peer), 0);
    assert_int_equal(w.peer.unexpected, 0);
    peer_done(&w.peer);
    loop_free(w.loop);
    buf_done(&w.log);
    buf_done(&w.states);
    buf_done(&w.refreshed);
    assert_int_equal(intern_count(), 0);
    clock_fake_stop();
    return 0;
}

static void pass(ns_t by)
{
    loop_advance(w.loop, by);
}

/* Compares and forgets what the handler has heard since the last time. */
#define assert_heard(text)                                                                         \
    do {                                                                                           \
        pass(0);                                                                                   \
        assert_buf(&w.log, text);                                                                  \
        buf_clear(&w.log);                                                                         \
    } while (0)
#define assert_states(text)                                                                        \
    do {                                                                                           \
        assert_buf(&w.states, text);                                                               \
        buf_clear(&w.states);                                                                      \
    } while (0)

/* ---- what the server sends ---- */

#define ITEM(ns, name, uid, version)                                                               \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" ns "\",\"uid\":\"" uid                 \
    "\",\"resourceVersion\":\"" version "\"},\"data\":{\"v\":" version "}}"
#define EVENT(type, ns, name, uid, version)                                                        \
    "{\"type\":\"" type "\",\"object\":" ITEM(ns, name, uid, version) "}\n"
#define BOOKMARK(version)                                                                          \
    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Secret\",\"metadata\":{\"resourceVersion\":"    \
    "\"" version "\"}}}\n"
#define MARK(version)                                                                              \
    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version              \
    "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define LIST(version, token, items)                                                                \
    "{\"kind\":\"SecretList\",\"metadata\":{\"resourceVersion\":\"" version                        \
    "\",\"continue\":\"" token "\"},\"items\":[" items "]}"
#define STATUS(code, reason, message)                                                              \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"" message "\",\"reason\":\"" reason \
    "\",\"details\":{\"kind\":\"secrets\"},\"code\":" #code "}"
#define ERROR(code, reason, message)                                                               \
    "{\"type\":\"ERROR\",\"object\":" STATUS(code, reason, message) "}\n"

#define WATCH_LIST     "sendInitialEvents=true"
#define WATCH(version) "&resourceVersion=" version
#define PAGES          "/secrets?limit=500"

#define STEP(...) PEER_STEP(&w.peer, __VA_ARGS__)

static void refuse_watch_list(void)
{
    STEP(.target = WATCH_LIST, .status = 422,
         .body = STATUS(422, "Invalid", "forbidden for watch"));
}

/* A synced informer with a/x at version 5 and an open watch. */
static void begin_with_x(void)
{
    STEP(.target = WATCH_LIST, .how = PEER_STREAM,
         .body = EVENT("ADDED", "a", "x", "u1", "5") MARK("9"));
    new_informer((struct informer_config){0});
    assert_heard(" *a/x:5 synced");
    assert_states("[listing][watching]");
}

/* ---- the usual course ---- */

static void list_by_watch(void **state)
{
    STEP(.target = WATCH_LIST, .how = PEER_STREAM);
    new_informer((struct informer_config){.field_selector = STR("type!=x"), .ns = STR("a")});
    pass(0);
    assert_string_equal(peer_last(&w.peer, 0)->accept, "application/json");
    assert_non_null(strstr(peer_last(&w.peer, 0)->line, "/namespaces/a/secrets?fieldSelector="));
    assert_non_null(strstr(peer_last(&w.peer, 0)->line, "allowWatchBookmarks=true"));
    peer_send(&w.peer, EVENT("ADDED", "a", "x", "u1", "5") EVENT("ADDED", "a", "y", "u2", "7"));
    assert_heard(" *a/x:5 *a/y:7");
    assert_false(informer_synced(w.informer));
    peer_send(&w.peer, MARK("9"));
    assert_heard(" synced");
    assert_true(informer_synced(w.informer));
    peer_send(&w.peer, EVENT("MODIFIED", "a", "x", "u1", "10"));
    assert_heard(" ~a/x:5>10");
    peer_send(&w.peer, EVENT("DELETED", "a", "y", "u2", "11") EVENT("ADDED", "a", "z", "u3", "12"));
    assert_heard(" -a/y:7 +a/z:12");
    const struct thing *x = (const void *)store_get(informer_store(w.informer), STR("a"), STR("x"));
    assert_int_equal(x->value, 10);
    assert_int_equal(store_count(informer_store(w.informer)), 2);
    assert_states("[listing][watching]");
}

static void list_in_pages_then_watch(void **state)
{
    refuse_watch_list();
    STEP(.target = PAGES, .body = LIST("9", "t1", ITEM("a", "x", "u1", "5")));
    STEP(.target = "limit=500&continue=t1", .body = LIST("9", "", ITEM("b", "y", "u2", "7")));
    STEP(.target = WATCH("9"), .how = PEER_STREAM);
    new_informer((struct informer_config){.content = INFORMER_METADATA});
    assert_heard(" *a/x:5 *b/y:7 synced");
    assert_string_equal(peer_last(&w.peer, 1)->accept,
                        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    assert_string_equal(peer_last(&w.peer, 0)->accept,
                        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
    peer_send(&w.peer, EVENT("DELETED", "b", "y", "u2", "11"));
    assert_heard(" -b/y:7");
    assert_states("[listing][watching]");

    /* The next listing does not ask again for what the server does not have. */
    peer_send(&w.peer, ERROR(410, "Expired", "too old"));
    STEP(.target = PAGES, .body = LIST("20", "", ITEM("a", "x", "u1", "5")));
    STEP(.target = WATCH("20"), .how = PEER_STREAM);
    pass(NS_S);
    assert_heard("");
    assert_states("[listing][watching]");
}

/* Custom resources: items before the list's metadata, null items. */
static void any_order_of_fields(void **state)
{
    refuse_watch_list();
    STEP(.target = PAGES,
         .body = "{\"apiVersion\":\"v1\",\"items\":[" ITEM(
             "a", "x", "u1", "5") "],\"kind\":\"L\",\"metadata\":{\"continue\":\"\","
                                  "\"resourceVersion\":\"9\"}}");
    STEP(.target = WATCH("9"), .how = PEER_STREAM);
    new_informer((struct informer_config){0});
    assert_heard(" *a/x:5 synced");
    STEP(.target = PAGES, .body = "{\"items\":null,\"metadata\":{\"resourceVersion\":\"10\"}}");
    STEP(.target = WATCH("10"), .how = PEER_STREAM);
    peer_send(&w.peer, ERROR(410, "Gone", "too old"));
    pass(NS_S);
    assert_heard(" -a/x:5");
}

/* ---- interruptions ---- */

static void a_clean_end_resumes_at_once(void **state)
{
    begin_with_x();
    peer_send(&w.peer, BOOKMARK("30"));
    pass(5 * NS_S);
    STEP(.target = WATCH("30"), .how = PEER_STREAM);
    peer_end(&w.peer);
    pass(0);
    assert_int_equal(peer_open_streams(&w.peer), 1);
    peer_send(&w.peer, EVENT("MODIFIED", "a", "x", "u1", "31"));
    assert_heard(" ~a/x:5>31");
    assert_states(""); /* nothing happened */
}

static void a_watch_that_ends_at_once_is_not_hammered(void **state)
{
    begin_with_x();
    pass(5 * NS_S);
    for (int i = 0; i < 4; i++) {
        STEP(.target = WATCH("9"), .body = "");
    }
    STEP(.target = WATCH("9"), .how = PEER_STREAM);
    peer_end(&w.peer);
    pass(0);
    assert_int_equal(peer_count(&w.peer, WATCH("9")), 1);
    pass(800 * NS_MS - 1);
    assert_int_equal(peer_count(&w.peer, WATCH("9")), 1);
    pass((1600 + 3200 + 6400 + 12800) * NS_MS);
    assert_int_equal(peer_open_streams(&w.peer), 1);
    assert_heard("");
}

static void a_broken_connection_resumes_after_the_last_event(void **state)
{
    begin_with_x();
    peer_send(&w.peer, EVENT("MODIFIED", "a", "x", "u1", "12"));
    assert_heard(" ~a/x:5>12");
    /* Cut inside an event: what is not whole has not happened. */
    peer_send(&w.peer, "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"x\"");
    pass(0);
    peer_break(&w.peer);
    STEP(.target = WATCH("12"), .how = PEER_STREAM);
    pass(0);
    assert_states("[retrying]");
    pass(2 * NS_S);
    assert_states("[watching]");
    peer_send(&w.peer, EVENT("DELETED", "a", "x", "u1", "13"));
    assert_heard(" -a/x:12");
}

/* The end of the body inside an event, cleanly. */
static void half_an_event_at_the_end(void **state)
{
    begin_with_x();
    pass(2 * NS_S);
    peer_send(&w.peer, "{\"type\":\"MODI");
    pass(0);
    peer_end(&w.peer);
    STEP(.target = WATCH("9"), .how = PEER_STREAM);
    pass(2 * NS_S);
    assert_heard("");
    assert_states("[retrying][watching]");
}

static void no_server_for_a_while(void **state)
{
    begin_with_x();
    peer_stop(&w.peer);
    pass(NS_MIN);
    assert_states("[retrying]");
    assert_heard("");
    assert_int_equal(store_count(informer_store(w.informer)), 1);
    peer_start(&w.peer);
    STEP(.target = WATCH("9"), .how = PEER_STREAM);
    pass(NS_MIN);
    assert_states("[watching]");
    assert_heard("");
}

static void a_silent_stream_is_given_up(void **state)
{
    begin_with_x();
    STEP(.target = WATCH("9"), .how = PEER_STREAM);
    pass(3 * NS_MIN - NS_S);
    assert_states("");
    pass(5 * NS_S);
    assert_states("[retrying][watching]");
    assert_int_equal(w.peer.gone, 1);
}

static void bookmarks_keep_a_quiet_stream(void **state)
{
    begin_with_x();
    for (int i = 0; i < 10; i++) {
        pass(NS_MIN);
        peer_send(&w.peer, BOOKMARK("9"));
    }
    assert_states("");
    assert_heard("");
}

static void slow_bytes(void **state)
{
    STEP(.target = WATCH_LIST, .how = PEER_STREAM);
    new_informer((struct informer_config){0});
    pass(0);
    const char *text = EVENT("ADDED", "a", "x", "u1", "5") MARK("9");
    for (const char *c = text; *c; c++) {
        peer_send(&w.peer, (char[]){*c, 0});
        pass(100 * NS_MS);
    }
    assert_heard(" *a/x:5 synced");
}

/* ---- gaps ---- */

static void too_old_as_an_event(void **state)
{
    begin_with_x();
    peer_send(&w.peer, EVENT("ADDED", "a", "y", "u2", "10") EVENT("ADDED", "b", "z", "u3", "11"));
    assert_heard(" +a/y:10 +b/z:11");
    /* In the gap: x changed, y was deleted, z deleted and made anew, n is new. */
    STEP(.target = WATCH_LIST, .how = PEER_STREAM,
         .body = EVENT("ADDED", "a", "n", "u9", "40") EVENT("ADDED", "a", "x", "u1", "41")
             EVENT("ADDED", "b", "z", "u4", "42") MARK("50"));
    peer_send(&w.peer, ERROR(410, "Expired", "too old resource version: 9 (40)"));
    pass(NS_S);
    assert_heard(" +a/n:40 ~a/x:5>41 -b/z:11 +b/z:42 -a/y:10");
    assert_states("[listing][watching]");
    assert_int_equal(informer_stats(w.informer).restarts, 1);
    assert_int_equal(store_count(informer_store(w.informer)), 3);
}

static void too_old_as_an_answer(void **state)
{
    begin_with_x();
    pass(2 * NS_S);
    STEP(.target = WATCH("9"), .status = 410, .body = STATUS(410, "Gone", "too old"));
    STEP(.target = WATCH_LIST, .how = PEER_STREAM, .body = MARK("50"));
    peer_end(&w.peer);
    pass(NS_S);
    assert_heard(" -a/x:5");
}

/* What came before the end mark is not the whole: nothing is deleted for it. */
static void a_listing_that_breaks_begins_again(void **state)
{
    begin_with_x();
    peer_send(&w.peer, ERROR(410, "Expired", "too old"));
    STEP(.target = WATCH_LIST, .how = PEER_STREAM, .body = EVENT("ADDED", "a", "n", "u9", "40"));
    pass(NS_S);
    assert_heard(" +a/n:40");
    peer_break(&w.peer);
    STEP(.target = WATCH_LIST, .how = PEER_STREAM, .body = EVENT("ADDED", "a", "x", "u1", "5"));
    pass(2 * NS_S);
    assert_heard(""); /* x is the same as ever; n may still come */
    peer_end(&w.peer);
    STEP(.target = WATCH_LIST, .how = PEER_STREAM,
         .body = EVENT("ADDED", "a", "x", "u1", "5") MARK("60"));
    pass(10 * NS_S);
    assert_heard(" -a/n:40");
    assert_states("[listing][retrying][watching]");
}

static void a_list_that_is_cut_off(void **state)
{
    refuse_watch_list();
    STEP(.target = PAGES, .how = PEER_CUT, .cut = 150,
         .body = LIST("9", "", ITEM("a", "x", "u1", "5") "," ITEM("a", "y", "u2", "6")));
    STEP(.target = PAGES, .body =
                              "{\"kind\":\"SecretList\",\"metadata\":{\"resourceVersion\":\"9\"},"
                              "\"items\":[" ITEM("a", "x", "u1", "5"));
    STEP(.target = PAGES, .body = "{\"kind\":\"SomethingElse\"}");
    STEP(.target = PAGES, .body = LIST("9", "", ITEM("a", "y", "u2", "6")));
    STEP(.target = WATCH("9"), .how = PEER_STREAM);
    new_informer((struct informer_config){0});
    pass(NS_MIN);
    assert_heard(" *a/x:5 *a/y:6 synced");
    (void)store_count(informer_store(w.informer));
}

static void a_page_token_that_expires(void **state)
{
    refuse_watch_list();
    STEP(.target = PAGES, .body = LIST("9", "t1", ITEM("a", "x", "u1", "5")));
    STEP(.target = "continue=t1", .status = 410, .body = STATUS(410, "Expired", "too old token"));
    STEP(.target = "/secrets", .body = LIST("12", "", ITEM("a", "y", "u2", "11")));
    STEP(.target = WATCH("12"), .how = PEER_STREAM);
    new_informer((struct informer_config){0});
    pass(0);
    assert_null(strstr(peer_last(&w.peer, 1)->line, "limit"));
    assert_heard(" *a/x:5 *a/y:11 synced");
}

/* etcd was restored: our version is ahead of the server. */
static void a_version_from_the_future(void **state)
{
    begin_with_x();
    pass(2 * NS_S);
    peer_end(&w.peer);
    for (int i = 0; i < 5; i++) {
        STEP(.target = WATCH("9"), .body = "{\"type\":\"ERROR\",\"object\":" STATUS(
                                       504, "Timeout", "Too large resource version") "}\n");
    }
    STEP(.target = WATCH_LIST, .how = PEER_STREAM, .body = MARK("3"));
    pass(2 * NS_MIN);
    assert_heard(" -a/x:5");
    assert_states("[retrying][watching]");
}

/* ---- refusals ---- */

static void throttled(void **state)
{
    STEP(.target = WATCH_LIST, .status = 429, .body = "Too many requests", .type = "text/plain",
         .header = "Retry-After: 20");
    STEP(.target = WATCH_LIST, .how = PEER_STREAM, .body = MARK("9"));
    new_informer((struct informer_config){0});
    pass(0);
    assert_states("[listing][retrying]");
    pass(20 * NS_S - 1);
    assert_int_equal(peer_count(&w.peer, WATCH_LIST), 1);
    pass(1);
    assert_heard(" synced");
}

static void list_is_forbidden(void **state)
{
    STEP(.target = WATCH_LIST, .status = 403, .body = STATUS(403, "Forbidden", "no watch for you"));
    STEP(.target = PAGES, .status = 403, .body = STATUS(403, "Forbidden", "no list for you"));
    new_informer((struct informer_config){0});
    pass(0);
    assert_states("[listing][denied]");
    assert_string_equal(w.reason, "no list for you");
    assert_string_equal(err_msg(informer_reason(w.informer)), "no list for you");
    pass(50 * NS_S);
    assert_int_equal(peer_count(&w.peer, PAGES), 1);
    STEP(.target = WATCH_LIST, .how = PEER_STREAM, .body = MARK("9"));
    pass(20 * NS_S);
    assert_states("[watching]");
    assert_null(informer_reason(w.informer));
    assert_heard(" synced");
}

static void deny_watch_but_list(const char *list)
{
    STEP(.target = WATCH_LIST, .status = 403, .body = STATUS(403, "Forbidden", "no watch"));
    STEP(.target = PAGES, .body = list);
    STEP(.target = "&resourceVersion=", .status = 403,
         .body = STATUS(403, "Forbidden", "no watch"));
}

static void only_list_is_allowed(void **state)
{
    deny_watch_but_list(LIST("9", "", ITEM("a", "x", "u1", "5")));
    new_informer((struct informer_config){.poll_interval = 10 * NS_S});
    assert_heard(" *a/x:5 synced");
    assert_states("[listing][polling]");
    assert_string_equal(w.reason, "no watch");
    STEP(.target = PAGES, .body = LIST("12", "", ITEM("a", "y", "u2", "11")));
    pass(11 * NS_S);
    assert_heard(" +a/y:11 -a/x:5");
    assert_states(""); /* polling goes on */
    /* After some minutes it asks whether it may watch now. */
    for (int i = 0; i < 40; i++) {
        STEP(.target = PAGES, .body = LIST("12", "", ITEM("a", "y", "u2", "11")));
    }
    STEP(.target = WATCH_LIST, .how = PEER_STREAM,
         .body = EVENT("ADDED", "a", "y", "u2", "11") MARK("13"));
    pass(6 * NS_MIN);
    assert_states("[watching]");
    assert_heard("");
    for (size_t i = 0; i < w.peer.taken.n; i++) {
        w.peer.taken.v[i] = true; /* how many polls there were is chance */
    }
}

static void on_refreshed(void *arg, const struct err *err)
{
    buf_addf(&w.refreshed, "%s;", err_msg(err));
}

static void lists_on_demand(void **state)
{
    deny_watch_but_list(LIST("9", "", ITEM("a", "x", "u1", "5")));
    new_informer((struct informer_config){.poll_interval = -1});
    assert_heard(" *a/x:5 synced");
    assert_states("[listing][idle]");
    pass(NS_H);
    informer_refresh(w.informer, on_refreshed, &w);
    informer_refresh(w.informer, on_refreshed, &w);
    informer_refresh(w.informer, on_refreshed, &w.peer);
    informer_unrefresh(w.informer, &w.peer);
    deny_watch_but_list(LIST("12", "", ITEM("a", "x", "u1", "11")));
    assert_buf(&w.refreshed, "");
    assert_heard(" ~a/x:5>11");
    assert_buf(&w.refreshed, "no error;no error;");
    assert_states("[listing][idle]");

    buf_clear(&w.refreshed);
    informer_refresh(w.informer, on_refreshed, &w);
    STEP(.target = PAGES, .status = 500, .body = STATUS(500, "InternalError", "oh no"));
    pass(0);
    assert_buf(&w.refreshed, "oh no;");
    STEP(.target = PAGES, .body = LIST("12", "", ITEM("a", "x", "u1", "11")));
    pass(2 * NS_S);
    assert_states("[listing][retrying][idle]");
}

static void refresh_while_watching(void **state)
{
    begin_with_x();
    informer_refresh(w.informer, on_refreshed, &w);
    assert_buf(&w.refreshed, "");
    pass(0);
    assert_buf(&w.refreshed, "no error;");
    assert_int_equal(w.peer.requests.n, 1);
}

static void refresh_of_what_is_denied(void **state)
{
    STEP(.target = WATCH_LIST, .status = 404, .body = "404 page not found\n", .type = "text/plain");
    new_informer((struct informer_config){.resource = resource_of(RES_SECRETS)});
    pass(0);
    assert_states("[listing][not-served]");
    STEP(.target = WATCH_LIST, .status = 404, .body = "404 page not found\n", .type = "text/plain");
    informer_refresh(w.informer, on_refreshed, &w);
    pass(0);
    assert_non_null(strstr(w.refreshed.p, "404 page not found"));
    assert_states("[listing][not-served]");
}

static void a_kind_that_comes_later(void **state)
{
    for (int i = 0; i < 20; i++) {
        STEP(.target = "/apis/external-secrets.io/v1/externalsecrets?", .status = 404,
             .body = "404 page not found\n", .type = "text/plain");
    }
    new_informer((struct informer_config){.resource = resource_of(RES_EXTERNALSECRETS)});
    pass(2 * NS_MIN);
    assert_states("[listing][not-served]");
    size_t tries = w.peer.requests.n;
    assert_true(tries >= 7 && tries <= 20);
    for (size_t i = 0; i < w.peer.taken.n; i++) {
        w.peer.taken.v[i] = true;
    }
    STEP(.target = WATCH_LIST, .how = PEER_STREAM,
         .body = EVENT("ADDED", "a", "x", "u1", "5") MARK("9"));
    pass(2 * NS_MIN);
    assert_heard(" *a/x:5 synced");
    /* The kind is deleted: its objects were, too, and said so before. */
    peer_send(&w.peer, EVENT("DELETED", "a", "x", "u1", "20"));
    pass(2 * NS_S);
    STEP(.target = WATCH("20"), .status = 404, .body = "404 page not found\n",
         .type = "text/plain");
    for (int i = 0; i < 3; i++) {
        STEP(.target = WATCH_LIST, .status = 404, .body = "404 page not found\n",
             .type = "text/plain");
    }
    peer_end(&w.peer);
    pass(3 * NS_S);
    assert_states("[watching][not-served]");
    assert_heard(" -a/x:5");
    for (size_t i = 0; i < w.peer.taken.n; i++) {
        w.peer.taken.v[i] = true;
    }
}

/* ---- what the owner makes of items ---- */

#define LABELLED(name, version, label)                                                             \
    "{\"metadata\":{\"name\":\"" name                                                              \
    "\",\"namespace\":\"a\",\"uid\":\"u1\",\"resourceVersion\":\"" version                         \
    "\",\"labels\":{\"" label "\":\"1\"}}}"

static void not_of_interest(void **state)
{
    begin_with_x();
    peer_send(&w.peer, "{\"type\":\"MODIFIED\",\"object\":" LABELLED("x", "10", "skip") "}\n");
    assert_heard(" -a/x:5");
    peer_send(&w.peer, "{\"type\":\"MODIFIED\",\"object\":" LABELLED("x", "11", "skip") "}\n");
    assert_heard("");
    peer_send(&w.peer, EVENT("MODIFIED", "a", "x", "u1", "12"));
    assert_heard(" +a/x:12");
}

static void an_object_that_cannot_be_read_stays_as_it_was(void **state)
{
    begin_with_x();
    peer_send(&w.peer, "{\"type\":\"MODIFIED\",\"object\":" LABELLED("x", "10", "bad") "}\n");
    assert_heard("");
    assert_int_equal(store_count(informer_store(w.informer)), 1);
    assert_int_equal(informer_stats(w.informer).skipped, 1);
    /* Also through a listing. */
    STEP(.target = WATCH_LIST, .how = PEER_STREAM,
         .body = "{\"type\":\"ADDED\",\"object\":" LABELLED("x", "10", "bad") "}\n" MARK("12"));
    peer_send(&w.peer, ERROR(410, "Expired", "too old"));
    pass(NS_S);
    assert_heard("");
    assert_int_equal(store_count(informer_store(w.informer)), 1);
}

static void nonsense_from_the_server(void **state)
{
    begin_with_x();
    static const char *const nonsense[] = {
        "hello\n",
        "{\"type\":\"ADDED\"}\n",
        "{\"type\":\"WHAT\",\"object\":" ITEM("a", "x", "u1", "6") "}\n",
        "{\"type\":\"ADDED\",\"object\":[]}\n",
        "{\"type\":\"ERROR\",\"object\":7}\n",
        "[]\n",
    };
    for (size_t i = 0; i < COUNT_OF(nonsense); i++) {
        STEP(.target = "watch=1", .how = PEER_STREAM, .body = MARK("9"));
        peer_send(&w.peer, nonsense[i]);
        pass(NS_MIN);
        /* Without a name an object is left out, and the watch goes on. */
        peer_send(&w.peer,
                  "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\"}}}\n");
        pass(0);
        assert_int_equal(peer_open_streams(&w.peer), 1);
    }
}

/* ---- handlers that come late ---- */

static void a_late_handler_gets_a_replay(void **state)
{
    AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
    for (int i = 0; i < 1000; i++) {
        buf_addf(
            &text,
            "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"n%d\",\"namespace\":\"a\","
            "\"uid\":\"u%d\",\"resourceVersion\":\"5\"}}}\n",
            i, i);
    }
    buf_add_c(&text, MARK("9"));
    STEP(.target = WATCH_LIST, .how = PEER_STREAM, .body = text.p);
    new_informer((struct informer_config){0});
    pass(0);
    buf_clear(&w.log);

    AUTO(buf_done) struct buf late = BUF_INIT(1 << 20);
    AUTO(buf_done) struct buf later = BUF_INIT(1 << 20);
    struct informer_handler h = handler(&late);
    informer_add_handler(w.informer, &h);
    struct informer_handler h2 = handler(&later);
    informer_add_handler(w.informer, &h2);
    assert_buf(&late, ""); /* not inside add_handler */
    /* Changes in the middle of the replay. */
    peer_send(&w.peer,
              EVENT("MODIFIED", "a", "n1", "u1", "10") EVENT("DELETED", "a", "n2", "u2", "11")
                  EVENT("ADDED", "a", "new", "u3", "12"));
    pass(0);
    struct buf *logs[] = {&late, &later};
    for (size_t k = 0; k < 2; k++) {
        for (int i = 0; i < 1000; i++) {
            char name[32];
            (void)snprintf(name, sizeof(name), " *a/n%d:", i);
            char *first = strstr(logs[k]->p, name);
            if (i != 2) {
                assert_non_null(first);
                assert_null(strstr(first + 1, name)); /* added once */
            } else if (first) {
                assert_non_null(strstr(first, " -a/n2:5")); /* and then deleted */
            } else {
                assert_null(strstr(logs[k]->p, "a/n2:"));
            }
        }
        char *changed = strstr(logs[k]->p, "a/n1:5>10");
        char *newest = strstr(logs[k]->p, " *a/n1:10");
        assert_true((changed != NULL) != (newest != NULL));
        assert_non_null(strstr(logs[k]->p, "a/new:12"));
        assert_non_null(strstr(logs[k]->p, " synced"));
    }
    assert_heard(" ~a/n1:5>10 -a/n2:5 +a/new:12");
}

static void a_removed_handler_is_silent(void **state)
{
    begin_with_x();
    AUTO(buf_done) struct buf late = BUF_INIT(1 << 20);
    struct informer_handler h = handler(&late);
    informer_add_handler(w.informer, &h);
    informer_remove_handler(w.informer, &late);
    informer_add_handler(w.informer, &h);
    pass(0);
    assert_buf(&late, " *a/x:5 synced");
    informer_remove_handler(w.informer, &late);
    peer_send(&w.peer, EVENT("MODIFIED", "a", "x", "u1", "10"));
    pass(0);
    assert_buf(&late, " *a/x:5 synced");
}

/* Two namespaces, two informers, one store; a listing of one does not touch the other's. */
static void one_store_for_two_scopes(void **state)
{
    struct store *store = store_new(NULL, NULL);
    STEP(.target = "/namespaces/a/secrets", .how = PEER_STREAM,
         .body = EVENT("ADDED", "a", "x", "u1", "5") MARK("9"));
    new_informer((struct informer_config){.ns = STR("a"), .store = store});
    pass(0);
    struct informer *first = w.informer;
    STEP(.target = "/namespaces/b/secrets", .how = PEER_STREAM,
         .body = EVENT("ADDED", "b", "x", "u2", "6") MARK("9"));
    new_informer((struct informer_config){.ns = STR("b"), .store = store});
    assert_heard(" *a/x:5 synced *b/x:6 synced");
    assert_int_equal(store_count(store), 2);
    STEP(.target = "/namespaces/b/secrets", .how = PEER_STREAM, .body = MARK("20"));
    peer_send(&w.peer, ERROR(410, "Expired", "too old"));
    pass(NS_S);
    assert_heard(" -b/x:6");
    assert_int_equal(store_count(store), 1);
    informer_free(first);
    informer_free(TAKE(w.informer));
    store_free(store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    http_global_init();
    const struct CMUnitTest tests[] = {
        TEST(list_by_watch),
        TEST(list_in_pages_then_watch),
        TEST(any_order_of_fields),
        TEST(a_clean_end_resumes_at_once),
        TEST(a_watch_that_ends_at_once_is_not_hammered),
        TEST(a_broken_connection_resumes_after_the_last_event),
        TEST(half_an_event_at_the_end),
        TEST(no_server_for_a_while),
        TEST(a_silent_stream_is_given_up),
        TEST(bookmarks_keep_a_quiet_stream),
        TEST(slow_bytes),
        TEST(too_old_as_an_event),
        TEST(too_old_as_an_answer),
        TEST(a_listing_that_breaks_begins_again),
        TEST(a_list_that_is_cut_off),
        TEST(a_page_token_that_expires),
        TEST(a_version_from_the_future),
        TEST(throttled),
        TEST(list_is_forbidden),
        TEST(only_list_is_allowed),
        TEST(lists_on_demand),
        TEST(refresh_while_watching),
        TEST(refresh_of_what_is_denied),
        TEST(a_kind_that_comes_later),
        TEST(not_of_interest),
        TEST(an_object_that_cannot_be_read_stays_as_it_was),
        TEST(nonsense_from_the_server),
        TEST(a_late_handler_gets_a_replay),
        TEST(a_removed_handler_is_silent),
        TEST(one_store_for_two_scopes),
    };
    int failed = RUN(tests);
    http_global_done();
    return failed;
}
