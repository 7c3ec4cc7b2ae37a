/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "reload"
#include "reload/scope.h"

#include "base/log.h"
#include "kube/informer.h"

struct scope_watch {
    struct informer *informer; /* NULL: no selector */
    struct reload_metrics *metrics;
    void (*joined)(void *arg, struct str ns);
    void *arg;
};

static void on_added(void *arg, const struct object *o, bool initial)
{
    struct scope_watch *s = arg;
    reload_metrics_received(s->metrics, "add", "namespaces");
    if (!initial) {
        s->joined(s->arg, object_name(o));
    }
}

static void on_deleted(void *arg, const struct object *old)
{
    struct scope_watch *s = arg;
    (void)old;
    reload_metrics_received(s->metrics, "delete", "namespaces");
}

static void on_state(void *arg, struct informer *i, enum informer_state state,
                     const struct err *err)
{
    (void)arg;
    (void)i;
    if (state == INFORMER_DENIED) {
        LOG_ERROR("not allowed to list namespaces: --namespace-selector selects none",
                  F("error", err));
    }
}

struct scope_watch *scope_new(struct kube_client *client, struct str selector,
                              struct reload_metrics *metrics,
                              void (*joined)(void *arg, struct str ns), void *arg)
{
    struct scope_watch *s = xcalloc(1, sizeof(*s));
    s->metrics = metrics;
    s->joined = joined;
    s->arg = arg;
    if (selector.n > 0) {
        s->informer = informer_new(&(struct informer_config){
            .client = client,
            .resource = resource_of(RES_NAMESPACES),
            .label_selector = selector,
            .content = INFORMER_METADATA,
            .on_state = on_state,
            .arg = s,
        });
        informer_add_handler(s->informer, &(struct informer_handler){
                                              .added = on_added, .deleted = on_deleted, .arg = s});
    }
    return s;
}

void scope_free(struct scope_watch *s)
{
    if (s) {
        informer_free(s->informer);
        free(s);
    }
}

void scope_start(struct scope_watch *s)
{
    if (s->informer) {
        informer_start(s->informer);
    }
}

bool scope_synced(const struct scope_watch *s, struct buf *why)
{
    if (!s->informer || informer_synced(s->informer)) {
        return true;
    }
    if (why) {
        buf_addf(why, "%snamespaces: %s", why->n ? ", " : "",
                 informer_state_name(informer_state(s->informer)));
    }
    return false;
}

bool scope_selected(const struct scope_watch *s, struct str ns)
{
    return !s->informer || store_get(informer_store(s->informer), STR_EMPTY, ns);
}
