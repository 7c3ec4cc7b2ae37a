/* SPDX-License-Identifier: Apache-2.0
 *
 * One entry of a selector flag.
 */
#include "reload/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *entry = str_dup(str_n(data, size));
    AUTO(buf_done) struct buf out = BUF_INIT(1 << 20);
    AUTO(err_freep) struct err *err = NULL;
    const char *entries[] = {entry};
    must(label_selector_from_flags(&out, (struct reload_list){entries, 1}, &err) == 0 || err);
    return 0;
}
