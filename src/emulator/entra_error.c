/* SPDX-License-Identifier: Apache-2.0
 *
 * The errors of the token endpoint. Clients branch on "error"; people search for the number and
 * read the text, so both are Entra's own.
 */
#include "base/datetime.h"
#include "base/random.h"
#include "emulator/entra.h"

static const struct entra_code {
    int64_t code;
    int status;
    const char *error;
    const char *usual; /* what a fault says */
} codes[] = {
    {50001, 400, "invalid_resource", "The resource principal is disabled or unknown."},
    {50012, 401, "invalid_client", "Authentication failed."},
    {50013, 401, "invalid_client", "Assertion failed signature validation."},
    {50027, 400, "invalid_request", "JWT token is invalid or malformed."},
    {50049, 400, "invalid_instance", "Unknown or invalid instance."},
    {50059, 400, "invalid_request",
     "No tenant-identifying information found in either the request or implied by any provided "
     "credentials."},
    {50166, 400, "invalid_request", "Request to External OIDC endpoint failed."},
    {50196, 400, "invalid_grant",
     "The server terminated an operation because it encountered a "
     "client request loop. Please contact your app vendor."},
    {53003, 400, "access_denied", "Access has been blocked by Conditional Access policies."},
    {70003, 400, "unsupported_grant_type", "The app requested an unsupported grant type."},
    {70011, 400, "invalid_scope", "The provided request must include a 'scope' input parameter."},
    {70021, 400, "invalid_request", "No matching federated identity record found."},
    {700016, 400, "unauthorized_client", "Application was not found in the directory."},
    {700021, 401, "invalid_client",
     "Client assertion application identifier doesn't match 'client_id' parameter."},
    {700022, 400, "invalid_scope", "The provided value for scope names more than one resource."},
    {700023, 401, "invalid_client", "Client assertion audience claim does not match Realm issuer."},
    {700024, 401, "invalid_client", "Client assertion is not within its valid time range."},
    {700027, 401, "invalid_client",
     "The certificate with identifier used to sign the client assertion is not registered on "
     "application."},
    {700211, 401, "invalid_client",
     "No matching federated identity record found for presented assertion issuer."},
    {700212, 401, "invalid_client",
     "No matching federated identity record found for presented assertion audience."},
    {700213, 401, "invalid_client",
     "No matching federated identity record found for presented assertion subject."},
    {90002, 400, "invalid_tenant", "Tenant not found."},
    {90006, 503, "temporarily_unavailable", "External server retryable error."},
    {90024, 503, "temporarily_unavailable", "RequestBudgetExceededError."},
    {90033, 503, "temporarily_unavailable", "A transient error has occurred. Please try again."},
    {90055, 429, "temporarily_unavailable", "Too many requests were received."},
    {90090, 503, "temporarily_unavailable", "A transient error has occurred. Please try again."},
    {100007, 400, "invalid_request", "AAD Regional ONLY supports auth for allowed applications."},
    {500011, 400, "invalid_resource", "The resource principal was not found in the tenant."},
    {900023, 400, "invalid_request",
     "Specified tenant identifier is neither a valid DNS name, nor "
     "a valid external domain."},
    {900144, 400, "invalid_request", "The request body must contain a required parameter."},
    {900561, 405, "invalid_request", "The endpoint only accepts POST requests."},
    {1002012, 400, "invalid_scope",
     "The provided value for scope is not valid. Client credential flows must have a scope value "
     "with /.default suffixed to the resource identifier (application ID URI)."},
    {7000112, 401, "unauthorized_client", "Application is disabled."},
    {7000215, 401, "invalid_client",
     "Invalid client secret provided. Ensure the secret being sent in the request is the client "
     "secret value, not the client secret ID."},
    {7000218, 401, "invalid_client",
     "The request body must contain the following parameter: 'client_assertion' or "
     "'client_secret'."},
    {7000222, 401, "invalid_client", "The provided client secret keys are expired."},
    {7002138, 401, "invalid_client",
     "No matching federated identity record found for presented assertion subject. The subject "
     "matches with case-insensitive comparison, but not with case-sensitive comparison."},
};

static const struct entra_code *find_code(int64_t code)
{
    static const struct entra_code other = {0, 400, "invalid_request", "The request failed."};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        if (codes[i].code == code) {
            return &codes[i];
        }
    }
    return &other;
}

/* "2026-03-01 10:00:00Z", as these errors have it. */
static struct str timestamp(struct arena *a, int64_t now)
{
    char text[RFC3339_SIZE];
    rfc3339_format(now * NS_S, text);
    char *copy = arena_dup(a, str_c(text));
    for (char *p = copy; *p; p++) {
        *p = *p == 'T' ? ' ' : *p;
    }
    return str_c(copy);
}

/* The client may name its request; what it sends is only echoed if it is a GUID. */
static struct str correlation_id(struct call *c)
{
    struct str id = call_get_header(c, "client-request-id");
    if (is_guid(id)) {
        return id;
    }
    char fresh[UUID_SIZE];
    random_uuid(fresh);
    return arena_str(&c->arena, str_c(fresh));
}

void entra_error(struct call *c, int64_t code, struct str message)
{
    const struct entra_code *row = find_code(code);
    struct str time = timestamp(&c->arena, emulator_now(c->emu));
    struct str correlation = correlation_id(c);
    char trace[UUID_SIZE];
    random_uuid(trace);
    struct json_writer w = call_json(c, row->status);
    json_w_object(&w);
    json_w_strings(&w, "error", row->error, NULL);
    json_w_key(&w, "error_description");
    json_w_str(&w, arena_printf(&c->arena,
                                "AADSTS%lld: %.*s\r\nTrace ID: %s\r\nCorrelation ID: %.*s\r\n"
                                "Timestamp: %.*s",
                                (long long)code, STR_ARG(message), trace, STR_ARG(correlation),
                                STR_ARG(time)));
    json_w_key(&w, "error_codes");
    json_w_array(&w);
    json_w_int(&w, code);
    json_w_end(&w);
    json_w_key(&w, "timestamp");
    json_w_str(&w, time);
    json_w_strings(&w, "trace_id", trace, NULL);
    json_w_key(&w, "correlation_id");
    json_w_str(&w, correlation);
    json_w_key(&w, "error_uri");
    json_w_str(&w, arena_printf(&c->arena, "%.*s/error?code=%lld", STR_ARG(call_base(c)),
                                (long long)code));
    json_w_end(&w);
    call_set_header(c, "x-ms-request-id", str_c(trace));
}

void entra_error_by_code(struct call *c, int64_t code)
{
    entra_error(c, code, str_c(find_code(code)->usual));
}
