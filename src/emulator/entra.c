/* SPDX-License-Identifier: Apache-2.0
 *
 * Discovery. Libraries ask more than they need to: MSAL sends instance discovery for hosts that it
 * does not know to login.microsoftonline.com, MSAL Go appends a bare "?" and lower-cases the
 * tenant, and the document must name the host that the client used, or the client refuses it.
 */
#include "emulator/entra.h"

#include "emulator/token.h"

static void write_str(struct json_writer *w, const char *key, struct str value)
{
    json_w_key(w, key);
    json_w_str(w, value);
}

static void write_list(struct json_writer *w, const char *key, const char *const *items)
{
    json_w_key(w, key);
    json_w_array(w);
    for (; *items; items++) {
        json_w_c(w, *items);
    }
    json_w_end(w);
}

/* ---- instance discovery ---- */

static void write_instance(struct call *c, struct str authority, struct str tenant)
{
    const struct name_list *hosts = &c->emu->config.login_hosts;
    struct json_writer w = call_json(c, 200);
    json_w_object(&w);
    write_str(&w, "tenant_discovery_endpoint",
              arena_printf(&c->arena, "https://%.*s/%.*s/v2.0/.well-known/openid-configuration",
                           STR_ARG(authority), STR_ARG(tenant)));
    json_w_strings(&w, "api-version", "1.1", NULL);
    json_w_key(&w, "metadata");
    json_w_array(&w);
    json_w_object(&w);
    json_w_strings(&w, "preferred_network", hosts->v[0], "preferred_cache", hosts->v[0], NULL);
    json_w_key(&w, "aliases");
    json_w_array(&w);
    for (size_t i = 0; i < hosts->n; i++) {
        json_w_c(&w, hosts->v[i]);
    }
    json_w_end(&w);
    json_w_end(&w);
    json_w_end(&w);
    json_w_end(&w);
}

/* authorization_endpoint is the client's authority; the Host header only says who was asked. */
static void instance_discovery(struct call *c)
{
    struct str endpoint = url_params_str(&c->query, "authorization_endpoint");
    struct url url;
    if (url_parse(endpoint, &url, NULL) != 0 || !str_ieq(url.scheme, STR("https")) ||
        !name_list_has(&c->emu->config.login_hosts, url.host)) {
        entra_error(c, 50049, STR("Unknown or invalid instance."));
    } else {
        struct str rest = str_trim_prefix(url.path, STR("/")), tenant = STR_EMPTY;
        (void)str_split(&rest, '/', &tenant);
        write_instance(c, url.authority, tenant);
    }
    call_finish(c);
}

/* ---- openid-configuration ---- */

static void write_document(struct call *c, struct str base, struct str issuer, bool v2)
{
    static const char *const methods[] = {"client_secret_post", "private_key_jwt",
                                          "client_secret_basic", NULL};
    static const char *const types[] = {"code", "id_token", "token", NULL};
    static const char *const subjects[] = {"pairwise", NULL};
    static const char *const algorithms[] = {"RS256", NULL};
    const char *version = v2 ? "/v2.0" : "";
    struct arena *a = &c->arena;
    struct json_writer w = call_json(c, 200);
    json_w_object(&w);
    write_str(&w, "issuer", issuer);
    write_str(&w, "token_endpoint", arena_printf(a, "%.*s/oauth2%s/token", STR_ARG(base), version));
    write_str(&w, "authorization_endpoint",
              arena_printf(a, "%.*s/oauth2%s/authorize", STR_ARG(base), version));
    write_str(&w, "device_authorization_endpoint",
              arena_printf(a, "%.*s/oauth2%s/devicecode", STR_ARG(base), version));
    write_str(&w, "jwks_uri", arena_printf(a, "%.*s/discovery%s/keys", STR_ARG(base), version));
    write_list(&w, "token_endpoint_auth_methods_supported", methods);
    write_list(&w, "response_types_supported", types);
    write_list(&w, "subject_types_supported", subjects);
    write_list(&w, "id_token_signing_alg_values_supported", algorithms);
    json_w_key(&w, "tenant_region_scope");
    json_w_null(&w);
    json_w_strings(&w, "cloud_instance_name", "microsoftonline.com", NULL);
    json_w_end(&w);
}

/* The tenant of the path, or false after answering. "common" stands for any. */
static bool path_tenant(struct call *c, struct tenant *t)
{
    static const char *const any[] = {"common", "organizations"};
    struct store *s = c->emu->store;
    store_begin(s);
    bool found = directory_tenant(s, &c->arena, c->arg[0], t);
    for (size_t i = 0; i < COUNT_OF(any) && !found; i++) {
        found = str_ieq(c->arg[0], str_c(any[i])) && directory_default_tenant(s, &c->arena, t);
    }
    store_rollback(s);
    if (!found) {
        entra_error(
            c, 90002,
            arena_printf(&c->arena,
                         "Tenant '%.*s' not found. Check to make sure you have the correct "
                         "tenant ID and are signing into the correct cloud. Check with your "
                         "subscription administrator, this may happen if there are no "
                         "active subscriptions for the tenant.",
                         STR_ARG(c->arg[0])));
    }
    return found;
}

static void document(struct call *c, bool v2)
{
    struct tenant t;
    if (path_tenant(c, &t)) {
        bool adfs = str_ieq(c->arg[0], STR("adfs"));
        struct str base = arena_printf(&c->arena, "%.*s/%.*s", STR_ARG(call_base(c)),
                                       STR_ARG(adfs ? c->arg[0] : t.id));
        struct str issuer = base;
        if (!adfs) {
            issuer = v2 ? arena_printf(&c->arena, "%.*s/v2.0", STR_ARG(base))
                        : token_issuer(&c->arena, t.id);
        }
        write_document(c, base, issuer, v2 || adfs);
    }
    call_finish(c);
}

static void document_v1(struct call *c)
{
    document(c, false);
}

static void document_v2(struct call *c)
{
    document(c, true);
}

static void signing_keys(struct call *c)
{
    struct tenant t;
    if (path_tenant(c, &t)) {
        struct json_writer w = call_json(c, 200);
        token_write_jwks(c->emu->keys, &w);
    }
    call_finish(c);
}

/* ---- routes ---- */

static const struct route routes[] = {
    {"GET", "/common/discovery/instance", "instance discovery", instance_discovery},
    {"GET", "/{}/v2.0/.well-known/openid-configuration", "openid configuration", document_v2},
    {"GET", "/{}/.well-known/openid-configuration", "openid configuration", document_v1},
    {"GET", "/{}/discovery/v2.0/keys", "signing keys", signing_keys},
    {"GET", "/{}/discovery/keys", "signing keys", signing_keys},
    {"POST", "/{}/oauth2/v2.0/token", "token", entra_token_v2},
    {"POST", "/{}/oauth2/token", "token v1", entra_token_v1},
};

void entra_handle(struct call *c)
{
    bool method_wrong;
    call_set_header(c, "Cache-Control", STR("no-store, no-cache"));
    if (call_route(c, routes, COUNT_OF(routes), &method_wrong)) {
        return;
    }
    if (method_wrong) {
        entra_error(
            c, 900561,
            arena_printf(&c->arena,
                         "The endpoint only accepts POST requests. Received a %.*s request.",
                         STR_ARG(c->method)));
    } else {
        call_error(c, 404, "NotFound", STR("The emulator knows no such page of a login host."));
    }
    call_finish(c);
}
