/* SPDX-License-Identifier: Apache-2.0
 *
 * The two SDKs of External Secrets Operator have different rules for workload identity by
 * ServiceAccount; useAzureSDK picks, as there.
 */
#include "sync/identity.h"

#include <stdlib.h>

#include "sync/names.h"

enum { URL_MAX = 2048, AUDIENCES_MAX = 16 };

struct maker {
    const struct identity_input *in;
    const struct azurekv *azure;
    const struct azure_cloud *cloud;
    struct buf authority;
    identity_source_fn *source;
    void *arg;
};

bool identity_reads_secrets(const struct azurekv *azure)
{
    switch (azure->auth) {
    case AUTH_SERVICE_PRINCIPAL:
        return true;
    case AUTH_MANAGED_IDENTITY:
        return false;
    case AUTH_WORKLOAD_IDENTITY:
        return azure->has_service_account && !azure->new_sdk;
    }
    return false;
}

static struct azure_application application(const struct maker *m, struct str tenant,
                                            struct str client_id)
{
    return (struct azure_application){buf_str(&m->authority), tenant, client_id};
}

/* ---- ServicePrincipal ---- */

static struct azure_credential *service_principal(struct maker *m, struct err **err)
{
    const struct azurekv *az = m->azure;
    if (!az->tenant_id.n) {
        err_set(err, ERR_INVALID,
                "missing tenantID in store config: set spec.provider.azurekv.tenantId");
        return NULL;
    }
    if (!az->has_auth_secret_ref) {
        err_set(err, ERR_INVALID,
                "missing secretRef in provider config: set authSecretRef.clientId and "
                "authSecretRef.clientSecret");
        return NULL;
    }
    if (!az->client_id.given || (!az->client_secret.given && !az->client_certificate.given)) {
        err_set(err, ERR_INVALID,
                "missing accessKeyID/secretAccessKey in store config: authSecretRef needs clientId "
                "and one of clientSecret and clientCertificate");
        return NULL;
    }
    if (az->client_secret.given && az->client_certificate.given) {
        err_set(err, ERR_INVALID,
                "both clientSecret and clientCredentials set: authSecretRef may hold only one of "
                "clientSecret and clientCertificate");
        return NULL;
    }
    struct azure_application app = application(m, az->tenant_id, m->in->client_id);
    if (az->client_secret.given) {
        return azure_credential_secret(&app, m->in->client_secret, err);
    }
    struct azure_credential *c = azure_credential_certificate(&app, m->in->client_certificate, err);
    if (!c) {
        err_wrap(err, "failed to get oauth token from certificate auth");
    }
    return c;
}

/* ---- WorkloadIdentity ---- */

static struct azure_credential *from_environment(struct maker *m, struct err **err)
{
    const char *client_id = getenv("AZURE_CLIENT_ID");
    const char *tenant = getenv("AZURE_TENANT_ID");
    const char *file = getenv("AZURE_FEDERATED_TOKEN_FILE");
    if (!client_id || !tenant || !file) {
        err_set(err, ERR_INVALID,
                "missing environment variables. AZURE_CLIENT_ID, AZURE_TENANT_ID and "
                "AZURE_FEDERATED_TOKEN_FILE must be set: give Pawl's own pod workload identity, or "
                "name a serviceAccountRef in the store");
        return NULL;
    }
    struct azure_application app = application(m, str_c(tenant), str_c(client_id));
    return azure_credential_token_file(&app, file, err);
}

static int legacy_client_id(const struct maker *m, struct str *out, struct err **err)
{
    struct str annotated = kvs_get(&m->in->account_annotations, STR(ANN_CLIENT_ID));
    if (!m->azure->has_auth_secret_ref) {
        *out = annotated;
    } else if (!m->azure->client_id.given) {
        return err_set(err, ERR_INVALID,
                       "missing accessKeyID/secretAccessKey in store config: authSecretRef needs "
                       "clientId");
    } else if (annotated.n) {
        return err_set(err, ERR_INVALID,
                       "multiple clientID found. Check secretRef and serviceAccountRef: the client "
                       "id may be given once, in authSecretRef or in the annotation " ANN_CLIENT_ID
                       " of ServiceAccount \"%.*s\"",
                       STR_ARG(m->azure->sa_name));
    } else {
        *out = m->in->client_id;
    }
    return out->n ? 0
                  : err_set(err, ERR_INVALID,
                            "missing clientID: either serviceAccountRef or service account "
                            "annotation '" ANN_CLIENT_ID "' is missing: annotate ServiceAccount "
                            "\"%.*s\" with the client id",
                            STR_ARG(m->azure->sa_name));
}

static int legacy_tenant(const struct maker *m, struct str *out, struct err **err)
{
    struct str annotated = kvs_get(&m->in->account_annotations, STR(ANN_TENANT_ID));
    struct str given = m->azure->tenant_ref.given ? m->in->tenant_ref : m->azure->tenant_id;
    if (given.n && annotated.n && !str_eq(given, annotated)) {
        return err_set(err, ERR_INVALID,
                       "multiple tenantID found. Check secretRef, "
                       "'spec.provider.azurekv.tenantId', and serviceAccountRef: they differ");
    }
    struct str own = str_c(getenv("AZURE_TENANT_ID"));
    *out = given.n ? given : annotated.n ? annotated : own;
    return out->n ? 0
                  : err_set(err, ERR_INVALID,
                            "missing tenantID in store config: set spec.provider.azurekv.tenantId, "
                            "the annotation " ANN_TENANT_ID " of ServiceAccount \"%.*s\", or "
                            "AZURE_TENANT_ID in Pawl's environment",
                            STR_ARG(m->azure->sa_name));
}

static int new_client_id(const struct maker *m, struct str *out, struct err **err)
{
    *out = kvs_get(&m->in->account_annotations, STR(ANN_CLIENT_ID));
    return out->n ? 0
                  : err_set(err, ERR_INVALID,
                            "missing clientID: service account annotation '" ANN_CLIENT_ID
                            "' is missing: annotate ServiceAccount \"%.*s\" with the client id",
                            STR_ARG(m->azure->sa_name));
}

static int new_tenant(const struct maker *m, struct str *out, struct err **err)
{
    struct str annotated = kvs_get(&m->in->account_annotations, STR(ANN_TENANT_ID));
    *out = m->azure->tenant_id.n ? m->azure->tenant_id : annotated;
    return out->n ? 0
                  : err_set(err, ERR_INVALID,
                            "missing tenantID in store config: set spec.provider.azurekv.tenantId "
                            "or the annotation " ANN_TENANT_ID " of ServiceAccount \"%.*s\"",
                            STR_ARG(m->azure->sa_name));
}

/* The audience that Entra expects, and whatever the store adds to it. */
static size_t audiences(const struct maker *m, struct str out[AUDIENCES_MAX])
{
    size_t n = 0;
    out[n++] = STR(AZURE_FEDERATED_AUDIENCE);
    for (size_t i = 0; i < m->azure->n_audiences && n < AUDIENCES_MAX; i++) {
        out[n++] = m->azure->audiences[i];
    }
    return n;
}

static struct azure_credential *from_account(struct maker *m, struct err **err)
{
    struct str client_id = {0};
    struct str tenant = {0};
    bool legacy = !m->azure->new_sdk;
    if ((legacy ? legacy_client_id : new_client_id)(m, &client_id, err) < 0 ||
        (legacy ? legacy_tenant : new_tenant)(m, &tenant, err) < 0) {
        return NULL;
    }
    struct str list[AUDIENCES_MAX];
    size_t n = audiences(m, list);
    struct azure_assertion_source source = m->source(m->arg, m->in->ns, m->azure->sa_name, list, n);
    struct azure_application app = application(m, tenant, client_id);
    struct azure_credential *c = azure_credential_workload(&app, &source, err);
    if (!c && source.release) {
        source.release(source.arg);
    }
    return c;
}

static struct azure_credential *workload_identity(struct maker *m, struct err **err)
{
    return m->azure->has_service_account ? from_account(m, err) : from_environment(m, err);
}

/* ---- ManagedIdentity ---- */

static struct azure_credential *managed_identity(struct maker *m, struct err **err)
{
    struct azure_environment environment = azure_environment();
    enum azure_identity_by by = m->azure->identity_id.n ? AZURE_BY_CLIENT_ID : AZURE_SYSTEM;
    return azure_credential_managed(by, m->azure->identity_id, &environment, err);
}

/* ---- all ---- */

static int find_authority(struct maker *m, struct err **err)
{
    m->cloud = azure_cloud_find(m->azure->environment);
    if (!m->cloud) {
        return err_set(err, ERR_INVALID, "environmentType: unknown value \"%.*s\"",
                       STR_ARG(str_head(m->azure->environment, 64)));
    }
    struct str url = m->azure->has_custom_cloud ? m->azure->authority : str_c(m->cloud->authority);
    return azure_authority(url, m->in->allow_http, &m->authority, err);
}

struct azure_credential *identity_make(const struct identity_input *in,
                                       const struct azure_cloud **cloud, identity_source_fn *source,
                                       void *arg, struct err **err)
{
    static struct azure_credential *(*const MAKERS[])(struct maker *, struct err **) = {
        [AUTH_SERVICE_PRINCIPAL] = service_principal,
        [AUTH_MANAGED_IDENTITY] = managed_identity,
        [AUTH_WORKLOAD_IDENTITY] = workload_identity,
    };
    struct maker m = {
        .in = in,
        .azure = in->azure,
        .authority = BUF_INIT(URL_MAX),
        .source = source,
        .arg = arg,
    };
    struct azure_credential *c = NULL;
    if (find_authority(&m, err) == 0) {
        c = MAKERS[in->azure->auth](&m, err);
    }
    buf_done(&m.authority);
    *cloud = m.cloud;
    return c;
}
