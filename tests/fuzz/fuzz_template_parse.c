/* SPDX-License-Identifier: Apache-2.0
 *
 * Template texts: parsing ends with a template or an error that names the place, and a template
 * that was parsed can be printed back in error texts.
 */
#include "template/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void print_all(const struct template *t, struct buf *out)
{
    for (size_t i = 0; i < t->units.n; i++) {
        for (size_t k = 0; k < t->units.v[i]->n_ops; k++) {
            const struct op *op = &t->units.v[i]->ops[k];
            if (op->pipe) {
                node_print(out, op->pipe);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct template_options options = {.name = STR("fuzz")};
    AUTO(err_freep) struct err *err = NULL;
    AUTO(template_freep)
    struct template *t = template_parse(str_n(input, size), &options, &err);
    must(t || (err && str_starts(str_c(err->msg), STR("template: "))));
    if (t) {
        AUTO(buf_done) struct buf out = BUF_INIT(1 << 22);
        print_all(t, &out);
    }
    return 0;
}
