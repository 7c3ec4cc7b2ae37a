/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "reload"
#include "base/log.h"
#include "reload/meta_info.h"
#include "reload/reload_internal.h"

enum { BODY_MAX = 256 * 1024 };

struct meta_writer {
    struct kube_client *client;
    const struct reload_options *options;
    struct kube_call *call;
    struct buf body;
};

static void written(void *arg, const struct kube_answer *answer)
{
    struct meta_writer *m = arg;
    m->call = NULL;
    if (answer->err) {
        LOG_WARN("cannot write the ConfigMap " META_INFO_NAME, F("error", answer->err));
    }
}

/* The document that is there already says the same. */
static bool up_to_date(const struct meta_writer *m, const struct json *there)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct json *wanted = json_parse(&a, buf_str(&m->body), JSON_PLAIN, NULL);
    return json_eq(json_get(wanted, "data"), json_get(there, "data"));
}

static void read_done(void *arg, const struct kube_answer *answer)
{
    struct meta_writer *m = arg;
    const struct resource *configmaps = resource_of(RES_CONFIGMAPS);
    struct str ns = str_c(m->options->meta_info_namespace);
    m->call = NULL;
    if (err_is(answer->err, ERR_NOT_FOUND)) {
        m->call = kube_create(m->client, configmaps, ns, buf_str(&m->body), NULL, written, m);
    } else if (answer->err) {
        written(m, answer);
    } else if (!up_to_date(m, answer->object)) {
        m->call = kube_update(m->client, configmaps, ns, STR(META_INFO_NAME), NULL,
                              buf_str(&m->body), NULL, written, m);
    }
}

struct meta_writer *meta_write(struct kube_client *client, const struct reload_options *options)
{
    if (!options->meta_info_namespace || options->meta_info_namespace[0] == '\0') {
        return NULL;
    }
    struct meta_writer *m = xcalloc(1, sizeof(*m));
    m->client = client;
    m->options = options;
    m->body = BUF_INIT(BODY_MAX);
    meta_info_write(&m->body, options);
    m->call = kube_get(client, resource_of(RES_CONFIGMAPS), str_c(options->meta_info_namespace),
                       STR(META_INFO_NAME), read_done, m);
    return m;
}

void meta_free(struct meta_writer *m)
{
    if (m) {
        kube_cancel(m->call);
        buf_done(&m->body);
        free(m);
    }
}
