/* SPDX-License-Identifier: Apache-2.0
 *
 * A kubeconfig from anywhere: it is read, or refused with a text that names the file.
 */
#include "kube/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *no_environment(const char *name)
{
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kube_config_options options = {.getenv = no_environment};
    AUTO(err_freep) struct err *err = NULL;
    /* A folder that does not exist: files named in the input are not opened. */
    struct kube_config *c =
        kube_config_parse(str_n(data, size), "/nonexistent/kubeconfig", &options, &err);
    must((c != NULL) != (err != NULL));
    if (c) {
        must(c->server.n > 0 && c->ns.n > 0 && c->context.n > 0);
        must((c->tls.cert_pem.n == 0) == (c->tls.key_pem.n == 0));
        must(!c->exec || c->exec->command.n > 0);
    } else {
        must(strstr(err->msg, "/nonexistent/kubeconfig") && !strchr(err->msg, '\n'));
    }
    kube_config_free(c);
    return 0;
}
