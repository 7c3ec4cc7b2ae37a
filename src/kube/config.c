/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/config.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "kube/kubeconfig.h"

enum { MAX_FILE = 4 << 20, MAX_PATHS = 64 };

#define SERVICE_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

static const char *env(const struct kube_config_options *o, const char *name)
{
    const char *value = o->getenv ? o->getenv(name) : getenv(name);
    return value && value[0] ? value : NULL;
}

static struct kube_config *config_new(void)
{
    struct kube_config *c = xcalloc(1, sizeof(*c));
    c->arena = ARENA_INIT(ARENA_WIPE);
    return c;
}

void kube_config_free(struct kube_config *c)
{
    if (!c) {
        return;
    }
    secret_unref(c->token);
    secret_unref(c->password);
    arena_done(&c->arena);
    free(c);
}

struct kube_config *kube_config_for_server(struct str server)
{
    struct kube_config *c = config_new();
    c->server = arena_str(&c->arena, server);
    c->source = c->server;
    c->ns = STR("default");
    return c;
}

/* What the flags say wins over what was found. */
static struct kube_config *finish(struct kube_config *c, const struct kube_config_options *o)
{
    if (o->ns.n) {
        c->ns = arena_str(&c->arena, o->ns);
    } else if (c->ns.n == 0) {
        c->ns = STR("default");
    }
    if (o->as.n || o->n_as_groups) {
        struct str *groups = arena_array(&c->arena, struct str, o->n_as_groups);
        for (size_t i = 0; i < o->n_as_groups; i++) {
            groups[i] = arena_str(&c->arena, o->as_groups[i]);
        }
        c->as = arena_str(&c->arena, o->as);
        c->as_uid = STR_EMPTY;
        c->as_groups = groups;
        c->n_as_groups = o->n_as_groups;
        c->n_as_extra = 0;
    }
    return c;
}

/* ---- kubeconfig files ---- */

/* 1: read; 0: not there; -1: failed. */
static int add_file(struct kubeconfig *k, struct arena *a, const char *path, struct err **err)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(MAX_FILE);
    AUTO(err_freep) struct err *failed = NULL;
    if (file_read(path, &text, &failed) < 0) {
        return failed->status == ENOENT ? 0 : err_move(err, &failed);
    }
    return kubeconfig_add(k, a, buf_str(&text), path, err) < 0 ? -1 : 1;
}

static struct kube_config *resolve(struct kubeconfig *k, struct kube_config *c,
                                   const struct kube_config_options *o, struct err **err)
{
    if (kubeconfig_resolve(k, o, c, err) < 0) {
        kube_config_free(c);
        c = NULL;
    }
    kubeconfig_done(k);
    return c ? finish(c, o) : NULL;
}

static struct kube_config *give_up(struct kubeconfig *k, struct kube_config *c)
{
    kubeconfig_done(k);
    kube_config_free(c);
    return NULL;
}

/* NULL without an error: none of the files is there. */
static struct kube_config *from_files(const struct str *paths, size_t n,
                                      const struct kube_config_options *o, struct err **err)
{
    struct kubeconfig k = {0};
    struct kube_config *c = config_new();
    for (size_t i = 0; i < n; i++) {
        if (add_file(&k, &c->arena, arena_dup(&c->arena, paths[i]), err) < 0) {
            return give_up(&k, c);
        }
    }
    return k.files.n ? resolve(&k, c, o, err) : give_up(&k, c);
}

static struct kube_config *from_file(const char *path, const struct kube_config_options *o,
                                     struct err **err)
{
    return from_files(&(struct str){path, strlen(path)}, 1, o, err);
}

/* KUBECONFIG: paths separated by colons. */
static struct kube_config *from_list(struct str list, const struct kube_config_options *o,
                                     struct err **err)
{
    struct str paths[MAX_PATHS];
    size_t n = 0;
    for (struct str part; str_split(&list, ':', &part);) {
        if (n == MAX_PATHS) {
            err_set(err, ERR_LIMIT, "KUBECONFIG names more than %d files", MAX_PATHS);
            return NULL;
        }
        if (part.n) {
            paths[n++] = part;
        }
    }
    return from_files(paths, n, o, err);
}

struct kube_config *kube_config_parse(struct str text, const char *path,
                                      const struct kube_config_options *options, struct err **err)
{
    struct kubeconfig k = {0};
    struct kube_config *c = config_new();
    if (kubeconfig_add(&k, &c->arena, text, path, err) < 0) {
        return give_up(&k, c);
    }
    return resolve(&k, c, options, err);
}

/* ---- in a pod ---- */

static struct str mounted(struct kube_config *c, const char *dir, const char *name)
{
    return arena_printf(&c->arena, "%s/%s", dir, name);
}

/* The content of a mounted file, empty if it cannot be read. */
static struct str read_mounted(struct kube_config *c, struct str path)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(1 << 20);
    if (file_read(path.p, &text, NULL) < 0) {
        return STR_EMPTY;
    }
    return arena_str(&c->arena, buf_str(&text));
}

/* NULL without an error: this is no pod with a service account. */
static struct kube_config *from_pod(const struct kube_config_options *o)
{
    const char *host = env(o, "KUBERNETES_SERVICE_HOST");
    const char *port = env(o, "KUBERNETES_SERVICE_PORT");
    const char *dir = o->service_account_dir ? o->service_account_dir : SERVICE_ACCOUNT_DIR;
    if (!host || !port) {
        return NULL;
    }
    struct kube_config *c = config_new();
    c->token_file = mounted(c, dir, "token");
    if (access(c->token_file.p, R_OK) != 0) {
        kube_config_free(c);
        return NULL;
    }
    bool ipv6 = strchr(host, ':') != NULL;
    c->server =
        arena_printf(&c->arena, "https://%s%s%s:%s", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
    c->ca_file = mounted(c, dir, "ca.crt");
    c->tls.ca_pem = read_mounted(c, c->ca_file);
    c->ns = str_trim(read_mounted(c, mounted(c, dir, "namespace")));
    c->source = STR("the pod's service account");
    c->in_cluster = true;
    return finish(c, o);
}

/* ---- looking around ---- */

static int nothing_found(const struct kube_config_options *o, const char *home, struct err **err)
{
    const char *dir = o->service_account_dir ? o->service_account_dir : SERVICE_ACCOUNT_DIR;
    const char *why = env(o, "KUBERNETES_SERVICE_HOST")
                          ? ", the pod has no service account token (automountServiceAccountToken: "
                            "false?) in "
                          : ", this is no pod with a service account in ";
    return err_set(err, ERR_NOT_FOUND,
                   "no way to a cluster: no --kubeconfig, KUBECONFIG %s%s%s, and there is no %s",
                   env(o, "KUBECONFIG") ? "names no file that exists" : "is not set", why, dir,
                   home ? home : "HOME");
}

static struct kube_config *explicit_file(const struct kube_config_options *o, struct err **err)
{
    AUTO(err_freep) struct err *failed = NULL;
    struct kube_config *c = from_file(o->path, o, &failed);
    if (failed) {
        err_move(err, &failed);
    } else if (!c) {
        err_set(err, ERR_IO, "kubeconfig %s does not exist", o->path);
    }
    return c;
}

struct kube_config *kube_config_load(const struct kube_config_options *o, struct err **err)
{
    if (o->path) {
        return explicit_file(o, err);
    }
    AUTO(err_freep) struct err *failed = NULL;
    const char *list = env(o, "KUBECONFIG");
    const char *home = env(o, "HOME");
    AUTO(freep) char *fallback = home ? xasprintf("%s/.kube/config", home) : NULL;
    struct kube_config *c = list ? from_list(str_c(list), o, &failed) : NULL;
    if (!c && !failed) {
        c = from_pod(o);
    }
    if (!c && !failed && fallback) {
        c = from_file(fallback, o, &failed);
    }
    if (!c && !failed) {
        nothing_found(o, fallback, &failed);
    }
    if (failed) {
        err_move(err, &failed);
    }
    return c;
}
