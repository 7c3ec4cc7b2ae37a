/* SPDX-License-Identifier: Apache-2.0
 *
 * PEM texts, and what they hold as certificates, keys and PKCS#12 archives; time zone files; JWKs.
 */
#include "codec/jwk.h"
#include "codec/keys.h"
#include "codec/pem.h"
#include "codec/pkcs12.h"
#include "codec/tzif.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void ignore(void *arg, struct str name)
{
    *(size_t *)arg += name.n;
}

static void as_certificates(struct str pem)
{
    AUTO(x509_list_done) struct x509_list list = {0};
    size_t n = 0;
    if (x509_parse_pem(pem, &list, NULL) == 0 && list.n > 0) {
        X509 **chain = xcalloc(list.n, sizeof(X509 *));
        must(x509_chain(&list, chain, &n, NULL) != 0 || n > 0);
        free(chain);
        (void)x509_sans(list.v[0], ignore, &n, NULL);
    }
}

static void as_key(struct str der)
{
    AUTO(keys_freep) EVP_PKEY *key = keys_parse_private(der, NULL);
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(1 << 20);
    if (key) {
        must(keys_write_private(&out, key, NULL) != 0 || out.n > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct str all = str_n(input, size);
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct pem_block block;
    for (struct str rest = all; pem_next(&a, &rest, &block);) {
        AUTO(buf_done) struct buf out = BUF_INIT_WIPE(1 << 20);
        pem_write_block(&out, &block);
        as_key(block.der);
        AUTO(pkcs12_done) struct pkcs12 archive = {0};
        must(pkcs12_read(block.der, STR(""), &archive, NULL) == 0 || !archive.key);
    }
    as_certificates(all);
    bool is_private;
    EVP_PKEY *key = jwk_parse(all, &is_private, NULL);
    keys_freep(&key);
    AUTO(tzif_freep) struct tzif *tz = tzif_parse(all, NULL);
    if (tz) {
        struct tzif_local local;
        for (int64_t t = INT32_MIN; t <= INT64_C(1) << 34; t += 40000000) {
            tzif_lookup(tz, t, &local);
        }
    }
    return 0;
}
