/* SPDX-License-Identifier: Apache-2.0
 *
 * template_functions [PAGE]: prints docs/reference/template-functions.md; with a file compares it
 * and says how to make it anew.
 */
#include <fcntl.h>
#include <unistd.h>

#include "template/func.h"

enum { PAGE_MAX = 1 << 20 };

static bool read_page(const char *path, struct buf *out)
{
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0) {
        char *to = buf_reserve(out, 4096);
        n = to ? read(fd, to, 4096) : -1;
        if (n > 0) {
            buf_commit(out, (size_t)n);
        }
    }
    return n == 0;
}

int main(int argc, char **argv)
{
    AUTO(buf_done) struct buf page = BUF_INIT(PAGE_MAX);
    func_page(&page);
    if (argc < 2) {
        (void)fwrite(page.p, 1, page.n, stdout);
        return 0;
    }
    AUTO(buf_done) struct buf file = BUF_INIT(PAGE_MAX);
    if (!read_page(argv[1], &file) || !str_eq(buf_str(&file), buf_str(&page))) {
        fprintf(stderr, "%s is not current: run tools/gen-template-functions\n", argv[1]);
        return 1;
    }
    return 0;
}
