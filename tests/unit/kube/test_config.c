/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

/* ---- a folder of files and an environment ---- */

static char dir[64];

static int make_dir(void **state)
{
    (void)snprintf(dir, sizeof(dir), "/tmp/pawl-test-config-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static const char *const file_names[] = {"a",         "b",        "token",  "ca.crt",
                                         "namespace", "cert.pem", "key.pem"};

static int remove_dir(void **state)
{
    char path[128];
    for (size_t i = 0; i < COUNT_OF(file_names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, file_names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof(path), "%s/.kube/config", dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/.kube", dir);
    (void)rmdir(path);
    return rmdir(dir);
}

static const char *write_text(const char *name, const char *text)
{
    static char path[8][128];
    static unsigned next;
    char *p = path[next++ % 8];
    (void)snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
    FILE *f = fopen(p, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return p;
}

static char env_kubeconfig[512];
static char env_host[64];
static char env_home[64];

static const char *fake_getenv(const char *name)
{
    static const struct {
        const char *name;
        const char *value;
    } env[] = {{"KUBECONFIG", env_kubeconfig},
               {"KUBERNETES_SERVICE_HOST", env_host},
               {"KUBERNETES_SERVICE_PORT", "443"},
               {"HOME", env_home}};
    for (size_t i = 0; i < COUNT_OF(env); i++) {
        if (strcmp(name, env[i].name) == 0) {
            return env[i].value;
        }
    }
    return NULL;
}

static int empty_env(void **state)
{
    env_kubeconfig[0] = env_host[0] = env_home[0] = '\0';
    return 0;
}

static struct kube_config_options options(void)
{
    return (struct kube_config_options){.getenv = fake_getenv, .service_account_dir = dir};
}

static struct kube_config *parse(const char *text)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kube_config_options o = options();
    struct kube_config *c = kube_config_parse(str_c(text), "/etc/pawl/config", &o, &err);
    if (!c) {
        fail_msg("%s", err_msg(err));
    }
    return c;
}

/* ---- one file ---- */

#define PEM_B64 "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCng=" /* -----BEGIN CERTIFICATE-----\nx */
#define PEM     "-----BEGIN CERTIFICATE-----\nx"

static void a_usual_file(void **state)
{
    struct kube_config *c = parse("apiVersion: v1\n"
                                  "kind: Config\n"
                                  "current-context: kind\n"
                                  "contexts:\n"
                                  "- name: kind\n"
                                  "  context: {cluster: c1, user: u1, namespace: shop}\n"
                                  "clusters:\n"
                                  "- name: c1\n"
                                  "  cluster:\n"
                                  "    server: https://host:6443/k8s/clusters/c-1/\n"
                                  "    certificate-authority-data: " PEM_B64 "\n"
                                  "    tls-server-name: api\n"
                                  "    proxy-url: http://proxy:3128\n"
                                  "    unknown: [1]\n"
                                  "users:\n"
                                  "- name: u1\n"
                                  "  user:\n"
                                  "    client-certificate-data: " PEM_B64 "\n"
                                  "    client-key-data: " PEM_B64 "\n"
                                  "    as: jane\n"
                                  "    as-groups: [dev, ops]\n"
                                  "    as-user-extra: {scopes: [view, edit]}\n");
    assert_str(c->server, "https://host:6443/k8s/clusters/c-1");
    assert_str(c->ns, "shop");
    assert_str(c->context, "kind");
    assert_str(c->source, "/etc/pawl/config (context kind)");
    assert_str(c->tls.ca_pem, PEM);
    assert_str(c->tls.cert_pem, PEM);
    assert_str(c->tls.key_pem, PEM);
    assert_str(c->tls.server_name, "api");
    assert_str(c->proxy, "http://proxy:3128");
    assert_str(c->as, "jane");
    assert_int_equal(c->n_as_groups, 2);
    assert_str(c->as_groups[1], "ops");
    assert_int_equal(c->n_as_extra, 2);
    assert_str(c->as_extra[1].key, "scopes");
    assert_str(c->as_extra[1].value, "edit");
    assert_false(c->in_cluster);
    kube_config_free(c);
}

#define AROUND(cluster, user)                                                                      \
    "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"                  \
    "clusters: [{name: c, cluster: {" cluster "}}]\nusers: [{name: u, user: {" user "}}]\n"
#define SERVER "server: 'https://h:1'"

static void servers_are_normalised(void **state)
{
    static const struct {
        const char *cluster;
        const char *want;
    } cases[] = {
        {"server: 'https://h:1/'", "https://h:1"},
        {"server: 'h:1'", "http://h:1"},
        {"server: 'h:1', insecure-skip-tls-verify: true", "https://h:1"},
        {"server: 'https://[fd00::1]:6443'", "https://[fd00::1]:6443"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(freep) char *text =
            xasprintf("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
                      "clusters: [{name: c, cluster: {%s}}]\n",
                      cases[i].cluster);
        struct kube_config *c = parse(text);
        assert_str(c->server, cases[i].want);
        assert_str(c->ns, "default");
        kube_config_free(c);
    }
}

static void tokens_and_plugins(void **state)
{
    struct kube_config *c =
        parse(AROUND(SERVER, "token: abc, tokenFile: tok, username: me, password: pw"));
    assert_str(secret_str(c->token), "abc");
    assert_str(c->token_file, "/etc/pawl/tok");
    assert_str(c->username, "me");
    assert_str(secret_str(c->password), "pw");
    kube_config_free(c);

    c = parse(
        "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
        "clusters: [{name: c, cluster: {server: 'https://h:1', extensions: [{name: "
        "client.authentication.k8s.io/exec, extension: {aud: [1]}}]}}]\n"
        "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, "
        "command: bin/plug, args: [get, '1'], env: [{name: A, value: b}], installHint: try x, "
        "provideClusterInfo: true, interactiveMode: Never}}}]\n");
    assert_non_null(c->exec);
    assert_str(c->exec->command, "/etc/pawl/bin/plug");
    assert_int_equal(c->exec->n_args, 2);
    assert_str(c->exec->args[1], "1");
    assert_str(c->exec->env[0].value, "b");
    assert_str(c->exec->cluster_config, "{\"aud\":[1]}");
    assert_true(c->exec->provide_cluster_info);
    kube_config_free(c);
}

static void flags_win(void **state)
{
    struct kube_config_options o = options();
    const struct str groups[] = {STR("g")};
    o.context = "two";
    o.ns = STR("mine");
    o.as = STR("system:serviceaccount:a:b");
    o.as_groups = groups;
    o.n_as_groups = 1;
    AUTO(err_freep) struct err *err = NULL;
    struct kube_config *c =
        kube_config_parse(STR("current-context: one\ncontexts: [{name: two, context: {cluster: c, "
                              "namespace: shop}}]\n"
                              "clusters: [{name: c, cluster: {server: 'https://h:1'}}]\n"),
                          "f", &o, &err);
    assert_non_null(c);
    assert_str(c->ns, "mine");
    assert_str(c->as, "system:serviceaccount:a:b");
    assert_int_equal(c->n_as_groups, 1);
    kube_config_free(c);
}

/* Each says the file, and the line or the entry and its field; never a value that may be secret. */
static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text;
        enum err_kind kind;
        const char *want;
    } cases[] = {
        {"a: b: c", ERR_PARSE, "kubeconfig /etc/pawl/config: yaml: "},
        {"a: 1\n\tb: 2\n", ERR_PARSE, "line 2"},
        {"- 1", ERR_PARSE, "not a YAML mapping"},
        {"", ERR_INVALID, "no current-context; choose one with --context"},
        {"current-context: 7", ERR_INVALID, "no current-context"},
        {"current-context: x", ERR_INVALID, "context \"x\": is not defined in any of the files"},
        {"current-context: x\ncontexts: 7", ERR_INVALID, "context \"x\": is not defined"},
        {"current-context: x\ncontexts: [{name: x}]", ERR_INVALID,
         "context \"x\": cluster is missing"},
        {"current-context: x\ncontexts: [{name: x, context: []}]", ERR_INVALID,
         "context \"x\": context must be a mapping"},
        {"current-context: x\ncontexts: [{name: x, context: {cluster: c}}]", ERR_INVALID,
         "cluster \"c\": is not defined"},
        {"current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]", ERR_INVALID,
         "user \"u\": is not defined"},
        {AROUND("a: b", ""), ERR_INVALID, "cluster \"c\": server is missing"},
        {AROUND("server: 12", ""), ERR_INVALID,
         "cluster \"c\": server must be a string (put it in quotes)"},
        {AROUND("server: 'ftp://h'", ""), ERR_INVALID, "server must begin with https://"},
        {AROUND("server: 'https://'", ""), ERR_INVALID, "cluster \"c\": server "},
        {AROUND("server: 'https://h?a=b'", ""), ERR_INVALID, "must not have a query"},
        {AROUND(SERVER ", proxy-url: ':'", ""), ERR_INVALID, "cluster \"c\": proxy-url "},
        {AROUND(SERVER ", certificate-authority: nope", ""), ERR_INVALID,
         "cluster \"c\": certificate-authority cannot open /etc/pawl/nope"},
        {AROUND(SERVER ", certificate-authority-data: '%'", ""), ERR_INVALID,
         "certificate-authority-data illegal base64 data at input byte 0"},
        {AROUND(SERVER ", certificate-authority-data: YWJj", ""), ERR_INVALID, "holds no PEM"},
        {AROUND(SERVER ", insecure-skip-tls-verify: 'yes'", ""), ERR_INVALID,
         "insecure-skip-tls-verify must be true or false"},
        {AROUND(SERVER ", insecure-skip-tls-verify: true, certificate-authority-data: " PEM_B64,
                ""),
         ERR_INVALID, "exclude each other"},
        {AROUND(SERVER, "token: 12345"), ERR_INVALID, "user \"u\": token must be a string"},
        {AROUND(SERVER, "client-certificate-data: " PEM_B64), ERR_INVALID,
         "user \"u\": client-key is missing"},
        {AROUND(SERVER, "auth-provider: {name: gcp}"), ERR_INVALID, "use an exec plugin"},
        {AROUND(SERVER, "exec: {command: x}"), ERR_INVALID, "exec.apiVersion must be"},
        {AROUND(SERVER, "exec: {apiVersion: client.authentication.k8s.io/v1}"), ERR_INVALID,
         "exec.command is missing"},
        {AROUND(SERVER,
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, env: [{}]}"),
         ERR_INVALID, "exec.env has an entry without a proper name"},
        {AROUND(SERVER, "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, "
                        "interactiveMode: Always}"),
         ERR_INVALID, "no terminal"},
        {AROUND(SERVER, "as-groups: [1]"), ERR_INVALID, "as-groups must be a list of strings"},
    };
    struct kube_config_options o = options();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct kube_config *c =
            kube_config_parse(str_c(cases[i].text), "/etc/pawl/config", &o, &err);
        assert_null(c);
        assert_err(-1, err, cases[i].kind, cases[i].want);
        assert_non_null(strstr(err->msg, "/etc/pawl/config"));
        assert_null(strstr(err->msg, "12345"));
    }
}

/* ---- several files, and where they are looked for ---- */

static struct kube_config *load(struct kube_config_options o)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kube_config *c = kube_config_load(&o, &err);
    if (!c) {
        fail_msg("%s", err_msg(err));
    }
    return c;
}

static void the_first_file_wins(void **state)
{
    const char *a = write_text("a", "current-context: x\n"
                                    "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                                    "clusters: [{name: c, cluster: {server: 'https://old:1'}},\n"
                                    "           {name: c, cluster: {server: 'https://a:1'}}]\n");
    const char *b = write_text("b", "current-context: y\n"
                                    "users: [{name: u, user: {client-certificate: cert.pem, "
                                    "client-key: key.pem, tokenFile: token}}]\n"
                                    "clusters: [{name: c, cluster: {server: 'https://b:1', "
                                    "tls-server-name: n}}]\n");
    (void)write_text("cert.pem", PEM);
    (void)write_text("key.pem", "-----BEGIN PRIVATE KEY-----\n");
    (void)snprintf(env_kubeconfig, sizeof(env_kubeconfig), "%s:/no/such/file::%s", a, b);
    struct kube_config *c = load(options());
    assert_str(c->context, "x");
    assert_str(c->server, "https://a:1"); /* the last one of a name in one file */
    assert_str(c->tls.server_name, "");   /* entries are not mixed */
    assert_str(c->tls.cert_pem, PEM);     /* relative to the file it stands in */
    assert_true(str_ends(c->token_file, STR("/token")));
    assert_true(str_starts(c->token_file, str_c(dir)));
    kube_config_free(c);

    (void)write_text("b", "a: b: c\n");
    struct kube_config_options o = options();
    AUTO(err_freep) struct err *err = NULL;
    assert_null(kube_config_load(&o, &err));
    assert_non_null(strstr(err->msg, b));
}

static void the_order_of_looking(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kube_config_options o = options();
    assert_null(kube_config_load(&o, &err));
    assert_int_equal(err->kind, ERR_NOT_FOUND);
    assert_non_null(strstr(err->msg, "KUBECONFIG is not set"));

    (void)snprintf(env_home, sizeof(env_home), "%s", dir);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/.kube", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)write_text(".kube/config", AROUND("server: 'https://home:1'", ""));
    struct kube_config *c = load(options());
    assert_str(c->server, "https://home:1");
    kube_config_free(c);

    (void)snprintf(env_host, sizeof(env_host), "fd00::1");
    (void)unlink(write_text("token", ""));
    c = load(options()); /* a pod without a token */
    assert_str(c->server, "https://home:1");
    kube_config_free(c);

    (void)write_text("token", "tok\n");
    (void)write_text("ca.crt", PEM);
    (void)write_text("namespace", "pawl");
    c = load(options());
    assert_true(c->in_cluster);
    assert_str(c->server, "https://[fd00::1]:443");
    assert_str(c->ns, "pawl");
    assert_str(c->tls.ca_pem, PEM);
    assert_true(str_ends(c->token_file, STR("/token")));
    kube_config_free(c);

    (void)snprintf(env_kubeconfig, sizeof(env_kubeconfig), "%s",
                   write_text("a", AROUND("server: 'https://a:1'", "")));
    c = load(options());
    assert_str(c->server, "https://a:1");
    kube_config_free(c);

    o.path = write_text("b", AROUND("server: 'https://b:1'", ""));
    c = load(o);
    assert_str(c->server, "https://b:1");
    kube_config_free(c);

    o.path = "/no/such/file";
    assert_null(kube_config_load(&o, &err));
    assert_non_null(strstr(err->msg, "kubeconfig /no/such/file does not exist"));
    o.path = dir;
    assert_null(kube_config_load(&o, &err));
    assert_int_equal(err->status, EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usual_file),
        cmocka_unit_test(servers_are_normalised),
        cmocka_unit_test(tokens_and_plugins),
        cmocka_unit_test(flags_win),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test_setup(the_first_file_wins, empty_env),
        cmocka_unit_test_setup(the_order_of_looking, empty_env),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
