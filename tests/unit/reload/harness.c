/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include "base/encode.h"
#include "base/log.h"
#include "codec/hash.h"

/* 2026-01-02T03:04:05Z */
#define START (1767323045 * NS_S)

void harness_init(struct harness *h)
{
    *h = (struct harness){0};
    if (!getenv(
            "TEST_LOG")) { /* a failing test is easier to read without; see it with TEST_LOG=1 */
        log_configure(&(struct log_config){.level = LOG_ERROR, .fd = -1});
    }
    clock_fake_start(1000 * NS_S, START);
    h->loop = loop_new();
    fake_init(&h->api, h->loop);
    h->config = kube_config_for_server(str_c(h->api.url));
    h->metrics = metrics_new();
    reload_options_init(&h->options);
    h->options.own_namespace = "pawl";
}

static bool in_flight(void *arg, struct str ns, struct str secret)
{
    const struct harness *h = arg;
    (void)ns;
    return h->in_flight && str_eq_c(secret, h->in_flight);
}

void harness_run(struct harness *h, ns_t time)
{
    loop_advance(h->loop, time);
}

static void begin(struct harness *h)
{
    AUTO(err_freep) struct err *err = NULL;
    h->client = kube_client_new(
        h->loop, &(struct kube_client_config){.config = h->config, .http1_only = true});
    assert_non_null(h->client);
    h->events = events_new(&(struct events_config){.client = h->client});
    h->reload = reload_new(&(struct reload_config){.loop = h->loop,
                                                   .client = h->client,
                                                   .events = h->events,
                                                   .metrics = h->metrics,
                                                   .options = &h->options,
                                                   .hooks = {in_flight, h}},
                           &err);
    if (!h->reload) {
        fail_msg("%s", err_msg(err));
    }
    reload_start(h->reload);
}

void harness_start(struct harness *h)
{
    begin(h);
    harness_rest(h);
}

void harness_start_until_ready(struct harness *h)
{
    begin(h);
    for (int i = 0; i < 1000 && !reload_ready(h->reload, NULL); i++) {
        harness_run(h, NS_MS);
    }
    assert_true(reload_ready(h->reload, NULL));
}

void harness_kill(struct harness *h)
{
    reload_free(TAKE(h->reload));
    events_free(TAKE(h->events));
    if (h->client) {
        kube_client_free(TAKE(h->client));
    }
}

void harness_restart(struct harness *h)
{
    harness_kill(h);
    harness_start(h);
}

void harness_done(struct harness *h)
{
    harness_kill(h);
    fake_done(&h->api);
    loop_once(h->loop, 0);
    kube_config_free(h->config);
    metrics_free(h->metrics);
    loop_free(h->loop);
    clock_fake_stop();
}

/* ---- objects ---- */

static void put(struct harness *h, enum resource_id kind, const char *name, const char *annotations,
                const char *rest)
{
    AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
    buf_addf(&text,
             "{'apiVersion':'%s','kind':'%s','metadata':{'namespace':'" NS
             "','name':'%s','annotations':{%s}},%s}",
             resource_of(kind)->api_version, resource_of(kind)->kind, name, annotations, rest);
    fake_put(&h->api, kind, text.p);
}

void put_secret(struct harness *h, const char *name, const char *value, const char *annotations)
{
    AUTO(buf_done) struct buf data = BUF_INIT(1 << 20);
    buf_add_c(&data, "'data':{'key':'");
    base64_encode(&data, str_c(value), BASE64_STD);
    buf_add_c(&data, "'}");
    put(h, RES_SECRETS, name, annotations, data.p);
}

void put_secrets(struct harness *h, int n, const char *value)
{
    for (int i = 0; i < n; i++) {
        char name[20];
        snprintf(name, sizeof(name), "s%d", i);
        put_secret(h, name, value, "");
    }
}

void put_configmap(struct harness *h, const char *name, const char *value, const char *annotations)
{
    AUTO(buf_done) struct buf data = BUF_INIT(1 << 20);
    buf_addf(&data, "'data':{'key':'%s'}", value);
    put(h, RES_CONFIGMAPS, name, annotations, data.p);
}

void put_pod(struct harness *h, enum resource_id kind, const char *name, const char *annotations,
             const char *spec_members, const char *pod_annotations, const char *pod_spec)
{
    AUTO(buf_done) struct buf spec = BUF_INIT(1 << 20);
    bool cronjob = kind == RES_CRONJOBS;
    buf_addf(&spec, "'spec':{%s%s'template':{'metadata':{'annotations':{%s}},'spec':{%s}}%s}",
             spec_members, cronjob ? "'jobTemplate':{'spec':{" : "", pod_annotations, pod_spec,
             cronjob ? "}}" : "");
    put(h, kind, name, annotations, spec.p);
}

void put_workload(struct harness *h, enum resource_id kind, const char *name,
                  const char *annotations)
{
    put_pod(h, kind, name, annotations, "", "", POD_USES_BOTH);
}

/* ---- what became of them ---- */

int64_t generation(struct harness *h, enum resource_id kind, const char *name)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    return json_int(json_find(fake_get(&h->api, &a, kind, NS, name), "metadata.generation"), -1);
}

static const char *kept(struct str s)
{
    static char buffers[4][400];
    static size_t next;
    char *to = buffers[next++ % COUNT_OF(buffers)];
    size_t n = MIN(s.n, sizeof(buffers[0]) - 1);
    memcpy(to, s.n ? s.p : "", n);
    to[n] = '\0';
    return to;
}

const char *variable_value(struct harness *h, enum resource_id kind, const char *name,
                           const char *variable)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct json *o = fake_get(&h->api, &a, kind, NS, name);
    const struct json *containers = json_find(o, "spec.template.spec.containers");
    struct str value = STR_EMPTY;
    for (size_t i = 0; i < json_len(containers); i++) {
        const struct json *env = json_get(json_at(containers, i), "env");
        for (size_t k = 0; k < json_len(env); k++) {
            if (str_eq_c(json_str(json_get(json_at(env, k), "name")), variable)) {
                value = json_str(json_get(json_at(env, k), "value"));
            }
        }
    }
    return kept(value);
}

const char *annotation_value(struct harness *h, enum resource_id kind, const char *name,
                             const char *key)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct json *o = fake_get(&h->api, &a, kind, NS, name);
    const struct json *own = json_get(json_find(o, "metadata.annotations"), key);
    const struct json *pod = json_get(json_find(o, "spec.template.metadata.annotations"), key);
    return kept(json_str(own ? own : pod));
}

const char *fingerprint(const char *value)
{
    char hex[HASH_HEX_SIZE];
    AUTO(buf_done) struct buf text = BUF_INIT(1000);
    buf_addf(&text, "key=%s", value);
    return kept(str_c(hash_hex(HASH_SHA1, buf_str(&text), hex)));
}

size_t workload_writes(struct harness *h)
{
    size_t n = 0;
    static const char *const methods[] = {"PATCH", "PUT", "POST", "DELETE"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        n += fake_count(&h->api, methods[i], "/apis/apps/");
        n += fake_count(&h->api, methods[i], "/apis/batch/");
        n += fake_count(&h->api, methods[i], "/apis/argoproj.io/");
    }
    return n;
}

/* ---- around a test ---- */

int harness_setup(void **state)
{
    struct harness *h = xcalloc(1, sizeof(*h));
    harness_init(h);
    put_secret(h, "db", "one", "");
    put_configmap(h, "settings", "one", "");
    *state = h;
    return 0;
}

int harness_teardown(void **state)
{
    harness_done(*state);
    free(*state);
    return 0;
}
