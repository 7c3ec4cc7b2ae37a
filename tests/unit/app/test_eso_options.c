/* SPDX-License-Identifier: Apache-2.0
 *
 * The flags of External Secrets Operator: that all of them are there with their defaults, and what
 * they mean.
 */
#include "test.h"

#include "app/eso_options.h"

struct row {
    const char *name;
    const char *value; /* default as text */
};

static const struct row controller[] = {
    {"metrics-addr", ":8080"},
    {"metrics-secure", "false"},
    {"metrics-auth", "false"},
    {"metrics-cert-dir", ""},
    {"metrics-cert-name", "tls.crt"},
    {"metrics-key-name", "tls.key"},
    {"live-addr", ":8082"},
    {"controller-class", "default"},
    {"enable-leader-election", "false"},
    {"leader-election-id", "external-secrets-controller"},
    {"leader-election-lease-duration", "15s"},
    {"leader-election-renew-deadline", "10s"},
    {"leader-election-retry-period", "2s"},
    {"concurrent", "1"},
    {"client-qps", "50"},
    {"client-burst", "100"},
    {"loglevel", "info"},
    {"zap-time-encoding", "epoch"},
    {"namespace", ""},
    {"enable-cluster-store-reconciler", "true"},
    {"enable-secret-store-reconciler", "true"},
    {"enable-cluster-external-secret-reconciler", "true"},
    {"enable-cluster-push-secret-reconciler", "true"},
    {"enable-push-secret-reconciler", "true"},
    {"enable-secrets-caching", "false"},
    {"enable-configmaps-caching", "false"},
    {"enable-managed-secrets-caching", "true"},
    {"enable-secret-api-read-on-cache-mismatch", "true"},
    {"store-requeue-interval", "5m"},
    {"enable-flood-gate", "true"},
    {"enable-generator-state", "true"},
    {"enable-extended-metric-labels", "false"},
    {"enable-http2", "false"},
    {"unsafe-allow-generic-targets", "false"},
    {"template-left-delimiter", "{{"},
    {"template-right-delimiter", "}}"},
    {"generator-gc-grace-period", "2m"},
    {"enable-vault-token-cache", NULL},
    {"vault-token-cache-size", NULL},
    {"experimental-enable-vault-token-cache", NULL},
    {"experimental-vault-token-cache-size", NULL},
};

static const struct row webhook[] = {
    {"port", "10250"},
    {"dns-name", "localhost"},
    {"cert-dir", "/tmp/k8s-webhook-server/serving-certs"},
    {"check-interval", "5m"},
    {"lookahead-interval", "2160h"},
    {"healthz-addr", ":8081"},
    {"tls-ciphers", ""},
    {"tls-min-version", "1.2"},
    {"metrics-addr", ":8080"},
    {"loglevel", "info"},
    {"zap-time-encoding", "epoch"},
};

static const struct row certs[] = {
    {"service-name", "external-secrets-webhook"},
    {"service-namespace", "default"},
    {"secret-name", "external-secrets-webhook"},
    {"secret-namespace", "default"},
    {"crd-requeue-interval", "5m"},
    {"enable-partial-cache", "false"},
    {"healthz-addr", ":8081"},
    {"enable-leader-election", "false"},
    {"leader-election-id", "crd-certs-controller"},
    {"metrics-addr", ":8080"},
    {"loglevel", "info"},
};

static const struct flag *find(const struct flag_set *set, const char *name)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->flags[i].name, name) == 0) {
            return &set->flags[i];
        }
    }
    fail_msg("%s has no --%s", set->command, name);
    return NULL;
}

static void compare(const struct flag_set *set, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct flag *f = find(set, rows[i].name);
        const char *value = f->fallback ? f->fallback : f->type == FLAG_BOOL ? "false" : "";
        if (rows[i].value && strcmp(value, rows[i].value) != 0) {
            fail_msg("--%s is %s by default, wanted %s", f->name, value, rows[i].value);
        }
    }
}

static void all_flags_are_there(void **state)
{
    (void)state;
    compare(&eso_flags, controller, COUNT_OF(controller));
    compare(&eso_webhook_flags, webhook, COUNT_OF(webhook));
    compare(&eso_cert_flags, certs, COUNT_OF(certs));
}

/* ---- what they mean ---- */

#define ARGS(...)                                                                                  \
    (int)COUNT_OF(((const char *const[]){__VA_ARGS__})), (const char *const[])                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void parse(struct eso_options *o, int argc, const char *const *argv)
{
    AUTO(err_freep) struct err *err = NULL;
    struct flag_rest rest;
    flags_init(&eso_flags, o);
    assert_ok(flags_parse(&eso_flags, o, argc, argv, &rest, &err), err);
}

static void the_charts_arguments(void **state)
{
    (void)state;
    struct eso_options o;
    struct str ns;
    struct log_config log;
    AUTO(err_freep) struct err *err = NULL;
    parse(&o, ARGS("--concurrent=1", "--metrics-addr=:8080", "--loglevel=info",
                   "--zap-time-encoding=epoch"));
    assert_ok(eso_common_check(&o.common, &log, &err), err);
    assert_int_equal(log.format, LOG_JSON);
    assert_int_equal(log.level, LOG_INFO);
    assert_int_equal(log.time, LOG_TIME_EPOCH);
    struct sync_options sync = eso_options_sync(&o, STR_EMPTY, &ns);
    assert_str(sync.controller_class, "default");
    assert_int_equal(sync.n_namespaces, 0);
    assert_int_equal(sync.concurrent, 64);
    assert_int_equal(sync.store_interval, 5 * NS_MIN);
    assert_false(sync.no_cluster_stores || sync.no_stores || sync.no_flood_gate);
    assert_str(sync.left_delimiter, "{{");
    flags_done(&eso_flags, &o);
}

static void everything_else(void **state)
{
    (void)state;
    struct eso_options o;
    struct str ns;
    parse(&o, ARGS("--namespace=web", "--controller-class=blue", "--concurrent=100",
                   "--enable-cluster-store-reconciler=false", "--enable-flood-gate=false",
                   "--enable-secret-store-reconciler=false", "--store-requeue-interval=30s",
                   "--enable-extended-metric-labels", "--template-left-delimiter=[["));
    struct sync_options sync = eso_options_sync(&o, STR("pem"), &ns);
    assert_int_equal(sync.n_namespaces, 1);
    assert_str(sync.namespaces[0], "web");
    assert_str(sync.controller_class, "blue");
    assert_int_equal(sync.concurrent, 100);
    assert_true(sync.no_cluster_stores && sync.no_stores && sync.no_flood_gate);
    assert_int_equal(sync.store_interval, 30 * NS_S);
    assert_true(sync.extended_metric_labels);
    assert_str(sync.left_delimiter, "[[");
    assert_str(sync.ca_pem, "pem");
    flags_done(&eso_flags, &o);
}

static void levels_and_times(void **state)
{
    (void)state;
    static const struct {
        const char *level, *time;
        enum log_level wanted;
        enum log_time wanted_time;
    } rows[] = {{"debug", "millis", LOG_DEBUG, LOG_TIME_MILLIS},
                {"warn", "nano", LOG_WARN, LOG_TIME_NANOS},
                {"error", "rfc3339", LOG_ERROR, LOG_TIME_RFC3339},
                {"dpanic", "iso8601", LOG_ERROR, LOG_TIME_RFC3339},
                {"fatal", "rfc3339nano", LOG_ERROR, LOG_TIME_RFC3339}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct eso_common c = {.loglevel = (char *)(uintptr_t)rows[i].level,
                               .time_encoding = (char *)(uintptr_t)rows[i].time};
        struct log_config log;
        AUTO(err_freep) struct err *err = NULL;
        assert_ok(eso_common_check(&c, &log, &err), err);
        assert_int_equal(log.level, rows[i].wanted);
        assert_int_equal(log.time, rows[i].wanted_time);
    }
}

static void what_does_not_start(void **state)
{
    (void)state;
    static const struct {
        const char *args[2];
        const char *part;
    } rows[] = {{{"--loglevel=loud", NULL}, "\"loud\" is none of debug"},
                {{"--loglevel=trace", NULL}, "\"trace\""},
                {{"--metrics-auth", NULL}, "--metrics-auth needs --metrics-secure"},
                {{"--metrics-auth", "--metrics-secure"}, "is not supported"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct eso_options o;
        struct log_config log;
        AUTO(err_freep) struct err *err = NULL;
        parse(&o, rows[i].args[1] ? 2 : 1, rows[i].args);
        assert_err(eso_common_check(&o.common, &log, &err), err, ERR_INVALID, rows[i].part);
        flags_done(&eso_flags, &o);
    }
}

/* ---- listeners ---- */

static void where_it_listens(void **state)
{
    (void)state;
    struct eso_options o;
    struct eso_listeners l;
    AUTO(err_freep) struct err *err = NULL;
    parse(&o, 0, NULL);
    assert_ok(eso_listeners_open(&o.common, o.live_addr, &l, &err), err);
    assert_int_equal(l.n, 2);
    assert_string_equal(l.address[0], ":8080");
    assert_string_equal(l.address[1], ":8082");
    assert_true(!l.tls[0] && !l.tls[1]);
    eso_listeners_done(&l);
    flags_done(&eso_flags, &o);
    parse(&o, ARGS("--metrics-addr=0", "--metrics-secure"));
    assert_ok(eso_listeners_open(&o.common, o.live_addr, &l, &err), err);
    assert_int_equal(l.n, 1);
    assert_string_equal(l.address[0], ":8082");
    assert_null(l.tls[0]);
    eso_listeners_done(&l);
    flags_done(&eso_flags, &o);
}

static void secure_metrics(void **state)
{
    (void)state;
    struct eso_options o;
    struct eso_listeners l;
    AUTO(err_freep) struct err *err = NULL;
    parse(&o, ARGS("--metrics-secure"));
    assert_ok(eso_listeners_open(&o.common, o.live_addr, &l, &err), err);
    assert_true(l.tls[0] && !l.tls[1]);
    eso_listeners_done(&l);
    flags_done(&eso_flags, &o);
    parse(&o, ARGS("--metrics-secure", "--metrics-cert-dir=/nonexistent"));
    assert_err(eso_listeners_open(&o.common, o.live_addr, &l, &err), err, ERR_IO,
               "--metrics-secure: ");
    eso_listeners_done(&l);
    flags_done(&eso_flags, &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_flags_are_there), cmocka_unit_test(the_charts_arguments),
        cmocka_unit_test(everything_else),     cmocka_unit_test(levels_and_times),
        cmocka_unit_test(what_does_not_start), cmocka_unit_test(where_it_listens),
        cmocka_unit_test(secure_metrics),
    };
    return RUN(tests);
}
