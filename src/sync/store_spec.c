/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/store_spec.h"

#include "base/gotext.h"

enum { SHOWN_MAX = 64 }; /* longer words are cut in messages */

static struct key_ref key_ref(const struct json *refs, const char *field)
{
    const struct json *ref = json_get(refs, field);
    return (struct key_ref){
        .given = !json_is_null(ref),
        .name = json_str(json_get(ref, "name")),
        .key = json_str(json_get(ref, "key")),
        .ns = json_str(json_get(ref, "namespace")),
    };
}

static struct str *strings(struct arena *a, const struct json *list, size_t *n)
{
    *n = json_is(list, JSON_ARRAY) ? json_len(list) : 0;
    struct str *out = arena_array(a, struct str, *n);
    for (size_t i = 0; i < *n; i++) {
        out[i] = json_str(json_at(list, i));
    }
    return out;
}

static int auth_type(struct str word, enum store_auth *out, struct err **err)
{
    static const char *const NAMES[] = {
        [AUTH_SERVICE_PRINCIPAL] = "ServicePrincipal",
        [AUTH_MANAGED_IDENTITY] = "ManagedIdentity",
        [AUTH_WORKLOAD_IDENTITY] = "WorkloadIdentity",
    };
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        if (str_eq_c(word, NAMES[i]) || (!word.n && i == AUTH_SERVICE_PRINCIPAL)) {
            *out = (enum store_auth)i;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID,
                   "spec.provider.azurekv.authType: unknown value \"%.*s\", must be "
                   "ServicePrincipal, ManagedIdentity or WorkloadIdentity",
                   STR_ARG(str_head(word, SHOWN_MAX)));
}

static int parse_azurekv(struct arena *a, const struct json *json, struct azurekv *out,
                         struct err **err)
{
    const struct json *refs = json_get(json, "authSecretRef");
    const struct json *account = json_get(json, "serviceAccountRef");
    const struct json *cloud = json_get(json, "customCloudConfig");
    struct str environment = json_str(json_get(json, "environmentType"));
    *out = (struct azurekv){
        .vault_url = json_str(json_get(json, "vaultUrl")),
        .tenant_id = json_str(json_get(json, "tenantId")),
        .environment = environment.n ? environment : STR("PublicCloud"),
        .has_auth_secret_ref = !json_is_null(refs),
        .client_id = key_ref(refs, "clientId"),
        .client_secret = key_ref(refs, "clientSecret"),
        .client_certificate = key_ref(refs, "clientCertificate"),
        .tenant_ref = key_ref(refs, "tenantId"),
        .has_service_account = !json_is_null(account),
        .sa_name = json_str(json_get(account, "name")),
        .sa_ns = json_str(json_get(account, "namespace")),
        .identity_id = json_str(json_get(json, "identityId")),
        .new_sdk = json_bool(json_get(json, "useAzureSDK"), false),
        .has_custom_cloud = !json_is_null(cloud),
        .authority = json_str(json_get(cloud, "activeDirectoryEndpoint")),
    };
    out->audiences = strings(a, json_get(account, "audiences"), &out->n_audiences);
    return auth_type(json_str(json_get(json, "authType")), &out->auth, err);
}

static int parse_condition(struct arena *a, const struct json *json, struct store_condition *out,
                           struct err **err)
{
    const struct json *selector = json_get(json, "namespaceSelector");
    *out = (struct store_condition){.has_selector = !json_is_null(selector)};
    out->namespaces = strings(a, json_get(json, "namespaces"), &out->n_namespaces);
    out->regexes = strings(a, json_get(json, "namespaceRegexes"), &out->n_regexes);
    return selector_parse(a, selector, &out->selector, err);
}

struct store_spec *store_spec_parse(struct arena *a, const struct json *spec, struct err **err)
{
    const struct json *provider = json_get(spec, "provider");
    const struct json *conditions = json_get(spec, "conditions");
    struct store_spec *out = arena_new(a, struct store_spec);
    out->controller = json_str(json_get(spec, "controller"));
    if (json_is(provider, JSON_OBJECT) && provider->n == 1) {
        out->provider = provider->members[0].key;
    }
    if (parse_azurekv(a, json_get(provider, "azurekv"), &out->azure, err) < 0) {
        return NULL;
    }
    if (store_refresh_interval(spec, &out->refresh_interval, NULL) < 0) {
        out->refresh_interval = 0;
    }
    out->n_conditions = json_is(conditions, JSON_ARRAY) ? json_len(conditions) : 0;
    out->conditions = arena_array(a, struct store_condition, out->n_conditions);
    for (size_t i = 0; i < out->n_conditions; i++) {
        if (parse_condition(a, json_at(conditions, i), &out->conditions[i], err) < 0) {
            err_wrap(err, "spec.conditions[%zu]", i);
            return NULL;
        }
    }
    return out;
}

int store_refresh_interval(const struct json *spec, ns_t *out, struct err **err)
{
    const struct json *value = json_get(spec, "refreshInterval");
    struct str word = json_str(value);
    ns_t interval = 0;
    bool ok = true;
    if (json_is(value, JSON_NUMBER)) {
        int64_t seconds = json_int(value, -1);
        ok = seconds >= 0 && !__builtin_mul_overflow(seconds, NS_S, &interval);
    } else if (word.n) {
        ok = go_parse_duration(word, &interval) && interval >= 0;
    }
    if (!ok) {
        return err_set(err, ERR_INVALID,
                       "invalid refreshInterval: must be seconds as a number, or a duration with a "
                       "unit such as \"5m\"");
    }
    *out = interval;
    return 0;
}

/* ---- rules ---- */

static bool foreign(struct str given, struct str own)
{
    return given.n && !str_eq(given, own);
}

static int check_namespaces(const struct azurekv *azure, struct str ns, struct err **err)
{
    const struct {
        const char *field;
        struct str ns;
    } refs[] = {
        {"AuthSecretRef.ClientID", azure->client_id.ns},
        {"AuthSecretRef.ClientSecret", azure->client_secret.ns},
        {"ServiceAccountRef", azure->sa_ns},
    };
    for (size_t i = 0; i < COUNT_OF(refs); i++) {
        if (foreign(refs[i].ns, ns)) {
            return err_set(err, ERR_INVALID,
                           "invalid %s: namespace should either be empty or match the namespace of "
                           "the SecretStore for a namespaced SecretStore",
                           refs[i].field);
        }
    }
    return 0;
}

int store_spec_validate(const struct store_spec *spec, bool cluster, struct str ns,
                        struct err **err)
{
    const struct azurekv *azure = &spec->azure;
    if (!spec->provider.n) {
        return err_set(err, ERR_INVALID, "invalid store provider: exactly one must be given");
    }
    if (!str_eq_c(spec->provider, "azurekv")) {
        return err_set(err, ERR_INVALID,
                       "unknown provider \"%.*s\": Pawl knows azurekv (Azure Key Vault)",
                       STR_ARG(str_head(spec->provider, SHOWN_MAX)));
    }
    if (!cluster && check_namespaces(azure, ns, err) < 0) {
        return -1;
    }
    if (azure->has_custom_cloud && !azure->new_sdk) {
        return err_set(err, ERR_INVALID,
                       "CustomCloudConfig requires UseAzureSDK to be set to true - the legacy SDK "
                       "does not support custom clouds");
    }
    if (azure->has_custom_cloud && !azure->authority.n) {
        return err_set(err, ERR_INVALID,
                       "activeDirectoryEndpoint is required in CustomCloudConfig");
    }
    if (str_eq_c(azure->environment, "AzureStackCloud") && !azure->has_custom_cloud) {
        return err_set(err, ERR_INVALID,
                       "CustomCloudConfig is required when EnvironmentType is AzureStackCloud");
    }
    return 0;
}

bool store_spec_is_referent(const struct store_spec *spec)
{
    const struct azurekv *azure = &spec->azure;
    return (azure->client_id.given && !azure->client_id.ns.n) ||
           (azure->client_secret.given && !azure->client_secret.ns.n) ||
           (azure->client_certificate.given && !azure->client_certificate.ns.n) ||
           (azure->has_service_account && !azure->sa_ns.n);
}
