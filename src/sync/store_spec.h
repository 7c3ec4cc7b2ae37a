/* SPDX-License-Identifier: Apache-2.0
 *
 * store_spec: the spec of a SecretStore or ClusterSecretStore as a struct, and the rules that
 * External Secrets Operator has in its webhook (Pawl has none: a store that breaks one is stored
 * and says so in its condition). Lives in the arena of the parsed document. Pure.
 */
#ifndef PAWL_SYNC_STORE_SPEC_H
#define PAWL_SYNC_STORE_SPEC_H

#include "sync/selector.h"

enum store_auth { AUTH_SERVICE_PRINCIPAL, AUTH_MANAGED_IDENTITY, AUTH_WORKLOAD_IDENTITY };

/* A key of a Secret. */
struct key_ref {
    bool given;
    struct str name;
    struct str key;
    struct str ns; /* empty: not given */
};

struct azurekv {
    struct str vault_url;
    enum store_auth auth;
    struct str tenant_id;
    struct str environment; /* "PublicCloud" ... */
    bool has_auth_secret_ref;
    struct key_ref client_id;
    struct key_ref client_secret;
    struct key_ref client_certificate;
    struct key_ref tenant_ref;
    bool has_service_account;
    struct str sa_name;
    struct str sa_ns;
    struct str *audiences;
    size_t n_audiences;
    struct str identity_id;
    bool new_sdk; /* useAzureSDK */
    bool has_custom_cloud;
    struct str authority; /* customCloudConfig.activeDirectoryEndpoint */
};

struct store_condition {
    bool has_selector;
    struct selector selector;
    struct str *namespaces;
    size_t n_namespaces;
    struct str *regexes;
    size_t n_regexes;
};

struct store_spec {
    struct str controller;
    struct str provider; /* the name it stands under, "azurekv"; empty: none */
    struct azurekv azure;
    ns_t refresh_interval; /* 0: the controller's default */
    struct store_condition *conditions;
    size_t n_conditions;
};

/* NULL and ERR_INVALID. A refreshInterval that cannot be read is not an error here, see
 * store_refresh_interval. */
struct store_spec *store_spec_parse(struct arena *a, const struct json *spec,
                                    struct err **err) MUST_USE;
/* spec.refreshInterval: a number is seconds, a string a duration with unit. 0 if absent.
 * ERR_INVALID "invalid refreshInterval: ..." otherwise. */
int store_refresh_interval(const struct json *spec, ns_t *out, struct err **err) MUST_USE;
/* The webhook's rules, in its order and words. `cluster`: a ClusterSecretStore; ns: that of a
 * SecretStore. */
int store_spec_validate(const struct store_spec *spec, bool cluster, struct str ns,
                        struct err **err) MUST_USE;
/* A ClusterSecretStore whose credentials are looked up in the namespace of each ExternalSecret:
 * nothing of it can be checked before one comes. */
bool store_spec_is_referent(const struct store_spec *spec);

#endif
