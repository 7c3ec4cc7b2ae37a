/* SPDX-License-Identifier: Apache-2.0
 *
 * Who else works in the cluster: controllers beside ours, and the webhooks that External Secrets
 * Operator's chart leaves behind: without a server they block every change of a store or an
 * ExternalSecret.
 */
#include "app/doctor_internal.h"

#define CONFIGURATIONS "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
#define COMPONENT      "external-secrets.io/component=webhook"
#define SLICES         "/apis/discovery.k8s.io/v1/namespaces/"

static void cannot_look(struct doctor *d, const char *what, const struct err *err)
{
    doctor_tell(d, FINDING_NOTE, "look with an account that may", "cannot look for %s: %s", what,
                err_msg(err));
}

/* ---- controllers ---- */

static void judged(void *arg, const struct finding *finding)
{
    const struct doctor *d = arg;
    d->config.found(d->config.arg, finding);
}

static void take_deployment(void *arg, const struct json *item)
{
    struct doctor *d = arg;
    rivals_add(&d->rivals, item);
}

static void deployments_listed(void *arg, const struct err *err)
{
    struct doctor *d = arg;
    d->lister = NULL;
    if (err) {
        cannot_look(d, "other controllers", err);
    } else {
        rivals_judge(&d->rivals, d->config.sync, d->config.reload, judged, d);
    }
    doctor_next(d);
}

/* In all namespaces: a controller works in others than its own. */
void doctor_controllers(struct doctor *d)
{
    d->lister = lister_start(&(struct lister_config){.client = d->config.client,
                                                     .resource = resource_of(RES_DEPLOYMENTS),
                                                     .item = take_deployment,
                                                     .done = deployments_listed,
                                                     .arg = d});
}

/* ---- webhooks ---- */

static void next_webhook(struct doctor *d);

static bool has_endpoint(const struct json *slices)
{
    for (size_t i = 0; i < json_len(slices); i++) {
        const struct json *endpoints = json_get(json_at(slices, i), "endpoints");
        for (size_t k = 0; k < json_len(endpoints); k++) {
            if (json_bool(json_find(json_at(endpoints, k), "conditions.ready"), true)) {
                return true;
            }
        }
    }
    return false;
}

static void slices_listed(void *arg, const struct kube_answer *answer)
{
    struct doctor *d = arg;
    struct str name = json_find_str(json_at(d->list, d->next - 1), "metadata.name");
    d->call = NULL;
    if (answer->err) {
        cannot_look(d, "the server of a webhook", answer->err);
    } else if (has_endpoint(json_get(answer->object, "items"))) {
        doctor_tell(d, FINDING_OK, NULL, "the webhook %.*s has a server", STR_ARG(name));
    } else {
        doctor_tell(
            d, FINDING_BAD, "delete that ValidatingWebhookConfiguration, or bring its server back",
            "the webhook %.*s has no server: changes of its objects are refused", STR_ARG(name));
    }
    next_webhook(d);
}

static void ask_for_slices(struct doctor *d, const struct json *service)
{
    struct str ns = json_find_str(service, "namespace");
    struct str name = json_find_str(service, "name");
    struct str path = arena_printf(&d->arena, SLICES "%.*s/endpointslices", STR_ARG(ns));
    struct str selector = arena_printf(&d->arena, "kubernetes.io/service-name=%.*s", STR_ARG(name));
    d->call = kube_submit(d->config.client, &(struct kube_request){.verb = KUBE_GET,
                                                                   .path = path.p,
                                                                   .label_selector = selector,
                                                                   .done = slices_listed,
                                                                   .arg = d});
}

/* All webhooks of a configuration have one server. */
static void next_webhook(struct doctor *d)
{
    while (d->next < json_len(d->list)) {
        const struct json *configuration = json_at(d->list, d->next++);
        const struct json *first = json_at(json_get(configuration, "webhooks"), 0);
        const struct json *service = json_find(first, "clientConfig.service");
        if (service) {
            ask_for_slices(d, service);
            return;
        }
    }
    doctor_next(d);
}

static void configurations_listed(void *arg, const struct kube_answer *answer)
{
    struct doctor *d = arg;
    d->call = NULL;
    d->next = 0;
    d->list = NULL;
    if (answer->err) {
        cannot_look(d, "webhooks", answer->err);
    } else {
        d->list = json_clone(&d->arena, json_get(answer->object, "items"));
    }
    next_webhook(d);
}

void doctor_webhooks(struct doctor *d)
{
    if (!d->config.sync) {
        doctor_next(d);
        return;
    }
    d->call = kube_submit(d->config.client, &(struct kube_request){.verb = KUBE_GET,
                                                                   .path = CONFIGURATIONS,
                                                                   .label_selector = STR(COMPONENT),
                                                                   .done = configurations_listed,
                                                                   .arg = d});
}
