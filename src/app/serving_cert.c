/* SPDX-License-Identifier: Apache-2.0 */
#include "app/serving_cert.h"

#include <errno.h>

#include "base/file.h"
#include "net/tls.h"

enum { DAYS = 3650 };

void serving_cert_done(struct serving_cert *c)
{
    buf_done(&c->cert);
    buf_done(&c->key);
    buf_done(&c->ca);
}

static int read_file(const char *folder, const char *name, struct buf *out, struct err **err)
{
    AUTO(freep) char *path = xasprintf("%s/%s", folder, name);
    return file_read(path, out, err);
}

int serving_cert_read(const char *folder, struct serving_cert *out, struct err **err)
{
    AUTO(err_freep) struct err *no_ca = NULL;
    if (read_file(folder, "tls.crt", &out->cert, err) != 0 ||
        read_file(folder, "tls.key", &out->key, err) != 0) {
        return -1;
    }
    if (read_file(folder, "ca.crt", &out->ca, &no_ca) != 0 && no_ca->status != ENOENT) {
        return err_move(err, &no_ca);
    }
    return 0;
}

int serving_cert_check(const struct serving_cert *c, const char *name, ns_t at, struct err **err)
{
    struct ssl_ctx_st *ctx = tls_server_context(buf_str(&c->cert), buf_str(&c->key), err);
    if (!ctx) {
        return -1;
    }
    tls_context_free(ctx);
    return tls_check_leaf(buf_str(&c->cert), buf_str(&c->ca), name, at / NS_S, err);
}

int serving_cert_make(const char *authority, const char *name, struct serving_cert *out,
                      struct buf *ca_key, struct err **err)
{
    const char *const names[] = {name};
    return tls_make_ca(authority, &out->ca, ca_key, err) != 0 ||
                   tls_make_leaf(buf_str(&out->ca), buf_str(ca_key), names, 1, DAYS, &out->cert,
                                 &out->key, err) != 0
               ? -1
               : 0;
}

struct ssl_ctx_st *serving_cert_load(const char *folder, const char *cert, const char *key,
                                     struct err **err)
{
    struct serving_cert c = SERVING_CERT_INIT;
    struct ssl_ctx_st *ctx = NULL;
    if (read_file(folder, cert, &c.cert, err) == 0 && read_file(folder, key, &c.key, err) == 0) {
        ctx = tls_server_context(buf_str(&c.cert), buf_str(&c.key), err);
    }
    serving_cert_done(&c);
    return ctx;
}

struct ssl_ctx_st *serving_cert_own(const char *name, struct err **err)
{
    struct serving_cert c = SERVING_CERT_INIT;
    AUTO(buf_done) struct buf ca_key = BUF_INIT_WIPE(SERVING_CERT_MAX);
    struct ssl_ctx_st *ctx = NULL;
    if (serving_cert_make("pawl", name, &c, &ca_key, err) == 0) {
        ctx = tls_server_context(buf_str(&c.cert), buf_str(&c.key), err);
    }
    serving_cert_done(&c);
    return ctx;
}
