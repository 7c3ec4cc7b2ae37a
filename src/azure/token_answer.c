/* SPDX-License-Identifier: Apache-2.0
 *
 * Entra ID's error codes are many; the table has those that a wrong set-up meets, with what helps.
 * For the others its own description has to do. What decides about a retry is the status, except
 * for a few codes that Entra sends with 400 although the trouble is on its side.
 */
#include "azure/token_answer.h"

#include "base/num.h"
#include "codec/json.h"

enum { DESCRIPTION_MAX = 400, LIFETIME_MAX_S = 7 * 24 * 3600 };

struct code_row {
    int64_t code;
    enum err_kind kind;
    const char *remedy;
};

static const struct code_row codes[] = {
    {7000215, ERR_UNAUTHORIZED,
     "the client secret is wrong (often its ID was taken instead of its value, or a line end was "
     "stored with it)"},
    {7000222, ERR_UNAUTHORIZED, "the client secret has expired: make a new one and store it"},
    {7000218, ERR_UNAUTHORIZED, "the request carried neither a secret nor an assertion"},
    {700016, ERR_UNAUTHORIZED,
     "no application with this client id in this tenant: check clientId and tenantId"},
    {7000112, ERR_UNAUTHORIZED, "the application is disabled in Entra ID"},
    {700027, ERR_UNAUTHORIZED,
     "the certificate is not registered at the application, or its key does not belong to it"},
    {700024, ERR_UNAUTHORIZED,
     "the assertion is expired or not yet valid: check the clock of this machine, and that the "
     "token file is still being renewed"},
    {50012, ERR_UNAUTHORIZED, "the certificate was not accepted: thumbprint or signature is wrong"},
    {50013, ERR_UNAUTHORIZED, "the assertion was not accepted: check the federated credential"},
    {70021, ERR_UNAUTHORIZED,
     "no federated credential matches the token's issuer, subject and audience"},
    {700211, ERR_UNAUTHORIZED,
     "no federated credential has this issuer: it must be the cluster's OIDC issuer URL, exactly"},
    {700212, ERR_UNAUTHORIZED,
     "the audience does not match: the federated credential must have "
     "api://AzureADTokenExchange"},
    {700213, ERR_UNAUTHORIZED,
     "no federated credential has this subject: it must be "
     "system:serviceaccount:NAMESPACE:NAME"},
    {7002138, ERR_UNAUTHORIZED,
     "the subject of the federated credential differs in upper and lower case"},
    {90002, ERR_UNAUTHORIZED,
     "no such tenant: check tenantId, and that environmentType is the tenant's cloud"},
    {900023, ERR_UNAUTHORIZED, "tenantId must be the tenant's GUID or one of its domains"},
    {500011, ERR_INVALID,
     "the tenant does not know this resource: environmentType or the vault URL belongs to another "
     "cloud"},
    {50001, ERR_INVALID, "the resource is unknown or disabled in this tenant"},
    {70011, ERR_INVALID, "the scope is malformed: check the vault URL"},
    {1002012, ERR_INVALID, "the scope is malformed: check the vault URL"},
    {700022, ERR_INVALID, "the scope names more than one resource: check the vault URL"},
    {900144, ERR_INVALID, "a field of the request is missing"},
    {53003, ERR_DENIED, "a Conditional Access policy blocks this identity"},
    {50049, ERR_INVALID, "the login endpoint is unknown: check environmentType"},
    {100007, ERR_INVALID, "this login endpoint serves managed identities only"},
    {90033, ERR_UNAVAILABLE, "Entra ID has trouble; this goes by itself"},
    {90090, ERR_UNAVAILABLE, "Entra ID has trouble; this goes by itself"},
    {90006, ERR_UNAVAILABLE, "Entra ID has trouble; this goes by itself"},
    {90024, ERR_UNAVAILABLE, "Entra ID has trouble; this goes by itself"},
    {90055, ERR_THROTTLED, "too many token requests"},
    {50196, ERR_THROTTLED, "too many equal token requests"},
};

static const struct code_row *find_code(int64_t code)
{
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        if (codes[i].code == code) {
            return &codes[i];
        }
    }
    return NULL;
}

static enum err_kind kind_of(int status)
{
    if (status == 408) {
        return ERR_TIMEOUT;
    }
    if (status == 429) {
        return ERR_THROTTLED;
    }
    if (status >= 500) {
        return ERR_UNAVAILABLE;
    }
    if (status == 404) {
        return ERR_NOT_FOUND;
    }
    return status == 400 || status == 401 ? ERR_UNAUTHORIZED
           : status == 403                ? ERR_DENIED
                                          : ERR_HTTP;
}

/* The number in "AADSTS7000215: ..."; 0 if the text begins otherwise. */
static int64_t code_in(struct str description)
{
    struct str digits = str_trim_prefix(description, STR("AADSTS"));
    size_t n = 0;
    while (n < digits.n && digits.p[n] >= '0' && digits.p[n] <= '9') {
        n++;
    }
    int64_t code;
    bool found = digits.n < description.n && num_parse_i64(str_head(digits, n), &code);
    return found ? code : 0;
}

/* Its first line; what follows are ids and the time. Newer texts have them in the same line. */
static struct str first_line(struct str description)
{
    static const struct str ends[] = {STR_INIT("\r"), STR_INIT("\n"), STR_INIT(" Trace ID:")};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        ptrdiff_t at = str_find(description, ends[i]);
        description = at >= 0 ? str_head(description, (size_t)at) : description;
    }
    return str_head(str_trim(description), DESCRIPTION_MAX);
}

static void describe(const struct json *j, const char *remedy, struct buf *out)
{
    struct str code = str_head(json_find_str(j, "error"), 100);
    struct str line = first_line(json_find_str(j, "error_description"));
    struct str id = str_head(json_find_str(j, "correlation_id"), 64);
    if (line.n > 0 || code.n > 0) {
        buf_add_c(out, ": ");
        buf_add_str(out, line.n > 0 ? line : code);
    }
    if (remedy) {
        buf_addf(out, ": %s", remedy);
    }
    if (id.n > 0) {
        buf_add_c(out, " (correlation id ");
        buf_add_str(out, id);
        buf_add_c(out, ")");
    }
}

int token_answer_error(int status, struct str body, struct str secret, const char *hint,
                       struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(2048);
    /* "eyJ" begins every JWT: an assertion that came back. */
    bool leaks = (secret.n > 0 && str_find(body, secret) >= 0) || str_find(body, STR("eyJ")) >= 0;
    struct json *j = leaks ? NULL : json_parse(&a, body, JSON_PLAIN, NULL);
    const struct code_row *row = find_code(code_in(json_find_str(j, "error_description")));
    if (!row) {
        row = find_code(json_int(json_at(json_get(j, "error_codes"), 0), 0));
    }
    describe(j, row ? row->remedy : hint, &text);
    /* A busy endpoint may add a code of no consequence to its 429 or 503. */
    enum err_kind kind = kind_of(status);
    if (row && !err_kind_retryable(kind)) {
        kind = row->kind;
    }
    err_set(err, kind, "the token request was answered with %d%s", status, text.p);
    if (err) {
        (*err)->status = status;
    }
    return -1;
}

/* A number, also when it is written as a string. */
static bool number_of(const struct json *j, const char *name, int64_t *out)
{
    const struct json *v = json_get(j, name);
    double value;
    if ((!json_is(v, JSON_NUMBER) && !json_is(v, JSON_STRING)) ||
        !num_parse_double(v->text, &value) || !(value >= 0 && value < 1e15)) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

/* What goes into a header must not end it. */
static bool is_token(struct str s)
{
    return s.n > 0 && str_printable(s) && str_find_byte(s, ' ') < 0;
}

int token_answer_parse(struct str body, ns_t now, struct token_answer *out, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct json *j = json_parse(&a, body, JSON_PLAIN, err);
    if (!j) {
        return err_wrap(err, "the answer of the token endpoint");
    }
    struct str token = json_find_str(j, "access_token");
    int64_t seconds;
    int64_t at;
    if (!is_token(token)) {
        return err_set(err, ERR_PARSE, "the answer of the token endpoint holds no access_token");
    }
    if (!number_of(j, "expires_in", &seconds)) {
        if (!number_of(j, "expires_on", &at)) {
            return err_set(err, ERR_PARSE,
                           "the answer of the token endpoint has no expires_in and no expires_on");
        }
        seconds = MAX(at - now / NS_S, (int64_t)0);
    }
    int64_t renew = 0;
    (void)number_of(j, "refresh_in", &renew);
    seconds = MIN(seconds, (int64_t)LIFETIME_MAX_S);
    *out = (struct token_answer){.token = secret_new(token),
                                 .lifetime = seconds * NS_S,
                                 .renew_in = renew < seconds ? renew * NS_S : 0};
    return 0;
}
