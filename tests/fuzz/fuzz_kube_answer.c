/* SPDX-License-Identifier: Apache-2.0
 *
 * Any document as the answer to any request: a Status, a discovery document, a review, a token,
 * what a credential plugin wrote. The first byte chooses the HTTP status.
 */
#include "kube/discovery.h"
#include "kube/exec_credential.h"
#include "kube/token_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_status(struct arena *a, const struct json *doc, struct str text, int http)
{
    AUTO(err_freep) struct err *err = NULL;
    struct kube_status s = kube_status_read(a, doc, http, !doc);
    must(kube_status_err(&s, text, &err) == -1 && err);
    must(err->retry_after >= 0 && err->retry_after <= 300 * NS_S);
    must((s.missing == KUBE_MISSING_NOTHING) == (s.code != 404));
    (void)kube_status_has_cause(&s, "x");
}

static void as_plugin_output(struct str text)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    struct exec_credential c;
    if (exec_credential_read(&a, text, STR("client.authentication.k8s.io/v1"), &c, &err) == 0) {
        must(c.token || (c.cert_pem.n && c.key_pem.n));
        secret_unref(c.token);
    } else {
        must(err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    struct str text = str_n(data + 1, size - 1);
    const struct json *doc = json_parse(&a, text, JSON_PLAIN, NULL);
    static const int statuses[] = {0, 301, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503, 504};
    as_status(&a, doc, text, statuses[data[0] % COUNT_OF(statuses)]);
    as_plugin_output(text);
    ns_t expires = 0;
    secret_unref(token_request_read(doc, &expires, &err));
    struct kube_version version;
    (void)(discover_read_version(doc, &version, &err) == 0);
    (void)discover_read_serves(doc, STR("secrets"));
    (void)discover_read_group(doc, STR("apps"), 0);
    (void)discover_read_allowed(doc);
    (void)discover_read_denial(doc);
    (void)discover_read_username(doc);
    return 0;
}
