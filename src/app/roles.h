/* SPDX-License-Identifier: Apache-2.0
 *
 * roles: the two halves of Pawl as the controller starts and stops them, and the two threads
 * between them when both run in one process:
 *
 *   sync has written a Secret       -> reload knows its content without asking the API server
 *   reload asks "is a write coming?" -> sync says so, and tells when nothing is coming any more
 *
 * sync and reload do not know each other; they meet only here.
 */
#ifndef PAWL_APP_ROLES_H
#define PAWL_APP_ROLES_H

#include "app/controller.h"
#include "reload/reload.h"
#include "sync/sync.h"

struct roles {
    struct sync *sync;     /* NULL: not run */
    struct reload *reload; /* NULL: not run */
    struct app_role table[2];
    size_t n;
};

/* Each part may be NULL. loop, client, events, metrics come from the controller's configuration;
 * reload_options must outlive the roles. */
int roles_init(struct roles *r, const struct controller_config *controller,
               const struct sync_options *sync, const struct reload_options *reload,
               struct err **err) MUST_USE;
void roles_done(struct roles *r);

#endif
