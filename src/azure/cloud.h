/* SPDX-License-Identifier: Apache-2.0
 *
 * cloud: the clouds that Azure consists of, and the names of a vault: from what a store says to
 * where tokens come from, for which resource, and where the vault is. Pure.
 */
#ifndef PAWL_AZURE_CLOUD_H
#define PAWL_AZURE_CLOUD_H

#include "base/buf.h"
#include "base/err.h"

/* What the token of a service account must be made for, so that Entra exchanges it. */
#define AZURE_FEDERATED_AUDIENCE "api://AzureADTokenExchange"

struct azure_cloud {
    const char *name;         /* a store's environmentType */
    const char *authority;    /* where tokens come from: "https://login.microsoftonline.com" */
    const char *vault_suffix; /* "vault.azure.net" */
    const char *hsm_suffix;   /* of managed HSMs, NULL if there are none */
};

/* PublicCloud (also for ""), USGovernmentCloud, ChinaCloud, GermanCloud, and AzureStackCloud, which
 * has no fixed names (NULL): its store must give the authority. NULL for anything else. */
const struct azure_cloud *azure_cloud_find(struct str environment_type);

/* The authority in its normal form: https://HOST[:PORT], lower case, without a slash at the end.
 * "/adfs" at the end, as people copy it from Azure Stack, is the tenant of that name and cut off.
 * With allow_http also http (the emulator, tests). ERR_INVALID otherwise. */
int azure_authority(struct str text, bool allow_http, struct buf *out, struct err **err) MUST_USE;

/* A vault's URL in its normal form, the same way: https://kv1.vault.azure.net. A path other than
 * "/", a query or a missing scheme are ERR_INVALID; the text says what is expected. */
int azure_vault_url(struct str text, bool allow_http, struct buf *out, struct err **err) MUST_USE;

/* The resource that a token for the vault is asked for: the vault's URL in normal form without the
 * first label of its host (https://vault.azure.net), its port kept. For a host that has no label
 * to spare (an IP address, "localhost") that of the cloud; of PublicCloud if cloud is NULL or has
 * none. */
void azure_vault_resource(const struct azure_cloud *cloud, struct str vault_url, struct buf *out);

/* Whether a vault may ask for tokens of a resource: its host must lie below the resource's host,
 * ports equal. Both are URLs. Without this check any host that a store names could collect tokens
 * for other services. */
bool azure_resource_allowed(struct str vault_url, struct str resource);

#endif
