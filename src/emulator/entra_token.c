/* SPDX-License-Identifier: Apache-2.0
 *
 * The token endpoints. The steps stand in the order in which Entra complains: tenant, form, grant
 * type, client, scope, credential. Each step either fills in its part of the call or answers.
 */
#include "base/encode.h"
#include "emulator/entra.h"
#include "emulator/faults.h"
#include "emulator/federation.h"
#include "emulator/token.h"

struct token_call {
    struct call *c;
    struct arena *a;
    struct store *s;
    bool v2;
    struct url_params form;
    struct tenant tenant;
    struct principal app;
    struct str client_id;
    struct str client_secret;
    struct str resource;
    const char *strength;
    struct jwt assertion;
    bool federated;       /* the assertion's signature is still to be checked */
    struct issuer issuer; /* with the keys of this one */
};

/* Answers with an error; false, so that a step can return it. */
static bool refuse(struct token_call *t, int code, struct str message)
{
    entra_error(t->c, code, message);
    return false;
}

static bool missing(struct token_call *t, const char *field)
{
    return refuse(
        t, 900144,
        arena_printf(t->a, "The request body must contain the following parameter: '%s'.", field));
}

/* ---- tenant, grant, client ---- */

static bool step_tenant(struct token_call *t)
{
    struct str id = t->c->arg[0];
    if (str_ieq(id, STR("common")) || str_ieq(id, STR("organizations")) ||
        str_ieq(id, STR("consumers"))) {
        return refuse(
            t, 50059,
            STR("No tenant-identifying information found in either the request or implied "
                "by any provided credentials."));
    }
    if (directory_tenant(t->s, t->a, id, &t->tenant)) {
        return true;
    }
    if (!is_guid(id) && str_find_byte(id, '.') < 0) {
        return refuse(
            t, 900023,
            arena_printf(t->a,
                         "Specified tenant identifier '%.*s' is neither a valid DNS name, "
                         "nor a valid external domain.",
                         STR_ARG(id)));
    }
    return refuse(t, 90002,
                  arena_printf(t->a,
                               "Tenant '%.*s' not found. Check to make sure you have the correct "
                               "tenant ID and are signing into the correct cloud. Check with your "
                               "subscription administrator, this may happen if there are no active "
                               "subscriptions for the tenant.",
                               STR_ARG(id)));
}

static bool step_grant(struct token_call *t)
{
    struct str grant = url_params_str(&t->form, "grant_type");
    if (grant.n == 0) {
        return missing(t, "grant_type");
    }
    if (str_eq(grant, STR("client_credentials"))) {
        return true;
    }
    return refuse(
        t, 70003,
        arena_printf(t->a, "The app requested an unsupported grant type '%.*s'.", STR_ARG(grant)));
}

static struct str decode(struct arena *a, struct str s)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(4096);
    (void)url_decode(&text, s, URL_FORM, NULL);
    return arena_str(a, buf_str(&text));
}

/* "Authorization: Basic" is the other way to send id and secret (RFC 6749, 2.3.1). */
static void read_basic(struct token_call *t)
{
    struct str value = call_get_header(t->c, "Authorization");
    struct str scheme = STR("Basic ");
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(4096);
    if (value.n < scheme.n || !str_ieq(str_head(value, scheme.n), scheme) ||
        base64_decode(&text, str_trim(str_from(value, scheme.n)), BASE64_STD, NULL) != 0) {
        return;
    }
    ptrdiff_t colon = str_find_byte(buf_str(&text), ':');
    if (colon >= 0) {
        t->client_id = decode(t->a, str_head(buf_str(&text), (size_t)colon));
        t->client_secret = decode(t->a, str_from(buf_str(&text), (size_t)colon + 1));
    }
}

static bool step_client(struct token_call *t)
{
    t->client_id = url_params_str(&t->form, "client_id");
    t->client_secret = url_params_str(&t->form, "client_secret");
    if (t->client_id.n == 0) {
        read_basic(t);
    }
    if (t->client_id.n == 0) {
        return missing(t, "client_id");
    }
    if (is_guid(t->client_id)) {
        t->c->client = t->client_id;
    }
    if (!directory_client(t->s, t->a, t->tenant.id, t->client_id, &t->app)) {
        return refuse(
            t, 700016,
            arena_printf(t->a,
                         "Application with identifier '%.*s' was not found in the directory "
                         "'%.*s'. This can happen if the application has not been installed by the "
                         "administrator of the tenant or consented to by any user in the tenant. "
                         "You may have sent your authentication request to the wrong tenant.",
                         STR_ARG(t->client_id), STR_ARG(t->tenant.name)));
    }
    if (t->app.disabled) {
        return refuse(t, 7000112,
                      arena_printf(t->a, "Application '%.*s'(%.*s) is disabled.",
                                   STR_ARG(t->app.client_id), STR_ARG(t->app.name)));
    }
    return true;
}

/* ---- scope and resource ---- */

bool entra_resource_known(const struct emulator *e, struct str resource)
{
    static const char *const known[] = {
        "cfa8b339-82a2-471a-a3c9-0fc0be7a4093", /* Key Vault */
        "797f4846-ba00-4fd7-ba43-dac1f8f63013", /* Azure Resource Manager */
        "00000003-0000-0000-c000-000000000000", /* Microsoft Graph */
    };
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (str_ieq(resource, str_c(known[i]))) {
            return true;
        }
    }
    struct str host = https_host(resource);
    return str_starts(resource, STR("api://")) || name_list_has(&e->config.vault_suffixes, host) ||
           name_list_has(&e->config.arm_hosts, host) ||
           name_list_has(&e->config.graph_hosts, host) ||
           str_ieq(host, STR("management.core.windows.net")) ||
           str_ieq(host, STR("graph.windows.net"));
}

static bool step_resource_known(struct token_call *t)
{
    if (entra_resource_known(t->c->emu, t->resource)) {
        return true;
    }
    return refuse(
        t, 500011,
        arena_printf(t->a,
                     "The resource principal named %.*s was not found in the tenant named %.*s. "
                     "This can happen if the application has not been installed by the "
                     "administrator of the tenant or consented to by any user in the tenant. You "
                     "might have sent your authentication request to the wrong tenant.",
                     STR_ARG(t->resource), STR_ARG(t->tenant.name)));
}

/* Scopes that libraries add although they mean nothing for an application. */
static bool is_decoration(struct str scope)
{
    static const char *const words[] = {"openid", "offline_access", "profile", "email"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq_c(scope, words[i])) {
            return true;
        }
    }
    return scope.n == 0;
}

/* The one "<resource>/.default"; what stands before it is the audience, verbatim. */
static bool step_scope(struct token_call *t)
{
    struct str scope = url_params_str(&t->form, "scope"), wanted = STR_EMPTY;
    size_t n = 0;
    if (scope.n == 0) {
        return missing(t, "scope");
    }
    for (struct str rest = scope, part; str_split(&rest, ' ', &part);) {
        if (!is_decoration(part)) {
            wanted = part;
            n++;
        }
    }
    if (n == 0) {
        return refuse(t, 70011,
                      arena_printf(t->a,
                                   "The provided request must include a 'scope' input parameter. "
                                   "The provided value for the input parameter 'scope' is not "
                                   "valid. The scope %.*s is not valid.",
                                   STR_ARG(scope)));
    }
    if (n > 1) {
        return refuse(t, 700022,
                      arena_printf(t->a,
                                   "The provided value for scope %.*s is not valid. It contains "
                                   "more than one resource.",
                                   STR_ARG(scope)));
    }
    if (!str_ends(wanted, STR("/.default"))) {
        return refuse(t, 1002012,
                      arena_printf(t->a,
                                   "The provided value for scope %.*s is not valid. Client "
                                   "credential flows must have a scope value with /.default "
                                   "suffixed to the resource identifier (application ID URI).",
                                   STR_ARG(wanted)));
    }
    t->resource = str_trim_suffix(wanted, STR("/.default"));
    return step_resource_known(t);
}

static bool step_resource(struct token_call *t)
{
    t->resource = url_params_str(&t->form, "resource");
    return t->resource.n == 0 ? missing(t, "resource") : step_resource_known(t);
}

/* ---- credentials ---- */

static bool step_secret(struct token_call *t)
{
    switch (directory_check_secret(t->s, t->a, t->app.object_id, t->client_secret,
                                   emulator_now(t->c->emu))) {
    case SECRET_OK:
        t->strength = "1";
        return true;
    case SECRET_EXPIRED:
        return refuse(t, 7000222,
                      arena_printf(t->a,
                                   "The provided client secret keys for app '%.*s' are expired. "
                                   "Visit the Azure portal to create new keys for your app: "
                                   "https://aka.ms/NewClientSecret, or consider using certificate "
                                   "credentials for added security: https://aka.ms/certCreds.",
                                   STR_ARG(t->app.client_id)));
    case SECRET_WRONG:
        break;
    }
    return refuse(t, 7000215,
                  arena_printf(t->a,
                               "Invalid client secret provided. Ensure the secret being sent in "
                               "the request is the client secret value, not the client secret ID, "
                               "for a secret added to app '%.*s'.",
                               STR_ARG(t->app.client_id)));
}

static void issue(struct token_call *t);

static void end(struct token_call *t, bool ok)
{
    if (ok) {
        issue(t);
    }
    call_finish(t->c);
}

/* The keys of the issuer are here, or could not be had. */
static void federated_verified(void *arg, enum federation_result result, struct str why)
{
    struct token_call *t = arg;
    switch (result) {
    case FEDERATION_OK:
        break;
    case FEDERATION_NO_KEY:
        refuse(t, 50013,
               arena_printf(t->a,
                            "Assertion failed signature validation. [Reason - The key was not "
                            "found., Thumbprint of key used by client: '%.*s']",
                            STR_ARG(t->assertion.kid)));
        break;
    case FEDERATION_BAD_SIGNATURE:
        refuse(t, 50013,
               STR("Assertion failed signature validation. [Reason - The provided signature value "
                   "did not match the expected signature value.]"));
        break;
    case FEDERATION_NO_DOCUMENTS:
        refuse(
            t, 50166,
            arena_printf(t->a, "Request to External OIDC endpoint failed. (%.*s)", STR_ARG(why)));
        break;
    }
    end(t, result == FEDERATION_OK);
}

static void find_issuer(struct token_call *t)
{
    struct str url = json_find_str(t->assertion.claims, "iss");
    if (!directory_issuer(t->s, t->a, url, &t->issuer)) {
        t->issuer = (struct issuer){.url = url};
    }
    t->federated = true;
}

static bool step_assertion(struct token_call *t)
{
    struct str type = url_params_str(&t->form, "client_assertion_type");
    if (!str_eq(type, STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))) {
        return missing(t, "client_assertion_type");
    }
    AUTO(err_freep) struct err *err = NULL;
    if (jwt_parse(t->a, url_params_str(&t->form, "client_assertion"), &t->assertion, &err) != 0) {
        return refuse(t, 50027,
                      arena_printf(t->a, "JWT token is invalid or malformed: %s.", err_msg(err)));
    }
    const struct assertion_check k = {.s = t->s,
                                      .a = t->a,
                                      .principal = &t->app,
                                      .tenant = &t->tenant,
                                      .emu = t->c->emu,
                                      .now = emulator_now(t->c->emu)};
    bool own = str_ieq(json_find_str(t->assertion.claims, "iss"), t->app.client_id);
    struct problem p = own ? assertion_by_certificate(&k, &t->assertion)
                           : assertion_by_federation(&k, &t->assertion);
    if (p.code) {
        return refuse(t, p.code, p.message);
    }
    t->strength = "2";
    if (!own) {
        find_issuer(t);
    }
    return true;
}

static bool step_credential(struct token_call *t)
{
    if (url_params_str(&t->form, "client_assertion").n > 0) {
        return step_assertion(t);
    }
    if (t->client_secret.n > 0) {
        return step_secret(t);
    }
    return refuse(
        t, 7000218,
        STR("The request body must contain the following parameter: 'client_assertion' or "
            "'client_secret'."));
}

/* ---- the answer ---- */

static void issue(struct token_call *t)
{
    struct emulator *e = t->c->emu;
    int64_t now = emulator_now(e);
    int64_t lifetime = e->config.token_lifetime / NS_S;
    bool stale = t->c->fault && t->c->fault->stale_token;
    const struct token_request r = {
        .principal = &t->app,
        .audience = t->resource,
        .now = stale ? now - 2 * lifetime : now,
        .expires = stale ? now - 1 : now + lifetime,
        .strength = t->strength,
    };
    struct str token = token_mint(e->keys, t->a, &r);
    t->c->token_issued = true;
    struct json_writer w = call_json(t->c, 200);
    json_w_object(&w);
    json_w_strings(&w, "token_type", "Bearer", NULL);
    /* The v1 endpoint writes numbers as strings. */
    const struct {
        const char *name;
        int64_t v;
        bool v1_only;
    } numbers[] = {{"expires_in", lifetime - 1, false},
                   {"ext_expires_in", lifetime - 1, false},
                   {"expires_on", now + lifetime, true},
                   {"not_before", now - 300, true}};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        if (t->v2 && numbers[i].v1_only) {
            continue;
        }
        json_w_key(&w, numbers[i].name);
        if (t->v2) {
            json_w_int(&w, numbers[i].v);
        } else {
            json_w_str(&w, arena_printf(t->a, "%lld", (long long)numbers[i].v));
        }
    }
    if (!t->v2) {
        json_w_key(&w, "resource");
        json_w_str(&w, t->resource);
    }
    json_w_key(&w, "access_token");
    json_w_str(&w, token);
    json_w_end(&w);
}

static void token(struct call *c, bool v2)
{
    struct token_call *t = arena_new(&c->arena, struct token_call);
    *t = (struct token_call){.c = c, .a = &c->arena, .s = c->emu->store, .v2 = v2};
    (void)url_params_parse(t->a, c->body, URL_FORM, &t->form, NULL);
    store_begin(t->s);
    bool ok = step_tenant(t) && step_grant(t) && step_client(t) &&
              (v2 ? step_scope(t) : step_resource(t)) && step_credential(t);
    store_rollback(t->s);
    if (ok && t->federated) {
        federation_verify(c->emu->federation, &t->issuer, &t->assertion, federated_verified, t);
    } else {
        end(t, ok);
    }
}

void entra_token_v1(struct call *c)
{
    token(c, false);
}

void entra_token_v2(struct call *c)
{
    token(c, true);
}
