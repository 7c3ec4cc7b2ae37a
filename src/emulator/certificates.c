/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "emulator"
#include <errno.h>

#include "emulator/certificates.h"

#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "emulator/faults.h"
#include "emulator/request_log.h"
#include "net/tls.h"

enum { MAX_PEM = 256 * 1024, LEAF_DAYS = 397, MAX_NAME = 253 };

struct certificates {
    struct emulator *e;
    struct buf ca_cert;
    struct buf ca_key;
    struct ssl_ctx_st *main;
    struct map contexts; /* name -> SSL_CTX */
    bool from_files;
};

static void context_free(void *ctx)
{
    tls_context_free(ctx);
}

void certificates_free(struct certificates *c)
{
    if (!c) {
        return;
    }
    map_done_with(&c->contexts, context_free);
    tls_context_free(c->main);
    buf_done(&c->ca_cert);
    buf_done(&c->ca_key);
    free(c);
}

/* ---- the authority ---- */

static int make_ca(struct buf *ca, struct buf *ca_key, const char *cert, const char *key,
                   struct err **err)
{
    if (tls_make_ca("Pawl emulator", ca, ca_key, err) != 0) {
        return -1;
    }
    return !cert || (write_file(key, buf_str(ca_key), true, err) == 0 &&
                     write_file(cert, buf_str(ca), false, err) == 0)
               ? 0
               : -1;
}

static int load_ca(const char *data, struct buf *ca, struct buf *ca_key, struct err **err)
{
    AUTO(err_freep) struct err *missing = NULL;
    if (!data) {
        return make_ca(ca, ca_key, NULL, NULL, err);
    }
    AUTO(freep) char *cert = xasprintf("%s/ca.crt", data);
    AUTO(freep) char *key = xasprintf("%s/ca.key", data);
    if (file_read(cert, ca, &missing) == 0) {
        return file_read(key, ca_key, err);
    }
    return missing->status == ENOENT ? make_ca(ca, ca_key, cert, key, err)
                                     : err_move(err, &missing);
}

int emulator_ca(const char *data, struct buf *out, struct err **err)
{
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(MAX_PEM);
    return make_folder(data, err) == 0 ? load_ca(data, out, &key, err) : -1;
}

/* ---- contexts ---- */

static struct ssl_ctx_st *make_context(struct certificates *c, const char *const *names, size_t n,
                                       int days, struct err **err)
{
    AUTO(buf_done) struct buf cert = BUF_INIT(MAX_PEM);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(MAX_PEM);
    if (tls_make_leaf(buf_str(&c->ca_cert), buf_str(&c->ca_key), names, n, days, &cert, &key,
                      err) != 0) {
        return NULL;
    }
    return tls_server_context(buf_str(&cert), buf_str(&key), err);
}

/* The name may be logged and goes into a certificate. */
static bool name_ok(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char ch = name.p[i];
        bool ok = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
                  (ch >= 'A' && ch <= 'Z') || ch == '-' || ch == '.' || ch == '_';
        if (!ok) {
            return false;
        }
    }
    return name.n > 0 && name.n <= MAX_NAME;
}

static struct ssl_ctx_st *context_for(struct certificates *c, struct str name, bool expired)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct str key = arena_printf(&a, "%s%.*s", expired ? "!" : "", STR_ARG(lower(&a, name)));
    struct ssl_ctx_st *ctx = map_get(&c->contexts, key);
    if (ctx) {
        return ctx;
    }
    if (c->contexts.n >= CERTIFICATES_MAX) {
        return NULL;
    }
    AUTO(err_freep) struct err *err = NULL;
    const char *names[] = {arena_dup(&a, name)};
    ctx = make_context(c, names, 1, expired ? -1 : LEAF_DAYS, &err);
    if (!ctx) {
        LOG_WARN("cannot make a certificate", F("name", name), F("error", err));
        return NULL;
    }
    map_set(&c->contexts, key, ctx);
    return ctx;
}

/* Called once for each handshake that names a host. NULL keeps the certificate for addresses. */
static struct ssl_ctx_st *pick(void *arg, struct str name)
{
    struct certificates *c = arg;
    request_log_connection(c->e->log);
    bool expired = faults_expired_certificate(c->e->faults, name);
    return name_ok(name) && (expired || !c->from_files) ? context_for(c, name, expired) : NULL;
}

static struct ssl_ctx_st *context_from_files(struct certificates *c, struct err **err)
{
    AUTO(buf_done) struct buf cert = BUF_INIT(MAX_PEM);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(MAX_PEM);
    const struct emulator_config *config = &c->e->config;
    if (!config->tls_key) {
        err_set(err, ERR_INVALID, "--tls-cert needs --tls-key");
        return NULL;
    }
    if (file_read(config->tls_cert, &cert, err) != 0 ||
        file_read(config->tls_key, &key, err) != 0) {
        return NULL;
    }
    return tls_server_context(buf_str(&cert), buf_str(&key), err);
}

struct certificates *certificates_new(struct emulator *e, struct err **err)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1"};
    struct certificates *c = xcalloc(1, sizeof(*c));
    c->e = e;
    c->ca_cert = BUF_INIT(MAX_PEM);
    c->ca_key = BUF_INIT_WIPE(MAX_PEM);
    c->from_files = e->config.tls_cert != NULL;
    if (load_ca(e->config.data, &c->ca_cert, &c->ca_key, err) == 0) {
        c->main = c->from_files ? context_from_files(c, err)
                                : make_context(c, names, COUNT_OF(names), LEAF_DAYS, err);
    }
    if (!c->main) {
        certificates_free(c);
        return NULL;
    }
    tls_server_set_sni(c->main, pick, c);
    return c;
}

struct ssl_ctx_st *certificates_context(struct certificates *c)
{
    return c->main;
}

struct str certificates_ca(const struct certificates *c)
{
    return buf_str(&c->ca_cert);
}
