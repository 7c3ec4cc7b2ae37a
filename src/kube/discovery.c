/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/discovery.h"

#include "base/num.h"
#include "codec/url.h"

static struct kube_call *get_path(struct kube_client *c, const char *path, kube_done_fn *done,
                                  void *arg)
{
    return kube_submit(
        c, &(struct kube_request){.verb = KUBE_GET, .path = path, .done = done, .arg = arg});
}

/* ---- version ---- */

struct kube_call *discover_version(struct kube_client *c, kube_done_fn *done, void *arg)
{
    return get_path(c, "/version", done, arg);
}

/* The digits at the beginning: clouds write "31+". */
static bool leading_number(struct str s, int *out)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') {
        n++;
    }
    int64_t value = 0;
    if (!num_parse_range(str_head(s, n), 0, 1000000, &value)) {
        return false;
    }
    *out = (int)value;
    return true;
}

int discover_read_version(const struct json *doc, struct kube_version *out, struct err **err)
{
    struct kube_version v = {.git_version = json_find_str(doc, "gitVersion")};
    if (v.git_version.n == 0 || !leading_number(json_find_str(doc, "major"), &v.major) ||
        !leading_number(json_find_str(doc, "minor"), &v.minor)) {
        return err_set(err, ERR_PARSE, "the answer to /version is none of an API server");
    }
    *out = v;
    return 0;
}

/* ---- what is served ---- */

struct kube_call *discover_group_version(struct kube_client *c, struct str group,
                                         struct str version, kube_done_fn *done, void *arg)
{
    AUTO(buf_done) struct buf path = BUF_INIT(2048);
    buf_add_c(&path, group.n ? "/apis" : "/api");
    if (group.n) {
        url_add_segment(&path, group);
    }
    url_add_segment(&path, version);
    return get_path(c, path.p, done, arg);
}

bool discover_read_serves(const struct json *doc, struct str plural)
{
    const struct json *list = json_get(doc, "resources");
    for (size_t i = 0; i < json_len(list); i++) {
        if (str_eq(json_find_str(json_at(list, i), "name"), plural)) {
            return true;
        }
    }
    return false;
}

struct kube_call *discover_groups(struct kube_client *c, kube_done_fn *done, void *arg)
{
    return get_path(c, "/apis", done, arg);
}

struct str discover_read_group(const struct json *doc, struct str group, size_t i)
{
    const struct json *list = json_get(doc, "groups");
    for (size_t k = 0; k < json_len(list); k++) {
        const struct json *g = json_at(list, k);
        if (str_eq(json_find_str(g, "name"), group)) {
            return json_find_str(json_at(json_get(g, "versions"), i), "version");
        }
    }
    return STR_EMPTY;
}

/* ---- reviews ---- */

static void put(struct json_writer *w, const char *key, struct str value)
{
    if (value.n) {
        json_w_key(w, key);
        json_w_str(w, value);
    }
}

struct kube_call *discover_access(struct kube_client *c, const struct kube_access *access,
                                  kube_done_fn *done, void *arg)
{
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 16);
    struct json_writer w = json_writer(&body);
    json_w_object(&w);
    json_w_strings(&w, "apiVersion", "authorization.k8s.io/v1", "kind", "SelfSubjectAccessReview",
                   NULL);
    json_w_key(&w, "spec");
    json_w_object(&w);
    json_w_key(&w, "resourceAttributes");
    json_w_object(&w);
    put(&w, "namespace", access->ns);
    put(&w, "verb", str_c(access->verb));
    put(&w, "group", str_c(access->resource->group));
    put(&w, "resource", str_c(access->resource->plural));
    put(&w, "subresource", str_c(access->subresource));
    put(&w, "name", access->name);
    json_w_end(&w);
    json_w_end(&w);
    json_w_end(&w);
    return kube_create(c, resource_of(RES_SELFSUBJECTACCESSREVIEWS), STR_EMPTY, buf_str(&body),
                       NULL, done, arg);
}

bool discover_read_allowed(const struct json *doc)
{
    return json_bool(json_find(doc, "status.allowed"), false);
}

struct str discover_read_denial(const struct json *doc)
{
    struct str reason = json_find_str(doc, "status.reason");
    return reason.n ? reason : json_find_str(doc, "status.evaluationError");
}

struct kube_call *discover_self(struct kube_client *c, kube_done_fn *done, void *arg)
{
    return kube_create(c, resource_of(RES_SELFSUBJECTREVIEWS), STR_EMPTY,
                       STR("{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":"
                           "\"SelfSubjectReview\"}"),
                       NULL, done, arg);
}

struct str discover_read_username(const struct json *doc)
{
    return json_find_str(doc, "status.userInfo.username");
}
