/* SPDX-License-Identifier: Apache-2.0
 *
 * verbs: the usual requests of kube/client.h, and their bodies where the client writes them.
 */
#include "kube/client.h"

/* A list that is asked for whole. */
#define MAX_LIST ((size_t)64 << 20)

struct kube_call *kube_get(struct kube_client *c, const struct resource *r, struct str ns,
                           struct str name, kube_done_fn *done, void *arg)
{
    return kube_submit(
        c, &(struct kube_request){
               .verb = KUBE_GET, .resource = r, .ns = ns, .name = name, .done = done, .arg = arg});
}

struct kube_call *kube_list(struct kube_client *c, const struct resource *r, struct str ns,
                            struct str label_selector, kube_done_fn *done, void *arg)
{
    return kube_submit(c, &(struct kube_request){.verb = KUBE_LIST,
                                                 .resource = r,
                                                 .ns = ns,
                                                 .label_selector = label_selector,
                                                 .max_body = MAX_LIST,
                                                 .done = done,
                                                 .arg = arg});
}

struct kube_call *kube_create(struct kube_client *c, const struct resource *r, struct str ns,
                              struct str body, const char *field_manager, kube_done_fn *done,
                              void *arg)
{
    return kube_submit(c, &(struct kube_request){.verb = KUBE_CREATE,
                                                 .resource = r,
                                                 .ns = ns,
                                                 .body = body,
                                                 .field_manager = field_manager,
                                                 .done = done,
                                                 .arg = arg});
}

struct kube_call *kube_update(struct kube_client *c, const struct resource *r, struct str ns,
                              struct str name, const char *subresource, struct str body,
                              const char *field_manager, kube_done_fn *done, void *arg)
{
    return kube_submit(c, &(struct kube_request){.verb = KUBE_UPDATE,
                                                 .resource = r,
                                                 .ns = ns,
                                                 .name = name,
                                                 .subresource = subresource,
                                                 .body = body,
                                                 .field_manager = field_manager,
                                                 .done = done,
                                                 .arg = arg});
}

struct kube_call *kube_patch(struct kube_client *c, const struct resource *r, struct str ns,
                             struct str name, const char *subresource, enum kube_patch_type type,
                             struct str body, const char *field_manager, kube_done_fn *done,
                             void *arg)
{
    return kube_submit(c, &(struct kube_request){.verb = KUBE_PATCH,
                                                 .resource = r,
                                                 .ns = ns,
                                                 .name = name,
                                                 .subresource = subresource,
                                                 .patch = type,
                                                 .body = body,
                                                 .field_manager = field_manager,
                                                 .done = done,
                                                 .arg = arg});
}

static void put_precondition(struct json_writer *w, const char *key, struct str value)
{
    if (value.n) {
        json_w_key(w, key);
        json_w_str(w, value);
    }
}

struct kube_call *kube_delete(struct kube_client *c, const struct resource *r, struct str ns,
                              struct str name, struct str uid, struct str resource_version,
                              kube_done_fn *done, void *arg)
{
    AUTO(buf_done) struct buf body = BUF_INIT(4096);
    struct json_writer w = json_writer(&body);
    json_w_object(&w);
    json_w_strings(&w, "kind", "DeleteOptions", "apiVersion", "v1", "propagationPolicy",
                   "Background", NULL);
    json_w_key(&w, "preconditions");
    json_w_object(&w);
    put_precondition(&w, "uid", uid);
    put_precondition(&w, "resourceVersion", resource_version);
    json_w_end(&w);
    json_w_end(&w);
    return kube_submit(c, &(struct kube_request){.verb = KUBE_DELETE,
                                                 .resource = r,
                                                 .ns = ns,
                                                 .name = name,
                                                 .body = buf_str(&body),
                                                 .done = done,
                                                 .arg = arg});
}
