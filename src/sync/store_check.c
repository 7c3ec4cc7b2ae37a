/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/store_check.h"

#include "base/clock.h"
#include "sync/names.h"
#include "sync/namespace_rules.h"
#include "sync/provider.h"

/* What is asked for; a vault that knows nothing of that name has read our token. */
#define NO_SUCH_SECRET "pawl-check-of-the-store"

struct store_checker {
    struct store_checker_config config;
    struct sync_metrics *metrics;
    struct live *live;
    struct provider *provider;
    struct timer timer;

    struct arena arena; /* of the check under way; wiped */
    struct store_spec *spec;
    struct provider_call *open;
    struct vault_reader *reader;
    struct vault_entry *entry;
    struct vault_wait *wait;
    struct store_result result;
    struct err *err;
    void (*done)(void *arg, const struct store_result *result);
    void *arg;
};

static void drop(struct store_checker *c)
{
    timer_cancel(&c->timer);
    provider_cancel(TAKE(c->open));
    vault_wait_cancel(TAKE(c->wait));
    vault_entry_unref(TAKE(c->entry));
    vault_reader_unref(TAKE(c->reader));
}

static void tell(void *arg)
{
    struct store_checker *c = arg;
    struct err *err = TAKE(c->err);
    c->result.err = err;
    c->done(c->arg, &c->result);
    err_free(err);
}

/* Takes err over. */
static void finish(struct store_checker *c, enum store_stage stage, struct err *err)
{
    drop(c);
    c->result.stage = stage;
    c->err = err;
    loop_defer(c->config.loop, tell, c);
}

static void took_too_long(void *arg)
{
    struct store_checker *c = arg;
    struct err *err = NULL;
    err_set(&err, ERR_TIMEOUT, "no answer within %d s", (int)(c->config.limit / NS_S));
    finish(c, c->reader ? STORE_VAULT : STORE_IDENTITY, err);
}

static void answered(void *arg, const struct vault_value *value, const struct err *err)
{
    struct store_checker *c = arg;
    (void)value;
    c->wait = NULL;
    if (!err || err_is(err, ERR_NOT_FOUND)) {
        finish(c, STORE_WORKS, NULL);
    } else {
        finish(c, STORE_VAULT, provider_explain(err));
    }
}

static void opened(void *arg, struct vault_reader *reader, const struct err *err)
{
    struct store_checker *c = arg;
    struct err *bad_name = NULL;
    c->open = NULL;
    c->reader = reader;
    if (err) {
        finish(c, STORE_IDENTITY, provider_explain(err));
        return;
    }
    c->entry =
        vault_entry_get(reader, VAULT_KIND_SECRET, STR(NO_SUCH_SECRET), STR_EMPTY, &bad_name);
    if (!c->entry) {
        finish(c, STORE_VAULT, bad_name);
        return;
    }
    c->wait = vault_read_entry(c->entry, clock_mono(), answered, c);
}

static bool names_credentials(const struct azurekv *a)
{
    return a->has_auth_secret_ref || a->has_service_account;
}

void store_checker_start(struct store_checker *c, const struct json *store,
                         void (*done)(void *arg, const struct store_result *result), void *arg)
{
    bool cluster = str_eq(json_find_str(store, "kind"), STR(KIND_CSTORE));
    struct err *err = NULL;
    arena_reset(&c->arena);
    const struct json *own = json_clone(&c->arena, store);
    struct str ns = json_find_str(own, "metadata.namespace");
    c->done = done;
    c->arg = arg;
    c->result = (struct store_result){0};
    c->spec = store_spec_parse(&c->arena, json_get(own, "spec"), &err);
    if (!c->spec || store_spec_validate(c->spec, cluster, ns, &err) != 0 ||
        namespace_rules_check(c->spec, &err) != 0) {
        finish(c, STORE_SPEC, err);
        return;
    }
    const struct azurekv *azure = &c->spec->azure;
    c->result.auth = azure->auth;
    c->result.own_identity = !names_credentials(azure);
    c->result.vault_url = azure->vault_url;
    if (cluster && store_spec_is_referent(c->spec)) {
        finish(c, STORE_LATER, NULL);
        return;
    }
    timer_set(&c->timer, c->config.limit);
    c->open = provider_open(c->provider, azure, cluster, ns, PROVIDER_FRESH | PROVIDER_SIGN_IN,
                            opened, c);
}

struct store_checker *store_checker_new(const struct store_checker_config *config)
{
    struct store_checker *c = xcalloc(1, sizeof(*c));
    c->config = *config;
    c->arena = ARENA_INIT(ARENA_WIPE);
    c->metrics = sync_metrics_new(NULL, false, 1);
    c->live = live_new(config->client);
    c->provider = provider_new(&(struct provider_config){
        .loop = config->loop,
        .client = config->client,
        .live = c->live,
        .metrics = c->metrics,
        .ca_pem = config->ca_pem,
    });
    timer_init(&c->timer, config->loop, took_too_long, c);
    return c;
}

void store_checker_free(struct store_checker *c)
{
    if (!c) {
        return;
    }
    drop(c);
    loop_undefer(c->config.loop, c);
    provider_free(c->provider);
    live_free(c->live);
    sync_metrics_free(c->metrics);
    err_free(c->err);
    arena_done(&c->arena);
    free(c);
}
