/* SPDX-License-Identifier: Apache-2.0
 *
 * Who we are to the server, by each way of saying it, and what a limited identity is told.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "e2e.h"
#include "kube/discovery.h"
#include "kube/token_request.h"

/* The user name that the server knows the client by. */
static void assert_user(struct kube_client *c, const char *expected)
{
    AUTO(got_done) struct got g = {0};
    discover_self(c, on_got, &g);
    await(g.done, 20 * NS_S);
    if (g.err) {
        fail_msg("%s", g.err->msg);
    }
    assert_str(discover_read_username(g.object), expected);
}

static void the_clusters_own_kubeconfig(void **state)
{
    AUTO(got_done) struct got g = {0};
    assert_true(admin_config->tls.cert_pem.n > 0);
    discover_self(admin, on_got, &g);
    await(g.done, 10 * NS_S);
    assert_null(g.err);
    assert_true(discover_read_username(g.object).n > 0);
    got_done(&g);
    discover_version(admin, on_got, &g);
    await(g.done, 10 * NS_S);
    struct kube_version v;
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(discover_read_version(g.object, &v, &err), err);
    assert_int_equal(v.major, 1);
    assert_true(v.minor >= 28);
    got_done(&g);
    discover_group_version(admin, STR("apps"), STR("v1"), on_got, &g);
    await(g.done, 10 * NS_S);
    assert_true(discover_read_serves(g.object, STR("deployments")));
    got_done(&g);
    discover_group_version(admin, STR("nobody.example.com"), STR("v1"), on_got, &g);
    await(g.done, 10 * NS_S);
    assert_int_equal(g.failure.missing, KUBE_MISSING_RESOURCE);
}

/* ---- kubeconfigs written here ---- */

static char folder[] = "/tmp/pawl-e2e-kube-XXXXXX";

static const char *write_file(const char *name, const char *text)
{
    static char path[100];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return path;
}

/* A client as the user that the YAML of `user` describes; CA by a file beside the kubeconfig. */
static struct kube_client *client_as(const char *user, struct kube_config **config)
{
    (void)write_file("ca.pem", admin_config->tls.ca_pem.p);
    AUTO(buf_done) struct buf text = BUF_INIT(100000);
    buf_addf(&text,
             "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
             "contexts:\n- name: c\n  context: {cluster: k, user: u}\n"
             "clusters:\n- name: k\n  cluster:\n    server: %.*s/\n"
             "    certificate-authority: ca.pem\n"
             "users:\n- name: u\n  user:\n%s",
             STR_ARG(admin_config->server), user);
    AUTO(err_freep) struct err *err = NULL;
    struct kube_config_options options = {.path = write_file("config", text.p)};
    *config = kube_config_load(&options, &err);
    if (!*config) {
        fail_msg("%s", err_msg(err));
    }
    return kube_client_new(loop, &(struct kube_client_config){.config = *config});
}

static void free_client(struct kube_client *c, struct kube_config *config)
{
    kube_client_free(c);
    kube_config_free(config);
}

static char *fresh_token(const char *ns)
{
    AUTO(got_done) struct got g = {0};
    ns_t expires = 0;
    token_request(admin, str_c(ns), STR("sa"), NULL, 0, 0, on_got, &g);
    await(g.done, 10 * NS_S);
    AUTO(secret_unrefp) struct secret *token = token_request_read(g.object, &expires, NULL);
    assert_non_null(token);
    return str_dup(secret_str(token));
}

static char *service_account(const char *ns)
{
    AUTO(freep) char *path = xasprintf("/api/v1/namespaces/%s/serviceaccounts", ns);
    create_at(path, "{\"metadata\":{\"name\":\"sa\"}}");
    return xasprintf("system:serviceaccount:%s:sa", ns);
}

static void a_token_and_a_token_file(void **state)
{
    const char *ns = new_namespace();
    AUTO(freep) char *user = service_account(ns);
    AUTO(freep) char *token = fresh_token(ns);
    struct kube_config *config = NULL;
    AUTO(freep) char *by_token = xasprintf("    token: %s\n", token);
    struct kube_client *c = client_as(by_token, &config);
    assert_user(c, user);
    free_client(c, config);

    /* A token that the server refuses; then a good one comes into the file. */
    (void)write_file("token", "nonsense");
    c = client_as("    tokenFile: token\n", &config);
    AUTO(got_done) struct got g = {0};
    discover_self(c, on_got, &g);
    await(g.done, 10 * NS_S);
    assert_int_equal(g.err->kind, ERR_UNAUTHORIZED);
    (void)write_file("token", token);
    assert_user(c, user);
    free_client(c, config);
}

static void an_exec_plugin(void **state)
{
    const char *ns = new_namespace();
    AUTO(freep) char *user = service_account(ns);
    AUTO(freep) char *token = fresh_token(ns);
    AUTO(buf_done) struct buf answer = BUF_INIT(100000);
    buf_addf(&answer,
             "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\","
             "\"status\":{\"token\":\"%s\"}}",
             token);
    (void)write_file("answer", answer.p);
    struct kube_config *config = NULL;
    AUTO(freep)
    char *exec = xasprintf("    exec: {apiVersion: client.authentication.k8s.io/v1, command: cat, "
                           "args: [%s/answer], interactiveMode: Never}\n",
                           folder);
    struct kube_client *c = client_as(exec, &config);
    assert_user(c, user);
    free_client(c, config);

    /* One that gives a client certificate: the one of the cluster's own kubeconfig. */
    AUTO(got_done) struct got g = {0};
    discover_self(admin, on_got, &g);
    await(g.done, 10 * NS_S);
    AUTO(freep) char *admin_name = str_dup(discover_read_username(g.object));
    buf_clear(&answer);
    struct json_writer w = json_writer(&answer);
    json_w_object(&w);
    json_w_strings(&w, "kind", "ExecCredential", "apiVersion", "client.authentication.k8s.io/v1",
                   NULL);
    json_w_key(&w, "status");
    json_w_object(&w);
    json_w_key(&w, "clientCertificateData");
    json_w_str(&w, admin_config->tls.cert_pem);
    json_w_key(&w, "clientKeyData");
    json_w_str(&w, admin_config->tls.key_pem);
    json_w_end(&w);
    json_w_end(&w);
    (void)write_file("answer", answer.p);
    c = client_as(exec, &config);
    assert_user(c, admin_name);
    free_client(c, config);
}

static void a_client_certificate(void **state)
{
    AUTO(got_done) struct got g = {0};
    discover_self(admin, on_got, &g);
    await(g.done, 10 * NS_S);
    AUTO(freep) char *admin_name = str_dup(discover_read_username(g.object));
    (void)write_file("cert.pem", admin_config->tls.cert_pem.p);
    (void)write_file("key.pem", admin_config->tls.key_pem.p);
    struct kube_config *config = NULL;
    struct kube_client *c =
        client_as("    client-certificate: cert.pem\n    client-key: key.pem\n", &config);
    assert_user(c, admin_name);
    free_client(c, config);

    c = client_as("    client-certificate: cert.pem\n    client-key: key.pem\n"
                  "    as: jane\n    as-groups: [dev]\n",
                  &config);
    assert_user(c, "jane");
    free_client(c, config);
}

static void nobody(void **state)
{
    struct kube_config *config = NULL;
    struct kube_client *c = client_as("    {}\n", &config);
    AUTO(got_done) struct got g = {0};
    ASK(c, &g, .verb = KUBE_LIST, .resource = resource_of(RES_SECRETS));
    assert_int_equal(g.err->kind, ERR_DENIED);
    assert_non_null(strstr(g.err->msg, "system:anonymous"));
    free_client(c, config);
}

/* ---- limited rights ---- */

static void list_without_watch(void **state)
{
    AUTO(freep) char *ns = xstrdup(new_namespace());
    struct kube_config *config = NULL;
    struct kube_client *c = service_account_client(ns, "\"get\",\"list\"", &config);
    create_secret(ns, "x", "1");
    struct follower f;
    follow(&f, c, (struct informer_config){.ns = str_c(ns), .poll_interval = NS_S});
    await(f.state == INFORMER_POLLING, 10 * NS_S);
    assert_true(f.synced);
    assert_non_null(strstr(f.reason, "cannot watch resource \"secrets\""));
    assert_int_equal(follower_value(&f, ns, "x"), 1);
    create_secret(ns, "y", "2");
    await(follower_value(&f, ns, "y") == 2, 5 * NS_S);
    delete_object(RES_SECRETS, ns, "x");
    await(f.deleted == 1, 5 * NS_S);
    informer_free(f.informer);
    free_client(c, config);
}

static void neither_list_nor_watch(void **state)
{
    AUTO(freep) char *ns = xstrdup(new_namespace());
    struct kube_config *config = NULL;
    struct kube_client *c = service_account_client(ns, "\"get\"", &config);
    struct follower f;
    follow(&f, c, (struct informer_config){.ns = str_c(ns)});
    await(f.state == INFORMER_DENIED, 10 * NS_S);
    assert_non_null(strstr(f.reason, "cannot list resource \"secrets\""));
    informer_free(f.informer);

    AUTO(got_done) struct got g = {0};
    const struct {
        const char *verb;
        bool allowed;
    } cases[] = {{"get", true}, {"list", false}, {"watch", false}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        got_done(&g);
        discover_access(c,
                        &(struct kube_access){.verb = cases[i].verb,
                                              .resource = resource_of(RES_SECRETS),
                                              .ns = str_c(ns)},
                        on_got, &g);
        await(g.done, 10 * NS_S);
        assert_null(g.err);
        assert_int_equal(discover_read_allowed(g.object), cases[i].allowed);
    }
    free_client(c, config);
}

/* A token for somebody else: its payload names the audience and the account. */
static void a_token_for_an_audience(void **state)
{
    const char *ns = new_namespace();
    AUTO(freep) char *user = service_account(ns);
    static const struct str audiences[] = {STR_INIT("api://AzureADTokenExchange")};
    AUTO(got_done) struct got g = {0};
    token_request(admin, str_c(ns), STR("sa"), audiences, 1, 20 * NS_MIN, on_got, &g);
    await(g.done, 10 * NS_S);
    ns_t expires = 0;
    AUTO(secret_unrefp) struct secret *token = token_request_read(g.object, &expires, NULL);
    assert_non_null(token);
    assert_true(expires < clock_real() + 21 * NS_MIN);
    struct str rest = secret_str(token);
    struct str part;
    assert_true(str_split(&rest, '.', &part) && str_split(&rest, '.', &part));
    AUTO(buf_done) struct buf payload = BUF_INIT(10000);
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(base64_decode(&payload, part, BASE64_URL | BASE64_RAW, &err), err);
    assert_non_null(strstr(payload.p, "\"aud\":[\"api://AzureADTokenExchange\"]"));
    assert_non_null(strstr(payload.p, user));

    got_done(&g);
    token_request(admin, str_c(ns), STR("nobody"), audiences, 1, 0, on_got, &g);
    await(g.done, 10 * NS_S);
    assert_int_equal(g.err->kind, ERR_NOT_FOUND);
    got_done(&g);
    token_request(admin, str_c(ns), STR("sa"), audiences, 1, NS_MIN, on_got, &g);
    await(g.done, 10 * NS_S);
    assert_int_equal(g.err->kind, ERR_INVALID);
}

int identity_set_up(void **state)
{
    return mkdtemp(folder) ? 0 : -1;
}

int identity_tear_down(void **state)
{
    static const char *const names[] = {"ca.pem", "config",   "token",
                                        "answer", "cert.pem", "key.pem"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[100];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

const struct CMUnitTest identity_tests[] = {
    cmocka_unit_test(the_clusters_own_kubeconfig),
    cmocka_unit_test(a_token_and_a_token_file),
    cmocka_unit_test(an_exec_plugin),
    cmocka_unit_test(a_client_certificate),
    cmocka_unit_test(nobody),
    cmocka_unit_test(list_without_watch),
    cmocka_unit_test(neither_list_nor_watch),
    cmocka_unit_test(a_token_for_an_audience),
};
const size_t n_identity_tests = COUNT_OF(identity_tests);
