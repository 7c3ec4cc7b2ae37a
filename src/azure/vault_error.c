/* SPDX-License-Identifier: Apache-2.0
 *
 * Key Vault's errors as something that helps. Decided by the status, then innererror.code, then
 * code; the message is only shown, and of it only the first line and those with what an
 * administrator needs (who asked, from where, for what).
 */
#include "azure/vault_answer.h"

enum { MESSAGE_MAX = 300, LINE_MAX_SHOWN = 200, NESTING_MAX = 4 };

struct error_row {
    int status;
    const char *code; /* NULL: any */
    enum err_kind kind;
    bool retryable;
    const char *remedy; /* NULL: none; "role" and "policy" are made to measure */
};

static const char role[] = "role";
static const char policy[] = "policy";

/* The first row that fits. */
static const struct error_row rows[] = {
    {400, NULL, ERR_INVALID, false, NULL},
    {401, NULL, ERR_UNAUTHORIZED, false, NULL},
    {403, "ForbiddenByRbac", ERR_DENIED, false, role},
    {403, "AccessDenied", ERR_DENIED, false, policy},
    {403, "ForbiddenByPolicy", ERR_DENIED, false,
     "the access policy is bound to an application besides the identity: add one without"},
    {403, "ForbiddenByFirewall", ERR_DENIED, false,
     "the vault's firewall does not let this address in: add the cluster's outbound address or its "
     "virtual network"},
    {403, "ForbiddenByConnection", ERR_DENIED, false,
     "the vault takes connections over its private endpoint only"},
    {403, "SecretDisabled", ERR_DENIED, false, "it is disabled in the vault: enable it"},
    {403, "KeyDisabled", ERR_DENIED, false, "it is disabled in the vault: enable it"},
    {403, "CertificateDisabled", ERR_DENIED, false, "it is disabled in the vault: enable it"},
    {403, NULL, ERR_DENIED, false, NULL},
    {404, NULL, ERR_NOT_FOUND, false, NULL},
    {408, NULL, ERR_TIMEOUT, true, NULL},
    {409, "ObjectIsDeletedButRecoverable", ERR_CONFLICT, false,
     "the name belongs to a deleted object: recover it or purge it"},
    {409, "ObjectIsBeingDeleted", ERR_CONFLICT, true, "this takes some seconds"},
    {409, "ObjectIsBeingRecovered", ERR_CONFLICT, true, "this takes some seconds"},
    {409, NULL, ERR_CONFLICT, true, NULL},
    {429, NULL, ERR_THROTTLED, true, "the vault is asked too often (by all its clients together)"},
    {501, NULL, ERR_HTTP, false, NULL},
};

static const struct error_row *find_row(int status, struct str code)
{
    static const struct error_row broken = {0, NULL, ERR_UNAVAILABLE, true, NULL};
    static const struct error_row other = {0, NULL, ERR_HTTP, false, NULL};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].status == status && (!rows[i].code || str_eq_c(code, rows[i].code))) {
            return &rows[i];
        }
    }
    return status >= 500 ? &broken : &other;
}

/* What a 401 says in its message. */
static const char *remedy_of_401(struct str message)
{
    static const struct {
        struct str begin;
        const char *remedy;
    } texts[] = {
        {STR_INIT("AKV10022"), "the token is for another cloud: check environmentType"},
        {STR_INIT("AKV10032"),
         "the identity belongs to another tenant than the vault: check tenantId"},
        {STR_INIT("AKV10046"), "the service could not check the token just now"},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (str_starts(message, texts[i].begin)) {
            return texts[i].remedy;
        }
    }
    return "the vault does not take the identity's token";
}

bool vault_answer_is_passing(struct str body)
{
    return str_find(body, STR("AKV10046")) >= 0;
}

static void add_remedy(struct buf *out, const struct error_row *row, const struct vault_tried *t,
                       struct str message)
{
    static const char *const readers[] = {[VAULT_KIND_SECRET] = "Key Vault Secrets User",
                                          [VAULT_KIND_CERTIFICATE] = "Key Vault Certificate User",
                                          [VAULT_KIND_KEY] = "Key Vault Crypto User"};
    static const char *const writers[] = {[VAULT_KIND_SECRET] = "Key Vault Secrets Officer",
                                          [VAULT_KIND_CERTIFICATE] =
                                              "Key Vault Certificates Officer",
                                          [VAULT_KIND_KEY] = "Key Vault Crypto Officer"};
    bool reads = strcmp(t->verb, "get") == 0 || strcmp(t->verb, "list") == 0;
    if (row->status == 401) {
        buf_addf(out, ": %s", remedy_of_401(message));
    } else if (row->remedy == role) {
        buf_addf(out, ": the identity needs the role \"%s\" (a new assignment takes some minutes)",
                 (reads ? readers : writers)[t->kind]);
    } else if (row->remedy == policy) {
        buf_addf(out,
                 ": the identity needs the permission \"%s\" for %ss in the vault's access "
                 "policies",
                 t->verb, vault_kind_name(t->kind));
    } else if (row->remedy) {
        buf_addf(out, ": %s", row->remedy);
    }
}

static void add_line(struct buf *out, struct str line)
{
    if (line.n > 0) {
        buf_add_c(out, ": ");
        buf_add_str(out, str_head(line, LINE_MAX_SHOWN));
    }
}

static void add_message(struct buf *out, struct str message)
{
    static const struct str wanted[] = {STR_INIT("Caller:"), STR_INIT("Client address:"),
                                        STR_INIT("Action:")};
    struct str rest = message;
    struct str line;
    for (bool first = true; str_split(&rest, '\n', &line); first = false) {
        line = str_trim(line);
        bool show = first;
        for (size_t i = 0; i < COUNT_OF(wanted); i++) {
            show |= str_starts(line, wanted[i]);
        }
        if (show && out->n < MESSAGE_MAX) {
            add_line(out, line);
        }
    }
}

/* The innermost code. */
static struct str code_of(const struct json *error)
{
    struct str code = json_find_str(error, "code");
    const struct json *inner = json_get(error, "innererror");
    for (int i = 0; i < NESTING_MAX && json_find_str(inner, "code").n > 0; i++) {
        code = json_find_str(inner, "code");
        inner = json_get(inner, "innererror");
    }
    return code;
}

static void add_tried(struct buf *out, const struct vault_tried *t)
{
    if (t->name.n > 0) {
        buf_addf(out, "%s %s \"%.*s\"", t->verb, vault_kind_name(t->kind),
                 STR_ARG(str_head(t->name, 127)));
    } else {
        buf_addf(out, "%s %ss", t->verb, vault_kind_name(t->kind));
    }
}

/* A text of the vault, unless it quotes what was to be written. Values shorter than that could
 * stand in any text. */
static struct str shown(const struct vault_tried *t, struct str text)
{
    bool quotes = t->scrub.n >= 4 && str_find(text, t->scrub) >= 0;
    return quotes ? STR_EMPTY : text;
}

int vault_answer_error(struct arena *a, const struct vault_tried *tried, int status,
                       struct str body, struct str request_id, struct str *code, struct err **err)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(8192);
    const struct json *error = json_get(json_parse(a, body, JSON_COPY, NULL), "error");
    struct str found = code_of(error);
    const struct error_row *row = find_row(status, found);
    if (code) {
        *code = found;
    }
    struct str message = shown(tried, json_find_str(error, "message"));
    found = shown(tried, found);
    if (status == 404 && strcmp(tried->verb, "get") == 0) {
        buf_add_c(&text, "Secret does not exist");
    } else {
        add_tried(&text, tried);
        buf_addf(&text, ": the vault answered %d%s%.*s", status, found.n > 0 ? " " : "",
                 STR_ARG(str_head(found, 64)));
        add_message(&text, message);
        add_remedy(&text, row, tried, message);
        if (request_id.n > 0) {
            buf_addf(&text, " (request id %.*s)", STR_ARG(str_head(request_id, 64)));
        }
    }
    err_set(err, row->kind, "%s", text.p);
    if (err) {
        (*err)->status = status;
        (*err)->retryable = row->retryable;
    }
    return -1;
}
