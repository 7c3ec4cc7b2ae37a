/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_credential.h"

#include "base/datetime.h"
#include "codec/json.h"

static void put(struct json_writer *w, const char *key, struct str value)
{
    if (value.n) {
        json_w_key(w, key);
        json_w_str(w, value);
    }
}

static void put_true(struct json_writer *w, const char *key, bool value)
{
    if (value) {
        json_w_key(w, key);
        json_w_bool(w, true);
    }
}

static void put_cluster(struct json_writer *w, const struct kube_config *config)
{
    json_w_key(w, "cluster");
    json_w_object(w);
    put(w, "server", config->server);
    put(w, "tls-server-name", config->tls.server_name);
    put_true(w, "insecure-skip-tls-verify", config->tls.insecure);
    if (config->tls.ca_pem.n) {
        json_w_key(w, "certificate-authority-data");
        json_w_base64(w, config->tls.ca_pem);
    }
    put(w, "proxy-url", config->proxy);
    put_true(w, "disable-compression", config->disable_compression);
    if (config->exec->cluster_config.n) {
        json_w_key(w, "config");
        json_w_raw(w, config->exec->cluster_config);
    }
    json_w_end(w);
}

void exec_info_write(struct buf *out, const struct kube_config *config)
{
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    json_w_key(&w, "kind");
    json_w_c(&w, "ExecCredential");
    json_w_key(&w, "apiVersion");
    json_w_str(&w, config->exec->api_version);
    json_w_key(&w, "spec");
    json_w_object(&w);
    if (config->exec->provide_cluster_info) {
        put_cluster(&w, config);
    }
    json_w_key(&w, "interactive");
    json_w_bool(&w, false);
    json_w_end(&w);
    json_w_end(&w);
}

static int check_envelope(const struct json *doc, struct str api_version, struct err **err)
{
    if (!str_eq(json_find_str(doc, "kind"), STR("ExecCredential"))) {
        return err_set(err, ERR_PARSE, "its output is no ExecCredential");
    }
    struct str got = json_find_str(doc, "apiVersion");
    if (!str_eq(got, api_version)) {
        return err_set(err, ERR_INVALID,
                       "its output has apiVersion \"%.*s\", the kubeconfig asks for \"%.*s\"",
                       STR_ARG(str_head(got, 100)), STR_ARG(api_version));
    }
    return 0;
}

int exec_credential_read(struct arena *a, struct str text, struct str api_version,
                         struct exec_credential *out, struct err **err)
{
    const struct json *doc = json_parse(a, text, JSON_COPY, err);
    if (!doc) {
        return err_wrap(err, "its output is not JSON");
    }
    if (check_envelope(doc, api_version, err) < 0) {
        return -1;
    }
    const struct json *status = json_get(doc, "status");
    struct str token = json_find_str(status, "token");
    struct exec_credential c = {
        .cert_pem = json_find_str(status, "clientCertificateData"),
        .key_pem = json_find_str(status, "clientKeyData"),
    };
    struct str expires = json_find_str(status, "expirationTimestamp");
    if ((c.cert_pem.n == 0) != (c.key_pem.n == 0)) {
        return err_set(err, ERR_INVALID,
                       "its output has only one of clientCertificateData and clientKeyData");
    }
    if (token.n == 0 && c.cert_pem.n == 0) {
        return err_set(err, ERR_INVALID, "its output holds neither a token nor a certificate");
    }
    if (expires.n && !rfc3339_parse(expires, &c.expires)) {
        return err_set(err, ERR_PARSE, "its output has an expirationTimestamp that is no time");
    }
    if (token.n) {
        c.token = secret_new(token);
    }
    *out = c;
    return 0;
}
