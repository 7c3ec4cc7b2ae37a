/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/token_request.h"

#include "base/datetime.h"

#define EXPIRATION NS_H

struct kube_call *token_request(struct kube_client *c, struct str ns, struct str service_account,
                                const struct str *audiences, size_t n_audiences, ns_t expiration,
                                kube_done_fn *done, void *arg)
{
    AUTO(buf_done) struct buf body = BUF_INIT(1 << 16);
    struct json_writer w = json_writer(&body);
    json_w_object(&w);
    json_w_strings(&w, "apiVersion", "authentication.k8s.io/v1", "kind", "TokenRequest", NULL);
    json_w_key(&w, "spec");
    json_w_object(&w);
    if (n_audiences) {
        json_w_key(&w, "audiences");
        json_w_array(&w);
        for (size_t i = 0; i < n_audiences; i++) {
            json_w_str(&w, audiences[i]);
        }
        json_w_end(&w);
    }
    json_w_key(&w, "expirationSeconds");
    json_w_int(&w, (expiration ? expiration : EXPIRATION) / NS_S);
    json_w_end(&w);
    json_w_end(&w);
    return kube_submit(c, &(struct kube_request){.verb = KUBE_CREATE,
                                                 .resource = resource_of(RES_SERVICEACCOUNTS),
                                                 .ns = ns,
                                                 .name = service_account,
                                                 .subresource = "token",
                                                 .body = buf_str(&body),
                                                 .done = done,
                                                 .arg = arg});
}

struct secret *token_request_read(const struct json *doc, ns_t *expires, struct err **err)
{
    struct str token = json_find_str(doc, "status.token");
    struct str until = json_find_str(doc, "status.expirationTimestamp");
    if (token.n == 0) {
        err_set(err, ERR_PARSE, "the answer to a TokenRequest holds no token");
        return NULL;
    }
    if (!rfc3339_parse(until, expires)) {
        err_set(err, ERR_PARSE, "the answer to a TokenRequest does not say when the token expires");
        return NULL;
    }
    return secret_new(token);
}
