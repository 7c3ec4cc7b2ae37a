/* SPDX-License-Identifier: Apache-2.0
 *
 * The first line is a path, the rest the text that it walks through.
 */
#include "codec/json_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str json = str_n(data, size);
    struct str path;
    if (!str_split(&json, '\n', &path)) {
        return 0;
    }
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    bool found = false;
    struct str out = STR_EMPTY;
    if (json_path_get(&a, json, path, &found, &out, &err) != 0) {
        must(err->kind == ERR_LIMIT);
        return 0;
    }
    must(found || out.n == 0);
    /* Sanitizers look at each byte of the result. */
    AUTO(freep) char *copy = str_dup(out);
    must(copy);
    return 0;
}
