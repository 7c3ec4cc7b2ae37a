/* SPDX-License-Identifier: Apache-2.0
 *
 * client: requests to one API server as one identity, answers as parsed JSON or a struct err.
 *
 * What it takes care of: the path and query; content types; the credential (kube/credential), which
 * is fetched again and the request repeated once after a 401; CA and client certificate files that
 * have rotated; Status objects as errors (kube/status.h); Warning headers in the log, each text
 * once; the Audit-Id of failures in the log; the metrics
 * rest_client_requests_total{code,host,method} and rest_client_request_duration_seconds{verb,host}.
 * Beside what net/http_client sends again when an idle connection turns out to be dead, it repeats
 * nothing else: the server's wish is in err->retry_after and the caller (a workqueue) decides when.
 *
 * Ownership: everything in a kube_request is copied. Exactly one `done` follows each submit, later
 * and never inside it, unless kube_cancel comes first; then no callback comes any more. The answer
 * with its document is valid during `done`; kube_answer_take keeps it. Documents lie in wiped
 * memory. Callbacks may submit and cancel. Loop thread only.
 */
#ifndef PAWL_KUBE_CLIENT_H
#define PAWL_KUBE_CLIENT_H

#include "base/metrics.h"
#include "kube/config.h"
#include "kube/resource.h"
#include "kube/status.h"

struct kube_client;
struct kube_call;

struct kube_client_config {
    const struct kube_config *config; /* must outlive the client */
    struct str user_agent; /* empty: "pawl/VERSION (linux/ARCH)"; up to the slash it is the
                            * field manager that the server records */
    size_t max_in_flight;  /* 0: 16 */
    bool http1_only;
    bool compression;
    struct metrics *metrics; /* NULL: none */
    ns_t timeout;            /* of one request; 0: 30 s */
};

/* Never fails: what is wrong with certificates shows in the first call. */
struct kube_client *kube_client_new(struct loop *l,
                                    const struct kube_client_config *config) MUST_USE;
/* Drops what is under way without callbacks. Owners of calls must not cancel afterwards. */
void kube_client_free(struct kube_client *c);
struct loop *kube_client_loop(const struct kube_client *c);
const struct kube_config *kube_client_config(const struct kube_client *c);

enum kube_verb { KUBE_GET, KUBE_LIST, KUBE_CREATE, KUBE_UPDATE, KUBE_PATCH, KUBE_DELETE };

enum kube_patch_type {
    KUBE_PATCH_MERGE,     /* RFC 7386: all kinds; lists are replaced whole */
    KUBE_PATCH_STRATEGIC, /* built-in kinds only: lists are merged by their keys */
    KUBE_PATCH_JSON,      /* RFC 6902: a failed test is ERR_INVALID without causes */
    KUBE_PATCH_APPLY,     /* server-side apply; needs field_manager; creates what is missing */
};

enum kube_flags {
    KUBE_DRY_RUN = 1,  /* dryRun=All */
    KUBE_FORCE = 2,    /* KUBE_PATCH_APPLY: take fields over from other managers */
    KUBE_METADATA = 4, /* answer with metadata only (PartialObjectMetadata) */
    KUBE_URGENT = 8,   /* own connection, not behind the limit in flight: lease renewals */
    KUBE_STRICT = 16,  /* fieldValidation=Strict: unknown fields are an error */
};

struct kube_answer {
    const struct err *err;      /* NULL: 2xx */
    int status;                 /* HTTP; 0 when there was no answer */
    const struct json *object;  /* the document; NULL if the answer was not JSON, or streamed */
    struct str text;            /* the body, if it was not JSON ("ok" of /readyz) */
    struct kube_status failure; /* all zero unless the server answered with an error */
    struct str audit_id;        /* what the server's audit log knows the request by; may be empty */
    struct str date;            /* the server's Date header, to compare clocks; may be empty */
    ns_t total;
    struct arena *arena; /* where the document lives */
};
typedef void kube_done_fn(void *arg, const struct kube_answer *answer);

struct kube_request {
    enum kube_verb verb;
    const struct resource *resource;
    struct str ns;           /* empty: cluster-scoped kind, or LIST over all namespaces */
    struct str name;         /* not for LIST; for CREATE only with a subresource */
    const char *subresource; /* "status", "token", "scale"; NULL: none */
    struct str body;         /* JSON */
    enum kube_patch_type patch;
    int flags;                 /* enum kube_flags */
    const char *field_manager; /* NULL: the server takes it from the user agent */
    struct str label_selector; /* LIST */
    struct str field_selector; /* LIST */
    struct str query;          /* further parameters, already encoded, "a=1&b=2" */
    const char *path;          /* instead of resource, ns, name: "/version" */
    const char *accept;        /* instead of JSON */
    ns_t timeout;              /* 0: the client's; negative: none */
    size_t max_body;           /* ceiling of the answer; 0: 8 MiB */
    ns_t silence;              /* see http_client.h */
    bool stream;               /* a long-lived one: the watch pool */
    /* Optional, for lists and watches: takes the body of 2xx piecewise. Non-zero stops the call,
     * which is then done with that error. */
    int (*on_chunk)(void *arg, struct str bytes, struct err **err);
    void (*on_headers)(void *arg, int status); /* only 2xx, before the first chunk */
    kube_done_fn *done;
    void *arg;
};

struct kube_call *kube_submit(struct kube_client *c, const struct kube_request *request);
/* No callback comes after this. NULL is fine. */
void kube_cancel(struct kube_call *call);

/* Moves the answer's memory into `into` (empty before), so that the document and all views live on
 * after `done`. */
void kube_answer_take(const struct kube_answer *answer, struct arena *into);

/* ---- the usual requests ---- */

struct kube_call *kube_get(struct kube_client *c, const struct resource *r, struct str ns,
                           struct str name, kube_done_fn *done, void *arg);
/* One page with everything: for small collections. Large ones: kube/informer. */
struct kube_call *kube_list(struct kube_client *c, const struct resource *r, struct str ns,
                            struct str label_selector, kube_done_fn *done, void *arg);
struct kube_call *kube_create(struct kube_client *c, const struct resource *r, struct str ns,
                              struct str body, const char *field_manager, kube_done_fn *done,
                              void *arg);
/* PUT. A metadata.resourceVersion in the body makes it conditional (409 ERR_CONFLICT). */
struct kube_call *kube_update(struct kube_client *c, const struct resource *r, struct str ns,
                              struct str name, const char *subresource, struct str body,
                              const char *field_manager, kube_done_fn *done, void *arg);
struct kube_call *kube_patch(struct kube_client *c, const struct resource *r, struct str ns,
                             struct str name, const char *subresource, enum kube_patch_type type,
                             struct str body, const char *field_manager, kube_done_fn *done,
                             void *arg);
/* Background propagation. uid and resource_version: preconditions, each may be empty; a mismatch is
 * ERR_CONFLICT. */
struct kube_call *kube_delete(struct kube_client *c, const struct resource *r, struct str ns,
                              struct str name, struct str uid, struct str resource_version,
                              kube_done_fn *done, void *arg);

struct kube_client_stats {
    uint64_t requests; /* sent, repetitions included */
    uint64_t failed;   /* ended with an error */
    uint64_t by_verb[6];
    size_t in_flight;
    size_t watches;
};
struct kube_client_stats kube_client_stats(const struct kube_client *c);

#endif
