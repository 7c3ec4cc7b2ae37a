/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_http_fields: dates, Retry-After and blocks of header lines.
 */
#include "net/http_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = str_n(data, size);
    ns_t date;
    if (http_date_parse(in, &date)) {
        char text[HTTP_DATE_SIZE];
        ns_t back;
        must(http_date_parse(str_c(http_date_format(date, text)), &back) && back == date);
    }
    ns_t wait = http_retry_after_parse(in, 784111777 * NS_S);
    must(wait >= 0 && wait <= RETRY_AFTER_MAX);
    for (size_t i = 0; i < 3; i++) {
        struct str value = http_field(in, "warning", i);
        must(value.n < size || size == 0);
        must(str_find_byte(value, '\n') < 0);
    }
    return 0;
}
