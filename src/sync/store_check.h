/* SPDX-License-Identifier: Apache-2.0
 *
 * store_check: whether a store works, found out by doing what a sync does: its credentials are
 * read, Entra ID is asked for a token, and the vault for an object that does not exist. For `pawl
 * check`; nothing is written, and no value is read from the vault. Loop thread only.
 */
#ifndef PAWL_SYNC_STORE_CHECK_H
#define PAWL_SYNC_STORE_CHECK_H

#include "kube/client.h"
#include "sync/store_spec.h"

struct store_checker;

struct store_checker_config {
    struct loop *loop;
    struct kube_client *client;
    struct str ca_pem; /* trusted besides the system's certificates; copied */
    ns_t limit;        /* of one store */
};

struct store_checker *store_checker_new(const struct store_checker_config *config) MUST_USE;
/* Cancels what is under way. NULL is fine. */
void store_checker_free(struct store_checker *c);

/* How far it came. */
enum store_stage {
    STORE_WORKS,
    STORE_LATER,    /* its credentials are in the namespaces of ExternalSecrets: not looked at */
    STORE_SPEC,     /* the spec is wrong */
    STORE_IDENTITY, /* credentials are missing, or Entra ID refuses them */
    STORE_VAULT,    /* the vault cannot be reached, or refuses */
};
struct store_result {
    enum store_stage stage;
    enum store_auth auth; /* not with STORE_SPEC */
    bool own_identity;    /* the store names no credentials: those of this process were used */
    struct str vault_url;
    const struct err *err; /* NULL for the first two */
};

/* One at a time. store: the object; it is copied. done comes later, never inside. */
void store_checker_start(struct store_checker *c, const struct json *store,
                         void (*done)(void *arg, const struct store_result *result), void *arg);

#endif
