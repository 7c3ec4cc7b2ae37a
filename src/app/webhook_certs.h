/* SPDX-License-Identifier: Apache-2.0
 *
 * webhook_certs: what External Secrets Operator's certificate controller does: the Secret with the
 * webhook's certificate is filled, renewed 90 days before the end, and its authority is written
 * into the webhook configurations of the chart, so that the API server trusts the webhook.
 *
 * One pass at a time, at an interval, and sooner while something fails. Loop thread only.
 */
#ifndef PAWL_APP_WEBHOOK_CERTS_H
#define PAWL_APP_WEBHOOK_CERTS_H

#include "app/controller.h"

struct webhook_certs;

struct webhook_certs_config {
    struct loop *loop;
    struct kube_client *client;
    const char *service_name; /* borrowed, all four */
    const char *service_ns;
    const char *secret_name;
    const char *secret_ns;
    ns_t interval;
};

struct webhook_certs *webhook_certs_new(const struct webhook_certs_config *config) MUST_USE;
void webhook_certs_free(struct webhook_certs *c);
/* As a role of the controller: ready once all configurations have the authority. */
struct app_role webhook_certs_role(struct webhook_certs *c);

/* The patch that gives the webhooks of one ValidatingWebhookConfiguration this authority and
 * Service; p NULL if they have them. In the arena. It holds for the version of the configuration
 * that was read, and is refused (ERR_INVALID) for another. Webhooks of others are left alone.
 * Pure. */
struct str webhook_certs_patch(struct arena *a, const struct json *configuration, struct str ca_pem,
                               const char *service_name, const char *service_ns);

#endif
