/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a PKCS#12 archive, without a password and with one. What is taken has a key and a
 * certificate; what is refused says why.
 */
#include "codec/pkcs12.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str passwords[] = {STR_INIT(""), STR_INIT("password")};
    for (size_t i = 0; i < COUNT_OF(passwords); i++) {
        AUTO(pkcs12_done) struct pkcs12 archive = {0};
        AUTO(err_freep) struct err *err = NULL;
        if (pkcs12_read(str_n(data, size), passwords[i], &archive, &err) == 0) {
            must(archive.key && archive.certs.n > 0 && !err);
        } else {
            must(err && str_starts(str_c(err_msg(err)), STR("pkcs12: ")));
        }
    }
    return 0;
}
