/* SPDX-License-Identifier: Apache-2.0
 *
 * emulator: Azure Key Vault, the token endpoints of Microsoft Entra ID, managed identity (IMDS) and
 * the little of Azure Resource Manager that `az login` needs, on one machine. For tests, demos and
 * laptops: real `az`, the Azure SDKs and External Secrets Operator talk to it unmodified.
 *
 * One emulator owns its data folder (database, certificate authority, token signing key), its
 * listeners, its clock and its faults. docs/emulator.md is the user's page, docs/internals/
 * emulator.md the essay. Loop thread only.
 */
#ifndef PAWL_EMULATOR_EMULATOR_H
#define PAWL_EMULATOR_EMULATOR_H

#include "base/buf.h"
#include "base/err.h"
#include "net/loop.h"

struct emulator;

enum { EMULATOR_MAX_NAMES = 16 };

/* A list of host names or suffixes from repeated flags. */
struct name_list {
    const char *v[EMULATOR_MAX_NAMES];
    size_t n;
};

struct emulator_config {
    const char *data;         /* folder, made where missing; NULL: everything in memory */
    const char *listen;       /* ADDRESS:PORT of the HTTPS listener; NULL: none */
    const char *msi_listen;   /* plain HTTP for managed identity; NULL: none */
    const char *admin_listen; /* plain HTTP for the admin API; NULL: none */
    const char *seed;         /* YAML file applied at start; NULL: none */
    struct name_list login_hosts;
    struct name_list arm_hosts;
    struct name_list graph_hosts;
    struct name_list vault_suffixes; /* "vault.azure.net", without the dot in front */
    const char *tls_cert;            /* PEM files to use instead of certificates made on demand */
    const char *tls_key;
    const char *issuer_ca;    /* PEM: trusted for token issuers besides the system's store */
    const char *msi_identity; /* name or client id of the identity to take by default */
    const char *msi_header;   /* what X-IDENTITY-HEADER must say; NULL: anything */
    ns_t token_lifetime;      /* 0: one hour */
    ns_t latency;             /* added to each answer */
    ns_t settle;              /* how long deletes and recoveries take to become complete */
};
/* The defaults: Azure's own names, listeners off, no seed. */
struct emulator_config emulator_config_default(void);

/* Opens (or makes) the data and applies the seed; the strings of config must live as long as the
 * emulator. NULL on failure. */
struct emulator *emulator_new(struct loop *l, const struct emulator_config *config,
                              struct err **err) MUST_USE;
/* Opens the listeners of the configuration. */
int emulator_listen(struct emulator *e, struct err **err) MUST_USE;
/* Real ports, for listeners on port 0; 0 where there is none. */
struct emulator_ports {
    uint16_t main;
    uint16_t msi;
    uint16_t admin;
};
struct emulator_ports emulator_ports(const struct emulator *e);
/* Answers what is under way with 503, closes everything. */
void emulator_free(struct emulator *e);

/* The certificate (PEM) of the authority in a data folder; both are made where they are missing. */
int emulator_ca(const char *data, struct buf *out, struct err **err) MUST_USE;

/* The version of SQLite, for `pawl version`. */
const char *emulator_library(void);

/* Unix seconds on the emulator's own clock, which the admin API can move. */
int64_t emulator_now(const struct emulator *e);

#endif
