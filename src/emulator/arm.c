/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/arm.h"

#include "emulator/entra.h"
#include "emulator/token.h"

/* An authenticated call, with what the handlers need of the token. */
struct arm_call {
    struct call *c;
    struct arena *a;
    struct store *s;
    struct token_claims caller;
};

static void write_str(struct json_writer *w, const char *key, struct str value)
{
    json_w_key(w, key);
    json_w_str(w, value);
}

/* ---- handlers; each runs in a transaction and writes the answer ---- */

static void write_subscription(struct arm_call *m, struct json_writer *w,
                               const struct subscription *v)
{
    json_w_object(w);
    write_str(w, "id", arena_printf(m->a, "/subscriptions/%.*s", STR_ARG(v->id)));
    write_str(w, "subscriptionId", v->id);
    write_str(w, "tenantId", v->tenant);
    write_str(w, "displayName", v->name);
    json_w_strings(w, "state", "Enabled", "authorizationSource", "RoleBased", NULL);
    json_w_key(w, "subscriptionPolicies");
    json_w_object(w);
    json_w_strings(w, "locationPlacementId", "Public_2014-09-01", "quotaId",
                   "PayAsYouGo_2014-09-01", "spendingLimit", "Off", NULL);
    json_w_end(w);
    json_w_key(w, "managedByTenants");
    json_w_array(w);
    json_w_end(w);
    json_w_end(w);
}

static void write_count(struct json_writer *w, size_t n)
{
    json_w_key(w, "count");
    json_w_object(w);
    json_w_strings(w, "type", "Total", NULL);
    json_w_key(w, "value");
    json_w_int(w, (int64_t)n);
    json_w_end(w);
}

static void list_subscriptions(struct arm_call *m)
{
    subscriptions list = {0};
    directory_subscriptions(m->s, m->a, m->caller.tid, &list);
    struct json_writer w = call_json(m->c, 200);
    json_w_object(&w);
    json_w_key(&w, "value");
    json_w_array(&w);
    for (size_t i = 0; i < list.n; i++) {
        write_subscription(m, &w, &list.v[i]);
    }
    json_w_end(&w);
    write_count(&w, list.n);
    json_w_end(&w);
    vec_done(&list);
}

static void get_subscription(struct arm_call *m)
{
    subscriptions list = {0};
    const struct subscription *found = NULL;
    directory_subscriptions(m->s, m->a, m->caller.tid, &list);
    for (size_t i = 0; i < list.n && !found; i++) {
        found = str_ieq(list.v[i].id, m->c->arg[0]) ? &list.v[i] : NULL;
    }
    if (found) {
        struct json_writer w = call_json(m->c, 200);
        write_subscription(m, &w, found);
    } else {
        call_error(m->c, 404, "SubscriptionNotFound",
                   arena_printf(m->a, "The subscription '%.*s' could not be found.",
                                STR_ARG(m->c->arg[0])));
    }
    vec_done(&list);
}

static void list_tenants(struct arm_call *m)
{
    struct tenant t;
    bool found = directory_tenant(m->s, m->a, m->caller.tid, &t);
    struct json_writer w = call_json(m->c, 200);
    json_w_object(&w);
    json_w_key(&w, "value");
    json_w_array(&w);
    if (found) {
        json_w_object(&w);
        write_str(&w, "id", arena_printf(m->a, "/tenants/%.*s", STR_ARG(t.id)));
        write_str(&w, "tenantId", t.id);
        write_str(&w, "displayName", t.name);
        write_str(&w, "defaultDomain", t.domain);
        json_w_strings(&w, "tenantCategory", "Home", "tenantType", "AAD", NULL);
        json_w_end(&w);
    }
    json_w_end(&w);
    json_w_end(&w);
}

/* What `az cloud register --endpoint-resource-manager` asks for, without a token. */
static void metadata(struct arm_call *m)
{
    const struct emulator_config *config = &m->c->emu->config;
    struct str port = m->c->port;
    struct json_writer w = call_json(m->c, 200);
    json_w_object(&w);
    json_w_strings(&w, "name", "Emulator", NULL);
    write_str(&w, "resourceManager", call_base(m->c));
    write_str(&w, "graphEndpoint",
              arena_printf(m->a, "https://%s%.*s/", config->graph_hosts.v[0], STR_ARG(port)));
    write_str(&w, "microsoftGraphResourceId",
              arena_printf(m->a, "https://%s%.*s/", config->graph_hosts.v[0], STR_ARG(port)));
    json_w_key(&w, "authentication");
    json_w_object(&w);
    write_str(&w, "loginEndpoint",
              arena_printf(m->a, "https://%s%.*s", config->login_hosts.v[0], STR_ARG(port)));
    json_w_key(&w, "audiences");
    json_w_array(&w);
    json_w_str(&w, arena_printf(m->a, "%.*s/", STR_ARG(call_base(m->c))));
    json_w_end(&w);
    json_w_strings(&w, "tenant", "common", "identityProvider", "AAD", NULL);
    json_w_end(&w);
    json_w_key(&w, "suffixes");
    json_w_object(&w);
    write_str(&w, "keyVaultDns", str_c(config->vault_suffixes.v[0]));
    json_w_end(&w);
    json_w_end(&w);
}

/* ---- the table ---- */

static const struct arm_route {
    const char *method;
    const char *pattern;
    const char *name;
    bool anonymous;
    void (*handle)(struct arm_call *m);
} arm_routes[] = {
    {"GET", "/subscriptions", "arm subscriptions", false, list_subscriptions},
    {"GET", "/subscriptions/{}", "arm subscription", false, get_subscription},
    {"GET", "/tenants", "arm tenants", false, list_tenants},
    {"GET", "/metadata/endpoints", "arm metadata", true, metadata},
};

/* ---- the door ---- */

static void unauthorized(struct call *c, const char *code, struct str message)
{
    call_error(c, 401, code, message);
    call_set_header(c, "WWW-Authenticate",
                    arena_printf(&c->arena,
                                 "Bearer authorization_uri=\"https://%s%.*s/\", error="
                                 "\"invalid_token\", error_description=\"%.*s\"",
                                 c->emu->config.login_hosts.v[0], STR_ARG(c->port),
                                 STR_ARG(message)));
}

/* The resource may be written with or without its slashes, and as the name of another ARM host. */
static bool audience_ok(const struct emulator *e, struct str aud)
{
    struct str host = https_host(aud);
    return name_list_has(&e->config.arm_hosts, host) ||
           str_ieq(host, STR("management.core.windows.net")) ||
           str_ieq(aud, STR("797f4846-ba00-4fd7-ba43-dac1f8f63013"));
}

static bool authenticate(struct arm_call *m)
{
    struct str token = call_bearer(m->c);
    if (token.n == 0) {
        unauthorized(m->c, "AuthenticationFailed",
                     STR("Authentication failed. The 'Authorization' header is missing."));
        return false;
    }
    if (token_check(m->c->emu->keys, m->a, token, &m->caller) != TOKEN_OK) {
        unauthorized(m->c, "InvalidAuthenticationToken", STR("The access token is invalid."));
        return false;
    }
    if (!audience_ok(m->c->emu, m->caller.aud)) {
        unauthorized(m->c, "InvalidAuthenticationTokenAudience",
                     arena_printf(m->a,
                                  "The access token has been obtained for wrong audience or "
                                  "resource '%.*s'.",
                                  STR_ARG(m->caller.aud)));
        return false;
    }
    if (m->caller.exp <= emulator_now(m->c->emu)) {
        unauthorized(m->c, "ExpiredAuthenticationToken",
                     STR("The access token expiry UTC time is earlier than current UTC time."));
        return false;
    }
    return true;
}

static void serve(struct call *c)
{
    struct arm_call m = {.c = c, .a = &c->arena, .s = c->emu->store};
    bool known = false;
    for (size_t i = 0; i < COUNT_OF(arm_routes); i++) {
        const struct arm_route *r = &arm_routes[i];
        if (!call_path_fits(c, r->pattern)) {
            continue;
        }
        known = true;
        if (!str_eq_c(c->method, r->method)) {
            continue;
        }
        c->route = r->name;
        if (r->anonymous || authenticate(&m)) {
            r->handle(&m);
        }
        return;
    }
    call_error(c, known ? 405 : 404, known ? "MethodNotAllowed" : "ResourceNotFound",
               STR("The emulator knows no such page of the resource manager."));
}

void arm_handle(struct call *c)
{
    struct store *s = c->emu->store;
    AUTO(err_freep) struct err *err = NULL;
    store_begin(s);
    serve(c);
    if (store_commit(s, &err) != 0) {
        call_error(c, 500, "InternalServerError", str_c(err_msg(err)));
    }
    call_finish(c);
}
