/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/request.h"

#include "test.h"

static void urls(void **state)
{
    const struct resource *secrets = resource_of(RES_SECRETS);
    const struct resource *namespaces = resource_of(RES_NAMESPACES);
    const struct str ns = STR("a");
    const struct str name = STR("b");
    const struct {
        struct kube_request r;
        const char *method;
        const char *want;
        const char *type;
    } cases[] = {
        {{.verb = KUBE_GET, .resource = secrets, .ns = ns, .name = name},
         "GET",
         "https://h/p/api/v1/namespaces/a/secrets/b",
         NULL},
        {{.verb = KUBE_LIST,
          .resource = secrets,
          .label_selector = STR("app in (x,y),!z"),
          .field_selector = STR("type!=a"),
          .query = STR("limit=500")},
         "GET",
         "https://h/p/api/v1/secrets?labelSelector=app%20in%20%28x%2Cy%29%2C%21z&fieldSelector="
         "type%21%3Da&limit=500",
         NULL},
        {{.verb = KUBE_LIST, .resource = namespaces, .query = STR("watch=1")},
         "GET",
         "https://h/p/api/v1/namespaces?watch=1",
         NULL},
        {{.verb = KUBE_CREATE,
          .resource = secrets,
          .ns = ns,
          .field_manager = "pawl",
          .flags = KUBE_DRY_RUN | KUBE_STRICT},
         "POST",
         "https://h/p/api/v1/namespaces/a/secrets?fieldManager=pawl&fieldValidation=Strict&dryRun="
         "All",
         "application/json"},
        {{.verb = KUBE_CREATE,
          .resource = resource_of(RES_SERVICEACCOUNTS),
          .ns = ns,
          .name = name,
          .subresource = "token"},
         "POST",
         "https://h/p/api/v1/namespaces/a/serviceaccounts/b/token",
         "application/json"},
        {{.verb = KUBE_UPDATE,
          .resource = secrets,
          .ns = ns,
          .name = name,
          .subresource = "status"},
         "PUT",
         "https://h/p/api/v1/namespaces/a/secrets/b/status",
         "application/json"},
        {{.verb = KUBE_PATCH,
          .resource = secrets,
          .ns = ns,
          .name = name,
          .patch = KUBE_PATCH_APPLY,
          .field_manager = "m",
          .flags = KUBE_FORCE},
         "PATCH",
         "https://h/p/api/v1/namespaces/a/secrets/b?fieldManager=m&force=true",
         "application/apply-patch+yaml"},
        {{.verb = KUBE_PATCH,
          .resource = secrets,
          .ns = ns,
          .name = name,
          .patch = KUBE_PATCH_JSON,
          .flags = KUBE_FORCE},
         "PATCH",
         "https://h/p/api/v1/namespaces/a/secrets/b",
         "application/json-patch+json"},
        {{.verb = KUBE_DELETE, .resource = namespaces, .name = name},
         "DELETE",
         "https://h/p/api/v1/namespaces/b",
         "application/json"},
        {{.verb = KUBE_GET, .path = "/version"}, "GET", "https://h/p/version", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf url = BUF_INIT(4096);
        AUTO(err_freep) struct err *err = NULL;
        assert_ok(request_url(&url, STR("https://h/p"), &cases[i].r, &err), err);
        assert_buf(&url, cases[i].want);
        assert_string_equal(request_method(&cases[i].r), cases[i].method);
        if (cases[i].type) {
            assert_string_equal(request_content_type(&cases[i].r), cases[i].type);
        } else {
            assert_null(request_content_type(&cases[i].r));
        }
    }
}

/* What would reach a whole collection, or another object, is not sent. */
static void refused(void **state)
{
    const struct resource *secrets = resource_of(RES_SECRETS);
    const struct {
        struct kube_request r;
        const char *want;
    } cases[] = {
        {{.verb = KUBE_DELETE, .resource = secrets, .ns = STR("a")}, "cannot be the name"},
        {{.verb = KUBE_GET, .resource = secrets, .ns = STR("a"), .name = STR("..")},
         "cannot be the name"},
        {{.verb = KUBE_GET, .resource = secrets, .ns = STR("a/b"), .name = STR("c")},
         "cannot be the namespace"},
        {{.verb = KUBE_GET, .resource = secrets, .name = STR("c")},
         "Secret \"c\" has no namespace"},
        {{.verb = KUBE_CREATE, .resource = secrets}, "has no namespace"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf url = BUF_INIT(4096);
        AUTO(err_freep) struct err *err = NULL;
        assert_err(request_url(&url, STR("https://h"), &cases[i].r, &err), err, ERR_INVALID,
                   cases[i].want);
    }
}

static void metadata_of_lists_and_watches(void **state)
{
    struct kube_request r = {.verb = KUBE_LIST, .flags = KUBE_METADATA};
    assert_string_equal(request_accept(&r),
                        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    r.stream = true;
    assert_string_equal(request_accept(&r),
                        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
    r.flags = 0;
    assert_string_equal(request_accept(&r), "application/json");
    r.accept = "text/plain";
    assert_string_equal(request_accept(&r), "text/plain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(refused),
        cmocka_unit_test(metadata_of_lists_and_watches),
    };
    return RUN(tests);
}
