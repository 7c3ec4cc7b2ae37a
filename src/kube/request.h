/* SPDX-License-Identifier: Apache-2.0
 *
 * request: a kube_request as HTTP: method, URL, content types. Internal to kube/client. Pure.
 */
#ifndef PAWL_KUBE_REQUEST_H
#define PAWL_KUBE_REQUEST_H

#include "kube/client.h"

const char *request_method(const struct kube_request *r);
/* NULL: the request has no body. */
const char *request_content_type(const struct kube_request *r);
const char *request_accept(const struct kube_request *r);
/* Appends server, path and query. ERR_INVALID for a name or namespace that is none. */
int request_url(struct buf *out, struct str server, const struct kube_request *r,
                struct err **err) MUST_USE;

#endif
