/* SPDX-License-Identifier: Apache-2.0 */
#include "app/roles.h"

/* ---- between the two ---- */

static void secret_written(void *arg, struct str ns, struct str name, struct str uid,
                           struct str version, const struct kvs *data)
{
    (void)uid;
    struct roles *r = arg;
    if (!r->reload) {
        return;
    }
    AUTO(freep) struct digest_entry *entries = xcalloc(data->n, sizeof(*entries));
    for (size_t i = 0; i < data->n; i++) {
        entries[i] = (struct digest_entry){data->v[i].key, data->v[i].value};
    }
    reload_secret_written(r->reload, ns, name, version, entries, data->n);
}

static void settled(void *arg, struct str ns, struct str name)
{
    struct roles *r = arg;
    if (r->reload) {
        reload_settled(r->reload, ns, name);
    }
}

static bool in_flight(void *arg, struct str ns, struct str secret)
{
    struct roles *r = arg;
    return r->sync && sync_in_flight(r->sync, ns, secret);
}

/* ---- as the controller sees them ---- */

static void start_sync(void *self)
{
    sync_start(self);
}

static bool sync_is_ready(void *self, struct buf *why)
{
    return sync_ready(self, why);
}

static void stop_sync(void *self, void (*done)(void *arg), void *arg)
{
    sync_stop(self, done, arg);
}

static void start_reload(void *self)
{
    reload_start(self);
}

static bool reload_is_ready(void *self, struct buf *why)
{
    return reload_ready(self, why);
}

static void stop_reload(void *self, void (*done)(void *arg), void *arg)
{
    reload_stop(self, done, arg);
}

static void add_sync(struct roles *r, const struct controller_config *c,
                     const struct sync_options *options)
{
    struct sync_config config = {
        .loop = c->loop,
        .client = c->client,
        .events = c->events,
        .metrics = c->metrics,
        .options = *options,
        .hooks = {.secret_written = secret_written, .settled = settled, .arg = r},
    };
    r->sync = sync_new(&config);
    r->table[r->n++] = (struct app_role){"sync", r->sync, start_sync, sync_is_ready, stop_sync};
}

static int add_reload(struct roles *r, const struct controller_config *c,
                      const struct reload_options *options, struct err **err)
{
    struct reload_config config = {
        .loop = c->loop,
        .client = c->client,
        .events = c->events,
        .metrics = c->metrics,
        .options = options,
        .hooks = {.in_flight = in_flight, .arg = r},
    };
    r->reload = reload_new(&config, err);
    if (!r->reload) {
        return -1;
    }
    r->table[r->n++] =
        (struct app_role){"reload", r->reload, start_reload, reload_is_ready, stop_reload};
    return 0;
}

int roles_init(struct roles *r, const struct controller_config *controller,
               const struct sync_options *sync, const struct reload_options *reload,
               struct err **err)
{
    *r = (struct roles){0};
    if (sync) {
        add_sync(r, controller, sync);
    }
    return reload ? add_reload(r, controller, reload, err) : 0;
}

void roles_done(struct roles *r)
{
    sync_free(r->sync);
    reload_free(r->reload);
    *r = (struct roles){0};
}
