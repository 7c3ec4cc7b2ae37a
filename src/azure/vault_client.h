/* SPDX-License-Identifier: Apache-2.0
 *
 * vault_client: requests to one key vault as one identity. Puts the token on each, follows the
 * vault's challenge once, waits at the vault's gate, tries again what failed for passing reasons,
 * and turns answers into errors that say what to do. Who wants objects and changes uses
 * azure/vault_reader.h, which sits on top.
 *
 * A call is tried four times at most: again after 408, 429, 5xx, lost connections (after 1, 2, 4 s,
 * or when the vault wishes), after AKV10046; once more after 401 with what the challenge says. PUT
 * and POST are only sent again when the vault has said that it did not do it (429, 503, 401).
 *
 * Ownership: one client per (vault, identity), made by the reader's pool. Callbacks come later,
 * never inside, exactly once unless cancelled. Loop thread only.
 */
#ifndef PAWL_AZURE_VAULT_CLIENT_H
#define PAWL_AZURE_VAULT_CLIENT_H

#include "azure/vault_gate.h"
#include "azure/vault_reader.h"

struct vault_client;
struct vault_call;

struct vault_client_config {
    struct loop *loop;
    struct azure_tokens *tokens;
    struct azure_credential *credential; /* a reference is taken */
    struct vault_gate *gate;             /* the same */
    struct str url;                      /* of the vault, normal form */
    struct str resource;
    const struct http_client_config *http; /* limits included */
    const char *api_version;
    struct vault_hooks hooks;
};
struct vault_client *vault_client_new(const struct vault_client_config *config) MUST_USE;
/* Cancels what is under way. */
void vault_client_free(struct vault_client *c);
/* The newest of an identity's equal credentials, for the next token. */
void vault_client_set_credential(struct vault_client *c, struct azure_credential *credential);

/* What came of a call. Views are valid during the callback. */
struct vault_reply {
    const struct err *err;
    struct str code; /* of the error: "ObjectIsDeletedButRecoverable"; empty if there is none */
    struct str body; /* of a 2xx */
    ns_t sent;       /* clock_mono when the last try began */
    ns_t date;       /* clock_real of the vault; 0 if it did not say */
};
typedef void vault_reply_fn(void *arg, const struct vault_reply *reply);

/* ---- reading; the bodies are for azure/vault_answer.h ---- */

struct vault_call *vault_client_get(struct vault_client *c, enum vault_kind kind, struct str name,
                                    struct str version, vault_reply_fn *done, void *arg);
/* A page of a list: the first (next empty) or the one that the page before named. An address
 * elsewhere is ERR_DENIED: the token must not go there. */
struct vault_call *vault_client_list(struct vault_client *c, enum vault_kind kind, struct str next,
                                     vault_reply_fn *done, void *arg);
/* clock_mono when the call's last try went out; 0 while it still waits. */
ns_t vault_call_sent(const struct vault_call *call);

/* ---- writing ---- */

struct vault_write {
    struct str value; /* secret: the text (UTF-8); certificate: base64 or PEM; key: a JWK as JSON */
    struct str content_type; /* secrets; empty: none */
    const struct json *tags; /* object of strings, NULL: none */
    int64_t expires;         /* VAULT_NO_TIME: never */
};
/* Makes a new version: PUT secret, import certificate, import key. The reply's body is the object
 * (of a secret with its value). A name that belongs to a deleted object is ERR_CONFLICT with code
 * ObjectIsDeletedButRecoverable. */
struct vault_call *vault_client_write(struct vault_client *c, enum vault_kind kind, struct str name,
                                      const struct vault_write *write, vault_reply_fn *done,
                                      void *arg);
/* Deletes all versions, recoverable. ERR_NOT_FOUND if there is no such object. */
struct vault_call *vault_client_delete(struct vault_client *c, enum vault_kind kind,
                                       struct str name, vault_reply_fn *done, void *arg);
/* Brings a deleted object back with all its versions. It can be read and written some seconds
 * later.
 */
struct vault_call *vault_client_recover(struct vault_client *c, enum vault_kind kind,
                                        struct str name, vault_reply_fn *done, void *arg);

void vault_call_cancel(struct vault_call *call); /* NULL is fine */

#endif
