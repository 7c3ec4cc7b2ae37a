/* SPDX-License-Identifier: Apache-2.0
 *
 * status: what an API server says when it says no: the Status object, read into a struct err and
 * the few details that code decides by. Deciding by message is never needed. Pure.
 *
 * | HTTP     | err kind         | retryable                                              |
 * | 400 422  | ERR_INVALID      | no                                                     |
 * | 401      | ERR_UNAUTHORIZED | no (the client has tried once more with a new token)   |
 * | 403      | ERR_DENIED       | no                                                     |
 * | 404      | ERR_NOT_FOUND    | no; see kube_missing                                   |
 * | 409      | ERR_EXISTS for reason AlreadyExists, else ERR_CONFLICT (retryable)        |
 * | 410      | ERR_GONE         | yes, by listing again                                  |
 * | 429      | ERR_THROTTLED    | yes, after retry_after                                 |
 * | 5xx      | ERR_UNAVAILABLE  | yes                                                    |
 * | others   | ERR_HTTP         | no                                                     |
 *
 * The text of the error is the server's message as it stands ("secrets \"x\" not found"), because
 * users and conditions know it. Answers that are no Status (proxies, text/plain) give the status
 * line's number and the first line of the text.
 */
#ifndef PAWL_KUBE_STATUS_H
#define PAWL_KUBE_STATUS_H

#include "base/arena.h"
#include "base/err.h"
#include "codec/json.h"

/* What a 404 means. */
enum kube_missing {
    KUBE_MISSING_NOTHING,   /* not a 404 */
    KUBE_MISSING_OBJECT,    /* no object of that name */
    KUBE_MISSING_NAMESPACE, /* on create: the namespace is not there */
    KUBE_MISSING_RESOURCE,  /* the kind is not served: CRD not installed, or an old server */
};

struct kube_cause {
    struct str reason; /* "FieldValueInvalid", "NamespaceTerminating", "FieldManagerConflict" */
    struct str message;
    struct str field;
};

/* Views into the document it was read from. */
struct kube_status {
    int code;
    struct str reason; /* "NotFound", "Conflict", "Expired" ...; empty if the server gave none */
    struct str message;
    struct str details_name;
    struct str details_group;
    struct str details_kind; /* plural for NotFound and Forbidden, the kind for Invalid */
    const struct kube_cause *causes;
    size_t n_causes;
    int64_t retry_after_s; /* 0: none */
    enum kube_missing missing;
};

/* Reads a Status. doc may be anything (a proxy's JSON); http_status fills what it does not say
 * (0 for an event of a watch). plain_text: the answer was not JSON. Causes are in a. */
struct kube_status kube_status_read(struct arena *a, const struct json *doc, int http_status,
                                    bool plain_text);
bool kube_status_has_cause(const struct kube_status *s, const char *reason);
/* A 410 in any of its forms: HTTP 410, reason Expired or Gone. */
bool kube_status_expired(const struct kube_status *s);
/* Takes out of the message and the causes what the server quotes of the object that was sent, as in
 * `metadata.labels: Invalid value: "...": must be ...`. For objects that hold secret values. What
 * an admission webhook says is left as it is. The new texts are in a. */
void kube_status_hide_values(struct arena *a, struct kube_status *s);
/* The error of the table above. Returns -1. `text` is used when the Status has no message. */
int kube_status_err(const struct kube_status *s, struct str text, struct err **err);

#endif
