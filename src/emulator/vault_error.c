/* SPDX-License-Identifier: Apache-2.0
 *
 * The error bodies of Key Vault: {"error":{"code","message","innererror":{"code"}}}. Clients decide
 * by status and codes, people read the messages; both are the service's own wherever it is known.
 */
#include "base/random.h"
#include "emulator/vault.h"

static const struct {
    int status;
    const char *code; /* NULL: the kind's not_found */
    const char *inner;
    const char *message; /* for faults, where no operation makes one */
} rows[VERR_COUNT] = {
    [VERR_BAD_PARAMETER] = {400, "BadParameter", NULL, "Property has invalid value\r\n"},
    [VERR_UNAUTHORIZED] = {401, "Unauthorized", NULL,
                           "AKV10046: Unable to resolve the key used for signature validation."},
    [VERR_RBAC] = {403, "Forbidden", "ForbiddenByRbac",
                   "Caller is not authorized to perform action on resource.\r\nIf role assignments,"
                   " deny assignments or role definitions were changed recently, please observe"
                   " propagation time.\r\n"},
    [VERR_ACCESS_DENIED] = {403, "Forbidden", "AccessDenied",
                            "The user, group or application does not have secrets get permission on"
                            " key vault."},
    [VERR_POLICY] = {403, "Forbidden", "ForbiddenByPolicy",
                     "The policy requires the caller to use on-behalf-of (OBO) flow."},
    [VERR_FIREWALL] = {403, "Forbidden", "ForbiddenByFirewall",
                       "Client address is not authorized and caller is not a trusted service.\r\n"},
    [VERR_CONNECTION] = {403, "Forbidden", "ForbiddenByConnection",
                         "Public network access is disabled and request is not from a trusted"
                         " service nor via an approved private link.\r\n"},
    [VERR_DISABLED] = {403, "Forbidden", "SecretDisabled",
                       "Operation get is not allowed on a disabled secret."},
    [VERR_FORBIDDEN] = {403, "Forbidden", NULL, "Operation is not allowed."},
    [VERR_NOT_FOUND] = {404, NULL, NULL, "A secret was not found in this key vault."},
    [VERR_DELETED] = {409, "Conflict", "ObjectIsDeletedButRecoverable",
                      "Secret is currently in a deleted but recoverable state, and its name cannot"
                      " be reused; in this state, the secret can only be recovered or purged."},
    [VERR_BEING_DELETED] = {409, "Conflict", "ObjectIsBeingDeleted",
                            "Secret is currently being deleted."},
    [VERR_BEING_RECOVERED] = {409, "Conflict", "ObjectIsBeingRecovered",
                              "Secret is currently being recovered."},
    [VERR_CONFLICT] = {409, "Conflict", NULL, "The object exists already."},
    [VERR_METHOD] = {405, "MethodNotAllowed", NULL, "The method is not allowed."},
    [VERR_THROTTLED] = {429, "Throttled", NULL,
                        "Request was not processed because too many requests were received. Reason:"
                        " VaultRequestTypeLimitReached"},
    [VERR_INTERNAL] = {500, "InternalServerError", NULL,
                       "An internal error occurred while processing the request."},
    [VERR_UNAVAILABLE] = {503, "ServiceUnavailable", NULL, "The service is unavailable."},
};

void vault_error(struct call *c, enum vault_error error, const struct object_kind *kind,
                 struct str message)
{
    const char *code = rows[error].code;
    const char *inner = rows[error].inner;
    if (error == VERR_NOT_FOUND) {
        code = kind ? kind->not_found : "SecretNotFound";
    }
    if (error == VERR_DISABLED && kind) {
        inner = kind->disabled;
    }
    call_error_inner(c, rows[error].status, code, inner, message);
}

bool vault_error_by_code(struct call *c, int status, struct str code)
{
    for (size_t i = 0; i < VERR_COUNT; i++) {
        bool named = str_eq_c(code, rows[i].inner) || str_eq_c(code, rows[i].code);
        if (rows[i].status != status || !(code.n == 0 || named)) {
            continue;
        }
        if (i == VERR_UNAUTHORIZED) {
            vault_unauthorized(c, str_c(rows[i].message));
        } else {
            vault_error(c, (enum vault_error)i, NULL, str_c(rows[i].message));
        }
        return true;
    }
    return false;
}

void fail_bad_parameter(struct vault_call *v, struct str message)
{
    vault_error(v->c, VERR_BAD_PARAMETER, NULL, message);
}

void fail_not_found(struct vault_call *v)
{
    struct str noun = lower(v->a, str_c(v->kind->noun));
    struct str id = v->version.n
                        ? arena_printf(v->a, "%.*s/%.*s", STR_ARG(v->name), STR_ARG(v->version))
                        : v->name;
    vault_error(v->c, VERR_NOT_FOUND, v->kind,
                arena_printf(v->a,
                             "A %.*s with (name/id) %.*s was not found in this key vault. If you "
                             "recently deleted this %.*s you may be able to recover it using the "
                             "correct recovery command. For help resolving this issue, please see "
                             "https://go.microsoft.com/fwlink/?linkid=2125182",
                             STR_ARG(noun), STR_ARG(id), STR_ARG(noun)));
}

void fail_deleted_not_found(struct vault_call *v)
{
    vault_error(v->c, VERR_NOT_FOUND, v->kind,
                arena_printf(v->a, "Deleted %s not found: %.*s", v->kind->noun, STR_ARG(v->name)));
}

void vault_headers(struct call *c)
{
    char id[UUID_SIZE];
    random_uuid(id);
    call_set_header(c, "Cache-Control", STR("no-cache"));
    call_set_header(c, "Pragma", STR("no-cache"));
    call_set_header(c, "Expires", STR("-1"));
    call_set_header(c, "Strict-Transport-Security", STR("max-age=31536000;includeSubDomains"));
    call_set_header(c, "X-Content-Type-Options", STR("nosniff"));
    call_set_header(c, "x-ms-request-id", str_c(id));
    call_set_header(c, "x-ms-keyvault-region", STR("local"));
    call_set_header(c, "x-ms-keyvault-service-version", STR("1.9.0.0"));
    call_set_header(c, "x-ms-keyvault-network-info",
                    arena_printf(&c->arena, "conn_type=Ipv4;addr=%.*s;act_addr_fam=InterNetwork;",
                                 STR_ARG(c->peer)));
    struct str client_id = call_get_header(c, "x-ms-client-request-id");
    if (client_id.n > 0 && client_id.n <= 128 && str_printable(client_id) &&
        str_ieq(call_get_header(c, "x-ms-return-client-request-id"), STR("true"))) {
        call_set_header(c, "x-ms-client-request-id", client_id);
    }
}
