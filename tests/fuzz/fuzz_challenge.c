/* SPDX-License-Identifier: Apache-2.0
 *
 * Any challenge of a vault: what is taken for a resource is one line, and only a parent of the
 * vault's host passes the check.
 */
#include "azure/challenge.h"
#include "azure/cloud.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf_done) struct buf resource = BUF_INIT(64 << 10);
    if (!challenge_resource(str_n(data, size), &resource) || !buf_ok(&resource)) {
        return 0;
    }
    must(resource.n > 0 && str_printable(buf_str(&resource)));
    if (azure_resource_allowed(STR("https://kv1.vault.azure.net"), buf_str(&resource))) {
        must(str_find(buf_str(&resource), STR("://")) > 0);
        must(strcasestr(resource.p, "azure.net") != NULL);
    }
    return 0;
}
