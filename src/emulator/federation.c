/* SPDX-License-Identifier: Apache-2.0
 *
 * One entry per issuer. A fetch is two requests, configuration and keys; everybody who needs the
 * issuer meanwhile waits for the same one. A seed that is applied again may change what an issuer
 * is trusted with: the entry is made anew when its CA or its fixed keys differ.
 */
#include "emulator/federation.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"
#include "net/http_client.h"

#define KEEP        (10 * NS_MIN)
#define FETCH_EVERY (10 * NS_S)
#define TIMEOUT     (10 * NS_S)

enum { MAX_DOCUMENT = 256 * 1024 };

struct waiter {
    const struct jwt *t;
    void (*done)(void *arg, enum federation_result result, struct str why);
    void *arg;
};
struct entry {
    struct federation *f;
    char *url;
    char *ca;
    char *fixed;       /* JWKS from the seed; empty: fetched */
    struct jwks *keys; /* NULL: none yet */
    bool fetched_ever;
    ns_t fetched; /* clock_mono of the last fetch, whatever came of it */
    struct http_client *client;
    struct http_call *call; /* under way */
    VEC(struct waiter) waiters;
};
struct federation {
    struct loop *loop;
    char *extra_ca;
    struct map entries; /* url -> struct entry */
};

struct federation *federation_new(struct loop *l, struct str extra_ca)
{
    struct federation *f = xcalloc(1, sizeof(*f));
    f->loop = l;
    f->extra_ca = str_dup(extra_ca);
    return f;
}

/* ---- checking with keys ---- */

static enum federation_result check(const struct jwks *keys, const struct jwt *t)
{
    AUTO(err_freep) struct err *err = NULL;
    if (jwt_verify(t, keys, &err) == 0) {
        return FEDERATION_OK;
    }
    return err_is(err, ERR_NOT_FOUND) ? FEDERATION_NO_KEY : FEDERATION_BAD_SIGNATURE;
}

static void tell_waiters(struct entry *e, struct str failed)
{
    __typeof__(e->waiters) waiters = e->waiters;
    memset(&e->waiters, 0, sizeof(e->waiters));
    for (size_t i = 0; i < waiters.n; i++) {
        struct waiter *w = &waiters.v[i];
        enum federation_result result =
            failed.n > 0 ? FEDERATION_NO_DOCUMENTS : check(e->keys, w->t);
        w->done(w->arg, result, failed);
    }
    vec_done(&waiters);
}

/* ---- entries ---- */

static void entry_free(void *p)
{
    struct entry *e = p;
    http_cancel(e->call);
    tell_waiters(e, STR("the emulator is closing"));
    http_client_free(e->client);
    jwks_free(e->keys);
    free(e->url);
    free(e->ca);
    free(e->fixed);
    free(e);
}

void federation_free(struct federation *f)
{
    if (f) {
        map_done_with(&f->entries, entry_free);
        free(f->extra_ca);
        free(f);
    }
}

static int keep_keys(struct entry *e, struct str text, struct err **err)
{
    struct jwks *keys = jwks_parse(text, err);
    if (!keys) {
        return -1;
    }
    jwks_free(e->keys);
    e->keys = keys;
    return 0;
}

static struct http_client *client_for(struct federation *f, const struct issuer *issuer)
{
    const struct http_client_config config = {
        .tls = {.ca_pem = issuer->ca_pem, .extra_ca_pem = str_c(f->extra_ca)},
        .user_agent = STR("pawl-emulator/" PAWL_VERSION),
        .max_connections = 1,
    };
    return http_client_new(f->loop, &config);
}

static struct entry *entry_for(struct federation *f, const struct issuer *issuer)
{
    struct entry *e = map_get(&f->entries, issuer->url);
    if (e && str_eq_c(issuer->ca_pem, e->ca) && str_eq_c(issuer->jwks, e->fixed)) {
        return e;
    }
    if (e) {
        map_del(&f->entries, issuer->url);
        entry_free(e);
    }
    e = xcalloc(1, sizeof(*e));
    e->f = f;
    e->url = str_dup(issuer->url);
    e->ca = str_dup(issuer->ca_pem);
    e->fixed = str_dup(issuer->jwks);
    if (f->loop && !*e->fixed) {
        e->client = client_for(f, issuer);
    }
    map_set(&f->entries, issuer->url, e);
    return e;
}

/* ---- fetching ---- */

static void fetch(struct entry *e, struct str url,
                  void (*done)(void *arg, struct http_call *call, const struct http_result *r))
{
    const struct http_request request = {
        .method = "GET",
        .url = url,
        .max_body = MAX_DOCUMENT,
        .timeout = TIMEOUT,
        .done = done,
        .arg = e,
    };
    e->call = http_submit(e->client, &request);
}

static void fail(struct entry *e, const char *what, const struct http_result *r,
                 const struct err *err)
{
    AUTO(buf_done) struct buf why = BUF_INIT(1024);
    buf_addf(&why, "%s of %s: ", what, e->url);
    if (r->err) {
        buf_add_c(&why, err_msg(r->err));
    } else if (r->status != 200) {
        buf_addf(&why, "HTTP %d", r->status);
    } else {
        buf_add_c(&why, err ? err_msg(err) : "not what it should be");
    }
    tell_waiters(e, buf_str(&why));
}

static void got_keys(void *arg, struct http_call *call UNUSED, const struct http_result *r)
{
    struct entry *e = arg;
    AUTO(err_freep) struct err *err = NULL;
    e->call = NULL;
    if (r->err || r->status != 200 || keep_keys(e, r->body, &err) != 0) {
        fail(e, "signing keys", r, err);
        return;
    }
    tell_waiters(e, STR_EMPTY);
}

static void got_configuration(void *arg, struct http_call *call UNUSED, const struct http_result *r)
{
    struct entry *e = arg;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    e->call = NULL;
    if (r->err || r->status != 200) {
        fail(e, "openid-configuration", r, NULL);
        return;
    }
    const struct json *doc = json_parse(&a, r->body, JSON_PLAIN, NULL);
    struct str uri = json_find_str(doc, "jwks_uri");
    if (!str_eq_c(json_find_str(doc, "issuer"), e->url) || !str_starts(uri, STR("https://"))) {
        fail(e, "openid-configuration", r, NULL);
        return;
    }
    fetch(e, uri, got_keys);
}

static void begin_fetch(struct entry *e)
{
    e->fetched_ever = true;
    e->fetched = clock_mono();
    AUTO(freep)
    char *url = xasprintf("%.*s/.well-known/openid-configuration",
                          STR_ARG(str_trim_suffix(str_c(e->url), STR("/"))));
    fetch(e, str_c(url), got_configuration);
}

/* ---- asking ---- */

/* True if the keys at hand decide: they are fresh and fit, or were fetched a moment ago. */
static bool decided(struct entry *e, const struct jwt *t, enum federation_result *result)
{
    if (!e->keys && *e->fixed) {
        (void)keep_keys(e, str_c(e->fixed), NULL);
    }
    if (!e->keys) {
        return false;
    }
    *result = check(e->keys, t);
    ns_t age = clock_mono() - e->fetched;
    return *e->fixed || (*result != FEDERATION_NO_KEY && age < KEEP) || age < FETCH_EVERY;
}

void federation_verify(struct federation *f, const struct issuer *issuer, const struct jwt *t,
                       void (*done)(void *arg, enum federation_result result, struct str why),
                       void *arg)
{
    struct entry *e = entry_for(f, issuer);
    enum federation_result result = FEDERATION_NO_DOCUMENTS;
    if (decided(e, t, &result)) {
        done(arg, result, STR_EMPTY);
        return;
    }
    if (!e->client) {
        done(arg, FEDERATION_NO_DOCUMENTS, STR("the issuer's keys are not known"));
        return;
    }
    vec_push(&e->waiters, (struct waiter){.t = t, .done = done, .arg = arg});
    if (!e->call) {
        begin_fetch(e);
    }
}
