/* SPDX-License-Identifier: Apache-2.0
 *
 * A pass: read the Secret -> fill it if what it has is not good -> list the configurations -> patch
 * those that lack the authority, one after another.
 */
#define LOGGER "controllers.webhook-certs"
#include "app/webhook_certs.h"

#include "app/serving_cert.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"

enum { PATCH_MAX = 1 << 20, MAX_WEBHOOKS = 100 };

#define CONFIGURATIONS "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
#define COMPONENT      "external-secrets.io/component=webhook"
#define GROUP_SUFFIX   "external-secrets.io"
#define AUTHORITY      "external-secrets"
#define RENEW_BEFORE   (90 * 24 * NS_H)
#define RETRY          (5 * NS_S)

struct webhook_certs {
    struct webhook_certs_config config;
    char *dns_name;
    struct timer timer;
    struct kube_call *call;
    struct serving_cert cert; /* of the pass */
    struct buf ca_key;
    struct arena arena; /* the list of the pass */
    const struct json *configurations;
    size_t next;   /* of them */
    char *problem; /* why not ready; NULL: ready */
    bool stopping;
};

static void free_cert(struct webhook_certs *c)
{
    serving_cert_done(&c->cert);
    buf_done(&c->ca_key);
    c->cert = SERVING_CERT_INIT;
    c->ca_key = BUF_INIT_WIPE(SERVING_CERT_MAX);
}

static void end_pass(struct webhook_certs *c, const struct err *err)
{
    if (err) {
        LOG_ERROR("cannot set up the webhook's certificate, trying again", F("error", err));
    }
    free(c->problem);
    c->problem = err ? xstrdup(err_msg(err)) : NULL;
    free_cert(c);
    arena_reset(&c->arena);
    if (!c->stopping) {
        timer_set(&c->timer, err ? RETRY : c->config.interval);
    }
}

/* ---- the configurations ---- */

static void write_op(struct json_writer *w, size_t i, const char *field, const char *key)
{
    AUTO(buf_done) struct buf path = BUF_INIT(200);
    buf_addf(&path, "/webhooks/%zu/clientConfig%s%s", i, field, key);
    json_w_object(w);
    json_w_strings(w, "op", "add");
    json_w_key(w, "path");
    json_w_str(w, buf_str(&path));
    json_w_key(w, "value");
}

/* Webhooks are named by their place in the list, which counts only in the version that was read. */
static void only_version(struct json_writer *w, struct str version)
{
    if (version.n > 0) {
        json_w_object(w);
        json_w_strings(w, "op", "test", "path", "/metadata/resourceVersion");
        json_w_key(w, "value");
        json_w_str(w, version);
        json_w_end(w);
    }
}

static void give_authority(struct json_writer *w, size_t i, const struct json *client,
                           struct str ca_pem, struct str encoded)
{
    if (!str_eq(json_find_str(client, "caBundle"), encoded)) {
        write_op(w, i, "/caBundle", "");
        json_w_base64(w, ca_pem);
        json_w_end(w);
    }
}

static void give_service(struct json_writer *w, size_t i, const struct json *client,
                         const char *key, const char *value)
{
    const struct json *service = json_get(client, "service");
    if (service && !str_eq_c(json_str(json_get(service, key)), value)) {
        write_op(w, i, "/service/", key);
        json_w_c(w, value);
        json_w_end(w);
    }
}

struct str webhook_certs_patch(struct arena *a, const struct json *configuration, struct str ca_pem,
                               const char *service_name, const char *service_ns)
{
    AUTO(buf_done) struct buf encoded = BUF_INIT(PATCH_MAX);
    AUTO(buf_done) struct buf patch = BUF_INIT(PATCH_MAX);
    const struct json *webhooks = json_get(configuration, "webhooks");
    struct json_writer w = json_writer(&patch);
    base64_encode(&encoded, ca_pem, BASE64_STD);
    json_w_array(&w);
    only_version(&w, json_find_str(configuration, "metadata.resourceVersion"));
    size_t empty = patch.n;
    for (size_t i = 0; i < json_len(webhooks) && i < MAX_WEBHOOKS; i++) {
        const struct json *hook = json_at(webhooks, i);
        const struct json *client = json_get(hook, "clientConfig");
        if (str_ends(json_find_str(hook, "name"), STR(GROUP_SUFFIX))) {
            give_authority(&w, i, client, ca_pem, buf_str(&encoded));
            give_service(&w, i, client, "name", service_name);
            give_service(&w, i, client, "namespace", service_ns);
        }
    }
    bool any = patch.n > empty;
    json_w_end(&w);
    return any ? arena_str(a, buf_str(&patch)) : (struct str){0};
}

static void patch_next(struct webhook_certs *c);

static void patched(void *arg, const struct kube_answer *answer)
{
    struct webhook_certs *c = arg;
    c->call = NULL;
    if (answer->err) {
        end_pass(c, answer->err);
    } else {
        patch_next(c);
    }
}

static void patch_next(struct webhook_certs *c)
{
    while (c->next < json_len(c->configurations)) {
        const struct json *configuration = json_at(c->configurations, c->next++);
        struct str name = json_find_str(configuration, "metadata.name");
        struct str body = webhook_certs_patch(&c->arena, configuration, buf_str(&c->cert.ca),
                                              c->config.service_name, c->config.service_ns);
        if (body.p) {
            struct str path = arena_printf(&c->arena, CONFIGURATIONS "/%.*s", STR_ARG(name));
            LOG_INFO("writing the authority into a webhook configuration", F("name", name));
            c->call = kube_submit(c->config.client, &(struct kube_request){.verb = KUBE_PATCH,
                                                                           .path = path.p,
                                                                           .patch = KUBE_PATCH_JSON,
                                                                           .body = body,
                                                                           .done = patched,
                                                                           .arg = c});
            return;
        }
    }
    end_pass(c, NULL);
}

static void listed(void *arg, const struct kube_answer *answer)
{
    struct webhook_certs *c = arg;
    c->call = NULL;
    if (answer->err) {
        end_pass(c, answer->err);
        return;
    }
    c->configurations = json_clone(&c->arena, json_get(answer->object, "items"));
    c->next = 0;
    patch_next(c);
}

static void list_configurations(struct webhook_certs *c)
{
    c->call = kube_submit(c->config.client, &(struct kube_request){.verb = KUBE_GET,
                                                                   .path = CONFIGURATIONS,
                                                                   .label_selector = STR(COMPONENT),
                                                                   .done = listed,
                                                                   .arg = c});
}

/* ---- the Secret ---- */

static void secret_written(void *arg, const struct kube_answer *answer)
{
    struct webhook_certs *c = arg;
    c->call = NULL;
    if (answer->err) {
        end_pass(c, answer->err);
    } else {
        list_configurations(c);
    }
}

static void write_value(struct json_writer *w, const char *key, const struct buf *value)
{
    json_w_key(w, key);
    json_w_base64(w, buf_str(value));
}

/* With the version that it was read with: two that make a certificate at once do not mix them. */
static void write_secret(struct webhook_certs *c, struct str version)
{
    AUTO(buf_done) struct buf body = BUF_INIT_WIPE(PATCH_MAX);
    struct json_writer w = json_writer(&body);
    json_w_object(&w);
    json_w_key(&w, "metadata");
    json_w_object(&w);
    json_w_key(&w, "resourceVersion");
    json_w_str(&w, version);
    json_w_end(&w);
    json_w_key(&w, "data");
    json_w_object(&w);
    write_value(&w, "ca.crt", &c->cert.ca);
    write_value(&w, "ca.key", &c->ca_key);
    write_value(&w, "tls.crt", &c->cert.cert);
    write_value(&w, "tls.key", &c->cert.key);
    json_w_end(&w);
    json_w_end(&w);
    LOG_INFO("writing a new certificate", F("namespace", c->config.secret_ns),
             F("name", c->config.secret_name), F("dnsName", (const char *)c->dns_name));
    c->call = kube_patch(c->config.client, resource_of(RES_SECRETS), str_c(c->config.secret_ns),
                         str_c(c->config.secret_name), NULL, KUBE_PATCH_MERGE, buf_str(&body), NULL,
                         secret_written, c);
}

static void read_value(const struct json *data, const char *key, struct buf *out)
{
    (void)base64_decode(out, json_str(json_get(data, key)), BASE64_STD, NULL);
}

static void secret_read(void *arg, const struct kube_answer *answer)
{
    struct webhook_certs *c = arg;
    AUTO(err_freep) struct err *err = NULL;
    const struct json *data = json_get(answer->object, "data");
    c->call = NULL;
    if (answer->err) {
        end_pass(c, answer->err);
        return;
    }
    read_value(data, "ca.crt", &c->cert.ca);
    read_value(data, "tls.crt", &c->cert.cert);
    read_value(data, "tls.key", &c->cert.key);
    if (c->cert.ca.n > 0 &&
        serving_cert_check(&c->cert, c->dns_name, clock_real() + RENEW_BEFORE, &err) == 0) {
        list_configurations(c);
        return;
    }
    free_cert(c);
    if (serving_cert_make(AUTHORITY, c->dns_name, &c->cert, &c->ca_key, &err) != 0) {
        end_pass(c, err);
        return;
    }
    write_secret(c, json_find_str(answer->object, "metadata.resourceVersion"));
}

static void begin_pass(void *arg)
{
    struct webhook_certs *c = arg;
    c->call = kube_get(c->config.client, resource_of(RES_SECRETS), str_c(c->config.secret_ns),
                       str_c(c->config.secret_name), secret_read, c);
}

/* ---- life ---- */

struct webhook_certs *webhook_certs_new(const struct webhook_certs_config *config)
{
    struct webhook_certs *c = xcalloc(1, sizeof(*c));
    c->config = *config;
    c->dns_name = xasprintf("%s.%s.svc", config->service_name, config->service_ns);
    c->arena = ARENA_INIT(ARENA_PLAIN);
    c->problem = xstrdup("starting");
    free_cert(c);
    timer_init(&c->timer, config->loop, begin_pass, c);
    return c;
}

void webhook_certs_free(struct webhook_certs *c)
{
    if (!c) {
        return;
    }
    timer_cancel(&c->timer);
    kube_cancel(c->call);
    free_cert(c);
    arena_done(&c->arena);
    free(c->dns_name);
    free(c->problem);
    free(c);
}

static void start(void *self)
{
    begin_pass(self);
}

static bool ready(void *self, struct buf *why)
{
    const struct webhook_certs *c = self;
    if (c->problem) {
        buf_addf(why, "crd-inject: %s", c->problem);
    }
    return !c->problem;
}

/* A request under way is left alone: the next pass finds what it did. */
static void stop(void *self, void (*done)(void *arg), void *arg)
{
    struct webhook_certs *c = self;
    c->stopping = true;
    timer_cancel(&c->timer);
    done(arg);
}

struct app_role webhook_certs_role(struct webhook_certs *c)
{
    return (struct app_role){"certs", c, start, ready, stop};
}
