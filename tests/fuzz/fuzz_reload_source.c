/* SPDX-License-Identifier: Apache-2.0
 *
 * The first byte picks the type, the rest is a ConfigMap, Secret or SecretProviderClassPodStatus.
 */
#include "reload/digest.h"
#include "reload/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    struct digest digest;
    struct digest again;
    char hex[DIGEST_HEX + 1];
    const struct json *object =
        size > 0 ? json_parse(&a, str_n(data + 1, size - 1), JSON_PLAIN, NULL) : NULL;
    if (!object) {
        return 0;
    }
    if (digest_source(data[0] % SOURCE_TYPES, object, &digest, &err)) {
        must(err);
        return 0;
    }
    digest_hex(&digest, hex);
    must(digest_parse(str_c(hex), &again) && digest_eq(&digest, &again));
    return 0;
}
