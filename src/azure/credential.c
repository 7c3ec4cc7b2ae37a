/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>

#include "azure/credential_internal.h"
#include "azure/fingerprint.h"
#include "base/encode.h"
#include "codec/url.h"

#define IMDS_ENDPOINT "http://169.254.169.254"
#define IMDS_PATH     "/metadata/identity/oauth2/token"

/* ---- life ---- */

static struct azure_credential *new_credential(enum credential_kind kind)
{
    struct azure_credential *c = xcalloc(1, sizeof(*c));
    c->refs = 1;
    c->kind = kind;
    return c;
}

struct azure_credential *azure_credential_ref(struct azure_credential *c)
{
    c->refs++;
    return c;
}

void azure_credential_unref(struct azure_credential *c)
{
    if (!c || --c->refs > 0) {
        return;
    }
    if (c->source.release) {
        c->source.release(c->source.arg);
    }
    free(c->key);
    free(c->name);
    free(c->authority);
    free(c->tenant);
    free(c->client_id);
    secret_unref(c->secret);
    EVP_PKEY_free(c->private_key);
    free(c->x5t);
    free(c->x5t_s256);
    free(c->path);
    free(c->endpoint);
    free(c->id);
    free(c);
}

void azure_credential_unrefp(struct azure_credential **c)
{
    azure_credential_unref(*c);
    *c = NULL;
}

struct str azure_credential_key(const struct azure_credential *c)
{
    return str_c(c->key);
}

const char *azure_credential_name(const struct azure_credential *c)
{
    return c->name;
}

/* ---- applications ---- */

/* Both go into a URL or a JSON text, and into error texts. */
static bool is_id(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-' || c == '.' || c == '_')) {
            return false;
        }
    }
    return s.n > 0 && s.n <= 256;
}

static int check_application(const struct azure_application *app, struct err **err)
{
    if (app->authority.n == 0) {
        return err_set(err, ERR_INVALID,
                       "the cloud has no login endpoint: set it in "
                       "customCloudConfig.activeDirectoryEndpoint");
    }
    if (!is_id(app->tenant)) {
        return err_set(err, ERR_INVALID, "the tenant id is %s",
                       app->tenant.n ? "neither a GUID nor a domain" : "empty");
    }
    if (!is_id(app->client_id)) {
        return err_set(err, ERR_INVALID, "the client id is %s",
                       app->client_id.n ? "malformed" : "empty");
    }
    return 0;
}

/* The last part of a key: what the identity proves itself with. */
static void add_hash(struct buf *key, struct str s)
{
    uint8_t hash[HASH_HMAC_SIZE];
    fingerprint(s, hash);
    hex_encode(key, hash, sizeof(hash));
}

static struct azure_credential *new_application(enum credential_kind kind,
                                                const struct azure_application *app,
                                                struct str proof, struct err **err)
{
    if (check_application(app, err) != 0) {
        return NULL;
    }
    struct azure_credential *c = new_credential(kind);
    c->authority = str_dup(app->authority);
    c->tenant = str_dup(app->tenant);
    c->client_id = str_dup(app->client_id);
    c->name = xasprintf("application %s of tenant %s", c->client_id, c->tenant);
    struct buf key = BUF_INIT(4096);
    buf_addf(&key, "%d|%s|%s|%s|", (int)kind, c->authority, c->tenant, c->client_id);
    add_hash(&key, proof);
    must(buf_ok(&key));
    c->key = buf_take(&key);
    return c;
}

struct azure_credential *azure_credential_secret(const struct azure_application *app,
                                                 struct str secret, struct err **err)
{
    if (secret.n == 0) {
        err_set(err, ERR_INVALID, "the client secret is empty");
        return NULL;
    }
    struct azure_credential *c = new_application(CREDENTIAL_SECRET, app, secret, err);
    if (c) {
        c->secret = secret_new(secret);
    }
    return c;
}

struct azure_credential *azure_credential_certificate(const struct azure_application *app,
                                                      struct str material, struct err **err)
{
    EVP_PKEY *key;
    AUTO(buf_done) struct buf x5t = BUF_INIT(HASH_HEX_SIZE);
    AUTO(buf_done) struct buf x5t_s256 = BUF_INIT(HASH_HEX_SIZE);
    if (credential_read_certificate(material, &key, &x5t, &x5t_s256, err) != 0) {
        return NULL;
    }
    struct azure_credential *c = new_application(CREDENTIAL_CERTIFICATE, app, material, err);
    if (!c) {
        EVP_PKEY_free(key);
        return NULL;
    }
    c->private_key = key;
    c->x5t = buf_take(&x5t);
    c->x5t_s256 = buf_take(&x5t_s256);
    return c;
}

struct azure_credential *azure_credential_workload(const struct azure_application *app,
                                                   const struct azure_assertion_source *source,
                                                   struct err **err)
{
    struct azure_credential *c = new_application(CREDENTIAL_WORKLOAD, app, source->key, err);
    if (c) {
        c->source = *source;
        c->source.key = STR_EMPTY;
    }
    return c;
}

struct azure_credential *azure_credential_token_file(const struct azure_application *app,
                                                     const char *path, struct err **err)
{
    struct azure_credential *c = new_application(CREDENTIAL_TOKEN_FILE, app, str_c(path), err);
    if (c) {
        c->path = xstrdup(path);
    }
    return c;
}

void azure_assertion_answer(struct azure_assertion *to, struct str jwt, const struct err *err)
{
    to->answered(to, jwt, err);
}

/* ---- managed identities ---- */

struct azure_environment azure_environment(void)
{
    return (struct azure_environment){
        .identity_endpoint = str_c(getenv("IDENTITY_ENDPOINT")),
        .identity_header = str_c(getenv("IDENTITY_HEADER")),
        .identity_thumbprint = str_c(getenv("IDENTITY_SERVER_THUMBPRINT")),
        .imds_endpoint = str_c(getenv("IMDS_ENDPOINT")),
        .msi_endpoint = str_c(getenv("MSI_ENDPOINT")),
        .msi_secret = str_c(getenv("MSI_SECRET")),
        .pod_identity = str_c(getenv("AZURE_POD_IDENTITY_AUTHORITY_HOST")),
    };
}

/* The order is that of the SDKs. */
static enum managed_source pick_source(const struct azure_environment *e, struct str *endpoint,
                                       struct str *secret)
{
    *secret = STR_EMPTY;
    *endpoint = e->identity_endpoint;
    if (e->identity_endpoint.n > 0 && e->identity_header.n > 0) {
        *secret = e->identity_header;
        return MANAGED_APP_SERVICE;
    }
    if (e->identity_endpoint.n > 0 && e->imds_endpoint.n > 0) {
        return MANAGED_ARC;
    }
    *endpoint = e->msi_endpoint;
    if (e->msi_endpoint.n > 0 && e->msi_secret.n > 0) {
        *secret = e->msi_secret;
        return MANAGED_ML;
    }
    if (e->msi_endpoint.n > 0) {
        return MANAGED_CLOUD_SHELL;
    }
    *endpoint = e->pod_identity.n > 0 ? e->pod_identity : STR(IMDS_ENDPOINT);
    return MANAGED_IMDS;
}

static int check_managed(const struct azure_environment *e, enum managed_source from,
                         struct str endpoint, enum azure_identity_by by, struct err **err)
{
    struct url url;
    if (e->identity_thumbprint.n > 0 && from == MANAGED_APP_SERVICE) {
        return err_set(err, ERR_INVALID, "managed identities of Service Fabric are not supported");
    }
    if (url_parse(endpoint, &url, err) != 0) {
        return err_wrap(err, "endpoint of the managed identity (from the environment)");
    }
    if (by != AZURE_SYSTEM && (from == MANAGED_CLOUD_SHELL || from == MANAGED_ARC)) {
        return err_set(err, ERR_INVALID,
                       "this machine has one identity only: leave identityId "
                       "empty");
    }
    return 0;
}

struct azure_credential *azure_credential_managed(enum azure_identity_by by, struct str id,
                                                  const struct azure_environment *environment,
                                                  struct err **err)
{
    struct str endpoint;
    struct str secret;
    enum managed_source from = pick_source(environment, &endpoint, &secret);
    if (check_managed(environment, from, endpoint, by, err) != 0) {
        return NULL;
    }
    if (by != AZURE_SYSTEM && (id.n == 0 || !str_printable(id) || id.n > 1024)) {
        err_set(err, ERR_INVALID, "the id of the managed identity is empty or malformed");
        return NULL;
    }
    struct azure_credential *c = new_credential(CREDENTIAL_MANAGED);
    endpoint = str_trim_suffix(endpoint, STR("/"));
    c->from = from;
    c->endpoint = xasprintf("%.*s%s", STR_ARG(endpoint), from == MANAGED_IMDS ? IMDS_PATH : "");
    c->by = by;
    c->id = by == AZURE_SYSTEM ? NULL : str_dup(id);
    c->secret = secret.n > 0 ? secret_new(secret) : NULL;
    c->name = c->id ? xasprintf("managed identity %s", c->id) : xstrdup("managed identity");
    struct buf key = BUF_INIT(16 << 10);
    buf_addf(&key, "%d|%d|%s|%d|%s|", (int)c->kind, (int)from, c->endpoint, (int)by,
             c->id ? c->id : "");
    add_hash(&key, secret);
    must(buf_ok(&key));
    c->key = buf_take(&key);
    return c;
}
