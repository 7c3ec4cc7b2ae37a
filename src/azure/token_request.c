/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/token_request.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "codec/jwt.h"
#include "codec/url.h"

#define ARC_FOLDER         "/var/opt/azcmagent/tokens/"
#define ASSERTION_TYPE     "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define ASSERTION_LIFETIME 600

enum { BODY_MAX = 128 << 10, URL_MAX = 16 << 10, ARC_KEY_MAX = 4096 };

static void add_header(struct arena *a, struct token_request *r, const char *name, struct str value)
{
    must(r->n_headers < TOKEN_REQUEST_HEADERS);
    r->headers[r->n_headers++] = arena_printf(a, "%s: %.*s", name, STR_ARG(value));
}

/* ---- applications: POST AUTHORITY/TENANT/oauth2/v2.0/token ---- */

/* RFC 7523: signed with the certificate's key, for this endpoint, once. */
static int sign_assertion(const struct azure_credential *c, struct str endpoint, struct buf *out,
                          struct err **err)
{
    char id[UUID_SIZE];
    random_uuid(id);
    int64_t now = clock_real() / NS_S;
    AUTO(buf_done) struct buf claims = BUF_INIT_WIPE(8192);
    struct json_writer w = json_writer(&claims);
    json_w_object(&w);
    json_w_key(&w, "aud");
    json_w_str(&w, endpoint);
    json_w_strings(&w, "iss", c->client_id, "sub", c->client_id, "jti", id, NULL);
    json_w_key(&w, "nbf");
    json_w_int(&w, now);
    json_w_key(&w, "iat");
    json_w_int(&w, now);
    json_w_key(&w, "exp");
    json_w_int(&w, now + ASSERTION_LIFETIME);
    json_w_end(&w);
    /* ADFS takes the older form only. */
    bool adfs = str_ieq(str_c(c->tenant), STR("adfs"));
    struct jwt_header header = {.alg = adfs ? JWT_RS256 : JWT_PS256,
                                .x5t = adfs ? str_c(c->x5t) : STR_EMPTY,
                                .x5t_s256 = adfs ? STR_EMPTY : str_c(c->x5t_s256)};
    return jwt_sign(c->private_key, &header, buf_str(&claims), out, err);
}

static int add_proof(const struct azure_credential *c, struct str endpoint, struct str proof,
                     struct buf *body, struct err **err)
{
    if (c->kind == CREDENTIAL_SECRET) {
        url_add_field(body, "client_secret", secret_str(c->secret));
        return 0;
    }
    AUTO(buf_done) struct buf assertion = BUF_INIT_WIPE(BODY_MAX);
    if (c->kind == CREDENTIAL_CERTIFICATE) {
        if (sign_assertion(c, endpoint, &assertion, err) != 0) {
            return -1;
        }
        proof = buf_str(&assertion);
    }
    url_add_field(body, "client_assertion_type", STR(ASSERTION_TYPE));
    url_add_field(body, "client_assertion", proof);
    return 0;
}

static int build_application(struct arena *a, const struct azure_credential *c, struct str resource,
                             struct str proof, struct token_request *r, struct err **err)
{
    bool adfs = str_ieq(str_c(c->tenant), STR("adfs"));
    AUTO(buf_done) struct buf body = BUF_INIT_WIPE(BODY_MAX);
    r->method = "POST";
    r->url = arena_printf(a, "%s/%s/oauth2%s/token", c->authority, c->tenant, adfs ? "" : "/v2.0");
    struct str scope = arena_printf(a, "%.*s/.default", STR_ARG(resource));
    url_add_field(&body, "grant_type", STR("client_credentials"));
    url_add_field(&body, "client_id", str_c(c->client_id));
    url_add_field(&body, "scope", scope);
    if (add_proof(c, r->url, proof, &body, err) != 0) {
        return -1;
    }
    if (!buf_ok(&body)) {
        return err_set(err, ERR_LIMIT, "the token request would be too long");
    }
    r->body = arena_str(a, buf_str(&body));
    add_header(a, r, "Content-Type", STR("application/x-www-form-urlencoded"));
    return 0;
}

/* ---- managed identities ---- */

struct managed_row {
    const char *api_version;
    const char *client_id; /* the parameter that picks an identity by its client id */
    const char *resource_id;
};
static const struct managed_row managed_rows[] = {
    [MANAGED_IMDS] = {"2018-02-01", "client_id", "msi_res_id"},
    [MANAGED_APP_SERVICE] = {"2019-08-01", "client_id", "mi_res_id"},
    [MANAGED_ML] = {"2017-09-01", "clientid", "mi_res_id"},
    [MANAGED_ARC] = {"2020-06-01", "client_id", "msi_res_id"},
};

static void add_identity(const struct azure_credential *c, struct buf *url)
{
    const struct managed_row *row = &managed_rows[c->from];
    const char *names[] = {[AZURE_BY_CLIENT_ID] = row->client_id,
                           [AZURE_BY_OBJECT_ID] = "object_id",
                           [AZURE_BY_RESOURCE] = row->resource_id};
    if (c->by != AZURE_SYSTEM) {
        url_add_param(url, names[c->by], str_c(c->id));
    }
}

static void add_managed_headers(struct arena *a, const struct azure_credential *c, struct str proof,
                                struct token_request *r)
{
    if (c->from == MANAGED_APP_SERVICE) {
        add_header(a, r, "X-IDENTITY-HEADER", secret_str(c->secret));
    } else if (c->from == MANAGED_ML) {
        add_header(a, r, "secret", secret_str(c->secret));
    } else {
        add_header(a, r, "Metadata", STR("true"));
    }
    if (c->from == MANAGED_ARC && proof.n > 0) {
        add_header(a, r, "Authorization", arena_printf(a, "Basic %.*s", STR_ARG(proof)));
    }
}

static int build_managed(struct arena *a, const struct azure_credential *c, struct str resource,
                         struct str proof, struct token_request *r, struct err **err)
{
    AUTO(buf_done) struct buf text = BUF_INIT(URL_MAX);
    add_managed_headers(a, c, proof, r);
    r->method = "GET";
    r->url = str_c(c->endpoint);
    if (c->from == MANAGED_CLOUD_SHELL) {
        r->method = "POST";
        url_add_field(&text, "resource", resource);
        r->body = arena_str(a, buf_str(&text));
        add_header(a, r, "Content-Type", STR("application/x-www-form-urlencoded"));
        return 0;
    }
    buf_add_c(&text, c->endpoint);
    url_add_param(&text, "api-version", str_c(managed_rows[c->from].api_version));
    url_add_param(&text, "resource", resource);
    add_identity(c, &text);
    if (!buf_ok(&text)) {
        return err_set(err, ERR_LIMIT, "the URL of the token request would be too long");
    }
    r->url = arena_str(a, buf_str(&text));
    return 0;
}

int token_request_build(struct arena *a, const struct azure_credential *c, struct str resource,
                        struct str proof, struct token_request *out, struct err **err)
{
    *out = (struct token_request){0};
    char id[UUID_SIZE];
    random_uuid(id);
    add_header(a, out, "client-request-id", str_c(id));
    return c->kind == CREDENTIAL_MANAGED ? build_managed(a, c, resource, proof, out, err)
                                         : build_application(a, c, resource, proof, out, err);
}

/* The header is `Basic realm=PATH`. A path elsewhere could make Pawl send any file to whoever
 * listens on that port. */
int token_request_arc_key(struct str challenge, struct buf *out, struct err **err)
{
    ptrdiff_t at = str_find(challenge, STR("realm="));
    struct str path = at < 0 ? STR_EMPTY : str_trim(str_from(challenge, (size_t)at + 6));
    struct str name = str_trim_prefix(path, STR(ARC_FOLDER));
    if (name.n == path.n || !str_ends(name, STR(".key")) || str_find_byte(name, '/') >= 0 ||
        !str_printable(name)) {
        return err_set(err, ERR_DENIED,
                       "the agent of Azure Arc names a key file that is not in " ARC_FOLDER);
    }
    AUTO(freep) char *file = str_dup(path);
    AUTO(buf_done) struct buf content = BUF_INIT_WIPE(ARC_KEY_MAX);
    if (file_read(file, &content, err) != 0) {
        return err_wrap(err, "the key of Azure Arc's agent");
    }
    struct str key = str_trim(buf_str(&content));
    if (!str_printable(key)) {
        return err_set(err, ERR_INVALID, "the key of Azure Arc's agent is not a line of text");
    }
    buf_add_str(out, key);
    return 0;
}
