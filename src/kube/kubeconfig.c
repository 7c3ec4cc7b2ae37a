/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading goes through a small reader that knows where it is (file, section, name), so that each
 * getter can say what is wrong in full, and that remembers its first failure, so that a row of
 * getters needs one check at the end.
 */
#include "kube/kubeconfig.h"

#include "base/encode.h"
#include "base/file.h"
#include "codec/url.h"
#include "codec/yaml.h"

enum { MAX_PEM = 1 << 20, MAX_LIST = 1000 };

struct reader {
    struct arena *a;
    const struct kubeconfig_file *file;
    const char *section; /* "cluster" */
    struct str name;     /* of the entry */
    struct err *failed;  /* the first failure */
};

/* ---- files ---- */

static struct str dir_of(struct arena *a, const char *path)
{
    struct str p = str_c(path);
    ptrdiff_t slash = str_rfind_byte(p, '/');
    if (slash < 0) {
        return STR(".");
    }
    return slash == 0 ? STR("/") : arena_str(a, str_head(p, (size_t)slash));
}

int kubeconfig_add(struct kubeconfig *k, struct arena *a, struct str text, const char *path,
                   struct err **err)
{
    struct json *doc = yaml_read(a, text, YAML_PLAIN, err);
    if (!doc) {
        return err_wrap(err, "kubeconfig %s", path);
    }
    if (!json_is_null(doc) && !json_is(doc, JSON_OBJECT)) {
        return err_set(err, ERR_PARSE, "kubeconfig %s: not a YAML mapping", path);
    }
    vec_push(&k->files, (struct kubeconfig_file){
                            .path = arena_str(a, str_c(path)), .dir = dir_of(a, path), .doc = doc});
    return 0;
}

void kubeconfig_done(struct kubeconfig *k)
{
    vec_done(&k->files);
}

/* ---- the reader ---- */

static void fail(struct reader *r, const char *field, const char *what)
{
    if (!r->failed) {
        err_set(&r->failed, ERR_INVALID, "kubeconfig %.*s: %s \"%.*s\": %s%s%s",
                STR_ARG(r->file->path), r->section, STR_ARG(r->name), field, field[0] ? " " : "",
                what);
    }
}

static void fail_with(struct reader *r, const char *field, struct err **cause)
{
    fail(r, field, err_msg(*cause));
    err_free(TAKE(*cause));
}

/* A string; absent, null and "" are the same. */
static struct str get_str(struct reader *r, const struct json *object, const char *field)
{
    const struct json *v = json_get(object, field);
    if (json_is_null(v)) {
        return STR_EMPTY;
    }
    if (!json_is(v, JSON_STRING)) {
        fail(r, field, "must be a string (put it in quotes)");
        return STR_EMPTY;
    }
    struct str s = json_str(v);
    if (str_find_byte(s, '\0') >= 0) {
        fail(r, field, "holds a NUL byte");
        return STR_EMPTY;
    }
    return s;
}

static bool get_bool(struct reader *r, const struct json *object, const char *field)
{
    const struct json *v = json_get(object, field);
    if (!json_is_null(v) && !json_is(v, JSON_BOOL)) {
        fail(r, field, "must be true or false");
    }
    return json_bool(v, false);
}

static const struct json *get_typed(struct reader *r, const struct json *object, const char *field,
                                    enum json_type type)
{
    const struct json *v = json_get(object, field);
    if (json_is_null(v)) {
        return NULL;
    }
    if (!json_is(v, type)) {
        fail(r, field, type == JSON_ARRAY ? "must be a list" : "must be a mapping");
        return NULL;
    }
    if (json_len(v) > MAX_LIST) {
        fail(r, field, "has too many entries");
        return NULL;
    }
    return v;
}

static struct str absolute(struct reader *r, struct str path)
{
    if (path.n == 0 || path.p[0] == '/') {
        return path;
    }
    return arena_printf(r->a, "%.*s/%.*s", STR_ARG(r->file->dir), STR_ARG(path));
}

static struct str get_path(struct reader *r, const struct json *object, const char *field)
{
    return absolute(r, get_str(r, object, field));
}

static const struct str *get_strs(struct reader *r, const struct json *object, const char *field,
                                  size_t *n)
{
    const struct json *list = get_typed(r, object, field, JSON_ARRAY);
    struct str *v = arena_array(r->a, struct str, json_len(list));
    for (size_t i = 0; i < json_len(list); i++) {
        if (!json_is(json_at(list, i), JSON_STRING)) {
            fail(r, field, "must be a list of strings (put them in quotes)");
            return NULL;
        }
        v[i] = json_str(json_at(list, i));
    }
    *n = json_len(list);
    return v;
}

static struct secret *get_secret(struct reader *r, const struct json *object, const char *field)
{
    struct str s = get_str(r, object, field);
    struct secret *secret = s.n ? secret_new(s) : NULL;
    secret_wipe_copy(s); /* the document stays as long as the configuration */
    return secret;
}

/* ---- PEM: in the file itself as base64, or in a file of its own ---- */

static struct str decode_data(struct reader *r, const char *field, struct str data)
{
    AUTO(buf_done) struct buf pem = BUF_INIT_WIPE(MAX_PEM);
    AUTO(err_freep) struct err *err = NULL;
    if (base64_decode(&pem, data, BASE64_STD, &err) < 0) {
        fail_with(r, field, &err);
        return STR_EMPTY;
    }
    if (!buf_ok(&pem)) {
        fail(r, field, "is too large");
        return STR_EMPTY;
    }
    return arena_str(r->a, buf_str(&pem));
}

static struct str read_pem(struct reader *r, const char *field, struct str path)
{
    AUTO(buf_done) struct buf pem = BUF_INIT_WIPE(MAX_PEM);
    AUTO(err_freep) struct err *err = NULL;
    if (file_read(arena_dup(r->a, path), &pem, &err) < 0) {
        fail_with(r, field, &err);
        return STR_EMPTY;
    }
    return arena_str(r->a, buf_str(&pem));
}

/* Data wins over the file; *path is set if the file is used. */
static struct str get_pem(struct reader *r, const struct json *object, const char *field,
                          const char *data_field, struct str *path)
{
    struct str data = get_str(r, object, data_field);
    struct str file = get_path(r, object, field);
    const char *used = data.n ? data_field : field;
    if (data.n == 0 && file.n == 0) {
        return STR_EMPTY;
    }
    struct str pem = data.n ? decode_data(r, used, data) : read_pem(r, used, file);
    if (str_find(pem, STR("-----BEGIN ")) < 0) {
        fail(r, used, "holds no PEM");
    }
    *path = data.n ? STR_EMPTY : file;
    return pem;
}

/* ---- entries ---- */

/* The last one of that name in one file. */
static const struct json *find_in(const struct kubeconfig_file *file, const char *list,
                                  struct str name)
{
    const struct json *entries = json_get(file->doc, list);
    if (!json_is(entries, JSON_ARRAY)) {
        return NULL;
    }
    for (size_t i = json_len(entries); i-- > 0;) {
        if (str_eq(json_str(json_get(json_at(entries, i), "name")), name)) {
            return json_at(entries, i);
        }
    }
    return NULL;
}

/* The object of the first file that has the name. Points the reader at it. */
static const struct json *enter(struct reader *r, const struct kubeconfig *k, const char *list,
                                const char *section, struct str name)
{
    r->section = section;
    r->name = name;
    for (size_t i = 0; i < k->files.n; i++) {
        const struct json *entry = find_in(&k->files.v[i], list, name);
        if (entry) {
            r->file = &k->files.v[i];
            return json_get(entry, section) ? get_typed(r, entry, section, JSON_OBJECT) : NULL;
        }
    }
    fail(r, "", "is not defined in any of the files");
    return NULL;
}

/* ---- clusters ---- */

static const struct json *plugin_extension(const struct json *cluster)
{
    const struct json *list = json_get(cluster, "extensions");
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < json_len(list); i++) {
        const struct json *e = json_at(list, i);
        if (str_eq(json_find_str(e, "name"), STR("client.authentication.k8s.io/exec"))) {
            return json_get(e, "extension");
        }
    }
    return NULL;
}

/* Without a scheme client-go takes https where TLS settings are given, and http otherwise. */
static struct str normal_server(struct reader *r, const struct kube_config *c, struct str server)
{
    while (server.n && server.p[server.n - 1] == '/') {
        server.n--;
    }
    if (server.n == 0) {
        fail(r, "server", "is missing");
        return STR_EMPTY;
    }
    if (str_find(server, STR("://")) < 0) {
        bool tls = c->tls.ca_pem.n || c->tls.cert_pem.n || c->tls.insecure;
        server = arena_printf(r->a, "%s://%.*s", tls ? "https" : "http", STR_ARG(server));
    }
    struct url url;
    AUTO(err_freep) struct err *err = NULL;
    if (url_parse(server, &url, &err) < 0) {
        fail_with(r, "server", &err);
    } else if (!str_ieq(url.scheme, STR("https")) && !str_ieq(url.scheme, STR("http"))) {
        fail(r, "server", "must begin with https:// or http://");
    } else if (url.query.n || url.fragment.n) {
        fail(r, "server", "must not have a query");
    }
    return server;
}

static void read_cluster(struct reader *r, const struct json *cluster, struct kube_config *c)
{
    c->tls.ca_pem =
        get_pem(r, cluster, "certificate-authority", "certificate-authority-data", &c->ca_file);
    c->tls.insecure = get_bool(r, cluster, "insecure-skip-tls-verify");
    c->tls.server_name = get_str(r, cluster, "tls-server-name");
    c->proxy = get_str(r, cluster, "proxy-url");
    c->disable_compression = get_bool(r, cluster, "disable-compression");
    c->server = get_str(r, cluster, "server");
    if (c->tls.insecure && c->tls.ca_pem.n) {
        fail(r, "insecure-skip-tls-verify", "and certificate-authority exclude each other");
    }
    if (c->proxy.n) {
        struct url url;
        AUTO(err_freep) struct err *err = NULL;
        if (url_parse(c->proxy, &url, &err) < 0) {
            fail_with(r, "proxy-url", &err);
        }
    }
}

/* ---- users ---- */

static const struct kube_pair *read_env(struct reader *r, const struct json *exec, size_t *n)
{
    const struct json *list = get_typed(r, exec, "env", JSON_ARRAY);
    struct kube_pair *env = arena_array(r->a, struct kube_pair, json_len(list));
    for (size_t i = 0; i < json_len(list); i++) {
        env[i].key = get_str(r, json_at(list, i), "name");
        env[i].value = get_str(r, json_at(list, i), "value");
        if (env[i].key.n == 0 || str_find_byte(env[i].key, '=') >= 0) {
            fail(r, "exec.env", "has an entry without a proper name");
        }
    }
    *n = json_len(list);
    return env;
}

static bool is_plugin_version(struct str v)
{
    return str_eq(v, STR("client.authentication.k8s.io/v1")) ||
           str_eq(v, STR("client.authentication.k8s.io/v1beta1"));
}

static void read_exec(struct reader *r, const struct json *exec, struct kube_config *c)
{
    struct kube_exec *e = arena_new(r->a, struct kube_exec);
    e->api_version = get_str(r, exec, "apiVersion");
    e->command = get_str(r, exec, "command");
    e->args = get_strs(r, exec, "args", &e->n_args);
    e->env = read_env(r, exec, &e->n_env);
    e->install_hint = get_str(r, exec, "installHint");
    e->provide_cluster_info = get_bool(r, exec, "provideClusterInfo");
    if (!is_plugin_version(e->api_version)) {
        fail(r, "exec.apiVersion",
             "must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1");
    }
    if (e->command.n == 0) {
        fail(r, "exec.command", "is missing");
    }
    if (str_eq(get_str(r, exec, "interactiveMode"), STR("Always"))) {
        fail(r, "exec.interactiveMode", "is Always, but Pawl has no terminal to offer");
    }
    if (str_find_byte(e->command, '/') >= 0) {
        e->command = absolute(r, e->command);
    }
    c->exec = e;
}

static void read_impersonation(struct reader *r, const struct json *user, struct kube_config *c)
{
    c->as = get_str(r, user, "as");
    c->as_uid = get_str(r, user, "as-uid");
    c->as_groups = get_strs(r, user, "as-groups", &c->n_as_groups);
    const struct json *extra = get_typed(r, user, "as-user-extra", JSON_OBJECT);
    struct kube_pair *pairs = arena_array(r->a, struct kube_pair, MAX_LIST);
    for (size_t i = 0; i < json_len(extra); i++) {
        const struct json *values = extra->members[i].value;
        for (size_t j = 0; json_is(values, JSON_ARRAY) && j < json_len(values); j++) {
            if (c->n_as_extra == MAX_LIST) {
                fail(r, "as-user-extra", "has too many entries");
                return;
            }
            pairs[c->n_as_extra++] =
                (struct kube_pair){extra->members[i].key, json_str(json_at(values, j))};
        }
    }
    c->as_extra = pairs;
}

static void read_user(struct reader *r, const struct json *user, struct kube_config *c)
{
    c->tls.cert_pem =
        get_pem(r, user, "client-certificate", "client-certificate-data", &c->cert_file);
    c->tls.key_pem = get_pem(r, user, "client-key", "client-key-data", &c->key_file);
    if ((c->tls.cert_pem.n == 0) != (c->tls.key_pem.n == 0)) {
        fail(r, c->tls.cert_pem.n ? "client-key" : "client-certificate",
             "is missing beside its counterpart");
    }
    c->token = get_secret(r, user, "token");
    c->token_file = get_path(r, user, "tokenFile");
    c->username = get_str(r, user, "username");
    c->password = get_secret(r, user, "password");
    read_impersonation(r, user, c);
    const struct json *exec = get_typed(r, user, "exec", JSON_OBJECT);
    if (exec) {
        read_exec(r, exec, c);
    }
    if (!json_is_null(json_get(user, "auth-provider"))) {
        fail(r, "auth-provider",
             "is no longer supported by anything: use an exec plugin, such as "
             "kubelogin or gke-gcloud-auth-plugin");
    }
}

/* ---- the context ---- */

static struct str current_context(const struct kubeconfig *k,
                                  const struct kube_config_options *options)
{
    if (options->context && options->context[0]) {
        return str_c(options->context);
    }
    for (size_t i = 0; i < k->files.n; i++) {
        struct str name = json_str(json_get(k->files.v[i].doc, "current-context"));
        if (name.n) {
            return name;
        }
    }
    return STR_EMPTY;
}

static struct str paths_of(const struct kubeconfig *k, struct arena *a)
{
    AUTO(buf_done) struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < k->files.n; i++) {
        buf_addf(&b, "%s%.*s", i ? ":" : "", STR_ARG(k->files.v[i].path));
    }
    return arena_str(a, buf_str(&b));
}

static void read_context(struct reader *r, const struct kubeconfig *k, struct kube_config *c)
{
    const struct json *context = enter(r, k, "contexts", "context", c->context);
    struct str cluster_name = get_str(r, context, "cluster");
    struct str user_name = get_str(r, context, "user");
    c->ns = get_str(r, context, "namespace");
    if (cluster_name.n == 0) {
        fail(r, "cluster", "is missing");
        return;
    }
    if (user_name.n) {
        read_user(r, enter(r, k, "users", "user", user_name), c);
    }
    const struct json *cluster = enter(r, k, "clusters", "cluster", cluster_name);
    read_cluster(r, cluster, c);
    c->server = normal_server(r, c, c->server);
    const struct json *extension = plugin_extension(cluster);
    if (c->exec && extension) {
        AUTO(buf_done) struct buf b = BUF_INIT(MAX_PEM);
        json_write(&b, extension, JSON_WRITE_PLAIN);
        struct kube_exec *exec = arena_new(r->a, struct kube_exec);
        *exec = *c->exec;
        exec->cluster_config = arena_str(r->a, buf_str(&b));
        c->exec = exec;
    }
}

int kubeconfig_resolve(const struct kubeconfig *k, const struct kube_config_options *options,
                       struct kube_config *c, struct err **err)
{
    struct str paths = paths_of(k, &c->arena);
    c->context = arena_str(&c->arena, current_context(k, options));
    if (c->context.n == 0) {
        return err_set(err, ERR_INVALID,
                       "kubeconfig %.*s: no current-context; choose one with --context",
                       STR_ARG(paths));
    }
    c->source = arena_printf(&c->arena, "%.*s (context %.*s)", STR_ARG(paths), STR_ARG(c->context));
    struct reader r = {.a = &c->arena, .file = &k->files.v[0]};
    read_context(&r, k, c);
    return r.failed ? err_move(err, &r.failed) : 0;
}
