/* SPDX-License-Identifier: Apache-2.0
 *
 * credential_internal: what a credential consists of, for azure/token_request.c.
 */
#ifndef PAWL_AZURE_CREDENTIAL_INTERNAL_H
#define PAWL_AZURE_CREDENTIAL_INTERNAL_H

#include "azure/credential.h"
#include "base/buf.h"

enum credential_kind {
    CREDENTIAL_SECRET,
    CREDENTIAL_CERTIFICATE,
    CREDENTIAL_WORKLOAD,
    CREDENTIAL_TOKEN_FILE,
    CREDENTIAL_MANAGED,
};

/* Which of the endpoints of managed identity. */
enum managed_source {
    MANAGED_IMDS,
    MANAGED_APP_SERVICE,
    MANAGED_ML,
    MANAGED_CLOUD_SHELL,
    MANAGED_ARC
};

struct azure_credential {
    size_t refs;
    enum credential_kind kind;
    char *key;
    char *name;
    /* All but CREDENTIAL_MANAGED. */
    char *authority;
    char *tenant;
    char *client_id;
    struct secret *secret;           /* CREDENTIAL_SECRET; the header's value of MANAGED */
    struct evp_pkey_st *private_key; /* CREDENTIAL_CERTIFICATE */
    char *x5t;
    char *x5t_s256;
    struct azure_assertion_source source; /* CREDENTIAL_WORKLOAD */
    char *path;                           /* CREDENTIAL_TOKEN_FILE */
    /* CREDENTIAL_MANAGED */
    enum managed_source from;
    char *endpoint; /* without a query */
    enum azure_identity_by by;
    char *id;
};

/* A request for an assertion, embedded in whoever waits for it. */
struct azure_assertion {
    void (*answered)(struct azure_assertion *to, struct str jwt, const struct err *err);
};

/* Reads what azure_credential_certificate takes. The caller frees the key; the prints are appended.
 */
int credential_read_certificate(struct str material, struct evp_pkey_st **key, struct buf *x5t,
                                struct buf *x5t_s256, struct err **err) MUST_USE;

#endif
