/* SPDX-License-Identifier: Apache-2.0
 *
 * discovery: what an API server is, what it serves, who we are to it and what we may do. Each
 * request is a kube_call with the ordinary callback; beside it stands the reader of its answer.
 */
#ifndef PAWL_KUBE_DISCOVERY_H
#define PAWL_KUBE_DISCOVERY_H

#include "kube/client.h"

/* GET /version */
struct kube_call *discover_version(struct kube_client *c, kube_done_fn *done, void *arg);
struct kube_version {
    struct str git_version; /* "v1.34.4" */
    int major;
    int minor; /* clouds write "31+": 31 */
};
int discover_read_version(const struct json *doc, struct kube_version *out,
                          struct err **err) MUST_USE;

/* GET /apis/GROUP/VERSION (or /api/v1). ERR_NOT_FOUND: nothing of that group is served. */
struct kube_call *discover_group_version(struct kube_client *c, struct str group,
                                         struct str version, kube_done_fn *done, void *arg);
/* Whether the answer (APIResourceList) names the resource. */
bool discover_read_serves(const struct json *doc, struct str plural);

/* GET /apis: the versions of one group, in the server's order of preference. */
struct kube_call *discover_groups(struct kube_client *c, kube_done_fn *done, void *arg);
/* The i-th version of a group in the answer (APIGroupList); empty when there is none. */
struct str discover_read_group(const struct json *doc, struct str group, size_t i);

/* May we? (SelfSubjectAccessReview; every authenticated user may ask.) */
struct kube_access {
    const char *verb;
    const struct resource *resource;
    const char *subresource; /* NULL: none */
    struct str ns;           /* empty: in all namespaces */
    struct str name;         /* empty: any */
};
struct kube_call *discover_access(struct kube_client *c, const struct kube_access *access,
                                  kube_done_fn *done, void *arg);
bool discover_read_allowed(const struct json *doc);
struct str discover_read_denial(
    const struct json *doc); /* reason or evaluationError; often empty */

/* Who are we? (SelfSubjectReview, 1.28 and newer.) */
struct kube_call *discover_self(struct kube_client *c, kube_done_fn *done, void *arg);
struct str discover_read_username(const struct json *doc);

#endif
