/* SPDX-License-Identifier: Apache-2.0
 *
 * The first eight bytes are a time, the rest a schedule. The next time must lie ahead.
 */
#include "codec/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ns_t after;
    if (size < sizeof(after)) {
        return 0;
    }
    memcpy(&after, data, sizeof(after));
    AUTO(err_freep) struct err *err = NULL;
    struct cron c;
    ns_t next;
    if (cron_parse(str_n(data + sizeof(after), size - sizeof(after)), &c, &err) != 0) {
        must(err && err->kind == ERR_INVALID);
    } else if (cron_next(&c, after, &next)) {
        must(next > after);
        must(c.every > 0 || next % NS_MIN == 0);
    }
    return 0;
}
