/* SPDX-License-Identifier: Apache-2.0
 *
 * admission: the validating webhook of External Secrets Operator's chart. It admits everything: the
 * controller checks each object itself, and a webhook that says no would only say it in another
 * place. What matters is that it answers, because the chart's webhooks fail closed.
 *
 * Certificates are files that Kubernetes mounts and changes; they may come after the start. New
 * ones are served to new connections without closing the port. Loop thread only.
 */
#ifndef PAWL_APP_ADMISSION_H
#define PAWL_APP_ADMISSION_H

#include "app/controller.h"

struct admission;

struct admission_config {
    struct loop *loop;
    uint16_t port;        /* on all addresses */
    const char *cert_dir; /* borrowed, as the next */
    const char *dns_name;
    ns_t check_interval;
    ns_t lookahead; /* a certificate that ends before this is warned about */
};

struct admission *admission_new(const struct admission_config *config) MUST_USE;
void admission_free(struct admission *a);
/* As a role of the controller: ready once there is a good certificate and the port is open. */
struct app_role admission_role(struct admission *a);
/* 0 until the port is open. */
uint16_t admission_port(const struct admission *a);

/* Writes the answer to one AdmissionReview. ERR_PARSE, ERR_INVALID: it is none;
 * ERR_LIMIT: what has to be repeated of it does not fit into out. Pure. */
int admission_answer(struct str review, struct buf *out, struct err **err) MUST_USE;

#endif
