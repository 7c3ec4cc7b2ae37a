/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is it, and may they? The texts of refusals are Key Vault's own, because they are what people
 * search for when something does not work.
 */
#include "emulator/token.h"
#include "emulator/vault.h"

/* Key Vault's application id: accepted as audience besides its URL. */
static const char key_vault_app[] = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093";

struct str vault_resource(struct call *c)
{
    return arena_printf(&c->arena, "https://%.*s%.*s", STR_ARG(c->vault_suffix), STR_ARG(c->port));
}

void vault_unauthorized(struct call *c, struct str message)
{
    struct emulator *e = c->emu;
    struct vault vault;
    struct tenant tenant = {0};
    /* A fault may ask for this outside of the transaction of the call. */
    bool own = !store_in_transaction(e->store);
    if (own) {
        store_begin(e->store);
    }
    if (directory_vault(e->store, &c->arena, c->vault_name, &vault)) {
        tenant.id = vault.tenant;
    } else {
        directory_default_tenant(e->store, &c->arena, &tenant);
    }
    if (own) {
        store_rollback(e->store);
    }
    const char *login = e->config.login_hosts.n ? e->config.login_hosts.v[0] : "login.windows.net";
    struct str challenge =
        arena_printf(&c->arena, "Bearer authorization=\"https://%s%.*s/%.*s\", resource=\"%.*s\"",
                     login, STR_ARG(c->port), STR_ARG(tenant.id), STR_ARG(vault_resource(c)));
    vault_error(c, VERR_UNAUTHORIZED, NULL, message);
    call_set_header(c, "WWW-Authenticate", challenge);
}

/* The name of the service is one of ours, on whatever port. */
static bool audience_ok(struct vault_call *v, struct str aud)
{
    if (str_eq_c(aud, key_vault_app)) {
        return true;
    }
    const struct name_list *suffixes = &v->c->emu->config.vault_suffixes;
    for (size_t i = 0; i < suffixes->n; i++) {
        struct str url = arena_printf(v->a, "https://%s", suffixes->v[i]);
        struct str with_port = arena_printf(v->a, "%.*s%.*s", STR_ARG(url), STR_ARG(v->c->port));
        if (str_eq(aud, url) || str_eq(aud, with_port)) {
            return true;
        }
    }
    return false;
}

/* What is wrong with the claims, in the service's words; empty if nothing is. */
static struct str claims_problem(struct vault_call *v, const struct token_claims *t)
{
    if (!audience_ok(v, t->aud)) {
        return arena_printf(v->a, "AKV10022: Invalid audience. Expected %.*s, found: %.*s.",
                            STR_ARG(vault_resource(v->c)), STR_ARG(t->aud));
    }
    struct str issuer = token_issuer(v->a, v->vault.tenant);
    if (!str_eq(t->iss, issuer) || !str_eq(t->tid, v->vault.tenant)) {
        return arena_printf(v->a, "AKV10032: Invalid issuer. Expected one of %.*s, found %.*s.",
                            STR_ARG(issuer), STR_ARG(t->iss));
    }
    if (t->exp <= v->now) {
        return STR("[TokenExpired] Error validating token: 'S2S12086'.");
    }
    if (t->nbf > v->now) {
        return STR("[TokenNotYetValid] Error validating token: 'S2S12087'.");
    }
    return STR_EMPTY;
}

bool vault_authenticate(struct vault_call *v)
{
    struct str token = call_bearer(v->c);
    struct token_claims claims = {0};
    struct str problem;
    if (token.n == 0) {
        problem = STR("AKV10000: Request is missing a Bearer or PoP token.");
    } else {
        switch (token_check(v->c->emu->keys, v->a, token, &claims)) {
        case TOKEN_OK:
            problem = claims_problem(v, &claims);
            break;
        case TOKEN_MALFORMED:
            problem = STR("AKV10001: The Bearer token is not a well-formed JWT.");
            break;
        case TOKEN_UNKNOWN_KEY:
            problem = STR("AKV10046: Unable to resolve the key used for signature validation.");
            break;
        case TOKEN_BAD_SIGNATURE:
        default:
            problem = STR("AKV10002: The signature of the Bearer token is not valid.");
            break;
        }
    }
    if (problem.n > 0) {
        vault_unauthorized(v->c, problem);
        return false;
    }
    v->caller = (struct caller){.appid = claims.appid, .oid = claims.oid, .iss = claims.iss};
    return true;
}

static struct str caller_text(struct vault_call *v)
{
    return arena_printf(v->a, "appid=%.*s;oid=%.*s;iss=%.*s", STR_ARG(v->caller.appid),
                        STR_ARG(v->caller.oid), STR_ARG(v->caller.iss));
}

static struct str vault_text(struct vault_call *v)
{
    return arena_printf(v->a, "%.*s;location=%.*s", STR_ARG(v->vault.name),
                        STR_ARG(v->vault.location));
}

static bool authorize_by_role(struct vault_call *v, enum access access)
{
    struct str resource =
        arena_printf(v->a, "%.*s/%s/%.*s", STR_ARG(vault_resource_id(v->a, &v->vault)),
                     v->kind->live, STR_ARG(v->name));
    resource = str_trim_suffix(resource, STR("/"));
    role_assignments roles = {0};
    directory_roles(v->s, v->a, v->caller.oid, &roles);
    bool allowed = rbac_allows(&roles, resource, v->kind->type, access);
    size_t n = roles.n;
    vec_done(&roles);
    if (allowed) {
        return true;
    }
    vault_error(v->c, VERR_RBAC, NULL,
                arena_printf(
                    v->a,
                    "Caller is not authorized to perform action on resource.\r\nIf role "
                    "assignments, deny assignments or role definitions were changed recently, "
                    "please observe propagation time.\r\nCaller: %.*s\r\nAction: '%s'\r\n"
                    "Resource: '%.*s'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n"
                    "DecisionReason: '%s'\r\nVault: %.*s\r\n",
                    STR_ARG(caller_text(v)), access_action(v->kind->type, access),
                    STR_ARG(lower(v->a, resource)),
                    n ? "DeniedByNoMatchingRole" : "DeniedByNoAssignment", STR_ARG(vault_text(v))));
    return false;
}

static bool authorize_by_policy(struct vault_call *v, enum access access)
{
    access_policies policies = {0};
    directory_policies(v->s, v->a, v->vault.name, v->caller.oid, &policies);
    enum policy_answer answer = policy_allows(&policies, v->kind->type, access);
    vec_done(&policies);
    if (answer == POLICY_ALLOWED) {
        return true;
    }
    struct str caller = caller_text(v);
    if (answer == POLICY_COMPOUND) {
        vault_error(v->c, VERR_POLICY, NULL,
                    arena_printf(v->a,
                                 "The policy requires the caller '%.*s' to use on-behalf-of (OBO) "
                                 "flow. For help resolving this issue, please see "
                                 "https://go.microsoft.com/fwlink/?linkid=2155150",
                                 STR_ARG(caller)));
        return false;
    }
    /* Changing attributes of a secret needs "set". */
    bool set = v->kind->type == OBJECT_SECRET && access == ACCESS_UPDATE;
    vault_error(v->c, VERR_ACCESS_DENIED, NULL,
                arena_printf(v->a,
                             "The user, group or application '%.*s' does not have %s %s permission "
                             "on key vault '%.*s'. For help resolving this issue, please see "
                             "https://go.microsoft.com/fwlink/?linkid=2125287",
                             STR_ARG(caller), v->kind->live, access_name(set ? ACCESS_SET : access),
                             STR_ARG(vault_text(v))));
    return false;
}

bool vault_authorize(struct vault_call *v, enum access access)
{
    return v->vault.rbac ? authorize_by_role(v, access) : authorize_by_policy(v, access);
}
