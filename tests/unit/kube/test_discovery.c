/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/discovery.h"

#include "base/clock.h"
#include "kube/token_request.h"
#include "peer.h"
#include "test.h"

static struct world {
    struct loop *loop;
    struct peer peer;
    struct kube_client *client;
    struct arena arena;
    const struct json *doc;
} w;

static int set_up(void **state)
{
    clock_fake_start(NS_H, 1000000 * NS_H);
    memset(&w, 0, sizeof(w));
    w.loop = loop_new();
    peer_init(&w.peer, w.loop);
    w.client = kube_client_new(w.loop, &(struct kube_client_config){.config = w.peer.config});
    return 0;
}

static int tear_down(void **state)
{
    kube_client_free(w.client);
    assert_int_equal(peer_left(&w.peer), 0);
    assert_int_equal(w.peer.unexpected, 0);
    peer_done(&w.peer);
    arena_done(&w.arena);
    loop_free(w.loop);
    clock_fake_stop();
    return 0;
}

static void on_answer(void *arg, const struct kube_answer *answer)
{
    assert_null(answer->err);
    arena_done(&w.arena);
    w.doc = answer->object;
    kube_answer_take(answer, &w.arena);
}

static void version(void **state)
{
    PEER_STEP(&w.peer, .target = "/version",
              .body = "{\n  \"major\": \"1\",\n  \"minor\": \"31+\",\n  \"gitVersion\": "
                      "\"v1.31.2-eks-1\"\n}");
    discover_version(w.client, on_answer, NULL);
    loop_advance(w.loop, 0);
    struct kube_version v;
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(discover_read_version(w.doc, &v, &err), err);
    assert_str(v.git_version, "v1.31.2-eks-1");
    assert_int_equal(v.major, 1);
    assert_int_equal(v.minor, 31);
    assert_err(discover_read_version(NULL, &v, &err), err, ERR_PARSE, "none of an API server");
}

static void groups_and_resources(void **state)
{
    PEER_STEP(&w.peer, .target = "/apis/external-secrets.io/v1",
              .body = "{\"resources\":[{\"name\":\"externalsecrets\"},{\"name\":"
                      "\"externalsecrets/status\"}]}");
    discover_group_version(w.client, STR("external-secrets.io"), STR("v1"), on_answer, NULL);
    loop_advance(w.loop, 0);
    assert_true(discover_read_serves(w.doc, STR("externalsecrets")));
    assert_false(discover_read_serves(w.doc, STR("pushsecrets")));

    PEER_STEP(&w.peer, .target = "/api/v1", .body = "{}");
    discover_group_version(w.client, STR_EMPTY, STR("v1"), on_answer, NULL);
    loop_advance(w.loop, 0);
    assert_false(discover_read_serves(w.doc, STR("secrets")));

    PEER_STEP(&w.peer, .target = "/apis",
              .body = "{\"groups\":[{\"name\":\"a\",\"versions\":[{\"version\":\"v1\"}]},{\"name\":"
                      "\"b\",\"versions\":[{\"version\":\"v2\"},{\"version\":\"v1beta1\"}]}]}");
    discover_groups(w.client, on_answer, NULL);
    loop_advance(w.loop, 0);
    assert_str(discover_read_group(w.doc, STR("b"), 0), "v2");
    assert_str(discover_read_group(w.doc, STR("b"), 1), "v1beta1");
    assert_str(discover_read_group(w.doc, STR("b"), 2), "");
    assert_str(discover_read_group(w.doc, STR("c"), 0), "");
}

static void reviews(void **state)
{
    PEER_STEP(&w.peer, .method = "POST",
              .target = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", .status = 201,
              .body = "{\"status\":{\"allowed\":false,\"reason\":\"no\"}}");
    discover_access(w.client,
                    &(struct kube_access){.verb = "create",
                                          .resource = resource_of(RES_SERVICEACCOUNTS),
                                          .subresource = "token",
                                          .ns = STR("a")},
                    on_answer, NULL);
    loop_advance(w.loop, 0);
    assert_false(discover_read_allowed(w.doc));
    assert_str(discover_read_denial(w.doc), "no");
    assert_string_equal(peer_last(&w.peer, 0)->body,
                        "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":"
                        "\"SelfSubjectAccessReview\",\"spec\":{\"resourceAttributes\":{"
                        "\"namespace\":\"a\",\"verb\":\"create\",\"resource\":\"serviceaccounts\","
                        "\"subresource\":\"token\"}}}");

    PEER_STEP(&w.peer, .method = "POST", .target = "/selfsubjectreviews", .status = 201,
              .body = "{\"status\":{\"userInfo\":{\"username\":\"system:serviceaccount:a:b\"}}}");
    discover_self(w.client, on_answer, NULL);
    loop_advance(w.loop, 0);
    assert_str(discover_read_username(w.doc), "system:serviceaccount:a:b");
}

static void tokens(void **state)
{
    static const struct str audiences[] = {STR_INIT("api://AzureADTokenExchange")};
    PEER_STEP(&w.peer, .method = "POST", .target = "/namespaces/a/serviceaccounts/sa/token",
              .status = 201,
              .body = "{\"status\":{\"token\":\"eyJ\",\"expirationTimestamp\":"
                      "\"1970-01-01T01:00:00Z\"}}");
    token_request(w.client, STR("a"), STR("sa"), audiences, 1, 0, on_answer, NULL);
    loop_advance(w.loop, 0);
    assert_string_equal(peer_last(&w.peer, 0)->body,
                        "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenRequest\","
                        "\"spec\":{\"audiences\":[\"api://AzureADTokenExchange\"],"
                        "\"expirationSeconds\":3600}}");
    ns_t expires = 0;
    AUTO(err_freep) struct err *err = NULL;
    AUTO(secret_unrefp) struct secret *token = token_request_read(w.doc, &expires, &err);
    assert_non_null(token);
    assert_str(secret_str(token), "eyJ");
    assert_int_equal(expires, NS_H);
    assert_null(token_request_read(NULL, &expires, &err));
    assert_non_null(strstr(err->msg, "holds no token"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    http_global_init();
    const struct CMUnitTest tests[] = {
        TEST(version),
        TEST(groups_and_resources),
        TEST(reviews),
        TEST(tokens),
    };
    int failed = RUN(tests);
    http_global_done();
    return failed;
}
