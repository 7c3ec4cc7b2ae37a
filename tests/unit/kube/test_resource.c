/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/resource.h"

#include "test.h"

static void every_row_is_filled(void **state)
{
    for (int i = 0; i < RES_COUNT; i++) {
        const struct resource *r = resource_of((enum resource_id)i);
        assert_non_null(r->plural);
        AUTO(buf_done) struct buf want = BUF_INIT(200);
        buf_addf(&want, "%s%s%s", r->group, r->group[0] ? "/" : "", r->version);
        assert_buf(&want, r->api_version);
        assert_ptr_equal(resource_find(str_c(r->group), str_c(r->kind)), r);
        assert_ptr_equal(resource_find(str_c(r->group), str_c(r->plural)), r);
    }
    assert_null(resource_find(STR("apps"), STR("Secret")));
    assert_ptr_equal(resource_find(STR_EMPTY, STR("SECRETS")), resource_of(RES_SECRETS));
}

static void paths(void **state)
{
    static const struct {
        enum resource_id id;
        struct str ns;
        struct str name;
        const char *subresource;
        const char *want;
    } cases[] = {
        {RES_SECRETS, STR_INIT("a"), STR_INIT("b"), NULL, "/api/v1/namespaces/a/secrets/b"},
        {RES_SECRETS, {NULL, 0}, {NULL, 0}, NULL, "/api/v1/secrets"},
        {RES_SECRETS, STR_INIT("a"), {NULL, 0}, NULL, "/api/v1/namespaces/a/secrets"},
        {RES_NAMESPACES, {NULL, 0}, STR_INIT("a"), NULL, "/api/v1/namespaces/a"},
        {RES_NAMESPACES, STR_INIT("a"), STR_INIT("a"), NULL, "/api/v1/namespaces/a"},
        {RES_DEPLOYMENTS, STR_INIT("a"), STR_INIT("b"), "scale",
         "/apis/apps/v1/namespaces/a/deployments/b/scale"},
        {RES_CLUSTERSECRETSTORES,
         {NULL, 0},
         STR_INIT("x"),
         "status",
         "/apis/external-secrets.io/v1/clustersecretstores/x/status"},
        {RES_SECRETS, STR_INIT("a"), STR_INIT("b?c"), NULL, "/api/v1/namespaces/a/secrets/b%3Fc"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT(1000);
        AUTO(err_freep) struct err *err = NULL;
        assert_ok(resource_path(&out, resource_of(cases[i].id), cases[i].ns, cases[i].name,
                                cases[i].subresource, &err),
                  err);
        assert_buf(&out, cases[i].want);
    }
}

/* An empty name would turn a DELETE of one object into one of the collection. */
static void refuses_what_is_no_segment(void **state)
{
    static const struct str bad[] = {STR_INIT(""), STR_INIT("."), STR_INIT(".."), STR_INIT("a/b"),
                                     STR_INIT("a\0b")};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT(1000);
        AUTO(err_freep) struct err *err = NULL;
        assert_err(resource_path(&out, resource_of(RES_SECRETS), STR("a"), bad[i], NULL, &err), err,
                   ERR_INVALID, "cannot be the name");
        if (bad[i].n) {
            assert_err(resource_path(&out, resource_of(RES_SECRETS), bad[i], STR("a"), NULL, &err),
                       err, ERR_INVALID, "cannot be the namespace");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_filled),
        cmocka_unit_test(paths),
        cmocka_unit_test(refuses_what_is_no_segment),
    };
    return RUN(tests);
}
