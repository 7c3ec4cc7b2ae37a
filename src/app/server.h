/* SPDX-License-Identifier: Apache-2.0
 *
 * server: the listener for probes and metrics. GET and HEAD only; everything else is 405 or 404.
 *
 *   /metrics            Prometheus text
 *   /healthz, /live     is the process alive (and, for a leader that lost its lease, no longer:
 * 500) /readyz             are the caches synced; the body names what is missing /status what `pawl
 * status` shows, as JSON; ?namespace=NAME for one namespace
 */
#ifndef PAWL_APP_SERVER_H
#define PAWL_APP_SERVER_H

#include "base/metrics.h"
#include "net/http_server.h"

struct app_server;

struct app_server_config {
    const char *listen;     /* ":9090", "127.0.0.1:0", "[::1]:9090" */
    struct ssl_ctx_st *tls; /* NULL: plain; outlives the server */
    struct metrics *metrics;
    /* True, or false and what is missing in *why. */
    bool (*ready)(void *arg, struct buf *why);
    bool (*alive)(void *arg, struct buf *why);
    /* Writes the status of one namespace, or of all if it is empty. NULL: there is no such page. */
    void (*status)(void *arg, struct str ns, struct buf *out);
    void *arg;
};

struct app_server *app_server_new(struct loop *l, const struct app_server_config *config,
                                  struct err **err) MUST_USE;
void app_server_free(struct app_server *s);
uint16_t app_server_port(const struct app_server *s);

#endif
