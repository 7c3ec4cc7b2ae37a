/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/request.h"

#include "codec/url.h"

static const struct {
    const char *method;
    bool has_body;
} verbs[] = {
    [KUBE_GET] = {"GET", false},   [KUBE_LIST] = {"GET", false},   [KUBE_CREATE] = {"POST", true},
    [KUBE_UPDATE] = {"PUT", true}, [KUBE_PATCH] = {"PATCH", true}, [KUBE_DELETE] = {"DELETE", true},
};

static const char *const patch_types[] = {
    [KUBE_PATCH_MERGE] = "application/merge-patch+json",
    [KUBE_PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
    [KUBE_PATCH_JSON] = "application/json-patch+json",
    [KUBE_PATCH_APPLY] = "application/apply-patch+yaml",
};

const char *request_method(const struct kube_request *r)
{
    return verbs[r->verb].method;
}

/* Without a type libcurl would send one that the server refuses. */
const char *request_content_type(const struct kube_request *r)
{
    if (r->verb == KUBE_PATCH) {
        return patch_types[r->patch];
    }
    return verbs[r->verb].has_body ? "application/json" : NULL;
}

/* A watch that asks for the List form is answered with 200 and never an event; a list that asks for
 * the plain form is refused. */
const char *request_accept(const struct kube_request *r)
{
    if (r->accept) {
        return r->accept;
    }
    if (!(r->flags & KUBE_METADATA)) {
        return "application/json";
    }
    return r->verb == KUBE_LIST && !r->stream
               ? "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
               : "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
}

static void add_param(struct buf *out, const char *name, struct str value)
{
    if (value.n) {
        url_add_param(out, name, value);
    }
}

static void add_query(struct buf *out, const struct kube_request *r)
{
    bool writes = verbs[r->verb].has_body;
    add_param(out, "labelSelector", r->label_selector);
    add_param(out, "fieldSelector", r->field_selector);
    if (writes && r->verb != KUBE_DELETE) {
        add_param(out, "fieldManager", str_c(r->field_manager));
        add_param(out, "fieldValidation", r->flags & KUBE_STRICT ? STR("Strict") : STR_EMPTY);
    }
    if (r->verb == KUBE_PATCH && r->patch == KUBE_PATCH_APPLY && r->flags & KUBE_FORCE) {
        add_param(out, "force", STR("true"));
    }
    add_param(out, "dryRun", writes && r->flags & KUBE_DRY_RUN ? STR("All") : STR_EMPTY);
    if (r->query.n) {
        buf_add_byte(out, str_find_byte(buf_str(out), '?') < 0 ? '?' : '&');
        buf_add_str(out, r->query);
    }
}

/* The collection for LIST and for CREATE of an object; else the object, which then must have a
 * name. */
static struct str name_in_path(const struct kube_request *r)
{
    bool collection = r->verb == KUBE_LIST || (r->verb == KUBE_CREATE && !r->subresource);
    if (collection) {
        return (struct str){NULL, 0};
    }
    return r->name.p ? r->name : STR_EMPTY;
}

int request_url(struct buf *out, struct str server, const struct kube_request *r, struct err **err)
{
    buf_add_str(out, server);
    if (r->path) {
        buf_add_c(out, r->path);
    } else if (resource_path(out, r->resource, r->ns, name_in_path(r), r->subresource, err) < 0) {
        return -1;
    } else if (r->resource->namespaced && r->ns.n == 0 && r->verb != KUBE_LIST) {
        return err_set(err, ERR_INVALID, "%s \"%.*s\" has no namespace", r->resource->kind,
                       STR_ARG(r->name));
    }
    add_query(out, r);
    return buf_ok(out) ? 0 : err_set(err, ERR_LIMIT, "the URL of a request is too long");
}
