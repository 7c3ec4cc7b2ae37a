/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/imds.h"

#include "emulator/entra.h"
#include "emulator/faults.h"
#include "emulator/token.h"

#define LIFETIME (24 * NS_H) /* tokens of managed identities last a day */

void imds_error(struct call *c, int status, const char *error, struct str text)
{
    struct json_writer w = call_json(c, status);
    json_w_object(&w);
    json_w_strings(&w, "error", error, NULL);
    json_w_key(&w, "error_description");
    json_w_str(&w, text);
    json_w_end(&w);
}

/* How the services name the identity that is meant. */
static const struct selector {
    const char *name;
    enum { BY_CLIENT, BY_OBJECT, BY_RESOURCE } by;
} selectors[] = {
    {"client_id", BY_CLIENT},    {"clientid", BY_CLIENT},     {"object_id", BY_OBJECT},
    {"principal_id", BY_OBJECT}, {"msi_res_id", BY_RESOURCE}, {"mi_res_id", BY_RESOURCE},
};

static bool is_meant(struct arena *a, const struct selector *by, const struct principal *p,
                     struct str value)
{
    switch (by->by) {
    case BY_CLIENT:
        return str_ieq(value, p->client_id);
    case BY_OBJECT:
        return str_ieq(value, p->object_id);
    case BY_RESOURCE:
        return str_ieq(value, principal_resource_id(a, p));
    }
    return false;
}

/* The identity of that selector; NULL if there is none. */
static const struct principal *find(struct call *c, const principals *all,
                                    const struct url_params *form, bool *named)
{
    for (size_t i = 0; i < COUNT_OF(selectors); i++) {
        struct str value = url_params_str(form, selectors[i].name);
        for (size_t k = 0; k < all->n && value.n > 0; k++) {
            if (is_meant(&c->arena, &selectors[i], &all->v[k], value)) {
                return &all->v[k];
            }
        }
        *named |= value.n > 0;
    }
    return NULL;
}

/* Without a selector: the configured one, or the only one. */
static const struct principal *find_default(const struct emulator *e, const principals *all)
{
    const char *wanted = e->config.msi_identity;
    must(all->n == 0 || all->v);
    for (size_t i = 0; i < all->n && wanted; i++) {
        if (str_eq_c(all->v[i].name, wanted) || str_ieq(all->v[i].client_id, str_c(wanted))) {
            return &all->v[i];
        }
    }
    return !wanted && all->n == 1 ? &all->v[0] : NULL;
}

static bool pick_identity(struct call *c, const struct url_params *form, struct principal *out)
{
    principals all = {0};
    bool named = false;
    store_begin(c->emu->store);
    directory_identities(c->emu->store, &c->arena, &all);
    store_rollback(c->emu->store);
    const struct principal *p = find(c, &all, form, &named);
    if (!p && !named) {
        p = find_default(c->emu, &all);
    }
    if (p) {
        *out = *p;
    } else if (named || all.n == 0) {
        imds_error(c, 400, "invalid_request", STR("Identity not found"));
    } else {
        imds_error(c, 400, "invalid_request",
                   STR("Multiple user assigned identities exist, please specify the clientId / "
                       "resourceId of the identity in the token request"));
    }
    vec_done(&all);
    return p != NULL;
}

static void write_number(struct call *c, struct json_writer *w, const char *name, int64_t v)
{
    json_w_key(w, name);
    json_w_str(w, arena_printf(&c->arena, "%lld", (long long)v));
}

/* Numbers are strings, and both expires_in and expires_on are there: some libraries need the one,
 * some the other. */
static void answer(struct call *c, const struct principal *p, struct str resource)
{
    int64_t now = emulator_now(c->emu), lifetime = LIFETIME / NS_S;
    bool stale = c->fault && c->fault->stale_token;
    const struct token_request r = {
        .principal = p,
        .audience = resource,
        .now = stale ? now - 2 * lifetime : now,
        .expires = stale ? now - 1 : now + lifetime,
        .strength = "2",
    };
    struct str token = token_mint(c->emu->keys, &c->arena, &r);
    c->client = p->client_id;
    c->token_issued = true;
    struct json_writer w = call_json(c, 200);
    json_w_object(&w);
    json_w_key(&w, "access_token");
    json_w_str(&w, token);
    json_w_key(&w, "client_id");
    json_w_str(&w, p->client_id);
    write_number(c, &w, "expires_in", lifetime - 1);
    write_number(c, &w, "expires_on", now + lifetime);
    write_number(c, &w, "ext_expires_in", lifetime - 1);
    write_number(c, &w, "not_before", now - 300);
    json_w_key(&w, "resource");
    json_w_str(&w, resource);
    json_w_strings(&w, "token_type", "Bearer", NULL);
    json_w_end(&w);
}

static void serve(struct call *c, const struct url_params *form)
{
    struct principal p;
    struct str resource = url_params_str(form, "resource");
    if (resource.n == 0 || !entra_resource_known(c->emu, resource)) {
        imds_error(c, 400, "invalid_resource",
                   STR("AADSTS500011: The resource principal was not found in the tenant."));
    } else if (pick_identity(c, form, &p)) {
        answer(c, &p, resource);
    }
    call_finish(c);
}

/* The header keeps a request that somebody was tricked into (SSRF) from getting a token. */
static bool has_metadata_header(struct call *c)
{
    if (str_ieq(call_get_header(c, "Metadata"), STR("true"))) {
        return true;
    }
    imds_error(c, 400, "bad_request_102", STR("Required metadata header not specified"));
    call_finish(c);
    return false;
}

static void imds_token(struct call *c)
{
    if (has_metadata_header(c)) {
        serve(c, &c->query);
    }
}

static void app_service_token(struct call *c)
{
    struct str given = call_get_header(c, "X-IDENTITY-HEADER");
    if (given.n == 0) {
        given = call_get_header(c, "Secret");
    }
    const char *wanted = c->emu->config.msi_header;
    if (given.n == 0 || (wanted && !str_eq_c(given, wanted))) {
        imds_error(c, 401, "unauthorized", STR("X-IDENTITY-HEADER is missing or wrong"));
        call_finish(c);
        return;
    }
    serve(c, &c->query);
}

static void cloud_shell_token(struct call *c)
{
    if (has_metadata_header(c)) {
        struct url_params form = {0};
        (void)url_params_parse(&c->arena, c->body, URL_FORM, &form, NULL);
        serve(c, &form);
    }
}

static const struct route routes[] = {
    {"GET", "/metadata/identity/oauth2/token", "imds token", imds_token},
    {"GET", "/msi/token", "app service token", app_service_token},
    {"POST", "/msi/token", "cloud shell token", cloud_shell_token},
    {"POST", "/oauth2/token", "cloud shell token", cloud_shell_token},
};

void imds_handle(struct call *c)
{
    bool method_wrong;
    if (!call_route(c, routes, COUNT_OF(routes), &method_wrong)) {
        imds_error(c, method_wrong ? 405 : 404, "not_found",
                   STR("The emulator knows no such page of the metadata service."));
        call_finish(c);
    }
}
