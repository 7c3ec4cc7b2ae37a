/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates with values. The input is a template, and after a line of "%%%" (if there is one) the
 * value of the keys .a, .json and .bin. Small limits keep each run short; functions that are slow
 * by design do not fit into them.
 */
#include "template/apply.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct str text = str_n(input, size);
    struct str value = STR("{\"a\":[1,\"x\",null,{\"b\":2.5}],\"c\":\"1.2.3\"}");
    ptrdiff_t cut = str_find(text, STR("%%%\n"));
    if (cut >= 0) {
        value = str_from(text, (size_t)cut + 4);
        text = str_head(text, (size_t)cut);
    }
    const struct template_entry entries[] = {
        {STR("a"), value},
        {STR("json"), STR("{\"k\":{\"m\":null},\"l\":[true]}")},
        {STR("bin"), STR("\x00\xff\xfe")},
        {STR("e"), STR("")},
    };
    const struct template_data data = {entries, COUNT_OF(entries)};
    const struct template_limits limits = {.steps = 20000, .memory = 4 << 20, .output = 1 << 20};
    struct template_options options = {.name = STR("fuzz")};
    AUTO(template_freep) struct template *t = template_parse(text, &options, NULL);
    if (t) {
        AUTO(buf_done) struct buf out = BUF_INIT_WIPE(1 << 21);
        AUTO(err_freep) struct err *err = NULL;
        int rc = template_execute_limited(t, &data, &limits, NULL, &out, &err);
        must(rc == 0 ? !err && out.n <= (1 << 20) + 4096 : err && out.n == 0);
    }
    return 0;
}
