/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the three files of a webhook's certificate, with NUL bytes between them: what is
 * refused says why.
 */
#include "app/serving_cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct serving_cert cert = SERVING_CERT_INIT;
    struct buf *const files[] = {&cert.cert, &cert.key, &cert.ca};
    struct str rest = str_n(data, size);
    struct str part;
    AUTO(err_freep) struct err *err = NULL;
    for (size_t i = 0; i < COUNT_OF(files) && str_split(&rest, '\0', &part); i++) {
        buf_add_str(files[i], part);
    }
    int rc = serving_cert_check(&cert, "eso-webhook.eso.svc", NS_S * 1800000000, &err);
    must((rc == 0) == !err);
    serving_cert_done(&cert);
    return 0;
}
