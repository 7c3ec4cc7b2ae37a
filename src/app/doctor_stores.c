/* SPDX-License-Identifier: Apache-2.0
 *
 * Each store: what its condition says, and whether it works from here. What fails from a laptop may
 * work in the cluster, so a network that does not lead to a vault, and an identity that only pods
 * have, are notes there and no findings against the store.
 */
#include "app/doctor_internal.h"
#include "base/clock.h"
#include "sync/conditions.h"
#include "sync/names.h"

#include <stdlib.h>

enum { STORES_MAX = 100 };
#define STORE_LIMIT (30 * NS_S)

static void list_stores(struct doctor *d, const char *kind);
static void next_store(struct doctor *d);

/* "SecretStore web/azure" */
static struct str title(struct doctor *d, const struct json *store)
{
    struct str ns = json_find_str(store, "metadata.namespace");
    struct str name = json_find_str(store, "metadata.name");
    return arena_printf(&d->arena, "%s %.*s%s%.*s", d->kind, STR_ARG(ns), ns.n > 0 ? "/" : "",
                        STR_ARG(name));
}

static const struct json *current(const struct doctor *d)
{
    return json_at(d->list, d->next - 1);
}

/* ---- what the controller says ---- */

static void tell_condition(struct doctor *d, const struct json *store)
{
    struct str name = title(d, store);
    struct conditions all = conditions_parse(json_find(store, "status.conditions"));
    const struct condition *ready = conditions_find(&all, "Ready");
    if (!ready) {
        doctor_tell(d, FINDING_NOTE, "is a controller with the sync role running?",
                    "no controller has looked at %.*s yet", STR_ARG(name));
    } else if (str_eq(ready->status, STR("True"))) {
        doctor_tell(d, FINDING_OK, NULL, "%.*s is Ready", STR_ARG(name));
    } else {
        doctor_tell(d, FINDING_BAD, "its Events say why: kubectl describe",
                    "%.*s is not Ready: %.*s", STR_ARG(name), STR_ARG(ready->message));
    }
}

/* ---- what happens when we try ---- */

static bool in_cluster(void)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST");
    return host && *host;
}

#define ELSEWHERE "it may work where Pawl runs: kubectl exec deployment/pawl -n pawl -- pawl check"

/* Only pods have a managed identity, or that of Pawl itself. */
static bool needs_a_pod(const struct store_result *r)
{
    return r->auth == AUTH_MANAGED_IDENTITY ||
           (r->auth == AUTH_WORKLOAD_IDENTITY && r->own_identity);
}

static bool about_the_network(const struct err *err)
{
    return err_is(err, ERR_DNS) || err_is(err, ERR_IO) || err_is(err, ERR_TIMEOUT);
}

static void tell_failure(struct doctor *d, struct str name, const struct store_result *r)
{
    static const char *const parts[] = {[STORE_WORKS] = "",
                                        [STORE_LATER] = "",
                                        [STORE_SPEC] = "its spec is wrong",
                                        [STORE_IDENTITY] = "it cannot sign in",
                                        [STORE_VAULT] = "its vault cannot be read"};
    bool refused_to_us = r->stage == STORE_IDENTITY && err_is(r->err, ERR_DENIED);
    bool here_only =
        r->stage != STORE_SPEC && !in_cluster() && (needs_a_pod(r) || about_the_network(r->err));
    if (refused_to_us) {
        doctor_tell(d, FINDING_NOTE, "look with an account that may", "%.*s is not tried: %s",
                    STR_ARG(name), err_msg(r->err));
    } else {
        doctor_tell(d, here_only ? FINDING_NOTE : FINDING_BAD, here_only ? ELSEWHERE : NULL,
                    "%.*s: %s%s: %s", STR_ARG(name), parts[r->stage], here_only ? " from here" : "",
                    err_msg(r->err));
    }
}

static void checked(void *arg, const struct store_result *r)
{
    struct doctor *d = arg;
    struct str name = title(d, current(d));
    if (r->stage == STORE_WORKS) {
        doctor_tell(d, FINDING_OK, NULL, "%.*s: signed in, and %.*s answers", STR_ARG(name),
                    STR_ARG(r->vault_url));
    } else if (r->stage == STORE_LATER) {
        doctor_tell(d, FINDING_OK, NULL,
                    "%.*s has its credentials in the namespaces that use it: not tried",
                    STR_ARG(name));
    } else {
        tell_failure(d, name, r);
    }
    next_store(d);
}

/* ---- one after another ---- */

static void next_store(struct doctor *d)
{
    size_t n = json_len(d->list);
    if (d->next < n && d->next < STORES_MAX) {
        const struct json *store = json_at(d->list, d->next++);
        tell_condition(d, store);
        if (d->config.stores) {
            store_checker_start(d->checker, store, checked, d);
        } else {
            next_store(d);
        }
        return;
    }
    if (n > STORES_MAX) {
        doctor_tell(d, FINDING_NOTE, "look at one namespace at a time: -n",
                    "there are more stores than the %d that were looked at", STORES_MAX);
    }
    if (strcmp(d->kind, KIND_STORE) == 0) {
        list_stores(d, KIND_CSTORE);
    } else {
        doctor_next(d);
    }
}

static void stores_listed(void *arg, const struct kube_answer *answer)
{
    struct doctor *d = arg;
    d->call = NULL;
    d->next = 0;
    d->list = NULL;
    arena_reset(&d->arena);
    if (answer->err) {
        doctor_tell(d, FINDING_NOTE, "look with an account that may", "cannot list %ss: %s",
                    d->kind, err_msg(answer->err));
    } else {
        struct json *items = json_clone(&d->arena, json_get(answer->object, "items"));
        for (size_t i = 0; i < json_len(items); i++) {
            json_set_str(&d->arena, json_at(items, i), "kind", str_c(d->kind));
        }
        d->list = items;
    }
    next_store(d);
}

static void list_stores(struct doctor *d, const char *kind)
{
    bool cluster = strcmp(kind, KIND_CSTORE) == 0;
    d->kind = kind;
    d->call = kube_list(d->config.client,
                        resource_of(cluster ? RES_CLUSTERSECRETSTORES : RES_SECRETSTORES),
                        cluster ? STR_EMPTY : d->config.ns, STR_EMPTY, stores_listed, d);
}

void doctor_stores(struct doctor *d)
{
    if (!d->config.sync || !d->served) {
        doctor_next(d);
        return;
    }
    d->checker = store_checker_new(&(struct store_checker_config){
        .loop = kube_client_loop(d->config.client),
        .client = d->config.client,
        .ca_pem = d->config.ca_pem,
        .limit = STORE_LIMIT,
    });
    list_stores(d, KIND_STORE);
}
