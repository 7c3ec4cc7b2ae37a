/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "webhook"
#include "app/admission.h"

#include "app/serving_cert.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/tls.h"

/* An AdmissionReview has the object and the old one, each at most what etcd takes. */
enum { REVIEW_MAX = 8 << 20, ANSWER_MAX = 64 * 1024 };
/* While there is no good certificate. */
#define CHECK_SOON NS_S
#define PATH_START "/validate-external-secrets-io-"

struct admission {
    struct admission_config config;
    struct http_server *server;
    struct ssl_ctx_st *first;   /* what the server was made with */
    struct ssl_ctx_st *current; /* newer; NULL: `first` still is the newest */
    struct serving_cert cert;   /* that is served */
    char *problem;              /* why not ready; NULL: ready */
    struct timer timer;
};

/* ---- answers ---- */

int admission_answer(struct str review, struct buf *out, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct json *doc = json_parse(&a, review, JSON_PLAIN, err);
    struct str version = json_find_str(doc, "apiVersion");
    struct str uid = json_find_str(doc, "request.uid");
    if (!doc) {
        return -1;
    }
    if (!str_eq(json_find_str(doc, "kind"), STR("AdmissionReview")) || uid.n == 0) {
        return err_set(err, ERR_INVALID, "wanted is an AdmissionReview with a request");
    }
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    json_w_key(&w, "apiVersion");
    json_w_str(&w, version);
    json_w_strings(&w, "kind", "AdmissionReview");
    json_w_key(&w, "response");
    json_w_object(&w);
    json_w_key(&w, "uid");
    json_w_str(&w, uid);
    json_w_key(&w, "allowed");
    json_w_bool(&w, true);
    json_w_end(&w);
    json_w_end(&w);
    return buf_ok(out) ? 0 : err_set(err, ERR_LIMIT, "the uid of the review is too long");
}

static void refuse(struct http_exchange *x, int status, const char *text)
{
    http_reply(x, status, "text/plain; charset=utf-8", str_c(text));
}

static void handle(void *arg, struct http_exchange *x)
{
    AUTO(buf_done) struct buf answer = BUF_INIT(ANSWER_MAX);
    AUTO(err_freep) struct err *err = NULL;
    (void)arg;
    if (!str_starts(http_x_path(x), STR(PATH_START))) {
        refuse(x, 404, "404 page not found\n");
    } else if (!str_eq(http_x_method(x), STR("POST"))) {
        http_x_set_header(x, "Allow", STR("POST"));
        refuse(x, 405, "only POST is served here\n");
    } else if (admission_answer(http_x_body(x), &answer, &err) != 0) {
        refuse(x, 400, err_msg(err));
    } else {
        http_reply(x, 200, "application/json", buf_str(&answer));
    }
}

/* ---- certificates ---- */

static struct ssl_ctx_st *pick(void *arg, struct str name)
{
    const struct admission *a = arg;
    (void)name;
    return a->current;
}

static int open_port(struct admission *a, struct ssl_ctx_st *ctx, struct err **err)
{
    struct http_server_config http = {
        .address = "0.0.0.0",
        .port = a->config.port,
        .tls = ctx,
        .max_body = REVIEW_MAX,
        .handle = handle,
        .arg = a,
    };
    tls_server_set_sni(ctx, pick, a);
    a->server = http_server_new(a->config.loop, &http, err);
    if (!a->server) {
        tls_context_free(ctx);
        return -1;
    }
    a->first = ctx;
    LOG_INFO("serving the webhook", F("port", (int)http_server_port(a->server)));
    return 0;
}

static int serve(struct admission *a, const struct serving_cert *cert, struct err **err)
{
    struct ssl_ctx_st *ctx = tls_server_context(buf_str(&cert->cert), buf_str(&cert->key), err);
    if (!ctx) {
        return -1;
    }
    if (!a->server) {
        return open_port(a, ctx, err);
    }
    tls_context_free(a->current);
    a->current = ctx;
    LOG_INFO("serving a new certificate");
    return 0;
}

static void warn_of_the_end(const struct admission *a)
{
    AUTO(err_freep) struct err *err = NULL;
    if (serving_cert_check(&a->cert, a->config.dns_name, clock_real() + a->config.lookahead,
                           &err) != 0) {
        LOG_WARN("the certificate ends soon", F_NS("lookahead", a->config.lookahead),
                 F("error", err));
    }
}

/* Takes what is in the folder if it is good and new. */
static int look_at_files(struct admission *a, struct err **err)
{
    struct serving_cert found = SERVING_CERT_INIT;
    int rc = serving_cert_read(a->config.cert_dir, &found, err);
    if (rc == 0) {
        rc = serving_cert_check(&found, a->config.dns_name, clock_real(), err);
    }
    bool same = str_eq(buf_str(&found.cert), buf_str(&a->cert.cert)) &&
                str_eq(buf_str(&found.key), buf_str(&a->cert.key));
    if (rc == 0 && !same) {
        rc = serve(a, &found, err);
    }
    if (rc == 0) {
        serving_cert_done(&a->cert);
        a->cert = found;
        warn_of_the_end(a);
    } else {
        serving_cert_done(&found);
    }
    return rc;
}

static void check(void *arg)
{
    struct admission *a = arg;
    AUTO(err_freep) struct err *err = NULL;
    bool good = look_at_files(a, &err) == 0;
    if (!good && (!a->problem || strcmp(a->problem, err_msg(err)) != 0)) {
        LOG_WARN("waiting for a good certificate", F("error", err));
    }
    free(a->problem);
    a->problem = good ? NULL : xstrdup(err_msg(err));
    timer_set(&a->timer, good ? a->config.check_interval : CHECK_SOON);
}

/* ---- life ---- */

struct admission *admission_new(const struct admission_config *config)
{
    struct admission *a = xcalloc(1, sizeof(*a));
    a->config = *config;
    a->cert = SERVING_CERT_INIT;
    a->problem = xstrdup("starting");
    timer_init(&a->timer, config->loop, check, a);
    return a;
}

void admission_free(struct admission *a)
{
    if (!a) {
        return;
    }
    timer_cancel(&a->timer);
    http_server_free(a->server);
    tls_context_free(a->first);
    tls_context_free(a->current);
    serving_cert_done(&a->cert);
    free(a->problem);
    free(a);
}

uint16_t admission_port(const struct admission *a)
{
    return a->server ? http_server_port(a->server) : 0;
}

static void start(void *self)
{
    check(self);
}

static bool ready(void *self, struct buf *why)
{
    const struct admission *a = self;
    if (a->problem) {
        buf_addf(why, "certs: %s", a->problem);
    }
    return !a->problem;
}

static void stop(void *self, void (*done)(void *arg), void *arg)
{
    struct admission *a = self;
    timer_cancel(&a->timer);
    if (a->server) {
        http_server_stop(a->server);
    }
    done(arg);
}

struct app_role admission_role(struct admission *a)
{
    return (struct app_role){"webhook", a, start, ready, stop};
}
