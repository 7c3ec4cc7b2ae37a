/* SPDX-License-Identifier: Apache-2.0
 *
 * vault_answer: what Key Vault answers, good and bad, as structs and errors. Pure.
 */
#ifndef PAWL_AZURE_VAULT_ANSWER_H
#define PAWL_AZURE_VAULT_ANSWER_H

#include "azure/vault_reader.h"

/* "secrets", "certificates", "keys": the first part of a path. */
const char *vault_kind_path(enum vault_kind kind);
/* "secret", "certificate", "key" */
const char *vault_kind_name(enum vault_kind kind);

/* One object with its value. All views lie in a (which must wipe) or in body, which must live as
 * long. The stamp is filled, as_of is not. */
int vault_answer_object(struct arena *a, enum vault_kind kind, struct str body,
                        struct vault_value *out, struct err **err) MUST_USE;

struct vault_page {
    struct vault_item *items;
    size_t n;
    struct str next; /* URL of the next page; empty at the end */
};
/* One page of a list; views as above. A page may be empty and still not be the last one. */
int vault_answer_page(struct arena *a, enum vault_kind kind, struct str body,
                      struct vault_page *out, struct err **err) MUST_USE;

/* Whether a next page's URL leads to the vault itself, so that a token may go there. */
bool vault_answer_next_allowed(struct str vault_url, struct str next);

/* What was tried, for an error's text and the remedy. */
struct vault_tried {
    const char *verb; /* "get", "list", "set", "import", "delete", "recover" */
    enum vault_kind kind;
    struct str name;  /* empty for a list */
    struct str scrub; /* bytes that may not be shown, should the answer quote them; may be empty */
};
/* An answer other than 2xx as an error: kind, status, retryable. A 404 of a get is "Secret does not
 * exist", whatever kind, which External Secrets Operator's users look for. `code` gets the most
 * exact of the codes in the answer ("ForbiddenByRbac"), in a; may be NULL. Returns -1. */
int vault_answer_error(struct arena *a, const struct vault_tried *tried, int status,
                       struct str body, struct str request_id, struct str *code, struct err **err);
/* A 401 that goes by itself (AKV10046: the service could not get Entra's keys just now). */
bool vault_answer_is_passing(struct str body);

#endif
